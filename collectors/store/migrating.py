"""Bringing a store to this program's version, by the files in ``migrations/``.

A file is frozen once it is released: stores were made by it. What is wrong in one is put right by the next.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collectors.store.schema import APPLICATION_ID, VERSION
from collectors.store.transactions import undo

_FOLDER = Path(__file__).parent / "migrations"


def script(version: int) -> str:
    """The SQL that makes a store of ``version`` out of one of the version before."""
    return (_FOLDER / f"{version:04}.sql").read_text("utf-8")


def migrate(connection: sqlite3.Connection, until: int = VERSION) -> None:
    """Brings a store to a version, each migration in one transaction: killed, it goes on where it was."""
    (at,) = connection.execute("PRAGMA user_version").fetchone()
    for version in range(at + 1, until + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(script(version)):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            undo(connection)
            raise


def _statements(script: str) -> Iterator[str]:
    """Each by itself: ``executescript`` would commit what was begun."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):  # which knows that a trigger's body has semicolons
            yield statement
            statement = ""
    if statement.strip():
        yield statement
