"""Pruning a store on request, and reporting what was deleted before an error."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from collectors.store.connection import writing
from collectors.store.disk_space import PRUNING_BYTES
from collectors.store.errors import StoreUnwritable, explained
from collectors.store.write import prune as deleting
from collectors.store.write.deletions import Deleted
from collectors.store.write.prune import Ends


def prune(path: Path, *, before_ms: int, vacuum: bool = False) -> dict[str, int]:
    """Deletes invocations and log lines before ``before_ms``, rounded down to a full minute; rollups stay.

    So counts and costs stay. The store remembers by function what was pruned, and importing it again adds nothing.
    Returns how many of each were deleted. Raises StoreLocked while a collector writes, and ``PruneStopped``, which says
    what was deleted before the error, where the disk is full or fails.
    """
    done = Deleted()
    with stopping_at(path, done), writing(path) as connection:
        with explained(path, needs=PRUNING_BYTES):
            deleting.prune(connection, Ends(rows_ms=before_ms, lines_ms=before_ms), done)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if vacuum:
            with explained(path, needs=path.stat().st_size):  # VACUUM writes a copy into the write-ahead log
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return counts_of(done)


def counts_of(done: Deleted) -> dict[str, int]:
    """The numbers of deleted rows, by the names that the command line uses."""
    return {"invocations": done.invocations, "log lines": done.log_lines}


class PruneStopped(StoreUnwritable):
    """Pruning ended early because of an error; ``done`` is what was deleted before, and stays deleted."""

    def __init__(self, text: str, done: Deleted) -> None:
        super().__init__(text)
        self.done = done


@contextlib.contextmanager
def stopping_at(path: Path, done: Deleted) -> Iterator[None]:
    """Turns an error in the block into ``PruneStopped`` with what was deleted before."""
    try:
        yield
    except StoreUnwritable as error:
        raise PruneStopped(str(error), done) from error
