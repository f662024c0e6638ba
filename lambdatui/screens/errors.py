"""Errors in groups. Enter shows an invocation that failed so."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from textual import work

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.navigation import LastView, ShowConfiguration, ShowErrors
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.destinations import ToInvocation
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.text.figures import counted
from lambdatui.views.error_details import error_details, error_parts
from lambdatui.views.error_families import ErrorFamilyView, groups, rolled
from lambdatui.views.error_growth import ErrorGrowth, error_growth
from lambdatui.views.error_trends import ErrorTrends, ErrorTrendView, error_trends
from lambdatui.views.errors import PATTERN
from lambdatui.views.invocation_clipping import TraceOf
from lambdatui.views.row_details import RowDetails
from lambdatui.views.time_range import RangeChoice

_INDENT = "  "


class _Families:
    """Which families of errors are open. A family is a row, and its errors lie beneath it."""

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


class ErrorDetails(Command["ErrorsScreen"]):
    """Show the error in full: since when, what its function's last deploy changed, and how often before and after."""

    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "details"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "ErrorsScreen") -> None:
        """Shows the error under the cursor in a box."""
        screen.show_details()


class OpenFamily(Command["ErrorsScreen"]):
    """Show the errors of a family, which differ in one value, beneath its row."""

    BINDING_KEY = "plus"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "family"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "ErrorsScreen") -> None:
        """Opens the family under the cursor."""
        screen.open_family(True)


class CloseFamily(Command["ErrorsScreen"]):
    """Show the family of the error under the cursor as one row; where none is open, go back to the screen before."""

    BINDING_KEY = "minus"
    GROUP = "Errors"

    @classmethod
    def run(cls, screen: "ErrorsScreen") -> None:
        """Closes the family that the cursor is in."""
        screen.open_family(False)


ERRORS: Commands = (ErrorDetails, OpenFamily, CloseFamily)


class ErrorsScreen(TableScreen):
    """The screen of errors, the most frequent first; those that differ in one value are a family, closed at first."""

    NAME: ClassVar[str] = "errors"
    REASON: ClassVar[str] = "novelty"
    COMMANDS_HERE: ClassVar[Commands] = (
        *ERRORS,
        *(one for one in TABLE_COMMANDS if one not in (ShowErrors, ShowConfiguration, LastView)),
    )
    ROW: ClassVar[type] = ErrorTrendView
    ROW_IS: ClassVar[str] = "kind of error"
    SORT: ClassVar[tuple[str, bool] | None] = ("count", True)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.nesting = self._families = _Families()

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Errors``."""
        return ("Errors",)

    def question(self) -> Callable[[QueryContext], ErrorTrends]:
        """Asks for the errors of the range, and whether each is new or more frequent."""
        return lambda query: error_trends(query.reader, query.range, scope=query.scope)

    def paint(self, answer: ErrorTrends) -> None:
        """Shows the errors, and asks how often they came before."""
        if self._growth is not None and self._growth[0] == self._growth_is_about:
            answer = self.answer = self._growth[1].added_to(answer)
        super().paint(answer)
        self._ask_growth(answer, self.choice_of_shown_rows(), self.session.now_ms())

    _growth: tuple[object, ErrorGrowth] | None = None
    """How often errors came before, by the answer before, and what that was about."""

    @property
    def _growth_is_about(self) -> object:
        return self.session.choice, self.shown_scope

    @work(thread=True, exclusive=True, exit_on_error=False, group="growth")
    def _ask_growth(self, view: ErrorTrends, choice: RangeChoice, now_ms: int) -> None:
        shown = view.range
        self.ask_store(
            "growth", lambda query: error_growth(query.reader, shown, view, scope=query.scope), choice, now_ms
        )

    def paint_part(self, subject: str, answer: ErrorGrowth) -> None:
        """Shows how often the errors came before."""
        self._growth = self._growth_is_about, answer
        self.answer = answer.added_to(self.answer)
        super().paint(self.answer)

    def key_of(self, row: ErrorTrendView) -> Any:
        """The function, the error's fingerprint, and whether the row is a family."""
        return row.function_id, row.fingerprint, isinstance(row, ErrorFamilyView)

    def open_family(self, opened: bool) -> None:
        """Opens or closes the family of the row; where there is none to close, goes to the screen before."""
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

    def counts(self) -> tuple[str, ...]:
        """How many errors are new, how many invocations failed, and the number of kinds of error."""
        view: ErrorTrends = self.answer
        fresh = [row.novelty for row in view.rows if row.trouble]
        novelties = ", ".join(f"{fresh.count(novelty):,} {novelty}" for novelty in dict.fromkeys(sorted(fresh)))
        failed = sum(row.count for row in view.rows if row.error_type != PATTERN)
        days = () if view.deploys_known or not view.rows else ("no deploy is known: new is told by days",)
        return *days, *((novelties,) if novelties else ()), counted(failed, "failed invocation"), self._kinds()

    def _kinds(self) -> str:
        """How many kinds of error are left by the filter, and how many there are; families do not count as one."""
        have, every = self._families.groups, len(self.table.source)
        return f"{have:,} of {counted(every, self.ROW_IS)}" if have != every else counted(have, self.ROW_IS)

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """Each error once: a family is exported as its errors, which name it."""
        from lambdatui.screens.base.export_file import rows_text

        taken = self.rows_taken()
        tops = taken if self.marks_count() else [row for row in taken if not row.message.startswith(_INDENT)]
        rows, view = groups(tops), self.answer
        return lambda: rows_text(form, view, rows, self.FILTERED)

    def show_details(self) -> None:
        """Shows the error under the cursor in a box."""
        row: ErrorTrendView | None = self.table.row
        if row is not None:
            self.app.push_screen(
                DetailsScreen(f"{row.function}: {row.error_type}", error_parts(row, utc=self.session.utc))
            )

    def details_question(self, row: ErrorTrendView) -> Callable[[QueryContext], RowDetails]:
        """Asks for the trace of the error's last invocation."""
        utc = self.session.utc
        return lambda query: error_details(query.reader, row, utc=utc)

    def trace_of(self, row: ErrorTrendView) -> TraceOf:
        """That of an invocation which failed so; where none is kept, the error's type and message."""
        message = row.message.removeprefix(_INDENT)
        return TraceOf(request_id=row.sample_request_id or "", otherwise=f"{row.error_type}: {message}")

    def open_row(self, row: ErrorTrendView) -> None:
        """Opens or closes a family; of an error, opens an invocation that failed so."""
        if isinstance(row, ErrorFamilyView):
            self.open_family((row.function_id, row.family) not in self._families.open)
        elif row.error_type == PATTERN:
            self.show_details()
        elif row.sample_request_id is None:
            self.say("no invocation of this error is kept in the store")
        else:
            self.navigator.open(ToInvocation(request_id=row.sample_request_id, name=row.function))
