"""A screen whose body is one table."""

import json
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import GENERAL, TIME, ShowCosts, ShowErrors, ShowFunctions, ShowInvocations
from lambdatui.commands.table import TABLE
from lambdatui.messages import Failed, Opened
from lambdatui.screens.base import Moving, StoreScreen
from lambdatui.views.columns import Column
from lambdatui.views.filters import Filter, FilterError, parse
from lambdatui.views.shown import json_value, shown
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import Standing
from lambdatui.widgets.layout import Shown
from lambdatui.widgets.rows import AllRows
from lambdatui.widgets.table import Table

TABLE_COMMANDS: Commands = (*TABLE, ShowErrors, ShowCosts, ShowInvocations, ShowFunctions, *GENERAL, *TIME)


class TableScreen(StoreScreen):
    """Subclasses name the columns, what a row is called, what is trouble, and what Enter opens."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TABLE_COMMANDS)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = ()
    FILTERED: ClassVar[tuple[Column, ...]] = ()
    """The columns that a filter can name: those of the view, seen or not."""
    ROWS_ARE: ClassVar[str] = "rows"
    SORT: ClassVar[tuple[str, bool] | None] = None
    STORE_ORDER: ClassVar[tuple[str, ...]] = ()

    def body(self) -> ComposeResult:
        yield self.make_table()
        yield self.make_empty()

    def make_table(self) -> Table:
        return Table(
            self.COLUMNS,
            self.session.marks,
            utc=self.session.utc,
            key_of=self.key_of,
            in_trouble=self.in_trouble,
            sort=self.SORT,
            store_order=self.STORE_ORDER,
        )

    def make_empty(self) -> Static:
        empty = Static("", id="empty", markup=False)
        empty.display = False
        return empty

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    @property
    def moving(self) -> Moving:
        return self.table

    def key_of(self, row: Any) -> Any:
        raise NotImplementedError

    def in_trouble(self, row: Any) -> bool:
        return False

    def open_row(self, row: Any) -> None:
        """What Enter does."""

    @on(Opened)
    def _opened(self, message: Opened) -> None:
        self.open_row(message.row)

    # Painting -----------------------------------------------------------------------------------------------------

    def paint(self, answer: Any) -> None:
        self.table.show_rows(AllRows(answer.rows))
        self.say_if_empty()

    def say_if_empty(self) -> None:
        """In place of no rows: why there are none, and what to do."""
        text = "" if self.answer is None or self.table.row_count else self._why_empty()
        empty = self.query_one("#empty", Static)
        empty.update(text)
        empty.display = bool(text)
        self.table.set_class(bool(text), "-empty")

    def _why_empty(self) -> str:
        if getattr(self.answer, "as_of", None) is None:
            return (
                f"The store {self.session.db} is empty.\n\n"
                "Bring logs in with\n\n    lambdatui import FILE\n\n"
                "FILE is an exported log: JSON lines of events, the output of 'aws logs', an S3\n"
                "export folder, or plain text; - reads standard input.\n\n"
                "This screen fills by itself as soon as something is there."
            )
        if self.filter or self.table.only_trouble:
            said = f"match the filter  {self.filter}" if self.filter else "are in trouble"
            undo = "Esc clears the filter" if self.filter else "x shows all again"
            return f"No {self.ROWS_ARE} {said}\n\n{undo}."
        label = self.session.shown.label if self.session.shown else "this range"
        return f"No {self.ROWS_ARE} in this range: {label}.\n\n6 shows all that the store holds; [ goes back in time."

    def failed(self, message: Failed) -> None:
        if self.answer is None:
            empty = self.query_one("#empty", Static)
            empty.update(message.notice)
            empty.display = True
            self.table.add_class("-empty")

    def standing(self) -> Standing:
        view = self.answer
        said = " ".join(part for part in (self.filter, "only trouble" if self._only_trouble() else "") if part)
        if view is None:
            return Standing(filter=said)
        return Standing(view.as_of, view.coverage, said, self.counted())

    def _only_trouble(self) -> bool:
        return self.is_mounted and self.table.only_trouble

    def counted(self) -> tuple[str, ...]:
        """``3 of 12 functions``."""
        have, all_rows = self.table.row_count, len(self.table.source)
        return (f"{have:,} of {all_rows:,} {self.ROWS_ARE}" if have != all_rows else f"{have:,} {self.ROWS_ARE}",)

    # What commands do ---------------------------------------------------------------------------------------------

    def parsed(self, expression: str) -> Filter | None:
        """The filter, or None for an empty one. Raises ``FilterError``."""
        return parse(expression, self.FILTERED) or None

    def filter_to(self, expression: str, *, done: bool) -> None:
        """While it is typed, a filter that cannot be read yet leaves the rows as they are.

        At Enter it filters nothing, and stands to be corrected: rows that match its beginning would pass for matches.
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
        self.keep(where, only_trouble=self.table.only_trouble, done=done)

    def toggle_trouble(self) -> None:
        self.keep(self.table.where, only_trouble=not self.table.only_trouble, done=True)
        self._restand()

    def keep(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        self.table.keep(where, only_trouble=only_trouble)
        self.say_if_empty()

    def copy_text(self) -> str:
        """The row as tab-separated cells, as they are shown but uncut."""
        row = self.table.row
        if row is None:
            return ""
        return "\t".join(shown(one, getattr(row, one.id), utc=self.session.utc) for one in self.FILTERED)

    def raw_json(self) -> str | None:
        row = self.table.row
        if row is None:
            return None
        return json.dumps({one.id: json_value(one, getattr(row, one.id)) for one in self.FILTERED}, indent=2)
