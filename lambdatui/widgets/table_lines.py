"""The lines of a table as they are painted: the columns that fit, headings, the rows in sight, and what has changed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lambdatui.text.terminal import Marks
from lambdatui.views.columns import Column, Kind, TableColumn
from lambdatui.widgets.column_letters import heading_with_letter
from lambdatui.widgets.layout import column_heading, fitted_columns, hidden_hint, panned_columns, row_cell, tone
from lambdatui.widgets.messages import PageWanted
from lambdatui.widgets.rows import AllRows, PagedRows

_TONES = ("error", "warning", "good", "quiet", "cold", "name")
_LETTER = Style(reverse=True, bold=True)
_MARKED = "*"
"""Beside the sign of trouble. ASCII: a sign that some fonts draw two cells wide would move the row."""


class TableLines(ScrollView, inherit_bindings=False):
    """Rows in lines, of which only those are painted again that look different afterwards. ``Table`` moves in them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header",
        "table--sorted",
        "table--cursor",
        "table--row",
        *(f"table--{name}" for name in _TONES),
    }

    def __init__(
        self,
        columns: Sequence[TableColumn],
        marks: Marks,
        *,
        utc: bool,
        in_trouble: Callable[[Any], bool],
        is_marked: Callable[[Any], bool],
        sort: tuple[str, bool] | None,
    ) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._marks = marks
        self._utc = utc
        self._in_trouble = in_trouble
        self._is_marked = is_marked
        self.sort = sort
        self.source: AllRows | PagedRows = AllRows(())
        self._shown: AllRows | PagedRows = self.source
        self.cursor = 0
        self._letters: Mapping[str, str] = {}
        self._most: float | None = None
        self._pan = 0
        self._fitted: list[tuple[Column, int]] = []
        self._width = 0
        self._styles: dict[str, Style] = {}
        self._painted: dict[int, tuple[str, ...]] = {}

    @property
    def row_count(self) -> int:
        """How many rows the filter leaves."""
        return len(self._shown)

    @property
    def visible_columns(self) -> list[Column]:
        """The columns that fit."""
        return [column for column, _ in self._fitted]

    @property
    def trend(self) -> Column | None:
        """The column of trends; None where the table has none."""
        return next((one.column for one in self._columns if one.column.kind == Kind.TREND), None)

    def scroll_columns(self, step: int) -> None:
        """Moves right or left among the columns, to those that did not fit."""
        pan = max(0, min(self._pan + step, len(self._columns) - 1))
        if pan != self._pan and (step < 0 or len(self._fitted) < len(panned_columns(self._columns, self._pan))):
            self._pan = pan
            self._fit()

    def show_letters(self, letters: Mapping[str, str]) -> None:
        """Marks a letter in the heading of each column, by the columns' ids; none for an empty mapping."""
        self._letters = letters
        self.refresh(Region(0, 0, self.size.width, 1))

    # What is painted again ----------------------------------------------------------------------------------------

    def refresh_rows(self) -> None:
        """Paints the visible rows again whose text, trouble or mark has changed."""
        top = self.scroll_offset.y
        for index in range(top, min(self.row_count, top + self.size.height - 1)):
            if self._painted.get(index) != self._cells(index):
                self._refresh_row(index)

    def _refresh_row(self, index: int) -> None:
        y = index - self.scroll_offset.y + 1
        if 0 < y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _fit(self) -> None:
        """Chooses the columns for the cells there are; a scroll bar that comes or goes changes them too."""
        self._width = self.scrollable_content_region.width
        self._fitted = fitted_columns(panned_columns(self._columns, self._pan), self._width)
        self.virtual_size = Size(self._width, self.row_count + 1)
        self._painted.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forgets the colours of the theme before."""
        super().notify_style_update()
        self._styles.clear()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"table--{name}")
        return self._styles[name]

    def on_focus(self) -> None:
        """Paints the cursor's row as the cursor."""
        self._refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Paints the cursor's row as any other."""
        self._refresh_row(self.cursor)

    # Lines --------------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the table: the titles at 0, then the rows in sight. Asks for a page that is missing."""
        width = self.scrollable_content_region.width
        if width != self._width:
            self._fit()
        if y == 0:
            return self._header(width)
        index = y - 1 + self.scroll_offset.y
        if index >= self.row_count:
            return Strip.blank(width, self._style("row"))
        cells = self._painted[index] = self._cells(index)
        if not cells:
            self._ask_for_pages(index)
            return Strip([Segment(f"  {self._marks.more}".ljust(width), self._style("quiet"))], width)
        return self._line(index, cells, width)

    def _ask_for_pages(self, index: int) -> None:
        if isinstance(self._shown, PagedRows):
            for page in self._shown.to_ask(index, index + self.size.height):
                self.post_message(PageWanted(page))

    def _cells(self, index: int) -> tuple[str, ...]:
        row = self._shown.row_at(index)
        if row is None:
            return ()
        texts = (
            row_cell(c, row, width, utc=self._utc, more=self._marks.more, most=self._most) for c, width in self._fitted
        )
        trouble = self._marks.trouble if self._in_trouble(row) else " "
        return (f"{trouble}{_MARKED if self._is_marked(row) else ' '}", *texts)

    def _header(self, width: int) -> Strip:
        plain, chosen = self._style("header"), self._style("sorted")
        segments = [Segment(hidden_hint(len(self._columns) - len(self._fitted)), plain)]
        for column, cells in self._fitted:
            style = chosen if self.sort is not None and self.sort[0] == column.id else plain
            heading = column_heading(column, cells, self.sort, self._marks)
            if self._most is not None and column.kind == Kind.TREND:
                heading = f"{column.title} ="[:cells].ljust(cells)
            if column.id in self._letters:
                heading, at = heading_with_letter(heading, self._letters[column.id])
                segments += [Segment(heading[:at], style), Segment(heading[at], style + _LETTER)]
                heading = heading[at + 1 :]
            segments += [Segment(heading, style), Segment(" ", plain)]
        return Strip(segments).simplify().adjust_cell_length(width, plain)

    def _line(self, index: int, cells: tuple[str, ...], width: int) -> Strip:
        row = self._shown.row_at(index)
        base = self._style("row")
        cursor = self._style("cursor") if index == self.cursor and self.has_focus else None
        if cursor:
            return Strip([Segment(cells[0] + " ".join(cells[1:]), cursor)]).adjust_cell_length(width, cursor)
        # A space has the look of the cell before it: every change of look costs some 40 bytes on the wire.
        trouble, marked = cells[0][0], cells[0][1]
        segments = [Segment(trouble, self._style("error") if trouble.strip() else base)]
        segments.append(Segment(marked, self._style("sorted") if marked.strip() else segments[0].style))
        for (column, _), text in zip(self._fitted, cells[1:], strict=False):
            name = tone(column, row)
            segments.append(Segment(f"{text} ", self._style(name) if name else base))
        return Strip(segments).simplify().adjust_cell_length(width, base)
