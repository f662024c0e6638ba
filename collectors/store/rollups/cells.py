"""Cells in the store: the sums of one function over one minute, hour or day, made from rows or finer cells.

Rows that are surely new are added to their minutes in the transaction that writes them. A minute whose rows changed is
summed anew from its rows; hours are always summed from their minutes, and days from their hours. So no cell counts a
row twice, whatever is imported again and in whatever order.
"""

import sqlite3
from collections.abc import Iterable, Sequence, Set

from collectors.model.units import MINUTE_MS
from collectors.store.integrity.table_checksums import added
from collectors.store.rollups.dirty_packs import mark_dirty
from collectors.store.rollups.insights_cells import prefer_insights
from collectors.store.rollups.measures import MEASURES, Cell, aggregate, cell_places, key_of, minutes_of, of_cells
from collectors.store.schema import GRAINS
from collectors.store.tables.cells import CELL
from collectors.store.tables.column import insert as insert_sql

Minute = tuple[int, int]  # function_id, start_ms
Spans = Sequence[tuple[int, int, int]]  # function_id, from_ms, to_ms

_COLUMNS = ", ".join(CELL)
_IN_SPAN = "WHERE function_id = ? AND start_ms >= ? AND start_ms < ?"
_checksum_of = cell_places("sum")
_time_of = cell_places("function_id", "start_ms", "last_ms")


def insert(connection: sqlite3.Connection, table: str, cells: Iterable[Cell]) -> None:
    """Writes cells, replacing those of the same function and start."""
    rows = list(cells)
    connection.executemany(insert_sql(table, CELL, instead="OR REPLACE"), rows)
    if rows:
        added(connection, table, len(rows), sum(map(_checksum_of, rows)))


def insert_missing(connection: sqlite3.Connection, table: str, cells: Iterable[Cell]) -> None:
    """Writes only those cells whose function and start have none yet."""
    sql = insert_sql(table, CELL, instead="OR IGNORE")
    for cell in cells:
        if connection.execute(sql, cell).rowcount:
            added(connection, table, 1, _checksum_of(cell))


def read(connection: sqlite3.Connection, table: str, function_id: int, from_ms: int, to_ms: int) -> list[Cell]:
    """A function's cells that begin in ``[from_ms, to_ms)``, in order of time."""
    sql = f"SELECT {_COLUMNS} FROM {table} {_IN_SPAN} ORDER BY start_ms"
    return connection.execute(sql, (function_id, from_ms, to_ms)).fetchall()


def read_measures(connection: sqlite3.Connection, function_id: int, from_ms: int, to_ms: int) -> list[Cell]:
    """The columns ``MEASURES`` of a function's invocations that began in ``[from_ms, to_ms)``, in order of time."""
    sql = f"SELECT {', '.join(MEASURES)} FROM invocations {_IN_SPAN} ORDER BY start_ms"
    return connection.execute(sql, (function_id, from_ms, to_ms)).fetchall()


def add(connection: sqlite3.Connection, new: Sequence[Cell]) -> None:
    """Adds the minutes of new rows to the stored minutes."""
    both = list(new)
    for cell in new:
        both += connection.execute(
            f"SELECT {_COLUMNS} FROM minute_cells WHERE function_id = ? AND start_ms = ?", key_of(cell)
        )
    if both:
        both.sort(key=_time_of)
        insert(connection, "minute_cells", aggregate(of_cells(both), MINUTE_MS))


def recount(connection: sqlite3.Connection, spans: Spans) -> None:
    """Sums the minutes of each span (of full minutes) anew, from its invocations."""
    rows: list[Cell] = []
    for span in spans:
        for table in ("minute_cells", "minute_cells_errors"):
            connection.execute(f"DELETE FROM {table} {_IN_SPAN}", span)
        rows += read_measures(connection, *span)
        connection.execute(
            "INSERT INTO minute_cells_errors (function_id, start_ms, error_id, occurrences)"
            f" SELECT function_id, start_ms / {MINUTE_MS} * {MINUTE_MS}, error_id, count(*)"
            f" FROM invocations {_IN_SPAN} AND error_id IS NOT NULL GROUP BY 1, 2, 3",
            span,
        )
    insert(connection, "minute_cells", minutes_of(rows))


def roll_up(
    connection: sqlite3.Connection,
    anew: Set[Minute],
    grown: Set[Minute] = frozenset(),
    failed: Set[Minute] = frozenset(),
) -> None:
    """Sums the hours of these minutes (function id, start) anew from their minutes, and the days from the hours.

    ``anew`` are minutes that may have lost rows, ``grown`` those that only gained rows, ``failed`` those among them
    that gained errors. What cannot have changed is not written.
    """
    finer = "minute_cells"
    for table in ("hour_cells", "day_cells"):
        grain_ms = GRAINS[table]
        anew, grown, failed = (
            {(function_id, start // grain_ms * grain_ms) for function_id, start in minutes}
            for minutes in (anew, grown, failed)
        )
        places = sorted(anew | grown)
        mark_dirty(connection, table, {start for _, start in places})
        rows: list[Cell] = []
        for function_id, start in places:
            span = (function_id, start, start + grain_ms)
            if (function_id, start) in anew:
                connection.execute(f"DELETE FROM {table} {_IN_SPAN}", span)
                connection.execute(f"DELETE FROM {table}_errors {_IN_SPAN}", span)
            rows += read(connection, finer, *span)
            if (function_id, start) in anew or (function_id, start) in failed:
                connection.execute(
                    f"INSERT OR REPLACE INTO {table}_errors (function_id, start_ms, error_id, occurrences)"
                    f" SELECT function_id, ?, error_id, sum(occurrences) FROM {finer}_errors {_IN_SPAN}"
                    " GROUP BY function_id, error_id",
                    (start, *span),
                )
        cells = aggregate(of_cells(rows), grain_ms) if rows else []
        if table == "hour_cells":
            cells = prefer_insights(connection, [(of, start, start + grain_ms) for of, start in places], cells)
        insert(connection, table, cells)
        finer = table
