"""Events as ``toString`` prints them, one after the other: ``LogEvent(timestamp=1, message=END ..., stream=x)``."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.files.event_keys import OWN_KEYS
from collectors.sources.inputs.platform_heads import SURE_HEADS
from collectors.sources.inputs.shipper_names import MESSAGES, TIMES, letters
from collectors.sources.inputs.timestamps import BadTimestamp, Clock

_BEGINS = re.compile(r"[\s,\[]*[\w.$]{0,80}\s?[({\[]\s?(?=[A-Za-z_]\w{0,60}\s?=)")
_KEY = re.compile(r"(?:(?<=[({\[,])|(?<=[({\[,] ))([A-Za-z_]\w{0,60})\s?=\s?")
_PLATFORM = re.compile(rf"[\"']?(?:{SURE_HEADS})")
_MOST_LINES = 5_000


def _keys_of(head: Sequence[str]) -> frozenset[str]:
    """The keys of such records; none where a text that begins so holds none."""
    begun = [line[:4_000] for line in head[:200] if _BEGINS.match(line)]
    seen: Counter[str] = Counter()
    has_platform_line = False
    for line in begun:
        matches = list(_KEY.finditer(line))
        seen.update({each[1] for each in matches})
        has_platform_line = has_platform_line or any(
            letters(each[1]) in MESSAGES and _PLATFORM.match(line, each.end()) for each in matches
        )
    keys = frozenset(key for key, count in seen.items() if count * 2 >= len(begun))
    return keys if has_platform_line and len(keys) > 1 else frozenset()


def is_inline(head: Sequence[str]) -> bool:
    """Whether a text begins as such records."""
    return bool(_keys_of(head))


class InlineRecords:
    """Reads such lines. ``reject`` is called with what cannot be read."""

    def __init__(self, head: Sequence[str], stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._keys = _keys_of(head)
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._lines: list[str] = []

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that ends where another one begins."""
        if _BEGINS.match(line) and any(found[1] in self._keys for found in _KEY.finditer(line[:4_000])):
            yield from self.flush()
            self._lines = [line]
        elif self._lines and len(self._lines) < _MOST_LINES:
            self._lines.append(line)

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""
        text, self._lines = "\n".join(self._lines).rstrip("\n ,"), []
        matches = [each for each in _KEY.finditer(text) if each[1] in self._keys]
        if not matches:
            return
        ends = [each.start() for each in matches[1:]] + [len(text)]
        row: dict[str, str] = {}
        for each, end in zip(matches, ends, strict=True):
            value = text[each.end() : end].rstrip(", ") if end < len(text) else _inner(text[each.end() :])
            row.setdefault(_known(each[1]), value.strip("\"'") if value[:1] in ("'", '"') else value)
        if not row.get("message", "").strip():
            return
        try:
            event, timed = event_of(row, {}, "")
        except (NotAnEvent, BadTimestamp) as reason:
            self._reject(str(reason), text)
            return
        self._clock.place(event, timed)
        event.log_stream = event.log_stream or self._stream
        yield event


def _known(key: str) -> str:
    spelled = letters(key)
    if spelled in MESSAGES[:8]:
        return "message"
    return "timestamp" if spelled in TIMES else key if key not in OWN_KEYS else f"field.{key}"


def _inner(text: str) -> str:
    """A record's last value, without what closes the record."""
    return text.rstrip().removesuffix("]").removesuffix(")").removesuffix("}")
