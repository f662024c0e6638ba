"""Lambda's JSON log format: ``{"time", "type": "platform.*", "record"}`` and the runtimes' own JSON lines.

The shapes are those of the Lambda Telemetry API's event schema, which CloudWatch gets in JSON mode.
"""

import math
from typing import Any, NamedTuple

from collectors.parsing.error_kinds import ErrorText
from collectors.parsing.platform import (
    LARGEST_MB,
    LONGEST_MS,
    STATUSES,
    End,
    InitReport,
    Note,
    Report,
    RestoreReport,
    Start,
    Unreadable,
)
from collectors.parsing.runtime_errors import error_of, find_error, request_id_of
from collectors.untrusted_json import json_or_text

_REQUEST_ID_KEYS = (
    "requestId",
    "AWSRequestId",
    "aws_request_id",
    "function_request_id",
    "awsRequestId",
    "aws-request-id",
)


class AppJson(NamedTuple):
    """A JSON line of the function or its runtime. ``message`` is its text, or the JSON of its object."""

    request_id: str | None
    level: str | None
    error: ErrorText | None
    message: str


JsonItem = Start | End | Report | InitReport | RestoreReport | Note | AppJson | Unreadable


def read_json(obj: dict[str, Any]) -> JsonItem:
    """The meaning of one decoded JSON event. Never raises: what cannot be read is returned as an ``Unreadable``."""
    kind = obj.get("type")
    if not isinstance(kind, str) or not kind.startswith("platform."):
        return _app(obj)
    record = obj.get("record")
    try:
        if not isinstance(record, dict):
            if kind in ("platform.start", "platform.end", "platform.report"):
                raise Unreadable(f"{kind} without a record")
            if isinstance(record, str) and (
                error := find_error(record)
            ):  # platform.fault speaks as the text format does
                return AppJson(request_id_of(record), None, error, record)
            return Note(kind)
        return _platform(kind, record)
    except Unreadable as unreadable:
        return Unreadable(unreadable.reason, str(obj)[:2000])


def _platform(kind: str, record: dict[str, Any]) -> JsonItem:
    if kind == "platform.report":
        return _report(record)
    if kind == "platform.start":
        return Start(_required_id(kind, record), _text(record, "version"), _text(record, "functionArn"))
    if kind == "platform.end":
        return End(_required_id(kind, record))
    metrics = _metrics(record)
    if kind == "platform.initReport":
        return InitReport(
            _us(metrics, "durationMs"), _text(record, "phase"), _status(record), _text(record, "errorType")
        )
    if kind == "platform.restoreReport":
        return RestoreReport(_us(metrics, "durationMs"), _status(record), _text(record, "errorType"))
    return Note(
        kind,
        _text(record, "runtimeVersion"),
        _text(record, "name") or _text(record, "functionName"),
        _text(record, "requestId"),
        _status(record),
        _text(record, "errorType"),
        _count(record, "droppedRecords"),
        _count(record, "droppedBytes"),
        _text(record, "reason"),
    )


def _report(record: dict[str, Any]) -> Report:
    """``platform.report``. Managed Instances print nothing but ``durationMs``: the rest is None, not zero."""
    metrics = _metrics(record)
    trace_id, segment_id, sampled = _trace(record.get("tracing"))
    return Report(
        _required_id("platform.report", record),
        _us(metrics, "durationMs"),
        _whole(metrics, "billedDurationMs", LONGEST_MS),
        _whole(metrics, "memorySizeMB", LARGEST_MB),
        _whole(metrics, "maxMemoryUsedMB", LARGEST_MB),
        _us(metrics, "initDurationMs"),
        _us(metrics, "restoreDurationMs"),
        _whole(metrics, "billedRestoreDurationMs", LONGEST_MS),
        _status(record),
        _text(record, "errorType"),
        trace_id,
        segment_id,
        sampled,
        _span_us(record.get("spans"), "extensionOverhead"),
    )


def _span_us(spans: Any, name: str) -> int | None:
    """The duration of a span (Telemetry API, "Span object": name, start, durationMs); None where there is none."""
    for span in spans if isinstance(spans, list) else ():
        if isinstance(span, dict) and span.get("name") == name:
            return _us(span, "durationMs")
    return None


def _metrics(record: dict[str, Any]) -> dict[str, Any]:
    metrics = record.get("metrics")
    return metrics if isinstance(metrics, dict) else {}


def _required_id(kind: str, record: dict[str, Any]) -> str:
    request_id = _text(record, "requestId")
    if request_id is None:
        raise Unreadable(f"{kind} without a requestId")
    return request_id


def _text(record: dict[str, Any], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def _number(metrics: dict[str, Any], key: str, most: int) -> float | None:
    value = metrics.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unreadable(f"{key} is not a number")
    if not 0 <= value <= most:
        raise Unreadable(f"{key} is out of range")
    return value


def _us(metrics: dict[str, Any], key: str) -> int | None:
    value = _number(metrics, key, LONGEST_MS)
    return None if value is None else round(value * 1000)


def _whole(metrics: dict[str, Any], key: str, most: int) -> int | None:
    value = _number(metrics, key, most)
    if value is None:
        return None
    if value != int(value):
        raise Unreadable(f"{key} is not a whole number")
    return int(value)


def _count(record: dict[str, Any], key: str) -> int | None:
    value = record.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _status(record: dict[str, Any]) -> str | None:
    status = record.get("status")
    return status if status in STATUSES else None


def _trace(tracing: Any) -> tuple[str | None, str | None, bool | None]:
    """``{"spanId", "type": "X-Amzn-Trace-Id", "value": "Root=1-...;Parent=...;Sampled=1"}`` taken apart."""
    if not isinstance(tracing, dict):
        return None, None, None
    value = _text(tracing, "value") or ""
    parts = dict(part.split("=", 1) for part in value.split(";") if "=" in part)
    root = parts.get("Root") or (value if value.startswith("1-") else None)
    sampled = {"1": True, "0": False}.get(parts.get("Sampled", ""))
    return root, _text(tracing, "spanId") or parts.get("Parent"), sampled


def _app(obj: dict[str, Any]) -> AppJson:
    level = _text(obj, "level") or _text(obj, "log_level") or _text(obj, "logLevel")
    error = error_of(obj)
    request_id = next((found for key in _REQUEST_ID_KEYS if (found := _text(obj, key))), None)
    return AppJson(request_id, level.upper() if level else None, error, _message(obj))


def _message(obj: dict[str, Any]) -> str:
    message = obj.get("message", obj.get("msg"))
    if isinstance(message, str):
        return message
    if message is None:
        return _text(obj, "errorMessage") or ""
    return json_or_text(message)
