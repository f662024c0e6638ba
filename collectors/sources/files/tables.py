"""Tables drawn with bars: Markdown, ``--output table`` of the AWS command line, Jira, psql, and boxes of lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.files.event_keys import OWN_KEYS
from collectors.sources.inputs.shipper_names import MESSAGES, TIMES, letters
from collectors.sources.inputs.timestamps import BadTimestamp, Clock

_BARS = "|\u2502\u2503\u2506\u2551"
_EDGE = re.compile(rf"\A\s*[{_BARS}]+")
_END = re.compile(rf"(?<!\\)[{_BARS}]+\s*\Z")
_SPLIT = re.compile(rf"(?<!\\)[{_BARS}]")
_HEADS = re.compile(rf"[{_BARS}]+")
_NAME = re.compile(r"[@_A-Za-z][\w .@()-]{0,60}")
_RULE = re.compile(r"[-+=|:\s\u2500-\u257f]+")
_TYPE = re.compile(
    r"(?:|-+|(?:u?(?:big|small|tiny|huge)?int(?:eger)?|[iuf])\d{0,3}|varchar|str(?:ing)?|text|float|double"
    r"|date(?:time)?(?:\[.*\])?|time(?:stamp)?(?:\[.*\]|_\w+| with time zone)?|bool(?:ean)?|json|object)"
)
_LOOKED_AT, _MOST_LINES = 60, 2_000


def is_table(head: Sequence[str]) -> bool:
    """Whether a row in a text's first lines names columns with a message among them."""
    looked = [*head[:_LOOKED_AT], ""]
    return any(_names(line) and (_EDGE.match(line) or _RULE.fullmatch(below)) for line, below in pairwise(looked))


def _names(line: str) -> tuple[str, ...]:
    if not any(bar in line for bar in _BARS) or len(line) > 2_000:
        return ()
    names = tuple(cell.strip(" *\t`") for cell in _HEADS.split(_END.sub("", _EDGE.sub("", line, count=1))))
    spelled = [letters(name) for name in names]
    if len(names) < 2 or not all(_NAME.fullmatch(name) or name in ("", "#") for name in names):
        return ()
    says = any(name in (*MESSAGES[:8], "m") for name in spelled)
    return names if says and any(name in TIMES for name in spelled) else ()


class TableRows:
    """Reads the lines of such a table. ``reject`` is called with what cannot be read."""

    def __init__(self, stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._names: tuple[str, ...] = ()
        self._message = 0
        self._edged = False
        self._lines: list[str] = []
        self._last: list[str] = []

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that is complete where another row begins."""
        if not self._lines and (_RULE.fullmatch(line) or not line.strip()):
            return
        if not self._lines and (names := _names(line)):
            yield from self.flush()
            self._begin(names, line)
            return
        if not self._names:
            return  # a title above the table
        self._lines.append(line)
        if self._edged and not _END.search(line) and len(self._lines) < _MOST_LINES:
            return  # a message's own newline
        text, self._lines = "\n".join(self._lines), []
        cells = self._cells(text)
        if not self._last and all(_TYPE.fullmatch(cell) for cell in cells):
            return  # DuckDB and Polars say what the columns hold
        if len(cells) < len(self._names) and "\n" not in text and not _EDGE.match(text):
            return  # what stands below the table
        if self._last and sum(map(bool, cells)) == 1 and len(cells) == len(self._names) and cells[self._message]:
            self._last[self._message] += f"\n{cells[self._message]}"  # a row of a box goes on
            return
        yield from self._event()
        self._last = cells

    def _begin(self, names: tuple[str, ...], line: str) -> None:
        spelled = [letters(name) for name in names]
        self._message = next(spelled.index(name) for name in MESSAGES if name in spelled)
        moment = next(spelled.index(name) for name in TIMES if name in spelled)
        known = [f"column.{name}" if name in OWN_KEYS else name for name in names]
        known[self._message], known[moment] = "message", "timestamp"
        self._names = tuple(known)
        self._edged = _EDGE.match(line) is not None and _END.search(line) is not None

    def _cells(self, text: str) -> list[str]:
        inner = _EDGE.sub("", text, count=1) if self._edged else text
        cells = _SPLIT.split(_END.sub("", inner) if self._edged else inner)
        over = len(cells) - len(self._names)
        if over > 0:  # bars within the message
            cells[self._message : self._message + over + 1] = [
                "|".join(cells[self._message : self._message + over + 1])
            ]
        return [cell.strip().replace("\\|", "|") for cell in cells]

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""
        if self._lines:
            text, self._lines = "\n".join(self._lines), []
            yield from self._event()
            self._last = self._cells(text)
        yield from self._event()

    def _event(self) -> Iterator[LogEvent]:
        cells, self._last = self._last, []
        if not any(cells):
            return
        row = {name: cell for name, cell in zip(self._names, cells, strict=False) if cell}
        if "message" not in row:
            return
        row["message"] = _without_code(row["message"])
        try:
            event, timed = event_of(row, {}, "")
        except (NotAnEvent, BadTimestamp) as reason:
            self._reject(str(reason), " | ".join(cells))
            return
        self._clock.place(event, timed)
        event.log_stream = event.log_stream or self._stream
        yield event


def _without_code(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "`" else text
