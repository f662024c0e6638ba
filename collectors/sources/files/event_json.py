"""One JSON object as a log event, whatever its exporter called the keys."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from collectors.model.errors import CaughtError
from collectors.model.records import LogEvent
from collectors.sources.files.event_keys import (
    ACCOUNT_KEYS,
    FUNCTION_KEYS,
    GROUP_KEYS,
    ID_KEYS,
    MESSAGE_KEYS,
    OWN_KEYS,
    REGION_KEYS,
    STREAM_KEYS,
    TIME_KEYS,
    first,
    is_metrics,
)
from collectors.sources.files.refused import refusal
from collectors.sources.files.table_json import untyped
from collectors.sources.files.wrappings import OUTSIDE, is_insights_row, is_texts, row_of
from collectors.sources.inputs.platform_heads import HEADS
from collectors.sources.inputs.shipper_names import Names, letters, message_of, names_in, time_of
from collectors.sources.inputs.timestamps import BadTimestamp, epoch_ms, time_in_text
from collectors.untrusted import Unparsable, storable
from collectors.untrusted_json import json_or_text, json_value

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
_NO_STREAMS = frozenset({"stdout", "stderr"})  # a container's outputs, of one execution environment
_DAY = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d|\d\d?[-/.]\d\d?[-/.]\d{4}")
_CLOCK = re.compile(r"\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?[AaPp][Mm])?Z?")
# How Lambda and its runtimes begin a text: a shipper that adds a level of its own keeps it whole.
_LAMBDA_TEXT = re.compile(
    rf"{HEADS}"
    r"|\{\"time\": ?\"[^\"]*\", ?\"type\": ?\"platform\.|RequestId: \S+ (?:Error: |Process exited)|\[[A-Z]+\]\t"
    r"|\[ERROR\] \w|\d{4}-\d\d-\d\dT[\d:.]+Z(?:\t(?:[0-9a-f-]{36}|undefined)\t| [0-9a-f-]{36} Task timed out)"
)


class NotAnEvent(CaughtError, ValueError):
    """An object that is no log event; the text is the reason for the reject."""


def event_of(line: Any, envelope: Mapping[str, Any], raw: str, platform_key: str = "") -> tuple[LogEvent, bool]:
    """The event, and whether its time is known. ``raw`` is the object's text, where the object itself is the message.
    ``platform_key`` is as of ``message_of``.

    Raises ``NotAnEvent`` or ``BadTimestamp``.
    """
    if isinstance(line, list) and is_insights_row(line):
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
    if isinstance(message, list) and is_texts(message):
        message = message[0]  # Elasticsearch gives fields as lists
    is_platform = isinstance(kind := line.get("type"), str) and kind.startswith("platform.")
    names_around = Names()
    if not is_platform and not group and not function:
        names_around = names_in({key: value for key, value in line.items() if value is not message})
    unknown = platform_key if message is None and not is_platform else ""
    if message is None and not is_platform and (unknown or OWN_KEYS.isdisjoint(line)):
        message = message_of(line, platform_key)
        if message is None and len(line) <= 5 and all(len(key) <= 3 for key in line):
            row = row_of(list(line.values()))  # --query 'events[].{t:timestamp,m:message}'
            if row is not None:
                return event_of(row, envelope, "")
    enveloped = bool(group or stream or event_id or function or names_around.group or names_around.stream or unknown)
    if _is_own_line(line, enveloped, message):
        text, event_id, names_around = raw or encoded(line), "", Names()
        function, account, region = _from_arn(line)
        if is_metrics(line):
            group = stream = ""
    elif message is None:
        raise NotAnEvent(_without_message(line))
    else:
        text = message if isinstance(message, str) else encoded(message)
        group, stream, function = group or names_around.group, stream or names_around.stream, function
        function = function or ("" if "/aws/lambda/" in group else names_around.function)
        account, region = account or names_around.account, region or names_around.region
    try:
        timestamp_ms = _moment_of(line, times, text, envelope.get(OUTSIDE))
    except BadTimestamp:
        if not unknown:
            raise
        timestamp_ms = None  # a number that counts something else
    if envelope:
        group, stream = group or first(envelope, GROUP_KEYS), stream or first(envelope, STREAM_KEYS)
        account, region = account or first(envelope, ACCOUNT_KEYS), region or first(envelope, REGION_KEYS)
        function = function or first(envelope, FUNCTION_KEYS)
    names = [storable(name) if name else "" for name in (group, stream, event_id, function, account, region)]
    event = LogEvent(timestamp_ms or 0, storable(text), *names)
    return event, timestamp_ms is not None


def unnest(event: LogEvent) -> None:
    """Takes the text out of a message that is itself a shipper's JSON, with the group and function
    that the JSON names.
    """
    if event.message[:1] != "{":
        return
    try:
        inner = json_value(event.message)
    except Unparsable:
        return
    message = first(inner, MESSAGE_KEYS) if isinstance(inner, dict) else ""
    if not message or not (_LAMBDA_TEXT.match(message) or OWN_KEYS.isdisjoint(inner)):
        return
    names = names_in({key: value for key, value in inner.items() if value is not message})
    event.message = message
    event.log_group, event.log_stream = event.log_group or names.group, event.log_stream or names.stream
    event.function = event.function or ("" if event.log_group else names.function)


def _moment_of(
    line: Mapping[str, Any], times: tuple[str, ...], text: str, outside: Mapping[str, Any] | None
) -> int | None:
    """The time of an event (epoch ms): by its own keys, else a shipper's, those around the event included, else by its
    text; None where nothing has it.

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
    """Whether the object is itself a line that Lambda or a runtime printed in its JSON log format."""
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
    """A value as JSON, or as Python prints it where it cannot be JSON."""
    return json_or_text(value)
