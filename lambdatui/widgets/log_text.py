"""Log lines cut into the rows of a screen: hostile text made plain, wrapped by cells, searched."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from rich.cells import cell_len, chop_cells

from collectors.untrusted import parsed_json
from lambdatui.text.figures import counted
from lambdatui.text.plain import plain

_TAB_CELLS = 4
_REMEMBERED = 2_000
"""Characters. How lines up to this length are laid out is remembered."""
_LONGEST = 100_000
"""Characters of one line that are laid out. A Lambda log event has 262,144 bytes at most; copying takes all of it."""


class LoggedLine(Protocol):
    """What the pane needs of a line, such as ``lambdatui.views.invocation.InvocationLine``."""

    @property
    def timestamp(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the screen: a piece of a line. ``first`` marks the row that carries the line's time and mark."""

    line: int
    text: str
    kind: str
    first: bool


def physical(text: str) -> list[str]:
    """A log event's own lines, safe for a terminal.

    The Python runtimes write a traceback as one event whose lines end in a bare carriage return; a stack inside JSON,
    as Node.js and the JSON log format write it, is unfolded beneath its line.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    text = "\n".join([text, *(f"    {frame}" for frame in _frames(text))])
    return [piece.expandtabs(_TAB_CELLS).rstrip() for piece in plain(text[:_LONGEST], newlines=True).split("\n")]


_LEVELS = ("level", "log_level", "severity", "lvl")
_MESSAGES = ("message", "msg", "errorMessage")
_TIMES = ("timestamp", "time", "ts", "@timestamp")


def rendered_json(text: str) -> str:
    """``ERROR no stock  order=42 retry=false`` for a line that is a JSON object; any other text as it is.

    The time is left out, since the line's own stands before it; nothing else is.
    """
    body = text.strip()
    if not body.startswith("{") or not body.endswith("}") or len(body) > _LONGEST:
        return text
    try:
        record = parsed_json(body)
    except ValueError:
        return text
    if not isinstance(record, dict) or not any(name in record for name in (*_MESSAGES, *_LEVELS)):
        return text
    level = next((str(record.pop(name)) for name in _LEVELS if name in record), "")
    message = next((record.pop(name) for name in _MESSAGES if name in record), "")
    message_text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    for name in _TIMES:
        record.pop(name, None)
    trace = record.pop("stackTrace", None) or record.pop("stack", None) or []
    frames = [trace] if isinstance(trace, str) else [str(frame) for frame in trace if frame]
    fields = " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in record.items()
    )
    head = "  ".join(part for part in (f"{level} {message_text}".strip(), fields) if part)
    return "\n".join([head, *(f"    {line}" for frame in frames for line in frame.split("\n") if line.strip())])


def _frames(text: str) -> list[str]:
    """The stack's frames in a JSON object that the text is, or ends with; none where there is no such object."""
    if '"stack' not in text or len(text) > _LONGEST:
        return []
    try:
        record = parsed_json(text[text.index("{") :])
    except ValueError:
        return []
    if not isinstance(record, dict):
        return []
    for holder in (record, *(value for value in record.values() if isinstance(value, dict))):
        for name in ("stack", "stackTrace"):
            frames = holder.get(name)
            if isinstance(frames, list):
                return [
                    line for frame in frames if isinstance(frame, str) for line in frame.split("\n") if line.strip()
                ]
    return []


def rows(
    lines: Sequence[LoggedLine],
    width: int,
    *,
    wrap: bool,
    only_errors: bool,
    folded: bool = False,
    rendered: bool = False,
) -> list[Row]:
    """The rows that the lines take at ``width`` cells.

    ``folded`` shows only the first line of a failure, and how many others there are; ``rendered`` shows a JSON line as
    its level, message and fields.
    """
    result: list[Row] = []
    before = ""
    for number, line in enumerate(lines):
        kind, before = before, line.kind
        if only_errors and line.kind != "error":
            continue
        texts = (
            _texts(line.text, rendered) if len(line.text) <= _REMEMBERED else _texts.__wrapped__(line.text, rendered)
        )
        if folded and line.kind == "error":
            if kind == "error" and texts[0][:1].isspace():
                continue  # a frame that the runtime wrote as an event of its own
            if len(texts) > 1:
                texts = [f"{texts[0]}  (+{counted(len(texts) - 1, 'line')})"]
        first = True
        for text in texts:
            cut = _pieces if len(text) <= _REMEMBERED else _pieces.__wrapped__
            for piece in cut(text, width) if wrap else (text,):
                result.append(Row(number, piece, line.kind, first))
                first = False
    return result


@lru_cache(maxsize=4_096)
def _texts(text: str, rendered: bool) -> list[str]:
    """A log event's own lines. Cached: a log that is followed is laid out each second, mostly as before."""
    return physical(rendered_json(text) if rendered else text)


def prepare(text: str) -> None:
    """Fills the cache for a line, in the thread that brought it, so that the painting thread has less to do."""
    if len(text) <= _REMEMBERED:
        _texts(text, True)


@lru_cache(maxsize=8_192)
def _pieces(text: str, width: int) -> list[str]:
    """A line cut at ``width`` cells, at spaces where there are any; pieces are indented like their line."""
    if len(text) <= width and text.isascii():
        return [text]
    indent = " " * min(len(text) - len(text.lstrip(" ")) + 2, max(0, width // 3))
    pieces: list[str] = []
    left = text
    while cell_len(left) > width:
        piece = chop_cells(left, width)[0]
        at = piece.rfind(" ", width // 2)
        if at > 0:
            piece = piece[: at + 1]
        pieces.append(piece.rstrip())
        left = indent + left[len(piece) :].lstrip(" ")
        if len(piece) <= len(indent):
            break  # a piece no longer than its indent would never end
    return [*pieces, left]


class TextPattern(Protocol):
    """A regular expression, such as ``lambdatui.views.safe_regex.SafeRegex``."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Begin and end of each match."""


def matches(text: str, sought: "str | Sequence[str | TextPattern]") -> list[tuple[int, int]]:
    """The spans of characters where ``sought`` stands in ``text``, case ignored; of several terms, without overlaps."""
    if not sought:
        return []
    if isinstance(sought, str):
        return [match.span() for match in re.finditer(re.escape(sought), text, re.IGNORECASE)]
    every = sorted(
        span for term in sought if term for span in (matches(text, term) if isinstance(term, str) else term.spans(text))
    )
    apart: list[tuple[int, int]] = []
    for begin, end in every:
        if not apart or begin >= apart[-1][1]:
            apart.append((begin, end))
    return apart
