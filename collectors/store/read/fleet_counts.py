"""Counts of a fleet's invocations from packs, all functions at once; equal to those of ``invocation_counts``."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from collectors.store.read.count_sources import CELLS, ERRORS, INVOCATIONS, Clip, Count, ends, runs
from collectors.store.read.reader import Reader
from collectors.store.rollups import packs
from collectors.store.spans import MINUTE

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_COUNTS = ("start_ms", "function_id", "invocations", "errors")
_PLACES = list(map(packs.cell_column, _COUNTS))


def summed_of_fleet(
    reader: Reader, plan: Sequence[Clip], parts: int, function_ids: Sequence[int] | None
) -> dict[int, tuple[Count, ...]]:
    """By function id, (invocations, errors) in each part; equal to what ``count_sources.summed`` gives."""
    size = max((row.id for row in reader.functions()), default=0) + 1
    counts = np.zeros((2, parts, size), np.int64)
    seen = np.zeros(size, np.bool_)
    with reader.snapshot():
        _add(reader, plan, counts, seen, function_ids)
    wanted = np.flatnonzero(seen)
    if function_ids is not None:
        wanted = wanted[np.isin(wanted, function_ids)]
    if parts == 1:
        pairs = zip(*counts[:, 0, wanted].tolist(), strict=True)
        return {each: (pair,) for each, pair in zip(wanted.tolist(), pairs, strict=True)}
    invocations, errors = counts[:, :, wanted].transpose(0, 2, 1).tolist()
    return {
        each: tuple(zip(*of_one, strict=True))
        for each, of_one in zip(wanted.tolist(), zip(invocations, errors, strict=True), strict=True)
    }


def _add(
    reader: Reader,
    plan: Iterable[Clip],
    counts: Ints,
    seen: npt.NDArray[np.bool_],
    function_ids: Sequence[int] | None,
) -> None:
    """Adds the invocations and errors of each clip to ``counts``, and marks the known functions in ``seen``."""
    all_invocations, all_errors = counts
    for run, (logged, failed, cells), metered in _read(reader, plan, len(seen), function_ids):
        known, failures_known = ~np.isnan(metered)
        asked, failures = np.nan_to_num(np.rint(metered))
        by_metric = known & (asked > logged)
        invocations = np.where(by_metric, asked, logged).astype(np.int64)
        errors = np.where(by_metric & failures_known, failures, failed).astype(np.int64)
        parts = np.array([part for _, _, part in run])
        for part in sorted(set(parts.tolist())):  # np.unique imports masked arrays, which takes 15 ms at the first call
            all_invocations[part] += invocations[parts == part].sum(axis=0)
            all_errors[part] += errors[parts == part].sum(axis=0)
        seen |= (known | (cells > 0)).any(axis=0)


def _read(
    reader: Reader, plan: Iterable[Clip], size: int, function_ids: Sequence[int] | None
) -> Iterator[tuple[list[Clip], Ints, Floats]]:
    """Runs of clips with two arrays [figure, clip, function id]: figures of logs, and of metrics (NaN where unknown).

    Figures of logs are invocations, errors and number of cells (int64); of metrics invocations and errors (float64).
    """
    for grain, run in runs(plan):
        low, high = ends(run)
        logged = np.zeros((3, len(run), size), np.int64)
        starts, of, invocations, errors = _cells(reader, CELLS[grain], low, high, function_ids)
        clip_places = (starts - low) // grain if grain > MINUTE else np.zeros(len(starts), np.int64)
        if grain > MINUTE:  # each function has one cell
            logged[:, clip_places, of] = invocations, errors, np.ones_like(errors)
        else:
            for which, column in enumerate((invocations, errors, np.ones(len(starts), np.int64))):
                np.add.at(logged[which], (clip_places, of), column)
        metered = np.full((2, len(run), size), np.nan)
        for which, name in enumerate((INVOCATIONS, ERRORS)):
            packs_of_span = reader.metric_pieces(name, CELLS[grain], low, high, function_ids)
            if not packs_of_span:
                continue
            figures = np.concatenate([rows for _, rows in packs_of_span])
            times = np.repeat([start for start, _ in packs_of_span], [len(rows) for _, rows in packs_of_span])
            if grain > MINUTE:
                metered[which, (times - low) // grain, figures["function_id"]] = figures["total"]
                continue
            place = np.zeros(len(times), np.int64)
            sums = np.zeros((len(run), size))
            there = np.zeros((len(run), size), np.bool_)
            np.add.at(sums, (place, figures["function_id"]), figures["total"])
            there[place, figures["function_id"]] = True
            metered[which] = np.where(there, sums, np.nan)
        yield run, logged, metered


def _cells(
    reader: Reader, table: str, low: int, high: int, function_ids: Sequence[int] | None
) -> tuple[Ints, Ints, Ints, Ints]:
    """Start, function id, invocations and errors of each cell, each a column."""
    cell_rows = reader.packs_of(((table, low, high),), function_ids, by_week=False)
    if cell_rows is None:
        return _columns(reader, table, low, high)
    rows = np.concatenate([packs.cells_of(pack)[:, _PLACES] for pack in cell_rows] or [np.empty((0, 4), np.int64)])
    return _unpacked(rows)


def _columns(reader: Reader, table: str, low: int, high: int) -> tuple[Ints, Ints, Ints, Ints]:
    packed = reader.select(
        f"SELECT {', '.join(f'c.{name}' for name in _COUNTS)} FROM functions f CROSS JOIN"
        f" {table} c ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
        (low, high),
    )
    return _unpacked(np.array(packed, np.int64).reshape(-1, len(_COUNTS)))


def _unpacked(rows: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    starts, function_ids, invocations, errors = rows.T
    return starts, function_ids, invocations, errors
