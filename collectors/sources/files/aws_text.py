"""``--output text`` of the AWS command line: an event's fields, sorted by name and separated by tabs.

``filter-log-events`` prints eventId, ingestionTime, logStreamName, message, timestamp; ``get-log-events`` prints these
without id and stream. A newline at the end of a message puts the timestamp on a line of its own. Of the two times, the
last is the event's; the first is when CloudWatch received it.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.inputs.platform_heads import HEADS
from collectors.sources.inputs.timestamps import BadTimestamp, Clock, epoch_ms

_STREAM = r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+"
_EVENT = re.compile(rf"(?:EVENTS\t)?(?:(\d{{50,60}})\t)?(\d{{13}})\t(?:({_STREAM})\t)?(.*)", re.DOTALL)
_MARKED = re.compile(r"EVENTS\t(?:\d{50,60}\t)?\d{13}\t|\d{50,60}\t\d{13}\t")
_TIME = re.compile(r"(?s)(.*)\t(\d{13})\s*")
_TIME_ALONE = re.compile(r"\t\d{13}\s*")
_CELL = re.compile(r"RESULTS\t(@?[\w.@]+)\t(.*)", re.DOTALL)
_OTHER = re.compile(r"[bf]/\d{20,}|SEARCHEDLOGSTREAMS\t|NEXTTOKEN\t|STATISTICS\t|RESPONSEMETADATA\t|Complete\s*$")
_PLATFORM = re.compile(HEADS)
_MOST_LINES = 5_000


def is_aws_text(head: Sequence[str]) -> bool:
    """Whether a text that begins with these lines is the command line's: marked events, or times on
    lines of their own.
    """
    if any(_MARKED.match(line) or _CELL.match(line) or _TIME_ALONE.fullmatch(line) for line in head[:200]):
        return True
    said = [line for line in head[:200] if line.strip()]  # --query 'events[].[message,timestamp]'
    timed = [line for line in said if _TIME.fullmatch(line)]
    return len(timed) * 2 > len(said) and any(map(_PLATFORM.match, timed))


class AwsText:
    """Reads such lines. ``reject`` is called with what cannot be read."""

    def __init__(self, stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._lines: list[str] = []
        self._event_id = self._of_stream = self._taken_in = self._moment = ""
        self._row: dict[str, str] = {}
        self._field = ""

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that this line completes, if any."""
        if (cell := _CELL.fullmatch(line)) is not None:
            if cell.group(1) in self._row:
                yield from self._result()
            self._field = cell.group(1)
            self._row[self._field] = cell.group(2)
        elif _OTHER.match(line):
            yield from self.flush()
        elif self._row:
            self._row[self._field] += f"\n{line}"
        elif (begun := _EVENT.fullmatch(line)) is not None:
            yield from self.flush()
            self._event_id, self._taken_in, self._of_stream = begun.group(1) or "", begun.group(2), begun.group(3) or ""
            self._take(begun.group(4))
        else:
            if (self._moment or len(self._lines) > _MOST_LINES) and line.strip():
                yield from self.flush()
            if line.strip() or self._lines:
                self._take(line)

    def _take(self, line: str) -> None:
        ended = _TIME.fullmatch(line)
        if ended is not None:
            line, self._moment = ended.groups()
        if line or ended is None:
            self._lines.append(line)

    def flush(self) -> Iterator[LogEvent]:
        """The event that the end of the text completes."""
        yield from self._result()
        text = "\n".join(self._lines).strip("\n")
        moment, event_id, stream = self._moment or self._taken_in, self._event_id, self._of_stream or self._stream
        self._lines, self._moment, self._taken_in, self._event_id, self._of_stream = [], "", "", "", ""
        if not text.strip():
            return
        try:
            timestamp_ms = epoch_ms(moment) if moment else self._clock.next_ms()
        except BadTimestamp as reason:
            self._reject(str(reason), text)
            return
        self._clock.saw(timestamp_ms)
        yield LogEvent(timestamp_ms, text, "", stream, event_id)

    def _result(self) -> Iterator[LogEvent]:
        row, self._row = self._row, {}
        if not row:
            return
        try:
            event, timed = event_of(row, {}, "")
        except (NotAnEvent, BadTimestamp) as reason:
            self._reject(str(reason), str(row))
            return
        if not timed:
            event.timestamp_ms = self._clock.next_ms()
        event.log_stream = event.log_stream or self._stream
        yield event
