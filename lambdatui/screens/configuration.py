"""Configuration: what each function is set to, and how that changed. Enter shows all of it."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowConfiguration
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.settings import NOT_COLLECTED, SettingsScreen, settings_parts
from lambdatui.session.queries import QueryContext
from lambdatui.views.function_settings import FunctionSettings, SettingsView, function_settings
from lambdatui.views.row_details import RowDetails, of_parts


class ConfigurationScreen(TableScreen):
    """The screen of settings: functions by name. Enter shows all settings of one."""

    NAME: ClassVar[str] = "configuration"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowConfiguration)
    ROW: ClassVar[type] = SettingsView
    ROW_IS: ClassVar[str] = "function"
    MARKS_FUNCTIONS: ClassVar[bool] = True
    SORT: ClassVar[tuple[str, bool] | None] = ("function", False)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Configuration``."""
        return ("Configuration",)

    def question(self) -> Callable[[QueryContext], FunctionSettings]:
        """Asks for the settings of all functions in scope, with their tags."""
        return lambda query: function_settings(query.reader, query.range, scope=query.scope, tags=True)

    def key_of(self, row: SettingsView) -> Any:
        """The function's id in the store."""
        return row.function_id

    def counts(self) -> tuple[str, ...]:
        """The number of functions, and what was not collected of them."""
        return *(() if self.answer.collected else (f"queues, sources, history {NOT_COLLECTED}",)), *super().counts()

    def details_question(self, row: SettingsView) -> Callable[[QueryContext], RowDetails]:
        """Shows all settings of the function; asks nothing."""
        parts = settings_parts(row, utc=self.session.utc)
        return lambda _: of_parts(row.function, parts)

    def open_row(self, row: SettingsView) -> None:
        """Shows all settings of the function in a box."""
        self.app.push_screen(SettingsScreen(row, utc=self.session.utc))
