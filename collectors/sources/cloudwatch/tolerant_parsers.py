"""Answers with values of the wrong kind: what is fine in them is had, what is not is absent and counted.

botocore's parsers take an answer for what its model says, and stumble, or hand on, whatever else is in it: null for a
function, a number for a name, a text for a list. Here each value of JSON is looked at as its model says. One of the
wrong kind is as if it were not there: a row of a list that is no row is left out, a setting is unknown. Whoever reads
the answer finds how many there were by ``faults_of``, and knows then that a listing is not whole.
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
    """What in an answer was of the wrong kind, in words."""
    found: list[str] = answer.get(_FAULTS, []) if isinstance(answer, dict) else []
    return found


class Tolerant:
    """Before a parser of botocore's that reads JSON."""

    def parse(self, response: Any, shape: Any) -> Any:
        """What the answer says, as botocore's own parser gives it; faults are noted, not raised."""
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
    """The value where it is of its kind; None where it is not."""
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
    """Whether a value is a number, and no truth value."""
    return isinstance(node, int | float) and not isinstance(node, bool)


def figure_of(node: Any) -> float | None:
    """A finite number; None for all else."""
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
    """A text, half characters replaced, which no store and no terminal takes; None for all else."""
    if not isinstance(node, str):
        return None
    if node.isascii():
        return node
    return node.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _wrong(shape: Any, node: Any) -> None:
    """Counts a value."""
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
