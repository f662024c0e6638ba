"""Writes metric points, and their sums and peaks by hour and day, so that no screen reads a month of points.

A metric may be collected at several periods (60 s while its points are young, 300 s later). An hour counts only the
points of its finest period.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from collectors.model.records import MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.pruned_until import NOTHING_PRUNED, kept_of_all
from collectors.store.rollups.dirty_packs import mark_metrics_dirty
from collectors.store.tables.metrics import METRIC_HOURS, METRICS
from collectors.store.transactions import transaction
from collectors.store.write.name_ids import NameIds

Series = tuple[str, int, str]  # metric, function_id, stat
Given = Sequence[tuple[int, MetricPoint]]


def keep(connection: sqlite3.Connection, names: NameIds, points: Iterable[MetricPoint]) -> int:
    """Writes points, each replacing an earlier value of its bin; returns how many."""
    points_by_id = [(names.function(point.function), point) for point in points]
    hours: set[tuple[str, int, str, int]] = set()
    pruned = kept_of_all(connection)

    def bound() -> Iterable[tuple[object, ...]]:
        for function_id, point in _changed(connection, points_by_id):
            if point.start_ms < pruned.get(function_id, NOTHING_PRUNED).points_ms:
                continue  # its hour was summed, and the hour's other points are pruned
            hours.add((point.metric, function_id, point.stat, point.start_ms // HOUR_MS * HOUR_MS))
            yield point.metric, function_id, point.stat, point.start_ms, point.period_s, point.value

    with transaction(connection):
        connection.executemany(METRICS.insert(instead="OR REPLACE"), bound())
        _sum_up(connection, hours)
    return len(points_by_id)


def _changed(connection: sqlite3.Connection, points_by_id: Given) -> Iterator[tuple[int, MetricPoint]]:
    """The points that are not stored with the same value: most that are asked for again are."""
    series: dict[tuple[str, int, str, int], list[MetricPoint]] = {}
    for function_id, point in points_by_id:
        series.setdefault((point.metric, function_id, point.stat, point.period_s), []).append(point)
    for (metric, function_id, stat, period_s), points in series.items():
        low, high = min(each.start_ms for each in points), max(each.start_ms for each in points)
        known = dict(
            connection.execute(
                "SELECT start_ms, value FROM metrics WHERE metric = ? AND function_id = ? AND stat = ?"
                " AND start_ms >= ? AND start_ms <= ? AND period_s = ?",
                (metric, function_id, stat, low, high, period_s),
            )
        )
        for point in points:
            if known.get(point.start_ms) != point.value:
                known[point.start_ms] = point.value
                yield function_id, point


def _sum_up(connection: sqlite3.Connection, hours: set[tuple[str, int, str, int]]) -> None:
    """Sums hours anew from their points, and their days from the hours."""
    where = "WHERE metric = ? AND function_id = ? AND stat = ? AND start_ms >= ? AND start_ms < ?"
    connection.executemany(
        f"INSERT OR REPLACE INTO metric_hours ({METRIC_HOURS.column_list()})"
        f" SELECT metric, function_id, stat, start_ms / {HOUR_MS} * {HOUR_MS}, sum(value), max(value)"
        f" FROM metrics {where} GROUP BY period_s ORDER BY period_s LIMIT 1",
        ((*series, start, start + HOUR_MS) for *series, start in sorted(hours)),
    )
    mark_metrics_dirty(connection, {(metric, stat, HOUR_MS, start) for metric, _, stat, start in hours})
    days = {(metric, function_id, stat, start // DAY_MS * DAY_MS) for metric, function_id, stat, start in hours}
    connection.executemany(
        f"INSERT OR REPLACE INTO metric_days ({METRIC_HOURS.column_list()})"
        f" SELECT metric, function_id, stat, start_ms / {DAY_MS} * {DAY_MS}, sum(total), max(peak)"
        f" FROM metric_hours {where}",
        ((*series, start, start + DAY_MS) for *series, start in sorted(days)),
    )
    mark_metrics_dirty(connection, {(metric, stat, DAY_MS, start) for metric, _, stat, start in days})
