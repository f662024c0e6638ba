"""Durable executions as every source gives them: which there are, and what happened in each.

Times are epoch milliseconds, UTC; None is unknown. What a step was given or gave is never kept, only how large it was.
"""

from dataclasses import dataclass

# Statuses of an execution that changes no more (Lambda API reference, ListDurableExecutionsByFunction).
ENDED = frozenset(("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"))
WHOLE, PARTIAL, GONE = "whole", "partial", "gone"


@dataclass(frozen=True, slots=True)
class DurableExecution:
    """An execution as it was listed at ``asked_ms``; ``status`` is AWS's word."""

    account: str
    region: str
    function: str
    version: str
    arn: str
    name: str
    status: str
    started_ms: int
    ended_ms: int | None
    asked_ms: int


@dataclass(frozen=True, slots=True)
class DurableEvent:
    """One event of a history; ``type`` is AWS's, such as ``StepFailed``.

    ``attempt`` counts from 1, and ``retry_s`` is after how long the next one comes, of a step that failed.
    ``duration_s`` and ``until_ms`` are of a wait or a callback. ``payload_bytes`` is the size of what came in or out.
    ``request_id`` and ``began_ms`` are of the invocation that ended; ``target`` is the function that was invoked.
    """

    event_id: int
    at_ms: int
    type: str
    operation_id: str | None = None
    parent_id: str | None = None
    sub_type: str | None = None
    name: str | None = None
    attempt: int | None = None
    retry_s: int | None = None
    duration_s: int | None = None
    until_ms: int | None = None
    payload_bytes: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    began_ms: int | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class DurableHistory:
    """What was read of one execution's history at ``asked_ms``: all events after those that were known.

    ``state`` is ``whole``, ``partial`` (it goes on), ``gone`` where AWS has none, or empty where it could not be read.
    ``status`` and ``ended_ms`` are as its events tell them; a status of None leaves what is known.
    """

    arn: str
    events: tuple[DurableEvent, ...]
    state: str
    asked_ms: int
    status: str | None = None
    ended_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OpenExecution:
    """A stored execution whose history is not read to its end. ``last_event`` is the number of the last event that was
    read, None if none was.
    """

    arn: str
    function: str
    status: str
    ended_ms: int | None
    last_event: int | None
    asked_ms: int
