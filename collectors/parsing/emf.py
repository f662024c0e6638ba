"""Metrics in log lines: the Embedded Metric Format.

Source: CloudWatch User Guide, "Specification: Embedded metric format", its JSON schema, and PutMetricData's limits.
CloudWatch allows what Lambda may put before the document (a time, a request id, a level), but reads no document inside
a log record's ``message``. What violates the specification is no metric: the reason is returned.
"""

from typing import Any

from collectors.model.errors import CaughtError
from collectors.model.records import EmfSample
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

MARK = '"_aws"'  # what every such line holds
MOST_VALUES = 100  # of one metric in a line
MOST_METRICS = 100  # of one directive
MOST_DIMENSIONS = 30  # of one set
LONGEST_NAME = 1_024
LONGEST_VALUE = 1_024  # of a dimension
BEFORE_MS, AFTER_MS = 14 * DAY_MS, 2 * HOUR_MS  # PutMetricData: how far a time may lie from now
LARGEST = 2.0**360
_PER_SECOND = (
    "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
    "Count",
)  # fmt: skip
UNITS = frozenset(
    (
        "Seconds",
        "Microseconds",
        "Milliseconds",
        "Percent",
        "None",
        *_PER_SECOND,
        *(f"{unit}/Second" for unit in _PER_SECOND),
    )
)
_MOST_BRACES = 8  # of a line's, at which its document may begin

Problem = tuple[str, str]
"""(reason, name): why something in a line is no metric, worded alike for all such lines, and the name it is about, or
"".
"""
Read = tuple[list[EmfSample], list[Problem]]


class _Invalid(CaughtError):
    """``args`` are the reason, and what it is about."""


def read(text: str, at_ms: int) -> Read:
    """The metrics of a line that was written at ``at_ms`` (epoch ms), and the invalid parts of it; two empty lists for
    other lines.
    """
    if "_aws" not in text:
        return [], []
    samples: list[EmfSample] = []
    problems: list[Problem] = []
    try:
        document = _document(text)
        if document is not None:
            moment, directives = _metadata(document["_aws"], at_ms)
            for directive in directives:
                _directive(document, directive, moment, samples, problems)
    except _Invalid as invalid:
        problems.append((str(invalid.args[0]), str(invalid.args[1])))
    return samples, problems


def _document(text: str) -> dict[str, Any] | None:
    """The line's JSON object that has ``_aws``, whatever stands before it."""
    start, decoded = text.find("{"), False
    for _ in range(_MOST_BRACES):
        if start < 0 or text.find("_aws", start) < 0:
            break
        try:
            document = json_value(text[start:] if start else text)
        except Unparsable:
            start = text.find("{", start + 1)
            continue
        decoded = True
        if isinstance(document.get("_aws"), dict):
            return dict(document)
        if _within(document.get("message")):
            raise _Invalid("within a log record's message, where CloudWatch reads no metrics", "")
        break
    if not decoded and MARK in text and '"CloudWatchMetrics"' in text:
        raise _Invalid("the line is no whole JSON object", "")
    return None


def _within(message: object) -> bool:
    if isinstance(message, str):
        if MARK not in message:
            return False
        try:
            message = json_value(message)
        except Unparsable:
            return False
    held = message.get("_aws") if isinstance(message, dict) else None
    return isinstance(held, dict) and "CloudWatchMetrics" in held


def _metadata(metadata: dict[str, Any], at_ms: int) -> tuple[int, list[Any]]:
    """The time of the values (epoch ms), and the directives."""
    directives = metadata.get("CloudWatchMetrics")
    if not isinstance(directives, list):
        raise _Invalid("_aws has no list of CloudWatchMetrics", "")
    moment = metadata.get("Timestamp")
    if type(moment) is float and moment.is_integer():
        moment = int(moment)
    if type(moment) is not int:
        raise _Invalid("_aws has no Timestamp in milliseconds", "")
    if not at_ms - BEFORE_MS <= moment <= at_ms + AFTER_MS:
        raise _Invalid("Timestamp is more than 2 weeks before its line, or 2 hours after it", "")
    return moment, directives


def _directive(
    document: dict[str, Any], directive: Any, moment: int, samples: list[EmfSample], problems: list[Problem]
) -> None:
    if not isinstance(directive, dict):
        problems.append(("a directive is no object", ""))
        return
    try:
        namespace = _name(directive.get("Namespace"), "a directive has no Namespace")
        metrics, dimensions = directive.get("Metrics"), directive.get("Dimensions")
        if not isinstance(metrics, list):
            raise _Invalid("a directive has no list of Metrics", namespace)
        if len(metrics) > MOST_METRICS:
            raise _Invalid(f"a directive has more than {MOST_METRICS} Metrics", namespace)
        if not isinstance(dimensions, list) or not dimensions:
            raise _Invalid("a directive has no list of Dimensions", namespace)
    except _Invalid as invalid:
        problems.append((str(invalid.args[0]), str(invalid.args[1])))
        return
    sets: dict[tuple[tuple[str, str], ...], None] = {}  # in order; a dimension set that is listed twice counts once
    for names in dimensions:
        try:
            sets[_dimensions(document, names)] = None
        except _Invalid as invalid:
            problems.append((str(invalid.args[0]), str(invalid.args[1])))
    for definition in metrics:
        try:
            metric, unit, values = _metric(document, definition)
        except _Invalid as invalid:
            problems.append((str(invalid.args[0]), str(invalid.args[1])))
            continue
        samples += [EmfSample(namespace, metric, unit, each, moment, values) for each in sets]


def _dimensions(document: dict[str, Any], names: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(names, list):
        raise _Invalid("a set of dimensions is no list", "")
    if len(names) > MOST_DIMENSIONS:
        raise _Invalid(f"a set has more than {MOST_DIMENSIONS} dimensions", "")
    dimensions: dict[str, str] = {}
    for name in names:
        name = _name(name, "a dimension has no name")
        value = document.get(name)
        if value is None:
            raise _Invalid("a dimension is not among the line's members", name)
        if not isinstance(value, str) or not value.strip():
            raise _Invalid("a dimension's value is no text", name)
        if len(value) > LONGEST_VALUE:
            raise _Invalid(f"a dimension's value is longer than {LONGEST_VALUE:,} characters", name)
        dimensions[name] = value
    return tuple(sorted(dimensions.items()))


def _metric(document: dict[str, Any], definition: Any) -> tuple[str, str, tuple[float, ...]]:
    if not isinstance(definition, dict):
        raise _Invalid("a metric is no object", "")
    name = _name(definition.get("Name"), "a metric has no Name")
    unit = definition.get("Unit", "None")
    if not isinstance(unit, str) or unit not in UNITS:
        raise _Invalid("a metric's Unit is none of CloudWatch's", name)
    resolution = definition.get("StorageResolution", 60)
    if type(resolution) is not int or resolution not in (1, 60):
        raise _Invalid("a metric's StorageResolution is neither 1 nor 60", name)
    listed = document.get(name)
    if listed is None:
        raise _Invalid("a metric is not among the line's members", name)
    values = listed if isinstance(listed, list) else [listed]
    if not 0 < len(values) <= MOST_VALUES:
        raise _Invalid(f"a metric's list has no value, or more than {MOST_VALUES}", name)
    if not all(type(value) in (int, float) for value in values):
        raise _Invalid("a metric's value is neither a number nor a list of numbers", name)
    if not all(-LARGEST <= value <= LARGEST for value in values):
        raise _Invalid("a metric's value is not between -2^360 and 2^360", name)
    return name, unit, tuple(map(float, values))


def _name(name: Any, missing: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise _Invalid(missing, "")
    if len(name) > LONGEST_NAME:
        raise _Invalid(f"a name is longer than {LONGEST_NAME:,} characters", name[:80])
    return name
