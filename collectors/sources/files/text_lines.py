"""Exported text: S3 exports, ``aws logs tail``, emulators' output, and invocations that somebody pasted.

An event begins where a line says so: by an exporter's time, a platform line's first word, or the time with which a
runtime begins its lines. What follows belongs to it, as the lines of a traceback do.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

import msgspec

from collectors.model.records import LogEvent
from collectors.parsing.platform_text import without_escapes
from collectors.sources.files.aws_text import AwsText, is_aws_text
from collectors.sources.files.csv_rows import CsvRows, csv_columns
from collectors.sources.files.inline_records import InlineRecords, is_inline
from collectors.sources.files.keyed_lines import KeyedLines, is_keyed
from collectors.sources.files.prefixes import Prefixed, Prefixes, prefixes_of
from collectors.sources.files.serverless_lines import ServerlessLines, is_serverless
from collectors.sources.files.tables import TableRows, is_table
from collectors.sources.files.yaml_events import YamlEvents, is_yaml
from collectors.sources.inputs.timestamps import BadTimestamp, Clock, epoch_ms, metric_time, time_in_text, trace_time

MOST_PENDING = 5_000  # events of one pasted invocation that wait for a time to be found

_COLOUR = r"(?:\x1b\[[0-9;]*m)*"
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_STREAM = r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+"
_EXPORTED = re.compile(rf"{_COLOUR}({_MOMENT}){_COLOUR}(?: {_COLOUR}({_STREAM}){_COLOUR})?(?: |$)")
_ALONE = re.compile(rf"\s*({_MOMENT.replace('dT', 'd[T ]', 1)})()\s*\Z")
_COPIED = re.compile(rf"\s*({_MOMENT})()[ \t]+")
_EMULATED = re.compile(rf"{_COLOUR}({_STREAM}){_COLOUR} {_COLOUR}({_MOMENT}){_COLOUR}(?: |$)")
_PLATFORM = re.compile(
    r"\s*(?:START RequestId:|END RequestId:|REPORT (?:RequestId:|(?:Init )?Duration:)|INIT_START|INIT_REPORT"
    r"|RESTORE_START|RESTORE_REPORT|(?:EXTENSION|TELEMETRY|LOGS)\s+Name:)"
)
_LISTED = re.compile(
    r"\s*(?:[-*+\u2022]|\d{1,3}[.)])[ \t]+(?=(?:START|END|REPORT) RequestId: \S)"
)  # in somebody's notes
# Nothing of the platform's own follows these on further lines.
_ONE_LINE = re.compile(r"(?:START|END) RequestId: \S+[^\n]*\Z")
_RUNTIME = re.compile(rf"{_MOMENT}[\t ]|\[[A-Z]+\]\t|\[ERROR\] |RequestId: |\{{\"")
_CONTINUED = re.compile(
    r"[\s\u00a0}\])]|\{$|\[\{|null$|Traceback \(|Caused by:|\.\.\. \d+ more|---> |--- End|stack backtrace:|note: "
    r"|goroutine \d|(?:Runtime|Extension)\.\w+$|$"
)
_REPORT_CONTINUED = re.compile(
    r"\s*(?:[\d.]+\s+)?(?:(?:ms|MB)\s+)?(?:(?:XRAY )?TraceId|(?:Billed |Init |Restore |Billed Restore )?Duration"
    r"|(?:Memory )?Size|(?:(?:Max )?Memory )?Used|Status|(?:Error )?Type):"
    r"|\s*(?:[\d.]+\s+)?(?:ms|MB)\s*$"
)
_BROKEN_REPORT = re.compile(r"[ \t]*\n[ \t]*(?=[\d.]+ (?:ms|MB)|(?:ms|MB)\b|(?:Size|Used|TraceId|Type|Memory Used):)")
_TYPE_LAST = re.compile(r": ((?:[a-z]\w*\.)+[A-Z]\w*)$")  # Java says it again before the trace
_DURATION = re.compile(r"\tDuration: (\d+)")


class EventLines(Protocol):
    """Takes lines and gives events."""

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events that this line completes. Raises ``BadTimestamp`` or ``NotAnEvent``."""

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""


def event_lines(head: list[str], stream: str, clock: Clock, reject: Callable[[str, str], None]) -> EventLines:
    """What reads a text that begins with the lines ``head``. ``reject`` is told what it leaves out."""
    head = [without_escapes(line) for line in head]
    for is_form, reader in _FORMS:
        if is_form(head):
            return reader(stream, clock, reject)
    if is_serverless(head):
        return ServerlessLines(PastedText(stream, clock))
    if _is_unfolded(head):
        return ExportedText(stream, clock, _ALONE)
    if _is_said_twice(head):
        return ExportedText(stream, clock, _COPIED)
    if is_keyed(head):
        return KeyedLines(head, stream, clock, reject)
    if is_inline(head):
        return InlineRecords(head, stream, clock, reject)
    if (columns := csv_columns(head)) is not None:
        return CsvRows(columns, stream, clock, reject)
    exported = is_exported(head)
    if not exported or not any(map(_is_exported_platform_line, head)):
        prefixes = prefixes_of(head)
        # A program may print another's platform line: then hardly any line has what stands before that one.
        if prefixes is not None and prefixes.share(head) >= (0.5 if exported else 0.1):
            return PrefixedText(prefixes, stream, clock)
    return ExportedText(stream, clock) if exported else PastedText(stream, clock)


_Reader = Callable[[str, Clock, Callable[[str, str], None]], EventLines]
_FORMS: tuple[tuple[Callable[[list[str]], bool], _Reader], ...] = (
    (is_aws_text, AwsText),
    (is_yaml, YamlEvents),
    (is_table, TableRows),
)


def _is_unfolded(head: list[str]) -> bool:
    """Whether times stand on lines of their own, as in what was copied from the console with events unfolded."""
    return any(_ALONE.fullmatch(line) and _PLATFORM.match(after) for line, after in pairwise(head))


def _is_said_twice(head: list[str]) -> bool:
    """Whether a platform line stands beside its time and once more below, as it is copied from the console."""
    lines = [line for line in head if line.strip()]
    pairs = ((_COPIED.match(line), line, after) for line, after in pairwise(lines))
    return any(found and _PLATFORM.match(after) and line[found.end() :] == after for found, line, after in pairs)


def _is_exported_platform_line(line: str) -> bool:
    found = _EXPORTED.match(line) or _EMULATED.match(line)
    return found is not None and _PLATFORM.match(line, found.end()) is not None


def is_exported(head: list[str]) -> bool:
    """Whether an exporter put a time before every event; in pasted text a time is the runtime's own."""
    lines = [line for line in head if line.strip()]
    if not lines or any(_PLATFORM.match(without_escapes(line)) for line in lines):
        return False
    return any(_EXPORTED.match(line) or _EMULATED.match(line) for line in lines[:20])


class ExportedText:
    """Lines that an exporter began with the event's time. A line without a time continues the event before it.

    ``begins`` is the pattern of a line that begins an event: with ``_ALONE`` only a line that is nothing but a time.
    """

    def __init__(self, stream: str, clock: Clock, begins: re.Pattern[str] = _EXPORTED) -> None:
        self._begins = begins.match
        self._twice = begins is _COPIED
        self._stream = stream
        self._clock = clock
        self._event: LogEvent | None = None
        self._more: list[str] = []
        self._length = 0

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that this line completes, if any. Raises ``BadTimestamp``."""
        if self._twice and self._event is not None and line == self._event.message:
            self._continue(line)
            return
        begin = self._begins(line)
        moment, stream = (begin.group(1), begin.group(2)) if begin else (None, None)
        if begin is None and (begin := _EMULATED.match(line)):
            stream, moment = begin.groups()
        if begin is None or moment is None:
            whole = self._event
            if whole is not None and _begins_another(whole, self._more, line):
                yield from self.flush()
                self._event = LogEvent(whole.timestamp_ms, line, "", whole.log_stream)
                return
            self._continue(line)
            return
        yield from self.flush()
        timestamp_ms = epoch_ms(moment)
        self._clock.saw(timestamp_ms)
        self._event = LogEvent(timestamp_ms, line[begin.end() :], "", stream or self._stream)
        self._length = len(line)

    def _continue(self, line: str) -> None:
        if self._event is None:
            if line.strip():
                self._event = LogEvent(time_in_text(line) or self._clock.next_ms(), line, "", self._stream)
        elif self._length <= 1 << 20:  # an event has at most a megabyte
            self._more.append(line)
            self._length += len(line) + 1

    def flush(self) -> Iterator[LogEvent]:
        """The event that waited for more lines."""
        if self._event is not None:
            if self._more:
                self._event.message = _said_once("\n".join((self._event.message, *self._more)).strip("\n"))
            if self._event.message.strip():
                yield self._event
        self._event, self._more, self._length = None, [], 0


def _begins_another(event: LogEvent, more: list[str], line: str) -> bool:
    """Whether a line without a time is no part of the platform's line above it."""
    return not more and bool(line.strip()) and _ONE_LINE.match(event.message) is not None


def _said_once(text: str) -> str:
    """An event copied from the console where it was unfolded: there it stands twice, laid out and as it was printed."""
    first, _, last = text.rpartition("\n\n")
    if not first or len(text) > 100_000 or "".join(first.split()) != "".join(last.split()):
        return text
    return last.strip() if last.lstrip()[:1] == "{" else first.strip("\n")


class PrefixedText:
    """Lines with a tool's prefix. If it has the time they are read like an exporter's, else like pasted ones."""

    def __init__(self, prefixes: Prefixes, stream: str, clock: Clock) -> None:
        self._prefixes = prefixes
        self._clock = clock
        self._stream = stream
        self._untimed: dict[tuple[str, str, str], PastedText] | None = None if prefixes.timed else {}
        self._last: PastedText | None = None
        self._event: LogEvent | None = None
        self._more: list[str] = []

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events that this line completes. Raises ``BadTimestamp``."""
        line = without_escapes(line)
        prefixed = self._prefixes.read(line)
        if self._untimed is not None:
            if prefixed is not None:
                self._last = self._of_place(prefixed)
            if prefixed is not None or not self._prefixes.is_rule(line):
                last = self._last = self._last or self._of_place(Prefixed(line, None, "", "", ""))
                yield from last.add(prefixed.text if prefixed is not None else line)
            return
        if prefixed is None or prefixed.timestamp_ms is None:
            event = self._event
            if event is not None and _begins_another(event, self._more, line):
                yield from self.flush()
                self._event = msgspec.structs.replace(event, message=line)
            elif event is not None and not self._prefixes.is_rule(line):
                self._more.append(line)
                if len(self._more) > MOST_PENDING:
                    yield from self.flush()
            return
        yield from self.flush()
        self._clock.saw(prefixed.timestamp_ms)
        self._event = LogEvent(
            prefixed.timestamp_ms,
            prefixed.text,
            prefixed.log_group,
            prefixed.log_stream or self._stream,
            function=prefixed.function,
        )

    def _of_place(self, prefixed: Prefixed) -> "PastedText":
        """What reads the lines of one stream: those of others stand between them."""
        assert self._untimed is not None
        place = (prefixed.log_group, prefixed.log_stream, prefixed.function)
        reader = self._untimed.get(place)
        if reader is None:
            reader = self._untimed[place] = PastedText(prefixed.log_stream or self._stream, self._clock, place)
        return reader

    def flush(self) -> Iterator[LogEvent]:
        """The events that waited for more lines."""
        if self._untimed is not None:
            for reader in self._untimed.values():
                yield from reader.flush()
            return
        event, more, self._event, self._more = self._event, self._more, None, []
        if event is not None:
            event.message = "\n".join((event.message, *more)).rstrip("\n")
            if event.message.strip():
                yield event


class PastedText:
    """Lines without an exporter's times: of a console, an emulator, an issue report.

    Times come from the lines that carry one, else from the X-Ray trace id in REPORT, else from the file's own time,
    a millisecond on for each event. They are settled an invocation at a time.
    """

    def __init__(self, stream: str, clock: Clock, place: tuple[str, str, str] = ("", "", "")) -> None:
        self._stream = stream
        self._group, _, self._function = place
        self._clock = clock
        self._lines: list[str] = []
        self._length = 0
        self._pending: list[tuple[int | None, str]] = []

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events that this line settles, if any."""
        clean = without_escapes(line)
        if (listed := _LISTED.match(clean)) is not None:
            line = clean = clean[listed.end() :]
        if self._lines == [line] and clean.lstrip().startswith("START RequestId:"):
            return  # the console's line and, unfolded below it, its text
        if self._lines and self._length <= 1 << 20 and not self._begins(clean):
            self._lines.append(line)
            self._length += len(line) + 1
            return
        self._end_event()
        if _starts(clean) or len(self._pending) >= MOST_PENDING:
            yield from self._settle()
        if clean.strip():
            self._lines, self._length = [line], len(line)

    def _begins(self, line: str) -> bool:
        if _PLATFORM.match(line) or _RUNTIME.match(line):
            return True
        if (again := _TYPE_LAST.search(self._lines[-1])) and line.startswith(again.group(1)):
            return False
        first = without_escapes(self._lines[0])
        if _PLATFORM.match(first):
            # A blank line may stand before XRAY's.
            return not ("REPORT " in first and (not line.strip() or _REPORT_CONTINUED.match(line)))
        return not _CONTINUED.match(line)

    def _end_event(self) -> None:
        if self._lines:
            text = "\n".join(self._lines).rstrip("\n")
            if len(self._lines) > 1 and "REPORT RequestId" in self._lines[0]:
                text = _BROKEN_REPORT.sub(" ", text)
            clean = without_escapes(text)
            self._pending.append((_own_time(clean), text))
        self._lines, self._length = [], 0

    def flush(self) -> Iterator[LogEvent]:
        """The event that waited for more lines."""
        self._end_event()
        yield from self._settle()

    def _settle(self) -> Iterator[LogEvent]:
        """Gives the pending events their times: an event without one is no later than the next event that has one."""
        pending, self._pending = self._pending, []
        known = [moment for moment, _ in pending if moment is not None]
        traced = None if known else next(filter(None, (trace_time(text) for _, text in pending)), None)
        now = known[0] if known else traced
        for moment, text in pending:
            if moment is not None:
                now = moment if now is None else max(now, moment)
            elif traced is not None and now is not None and (duration := _DURATION.search(text)):
                now = max(now, traced + int(duration.group(1)))
            if now is not None:
                self._clock.saw(now)
            yield LogEvent(
                now if now is not None else self._clock.next_ms(),
                text,
                self._group,
                self._stream,
                function=self._function,
            )


def _starts(line: str) -> bool:
    return line.lstrip().startswith(("START RequestId:", "INIT_START"))


def _own_time(text: str) -> int | None:
    if _PLATFORM.match(text):
        return None
    time_ms = time_in_text(text) if not text.startswith("{") else None
    if time_ms is None and text.startswith("{") and '"time' in text[:40]:
        value = text.partition('"time')[2].partition(":")[2].partition('"')[2].partition('"')[0]
        try:
            return epoch_ms(value)
        except BadTimestamp:
            return None
    return metric_time(text) if time_ms is None else time_ms
