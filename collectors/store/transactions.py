"""A transaction, and its rollback where SQLite has not rolled back by itself.

After "database or disk is full" and some other errors, SQLite has already rolled back: another ROLLBACK would raise "no
transaction is active" and hide the first error.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator

from collectors.model.errors import CaughtError


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Runs the block in one transaction; an error rolls it back and is raised again."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        commit_checked(connection)
        connection.execute("COMMIT")
    except BaseException:
        undo(connection)
        raise


class Writable(sqlite3.Connection):
    """A writer's connection that knows its file, so that it does not write into a file that was deleted or replaced."""

    path = ""
    file: tuple[int, int] | None = None

    def check_file(self) -> None:
        """Raises ``FileGone`` where the path has another file now, or none."""
        if self.file is None:
            return
        try:
            stat = os.stat(self.path)
        except OSError:
            raise FileGone(self.path) from None
        if (stat.st_dev, stat.st_ino) != self.file:
            raise FileGone(self.path)


class FileGone(CaughtError):
    """The file was deleted or replaced while it was being written."""


def commit_checked(connection: sqlite3.Connection) -> None:
    """Called before a commit: raises ``FileGone`` where the file was deleted or replaced."""
    if isinstance(connection, Writable):
        connection.check_file()


def undo(connection: sqlite3.Connection) -> None:
    """Rolls back an open transaction; an error of the rollback itself is suppressed."""
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
