"""Reads sums of a span: rollup cells of minutes, hours and days, never a row of an invocation.

numpy is imported when percentiles are asked for, so that counts and sums stand before it is loaded. All spans are
``[from_ms, to_ms)``. Answers are kept until another process commits (``collectors.store.kept``).
"""

from collections.abc import Sequence
from operator import add
from typing import Any, cast

from collectors.model import id_text
from collectors.store.connected import Connected, Functions, marks
from collectors.store.rows import DayUsage, ErrorGroup, Quantiles, SeriesPoint, SpanUsage, Totals
from collectors.store.schema import GRAINS
from collectors.store.spans import DAY, Piece, pieces

_SUMS = (
    "sum(c.invocations), sum(c.reports), sum(c.errors), sum(c.timeouts), sum(c.out_of_memory), sum(c.cold_starts),"
    " sum(c.billed_ms), sum(c.billed_mb_ms), sum(c.duration_us), sum(c.init_us), max(c.max_duration_us),"
    " max(c.max_memory_mb), c.memory_mb, max(c.last_ms)"
)
Day = tuple[int, int, int, int, int, int]


class Rollups(Connected):
    """Sums, percentiles, days and errors of functions over a span."""

    def _pieces(self, from_ms: int, to_ms: int) -> tuple[Piece, ...]:
        """The cells that make up a span; none where nothing is stored."""
        newest = self.newest_ms()
        return () if newest is None or from_ms >= to_ms else tuple(pieces(from_ms, to_ms, newest))

    def _cells(
        self, columns: str, span: Sequence[Piece], function_ids: Functions, grouped: str = ""
    ) -> list[tuple[Any, ...]]:
        """Rows of cells, in order of time, each piece seeking every function's own run."""
        rows: list[tuple[Any, ...]] = []
        wanted = "" if function_ids is None else f"WHERE f.id IN ({marks(function_ids)})"
        with self.snapshot():
            for table, low, high in span:
                rows += self._all(
                    f"SELECT {columns} FROM functions f CROSS JOIN {table} c"
                    f" ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ? {wanted} {grouped}",
                    (low, high, *(function_ids or ())),
                )
        return rows

    def totals(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[Totals]:
        """Sums of each function that has any invocation in the span, by function id."""
        span, chosen = self._pieces(from_ms, to_ms), self._chosen(function_ids)
        return list(self.kept(("totals", span, chosen), lambda: self._totals(span, chosen)))

    def _totals(self, span: Sequence[Piece], function_ids: Functions) -> list[Totals]:
        found: dict[int, Totals] = {}
        for row in self._cells(f"f.id, {_SUMS}, max(c.start_ms)", span, function_ids, "GROUP BY f.id"):
            before = found.get(row[0])
            found[row[0]] = Totals(*row[:15]) if before is None else _added(before, Totals(*row[:15]))
        return [found[each] for each in sorted(found)]

    def usage(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[SpanUsage]:
        """The totals' part that bills and counts are made of, in half the time."""
        span, chosen = self._pieces(from_ms, to_ms), self._chosen(function_ids)
        return list(self.kept(("usage", span, chosen), lambda: self._usage(span, chosen)))

    def _usage(self, span: Sequence[Piece], function_ids: Functions) -> list[SpanUsage]:
        columns = "f.id, sum(c.invocations), sum(c.reports), sum(c.billed_ms), sum(c.billed_mb_ms)"
        found: dict[int, tuple[int, ...]] = {}
        for row in self._cells(columns, span, function_ids, "GROUP BY f.id"):
            before = found.get(row[0])
            found[row[0]] = row if before is None else (row[0], *map(add, before[1:], row[1:]))
        return [SpanUsage(*found[each]) for each in sorted(found)]

    def counted(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> tuple[int, int]:
        """Invocations and REPORTs of the functions together."""
        span, chosen = self._pieces(from_ms, to_ms), self._chosen(function_ids)
        return self.kept(("counted", span, chosen), lambda: self._counted(span, chosen))

    def _counted(self, span: Sequence[Piece], function_ids: Functions) -> tuple[int, int]:
        rows = self._cells("sum(c.invocations), sum(c.reports)", span, function_ids)
        return sum(row[0] or 0 for row in rows), sum(row[1] or 0 for row in rows)

    def count_invocations(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> int:
        return self.counted(from_ms, to_ms, function_ids)[0]

    def quantiles(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, Quantiles]:
        """p50, p95 and p99 of each function with a REPORT in the span."""
        span, chosen = self._pieces(from_ms, to_ms), self._chosen(function_ids)
        return dict(self.kept(("quantiles", span, chosen), lambda: self._quantiles(span, chosen)))

    def _quantiles(self, span: Sequence[Piece], function_ids: Functions) -> dict[int, Quantiles]:
        # Histograms one after the other are one histogram: a blob a function is read in half the time of its cells'.
        together = "CAST(group_concat(c.latency, '') AS BLOB)"
        return dict(_quantiles(self._cells(f"f.id, {together}", span, function_ids, "GROUP BY f.id")))

    def series(self, from_ms: int, to_ms: int, step_ms: int, function_ids: Functions = None) -> list[SeriesPoint]:
        """The functions together, step by step (``step_ms`` a multiple of a minute); empty steps are absent."""
        span, chosen = (from_ms // step_ms * step_ms, to_ms, step_ms), self._chosen(function_ids)
        return list(self.kept(("series", span, chosen), lambda: self._series(*span, chosen)))

    def _series(self, low: int, to_ms: int, step_ms: int, function_ids: Functions) -> list[SeriesPoint]:
        table = next(name for name in ("day_cells", "hour_cells", "minute_cells") if step_ms % GRAINS[name] == 0)
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
        days = self.days(from_ms, to_ms, function_ids)
        return [DayUsage(row[1], row[0], *row[2:]) for row in sorted(days)]

    def days(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[Day]:
        """The same as rows of (day_ms, function_id, invocations, reports, billed_ms, billed_mb_ms), by function."""
        chosen = self._chosen(function_ids)
        span = ("day_cells", from_ms // DAY * DAY, -(-to_ms // DAY) * DAY)
        columns = "c.start_ms, c.function_id, c.invocations, c.reports, c.billed_ms, c.billed_mb_ms"
        return cast(list[Day], self.kept(("days", span, chosen), lambda: self._cells(columns, (span,), chosen)))

    def invocations_by_hour(self, from_ms: int, to_ms: int) -> dict[int, int]:
        """All functions' invocations in whole hours, summed by hour of the day (0 to 23, UTC)."""
        span = ("hour_cells", from_ms, to_ms)
        columns = "c.start_ms / 3600000 % 24, sum(c.invocations)"
        return dict(self.kept(("by hour", span), lambda: self._cells(columns, (span,), None, "GROUP BY 1")))

    def error_groups(self, from_ms: int, to_ms: int, function_ids: Functions = None) -> list[ErrorGroup]:
        """Failures by function and fingerprint, the most frequent first."""
        span, chosen = self._pieces(from_ms, to_ms), self._chosen(function_ids)
        return list(self.kept(("errors", span, to_ms, chosen), lambda: self._grouped_errors(span, to_ms, chosen)))

    def _grouped_errors(self, span: Sequence[Piece], to_ms: int, function_ids: Functions) -> list[ErrorGroup]:
        counts: dict[int, int] = {}
        of_errors = [(f"{table}_errors", low, high) for table, low, high in span]
        columns = "c.error_id, sum(c.occurrences)"
        with self.snapshot():
            for error_id, count in self._cells(columns, of_errors, function_ids, "GROUP BY c.error_id"):
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
                f" FROM errors e WHERE e.id IN ({marks(some)})",
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


def _quantiles(blobs: Sequence[tuple[Any, ...]]) -> list[tuple[int, Quantiles]]:
    """Quantiles of each group's histograms together; groups without a value are absent."""
    if not blobs:
        return []
    from collectors.store.histogram import merged_by_group, quantiles

    groups: dict[int, list[bytes]] = {}
    for group, blob in blobs:
        groups.setdefault(group, []).append(blob)
    ordered = sorted(groups)
    counts = merged_by_group([groups[group] for group in ordered])
    answers = quantiles(counts, (0.5, 0.95, 0.99))
    return [
        (group, Quantiles(total, *values))
        for group, total, values in zip(ordered, counts.sum(axis=1).tolist(), answers, strict=True)
        if total
    ]
