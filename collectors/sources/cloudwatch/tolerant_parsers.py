"""Parsers for answers with values of the wrong type: valid values are kept, the others count as missing and are
reported.

botocore's parsers expect an answer to be as its model says; they fail at anything else (null for a function, a number
for a name, a text for a list) or pass it on. Here each JSON value is compared with the model. A value of the wrong type
is dropped: from a list the entry is left out, a setting is unknown. ``faults_of`` says how many there were, and so
whether a listing is complete.
"""

import math
import threading
from contextlib import suppress
from typing import Any

from botocore.parsers import ResponseParserError

_MOST = 20  # faults of one answer that are named
_FAULTS = "lambdatui: what is of the wrong kind"  # a key that no answer has
_INT64 = 1 << 63  # more than the store holds

_here = threading.local()


def faults_of(answer: Any) -> list[str]:
    """The values of the wrong type in an answer, each in words."""
    found: list[str] = answer.get(_FAULTS, []) if isinstance(answer, dict) else []
    return found


class Tolerant:
    """Mixin before a parser of botocore's that reads JSON."""

    def parse(self, response: Any, shape: Any) -> Any:
        """The answer as botocore's own parser returns it; values of the wrong type are noted, not raised."""
        faults: list[str] = []
        _here.faults = faults
        parsed = super().parse(response, shape)  # type: ignore[misc]
        if faults and isinstance(parsed, dict):
            parsed[_FAULTS] = faults
        return parsed

    def _parse_shape(self, shape: Any, node: Any) -> Any:
        kind = shape.type_name
        value: Any = None
        if kind == "list":
            if isinstance(node, list):
                value = [row for item in node if (row := self._parse_row(shape.member, item)) is not None]
        elif kind in ("structure", "map"):
            if isinstance(node, dict):
                value = self._parsed(shape, node)
                if value and None in value.values():
                    value = {name: inner for name, inner in value.items() if inner is not None}
        else:
            value = _scalar(kind, node)
            if value is not None and kind in ("timestamp", "blob"):
                value = self._parsed(shape, value)
        if value is None:
            _wrong(shape, node)
        return value

    def _parsed(self, shape: Any, node: Any) -> Any:
        with suppress(ValueError, TypeError, LookupError, AttributeError, ResponseParserError):
            return super()._parse_shape(shape, node)  # type: ignore[misc]

    def _parse_row(self, shape: Any, item: Any) -> Any:
        if item is None:
            _wrong(shape, item)
            return None
        return self._parse_shape(shape, item)


def _scalar(kind: str, node: Any) -> Any:
    """The value if it has its type; else None."""
    if kind in ("string", "character", "blob"):
        return text_of(node)
    if kind in ("integer", "long", "short", "byte"):
        return integer_of(node)
    if kind in ("double", "float"):
        return figure_of(node)
    if kind == "boolean":
        return node if isinstance(node, bool) else None
    if kind == "timestamp":
        return node if isinstance(node, str) else figure_of(node)
    return node


def is_number(node: Any) -> bool:
    """Whether a value is a number; True and False are none."""
    return isinstance(node, int | float) and not isinstance(node, bool)


def figure_of(node: Any) -> float | None:
    """A finite number as a float; None for anything else."""
    try:
        return float(node) if is_number(node) and math.isfinite(node) else None
    except OverflowError:  # of a whole number with hundreds of digits
        return None


def integer_of(node: Any) -> int | None:
    """A whole number that a store can hold; None for all else."""
    if isinstance(node, float) and node.is_integer():
        node = int(node)
    return node if is_number(node) and isinstance(node, int) and -_INT64 <= node < _INT64 else None


def text_of(node: Any) -> str | None:
    """A text with lone surrogates replaced, which neither stores nor terminals accept; None for anything else."""
    if not isinstance(node, str):
        return None
    if node.isascii():
        return node
    return node.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wrong(shape: Any, node: Any) -> None:
    """Notes a value of the wrong type."""
    faults: list[str] | None = getattr(_here, "faults", None)
    if faults is not None:
        if len(faults) < _MOST:
            faults.append(f"{shape.name} is {_said(node)}"[:200])
        elif len(faults) == _MOST:
            faults.append("and more")


def _said(node: Any) -> str:
    if node is None:
        return "null"
    kind = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}.get(type(node), "a number")
    return f"{kind} ({node!r:.80})" if not isinstance(node, dict | list) else kind
