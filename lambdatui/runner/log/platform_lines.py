"""The lines that Lambda itself writes to a function's log, in its text and its JSON format.

Each ends with a line feed, as CloudWatch Logs keeps them. Durations come in as integer microseconds and are printed
as milliseconds with two decimals.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lambdatui.runner.clock import iso_millis
from lambdatui.runner.functions import Deployment

_NAME_AND_NUMBER = re.compile(r"([a-z]+)(\d.*?)(?:\.x)?")


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """The figures of REPORT. ``init_us`` is None for a warm start.

    ``status`` is ``timeout`` or ``error``, and None for an invocation that the handler answered. ``trace_id`` is the
    value of the X-Ray header.
    """

    request_id: str
    duration_us: int
    memory_mb: int
    max_memory_mb: int
    init_us: int | None = None
    status: str | None = None
    error_type: str | None = None
    trace_id: str = ""

    @property
    def billed_ms(self) -> int:
        """Billed Duration in milliseconds."""
        return billed_ms(self.duration_us, self.init_us)


class PlatformLines:
    """The lines of one function's version."""

    def __init__(self, deployment: Deployment) -> None:
        self._json = deployment.log_format == "JSON"
        self._deployment = deployment
        match = _NAME_AND_NUMBER.fullmatch(deployment.runtime)
        self._runtime = f"{match[1]}:{match[2]}" if match else deployment.runtime
        self._runtime_arn = f"arn:aws:lambda:{deployment.region}::runtime:{deployment.runtime}"

    def init_start(self, kind: str) -> str:
        """INIT_START; ``kind`` is the initialization type, ``on-demand`` or ``provisioned-concurrency``."""
        if self._json:
            return platform_line("platform.initStart", self.init_start_record(kind, "init"))
        return f"INIT_START Runtime Version: {self._runtime}\tRuntime Version ARN: {self._runtime_arn}\n"

    def init_start_record(self, kind: str, phase: str) -> dict[str, object]:
        """The record of ``platform.initStart``."""
        return {
            "initializationType": kind,
            "phase": phase,
            "runtimeVersion": self._runtime,
            "runtimeVersionArn": self._runtime_arn,
            "functionName": self._deployment.name,
            "functionVersion": self._deployment.version,
        }

    def start(self, request_id: str) -> str:
        """START of one invocation."""
        version = self._deployment.version
        if self._json:
            arn = self._deployment.arn
            return platform_line("platform.start", {"requestId": request_id, "functionArn": arn, "version": version})
        return f"START RequestId: {request_id} Version: {version}\n"

    def init_report(self, init_us: int, phase: str, status: str, error_type: str | None) -> str:
        """INIT_REPORT, which Lambda writes only for an init phase that failed. ``phase`` is ``init`` or ``invoke``."""
        if self._json:
            record: dict[str, object] = {"initializationType": "on-demand", "phase": phase, "status": status}
            if error_type:
                record["errorType"] = error_type
            return platform_line("platform.initReport", record | {"metrics": {"durationMs": init_us / 1000}})
        fields = [f"INIT_REPORT Init Duration: {_ms(init_us)} ms", f"Phase: {phase}", f"Status: {status}"]
        if error_type:
            fields.append(f"Error Type: {error_type}")
        return "\t".join(fields) + "\n"

    def init_succeeded(self, kind: str, init_us: int) -> list[str]:
        """The lines of an init phase that succeeded: the text format has none."""
        return []

    def last(self, report: ReportFigures) -> list[str]:
        """END and REPORT; the JSON format has no END."""
        if self._json:
            return [platform_line("platform.report", report_record(report))]
        return [f"END RequestId: {report.request_id}\n", report_line(report)]


def report_line(report: ReportFigures) -> str:
    """REPORT in the text format, with X-Ray's line where the call was sampled."""
    fields = [
        f"REPORT RequestId: {report.request_id}\tDuration: {_ms(report.duration_us)} ms"
        f"\tBilled Duration: {report.billed_ms} ms\tMemory Size: {report.memory_mb} MB"
        f"\tMax Memory Used: {report.max_memory_mb} MB"
    ]
    if report.init_us is not None:
        fields.append(f"Init Duration: {_ms(report.init_us)} ms")
    if report.status:
        fields.append(f"Status: {report.status}")
    if report.error_type:
        fields.append(f"Error Type: {report.error_type}")
    line = "\t".join(fields) + "\t\n"
    if "Sampled=1" in report.trace_id:
        root = report.trace_id.partition("Root=")[2].partition(";")[0]
        segment = report.trace_id.partition("Parent=")[2].partition(";")[0]
        line += f"XRAY TraceId: {root}\tSegmentId: {segment}\tSampled: true\t\n"
    return line


def report_record(report: ReportFigures) -> dict[str, object]:
    """The record of ``platform.report``."""
    metrics: dict[str, float] = {
        "durationMs": float(_ms(report.duration_us)),
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.max_memory_mb,
    }
    if report.init_us is not None:
        metrics["initDurationMs"] = float(_ms(report.init_us))
    record: dict[str, object] = {"requestId": report.request_id, "metrics": metrics}
    record["status"] = report.status or "success"
    if report.error_type:
        record["errorType"] = report.error_type
    return record


def platform_line(kind: str, record: Mapping[str, object]) -> str:
    """A line of the JSON format, at the present time."""
    return json.dumps({"time": iso_millis(), "type": kind, "record": record}, separators=(",", ":")) + "\n"


def billed_ms(duration_us: int, init_us: int | None) -> int:
    """Milliseconds billed: duration and init, rounded up (AWS bills init of every kind since 2025-08-01)."""
    return -(-(duration_us + (init_us or 0)) // 1000)


def _ms(microseconds: int) -> str:
    # Integer arithmetic: a float might round 1005 us differently in different places.
    return f"{microseconds // 1000}.{microseconds % 1000 // 10:02d}"
