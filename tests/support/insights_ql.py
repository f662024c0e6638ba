"""An interpreter of the part of Logs Insights' query language that is asked here: it runs a query over log events.

Written from AWS's documentation of the language, not from the query: filter, parse, fields, stats, sort, limit. A field
that an event does not have has no value, arithmetic with it neither, and aggregates leave such events out.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Fields = dict[str, Any]
Expression = Callable[[Mapping[str, Any]], Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>@?[A-Za-z_][\w.]*)|(?P<text>\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>[-+*/(),=]))"
)


@dataclass(frozen=True)
class Event:
    time_ms: int
    stream: str
    message: str


def discovered(event: Event, log: str) -> Fields:
    """The fields that Insights finds in an event by itself (User Guide, "Supported logs and discovered fields")."""
    fields: Fields = {"@timestamp": event.time_ms, "@logStream": event.stream, "@message": event.message, "@log": log}
    if event.message.startswith("{"):
        fields |= dict(_flat(json.loads(event.message)))
    kind = re.match(r"(START|END|REPORT) RequestId: (\S+)", event.message)
    if kind:
        fields |= {"@type": kind[1], "@requestId": kind[2]}
    if kind and kind[1] == "REPORT":
        for name, field, scale in (
            ("Duration", "@duration", 1), ("Billed Duration", "@billedDuration", 1),
            ("Memory Size", "@memorySize", 1e6), ("Max Memory Used", "@maxMemoryUsed", 1e6),
            ("Init Duration", "@initDuration", 1),
        ):  # fmt: skip
            value = re.search(rf"\t{name}: ([\d.]+) M?", event.message)
            if value:
                fields[field] = float(value[1]) * scale
    return fields


def _flat(value: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, each in value.items():
        if isinstance(each, Mapping):
            yield from _flat(each, f"{before}{name}.")
        else:
            yield before + name, each


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"MalformedQueryException near {text[at : at + 20]!r}")
            assert found.lastgroup is not None
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def take(self) -> tuple[str, str]:
        self._at += 1
        return self._tokens[self._at - 1]

    def either(self) -> Expression:
        left = self.equal()
        while self.peek() == "or":
            self.take()
            one, other = left, self.equal()
            left = lambda row, one=one, other=other: one(row) or other(row)  # noqa: E731
        return left

    def equal(self) -> Expression:
        left = self.sum()
        if self.peek() == "=":
            self.take()
            right = self.sum()
            return lambda row: left(row) == right(row)
        return left

    def sum(self) -> Expression:
        return self._chain("+-", self.product)

    def product(self) -> Expression:
        return self._chain("*/", self.value)

    def _chain(self, signs: str, part: Callable[[], Expression]) -> Expression:
        left = part()
        while self.peek() and self.peek() in signs:
            sign, one, other = self.take()[1], left, part()

            def both(row: Mapping[str, Any], sign: str = sign, one: Any = one, other: Any = other) -> Any:
                a, b = one(row), other(row)
                if a is None or b is None:
                    return None
                return {"+": a + b, "-": a - b, "*": a * b}[sign] if sign != "/" else a / b

            left = both
        return left

    def value(self) -> Expression:
        kind, text = self.take()
        if kind == "number":
            number = float(text)
            return lambda row: number
        if kind == "text":
            said = json.loads(text)
            return lambda row: said
        if text == "(":
            inner = self.either()
            self.take()
            return inner
        if self.peek() != "(":
            return lambda row: row.get(text)
        return self.call(text)

    def call(self, name: str) -> Expression:
        self.take()
        arguments: list[Expression] = []
        while self.peek() != ")":
            if self.peek() in ("*", ","):
                self.take()
                continue
            arguments.append(self.either())
        self.take()
        if name in _AGGREGATES:
            return lambda rows: _AGGREGATES[name]([arguments[0](row) for row in rows] if arguments else rows)
        return lambda row: _FUNCTIONS[name](*(argument(row) for argument in arguments))

    def named(self) -> list[tuple[str, Expression]]:
        """Expressions with their names, up to ``by`` or the end."""
        found = []
        while self.peek() and self.peek() != "by":
            start = self._at
            expression = self.either()
            name = "".join(text for _, text in self._tokens[start : self._at])
            if self.peek() == "as":
                self.take()
                name = self.take()[1]
            found.append((name, expression))
            if self.peek() == ",":
                self.take()
        return found


def _present(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if value is not None]


_AGGREGATES: dict[str, Callable[[Any], Any]] = {
    "count": len,
    "sum": lambda values: math.fsum(_present(values)) if _present(values) else None,
    "max": lambda values: max(_present(values), default=None),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "ispresent": lambda value: int(value is not None),
    "strcontains": lambda text, part: None if text is None else int(part in text),
    "ceil": lambda value: None if value is None else math.ceil(value) if math.isfinite(value) else value,
    "log": lambda value: None if value is None else math.log(value) if value > 0 else -math.inf,
}


def run(query: str, events: Iterable[tuple[str, Event]]) -> tuple[list[dict[str, str]], int]:
    """The rows of a query over events, each with the log that it is in, and how many events matched its filter."""
    rows: list[Fields] = [discovered(event, log) for log, event in events]
    matched = len(rows)
    for command in re.split(r"\n\s*\|\s*", query.strip()):
        word, _, rest = command.partition(" ")
        if word == "filter":
            keep = _Parser(rest).either()
            rows = [row for row in rows if keep(row)]
            matched = len(rows)
        elif word == "parse":
            rows = [_parsed(row, rest) for row in rows]
        elif word == "fields":
            named = _Parser(rest).named()
            rows = [row | {name: expression(row) for name, expression in named} for row in rows]
        elif word == "stats":
            rows = _stats(rest, rows)
        elif word == "limit":
            rows = rows[: int(rest)]
        else:
            raise ValueError(f"MalformedQueryException: {word}")
    return [{name: printed(value) for name, value in row.items() if value is not None} for row in rows], matched


def _parsed(row: Fields, rest: str) -> Fields:
    name, _, pattern = rest.partition(" ")
    found = re.search(pattern.strip()[1:-1].replace("(?<", "(?P<"), str(row.get(name)))
    return row | (found.groupdict() if found else {})


def _stats(rest: str, rows: list[Fields]) -> list[Fields]:
    parser = _Parser(rest)
    aggregates = parser.named()
    parser.take()
    by = parser.named()
    groups: dict[tuple[Any, ...], list[Fields]] = {}
    for row in rows:
        groups.setdefault(tuple(expression(row) for _, expression in by), []).append(row)
    return [
        dict(zip((name for name, _ in by), key, strict=True))
        | {name: expression(some) for name, expression in aggregates}  # type: ignore[arg-type]
        for key, some in groups.items()
    ]


def printed(value: Any) -> str:
    """A value as Insights prints it: numbers as Java does, ``1.28E8``."""
    if not isinstance(value, float):
        return str(value)
    if not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity" if value < 0 else "NaN"
    if not value or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value))
    digits = "".join(map(str, exact.as_tuple().digits)).rstrip("0")
    return f"{'-' * (value < 0)}{digits[0]}.{digits[1:] or '0'}E{exact.adjusted()}"
