"""Writes hours that Logs Insights summed: a later answer for an hour replaces an earlier one."""

import sqlite3
from collections.abc import Sequence

import numpy as np

from collectors.model.account import HourAggregate
from collectors.model.records import FunctionKey
from collectors.store.rollups import cells
from collectors.store.rollups.histogram import BUCKETS, packed_counts
from collectors.store.tables.cells import INSIGHTS_CELLS
from collectors.store.transactions import undo
from collectors.store.write.name_ids import NameIds


def keep(connection: sqlite3.Connection, names: NameIds, hours: Sequence[HourAggregate]) -> None:
    """Writes the hours' sums, and sums the hour and day cells anew that they belong to."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        touched = set()
        for hour in hours:
            function_id = names.function(FunctionKey(hour.function, hour.account, hour.region))
            touched.add((function_id, hour.start_ms))
            # Insights counts REPORTs, so every invocation that it counts has one.
            known = {"function_id": function_id, "invocations": hour.reports, "latency": _packed(hour)}
            connection.execute(
                INSIGHTS_CELLS.insert(instead="OR REPLACE"),
                [known[name] if name in known else getattr(hour, name) for name in INSIGHTS_CELLS.names],
            )
        cells.roll_up(connection, touched)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def _packed(hour: HourAggregate) -> bytes:
    counts = np.zeros(BUCKETS, np.int64)
    for bucket, count in hour.latency.items():
        counts[min(max(bucket, 0), BUCKETS - 1)] += count
    return packed_counts(counts)
