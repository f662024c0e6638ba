"""Event filters of event source mappings: which records reach the function.

Lambda Developer Guide, "Control which events Lambda sends to your function". A pattern is a JSON object whose leaves
are lists of what is allowed: values, or ``prefix``, ``suffix``, ``anything-but``, ``numeric``, ``exists``,
``equals-ignore-case``. A record passes when one of the patterns matches.
"""

from collections.abc import Mapping
from typing import Any

from collectors.model.errors import CaughtError
from lambdatui.runner.untrusted import parsed_json

_COMPARE = {
    "=": lambda value, than: value == than,
    ">": lambda value, than: value > than,
    ">=": lambda value, than: value >= than,
    "<": lambda value, than: value < than,
    "<=": lambda value, than: value <= than,
}
_RULES = {"prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case"}


class EventFilterError(CaughtError, ValueError):
    """A pattern that cannot be read."""


class Filters:
    """``FilterCriteria`` of a mapping; without a pattern every record passes. Raises FilterError for a bad one."""

    def __init__(self, criteria: Mapping[str, Any] | None) -> None:
        self._patterns = []
        for entry in (criteria or {}).get("Filters") or ():
            try:
                pattern = parsed_json(entry.get("Pattern") or "{}")
            except ValueError as error:
                raise EventFilterError(f"Filter pattern is not JSON: {error}") from error
            _check(pattern)
            self._patterns.append(pattern)

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Whether the function gets this record."""
        return not self._patterns or any(_matches(pattern, record) for pattern in self._patterns)


def _check(pattern: Any) -> None:
    if not isinstance(pattern, dict):
        raise EventFilterError("Filter pattern is not an object")
    for name, rules in pattern.items():
        if name == "$or":
            for alternative in rules if isinstance(rules, list) else [None]:
                _check(alternative)
        elif isinstance(rules, dict):
            _check(rules)
        elif not isinstance(rules, list) or not rules:
            raise EventFilterError(f'"{name}" must be an object or an array')
        else:
            for rule in rules:
                if isinstance(rule, dict) and not (len(rule) == 1 and set(rule) <= _RULES):
                    raise EventFilterError(f"Unrecognized match type {', '.join(map(str, rule))}")


def _matches(pattern: Mapping[str, Any], record: Any) -> bool:
    if isinstance(record, str):
        # The body of a message is JSON in a string: a pattern for its fields means the JSON inside.
        try:
            record = parsed_json(record)
        except ValueError:
            return False
    if not isinstance(record, Mapping):
        return False
    for name, rules in pattern.items():
        if name == "$or":
            if not any(_matches(alternative, record) for alternative in rules):
                return False
        elif isinstance(rules, dict):
            if not _matches(rules, record.get(name)):
                return False
        elif not _allowed(rules, name in record, record.get(name)):
            return False
    return True


def _allowed(rules: list[Any], exists: bool, value: Any) -> bool:
    """Whether a rule allows the value, or one of its members; ``exists``: the record has the field."""
    values = value if isinstance(value, list) else [value]
    return any(_rule_allows(rule, exists, member) for rule in rules for member in values)


def _rule_allows(rule: Any, exists: bool, value: Any) -> bool:
    if not isinstance(rule, dict):
        return exists and type(value) is type(rule) and bool(value == rule)
    ((kind, than),) = rule.items()
    if kind == "exists":
        return exists is bool(than)
    if not exists:
        return False
    if kind == "anything-but":
        if isinstance(than, dict):
            return not _rule_allows(than, exists, value)
        return value not in (than if isinstance(than, list) else [than])
    if kind == "numeric":
        pairs = list(zip(than[::2], than[1::2], strict=False))
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and all(_COMPARE[sign](value, bound) for sign, bound in pairs)
    if not isinstance(value, str):
        return False
    if kind == "prefix":
        return value.startswith(str(than))
    if kind == "suffix":
        return value.endswith(str(than))
    return value.lower() == str(than).lower()
