"""A span's longest invocations, found from its days down to their hours, minutes and rows, the longest first.

A cell knows its longest invocation, so no row of it comes before that: what is opened next is always what can hold the
next one. Some hundred cells are opened for some hundred rows, of however many millions, and however many timed out at
the same limit.
"""

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from collectors.store.schema import GRAINS
from collectors.store.spans import DAY

Found = tuple[int, int, bytes | str, int]  # function_id, start_ms, request_id, stream_id: an invocation's key
# Ordered: -duration_us, -start_ms, whether it is a row, function_id, whether the request id is packed, the id, and the
# stream_id. A cell has the longest and the latest that it can hold, and its grain in place of a stream: among equals
# it is opened before a row is given out.
_Entry = tuple[int, int, bool, int, bool, bytes | str, int]
_FINER = {"day_cells": "hour_cells", "hour_cells": "minute_cells"}


def longest(
    connection: sqlite3.Connection, from_ms: int, to_ms: int, function_ids: Sequence[int]
) -> Iterator[Found]:
    """Rows of the span that have a duration, the longest first, the newest first among equals."""
    tables = list(GRAINS)
    oldest: dict[int, int] = {}
    marks = ", ".join("?" * len(function_ids))
    days = connection.execute(
        "SELECT c.max_duration_us, c.start_ms, c.function_id FROM functions f CROSS JOIN day_cells c"
        f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? WHERE f.id IN ({marks})"
        " AND c.max_duration_us IS NOT NULL",
        (from_ms // DAY * DAY, to_ms, *function_ids),
    )
    heap = list(_cells(days, "day_cells", to_ms))
    heapq.heapify(heap)
    while heap:
        _, latest, is_row, function_id, _, request_id, place = heapq.heappop(heap)
        if is_row:
            yield function_id, -latest, request_id, place
            continue
        table = tables[place]
        size = GRAINS[table]
        start = -latest // size * size
        if function_id not in oldest:
            (first,) = connection.execute(
                "SELECT min(start_ms) FROM invocations WHERE function_id = ?", (function_id,)
            ).fetchone()
            oldest[function_id] = to_ms if first is None else first
        if start + size <= oldest[function_id]:
            continue  # its rows were pruned
        low, high = max(start, from_ms), min(start + size, to_ms)
        finer = _FINER.get(table)
        if finer is None:
            opened = _rows(connection, function_id, low, high)
        else:
            opened = _cells(
                connection.execute(
                    f"SELECT max_duration_us, start_ms, function_id FROM {finer} WHERE function_id = ?"
                    " AND start_ms >= ? AND start_ms < ? AND max_duration_us IS NOT NULL",
                    (function_id, low // GRAINS[finer] * GRAINS[finer], high),
                ),
                finer,
                to_ms,
            )
        for entry in opened:
            heapq.heappush(heap, entry)


def _cells(rows: Iterable[tuple[int, int, int]], table: str, to_ms: int) -> Iterator[_Entry]:
    size, place = GRAINS[table], list(GRAINS).index(table)
    for duration_us, start_ms, function_id in rows:
        yield -duration_us, 1 - min(start_ms + size, to_ms), False, function_id, False, b"", place


def _rows(connection: sqlite3.Connection, function_id: int, low: int, high: int) -> Iterator[_Entry]:
    for duration_us, start_ms, request_id, stream_id in connection.execute(
        "SELECT duration_us, start_ms, request_id, stream_id FROM invocations"
        " WHERE function_id = ? AND start_ms >= ? AND start_ms < ? AND duration_us IS NOT NULL",
        (function_id, low, high),
    ):
        yield -duration_us, -start_ms, True, function_id, isinstance(request_id, bytes), request_id, stream_id
