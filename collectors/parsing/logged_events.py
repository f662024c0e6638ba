"""The event of an invocation among its log lines, where the function printed it.

AWS keeps no events. Many functions log theirs: Python's ``print(event)`` and ``json.dumps``, Node's ``console.log`` of
a label and JSON, Powertools' ``log_event`` as the message of a JSON line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from collectors.parsing.printed_text import is_platform_line
from collectors.untrusted import Unparsable, json_at, parsed_python

# What the runtimes' loggers put before a message: "[INFO]\\ttime\\tid\\t" and "time\\tid\\tINFO\\t".
_LOGGER = re.compile(r"(?:\[[A-Z]+\]\t[^\t]*\t[^\t]*\t|\d{4}-\d\d-\d\dT[^\t]*\t[^\t]*\t[A-Z]+\t)")
_LABEL = re.compile(r"(?i)\b(?:events?|payload|input)\b[^{\[\"']{0,40}$")
_NAMES = ("event", "Event", "payload", "input", "lambda_event")
_NAMED, _WHOLE, _WITHIN = 3, 2, 1


class LoggedEvent(NamedTuple):
    """An event, and the line that it was found in."""

    event: Any
    line: str


class AmbiguousEvents(NamedTuple):
    """Several different objects were printed, none of them as the event; the lines that they were found in."""

    lines: tuple[str, ...]


def logged_event(lines: Sequence[str]) -> LoggedEvent | AmbiguousEvents | None:
    """The event that an invocation printed; None where it printed none.

    An object that is called the event comes first, then one that is a whole line, then one within a line.
    """
    candidates = [
        (rank, LoggedEvent(value, line))
        for line in lines
        if not is_platform_line(line)
        for rank, value in _values(line)
    ]
    for wanted in (_NAMED, _WHOLE, _WITHIN):
        of_rank = [candidate for rank, candidate in candidates if rank == wanted]
        different = {json.dumps(candidate.event, sort_keys=True, default=str) for candidate in of_rank}
        if (wanted == _NAMED and of_rank) or len(different) == 1:
            return of_rank[0]
        if different:
            return AmbiguousEvents(tuple(candidate.line for candidate in of_rank))
    return None


def _values(line: str) -> Iterator[tuple[int, Any]]:
    """The objects and lists that a line holds as its message, each with its rank."""
    prefix = _LOGGER.match(line)
    text = line[prefix.end() if prefix else 0 :].strip()
    start = min((place for place in (text.find("{"), text.find("[")) if place >= 0), default=-1)
    if start < 0:
        return
    value, end = _value_at(text, start)
    if end < 0:
        return
    if isinstance(value, dict) and start == 0 and _is_log_record(value):
        yield from _recorded(value)
    elif _LABEL.search(text[:start]):
        yield _NAMED, value
    elif isinstance(value, dict):
        yield (_WHOLE if start == 0 and not text[end:].strip() else _WITHIN), value


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON at a place, else what Python printed from there to the end; and where it ends, -1 for neither."""
    try:
        return json_at(json.JSONDecoder().raw_decode, text, start)
    except (Unparsable, json.JSONDecodeError):
        pass
    try:
        value = parsed_python(text[start:])
        json.dumps(value)
    except (Unparsable, TypeError, ValueError):
        return None, -1
    return value, len(text)


def _is_log_record(value: dict[str, Any]) -> bool:
    """Whether a logger or the platform wrote this object, or it holds metrics (the Embedded Metric Format)."""
    if "record" in value and str(value.get("type", "")).startswith("platform."):
        return True
    return "_aws" in value or ("level" in value and bool({"message", "msg"} & value.keys()))


def _recorded(record: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    if "_aws" in record or "record" in record:
        return
    for name in _NAMES:
        if isinstance(record.get(name), dict | list):
            yield _NAMED, record[name]
    message = record.get("message", record.get("msg"))
    if isinstance(message, dict):
        named = next((message[name] for name in _NAMES if isinstance(message.get(name), dict | list)), None)
        yield (_NAMED, named) if named is not None else (_WHOLE, message)
    elif isinstance(message, str):
        yield from _values(message)
