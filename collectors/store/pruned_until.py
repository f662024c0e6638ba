"""Up to which times each function's data were pruned: readers report it, and writers reject what is older.

Times are epoch ms UTC; 0 where nothing was deleted. Rollups of hours and days are never deleted, so everything that was
ever counted stays counted.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from collectors.model.units import MINUTE_MS

Select = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

REPORTED_LATE_MS = MINUTE_MS
"""How far an invocation's start may be off when only its REPORT is known, which tells its end and its duration."""
LINES_LATE_MS = 16 * 60 * 1000  # an invocation of which only lines are known began at most so long before them


class PrunedUntil(NamedTuple):
    """The times (epoch ms) from which on a function's rows, log lines, minute cells and metric points are stored."""

    rows_ms: int = 0
    lines_ms: int = 0
    minutes_ms: int = 0
    points_ms: int = 0


NOTHING_PRUNED = PrunedUntil()
ACCOUNT_POINTS = "account_points_before_ms"  # a setting: before this time account_metrics has one point an hour


def kept_of_all(connection: sqlite3.Connection) -> dict[int, PrunedUntil]:
    """What was pruned, by function id; a function of which nothing was deleted is absent."""
    rows = connection.execute("SELECT function_id, rows_ms, lines_ms, minutes_ms, points_ms FROM pruned")
    return {row[0]: PrunedUntil(*row[1:]) for row in rows}


def kept_since(select: Select, function_ids: Sequence[int] | None) -> PrunedUntil:
    """The latest of these times among some functions (None: all): from then on all of them have everything."""
    wanted = "" if function_ids is None else f" WHERE function_id IN ({', '.join(map(str, map(int, function_ids)))})"
    [ends] = select(
        "SELECT coalesce(max(rows_ms), 0), coalesce(max(lines_ms), 0), coalesce(max(minutes_ms), 0),"
        f" coalesce(max(points_ms), 0) FROM pruned{wanted}",
        (),
    )
    return PrunedUntil(*ends)
