"""Alarms: those in alarm first, with CloudWatch's reason. Enter shows it in full."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowAlarms
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.views.alarm_details import alarm_details, alarm_parts
from lambdatui.views.alarms import AlarmsView, AlarmView, alarms
from lambdatui.views.row_details import RowDetails


class AlarmsScreen(TableScreen):
    """The screen of alarms, those in alarm first. It says where no collection has asked for alarms yet."""

    NAME: ClassVar[str] = "alarms"
    REASON: ClassVar[str] = "alarm_state"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowAlarms)
    ROW: ClassVar[type] = AlarmView
    ROW_IS: ClassVar[str] = "alarm"

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Alarms``."""
        return ("Alarms",)

    def question(self) -> Callable[[QueryContext], AlarmsView]:
        """Asks for the alarms, and for how often each changed its state in the range."""
        return lambda query: alarms(query.reader, query.range, scope=query.scope)

    def key_of(self, row: AlarmView) -> Any:
        """The alarm's name, account and region."""
        return row.alarm, row.account, row.region

    def why_empty(self) -> str:
        """Tells a store whose alarms were never collected from one that has no alarms."""
        if not self.answer.collected:
            return "Alarms are not collected yet.\n\nRun\n\n    lambdatui collect\n\nand this screen fills by itself."
        return super().why_empty()

    def open_row(self, row: AlarmView) -> None:
        """Shows the alarm's state, condition and reason in a box."""
        self.app.push_screen(DetailsScreen(row.alarm, alarm_parts(row, utc=self.session.utc)))

    def details_question(self, row: AlarmView) -> Callable[[QueryContext], RowDetails]:
        """Asks for the alarm's history."""
        utc = self.session.utc
        return lambda query: alarm_details(query.reader, query.range, row, utc=utc)
