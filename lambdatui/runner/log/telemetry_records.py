"""The records of platform events that only subscribers of the Telemetry API get.

AWS Lambda Developer Guide, "Lambda Telemetry API Event schema reference". Times come in as epoch milliseconds,
durations as integer microseconds.
"""

import time
from dataclasses import dataclass

Record = dict[str, object]


@dataclass(slots=True)
class InvocationTimes:
    """When an invocation began, and how long it had taken when its parts were over."""

    start_ms: int
    answered_us: int = 0
    runtime_us: int = 0
    all_us: int = 0


def init_runtime_done(kind: str, phase: str, error_type: str | None) -> Record:
    """The record of ``platform.initRuntimeDone``; ``error_type`` is None where the runtime is ready."""
    return {"initializationType": kind, "phase": phase, **_status(error_type)}


def init_report(kind: str, phase: str, init_us: int, status: str | None, error_type: str | None) -> Record:
    """The record of ``platform.initReport``; ``status`` is None for a success."""
    record: Record = {"initializationType": kind, "phase": phase, "metrics": {"durationMs": init_us / 1000}}
    record["status"] = status or "success"
    return record | ({"errorType": error_type} if error_type else {})


def start(request_id: str, version: str, trace_id: str) -> Record:
    """The record of ``platform.start``."""
    return {"requestId": request_id, "version": version, **_tracing(trace_id)}


def runtime_done(
    request_id: str,
    trace_id: str,
    times: InvocationTimes,
    produced_bytes: int,
    status: str | None,
    error_type: str | None,
) -> Record:
    """The record of ``platform.runtimeDone``; ``status`` is None for an invocation that the runtime answered."""
    spans = [
        _span("responseLatency", times.start_ms, 0, times.answered_us),
        _span("responseDuration", times.start_ms, times.answered_us, times.answered_us),
        _span("runtimeOverhead", times.start_ms, times.answered_us, times.runtime_us),
    ]
    record: Record = {"requestId": request_id, "status": status or "success"}
    if error_type:
        record["errorType"] = error_type
    if status is not None:
        return record | _tracing(trace_id) | {"spans": [], "metrics": {"durationMs": times.runtime_us / 1000}}
    metrics = {"durationMs": times.runtime_us / 1000, "producedBytes": produced_bytes}
    return record | _tracing(trace_id) | {"spans": spans, "metrics": metrics}


def report(record: Record, trace_id: str, times: InvocationTimes) -> Record:
    """The record of ``platform.report``: that of the log, with what only subscribers get."""
    spans = [_span("extensionOverhead", times.start_ms, times.runtime_us, times.all_us)] if times.all_us else []
    return record | _tracing(trace_id) | {"spans": spans}


def _status(error_type: str | None) -> Record:
    return {"status": "success"} if error_type is None else {"status": "error", "errorType": error_type}


def _tracing(trace_id: str) -> Record:
    if not trace_id:
        return {}
    fields = dict(part.partition("=")[::2] for part in trace_id.split(";"))
    return {"tracing": {"spanId": fields.get("Parent", ""), "type": "X-Amzn-Trace-Id", "value": trace_id}}


def _span(name: str, start_ms: int, from_us: int, to_us: int) -> Record:
    begins_ms = start_ms + from_us // 1000
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begins_ms // 1000)) + f".{begins_ms % 1000:03d}Z"
    return {"name": name, "start": text, "durationMs": max(to_us - from_us, 0) / 1000}
