"""Durable executions: how each stands, and what happened in one of them."""

from dataclasses import dataclass, replace

from collectors.model.durable import DurableEvent
from collectors.model.errors import LambdatuiError
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.write import durable
from collectors.store.write.durable import ExecutionRow
from lambdatui.views.columns import columns
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

EXECUTION_COLUMNS = columns(
    "execution", "function", "execution_status", "started_at", "ended_at", "age_ms", "steps", "retries", "waits",
    "waiting", "callbacks", "invocations", "error_type", "message", "history", "version", "account", "region",
    "execution_arn",
)  # fmt: skip
EVENT_COLUMNS = columns(
    "event_id", "happened_at", "event", "operation", "attempt", "retry_s", "waits_s", "payload_bytes", "error_type",
    "message", "request_id", "operation_id",
)  # fmt: skip
_LISTING = "lambda:ListDurableExecutionsByFunction"


@dataclass(frozen=True, slots=True)
class ExecutionView:
    """One execution. Counts are None where no history was read: it is not known what happened."""

    id: int
    execution: str
    function: str
    execution_status: str
    started_at: int
    ended_at: int | None
    age_ms: int
    steps: int | None
    retries: int | None
    waits: int | None
    waiting: int | None
    callbacks: int | None
    invocations: int | None
    error_type: str | None
    message: str | None
    history: str | None
    version: str | None
    account: str | None
    region: str | None
    execution_arn: str


@dataclass(frozen=True)
class ExecutionsView(View[ExecutionView]):
    """``collected`` is False where no collection has asked for executions: then nothing is known."""

    collected: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a history."""

    event_id: int
    happened_at: int
    event: str
    operation: str | None
    attempt: int | None
    retry_s: int | None
    waits_s: int | None
    payload_bytes: int | None
    error_type: str | None
    message: str | None
    request_id: str | None
    operation_id: str | None


@dataclass(frozen=True)
class HistoryView(View[EventView]):
    """The events of ``execution``, in order."""

    execution: ExecutionView | None = None


class AmbiguousExecution(LambdatuiError):
    """Several executions begin with what was asked for; the text names them."""


@as_of_range
def executions(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> ExecutionsView:
    """Those that ran in the range, the newest first; without an end of its own also those that began since the newest
    data.
    """
    # All data begins with the oldest invocation that is kept; an execution may have begun before.
    ever = replace(time_range, from_ms=0) if time_range.label.startswith("all data") else time_range
    rows = _executions(reader, ever, narrow)
    collected = account_rows.has_asked(reader, _LISTING)
    as_of = reader.as_of_ms(time_range.to_ms)
    return ExecutionsView(EXECUTION_COLUMNS, rows, as_of, time_range, collected=collected)


@as_of_range
def history(reader: Reader, time_range: TimeRange, wanted: str, *, narrow: Narrow | None = None) -> HistoryView | None:
    """What happened in one execution, by its ARN, name or id, or how one of them begins; the newest of a name.

    None: there is no such one. AmbiguousExecution where several begin so. All stored are looked through.
    """
    one = _found(_executions(reader, replace(time_range, from_ms=0), narrow), wanted)
    if one is None:
        return None
    rows = [_event(event) for event in durable.events(reader, one.id)]
    return HistoryView(EVENT_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range, execution=one)


def _executions(reader: Reader, time_range: TimeRange, narrow: Narrow | None) -> list[ExecutionView]:
    return [
        _view(row, time_range.to_ms if time_range.hides else max(time_range.to_ms, row.asked_ms))
        for row in durable.executions(reader, time_range.from_ms)
        if narrow is None or narrow.matches(row.account, row.region, row.function)
    ]


def _found(rows: list[ExecutionView], wanted: str) -> ExecutionView | None:
    for exact in (lambda row: row.execution_arn, lambda row: _id(row), lambda row: row.execution):
        same = [row for row in rows if exact(row) == wanted]
        if same:
            return same[0]
    near = [row for row in rows if any(name.startswith(wanted) for name in (_id(row), row.execution))]
    if len(near) > 1:
        some = ", ".join(row.execution or _id(row) for row in near[:5])
        raise AmbiguousExecution(f"{len(near):,} executions begin with {wanted!r}: {some}")
    return near[0] if near else None


def _id(row: ExecutionView) -> str:
    """The last part of an ARN: of one name there may be several executions."""
    return row.execution_arn.rpartition("/")[2]


def _view(row: ExecutionRow, now_ms: int) -> ExecutionView:
    def counted(figure: int) -> int | None:
        return figure if row.events else None

    return ExecutionView(
        row.id, row.name, row.function, row.status, row.started_ms, row.ended_ms,
        max(0, (now_ms if row.ended_ms is None else row.ended_ms) - row.started_ms), counted(row.steps),
        counted(row.retries), counted(row.waits), counted(row.waiting), counted(row.callbacks),
        counted(row.invocations), row.error_type, row.error_message, row.history, row.version or None,
        row.account or None, row.region or None, row.arn,
    )  # fmt: skip


def _event(one: DurableEvent) -> EventView:
    return EventView(
        one.event_id, one.at_ms, one.type, one.name or one.target, one.attempt, one.retry_s, one.duration_s,
        one.payload_bytes, one.error_type, one.error_message, one.request_id, one.operation_id,
    )  # fmt: skip
