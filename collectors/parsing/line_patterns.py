"""The shape of a line: its text with ``<*>`` for what differs from one line of its kind to the next.

There are two steps. Both depend on the line alone, so equal lines have equal shapes in any order, batch and process.
First, words with a digit are removed from thousands of lines at once (``line_keys``). Then each of the few texts that
remain is masked with care, once (addresses, dates, paths, hosts, units, runs of values).
``collectors.parsing.pattern_groups`` joins shapes that differ in one varying word.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from collectors.model.unaligned_bytes import Ints, Mask
from collectors.parsing.line_keys import STOPS, keys
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_of, json_value

ANY = "<*>"
LONGEST = 400  # characters of a line that count: what follows rarely tells kinds of lines apart, and costs time
REST = " …"  # there was more of the line
BLANK = "(blank)"
_LONGEST_JSON = 8_000  # of which the kind is remembered by its text
_BLOCK = 1 << 20  # bytes of lines at once: few enough to stay in the processor's cache
_MOST_KEYS = 100_000  # texts whose shape is remembered
_MOST_FIELDS = 60  # of a JSON line

_STOP = rf"\s{re.escape(STOPS.strip())}"
_NEWLINE, _OPENS, _CLOSES = b"\n{}"
_TO_ZERO = bytes(ord("0") if chr(at) in "0123456789" else at for at in range(256))
_DIGIT = re.compile(r"\d")
_NUMBERED_WORD = re.compile(rf"(?<![^{re.escape(STOPS)}])[^{re.escape(STOPS)}0-9]*+[0-9][^{re.escape(STOPS)}]*")

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DATE = re.compile(
    rf"\b(?:{_DAY},?\s+(?:\d+ )?{_MONTH}|{_DAY}(?=,?\s+\d)|{_MONTH}(?=\s+\d+\b)|(?<=\d )(?:{_MONTH})(?=\s+\d))\.?"
    r"(?:\s+\d[\d:.,]*)+(?: ?(?:[AP]M|[A-Z]{3,4}\b))?(?:\s\d+\b)?"
)
_URL = re.compile(
    r"\b(?:https?|wss?|s3|ftps?|hdfs|file|jdbc|tcp|udp|redis|amqps?|mongodb|postgres(?:ql)?|mysql):0(?!\w)|\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>)\]},;]+"
)
_QUERY = re.compile(r"(?<!\w)0(?:=[^\s\"'&<>]*&[^\s\"'=&<>]*)+(?:=[^\s\"'&<>]*)?")
_HEX_PAIRS = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:{1,2}){3,15}(?:[0-9A-Fa-f]{1,4})?(?![\w:])")
_ENDINGS = "com|net|org|edu|gov|mil|int|info|biz|io|co|dev|app|aws|cloud|local|localdomain|lan|home|internal|[a-z]{2}"
_HOST = re.compile(
    rf"(?<![\w.@/-])(?:[A-Za-z0-9*_](?:[\w-]{{0,62}}[A-Za-z0-9])?\.){{1,12}}(?:{_ENDINGS})(?![\w(.-]*\w)(?::\d+)?"
    r"|(?<![\w.@/-])(?:[A-Za-z][\w-]{0,62}\.){1,12}[A-Za-z][\w-]*:\d+(?![\w:.])"
)
_PATH = re.compile(
    rf"(?<![\w<.>*)-])(?:[A-Za-z]:)?(?:\.{{0,2}}[/\\])[^{_STOP}]*[\w*]"
    r"(?:[^\s,;()\[\]{}\"'<>]*[^\s,;:()\[\]{}\"'<>.])?"
)
_NUMBERED = re.compile(rf"[<>~](?=\d)|(?<![^{_STOP}])[^{_STOP}\d]*+\d[^{_STOP}]*")
_UNIT = re.compile(
    r"<\*> ?(?:[KMGTP]i?B|B|bytes?|ms|us|ns|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|%)(?!\w)"
)  # fmt: skip
_RUN = re.compile(r"<\*>(?:[:,./|@-]{0,2}<\*>)+")
_LIST = re.compile(r"<\*>(?:[,;:|]? <\*>)+")
_NONE_GIVEN = re.compile(r"<\*> \(\)")
_GIVEN_TWICE = re.compile(r"<\*> \(<\*>\)")

_raw = json_of(dict[str, msgspec.Raw])
_MESSAGES = ("message", "msg", "Message", "@message", "event", "text", "@mt", "MessageTemplate")
_LEVELS = ("level", "Level", "levelname", "severity", "log.level", "lvl", "@l", "LogLevel")
_NAMED = ("logger", "type", "eventName", "errorType", "name")  # short words that say what a line is about
_SPEAKING = (*_LEVELS, *_MESSAGES, "record", *_NAMED)


def masked(text: str) -> str:
    """The shape of a line whose words with digits were replaced by 0: with ``<*>`` for every value in it."""
    digits = _DIGIT.search(text) is not None
    if digits:
        text = _DATE.sub(ANY, text)
    if ":" in text:
        text = _HEX_PAIRS.sub(ANY, _URL.sub(ANY, text))
    if "0=" in text:
        text = _QUERY.sub(ANY, text)
    if "/" in text or "\\" in text:
        text = _PATH.sub(ANY, text)
    if "." in text:
        text = _HOST.sub(ANY, text)
    if digits:
        text = _NUMBERED.sub(ANY, text)
    if ANY in text:
        text = _LIST.sub(ANY, _RUN.sub(ANY, _UNIT.sub(ANY, text)))
        text = _GIVEN_TWICE.sub(ANY, _NONE_GIVEN.sub("<*> (<*>)", text))
    return " ".join(text.split())


class Shapes:
    """The shapes of lines, remembered by the words without digits that they have."""

    def __init__(self) -> None:
        self.shapes: list[str] = []
        """All shapes seen so far; a new list is begun once they are too many."""
        self._numbers: dict[str, int] = {}  # of the shapes
        self._known: dict[bytes, int] = {}  # by key
        self._known_fields: dict[tuple[tuple[str, ...], bytes], int] = {}  # by keys of JSON, and what it says

    def of(self, texts: Sequence[str]) -> list[str]:
        """The shape of each line. Never raises; none is much longer than two ``LONGEST``."""
        encoded = [text.encode("utf-8", "replace") for text in texts]
        ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        numbers = self.numbers(b"".join(encoded), np.concatenate(([0], ends))[:-1], ends)
        return list(map(self.shapes.__getitem__, numbers.tolist()))

    def numbers(self, block: bytes, begins: Ints, ends: Ints) -> Ints:
        """The place in ``shapes`` of each line, whose UTF-8 stands between these rising places."""
        if len(self._known) > _MOST_KEYS or len(self._known_fields) > _MOST_KEYS:
            self.shapes, self._numbers, self._known, self._known_fields = [], {}, {}, {}
        plain, json = _plain(block, begins, ends)
        pattern_ids = np.full(len(begins), -1, np.int64)
        chosen = np.flatnonzero(json)
        if len(chosen):
            places = zip(begins[chosen].tolist(), ends[chosen].tolist(), strict=True)
            pattern_ids[chosen] = [self._json_number(block[low:high]) for low, high in places]
        chosen = np.flatnonzero(plain & (pattern_ids < 0))
        pattern_ids[chosen] = self._plain_numbers(block, begins[chosen], ends[chosen])
        if (pattern_ids < 0).any():
            chosen = np.flatnonzero(pattern_ids < 0)
            places = zip(begins[chosen].tolist(), ends[chosen].tolist(), strict=True)
            pattern_ids[chosen] = self._odd_numbers(
                [block[low:high].decode("utf-8", "replace") for low, high in places]
            )
        return pattern_ids

    def _odd_numbers(self, texts: Sequence[str]) -> Ints:
        """The places in ``shapes`` of long lines, of texts of several lines, and of others that need more work."""
        # A line that ends where its only newline stands is taken as it is.
        heads = [
            each
            if 1 < len(each) <= LONGEST and each.find("\n") == len(each) - 1 and each[0] != "{"
            else _head(each) + "\n"
            for each in texts
        ]
        encoded = [each.encode("utf-8", "replace") for each in heads]
        pattern_ids = np.array([self._json_number(each) if each[:1] == b"{" else -1 for each in encoded], np.int64)
        places = np.flatnonzero(pattern_ids < 0)
        others = [encoded[each] for each in places.tolist()]
        edges = np.cumsum(np.fromiter(map(len, others), np.int64, len(others)))
        pattern_ids[places] = self._plain_numbers(b"".join(others), np.concatenate(([0], edges))[:-1], edges)
        return pattern_ids

    def _json_number(self, line: bytes) -> int:
        """The place in ``shapes`` of a line of JSON; -1 where it is none."""
        try:
            decoded = _raw(line)
            if len(decoded) > _MOST_FIELDS:
                decoded = dict(sorted(decoded.items())[:_MOST_FIELDS])
            keys_of = tuple(decoded)
            values = b"\n".join([decoded[key] for key, _ in _layout(keys_of)[0]])
            if b"\\u" not in values:  # whose digits are letters
                values = values.translate(_TO_ZERO)
            number = self._known_fields.get((keys_of, values))
            if number is None:
                text = _NUMBERED_WORD.sub("0", _fields_of(decoded))
                number = self._number(masked(text[: 2 * LONGEST]) or BLANK)
                self._known_fields[keys_of, values] = number
        except Unparsable:
            return -1
        return number

    def _plain_numbers(self, block: bytes, begins: Ints, ends: Ints) -> Ints:
        """The places in ``shapes`` of lines that end with their only newline."""
        sizes = ends - begins
        if len(sizes) and 2 * sizes.sum() < ends[-1] - begins[0]:  # what stands between costs time, too
            places = zip(begins.tolist(), ends.tolist(), strict=True)
            block, ends = b"".join([block[low:high] for low, high in places]), sizes.cumsum()
            begins = ends - sizes
        parts = [np.empty(0, np.int64)]
        low = 0
        while low < len(begins):
            high = max(low + 1, int(np.searchsorted(ends, begins[low] + _BLOCK)))
            base, end = int(begins[low]), int(ends[high - 1])
            some = block[base:end]
            parts.append(self._known_numbers(some, begins[low:high] - base, ends[low:high] - base))
            low = high
        return np.concatenate(parts)

    def _known_numbers(self, block: bytes, begins: Ints, ends: Ints) -> Ints:
        known, line_keys = self._known, keys(block, begins, ends)
        numbers = list(map(known.get, line_keys))
        if None in numbers:
            for key in line_keys:
                if key not in known:
                    known[key] = self._number(masked(key.decode("utf-8", "replace")[: 2 * LONGEST]) or BLANK)
            numbers = list(map(known.get, line_keys))
        return np.array(numbers, np.int64)

    def _number(self, shape: str) -> int:
        number = self._numbers.setdefault(shape, len(self.shapes))
        if number == len(self.shapes):
            self.shapes.append(shape)
        return number


def _plain(block: bytes, begins: Ints, ends: Ints) -> tuple[Mask, Mask]:
    """Which lines are taken as they are: they end with their only newline, and are not long; which may be JSON."""
    letters = np.frombuffer(block, np.uint8)
    size = ends - begins
    plain = (size > 1) & (size <= LONGEST)
    filled = np.flatnonzero(size > 0)
    json = np.zeros(len(size), np.bool_)
    json[filled] = letters[begins[filled]] == _OPENS
    at = np.flatnonzero(json)
    plain[at] = (size[at] > 2) & (size[at] <= _LONGEST_JSON) & (letters[ends[at] - 2] == _CLOSES)
    plain[filled] &= letters[ends[filled] - 1] == _NEWLINE
    newlines = letters == _NEWLINE
    newlines[ends[plain] - 1] = False
    inner = np.flatnonzero(newlines)
    if len(inner):
        owner = np.searchsorted(begins, inner, "right") - 1
        inside = (owner >= 0) & (inner < ends[owner])
        plain[owner[inside]] = False
    return plain, plain & json


def _head(text: str) -> str:
    """What of a long line, one of several lines, or one of JSON tells its kind, in one line."""
    text = text.strip()
    if text[:1] == "{":
        if len(text) <= _LONGEST_JSON:
            return text.replace("\n", " ")
        if (fields := _fields(text)) is not None:
            return fields
    head, _, rest = text.partition("\n")
    if rest and sum(map(str.isalpha, head[:LONGEST])) < 3:  # a bracket, a rule: what it is about stands below
        following, _, rest = rest.lstrip().partition("\n")
        head += " " + following
    more = bool(rest) or len(head) > LONGEST
    if len(head) > LONGEST:
        head = head[:LONGEST].rpartition(" ")[0] or head[:LONGEST]
    return head + REST if more else head


def _fields(text: str) -> str | None:
    """A JSON line as ``_fields_of`` has it; None where it is no object of JSON."""
    try:
        return _fields_of(_raw(text))
    except Unparsable:
        return None


def _fields_of(decoded: dict[str, msgspec.Raw]) -> str:
    """A JSON line by its level, message and names, and the keys of all else. Raises ``Unparsable``."""
    if len(decoded) > _MOST_FIELDS:
        decoded = dict(sorted(decoded.items())[:_MOST_FIELDS])
    speaking, others = _layout(tuple(decoded))
    said = [f"{name}: {_said(key, json_value(bytes(decoded[key])))}" for key, name in speaking]
    whole = f"{{{', '.join([*said, *others])}}}"
    return whole if len(whole) <= 2 * LONGEST else whole[: 2 * LONGEST] + REST


@lru_cache(maxsize=4096)
def _layout(keys: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
    """The keys whose values tell lines apart, with how they are written; and all others as they are written."""
    names = {key: " ".join(key[:80].split()) for key in keys}
    speaking = [(key, names[key]) for key in _SPEAKING if key in names]
    others = sorted({names[key] for key in keys if key not in _SPEAKING})
    return speaking, [f"{name}: {ANY}" for name in others]


def _said(key: str, value: Any) -> str:
    if isinstance(value, str) and (key not in _NAMED or len(value) <= 60):
        return _line_of(value)
    if isinstance(value, dict) and key not in _NAMED:
        return f"{{{', '.join(' '.join(inner[:80].split()) for inner in sorted(value)[:20])}}}"
    return ANY


def _line_of(value: str) -> str:
    """A text's first line. Braces become brackets: they are the fields' own."""
    head, _, rest = value.strip()[: LONGEST + 1].partition("\n")
    return " ".join(head[:LONGEST].split()) + (REST if rest or len(head) > LONGEST else "")
