"""Conditions of CloudWatch Logs' filter patterns on one event: comparisons, ``&&``, ``||`` and parentheses.

CloudWatch Logs User Guide, "Filter pattern syntax": the patterns for JSON (``{ $.code = 4* }``) and for fields between
spaces (``[ip, code = 4*]``) have the same conditions; they differ in what stands before the operator.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambdatui.runner.errors import ApiError

Condition = Callable[[Any], bool]
"""Whether an event, parsed, fulfils it."""
Values = Callable[[Any], Sequence[Any]]
"""The values that a selector means in a parsed event; none where there is no such thing."""

_TOKEN = re.compile(
    r"""\s*(?: (?P<sign>&&|\|\||[()]|!=|<=|>=|[=<>]) | "(?P<text>(?:\\.|[^"\\])*)" | %(?P<regex>(?:\\%|[^%])*)%
    | (?P<path>\$(?:\.?\[[^\]]*\]|\.[\w@*-]+)*) | (?P<word>[^\s&|()=<>!"%][^\s&|()=<>!"]*) )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
}  # fmt: skip


def invalid_pattern(why: str = "Invalid filter pattern") -> ApiError:
    """400 InvalidParameterException."""
    return ApiError(400, "InvalidParameterException", why)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a pattern; ``kind`` is ``sign``, ``text``, ``regex``, ``path`` or ``word``."""

    kind: str
    text: str


def tokens_of(pattern: str) -> list[Token]:
    """The pieces of a pattern's conditions. Raises ApiError."""
    tokens: list[Token] = []
    place = 0
    pattern = pattern.rstrip()
    while place < len(pattern):
        match = _TOKEN.match(pattern, place)
        if match is None or match.lastgroup is None:
            raise invalid_pattern()
        tokens.append(Token(match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return tokens


class Conditions:
    """Parses the tokens of one pattern. ``selector`` makes of a token the values that it means (None: it is none)."""

    def __init__(self, tokens: Sequence[Token], selector: Callable[[Token], Values | None]) -> None:
        self._tokens = list(tokens)
        self._selector = selector

    def parsed(self) -> Condition:
        """All of it as one condition. Raises ApiError."""
        condition = self._any()
        if self._tokens:
            raise invalid_pattern()
        return condition

    def _next(self) -> Token:
        if not self._tokens:
            raise invalid_pattern()
        return self._tokens.pop(0)

    def _is_next(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == Token("sign", sign):
            del self._tokens[0]
            return True
        return False

    def _any(self) -> Condition:
        choices = [self._all()]
        while self._is_next("||"):
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda event: any(choice(event) for choice in choices)

    def _all(self) -> Condition:
        parts = [self._unit()]
        while self._is_next("&&"):
            parts.append(self._unit())
        return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)

    def _unit(self) -> Condition:
        if self._is_next("("):
            inner = self._any()
            if not self._is_next(")"):
                raise invalid_pattern()
            return inner
        values = self._selector(self._next())
        if values is None:
            raise invalid_pattern()
        operator = self._next()
        if operator.kind == "word":
            return self._state(values, operator.text.upper())
        if operator.kind != "sign" or operator.text in ("(", ")", "&&", "||"):
            raise invalid_pattern()
        holds = comparison(operator.text, self._next())
        return lambda event: any(map(holds, values(event)))

    def _state(self, values: Values, word: str) -> Condition:
        """``IS NULL``, ``IS TRUE``, ``IS FALSE``, ``EXISTS`` and ``NOT EXISTS``."""
        if word == "EXISTS":
            return lambda event: bool(values(event))
        state = self._next().text.upper()
        if word == "NOT" and state == "EXISTS":
            return lambda event: not values(event)
        if word != "IS" or state not in ("NULL", "TRUE", "FALSE"):
            raise invalid_pattern()
        wanted = {"NULL": None, "TRUE": True, "FALSE": False}[state]
        return lambda event: any(value is wanted for value in values(event))


def comparison(operator: str, expected: Token) -> Callable[[Any], bool]:
    """Whether a value compares so with what is expected: a number, a text with ``*``, or ``%a regular expression%``."""
    if operator in _ORDER:
        if expected.kind != "word" or not _NUMBER.fullmatch(expected.text):
            raise invalid_pattern()
        limit, holds = float(expected.text), _ORDER[operator]
        return lambda value: (number := _number_of(value)) is not None and holds(number, limit)
    equal = _equal(expected)
    return equal if operator == "=" else lambda value: not equal(value)


def _equal(expected: Token) -> Callable[[Any], bool]:
    if expected.kind == "regex":
        searched = regex_of(expected.text)
        return lambda value: isinstance(value, str) and searched.search(value) is not None
    if expected.kind not in ("word", "text"):
        raise invalid_pattern()
    text = expected.text if expected.kind == "word" else re.sub(r"\\(.)", r"\1", expected.text)
    if expected.kind == "word" and _NUMBER.fullmatch(text):
        number = float(text)
        return lambda value: _number_of(value) == number or value == text
    pattern = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def regex_of(text: str) -> re.Pattern[str]:
    """A pattern's regular expression. Raises ApiError for one that is none."""
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError):
        raise invalid_pattern("Invalid regular expression in the filter pattern") from None


def _number_of(value: Any) -> float | None:
    """A JSON number, or the number that a field between spaces is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    return float(value) if isinstance(value, SpacedField) and _NUMBER.fullmatch(value) else None


class SpacedField(str):
    """A field between spaces: where a pattern compares it with a number, it is one."""

    __slots__ = ()
