"""Packs: the cells of all functions in one minute, hour or day as one row, for questions about a whole fleet.

Cells lie by function and time, so a question about 500 functions is 500 runs of rows; by packs it is one run of a few.
A pack repeats its cells and holds nothing else. Whoever changes a cell marks its packs in the same transaction, and
the writer makes the marked ones anew when it leaves. Until then a reader makes them for itself, from the cells, by the
same function. Minutes are packed for the newest hours alone, and hours for two weeks; of older ones the cells are read.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from collectors.store.integrity.checksums import sealed, unsealed
from collectors.store.rollups.dirty_packs import NO_PACK, PACKS, packed_since, runs
from collectors.store.rollups.histogram import BUCKETS, PAIR
from collectors.store.schema import GRAINS
from collectors.store.spans import HOUR, MINUTE, WEEK
from collectors.store.transactions import undo

Ints = npt.NDArray[np.int64]

INT = np.dtype("<i8")
PARTS = ("cells", "errors", "latency")  # each is kept sealed with what stands beside it
ROW = "start_ms, cells, errors, latency, invocations, failures, last_ms"
WIDTH = 17  # of a row of ``cells``: what _CELL says, the last how many pairs of ``latency`` are its own
ERRORS_WIDTH = 3  # function_id, error_id, occurrences
_MOST_MADE = 4  # packs that a reader makes for itself; more are summed sooner by SQLite
_MOST_MINUTES = 15

_CELL = (
    "c.start_ms, c.function_id, c.invocations, c.reports, c.errors, c.timeouts, c.out_of_memory, c.cold_starts,"
    " c.billed_ms, c.billed_mb_ms, c.duration_us, c.init_us, coalesce(c.max_duration_us, -1),"
    f" coalesce(c.max_memory_mb, -1), coalesce(c.memory_mb, -1), c.last_ms, length(c.latency) / {PAIR.itemsize}"
)
FUNCTION, INVOCATIONS, REPORTS, ERRORS, BILLED_MS, BILLED_MB_MS = 1, 2, 3, 4, 8, 9
SUMS, MAXIMA = slice(2, 12), slice(12, 14)
MAX_DURATION_US, MEMORY_MB, LAST_MS, PAIRS = 12, 14, 15, 16
_IN_SPAN = "ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?"


class Pack(NamedTuple):
    """Rows of cells and of errors, by function, as little-endian int64; the cells' histograms one after another."""

    start_ms: int
    cells: bytes
    errors: bytes
    latency: bytes


def read(
    connection: sqlite3.Connection, table: str, low: int, high: int, part: str = "cells", *, by_week: bool = False
) -> list[Pack] | None:
    """The packs of a table's cells that begin in ``[low, high)``, in order of time, with no other part than asked for.

    ``latency`` comes with its cells. ``by_week`` takes whole weeks for their days. None where too many are marked:
    then the cells answer sooner.
    """
    if by_week and table == "day_cells":
        weeks = [row for row in _kept(connection, "week_packs", low, high - WEEK + 1, part) if not row[4]]
        edges = [low, *chain.from_iterable((week[0], week[0] + WEEK) for week in weeks), high]
        between = [read(connection, table, edges[at], edges[at + 1], part) for at in range(0, len(edges), 2)]
        known = [days for days in between if days is not None]
        if len(known) < len(between):
            return None
        return sorted([*chain.from_iterable(known), *(Pack(*week[:4]) for week in weeks)])
    found = _kept(connection, PACKS[table], low, high, part)
    if table == "minute_cells":
        missing = unpacked(connection, low, high)
        most = _MOST_MINUTES * MINUTE
    else:
        missing = list(runs((row[0] for row in found if row[4]), GRAINS[table]))
        most = _MOST_MADE * GRAINS[table]
    packs = [Pack(*row[:4]) for row in found if not row[4]]
    if missing:
        if sum(end - begin for begin, end in missing) > most:
            return None
        packs += [pack for begin, end in missing for pack in made(connection, table, begin, end, (part,))]
        packs.sort()
    return packs


def _kept(connection: sqlite3.Connection, table: str, low: int, high: int, part: str) -> list[tuple[Any, ...]]:
    """Rows of a table of packs: the packs' fields, and whether it is marked."""
    columns = ", ".join(each if each == part or (each, part) == ("cells", "latency") else "NULL" for each in PARTS)
    rows = connection.execute(
        f"SELECT start_ms, {columns}, invocations, failures, last_ms FROM {table}"
        " WHERE start_ms >= ? AND start_ms < ? ORDER BY start_ms",
        (low, high),
    )
    return [(*row[:4], True) if row[4] is None else (*_opened(row), False) for row in rows]


def _opened(row: Sequence[Any]) -> Pack:
    """A pack, of a row of its parts, null where they are not wanted, and what is said beside. Raises Damaged."""
    start, cells, errors, latency, invocations, failures, last_ms = row
    about = start, invocations, failures, last_ms
    return Pack(start, *(b"" if part is None else unsealed(part, *about) for part in (cells, errors, latency)))


def unpacked(connection: sqlite3.Connection, low: int, high: int) -> list[tuple[int, int]]:
    """Those parts of a span, hour by hour, whose minutes are not packed."""
    hours = connection.execute(
        "SELECT h.start_ms FROM hour_packs h WHERE h.start_ms > ? AND h.start_ms < ? AND NOT EXISTS ("
        "SELECT 1 FROM minute_packs m WHERE m.start_ms >= h.start_ms AND m.start_ms < h.start_ms + 3600000)",
        (low - HOUR, high),
    )
    return [(max(low, hour), min(high, hour + HOUR)) for (hour,) in hours]


def made(connection: sqlite3.Connection, table: str, low: int, high: int, parts: Collection[str] = PARTS) -> list[Pack]:
    """The packs of the cells that begin in ``[low, high)``, made of these; those without any are absent."""
    latency = "c.latency" if "latency" in parts else "x''"
    rows = connection.execute(
        f"SELECT {_CELL}, {latency} FROM functions f CROSS JOIN {table} c {_IN_SPAN}", (low, high)
    ).fetchall()
    if not rows:
        return []
    rows.sort()  # by time, then function: there are no two cells of both
    *columns, blobs = zip(*rows, strict=True)
    cells = np.array(columns, INT).T
    failed: Ints = np.empty((0, 1 + ERRORS_WIDTH), INT)
    if "errors" in parts:
        found = connection.execute(
            "SELECT c.start_ms, c.function_id, c.error_id, c.occurrences"
            f" FROM functions f CROSS JOIN {table}_errors c {_IN_SPAN}",
            (low, high),
        ).fetchall()
        failed = np.array(sorted(found), INT).reshape(-1, 1 + ERRORS_WIDTH)
    firsts = np.concatenate(([0], np.flatnonzero(np.diff(cells[:, 0])) + 1, [len(cells)]))
    starts = cells[firsts[:-1], 0]
    edges = np.append(np.searchsorted(failed[:, 0], starts), len(failed))
    return [
        Pack(start, cells[a:b].tobytes(), failed[c:d, 1:].tobytes(), b"".join(blobs[a:b]))
        for start, (a, b), (c, d) in zip(
            starts.tolist(), pairwise(firsts.tolist()), pairwise(edges.tolist()), strict=True
        )
    ]


def cells_of(pack: Pack) -> Ints:
    return np.frombuffer(pack.cells, INT).reshape(-1, WIDTH)


def errors_of(pack: Pack) -> Ints:
    return np.frombuffer(pack.errors, INT).reshape(-1, ERRORS_WIDTH)


def uneven(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the packs that are made, a line each; [] when nothing is."""
    problems = []
    for table, packed in PACKS.items():
        sql = f"SELECT start_ms FROM {packed} WHERE invocations IS NOT NULL ORDER BY start_ms"
        for low, high in runs([start for (start,) in connection.execute(sql)], GRAINS[table]):
            kept = connection.execute(
                f"SELECT {ROW} FROM {packed} WHERE start_ms >= ? AND start_ms < ?",
                (low, high),
            )
            expected = {pack.start_ms: pack for pack in made(connection, table, low, high)}
            found = {row[0]: row for row in kept}
            problems += [
                f"the pack at {start} does not agree with its {table}"
                for start in sorted(expected.keys() | found.keys())
                if start not in expected or not is_of(found.get(start), expected[start])
            ]
    return problems


def is_of(row: Sequence[Any] | None, pack: Pack) -> bool:
    """Whether a row, as ``ROW`` reads it, is that of a pack."""
    return row is not None and row == (pack.start_ms, *_bound(pack)[4:], *_bound(pack)[1:4])


def counted(found: Sequence[Pack]) -> Ints:
    """The histograms of all functions together, one after another by id, each of ``BUCKETS`` counts."""
    counts = np.zeros((most_id(found) + 1) * BUCKETS, np.int64)
    for pack in found:
        cells = cells_of(pack)
        pairs = np.frombuffer(pack.latency, PAIR)
        places = np.repeat(cells[:, FUNCTION] * BUCKETS, cells[:, PAIRS])
        places += pairs["bucket"]
        counts[places] += pairs["count"]
    return counts


def most_id(found: Sequence[Pack]) -> int:
    return max((int(cells_of(pack)[-1, FUNCTION]) for pack in found), default=0)


def renew(connection: sqlite3.Connection) -> None:
    """Makes marked packs anew, some at a time, and undoes those of minutes and hours that have become old."""
    hours_ms, minutes_ms = (packed_since(connection, table) for table in ("hour_cells", "minute_cells"))
    for table, since in (("day_cells", -(1 << 62)), ("hour_cells", hours_ms)):
        sql = f"SELECT start_ms FROM {PACKS[table]} WHERE invocations IS NULL AND start_ms >= ? ORDER BY start_ms"
        for low, high in runs([start for (start,) in connection.execute(sql, (since,))], GRAINS[table]):
            replace(connection, PACKS[table], low, high, partial(made, connection, table))
    for low, high in unpacked(connection, minutes_ms, 1 << 62):
        replace(connection, "minute_packs", low, high, partial(made, connection, "minute_cells"))
    connection.execute("DELETE FROM minute_packs WHERE start_ms < ?", (minutes_ms,))
    connection.execute(f"UPDATE hour_packs SET {NO_PACK} WHERE start_ms < ? AND invocations IS NOT NULL", (hours_ms,))


def replace(
    connection: sqlite3.Connection, packs: str, low: int, high: int, make: Callable[[int, int], Iterable[Pack]]
) -> None:
    """Makes the packs of a span anew, in a transaction of their own: each is right by itself."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"DELETE FROM {packs} WHERE start_ms >= ? AND start_ms < ?", (low, high))
        connection.executemany(
            f"INSERT INTO {packs} VALUES (?, ?, ?, ?, ?, ?, ?)", (_bound(pack) for pack in make(low, high))
        )
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def _bound(pack: Pack) -> Sequence[object]:
    cells = cells_of(pack)
    invocations, failures = int(cells[:, INVOCATIONS].sum()), int(errors_of(pack)[:, -1].sum())
    about = pack.start_ms, invocations, failures, int(cells[:, LAST_MS].max())
    return (*about, *(sealed(part, *about) for part in pack[1:]))
