"""Packs: one row with all functions' cells of a minute, hour or day, for queries about a whole fleet.

Cells are sorted by function and time, so a query about 500 functions reads 500 runs of rows; with packs it reads one
run of a few. A pack only repeats its cells. Whoever changes a cell marks its packs as dirty in the same transaction,
and the writer makes them anew when it closes the store. Until then readers make dirty packs for themselves, with the
same function. Minutes are packed for the newest hours only, and hours for two weeks; older ones are read from cells.
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
PARTS = ("cells", "errors", "latency")  # each is sealed together with the numbers beside it
_BESIDE = tuple(name for name in MINUTE_PACKS.names if name not in PARTS)  # start_ms, invocations, failures, last_ms
_MOST_MADE = 4  # packs that a reader makes for itself; SQLite sums more of them faster
_MOST_MINUTES = 15

CELL_COLUMNS = ("start_ms", "function_id", *CELL_NUMBERS[2:], "pairs")
"""The columns of ``Pack.cells``; ``pairs`` is how many pairs of ``Pack.latency`` belong to the cell."""
ERROR_COLUMNS = ("function_id", "error_id", "occurrences")


def cell_column(name: str) -> int:
    """The index of a cell's column in ``CELL_COLUMNS``."""
    return CELL_COLUMNS.index(name)


def error_column(name: str) -> int:
    """The index of a column in ``ERROR_COLUMNS``."""
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
"""Columns that are summed, and are -1 where nothing is known."""
NEWEST_KNOWN = _folded_by(LAST, null=True)
"""Columns of the newest cell that knows them, -1 where none does."""
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
    """All functions' cells (``CELL_COLUMNS``) and errors (``ERROR_COLUMNS``), by function, each little-endian int64.

    ``start_ms`` is epoch ms; ``latency`` has the cells' histograms one after another. Parts not asked for are empty.
    """

    start_ms: int
    cells: bytes
    errors: bytes
    latency: bytes


def read(
    connection: sqlite3.Connection, table: str, low: int, high: int, part: str = "cells", *, by_week: bool = False
) -> list[Pack] | None:
    """The packs of a table's cells that begin in ``[low, high)``, in order of time, with only the part asked for.

    ``latency`` comes with its cells. ``by_week`` reads whole weeks instead of their days. None where so many are dirty
    that cells are faster. Raises Damaged.
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
    """The packs that are not dirty, in order of time, and the starts of the dirty ones."""
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
    """The parts of a span, hour by hour, whose minutes are not packed."""
    hours = connection.execute(
        "SELECT h.start_ms FROM hour_packs h WHERE h.start_ms > ? AND h.start_ms < ? AND NOT EXISTS ("
        f"SELECT 1 FROM minute_packs m WHERE m.start_ms >= h.start_ms AND m.start_ms < h.start_ms + {HOUR_MS})",
        (low - HOUR, high),
    )
    return [(max(low, hour), min(high, hour + HOUR)) for (hour,) in hours]


def made(connection: sqlite3.Connection, table: str, low: int, high: int, parts: Collection[str] = PARTS) -> list[Pack]:
    """The packs of the cells that begin in ``[low, high)``, made from the cells; times without a cell are absent."""
    latency = "c.latency" if "latency" in parts else "x''"
    rows = connection.execute(
        f"SELECT {_CELL}, {latency} FROM functions f CROSS JOIN {table} c {_IN_SPAN}", (low, high)
    ).fetchall()
    if not rows:
        return []
    rows.sort()  # by time, then function, which together are unique
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
    """The pack's cells: int64 [cell, column], the columns are ``CELL_COLUMNS``."""
    return np.frombuffer(pack.cells, INT).reshape(-1, len(CELL_COLUMNS))


def errors_of(pack: Pack) -> Ints:
    """The pack's errors: int64 [error, column], the columns are ``ERROR_COLUMNS``."""
    return np.frombuffer(pack.errors, INT).reshape(-1, len(ERROR_COLUMNS))


def no_cells() -> Ints:
    """An int64 array [0, column] of cells, to which others can be concatenated."""
    return np.empty((0, len(CELL_COLUMNS)), np.int64)


def uneven(connection: sqlite3.Connection) -> list[str]:
    """A line for each pack that is not dirty and does not agree with its cells; [] when all do."""
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
    """The stored rows of a table of packs that begin in ``[low, high)``, by start."""
    sql = f"SELECT start_ms, {MINUTE_PACKS.column_list()} FROM {table} WHERE start_ms >= ? AND start_ms < ?"
    return {start: tuple(row) for start, *row in connection.execute(sql, (low, high))}


def counted(packs: Sequence[Pack]) -> Ints:
    """All packs' histograms summed by function: int64, ``BUCKETS`` counts for each id from 0 to the largest."""
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
    """Makes dirty packs, some at a time, and drops those of minutes and hours that are too old."""
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
    """Makes the packs of a span anew, in a transaction of its own, for the packs do not depend on each other."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"DELETE FROM {table} WHERE start_ms >= ? AND start_ms < ?", (low, high))
        connection.executemany(MINUTE_PACKS.named(table).insert(), (row_of(pack) for pack in make(low, high)))
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def row_of(pack: Pack) -> tuple[object, ...]:
    """A pack as its row is stored: its numbers, and its parts sealed together with them."""
    cells = cells_of(pack)
    invocations = int(cells[:, cell_column("invocations")].sum())
    failures = int(errors_of(pack)[:, error_column("occurrences")].sum())
    about = pack.start_ms, invocations, failures, int(cells[:, LAST_MS].max())
    return (*about, *(sealed(part, *about) for part in (pack.cells, pack.errors, pack.latency)))
