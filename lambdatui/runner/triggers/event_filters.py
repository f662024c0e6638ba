"""Event filters of event source mappings: which records reach the function.

Lambda Developer Guide, "Control which events Lambda sends to your function". A record passes when one of the patterns
matches. What is inside a message or a Kinesis record is matched by an object where it is JSON, by a list where it is
other text; content of the other form does not pass.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lambdatui.runner.triggers.event_patterns import EventFilterError, allowed, check_pattern, matches
from lambdatui.runner.untrusted import parsed_json

Content = tuple[str, Callable[[Mapping[str, Any]], str | None]]
"""The field of a pattern that means what is inside a record, and how its text is read; None: it has none."""


def _body(record: Mapping[str, Any]) -> str | None:
    body = record.get("body")
    return body if isinstance(body, str) else None


BODY: Content = ("body", _body)
"""The body of a message."""


class Filters:
    """``FilterCriteria`` of a mapping; without a pattern every record passes. Raises EventFilterError for a bad one."""

    def __init__(self, criteria: Mapping[str, Any] | None) -> None:
        self._patterns: list[dict[str, Any]] = []
        for entry in (criteria or {}).get("Filters") or ():
            try:
                pattern = parsed_json(entry.get("Pattern") or "{}")
            except ValueError as error:
                raise EventFilterError(f"Filter pattern is not JSON: {error}") from error
            if pattern != {}:
                check_pattern(pattern)
            self._patterns.append(pattern)

    def passes(self, record: Mapping[str, Any], content: Content = BODY) -> bool:
        """Whether the function gets this record; ``content`` is the field that has JSON or text in it."""
        return not self._patterns or any(_matches(pattern, record, content) for pattern in self._patterns)


def _matches(pattern: dict[str, Any], record: Mapping[str, Any], content: Content) -> bool:
    """Whether a pattern matches, where the content's field means JSON, or text where there is none."""
    name, read = content
    rules = pattern.get(name)
    if rules is None and "$or" not in pattern:
        return matches(pattern, record)
    text = read(record)
    document = _json_in(text)
    if isinstance(rules, list):
        if document is not None or not allowed(rules, [] if text is None else [text]):
            return False
        pattern = {field: others for field, others in pattern.items() if field != name}
    elif isinstance(rules, dict) and document is None:
        return False
    return matches(pattern, {**record, name: text if document is None else document})


def _json_in(text: str | None) -> Any:
    """The JSON object or array in ``text``; None where there is neither: numbers and words are text."""
    if text is None or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return parsed_json(text)
    except ValueError:
        return None
