"""Sums of a span over a whole fleet, from packs: numpy adds up all functions at once, pack after pack.

Arrays have a place for each function id up to the largest: the ids of a store begin at 1 and leave no gaps. What is
answered here is what ``collectors.store.read.span_sums`` answers from the cells, figure for figure.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from collectors.store.read.rows import PERCENTILES, Quantiles, SpanUsage, Totals
from collectors.store.rollups import packs
from collectors.store.rollups.equal_parts import EqualParts
from collectors.store.rollups.histogram import quantiles_of_runs
from collectors.store.rollups.packs import Ints, Pack

_LOOKED_AT = 512  # cells at once: few of them are ever opened
_BILLED = [packs.INVOCATIONS, packs.REPORTS, packs.BILLED_MS, packs.BILLED_MB_MS]


def totals(found: Sequence[Pack]) -> list[Totals]:
    """Sums of each function that has a cell, by id."""
    most_id = packs.most_id(found)
    sums = np.zeros((most_id + 1, packs.SUMS.stop - packs.SUMS.start), np.int64)
    maxima = np.full((most_id + 1, 2), -1, np.int64)
    memory_mb = np.full(most_id + 1, -1, np.int64)
    last_ms = np.full(most_id + 1, np.iinfo(np.int64).min, np.int64)
    seen = np.zeros(most_id + 1, np.bool_)
    for pack in found:
        cells = packs.cells_of(pack)
        of = cells[:, packs.FUNCTION]
        seen[of] = True
        sums[of] += cells[:, packs.SUMS]
        maxima[of] = np.maximum(maxima[of], cells[:, packs.MAXIMA])
        last_ms[of] = np.maximum(last_ms[of], cells[:, packs.LAST_MS])
        known = cells[:, packs.MEMORY_MB] >= 0
        memory_mb[of[known]] = cells[known, packs.MEMORY_MB]
    ids = np.flatnonzero(seen)
    unknown: Iterable[list[int | None]] = (
        [None if value < 0 else value for value in column[ids].tolist()]
        for column in (maxima[:, 0], maxima[:, 1], memory_mb)
    )
    return [
        Totals(*row) for row in zip(ids.tolist(), *sums[ids].T.tolist(), *unknown, last_ms[ids].tolist(), strict=True)
    ]


def usage(found: Sequence[Pack]) -> list[SpanUsage]:
    """The part of the totals that bills are made of."""
    most_id = packs.most_id(found)
    sums = np.zeros((most_id + 1, len(_BILLED)), np.int64)
    seen = np.zeros(most_id + 1, np.bool_)
    for pack in found:
        cells = packs.cells_of(pack)
        of = cells[:, packs.FUNCTION]
        seen[of] = True
        sums[of] += cells[:, _BILLED]
    ids = np.flatnonzero(seen)
    return [SpanUsage(*row) for row in zip(ids.tolist(), *sums[ids].T.tolist(), strict=True)]


def latency(found: Sequence[Pack]) -> dict[int, Quantiles]:
    """The percentiles of each function with a duration."""
    totals, answers = quantiles_of_runs(packs.counted(found), PERCENTILES)
    ids = np.flatnonzero(totals)
    rows = zip(ids.tolist(), totals[ids].tolist(), *(answer[ids].tolist() for answer in answers), strict=True)
    return {row[0]: Quantiles(*row[1:]) for row in rows}


def errors(found: Sequence[Pack]) -> dict[int, tuple[int, int]]:
    """Function and occurrences of each error, by id."""
    rows = np.concatenate([packs.errors_of(pack) for pack in found] or [np.empty((0, packs.ERRORS_WIDTH), np.int64)])
    ids, first, place = np.unique(rows[:, 1], return_index=True, return_inverse=True)
    counts = np.zeros(len(ids), np.int64)
    np.add.at(counts, place, rows[:, 2])
    return dict(zip(ids.tolist(), zip(rows[first, 0].tolist(), counts.tolist(), strict=True), strict=True))


def days(found: Sequence[Pack]) -> Ints:
    """(start_ms, function_id, invocations, reports, billed_ms, billed_mb_ms) of each cell, by function and time."""
    columns = [0, packs.FUNCTION, *_BILLED]
    rows = np.concatenate([packs.cells_of(pack)[:, columns] for pack in found] or [np.empty((0, 6), np.int64)])
    return rows[np.argsort(rows[:, 1], kind="stable")]


def invocations_by_step(found: Sequence[Pack], parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """Invocations of each function in each part, by when its cells begin."""
    counts = np.zeros((packs.most_id(found) + 1, parts.number), np.int64)
    seen = np.zeros(len(counts), np.bool_)
    for pack in found:
        cells = packs.cells_of(pack)
        counts[cells[:, packs.FUNCTION], parts.place(pack.start_ms)] += cells[:, packs.INVOCATIONS]
        seen[cells[:, packs.FUNCTION]] = True
    ids = np.flatnonzero(seen)
    return dict(zip(ids.tolist(), map(tuple, counts[ids].tolist()), strict=True))


def errors_by_step(found: Sequence[Pack], parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """Occurrences of each error, by id, in each part, by when its cells begin."""
    rows = [packs.errors_of(pack) for pack in found]
    counts = np.zeros(
        (max((int(each[:, 1].max()) for each in rows if len(each)), default=0) + 1, parts.number), np.int64
    )
    for pack, each in zip(found, rows, strict=True):
        np.add.at(counts[:, parts.place(pack.start_ms)], each[:, 1], each[:, 2])
    ids = np.flatnonzero(counts.any(axis=1))
    return dict(zip(ids.tolist(), map(tuple, counts[ids].tolist()), strict=True))


def longest_first(found: Sequence[Pack], size_ms: int, to_ms: int) -> Iterator[tuple[int, int, int, int, int, bytes]]:
    """Cells with a duration by their longest, then by their latest: the input of ``longest``."""
    rows = np.concatenate([packs.cells_of(pack) for pack in found] or [np.empty((0, packs.WIDTH), np.int64)])
    rows = rows[rows[:, packs.MAX_DURATION_US] >= 0]
    longest, latest = -rows[:, packs.MAX_DURATION_US], 1 - np.minimum(rows[:, 0] + size_ms, to_ms)
    order = np.lexsort((latest, longest))
    for at in range(0, len(order), _LOOKED_AT):
        some = order[at : at + _LOOKED_AT]
        columns = (longest[some].tolist(), latest[some].tolist(), rows[some, packs.FUNCTION].tolist())
        yield from ((duration, end, 0, of, 0, b"") for duration, end, of in zip(*columns, strict=True))
