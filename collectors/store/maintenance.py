"""Looking after a store: whether it is whole, and deleting what is too old."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collectors.store import emf_cells, packs, weeks
from collectors.store import prune as deleting
from collectors.store.lines import opened
from collectors.store.open import StoreUnwritable, explained, open_reader, writing
from collectors.store.prune import Deleted, Ends
from collectors.store.schema import GRAINS

DAY_MS = GRAINS["day_cells"]


def check(path: Path) -> list[str]:
    """What is wrong with a store, a line each; [] when nothing is. Reads all of it."""
    connection = open_reader(path)
    try:
        with explained(path):
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
            if not problems:
                problems = [
                    *_uneven(connection),
                    *packs.uneven(connection),
                    *weeks.uneven(connection),
                    *emf_cells.uneven(connection),
                    *_unreadable(connection),
                ]
    finally:
        connection.close()
    return problems


def _uneven(connection: sqlite3.Connection) -> list[str]:
    """Days whose rollups do not agree with their rows, or with their hours. Pruned days have no rows to agree with."""
    problems = []
    for finer, columns in (
        ("invocations", "count(*), sum(status BETWEEN 1 AND 4), coalesce(sum(billed_ms), 0)"),
        ("hour_cells", "sum(invocations), sum(errors), sum(billed_ms)"),
    ):
        uneven = connection.execute(
            f"SELECT f.name, d.start_ms FROM day_cells d JOIN functions f ON f.id = d.function_id"
            " WHERE NOT EXISTS (SELECT 1 FROM insights_cells s WHERE s.function_id = d.function_id"
            " AND s.start_ms >= d.start_ms AND s.start_ms < d.start_ms + 86400000)"
            " AND d.start_ms >= coalesce((SELECT p.rows_ms FROM pruned p WHERE p.function_id = d.function_id), 0)"
            f" AND (d.invocations, d.errors, d.billed_ms) IS NOT (SELECT {columns} FROM {finer} i"
            " WHERE i.function_id = d.function_id AND i.start_ms >= d.start_ms AND i.start_ms < d.start_ms + ?)",
            (DAY_MS,),
        )
        problems += [f"the day at {day} of {name} does not agree with its {finer}" for name, day in uneven]
    return problems


def _unreadable(connection: sqlite3.Connection) -> list[str]:
    problems = []
    for identity, content in connection.execute("SELECT id, content FROM chunks"):
        try:
            opened(content)
        except Exception as error:  # any damage at all: this is the place that looks for it
            problems.append(f"log lines of chunk {identity} cannot be read: {error}")
    return problems


def prune(path: Path, *, before_ms: int, vacuum: bool = False) -> dict[str, int]:
    """Deletes invocations and log lines from before a time, rounded down to a full minute; rollups stay.

    So counts and costs stay. What was pruned is remembered by function: importing it again adds nothing. Returns how
    many of each were deleted. Raises StoreLocked while a collector writes, and ``PruneStopped``, which says what was
    deleted and stays so, where the disk is full or fails.
    """
    done = Deleted()
    with stopping_at(path, done), writing(path) as connection:
        with explained(path, needs=deleting.LEAST_BYTES):
            deleting.prune(connection, Ends(rows_ms=before_ms, lines_ms=before_ms), done)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if vacuum:
            with explained(path, needs=path.stat().st_size):  # a copy, in the write-ahead log
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return said(done)


def said(done: Deleted) -> dict[str, int]:
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
