"""Which columns fit, how wide each is, and what stands in their cells.

The first frame and the tables are laid out by the same functions, so nothing is imported before it is needed: Rich
only where text is not ASCII.
"""

from lambdatui.text.figures import UNKNOWN, short_moment_text, sparkline
from lambdatui.text.table import padded
from lambdatui.text.terminal import Marks
from lambdatui.views.columns import Column, Kind, TableColumn
from lambdatui.views.formatting import value_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

GUTTER = 2
"""Cells before the first column: the mark of a row in trouble, and a space. One more is left free at the right."""

_MIN_WORDS = 16


def home_header_lines(columns: int) -> int:
    """How many lines the first screen's header has: the fleet's health and its money need about 150 cells together."""
    return 3 if columns >= 160 else 4


def band_lines(columns: int, lines: int) -> int:
    """How many lines the band of figures above the functions has: none where the terminal has fewer than 30."""
    if lines < 30 or columns < 40:
        return 0
    return 5 if lines < 36 else 6 if lines < 46 else 9


BELOW, RIGHT, NOWHERE = "below", "right", "nowhere"
"""Where the pane for the row under the cursor stands."""


_SMALL_COLUMNS, _SMALL_LINES = 80, 24  # a terminal of this size is the table's alone
_FREE_LINES, _FEWEST_FREE = 12, 9  # below the rows: from here on the pane comes, under that it goes
_ROOM_FOR_ROWS = 2  # lines that stay free above a pane, so that the next rows do not move it
_MOST_SLACK = 6
_WHY_EMPTY = 8  # lines for the text that says why there are no rows
_WIDE_COLUMNS, _MOST_CELLS = 100, 90
_FEWEST_LINES = 6  # of a pane at the right


def panes_wanted(chosen: "str | None") -> "tuple[bool, bool]":
    """Whether the band and the pane are wanted, by what was saved: both where that is nothing that is known."""
    return chosen not in ("pane", "none"), chosen not in ("band", "none")


def pane_place(
    columns: int, lines: int, rows: int, *, terminal_lines: int, before: "tuple[str, int]" = (NOWHERE, 0)
) -> "tuple[str, int]":
    """Where the pane for the row under the cursor stands, and how many lines (below) or cells (at the right) it has.

    ``columns`` and ``lines`` are what table and pane share, a line of titles included; ``rows`` are the table's;
    ``before`` is the place until now, which is kept while it serves: one more row moves nothing. A terminal of 80x24 or
    less has no pane. At the right, the table keeps three fifths of the columns, 60 at least.
    """
    if columns <= _SMALL_COLUMNS and terminal_lines <= _SMALL_LINES:
        return NOWHERE, 0
    where, size = before
    free = lines - 1 - rows
    if rows and free >= (_FEWEST_FREE if where == BELOW else _FREE_LINES):
        if where == BELOW and _FEWEST_FREE <= size <= free <= size + _MOST_SLACK:
            return before
        return BELOW, max(_FEWEST_FREE, free - _ROOM_FOR_ROWS)
    if not rows and where == BELOW and lines >= _FEWEST_FREE + _WHY_EMPTY:
        return BELOW, min(size, lines - _WHY_EMPTY)  # a filter matches nothing: the next letter may bring rows back
    if columns >= _WIDE_COLUMNS and lines >= _FEWEST_LINES and (rows or where == RIGHT):
        return RIGHT, min(_MOST_CELLS, columns * 2 // 5)
    return NOWHERE, 0


def fitted_columns(columns: "Sequence[TableColumn]", width: int) -> list[tuple[Column, int]]:
    """The columns that fit into ``width`` cells, with their widths: the least needed are left out first.

    >>> from lambdatui.views import shared_columns as shared
    >>> [cells for _, cells in fitted([TableColumn(shared.FUNCTION, grows=True), TableColumn(shared.ERRORS, 9)], 30)]
    [19, 7]
    """
    chosen = list(columns)
    room = width - GUTTER - 1

    def needed() -> int:
        return sum(min(c.width, _MIN_WORDS) if c.grows else c.width for c in chosen) + len(chosen) - 1

    while len(chosen) > 1 and needed() > room:
        chosen.remove(max(reversed(chosen), key=lambda c: c.need))
    growing = [c for c in chosen if c.grows]
    widths = {c.column.id: c.width for c in chosen}
    left = room - needed()
    for number, c in enumerate(growing):
        least = min(c.width, _MIN_WORDS)
        widths[c.column.id] = max(1, min(least - -left // (len(growing) - number), c.most))
        left -= widths[c.column.id] - least
    return [(c.column, widths[c.column.id]) for c in chosen]


def panned_columns(columns: "Sequence[TableColumn]", steps: int) -> "Sequence[TableColumn]":
    """The first column and those that stay, and the others from ``steps`` further right on; the right goes first."""
    if not steps:
        return columns
    rest = [column for column in columns[1:] if not column.stays]
    return [
        columns[0],
        *(column for column in columns[1:] if column.stays),
        *(TableColumn(one.column, at, one.width, False, one.most) for at, one in enumerate(rest[steps - 1 :], 1)),
    ]


def hidden_hint(hidden: int) -> str:
    """What stands above the marks: ``+8`` where 8 columns (or ``+9`` where 9 or more) did not fit."""
    return "  " if not hidden else f"+{min(hidden, 9)}"


def cell(
    column: Column,
    value: "Any",
    width: int,
    *,
    utc: bool,
    more: str,
    currency: str = "USD",
    most: float | None = None,
) -> str:
    """The value in exactly ``width`` cells. Long words are cut with ``more``; long figures lose digits, not their size.

    A time in fewer than 19 cells loses its date's year, then its seconds, then its date: ``31 Mar 10:22``.
    ``most`` is the top of a trend's scale, where rows are compared; else each row has its own.
    """
    if column.kind == Kind.TREND:
        unfinished, partial = getattr(value, "unfinished", False), getattr(value, "partial", None)
        drawn = UNKNOWN
        if value is not None:
            drawn = sparkline(value, ascii=more.isascii(), unfinished=unfinished, partial=partial, most=most)
        return padded(drawn, width, more=more)
    text = value_text(column, value, utc=utc, currency=currency, width=width)
    if column.shortened is not None and len(text) > width:
        text = column.shortened(text, width)
    if column.kind == Kind.TIME and len(text) > width:
        text = _short_time(value, text, width, utc=utc)
    return padded(text, width, right=column.align == "right", more=more)


def _short_time(at_ms: int, text: str, width: int, *, utc: bool) -> str:
    """A time in fewer cells than ``text``, which is all of it; days of one and two digits end in the same cell."""
    if width < 12:
        return text[11:]
    seconds = width >= 15
    return short_moment_text(at_ms, utc=utc, seconds=seconds).rjust(15 if seconds else 12)


def row_cell(column: Column, row: "Any", width: int, *, utc: bool, more: str, most: float | None = None) -> str:
    """A row's cell; ``more`` where the row does not know this column yet, as those of the first frame."""
    value = getattr(row, column.id, row)  # the default is the row itself, which no field has as its value
    if value is row or (value is None and column.kind == Kind.CHANGE):  # changes are asked for once the rows stand
        return more.rjust(width) if column.align == "right" else more.ljust(width)  # a mark is one cell
    return cell(column, value, width, utc=utc, more=more, currency=getattr(row, "currency", None) or "USD", most=most)


def highest_trend(column: Column, rows: "Iterable[Any]") -> float | None:
    """The highest part of any row's trend; None where nothing is known."""
    trends = (getattr(row, column.id, None) for row in rows)
    return max((part for trend in trends for part in trend or () if part is not None), default=None)


def column_heading(column: Column, width: int, sort: "tuple[str, bool] | None", marks: Marks) -> str:
    """A column's title in ``width`` cells; the column that rows are sorted by is marked with the direction."""
    title = column.title
    if sort is not None and sort[0] == column.id:
        mark = marks.descending if sort[1] else marks.ascending
        title = f"{mark}{title}" if column.align == "right" else f"{title} {mark}"
    # Titles and marks are the program's own, one cell a character.
    title = title[:width]
    return title.rjust(width) if column.align == "right" else title.ljust(width)


def tone(column: Column, row: "Any") -> str:
    """What a cell means, for its colour: ``error``, ``good``, ``cold``, ``quiet``, or nothing. Its text says so too."""
    value = getattr(row, column.id, None)
    if value is None or value == "":
        return "quiet" if column.none else ""
    return column.tone if isinstance(column.tone, str) else column.tone(value)
