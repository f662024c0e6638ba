"""Reads the functions' sums with as few imports as possible: the first frame shows them before the rest is loaded.

Only SQLite is imported here. ``Reader`` answers more, and tells why a store cannot be read.
"""

import os

from collectors.model.errors import CaughtError
from collectors.model.units import DAY_MS
from collectors.store.integrity.cell_checksum import cell_sum_sql
from collectors.store.schema import APPLICATION_ID, IS_SIMULATED, OLDEST, VERSION
from collectors.store.spans import BY_HOUR_MS, HOUR, MINUTE, PACK_THRESHOLD, pieces, whole_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from typing import Any, Self

    from collectors.store.spans import Piece
else:
    try:
        import _sqlite3 as sqlite3  # sqlite3 itself also imports datetime, a tenth of the whole start
    except ImportError:
        import sqlite3

# Also the weights of a function's newest day: its page is read anyway, for the newest invocation.
_NEWEST_DAYS = (
    "SELECT f.id, f.name, f.arch, c.last_ms, c.start_ms, c.invocations, c.reports, c.billed_mb_ms,"
    " c.errors + c.timeouts FROM functions f"
    " LEFT JOIN day_cells c ON c.function_id = f.id"
    " AND c.start_ms = (SELECT max(start_ms) FROM day_cells WHERE function_id = f.id)"
)
_WEIGHTS = (
    "SELECT f.id, sum(c.invocations), sum(c.reports), sum(c.billed_mb_ms), sum(c.errors + c.timeouts)"
    " FROM functions f CROSS JOIN {table} c"
    " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? GROUP BY f.id"
)
_FUNCTIONS = "SELECT id, name, region, runtime, arch, memory_mb FROM functions f{where}"
# max(last_ms) is the only extreme, so memory_mb is that of the newest cell.
_SUMS = (
    "SELECT f.id, sum(c.invocations), sum(c.reports), sum(c.errors), sum(c.timeouts), sum(c.cold_starts),"
    " sum(c.billed_mb_ms), sum(c.duration_us), c.memory_mb, max(c.last_ms),"
    f" count(*) - total(c.sum IS {cell_sum_sql('c.')})"
    " FROM functions f CROSS JOIN {table} c"
    " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?{where} GROUP BY f.id"
)
_THROTTLES = (
    "SELECT m.function_id, sum(m.{value}) FROM {table} m WHERE m.metric = 'Throttles' AND m.function_id IN ({ids})"
    " AND m.stat = 'Sum' AND m.start_ms >= ? AND m.start_ms < ?{finest} GROUP BY m.function_id"
)
# Hours or days are looked at whole: a function that had trouble in one of them may have none in the span.
_FAILED = (
    "SELECT f.id FROM functions f WHERE EXISTS (SELECT 1 FROM {table} m WHERE m.metric = ?1"
    " AND m.function_id = f.id AND m.stat = 'Sum' AND m.start_ms >= ?2 AND m.start_ms < ?3 AND m.total > 0)"
)
_METRICS_IN = {
    "minute_cells": ("metrics", "value"),
    "hour_cells": ("metric_hours", "total"),
    "day_cells": ("metric_days", "total"),
}


class StartupUnreadable(CaughtError):
    """This class cannot read the store; ``Reader`` tells why."""


class FunctionWeight:
    """What a function's price is calculated from, and what failed: faster to read than all of its sums."""

    __slots__ = ("arch", "billed_mb_ms", "failed", "id", "invocations", "name", "reports")

    def __init__(self, id: int, name: str, arch: str | None) -> None:
        self.id = id
        self.name = name
        self.arch = arch
        self.invocations = self.reports = self.billed_mb_ms = self.failed = 0

    def add(self, invocations: int, reports: int, billed_mb_ms: int, failed: int) -> None:
        """Adds the sums of one piece of the span; ``failed`` counts errors and timeouts."""
        self.invocations += invocations
        self.reports += reports
        self.billed_mb_ms += billed_mb_ms
        self.failed += failed


class FunctionSums:
    """One stored function and its sums over a span; all 0 or None where it was not invoked in it.

    ``reports`` counts the invocations whose REPORT was seen: only they have ``duration_us`` and ``billed_mb_ms``.
    ``counted`` are its invocations and errors by logs and CloudWatch's metrics together (``invocation_counts``), None
    where metrics were not asked for; ``throttles`` are CloudWatch's. ``unknown``: nothing tells how often it was
    invoked (``collectors.store.read.uncounted``), so 0 is not a count.
    """

    __slots__ = (
        "arch", "billed_mb_ms", "cold_starts", "counted", "duration_us", "errors", "id", "invocations", "last_ms",
        "memory_mb", "name", "region", "reported_mb", "reports", "runtime", "throttles", "timeouts", "unknown",
    )  # fmt: skip

    def __init__(
        self, id: int, name: str, region: str, runtime: str | None, arch: str | None, memory_mb: int | None
    ) -> None:
        self.id = id
        self.name = name
        self.region = region
        self.runtime = runtime
        self.arch = arch
        self.memory_mb = memory_mb
        self.reported_mb: int | None = None  # from the newest REPORTs that tell it
        self.invocations = self.reports = self.errors = self.timeouts = self.cold_starts = 0
        self.billed_mb_ms = self.duration_us = 0
        self.last_ms: int | None = None
        self.counted: tuple[int, int] | None = None
        self.throttles: float | None = None
        self.unknown = False

    def add(
        self,
        invocations: int,
        reports: int,
        errors: int,
        timeouts: int,
        cold_starts: int,
        billed_mb_ms: int,
        duration_us: int,
        memory_mb: int | None,
        last_ms: int,
    ) -> None:
        """Adds the sums of one piece of the span; pieces come in order of time."""
        self.invocations += invocations
        self.reports += reports
        self.errors += errors
        self.timeouts += timeouts
        self.cold_starts += cold_starts
        self.billed_mb_ms += billed_mb_ms
        self.duration_us += duration_us
        if memory_mb is not None:
            self.memory_mb = self.reported_mb = memory_mb
        self.last_ms = last_ms


class StartupReader:
    """A store at one moment, open for reading. Every method, and ``with``, can raise ``StartupUnreadable``."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> "Self":
        if os.path.exists(f"{self._path}.damaged"):  # by ``scrub``; ``Reader`` checks that it is about this file
            raise StartupUnreadable(self._path)
        try:
            self._connection = _opened(self._path)
        except sqlite3.Error as error:
            raise StartupUnreadable(self._path) from error
        try:
            self._connection.execute("BEGIN")
            self._newest_days = self._connection.execute(_NEWEST_DAYS).fetchall()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.close()
        if kind is not None and issubclass(kind, sqlite3.Error):
            raise StartupUnreadable(self._path)

    @property
    def count(self) -> int:
        """The number of functions."""
        return len(self._newest_days)

    def newest(self) -> int | None:
        """When the newest invocation began (epoch ms); None where there is none."""
        last = (last_ms for _, _, _, last_ms, *_ in self._newest_days)
        return max((last_ms for last_ms in last if last_ms is not None), default=None)

    def as_of(self, before_ms: int) -> int | None:
        """When the newest invocation before ``before_ms`` began (epoch ms), as ``Reader.as_of_ms``."""
        newest = self.newest()
        if newest is None or newest < before_ms:
            return newest
        from collectors.store.read.known_spans import newest_before

        found = newest_before(lambda sql, values: self._connection.execute(sql, values).fetchall(), before_ms)
        return newest if found is None else found

    def oldest(self) -> int | None:
        """When the oldest invocation began (epoch ms)."""
        kept = self._connection.execute(f"SELECT value FROM settings WHERE name = '{OLDEST}'").fetchone()
        if kept is not None:
            return int(kept[0])
        from collectors.store.rollups.oldest import oldest_ms

        return oldest_ms(self._connection)

    def _pieces(self, from_ms: int, to_ms: int, newest: int) -> "list[Piece]":
        """The cells that make up a span. ``StartupUnreadable`` where it needs hours, because minutes were pruned or
        Logs Insights summed the hour.
        """
        span = pieces(from_ms, to_ms, newest)
        (kept_ms,) = self._connection.execute("SELECT coalesce(max(minutes_ms), 0) FROM pruned").fetchone()
        minutes = [low for table, low, _ in span if table == "minute_cells"]
        if any(low < kept_ms for low in minutes) or self._is_summed(minutes):
            raise StartupUnreadable(self._path)
        return span

    def _is_summed(self, starts_ms: "Sequence[int]") -> bool:
        """Whether Logs Insights summed an hour of any function that holds one of these times."""
        if not starts_ms or not _one(self._connection, "SELECT EXISTS (SELECT 1 FROM insights_cells)"):
            return False
        hours = ", ".join(str(start_ms // HOUR * HOUR) for start_ms in starts_ms)
        summed = f"functions f CROSS JOIN insights_cells s ON s.function_id = f.id AND s.start_ms IN ({hours})"
        return bool(_one(self._connection, f"SELECT EXISTS (SELECT 1 FROM {summed})"))

    def simulated(self) -> str:
        """What a range's label says of simulated data; empty where none is."""
        if not _one(self._connection, f"SELECT EXISTS (SELECT 1 FROM covered WHERE {IS_SIMULATED})"):
            return ""
        from collectors.store.simulated import simulated_span, simulated_text

        span = simulated_span(lambda sql: self._connection.execute(sql).fetchall())
        return "" if span is None else simulated_text(span)

    def weights(self, from_ms: int, to_ms: int) -> list[FunctionWeight]:
        """The weights of every function over ``[from_ms, to_ms)``."""
        functions = {
            function_id: FunctionWeight(function_id, name, arch) for function_id, name, arch, *_ in self._newest_days
        }
        newest = self.newest()
        if newest is not None and from_ms < to_ms:
            today = newest - newest % DAY_MS
            for table, low, high in self._pieces(from_ms, to_ms, newest):
                if table == "day_cells" and low == today:
                    for function_id, _, _, _, day_ms, *sums in self._newest_days:
                        if day_ms == today:
                            functions[function_id].add(*sums)
                    continue
                for function_id, *sums in self._connection.execute(_WEIGHTS.format(table=table), (low, high)):
                    functions[function_id].add(*sums)
        return list(functions.values())

    def sums(self, from_ms: int, to_ms: int, ids: "Sequence[int] | None" = None) -> list[FunctionSums]:
        """The sums of these functions, None being all, over ``[from_ms, to_ms)``, without metrics."""
        chosen = "" if ids is None else f"f.id IN ({', '.join(map(str, ids))})"
        listed = self._connection.execute(_FUNCTIONS.format(where=chosen and f" WHERE {chosen}"))
        functions = {row[0]: FunctionSums(*row) for row in listed}
        newest = self.newest()
        if newest is not None and from_ms < to_ms:
            for table, low, high in self._pieces(from_ms, to_ms, newest):
                asked = _SUMS.format(table=table, where=chosen and f" AND {chosen}")
                for function_id, *sums, unsound in self._connection.execute(asked, (low, high)):
                    if unsound:
                        raise StartupUnreadable(self._path)  # a cell disagrees with its checksum: ``Reader`` reports it
                    functions[function_id].add(*sums)
        return list(functions.values())

    def has_metrics(self) -> bool:
        """Whether any CloudWatch metric was collected."""
        return bool(_one(self._connection, "SELECT EXISTS (SELECT 1 FROM metric_days)"))

    def failed_by_metrics(self, from_ms: int, to_ms: int) -> set[int]:
        """The functions that failed or were throttled, by CloudWatch's metrics, in an hour or day of the span.

        Days, of which there are fewer to read, where the span is longer than some hours.
        """
        table, grain = ("metric_hours", HOUR) if to_ms - from_ms <= BY_HOUR_MS else ("metric_days", DAY_MS)
        span = from_ms // grain * grain, to_ms
        rows = [self._select(_FAILED.format(table=table), (metric, *span)) for metric in ("Errors", "Throttles")]
        return {function_id for found in rows for (function_id,) in found}

    def has_history(self) -> bool:
        """Whether the store has a history of the functions' configuration."""
        return bool(_one(self._connection, "SELECT EXISTS (SELECT 1 FROM configuration)"))

    def add_metrics(self, functions: "Sequence[FunctionSums]", from_ms: int, to_ms: int) -> None:
        """Sets ``counted`` and ``throttles`` from metrics. Slower than the sums: only for functions on the screen."""
        from collectors.store.read.count_sources import FINEST, clips, summed

        known = {one.id: one for one in functions}
        begin, end = whole_from(from_ms, to_ms), to_ms // MINUTE * MINUTE
        if begin < end:
            plan = list(clips((begin, end), to_ms))
            for function_id, (count,) in summed(
                self._select, plan, 1, list(known), by_hour=self.count <= PACK_THRESHOLD
            ).items():
                known[function_id].counted = count
        ids = ", ".join(map(str, known))
        for cells, low, high in pieces(from_ms, to_ms, to_ms):
            table, value = _METRICS_IN[cells]
            finest = FINEST if table == "metrics" else ""
            sql = _THROTTLES.format(table=table, value=value, ids=ids, finest=finest)
            for function_id, total in self._connection.execute(sql, (low, high)):
                known[function_id].throttles = (known[function_id].throttles or 0.0) + total

    def add_unknown(self, functions: "Sequence[FunctionSums]", from_ms: int, to_ms: int) -> None:
        """Sets ``unknown`` of the functions of which nothing tells how often they were invoked."""
        unseen = {one.id: one for one in functions if not one.invocations and one.counted is None}
        if unseen:
            from collectors.store.read.uncounted import uncounted

            for function_id in uncounted(self._select, unseen, from_ms, to_ms):
                unseen[function_id].unknown = True

    def _select(self, sql: str, values: "Sequence[object]") -> "list[tuple[Any, ...]]":
        return self._connection.execute(sql, tuple(values)).fetchall()


def _opened(path: str) -> "sqlite3.Connection":
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, isolation_level=None, timeout=0.1)
    try:
        connection.execute("PRAGMA query_only = 1")
        # Each page is read once: a small cache reuses its memory, where new memory takes as long as reading.
        connection.execute("PRAGMA cache_size = 100")
        known = _one(connection, "PRAGMA application_id") == APPLICATION_ID
        if not known or _one(connection, "PRAGMA user_version") != VERSION:
            raise StartupUnreadable(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _one(connection: "sqlite3.Connection", sql: str) -> int | None:
    found: int | None = connection.execute(sql).fetchone()[0]
    return found
