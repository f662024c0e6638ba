"""What all log lines are made of; Enter shows the lines of a pattern."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.logs import ToggleLive
from lambdatui.commands.navigation import ShowConfiguration, ShowPatterns
from lambdatui.commands.patterns import PATTERNS
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.logs import LOGS_COMMANDS, LogsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.text.figures import count, counted, instant, money, ratio, size
from lambdatui.text.plain import plain
from lambdatui.views.columns import Column
from lambdatui.views.log_search import LogSearch
from lambdatui.views.patterns import PATTERN_COLUMNS, PatternRow, PatternsView, pattern_lines, patterns
from lambdatui.widgets.layout import Shown


class PatternsScreen(TableScreen):
    """Most bytes first: what to write less of, and what is new."""

    NAME: ClassVar[str] = "patterns"
    COMMANDS_HERE: ClassVar[Commands] = (
        *PATTERNS,
        *(one for one in TABLE_COMMANDS if one not in (ShowPatterns, ShowConfiguration)),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.PATTERNS
    FILTERED: ClassVar[tuple[Column, ...]] = PATTERN_COLUMNS
    ROW_IS: ClassVar[str] = "pattern"
    SORT: ClassVar[tuple[str, bool] | None] = ("bytes", True)

    def heading(self) -> tuple[str, ...]:
        return ("Patterns",)

    def question(self) -> Callable[[Question], PatternsView]:
        return lambda ask: patterns(ask.reader, ask.range, ask.book, narrow=ask.narrow)

    def key_of(self, row: PatternRow) -> Any:
        return row.pattern

    def in_trouble(self, row: PatternRow) -> bool:
        return row.novelty == "new"

    def counted(self) -> tuple[str, ...]:
        view: PatternsView = self.answer
        fresh = sum(row.novelty == "new" for row in view.rows)
        said = ("not all lines are counted: d says why",) if view.missing else ()
        lines = f"{counted(view.lines, 'line')}, {size(view.bytes)}"
        return *said, *((f"{fresh:,} new",) if fresh else ()), lines, *super().counted()

    def why_empty(self) -> str:
        view: PatternsView | None = self.answer
        if view is not None and view.missing and not view.rows and view.as_of is not None:
            return "\n".join(("No lines of this range are counted.", "", *view.missing))
        return super().why_empty()

    def show_details(self) -> None:
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
        self.app.push_screen(PatternLinesScreen(self.session, row))


class PatternLinesScreen(LogsScreen):
    """The lines of one pattern, newest last; ``/`` keeps those with every word typed."""

    NAME: ClassVar[str] = ""
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in LOGS_COMMANDS if one is not ToggleLive)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]

    def __init__(self, session: Session, row: PatternRow) -> None:
        super().__init__(session)
        self._row = row

    def heading(self) -> tuple[str, ...]:
        return ("Patterns", self._row.pattern, "Lines")

    def question(self) -> Callable[[Question], LogSearch]:
        template, ids, words = self._row.template, self._row.function_ids, self.filter.split()
        return lambda ask: pattern_lines(ask.reader, ask.range, template, function_ids=ids, contains=words)
