"""``--output yaml`` of the AWS command line: a list of events, or of their messages, in the YAML that tools write.

That is block lists and mappings of plain, quoted and literal scalars; anchors, tags and flow collections are not read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.files.wrappings import contents
from collectors.sources.inputs.platform_heads import HEADS
from collectors.sources.inputs.timestamps import BadTimestamp, Clock

_KEY = re.compile(r"""(?:"([^"]*)"|'([^']*)'|(@?[\w.$/-]+))\s*:(?:\s+(.*))?$""", re.DOTALL)
_FIRST = re.compile(r"""\s*-\s+(?:- )?(?:['"]?@?[\w.]+['"]?\s*:(?:\s|$)|['"]|[|>][-+]?\s*$)""")
_PARENT = re.compile(r"\s*[\w]+:\s*$|---\s*$|\s*#")
_LOG = re.compile(rf"{HEADS}|platform\.|@message|\bmessage:")
_ITEM = re.compile(r"(\s*)-(?:\s|$)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "_": "\u00a0", "N": "\x85", "e": "\x1b", "b": "\b", "a": "\a"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n[ \t]*)|(.))", re.DOTALL)
_MOST_LINES, _DEPTH = 20_000, 30


def is_yaml(head: Sequence[str]) -> bool:
    """Whether a text that begins so is a list in YAML that holds log lines."""
    said = [line for line in head if line.strip()][:200]
    begun = next((at for at, line in enumerate(said) if not _PARENT.match(line)), None)
    return begun is not None and _FIRST.match(said[begun]) is not None and any(map(_LOG.search, said))


class YamlEvents:
    """Reads such lines. ``reject`` is called with what cannot be read."""

    def __init__(self, stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._indent: int | None = None
        self._lines: list[str] = []

    def add(self, line: str) -> Iterator[LogEvent]:
        """The events of the item that this line ends."""
        begun = _ITEM.match(line)
        if begun is not None and (self._indent is None or len(begun.group(1)) <= self._indent):
            yield from self.flush()
            self._indent = len(begun.group(1))
            self._lines = [line]
        elif self._lines:
            if line.strip() and len(line) - len(line.lstrip()) <= (self._indent or 0) and _KEY.match(line):
                yield from self.flush()  # a key beside the list
                return
            self._lines.append(line)
            if len(self._lines) > _MOST_LINES:
                yield from self.flush()

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        value = _Item(lines).value(0, -1)
        found = value[0] if isinstance(value, list) and value else value
        for line, around in contents(found, {}):
            try:
                event, timed = event_of(line, around, "")
            except (NotAnEvent, BadTimestamp) as reason:
                self._reject(str(reason), "\n".join(lines))
                continue
            self._clock.place(event, timed)
            event.log_stream = event.log_stream or self._stream
            if event.message.strip():
                yield event


class _Item:
    """The lines of one item of a list; ``at`` is where it is read."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def value(self, depth: int, above: int) -> Any:
        """The value that begins at this line, which is indented by more than ``above``."""
        self._skip()
        if self._at >= len(self._lines) or depth > _DEPTH:
            return None
        line = self._lines[self._at]
        indent = len(line) - len(line.lstrip(" "))
        if indent <= above:
            return None
        if _ITEM.match(line):
            return self._list(depth, indent)
        return self._mapping(depth, indent) if _KEY.match(line.strip()) else self._scalar(line.strip(), above)

    def _skip(self) -> None:
        while self._at < len(self._lines) and not self._lines[self._at].strip():
            self._at += 1

    def _list(self, depth: int, indent: int) -> list[Any]:
        values: list[Any] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            begun = _ITEM.match(line)
            if begun is None or len(begun.group(1)) != indent:
                break
            rest = line[indent + 1 :]
            inner = rest.lstrip(" ")
            if not inner:
                self._at += 1
                values.append(self.value(depth + 1, indent))
            elif inner[0] not in "\"'|>" and (_KEY.match(inner) or _ITEM.match(inner)):
                self._lines[self._at] = " " * (indent + 1) + rest
                values.append(self.value(depth + 1, indent))
            elif inner[0] in "\"'" and _KEY.match(inner):
                self._lines[self._at] = " " * (indent + 1) + rest
                values.append(self._mapping(depth + 1, indent + 1 + len(rest) - len(inner)))
            else:
                values.append(self._scalar(inner, indent))
            self._skip()
        return values

    def _mapping(self, depth: int, indent: int) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while self._at < len(self._lines):
            line = self._lines[self._at]
            key = _KEY.match(line.strip())
            if key is None or len(line) - len(line.lstrip(" ")) != indent:
                break
            name = key.group(1) or key.group(2) or key.group(3) or ""
            rest = (key.group(4) or "").strip()
            if rest:
                pairs[name] = self._scalar(rest, indent)
            else:
                self._at += 1
                self._skip()
                is_list = self._at < len(self._lines) and _ITEM.match(self._lines[self._at]) is not None
                pairs[name] = self.value(depth + 1, indent - is_list)
            self._skip()
        return pairs

    def _scalar(self, begun: str, indent: int) -> Any:
        self._at += 1
        if begun[0] in "|>" and len(begun) <= 3:
            return self._literal(begun, indent)
        quote = begun[0] if begun[0] in "\"'" else ""
        lines = [begun]
        while self._at < len(self._lines) and not (quote and _closed("\n".join(lines), quote)):
            line = self._lines[self._at]
            if not quote and (not line.strip() or len(line) - len(line.lstrip(" ")) <= indent):
                break
            lines.append(line)
            self._at += 1
        text = "\n".join(lines)
        if quote == '"':
            return _ESCAPE.sub(_unescaped, _folded(text.strip()[1:].rstrip().removesuffix('"')))
        if quote:
            return _folded(text.strip()[1:].rstrip().removesuffix("'")).replace("''", "'")
        text = " ".join(text.split("\n")) if "\n" not in text else " ".join(part.strip() for part in lines)
        return int(text) if text.isdigit() and len(text) < 20 else text

    def _literal(self, begun: str, indent: int) -> str:
        lines: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
                break
            lines.append(line)
            self._at += 1
        least = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        cut = [line[least:] for line in lines]
        return ("\n" if begun[0] == "|" else " ").join(cut).rstrip("\n ")


def _closed(text: str, quote: str) -> bool:
    if quote == "'":
        return re.fullmatch(r"\s*'(?:[^']|'')*'\s*(?:#.*)?", text, re.DOTALL) is not None
    return re.fullmatch(r'\s*"(?:[^"\\]|\\.)*"\s*(?:#.*)?', text, re.DOTALL) is not None


def _folded(text: str) -> str:
    """Line breaks within quotes: one is a blank, more are one less."""
    return re.sub(r"(?<!\\)[ \t]*\n((?:[ \t]*\n)*)[ \t]*", lambda found: "\n" * found[1].count("\n") or " ", text)


def _unescaped(match: re.Match[str]) -> str:
    for group in (1, 2, 3):
        if match[group] is not None:
            code = int(match[group], 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
    if match[4] is not None:
        return ""
    return _ESCAPES.get(match[5], match[5])
