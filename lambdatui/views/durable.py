"""Durable executions: how each stands, and what happened in one of them."""

from dataclasses import dataclass, replace
from typing import Annotated

from collectors.model.durable import DurableEvent
from collectors.model.errors import LambdatuiError
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.write import durable
from collectors.store.write.durable import ExecutionRow
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

_LISTING = "lambda:ListDurableExecutionsByFunction"


@dataclass(frozen=True, slots=True)
class ExecutionView:
    """One execution. Counts are None where no history was read: it is not known what happened."""

    id: int
    execution: Annotated[str, Column("Execution", Kind.TEXT, 36, "The name of a durable execution."), BRIEF]
    function: Annotated[str, shared.FUNCTION, BRIEF]
    execution_status: Annotated[
        str, Column("Status", Kind.TEXT, 10, "How a durable execution stands, in AWS's words."), BRIEF
    ]
    started_at: Annotated[int, shared.STARTED_AT, BRIEF]
    ended_at: Annotated[int | None, Column("Ended", Kind.TIME, 19, "When it ended; unknown while it goes on.")]
    age_ms: Annotated[int, Column("Age", Kind.MS, 8, "From its start to its end, or to now."), BRIEF]
    steps: Annotated[
        int | None, Column("Steps", Kind.COUNT, 6, "Steps that succeeded; unknown where no history was read."), BRIEF
    ]
    retries: Annotated[
        int | None, Column("Retries", Kind.COUNT, 7, "Attempts of steps that failed and were tried again."), BRIEF
    ]
    waits: Annotated[int | None, Column("Waits", Kind.COUNT, 6, "Waits that began."), BRIEF]
    waiting: Annotated[int | None, Column("Waiting", Kind.COUNT, 7, "Waits that have not ended.")]
    callbacks: Annotated[int | None, Column("Callbacks", Kind.COUNT, 9, "Callbacks that were waited for.")]
    invocations: Annotated[int | None, shared.INVOCATIONS]
    error_type: Annotated[str | None, shared.ERROR_TYPE]
    message: Annotated[str | None, shared.MESSAGE]
    history: Annotated[
        str | None,
        Column("History", Kind.TEXT, 8, "whole, partial (it goes on), gone (AWS keeps none); unknown: not read yet."),
    ]
    version: Annotated[str | None, Column("Version", Kind.TEXT, 8, "The version of the function that ran it.")]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION]
    execution_arn: Annotated[str, Column("ARN", Kind.TEXT, 60, "The execution's ARN.")]


EXECUTION_COLUMNS = columns_of(ExecutionView)


@dataclass(frozen=True)
class ExecutionsView(View[ExecutionView]):
    """``collected`` is False where no collection has asked for executions: then nothing is known."""

    collected: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    """One event of a history."""

    event_id: Annotated[int, Column("Event", Kind.COUNT, 6, "The event's number in the history."), BRIEF]
    happened_at: Annotated[int, Column("When", Kind.TIME, 19, "When an event of a durable execution happened."), BRIEF]
    event: Annotated[str, Column("What", Kind.TEXT, 24, "What happened, in AWS's words."), BRIEF]
    operation: Annotated[
        str | None, Column("Operation", Kind.TEXT, 24, "The step, wait, callback or invocation, by its name."), BRIEF
    ]
    attempt: Annotated[int | None, shared.ATTEMPT, BRIEF]
    retry_s: Annotated[
        int | None, Column("Retry in", Kind.SECONDS, 8, "After how many seconds a failed step is tried again."), BRIEF
    ]
    waits_s: Annotated[
        int | None, Column("Lasts", Kind.SECONDS, 8, "How long a wait lasts or a callback may take, seconds."), BRIEF
    ]
    payload_bytes: Annotated[
        int | None,
        Column("Payload bytes", Kind.COUNT, 13, "Bytes of what came in or out; the payload itself is not kept."),
    ]
    error_type: Annotated[str | None, shared.ERROR_TYPE, BRIEF]
    message: Annotated[str | None, shared.MESSAGE]
    request_id: Annotated[str | None, shared.REQUEST_ID]
    operation_id: Annotated[
        str | None, Column("Operation id", Kind.TEXT, 16, "The operation's id, the same in all of its events.")
    ]


EVENT_COLUMNS = columns_of(EventView)


@dataclass(frozen=True)
class HistoryView(View[EventView]):
    """The events of ``execution``, in order."""

    execution: ExecutionView | None = None


class AmbiguousExecution(LambdatuiError):
    """Several executions begin with what was asked for; the text names them."""


@as_of_range
def executions(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> ExecutionsView:
    """Those that ran in the range, the newest first; without an end of its own also those that began since the newest
    data.
    """
    # All data begins with the oldest invocation that is kept; an execution may have begun before.
    ever = replace(time_range, from_ms=0) if time_range.label.startswith("all data") else time_range
    rows = _executions(reader, ever, scope)
    collected = account_rows.has_asked(reader, _LISTING)
    as_of = reader.as_of_ms(time_range.to_ms)
    return ExecutionsView(EXECUTION_COLUMNS, rows, as_of, time_range, collected=collected)


@as_of_range
def history(reader: Reader, time_range: TimeRange, wanted: str, *, scope: Scope | None = None) -> HistoryView | None:
    """What happened in one execution, by its ARN, name or id, or how one of them begins; the newest of a name.

    None: there is no such one. AmbiguousExecution where several begin so. All stored are looked through.
    """
    execution = _execution_named(_executions(reader, replace(time_range, from_ms=0), scope), wanted)
    if execution is None:
        return None
    rows = [_event(event) for event in durable.events(reader, execution.id)]
    return HistoryView(EVENT_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range, execution=execution)


def _executions(reader: Reader, time_range: TimeRange, scope: Scope | None) -> list[ExecutionView]:
    return [
        _view(row, time_range.to_ms if time_range.hides else max(time_range.to_ms, row.asked_ms))
        for row in durable.executions(reader, time_range.from_ms)
        if scope is None or scope.matches(row.account, row.region, row.function)
    ]


def _execution_named(rows: list[ExecutionView], wanted: str) -> ExecutionView | None:
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
    """The last part of an ARN, which tells the executions of one name apart."""
    return row.execution_arn.rpartition("/")[2]


def _view(row: ExecutionRow, now_ms: int) -> ExecutionView:
    def counted(figure: int) -> int | None:
        return figure if row.events else None

    return ExecutionView(
        id=row.id,
        execution=row.name,
        function=row.function,
        execution_status=row.status,
        started_at=row.started_ms,
        ended_at=row.ended_ms,
        age_ms=max(0, (now_ms if row.ended_ms is None else row.ended_ms) - row.started_ms),
        steps=counted(row.steps),
        retries=counted(row.retries),
        waits=counted(row.waits),
        waiting=counted(row.waiting),
        callbacks=counted(row.callbacks),
        invocations=counted(row.invocations),
        error_type=row.error_type,
        message=row.error_message,
        history=row.history,
        version=row.version or None,
        account=row.account or None,
        region=row.region or None,
        execution_arn=row.arn,
    )


def _event(event: DurableEvent) -> EventView:
    return EventView(
        event_id=event.event_id,
        happened_at=event.at_ms,
        event=event.type,
        operation=event.name or event.target,
        attempt=event.attempt,
        retry_s=event.retry_s,
        waits_s=event.duration_s,
        payload_bytes=event.payload_bytes,
        error_type=event.error_type,
        message=event.error_message,
        request_id=event.request_id,
        operation_id=event.operation_id,
    )
