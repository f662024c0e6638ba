"""Dead letters: failed events as queues, topics, folders and destinations have them.

Lambda Developer Guide, "Adding a dead-letter queue" (the event, and attributes RequestID, ErrorCode, ErrorMessage), and
"Capturing records of Lambda asynchronous invocations" (an object with requestContext, requestPayload and
responsePayload).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from collectors.untrusted import Unparsable, json_values, parsed_json
from lambdatui.runner.functions import RunnerError

NO_EVENT: Any = object()
"""Where a letter tells of a failure and has not the event."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed event. ``error_type`` is None where only the message is known, both where neither is."""

    event: Any
    request_id: str | None = None
    function: str | None = None
    error_type: str | None = None
    error_message: str | None = None


def dead_letters(text: str) -> list[DeadLetter]:
    """The letters in a file: one, or several one after another or in a list.

    Takes what ``aws sqs receive-message`` prints, messages of SQS and SNS, records of destinations, files that this
    runner writes into a folder, events of queues, and bare events. Raises RunnerError where the text is no JSON.
    """
    try:
        documents = list(json_values(text))
    except Unparsable as error:
        raise RunnerError(f"that is no dead letter: {error}") from error
    letters = [letter for document in documents for letter in _letters(document)]
    if not letters:
        raise RunnerError("there is no dead letter in it")
    return letters


def _letters(document: Any) -> Iterator[DeadLetter]:
    if isinstance(document, list):
        for one_of_them in document:
            yield from _letters(one_of_them)
    elif not isinstance(document, dict):
        yield DeadLetter(document)
    elif isinstance(document.get("Messages"), list):
        yield from _letters(document["Messages"])
    elif isinstance(records := document.get("Records"), list) and all(map(_has_request_id, records)):
        yield from _letters(records)  # a function was called with the dead letters of a queue
    elif isinstance(document.get("requestContext"), dict) and "functionArn" in document["requestContext"]:
        yield _of_destination(document)
    elif document.get("detail-type", "").startswith("Lambda Function Invocation Result"):
        yield from _letters(document["detail"])
    elif (message := _message_of(document)) is not None:
        body, attributes = message
        inner = list(_letters(body))
        if len(inner) == 1 and inner[0].function is not None:  # a destination's record, sent through a queue or a topic
            yield inner[0]
        else:
            yield _of_queue(body, attributes)
    else:
        yield DeadLetter(document)


def _has_request_id(record: Any) -> bool:
    return isinstance(record, dict) and "RequestID" in (record.get("messageAttributes") or {})


def _message_of(document: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
    """Body and attributes of a message of SQS, SNS or a folder of ours; None where it is none."""
    for body, attributes in (
        ("Body", "MessageAttributes"),
        ("Message", "MessageAttributes"),
        ("body", "messageAttributes"),
        ("body", "attributes"),
    ):
        is_message = attributes in document or "MessageId" in document or "messageId" in document
        if body in document and is_message:
            return _parsed(document[body]), document.get(attributes) or {}
    return None


def _of_queue(event: Any, attributes: dict[str, Any]) -> DeadLetter:
    return DeadLetter(event, _attribute(attributes, "RequestID"), None, None, _attribute(attributes, "ErrorMessage"))


def _of_destination(record: dict[str, Any]) -> DeadLetter:
    context = record["requestContext"]
    response = record.get("responsePayload")
    response = response if isinstance(response, dict) else {}
    parts = str(context["functionArn"]).split(":")
    return DeadLetter(
        record.get("requestPayload", NO_EVENT),
        context.get("requestId"),
        parts[6] if len(parts) > 6 else None,
        response.get("errorType"),
        response.get("errorMessage"),
    )


def _attribute(attributes: dict[str, Any], name: str) -> str | None:
    value = attributes.get(name)
    if isinstance(value, dict):  # SQS: StringValue, an event's stringValue, SNS: Value
        value = next((value[key] for key in ("StringValue", "stringValue", "Value") if key in value), None)
    return None if value is None else str(value)


def _parsed(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return parsed_json(body)
    except Unparsable:
        return body
