"""One JSON object as a log event, whatever its exporter called the keys."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from collectors.log_files.payloads import payload_of
from collectors.log_files.refused import refusal
from collectors.log_files.shipper_names import MESSAGES, TIMES, Names, is_said, letters, message_of, names_in, time_of
from collectors.log_files.table_json import rows_of, untyped
from collectors.log_files.timestamps import FIRST_MS, LAST_MS, BadTimestamp, epoch_ms, time_in_text
from collectors.model import LogEvent
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_or_text, json_value

TIME_KEYS = ("timestamp", "@timestamp", "time", "ts", "timestamp_ms", "timestampMs", "date", "_time")
MESSAGE_KEYS = ("message", "@message", "log", "msg", "text", "_raw", "body", "line")
GROUP_KEYS = (
    "logGroup", "logGroupName", "log_group", "log_group_name", "logGroupIdentifier", "logGroupArn", "@log", "group",
)  # fmt: skip
STREAM_KEYS = ("logStreamName", "logStream", "log_stream", "log_stream_name", "@logStream", "stream")
ID_KEYS = ("eventId", "event_id", "id", "@ptr")
FUNCTION_KEYS = ("function", "functionName", "function_name")
ACCOUNT_KEYS = ("account", "accountId", "account_id", "owner")
REGION_KEYS = ("region", "awsRegion", "aws_region")
_SPELLINGS = (
    TIME_KEYS,
    MESSAGE_KEYS,
    GROUP_KEYS,
    STREAM_KEYS,
    ID_KEYS,
    FUNCTION_KEYS,
    ACCOUNT_KEYS,
    REGION_KEYS,
)
CONTAINERS = ("events", "results", "logEvents", "Events", "LogEvents")
# Where the answers of search engines (Elasticsearch, Loki, Splunk, Datadog) keep what was found.
_WRAPPERS = (
    "hits", "_source", "messages", "map", "fields", "matches", "data", "result", "attributes", "content", "logs",
    "response", "responses", "rawResponse", "records", "Records", "rows", "items", "entries", "streams", "queryResults",
    "actor", "account", "nrql", "telemetry", "batch", "tables", "logEvent", "payload", "detail", "sessionUpdate",
    "sessionResults", "frames", "Items", "datarows",
)  # fmt: skip
_TEXTS_OF_JSON = ("userData", "payload", "value")
_OUTSIDE = " outside"  # in an envelope: what stands beside a wrapped event, which may say when it was
_DEEPEST = 40  # levels of wrapping
_NO_STREAMS = frozenset({"stdout", "stderr"})  # a container's outputs, of one execution environment
# What a runtime's own JSON line has and an exporter's envelope has not.
OWN_KEYS = frozenset(
    {"level", "log_level", "requestId", "AWSRequestId", "aws_request_id", "function_request_id", "errorType", "record"}
)
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+")
_DAY = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d|\d\d?[-/.]\d\d?[-/.]\d{4}")
_CLOCK = re.compile(r"\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?[AaPp][Mm])?Z?")
_GROUP = re.compile(r"(?:\d{12}:)?/aws/lambda/[\w./-]+\Z|arn:[\w-]+:logs:")
# How Lambda and its runtimes begin a text: a shipper that adds a level of its own keeps it whole.
_LAMBDA_TEXT = re.compile(
    r"(?:START|END|REPORT) RequestId: |INIT_START |(?:INIT|RESTORE)_REPORT |RESTORE_START "
    r"|\{\"time\": ?\"[^\"]*\", ?\"type\": ?\"platform\.|RequestId: \S+ (?:Error: |Process exited)|\[[A-Z]+\]\t"
    r"|\[ERROR\] \w|\d{4}-\d\d-\d\dT[\d:.]+Z(?:\t(?:[0-9a-f-]{36}|undefined)\t| [0-9a-f-]{36} Task timed out)"
)


_AROUND = frozenset({*GROUP_KEYS[:-1], *STREAM_KEYS[:-1], *FUNCTION_KEYS, *ACCOUNT_KEYS, *REGION_KEYS})


class NotAnEvent(ValueError):
    """An object that is no log event; the text is the reason for the reject."""


def first(line: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The first of ``keys`` that has a text; empty if none has."""
    for key in keys:
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def is_container(line: Mapping[str, Any]) -> bool:
    """Whether an object holds events rather than being one: CLI output, a subscription record."""
    return "messageType" in line or any(isinstance(line.get(key), list) for key in CONTAINERS)


def is_metrics(line: Mapping[str, Any]) -> bool:
    """Whether an object is a program's metrics (Embedded Metric Format), whose members are named as it likes.

    A shipper that has read such a line gives its members beside the text.
    """
    if not isinstance(line.get("_aws"), dict):
        return False
    return not any("_aws" in text for key in MESSAGE_KEYS if isinstance(text := line.get(key), str))


def contents(
    line: Any, envelope: Mapping[str, Any], depth: int = 0, said: str = ""
) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The single events in a decoded value, each with what its surroundings say of group, stream and account.

    What a payload holds as plain lines is given as ``Text``. ``said`` is as of ``message_of``.
    """
    if depth > _DEEPEST:
        yield None, envelope
    elif isinstance(line, dict) and is_metrics(line):
        yield line, envelope
    elif isinstance(line, dict) and _is_remark(line):
        return
    elif isinstance(line, dict) and (inside := payload_of(line)) is not None:
        for inner in inside:
            yield from contents(inner, envelope, depth + 1, said)
    elif isinstance(line, dict) and is_container(line):
        if line.get("messageType") == "CONTROL_MESSAGE":
            return
        around = {**envelope, **{key: value for key, value in line.items() if key not in CONTAINERS}}
        for key in CONTAINERS:
            if isinstance(held := line.get(key), list):
                for inner in held:
                    yield from contents(None if isinstance(inner, str) else inner, around, depth + 1, said)
    elif isinstance(line, list) and (row := _row(line)) is not None:
        yield row, envelope
    elif isinstance(line, list) and not _is_insights_row(line):
        for inner in line:
            yield from contents(inner, envelope, depth + 1, said)
    elif isinstance(line, dict) and (inner := _wrapped(line, said)) is not None:
        yield from contents(inner, {**envelope, **_labels(line, inner)}, depth + 1, said)
    else:
        yield line, envelope


def _is_remark(line: Mapping[str, Any]) -> bool:
    """Whether it only speaks of the lines around it: where OpenSearch is to index the next one, that Live Tail began,
    which file ripgrep searches."""
    if line.keys() == {"type", "data"}:
        return line["type"] in ("begin", "end", "summary")
    if len(line) != 1:
        return False
    key, value = next(iter(line.items()))
    if key == "sessionStart":
        return True
    return key in ("index", "create") and isinstance(value, dict) and value.keys() <= {"_index", "_id", "_type"}


def _row(line: list[Any]) -> dict[str, Any] | None:
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
    """What an object says that only wraps it; None for an event, and for a line of a program."""
    if said_by and any(is_said(letters(key), said_by) and isinstance(value, str) for key, value in line.items()):
        return None
    said = [line[key] for key in MESSAGE_KEYS[:-1] if key in line]
    if not OWN_KEYS.isdisjoint(line) or any(not isinstance(each, dict | list) or _is_texts(each) for each in said):
        return None
    if any(isinstance(value, str) and value and letters(key) in MESSAGES for key, value in line.items()):
        return None
    if said and not any(isinstance(each, dict) and "message" in each for each in said):
        return None
    if (rows := rows_of(line)) is not None:
        return rows
    values = line.get("values")
    if isinstance(values, list) and isinstance(line.get("stream"), dict):  # Loki: pairs of nanoseconds and text
        pairs = (each for each in values if isinstance(each, list) and len(each) > 1)
        return [{"timestamp": each[0], "message": each[1]} for each in pairs]
    inner = next((line[key] for key in _WRAPPERS if isinstance(line.get(key), dict | list)), None)
    if inner is None and len(line) == 1 and isinstance(only := next(iter(line.values())), dict | list):
        return only
    if inner is None and not said:
        inner = next((value for value in line.values() if isinstance(value, dict | list) and _holds(value, 0)), None)
    if inner is None and said:
        return next(each for each in said if isinstance(each, dict))
    if inner is None and isinstance(event := line.get("event"), dict) and first(event, MESSAGE_KEYS):
        return event  # Splunk's collector
    return _spelled_out(line) if inner is None else inner


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


def _is_texts(value: object) -> bool:
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
        return {**known, _OUTSIDE: line} if timed else known
    return _named(names_in({"labels": labels}))


def _named(found: Names) -> dict[str, Any]:
    named = {"logGroup": found.group, "logStream": found.stream, "functionName": found.function}
    return {key: value for key, value in named.items() if value}


def _is_insights_row(line: list[Any]) -> bool:
    return bool(line) and all(isinstance(cell, dict) and "field" in cell for cell in line)


def event_of(line: Any, envelope: Mapping[str, Any], raw: str, said: str = "") -> tuple[LogEvent, bool]:
    """The event, and whether its time is known. ``raw`` is the object's text, where the object itself is the message.
    ``said`` is as of ``message_of``.

    Raises ``NotAnEvent`` or ``BadTimestamp``.
    """
    if isinstance(line, list) and _is_insights_row(line):
        line = {str(cell["field"]): cell.get("value") for cell in line}
    if isinstance(line, str) and line.strip():
        line, raw = {"message": line}, ""
    if not isinstance(line, dict):
        raise NotAnEvent("JSON that is no log event")
    if any(type(value) is dict for value in line.values()):
        line = untyped(line)
    if line.get("type") in ("function", "extension") and line.get("record"):
        line, raw = _printed(line), ""
    times, messages, groups, streams, ids, functions, accounts, regions = _present(tuple(line))
    function, account, region = first(line, functions), first(line, accounts), first(line, regions)
    group, stream, event_id = first(line, groups), first(line, streams), first(line, ids)
    if stream in _NO_STREAMS:
        stream = ""
    message = next((line[key] for key in messages if line[key] is not None), None)
    if isinstance(message, list) and _is_texts(message):
        message = message[0]  # Elasticsearch gives fields as lists
    is_platform = isinstance(kind := line.get("type"), str) and kind.startswith("platform.")
    told = Names()
    if not is_platform and not group and not function:
        told = names_in({key: value for key, value in line.items() if value is not message})
    unknown = said if message is None and not is_platform else ""
    if message is None and not is_platform and (unknown or OWN_KEYS.isdisjoint(line)):
        message = message_of(line, said)
        if message is None and len(line) <= 5 and all(len(key) <= 3 for key in line):
            row = _row(list(line.values()))  # --query 'events[].{t:timestamp,m:message}'
            if row is not None:
                return event_of(row, envelope, "")
    enveloped = bool(group or stream or event_id or function or told.group or told.stream or unknown)
    if _is_own_line(line, enveloped, message):
        text, event_id, told = raw or encoded(line), "", Names()
        function, account, region = _from_arn(line)
        if is_metrics(line):
            group = stream = ""
    elif message is None:
        raise NotAnEvent(_without_message(line))
    else:
        text = message if isinstance(message, str) else encoded(message)
        group, stream, function = group or told.group, stream or told.stream, function
        function = function or ("" if "/aws/lambda/" in group else told.function)
        account, region = account or told.account, region or told.region
    try:
        timestamp_ms = _moment_of(line, times, text, envelope.get(_OUTSIDE))
    except BadTimestamp:
        if not unknown:
            raise
        timestamp_ms = None  # a number that counts something else
    if envelope:
        group, stream = group or first(envelope, GROUP_KEYS), stream or first(envelope, STREAM_KEYS)
        account, region = account or first(envelope, ACCOUNT_KEYS), region or first(envelope, REGION_KEYS)
        function = function or first(envelope, FUNCTION_KEYS)
    names = [whole(name) if name else "" for name in (group, stream, event_id, function, account, region)]
    event = LogEvent(timestamp_ms or 0, whole(text), *names)
    return event, timestamp_ms is not None


def unnest(event: LogEvent) -> None:
    """Takes the text out of a message that is a shipper's JSON again, with what that says of group and function."""
    if event.message[:1] != "{":
        return
    try:
        inner = json_value(event.message)
    except Unparsable:
        return
    message = first(inner, MESSAGE_KEYS) if isinstance(inner, dict) else ""
    if not message or not (_LAMBDA_TEXT.match(message) or OWN_KEYS.isdisjoint(inner)):
        return
    told = names_in({key: value for key, value in inner.items() if value is not message})
    event.message = message
    event.log_group, event.log_stream = event.log_group or told.group, event.log_stream or told.stream
    event.function = event.function or ("" if event.log_group else told.function)


def _moment_of(
    line: Mapping[str, Any], times: tuple[str, ...], text: str, outside: Mapping[str, Any] | None
) -> int | None:
    """When an event happened: what its own keys say, else a shipper's, those outside too, else the text.

    Raises ``BadTimestamp``.
    """
    moment = next((line[key] for key in times if line[key] not in (None, "")), None)
    if isinstance(moment, list) and len(moment) == 1:
        moment = moment[0]
    if isinstance(moment, str) and 4 < len(moment) < 16:
        moment = _day_and_clock(line) or moment
    if moment is None:
        moment = time_of(line)
    if moment is None and outside is not None:
        beside = {key: each for key, each in outside.items() if key == "metadata" or not isinstance(each, dict | list)}
        moment = time_of(beside)
    if moment is None:
        return time_in_text(text)
    try:
        return epoch_ms(moment)
    except BadTimestamp:
        if isinstance(moment, int | float) or (other := time_of(line)) is None:
            raise
        return epoch_ms(other)


def _day_and_clock(line: Mapping[str, Any]) -> str:
    """The time of an event whose day and clock are fields of their own; empty where they are not."""
    day = clock = ""
    for key, value in line.items():
        if (
            isinstance(value, str)
            and len(value) < 20
            and letters(key).endswith(("date", "day", "time", "timestamp", "clock"))
        ):
            day = value if not day and _DAY.fullmatch(value) else day
            clock = value if not clock and _CLOCK.fullmatch(value) else clock
    return f"{day} {clock}" if day and clock else ""


def _printed(line: dict[str, Any]) -> dict[str, Any]:
    """What a function or an extension printed, out of the Telemetry API's envelope."""
    record, moment = line["record"], line.get("time")
    return {"timestamp": moment, **record} if isinstance(record, dict) else {"timestamp": moment, "message": record}


def _without_message(line: Mapping[str, Any]) -> str:
    return refusal(line) or "JSON without a message"


@lru_cache(maxsize=1024)
def _present(keys: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """For each field of an event, which of its spellings an object with these keys has."""
    return tuple(tuple(key for key in spellings if key in keys) for spellings in _SPELLINGS)


def _is_own_line(line: dict[str, Any], enveloped: bool, message: object) -> bool:
    """Whether the object is itself what Lambda or a runtime printed in its JSON log format."""
    kind = line.get("type")
    if isinstance(kind, str) and kind.startswith("platform."):
        return True
    if is_metrics(line):
        return True
    if enveloped or (isinstance(message, str) and _LAMBDA_TEXT.match(message)):
        return False
    return not OWN_KEYS.isdisjoint(line) or isinstance(message, dict)


def _from_arn(line: dict[str, Any]) -> tuple[str, str, str]:
    record = line.get("record")
    if isinstance(record, dict) and line.get("type") == "platform.initStart" and "functionArn" not in record:
        name = record.get("functionName")
        return (name if isinstance(name, str) else "", "", "")
    arn = record.get("functionArn") if isinstance(record, dict) else None
    parts = arn.split(":") if isinstance(arn, str) else []
    return (parts[6], parts[4], parts[3]) if len(parts) > 6 and parts[5] == "function" else ("", "", "")


def encoded(value: object) -> str:
    return json_or_text(value)


def whole(text: str) -> str:
    """``text`` without lone surrogates, which JSON can spell and UTF-8 cannot."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
