"""Makes cells: columns of invocations or of finer cells as arrays, summed by function and time.

A cell is a tuple of the columns ``tables.cells.CELL``; ``tables.cells`` also says how each column is summed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from collectors.model.quantities import MEASURED, QUANTITIES
from collectors.model.records import Parts, Status
from collectors.store.integrity.cell_checksum import CELL_SUMMED, NULL_NUMBER, PRIME, WEIGHTS
from collectors.store.integrity.checksums import Damaged, exact_cell_sum
from collectors.store.rollups.histogram import BUCKETS, PAIR, bucket_of
from collectors.store.schema import GRAINS
from collectors.store.tables.cells import CELL, CELL_NULLS, CELL_NUMBERS, MINUTE_CELLS
from collectors.store.tables.column import LAST, MAX, SUM

Ints = npt.NDArray[np.int64]
Cell = tuple[Any, ...]
Invocations = Mapping[str, Ints]

MEASURES = ("function_id", "start_ms", "parts", "status", *MEASURED)
"""The columns of an invocation from which cells are made."""
_COLUMNS = tuple(column for column in MINUTE_CELLS if column.name in CELL_NUMBERS)
_UNKNOWN = -1  # stands for null in arrays
_LARGE = 1 << 55  # sums of such numbers may exceed an int64


def cell_places(*names: str) -> Callable[[Cell], Any]:
    """A function that takes these columns out of a cell: one value for one name, a tuple for several."""
    return itemgetter(*map(CELL.index, names))


key_of = cell_places("function_id", "start_ms")
_latency_of = cell_places("latency")
_numbers_of = cell_places(*CELL_NUMBERS)


@dataclass(slots=True)
class Measures:
    """Columns of cells or of invocations, sorted by function and time.

    ``numbers`` are int64 arrays [row] by the names of ``CELL_NUMBERS``, -1 where a value is null. The pairs of all
    rows' histograms stand one after another: ``bucket_row`` is a pair's row, ``bucket`` and ``bucket_count`` are the
    pair.
    """

    numbers: dict[str, Ints]
    bucket_row: Ints
    bucket: Ints
    bucket_count: Ints


def _billed_mb_ms(rows: Invocations) -> Ints:
    product: Ints = np.maximum(rows["billed_ms"], 0) * np.maximum(rows["memory_mb"], 0)
    return product


# Columns that count something which is in no single column of an invocation.
_COUNTED: dict[str, Callable[[Invocations], npt.NDArray[Any]]] = {
    "invocations": lambda rows: np.ones(len(rows["start_ms"]), np.int64),
    "reports": lambda rows: (rows["parts"] & Parts.REPORT) > 0,
    "errors": lambda rows: (rows["status"] > Status.OK) & (rows["status"] < Status.UNKNOWN),
    "timeouts": lambda rows: rows["status"] == Status.TIMEOUT,
    "out_of_memory": lambda rows: rows["status"] == Status.OUT_OF_MEMORY,
    "cold_starts": lambda rows: (rows["init_us"] >= 0) | (rows["restore_us"] >= 0),
    "billed_mb_ms": _billed_mb_ms,
}


def of_invocations(function_id: Ints, rows: Invocations) -> Measures:
    """Measures of invocations; ``rows`` has the columns ``MEASURES`` by name, -1 where a value is unknown."""
    numbers: dict[str, Ints] = {"function_id": function_id, "start_ms": rows["start_ms"]}
    for column in _COLUMNS:
        if column.of:
            known = rows[column.of]
            numbers[column.name] = np.maximum(known, 0) if column.fold == SUM and not column.null else known
        elif column.fold:
            numbers[column.name] = _COUNTED[column.name](rows).astype(np.int64, copy=False)
    duration = rows["duration_us"]
    timed = np.flatnonzero(duration >= 0)
    return Measures(numbers, timed, bucket_of(duration[timed]), np.ones(len(timed), np.int64))


def _with_unknown(column: Sequence[Any]) -> Ints:
    return np.array([_UNKNOWN if value is None else value for value in column], np.int64)


def of_cells(cells: Sequence[Cell]) -> Measures:
    """Measures of finer cells. Raises Damaged where a cell does not agree with its checksums."""
    columns = dict(zip(CELL, zip(*cells, strict=True), strict=True))
    blobs: list[bytes] = list(columns["latency"])
    numbers = {
        name: _with_unknown(columns[name]) if name in CELL_NULLS else np.array(columns[name], np.int64)
        for name in CELL_NUMBERS
    }
    of_latency = np.fromiter(map(crc32, blobs), np.int64, len(blobs))
    sums = checksums_of({**numbers, "latency_sum": of_latency})
    if list(columns["latency_sum"]) != of_latency.tolist() or list(columns["sum"]) != sums.tolist():
        raise Damaged("malformed: a cell does not agree with its checksum")
    pairs = np.frombuffer(b"".join(blobs), PAIR)
    sizes = np.fromiter(map(len, blobs), np.int64, len(blobs)) // PAIR.itemsize
    return Measures(
        numbers,
        np.repeat(np.arange(len(blobs)), sizes),
        pairs["bucket"].astype(np.int64),
        pairs["count"].astype(np.int64),
    )


def minutes_of(rows: Sequence[tuple[Any, ...]]) -> list[Cell]:
    """The minutes of rows with the columns ``MEASURES``, which are sorted by function and time."""
    if not rows:
        return []
    columns = dict(zip(MEASURES, map(_with_unknown, zip(*rows, strict=True)), strict=True))
    return aggregate(of_invocations(columns["function_id"], columns), GRAINS["minute_cells"])


def aggregate(measures: Measures, grain_ms: int) -> list[Cell]:
    """Sums measures, which are sorted by function and time, into cells of ``grain_ms``."""
    function_id, start_ms = measures.numbers["function_id"], measures.numbers["start_ms"]
    if not len(start_ms):
        return []
    cell_start = start_ms // grain_ms * grain_ms
    changes = (np.diff(function_id) != 0) | (np.diff(cell_start) != 0)
    firsts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    lasts = np.concatenate((firsts[1:], [len(cell_start)])) - 1
    columns: dict[str, Ints] = {"function_id": function_id[firsts], "start_ms": cell_start[firsts]}
    for column in _COLUMNS:
        values = measures.numbers[column.name]
        if column.fold == SUM and column.null:
            total = np.add.reduceat(np.maximum(values, 0), firsts)
            columns[column.name] = np.where(np.maximum.reduceat(values, firsts) < 0, _UNKNOWN, total)
        elif column.fold == SUM:
            columns[column.name] = np.add.reduceat(values, firsts)
        elif column.fold in (MAX, LAST):
            largest = np.maximum.reduceat(values, firsts)
            newest = values[lasts]
            columns[column.name] = np.where(newest >= 0, newest, largest) if column.fold == LAST else largest
    histograms = _histograms(measures, firsts)
    of_latency = np.fromiter(map(crc32, histograms), np.int64, len(histograms))
    columns["latency_sum"] = of_latency
    return list(
        zip(
            *(_or_none(columns[name]) if name in CELL_NULLS else columns[name].tolist() for name in CELL_NUMBERS),
            histograms,
            of_latency.tolist(),
            checksums_of(columns).tolist(),
            strict=True,
        )
    )


def _or_none(column: Ints) -> list[int | None]:
    return [None if value < 0 else value for value in column.tolist()]


def checksums_of(columns: Mapping[str, Ints]) -> Ints:
    """The checksum of each cell; columns are int64 [cell] by name, -1 where they are null."""
    total = np.zeros(len(columns["latency_sum"]), np.int64)
    large = np.zeros(len(total), np.bool_)
    for names, later in ((CELL_SUMMED, False), (QUANTITIES, True)):
        for weight, name in zip(WEIGHTS, names, strict=False):
            column = columns[name]
            counted = column
            if later:
                counted = np.where(column < 0, 0, column + NULL_NUMBER)
            elif name in CELL_NULLS:
                counted = np.where(column < 0, NULL_NUMBER, column)
            total += np.int64(weight) * counted
            large |= (column > _LARGE) | (column < -_LARGE)
    sums: Ints = np.fmod(total, PRIME)
    for place in np.flatnonzero(large).tolist():
        numbers, quantities = (
            [None if columns[name][place] < 0 and name in CELL_NULLS else int(columns[name][place]) for name in names]
            for names in (CELL_SUMMED, QUANTITIES)
        )
        sums[place] = exact_cell_sum(numbers, quantities)
    return sums


def summed(numbers: Mapping[str, int | None], latency: bytes) -> Cell:
    """A cell with these numbers (null where a name is missing), with its checksums."""
    of_latency = crc32(latency)
    counted = {**numbers, "latency_sum": of_latency}
    total = exact_cell_sum([counted[name] for name in CELL_SUMMED], [counted.get(name) for name in QUANTITIES])
    return (*map(numbers.get, CELL_NUMBERS), latency, of_latency, total)


def is_sound(cell: Cell) -> bool:
    """Whether a stored cell agrees with its checksums. Raises TypeError, ValueError, OverflowError."""
    return summed(dict(zip(CELL_NUMBERS, _numbers_of(cell), strict=True)), _latency_of(cell)) == cell


def _histograms(measures: Measures, firsts: Ints) -> list[bytes]:
    """The packed histogram of each cell, all of them in one pass; ``firsts`` are the first rows of the cells."""
    cell_of_row = np.zeros(len(measures.numbers["start_ms"]), np.int64)
    cell_of_row[firsts[1:]] = 1
    cell_of_row = cell_of_row.cumsum()
    flat = cell_of_row[measures.bucket_row] * BUCKETS + measures.bucket
    order = np.argsort(flat, kind="stable")
    flat = flat[order]
    if not len(flat):
        return [b""] * len(firsts)
    heads = np.concatenate(([0], np.flatnonzero(np.diff(flat)) + 1))
    pairs = np.empty(len(heads), PAIR)
    pairs["bucket"] = flat[heads] % BUCKETS
    pairs["count"] = np.add.reduceat(measures.bucket_count[order], heads)
    edges = np.searchsorted(flat[heads], np.arange(len(firsts) + 1) * BUCKETS) * PAIR.itemsize
    packed = pairs.tobytes()
    return [packed[low:high] for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]
