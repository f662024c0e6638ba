"""Events with a field on each line: ``Message : END ...`` of PowerShell, journald's export, sqlite's line mode.

The message's key is recognised by its name, or by platform lines among its values.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from collectors.model.records import LogEvent
from collectors.sources.files.event_json import NotAnEvent, event_of
from collectors.sources.files.event_keys import OWN_KEYS
from collectors.sources.files.notations import literal
from collectors.sources.inputs.platform_heads import SURE_HEADS
from collectors.sources.inputs.shipper_names import MESSAGES, TIMES, letters
from collectors.sources.inputs.timestamps import BadTimestamp, Clock, epoch_ms

_KEY = r"[\s|\u2502]*(?:->[ ]*)?[\"'\[]?((?:[\w@$.-]|\[\d{1,9}\]){0,99}?([@_A-Za-z][\w@-]{0,60}))[\"'\]]?"
_SPELLINGS = (
    re.compile(rf"{_KEY}[ \t]*=>[ \t]*(.*)", re.DOTALL),
    re.compile(rf"{_KEY}[ \t]*=[ \t]?(.*)", re.DOTALL),
    re.compile(rf"{_KEY}[ \t]*:(?:[ \t]+(.*)|$)", re.DOTALL),
    re.compile(r"[ \t]*((@?[A-Za-z_][\w.@-]{0,60}))[ \t]+(\S.*)", re.DOTALL),  # Miller's xtab
    re.compile(r"[ \t|\u2502]*((@?[A-Za-z_][\w.@-]{0,60}))[ \t]*[|\u2502][ \t]*(.*?)\s*[|\u2502]*\s*\Z", re.DOTALL),
)
_PLATFORM = re.compile(
    rf"[\"'`]?\s*(?:{SURE_HEADS}"
    r"|\\?\{\\?\"time\\?\": ?\\?\"[^\"]*\", ?\\?\"type\\?\": ?\\?\"platform)"
)
_MADE = re.compile(r"(?:Str|Some|String)\((.*)\);?,?", re.DOTALL)
_MARKS = re.compile(r"[\s\[\](){},;*-]*(?:\[?\d+\]?[\s=>]*(?:Array|object)?[\s(]*)?|[*-]{3,}.*|-\[ ?RECORD.*")
_MOST_LINES = 5_000


class _Spelling:
    """How a file's fields are spelled: the form of their lines, and which keys there are."""

    def __init__(self, form: re.Pattern[str], message: str, moment: str, keys: frozenset[str]) -> None:
        self._form = form
        self.message = message
        self.moment = moment
        self._keys = keys

    def field(self, line: str) -> tuple[str, str, str] | None:
        """(key, its last part, value) of a line; None where it is no field."""
        match = self._form.match(line)
        if match is None or match[2] not in self._keys:
            return None
        return match[1], match[2], match[3] or ""


def spelling_of(head: Sequence[str]) -> _Spelling | None:
    """How the fields of a text that begins so are spelled; None where it is no such text."""
    lines = [line[:2_000] for line in head[:400]]
    if any(map(_PLATFORM.match, lines)):
        return None
    for form in _SPELLINGS:
        matches = [each for line in lines if (each := form.match(line)) is not None]
        message_keys = Counter(each[2] for each in matches if each[3] and _PLATFORM.match(_unmade(each[3])))
        if not message_keys:
            continue
        message = message_keys.most_common(1)[0][0]
        count = sum(each[2] == message for each in matches)
        times = Counter(each[2] for each in matches if letters(each[2]) in TIMES and _is_time(_value(each[3] or "")))
        often = [name for name, times_seen in times.items() if times_seen * 2 >= count]
        if letters(message) not in MESSAGES and not often:
            continue
        moment = min(often, key=lambda name: TIMES.index(letters(name)), default="")
        seen = Counter(each[2] for each in matches)
        keys = frozenset(name for name, number in seen.items() if number * 2 >= count)
        if len(keys) > 1:
            return _Spelling(form, message, moment, keys)
    return None


def is_keyed(head: Sequence[str]) -> bool:
    """Whether a text begins as events with a field a line."""
    return spelling_of(head) is not None


class KeyedLines:
    """Reads such lines. ``reject`` is called with what cannot be read."""

    def __init__(self, head: Sequence[str], stream: str, clock: Clock, reject: Callable[[str, str], None]) -> None:
        self._spelling = spelling_of(head)
        self._stream = stream
        self._clock = clock
        self._reject = reject
        self._row: dict[str, str] = {}
        self._last = ""
        self._more = 0

    def add(self, line: str) -> Iterator[LogEvent]:
        """The event that this line completes, if any."""
        field = self._spelling.field(line) if self._spelling is not None else None
        if field is None:
            if (
                self._last == "message"
                and not self._closed()
                and not _MARKS.fullmatch(line)
                and self._more < _MOST_LINES
            ):
                self._row["message"] += f"\n{line}"
                self._more += 1
            return
        key, name, value = field
        assert self._spelling is not None
        known = "message" if name == self._spelling.message else key
        if name == self._spelling.moment:
            known = "timestamp"
        elif known != "message" and (letters(name) in TIMES or letters(name) in MESSAGES or name in OWN_KEYS):
            known = f"field.{key}"  # another time, such as when it was taken in
        if known in self._row:
            yield from self.flush()
        self._row[known], self._last, self._more = value, known, 0

    def _closed(self) -> bool:
        """Whether the message has been spelled to its end."""
        begun = self._row["message"].strip()
        return _MADE.fullmatch(begun) is not None or literal(begun.rstrip(",;")) is not None

    def flush(self) -> Iterator[LogEvent]:
        """What the end of the text completes."""
        row, self._row, self._last = {key: _value(value) for key, value in self._row.items()}, {}, ""
        if not row.get("message", "").strip():
            return
        try:
            event, timed = event_of(row, {}, "")
        except (NotAnEvent, BadTimestamp) as reason:
            self._reject(str(reason), row["message"])
            return
        self._clock.place(event, timed)
        event.log_stream = event.log_stream or self._stream
        yield event


def _unmade(value: str) -> str:
    """The text in ``Str(END ...)``, as OpenTelemetry's collector prints it with its type."""
    found = _MADE.fullmatch(value.strip())
    return found[1] if found is not None else value


def _value(spelled: str) -> str:
    value = _unmade(spelled).rstrip("\r\n")
    plain = value.strip().rstrip(",;")
    if (text := literal(plain)) is not None:
        return text
    return plain if plain.isdigit() else value


def _is_time(text: str) -> bool:
    try:
        epoch_ms(text)
    except BadTimestamp:
        return False
    return True
