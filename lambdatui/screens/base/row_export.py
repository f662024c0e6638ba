"""What is copied and exported of a table: the marked rows, else the row under the cursor, or all that are shown."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work

from lambdatui.screens.base.arranging import ArrangingScreen
from lambdatui.screens.base.marking import MarkingScreen
from lambdatui.text.figures import counted
from lambdatui.views.formatting import json_value, value_text

if TYPE_CHECKING:
    from lambdatui.views.clipping import Clipping
    from lambdatui.views.invocation_clipping import TraceOf
    from lambdatui.views.time_range import RangeChoice


class RowExportScreen(MarkingScreen, ArrangingScreen):
    """A screen with a table whose rows can be copied and exported."""

    EXPORT_FORM: ClassVar[str] = "csv"
    COPIED: ClassVar[str] = "row"
    """What is copied of a row, in the singular."""

    def write_export(self, form: str, path: str) -> None:
        """Writes the rows to a new file, once the first answer is there."""
        if self.answer is None:
            self.say("the rows are still being read: try again in a moment")
        else:
            self.write_file(path, self.rows_to_export(form))

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """A function that gives the file's text, in a thread: the rows as they are filtered and sorted now."""
        from lambdatui.screens.base.export_file import rows_text

        rows = self.rows_taken()
        view = self.view_of(rows)
        return lambda: rows_text(form, view, rows, self.FILTERED)

    def view_of(self, rows: Sequence[Any]) -> Any:
        """The answer, as that of these rows alone: what an export says beside its rows."""
        return self.answer

    def rows_copied(self) -> list[Any]:
        """The marked rows, else the row under the cursor."""
        if self.marks_count():
            return self.rows_taken()
        return [] if self.table.row is None else [self.table.row]

    def copy_text(self) -> str:
        """``row_text`` of the rows that are copied."""
        return "\n".join(filter(None, map(self.row_text, self.rows_copied())))

    def copy_subject(self) -> Any:
        """The keys of the rows that are copied."""
        return tuple(self.key_of(row) for row in self.rows_copied())

    def clipping(self) -> "Clipping | None":
        """The rows: as text what ``row_text`` says of each, as Markdown a table of the columns in sight."""
        from lambdatui.views.clipping import Clipping, markdown_table

        rows, text = self.rows_copied(), self.copy_text()
        if not text:
            return None
        columns, utc = self.table.visible_columns, self.session.utc
        cells = [
            [
                (value_text(column, getattr(row, column.id, None), utc=utc), column.align == "right")
                for column in columns
            ]
            for row in rows
        ]
        table = markdown_table([column.title for column in columns], cells)
        return Clipping(counted(len(rows), self.COPIED), text, table=table)

    def trace_of(self, row: Any) -> "TraceOf | None":
        """The invocation whose trace is copied in place of the row; None where there is none."""
        return None

    def ask_clipping(self) -> None:
        """Copies the rows, or reads the traces that they stand for."""
        wanted = [trace for row in self.rows_copied() if (trace := self.trace_of(row)) is not None]
        if wanted:
            self._ask_traces(wanted, self.session.choice, self.session.now_ms())
        else:
            super().ask_clipping()

    @work(thread=True, exclusive=True, exit_on_error=False, group="copy")
    def _ask_traces(self, wanted: "Sequence[TraceOf]", choice: "RangeChoice", now_ms: int) -> None:
        from lambdatui.views.invocation_clipping import traces

        self.ask_store("copy", lambda query: traces(query.reader, wanted), choice, now_ms)

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Copies the traces, where the answer is of them."""
        if subject != "copy":
            return super().paint_aside(subject, answer)
        self.take_clipping(answer)
        return True

    def row_text(self, row: Any) -> str:
        """The row as tab-separated cells, written as on the screen but uncut."""
        return "\t".join(value_text(one, getattr(row, one.id, None), utc=self.session.utc) for one in self.FILTERED)

    def raw_json(self) -> str | None:
        """The row under the cursor as a JSON object; None where there is none."""
        row = self.table.row
        if row is None:
            return None
        import json

        return json.dumps({one.id: json_value(one, getattr(row, one.id, None)) for one in self.FILTERED}, indent=2)
