"""Figures of the log lines that the filter of the logs' screen left, as a table."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.time_range import TIME
from lambdatui.screens.base.query import QueryScreen
from lambdatui.screens.base.text import TEXT_COMMANDS, TextScreen
from lambdatui.session.destinations import ToLineStats
from lambdatui.session.queries import QueryContext, QueryError
from lambdatui.session.session import Session
from lambdatui.text import figures
from lambdatui.text.plain import json_text
from lambdatui.text.table import text_table
from lambdatui.views.clipping import Clipping
from lambdatui.views.columns import Kind
from lambdatui.views.export import csv_text, envelope
from lambdatui.views.formatting import row_text
from lambdatui.views.line_conditions import LineQueryError
from lambdatui.views.line_query import parse
from lambdatui.views.line_stats import line_stats
from lambdatui.views.view import View
from lambdatui.widgets.header import DataSummary


class LineStatsScreen(TextScreen, QueryScreen):
    """The screen of figures of log lines, computed again when the range changes; ``/`` finds text in the table."""

    COMMANDS_HERE: ClassVar[Commands] = (*TEXT_COMMANDS, *TIME)
    EXPORT_FORM: ClassVar[str] = "csv"
    WRAP: ClassVar[bool] = False

    def __init__(self, session: Session, destination: ToLineStats) -> None:
        super().__init__(session)
        self._typed, self._stats = destination.typed, destination.stats
        self._where, self._function = destination.where, destination.function
        self.own_tags, self.own_sets = destination.tags, destination.sets

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the figures as they were typed last."""
        return (*((self._function[1],) if self._function else ()), "Logs", self._typed)

    def is_of_many(self) -> bool:
        """Whether lines of all functions in scope are counted."""
        return self._function is None

    def question(self) -> Callable[[QueryContext], View[Any]]:
        """Computes the figures. The question raises ``QueryError`` where there are too many groups."""
        stats, where = self._stats, parse(self._where)
        ids = [self._function[0]] if self._function else None

        def ask(query: QueryContext) -> View[Any]:
            span = query.reader, query.range
            try:
                return line_stats(*span, stats, scope=query.scope, function_ids=ids, where=where)
            except LineQueryError as error:  # too many groups
                raise QueryError(str(error)) from error

        return ask

    def paint(self, answer: View[Any]) -> None:
        """Shows the figures as a text table, numbers to the right."""
        rows = [[row_text(column, row, utc=self.session.utc) for column in answer.columns] for row in answer.rows]
        figures = [number for number, column in enumerate(answer.columns) if column.kind in (Kind.COUNT, Kind.FIGURE)]
        table = text_table([[column.title for column in answer.columns], *rows], right=figures)
        self.show_text(table)

    def summary(self) -> DataSummary:
        """The condition that the lines match, and the number of rows."""
        answer: View[Any] | None = self.answer
        if answer is None:
            return DataSummary(filter=self._where, counts=("counting",))
        return DataSummary(answer.as_of, None, self._where, (figures.counted(len(answer.rows), "row"),))

    def clipping(self) -> Clipping | None:
        """The table as CSV; as Markdown a block of it."""
        text = self.copy_text()
        if not text or self.log_pane.chosen_lines():
            return super().clipping()
        return Clipping("the table", text)

    def copy_text(self) -> str:
        """The table as CSV; empty before the answer."""
        return csv_text(self.answer.columns, self.answer.rows) if self.answer is not None else ""

    def write_export(self, form: str, path: str) -> None:
        """Writes the table as CSV or JSON, or says which forms there are."""
        answer: View[Any] | None = self.answer
        if answer is None or form not in ("csv", "json"):
            self.say("figures are written to a .csv or .json file, the screen to an .svg file")
        elif form == "csv":
            self.write_file(path, lambda: csv_text(answer.columns, answer.rows))
        else:
            self.write_file(path, lambda: json_text(envelope(answer, answer.rows, answer.columns)) + "\n")
