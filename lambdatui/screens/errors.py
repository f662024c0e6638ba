"""Errors in groups; Enter shows an invocation that failed so."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.going import ShowErrors
from lambdatui.reading import Question
from lambdatui.screens import columns
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.views.columns import Column
from lambdatui.views.error_trends import ERROR_TREND_COLUMNS, ErrorTrendView, error_trends
from lambdatui.views.view import View
from lambdatui.widgets.layout import Shown


class ErrorsScreen(TableScreen):
    """The most frequent first."""

    NAME: ClassVar[str] = "errors"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowErrors)
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.ERRORS
    FILTERED: ClassVar[tuple[Column, ...]] = ERROR_TREND_COLUMNS
    ROWS_ARE: ClassVar[str] = "kinds of error"
    SORT: ClassVar[tuple[str, bool] | None] = ("count", True)

    def heading(self) -> tuple[str, ...]:
        return ("Errors",)

    def question(self) -> Callable[[Question], View[ErrorTrendView]]:
        narrow = self.session.narrow
        return lambda ask: error_trends(ask.reader, ask.range, narrow=narrow)

    def key_of(self, row: ErrorTrendView) -> Any:
        return row.function_id, row.fingerprint

    def counted(self) -> tuple[str, ...]:
        new = sum(row.novelty in ("new", "back") for row in self.answer.rows)
        failed = sum(row.count for row in self.answer.rows)
        return *((f"{new:,} new or back",) if new else ()), f"{failed:,} failed invocations", *super().counted()

    def open_row(self, row: ErrorTrendView) -> None:
        from lambdatui.screens.invocation import InvocationScreen

        if row.sample_request_id is None:
            self.say("no invocation of this error is kept in the store")
        else:
            self.app.push_screen(InvocationScreen(self.session, request_id=row.sample_request_id, name=row.function))
