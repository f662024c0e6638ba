"""What many functions used, cell by cell, as arrays; every figure equals that of ``collectors.store.read.usage_hours``.

All functions are read at once, from packs where a fleet has them. Times are epoch ms UTC.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.store.read.count_sources import CELLS, METRICS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import DAY_COLUMNS
from collectors.store.rollups import packs
from collectors.store.spans import DAY, HOUR, MINUTE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_SUMS = (("Invocations", "Sum"), ("Duration", "Sum"), ("Duration", "SampleCount"))


class UsageCells(NamedTuple):
    """Days, hours, or one part of an hour: arrays [cell, function], functions in the order of the ids asked for.

    ``starts`` and ``ends`` are [cell], epoch ms. ``metered`` are CloudWatch's invocations, ``duration_ms`` the sum of
    its Duration over ``samples`` invocations; NaN is unknown.
    """

    starts: Ints
    ends: Ints
    invocations: Ints
    reports: Ints
    billed_ms: Ints
    billed_mb_ms: Ints
    metered: Floats
    duration_ms: Floats
    samples: Floats


def cells(reader: Reader, from_ms: int, to_ms: int, ids: Sequence[int], *, by_day: bool) -> list[UsageCells]:
    """The whole hours of a span, or with ``by_day`` its whole days, and the rests before and after them."""
    with reader.snapshot():
        return [_read(reader, *part, ids) for part in _cut(from_ms, to_ms, by_day)]


def _cut(low: int, high: int, by_day: bool) -> list[tuple[int, int, int]]:
    """(grain in ms, begin, end) of a span's parts; each part of an hour is one by itself."""
    if by_day and -(-low // DAY) * DAY < high // DAY * DAY:
        begin, end = -(-low // DAY) * DAY, high // DAY * DAY
        return [*_cut(low, begin, False), (DAY, begin, end), *_cut(end, high, False)]
    begin, end = -(-low // HOUR) * HOUR, high // HOUR * HOUR
    if begin > end:
        return [(MINUTE, low, high)]
    parts = [(MINUTE, low, begin), (HOUR, begin, end), (MINUTE, end, high)]
    return [(grain, begin, end) for grain, begin, end in parts if begin < end]


def _read(reader: Reader, grain: int, low: int, high: int, ids: Sequence[int]) -> UsageCells:
    starts = np.arange(low, high, grain) if grain > MINUTE else np.array([low])
    ends = starts + grain if grain > MINUTE else np.array([high])
    place = np.full(max(ids) + 1, -1)
    place[np.array(ids)] = np.arange(len(ids))
    shape = len(starts), len(ids)

    def placed(times: Ints, of: Ints) -> tuple[npt.NDArray[np.bool_], tuple[Ints, Ints]]:
        """Which rows belong to the functions asked for, and their places in the arrays."""
        known = of < len(place)
        known[known] = place[of[known]] >= 0
        cell = (times[known] - low) // grain if grain > MINUTE else np.zeros(int(known.sum()), np.int64)
        return known, (cell, place[of[known]])

    times, of, *usage = _rows(reader, CELLS[grain], low, high).T
    known, where = placed(times, of)
    sums = np.zeros((len(usage), *shape), np.int64)
    for of_column, column in zip(sums, usage, strict=True):
        if grain > MINUTE:  # each function has one cell
            of_column[where] = column[known]
        else:
            np.add.at(of_column, where, column[known])
    figures = []
    for metric, stat in _SUMS:
        times, of, totals = _points(reader, metric, stat, grain, low, high)
        figure = np.full(shape, np.nan)
        if len(of):
            known, where = placed(times, of)
            if grain > MINUTE:
                figure[where] = totals[known]
            else:
                figure[where] = 0.0
                np.add.at(figure, where, totals[known])
        figures.append(figure)
    return UsageCells(starts, ends, *sums, *figures)


def _rows(reader: Reader, table: str, low: int, high: int, columns: Sequence[str] = DAY_COLUMNS) -> Ints:
    """An int64 matrix with a row for each cell and these columns."""
    packed = reader.packs_of(((table, low, high),), None, by_week=False)
    if packed is not None:
        places = list(map(packs.cell_column, columns))
        parts = [packs.cells_of(pack)[:, places] for pack in packed]
        return np.concatenate(parts) if parts else np.empty((0, len(columns)), np.int64)
    rows = reader.select(
        f"SELECT {', '.join(f'c.{name}' for name in columns)} FROM functions f CROSS JOIN {table} c"
        " ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
        (low, high),
    )
    return np.array(rows, np.int64).reshape(-1, len(columns))


def _points(reader: Reader, metric: str, stat: str, grain: int, low: int, high: int) -> tuple[Ints, Ints, Floats]:
    """Start, function id and sum of each hour, day or point of a metric."""
    if grain == MINUTE or reader.is_fleet(None):
        packed = reader.metric_pieces(metric, CELLS[grain], low, high, stat=stat)
        times = np.repeat([start for start, _ in packed], [len(each) for _, each in packed]).astype(np.int64)
        of = np.concatenate([each["function_id"] for _, each in packed] or [np.empty(0, np.int64)])
        return times, of, np.concatenate([each["total"] for _, each in packed] or [np.empty(0)])
    rows = reader.select(
        f"SELECT m.start_ms, f.id, m.total FROM functions f CROSS JOIN {METRICS[grain][0]} m ON m.metric = ?"
        " AND m.function_id = f.id AND m.stat = ? AND m.start_ms >= ? AND m.start_ms < ?",
        (metric, stat, low, high),
    )
    starts, ids, totals = np.array(rows, np.float64).reshape(-1, 3).T  # float64 holds epoch ms exactly
    return starts.astype(np.int64), ids.astype(np.int64), totals


def counts_by_cut(
    reader: Reader, from_ms: int, to_ms: int, cuts: Sequence[int], *, errors: bool
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """By function id, the invocations or errors between each cut and the next: by logs, and by CloudWatch's points."""
    size = max((row.id for row in reader.functions()), default=0) + 1
    columns = ("start_ms", "function_id", "errors" if errors else "invocations")
    cell_starts, cell_of, of_cells = _rows(reader, CELLS[MINUTE], from_ms, to_ms, columns).T
    times, of, totals = _points(reader, "Errors" if errors else "Invocations", "Sum", MINUTE, from_ms, to_ms)
    logged, metered = (np.zeros((size, len(cuts)), np.int64) for _ in range(2))
    for sums, ids, starts, counts in (
        (logged, cell_of, cell_starts, of_cells),
        (metered, of, times, np.rint(totals).astype(np.int64)),
    ):
        known = ids < size
        np.add.at(sums, (ids[known], np.searchsorted(cuts, starts[known], "right") - 1), counts[known])
    return _of_each(logged), _of_each(metered)


def _of_each(sums: Ints) -> dict[int, list[int]]:
    return {each: sums[each].tolist() for each in np.flatnonzero(sums.any(axis=1)).tolist()}
