"""What a tool put before each line of a log: a container's name, a time and a function, the bars of a table.

There are too many forms to know each. The platform's own lines always begin alike: what stands before them is the
prefix, and what all prefixes of a file have in common tells the prefix from the text.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from collectors.sources.inputs.shipper_names import Names, names_in
from collectors.sources.inputs.timestamps import BadTimestamp, epoch_ms
from collectors.sources.inputs.written_times import first_written

LONGEST = 600  # characters
_PLATFORM = re.compile(
    r"START RequestId: \S+\s+Version: |END RequestId: [\w-]+|REPORT RequestId: [\w-]+\s*(?:\\t)?"
    r"(?:(?:Init )?Duration: |$)"
    r"|(?:INIT|RESTORE)_START Runtime Version: |(?:INIT|RESTORE)_REPORT (?:Init|Restore) Duration: "
    r"|\{\"time\": ?\"[^\"]{20,40}\", ?\"type\": ?\"(?:platform\.\w+|function|extension)\""
)
_TOKEN = re.compile(r"[ \t]+|[\w.:/$@+,#%-]+|[^\w\s]")
_FINE_TOKEN = re.compile(r"[ \t]+|\d+|[^\W\d]+|.")
_DIGITS = re.compile(r"(?=.*\d)[\d:.,/TZ+-]+")
_EPOCH = re.compile(r"(?<![\d.])(?:1[4-9]|2\d|3\d)\d{8}(?:\d{3}(?:\d{3}(?:\d{3})?)?|\.\d{1,9})?(?![\d.])")
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+")
_GROUP = re.compile(r"/aws/lambda/[\w./-]+")
# Cells after the text, in a table without its header.
_PLACED = re.compile(rf"(?:\s*\|\s*(?:(?:\d{{12}}:)?{_GROUP.pattern}|{_STREAM.pattern}))+\s*\|?\s*\Z")
_FUNCTION = re.compile(r"\A[\s\d:.TZ+-]+\[\s*([A-Za-z][\w-]+)\s*\]\s*\Z")
_LEVELS = frozenset(("trace", "debug", "info", "warn", "warning", "error", "fatal", "stdout", "stderr", "out", "err"))
_RULE = re.compile(r"[-|+=\s:]+")
_QUOTES = "\"'`"
_ESCAPED = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/ntr]))')
_UNESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class Prefixed(NamedTuple):
    """A line's text, and what its prefix says: the time (None if it has none), group, stream and function."""

    text: str
    timestamp_ms: int | None
    log_group: str
    log_stream: str
    function: str


class Prefixes:
    """The prefixes of one file. ``timed``: they say when. ``tails`` are what follows the text, from its quote on."""

    def __init__(self, patterns: Sequence[str], tails: Sequence[str], *, timed: bool, escaped: bool) -> None:
        self.timed = timed
        self._pattern = re.compile("|".join(patterns))
        self._tail = re.compile(rf"(?:{'|'.join(tails)})\s*\Z") if tails else None
        self._escaped = escaped

    def read(self, line: str) -> Prefixed | None:
        """The line without its prefix; None where it has none. Raises ``BadTimestamp``."""
        found = self._pattern.match(line)
        begin = found.end() if found is not None else -1
        if (platform := _PLATFORM.search(line[: LONGEST + 200])) is not None and (
            begin < 0 or _between(line, begin, platform)
        ):
            begin = platform.start()  # wherever it stands: no platform line of such a file stands alone
        if begin < 0:
            return None
        prefix, text, tail = line[:begin], line[begin:], ""
        if self._tail is not None and (ending := self._tail.search(text)) is not None:
            text, tail = text[: ending.start()], ending.group()
        elif prefix[-1:] in _QUOTES and prefix[-1:] and text.rstrip().endswith(prefix[-1:]):
            text = text.rstrip()[:-1]
        place = prefix
        if "|" in prefix and (placed := _PLACED.search(text[-LONGEST:])) is not None:
            place, text = prefix + placed.group(), text[: len(text) - len(placed.group())]
        elif prefix.lstrip()[:1] == "|" and text.rstrip().endswith("|"):
            text = text.rstrip()[:-1].rstrip()
        if self._escaped and "\\" in text:
            text = _ESCAPED.sub(_plain, text)
        group, stream, function = _GROUP.search(place), _STREAM.search(place), _FUNCTION.match(prefix)
        names = names_in({"labels": prefix + tail}) if "=" in prefix or "=" in tail or '":' in prefix else Names()
        return Prefixed(
            text,
            (_moment(prefix) or _moment(tail)) if self.timed else None,
            group.group() if group else names.group,
            stream.group() if stream else names.stream,
            function.group(1) if function and function.group(1).lower() not in _LEVELS else names.function,
        )

    def share(self, lines: Sequence[str]) -> float:
        """The share of ``lines`` that have a prefix, among those that are not blank or only draw a table."""
        said = [line for line in lines if line.strip() and not self.is_rule(line)]
        return sum(self._pattern.match(line) is not None for line in said) / max(1, len(said))

    @staticmethod
    def is_rule(line: str) -> bool:
        """Whether a line only draws a table's lines."""
        return _RULE.fullmatch(line) is not None


def _between(line: str, at: int, platform: re.Match[str]) -> bool:
    """Whether the platform line begins elsewhere than where the prefix ended, and only a tool's marks lie between."""
    return platform.start() != at and not line[at : platform.start()].strip(" \t\"'`{[(|:=>-")


def _plain(found: re.Match[str]) -> str:
    code, character = found.groups()
    if code is not None:
        return chr(int(code, 16)) if not 0xD800 <= int(code, 16) < 0xE000 else "\ufffd"
    return _UNESCAPED.get(character, character)


def prefixes_of(head: Sequence[str]) -> Prefixes | None:
    """The prefixes of a file that begins with ``head``; None where its platform lines stand alone, or it has none."""
    prefixes: list[str] = []
    tails: list[str] = []
    escaped = False
    for line in head:
        match = _PLATFORM.search(line[: LONGEST + 200])
        if match is None:
            continue
        prefix = line[: match.start()]
        if not prefix.strip():
            return None  # what stands before another one is then a program's text
        if len(prefix) > LONGEST:
            continue
        prefixes.append(prefix)
        escaped = escaped or "\\t" in line or '\\n"' in line
        if (quote := prefix[-1]) in _QUOTES and (ending := line.find(quote, match.start())) > 0:
            tails.append(line[ending:].rstrip())
    if not prefixes:
        return None
    shapes: dict[tuple[str, ...], list[list[str]]] = {}
    for prefix in prefixes:
        tokens = _tokens(prefix)
        shapes.setdefault(tuple(map(_kind, tokens)), []).append(tokens)
    try:
        timed = all(
            (_moment(prefix) or (_moment(tails[at]) if len(tails) == len(prefixes) else None)) is not None
            for at, prefix in enumerate(prefixes)
        )
    except BadTimestamp:
        timed = False
    return Prefixes(
        [_pattern(each) for each in shapes.values()][:12], sorted({_tail_pattern(tail) for tail in tails})[:12],
        timed=timed, escaped=escaped,
    )  # fmt: skip


def _tokens(prefix: str) -> list[str]:
    """Words are taken with their punctuation, but for a last one that no blank parts from the text."""
    tokens = _TOKEN.findall(prefix)
    if len(tokens[-1]) > 1 and not tokens[-1].isspace():
        tokens[-1:] = _FINE_TOKEN.findall(tokens[-1])
    return tokens


def _kind(token: str) -> str:
    if token.isspace():
        return " "
    return "0" if _DIGITS.fullmatch(token) else "a" if token[0].isalnum() or len(token) > 1 else token


def _pattern(alike: Sequence[Sequence[str]]) -> str:
    """Matches the prefixes of one shape: a word that is the same in all of them is part of it, others may be any."""
    pieces = [_piece(set(tokens)) for tokens in zip(*alike, strict=True)]
    if all(tokens[-1] in _QUOTES for tokens in alike):
        pieces[-1] += "?"  # a shipper quotes what it must
    return "".join(pieces)


def _piece(tokens: set[str]) -> str:
    first = next(iter(tokens))
    if first.isspace():
        return re.escape(first) if tokens == {" "} else r"[ \t]+"
    if all(token.isdigit() and len(token) < 10 for token in tokens):
        return r"\d+"
    if all(_DIGITS.fullmatch(token) for token in tokens):
        return re.escape(first) if len(first) == 1 else r"[\d:.,/TZ+-]+"
    return re.escape(first) if len(tokens) == 1 else r"[\w.:/$@+,#%-]+"


def _tail_pattern(tail: str) -> str:
    """What follows a quoted text: numbers in it may be any."""
    return re.sub(r"[0-9]+", r"[0-9]+", re.escape(tail[:200])) if len(tail) <= 200 else re.escape(tail[:1])


def _moment(prefix: str) -> int | None:
    written = first_written(prefix)
    if written is not None:
        return epoch_ms(written)
    found = _EPOCH.search(prefix)
    return epoch_ms(found.group()) if found is not None else None
