"""The patterns that all log lines are made of. Enter shows the lines of one."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.navigation import ShowConfiguration, ShowPatterns
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.destinations import ToPatternLines
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import count, counted, instant, money, ratio, size
from lambdatui.text.plain import plain
from lambdatui.views.patterns import PatternRow, PatternsView, patterns


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
            self.app.push_screen(DetailsScreen(f"Pattern {row.pattern}", self._parts(row, view)))

    def _parts(self, row: PatternRow, view: PatternsView) -> list[tuple[str, str]]:
        utc = self.session.utc
        cost = "the region has no price" if row.ingestion_usd is None else money(row.ingestion_usd, row.currency)
        return [
            ("Lines like", plain(row.template)),
            ("For example", plain(row.example, newlines=True)),
            ("Written by", row.function),
            ("How many", f"{count(row.count)}, {size(row.bytes)}, {ratio(row.share)} of all bytes"),
            ("Ingestion", f"{cost} at list price, 26 bytes for each event included"),
            ("Seen", f"first {instant(row.first_seen, utc=utc)}, last {instant(row.last_seen, utc=utc)}"),
            (row.novelty.capitalize() or "New or not", row.evidence),
            ("What if", f"lambdatui whatif --drop-pattern {row.pattern}, or --sample-pattern {row.pattern}=10%"),
            *(("Not counted", one) for one in view.missing),
        ]

    def open_row(self, row: PatternRow) -> None:
        """Opens the lines of the pattern."""
        self.navigator.open(ToPatternLines(row))
