"""Event patterns: which JSON values EventBridge, Lambda's event filters and SNS's filter policies let through.

EventBridge User Guide, "Comparison operators for use in event patterns". A pattern is a JSON object whose leaves are
lists of what is allowed: values (compared with their type), or ``prefix``, ``suffix``, ``anything-but``, ``numeric``,
``cidr``, ``exists``, ``equals-ignore-case``, ``wildcard``; ``$or`` has alternatives. A field that is an array matches
when one of its members does; fields inside an array of objects must match in the same object.
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from collectors.model.errors import CaughtError

_COMPARE = {
    "=": lambda value, than: value == than,
    ">": lambda value, than: value > than,
    ">=": lambda value, than: value >= than,
    "<": lambda value, than: value < than,
    "<=": lambda value, than: value <= than,
}
_LARGEST_NUMBER = 5_000_000_000  # EventBridge compares numbers between minus and plus five billion
_TEXT_RULES = ("prefix", "suffix", "equals-ignore-case", "wildcard")


class EventFilterError(CaughtError, ValueError):
    """A pattern that AWS would refuse; the text says what is wrong."""


def check_pattern(pattern: Any) -> None:
    """Raise EventFilterError unless ``pattern`` is a pattern."""
    if not isinstance(pattern, dict):
        raise EventFilterError("Filter pattern is not an object")
    if not pattern:
        raise EventFilterError("Empty objects are not allowed")
    for name, rules in pattern.items():
        if _is_or(name, rules):
            for alternative in rules:
                check_pattern(alternative)
        elif isinstance(rules, dict):
            check_pattern(rules)
        elif not isinstance(rules, list):
            raise EventFilterError(f'"{name}" must be an object or an array')
        elif not rules:
            raise EventFilterError("Empty arrays are not allowed")
        else:
            for rule in rules:
                _check_rule(name, rule)


def _is_or(name: str, rules: Any) -> bool:
    """Whether this is EventBridge's ``$or``: at least two objects. Anything else is a field of that name."""
    return (
        name == "$or" and isinstance(rules, list) and len(rules) > 1 and all(isinstance(rule, dict) for rule in rules)
    )


def _check_rule(name: str, rule: Any) -> None:
    if isinstance(rule, list):
        raise EventFilterError(f'"{name}": an array inside an array is not allowed')
    if not isinstance(rule, dict):
        return
    if len(rule) != 1:
        raise EventFilterError("Only one key allowed in match expression")
    ((kind, value),) = rule.items()
    if kind == "exists":
        if not isinstance(value, bool):
            raise EventFilterError("exists match pattern must be either true or false.")
    elif kind == "numeric":
        _check_numeric(value)
    elif kind == "cidr":
        _network(value)
    elif kind == "anything-but":
        _check_anything_but(value)
    elif kind in _TEXT_RULES:
        _check_text(kind, value)
    else:
        raise EventFilterError(f"Unrecognized match type {kind}")


def _check_text(kind: str, value: Any) -> None:
    if kind in ("prefix", "suffix") and isinstance(value, dict) and set(value) == {"equals-ignore-case"}:
        value = value["equals-ignore-case"]
    if not isinstance(value, str):
        raise EventFilterError(f"{kind} match pattern must be a string")
    if kind == "wildcard":
        _wildcard(value)


def _check_numeric(value: Any) -> None:
    if not isinstance(value, list) or len(value) not in (2, 4):
        raise EventFilterError("Value of numeric must be an array of an operator and a number, or of two pairs.")
    for sign, bound in zip(value[::2], value[1::2], strict=True):
        if sign not in _COMPARE:
            raise EventFilterError(f"Unrecognized numeric range operator: {sign}")
        if not _is_number(bound) or abs(bound) > _LARGEST_NUMBER:
            raise EventFilterError("Value of a numeric operator must be a number between -5.0E9 and 5.0E9")
    if len(value) == 4:
        if {value[0][0], value[2][0]} != {">", "<"}:
            raise EventFilterError("Bad numeric range operator: give one lower and one upper bound")
        low, high = (value[1], value[3]) if value[0][0] == ">" else (value[3], value[1])
        if low >= high:
            raise EventFilterError("Bottom must be less than top")


def _check_anything_but(value: Any) -> None:
    if isinstance(value, dict):
        if len(value) != 1 or not set(value) <= set(_TEXT_RULES):
            raise EventFilterError(
                "Value of anything-but must be an array, a value, or one of prefix, suffix, wildcard"
            )
        ((kind, than),) = value.items()
        for text in than if isinstance(than, list) else [than]:
            _check_text(kind, text)
    elif isinstance(value, list):
        if not value or not (
            all(isinstance(member, str) for member in value) or all(_is_number(member) for member in value)
        ):
            raise EventFilterError("Value of anything-but must be an array of strings, or one of numbers")
    elif not isinstance(value, str) and not _is_number(value):
        raise EventFilterError("Value of anything-but must be a string or a number")


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether a checked ``pattern`` lets ``event`` through."""
    if isinstance(event, list):
        return any(matches(pattern, member) for member in event)
    if not isinstance(event, Mapping):
        # A field below something that is no object does not exist, which ``{"exists": false}`` asks for.
        event = {}
    for name, rules in pattern.items():
        if _is_or(name, rules):
            if not any(matches(alternative, event) for alternative in rules):
                return False
        elif isinstance(rules, dict):
            if not matches(rules, event.get(name)):
                return False
        elif not allowed(rules, _leaves(event[name]) if name in event else []):
            return False
    return True


def allowed(rules: list[Any], values: list[Any]) -> bool:
    """Whether a rule allows one of a field's values; without any the field does not exist."""
    if not values:
        return any(isinstance(rule, dict) and rule.get("exists") is False for rule in rules)
    return any(_rule_allows(rule, value) for rule in rules for value in values)


def _leaves(value: Any) -> list[Any]:
    """A field's values that are no objects: ``exists`` and the others see only those."""
    if isinstance(value, list):
        return [leaf for member in value for leaf in _leaves(member)]
    return [] if isinstance(value, Mapping) else [value]


def _rule_allows(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return _same(rule, value)
    ((kind, than),) = rule.items()
    if kind == "exists":
        return bool(than)
    if kind == "anything-but":
        if isinstance(than, dict):
            ((kind, texts),) = than.items()
            return not any(_text_allows(kind, text, value) for text in (texts if isinstance(texts, list) else [texts]))
        return not any(_same(member, value) for member in (than if isinstance(than, list) else [than]))
    if kind == "numeric":
        pairs = zip(than[::2], than[1::2], strict=True)
        return _is_number(value) and all(_COMPARE[sign](value, bound) for sign, bound in pairs)
    if kind == "cidr":
        return _inside(than, value)
    return _text_allows(kind, than, value)


def _same(rule: Any, value: Any) -> bool:
    """Equality of JSON values: ``true`` is not 1, and 1.0 not 1, as EventBridge compares the text of numbers."""
    return type(value) is type(rule) and bool(value == rule)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text_allows(kind: str, than: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    text: str = than["equals-ignore-case"] if isinstance(than, dict) else than
    if isinstance(than, dict) or kind == "equals-ignore-case":
        text, value = text.lower(), value.lower()
    whole = str(value)
    if kind == "prefix":
        return whole.startswith(text)
    if kind == "suffix":
        return whole.endswith(text)
    if kind == "wildcard":
        return _wildcard(text).fullmatch(whole) is not None
    return whole == text


@lru_cache(maxsize=1024)
def _wildcard(text: str) -> re.Pattern[str]:
    r"""``*`` as any text; ``\*`` and ``\\`` as themselves. Raises EventFilterError."""
    if re.search(r"(?<!\\)(\\\\)*\*\*", text):
        raise EventFilterError("Consecutive wildcard characters are not allowed")
    if re.search(r"(?<!\\)(\\\\)*\\([^*\\]|$)", text):
        raise EventFilterError("Invalid escape character in a wildcard")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+", text)
    return re.compile("".join(".*" if part == "*" else re.escape(part.removeprefix("\\")) for part in parts), re.DOTALL)


@lru_cache(maxsize=1024)
def _network(text: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The addresses of a CIDR block. Raises EventFilterError."""
    try:
        if not isinstance(text, str) or "/" not in text:
            raise ValueError("it has no mask")
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise EventFilterError(f"Malformed CIDR: {text}: {error}") from error


def _inside(block: str, value: Any) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in _network(block)
    except ValueError:
        return False
