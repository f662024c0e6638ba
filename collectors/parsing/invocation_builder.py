"""One invocation while its log events arrive, and the verdict on how it ended."""

import msgspec

from collectors.model.records import EXIT_TYPES, LogEvent, Parts, Status
from collectors.parsing.error_kinds import OUT_OF_MEMORY, TIMED_OUT
from collectors.parsing.failures import crash_cause, evidence
from collectors.parsing.platform import Report

LONGEST_INIT_MS = 10_000  # developer guide, "Lambda execution environment": the init phase is limited to 10 seconds
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


class InvocationBuilder(msgspec.Struct, gc=False, eq=False):
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
        """Adds an event. What its line means is decided by the assembler."""
        if event.event_id <= self.last_id:
            self.repeats = True
        self.last_id = event.event_id
        self.times.append(event.timestamp_ms)
        self.texts.append(event.message)
        self.ids.append(event.event_id)

    def drop_texts(self) -> None:
        """Drops the texts of events that have an id. Events without one keep theirs, which identify repeats."""
        self.texts = ["" if known else text for known, text in zip(self.ids, self.texts, strict=True)]

    def keep_once(self) -> int:
        """Drops repeated events, which overlapping reads bring, and returns how many: events with one eventId are one
        event.

        Where a source has no ids, events with equal text in one millisecond are one event.
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
        """Which platform lines were seen: a mask of ``Parts``."""
        return (Parts.START if self.start_ms is not None else 0) | (Parts.REPORT if self.report is not None else 0)

    @property
    def is_of_lambda(self) -> bool:
        """Whether a platform line named its request, not only an application's line."""
        return self.start_ms is not None or self.report is not None or self.ended

    @property
    def runs(self) -> bool:
        """Whether its START was seen, and no end."""
        return self.start_ms is not None and self.report is None and not self.ended

    @property
    def over(self) -> bool:
        """Whether START, END and REPORT were all seen."""
        return self.ended and self.report is not None and self.start_ms is not None

    def begins_at(self) -> int:
        """START's time; without it, REPORT's less the duration, else the first event's."""
        if self.start_ms is not None:
            return self.start_ms
        if isinstance(self.report, Report) and self.report.duration_us is not None:
            return max(self.times) - self.report.duration_us // 1000
        return min(self.times)

    def failed_to_begin(self, start_ms: int) -> bool:
        """Whether the lines show that the function's code could not be loaded, which Java prints before START, or why
        its process ended: the last prints of a bootstrap, if the START after them comes within the longest init.
        """
        error = evidence(self.texts).error if self.suspect else None
        if error is not None and error.kind == "init":
            return True
        return start_ms - max(self.times) <= LONGEST_INIT_MS and crash_cause(self.texts) is not None

    def verdict(self) -> tuple[Status, str, str]:
        """Status, error type and message: by REPORT's status first, then by what the runtime printed."""
        report = self.report if isinstance(self.report, Report) else None
        reported = report.status if report is not None else None
        if reported == "success" or (not self.suspect and reported is None):
            return (Status.OK if report is not None else Status.UNKNOWN), "", ""
        error, init_failed = evidence(self.texts, report)
        kind = error.kind if error is not None else ""
        error_type = report.error_type if report is not None else None
        if error is not None and (not error_type or error_type in EXIT_TYPES):
            error_type = error.error_type  # that a process exited is no more than the platform could see
        message = error.message if error is not None else ""
        if reported == "timeout" or kind == "timeout":
            return Status.TIMEOUT, TIMED_OUT, message if kind == "timeout" else "Task timed out"
        if (
            error_type == OUT_OF_MEMORY
            or kind == "out_of_memory"
            or (kind == "exit" and self._memory_was_full(message))
        ):
            return Status.OUT_OF_MEMORY, OUT_OF_MEMORY, message or "the function used all of its memory"
        failed = reported in ("error", "failure") or error is not None
        if error_type in INIT_ERRORS or kind == "init" or (init_failed is not None and (failed or report is None)):
            return Status.INIT_ERROR, error_type or init_failed or "Init", message
        if failed:
            return Status.ERROR, error_type or "Unknown", message
        return (Status.OK if report is not None else Status.UNKNOWN), "", ""

    def _memory_was_full(self, message: str) -> bool:
        """Whether a killed process had used all of its memory: that is Lambda's out-of-memory, whoever printed the kill
        (old failure style).
        """
        report = self.report
        return (
            ("signal: killed" in message or message.startswith("Process exited before completing"))
            and isinstance(report, Report)
            and report.memory_mb is not None
            and report.max_memory_mb is not None
            and report.max_memory_mb >= report.memory_mb
        )
