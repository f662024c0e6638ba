"""Writes durable executions as they are listed and read, and reads them as they were at a moment."""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from collectors.model.durable import DurableEvent, DurableExecution, DurableHistory, OpenExecution
from collectors.model.units import FOREVER_MS
from collectors.store.read.reader import Reader

_EVENT = (
    "event_id, at_ms, type, operation_id, parent_id, sub_type, name, attempt, retry_s, duration_s, until_ms,"
    " payload_bytes, error_type, error_message, request_id, began_ms, target"
)


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution at a moment. ``history`` is None where none was read; counts are of the events that were read."""

    id: int
    arn: str
    account: str
    region: str
    function: str
    version: str
    name: str
    status: str
    started_ms: int
    ended_ms: int | None
    history: str | None
    events: int
    steps: int
    retries: int
    waits: int
    waiting: int
    callbacks: int
    invocations: int
    error_type: str | None
    error_message: str | None
    asked_ms: int


def keep_executions(connection: sqlite3.Connection, executions: Sequence[DurableExecution]) -> None:
    """Adds new executions; of known ones, updates what may have changed unless the stored answer is newer.

    Executions that have ended, or whose history is whole, stay as they are.
    """
    connection.executemany(
        "INSERT INTO durable_executions"
        " (arn, account, region, function, version, name, status, started_ms, ended_ms, asked_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (arn) DO UPDATE SET status = excluded.status,"
        " ended_ms = excluded.ended_ms"
        " WHERE history IS NOT 'whole' AND ended_ms IS NULL AND excluded.asked_ms >= asked_ms",
        [
            (one.arn, one.account, one.region, one.function, one.version, one.name, one.status, one.started_ms,
             one.ended_ms, one.asked_ms)
            for one in executions
        ],
    )  # fmt: skip


def keep_history(connection: sqlite3.Connection, history: DurableHistory) -> None:
    """Adds events, and how far the history is known. Ignores an execution that was never listed."""
    execution = connection.execute("SELECT id FROM durable_executions WHERE arn = ?", (history.arn,)).fetchone()
    if execution is None:
        return
    marks = ", ".join("?" * (len(DurableEvent.__slots__) + 1))
    connection.executemany(
        f"INSERT OR REPLACE INTO durable_events (execution_id, {_EVENT}) VALUES ({marks})",
        [(execution[0], *astuple(event)) for event in history.events],
    )
    last = max((event.event_id for event in history.events), default=None)
    connection.execute(
        "UPDATE durable_executions SET asked_ms = max(asked_ms, ?2),"
        " history = CASE ?1 WHEN '' THEN history ELSE ?1 END,"
        # Of an execution listed as ended, an event that says otherwise is older.
        " status = CASE WHEN ?3 IS NULL OR (ended_ms IS NOT NULL AND ?4 IS NULL) THEN status ELSE ?3 END,"
        " ended_ms = coalesce(?4, ended_ms), last_event = max(coalesce(?5, last_event), coalesce(last_event, ?5))"
        " WHERE id = ?6 AND history IS NOT 'whole'",
        (history.state, history.asked_ms, history.status, history.ended_ms, last, execution[0]),
    )


def open_executions(connection: sqlite3.Connection, account: str, region: str) -> list[OpenExecution]:
    """Executions whose history is not whole: first those without any event, then those not asked for the longest."""
    return [
        OpenExecution(*row)
        for row in connection.execute(
            "SELECT arn, function, status, ended_ms, last_event, asked_ms FROM durable_executions"
            " WHERE account = ? AND region = ? AND (history IS NULL OR history = 'partial')"
            " ORDER BY last_event IS NOT NULL, asked_ms, started_ms DESC",
            (account, region),
        )
    ]


def read_executions(connection: sqlite3.Connection, arns: Sequence[str]) -> set[str]:
    """Those of these ARNs whose history need not be read any more: it is whole, or AWS has deleted it."""
    whole: set[str] = set()
    for at in range(0, len(arns), 500):
        some = arns[at : at + 500]
        whole.update(
            arn
            for (arn,) in connection.execute(
                f"SELECT arn FROM durable_executions WHERE arn IN ({', '.join('?' * len(some))})"
                " AND history IN ('whole', 'gone')",
                some,
            )
        )
    return whole


_COUNTS = (
    "count(e.event_id), sum(e.type = 'StepSucceeded'), sum(e.type = 'StepFailed' AND e.retry_s IS NOT NULL),"
    " sum(e.type = 'WaitStarted'), sum(e.type = 'WaitStarted') - sum(e.type IN ('WaitSucceeded', 'WaitCancelled')),"
    " sum(e.type = 'CallbackStarted'), sum(e.type = 'InvocationCompleted')"
)
_ENDING = "('ExecutionFailed', 'ExecutionTimedOut', 'ExecutionStopped')"


def executions(reader: Reader, from_ms: int) -> list[ExecutionRow]:
    """Executions that ran at or after ``from_ms``, newest first, as they were before the reader's ``until_ms``."""
    until = (FOREVER_MS) if reader.until_ms is None else reader.until_ms
    rows = reader.select(
        "SELECT x.id, x.arn, x.account, x.region, x.function, x.version, x.name,"
        " CASE WHEN x.ended_ms >= ? THEN 'RUNNING' ELSE x.status END, x.started_ms,"
        f" CASE WHEN x.ended_ms < ? THEN x.ended_ms END, x.history, {_COUNTS},"
        f" max(CASE WHEN e.type IN {_ENDING} THEN e.error_type END),"
        f" max(CASE WHEN e.type IN {_ENDING} THEN e.error_message END), x.asked_ms"
        " FROM durable_executions x LEFT JOIN durable_events e ON e.execution_id = x.id AND e.at_ms < ?"
        " WHERE x.started_ms < ? AND (x.ended_ms IS NULL OR x.ended_ms >= ?)"
        " GROUP BY x.id ORDER BY x.started_ms DESC, x.arn",
        (until, until, until, until, from_ms),
    )
    return [ExecutionRow(*row[:11], *(value or 0 for value in row[11:18]), *row[18:]) for row in rows]


def events(reader: Reader, execution_id: int) -> list[DurableEvent]:
    """The events of an execution before the reader's ``until_ms``, in order."""
    until = (FOREVER_MS) if reader.until_ms is None else reader.until_ms
    rows = reader.select(
        f"SELECT {_EVENT} FROM durable_events WHERE execution_id = ? AND at_ms < ? ORDER BY event_id",
        (execution_id, until),
    )
    return [DurableEvent(*row) for row in rows]
