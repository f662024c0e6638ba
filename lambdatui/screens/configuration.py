"""Configuration: what each function is set to, and how that changed. Enter shows all of it."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowConfiguration
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen, Part
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.text.figures import instant
from lambdatui.views.columns import Column
from lambdatui.views.formatting import shown
from lambdatui.views.function_settings import SETTING_COLUMNS, FunctionSettings, SettingsView, function_settings
from lambdatui.widgets.layout import Shown

_IN_FACTS = ("function_state", "last_update")
NOT_COLLECTED = "not collected yet: run lambdatui collect"


class ConfigurationScreen(TableScreen):
    """By name."""

    NAME: ClassVar[str] = "configuration"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowConfiguration)
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.CONFIGURATION
    FILTERED: ClassVar[tuple[Column, ...]] = SETTING_COLUMNS
    ROW_IS: ClassVar[str] = "function"
    SORT: ClassVar[tuple[str, bool] | None] = ("function", False)

    def heading(self) -> tuple[str, ...]:
        return ("Configuration",)

    def question(self) -> Callable[[Question], FunctionSettings]:
        return lambda ask: function_settings(ask.reader, ask.range, narrow=ask.narrow, tags=True)

    def key_of(self, row: SettingsView) -> Any:
        return row.function_id

    def counted(self) -> tuple[str, ...]:
        return *(() if self.answer.collected else (f"queues, sources, history {NOT_COLLECTED}",)), *super().counted()

    def open_row(self, row: SettingsView) -> None:
        self.app.push_screen(DetailsScreen(row.function, parts_of(row, utc=self.session.utc)))


def parts_of(row: SettingsView, *, utc: bool) -> list[Part]:
    """All that is known of a function's settings, and what is not."""
    known = [(one, getattr(row, one.id)) for one in SETTING_COLUMNS if one.id not in _IN_FACTS]
    parts = [(one.label, shown(one, value) if value is not None else NOT_COLLECTED) for one, value in known]
    if row.tags_at is not None and row.tags is not None:
        parts.append(("tags as of", instant(row.tags_at, utc=utc)))
    facts = [(one.label, one.text or "-") for one in row.facts]
    changes = [
        (instant(change.at_ms, utc=utc), f"{change.setting}: {change.before} -> {change.after}")
        for change in row.history
    ]
    return [*parts, *facts, *(changes or [("how it changed", NOT_COLLECTED)])]
