"""Figures of log lines as a table: what the filter of the logs' screen leaves, counted."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import TIME
from lambdatui.screens.lines import LinesScreen
from lambdatui.screens.raw import RAW_COMMANDS, JsonLine
from lambdatui.session.queries import Question, Unanswered
from lambdatui.session.session import Session
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.table import text_table
from lambdatui.views.columns import Kind
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.formatting import row_shown
from lambdatui.views.line_conditions import QueryError
from lambdatui.views.line_query import parse
from lambdatui.views.line_stats import Stats, line_stats
from lambdatui.views.view import View
from lambdatui.widgets.header import Standing
from lambdatui.widgets.log_pane import LogPane

STATS_COMMANDS: Commands = (*RAW_COMMANDS, *TIME)


class LineStatsScreen(LinesScreen):
    """Asked over the range that is looked at, and again when that changes; ``/`` finds in the table."""

    COMMANDS_HERE: ClassVar[Commands] = STATS_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(STATS_COMMANDS)]

    def __init__(
        self, session: Session, typed: str, asked: Stats, where: str, function: tuple[int, str] | None
    ) -> None:
        super().__init__(session)
        self._typed, self._stats, self._where, self._function = typed, asked, where, function

    def heading(self) -> tuple[str, ...]:
        return (*((self._function[1],) if self._function else ()), "Logs", self._typed)

    def body(self) -> ComposeResult:
        pane = LogPane(self.session.marks, utc=self.session.utc, timestamps=False, id="log")
        pane.wrap = False
        yield pane

    def question(self) -> Callable[[Question], View[Any]]:
        asked, where = self._stats, parse(self._where)
        ids = [self._function[0]] if self._function else None

        def ask(question: Question) -> View[Any]:
            span = question.reader, question.range
            try:
                return line_stats(*span, asked, narrow=question.narrow, function_ids=ids, where=where)
            except QueryError as error:  # too many groups
                raise Unanswered(str(error)) from error

        return ask

    def paint(self, answer: View[Any]) -> None:
        rows = [[row_shown(column, row, utc=self.session.utc) for column in answer.columns] for row in answer.rows]
        figures = [at for at, column in enumerate(answer.columns) if column.kind in (Kind.COUNT, Kind.FIGURE)]
        table = text_table([[column.title for column in answer.columns], *rows], right=figures)
        self.log_pane.show_lines([JsonLine(line) for line in table.splitlines()])

    def standing(self) -> Standing:
        answer: View[Any] | None = self.answer
        if answer is None:
            return Standing(filter=self._where, counted=("counting",))
        return Standing(answer.as_of, None, self._where, (figures.counted(len(answer.rows), "row"),))

    def copy_text(self) -> str:
        return csv_text(self.answer.columns, self.answer.rows) if self.answer is not None else ""

    def export(self) -> None:
        self.ask_where("csv")

    def write_export(self, form: str, path: str) -> None:
        answer: View[Any] | None = self.answer
        if answer is None or form not in ("csv", "json"):
            self.say("figures are written to a .csv or .json file, the screen to an .svg file")
        elif form == "csv":
            self.write_file(path, lambda: csv_text(answer.columns, answer.rows))
        else:
            self.write_file(path, lambda: json_text(envelope(answer, answer.rows, answer.columns)) + "\n")
