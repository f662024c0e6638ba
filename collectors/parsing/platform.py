"""What Lambda itself prints about an invocation: one small record for each platform line, in text or JSON.

Durations are integer microseconds where Lambda prints decimals of a millisecond, integer milliseconds where it bills;
memory is MB. ``None`` is "not printed", never zero.
"""

from typing import NamedTuple

from collectors.model.errors import CaughtError
from collectors.model.units import DAY_MS, MB_PER_GB

LONGEST_MS = DAY_MS
"""A day. Lambda stops a function after 900 s; anything longer than a day is a misread line, not a duration."""

LARGEST_MB = MB_PER_GB * MB_PER_GB
"""A terabyte; Lambda sells 10,240 MB."""

STATUSES = ("success", "failure", "error", "timeout")


class Unreadable(CaughtError, ValueError):
    """A line that looks like a platform line but cannot be read; ``reason`` says why in a few words."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


class Start(NamedTuple):
    """START or ``platform.start``. ``function_arn`` is printed in JSON only."""

    request_id: str
    version: str | None = None
    function_arn: str | None = None


class End(NamedTuple):
    """END, or ``platform.end`` of the old Logs API."""

    request_id: str


class Report(NamedTuple):
    """REPORT or ``platform.report``: what one invocation used, and what is billed.

    ``request_id`` is None on the oldest lines, ``duration_us`` on none that is readable as text. ``status`` is None
    where Lambda does not print it (a success, or a failure before 2024 in text).
    """

    request_id: str | None
    duration_us: int | None
    billed_ms: int | None = None
    memory_mb: int | None = None
    max_memory_mb: int | None = None
    init_us: int | None = None
    restore_us: int | None = None
    billed_restore_ms: int | None = None
    status: str | None = None
    error_type: str | None = None
    trace_id: str | None = None
    segment_id: str | None = None
    sampled: bool | None = None
    extension_us: int | None = None


class InitReport(NamedTuple):
    """INIT_REPORT or ``platform.initReport``. ``phase`` is ``init``, ``invoke`` or ``snap-start``."""

    init_us: int | None
    phase: str | None = None
    status: str | None = None
    error_type: str | None = None


class RestoreReport(NamedTuple):
    """RESTORE_REPORT or ``platform.restoreReport``: a SnapStart restore."""

    restore_us: int | None
    status: str | None = None
    error_type: str | None = None


class Note(NamedTuple):
    """Any other platform line: ``kind`` is its first word, or the JSON type (``platform.logsDropped``).

    ``runtime`` is the runtime version where printed (``python:3.13.v31``). ``status`` and ``error_type`` are
    those of ``platform.runtimeDone`` and its like. ``dropped_*`` belong to ``platform.logsDropped``: log records
    that Lambda lost, so figures made from the logs are too low.
    """

    kind: str
    runtime: str | None = None
    name: str | None = None
    request_id: str | None = None
    status: str | None = None
    error_type: str | None = None
    dropped_records: int | None = None
    dropped_bytes: int | None = None
    reason: str | None = None


class AppText(NamedTuple):
    """What the function or its runtime printed, untouched."""

    text: str


PlatformLine = Start | End | Report | InitReport | RestoreReport | Note
