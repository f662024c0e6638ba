"""Prints the SQL for columns and tables that are declared and have no migration yet.

``python -m collectors.store.next_migration`` prints the next file of ``migrations/``; with that file,
``schema.VERSION`` goes up by one. A change or removal of a declared column has to be written by hand.
"""

import sqlite3
import sys
from collections.abc import Iterator, Mapping

from collectors.store.integrity.table_checksums import SUMMED
from collectors.store.migration import migrate
from collectors.store.schema import VERSION
from collectors.store.tables.column import StoredTable
from collectors.store.tables.every import TABLES

PACKS = ("hour_packs", "day_packs", "week_packs")
_MARKED = "invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL"


def next_migration(declared: Mapping[str, StoredTable] = TABLES) -> list[str]:
    """The statements that make a store of this ``VERSION`` agree with the declarations; [] where it does already.

    Raises ValueError where a declaration lacks a column of its table, or has the columns in another order.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection)
        return list(_statements(connection, declared))
    finally:
        connection.close()


def _statements(connection: sqlite3.Connection, declared: Mapping[str, StoredTable]) -> Iterator[str]:
    stale: list[str] = []  # tables whose checksum then covers other columns
    for table in declared.values():
        stored = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table.name,))]
        if not stored:
            yield table.create()
            yield f"INSERT OR REPLACE INTO table_sums (name, rows, sum) VALUES ('{table.name}', 0, 0);"
            continue
        if list(table.names[: len(stored)]) != stored:
            raise ValueError(f"{table.name} has the columns {', '.join(stored)}: new ones are declared behind them")
        new = [column for column in table if column.name not in stored]
        yield from (f"ALTER TABLE {table.name} ADD COLUMN {column.sql};" for column in new)
        if new and table.name not in SUMMED:
            stale.append(table.name)
        if new and table.name == "day_cells":
            # Packs repeat the columns of cells, so they are made anew.
            yield "DELETE FROM minute_packs;"
            yield from (f"UPDATE {packs} SET {_MARKED};" for packs in PACKS)
            stale += ["minute_packs", *PACKS]
    if stale:
        named = ", ".join(f"'{name}'" for name in stale)
        yield f"UPDATE table_sums SET rows = -1 WHERE name IN ({named});"


if __name__ == "__main__":
    lines = next_migration()
    sys.stdout.write("\n".join([f"-- Version {VERSION + 1}.", *lines, ""]) if lines else "nothing is declared anew\n")
