"""Rollup cells: what happened to one function in one minute, hour or day, summed from invocations or finer cells.

New rows, known by their keys to be new, are added to their minute in the transaction that writes them; a minute whose
rows changed is summed anew from its rows, hours always from their minutes and days from their hours. So no cell counts
a row twice, whatever is imported again, and in whatever order.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from collectors.model.records import Parts, Status
from collectors.store.integrity.cell_checksum import CELL_NUMBERS, NOTHING, PRIME, WEIGHTS
from collectors.store.integrity.checksums import Damaged, exact_cell_sum
from collectors.store.integrity.table_checksums import added
from collectors.store.rollups import insights_cells
from collectors.store.rollups.dirty_packs import mark
from collectors.store.rollups.histogram import BUCKETS, PAIR, bucket_of
from collectors.store.schema import GRAINS

Ints = npt.NDArray[np.int64]
Minute = tuple[int, int]  # function_id, start_ms
Spans = Sequence[tuple[int, int, int]]  # function_id, from_ms, to_ms

SUMS = 10  # invocations .. init_us
COLUMNS = 19
_LAST = 17  # of the columns of a row but its sums
_LARGE = 1 << 55  # sums of such numbers may pass what an integer holds
_NULLS = frozenset(CELL_NUMBERS.index(name) for name in ("max_duration_us", "max_memory_mb", "memory_mb"))
_PLACES = ", ".join("?" * COLUMNS)
MEASURES = "function_id, start_ms, parts, status, duration_us, billed_ms, memory_mb, max_memory_mb, init_us, restore_us"


@dataclass(slots=True)
class Measures:
    """Columns of cells or of invocations, sorted by function and time. Unknown maxima are -1."""

    function_id: Ints
    start_ms: Ints
    sums: Ints  # SUMS columns
    max_duration_us: Ints
    max_memory_mb: Ints
    memory_mb: Ints
    last_ms: Ints
    bucket_row: Ints  # histogram pairs: the row each belongs to, its bucket and count
    bucket: Ints
    bucket_count: Ints


def of_invocations(function_id: Ints, columns: Mapping[str, Ints]) -> Measures:
    """Measures of invocations, given by the columns of ``collectors.store.columns`` (-1 where unknown)."""
    start_ms, status, duration = columns["start_ms"], columns["status"], columns["duration_us"]
    billed = np.maximum(columns["billed_ms"], 0)
    sums = np.empty((len(start_ms), SUMS), np.int64)
    sums[:, 0] = 1
    sums[:, 1] = (columns["parts"] & Parts.REPORT) > 0
    sums[:, 2] = (status > Status.OK) & (status < Status.UNKNOWN)
    sums[:, 3] = status == Status.TIMEOUT
    sums[:, 4] = status == Status.OUT_OF_MEMORY
    sums[:, 5] = (columns["init_us"] >= 0) | (columns["restore_us"] >= 0)
    sums[:, 6] = billed
    sums[:, 7] = billed * np.maximum(columns["memory_mb"], 0)
    sums[:, 8] = np.maximum(duration, 0)
    sums[:, 9] = np.maximum(columns["init_us"], 0)
    timed = np.flatnonzero(duration >= 0)
    return Measures(
        function_id,
        start_ms,
        sums,
        duration,
        columns["max_memory_mb"],
        columns["memory_mb"],
        start_ms,
        timed,
        bucket_of(duration[timed]),
        np.ones(len(timed), np.int64),
    )


def _or_minus_one(column: Sequence[Any]) -> Ints:
    return np.array([-1 if value is None else value for value in column], np.int64)


def of_cells(rows: Sequence[tuple[Any, ...]]) -> Measures:
    """Measures of finer cells, as they are stored. Raises Damaged."""
    columns = list(zip(*rows, strict=True))
    blobs: list[bytes] = list(columns[16])
    numbers = np.array(
        [column if at not in _NULLS else _or_minus_one(column) for at, column in enumerate(columns[:16])], np.int64
    )
    sums = np.array([list(map(crc32, blobs)), np.zeros(len(blobs), np.int64)])
    sums[1] = _sums_of([*numbers, sums[0]])
    if [*map(list, columns[_LAST:])] != sums.tolist():
        raise Damaged("malformed: a cell does not agree with its checksum")
    pairs = np.frombuffer(b"".join(blobs), PAIR)
    sizes = np.fromiter(map(len, blobs), np.int64, len(blobs)) // PAIR.itemsize
    return Measures(
        numbers[0],
        numbers[1],
        numbers[2:12].T,
        numbers[12],
        numbers[13],
        numbers[14],
        numbers[15],
        np.repeat(np.arange(len(blobs)), sizes),
        pairs["bucket"].astype(np.int64),
        pairs["count"].astype(np.int64),
    )


def folded(measures: Measures, grain_ms: int) -> list[tuple[Any, ...]]:
    """Sums into cells of ``grain_ms``: rows as they are stored. The measures are sorted by function and time."""
    if not len(measures.start_ms):
        return []
    cell_start = measures.start_ms // grain_ms * grain_ms
    changes = (np.diff(measures.function_id) != 0) | (np.diff(cell_start) != 0)
    firsts = np.concatenate(([0], np.flatnonzero(changes) + 1))
    sums = np.add.reduceat(measures.sums, firsts, axis=0)
    lasts = np.concatenate((firsts[1:], [len(cell_start)])) - 1
    memory = np.where(
        measures.memory_mb[lasts] >= 0, measures.memory_mb[lasts], np.maximum.reduceat(measures.memory_mb, firsts)
    )
    maxima = (
        np.maximum.reduceat(measures.max_duration_us, firsts),
        np.maximum.reduceat(measures.max_memory_mb, firsts),
        memory,
    )
    columns = [
        measures.function_id[firsts],
        cell_start[firsts],
        *sums.T,
        *maxima,
        np.maximum.reduceat(measures.last_ms, firsts),
    ]
    histograms = _histograms(measures, firsts)
    of_latency = np.fromiter(map(crc32, histograms), np.int64, len(histograms))
    return list(
        zip(
            *(_or_none(column) if at in _NULLS else column.tolist() for at, column in enumerate(columns)),
            histograms,
            of_latency.tolist(),
            _sums_of([*columns, of_latency]).tolist(),
            strict=True,
        )
    )


def _or_none(column: Ints) -> list[int | None]:
    return [None if value < 0 else value for value in column.tolist()]


def _sums_of(columns: Sequence[Ints]) -> Ints:
    """The sum of each cell, of which only maxima may be unknown (-1)."""
    total = np.zeros(len(columns[0]), np.int64)
    large = np.zeros(len(total), np.bool_)
    for at, (weight, column) in enumerate(zip(WEIGHTS, columns, strict=False)):
        known = np.where(column < 0, NOTHING, column) if at in _NULLS else column
        total += np.int64(weight) * known
        large |= (column > _LARGE) | (column < -_LARGE)
    found: Ints = np.fmod(total, PRIME)
    for at in np.flatnonzero(large).tolist():
        numbers = [int(column[at]) for column in columns]
        found[at] = exact_cell_sum(
            [None if each < 0 and place in _NULLS else each for place, each in enumerate(numbers)]
        )
    return found


def summed(cell: tuple[Any, ...]) -> tuple[Any, ...]:
    """A cell of another table, which has the columns but no sums, with these."""
    of_latency = crc32(cell[16])
    return (*cell[:_LAST], of_latency, exact_cell_sum([*cell[:16], of_latency]))


def _histograms(measures: Measures, firsts: Ints) -> list[bytes]:
    """The packed histogram of each cell, all cells in one pass."""
    cell_of_row = np.zeros(len(measures.start_ms), np.int64)
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


def insert(connection: sqlite3.Connection, table: str, cells: Iterable[tuple[Any, ...]]) -> None:
    rows = list(cells)
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({_PLACES})", rows)
    if rows:
        added(connection, table, len(rows), sum(row[-1] for row in rows))


def add(connection: sqlite3.Connection, new: Sequence[tuple[Any, ...]]) -> None:
    """Adds minutes of new rows to those minutes as they stand."""
    both = list(new)
    for cell in new:
        both += connection.execute("SELECT * FROM minute_cells WHERE function_id = ? AND start_ms = ?", cell[:2])
    if both:
        both.sort(key=lambda cell: (cell[0], cell[1], cell[15]))
        insert(connection, "minute_cells", folded(of_cells(both), GRAINS["minute_cells"]))


def recount(connection: sqlite3.Connection, spans: Spans) -> None:
    """Sums the minutes of each span (aligned to minutes) anew from the invocations that lie in it."""
    rows: list[tuple[Any, ...]] = []
    for span in spans:
        for table in ("minute_cells", "minute_cells_errors"):
            connection.execute(
                f"DELETE FROM {table} WHERE function_id = ? AND start_ms >= ? AND start_ms < ?",
                span,
            )
        rows += connection.execute(
            f"SELECT {MEASURES} FROM invocations WHERE function_id = ? AND start_ms >= ? AND start_ms < ?",
            span,
        )
        connection.execute(
            "INSERT INTO minute_cells_errors SELECT function_id, start_ms / 60000 * 60000, error_id, count(*)"
            " FROM invocations WHERE function_id = ? AND start_ms >= ? AND start_ms < ? AND error_id IS NOT NULL"
            " GROUP BY 1, 2, 3",
            span,
        )
    insert(connection, "minute_cells", minutes_of(rows))


def minutes_of(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The minutes of rows of ``MEASURES``, which are sorted by function and time."""
    if not rows:
        return []
    columns = [_or_minus_one(column) for column in zip(*rows, strict=True)]
    measures = of_invocations(columns[0], dict(zip(MEASURES.split(", ")[1:], columns[1:], strict=True)))
    return folded(measures, GRAINS["minute_cells"])


def carry_up(
    connection: sqlite3.Connection,
    anew: Set[Minute],
    grown: Set[Minute] = frozenset(),
    failed: Set[Minute] = frozenset(),
) -> None:
    """Sums the hours of the given (function_id, minute start) anew from their minutes, and the days from the hours.

    ``anew`` are minutes that may have lost something, ``grown`` those that only gained rows, ``failed`` those of them
    that gained errors: what cannot have changed is not written again.
    """
    finer = "minute_cells"
    for table in ("hour_cells", "day_cells"):
        grain_ms = GRAINS[table]
        anew, grown, failed = (
            {(function_id, start // grain_ms * grain_ms) for function_id, start in those}
            for those in (anew, grown, failed)
        )
        spans = [(function_id, start, start + grain_ms) for function_id, start in sorted(anew | grown)]
        mark(connection, table, {start for _, start, _ in spans})
        rows: list[tuple[Any, ...]] = []
        where = "WHERE function_id = ? AND start_ms >= ? AND start_ms < ?"
        for span in spans:
            if span[:2] in anew:
                connection.execute(f"DELETE FROM {table} {where}", span)
                connection.execute(f"DELETE FROM {table}_errors {where}", span)
            rows += connection.execute(f"SELECT * FROM {finer} {where}", span)
            if span[:2] in anew or span[:2] in failed:
                connection.execute(
                    f"INSERT OR REPLACE INTO {table}_errors SELECT function_id, ?, error_id, sum(occurrences)"
                    f" FROM {finer}_errors {where} GROUP BY function_id, error_id",
                    (span[1], *span),
                )
        found = folded(of_cells(rows), grain_ms) if rows else []
        if table == "hour_cells":
            found = insights_cells.instead(connection, spans, found)
        insert(connection, table, found)
        finer = table
