"""One checksum for each table whose rows have none: the sum of its rows' CRC-32s, and how many rows there are.

The writer's connection updates them by temporary triggers, which no other connection has: a table that anything else
changed no longer agrees with its checksum. Small tables are checked whenever a reader opens a store, the others by ``db
check``.
"""

import sqlite3
from collections.abc import Iterator
from zlib import crc32

import msgspec

from collectors.store.integrity.cell_checksum import cell_sum_sql
from collectors.store.integrity.checksums import INVOCATION_SUM, Damaged, register
from collectors.store.schema import GRAINS
from collectors.store.tables.every import TABLES
from collectors.store.tables.ledger import TABLE_SUMS

MODULUS = (1 << 61) - 1
SMALL = 4_000  # rows of all tables together that a reader checks, in some milliseconds
SMALL_BYTES = 2 << 20  # size of a file of which a reader checks every page, at two milliseconds a megabyte
# Tables whose rows have checksums, which the table's checksum adds up; the writer adds new rows itself.
SUMMED = ("invocations", *GRAINS)
_SUMMED_AT_ONCE = 16  # so many of these tables' rows are summed by one statement

_encode = msgspec.msgpack.Encoder().encode


def _row_sum(*values: object) -> int:
    return crc32(_encode(values))


def make_ready(connection: sqlite3.Connection) -> None:
    """Gives a connection the SQL functions that compute checksums."""
    register(connection)
    connection.create_function("row_sum", -1, _row_sum, deterministic=True)


def tables(connection: sqlite3.Connection) -> list[str]:
    """The names of all tables of the store but ``table_sums``, sorted."""
    named = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in named if name != "table_sums" and not name.startswith("sqlite_")]


def _sum(table: str, row: str = "") -> str:
    """The SQL of one row's part in its table's checksum; ``row`` stands before each column, such as ``new.``."""
    if table in SUMMED:
        return f"ifnull({row}sum, 0)"
    values = (column.checksum.format(f'{row}"{column.name}"') for column in TABLES[table] if column.checksum)
    return f"row_sum({', '.join(values)})"


def keep(connection: sqlite3.Connection) -> None:
    """Makes the triggers that update the checksums at each of this connection's writes."""
    make_ready(connection)
    connection.execute("PRAGMA recursive_triggers = 1")  # without it, rows that REPLACE deletes fire no trigger
    for table in filter(TABLES.__contains__, tables(connection)):
        new, old = (_sum(table, row) for row in ("new.", "old."))
        for event, rows, change in (
            ("INSERT", "rows + 1", new),
            ("DELETE", "rows - 1", f"{MODULUS} - {old}"),
            ("UPDATE", "rows", f"{new} + {MODULUS} - {old}"),
        ):
            if event == "INSERT" and table in SUMMED:
                continue  # ``added`` counts many at once
            connection.execute(
                f"CREATE TEMP TRIGGER sums_{table}_{event} AFTER {event} ON main.{table} BEGIN"
                f" UPDATE table_sums SET rows = {rows}, sum = (sum + {change}) % {MODULUS} WHERE name = '{table}'; END"
            )


def added(connection: sqlite3.Connection, table: str, rows: int, total: int) -> None:
    """Adds inserted rows of a ``SUMMED`` table to its checksum; ``total`` is the sum of their checksums."""
    connection.execute(
        f"UPDATE table_sums SET rows = rows + ?, sum = (sum + ?) % {MODULUS} WHERE name = ?",
        (rows, total % MODULUS, table),
    )


def reckoned(connection: sqlite3.Connection, table: str) -> tuple[int, int]:
    """How many rows a table has, and its checksum, computed from all rows."""
    rows, total = connection.execute(f"SELECT count(*), coalesce(sum({_sum(table)}), 0) FROM main.{table}").fetchone()
    return int(rows), int(total) % MODULUS


def make(connection: sqlite3.Connection) -> None:
    """Computes the checksums of all tables anew, in the caller's transaction."""
    connection.execute("DELETE FROM table_sums")
    for table in tables(connection):
        if table not in TABLES:
            continue  # no table of ours: a check reports it
        connection.execute(TABLE_SUMS.insert(), (table, *reckoned(connection, table)))


def make_stale(connection: sqlite3.Connection) -> None:
    """Computes anew the checksums that a migration marked by a negative number of rows, in the caller's transaction."""
    for (table,) in connection.execute("SELECT name FROM table_sums WHERE rows < 0").fetchall():
        connection.execute(TABLE_SUMS.insert(instead="OR REPLACE"), (table, *reckoned(connection, table)))


def differing(connection: sqlite3.Connection) -> Iterator[str]:
    """The tables that do not agree with their checksums, or are not known to this version."""
    known = {name: (rows, total) for name, rows, total in connection.execute("SELECT name, rows, sum FROM table_sums")}
    there = set(tables(connection))
    for table in sorted(there | known.keys()):
        if table not in there or table not in TABLES or known.get(table) != reckoned(connection, table):
            yield table


def look_at_small_ones(connection: sqlite3.Connection) -> None:
    """Raises Damaged where a small table does not agree with its checksum, or a table is missing."""
    try:
        stored: list[tuple[int, str, int]] = connection.execute(
            "SELECT rows, name, sum FROM table_sums ORDER BY rows, name"
        ).fetchall()
        if set(tables(connection)) != {name for _, name, _ in stored}:
            raise Damaged("malformed: there are not the tables that there were")
        left = SMALL
        indexed = _indexed(connection)
        if indexed is None and SMALL >= 0:
            _look_through(connection)
        for rows, table, total in stored:
            if rows <= left:
                left -= rows
                _look_at(connection, table, _row_sum_of(table), rows, total)
                if indexed and table in indexed:
                    _look_through(connection, table)
            elif table in SUMMED and rows <= left * _SUMMED_AT_ONCE:
                left -= rows // _SUMMED_AT_ONCE
                _look_at(connection, table, _sum(table), rows, total)
    except (TypeError, ValueError) as error:
        raise Damaged(f"malformed: {error}") from error


def _indexed(connection: sqlite3.Connection) -> set[str] | None:
    """The tables with an index beside them; None where the file is so small that all of its pages are checked."""
    (size,) = connection.execute(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    ).fetchone()
    if size <= SMALL_BYTES:
        return None
    return {name for (name,) in connection.execute("SELECT tbl_name FROM main.sqlite_master WHERE type = 'index'")}


def _look_through(connection: sqlite3.Connection, table: str = "1") -> None:
    """Raises Damaged where pages or indexes do not agree with the tables: of one table, or with "1" of all."""
    (said,) = connection.execute(f"PRAGMA main.integrity_check({table})").fetchone()
    if said != "ok":
        raise Damaged(f"malformed: {said}")


def _row_sum_of(table: str) -> str:
    """The SQL of a row's checksum, computed from all of its columns."""
    if table == "invocations":
        return INVOCATION_SUM
    return cell_sum_sql(latency_sum="blob_sum(latency)") if table in SUMMED else _sum(table)


def _look_at(connection: sqlite3.Connection, table: str, of_row: str, rows: int, total: int) -> None:
    columns = ", ".join(f'"{name}"' for name in TABLES[table].names)
    there, sums = connection.execute(
        f"SELECT count(*), coalesce(sum({of_row}), 0) FROM (SELECT {columns} FROM main.{table} LIMIT {rows + 1})"
    ).fetchone()
    if (there, sums % MODULUS) != (rows, total):
        raise Damaged(f"malformed: {table} does not agree with its checksum")
