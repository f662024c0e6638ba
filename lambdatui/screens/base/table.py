"""A screen whose body is one table."""

import contextlib
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from lambdatui.commands.base import Commands
from lambdatui.commands.general import GENERAL
from lambdatui.commands.navigation import NAVIGATION
from lambdatui.commands.table import TABLE
from lambdatui.commands.time_range import TIME
from lambdatui.screens.base.places import PlacesScreen
from lambdatui.session.messages import AnswerFailed
from lambdatui.text.figures import counted, plural
from lambdatui.text.plain import plain
from lambdatui.views.columns import Column, TableColumn, columns_of, table_columns
from lambdatui.views.filters import Filter, FilterError, parse, tags_in
from lambdatui.views.formatting import json_value, value_text
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import DataSummary
from lambdatui.widgets.messages import RowOpened, SortChosen
from lambdatui.widgets.rows import AllRows
from lambdatui.widgets.table import Nesting, Table

TABLE_COMMANDS: Commands = (*TABLE, *NAVIGATION, *GENERAL, *TIME)


class TableScreen(PlacesScreen):
    """Subclasses name the columns, what a row is called, what is trouble, and what Enter opens."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    ROW: ClassVar[type] = object
    """The row type: what its fields declare are the table's columns, and those that a filter can name."""
    COLUMNS: ClassVar[tuple[TableColumn, ...]] = ()
    FILTERED: ClassVar[tuple[Column, ...]] = ()
    """The columns that a filter can name: those of the view, seen or not."""
    EXPORT_FORM: ClassVar[str] = "csv"
    ROW_IS: ClassVar[str] = "row"
    SORT: ClassVar[tuple[str, bool] | None] = None
    STORE_ORDER: ClassVar[tuple[str, ...]] = ()
    nesting: Nesting | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "ROW" in vars(cls):
            cls.COLUMNS, cls.FILTERED = table_columns(cls.ROW), columns_of(cls.ROW)

    def body(self) -> ComposeResult:
        yield self.make_table()
        yield self.make_empty()

    def make_table(self) -> Table:
        return Table(
            self.columns(),
            self.session.marks,
            utc=self.session.utc,
            key_of=self.key_of,
            in_trouble=self.in_trouble,
            sort=self._saved_sort(),
            store_order=self.STORE_ORDER,
            nesting=self.nesting,
        )

    def columns(self) -> tuple[TableColumn, ...]:
        """The columns of the configuration's ``[columns]``, the first ones needed most, else the screen's own."""
        chosen = self.session.columns.get(self.NAME or "")
        if not chosen:
            return self.COLUMNS
        own = {one.column.id: one for one in self.COLUMNS}
        known = {one.id: TableColumn(one) for one in self.FILTERED} | own
        wanted = [known[name] for name in chosen if name in known]
        return (
            tuple(TableColumn(one.column, need, one.width, one.grows, one.most) for need, one in enumerate(wanted))
            or self.COLUMNS
        )

    def _saved_sort(self) -> tuple[str, bool] | None:
        """The order of the run before, else the screen's own: a column's id, and whether it is descending."""
        column, _, way = self.session.saved.get(f"{self.NAME}.sort", "").partition(" ")
        if self.NAME and column in {one.column.id for one in self.columns()}:
            return column, way == "descending"
        return self.SORT

    def on_mount(self) -> None:
        """Begins with the filter of the run before, which the header says as any other."""
        saved_filter = self.session.saved.get(f"{self.NAME}.filter", "") if self.NAME else ""
        with contextlib.suppress(FilterError):
            self.table.where = self.parsed(saved_filter)
            self.own_tags = tags_in(saved_filter)
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
        empty = Static("", id="empty", markup=False)
        empty.display = False
        return empty

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    @property
    def cursor_pane(self) -> Table:
        return self.table

    @abstractmethod
    def key_of(self, row: Any) -> Any:
        """What makes a row the same row when others come: the cursor stays on it."""

    def in_trouble(self, row: Any) -> bool:
        return False

    def open_row(self, row: Any) -> None:
        """What Enter does with a row."""

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        self.open_row(message.row)

    # Painting -----------------------------------------------------------------------------------------------------

    def paint(self, answer: Any) -> None:
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
        if getattr(self.answer, "as_of", None) is None:
            return (
                f"The store {self.session.db} is empty.\n\n"
                "Bring logs in with\n\n    lambdatui import FILE\n\n"
                "FILE is an exported log: JSON lines of events, the output of 'aws logs', an S3\n"
                "export folder, or plain text; - reads standard input.\n\n"
                "This screen fills by itself as soon as something is there."
            )
        of_tags = [plain(note) for note in self.shown_scope.said] if self.shown_scope is not None else []
        if self.filter or self.table.only_trouble:
            condition = f"match the filter  {self.filter}" if self.filter else "are in trouble"
            undo = "Esc clears the filter" if self.filter else "x shows all again"
            return "\n\n".join((f"No {plural(0, self.ROW_IS)} {condition}", *of_tags, f"{undo}."))
        label = self.session.shown.label if self.session.shown else "this range"
        none = f"No {plural(0, self.ROW_IS)} in this range: {label}."
        return "\n\n".join((none, *of_tags, "6 shows all that the store holds; [ goes back in time."))

    def failed(self, message: AnswerFailed) -> None:
        if self.answer is None:
            empty = self.query_one("#empty", Static)
            empty.update(message.notice)
            empty.display = True
            self._why_empty = message.notice
            self.table.add_class("-empty")

    def summary(self) -> DataSummary:
        view = self.answer
        conditions = " ".join(part for part in (self.filter, "only trouble" if self._only_trouble() else "") if part)
        if view is None:
            return DataSummary(filter=conditions)
        return DataSummary(view.as_of, view.coverage, conditions, self.counted())

    def _only_trouble(self) -> bool:
        return self.is_mounted and self.table.only_trouble

    def counted(self) -> tuple[str, ...]:
        """How many rows there are, such as ``3 of 12 functions``."""
        have, all_rows = self.table.row_count, len(self.table.source)
        return (f"{have:,} of {counted(all_rows, self.ROW_IS)}" if have != all_rows else counted(have, self.ROW_IS),)

    # What commands do ---------------------------------------------------------------------------------------------

    def parsed(self, expression: str) -> Filter | None:
        """The filter, or None for an empty one. Raises ``FilterError``."""
        return parse(expression, self.FILTERED) or None

    def filter_to(self, expression: str, *, done: bool) -> None:
        """While it is typed, a filter that cannot be read yet leaves the rows as they are.

        At Enter such a filter is not used, and stays to be corrected: rows that match its beginning would pass for
        matches.
        """
        try:
            where = self.parsed(expression)
        except FilterError as error:
            if done:
                self.filter = ""
                self.keep(None, only_trouble=self.table.only_trouble, done=True)
                self.query_one(FilterLine).start(expression)
                self.say(str(error))
            return
        tags = tags_in(expression)
        if done and tags != self.own_tags:
            self.own_tags, self.table.where = tags, where  # what rows are sums of is other: they are asked for again
            self.ask_rows()
        else:
            self.keep(where, only_trouble=self.table.only_trouble, done=done)
        if done:
            self.save_state()

    def toggle_trouble(self) -> None:
        self.keep(self.table.where, only_trouble=not self.table.only_trouble, done=True)
        self.refresh_header()

    def keep(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        self.table.keep(where, only_trouble=only_trouble)
        self.say_if_empty()

    def subject(self) -> tuple[int, str] | None:
        row = self.table.row
        function_id = getattr(row, "function_id", None)
        return None if function_id is None else (function_id, row.function)  # type: ignore[union-attr]

    def mark(self) -> None:
        """Marks the function under the cursor. At most two are marked: a third takes the place of the older one."""
        function = self.subject()
        if function is None:
            return
        marked = self.session.marked
        if function in marked:
            marked.remove(function)
        else:
            marked[:] = [*marked[-1:], function]
        names = " and ".join(name for _, name in marked)
        self.say(f"marked {names}: = compares" if marked else "no mark is left")
        self.table.move(1)

    def compare(self) -> None:
        from lambdatui.session.destinations import ToComparison

        marked, here = list(self.session.marked), self.subject()
        if len(marked) < 2 and here is not None and here not in marked:
            marked.append(here)
        if not marked:
            self.say("there is no function under the cursor to compare")
            return
        self.navigator.open(ToComparison(marked[0], marked[1] if len(marked) > 1 else None))

    def write_export(self, form: str, path: str) -> None:
        if self.answer is None:
            self.say("the rows are still being read: try again in a moment")
        else:
            self.write_file(path, self.rows_to_export(form))

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """A function that gives the file's text, in a thread: the rows as they are filtered and sorted now."""
        from lambdatui.screens.base.export_file import rows_text

        rows, view = [self.table.row_at(at) for at in range(self.table.row_count)], self.answer
        return lambda: rows_text(form, view, [row for row in rows if row is not None], self.FILTERED)

    def copy_text(self) -> str:
        """The row as tab-separated cells, written as on the screen but uncut."""
        row = self.table.row
        if row is None:
            return ""
        return "\t".join(value_text(one, getattr(row, one.id, None), utc=self.session.utc) for one in self.FILTERED)

    def raw_json(self) -> str | None:
        row = self.table.row
        if row is None:
            return None
        import json

        return json.dumps({one.id: json_value(one, getattr(row, one.id, None)) for one in self.FILTERED}, indent=2)
