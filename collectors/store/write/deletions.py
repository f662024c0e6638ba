"""What of each table is too old: each step deletes a piece of it, in the transaction of whoever asks for the next.

A step moves the watermark of its function with it (``pruned_until``), so that nothing is ever half gone. ``piece`` is
how many rows a step deletes at most, about.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import takewhile
from operator import itemgetter

from collectors.model.records import Parts
from collectors.model.units import DAY_MS, FOREVER_MS, HOUR_MS, HOUR_S, MINUTE_MS
from collectors.store.pruned_until import ACCOUNT_POINTS, REPORTED_LATE_MS, PrunedUntil
from collectors.store.rollups import emf_cells
from collectors.store.schema import EMF_UNCOUNTED, UNCOUNTED
from collectors.store.tables.ledger import SETTINGS
from collectors.store.tables.metrics import ACCOUNT_METRICS

CHUNKS = 16  # a chunk is deleted as fast as so many rows


@dataclass(slots=True)
class Deleted:
    """How many of each were deleted."""

    invocations: int = 0
    log_lines: int = 0
    minutes: int = 0
    points: int = 0
    others: int = 0

    def add(self, other: "Deleted") -> None:
        """Counts what another step deleted too."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def _watermark(connection: sqlite3.Connection, column: str, function_id: int, before_ms: int) -> None:
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


def rows(connection: sqlite3.Connection, function_id: int, before_ms: int | None, piece: int) -> Iterator[Deleted]:
    """Invocations, but none of which the other half may still come."""
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
        _watermark(connection, "rows_ms", function_id, until)
        yield Deleted(invocations=found)
        if until >= before_ms:
            return


def streams(connection: sqlite3.Connection, function_id: int) -> Iterator[Deleted]:
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


def requests(connection: sqlite3.Connection) -> Iterator[Deleted]:
    """Ids are hints where a row lies: segments of which all rows are older than any that is left."""
    (oldest,) = connection.execute(
        "SELECT min((SELECT min(i.start_ms) FROM invocations i WHERE i.function_id = f.id)) FROM functions f"
    ).fetchone()
    old = connection.execute(
        "SELECT segment FROM request_buckets WHERE bucket = 0 AND last_ms < ?",
        (FOREVER_MS if oldest is None else oldest,),
    ).fetchall()
    for (segment,) in old:
        connection.executemany(
            "DELETE FROM request_buckets WHERE bucket = ? AND segment = ?", ((each, segment) for each in range(256))
        )
        yield Deleted(others=256)


# --- log lines --------------------------------------------------------------------------------------------------------


def lines(connection: sqlite3.Connection, function_id: int, before_ms: int | None, piece: int) -> Iterator[Deleted]:
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
            _watermark(connection, "lines_ms", function_id, until)
            yield Deleted(log_lines=lines)
        if until >= before_ms:
            return
        begins = until


# --- minutes ----------------------------------------------------------------------------------------------------------


def minutes(
    connection: sqlite3.Connection, function_id: int, before_ms: int, pruned: PrunedUntil, piece: int
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
        _watermark(connection, "minutes_ms", function_id, until)
        yield Deleted(minutes=deleted)


def metric_series(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The metrics and statistics that there are, each found by one look: every hour ever has its packs."""
    series: list[tuple[str, str]] = []
    following = "SELECT metric, stat FROM metric_packs WHERE (metric, stat) > (?, ?) ORDER BY metric, stat LIMIT 1"
    while (row := connection.execute(following, series[-1] if series else ("", "")).fetchone()) is not None:
        series.append(row)
    return series


def points(
    connection: sqlite3.Connection, function_id: int, every: list[tuple[str, str]], before_ms: int, piece: int
) -> Iterator[Deleted]:
    """A function's metric points, of all its series up to one hour: their sums by hour and day stay."""
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
        _watermark(connection, "points_ms", function_id, begin)
        yield Deleted(points=deleted)


def emf(connection: sqlite3.Connection, function_id: int, before_ms: int) -> Iterator[Deleted]:
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
        _watermark(connection, "minutes_ms", function_id, until)
        yield Deleted(points=emf_cells.prune(connection, function_id, until))


def account_points(connection: sqlite3.Connection, before_ms: int) -> Iterator[Deleted]:
    """Points of accounts have no sums by hour: those of an hour become one, of the finest period that it has."""
    before_ms = before_ms // HOUR_MS * HOUR_MS
    fine = connection.execute(
        f"SELECT DISTINCT account, region, metric, stat, start_ms / {HOUR_MS} * {HOUR_MS} FROM account_metrics"
        f" WHERE start_ms < ? AND period_s < {HOUR_S} AND stat IN ('Sum', 'Maximum')",
        (before_ms,),
    ).fetchall()
    hour = (
        f"account = ?1 AND region = ?2 AND metric = ?3 AND stat = ?4 AND start_ms >= ?5 AND start_ms < ?5 + {HOUR_MS}"
    )
    for *series, start_ms in fine:
        place = (*series, start_ms)
        (value,) = connection.execute(
            "SELECT CASE WHEN ?4 = 'Sum' THEN sum(value) ELSE max(value) END FROM account_metrics"
            f" WHERE {hour} AND period_s = (SELECT min(period_s) FROM account_metrics WHERE {hour})",
            place,
        ).fetchone()
        deleted = connection.execute(f"DELETE FROM account_metrics WHERE {hour}", place).rowcount
        connection.execute(ACCOUNT_METRICS.insert(), (*place, HOUR_S, value))
        connection.execute(
            f"{SETTINGS.insert()} ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (ACCOUNT_POINTS, start_ms + HOUR_MS),
        )
        yield Deleted(points=deleted - 1)


def ledger(connection: sqlite3.Connection, before_ms: int, piece: int) -> Iterator[Deleted]:
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


def durable(connection: sqlite3.Connection, before_ms: int, piece: int) -> Iterator[Deleted]:
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
