"""Upgrading a store to this program's version, by the SQL files in ``migrations/``.

A released file is never changed, because stores were made by it; a mistake in one is corrected by the next. The next
file is what ``collectors.store.next_migration`` prints after a change of the declarations.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collectors.model.units import FOREVER_MS
from collectors.store.integrity import cell_checksum, checksums, table_checksums
from collectors.store.progress import say
from collectors.store.schema import APPLICATION_ID, GRAINS, UNSUMMED, VERSION
from collectors.store.transactions import undo

_ROWS = 20_000  # rows that get checksums in one transaction
_FIRST_SUMMED = 11  # the version whose migration added checksums
_FOLDER = Path(__file__).parent / "migrations"


def script(version: int) -> str:
    """The SQL that makes a store of ``version`` out of one of the version before it."""
    return (_FOLDER / f"{version:04}.sql").read_text("utf-8")


def migrate(connection: sqlite3.Connection, until: int = VERSION) -> None:
    """Upgrades a store to the version ``until``, each migration in one transaction.

    A process that is killed leaves the store at the last finished migration, and the next run continues there.
    ``progress`` is told what is being done.
    """
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    table_checksums.make_ready(connection)
    for version in _versions(current, until):
        say(f"version {version} of {until}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(script(version)):
                connection.execute(statement)
            if version > _FIRST_SUMMED:
                table_checksums.make_stale(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            undo(connection)
            raise
    if until == VERSION:
        _sum_up(connection)


def _versions(after: int, until: int) -> list[int]:
    there = sorted(int(path.stem) for path in _FOLDER.glob("*.sql"))
    return [each for each in there if after < each <= until]


def _sum_up(connection: sqlite3.Connection) -> None:
    """Gives the rows of an older store their checksums, ``_ROWS`` in a transaction, so that a small disk suffices."""
    if connection.execute("SELECT 1 FROM settings WHERE name = ?", (UNSUMMED,)).fetchone() is None:
        return
    cell = cell_checksum.cell_sum_sql(latency_sum="blob_sum(latency)")
    row = checksums.INVOCATION_SUM
    functions = [identity for (identity,) in connection.execute("SELECT id FROM functions ORDER BY id")]
    for table, sums in (
        *((table, f"latency_sum = blob_sum(latency), sum = {cell}") for table in GRAINS),
        ("invocations", f"sum = {row}"),
    ):
        for done, function_id in enumerate(functions):
            say(f"checksums of {table}, {done:,} of {len(functions):,} functions")
            low: int | None = -(FOREVER_MS)
            while low is not None:
                high: int | None
                (high,) = connection.execute(
                    f"SELECT start_ms FROM {table} WHERE function_id = ? AND start_ms > ?"
                    " ORDER BY start_ms LIMIT 1 OFFSET ?",
                    (function_id, low, _ROWS),
                ).fetchone() or (None,)
                connection.execute(
                    f"UPDATE {table} SET {sums}"
                    " WHERE function_id = ? AND start_ms > ? AND start_ms <= ? AND sum IS NULL",
                    (function_id, low, FOREVER_MS if high is None else high),
                )
                low = high
    say("checksums of tables")
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM settings WHERE name = ?", (UNSUMMED,))
        table_checksums.make(connection)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, each by itself: ``executescript`` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):  # this function knows the semicolons in a trigger's body
            yield statement
            statement = ""
    if statement.strip():
        yield statement
