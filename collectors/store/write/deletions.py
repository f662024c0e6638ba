"""Deletes what is too old from each table in steps, each within the transaction of whoever asks for the next.

A step raises its function's watermark (``pruned_until``) in the same transaction. ``piece`` is about how many rows a
step deletes at most.
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

CHUNKS = 16  # deleting a chunk takes as long as deleting so many rows


@dataclass(slots=True)
class Deleted:
    """How many rows of each kind were deleted."""

    invocations: int = 0
    log_lines: int = 0
    minutes: int = 0
    points: int = 0
    others: int = 0

    def add(self, other: "Deleted") -> None:
        """Adds the counts of another step."""
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
    """The latest full minute up to ``before_ms`` shortly before which no invocation began that has only its REPORT.

    A START that arrives later may place such an invocation some milliseconds later, and must still find it.
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
    """Deletes invocations before ``before_ms``, except those whose START or REPORT may still come."""
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
            # No step ends where an invocation's START and REPORT may lie on both sides.
            until = max(whole_before(connection, function_id, until), 0)
            if until <= first:
                until = before_ms
        found = connection.execute(f"DELETE {ours}", (function_id, until)).rowcount
        _watermark(connection, "rows_ms", function_id, until)
        yield Deleted(invocations=found)
        if until >= before_ms:
            return


def streams(connection: sqlite3.Connection, function_id: int) -> Iterator[Deleted]:
    """Deletes names of streams that no invocation and no orphan line refers to."""
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
    """Deletes segments of the index of request ids whose rows are all older than the oldest invocation left."""
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
    """Deletes chunks whose last line is older than ``before_ms``; a chunk with a later line stays whole."""
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
    """Deletes minute cells before ``before_ms`` whose rows are gone, for a row that is stored may change its hour."""
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
    """Every (metric, statistic) with points: one look for each, because hours keep their packs for ever."""
    series: list[tuple[str, str]] = []
    following = "SELECT metric, stat FROM metric_packs WHERE (metric, stat) > (?, ?) ORDER BY metric, stat LIMIT 1"
    while (row := connection.execute(following, series[-1] if series else ("", "")).fetchone()) is not None:
        series.append(row)
    return series


def points(
    connection: sqlite3.Connection, function_id: int, every: list[tuple[str, str]], before_ms: int, piece: int
) -> Iterator[Deleted]:
    """Deletes a function's metric points, all series up to the same hour; their sums by hour and day stay."""
    before_ms = before_ms // HOUR_MS * HOUR_MS
    where = "metric = ? AND function_id = ? AND stat = ? AND start_ms < ?"
    first = "SELECT min(start_ms) FROM metrics WHERE metric = ? AND function_id = ? AND stat = ?"
    begins = {
        (metric, stat): connection.execute(first, (metric, function_id, stat)).fetchone()[0] for metric, stat in every
    }
    series = [each for each, begin in begins.items() if begin is not None and begin < before_ms]
    if not series:
        return
    # All series of a function are deleted up to the same hour, which is its watermark.
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
    """Deletes EMF minutes of all series of a function, a day in each step."""
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
    """Replaces points of accounts by one an hour, that of the finest period, because accounts have no sums by hour."""
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
    """Deletes collections, their calls and notes; the newest of them stays, whatever its age."""
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
    """Deletes durable executions that ended before ``before_ms``, with their events. Running ones stay, however old."""
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
