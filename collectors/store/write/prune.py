"""Deletes what is too old in pieces, each a transaction that leaves a consistent store.

A piece deletes rows of a few functions and moves their watermarks with them, so that a kill, a full disk or a lack of
time between two pieces leaves a store in which nothing is half gone. What each table's rule is:

| table | goes with | what stays |
|---|---|---|
| invocations | rows | minute, hour and day cells, errors and their cells |
| chunks, chunk_filters | lines, once the last line of a chunk is too old | pattern_hours: lines are counted by hour |
| streams | the last row and the last orphan line that names them, once a day at the most | |
| request_buckets | segments of ids whose rows are all gone | |
| minute_cells, minute_cells_errors, minute_packs | minutes, but never before their rows | hour and day cells |
| emf_minutes, emf_invalid | minutes | emf_hours, emf_days |
| metrics | minutes | metric_hours, metric_days, their packs |
| account_metrics | minutes: one point an hour takes the place of finer ones | |
| collections, api_calls, collection_notes | minutes | |
| durable_executions, durable_events | rows, once the execution ended | |
| all other tables | | configuration, alarms, bills, hours, days, patterns: they hardly grow |
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from collectors.model.units import DAY_MS
from collectors.store.errors import code_of
from collectors.store.pruned_until import PrunedUntil, kept_of_all
from collectors.store.schema import OLDEST
from collectors.store.tables.ledger import SETTINGS
from collectors.store.transactions import commit_checked, undo
from collectors.store.write import deletions
from collectors.store.write.deletions import CHUNKS, Deleted

PIECE = 4_000  # rows deleted in a transaction: some hundred kilobytes of write-ahead log, some milliseconds
LEAST_PIECE = 4
STREAMS_DAY = "streams_looked_over_day"  # a setting: the day up to which unused names of streams were last deleted


@dataclass(frozen=True, slots=True)
class Ends:
    """Before which times each kind of data is deleted (epoch ms, rounded down to minutes or hours); None keeps it."""

    rows_ms: int | None = None
    lines_ms: int | None = None
    minutes_ms: int | None = None
    streams_daily: bool = False
    """Whether unused streams are deleted only once a day, because finding them reads every row of a function."""

    def day(self) -> int:
        """The day (since the epoch) up to which rows and lines are deleted."""
        return max(self.rows_ms or 0, self.lines_ms or 0) // DAY_MS


def prune(
    connection: sqlite3.Connection,
    ends: Ends,
    done: Deleted,
    go_on: Callable[[], bool] = lambda: True,
    piece: int = PIECE,
) -> bool:
    """Deletes what is older, piece by piece, and adds to ``done`` what is committed; whether all of it is deleted.

    False where ``go_on`` returned False between two pieces. On a full disk the pieces become smaller. Raises
    sqlite3.Error; what was deleted before stays deleted.
    """
    while True:
        try:
            for some in pieces(connection, ends, piece):
                done.add(some)
                if piece < PIECE:
                    _give_back(connection)
                if not go_on():
                    return False
            return True
        except sqlite3.OperationalError as error:
            if code_of(error) != sqlite3.SQLITE_FULL or piece <= LEAST_PIECE:
                raise
            piece //= 10
            _give_back(connection)


def _give_back(connection: sqlite3.Connection) -> None:
    """Empties the write-ahead log, for which a small disk has no room, as far as readers allow it."""
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pieces(connection: sqlite3.Connection, ends: Ends, piece: int = PIECE) -> Iterator[Deleted]:
    """Deletes in transactions of about ``piece`` rows, and yields what each deleted."""
    works = _works(connection, ends, piece)
    more = True
    while more:
        some, weight = Deleted(), 0
        connection.execute("BEGIN IMMEDIATE")
        try:
            while weight < piece and more:
                step = next(works, None)
                more = step is not None
                if step is not None:
                    some.add(step)
                    weight += step.invocations + step.log_lines // CHUNKS + step.minutes + step.points + step.others
            if some.invocations:
                connection.execute(f"DELETE FROM settings WHERE name = '{OLDEST}'")
            commit_checked(connection)
            connection.execute("COMMIT")
        except BaseException:
            undo(connection)
            raise
        if some:
            yield some


def _works(connection: sqlite3.Connection, ends: Ends, piece: int) -> Iterator[Deleted]:
    """The steps of all deletions; each runs in the transaction of whoever asks for the next."""
    functions = [function_id for (function_id,) in connection.execute("SELECT id FROM functions ORDER BY id")]
    gone: set[int] = set()
    for function_id in functions:
        for work in (
            deletions.rows(connection, function_id, ends.rows_ms, piece),
            deletions.lines(connection, function_id, ends.lines_ms, piece),
        ):
            for one in work:
                gone.add(function_id)
                yield one
    if ends.rows_ms is not None:
        yield from deletions.durable(connection, ends.rows_ms, piece)
    if ends.minutes_ms is not None:
        pruned = kept_of_all(connection)
        series = deletions.metric_series(connection)
        for function_id in functions:
            yield from deletions.minutes(
                connection, function_id, ends.minutes_ms, pruned.get(function_id, PrunedUntil()), piece
            )
            yield from deletions.points(connection, function_id, series, ends.minutes_ms, piece)
            yield from deletions.emf(connection, function_id, ends.minutes_ms)
        yield from deletions.account_points(connection, ends.minutes_ms)
        yield from deletions.ledger(connection, ends.minutes_ms, piece)
    if not ends.streams_daily:
        for function_id in sorted(gone):
            yield from deletions.streams(connection, function_id)
    elif connection.execute("SELECT value FROM settings WHERE name = ?", (STREAMS_DAY,)).fetchone() != (ends.day(),):
        for function_id in kept_of_all(connection):
            yield from deletions.streams(connection, function_id)
        connection.execute(SETTINGS.insert(instead="OR REPLACE"), (STREAMS_DAY, ends.day()))
    if gone:
        yield from deletions.requests(connection)
