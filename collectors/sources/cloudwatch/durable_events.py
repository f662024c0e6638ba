"""Events of a durable execution's history, without the inputs and results of steps: only the sizes of payloads are
kept.

The shapes are those of Lambda's GetDurableExecutionHistory.
"""

from collections.abc import Mapping
from typing import Any

from collectors.model.durable import DurableEvent
from collectors.sources.cloudwatch.iso_times import iso_ms

_MESSAGE = 4_000  # characters of an error's message that are kept


def event_of(answer: Any) -> DurableEvent | None:
    """The event; None where it has no number, type or time."""
    if not isinstance(answer, Mapping):
        return None
    number, kind, at_ms = answer.get("EventId"), answer.get("EventType"), iso_ms(answer.get("EventTimestamp"))
    if not isinstance(number, int) or not isinstance(kind, str) or not kind or at_ms is None:
        return None
    about = _mapping(answer.get(f"{kind}Details"))
    error, retry = _mapping(_mapping(about.get("Error")).get("Payload")), _mapping(about.get("RetryDetails"))
    message = error.get("ErrorMessage")
    return DurableEvent(
        number,
        at_ms,
        kind,
        answer.get("Id"),
        answer.get("ParentId"),
        answer.get("SubType"),
        answer.get("Name"),
        retry.get("CurrentAttempt"),
        retry.get("NextAttemptDelaySeconds"),
        _first(about, "Duration", "Timeout", "ExecutionTimeout"),
        iso_ms(about.get("ScheduledEndTimestamp")),
        _payload_bytes(about),
        error.get("ErrorType"),
        message[:_MESSAGE] if isinstance(message, str) else None,
        about.get("RequestId"),
        iso_ms(about.get("StartTimestamp")),
        about.get("FunctionName"),
    )


def _payload_bytes(about: Mapping[str, Any]) -> int | None:
    for name in ("Input", "Result"):
        payload = _mapping(about.get(name)).get("Payload")
        if isinstance(payload, str):
            return len(payload.encode("utf-8", "surrogatepass"))
    return None


def _first(about: Mapping[str, Any], *names: str) -> int | None:
    return next((about[name] for name in names if isinstance(about.get(name), int)), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
