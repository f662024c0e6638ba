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

from collectors.model.units import FOREVER_MS, HOUR_MS
from collectors.store.integrity.checksums import sealed, unsealed
from collectors.store.rollups.dirty_packs import NO_PACK, PACKS, packed_since, runs
from collectors.store.rollups.histogram import BUCKETS, PAIR
from collectors.store.schema import GRAINS
from collectors.store.spans import HOUR, MINUTE, WEEK
from collectors.store.tables.cells import CELL_NULLS, CELL_NUMBERS, MINUTE_CELLS
from collectors.store.tables.column import LAST, MAX, SUM
from collectors.store.tables.packs import MINUTE_PACKS
from collectors.store.transactions import undo

Ints = npt.NDArray[np.int64]

INT = np.dtype("<i8")
PARTS = ("cells", "errors", "latency")  # each is sealed with what stands beside it
_BESIDE = tuple(name for name in MINUTE_PACKS.names if name not in PARTS)  # start_ms, invocations, failures, last_ms
_MOST_MADE = 4  # packs that a reader makes for itself; more are summed sooner by SQLite
_MOST_MINUTES = 15

CELL_COLUMNS = ("start_ms", "function_id", *CELL_NUMBERS[2:], "pairs")
"""The columns of ``Pack.cells``; ``pairs`` is how many pairs of ``Pack.latency`` are a cell's own."""
ERROR_COLUMNS = ("function_id", "error_id", "occurrences")


def cell_column(name: str) -> int:
    """The place of a cell's column among ``CELL_COLUMNS``."""
    return CELL_COLUMNS.index(name)


def error_column(name: str) -> int:
    """The place of a column among ``ERROR_COLUMNS``."""
    return ERROR_COLUMNS.index(name)


def _folded_by(fold: str, *, null: bool) -> list[int]:
    return [
        cell_column(column.name)
        for column in MINUTE_CELLS
        if column.name in CELL_NUMBERS and column.fold == fold and column.null is null
    ]


START, FUNCTION, LAST_MS, PAIRS = map(cell_column, ("start_ms", "function_id", "last_ms", "pairs"))
SUMS = slice(_folded_by(SUM, null=False)[0], _folded_by(SUM, null=False)[-1] + 1)
MAXIMA = slice(_folded_by(MAX, null=True)[0], _folded_by(MAX, null=True)[-1] + 1)
KNOWN_SUMS = _folded_by(SUM, null=True)
"""Sums that are -1 where nothing is known."""
NEWEST_KNOWN = _folded_by(LAST, null=True)
"""What is that of the newest cell which knows it, -1 where none does."""
_IN_SPAN = "ON c.function_id = f.id AND c.start_ms >= ? AND c.start_ms < ?"
_CELL = ", ".join(
    f"length(c.latency) / {PAIR.itemsize}"
    if name == "pairs"
    else f"coalesce(c.{name}, -1)"
    if name in CELL_NULLS
    else f"c.{name}"
    for name in CELL_COLUMNS
)


class Pack(NamedTuple):
    """Rows of cells (``CELL_COLUMNS``) and of errors (``ERROR_COLUMNS``), by function, as little-endian int64.

    ``latency`` are the cells' histograms one after another.
    """

    start_ms: int
    cells: bytes
    errors: bytes
    latency: bytes


def read(
    connection: sqlite3.Connection, table: str, low: int, high: int, part: str = "cells", *, by_week: bool = False
) -> list[Pack] | None:
    """The packs of a table's cells that begin in ``[low, high)``, in order of time, with no other part than asked for.

    ``latency`` comes with its cells. ``by_week`` takes whole weeks for their days. None where too many are marked:
    then the cells answer sooner. Raises Damaged.
    """
    if by_week and table == "day_cells":
        weeks, _ = _stored(connection, "week_packs", low, high - WEEK + 1, part)
        edges = [low, *chain.from_iterable((week.start_ms, week.start_ms + WEEK) for week in weeks), high]
        between = [
            read(connection, table, begin, end, part) for begin, end in zip(edges[::2], edges[1::2], strict=True)
        ]
        known = [days for days in between if days is not None]
        return sorted([*chain.from_iterable(known), *weeks]) if len(known) == len(between) else None
    packs, marked = _stored(connection, PACKS[table], low, high, part)
    if table == "minute_cells":
        missing = unpacked(connection, low, high)
        most = _MOST_MINUTES * MINUTE
    else:
        missing = list(runs(marked, GRAINS[table]))
        most = _MOST_MADE * GRAINS[table]
    if missing:
        if sum(end - begin for begin, end in missing) > most:
            return None
        packs += [pack for begin, end in missing for pack in made(connection, table, begin, end, (part,))]
        packs.sort()
    return packs


def _stored(connection: sqlite3.Connection, table: str, low: int, high: int, part: str) -> tuple[list[Pack], list[int]]:
    """The packs that are made, in order of time, and the starts of those that are marked."""
    columns = ", ".join(each if each == part or (each, part) == ("cells", "latency") else "NULL" for each in PARTS)
    packs: list[Pack] = []
    marked: list[int] = []
    for start_ms, invocations, failures, last_ms, *parts in connection.execute(
        f"SELECT {', '.join(_BESIDE)}, {columns} FROM {table} WHERE start_ms >= ? AND start_ms < ? ORDER BY start_ms",
        (low, high),
    ):
        if invocations is None:
            marked.append(start_ms)
        else:
            about = start_ms, invocations, failures, last_ms
            packs.append(Pack(start_ms, *(b"" if each is None else unsealed(each, *about) for each in parts)))
    return packs, marked


def unpacked(connection: sqlite3.Connection, low: int, high: int) -> list[tuple[int, int]]:
    """Those parts of a span, hour by hour, whose minutes are not packed."""
    hours = connection.execute(
        "SELECT h.start_ms FROM hour_packs h WHERE h.start_ms > ? AND h.start_ms < ? AND NOT EXISTS ("
        f"SELECT 1 FROM minute_packs m WHERE m.start_ms >= h.start_ms AND m.start_ms < h.start_ms + {HOUR_MS})",
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
    of_errors = ("start_ms", *ERROR_COLUMNS)
    failed: Ints = np.empty((0, len(of_errors)), INT)
    if "errors" in parts:
        counts = connection.execute(
            f"SELECT {', '.join(f'c.{name}' for name in of_errors)}"
            f" FROM functions f CROSS JOIN {table}_errors c {_IN_SPAN}",
            (low, high),
        ).fetchall()
        failed = np.array(sorted(counts), INT).reshape(-1, len(of_errors))
    firsts = np.concatenate(([0], np.flatnonzero(np.diff(cells[:, START])) + 1, [len(cells)]))
    starts = cells[firsts[:-1], START]
    edges = np.append(np.searchsorted(failed[:, 0], starts), len(failed))
    return [
        Pack(start, cells[a:b].tobytes(), failed[c:d, 1:].tobytes(), b"".join(blobs[a:b]))
        for start, (a, b), (c, d) in zip(
            starts.tolist(), pairwise(firsts.tolist()), pairwise(edges.tolist()), strict=True
        )
    ]


def cells_of(pack: Pack) -> Ints:
    """The pack's cells, a row each; the columns are ``CELL_COLUMNS``."""
    return np.frombuffer(pack.cells, INT).reshape(-1, len(CELL_COLUMNS))


def errors_of(pack: Pack) -> Ints:
    """The pack's errors, a row each; the columns are ``ERROR_COLUMNS``."""
    return np.frombuffer(pack.errors, INT).reshape(-1, len(ERROR_COLUMNS))


def no_cells() -> Ints:
    """No rows of cells, to begin with."""
    return np.empty((0, len(CELL_COLUMNS)), np.int64)


def uneven(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the packs that are made, a line each; [] when nothing is."""
    problems = []
    for table, packed in PACKS.items():
        sql = f"SELECT start_ms FROM {packed} WHERE invocations IS NOT NULL ORDER BY start_ms"
        for low, high in runs([start for (start,) in connection.execute(sql)], GRAINS[table]):
            expected = {pack.start_ms: row_of(pack) for pack in made(connection, table, low, high)}
            stored = rows_between(connection, packed, low, high)
            problems += [
                f"the pack at {start} does not agree with its {table}"
                for start in sorted(expected.keys() | stored.keys())
                if start not in expected or stored.get(start) != expected[start]
            ]
    return problems


def rows_between(connection: sqlite3.Connection, table: str, low: int, high: int) -> dict[int, tuple[Any, ...]]:
    """A table's rows as they are stored, by when they begin."""
    sql = f"SELECT start_ms, {MINUTE_PACKS.column_list()} FROM {table} WHERE start_ms >= ? AND start_ms < ?"
    return {start: tuple(row) for start, *row in connection.execute(sql, (low, high))}


def counted(packs: Sequence[Pack]) -> Ints:
    """The histograms of all functions together, one after another by id, each of ``BUCKETS`` counts."""
    counts = np.zeros((most_id(packs) + 1) * BUCKETS, np.int64)
    for pack in packs:
        cells = cells_of(pack)
        pairs = np.frombuffer(pack.latency, PAIR)
        places = np.repeat(cells[:, FUNCTION] * BUCKETS, cells[:, PAIRS])
        places += pairs["bucket"]
        counts[places] += pairs["count"]
    return counts


def most_id(packs: Sequence[Pack]) -> int:
    """The largest id of a function that has a cell; 0 where none has."""
    return max((int(cells_of(pack)[-1, FUNCTION]) for pack in packs), default=0)


def renew(connection: sqlite3.Connection) -> None:
    """Makes marked packs anew, some at a time, and undoes those of minutes and hours that have become old."""
    hours_ms, minutes_ms = (packed_since(connection, table) for table in ("hour_cells", "minute_cells"))
    for table, since in (("day_cells", -(FOREVER_MS)), ("hour_cells", hours_ms)):
        sql = f"SELECT start_ms FROM {PACKS[table]} WHERE invocations IS NULL AND start_ms >= ? ORDER BY start_ms"
        for low, high in runs([start for (start,) in connection.execute(sql, (since,))], GRAINS[table]):
            replace(connection, PACKS[table], low, high, partial(made, connection, table))
    for low, high in unpacked(connection, minutes_ms, FOREVER_MS):
        replace(connection, "minute_packs", low, high, partial(made, connection, "minute_cells"))
    connection.execute("DELETE FROM minute_packs WHERE start_ms < ?", (minutes_ms,))
    connection.execute(f"UPDATE hour_packs SET {NO_PACK} WHERE start_ms < ? AND invocations IS NOT NULL", (hours_ms,))


def replace(
    connection: sqlite3.Connection, table: str, low: int, high: int, make: Callable[[int, int], Iterable[Pack]]
) -> None:
    """Makes the packs of a span anew, in a transaction of their own: each is right by itself."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"DELETE FROM {table} WHERE start_ms >= ? AND start_ms < ?", (low, high))
        connection.executemany(MINUTE_PACKS.named(table).insert(), (row_of(pack) for pack in make(low, high)))
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def row_of(pack: Pack) -> tuple[object, ...]:
    """A pack as its row is stored: what stands beside its parts, and these with their checksums."""
    cells = cells_of(pack)
    invocations = int(cells[:, cell_column("invocations")].sum())
    failures = int(errors_of(pack)[:, error_column("occurrences")].sum())
    about = pack.start_ms, invocations, failures, int(cells[:, LAST_MS].max())
    return (*about, *(sealed(part, *about) for part in (pack.cells, pack.errors, pack.latency)))
