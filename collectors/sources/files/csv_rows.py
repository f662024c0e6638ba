"""Logs as CSV, TSV and the like: from the console, Logs Insights, Kibana, Grafana, Datadog, or a spreadsheet.

A message in quotes may have several lines; a row is complete when its quotes are closed. The message's column is
recognised by its name, or by the platform lines in it.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.files.event_keys import MESSAGE_KEYS, OWN_KEYS, TIME_KEYS
from collectors.sources.files.report_fields import are_reports, report_line
from collectors.sources.inputs.platform_heads import SURE_HEADS
from collectors.sources.inputs.shipper_names import MESSAGES, TIMES, letters
from collectors.sources.inputs.timestamps import BadTimestamp, Clock, epoch_ms

LONGEST_ROW = 1 << 20  # characters; an event has at most a megabyte
_HEADLESS = re.compile(r'\d{13},"')
_ROW = re.compile(r'^(?=(?:"?\d{13}"?|"?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^,;\t\n"]*"?)[,;\t])', re.MULTILINE)
_NAME = re.compile(r"#|[@_]?[^\W\d][\w .@()\[\]/:-]{0,60}")
_REMARK = re.compile(r"#(?![\t,;|])")
_PLATFORM = re.compile(rf"\s*(?:{SURE_HEADS})")
_CONSOLE = re.compile(r"(?:No|There are) (?:older|newer) events|No (?:older|newer) .{0,60}Retry|Load more\b")
_DELIMITERS = ",\t;|"
_LOOKED_AT = 400  # lines


@dataclass(frozen=True, slots=True)
class CsvColumns:
    """How a file's rows are cut: ``names`` of its columns, with ``message`` and ``timestamp`` as they are known.

    ``header`` is its first row, if that only names them.
    """

    names: tuple[str, ...]
    delimiter: str = ","
    header: tuple[str, ...] = ()
    reports: bool = False  # the columns are a REPORT's figures: there is no message


def csv_columns(head: Sequence[str]) -> CsvColumns | None:
    """The columns of a file that begins with ``head``; None where it is no table of log events."""
    lines = [line for line in head[:_LOOKED_AT] if line.strip()]
    if lines and re.fullmatch(r"sep=.", lines[0].strip()):
        lines = lines[1:]  # a spreadsheet's hint
    while len(lines) > 1 and _REMARK.match(lines[0]):
        lines = lines[1:]
    if not lines:
        return None
    if _HEADLESS.match(lines[0]):
        return CsvColumns(("timestamp", "message"))
    for delimiter in _DELIMITERS:
        if delimiter in lines[0] and (columns := _columns(lines, delimiter)) is not None:
            return columns
    return None


def _columns(lines: list[str], delimiter: str) -> CsvColumns | None:
    cells = _cells(lines[0], delimiter)
    if len(cells) < 2 or (delimiter == "|" and not cells[0]):
        return None
    named = cells[1:] if not cells[0] else cells  # a data frame's index has no name
    if are_reports(named):
        timed = tuple("timestamp" if name == "@timestamp" else name for name in cells)
        return CsvColumns(timed, delimiter, tuple(cells), reports=True)
    header = tuple(cells) if all(_NAME.fullmatch(cell.strip()) for cell in named) and not _platform_in(cells) else ()
    rows = [row for line in lines[bool(header) :] if len(row := _cells(line, delimiter)) > 1]
    message = _message_column(header, rows, delimiter)
    moment = _time_column(header, rows, message) if message is not None else None
    if header and (moment is None or not rows):
        # Where the message stands first, the time stands below its own newline.
        rows = [row for text in _closed(lines[1:]) if len(row := _cells(text, delimiter)) > 1] or rows
        message = _message_column(header, rows, delimiter)
        moment = _time_column(header, rows, message) if message is not None else None
    if message is None or not rows:
        return None
    names = list(header) or [f"column {at}" for at in range(max(map(len, rows), default=0))]
    if not header and (moment is None or (delimiter == "\t" and not any('\t"' in line for line in lines))):
        return None  # a prefix, which its own reader knows
    known = [name if name not in OWN_KEYS else f"column.{name}" for name in map(str.strip, names)]
    known = [
        f"other.{name}" if name in MESSAGE_KEYS or (name in TIME_KEYS and moment is not None) else name
        for name in known
    ]
    known[message] = "message"
    if moment is not None:
        known[moment] = "timestamp"
    return CsvColumns(tuple(known), delimiter, header)


def _closed(lines: Sequence[str]) -> Iterator[str]:
    """The rows of these lines whose quotes are closed."""
    row: list[str] = []
    quoted = False
    for line in lines:
        row.append(line)
        quoted ^= line.count('"') % 2 == 1
        if not quoted:
            yield "\n".join(row)
            row = []


def _message_column(header: tuple[str, ...], rows: list[list[str]], delimiter: str) -> int | None:
    """The column that has platform lines, else the one named for a message beside a time."""
    standing = Counter(column for row in rows for column, cell in enumerate(row) if _PLATFORM.match(cell))
    spelled = [letters(name) for name in header]
    if standing:
        column = standing.most_common(1)[0][0]
        if header and column < len(header):
            return column
        # Without a header a comma before a platform line may be a program's.
        return (
            column
            if not header and column > 0 and delimiter != "|" and sum(standing.values()) * 4 >= len(rows)
            else None
        )
    if not any(name in TIMES for name in spelled):
        return None
    known = [name for name in MESSAGES if name in spelled]
    return spelled.index(known[0]) if known else None


def _time_column(header: tuple[str, ...], rows: list[list[str]], message: int) -> int | None:
    spelled = [letters(name) for name in header]
    for name in TIMES:
        if name in spelled and spelled.index(name) != message:
            column = spelled.index(name)
            held = [row[column] for row in rows[:20] if column < len(row) and row[column]]
            if not held or any(map(_is_time, held)):
                return column
    for column in range(max(map(len, rows[:20]), default=0)):
        held = [row[column] for row in rows[:20] if column < len(row) and row[column]]
        if column != message and held and sum(map(_is_time, held)) * 2 > len(held):
            return column
    return None


def _is_time(cell: str) -> bool:
    try:
        epoch_ms(cell)
    except BadTimestamp:
        return False
    return True


def _platform_in(cells: list[str]) -> bool:
    return any(_PLATFORM.match(cell) for cell in cells)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=False), [])
    except csv.Error:
        return []


csv.field_size_limit(LONGEST_ROW)  # Python's own, 128 KB, is less than a log event may have


class CsvRows:
    """Lines of CSV, with ``columns`` as the file's first lines tell them. ``reject`` is told what cannot be read."""

    def __init__(self, columns: CsvColumns, stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._columns = columns
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._lines: list[str] = []
        self._length = 0
        self._quoted = False
        self._begun = False

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that this line completes, if any."""
        if not self._lines and not line.strip():
            return
        self._lines.append(line)
        self._length += len(line) + 1
        self._quoted ^= line.count('"') % 2 == 1
        if not self._quoted or self._length > LONGEST_ROW:
            yield from self._rows()

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes: also a row that was cut within its quotes."""
        yield from self._rows()

    def _rows(self) -> Iterator[LogEvent]:
        text = "\n".join(self._lines)
        unclosed, self._lines, self._length, self._quoted = self._quoted, [], 0, False
        rows = [text]
        if unclosed:  # somebody lost a quote: a row begins with its time
            rows = [
                row if row.count('"') % 2 == 0 else row.rstrip("\n") + '"'
                for row in filter(str.strip, _ROW.split(text))
            ]
        for row in rows:
            try:
                yield from self._event(row)
            except (NotAnEvent, BadTimestamp) as reason:
                self._reject(str(reason), row)

    def _event(self, row: str) -> Iterator[LogEvent]:
        try:
            cells = next(csv.reader([row + "\n"], delimiter=self._columns.delimiter, strict=False), [])
        except csv.Error as error:
            raise NotAnEvent(f"a CSV row that cannot be read ({error})") from None
        names = self._columns.names
        if not any(cells) or tuple(cells) == self._columns.header or tuple(cells) == names or row.startswith("sep="):
            return
        if (len(cells) == 1 and _CONSOLE.match(cells[0])) or (not self._begun and _REMARK.match(row)):
            return  # copied with the lines, or written above them
        if len(cells) > len(names) and names[-1] == "message":  # nobody quoted the delimiters within it
            last = len(names) - 1
            cells[last:] = [self._columns.delimiter.join(cells[last:])]
        fields = dict(zip(names, cells, strict=False))
        if self._columns.reports:
            try:
                fields["message"] = report_line(fields)
            except ValueError:
                raise NotAnEvent("figures of a REPORT that are no numbers") from None
            if not fields["message"]:
                return
        event, timed = event_of(fields, {}, "")
        self._begun = True
        self._clock.place(event, timed)
        event.log_stream = event.log_stream or self._stream
        if event.message.strip():
            yield event


csv.field_size_limit(4 * LONGEST_ROW)
