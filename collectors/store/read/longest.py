"""A span's longest invocations, the longest first, found by descending from days to hours, minutes and rows.

A cell knows its longest duration, and no row in it is longer: the cell with the longest is always opened next. So a
hundred rows take about a hundred opened cells, however many millions of rows there are, and however many timed out at
the same limit. A fleet's packs are short, so there the search starts with the hours or minutes.
"""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import count

from collectors.store.pruned_until import NOTHING_PRUNED, kept_of_all
from collectors.store.schema import GRAINS
from collectors.store.spans import DAY

Found = tuple[int, int, bytes | str, int]  # an invocation's key: function_id, start_ms, request_id, stream_id
# Sorted: -duration_us, -start_ms, 0 for a cell and 1 for a row, function_id, whether the request id is packed, the id,
# and the stream_id. A cell has the longest and the latest that it can contain, and its grain in place of a stream;
# among equals it comes before rows, so that it is opened before a row is yielded.
_Entry = tuple[int, int, int, int, int, bytes | str, int]
_TABLES = ("day_cells", "hour_cells", "minute_cells")
_MINUTE, _REST = 2, 3  # first only the longest rows of a minute are read, then the rest
_SIZES = (*(GRAINS[table] for table in _TABLES), GRAINS["minute_cells"])
_CELL = "-c.max_duration_us, 1 - min(c.start_ms + ?, ?), 0, c.function_id, 0, x'', ?"
_ROWS = (
    "SELECT -duration_us, -start_ms, 1, function_id, typeof(request_id) = 'blob', request_id, stream_id"
    " FROM invocations WHERE function_id = ? AND start_ms >= ? AND start_ms < ? AND duration_us BETWEEN ? AND ?"
    " ORDER BY 1, 2, 5, 6, 7"
)
_BY_HOUR_MS, _BY_DAY_MS = 6 * GRAINS["hour_cells"], 2 * DAY


def longest(
    connection: sqlite3.Connection,
    from_ms: int,
    to_ms: int,
    function_ids: Sequence[int],
    *,
    by_packs: bool = False,
) -> Iterator[Found]:
    """Keys of the span's invocations with a duration: the longest first, the newest first among equals.

    ``by_packs`` says that ``function_ids`` are all functions of a fleet.
    """
    pruned = kept_of_all(connection)
    marks = ", ".join("?" * len(function_ids))
    cells = _packed(connection, from_ms, to_ms) if by_packs else None
    if cells is None:
        cells = connection.execute(
            f"SELECT {_CELL} FROM functions f CROSS JOIN day_cells c"
            f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? WHERE f.id IN ({marks})"
            " AND c.max_duration_us IS NOT NULL ORDER BY 1, 2",
            (DAY, to_ms, 0, from_ms // DAY * DAY, to_ms, *function_ids),
        )
    heap: list[tuple[_Entry, int, Iterator[_Entry]]] = []
    sources = count()

    def open_next(source: Iterator[_Entry]) -> None:
        entry = next(source, None)
        if entry is not None:
            heapq.heappush(heap, (entry, next(sources), source))

    open_next(cells)
    while heap:
        (bound, latest, is_row, function_id, _, request_id, place), _, source = heapq.heappop(heap)
        open_next(source)
        if is_row:
            yield function_id, -latest, request_id, place
            continue
        size = _SIZES[place]
        start = -latest // size * size
        if start + size > pruned.get(function_id, NOTHING_PRUNED).rows_ms:
            low, high = max(start, from_ms), min(start + size, to_ms)
            least_us = -bound * 3 // 4 if place == _MINUTE else 0
            open_next(_opened(connection, place, function_id, low, high, least_us, -bound))
            if least_us:
                open_next(iter([(1 - least_us, latest, 0, function_id, 0, b"", _REST)]))


def _packed(connection: sqlite3.Connection, from_ms: int, to_ms: int) -> Iterator[_Entry] | None:
    """The cells of all functions, as fine as their number allows, in order; None where packs are not available."""
    from collectors.store.read import fleet_sums
    from collectors.store.rollups import packs

    place = 0 if to_ms - from_ms > _BY_DAY_MS else 1 if to_ms - from_ms > _BY_HOUR_MS else 2
    size = _SIZES[place]
    packed = packs.read(connection, _TABLES[place], from_ms // size * size, to_ms)
    if packed is None:
        return None
    cells = fleet_sums.longest_first(packed, size, to_ms)
    return ((longest, latest, 0, function_id, 0, b"", place) for longest, latest, function_id in cells)


def _opened(
    connection: sqlite3.Connection, place: int, function_id: int, low: int, high: int, least_us: int, longest_us: int
) -> Iterator[_Entry]:
    """The content of a cell, in order: finer cells or rows. All is read at once, since nearly all of it is needed."""
    if place >= _MINUTE:
        return iter(connection.execute(_ROWS, (function_id, low, high, least_us, longest_us)).fetchall())
    size = _SIZES[place + 1]
    finer = connection.execute(
        f"SELECT {_CELL} FROM {_TABLES[place + 1]} c WHERE c.function_id = ? AND c.start_ms >= ? AND c.start_ms < ?"
        " AND c.max_duration_us IS NOT NULL ORDER BY 1, 2",
        (size, high, place + 1, function_id, low // size * size, high),
    )
    return iter(finer.fetchall())
