"""Hours that Logs Insights summed, beside the rows of the same hours: the rollups take whichever saw more REPORTs.

So an hour is never counted twice: not when its events are fetched later, and not when it is asked for again.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from collectors.model.account import HourAggregate
from collectors.model.records import FunctionKey
from collectors.store.rollups.histogram import BUCKETS, packed_counts
from collectors.store.transactions import undo
from collectors.store.write.name_ids import Names

COLUMNS = 17
REPORTS = 3  # a cell's column
Cell = tuple[Any, ...]


def keep(connection: sqlite3.Connection, names: Names, hours: Sequence[HourAggregate]) -> None:
    """Keeps the hours' sums, and sums their hours and days anew; a later answer for an hour replaces the earlier."""
    from collectors.store.rollups import cells

    connection.execute("BEGIN IMMEDIATE")
    try:
        touched = set()
        for hour in hours:
            function_id = names.function(FunctionKey(hour.function, hour.account, hour.region))
            touched.add((function_id, hour.start_ms))
            connection.execute(
                f"INSERT OR REPLACE INTO insights_cells VALUES ({', '.join('?' * COLUMNS)})",
                (
                    function_id, hour.start_ms, hour.reports, hour.reports, hour.errors, hour.timeouts,
                    hour.out_of_memory, hour.cold_starts, hour.billed_ms, hour.billed_mb_ms, hour.duration_us,
                    hour.init_us, hour.max_duration_us, hour.max_memory_mb, hour.memory_mb, hour.last_ms,
                    _packed(hour),
                ),
            )  # fmt: skip
        cells.carry_up(connection, touched)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def _packed(hour: HourAggregate) -> bytes:
    counts = np.zeros(BUCKETS, np.int64)
    for bucket, count in hour.latency.items():
        counts[min(max(bucket, 0), BUCKETS - 1)] += count
    return packed_counts(counts)


def instead(connection: sqlite3.Connection, spans: Iterable[tuple[int, int, int]], hours: Sequence[Cell]) -> list[Cell]:
    """The hours of the spans (function id, from, to): as summed from rows, or by Insights where that saw more."""
    if connection.execute("SELECT EXISTS (SELECT 1 FROM insights_cells)").fetchone() == (0,):
        return list(hours)
    from collectors.store.rollups import cells

    best = {(cell[0], cell[1]): cell for cell in hours}
    for span in spans:
        for cell in connection.execute(
            "SELECT * FROM insights_cells WHERE function_id = ? AND start_ms >= ? AND start_ms < ?", span
        ):
            rows = best.get(cell[:2])
            if rows is None or cell[REPORTS] > rows[REPORTS]:
                best[cell[0], cell[1]] = cells.summed(cell)
    return [best[key] for key in sorted(best)]
