"""Sums of a span over a whole fleet, from packs: numpy adds up all functions of a pack at once.

Arrays have a place for each function id up to the largest, because ids begin at 1 without gaps. Every figure equals
that which ``collectors.store.read.span_sums`` reads from cells.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from collectors.store.read.rows import DAY_COLUMNS, PERCENTILES, USAGE, Quantiles, SpanUsage, Totals, totals_of
from collectors.store.rollups import packs
from collectors.store.rollups.equal_parts import EqualParts
from collectors.store.rollups.histogram import quantiles_of_runs
from collectors.store.rollups.packs import Ints, Pack

_LOOKED_AT = 512  # cells examined at once: few of them are ever opened
_INVOCATIONS, _MAX_DURATION_US = map(packs.cell_column, ("invocations", "max_duration_us"))
_USAGE = list(map(packs.cell_column, USAGE))
_DAY = list(map(packs.cell_column, DAY_COLUMNS))
_ERROR_FUNCTION, _ERROR, _OCCURRENCES = map(packs.error_column, packs.ERROR_COLUMNS)


def totals(span: Sequence[Pack]) -> list[Totals]:
    """Sums of each function that has a cell, by id."""
    size = packs.most_id(span) + 1
    sums = np.zeros((size, packs.SUMS.stop - packs.SUMS.start), np.int64)
    maxima = np.full((size, packs.MAXIMA.stop - packs.MAXIMA.start), -1, np.int64)
    last_ms = np.full(size, np.iinfo(np.int64).min, np.int64)
    known = {column: np.full(size, -1, np.int64) for column in (*packs.NEWEST_KNOWN, *packs.KNOWN_SUMS)}
    seen = np.zeros(size, np.bool_)
    for pack in span:
        cells = packs.cells_of(pack)
        of = cells[:, packs.FUNCTION]
        seen[of] = True
        sums[of] += cells[:, packs.SUMS]
        maxima[of] = np.maximum(maxima[of], cells[:, packs.MAXIMA])
        last_ms[of] = np.maximum(last_ms[of], cells[:, packs.LAST_MS])
        for column in packs.NEWEST_KNOWN:
            has_value = cells[:, column] >= 0
            known[column][of[has_value]] = cells[has_value, column]
        for column in packs.KNOWN_SUMS:
            has_value = cells[:, column] >= 0
            if has_value.any():
                known[column][of[has_value]] = np.maximum(known[column][of[has_value]], 0) + cells[has_value, column]
    ids = np.flatnonzero(seen)
    rows = np.empty((len(ids), len(packs.CELL_COLUMNS)), np.int64)
    rows[:, packs.FUNCTION], rows[:, packs.LAST_MS] = ids, last_ms[ids]
    rows[:, packs.SUMS], rows[:, packs.MAXIMA] = sums[ids], maxima[ids]
    for column, figures in known.items():
        rows[:, column] = figures[ids]
    return totals_of(packs.CELL_COLUMNS, rows)


def usage(span: Sequence[Pack]) -> list[SpanUsage]:
    """The sums that bills are made of, for each function that has a cell, by id."""
    most_id = packs.most_id(span)
    sums = np.zeros((most_id + 1, len(_USAGE)), np.int64)
    seen = np.zeros(most_id + 1, np.bool_)
    for pack in span:
        cells = packs.cells_of(pack)
        of = cells[:, packs.FUNCTION]
        seen[of] = True
        sums[of] += cells[:, _USAGE]
    ids = np.flatnonzero(seen)
    return [SpanUsage(*row) for row in zip(ids.tolist(), *sums[ids].T.tolist(), strict=True)]


def latency(span: Sequence[Pack]) -> dict[int, Quantiles]:
    """The percentiles of each function that has a duration, by id."""
    totals, answers = quantiles_of_runs(packs.counted(span), PERCENTILES)
    ids = np.flatnonzero(totals)
    rows = zip(ids.tolist(), totals[ids].tolist(), *(answer[ids].tolist() for answer in answers), strict=True)
    return {function_id: Quantiles(*figures) for function_id, *figures in rows}


def errors(span: Sequence[Pack]) -> dict[int, tuple[int, int]]:
    """By error id: the function's id and the error's occurrences."""
    rows = np.concatenate(
        [packs.errors_of(pack) for pack in span] or [np.empty((0, len(packs.ERROR_COLUMNS)), np.int64)]
    )
    ids, first, place = np.unique(rows[:, _ERROR], return_index=True, return_inverse=True)
    counts = np.zeros(len(ids), np.int64)
    np.add.at(counts, place, rows[:, _OCCURRENCES])
    of = rows[first, _ERROR_FUNCTION]
    return dict(zip(ids.tolist(), zip(of.tolist(), counts.tolist(), strict=True), strict=True))


def days(span: Sequence[Pack]) -> Ints:
    """An int64 matrix with a row for each cell and the columns ``DAY_COLUMNS``, sorted by function, then time."""
    rows = np.concatenate([packs.cells_of(pack)[:, _DAY] for pack in span] or [np.empty((0, len(_DAY)), np.int64)])
    return rows[np.argsort(rows[:, DAY_COLUMNS.index("function_id")], kind="stable")]


def invocations_by_step(span: Sequence[Pack], parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """By function id, the invocations in each part; a cell counts in the part in which it begins."""
    counts = np.zeros((packs.most_id(span) + 1, parts.number), np.int64)
    seen = np.zeros(len(counts), np.bool_)
    for pack in span:
        cells = packs.cells_of(pack)
        counts[cells[:, packs.FUNCTION], parts.place(pack.start_ms)] += cells[:, _INVOCATIONS]
        seen[cells[:, packs.FUNCTION]] = True
    ids = np.flatnonzero(seen)
    return dict(zip(ids.tolist(), map(tuple, counts[ids].tolist()), strict=True))


def errors_by_step(span: Sequence[Pack], parts: EqualParts) -> dict[int, tuple[int, ...]]:
    """By error id, the occurrences in each part; a cell counts in the part in which it begins."""
    rows = [packs.errors_of(pack) for pack in span]
    most_id = max((int(of_pack[:, _ERROR].max()) for of_pack in rows if len(of_pack)), default=0)
    counts = np.zeros((most_id + 1, parts.number), np.int64)
    for pack, of_pack in zip(span, rows, strict=True):
        np.add.at(counts[:, parts.place(pack.start_ms)], of_pack[:, _ERROR], of_pack[:, _OCCURRENCES])
    ids = np.flatnonzero(counts.any(axis=1))
    return dict(zip(ids.tolist(), map(tuple, counts[ids].tolist()), strict=True))


def longest_first(span: Sequence[Pack], size_ms: int, to_ms: int) -> Iterator[tuple[int, int, int]]:
    """Cells with a duration as (-longest duration in us, -latest ms, function id), sorted: the longest first.

    The latest is the last millisecond before ``to_ms`` in a cell of ``size_ms``.
    """
    rows = np.concatenate([packs.cells_of(pack) for pack in span] or [packs.no_cells()])
    rows = rows[rows[:, _MAX_DURATION_US] >= 0]
    longest, latest = -rows[:, _MAX_DURATION_US], 1 - np.minimum(rows[:, packs.START] + size_ms, to_ms)
    order = np.lexsort((latest, longest))
    for begin in range(0, len(order), _LOOKED_AT):
        block = order[begin : begin + _LOOKED_AT]
        yield from zip(
            longest[block].tolist(), latest[block].tolist(), rows[block, packs.FUNCTION].tolist(), strict=True
        )
