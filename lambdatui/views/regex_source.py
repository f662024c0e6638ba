"""A regular expression that was read, written anew: as it is found in the shapes of lines."""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from collectors.store.chunk_shapes import DIGIT, HEX

_parser: Any = import_module("re._parser")
_MANY: Final = _parser.MAXREPEAT
_DIGITS, _HEX_DIGITS = "0123456789", "0123456789abcdef"
_CATEGORIES = {
    "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
_PLACES = {
    "AT_BEGINNING": "^", "AT_BEGINNING_STRING": r"\A", "AT_END": "$", "AT_END_STRING": r"\Z", "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
}  # fmt: skip
_ANYTHING = r"[\s\S]"


def of_shapes(tree: Iterable[Any], flags: "re.RegexFlag") -> str:
    """A pattern that is somewhere in the shape of each line that ``tree`` is somewhere in (``chunk_shapes``)."""
    return "".join(_one(str(kind), value, flags) for kind, value in tree)


def _one(name: str, value: Any, flags: "re.RegexFlag") -> str:
    if name == "SUBPATTERN":
        return f"(?:{of_shapes(value[3], flags)})"
    if name == "BRANCH":
        return f"(?:{'|'.join(of_shapes(branch, flags) for branch in value[1])})"
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        low, high, inner = value
        return f"(?:{of_shapes(inner, flags)}){{{low},{'' if high is _MANY else high}}}"
    if name == "AT":
        return _PLACES[str(value)]
    if name == "ANY":
        return "."
    if name == "IN":
        negated = str(value[0][0]) == "NEGATE"
        return _class(value[1 if negated else 0 :], negated, flags)
    if name in ("LITERAL", "NOT_LITERAL"):
        return _class([("LITERAL", value)], name == "NOT_LITERAL", flags)
    raise ValueError(name)


def _class(items: Iterable[Any], negated: bool, flags: "re.RegexFlag") -> str:
    """One character, and of those that shapes have for several each that may stand for one of its own."""
    items = [(str(kind), what) for kind, what in items]
    exact = re.compile(_bracket(map(_item, items), negated), flags)
    digit, hex_digit = any(map(exact.match, _DIGITS)), any(map(exact.match, _HEX_DIGITS))
    if not negated:
        return _bracket([*map(_item, items), *(DIGIT * digit), *(HEX * hex_digit)], negated)
    for codes, stands in ((range(ord("0"), ord("9") + 1), digit), (range(ord(HEX), ord(HEX) + 1), hex_digit)):
        if stands:  # what it leaves out of those is not told from what it takes
            items = [part for item in items for part in _without(codes, *item)]
    return _bracket([*map(_item, items), *(HEX * (not hex_digit))], negated)


def _bracket(items: Iterable[str], negated: bool) -> str:
    inside = "".join(items)
    if not inside:
        return _ANYTHING
    return f"[{'^' * negated}{inside}]"


def _item(item: tuple[str, Any]) -> str:
    kind, what = item
    if kind == "RANGE":
        return f"{_sign(what[0])}-{_sign(what[1])}"
    return _CATEGORIES[str(what)] if kind == "CATEGORY" else _sign(what)


def _sign(code: int) -> str:
    return f"\\U{code:08x}"


def _without(codes: range, kind: str, what: Any) -> list[tuple[str, Any]]:
    if kind == "CATEGORY":
        return [(kind, what)]
    low, high = what if kind == "RANGE" else (what, what)
    parts = (low, min(high, codes.start - 1)), (max(low, codes.stop), high)
    return [("RANGE", part) for part in parts if part[0] <= part[1]]
