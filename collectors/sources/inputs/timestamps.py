"""Timestamps as exports write them: numbers of any unit, ISO 8601 in any form, and those inside a log line."""

import re
from datetime import UTC, datetime, timedelta

from collectors.model.errors import CaughtError
from collectors.model.records import LogEvent
from collectors.sources.inputs.written_times import written_ms

FIRST_MS = 1_415_836_800_000
"""2014-11-13, the day Lambda was announced: nothing was logged before."""

LAST_MS = 4_102_444_800_000
"""2100-01-01; past it a number was read in the wrong unit."""

OUT_OF_RANGE = "timestamp out of range"
NOT_A_TIME = "timestamp cannot be read"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSOFTS = re.compile(r"\\?/Date\((\d{1,15})(?:[+-]\d{4})?\)\\?/")  # .NET's JSON
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,9})?(?:[eE]\+?\d\d?)?")  # a spreadsheet writes 1.71E+12
_IN_TEXT = re.compile(
    r"(?:\[[A-Z]+\]\t)?(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
    r"| \d\d:\d\d:\d\d(?:\.\d{1,9})? \([+-]\d\d:\d\d\))"  # Serverless Framework writes its reader's time
    r"|\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d,\d{3})(?=[\t ])"  # the runtime interface emulator
)
_METRIC = re.compile(r'"Timestamp"\s*:\s*(\d{13})\b')
_TRACE = re.compile(r"TraceId: 1-([0-9a-f]{8})-[0-9a-f]{24}|Root=1-([0-9a-f]{8})-")


class BadTimestamp(CaughtError, ValueError):
    """A text or number that is no timestamp; the message is the reason for the reject."""


def epoch_ms(value: object) -> int:
    """Milliseconds since 1970 of ``value``: a number of s, ms, us or ns, told by its size, ISO 8601, or as tools write.

    Without a zone it is UTC, as everything in CloudWatch is. Raises ``BadTimestamp``.
    """
    if isinstance(value, str):
        text = value.strip()
        time_ms = (
            _iso_ms(text) if not _NUMBER.fullmatch(text) else _scaled(int(text) if text.isdigit() else float(text))
        )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        time_ms = _scaled(value)
    else:
        raise BadTimestamp(NOT_A_TIME)
    if not FIRST_MS <= time_ms < LAST_MS:
        raise BadTimestamp(OUT_OF_RANGE)
    return time_ms


def _scaled(number: float) -> int:
    size = abs(number)
    if not size < 1e20:
        raise BadTimestamp(OUT_OF_RANGE)
    if size < 1e11:
        return round(number * 1000)
    if size < 1e14:
        return int(number)
    return int(number // 1_000) if size < 1e17 else int(number // 1_000_000)


def _iso_ms(text: str) -> int:
    if text[:6] in ("/Date(", "\\/Date") and (made := _MICROSOFTS.fullmatch(text)) is not None:
        return int(made[1])
    if text.endswith(" UTC"):
        text = text[:-4]
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        written = written_ms(text) if len(text) < 60 else None
        if written is None:
            raise BadTimestamp(NOT_A_TIME) from None
        return written


def time_in_text(text: str) -> int | None:
    """The time with which a runtime (Node, .NET, Python) begins its lines; of its metrics, or of an X-Ray trace."""
    match = _IN_TEXT.match(text)
    if match is not None:
        try:
            return epoch_ms(match.group(1))
        except BadTimestamp:
            return None
    return metric_time(text) or trace_time(text)


def metric_time(text: str) -> int | None:
    """The time of the values in a document of the Embedded Metric Format."""
    begin = text.find('"_aws"')
    found = _METRIC.search(text, begin) if begin >= 0 else None
    moment = int(found[1]) if found else 0
    return moment if FIRST_MS <= moment < LAST_MS else None


def trace_time(text: str) -> int | None:
    """When the request of an X-Ray trace began: the trace id's second part is that time in seconds, in hex."""
    match = _TRACE.search(text) if "1-" in text else None
    if match is None:
        return None
    began_ms = int(match.group(1) or match.group(2), 16) * 1000
    return began_ms if FIRST_MS <= began_ms < LAST_MS else None


class Clock:
    """Times for events that have none: the last known time, a millisecond on each time, never backwards.

    ``start_ms`` is the file's modification time: the only thing known of a text without any time in it.
    """

    def __init__(self, start_ms: int) -> None:
        self._now_ms = min(max(start_ms, FIRST_MS), LAST_MS - 1)
        self._known = False

    def saw(self, timestamp_ms: int) -> None:
        """Notes the time of an event that has one: later events without a time are not earlier."""
        if not self._known or timestamp_ms > self._now_ms:
            self._now_ms = timestamp_ms
            self._known = True

    def next_ms(self) -> int:
        """The time of an event that has none (epoch ms): a millisecond after the last."""
        self._now_ms += 1
        return self._now_ms

    def place(self, event: LogEvent, timed: bool) -> None:
        """Notes the time of an event that has one (``timed``); gives any other event its time."""
        if timed:
            self.saw(event.timestamp_ms)
        else:
            event.timestamp_ms = self.next_ms()
