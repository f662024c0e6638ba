"""What of each function was deleted for its age: readers say so, and writers do not take it in again.

Times are epoch ms UTC; 0 where nothing was deleted. Rollups of hours and days are never deleted, so everything that
was ever counted stays counted.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from collectors.model.units import MINUTE_MS

Select = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

REPORTED_LATE_MS = MINUTE_MS
"""How far from its true beginning a REPORT alone may place an invocation: it tells an end and a duration."""
LINES_LATE_MS = 16 * 60 * 1000  # lines alone are of an invocation that began no longer before


class PrunedUntil(NamedTuple):
    """From when on a function's rows, log lines, minute cells and metric points are there."""

    rows_ms: int = 0
    lines_ms: int = 0
    minutes_ms: int = 0
    points_ms: int = 0


NOTHING_PRUNED = PrunedUntil()
ACCOUNT_POINTS = "account_points_before_ms"  # a setting: before then account_metrics have one point an hour


def kept_of_all(connection: sqlite3.Connection) -> dict[int, PrunedUntil]:
    """By function id; a function of which nothing was deleted is absent."""
    rows = connection.execute("SELECT function_id, rows_ms, lines_ms, minutes_ms, points_ms FROM pruned")
    return {row[0]: PrunedUntil(*row[1:]) for row in rows}


def kept_since(select: Select, function_ids: Sequence[int] | None) -> PrunedUntil:
    """From when on all of some functions have everything; None is all functions."""
    wanted = "" if function_ids is None else f" WHERE function_id IN ({', '.join(map(str, map(int, function_ids)))})"
    [ends] = select(
        "SELECT coalesce(max(rows_ms), 0), coalesce(max(lines_ms), 0), coalesce(max(minutes_ms), 0),"
        f" coalesce(max(points_ms), 0) FROM pruned{wanted}",
        (),
    )
    return PrunedUntil(*ends)
