"""What ``collectors.store.counted`` says of a fleet: all functions of a day or hour at once, from packs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from collectors.store import counted, packs
from collectors.store.counted import CELLS, ERRORS, INVOCATIONS, grain_of
from collectors.store.reader import Reader
from collectors.store.spans import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collectors.store.counted import Clip, Count

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_FEW_HOURS = 4_000  # of single functions on single days: more are read as the fleet's


def summed_of_fleet(
    reader: Reader, plan: "Sequence[Clip]", parts: int, function_ids: Sequence[int] | None
) -> "dict[int, tuple[Count, ...]]":
    """As ``counted.summed``."""
    size = max((row.id for row in reader.functions()), default=0) + 1
    counts = np.zeros((2, parts, size), np.int64)
    seen = np.zeros(size, np.bool_)
    with reader.snapshot():
        uneven = _add(reader, plan, counts, seen, function_ids, by_hour=False)
        pairs = sum(len(ids) for _, ids in uneven)
        if pairs * 24 <= _FEW_HOURS:
            for clip, ids in uneven:
                hours = [(at, at + HOUR, 0) for at in range(clip[0], clip[1], HOUR)]
                for function_id, (one,) in counted.summed(reader.select, hours, 1, ids).items():
                    counts[:, clip[2], function_id] += one
        else:
            for clip, ids in uneven:
                only = np.zeros(size, np.bool_)
                only[ids] = True
                hours = [(at, at + HOUR, clip[2]) for at in range(clip[0], clip[1], HOUR)]
                _add(reader, hours, counts, seen, function_ids, by_hour=True, only=only)
    wanted = np.flatnonzero(seen)
    if function_ids is not None:
        wanted = wanted[np.isin(wanted, function_ids)]
    rows = counts[:, :, wanted].transpose(2, 1, 0).tolist()
    return {each: tuple((one[0], one[1]) for one in row) for each, row in zip(wanted.tolist(), rows, strict=True)}


def _add(
    reader: Reader,
    plan: "Iterable[Clip]",
    counts: Ints,
    seen: npt.NDArray[np.bool_],
    function_ids: Sequence[int] | None,
    *,
    by_hour: bool,
    only: npt.NDArray[np.bool_] | None = None,
) -> "list[tuple[Clip, list[int]]]":
    """Adds what each clip counts; returns the days on which the sources differ, with their functions."""
    uneven: list[tuple[Clip, list[int]]] = []
    for run, logged, metered in _read(reader, plan, counts.shape[2], function_ids):
        parts = np.array([clip[2] for clip in run])
        known = ~np.isnan(metered[0])
        has_log = logged[2] > 0
        use = known & (np.nan_to_num(metered[0]) > logged[0])
        invocations = np.where(use, np.rint(np.nan_to_num(metered[0])), logged[0]).astype(np.int64)
        failed = use & ~np.isnan(metered[1])
        errors = np.where(failed, np.rint(np.nan_to_num(metered[1])), logged[1]).astype(np.int64)
        any_known = known | has_log
        if only is not None:
            any_known &= only
        if not by_hour and grain_of(run[0]) == DAY:
            differing = any_known & known & has_log & (metered[0] != logged[0])
            for at in np.flatnonzero(differing.any(axis=1)).tolist():
                uneven.append((run[at], np.flatnonzero(differing[at]).tolist()))
            taken = any_known & ~differing
        else:
            taken = any_known
        np.add.at(counts[0], parts, invocations * taken)
        np.add.at(counts[1], parts, errors * taken)
        seen |= any_known.any(axis=0)
    return uneven


def _read(
    reader: Reader, plan: "Iterable[Clip]", size: int, function_ids: Sequence[int] | None
) -> "Iterator[tuple[list[Clip], Ints, Floats]]":
    """Runs of clips, and of each clip and function: logs' count, errors and cells; metrics' count and errors or NaN."""
    for grain, run in counted.runs(plan):
        low, high = run[0][0], run[-1][1]
        logged = np.zeros((3, len(run), size), np.int64)
        starts, of, invocations, errors = _cells(reader, CELLS[grain], low, high, function_ids)
        at = (starts - low) // grain if grain > MINUTE else np.zeros(len(starts), np.int64)
        for which, column in enumerate((invocations, errors, np.ones(len(starts), np.int64))):
            np.add.at(logged[which], (at, of), column)
        metered = np.full((2, len(run), size), np.nan)
        for which, name in enumerate((INVOCATIONS, ERRORS)):
            found = reader.metric_pieces(name, CELLS[grain], low, high, function_ids)
            if not found:
                continue
            figures = np.concatenate([rows for _, rows in found])
            times = np.repeat([start for start, _ in found], [len(rows) for _, rows in found])
            place = (times - low) // grain if grain > MINUTE else np.zeros(len(times), np.int64)
            sums = np.zeros((len(run), size))
            there = np.zeros((len(run), size), np.bool_)
            np.add.at(sums, (place, figures["function_id"]), figures["total"])
            there[place, figures["function_id"]] = True
            metered[which] = np.where(there, sums, np.nan)
        yield run, logged, metered


def _cells(
    reader: Reader, table: str, low: int, high: int, function_ids: Sequence[int] | None
) -> tuple[Ints, Ints, Ints, Ints]:
    """Start, function, invocations and errors of each cell."""
    found = reader.packs_of(((table, low, high),), function_ids)
    if found is None:
        return _columns(reader, table, low, high)
    columns = [0, packs.FUNCTION, packs.INVOCATIONS, packs.ERRORS]
    rows = np.concatenate([packs.cells_of(pack)[:, columns] for pack in found] or [np.empty((0, 4), np.int64)])
    return rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]


def _columns(reader: Reader, table: str, low: int, high: int) -> tuple[Ints, Ints, Ints, Ints]:
    found = reader.select(
        "SELECT c.start_ms, c.function_id, c.invocations, c.errors FROM functions f CROSS JOIN"
        f" {table} c ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?",
        (low, high),
    )
    rows = np.array(found, np.int64).reshape(-1, 4)
    return rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]
