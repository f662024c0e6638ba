"""The functions' sums, read with as little as can be: what the first frame shows before anything else is imported.

Only sqlite3 is imported here; the reader tells more, and why a store cannot be read.
"""

import os
import sqlite3

from collectors.store.schema import APPLICATION_ID, VERSION
from collectors.store.spans import pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Of days, which are few, and read next: with 500 functions the minutes' pages take as long as all the sums.
_NEWEST = (
    "SELECT max(at) FROM (SELECT (SELECT last_ms FROM day_cells WHERE function_id = f.id"
    " ORDER BY start_ms DESC LIMIT 1) AS at FROM functions f)"
)
_FIRST = "SELECT start_ms FROM minute_cells WHERE function_id = f.id ORDER BY start_ms LIMIT 1"
_OLDEST = (
    "SELECT min(at) FROM (SELECT coalesce((SELECT min(start_ms) FROM invocations WHERE function_id = f.id"
    f" AND start_ms < ({_FIRST}) + 60000), ({_FIRST})) AS at FROM functions f)"
)
# max(last_ms) is the only extreme, so memory_mb is that of the newest cell.
_SUMS = (
    "SELECT f.id, sum(c.invocations), sum(c.reports), sum(c.errors), sum(c.timeouts), sum(c.cold_starts),"
    " sum(c.billed_mb_ms), sum(c.duration_us), c.memory_mb, max(c.last_ms) FROM functions f CROSS JOIN {table} c"
    " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? GROUP BY f.id"
)
_METRICS = (
    "SELECT m.function_id, m.metric, sum(m.{value}) FROM functions f CROSS JOIN {table} m"
    " ON m.metric IN ('Invocations', 'Errors', 'Throttles') AND m.function_id = f.id AND m.stat IN ('Sum', 'Maximum')"
    " AND m.start_ms >= ? AND m.start_ms < ? GROUP BY m.function_id, m.metric"
)
_METRICS_OF = {
    "minute_cells": _METRICS.format(table="metrics", value="value"),
    "hour_cells": _METRICS.format(table="metric_hours", value="total"),
    "day_cells": _METRICS.format(table="metric_days", value="total"),
}


class Unseen(Exception):
    """There is no store here that can be read so; the reader says why."""


class FunctionSums:
    """One stored function and its sums over a span; all 0 or None where it was not called in it.

    ``reports`` counts the invocations whose REPORT was seen: only they have ``duration_us`` and ``billed_mb_ms``.
    ``metrics`` are sums of CloudWatch's by name, where they were collected.
    """

    __slots__ = (
        "arch", "billed_mb_ms", "cold_starts", "duration_us", "errors", "invocations", "last_ms", "memory_mb",
        "metrics", "name", "region", "reports", "runtime", "timeouts",
    )  # fmt: skip

    def __init__(self, name: str, region: str, runtime: str | None, arch: str | None, memory_mb: int | None) -> None:
        self.name = name
        self.region = region
        self.runtime = runtime
        self.arch = arch
        self.memory_mb = memory_mb
        self.invocations = self.reports = self.errors = self.timeouts = self.cold_starts = 0
        self.billed_mb_ms = self.duration_us = 0
        self.last_ms: int | None = None
        self.metrics: dict[str, float] = {}

    def add(self, row: "tuple[Any, ...]") -> None:
        """The sums of one piece of the span; pieces come in order of time."""
        self.invocations += row[0]
        self.reports += row[1]
        self.errors += row[2]
        self.timeouts += row[3]
        self.cold_starts += row[4]
        self.billed_mb_ms += row[5]
        self.duration_us += row[6]
        self.memory_mb = self.memory_mb if row[7] is None else row[7]
        self.last_ms = row[8]


def default_file() -> str:
    """``$LAMBDATUI_DB``, else ``lambdatui/lambdatui.db`` in the XDG data folder."""
    named = os.environ.get("LAMBDATUI_DB")
    if named:
        return named
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, "lambdatui", "lambdatui.db")


def glimpse(
    path: str, ends: "Callable[[int | None, Callable[[], int | None]], tuple[int, int]]"
) -> tuple[int | None, list[FunctionSums]]:
    """The newest invocation's start, and every function's sums over ``[from_ms, to_ms)``.

    ``ends`` gives the span for the newest start (None: nothing was invoked); its second argument tells the oldest
    one, when called. Raises ``Unseen``.
    """
    connection = None
    try:
        connection = _opened(path)
        connection.execute("BEGIN")  # all of it as it is at one moment
        newest = _one(connection, _NEWEST)
        from_ms, to_ms = ends(newest, lambda: _one(connection, _OLDEST))
        return newest, _sums(connection, from_ms, to_ms, newest)
    except sqlite3.Error as error:
        raise Unseen(path) from error
    finally:
        if connection is not None:
            connection.close()


def _opened(path: str) -> sqlite3.Connection:
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, isolation_level=None, timeout=0.1)
    try:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA mmap_size = 268435456")
        known = _one(connection, "PRAGMA application_id") == APPLICATION_ID
        if not known or _one(connection, "PRAGMA user_version") != VERSION:
            raise Unseen(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _one(connection: sqlite3.Connection, sql: str) -> int | None:
    found: int | None = connection.execute(sql).fetchone()[0]
    return found


def _sums(connection: sqlite3.Connection, from_ms: int, to_ms: int, newest: int | None) -> list[FunctionSums]:
    functions = {
        row[0]: FunctionSums(*row[1:])
        for row in connection.execute("SELECT id, name, region, runtime, arch, memory_mb FROM functions")
    }
    if newest is not None and from_ms < to_ms:
        for table, low, high in pieces(from_ms, to_ms, newest):
            for row in connection.execute(_SUMS.format(table=table), (low, high)):
                functions[row[0]].add(row[1:])
    if _one(connection, "SELECT EXISTS (SELECT 1 FROM metric_days)"):
        for table, low, high in pieces(from_ms, to_ms, to_ms):
            for function_id, metric, value in connection.execute(_METRICS_OF[table], (low, high)):
                known = functions[function_id].metrics
                known[metric] = known.get(metric, 0.0) + value
    return list(functions.values())
