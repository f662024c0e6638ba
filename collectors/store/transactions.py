"""One transaction, and its undoing where SQLite has not undone it already.

After "database or disk is full", and some other errors, SQLite has rolled back by itself: a ROLLBACK of ours would
raise "no transaction is active" in place of what went wrong.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator

from collectors.model.errors import CaughtError


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing. Raises sqlite3.Error as it came."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        commit_checked(connection)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


class Writable(sqlite3.Connection):
    """A writer's connection, which knows its file: what is deleted or replaced is not written on."""

    path = ""
    file: tuple[int, int] | None = None

    def check_file(self) -> None:
        """Raises ``FileGone`` where another file, or none, is in its place."""
        if self.file is None:
            return
        try:
            stat = os.stat(self.path)
        except OSError:
            raise FileGone(self.path) from None
        if (stat.st_dev, stat.st_ino) != self.file:
            raise FileGone(self.path)


class FileGone(CaughtError):
    """The file that is written was deleted, or another was put in its place."""


def commit_checked(connection: sqlite3.Connection) -> None:
    """To be called before a commit: into a file that nobody can open any more nothing goes."""
    if isinstance(connection, Writable):
        connection.check_file()


def undo(connection: sqlite3.Connection) -> None:
    """Rolls back what is open, and never hides why."""
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
