"""One transaction, and its undoing where SQLite has not undone it already.

After "database or disk is full", and some other errors, SQLite has rolled back by itself: a ROLLBACK of ours would
raise "no transaction is active" in place of what went wrong.
"""

import contextlib
import sqlite3
from collections.abc import Iterator


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. Raises sqlite3.Error as it came."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


def undo(connection: sqlite3.Connection) -> None:
    """Rolls back what is open, and never hides why."""
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
