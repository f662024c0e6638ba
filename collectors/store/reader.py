"""Reads the store for views: rollups, or pages of rows by index; no query grows with the number of invocations.

Only the standard library's sqlite3 is imported here; numpy when percentiles are asked for, so that a first frame
with counts and sums stands before it is loaded. All spans are ``[from_ms, to_ms)``.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from collectors.model import Function, FunctionKey, Status, id_text, packed_id
from collectors.store.open import (
    StoreDamaged,
    StoreError,
    StoreLocked,
    StoreMissing,
    StoreNewer,
    explained,
    open_reader,
)
from collectors.store.pages import Lines, Pages
from collectors.store.rows import (
    DayUsage,
    ErrorGroup,
    FunctionRow,
    InvocationRow,
    LogLine,
    MetricSum,
    Quantiles,
    SeriesPoint,
    StoreInfo,
    Totals,
)
from collectors.store.schema import GRAINS, VERSION
from collectors.store.spans import DAY, pieces

__all__ = ["Reader", "StoreDamaged", "StoreError", "StoreLocked", "StoreMissing", "StoreNewer"]

_SUMS = (
    "sum(c.invocations), sum(c.reports), sum(c.errors), sum(c.timeouts), sum(c.out_of_memory), sum(c.cold_starts),"
    " sum(c.billed_ms), sum(c.billed_mb_ms), sum(c.duration_us), sum(c.init_us), max(c.max_duration_us),"
    " max(c.max_memory_mb), c.memory_mb, max(c.last_ms)"
)
Functions = Sequence[int] | None


class Reader:
    """A read-only view of one store. Use one for each thread; ``with Reader(path) as reader``."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._connection = open_reader(self._path)
        self._pages = Pages(self._connection)
        self._lines = Lines(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with explained(self._path):
            return self._connection.execute(sql, tuple(values)).fetchall()

    def hold(self) -> None:
        """All that is read from now on is of one moment, whatever a collector commits meanwhile; until it is closed."""
        self._all("BEGIN")

    def select(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one question; for the modules of this room that read other tables."""
        return self._all(sql, values)

    def _ids(self, function_ids: Functions) -> list[int]:
        if function_ids is not None:
            return list(function_ids)
        return [identity for (identity,) in self._all("SELECT id FROM functions")]

    def data_version(self) -> int:
        """A number that changes when another process has committed."""
        return cast(int, self._all("PRAGMA data_version")[0][0])

    def functions(self) -> list[FunctionRow]:
        """Every function of the store, by name."""
        rows = self._all(
            "SELECT id, account, region, name, runtime, arch, memory_mb, timeout_s, ephemeral_mb, log_group,"
            " reserved_concurrency FROM functions ORDER BY name, region, account"
        )
        return [FunctionRow(row[0], Function(FunctionKey(row[3], row[1], row[2]), *row[4:])) for row in rows]

    def newest_ms(self) -> int | None:
        """When the newest invocation began; None in a store without any."""
        return self._edge(
            "max", "SELECT last_ms FROM day_cells WHERE function_id = f.id ORDER BY start_ms DESC LIMIT 1"
        )

    def oldest_ms(self) -> int | None:
        """When the oldest began; the minute of it, once its rows are pruned."""
        first = "SELECT start_ms FROM minute_cells WHERE function_id = f.id ORDER BY start_ms LIMIT 1"
        summed = "SELECT start_ms FROM insights_cells WHERE function_id = f.id ORDER BY start_ms LIMIT 1"
        return self._edge(
            "min",
            f"SELECT coalesce((SELECT min(start_ms) FROM invocations WHERE function_id = f.id"
            f" AND start_ms < ({first}) + 60000), ({first}), ({summed}))",
        )

    def _edge(self, which: str, of_function: str) -> int | None:
        found = self._all(f"SELECT {which}(at) FROM (SELECT ({of_function}) AS at FROM functions f)")
        return cast(int | None, found[0][0])

    # --- rollups --------------------------------------------------------------------------------------------------

    def _cells(self, columns: str, from_ms: int, to_ms: int, function_ids: Functions, grouped: str = "") -> list[Any]:
        """Rows of the cells that make up a span, in order of time, each piece seeking every function's own run."""
        newest = self.newest_ms()
        if newest is None or from_ms >= to_ms:
            return []
        rows: list[Any] = []
        wanted = "" if function_ids is None else f"WHERE f.id IN ({', '.join('?' * len(function_ids))})"
        for table, low, high in pieces(from_ms, to_ms, newest):
            rows += self._all(
                f"SELECT {columns} FROM functions f CROSS JOIN {table} c"
                f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? {wanted} {grouped}",
                (low, high, *(function_ids or ())),
            )
        return rows

    def totals(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[Totals]:
        """Sums of each function that has any invocation in the span, by function id."""
        found: dict[int, Totals] = {}
        for row in self._cells(f"f.id, {_SUMS}, max(c.start_ms)", from_ms, to_ms, function_ids, "GROUP BY f.id"):
            before = found.get(row[0])
            found[row[0]] = Totals(*row[:15]) if before is None else _added(before, Totals(*row[:15]))
        return [found[each] for each in sorted(found)]

    def count_invocations(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> int:
        return sum(int(row[0]) for row in self._cells("sum(c.invocations)", from_ms, to_ms, function_ids) if row[0])

    def quantiles(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, Quantiles]:
        """p50, p95 and p99 of each function with a REPORT in the span."""
        rows = self._cells("f.id, c.latency", from_ms, to_ms, function_ids)
        return dict(_quantiles([(row[0], row[1]) for row in rows]))

    def series(self, from_ms: int, to_ms: int, step_ms: int, function_ids: Functions = None) -> list[SeriesPoint]:
        """The functions together, step by step (``step_ms`` a multiple of a minute); empty steps are absent."""
        table = next(name for name in ("day_cells", "hour_cells", "minute_cells") if step_ms % GRAINS[name] == 0)
        low = from_ms // step_ms * step_ms
        points: dict[int, Totals] = {}
        blobs: list[tuple[int, bytes]] = []
        for function_id in self._ids(function_ids):
            for row in self._all(
                f"SELECT c.function_id, c.invocations, c.reports, c.errors, c.timeouts, c.out_of_memory, c.cold_starts,"
                " c.billed_ms, c.billed_mb_ms, c.duration_us, c.init_us, c.max_duration_us, c.max_memory_mb,"
                f" c.memory_mb, c.last_ms, c.start_ms, c.latency FROM {table} c"
                " WHERE c.function_id = ? AND c.start_ms >= ? AND c.start_ms < ?",
                (function_id, low, to_ms),
            ):
                step = row[15] // step_ms * step_ms
                totals = Totals(*row[:15])
                points[step] = _added(points[step], totals) if step in points else totals
                blobs.append((step, row[16]))
        latency = dict(_quantiles(blobs))
        return [SeriesPoint(step, points[step], latency.get(step)) for step in sorted(points)]

    def daily_usage(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[DayUsage]:
        """What each function used on each UTC day of the span, which is taken from its first day's midnight."""
        rows = self._all(
            "SELECT function_id, start_ms, invocations, reports, billed_ms, billed_mb_ms FROM day_cells"
            f" WHERE start_ms >= ? AND start_ms < ? AND function_id IN ({_marks(ids := self._ids(function_ids))})"
            " ORDER BY start_ms, function_id",
            (from_ms // DAY * DAY, to_ms, *ids),
        )
        return [DayUsage(*row) for row in rows]

    def invocations_by_hour(self, from_ms: int, to_ms: int) -> dict[int, int]:
        """All functions' invocations in whole hours, summed by hour of the day (0 to 23, UTC)."""
        rows = self._all(
            "SELECT c.start_ms / 3600000 % 24, sum(c.invocations) FROM functions f CROSS JOIN hour_cells c"
            " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? GROUP BY 1",
            (from_ms, to_ms),
        )
        return dict(rows)

    def error_groups(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[ErrorGroup]:
        """Failures by function and fingerprint, the most frequent first."""
        newest = self.newest_ms()
        if newest is None:
            return []
        counts: dict[int, int] = {}
        ids = self._ids(function_ids)
        for table, low, high in pieces(from_ms, to_ms, newest):
            for error_id, count in self._all(
                f"SELECT c.error_id, sum(c.occurrences) FROM functions f CROSS JOIN {table}_errors c"
                " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?"
                f" WHERE f.id IN ({_marks(ids)}) GROUP BY c.error_id",
                (low, high, *ids),
            ):
                counts[error_id] = counts.get(error_id, 0) + count
        groups = self._error_groups(counts, to_ms)
        return sorted(groups, key=lambda group: (-group.count, -group.last_ms))

    def _error_groups(self, counts: dict[int, int], to_ms: int) -> list[ErrorGroup]:
        """What the counted errors are, since when, and the last invocation that had each."""
        of_error = "FROM invocations i WHERE i.error_id = e.id"
        rows: list[tuple[Any, ...]] = []
        for at in range(0, len(counts), 500):
            some = list(counts)[at : at + 500]
            rows += self._all(
                "SELECT e.id, e.function_id, e.error_type, e.message, e.fingerprint,"
                f" (SELECT min(i.start_ms) {of_error}),"
                f" (SELECT max(i.start_ms) {of_error} AND i.start_ms < ?),"
                f" (SELECT i.request_id {of_error} AND i.start_ms < ? ORDER BY i.start_ms DESC LIMIT 1)"
                f" FROM errors e WHERE e.id IN ({_marks(some)})",
                (to_ms, to_ms, *some),
            )
        return [
            ErrorGroup(
                row[1],
                row[2],
                row[3],
                row[4],
                counts[row[0]],
                row[5] if row[5] is not None else to_ms,
                row[6] if row[6] is not None else to_ms,
                None if row[7] is None else id_text(row[7]),
            )
            for row in rows
        ]

    def metric(self, name: str, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, MetricSum]:
        """Sum and peak of a collected CloudWatch metric by function; a function without a point is absent."""
        found: dict[int, MetricSum] = {}
        ids = self._ids(function_ids)
        for table, low, high in pieces(from_ms, to_ms, newest_ms=to_ms):
            rolled = {"hour_cells": "metric_hours", "day_cells": "metric_days"}.get(table)
            sums = "sum(total), max(peak)" if rolled else "sum(value), max(value)"
            for function_id, total, peak, last_ms in self._all(
                f"SELECT f.id, {sums}, max(CASE WHEN {'total' if rolled else 'value'} > 0 THEN start_ms END)"
                f" FROM functions f CROSS JOIN {rolled or 'metrics'} m"
                " ON m.metric = ? AND m.function_id = f.id AND m.stat IN ('Sum', 'Maximum')"
                f" AND m.start_ms >= ? AND m.start_ms < ? WHERE f.id IN ({_marks(ids)}) GROUP BY f.id",
                (name, low, high, *ids),
            ):
                before = found.get(function_id, MetricSum(0.0, peak, None))
                found[function_id] = MetricSum(
                    before.total + total, max(before.peak, peak), last_ms if last_ms is not None else before.last_ms
                )
        return found

    # --- rows -----------------------------------------------------------------------------------------------------

    def invocations(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Functions = None,
        *,
        limit: int = 200,
        offset: int = 0,
        statuses: Sequence[Status] | None = None,
        order: str = "start_ms",
        ascending: bool = False,
    ) -> list[InvocationRow]:
        """A page of invocations, newest first unless ordered otherwise."""
        with explained(self._path):
            ids = self._ids(function_ids)
            if order != "start_ms" or ascending:
                return self._pages.sorted(from_ms, to_ms, ids, statuses, order, ascending, limit, offset)
            return self._pages.newest(from_ms, to_ms, ids, statuses, limit, offset)

    def find_invocations(self, request_id: str) -> list[InvocationRow]:
        """All attempts of a request, oldest first. A prefix of 8 characters or more finds failed ones."""
        from collectors.store.request_index import places

        with explained(self._path):
            packed = packed_id(request_id)
            found = {row.key: row for row in self._pages.among_failed(packed, packed)}
            for function_id, start in places(self._connection, packed):
                found.update((row.key, row) for row in self._pages.at(function_id, start, packed))
            if not found and len(request_id) >= 8:
                low, high = _prefix(request_id)
                found = {row.key: row for row in self._pages.among_failed(low, high)}
        return sorted(found.values(), key=lambda row: row.start_ms)

    def invocation(self, key: tuple[int, int, str, int]) -> InvocationRow | None:
        """The invocation of a row's ``key``, as it is now."""
        with explained(self._path):
            rows = self._pages.at(key[0], key[1], packed_id(key[2]))
        return next((row for row in rows if row.stream_id == key[3]), None)

    def lines(self, row: InvocationRow) -> list[LogLine]:
        """An invocation's log lines, oldest first; [] where they were not kept."""
        with explained(self._path):
            return self._lines.of(row)

    def search(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Functions = None,
        *,
        contains: str = "",
        limit: int | None = None,
        newest_first: bool = False,
        ignore_case: bool = True,
    ) -> Iterator[LogLine]:
        """Log lines of the span with the text in them, in order of time; looks at every line of it."""
        ids = self._ids(function_ids)
        found = self._lines.search(from_ms, to_ms, ids, contains, newest_first, ignore_case)
        return found if limit is None else islice(found, limit)

    def info(self) -> StoreInfo:
        """What the file holds."""
        ((functions,),) = self._all("SELECT count(*) FROM functions")
        ((invocations,),) = self._all("SELECT coalesce(sum(invocations), 0) FROM day_cells")
        ((lines,),) = self._all("SELECT coalesce(sum(lines), 0) FROM chunks")
        rejects = self._all("SELECT reason, count(*), min(text) FROM rejects GROUP BY reason ORDER BY 2 DESC")
        columns = ("source", "started_ms", "ended_ms", "events", "duplicates", "invocations", "errors", "rejected")
        collections = self._all(f"SELECT {', '.join(columns)} FROM collections ORDER BY id DESC LIMIT 20")
        return StoreInfo(
            str(self._path),
            VERSION,
            self._path.stat().st_size,
            functions,
            invocations,
            lines,
            self.oldest_ms(),
            self.newest_ms(),
            [(reason, count, text) for reason, count, text in rejects],
            [dict(zip(columns, row, strict=True)) for row in collections],
        )


def _marks(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))


def _added(one: Totals, other: Totals) -> Totals:
    """Two sums as one; ``other`` is the later."""
    return Totals(
        one.function_id,
        one.invocations + other.invocations,
        one.reports + other.reports,
        one.errors + other.errors,
        one.timeouts + other.timeouts,
        one.out_of_memory + other.out_of_memory,
        one.cold_starts + other.cold_starts,
        one.billed_ms + other.billed_ms,
        one.billed_mb_ms + other.billed_mb_ms,
        one.duration_us + other.duration_us,
        one.init_us + other.init_us,
        max((each for each in (one.max_duration_us, other.max_duration_us) if each is not None), default=None),
        max((each for each in (one.max_memory_mb, other.max_memory_mb) if each is not None), default=None),
        one.memory_mb if other.memory_mb is None else other.memory_mb,
        max(one.last_ms, other.last_ms),
    )


def _quantiles(blobs: list[tuple[int, bytes]]) -> list[tuple[int, Quantiles]]:
    """Quantiles of each group's histograms together; groups without a value are absent."""
    if not blobs:
        return []
    import numpy as np

    from collectors.store.histogram import merged_by_group, quantiles

    groups, rows = np.unique(np.array([group for group, _ in blobs], np.int64), return_inverse=True)
    counts = merged_by_group(rows, [blob for _, blob in blobs], len(groups))
    answers = quantiles(counts, (0.5, 0.95, 0.99))
    return [
        (int(group), Quantiles(int(total), *values))
        for group, total, values in zip(groups, counts.sum(axis=1), answers, strict=True)
        if total
    ]


def _prefix(text: str) -> tuple[bytes | str, bytes | str]:
    """The range of packed ids that begin with the text."""
    digits = text.replace("-", "").lower()
    try:
        bytes.fromhex(digits + "0" * (len(digits) % 2))
    except ValueError:
        return text, text + "\U0010ffff"
    return bytes.fromhex(digits.ljust(32, "0")[:32]), bytes.fromhex(digits.ljust(32, "f")[:32])
