"""CloudWatch Logs' filter patterns, of FilterLogEvents and live tails, as functions of a message.

CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events, and Live
Tail": terms, JSON, and fields between spaces. Terms are case-sensitive, and may be parts of words.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from lambdatui.runner.cloudwatch.conditions import (
    Condition,
    Conditions,
    SpacedField,
    Token,
    Values,
    invalid_pattern,
    regex_of,
    tokens_of,
)
from lambdatui.runner.untrusted import parsed_json

Matches = Callable[[str], bool]
"""Whether a message is wanted."""

_TERM = re.compile(r'\s*(?P<mark>[-?]?)(?:"(?P<text>(?:\\.|[^"\\])*)"|%(?P<regex>(?:\\%|[^%])*)%|(?P<word>[^\s"]+))')
_FIELD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_STEP = re.compile(
    r"""\.?\[\s*(?:'(?P<quoted>[^']*)'|"(?P<double>[^"]*)"|(?P<index>\d+|\*))\s*\]|\.(?P<name>[\w@*-]+)"""
)
_COLUMN = re.compile(r"[\w$@./-]+")


@lru_cache(maxsize=64)
def matching(pattern: str) -> Matches | None:
    """Whether messages fit a pattern; None: all do. Raises ApiError 400 InvalidParameterException."""
    pattern = pattern.strip()
    if not pattern:
        return None
    if pattern.startswith("{"):
        return _json_pattern(pattern)
    if pattern.startswith("["):
        return _fields_pattern(pattern)
    return _terms_pattern(pattern)


# --- terms


def _terms_pattern(pattern: str) -> Matches:
    """All terms, none of those with ``-``; or, where there are only such, one of those with ``?``."""
    wanted: list[Matches] = []
    optional: list[Matches] = []
    place = 0
    while place < len(pattern):
        match = _TERM.match(pattern, place)
        if match is None:
            raise invalid_pattern()
        place = match.end()
        holds = _term(match)
        if match["mark"] == "?":
            optional.append(holds)
        elif match["mark"] == "-":
            wanted.append(lambda message, holds=holds: not holds(message))  # type: ignore[misc]
        else:
            wanted.append(holds)
    if not wanted:
        return lambda message: any(holds(message) for holds in optional)
    return lambda message: all(holds(message) for holds in wanted)


def _term(match: re.Match[str]) -> Matches:
    if match["regex"] is not None:
        searched = regex_of(match["regex"])
        return lambda message: searched.search(message) is not None
    if match["word"] is not None:
        word = match["word"]
        if not re.fullmatch(r"\w+", word):
            raise invalid_pattern(f"Invalid character(s) in term '{word}'")
        return lambda message: word in message
    text = re.sub(r"\\(.)", r"\1", match["text"])
    return lambda message: text in message


# --- JSON


def _json_pattern(pattern: str) -> Matches:
    if not pattern.endswith("}"):
        raise invalid_pattern()
    holds = Conditions(tokens_of(pattern[1:-1]), _json_selector).parsed()

    def matches(message: str) -> bool:
        if not message.lstrip().startswith(("{", "[")):
            return False
        try:
            return holds(parsed_json(message))
        except ValueError:
            return False

    return matches


def _json_selector(token: Token) -> Values | None:
    """What ``$.a.b[0]`` means in a document: one value, several where it has ``[*]``, none where it is not there."""
    if token.kind != "path":
        return None
    steps: list[str | int | None] = []
    place = 1
    while place < len(token.text):
        match = _STEP.match(token.text, place)
        if match is None:
            raise invalid_pattern()
        index = match["index"]
        if index is not None:
            steps.append(None if index == "*" else int(index))
        else:
            steps.append(next(name for name in (match["quoted"], match["double"], match["name"]) if name is not None))
        place = match.end()

    def values(document: Any) -> Sequence[Any]:
        level = [document]
        for step in steps:
            level = [inner for value in level for inner in _inner(value, step)]
        return level

    return values


def _inner(value: Any, step: str | int | None) -> Sequence[Any]:
    if isinstance(value, dict):
        return [value[step]] if isinstance(step, str) and step in value else []
    if isinstance(value, list) and not isinstance(step, str):
        return value if step is None else value[step : step + 1]
    return []


# --- fields between spaces


def _fields_pattern(pattern: str) -> Matches:
    """``[a, b = 4*, ..., c]``: as many fields as names, where ``...`` stands for any number of them."""
    if not pattern.endswith("]"):
        raise invalid_pattern()
    columns = [column.strip() for column in re.findall(r'(?:"(?:\\.|[^"\\])*"|%[^%]*%|[^,"%])+', pattern[1:-1])]
    if columns.count("...") > 1:
        raise invalid_pattern()
    gap = columns.index("...") if "..." in columns else None
    names = [column for column in columns if column != "..."]
    conditions = [_column(text, place, names) for place, text in enumerate(names)]
    holding = [condition for condition in conditions if condition is not None]

    def matches(message: str) -> bool:
        fields = [SpacedField(next(filter(None, found), "")) for found in _FIELD.findall(message)]
        if len(fields) != len(names) if gap is None else len(fields) < len(names):
            return False
        if gap is not None:
            fields = fields[:gap] + fields[len(fields) - (len(names) - gap) :]
        return all(holds(fields) for holds in holding)

    return matches


def _column(text: str, place: int, columns: Sequence[str]) -> Condition | None:
    """The condition on one column; None where it has only a name."""
    if not text or _COLUMN.fullmatch(text):
        return None
    name = text.split()[0].split("=")[0].split("!")[0].split("<")[0].split(">")[0].lstrip("(")

    def selector(token: Token) -> Values | None:
        if token.kind not in ("word", "path") or token.text != name:
            return None
        return lambda fields: (fields[place],)

    return Conditions(tokens_of(text), selector).parsed()
