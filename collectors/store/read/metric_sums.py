"""Reads collected CloudWatch metrics over a span, from points, hours and days. Spans are ``[from_ms, to_ms)``."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import add
from typing import TYPE_CHECKING, Any, TypeVar, cast

from collectors.model.units import HOUR_MS
from collectors.store.errors import explained
from collectors.store.read.connection import Connected, Functions, marks
from collectors.store.read.count_sources import FINEST
from collectors.store.read.rows import MetricSum
from collectors.store.spans import HOUR, MINUTE, Piece, pieces

if TYPE_CHECKING:
    from collectors.store.rollups.metric_packs import Pack

Figure = TypeVar("Figure", float, MetricSum)


class Metrics(Connected):
    """Sums and peaks of metrics of functions."""

    def metric(self, name: str, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, MetricSum]:
        """Sum and peak of a metric by function id; a function without a point in the span is absent."""
        span, chosen = tuple(pieces(from_ms, to_ms, newest_ms=to_ms)), self.chosen(function_ids)
        return dict(self.cached(("metric", name, span, chosen), lambda: self._metric(name, span, chosen)))

    def _metric(self, name: str, span: Sequence[Piece], function_ids: Functions) -> dict[int, MetricSum]:
        pieces = self._metric_packs(name, ("Maximum", "Sum"), span, function_ids)
        if pieces is not None:
            from collectors.store.rollups import metric_packs

            by_function = metric_packs.sums(pieces).items()
            return _chosen_of({each: MetricSum(*figures) for each, figures in by_function}, function_ids)
        sums: dict[int, MetricSum] = {}
        columns = "f.id, sum({total}), max({peak}), max(CASE WHEN {total} > 0 THEN m.start_ms END)"
        for function_id, total, peak, last_ms in self._metered(columns, name, "'Sum', 'Maximum'", span, function_ids):
            before = sums.get(function_id, MetricSum(0.0, peak, None))
            sums[function_id] = MetricSum(
                before.total + total, max(before.peak, peak), last_ms if last_ms is not None else before.last_ms
            )
        return sums

    def metric_totals(self, name: str, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, float]:
        """Sum of a metric by function id, without its peak and last point: twice as fast as ``metric``."""
        return self._figures(name, "Sum", from_ms, to_ms, function_ids)

    def metric_peaks(self, name: str, from_ms: int, to_ms: int, function_ids: Functions = None) -> dict[int, float]:
        """Largest Maximum of a metric by function id, without its sum and last point: twice as fast as ``metric``."""
        return self._figures(name, "Maximum", from_ms, to_ms, function_ids)

    def _figures(self, name: str, stat: str, from_ms: int, to_ms: int, function_ids: Functions) -> dict[int, float]:
        newest = self.newest_point(name, stat)
        span = () if newest is None else tuple(pieces(from_ms, to_ms, newest))
        chosen = self.chosen(function_ids)
        column = "f.id, sum({total})" if stat == "Sum" else "f.id, max({peak})"
        of_both: Callable[[float, float], float] = add if stat == "Sum" else max

        def read() -> dict[int, float]:
            packs = self._metric_packs(name, (stat,), span, chosen)
            if packs is not None:
                from collectors.store.rollups import metric_packs

                return _chosen_of(metric_packs.figures(packs, "total" if stat == "Sum" else "peak"), chosen)
            figures: dict[int, float] = {}
            for function_id, figure in self._metered(column, name, f"'{stat}'", span, chosen):
                before = figures.get(function_id)
                figures[function_id] = figure if before is None else of_both(before, figure)
            return figures

        return dict(self.cached(("metric", name, stat, span, chosen), read))

    def _metric_packs(
        self, name: str, stats: Sequence[str], span: Sequence[Piece], function_ids: Functions
    ) -> "list[list[Pack]] | None":
        """All functions' packs for each piece of a span; None where few functions are wanted, or packs are dirty."""
        if not self.is_fleet(function_ids):
            return None
        from collectors.store.rollups.metric_packs import read

        pieces_read: list[list[Pack]] = []
        with self.snapshot(), explained(self._path):
            for piece in span:
                of_stats = [read(self._connection, name, stat, *piece) for stat in stats]
                known = [packs for packs in of_stats if packs is not None]
                if len(known) < len(of_stats):
                    return None
                pieces_read.append(list(chain.from_iterable(known)))
        return pieces_read

    def metric_pieces(
        self, name: str, table: str, low: int, high: int, function_ids: Functions = None, *, stat: str = "Sum"
    ) -> "list[Pack]":
        """The sums of a metric in the cells of ``table`` that begin in a span, by start: those of all functions."""
        from collectors.store.rollups import metric_packs

        found = self._metric_packs(name, (stat,), ((table, low, high),), function_ids)
        if found is not None:
            return found[0]
        with self.snapshot(), explained(self._path):
            return metric_packs.read_rows(self._connection, name, stat, table, low, high)

    def newest_point(self, name: str, stat: str) -> int | None:
        """When the newest point of a metric began (epoch ms): a span that ends later can end with whole days."""
        of = "FROM metric_packs WHERE metric = ?1 AND stat = ?2 AND grain_ms"
        sql = (
            f"SELECT coalesce((SELECT max(start_ms) {of} = {MINUTE}"
            f" AND start_ms >= (SELECT max(start_ms) {of} = {HOUR})),"
            " (SELECT max((SELECT max(m.start_ms) FROM metrics m WHERE m.metric = ?1 AND m.function_id = f.id"
            " AND m.stat = ?2)) FROM functions f))"
        )
        return cast(int | None, self.cached(("newest point", name, stat), lambda: self._all(sql, (name, stat))[0][0]))

    def oldest_point(self, name: str, stat: str) -> int | None:
        """When the first hour with a point of a metric begins (epoch ms); None without any."""
        # Every hour of a metric has a pack, which may be dirty.
        sql = f"SELECT min(start_ms) FROM metric_packs WHERE metric = ? AND stat = ? AND grain_ms = {HOUR}"
        return cast(int | None, self.cached(("oldest point", name, stat), lambda: self._all(sql, (name, stat))[0][0]))

    def metered_by_hour(self, name: str, from_ms: int, to_ms: int) -> dict[int, float]:
        """The sums of a metric over all functions, by hour of the day (0 to 23, UTC)."""
        sql = (
            f"SELECT m.start_ms / {HOUR_MS} % 24, sum(m.total) FROM functions f"
            " CROSS JOIN metric_hours m ON m.metric = ? AND m.function_id = f.id AND m.stat = 'Sum'"
            " AND m.start_ms >= ? AND m.start_ms < ? GROUP BY 1"
        )
        return dict(
            self.cached(("metered by hour", name, from_ms, to_ms), lambda: dict(self._all(sql, (name, from_ms, to_ms))))
        )

    def _metered(
        self, columns: str, name: str, stats: str, span: Sequence[Piece], function_ids: Functions
    ) -> Iterator[tuple[Any, ...]]:
        """For each piece of a span, rows grouped by function: ``columns`` of a metric's points, hours or days."""
        wanted = "" if function_ids is None else f"WHERE f.id IN ({marks(function_ids)})"
        with self.snapshot():
            for table, low, high in span:
                rolled = {"hour_cells": "metric_hours", "day_cells": "metric_days"}.get(table)
                names = {"total": "m.total", "peak": "m.peak"} if rolled else {"total": "m.value", "peak": "m.value"}
                finest = "" if rolled else FINEST
                yield from self._all(
                    f"SELECT {columns.format(**names)} FROM functions f CROSS JOIN {rolled or 'metrics'} m"
                    f" ON m.metric = ? AND m.function_id = f.id AND m.stat IN ({stats})"
                    f" AND m.start_ms >= ? AND m.start_ms < ?{finest} {wanted} GROUP BY f.id",
                    (name, low, high, *(function_ids or ())),
                )


def _chosen_of(found: dict[int, Figure], function_ids: Functions) -> dict[int, Figure]:
    return found if function_ids is None else {each: found[each] for each in function_ids if each in found}
