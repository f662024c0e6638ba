"""Errors in groups; Enter shows an invocation that failed so."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.errors import ERRORS
from lambdatui.commands.navigation import LastView, ShowConfiguration, ShowErrors
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.text.figures import count, counted, instant
from lambdatui.views.columns import Column
from lambdatui.views.error_families import ErrorFamilyView, groups, rolled
from lambdatui.views.error_trends import ERROR_TREND_COLUMNS, ErrorTrends, ErrorTrendView, error_trends
from lambdatui.views.errors import PATTERN
from lambdatui.widgets.layout import Shown

_INDENT = "  "


class _Families:
    """Which families are open; each is a row, and what it rolls up lies beneath it."""

    def __init__(self) -> None:
        self.open: set[tuple[int, str]] = set()
        self.groups = 0  # after filter

    def tops(self, rows: Sequence[ErrorTrendView]) -> list[ErrorTrendView]:
        self.groups = len(rows)
        return [self._marked(row) if isinstance(row, ErrorFamilyView) else row for row in rolled(rows)]

    def _marked(self, row: ErrorFamilyView) -> ErrorTrendView:
        mark = "-" if (row.function_id, row.family) in self.open else "+"
        return replace(row, message=f"{mark} {len(row.members)} errors: {row.message}")

    def beneath(self, row: ErrorTrendView) -> Sequence[ErrorTrendView]:
        if not isinstance(row, ErrorFamilyView) or (row.function_id, row.family) not in self.open:
            return ()
        return [replace(member, message=_INDENT + member.message) for member in row.members]


class ErrorsScreen(TableScreen):
    """The most frequent first; errors that differ in one value are a family, closed at first."""

    NAME: ClassVar[str] = "errors"
    COMMANDS_HERE: ClassVar[Commands] = (
        *ERRORS,
        *(one for one in TABLE_COMMANDS if one not in (ShowErrors, ShowConfiguration, LastView)),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.ERRORS
    FILTERED: ClassVar[tuple[Column, ...]] = ERROR_TREND_COLUMNS
    ROW_IS: ClassVar[str] = "kind of error"
    SORT: ClassVar[tuple[str, bool] | None] = ("count", True)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.nesting = self._families = _Families()

    def heading(self) -> tuple[str, ...]:
        return ("Errors",)

    def question(self) -> Callable[[Question], ErrorTrends]:
        return lambda ask: error_trends(ask.reader, ask.range, narrow=ask.narrow)

    def key_of(self, row: ErrorTrendView) -> Any:
        return row.function_id, row.fingerprint, isinstance(row, ErrorFamilyView)

    def open_family(self, opened: bool) -> None:
        row: ErrorTrendView | None = self.table.row
        if row is None:
            if not opened:
                self.last_view()
            return
        family = row.function_id, row.family
        if opened and not isinstance(row, ErrorFamilyView):
            self.say("no other error differs from this one in one value only")
        elif opened:
            self._families.open.add(family)
            self.table.rearrange()
        elif family in self._families.open:
            self._families.open.discard(family)
            self.table.rearrange((*family, True))
        else:
            self.last_view()  # what the key does on other screens

    def in_trouble(self, row: ErrorTrendView) -> bool:
        return row.novelty in ("new", "regressed", "growing", "back")

    def counted(self) -> tuple[str, ...]:
        view: ErrorTrends = self.answer
        fresh = [row.novelty for row in view.rows if row.novelty in ("new", "regressed", "growing", "back")]
        told = ", ".join(f"{fresh.count(one):,} {one}" for one in dict.fromkeys(sorted(fresh)))
        failed = sum(row.count for row in view.rows if row.error_type != PATTERN)
        days = () if view.deploys_known or not view.rows else ("no deploy is known: new is told by days",)
        return *days, *((told,) if told else ()), counted(failed, "failed invocation"), self._kinds()

    def _kinds(self) -> str:
        """How many errors there are, families apart: those after filter of all."""
        have, every = self._families.groups, len(self.table.source)
        return f"{have:,} of {counted(every, self.ROW_IS)}" if have != every else counted(have, self.ROW_IS)

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """The errors, each once: a family is their sum, and ``family`` names it."""
        from lambdatui.screens.export import rows_text

        shown = [self.table.row_at(at) for at in range(self.table.row_count)]
        tops = [row for row in shown if row is not None and not row.message.startswith(_INDENT)]
        rows, view = groups(tops), self.answer
        return lambda: rows_text(form, view, rows, self.FILTERED)

    def show_details(self) -> None:
        row: ErrorTrendView | None = self.table.row
        if row is not None:
            self.app.push_screen(DetailsScreen(f"{row.function}: {row.error_type}", self._parts(row)))

    def _parts(self, row: ErrorTrendView) -> list[tuple[str, str]]:
        utc = self.session.utc
        deployed = instant(row.deployed_at, utc=utc) if row.deployed_at is not None else "not known: lambdatui collect"
        return [
            ("Message", row.message.removeprefix(_INDENT) or "-"),
            ("In this range", f"{count(row.count)} of {count(row.invocations)} invocations"),
            ("Seen", f"first {instant(row.first_seen, utc=utc)}, last {instant(row.last_seen, utc=utc)}"),
            ("Last deploy", f"{deployed}{': ' + row.deploy if row.deploy else ''}"),
            (row.novelty.capitalize() or "New or not", row.evidence),
            ("Basis", "lines that Logs Insights found, by pattern" if row.error_type == PATTERN else row.basis),
            ("A request that failed so", row.sample_request_id or "none is kept"),
        ]

    def open_row(self, row: ErrorTrendView) -> None:
        from lambdatui.screens.invocation import InvocationScreen

        if isinstance(row, ErrorFamilyView):
            self.open_family((row.function_id, row.family) not in self._families.open)
        elif row.error_type == PATTERN:
            self.show_details()
        elif row.sample_request_id is None:
            self.say("no invocation of this error is kept in the store")
        else:
            self.app.push_screen(InvocationScreen(self.session, request_id=row.sample_request_id, name=row.function))
