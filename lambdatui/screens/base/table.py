"""A screen whose body is one table."""

import contextlib
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from lambdatui.commands.base import Commands
from lambdatui.commands.general import GENERAL
from lambdatui.commands.navigation import NAVIGATION
from lambdatui.commands.row_pane import PANES
from lambdatui.commands.table import ARRANGE, TABLE
from lambdatui.commands.time_range import TIME
from lambdatui.screens.base.row_export import RowExportScreen
from lambdatui.session.messages import AnswerFailed
from lambdatui.text.figures import counted, plural
from lambdatui.text.plain import plain
from lambdatui.views.filters import Filter, FilterError, parse, tags_in
from lambdatui.views.fleet_health import trouble_rank
from lambdatui.views.named_filter import Expanded, misfit
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import DataSummary
from lambdatui.widgets.messages import RowOpened, SortChosen
from lambdatui.widgets.row_pane import TableAndPane
from lambdatui.widgets.rows import AllRows
from lambdatui.widgets.table import Nesting, Table

if TYPE_CHECKING:
    pass

TABLE_COMMANDS: Commands = (*TABLE, *PANES, *NAVIGATION, *ARRANGE, *GENERAL, *TIME)


class TableScreen(RowExportScreen):
    """A screen of one table. Subclasses say what a row is, when it is in trouble, and what Enter opens."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    STORE_ORDER: ClassVar[tuple[str, ...]] = ()
    """The ids of the columns by which the store can sort rows that are paged."""
    nesting: Nesting | None = None
    """Which rows lie beneath others; None where none do."""

    def body(self) -> ComposeResult:
        """The table, the text that takes its place while it has no rows, and the pane for the row under the cursor."""
        with TableAndPane():
            yield self.make_table()
            yield self.make_empty()
            yield from self.make_pane()

    def make_table(self) -> Table:
        """The table, with the order that was saved by the run before."""
        return Table(
            self.columns(),
            self.session.marks,
            utc=self.session.utc,
            key_of=self.key_of,
            in_trouble=self.in_trouble,
            rank=None if self._in_order else self.trouble_rank,
            one_scale=self.session.saved.get(self._scale_name) == "one",
            plain_order=self.session.saved.get(self._order_name) == "plain",
            is_marked=self.is_marked,
            sort=self._saved_sort(),
            store_order=self.STORE_ORDER,
            nesting=self.nesting,
            others=self.every_column(),
        )

    def on_mount(self) -> None:
        """Begins with the filter of the run before, which the header shows like any other."""
        saved_filter = self.session.saved.get(f"{self.NAME}.filter", "") if self.NAME else ""
        with contextlib.suppress(FilterError):
            self.table.where = self.parse_filter(saved_filter)
            self._take_functions(self.expanded(saved_filter))
            self.filter = saved_filter

    def save_state(self) -> None:
        """Saves filter and order for the next run."""
        if self.NAME:
            sort = self.table.sort
            self.session.saved[f"{self.NAME}.filter"] = self.filter
            self.session.saved[f"{self.NAME}.sort"] = (
                "" if sort is None or sort == self.SORT else f"{sort[0]} {'descending' if sort[1] else 'ascending'}"
            )

    @on(SortChosen)
    def _sorted(self) -> None:
        self.save_state()

    def make_empty(self) -> Static:
        """The text in place of an empty table, hidden at first."""
        empty = Static("", id="empty", markup=False)
        empty.display = False
        return empty

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    @property
    def cursor_pane(self) -> Table:
        """The moving keys move the table's cursor."""
        return self.table

    def in_trouble(self, row: Any) -> bool:
        """Whether the row needs attention: the table marks it, and ``x`` keeps only such rows. By default it says."""
        return bool(getattr(row, "trouble", None))

    def trouble_rank(self, row: Any) -> int:
        """Where the row stands unless the order is plain, as ``views.fleet_health.trouble_rank``."""
        return trouble_rank(row) if hasattr(row, "trouble") else 0 if self.in_trouble(row) else 2

    def open_row(self, row: Any) -> None:
        """What Enter does with a row."""

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        self.open_row(message.row)

    # Painting -----------------------------------------------------------------------------------------------------

    def paint(self, answer: Any) -> None:
        """Shows the answer's rows; the filter and the order stay."""
        self.table.show_rows(AllRows(answer.rows))
        self.say_if_empty()

    def say_if_empty(self) -> None:
        """Says in place of rows why there are none, and what to do."""
        text = "" if self.answer is None or self.table.row_count else self.why_empty()
        if text == self._why_empty:
            return  # an update would lay the whole screen out again
        self._why_empty = text
        empty = self.query_one("#empty", Static)
        empty.update(text)
        empty.display = bool(text)
        self.table.set_class(bool(text), "-empty")

    _why_empty = ""

    def why_empty(self) -> str:
        """Why there are no rows: an empty store, the filter, or the range; and which key helps."""
        if getattr(self.answer, "as_of", None) is None:
            return (
                f"The store {self.session.db} is empty.\n\n"
                "Bring logs in with\n\n    lambdatui import FILE\n\n"
                "FILE is an exported log: JSON lines of events, the output of 'aws logs', an S3\n"
                "export folder, or plain text; - reads standard input.\n\n"
                "This screen fills by itself as soon as something is there."
            )
        of_tags = [plain(note) for note in self.shown_scope.tag_notes] if self.shown_scope is not None else []
        if self.filter or self.table.only_trouble:
            condition = f"match the filter  {self.filter}" if self.filter else "are in trouble"
            undo = "Esc clears the filter" if self.filter else "x shows all again"
            return "\n\n".join((f"No {plural(0, self.ROW_IS)} {condition}", *of_tags, f"{undo}."))
        label = self.session.shown.label if self.session.shown else "this range"
        none = f"No {plural(0, self.ROW_IS)} in this range: {label}."
        elsewhere = "" if label.startswith("all data") else "6 shows all that the store holds; [ goes back in time."
        return "\n\n".join(filter(None, (none, *self.narrowing_notes(), *of_tags, elsewhere)))

    def show_failure(self, message: AnswerFailed) -> None:
        """Shows the failure in place of the rows, where no answer came before."""
        if self.answer is None:
            empty = self.query_one("#empty", Static)
            empty.update(message.notice)
            empty.display = True
            self._why_empty = message.notice
            self.table.add_class("-empty")

    def summary(self) -> DataSummary:
        """The data's age and coverage, the filter, and the number of rows."""
        view = self.answer
        conditions = " ".join(part for part in (self.filter, "only trouble" if self._only_trouble() else "") if part)
        if view is None:
            return DataSummary(filter=conditions)
        *counts, rows = self.counts()
        marked = self.marks_count()
        return DataSummary(
            view.as_of, view.coverage, conditions, (*counts, *((f"{marked:,} marked",) if marked else ()), rows)
        )

    def _only_trouble(self) -> bool:
        return self.is_mounted and self.table.only_trouble

    def counts(self) -> tuple[str, ...]:
        """How many rows there are, such as ``3 of 12 functions``."""
        have, all_rows = self.table.row_count, len(self.table.source)
        return (f"{have:,} of {counted(all_rows, self.ROW_IS)}" if have != all_rows else counted(have, self.ROW_IS),)

    # The filter ---------------------------------------------------------------------------------------------------

    def parse_filter(self, expression: str) -> Filter | None:
        """The filter, or None for an empty one. Raises ``FilterError``."""
        try:
            return parse(self.expanded(expression).expression, self.FILTERED) or None
        except FilterError as error:
            raise misfit(error, expression, self.filtered_rows_are(), self.session.saved_filters) from None

    def _take_functions(self, filter: Expanded) -> bool:
        """Takes what the filter says of functions; whether the store must be asked, as they are others than before."""
        before = self.own_tags, self.own_sets
        self.own_tags, self.own_sets = tags_in(filter.expression), filter.sets
        return before != (self.own_tags, self.own_sets)

    def filter_to(self, expression: str, *, done: bool) -> None:
        """While it is typed, a filter that cannot be read yet leaves the rows as they are.

        At Enter such a filter is not used, and stays to be corrected: rows that match its beginning would pass for
        matches.
        """
        try:
            where = self.parse_filter(expression)
        except FilterError as error:
            if done:
                self.filter = ""
                self.filter_rows(None, only_trouble=self.table.only_trouble, done=True)
                self.query_one(FilterLine).start(expression)
                self.say(str(error))
            return
        if done and self._take_functions(self.expanded(expression)):
            self.table.where = where
            self.ask_rows()  # the rows sum other functions now
        else:
            self.filter_rows(where, only_trouble=self.table.only_trouble, done=done)
        if done:
            self.save_state()

    def toggle_trouble(self) -> None:
        """Keeps only the rows in trouble, or shows all again."""
        self.filter_rows(self.table.where, only_trouble=not self.table.only_trouble, done=True)
        self.refresh_header()

    def filter_rows(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        """Shows the rows that match, all of which are in memory; a ``where`` of None keeps all."""
        self.table.filter_rows(where, only_trouble=only_trouble)
        self.say_if_empty()

    def subject(self) -> tuple[int, str] | None:
        """The function of the row under the cursor: its id and name; None where the row has none."""
        row = self.table.row
        function_id = getattr(row, "function_id", None)
        return None if function_id is None else (function_id, row.function)  # type: ignore[union-attr]
