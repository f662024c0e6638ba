"""The table of all screens. Only the lines in sight are painted, however many rows there are."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from textual import events
from textual.geometry import Region, Size

from lambdatui.text.terminal import Marks
from lambdatui.views.columns import Column, TableColumn
from lambdatui.views.filters import Filter, sort_rows
from lambdatui.widgets.layout import (
    highest_trend,
)
from lambdatui.widgets.messages import MoreWanted, RowOpened, RowReached, SortChosen, SortRefused
from lambdatui.widgets.rows import AllRows, PagedRows
from lambdatui.widgets.table_lines import TableLines

_NEAR_THE_END = 50


class Nesting(Protocol):
    """Which rows lie beneath others. The rows beneath one row are sorted among themselves."""

    def tops(self, rows: Sequence[Any]) -> list[Any]:
        """The rows at the top: each filtered row, or one row for several that belong together."""

    def beneath(self, row: Any) -> Sequence[Any]:
        """The rows to show beneath ``row``; empty while it is closed."""


class Table(TableLines, can_focus=True):
    """Rows whose fields are named as columns are. The cursor stays on its row when rows come and go."""

    def __init__(
        self,
        columns: Sequence[TableColumn],
        marks: Marks,
        *,
        utc: bool,
        key_of: Callable[[Any], Any],
        in_trouble: Callable[[Any], bool],
        rank: Callable[[Any], int] | None = None,
        plain_order: bool = False,
        one_scale: bool = False,
        is_marked: Callable[[Any], bool] = lambda row: False,
        sort: tuple[str, bool] | None = None,
        store_order: Sequence[str] = (),
        nesting: Nesting | None = None,
        others: Sequence[Column] = (),
    ) -> None:
        """Rows of the least ``rank`` come first, unless it is None or the order is plain; those of one rank are sorted.

        ``sort`` is a column id and whether it is descending; None keeps the order of the rows that come.

        ``others`` are columns that are not shown: rows can be sorted by them too.
        ``store_order`` names the columns by which the store can sort rows that are paged.
        """
        super().__init__(columns, marks, utc=utc, in_trouble=in_trouble, is_marked=is_marked, sort=sort)
        self._others = tuple(others)
        self._key_of = key_of
        self._rank = rank
        self.plain_order = plain_order
        self.one_scale = one_scale
        self._store_order = tuple(store_order)
        self._nesting = nesting
        self.where: Filter | None = None
        self.only_trouble = False

    # What is shown ------------------------------------------------------------------------------------------------

    @property
    def row(self) -> Any | None:
        """The row under the cursor; None where there is none, or where it has not come yet."""
        return self._shown.row_at(self.cursor)

    def row_at(self, index: int) -> Any | None:
        """The row at an index among those that the filter leaves; None where it is not in memory."""
        return self._shown.row_at(index)

    def show_rows(self, source: AllRows | PagedRows) -> None:
        """Shows other rows. The cursor stays on its row, where that is still there."""
        self.source = source
        self._arrange()

    def put_page(self, page: int, rows: Sequence[Any]) -> None:
        """Takes a page that ``PageWanted`` asked for."""
        if isinstance(self.source, PagedRows):
            self.source.put(page, rows)
            self._settle(None)

    def filter_rows(self, where: Filter | None, *, only_trouble: bool) -> None:
        """Filters the rows where all are in memory; pages are filtered by the store."""
        self.where, self.only_trouble = where, only_trouble
        self._arrange()

    def _arrange(self) -> None:
        current = self.row
        key = None if current is None else self._key_of(current)
        self._shown = self.source if isinstance(self.source, PagedRows) else self._chosen(self.source)
        self._measure()
        self._settle(key)

    def _measure(self) -> None:
        """Notes the highest trend of all rows, filtered or not, where they share a scale; of pages nobody knows it."""
        self._most = None
        if self.one_scale and self.trend is not None:
            known = [each.rows for each in (self.source, self._shown) if isinstance(each, AllRows)]
            self._most = highest_trend(self.trend, itertools.chain.from_iterable(known))

    def share_scale(self, shared: bool) -> float | None:
        """Draws all trends on the scale of the highest, or each on its own; returns the highest, where it is known."""
        self.one_scale = shared
        self._arrange()
        self.refresh()
        return self._most

    def _chosen(self, source: AllRows) -> AllRows:
        rows: list[Any] = source.rows
        if self.only_trouble:
            rows = [row for row in rows if self._in_trouble(row)]
        if self.where is not None:
            rows = self.where.apply(rows)
        if self._nesting is None:
            return AllRows(self._in_order(rows, source), more=source.more)
        nested: list[Any] = []
        for row in self._in_order(self._nesting.tops(rows), source):
            nested += row, *self._in_order(self._nesting.beneath(row), source)
        return AllRows(nested, more=source.more)

    def _in_order(self, rows: Sequence[Any], source: AllRows) -> Sequence[Any]:
        if source.more:
            return rows
        column = self._sorted_column()
        if column is not None and self.sort is not None:
            rows = sort_rows(rows, column, reverse=self.sort[1])
        return rows if self._rank is None or self.plain_order else sorted(rows, key=self._rank)

    def rearrange(self, cursor_on: Any = None) -> None:
        """Arranges the rows again after some were opened or closed; the cursor goes to the row of that key."""
        self._arrange()
        if cursor_on is not None:
            keys = [self._key_of(self._shown.row_at(index)) for index in range(self.row_count)]
            self.go(keys.index(cursor_on) if cursor_on in keys else self.cursor)

    def _settle(self, key: Any | None) -> None:
        """Puts the cursor back on its row, and paints the visible lines again whose text has changed."""
        if key is not None and isinstance(self._shown, AllRows):
            rows = self._shown.rows
            here = self._shown.row_at(self.cursor)
            if here is None or self._key_of(here) != key:
                self.cursor = next((at for at, row in enumerate(rows) if self._key_of(row) == key), self.cursor)
        self.cursor = max(0, min(self.cursor, self.row_count - 1))
        size = Size(self._width, self.row_count + 1)
        if size == self.virtual_size:
            self.refresh_rows()
        else:
            self._extend(size)
        self._reveal()
        self.post_message(RowReached(moved=False))

    def _extend(self, size: Size) -> None:
        """Takes a new number of rows; lays the whole screen out again only where the scroll bar comes or goes."""
        bar = size.height > self.container_size.height
        if not self._width or bar != self.show_vertical_scrollbar:
            self.virtual_size = size
            self.call_after_refresh(self._reveal)
        else:
            self.set_reactive(Table.virtual_size, size)
            if bar:
                self.vertical_scrollbar.window_virtual_size = size.height
            if self.scroll_offset.y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False)
        self.refresh()

    # Moving -------------------------------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Puts the cursor on a row, and scrolls so that it is seen."""
        before = self.cursor
        self.cursor = max(0, min(index, self.row_count - 1))
        if self.cursor != before:
            self._refresh_row(before)
            self._refresh_row(self.cursor)
            self.post_message(RowReached(moved=True))
        self._reveal()
        if self._shown.more and self.cursor >= self.row_count - _NEAR_THE_END:
            self.post_message(MoreWanted(len(self.source)))

    def _reveal(self) -> None:
        height = max(1, self.size.height - 1)
        top = round(self.scroll_offset.y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Chooses the columns that fit the new width, and keeps the cursor in sight."""
        self._fit()
        self._reveal()

    def move(self, rows: int) -> None:
        """Moves the cursor by rows; negative is up."""
        self.go(self.cursor + rows)

    def move_pages(self, pages: float) -> None:
        """Moves the cursor by parts of the table's height."""
        self.move(round(pages * max(1, self.size.height - 1)))

    def go_top(self) -> None:
        """Moves the cursor to the first row."""
        self.go(0)

    def go_bottom(self) -> None:
        """Moves the cursor to the last row."""
        self.go(self.row_count - 1)

    def open(self) -> None:
        """Posts ``RowOpened`` for the row under the cursor."""
        if self.row is not None:
            self.post_message(RowOpened(self.row))

    def next_match(self, step: int) -> None:
        """Goes to the next row in trouble, and from the last one to the first."""
        count = self.row_count
        for distance in range(1, count + 1):
            index = (self.cursor + step * distance) % count
            row = self._shown.row_at(index)
            if row is not None and self._in_trouble(row):
                self.go(index)
                return
        self.app.bell()

    def on_click(self, event: events.Click) -> None:
        """Sorts by the title that is clicked on, or moves to the row; a double click opens the row."""
        self.focus()
        if event.y == 0:
            self._sort_clicked(event.x)
            return
        index = event.y - 1 + self.scroll_offset.y
        if index < self.row_count:
            self.go(index)
            if event.chain == 2:
                self.open()

    # Sorting ------------------------------------------------------------------------------------------------------

    def _sorted_column(self) -> Column | None:
        if self.sort is None:
            return None
        shown = [one.column for one in self._columns]
        return next((one for one in (*shown, *self._others) if one.id == self.sort[0]), None)

    def _sortable(self) -> list[Column]:
        return [one for one in self.visible_columns if self.can_sort_by(one)]

    def can_sort_by(self, column: Column) -> bool:
        """Whether rows can be sorted by it: where they are not all in memory, the store sorts, by some columns only."""
        return column.id in self._store_order if self.source.paged or self.source.more else True

    def show_columns(self, columns: Sequence[TableColumn], others: Sequence[Column]) -> None:
        """Shows other columns from now on; rows, order and cursor stay."""
        self._columns, self._others, self._pan = tuple(columns), tuple(others), 0
        self._fit()

    def sort_by(self, column: Column, *, reverse: bool) -> None:
        """Sorts by a column of the table; ``reverse`` is descending."""
        self.sort = (column.id, reverse)
        if not (self.source.paged or self.source.more):
            self._arrange()
        self.refresh(Region(0, 0, self.size.width, 1))
        self.post_message(SortChosen(column.id, reverse))

    def sort_beside(self, step: int) -> None:
        """Sorts by the sortable column beside the one that is sorted by now."""
        columns = self._sortable()
        if not columns:
            return
        ids = [column.id for column in columns]
        at = ids.index(self.sort[0]) + step if self.sort and self.sort[0] in ids else 0
        column = columns[at % len(columns)]
        self.sort_by(column, reverse=_descending_first(column))

    def sort_again(self, column: Column) -> None:
        """Sorts by a column; where it is sorted by that one already, the other way round."""
        same = self.sort is not None and self.sort[0] == column.id
        self.sort_by(column, reverse=not self.sort[1] if same and self.sort else _descending_first(column))

    def reverse_sort(self) -> None:
        """Reverses the order of the sorted column."""
        column = self._sorted_column()
        if column is None or self.sort is None:
            self.sort_beside(1)
        else:
            self.sort_by(column, reverse=not self.sort[1])

    def _sort_clicked(self, x: int) -> None:
        left = 2
        for column, width in self._fitted:
            if left <= x < left + width:
                if self.can_sort_by(column):
                    self.sort_again(column)
                else:
                    self.post_message(SortRefused(column.title))
                return
            left += width + 1


def _descending_first(column: Column) -> bool:
    return column.align == "right" or column.kind == "time"
