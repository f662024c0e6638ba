"""OTLP's log records, from its JSON or its protobuf messages, and the log events that they are.

Sources: opentelemetry-proto (``logs.proto``, ``common.proto``) and its JSON mapping, in which 64-bit integers may be
texts and keys are in lowerCamelCase; some exporters write them in snake_case. Attributes are those of OpenTelemetry's
semantic conventions (faas, cloud, aws), and what shippers call the same.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from collectors.model.errors import CaughtError
from collectors.model.records import LogEvent
from collectors.parsing.runtime_errors import is_request_id, request_id_of
from collectors.sources.inputs.shipper_names import Names, letters, names_in
from collectors.sources.inputs.timestamps import epoch_ms, time_in_text
from collectors.untrusted import Unparsable, storable
from collectors.untrusted_json import json_or_text, json_value

_DEEPEST = 20  # levels of a value within a value
_RESOURCES = ("resourceLogs", "resource_logs")
_SCOPES = ("scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs")
_RECORDS = ("logRecords", "log_records", "logs")
_TIMES = ("timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano")
_REQUEST_IDS = frozenset({"faasinvocationid", "faasexecution", "awsrequestid", "awslambdarequestid", "requestid"})
_OTHER_SIGNALS = {
    "resourceSpans": "OTLP traces", "resource_spans": "OTLP traces",
    "resourceMetrics": "OTLP metrics", "resource_metrics": "OTLP metrics",
}  # fmt: skip
# logs.proto, SeverityNumber: four steps a level.
_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


class OtlpRecord(NamedTuple):
    """One log record. ``attributes`` are its resource's, its scope's and its own, of which the last of a name counts.

    ``time_ns`` is when it happened, else when it was seen (ns since 1970, as it was written; None: neither is known).
    ``body`` is a plain value; ``level`` empty where the record has no severity, ``trace_id`` where it has no trace.
    """

    time_ns: Any
    body: Any
    attributes: Mapping[str, Any]
    level: str = ""
    trace_id: str = ""


class NotALogRecord(CaughtError, ValueError):
    """A record that cannot be a log event; the message is the reason for the reject."""


# --- from JSON ----------------------------------------------------------------------------------------------------


def is_request(value: object) -> bool:
    """Whether a decoded JSON value is an ExportLogsServiceRequest, or LogsData, which is written alike."""
    return isinstance(value, dict) and any(isinstance(value.get(key), list) for key in _RESOURCES)


def other_signal(value: object) -> str:
    """The signal of OTLP (spans, metrics) that a decoded JSON value is, if it is not logs; "" where it is none."""
    return next((what for key, what in _OTHER_SIGNALS.items() if isinstance(value, dict) and key in value), "")


def records_of_json(request: Mapping[str, Any]) -> Iterator[OtlpRecord]:
    """The records of a request. What in it is not as it should be is left out, as protobuf does with unknown fields."""
    for resource_logs in _objects(request, _RESOURCES):
        of_resource = _attributes(_object(resource_logs, "resource").get("attributes"))
        for scope_logs in _objects(resource_logs, _SCOPES):
            of_scope = of_resource | _attributes(_object(scope_logs, "scope").get("attributes"))
            for record in _objects(scope_logs, _RECORDS):
                yield _record_of_json(record, of_scope)


def _record_of_json(record: Mapping[str, Any], around: Mapping[str, Any]) -> OtlpRecord:
    time_ns = next((record[key] for key in _TIMES if record.get(key) not in (None, "", 0, "0")), None)
    level = _first(record, "severityText", "severity_text")
    number = _integer(_first(record, "severityNumber", "severity_number"))
    trace_id = _first(record, "traceId", "trace_id")
    return OtlpRecord(
        time_ns,
        _plain(record.get("body")),
        {**around, **_attributes(record.get("attributes"))},
        level if isinstance(level, str) and level else _level_of(number),
        trace_id if isinstance(trace_id, str) else "",
    )


def _first(record: Mapping[str, Any], *keys: str) -> Any:
    return next((record[key] for key in keys if record.get(key) not in (None, "")), None)


def _object(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _objects(holder: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    values = next((holder[key] for key in keys if isinstance(holder.get(key), list)), ())
    return (value for value in values if isinstance(value, dict))


def _attributes(pairs: Any) -> dict[str, Any]:
    if isinstance(pairs, dict):
        return {str(key): _plain(value) for key, value in pairs.items()}
    if not isinstance(pairs, list):
        return {}
    return {str(pair["key"]): _plain(pair.get("value")) for pair in pairs if isinstance(pair, dict) and "key" in pair}


def _plain(value: Any, depth: int = 0) -> Any:
    """An AnyValue as a plain value; what is none is given as it is."""
    if not isinstance(value, dict):
        return value
    if depth > _DEEPEST:
        return None
    for key, inner in value.items():
        match key.replace("_", "").lower():
            case "stringvalue" | "boolvalue" | "str":
                return inner
            case "intvalue":
                return inner if (number := _integer(inner)) is None else number
            case "doublevalue":
                return _double(inner)
            case "bytesvalue":
                return _text_of_bytes(_unspelled(inner))
            case "kvlistvalue" if isinstance(inner, dict):
                pairs = inner.get("values")
                return {
                    str(pair["key"]): _plain(pair.get("value"), depth + 1)
                    for pair in (pairs if isinstance(pairs, list) else ())
                    if isinstance(pair, dict) and "key" in pair
                }
            case "arrayvalue" if isinstance(inner, dict):
                values = inner.get("values")
                return [_plain(each, depth + 1) for each in (values if isinstance(values, list) else ())]
    return value if value else None  # an AnyValue of nothing


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 21:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _double(value: Any) -> Any:
    """A double; JSON has texts for NaN and infinities, and some exporters write every double as a text."""
    try:
        return float(value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    except (ValueError, OverflowError):
        return value


def _unspelled(value: Any) -> bytes:
    """Bytes as JSON spells them: base64, of either alphabet."""
    if not isinstance(value, str):
        return b""
    text = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "replace")


def _text_of_bytes(data: bytes) -> str:
    """Bytes as a text: what they spell, else their base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _level_of(number: int | None) -> str:
    return _LEVELS[(number - 1) // 4] if number is not None and 1 <= number <= 4 * len(_LEVELS) else ""


# --- from protobuf ------------------------------------------------------------------------------------------------


def records_of_message(request: Any) -> Iterator[OtlpRecord]:
    """The records of an ``ExportLogsServiceRequest`` message."""
    for resource_logs in request.resource_logs:
        of_resource = _pairs(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            of_scope = of_resource | _pairs(scope_logs.scope.attributes)
            for record in scope_logs.log_records:
                yield OtlpRecord(
                    record.time_unix_nano or record.observed_time_unix_nano or None,
                    _value(record.body),
                    {**of_scope, **_pairs(record.attributes)},
                    record.severity_text or _level_of(record.severity_number),
                    record.trace_id.hex(),
                )


def _pairs(attributes: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in attributes}


def _value(value: Any, depth: int = 0) -> Any:
    """An AnyValue message as a plain value."""
    if depth > _DEEPEST:
        return None
    match value.WhichOneof("value"):
        case "bytes_value":
            return _text_of_bytes(value.bytes_value)
        case "kvlist_value":
            return {pair.key: _value(pair.value, depth + 1) for pair in value.kvlist_value.values}
        case "array_value":
            return [_value(each, depth + 1) for each in value.array_value.values]
        case None:
            return None
        case kind:
            return getattr(value, kind)


# --- log events ---------------------------------------------------------------------------------------------------


def event_of_record(record: OtlpRecord) -> tuple[LogEvent, bool]:
    """The log event that a record is, and whether its time is known. Raises NotALogRecord, BadTimestamp.

    The text is the body; a body that is no text, as JSON. Where the record is known to be of an invocation that its
    text does not name, the text is the line that Lambda's JSON log format has for it: it was taken apart for OTLP.
    """
    attributes, body = record.attributes, record.body
    if isinstance(body, dict) and isinstance(body.get("message"), str) and not {"level", "type"} & set(body):
        attributes, body = {**body, **attributes}, body["message"]
    if body is None or body == "":
        raise NotALogRecord("an OTLP log record without a body")
    names = _names_in(attributes)
    text = body if isinstance(body, str) else json_or_text(body)
    timestamp_ms = time_in_text(text) if record.time_ns is None else epoch_ms(record.time_ns)
    request_id = next((each for key, each in attributes.items() if _is_invocation(key, each)), "")
    if request_id and not _is_named(request_id, text):
        text = _as_lambdas_line(record, body, request_id, timestamp_ms)
    group, stream, function, account, region = map(storable, names)
    return (
        LogEvent(
            timestamp_ms or 0, storable(text), log_group=group, log_stream=stream,
            function="" if "/aws/lambda/" in group else function, account=account, region=region,
        ),
        timestamp_ms is not None,
    )  # fmt: skip


def _names_in(attributes: Mapping[str, Any]) -> Names:
    names = names_in({"otlp": attributes})
    service = attributes.get("service.name")
    if not names.group and not names.function and isinstance(service, str) and _is_of_lambda(attributes):
        return names._replace(function=service)
    return names


def _is_of_lambda(attributes: Mapping[str, Any]) -> bool:
    return attributes.get("cloud.platform") == "aws_lambda" or any(key.startswith("faas.") for key in attributes)


def _is_invocation(key: str, value: Any) -> bool:
    return isinstance(value, str) and letters(key) in _REQUEST_IDS and is_request_id(value)


def _is_named(request_id: str, text: str) -> bool:
    return f"RequestId: {request_id}" in text or request_id_of(text) == request_id


def _as_lambdas_line(record: OtlpRecord, body: Any, request_id: str, timestamp_ms: int | None) -> str:
    line: dict[str, Any] = {}
    if timestamp_ms is not None:
        moment = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
        line["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if record.level:
        line["level"] = record.level.upper()
    line["requestId"] = request_id
    if record.trace_id:
        line["traceId"] = record.trace_id
    own = _as_object(body)
    return json_or_text({**line, "message": body} if own is None else {**line, **own})


def _as_object(body: Any) -> dict[str, Any] | None:
    """A body that is an object, or the text of one; None where it is none."""
    if isinstance(body, dict):
        return body
    if not isinstance(body, str) or body[:1] != "{":
        return None
    try:
        value = json_value(body)
    except Unparsable:
        return None
    return value if isinstance(value, dict) else None
