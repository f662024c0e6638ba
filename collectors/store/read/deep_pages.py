"""A page far down is asked for from nearby: whole hours and days above it are passed over by their sums.

Without that, SQLite walks through all the rows above a page, or sorts them: a million for the end of a million.
"""

import sqlite3
from collections.abc import Sequence

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.schema import GRAINS

DEEP = 5_000  # rows above a page that are walked through as quickly


def nearer(
    connection: sqlite3.Connection, from_ms: int, to_ms: int, function_ids: Sequence[int], offset: int
) -> tuple[int, int]:
    """An end of the span and an offset from there, both smaller, that begin the same page of the newest rows.

    Where an hour is summed by Logs Insights its sum is not of rows, and nothing is passed over.
    """
    if connection.execute("SELECT EXISTS (SELECT 1 FROM insights_cells WHERE function_id >= 0)").fetchone() != (0,):
        return to_ms, offset
    marks = ", ".join("?" * len(function_ids))

    end = to_ms // HOUR_MS * HOUR_MS
    (passed,) = connection.execute(
        "SELECT count(*) FROM functions f CROSS JOIN invocations i"
        f" ON i.function_id = f.id AND i.start_ms >= ? AND i.start_ms < ? WHERE f.id IN ({marks})",
        (max(end, from_ms), to_ms, *function_ids),
    ).fetchone()
    if passed > offset or end < from_ms:
        return to_ms, offset

    def pass_over(table: str, low: int, end: int) -> tuple[int, bool]:
        """How far back whole cells lie above the page, and whether one has its first row."""
        nonlocal passed
        low = max(low, from_ms)
        for start, count in connection.execute(
            f"SELECT c.start_ms, sum(c.invocations) FROM functions f CROSS JOIN {table} c"
            f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? WHERE f.id IN ({marks})"
            " GROUP BY c.start_ms ORDER BY c.start_ms DESC",
            (low, end, *function_ids),
        ):
            if passed + count > offset:
                return start + GRAINS[table], True
            passed += count
        return min(end, -(-low // GRAINS[table]) * GRAINS[table]), False

    end, found = pass_over("hour_cells", end // DAY_MS * DAY_MS, end)
    if not found:
        end, _ = pass_over("day_cells", 0, end)
        end, _ = pass_over("hour_cells", end - DAY_MS, end)
    return end, offset - passed
