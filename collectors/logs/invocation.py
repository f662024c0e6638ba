"""One invocation while its log events arrive, and the verdict on how it ended."""

from collections.abc import Iterable

import msgspec

from collectors.logs.platform import InitReport, Note, Report
from collectors.logs.platform_json import AppJson, read_json
from collectors.logs.platform_text import read_text
from collectors.logs.runtime_errors import ErrorText, error_text, find_error, might_fail
from collectors.model import LogEvent, Parts, Status

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


class Open(msgspec.Struct, gc=False, eq=False):
    """An invocation being assembled, or lines that wait for one. Mutable, and only the assembler's.

    Its events are three columns: times in ms, texts, and eventIds ("" where the source has none). ``suspect``: one of
    them reads as if something failed, so that they are worth a close look. ``report`` may be a line yet to be read.
    ``repeats``: their ids do not rise from one to the next, so that one may have come twice.
    A msgspec struct, not a plain class: a million of them are made.
    """

    request_id: str
    start_ms: int | None = None
    times: list[int] = []
    texts: list[str] = []
    ids: list[str] = []
    report: Report | str | None = None
    ended: bool = False
    suspect: bool = False
    last_id: str = ""
    repeats: bool = False

    def add(self, event: LogEvent) -> None:
        if event.event_id <= self.last_id:
            self.repeats = True
        self.last_id = event.event_id
        self.times.append(event.timestamp_ms)
        self.texts.append(event.message)
        self.ids.append(event.event_id)

    def keep_once(self) -> int:
        """Drops the repeats that an overlapping read brings, and returns how many: one eventId is one event.

        Where a source has no ids, the same text in the same millisecond is.
        """
        if not self.repeats:
            return 0
        events = zip(self.ids, self.times, self.texts, strict=True)
        once = list({each[0] or each[1:]: each for each in events}.values())
        repeats = len(self.ids) - len(once)
        if repeats:
            self.ids, self.times, self.texts = map(list, zip(*once, strict=True))
        return repeats

    @property
    def parts(self) -> int:
        return (Parts.START if self.start_ms is not None else 0) | (Parts.REPORT if self.report is not None else 0)

    @property
    def over(self) -> bool:
        return self.ended and self.report is not None and self.start_ms is not None

    def begins_at(self) -> int:
        """START's time; without it, REPORT's less the duration, else the first event's."""
        if self.start_ms is not None:
            return self.start_ms
        if isinstance(self.report, Report) and self.report.duration_us is not None:
            return max(self.times) - self.report.duration_us // 1000
        return min(self.times)

    def failed_to_begin(self) -> bool:
        """Whether the lines tell that the function's code could not be loaded: Java says so before START."""
        error = look_closely(self.texts)[0] if self.suspect else None
        return error is not None and error.kind == "init"

    def verdict(self) -> tuple[Status, str, str]:
        """Status, error type and message. REPORT's own word comes first, then what the runtime printed."""
        report = self.report if isinstance(self.report, Report) else None
        told = report.status if report is not None else None
        if told == "success" or (not self.suspect and told is None):
            return (Status.OK if report is not None else Status.UNKNOWN), "", ""
        error, init_failed = look_closely(self.texts)
        kind = error.kind if error is not None else ""
        error_type = (report.error_type if report is not None else None) or (error.error_type if error else None)
        message = error.message if error is not None else ""
        if told == "timeout" or kind == "timeout":
            return Status.TIMEOUT, TIMED_OUT, message if kind == "timeout" else "Task timed out"
        if (
            error_type == OUT_OF_MEMORY
            or kind == "out_of_memory"
            or (kind == "exit" and self._memory_was_full(message))
        ):
            return Status.OUT_OF_MEMORY, OUT_OF_MEMORY, message or "the function used all of its memory"
        failed = told in ("error", "failure") or error is not None
        if error_type in INIT_ERRORS or kind == "init" or (init_failed is not None and (failed or report is None)):
            return Status.INIT_ERROR, error_type or init_failed or "Init", message
        if failed:
            return Status.ERROR, error_type or "Unknown", message
        return (Status.OK if report is not None else Status.UNKNOWN), "", ""

    def _memory_was_full(self, message: str) -> bool:
        """A kill with all of the memory used is Lambda's out-of-memory, whoever printed it (old failure style)."""
        report = self.report
        return (
            ("signal: killed" in message or message.startswith("Process exited before completing"))
            and isinstance(report, Report)
            and report.memory_mb is not None
            and report.max_memory_mb is not None
            and report.max_memory_mb >= report.memory_mb
        )


def look_closely(texts: Iterable[str]) -> tuple[ErrorText | None, str | None]:
    """The first failure that the events tell of, and the error type of an INIT_REPORT that failed."""
    error: ErrorText | None = None
    init_failed: str | None = None
    for text in texts:
        if text[:12] == "INIT_REPORT " or text[:12] == "INIT_REPORT\t" or "platform.initReport" in text:
            for piece in _pieces(text):
                if isinstance(piece, InitReport) and piece.status in ("error", "timeout"):
                    init_failed = piece.error_type or f"Init {piece.status}"
        elif error is None and might_fail(text):
            error = _error_of(text)
    return error, init_failed


def _error_of(text: str) -> ErrorText | None:
    if text[:1] == "{":
        for piece in _pieces(text):
            if isinstance(piece, AppJson):
                return piece.error
            if isinstance(piece, Note) and piece.kind == "platform.runtimeDone" and piece.status == "error":
                return error_text(piece.error_type or "Unknown", "")
            return None
    return find_error(text)


def _pieces(text: str) -> list[object]:
    if text[:1] != "{":
        return list(read_text(text))
    try:
        decoded = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return []
    return [read_json(decoded)] if isinstance(decoded, dict) else []
