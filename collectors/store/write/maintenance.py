"""Looking after a store: whether it is whole, and deleting what is too old."""

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
    """Deletes invocations and log lines from before a time, rounded down to a full minute; rollups stay.

    So counts and costs stay. What was pruned is remembered by function: importing it again adds nothing. Returns how
    many of each were deleted. Raises StoreLocked while a collector writes, and ``PruneStopped``, which says what was
    deleted and stays so, where the disk is full or fails.
    """
    done = Deleted()
    with stopping_at(path, done), writing(path) as connection:
        with explained(path, needs=PRUNING_BYTES):
            deleting.prune(connection, Ends(rows_ms=before_ms, lines_ms=before_ms), done)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if vacuum:
            with explained(path, needs=path.stat().st_size):  # a copy, in the write-ahead log
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return counts_of(done)


def counts_of(done: Deleted) -> dict[str, int]:
    """What was deleted, in the words of the command line: how many of each."""
    return {"invocations": done.invocations, "log lines": done.log_lines}


class PruneStopped(StoreUnwritable):
    """It ended before its end; ``done`` is what it deleted, and stays deleted."""

    def __init__(self, text: str, done: Deleted) -> None:
        super().__init__(text)
        self.done = done


@contextlib.contextmanager
def stopping_at(path: Path, done: Deleted) -> Iterator[None]:
    """What was deleted until a fault is told with the fault."""
    try:
        yield
    except StoreUnwritable as error:
        raise PruneStopped(str(error), done) from error
