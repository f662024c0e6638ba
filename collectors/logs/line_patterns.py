"""What kind of line a line is: its text without what differs from one to the next, ``<*>`` standing for that.

Two steps, both functions of the line alone, so that the same lines in any order, in any batches and processes have
the same shapes: ``_KEY`` replaces whatever begins with a digit, in one pass over thousands of lines at once; then
each of the few texts that are left is masked with care (addresses, dates, paths, hosts, units, runs of values), once.
``collectors.logs.pattern_groups`` joins shapes that differ in a word that varies.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

ANY = "<*>"
LONGEST = 400  # characters of a line that count: what follows rarely tells kinds of lines apart, and costs time
REST = " …"  # there was more of the line
OTHER = "(lines of too many kinds)"
_MOST_KEYS = 100_000  # texts whose shape is remembered
_MOST_FIELDS = 60  # of a JSON line

_STOP = r"\s,;:()\[\]{}\"'=<>|"
# From a token's first digit to its end; letters before it that could be hexadecimal go too, or ids would differ in them.
_KEY = re.compile(rf"(?<![^{_STOP}])[A-Fa-f-]*+\d[^{_STOP}\\]*+|\d[^{_STOP}\\]*+")
_DIGIT = re.compile(r"\d")

_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DATE = re.compile(
    rf"\b(?:{_DAY},?\s+(?:\d+ )?{_MONTH}|{_DAY}(?=,?\s+\d)|{_MONTH}(?=\s+\d+\b)|(?<=\d )(?:{_MONTH})(?=\s+\d))\.?"
    r"(?:\s+\d[\d:.,]*)+(?: ?(?:[AP]M|[A-Z]{3,4}\b))?(?:\s\d+\b)?"
)
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s\"'<>)\]},;]+")
_HEX_PAIRS = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{1,4}:{1,2}){3,15}(?:[0-9A-Fa-f]{1,4})?(?![\w:])")
_ENDINGS = (
    "com|net|org|edu|gov|mil|int|info|biz|io|co|dev|app|aws|cloud|local|localdomain|lan|home|internal|[a-z]{2}"
)
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

_decode = msgspec.json.Decoder().decode
_MESSAGES = ("message", "msg", "Message", "@message", "event", "text", "@mt", "MessageTemplate")
_LEVELS = ("level", "Level", "levelname", "severity", "log.level", "lvl", "@l", "LogLevel")
_NAMED = ("logger", "type", "eventName", "errorType", "name")  # short words that say what a line is about


def masked(text: str) -> str:
    """A line of which ``_KEY`` is through, with ``<*>`` for every value in it."""
    digits = _DIGIT.search(text) is not None
    if digits:
        text = _DATE.sub(ANY, text)
    if "://" in text:
        text = _URL.sub(ANY, text)
    if ":" in text:
        text = _HEX_PAIRS.sub(ANY, text)
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


def shape(text: str) -> str:
    """What kind of line this is. Never raises; never longer than some ``LONGEST`` characters."""
    return Shapes().of([text])[0]


class Shapes:
    """The shapes of lines, remembered by what ``_KEY`` leaves of them."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, texts: Sequence[str]) -> list[str]:
        """The shape of each line."""
        heads = [
            each if len(each) <= LONGEST and "\n" not in each and each[:1] != "{" else _head(each)
            for each in [text[:-1] if text[-1:] == "\n" else text for text in texts]
        ]
        keys = _KEY.sub("0", "\n".join(heads)).split("\n")
        known = self._known
        for at in [at for at, key in enumerate(keys) if key not in known]:
            key = keys[at]
            if key not in known:
                known[key] = masked(key) or "(blank)"
        found = list(map(known.__getitem__, keys))
        if len(known) > _MOST_KEYS:
            known.clear()
        return found


def _head(text: str) -> str:
    """What of a long line, one of several lines, or one of JSON tells its kind, in one line."""
    text = text.strip()
    if text[:1] == "{":
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
    """A JSON line by its keys, its level, message and names; None where it is no object of JSON."""
    try:
        decoded = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    if not isinstance(decoded, dict):
        return None
    said = [_field(key, value) for key, value in sorted(decoded.items())[:_MOST_FIELDS]]
    first = [each for key, each in said if key in _LEVELS] + [each for key, each in said if key in _MESSAGES]
    others = [each for key, each in said if key not in _LEVELS and key not in _MESSAGES]
    whole = "{" + ", ".join(first + others) + "}"
    return whole if len(whole) <= 2 * LONGEST else whole[: 2 * LONGEST] + REST


def _field(key: str, value: Any) -> tuple[str, str]:
    name = " ".join(key[:80].split())
    if isinstance(value, str) and key in _MESSAGES:
        return key, f"{name}: {_line_of(value)}"
    if isinstance(value, str) and (key in _LEVELS or (key in _NAMED and len(value) <= 60)):
        return key, f"{name}: {_line_of(value)}"
    if isinstance(value, dict) and key in ("record", *_MESSAGES):
        return key, f"{name}: {{{', '.join(' '.join(str(inner)[:80].split()) for inner in sorted(value)[:20])}}}"
    return key, f"{name}: {ANY}"


def _line_of(value: str) -> str:
    """A text's first line. Braces become brackets: they are the fields' own."""
    head, _, rest = value.strip()[: LONGEST + 1].partition("\n")
    return " ".join(head[:LONGEST].split()) + (REST if rest or len(head) > LONGEST else "")
