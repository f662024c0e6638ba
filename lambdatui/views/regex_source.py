"""Rewrites a regular expression that was parsed, to search the shapes of lines, and without loops within loops.

The rewritten pattern matches all that the original does, and maybe more: it quickly rules out what cannot match.
"""

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Final

from collectors.store.lines.chunk_shapes import DIGIT, HEX

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
    """A pattern that is found in the shape of every line in which ``tree`` is found (``chunk_shapes``)."""
    return _source(tree, lambda items, negated: _shape_class(items, negated, flags), lambda inner: None)


def without_inner_loops(tree: Iterable[Any], is_simple: Callable[[Any], bool]) -> str:
    """A pattern that is found in every text in which ``tree`` is found, and that repeats only single characters.

    Any other repeat, such as ``(a+b?)+``, becomes a run of the characters that it is made of.
    """
    return _source(tree, _class, lambda inner: None if is_simple(inner) else _signs(inner))


Class = Callable[[list[tuple[str, Any]], bool], str]
Whole = Callable[[Any], str | None]


def _source(tree: Iterable[Any], sign_class: Class, run_of: Whole) -> str:
    return "".join(_step(str(kind), value, sign_class, run_of) for kind, value in tree)


def _step(name: str, value: Any, sign_class: Class, run_of: Whole) -> str:
    if name == "SUBPATTERN":
        return f"(?:{_source(value[3], sign_class, run_of)})"
    if name == "BRANCH":
        return f"(?:{'|'.join(_source(branch, sign_class, run_of) for branch in value[1])})"
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        low, high, inner = value
        if high > 1 and (run := run_of(inner)) is not None:
            return f"{run}{'*' if low == 0 or not inner.getwidth()[0] else '+'}" if run else ""
        return f"(?:{_source(inner, sign_class, run_of)}){{{low},{'' if high is _MANY else high}}}"
    if name == "AT":
        return _PLACES[str(value)]
    if name == "ANY":
        return "."
    return sign_class(*_sign_set(name, value))


def _sign_set(name: str, value: Any) -> tuple[list[tuple[str, Any]], bool]:
    """One element of a pattern as the set of characters that it matches."""
    if name == "IN":
        negated = str(value[0][0]) == "NEGATE"
        return [(str(kind), what) for kind, what in value[1 if negated else 0 :]], negated
    if name in ("LITERAL", "NOT_LITERAL"):
        return [("LITERAL", value)], name == "NOT_LITERAL"
    raise ValueError(name)


def _signs(tree: Iterable[Any]) -> str:
    """A character class of all characters that a pattern is made of; "" where it is made of none."""
    parts: list[tuple[str, Any]] = []
    waiting = list(tree)
    while waiting:
        kind, value = waiting.pop()
        name = str(kind)
        if name == "SUBPATTERN":
            waiting += value[3]
        elif name == "BRANCH":
            waiting += [one for branch in value[1] for one in branch]
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            waiting += value[2]
        elif name != "AT":
            items, negated = ([], True) if name == "ANY" else _sign_set(name, value)
            if negated:
                return _ANYTHING
            parts += items
    return _class(parts, False) if parts else ""


def _class(items: list[tuple[str, Any]], negated: bool) -> str:
    return _bracket(map(_item, items), negated)


def _shape_class(items: list[tuple[str, Any]], negated: bool, flags: "re.RegexFlag") -> str:
    """One character, and of those that shapes have for several each that may stand for one of its own."""
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
