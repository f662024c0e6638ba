"""Packs of metrics: one row with all functions' figures of a metric and statistic at one hour, day or point.

They repeat ``metric_hours``, ``metric_days`` and ``metrics`` as ``packs`` repeat cells, and become dirty and are made
anew in the same way. Single points are packed for the newest hours only, hours for two weeks.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.model.units import DAY_MS, FOREVER_MS, HOUR_MS
from collectors.store.integrity.checksums import sealed, unsealed
from collectors.store.rollups.dirty_packs import PACKED_MS, runs
from collectors.store.spans import DAY, HOUR, MINUTE
from collectors.store.tables.packs import METRIC_PACKS
from collectors.store.transactions import undo

# A function's figures: total and peak, which are equal for a single point.
FIGURES = np.dtype([("function_id", "<i8"), ("total", "<f8"), ("peak", "<f8")])
_GRAINS = {"minute_cells": MINUTE, "hour_cells": HOUR, "day_cells": DAY}
_TABLES = {
    MINUTE: ("metrics", "m.value, m.value, m.period_s"),
    HOUR: ("metric_hours", "m.total, m.peak"),
    DAY: ("metric_days", "m.total, m.peak"),
}
_MOST_MADE = 4
_OF = "metric = ? AND stat = ? AND grain_ms = ?"

Figures = npt.NDArray[np.void]
Pack = tuple[int, Figures]  # its start, and a structured array of ``FIGURES``, one for each function


def read(connection: sqlite3.Connection, metric: str, stat: str, table: str, low: int, high: int) -> list[Pack] | None:
    """A metric's packs that begin in ``[low, high)``, in order of time; None where too many are dirty."""
    grain = _GRAINS[table]
    rows = connection.execute(
        f"SELECT start_ms, figures FROM metric_packs WHERE {_OF} AND start_ms >= ? AND start_ms < ? ORDER BY 1",
        (metric, stat, grain, low, high),
    ).fetchall()
    if grain == MINUTE:
        missing = _unpacked(connection, metric, stat, low, high)
    else:
        missing = list(runs((start for start, figures in rows if figures is None), grain))
    if sum(end - begin for begin, end in missing) > _MOST_MADE * max(HOUR, grain):
        return None
    packs = [
        (start, np.frombuffer(unsealed(figures, start, grain), FIGURES))
        for start, figures in rows
        if figures is not None
    ]
    for begin, end in missing:
        packs += [pack for pack in made(connection, metric, stat, grain, begin, end) if low <= pack[0] < high]
    return sorted(packs, key=lambda pack: pack[0]) if missing else packs


def read_rows(connection: sqlite3.Connection, metric: str, stat: str, table: str, low: int, high: int) -> list[Pack]:
    """What ``read`` returns, made from the rows that packs repeat: for any number of dirty packs."""
    grain = _GRAINS[table]
    begin, end = (low, high) if grain != MINUTE else (low // HOUR * HOUR, -(-high // HOUR) * HOUR)
    return [pack for pack in made(connection, metric, stat, grain, begin, end) if low <= pack[0] < high]


def _unpacked(connection: sqlite3.Connection, metric: str, stat: str, low: int, high: int) -> list[tuple[int, int]]:
    """The hours that touch a span and whose points are not packed."""
    hours = connection.execute(
        f"SELECT h.start_ms FROM metric_packs h WHERE {_OF} AND h.start_ms > ? AND h.start_ms < ? AND NOT EXISTS ("
        "SELECT 1 FROM metric_packs m WHERE m.metric = h.metric AND m.stat = h.stat AND m.grain_ms = ?"
        f" AND m.start_ms >= h.start_ms AND m.start_ms < h.start_ms + {HOUR_MS})",
        (metric, stat, HOUR, low - HOUR, high, MINUTE),
    )
    return [(hour, hour + HOUR) for (hour,) in hours]


def made(connection: sqlite3.Connection, metric: str, stat: str, grain: int, low: int, high: int) -> list[Pack]:
    """The packs of a span, made from the points, hours or days that they repeat.

    For points, the span must be whole hours, because an hour counts only those of its finest period.
    """
    table, figures = _TABLES[grain]
    points = connection.execute(
        f"SELECT m.start_ms, m.function_id, {figures} FROM functions f CROSS JOIN {table} m ON m.metric = ?"
        " AND m.function_id = f.id AND m.stat = ? AND m.start_ms >= ? AND m.start_ms < ?",
        (metric, stat, low, high),
    ).fetchall()
    if grain == MINUTE:
        points = _of_finest(points)
    if not points:
        return []
    points.sort(key=itemgetter(0))
    starts, *columns = zip(*points, strict=True)
    rows = np.empty(len(starts), FIGURES)
    for name, column in zip(FIGURES.names or (), columns, strict=True):
        rows[name] = column
    edges = [0, *(np.flatnonzero(np.diff(starts)) + 1).tolist(), len(starts)]
    return [(starts[begin], rows[begin:end]) for begin, end in pairwise(edges)]


def _of_finest(points: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Start, function, total and peak of points; in each function's hour only those of its finest period."""
    finest: dict[tuple[int, int], int] = {}
    for start, function_id, _, _, period_s in points:
        hour = function_id, start // HOUR
        finest[hour] = min(period_s, finest.get(hour, period_s))
    return [
        (start, function_id, total, peak)
        for start, function_id, total, peak, period_s in points
        if period_s == finest[function_id, start // HOUR]
    ]


def renew(connection: sqlite3.Connection) -> None:
    """Makes dirty packs and those of the newest hours' points, and deletes packs that are too old."""
    for metric, stat in connection.execute("SELECT DISTINCT metric, stat FROM metric_packs").fetchall():
        (newest,) = connection.execute(
            f"SELECT max(start_ms) FROM metric_packs WHERE {_OF}", (metric, stat, HOUR)
        ).fetchone()
        hours_ms, points_ms = (newest + HOUR - PACKED_MS[table] for table in ("hour_cells", "minute_cells"))
        for grain, since in ((DAY, -(FOREVER_MS)), (HOUR, hours_ms)):
            sql = f"SELECT start_ms FROM metric_packs WHERE {_OF} AND figures IS NULL AND start_ms >= ? ORDER BY 1"
            marked = [start for (start,) in connection.execute(sql, (metric, stat, grain, since))]
            for low, high in runs(marked, grain):
                _replace(connection, metric, stat, grain, low, high)
        for low, high in _unpacked(connection, metric, stat, points_ms, newest + HOUR):
            _replace(connection, metric, stat, MINUTE, low, high)
        old = f"WHERE {_OF} AND start_ms < ?"
        connection.execute(f"DELETE FROM metric_packs {old}", (metric, stat, MINUTE, points_ms))
        connection.execute(
            f"UPDATE metric_packs SET figures = NULL {old} AND figures IS NOT NULL", (metric, stat, HOUR, hours_ms)
        )


# Hours summed from points, those of the hour's finest period, and days summed from hours.
_FINEST = (
    f"SELECT metric, function_id, stat, start_ms / {HOUR_MS} * {HOUR_MS} AS start, sum(value) AS total,"
    " max(value) AS peak"
    " FROM metrics m GROUP BY 1, 2, 3, 4, period_s HAVING period_s = (SELECT min(period_s) FROM metrics n WHERE"
    " n.metric = m.metric AND n.function_id = m.function_id AND n.stat = m.stat"
    f" AND n.start_ms >= m.start_ms / {HOUR_MS} * {HOUR_MS}"
    f" AND n.start_ms < m.start_ms / {HOUR_MS} * {HOUR_MS} + {HOUR_MS})"
)
_DAYS = (
    f"SELECT metric, function_id, stat, start_ms / {DAY_MS} * {DAY_MS} AS start, sum(total) AS total,"
    " max(peak) AS peak FROM metric_hours GROUP BY 1, 2, 3, 4"
)
MADE_OF = {"metric_hours": ("metrics", _FINEST), "metric_days": ("metric_hours", _DAYS)}
"""What each table is summed from: the name of that table, and the sums as SQL."""


def uneven_sums(connection: sqlite3.Connection, table: str) -> list[tuple[str, int, str, int, float, float]]:
    """Sums that are wrong: metric, function id, statistic, start, and the right sum and peak."""
    _, made_of = MADE_OF[table]
    return connection.execute(
        f"SELECT s.metric, s.function_id, s.stat, s.start, s.total, s.peak FROM ({made_of}) s"
        f" LEFT JOIN {table} k ON k.metric = s.metric"
        " AND k.function_id = s.function_id AND k.stat = s.stat AND k.start_ms = s.start"
        " WHERE k.peak IS NOT s.peak OR k.total IS NULL OR abs(k.total - s.total) > 1e-9 * abs(s.total)"
    ).fetchall()


def uneven(connection: sqlite3.Connection) -> Iterator[str]:
    """A line for each sum or pack of metrics that does not agree with the points, hours or days it is made from."""
    for table in MADE_OF:
        for metric, _, stat, start, *_ in uneven_sums(connection, table):
            yield f"{table} of {metric} {stat} at {start} does not agree"
    for metric, stat, grain, start, stored in connection.execute(
        "SELECT metric, stat, grain_ms, start_ms, figures FROM metric_packs WHERE figures IS NOT NULL"
    ).fetchall():
        low, high = (start // HOUR * HOUR, start // HOUR * HOUR + HOUR) if grain == MINUTE else (start, start + grain)
        found = dict(made(connection, metric, stat, grain, low, high)).get(start)
        if found is None or stored != sealed(found.tobytes(), start, grain):
            yield f"the pack of {metric} {stat} at {start} does not agree"


def _replace(connection: sqlite3.Connection, metric: str, stat: str, grain: int, low: int, high: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            f"DELETE FROM metric_packs WHERE {_OF} AND start_ms >= ? AND start_ms < ?", (metric, stat, grain, low, high)
        )
        packs = made(connection, metric, stat, grain, low, high)
        connection.executemany(
            METRIC_PACKS.insert(),
            ((metric, stat, grain, start, sealed(rows.tobytes(), start, grain)) for start, rows in packs),
        )
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def figures(pieces: Sequence[Sequence[Pack]], column: str) -> dict[int, float]:
    """By function id, the sum of the totals or the largest peak; each of a span's pieces is summed by itself."""
    add = column == "total"
    most_id = _most_id(pieces)
    by_id = np.full(most_id + 1, 0.0 if add else -np.inf)
    seen = np.zeros(most_id + 1, np.bool_)
    for piece in pieces:
        if not piece:
            continue
        rows = np.concatenate([figures for _, figures in piece])
        of = rows["function_id"]
        seen[of] = True
        if add:
            by_id += np.bincount(of, rows["total"], most_id + 1)
        else:
            np.maximum.at(by_id, of, rows["peak"])
    ids = np.flatnonzero(seen)
    return dict(zip(ids.tolist(), by_id[ids].tolist(), strict=True))


def sums(pieces: Sequence[Sequence[Pack]]) -> dict[int, tuple[float, float, int | None]]:
    """By function id, the sum, the peak, and the start (epoch ms) of the newest total above 0."""
    totals, peaks = figures(pieces, "total"), figures(pieces, "peak")
    last = np.full(_most_id(pieces) + 1, -1, np.int64)
    for piece in pieces:
        for start, rows in piece:
            of = rows["function_id"][rows["total"] > 0]
            last[of] = np.maximum(last[of], start)
    return {each: (total, peaks[each], None if last[each] < 0 else int(last[each])) for each, total in totals.items()}


def _most_id(pieces: Iterable[Sequence[Pack]]) -> int:
    return max((int(rows["function_id"].max()) for piece in pieces for _, rows in piece), default=0)
