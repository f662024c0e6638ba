"""What makes two occurrences the same error: type and message, without what differs from one to the next."""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

_LONGEST = 1_000  # characters that count; a message's end rarely tells errors apart, and costs time

_Replacement = str | Callable[[re.Match[str]], str]


def _quoted(found: re.Match[str]) -> str:
    """A quoted value is what the error is about, unless it looks like an id: then it differs each time."""
    quote, value = found.group(1), found.group(2)
    digits = sum(character.isdigit() for character in value)
    looks_like_id = " " not in value and (digits >= 3 and not _NAME_WITH_NUMBER.fullmatch(value))
    return f"{quote}<id>{quote}" if looks_like_id else found.group()


_NAME_WITH_NUMBER = re.compile(r"[A-Za-z]{3,}\d{1,3}")  # sha256, base64, latin1: names, not ids
_KEPT = re.compile(
    r"(?i)\b((?:status(?:[ _]?code)?|http(?: error)?|error code|exit status|exit code|errno)"
    r"[\"']?\s*[:=]?\s*)(\d{1,3})\b"
)
# What parsers and databases say of a value that they could not take: what it was differs each time.
_BAD_VALUE = re.compile(
    r"(?i)((?:invalid literal for \w+\(\) with base \d+: |could not convert string to \w+: |for input string: "
    r"|invalid input syntax for (?:type )?[\w ]+: |strconv\.\w+: parsing |duplicate entry |input string ))"
    r"([\"'])[^\n]*?\2(?=[\s,:.;)]|$)"
)
_DAYS, _MONTHS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_HEX = "[0-9a-fA-F]{1,4}"
# What a text must contain for a rule to find anything, "#" standing for a digit; pattern; replacement.
_RULES: tuple[tuple[str, re.Pattern[str], _Replacement], ...] = (
    ("", _BAD_VALUE, r"\1<value>"),
    ("'", re.compile(r"Unexpected token '.+', .+ is not valid JSON"), "Unexpected token <value> is not valid JSON"),
    (":/", re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,15}://[^\s\"'<>)\]}]+"), "<url>"),
    (":", re.compile(r"\barn:aws[\w-]*:[^\s\"'<>,;)\]`]+"), "<arn>"),
    ("@.", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "<email>"),
    (
        "-#",
        re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d| UTC)?)?(?!\w)"),
        "<time>",
    ),
    (
        "#",
        re.compile(
            rf"\b(?:{_DAYS},? )?\d\d?[ -]{_MONTHS}[ -]\d{{4}}(?: \d\d:\d\d(?::\d\d)?(?: GMT| UTC| [+-]\d{{4}})?)?"
        ),
        "<time>",
    ),
    (":#", re.compile(rf"\b{_DAYS} {_MONTHS} \d\d? \d\d:\d\d:\d\d (?:[A-Z]{{3,4}} )?\d{{4}}\b"), "<time>"),
    ("/[]#", re.compile(r"\b\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9a-f]{8,}"), "<stream>"),
    (":#", re.compile(r"\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    ("-", re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (".#", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<ip>"),
    (
        ":",
        re.compile(
            rf"(?<![\w:.])(?:(?:{_HEX}:){{7}}{_HEX}"
            rf"|(?=[0-9a-fA-F:]*\d)(?:{_HEX}(?::{_HEX}){{0,6}})?::(?:{_HEX}(?::{_HEX}){{0,6}})?)(?![\w:])"
        ),
        "<ip>",
    ),
    ("/", re.compile(r"(?<![\w.<])(?:file:)?(?:/[\w.@%+~$-]+){2,}/?(?:\?[^\s\"'<>)\]}]*)?(?::\d+)*"), "<path>"),
    (":\\", re.compile(r"\b[A-Za-z]:\\[^\s\"'<>|]+"), "<path>"),
    ("0", re.compile(r"\b0[xX][0-9a-fA-F]+\b"), "<id>"),
    ("", re.compile(r"([\"'`])([^\"'`\n]{1,200})\1"), _quoted),
    ("#", re.compile(r"(?<![0-9A-Za-z])(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}(?![0-9A-Za-z])"), "<id>"),
    ("#", re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[0-9A-Za-z]{16,}(?![0-9A-Za-z])"), "<id>"),
    ("_#", re.compile(r"(?<![0-9A-Za-z])[a-z]{2,8}_(?=[a-zA-Z]*\d)(?=[a-z\d]*[A-Z])[0-9A-Za-z]{12,}\b"), "<id>"),
    ("#", re.compile(r"\b\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h)(?:\d+(?:\.\d+)?(?:ms|s|m))*\b"), "<n>s"),
    ("#B", re.compile(r"\b\d+(?:\.\d+)? ?(?:[KMGT]i?)?B\b"), "<n> B"),
    ("#", re.compile(r"(?<![A-Za-z\d])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?|\d{4,}"), "<n>"),
)
_NEEDING = tuple((frozenset(needed), pattern, replacement) for needed, pattern, replacement in _RULES)
_SPACE, _DIGIT = re.compile(r"\s+"), re.compile(r"\d")
_MARK = "\x00"


@lru_cache(maxsize=2048)
def normalise(message: str) -> str:
    """``message`` with ids, numbers, paths, addresses and times replaced by ``<id>``, ``<n>`` and so on.

    Survives: what the error says, names in quotes (``'ticker'``), HTTP status, exit status and errno.
    """
    text = _SPACE.sub(" ", message[:_LONGEST].replace(_MARK, "")).strip()
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found.group(2))
        return found.group(1) + _MARK

    text = _KEPT.sub(keep, text)
    there = set(text)
    if _DIGIT.search(text):
        there.add("#")
    for needed, pattern, replacement in _NEEDING:
        if needed <= there:
            text = pattern.sub(replacement, text)
    if _MARK in text:
        pieces = text.split(_MARK)
        text = pieces[0] + "".join(number + piece for number, piece in zip(kept, pieces[1:], strict=False))
    return text


def fingerprint(error_type: str, message: str) -> str:
    """16 hex digits that are the same for every occurrence of one error, on every machine and in every version."""
    return blake2b(f"{error_type}\0{normalise(message)}".encode("utf-8", "replace"), digest_size=8).hexdigest()
