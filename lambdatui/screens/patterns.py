"""The patterns that all log lines are made of. Enter shows the lines of one."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.navigation import ShowConfiguration, ShowPatterns
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.destinations import ToPatternLines
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import counted, size
from lambdatui.views.pattern_details import pattern_details, pattern_parts
from lambdatui.views.patterns import PatternRow, PatternsView, patterns
from lambdatui.views.row_details import RowDetails


class PatternDetails(Command["PatternsScreen"]):
    """Show the pattern in full: an example, what its lines cost, since when they are written, what is not counted."""

    BINDING_KEY = "d"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "details"
    GROUP = "Patterns"

    @classmethod
    def run(cls, screen: "PatternsScreen") -> None:
        """Shows the pattern under the cursor in a box."""
        screen.show_details()


class PatternsScreen(TableScreen):
    """The screen of patterns, most bytes first: what to write less of, and what is new."""

    NAME: ClassVar[str] = "patterns"
    REASON: ClassVar[str] = "novelty"
    COMMANDS_HERE: ClassVar[Commands] = (
        PatternDetails,
        *(command for command in TABLE_COMMANDS if command not in (ShowPatterns, ShowConfiguration)),
    )
    ROW: ClassVar[type] = PatternRow
    ROW_IS: ClassVar[str] = "pattern"
    SORT: ClassVar[tuple[str, bool] | None] = ("bytes", True)

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Patterns``."""
        return ("Patterns",)

    def question(self) -> Callable[[QueryContext], PatternsView]:
        """Asks for the patterns of the range, with their bytes and cost."""
        return lambda query: patterns(query.reader, query.range, query.book, scope=query.scope)

    def key_of(self, row: PatternRow) -> Any:
        """The pattern's id."""
        return row.pattern

    def counts(self) -> tuple[str, ...]:
        """How many patterns are new, their lines and bytes, and the number of rows."""
        view: PatternsView = self.answer
        fresh = sum(row.novelty == "new" for row in view.rows)
        said = ("not all lines are counted: d says why",) if view.missing else ()
        lines = f"{counted(view.lines, 'line')}, {size(view.bytes)}"
        return *said, *((f"{fresh:,} new",) if fresh else ()), lines, *super().counts()

    def why_empty(self) -> str:
        """Why no line of the range is counted, where that is known."""
        view: PatternsView | None = self.answer
        if view is not None and view.missing and not view.rows and view.as_of is not None:
            return "\n".join(("No lines of this range are counted.", "", *view.missing))
        return super().why_empty()

    def show_details(self) -> None:
        """Shows the pattern under the cursor in a box."""
        row: PatternRow | None = self.table.row
        view: PatternsView | None = self.answer
        if row is not None and view is not None:
            self.app.push_screen(
                DetailsScreen(f"Pattern {row.pattern}", pattern_parts(row, view, utc=self.session.utc))
            )

    def details_question(self, row: PatternRow) -> Callable[[QueryContext], RowDetails]:
        """Asks for the newest lines of the pattern."""
        view, utc = self.answer, self.session.utc
        return lambda query: pattern_details(query.reader, query.range, row, view, utc=utc)

    def open_row(self, row: PatternRow) -> None:
        """Opens the lines of the pattern."""
        self.navigator.open(ToPatternLines(row))
