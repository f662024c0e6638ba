"""Errors in groups; Enter shows an invocation that failed so."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.errors import ERRORS
from lambdatui.commands.going import ShowConfiguration, ShowErrors
from lambdatui.reading import Question
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.text import count, counted, instant
from lambdatui.views.columns import Column
from lambdatui.views.error_trends import ERROR_TREND_COLUMNS, ErrorTrends, ErrorTrendView, error_trends
from lambdatui.views.errors import PATTERN
from lambdatui.widgets.layout import Shown


class ErrorsScreen(TableScreen):
    """The most frequent first."""

    NAME: ClassVar[str] = "errors"
    COMMANDS_HERE: ClassVar[Commands] = (
        *ERRORS,
        *(one for one in TABLE_COMMANDS if one not in (ShowErrors, ShowConfiguration)),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.ERRORS
    FILTERED: ClassVar[tuple[Column, ...]] = ERROR_TREND_COLUMNS
    ROW_IS: ClassVar[str] = "kind of error"
    SORT: ClassVar[tuple[str, bool] | None] = ("count", True)

    def heading(self) -> tuple[str, ...]:
        return ("Errors",)

    def question(self) -> Callable[[Question], ErrorTrends]:
        narrow = self.session.narrow
        return lambda ask: error_trends(ask.reader, ask.range, narrow=narrow)

    def key_of(self, row: ErrorTrendView) -> Any:
        return row.function_id, row.fingerprint

    def in_trouble(self, row: ErrorTrendView) -> bool:
        return row.novelty in ("new", "regressed", "growing", "back")

    def counted(self) -> tuple[str, ...]:
        view: ErrorTrends = self.answer
        fresh = [row.novelty for row in view.rows if row.novelty in ("new", "regressed", "growing", "back")]
        told = ", ".join(f"{fresh.count(one):,} {one}" for one in dict.fromkeys(sorted(fresh)))
        failed = sum(row.count for row in view.rows if row.error_type != PATTERN)
        days = () if view.deploys_known or not view.rows else ("no deploy is known: new is told by days",)
        return *days, *((told,) if told else ()), counted(failed, "failed invocation"), *super().counted()

    def show_details(self) -> None:
        row: ErrorTrendView | None = self.table.row
        if row is not None:
            self.app.push_screen(DetailsScreen(f"{row.function}: {row.error_type}", self._parts(row)))

    def _parts(self, row: ErrorTrendView) -> list[tuple[str, str]]:
        utc = self.session.utc
        deployed = instant(row.deployed_at, utc=utc) if row.deployed_at is not None else "not known: lambdatui collect"
        return [
            ("Message", row.message or "-"),
            ("In this range", f"{count(row.count)} of {count(row.invocations)} invocations"),
            ("Seen", f"first {instant(row.first_seen, utc=utc)}, last {instant(row.last_seen, utc=utc)}"),
            ("Last deploy", f"{deployed}{': ' + row.deploy if row.deploy else ''}"),
            (row.novelty.capitalize() or "New or not", row.evidence),
            ("Basis", "lines that Logs Insights found, by pattern" if row.error_type == PATTERN else row.basis),
            ("A request that failed so", row.sample_request_id or "none is kept"),
        ]

    def open_row(self, row: ErrorTrendView) -> None:
        from lambdatui.screens.invocation import InvocationScreen

        if row.error_type == PATTERN:
            self.show_details()
        elif row.sample_request_id is None:
            self.say("no invocation of this error is kept in the store")
        else:
            self.app.push_screen(InvocationScreen(self.session, request_id=row.sample_request_id, name=row.function))
