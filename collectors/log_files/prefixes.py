"""What a tool put before each line of a log: a container's name, a time and a function, the bars of a table.

There are as many forms as tools, so none is known by name. The platform's own lines begin alike everywhere; what
stands before them is the prefix, and what all prefixes of a file have in common tells it from the text.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from collectors.log_files.timestamps import BadTimestamp, epoch_ms

LONGEST = 300  # characters
_PLATFORM = re.compile(
    r"START RequestId: \S+\s+Version: |END RequestId: \S+|REPORT RequestId: \S+\s*(?:(?:Init )?Duration: |$)"
    r"|INIT_START Runtime Version: |(?:INIT|RESTORE)_REPORT (?:Init|Restore) Duration: "
)
_TOKEN = re.compile(r"[ \t]+|[\w.:/$@+,#%-]+|[^\w\s]")
_DIGITS = re.compile(r"(?=.*\d)[\d:.,/TZ+-]+")
_MOMENT = re.compile(
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)(?!\w))?|(?<!\d)\d{13}(?!\d)"
)
_DAY_FIRST = re.compile(r"(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d:\d\d:\d\d(?:\.\d+)?)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+")
_GROUP = re.compile(r"/aws/lambda/[\w./-]+")
_FUNCTION = re.compile(r"\A[\s\d:.TZ+-]+\[\s*([A-Za-z][\w-]+)\s*\]\s*\Z")
_RULE = re.compile(r"[-|+=\s:]+")
_MESSAGE_CELL = re.compile(r"\|\s*@?message\s*\|(.*)\|\s*$")


class Prefixed(NamedTuple):
    """A line's text, and what its prefix says: the time (None if it has none), group, stream and function."""

    text: str
    timestamp_ms: int | None
    log_group: str
    log_stream: str
    function: str


class Prefixes:
    """The prefixes of one file. ``timed``: they say when."""

    def __init__(self, patterns: Sequence[str], cells_after: int, *, timed: bool) -> None:
        self.timed = timed
        self._pattern = re.compile("|".join(patterns))
        self._cells_after = cells_after  # the columns of a table after that of the message; -1 where there is no table

    def read(self, line: str) -> Prefixed | None:
        """The line without its prefix; None where it has none. Raises ``BadTimestamp``."""
        found = self._pattern.match(line)
        if found is None:
            return None
        prefix, text = found.group(), line[found.end() :]
        if self._cells_after >= 0:
            text = text.rstrip().removesuffix("|").rstrip()
            if self._cells_after:
                text = text.rsplit("|", self._cells_after)[0].rstrip()
        if prefix.strip() == "`":
            text = text.removesuffix("`")
        group, stream, function = _GROUP.search(prefix), _STREAM.search(prefix), _FUNCTION.match(prefix)
        return Prefixed(
            text,
            _moment(prefix) if self.timed else None,
            group.group() if group else "",
            stream.group() if stream else "",
            function.group(1) if function else "",
        )

    def share(self, lines: Sequence[str]) -> float:
        """How many of ``lines`` have a prefix, of those that say something."""
        said = [line for line in lines if line.strip() and not self.is_rule(line)]
        return sum(self._pattern.match(line) is not None for line in said) / max(1, len(said))

    @staticmethod
    def is_rule(line: str) -> bool:
        """Whether a line only draws a table's lines."""
        return _RULE.fullmatch(line) is not None


def prefixes_of(head: Sequence[str]) -> Prefixes | None:
    """The prefixes of a file that begins with ``head``; None where its platform lines stand alone, or it has none."""
    prefixes = []
    for line in head:
        found = _PLATFORM.search(line[: LONGEST + 100])
        if found is None:
            continue
        prefix = line[: found.start()]
        if not prefix.strip():
            return None  # what stands before another one is then a program's text
        if len(prefix) <= LONGEST and '"' not in prefix and "{" not in prefix:
            prefixes.append(prefix)
    if not prefixes:
        return None
    shapes: dict[tuple[str, ...], list[list[str]]] = {}
    for prefix in prefixes:
        tokens = _TOKEN.findall(prefix)
        shapes.setdefault(tuple(map(_kind, tokens)), []).append(tokens)
    table = prefixes[0].lstrip().startswith("|")
    cells = next((found.group(1).count("|") + 1 for line in head if (found := _MESSAGE_CELL.search(line))), 0)
    try:
        timed = all(_moment(prefix) is not None for prefix in prefixes)
    except BadTimestamp:
        timed = False
    return Prefixes([_pattern(each) for each in shapes.values()][:8], cells if table else -1, timed=timed)


def _kind(token: str) -> str:
    if token.isspace():
        return " "
    return "0" if _DIGITS.fullmatch(token) else "a" if token[0].isalnum() or len(token) > 1 else token


def _pattern(alike: Sequence[Sequence[str]]) -> str:
    """Matches the prefixes of one shape: a word that is the same in all of them is part of it, others may be any."""
    return "".join(_piece(set(tokens)) for tokens in zip(*alike, strict=True))


def _piece(tokens: set[str]) -> str:
    first = next(iter(tokens))
    if first.isspace():
        return re.escape(first) if tokens == {" "} else r"[ \t]+"
    if all(_DIGITS.fullmatch(token) for token in tokens):
        return r"[\d:.,/TZ+-]+"
    return re.escape(first) if len(tokens) == 1 else r"[\w.:/$@+,#%-]+"


def _moment(prefix: str) -> int | None:
    for found in _moments(prefix):
        return epoch_ms(found)
    return None


def _moments(prefix: str) -> Iterator[str]:
    found = _MOMENT.search(prefix)
    if found is not None:
        yield found.group().replace("Z", "+00:00").replace(" +", "+")
    named = _DAY_FIRST.search(prefix)
    if named is not None:
        day, month, year, clock = named.groups()
        yield f"{year}-{_MONTHS.index(month) + 1:02}-{int(day):02}T{clock}"
