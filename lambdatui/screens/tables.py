"""A screen whose body is one table."""

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.general import GENERAL, TIME
from lambdatui.commands.navigation import GOING
from lambdatui.commands.table import TABLE
from lambdatui.screens.base import Moving, StoreScreen
from lambdatui.session.messages import Failed, Opened, SortChosen
from lambdatui.text.figures import counted, plural
from lambdatui.text.plain import plain
from lambdatui.views.columns import Column
from lambdatui.views.filters import Filter, FilterError, parse, tags_in
from lambdatui.views.formatting import json_value, shown
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.header import Standing
from lambdatui.widgets.layout import Shown, show
from lambdatui.widgets.rows import AllRows
from lambdatui.widgets.table import Nesting, Table

TABLE_COMMANDS: Commands = (*TABLE, *GOING, *GENERAL, *TIME)


class TableScreen(StoreScreen):
    """Subclasses name the columns, what a row is called, what is trouble, and what Enter opens."""

    COMMANDS_HERE: ClassVar[Commands] = TABLE_COMMANDS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TABLE_COMMANDS)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = ()
    FILTERED: ClassVar[tuple[Column, ...]] = ()
    """The columns that a filter can name: those of the view, seen or not."""
    ROW_IS: ClassVar[str] = "row"
    SORT: ClassVar[tuple[str, bool] | None] = None
    STORE_ORDER: ClassVar[tuple[str, ...]] = ()
    nesting: Nesting | None = None

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
            sort=self._kept_sort(),
            store_order=self.STORE_ORDER,
            nesting=self.nesting,
        )

    def columns(self) -> tuple[Shown, ...]:
        """The columns of the configuration's ``[columns]``, the first ones needed most, else the screen's own."""
        chosen = self.session.columns.get(self.NAME or "")
        if not chosen:
            return self.COLUMNS
        own = {one.column.id: one for one in self.COLUMNS}
        known = {one.id for one in self.FILTERED} | own.keys()
        names = [name for name in chosen if name in known]
        return tuple(_needed(own.get(name), name, need) for need, name in enumerate(names)) or self.COLUMNS

    def _kept_sort(self) -> tuple[str, bool] | None:
        column, _, way = self.session.kept.get(f"{self.NAME}.sort", "").partition(" ")
        if self.NAME and column in {one.column.id for one in self.columns()}:
            return column, way == "descending"
        return self.SORT

    def on_mount(self) -> None:
        """With the filter of the run before, said in the header as any filter is."""
        kept = self.session.kept.get(f"{self.NAME}.filter", "") if self.NAME else ""
        with contextlib.suppress(FilterError):
            self.table.where = self.parsed(kept)
            self.own_tags = tags_in(kept)
            self.filter = kept
        super().on_mount()

    def keep_state(self) -> None:
        """What the next run begins with."""
        if self.NAME:
            sort = self.table.sort
            self.session.kept[f"{self.NAME}.filter"] = self.filter
            self.session.kept[f"{self.NAME}.sort"] = (
                "" if sort is None or sort == self.SORT else f"{sort[0]} {'descending' if sort[1] else 'ascending'}"
            )

    @on(SortChosen)
    def _sorted(self) -> None:
        self.keep_state()

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
        of_tags = [plain(said) for said in self.shown_narrow.said] if self.shown_narrow is not None else []
        if self.filter or self.table.only_trouble:
            said = f"match the filter  {self.filter}" if self.filter else "are in trouble"
            undo = "Esc clears the filter" if self.filter else "x shows all again"
            return "\n\n".join((f"No {plural(0, self.ROW_IS)} {said}", *of_tags, f"{undo}."))
        label = self.session.shown.label if self.session.shown else "this range"
        none = f"No {plural(0, self.ROW_IS)} in this range: {label}."
        return "\n\n".join((none, *of_tags, "6 shows all that the store holds; [ goes back in time."))

    def failed(self, message: Failed) -> None:
        if self.answer is None:
            empty = self.query_one("#empty", Static)
            empty.update(message.notice)
            empty.display = True
            self._why_empty = message.notice
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
        return (f"{have:,} of {counted(all_rows, self.ROW_IS)}" if have != all_rows else counted(have, self.ROW_IS),)

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
        tags = tags_in(expression)
        if done and tags != self.own_tags:
            self.own_tags, self.table.where = tags, where  # what rows are sums of is other: they are asked for again
            self.ask_rows()
        else:
            self.keep(where, only_trouble=self.table.only_trouble, done=done)
        if done:
            self.keep_state()

    def toggle_trouble(self) -> None:
        self.keep(self.table.where, only_trouble=not self.table.only_trouble, done=True)
        self._restand()

    def keep(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        self.table.keep(where, only_trouble=only_trouble)
        self.say_if_empty()

    def subject(self) -> tuple[int, str] | None:
        row = self.table.row
        identity = getattr(row, "function_id", None)
        return None if identity is None else (identity, row.function)  # type: ignore[union-attr]

    def mark(self) -> None:
        """Two at most: a third mark takes the place of the older one."""
        found = self.subject()
        if found is None:
            return
        marked = self.session.marked
        if found in marked:
            marked.remove(found)
        else:
            marked[:] = [*marked[-1:], found]
        names = " and ".join(name for _, name in marked)
        self.say(f"marked {names}: = compares" if marked else "no mark is left")
        self.table.move(1)

    def compare(self) -> None:
        from lambdatui.screens.compare import CompareScreen

        marked, here = list(self.session.marked), self.subject()
        if len(marked) < 2 and here is not None and here not in marked:
            marked.append(here)
        if not marked:
            self.say("there is no function under the cursor to compare")
            return
        self.app.push_screen(CompareScreen(self.session, marked[0], marked[1] if len(marked) > 1 else None))

    def export(self) -> None:
        self.ask_where("csv")

    def write_export(self, form: str, path: str) -> None:
        if self.answer is None:
            self.say("the rows are still being read: try again in a moment")
        else:
            self.write_file(path, self.rows_to_export(form))

    def rows_to_export(self, form: str) -> Callable[[], str]:
        """What gives the file's text, in a thread: the rows as they are filtered and sorted now."""
        from lambdatui.screens.export import rows_text

        rows, view = [self.table.row_at(at) for at in range(self.table.row_count)], self.answer
        return lambda: rows_text(form, view, [row for row in rows if row is not None], self.FILTERED)

    def copy_text(self) -> str:
        """The row as tab-separated cells, as they are shown but uncut."""
        row = self.table.row
        if row is None:
            return ""
        return "\t".join(shown(one, getattr(row, one.id, None), utc=self.session.utc) for one in self.FILTERED)

    def raw_json(self) -> str | None:
        row = self.table.row
        if row is None:
            return None
        import json

        return json.dumps({one.id: json_value(one, getattr(row, one.id, None)) for one in self.FILTERED}, indent=2)


def _needed(own: Shown | None, name: str, need: int) -> Shown:
    """A column that the configuration names, in its place."""
    one = own or show(name)
    return Shown(one.column, need, one.width, one.grows, one.most)
