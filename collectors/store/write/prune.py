"""Deleting what is too old, some at a time: each piece is a transaction that is right by itself.

A piece deletes rows of a few functions and moves their watermarks with them, so that a kill, a full disk or a lack of
time between two pieces leaves a store in which nothing is half gone. What each table's rule is:

| table | goes with | what stays |
|---|---|---|
| invocations | rows | minute, hour and day cells, errors and their cells |
| chunks, chunk_filters | lines, once the last line of a chunk is too old | pattern_hours: lines are counted by hour |
| streams | the last row and the last loose line that names them, once a day at the most | |
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
from dataclasses import dataclass, fields
from itertools import takewhile
from operator import itemgetter

from collectors.model.records import Parts
from collectors.store.errors import code_of
from collectors.store.pruned_until import ACCOUNT_POINTS, REPORTED_LATE_MS, Kept, kept_of_all
from collectors.store.rollups import emf_cells
from collectors.store.schema import EMF_UNCOUNTED, OLDEST, UNCOUNTED
from collectors.store.tables.ledger import SETTINGS
from collectors.store.tables.metrics import ACCOUNT_METRICS
from collectors.store.transactions import commit_checked, undo

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
PIECE = 4_000  # rows of a transaction: some hundred kilobytes of the write-ahead log, some milliseconds
LEAST_PIECE = 4
STREAMS_DAY = "streams_looked_over_day"  # a setting: of which day's end the names of streams were last looked over
CHUNKS = 16  # a chunk is deleted as fast as so many rows


@dataclass(frozen=True, slots=True)
class Ends:
    """Before when what goes; None keeps it. Times are epoch ms and are rounded down to full minutes, or hours."""

    rows_ms: int | None = None
    lines_ms: int | None = None
    minutes_ms: int | None = None
    streams_daily: bool = False
    """Whether streams are looked over once a day only: that reads every row of a function, however few are deleted."""

    def day(self) -> int:
        """The day in which rows and lines end."""
        return max(self.rows_ms or 0, self.lines_ms or 0) // DAY_MS


@dataclass(slots=True)
class Deleted:
    """How many of each were deleted."""

    invocations: int = 0
    log_lines: int = 0
    minutes: int = 0
    points: int = 0
    others: int = 0

    def add(self, other: "Deleted") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def prune(
    connection: sqlite3.Connection,
    ends: Ends,
    done: Deleted,
    go_on: Callable[[], bool] = lambda: True,
    piece: int = PIECE,
) -> bool:
    """Deletes what is older, piece by piece, and adds to ``done`` what is committed; whether all of it is.

    Where the disk is full the pieces become smaller. Raises sqlite3.Error; what was done before is done.
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
    """Empties the write-ahead log, which a small disk has no room for, as far as readers let it."""
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def pieces(connection: sqlite3.Connection, ends: Ends, piece: int = PIECE) -> Iterator[Deleted]:
    """Deletes a piece with each step, until nothing is left to delete."""
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
    """What there is to do, in the transaction of whoever asks for the next."""
    functions = [function_id for (function_id,) in connection.execute("SELECT id FROM functions ORDER BY id")]
    gone: set[int] = set()
    for function_id in functions:
        for work in (
            _rows(connection, function_id, ends.rows_ms, piece),
            _lines(connection, function_id, ends.lines_ms, piece),
        ):
            for one in work:
                gone.add(function_id)
                yield one
    if ends.rows_ms is not None:
        yield from _durable(connection, ends.rows_ms, piece)
    if ends.minutes_ms is not None:
        pruned = kept_of_all(connection)
        series = _metric_series(connection)
        for function_id in functions:
            yield from _minutes(connection, function_id, ends.minutes_ms, pruned.get(function_id, Kept()), piece)
            yield from _points(connection, function_id, series, ends.minutes_ms, piece)
            yield from _emf(connection, function_id, ends.minutes_ms)
        yield from _account_points(connection, ends.minutes_ms)
        yield from _ledger(connection, ends.minutes_ms, piece)
    if not ends.streams_daily:
        for function_id in sorted(gone):
            yield from _streams(connection, function_id)
    elif connection.execute("SELECT value FROM settings WHERE name = ?", (STREAMS_DAY,)).fetchone() != (ends.day(),):
        for function_id in kept_of_all(connection):
            yield from _streams(connection, function_id)
        connection.execute(SETTINGS.insert(instead="OR REPLACE"), (STREAMS_DAY, ends.day()))
    if gone:
        yield from _requests(connection)


def _marked(connection: sqlite3.Connection, column: str, function_id: int, before_ms: int) -> None:
    connection.execute(
        f"INSERT INTO pruned (function_id, {column}) VALUES (?1, ?2)"
        f" ON CONFLICT DO UPDATE SET {column} = max({column}, excluded.{column})",
        (function_id, before_ms),
    )


# --- invocations ------------------------------------------------------------------------------------------------------


def whole_before(connection: sqlite3.Connection, function_id: int, before_ms: int) -> int:
    """The latest full minute up to then at which no invocation that only its REPORT tells of began shortly before.

    Its START may be some milliseconds later: when that comes, it must still meet it.
    """
    before_ms = before_ms // MINUTE_MS * MINUTE_MS
    while True:
        (first,) = connection.execute(
            "SELECT min(start_ms) FROM invocations WHERE function_id = ? AND start_ms >= ? AND start_ms < ?"
            " AND parts = ?",
            (function_id, before_ms - REPORTED_LATE_MS, before_ms, int(Parts.REPORT)),
        ).fetchone()
        if first is None:
            return before_ms
        before_ms = first // MINUTE_MS * MINUTE_MS


def _rows(connection: sqlite3.Connection, function_id: int, before_ms: int | None, piece: int) -> Iterator[Deleted]:
    if before_ms is None:
        return
    before_ms = whole_before(connection, function_id, before_ms)
    ours = "FROM invocations WHERE function_id = ? AND start_ms < ?"
    while True:
        first = connection.execute(f"SELECT min(start_ms) {ours}", (function_id, before_ms)).fetchone()[0]
        if first is None:
            return
        later = connection.execute(
            f"SELECT start_ms {ours} ORDER BY start_ms LIMIT 1 OFFSET ?", (function_id, before_ms, piece)
        ).fetchone()
        until = before_ms
        if later is not None:
            until = max(later[0] // MINUTE_MS * MINUTE_MS, (first // MINUTE_MS + 1) * MINUTE_MS)
            # No piece ends where an invocation's two halves may lie on either side.
            until = max(whole_before(connection, function_id, until), 0)
            if until <= first:
                until = before_ms
        found = connection.execute(f"DELETE {ours}", (function_id, until)).rowcount
        _marked(connection, "rows_ms", function_id, until)
        yield Deleted(invocations=found)
        if until >= before_ms:
            return


def _streams(connection: sqlite3.Connection, function_id: int) -> Iterator[Deleted]:
    """Names of streams that neither a row nor a loose line has any more."""
    used = {row[0] for row in connection.execute(
        "SELECT stream_id FROM invocations WHERE function_id = ?1"
        " UNION SELECT loose_stream_id FROM chunks WHERE function_id = ?1 AND loose_stream_id IS NOT NULL",
        (function_id,),
    )}  # fmt: skip
    every = connection.execute("SELECT id FROM streams WHERE function_id = ?", (function_id,)).fetchall()
    unused = [row for row in every if row[0] not in used]
    connection.executemany("DELETE FROM streams WHERE id = ?", unused)
    yield Deleted(others=len(unused))


def _requests(connection: sqlite3.Connection) -> Iterator[Deleted]:
    """Ids are hints where a row lies: segments of which all rows are older than any that is left."""
    (oldest,) = connection.execute(
        "SELECT min((SELECT min(i.start_ms) FROM invocations i WHERE i.function_id = f.id)) FROM functions f"
    ).fetchone()
    old = connection.execute(
        "SELECT segment FROM request_buckets WHERE bucket = 0 AND last_ms < ?", (1 << 62 if oldest is None else oldest,)
    ).fetchall()
    for (segment,) in old:
        connection.executemany(
            "DELETE FROM request_buckets WHERE bucket = ? AND segment = ?", ((each, segment) for each in range(256))
        )
        yield Deleted(others=256)


# --- log lines --------------------------------------------------------------------------------------------------------


def _lines(connection: sqlite3.Connection, function_id: int, before_ms: int | None, piece: int) -> Iterator[Deleted]:
    """Chunks whose last line is older; one that reaches beyond stays whole until it is."""
    if before_ms is None:
        return
    before_ms = before_ms // MINUTE_MS * MINUTE_MS
    many = max(1, piece // CHUNKS)
    begins = 0
    while True:
        some = connection.execute(
            "SELECT first_ms, last_ms FROM chunks WHERE function_id = ? AND first_ms >= ? AND first_ms < ?"
            " ORDER BY first_ms LIMIT ?",
            (function_id, begins, before_ms, many + 1),
        ).fetchall()
        if not some:
            return
        until = before_ms
        if len(some) > many:
            first, last = (some[at][0] // MINUTE_MS * MINUTE_MS for at in (0, -1))
            until = min(max(last, first + MINUTE_MS), until)
        old = "FROM chunks WHERE function_id = ? AND first_ms < ? AND last_ms < ?"
        place = function_id, until, until
        (lines,) = connection.execute(f"SELECT coalesce(sum(lines), 0) {old}", place).fetchone()
        if connection.execute(f"DELETE {old}", place).rowcount:
            connection.execute(
                "UPDATE settings SET value = min(value, (SELECT coalesce(max(id), 0) FROM chunks))"
                " WHERE name IN (?, ?)",
                (UNCOUNTED, EMF_UNCOUNTED),
            )
            _marked(connection, "lines_ms", function_id, until)
            yield Deleted(log_lines=lines)
        if until >= before_ms:
            return
        begins = until


# --- minutes ----------------------------------------------------------------------------------------------------------


def _minutes(
    connection: sqlite3.Connection, function_id: int, before_ms: int, pruned: Kept, piece: int
) -> Iterator[Deleted]:
    """Cells of minutes whose rows are gone: an hour that a row may still change is summed from its minutes."""
    before_ms = min(before_ms, pruned.rows_ms) // HOUR_MS * HOUR_MS
    where = "function_id = ? AND start_ms < ?"
    while True:
        first = connection.execute(f"SELECT min(start_ms) FROM minute_cells WHERE {where}", (function_id, before_ms))
        (begin,) = first.fetchone()
        if begin is None:
            return
        hours = max(1, piece * MINUTE_MS // HOUR_MS)
        until = min(before_ms, (begin // HOUR_MS + hours) * HOUR_MS)
        deleted = 0
        for table in ("minute_cells", "minute_cells_errors"):
            deleted += connection.execute(f"DELETE FROM {table} WHERE {where}", (function_id, until)).rowcount
        connection.execute("DELETE FROM minute_packs WHERE start_ms < ?", (until,))
        _marked(connection, "minutes_ms", function_id, until)
        yield Deleted(minutes=deleted)


def _metric_series(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The metrics and statistics that there are, each found by one look: every hour ever has its packs."""
    series: list[tuple[str, str]] = []
    following = "SELECT metric, stat FROM metric_packs WHERE (metric, stat) > (?, ?) ORDER BY metric, stat LIMIT 1"
    while (row := connection.execute(following, series[-1] if series else ("", "")).fetchone()) is not None:
        series.append(row)
    return series


def _points(
    connection: sqlite3.Connection, function_id: int, every: list[tuple[str, str]], before_ms: int, piece: int
) -> Iterator[Deleted]:
    before_ms = before_ms // HOUR_MS * HOUR_MS
    where = "metric = ? AND function_id = ? AND stat = ? AND start_ms < ?"
    first = "SELECT min(start_ms) FROM metrics WHERE metric = ? AND function_id = ? AND stat = ?"
    begins = {
        (metric, stat): connection.execute(first, (metric, function_id, stat)).fetchone()[0] for metric, stat in every
    }
    series = [each for each, begin in begins.items() if begin is not None and begin < before_ms]
    if not series:
        return
    # All series of a function go together up to one hour, its watermark.
    begin = min(begins[each] for each in series)
    hours = max(1, piece // (60 * len(series)))
    while begin < before_ms:
        begin = min(before_ms, (begin // HOUR_MS + hours) * HOUR_MS)
        deleted = 0
        for metric, stat in series:
            place = metric, function_id, stat, begin
            deleted += connection.execute(f"DELETE FROM metrics WHERE {where}", place).rowcount
        packs = "DELETE FROM metric_packs WHERE metric = ? AND stat = ? AND grain_ms = ? AND start_ms < ?"
        connection.executemany(packs, [(metric, stat, MINUTE_MS, begin) for metric, stat in every])
        _marked(connection, "points_ms", function_id, begin)
        yield Deleted(points=deleted)


def _emf(connection: sqlite3.Connection, function_id: int, before_ms: int) -> Iterator[Deleted]:
    """A day of all series of a function at a time."""
    before_ms = before_ms // HOUR_MS * HOUR_MS
    first = (
        "SELECT min((SELECT min(m.start_ms) FROM emf_minutes m WHERE m.series_id = s.id))"
        " FROM emf_series s WHERE s.function_id = ?"
    )
    while True:
        (begin,) = connection.execute(first, (function_id,)).fetchone()
        if begin is None or begin >= before_ms:
            return
        until = min(before_ms, (begin // DAY_MS + 1) * DAY_MS)
        _marked(connection, "minutes_ms", function_id, until)
        yield Deleted(points=emf_cells.prune(connection, function_id, until))


def _account_points(connection: sqlite3.Connection, before_ms: int) -> Iterator[Deleted]:
    """Points of accounts have no sums by hour: those of an hour become one, of the finest period that it has."""
    before_ms = before_ms // HOUR_MS * HOUR_MS
    fine = connection.execute(
        "SELECT DISTINCT account, region, metric, stat, start_ms / 3600000 * 3600000 FROM account_metrics"
        " WHERE start_ms < ? AND period_s < 3600 AND stat IN ('Sum', 'Maximum')",
        (before_ms,),
    ).fetchall()
    hour = "account = ?1 AND region = ?2 AND metric = ?3 AND stat = ?4 AND start_ms >= ?5 AND start_ms < ?5 + 3600000"
    for *series, start_ms in fine:
        place = (*series, start_ms)
        (value,) = connection.execute(
            "SELECT CASE WHEN ?4 = 'Sum' THEN sum(value) ELSE max(value) END FROM account_metrics"
            f" WHERE {hour} AND period_s = (SELECT min(period_s) FROM account_metrics WHERE {hour})",
            place,
        ).fetchone()
        deleted = connection.execute(f"DELETE FROM account_metrics WHERE {hour}", place).rowcount
        connection.execute(ACCOUNT_METRICS.insert(), (*place, 3600, value))
        connection.execute(
            f"{SETTINGS.insert()} ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (ACCOUNT_POINTS, start_ms + HOUR_MS),
        )
        yield Deleted(points=deleted - 1)


def _ledger(connection: sqlite3.Connection, before_ms: int, piece: int) -> Iterator[Deleted]:
    """What collections of then came to, and what they asked. The newest stays, whatever its age."""
    started_of = itemgetter(1)
    while True:
        oldest = connection.execute(
            "SELECT id, started_ms FROM collections WHERE id < (SELECT max(id) FROM collections) ORDER BY id LIMIT ?",
            (max(1, piece // 10),),
        )
        old = [(number,) for number, _ in takewhile(lambda row: started_of(row) < before_ms, oldest)]
        if not old:
            return
        deleted = 0
        for rows in ("api_calls WHERE collection_id", "collection_notes WHERE collection_id", "collections WHERE id"):
            deleted += connection.executemany(f"DELETE FROM {rows} = ?", old).rowcount
        yield Deleted(others=deleted)


def _durable(connection: sqlite3.Connection, before_ms: int, piece: int) -> Iterator[Deleted]:
    """Durable executions that ended before then, with their events. One that goes on stays, however old."""
    while True:
        old = connection.execute(
            "SELECT id FROM durable_executions WHERE ended_ms < ? ORDER BY id LIMIT ?", (before_ms, max(1, piece // 40))
        ).fetchall()
        if not old:
            return
        deleted = 0
        for rows in ("durable_events WHERE execution_id", "durable_executions WHERE id"):
            deleted += connection.executemany(f"DELETE FROM {rows} = ?", old).rowcount
        yield Deleted(others=deleted)
