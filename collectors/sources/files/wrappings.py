"""Unwraps single events: from CLI answers, subscription records, search engines' hits, rows of cells."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.sources.files.event_keys import (
    ACCOUNT_KEYS,
    CONTAINERS,
    FUNCTION_KEYS,
    GROUP_KEYS,
    MESSAGE_KEYS,
    OWN_KEYS,
    REGION_KEYS,
    STREAM_KEYS,
    TIME_KEYS,
    first,
    is_metrics,
)
from collectors.sources.files.payloads import CutPayload, payload_of
from collectors.sources.files.table_json import framed, rows_of
from collectors.sources.inputs.shipper_names import MESSAGES, TIMES, Names, is_said, letters, names_in
from collectors.sources.inputs.timestamps import FIRST_MS, LAST_MS, BadTimestamp, epoch_ms
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

# Where the answers of search engines (Elasticsearch, Loki, Splunk, Datadog) keep what was found.
_WRAPPERS = (
    "hits", "_source", "messages", "map", "fields", "matches", "data", "result", "attributes", "content", "logs",
    "response", "responses", "rawResponse", "records", "Records", "rows", "items", "entries", "streams", "queryResults",
    "actor", "account", "nrql", "telemetry", "batch", "tables", "logEvent", "payload", "detail", "sessionUpdate",
    "sessionResults", "frames", "Items", "datarows",
)  # fmt: skip
_TEXTS_OF_JSON = ("userData", "payload", "value")
OUTSIDE = " outside"  # in an envelope: what stands beside a wrapped event, which may say when it was
_DEEPEST = 40  # levels of wrapping
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+")
_GROUP = re.compile(r"(?:\d{12}:)?/aws/lambda/[\w./-]+\Z|arn:[\w-]+:logs:")
_AROUND = frozenset({*GROUP_KEYS[:-1], *STREAM_KEYS[:-1], *FUNCTION_KEYS, *ACCOUNT_KEYS, *REGION_KEYS})


def is_container(line: Mapping[str, Any]) -> bool:
    """Whether an object holds events rather than being one: CLI output, a subscription record."""
    return "messageType" in line or any(isinstance(line.get(key), list) for key in CONTAINERS)


def contents(
    line: Any, envelope: Mapping[str, Any], depth: int = 0, platform_key: str = ""
) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The single events in a decoded value, each with what its surroundings say of group, stream and account.

    What a payload holds as plain lines is given as ``Text``. ``platform_key`` is as of ``message_of``.
    """
    if depth > _DEEPEST:
        yield None, envelope
    elif isinstance(line, CutPayload) or (isinstance(line, dict) and is_metrics(line)):
        yield line, envelope
    elif isinstance(line, dict) and _is_remark(line):
        return
    elif isinstance(line, dict) and (inside := payload_of(line)) is not None:
        for inner in inside:
            yield from contents(inner, envelope, depth + 1, platform_key)
    elif isinstance(line, dict) and is_container(line):
        if line.get("messageType") == "CONTROL_MESSAGE":
            return
        around = {**envelope, **{key: value for key, value in line.items() if key not in CONTAINERS}}
        for key in CONTAINERS:
            if isinstance(held := line.get(key), list):
                for inner in held:
                    yield from contents(None if isinstance(inner, str) else inner, around, depth + 1, platform_key)
    elif isinstance(line, list) and (row := row_of(line)) is not None:
        yield row, envelope
    elif isinstance(line, list) and not is_insights_row(line):
        for inner in line:
            yield from contents(inner, envelope, depth + 1, platform_key)
    elif isinstance(line, dict) and (inner := _wrapped(line, platform_key)) is not None:
        yield from contents(inner, {**envelope, **_labels(line, inner)}, depth + 1, platform_key)
    else:
        yield line, envelope


def _is_remark(line: Mapping[str, Any]) -> bool:
    """Whether an object is only about the lines around it: where OpenSearch is to index the next one, that Live Tail
    began, which file ripgrep searches.
    """
    if line.keys() == {"type", "data"}:
        return line["type"] in ("begin", "end", "summary")
    if len(line) != 1:
        return False
    key, value = next(iter(line.items()))
    if key == "sessionStart":
        return True
    return key in ("index", "create") and isinstance(value, dict) and value.keys() <= {"_index", "_id", "_type"}


def row_of(line: list[Any]) -> dict[str, Any] | None:
    """A row of plain values, as ``--query 'events[].[timestamp,message]'`` gives; None where no cell is a time."""
    if not 2 <= len(line) <= 12 or not all(isinstance(cell, str | int | float) for cell in line):
        return None
    row: dict[str, Any] = {}
    for cell in line:
        if isinstance(cell, str) and _STREAM.fullmatch(cell):
            row["logStreamName"] = cell
        elif isinstance(cell, str) and _GROUP.match(cell):
            row["logGroup"] = cell
        elif _is_moment(cell):
            row.setdefault("timestamp", cell)
        elif isinstance(cell, str) and (cell.isdigit() and len(cell) > 30):
            row["eventId"] = cell
        elif isinstance(cell, str) and len(cell) >= len(row.get("message", "")):
            row["message"] = cell
    return row if {"timestamp", "message"} <= row.keys() else None


def _is_moment(cell: object) -> bool:
    if isinstance(cell, str) and (not cell[:1].isdigit() or len(cell) > 40):
        return False
    try:
        return FIRST_MS <= epoch_ms(cell) < LAST_MS
    except BadTimestamp:
        return False


def _wrapped(line: Mapping[str, Any], said_by: str = "") -> Any:
    """The content of an object that only wraps it; None for an event, and for a line of a program."""
    if (held := _answered(line)) is not None:
        return held
    if said_by and any(is_said(letters(key), said_by) and isinstance(value, str) for key, value in line.items()):
        return None
    if (frame := framed(line)) is not None:
        return _of_columns(frame)
    messages = [line[key] for key in MESSAGE_KEYS[:-1] if key in line]
    if not OWN_KEYS.isdisjoint(line) or any(not isinstance(each, dict | list) or is_texts(each) for each in messages):
        return None
    if any(isinstance(value, str) and value and letters(key) in MESSAGES for key, value in line.items()):
        return None
    if messages and not any(isinstance(each, dict) and "message" in each for each in messages):
        return None
    if (rows := rows_of(line)) is not None:
        return _of_columns(rows)
    values = line.get("values")
    if isinstance(values, list) and isinstance(line.get("stream"), dict):  # Loki: pairs of nanoseconds and text
        pairs = (each for each in values if isinstance(each, list) and len(each) > 1)
        return [{"timestamp": each[0], "message": each[1]} for each in pairs]
    inner = next((line[key] for key in _WRAPPERS if isinstance(line.get(key), dict | list)), None)
    if inner is None and len(line) == 1 and isinstance(only := next(iter(line.values())), dict | list):
        return only
    if inner is None and not messages:
        inner = next((value for value in line.values() if isinstance(value, dict | list) and _holds(value, 0)), None)
    if inner is None and messages:
        return next(each for each in messages if isinstance(each, dict))
    if inner is None and isinstance(event := line.get("event"), dict) and first(event, MESSAGE_KEYS):
        return event  # Splunk's collector
    return _spelled_out(line) if inner is None else inner


def _answered(line: Mapping[str, Any]) -> Any:
    """The log events that an answer holds beside its words: ``{"message": "fetched", "data": {"events": [...]}}``."""
    if not isinstance(line.get("message"), str) or any(key in line for key in (*TIME_KEYS, "level")):
        return None
    for value in line.values():
        if isinstance(value, dict) and (held := next((value[key] for key in CONTAINERS if key in value), None)):
            event = held[0] if isinstance(held, list) else None
            if isinstance(event, dict) and any(key in event for key in TIME_KEYS) and first(event, MESSAGE_KEYS):
                return value
    return None


def _of_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a table, of which no column makes a line a runtime's own."""
    if not rows or OWN_KEYS.isdisjoint(rows[0]):
        return rows
    return [{f"column.{name}" if name in OWN_KEYS else name: cell for name, cell in row.items()} for row in rows]


def _holds(value: Any, depth: int) -> bool:
    """Whether a value under a key that nobody knows is an event with its time, or holds such."""
    if isinstance(value, list):
        return bool(value) and depth < 4 and _holds(value[0], depth + 1)
    if not isinstance(value, dict):
        return False
    if first(value, MESSAGE_KEYS) and any(key in value for key in TIME_KEYS):
        return OWN_KEYS.isdisjoint(value)
    return depth < 4 and any(_holds(inner, depth + 1) for inner in value.values() if isinstance(inner, dict | list))


def _spelled_out(line: Mapping[str, Any]) -> Any:
    """The event that a shipper wrapped as the text of a JSON object, as Coralogix does; None where there is none."""
    text = first(line, _TEXTS_OF_JSON)
    if not text.startswith("{"):
        return None
    try:
        inner = json_value(text)
    except Unparsable:
        return None
    return inner if first(inner, MESSAGE_KEYS) else None


def is_texts(value: object) -> bool:
    """Whether a value is a list of one text, as Elasticsearch gives fields."""
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)


def _labels(line: Mapping[str, Any], inner: Any) -> dict[str, Any]:
    """What the labels of a Loki stream name, and what stands beside a shipper's wrapped event."""
    labels = line.get("stream")
    if not isinstance(labels, dict):
        plain = {key: value for key, value in line.items() if isinstance(value, str) and value}
        known = {key: value for key, value in plain.items() if key in _AROUND}
        timed = any(letters(key) in TIMES or key == "metadata" for key in line)
        beside = {key: each for key, each in line.items() if isinstance(each, dict) and each is not inner}
        known = {**_named(names_in(beside)), **known} if beside else known
        return {**known, OUTSIDE: line} if timed else known
    return _named(names_in({"labels": labels}))


def _named(found: Names) -> dict[str, Any]:
    named = {"logGroup": found.group, "logStream": found.stream, "functionName": found.function}
    return {key: value for key, value in named.items() if value}


def is_insights_row(line: list[Any]) -> bool:
    """Whether a list is a row of Logs Insights' answer: cells with ``field`` and ``value``."""
    return bool(line) and all(isinstance(cell, dict) and "field" in cell for cell in line)
