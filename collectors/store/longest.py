"""Where a span's longest invocations are: the days and hours whose maxima can hold them, and no others.

A cell knows its longest invocation. With the N-th largest maximum as a bound, there are N invocations as long, and
every invocation as long lies in a cell whose maximum is: of a month of millions a thousand hours are read.
"""

import heapq
import sqlite3
from collections.abc import Iterable, Sequence

from collectors.store.spans import DAY, HOUR

Place = tuple[int, int, int]  # function_id, from_ms, to_ms


def places(
    connection: sqlite3.Connection, from_ms: int, to_ms: int, function_ids: Sequence[int], wanted: int
) -> tuple[list[Place], int]:
    """Hours, cut to the span, that hold its ``wanted`` longest invocations, and the least duration of these in us."""
    marks = ", ".join("?" * len(function_ids))
    days = connection.execute(
        "SELECT c.function_id, c.start_ms, c.max_duration_us FROM functions f CROSS JOIN day_cells c"
        f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? WHERE f.id IN ({marks})"
        " AND c.max_duration_us IS NOT NULL",
        (from_ms // DAY * DAY, to_ms, *function_ids),
    ).fetchall()
    bound = _bound((row[2] for row in days if from_ms <= row[1] <= to_ms - DAY), wanted)
    hours: list[tuple[int, int, int]] = []
    for function_id, start_ms, longest in days:
        if longest >= bound:
            hours += connection.execute(
                "SELECT function_id, start_ms, max_duration_us FROM hour_cells WHERE function_id = ?"
                " AND start_ms >= ? AND start_ms < ? AND max_duration_us >= ?",
                (function_id, max(start_ms, from_ms // HOUR * HOUR), min(start_ms + DAY, to_ms), bound),
            )
    bound = max(bound, _bound((row[2] for row in hours if from_ms <= row[1] <= to_ms - HOUR), wanted))
    return [(row[0], max(row[1], from_ms), min(row[1] + HOUR, to_ms)) for row in hours if row[2] >= bound], bound


def _bound(maxima: Iterable[int], wanted: int) -> int:
    """The ``wanted``-th largest; 0 where there are fewer."""
    largest = heapq.nlargest(wanted, maxima)
    return largest[-1] if len(largest) == wanted else 0
