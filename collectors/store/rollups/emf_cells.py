"""Values of EMF series by minute, hour and day: their number, sum, extremes and histogram, which can be merged.

The histogram has buckets with ratio ``GAMMA`` on both sides of zero, for any value that CloudWatch accepts (up to
2^360): a value is known within 1%. It is stored as pairs (uint16 bucket, uint32 count), in order of bucket.
"""

import math
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.spans import DAY, HOUR, MINUTE
from collectors.store.tables.column import insert as insert_sql
from collectors.store.tables.emf import EMF_INVALID

GAMMA = 1.02  # that of ``collectors.store.rollups.histogram``, which imports numpy
TABLES = {MINUTE: "emf_minutes", HOUR: "emf_hours", DAY: "emf_days"}
FIGURES = ("samples", "total", "lowest", "highest", "minutes", "peak_total", "peak_samples")
"""Columns that are fields of ``EmfCell``, in its order; its histogram follows them."""
COLUMNS = ", ".join((*FIGURES, "buckets"))
_figures_of = attrgetter(*FIGURES)
_LOG_GAMMA = math.log(GAMMA)
_ZERO = 32_768
_FURTHEST = 12_700  # buckets from 1 to beyond 2^360, and as many below
_MIDDLE = 2 / (GAMMA + 1)
_PAIR = struct.Struct("<HI")
_MOST = (1 << 32) - 1

Place = tuple[int, int]  # series id, start in ms


@dataclass(slots=True)
class EmfCell:
    """Sums over ``samples`` values; negative counts are values to be subtracted.

    ``lowest`` and ``highest`` are extremes of single values, ``peak_total`` and ``peak_samples`` the largest of a
    minute.
    """

    samples: int
    total: float
    lowest: float
    highest: float
    minutes: int = 1
    peak_total: float = 0.0
    peak_samples: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def take(self, value: float, times: int) -> None:
        """Counts a value ``times`` times; a negative number subtracts it, and leaves the extremes as they are."""
        self.samples += times
        self.total += times * value
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value
        bucket = bucket_of(value)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + times

    def merge(self, other: "EmfCell") -> None:
        """Adds values of the same time. ``minutes`` and the peaks stay: the caller knows how the times overlap."""
        self.samples += other.samples
        self.total += other.total
        self.lowest, self.highest = min(self.lowest, other.lowest), max(self.highest, other.highest)
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> "EmfCell":
        """The cell of a row with the columns ``COLUMNS``; ``buckets`` may be several concatenated histograms."""
        *figures, buckets = row
        return cls(*(*figures, merged(buckets)))

    @classmethod
    def empty(cls) -> "EmfCell":
        """A cell without a value; any value replaces its extremes."""
        return cls(0, 0.0, math.inf, -math.inf)


@lru_cache(4_096)  # many metrics are counts: 0 and 1 come again and again
def bucket_of(value: float) -> int:
    """The bucket of a value; larger values have larger buckets."""
    size = abs(value)
    if size == 0:
        return _ZERO
    place = math.ceil(math.log(size) / _LOG_GAMMA - 1e-9)
    place = max(-_FURTHEST + 1, min(_FURTHEST, place)) + _FURTHEST
    return _ZERO + place if value > 0 else _ZERO - place


def value_of(bucket: int) -> float:
    """The value that stands for a bucket, within 1% of every value in it."""
    place = abs(bucket - _ZERO)
    if place == 0:
        return 0.0
    size = _MIDDLE * math.exp((place - _FURTHEST) * _LOG_GAMMA)
    return size if bucket > _ZERO else -size


def quantile(buckets: Mapping[int, int], share: float, lowest: float, highest: float) -> float:
    """The value below which a ``share`` (0 to 1) of the values lies: nearest rank, within 1%, between the extremes."""
    number = sum(buckets.values())
    rank = max(1, math.ceil(number * share))
    if rank >= number:
        return highest
    for bucket in sorted(buckets):
        rank -= buckets[bucket]
        if rank <= 0:
            return max(lowest, min(highest, value_of(bucket)))
    return highest


def packed(buckets: Mapping[int, int]) -> bytes:
    """A histogram as it is stored: pairs of bucket and count, in order of bucket."""
    return b"".join(_PAIR.pack(bucket, min(count, _MOST)) for bucket, count in sorted(buckets.items()) if count > 0)


def merged(blob: bytes) -> dict[int, int]:
    """The sum of several concatenated histograms."""
    counts: dict[int, int] = {}
    for bucket, count in _PAIR.iter_unpack(blob):
        counts[bucket] = counts.get(bucket, 0) + count
    return counts


def add(connection: sqlite3.Connection, new: Mapping[Place, EmfCell]) -> None:
    """Adds values by minute, and sums their hours and days anew.

    An hour whose minutes were pruned takes the values itself; subtracting values from it leaves its extremes as they
    were.
    """
    hours: dict[Place, EmfCell] = {}
    new, pruned_ms = dict(new), _pruned_before(connection)
    for (series, hour), minutes in _by(HOUR, new).items():
        stored = _stored(connection, MINUTE, series, hour, HOUR)
        hour_cell = None if stored or hour >= pruned_ms else _stored(connection, HOUR, series, hour, HOUR).get(hour)
        if hour_cell is not None:
            for start, cell in minutes.items():
                hour_cell.merge(cell)
                hour_cell.peak_total = max(hour_cell.peak_total, cell.total)
                hour_cell.peak_samples = max(hour_cell.peak_samples, cell.samples)
                del new[series, start]
            hours[series, hour] = hour_cell
            continue
        for start, cell in minutes.items():
            if start in stored:
                cell.merge(stored[start])
            cell.peak_total, cell.peak_samples = cell.total, cell.samples
        hours[series, hour] = together((stored | minutes).values())
    _put(connection, MINUTE, new)
    _put(connection, HOUR, hours)
    _sum_up_days(connection, hours)


def _pruned_before(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(minutes_ms), 0) FROM pruned").fetchone()[0])


def prune(connection: sqlite3.Connection, function_id: int, before_ms: int) -> int:
    """Deletes a function's minutes before a full hour, which keeps their sums; returns how many minutes there were."""
    mine = "series_id IN (SELECT id FROM emf_series WHERE function_id = ?) AND start_ms < ?"
    deleted = connection.execute(f"DELETE FROM {TABLES[MINUTE]} WHERE {mine}", (function_id, before_ms)).rowcount
    fine = f"function_id = ? AND start_ms < ? AND start_ms % {HOUR_MS}"
    connection.execute(
        f"INSERT INTO emf_invalid ({EMF_INVALID.column_list()})"
        f" SELECT function_id, start_ms / {HOUR_MS} * {HOUR_MS}, reason, sum(number)"
        f" FROM emf_invalid WHERE {fine} GROUP BY 1, 2, 3 ON CONFLICT DO UPDATE SET number = number + excluded.number",
        (function_id, before_ms),
    )
    connection.execute(f"DELETE FROM emf_invalid WHERE {fine}", (function_id, before_ms))
    return deleted


def _sum_up_days(connection: sqlite3.Connection, hours: Iterable[Place]) -> None:
    days = {(series, start // DAY * DAY) for series, start in hours}
    _put(connection, DAY, {day: together(_stored(connection, HOUR, *day, DAY).values()) for day in days})


def _by(grain: int, cells: Mapping[Place, EmfCell]) -> dict[Place, dict[int, EmfCell]]:
    """Cells grouped by series and the hour's or day's start, then by their own start."""
    grouped: dict[Place, dict[int, EmfCell]] = {}
    for (series, start), cell in cells.items():
        grouped.setdefault((series, start // grain * grain), {})[start] = cell
    return grouped


def _stored(connection: sqlite3.Connection, grain: int, series: int, start: int, length: int) -> dict[int, EmfCell]:
    rows = connection.execute(
        f"SELECT start_ms, {COLUMNS} FROM {TABLES[grain]} WHERE series_id = ? AND start_ms >= ? AND start_ms < ?",
        (series, start, start + length),
    )
    return {at: EmfCell.of_row(row) for at, *row in rows}


def together(cells: Iterable[EmfCell]) -> EmfCell:
    """One cell for cells of several times: minutes add up, and peaks are the largest."""
    whole = EmfCell.empty()
    whole.minutes, whole.peak_total = 0, -math.inf
    for cell in cells:
        if cell.samples > 0:
            whole.merge(cell)
            whole.minutes += cell.minutes
            whole.peak_total = max(whole.peak_total, cell.peak_total)
            whole.peak_samples = max(whole.peak_samples, cell.peak_samples)
    return whole


def _put(connection: sqlite3.Connection, grain: int, cells: Mapping[Place, EmfCell]) -> None:
    connection.executemany(
        f"DELETE FROM {TABLES[grain]} WHERE series_id = ? AND start_ms = ?",
        [place for place, cell in cells.items() if cell.samples <= 0],
    )
    connection.executemany(
        insert_sql(TABLES[grain], ("series_id", "start_ms", *FIGURES, "buckets"), instead="OR REPLACE"),
        (
            (*place, *_figures_of(cell), packed(cell.buckets))
            for place, cell in sorted(cells.items(), key=_place)
            if cell.samples > 0
        ),
    )


def _place(item: tuple[Place, EmfCell]) -> Place:
    return item[0]


def move(connection: sqlite3.Connection, moved: Mapping[int, int]) -> None:
    """Gives the values of series to other series (old id to new id), which need not have values yet."""
    minutes: dict[Place, EmfCell] = {}
    for series, target in moved.items():
        for start, *row in connection.execute(
            f"SELECT start_ms, {COLUMNS} FROM emf_minutes WHERE series_id = ?", (series,)
        ):
            minutes.setdefault((target, start), EmfCell.empty()).merge(EmfCell.of_row(row))
    hours = _moved_hours(connection, moved)
    for table in TABLES.values():
        connection.executemany(f"DELETE FROM {table} WHERE series_id = ?", ((series,) for series in moved))
    for (target, start), cell in hours.items():
        for known in _stored(connection, HOUR, target, start, HOUR).values():
            hours[target, start] = _beside(known, cell)
    _put(connection, HOUR, hours)
    _sum_up_days(connection, hours)
    add(connection, minutes)


def _moved_hours(connection: sqlite3.Connection, moved: Mapping[int, int]) -> dict[Place, EmfCell]:
    """Hours whose minutes were pruned, by the series that takes them and the hour's start."""
    hours: dict[Place, EmfCell] = {}
    pruned_ms = _pruned_before(connection)
    for series, target in moved.items() if pruned_ms else ():
        for start, *row in connection.execute(
            f"SELECT start_ms, {COLUMNS} FROM {TABLES[HOUR]} h WHERE series_id = ? AND start_ms < ? AND NOT EXISTS"
            f" (SELECT 1 FROM {TABLES[MINUTE]} m WHERE m.series_id = h.series_id AND m.start_ms >= h.start_ms"
            f" AND m.start_ms < h.start_ms + {HOUR_MS})",
            (series, pruned_ms),
        ).fetchall():
            cell, known = EmfCell.of_row(row), hours.get((target, start))
            hours[target, start] = cell if known is None else _beside(known, cell)
    return hours


def _beside(mine: EmfCell, other: EmfCell) -> EmfCell:
    """One cell for two series' cells of the same hour; how their minutes coincided is not known any more."""
    mine.merge(other)
    mine.minutes = max(mine.minutes, other.minutes)
    mine.peak_total = max(mine.peak_total, other.peak_total)
    mine.peak_samples = max(mine.peak_samples, other.peak_samples)
    return mine


def sum_up_anew(connection: sqlite3.Connection) -> None:
    """Sums hours anew that differ from their minutes, and days that differ from their hours."""
    hours: list[Place] = connection.execute(
        f"SELECT m.series_id, m.start_ms / {HOUR_MS} * {HOUR_MS} AS start FROM emf_minutes m GROUP BY 1, 2"
        " HAVING sum(m.samples) IS NOT (SELECT h.samples FROM emf_hours h"
        " WHERE h.series_id = m.series_id AND h.start_ms = start)"
    ).fetchall()
    _put(connection, HOUR, {hour: together(_stored(connection, MINUTE, *hour, HOUR).values()) for hour in hours})
    days: list[Place] = connection.execute(
        f"SELECT h.series_id, h.start_ms / {DAY_MS} * {DAY_MS} AS start FROM emf_hours h GROUP BY 1, 2"
        " HAVING sum(h.samples) IS NOT (SELECT d.samples FROM emf_days d"
        " WHERE d.series_id = h.series_id AND d.start_ms = start)"
    ).fetchall()
    _sum_up_days(connection, days)


def uneven(connection: sqlite3.Connection) -> list[str]:
    """A line for each hour and day whose number of values differs from that of its parts."""
    checks = (
        connection.execute(
            "SELECT s.metric, ?, t.start_ms FROM"
            f" (SELECT series_id, start_ms / {grain} * {grain} AS start_ms, sum(samples) AS samples"
            f" FROM {TABLES[finer]} GROUP BY 1, 2) t LEFT JOIN {TABLES[grain]} c USING (series_id, start_ms)"
            " LEFT JOIN emf_series s ON s.id = t.series_id WHERE c.samples IS NOT t.samples OR s.id IS NULL",
            (name,),
        )
        for finer, grain, name in ((MINUTE, HOUR, "hour"), (HOUR, DAY, "day"))
    )
    return [
        f"the {name} at {start} of the EMF metric {metric} does not agree with its parts"
        for metric, name, start in chain.from_iterable(checks)
    ]
