"""What is sent when an asynchronous event ends: a destination's record, or a dead-letter queue's message."""

import json
from dataclasses import dataclass, field
from typing import Any

from lambdatui.runner.clock import iso_millis
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.functions import LATEST, qualifier_in
from lambdatui.runner.untrusted import parsed_json


@dataclass(frozen=True, slots=True)
class FinishedEvent:
    """An event at its end. ``function`` is an ARN; ``last`` is the last attempt, None when there was none."""

    request_id: str
    function: str
    payload: bytes
    condition: str
    attempts: int
    throttles: int
    last: Invocation | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record for one target; ``failure_metric`` is CloudWatch's metric that counts a delivery that failed."""

    target: str
    body: str
    failure_metric: str
    attributes: dict[str, str] = field(default_factory=dict)


def destination_record(event: FinishedEvent, target: str) -> Delivery:
    """The record for a destination (Developer Guide, "Capturing records of Lambda asynchronous invocations")."""
    qualified = (
        event.function
        if qualifier_in(event.function) != LATEST
        else f"{event.function.removesuffix(LATEST).rstrip(':')}:{LATEST}"
    )
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": iso_millis(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": qualified,
            "condition": event.condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json_or_text(event.payload),
    }
    if event.last is not None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": event.last.version}
        if event.last.error_type is not None:
            response["functionError"] = "Unhandled"
        record["responseContext"] = response
        record["responsePayload"] = _json_or_text(event.last.payload)
    return Delivery(target, json.dumps(record), "DestinationDeliveryFailures")


def dead_letter(event: FinishedEvent, target: str) -> Delivery:
    """The event itself, with the error as attributes (Developer Guide, "Adding a dead-letter queue")."""
    if event.last is not None:
        code, message = "200", _error_message(event.last.payload)[:1024]
    else:
        code, message = "429" if event.throttles else "500", event.condition
    attributes = {"RequestID": event.request_id, "ErrorCode": code, "ErrorMessage": message}
    return Delivery(target, event.payload.decode("utf-8", "replace"), "DeadLetterErrors", attributes)


def _json_or_text(data: bytes) -> Any:
    try:
        return parsed_json(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _error_message(payload: bytes) -> str:
    error = _json_or_text(payload)
    return str(error.get("errorMessage", "")) if isinstance(error, dict) else ""
