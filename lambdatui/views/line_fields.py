"""What a log line holds beyond its words: the fields of its JSON, and its level.

A line is JSON where all of it is an object, or where it ends with one, as Node.js' ``time<tab>id<tab>LEVEL<tab>{...}``.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from collectors.untrusted import Unparsable, parsed_json
from collectors.untrusted_json import json_or_text, json_value

Path = tuple[str, ...]

ABSENT: Final = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()
"""A field that a line does not have: neither null nor an empty text."""

LEVELS: Final = {
    "TRACE": 0, "VERBOSE": 0, "DEBUG": 1, "INFO": 2, "INFORMATION": 2, "NOTICE": 3, "WARN": 4, "ERROR": 5, "FATAL": 6,
    "CRITICAL": 6,
}  # fmt: skip
"""Levels by how bad they are."""
_SAME = {"WARNING": "WARN", "ERR": "ERROR", "SEVERE": "ERROR", "PANIC": "FATAL", "CRIT": "CRITICAL"}
_PINO = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}  # and Bunyan's
_LEVEL_NAMES = ("level", "log_level", "severity", "lvl", "levelname", "logLevel", "LogLevel", "log.level", "@l")
_LEVEL_IN_TEXT = re.compile(
    r"(?:^|[\s\[|(])(TRACE|VERBOSE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL)(?=[\]\s:|)]|$)"
)
_HEAD = 200  # characters in which a text line says its level
_OPENINGS = 4  # braces at which a JSON tail may begin
_PYTHON_S = ("NaN", "Infinity", "\\u")
_PLAIN = re.compile(r"[\w@$. -]+", re.ASCII)  # names that are spelled in one way, unless with \\u
_FIGURE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def json_of(text: str) -> Mapping[str, Any] | None:
    """The object that a line is, or ends with; None where there is none. Ask ``firsts`` before a field is taken."""
    return _object(text, _read)


def _object(text: str, read: Callable[[str], Any]) -> Mapping[str, Any] | None:
    body = text.strip()
    if not body.endswith("}"):
        return None
    for at in _openings(body):
        found = read(body[at:] if at else body)
        if isinstance(found, dict):
            return found
    return None


def _openings(body: str) -> Iterator[int]:
    place = body.find("{")
    for _ in range(_OPENINGS):
        if place < 0:
            return
        if place == 0 or body[place - 1] in " \t\r\n:=|":
            yield place
        place = body.find("{", place + 1)


def _read(body: str) -> Any:
    try:
        return json_value(body)
    except Unparsable as error:
        if not any(sign in body for sign in _PYTHON_S) and "out of range" not in str(error):
            return None
    return _read_slowly(body)  # Python writes NaN, and half a character, which JSON does not know


def _read_slowly(body: str) -> Any:
    """The first of a key that is there twice, as DuckDB takes it; a figure that no float holds is text."""
    try:
        return parsed_json(body, parse_float=_float, pairs=_first_of_each)
    except ValueError:
        return None


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _float(text: str) -> float | str:
    return found if math.isfinite(found := float(text)) else text


def firsts(text: str, document: Mapping[str, Any], names: Iterable[str]) -> Mapping[str, Any]:
    """A line's JSON for asking after these names: where one may be there twice, read so that the first counts."""
    if "\\u" not in text and all(_PLAIN.fullmatch(name) and text.count(f'{name}"') < 2 for name in names):
        return document
    return _object(text, _read_slowly) or document


def value_at(found: Any, path: Path) -> Any:
    """What lies at a path; ``ABSENT`` where nothing does. Where no key is so nested, one with dots in it is meant."""
    here = found
    for place, name in enumerate(path):
        if isinstance(here, dict):
            if name in here:
                here = here[name]
                continue
            return here.get(".".join(path[place:]), ABSENT)
        if isinstance(here, list) and name.isascii() and name.isdigit() and len(name) < 10:
            index = int(name)
            if index < len(here):
                here = here[index]
                continue
        return ABSENT
    return here


def text_of(value: Any) -> str | None:
    """A value as text: numbers as JSON writes them, objects as JSON; None for null and for what is absent."""
    if value is None or value is ABSENT:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return _float_text(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _float_text(value: float) -> str:
    """As JavaScript and DuckDB write it: 0.00001, 1e-7, and all digits up to 1e21; 5.0 keeps its point."""
    text = json_or_text(value)
    exponent = text.partition("e")[2]
    if not exponent or not -7 < int(exponent) < 21:
        return text
    plain = format(Decimal(text), "f")
    return plain if "." in plain else f"{plain}.0"


def figure_of(value: Any) -> float | int | None:
    """A value as a finite figure, also one that is written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) < 400 and _FIGURE.fullmatch(value.strip(" \t\n\v\f\r")):
        value = float(value)
    return value if isinstance(value, float) and math.isfinite(value) else None


def level_of(text: str, document: Mapping[str, Any] | None) -> str | None:
    """``ERROR`` for a line of that level, however it spells it: in its JSON, as ``[ERROR]``, between tabs."""
    if document is not None:
        document = firsts(text, document, [name for name in _LEVEL_NAMES if name in document])
        for name in _LEVEL_NAMES:
            value = document.get(name)
            if isinstance(value, str) and value:
                return level_named(value)
            if isinstance(value, int) and value in _PINO:
                return _PINO[value]
    match = _LEVEL_IN_TEXT.search(text[:_HEAD])
    return level_named(match[1]) if match else None


def level_named(said: str) -> str:
    """A level by the name that all its spellings share: ``WARNING`` is ``WARN``."""
    upper = said.strip().upper()
    return _SAME.get(upper, upper)


def spellings(level: str) -> list[str]:
    """How a line may spell a level, whatever the case."""
    numbers = [str(number) for number, name in _PINO.items() if name == level]
    return [level, *(said for said, name in _SAME.items() if name == level), *numbers]


def path_text(path: Sequence[str]) -> str:
    """``.order.id``, as it is asked for."""
    return "".join(f".{name}" if re.fullmatch(r"[\w@$-]+", name) else f'."{name}"' for name in path)
