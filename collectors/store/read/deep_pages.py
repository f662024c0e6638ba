"""Replaces the offset of a page far down by a nearer one: sums of whole hours and days tell how many rows to skip.

Otherwise SQLite reads, or even sorts, all rows before the page: a million for the last page of a million.
"""

import sqlite3
from collections.abc import Sequence

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.schema import GRAINS

DEEP = 5_000  # rows before a page; up to so many, reading through them is as fast


def nearer(
    connection: sqlite3.Connection, from_ms: int, to_ms: int, function_ids: Sequence[int], offset: int
) -> tuple[int, int]:
    """An earlier end of the span and a smaller offset, with which the page of the newest rows is the same.

    Where Logs Insights has summed any hour, sums are not of rows: the end and the offset stay as they are.
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
        """How far back whole cells before the page reach (epoch ms), and whether one has the page's first row."""
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
