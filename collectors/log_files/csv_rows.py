"""Logs as CSV: what the CloudWatch console downloads (``timestamp,message``), and results of Logs Insights.

A message stands in quotes and may go on over lines; a row is complete when its quotes are.
"""

import csv
import re
from collections.abc import Iterator

from collectors.log_files.event_json import MESSAGE_KEYS, TIME_KEYS, NotAnEvent, event_of
from collectors.log_files.timestamps import Clock
from collectors.model import LogEvent

LONGEST_ROW = 1 << 20  # characters; an event has at most a megabyte
_CONSOLE = ("timestamp", "message")
_HEADLESS = re.compile(r'\d{13},"')
_ROW = re.compile(r"^(?=\d{13},|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^,\n]*,)", re.MULTILINE)
_HEADER = re.compile(r'"?@?[A-Za-z][\w.@]*"?(?:,"?@?[A-Za-z][\w.@]*"?)+')


def csv_columns(head: list[str]) -> tuple[str, ...]:
    """The names of the columns of a file that begins with ``head``; empty where it is no CSV of log events."""
    first = next((line.strip() for line in head if line.strip()), "")
    if _HEADLESS.match(first):
        return _CONSOLE
    if not _HEADER.fullmatch(first):
        return ()
    names = tuple(name.strip().strip('"') for name in first.split(","))
    known = any(name in MESSAGE_KEYS for name in names) and any(name in TIME_KEYS for name in names)
    return names if known else ()


class CsvRows:
    """Lines of CSV, with ``columns`` as the file's first line names them."""

    def __init__(self, columns: tuple[str, ...], stream: str, clock: Clock) -> None:
        self._columns = columns
        self._stream = stream
        self._clock = clock
        self._lines: list[str] = []
        self._length = 0
        self._quoted = False

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that this line completes, if any. Raises ``NotAnEvent`` or ``BadTimestamp``."""
        if not self._lines and not line.strip():
            return
        self._lines.append(line)
        self._length += len(line) + 1
        self._quoted ^= line.count('"') % 2 == 1
        if not self._quoted or self._length > LONGEST_ROW:
            yield from self._rows()

    def flush(self) -> Iterator[LogEvent]:
        yield from self._rows()

    def _rows(self) -> Iterator[LogEvent]:
        text = "\n".join(self._lines)
        unclosed, self._lines, self._length, self._quoted = self._quoted, [], 0, False
        if not unclosed:
            yield from self._event(text)
            return
        for row in filter(str.strip, _ROW.split(text)):  # somebody lost a quote: a row begins with its time
            yield from self._event(row if row.count('"') % 2 == 0 else row.rstrip("\n") + '"')

    def _event(self, row: str) -> Iterator[LogEvent]:
        try:
            cells = next(csv.reader([row + "\n"], strict=False), [])
        except csv.Error as error:
            raise NotAnEvent(f"a CSV row that cannot be read ({error})") from None
        if not any(cells) or tuple(cells) == self._columns:
            return
        event, timed = event_of(dict(zip(self._columns, cells, strict=False)), {}, "")
        if timed:
            self._clock.saw(event.timestamp_ms)
        else:
            event.timestamp_ms = self._clock.next_ms()
        event.log_stream = event.log_stream or self._stream
        if event.message.strip():
            yield event


csv.field_size_limit(4 * LONGEST_ROW)
