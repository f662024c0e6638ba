"""One invocation while its log events arrive, and the verdict on how it ended."""

import msgspec

from collectors.logs.platform import Report
from collectors.logs.runtime_errors import ErrorText
from collectors.model import Status

TIMED_OUT = "Sandbox.Timedout"
OUT_OF_MEMORY = "Runtime.OutOfMemory"
INIT_ERRORS = frozenset(
    {
        "Runtime.ImportModuleError",
        "Runtime.HandlerNotFound",
        "Runtime.UserCodeSyntaxError",
        "Runtime.MalformedHandlerName",
        "Runtime.InvalidEntrypoint",
        "Runtime.InvalidWorkingDir",
        "Extension.Crash",
        "Extension.LaunchError",
        "Extension.InitError",
    }
)
_KIND_STATUS = {
    "timeout": Status.TIMEOUT,
    "out_of_memory": Status.OUT_OF_MEMORY,
    "init": Status.INIT_ERROR,
}

_encode = msgspec.msgpack.Encoder().encode


class Open:
    """An invocation being assembled. Mutable, and only the assembler's.

    ``lines`` is flat, ``[timestamp_ms, event_tail, message, ...]``: three appends cost less than a record each.
    """

    __slots__ = (
        "ended",
        "error",
        "events",
        "first_ms",
        "init_failed",
        "last_ms",
        "lines",
        "parts",
        "report",
        "request_id",
        "start_ms",
    )

    def __init__(self, request_id: str, at_ms: int) -> None:
        self.request_id = request_id
        self.first_ms = at_ms
        self.last_ms = at_ms
        self.start_ms: int | None = None
        self.report: Report | None = None
        self.parts = 0
        self.ended = False
        self.error: ErrorText | None = None
        self.init_failed: str | None = None
        self.events = 0
        self.lines: list[int | str] = []

    def begins_at(self) -> int:
        """START's time; without it, REPORT's less the duration, else the first event's."""
        if self.start_ms is not None:
            return self.start_ms
        if self.report is not None and self.report.duration_us is not None:
            return self.last_ms - self.report.duration_us // 1000
        return self.first_ms

    def verdict(self) -> tuple[Status, str, str]:
        """Status, error type and message. REPORT's own word comes first, then what the runtime printed."""
        report, error = self.report, self.error
        told = report.status if report is not None else None
        kind = error.kind if error is not None else ""
        error_type = (report.error_type if report is not None else None) or (error.error_type if error else None)
        message = error.message if error is not None else ""
        if told == "timeout" or kind == "timeout":
            return Status.TIMEOUT, TIMED_OUT, message or "Task timed out"
        if (
            error_type == OUT_OF_MEMORY
            or kind == "out_of_memory"
            or (kind == "exit" and self._memory_was_full(message))
        ):
            return Status.OUT_OF_MEMORY, OUT_OF_MEMORY, message or "the function used all of its memory"
        if error_type in INIT_ERRORS or kind == "init":
            return Status.INIT_ERROR, error_type or "Init", message
        failed = told in ("error", "failure")
        if self.init_failed is not None and (failed or error is not None):
            return Status.INIT_ERROR, error_type or self.init_failed, message
        if failed or error is not None:
            return Status.ERROR, error_type or "Unknown", message
        if self.init_failed is not None and report is None:
            return Status.INIT_ERROR, self.init_failed, message
        return (Status.OK if report is not None else Status.UNKNOWN), "", ""

    def _memory_was_full(self, message: str) -> bool:
        """A kill with all of the memory used is Lambda's out-of-memory, whoever printed it (old failure style)."""
        report = self.report
        return (
            "signal: killed" in message
            and report is not None
            and report.memory_mb is not None
            and report.max_memory_mb is not None
            and report.max_memory_mb >= report.memory_mb
        )

    def sealed_lines(self) -> tuple[bytes, int]:
        """The lines, each once (a repeated page repeats them), and how many were repeats."""
        lines = self.lines
        if not lines:
            return b"", 0
        once, repeats = each_once(lines)
        return _encode(once), repeats


def each_once(lines: list[int | str]) -> tuple[list[int | str], int]:
    """Drops repeated events: the same millisecond, eventId tail and text is the same event."""
    count = len(lines) // 3
    tails = lines[1::3]
    if len(set(tails)) == count or count == 1:
        return lines, 0
    seen = dict.fromkeys(zip(lines[0::3], tails, lines[2::3], strict=True))
    if len(seen) == count:
        return lines, 0
    return [part for line in seen for part in line], count - len(seen)
