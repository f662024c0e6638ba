"""Finds what shippers say about an event: in nested objects, dotted keys, labels and tags, each spelled in its own way.

Keys are compared by their letters only, and by their ends: ``aws.cloudwatch.log_group``, ``aws.logGroup`` and
``cloudwatch.log.group.name`` all name a group. A value that can only be one thing (``/aws/lambda/x``, a stream, an ARN)
counts as that under any key.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from collectors.sources.inputs.timestamps import BadTimestamp, epoch_ms

_DEPTH, _LEAVES = 8, 400
_GROUP_ENDS = ("loggroup", "loggroupname", "loggrouparn", "loggroupidentifier", "loggroupnames", "loggrouparns",
    "awslogsgroup")  # fmt: skip
_STREAM_ENDS = ("logstream", "logstreamname", "logstreamnames", "awslogsstream")
_FUNCTION_ENDS = ("functionname", "faasname", "lambdafunction", "lambdaname", "awslambda")
_FUNCTION_KEYS = frozenset({"fn", "function", "lambda"})
_ACCOUNT_ENDS = ("accountid", "awsaccount", "cloudaccount")
_REGION_ENDS = ("awsregion", "cloudregion")
MESSAGES = ("message", "msg", "log", "text", "raw", "body", "line", "eventoriginal", "logmessage", "fullmessage",
    "shortmessage", "textpayload", "rawmessage", "rawlog", "logline", "content", "messagemessage", "data", "event",
    "eventmessage", "m", "mt",
)  # fmt: skip
TIMES = ("timestamp", "time", "ts", "timestampms", "eventtime", "messagetime", "datetime", "date", "realtimetimestamp",
    "sourcerealtimetimestamp", "generatedat", "receivedat", "createdat", "logtime", "timeunixnano",
    "observedtimeunixnano", "tsns", "timens", "eventtimestamp", "dateutc", "dt", "timegenerated",
    "dateandtime", "timeutc", "when",
    "messagetimestamp", "metadatatimestamp", "coralogixtimestamp", "ptimestamp", "t",
)  # fmt: skip
_GROUP = re.compile(r"(?:\d{12}:|arn:[\w-]+:logs:[\w-]*:\d*:log-group:)?/aws/lambda/[\w./-]+(?::\*)?")
_STREAM = re.compile(r"\d{4}/\d\d/\d\d/[^\s\[]*\[[^\]\s]+\][0-9A-Za-z]+")
_ARN = re.compile(r"arn:[\w-]+:lambda:([\w-]*):(\d*):function:([\w-]+)(?::[\w$-]+)?")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_LABEL = re.compile(r'([\w.]+)\s*(?:=~?|:)\s*"?([^\s",{}=]+)')


class Names(NamedTuple):
    """The names that an event's surroundings give; empty where they give none."""

    group: str = ""
    stream: str = ""
    function: str = ""
    account: str = ""
    region: str = ""


@lru_cache(maxsize=4096)
def letters(key: str) -> str:
    """A key without case and punctuation: ``@logStream`` and ``LOG_STREAM`` are one."""
    return "".join(character for character in key.lower() if character.isalnum())


def names_in(line: Mapping[str, Any]) -> Names:
    """What the keys and values of ``line`` name, those within it included."""
    group = stream = function = account = region = service = ""
    for path, value in leaves(line):
        if not isinstance(value, str) or not value or len(value) > 600:
            continue
        if (arn := _ARN.fullmatch(value)) is not None:
            region, account, function = region or arn[1], account or arn[2], function or arn[3]
        elif path.endswith(_GROUP_ENDS) or _GROUP.fullmatch(value):
            group = group or value.removesuffix(":*")
        elif path.endswith(_STREAM_ENDS) or _STREAM.fullmatch(value):
            stream = stream or value
        elif path.endswith(_FUNCTION_ENDS) or path in _FUNCTION_KEYS or path.endswith(("labelsfn", "labelsfunction")):
            function = function or value
        elif path.endswith(_ACCOUNT_ENDS) and value.isdigit():
            account = account or value
        elif path.endswith(_REGION_ENDS) or (path.endswith("region") and _REGION.fullmatch(value)):
            region = region or value
        elif path in ("service", "servicename") or path.endswith("attributesservicename"):
            service = value
    if not group and not function and service and service != "lambda" and _is_lambda_of(line):
        function = service
    return Names(group, stream, function, account, region)


def _is_lambda_of(line: Mapping[str, Any]) -> bool:
    """Whether a ``service`` beside the event is the function's name: Datadog's forwarder says so."""
    return any(letters(key) in ("host", "ddsource", "ddtags") for key in line)


def message_of(line: Mapping[str, Any], platform_key: str = "") -> object:
    """The event's text, found under whatever key the shipper gave it; None where no key is like one for a text.

    ``platform_key`` is the key whose values are Lambda's own lines in this file, where it is none of the known keys.
    """
    if (platform_key in MESSAGES or not platform_key) and (found := _found(line, MESSAGES)) is not None:
        return found
    return next((each for path, each in leaves(line) if is_said(path, platform_key) and isinstance(each, str)), None)


def is_said(path: str, said: str) -> bool:
    """Whether a key's path is the one under which the platform's lines stand, or its end."""
    return bool(said) and (path.endswith(said) or (len(path) > 2 and said.endswith(path)))


def time_of(line: Mapping[str, Any]) -> object:
    """The time of the event under any of shippers' keys for it; None where no such key has a time."""
    found = {path: value for path, value in leaves(line) if path in TIMES}
    for key in TIMES:
        if (value := found.get(key)) in (None, ""):
            continue
        try:
            epoch_ms(value)
        except BadTimestamp:
            continue
        return value
    return None


def _found(line: Mapping[str, Any], wanted: tuple[str, ...]) -> object:
    found = {path: value for path, value in leaves(line) if path in wanted}
    return next((found[key] for key in wanted if isinstance(found.get(key), str) and found[key]), None)


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The plain values within an object, each with the letters of its path, at most some hundred."""
    budget = [_LEAVES]
    yield from _leaves(value, path, depth, budget)


def _leaves(value: Any, path: str, depth: int, budget: list[int]) -> Iterator[tuple[str, Any]]:
    budget[0] -= 1
    if budget[0] < 0 or depth > _DEPTH:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, path + letters(str(key)), depth + 1, budget)
    elif isinstance(value, list | tuple):
        for inner in value[:50]:
            if isinstance(inner, Mapping) and isinstance(inner.get("key"), str) and "value" in inner:
                yield from _leaves(inner["value"], path + letters(inner["key"]), depth + 1, budget)
            elif isinstance(inner, str) and path.endswith("tags") and ":" in inner:
                key, _, rest = inner.partition(":")
                yield letters(key), rest
            else:
                yield from _leaves(inner, path, depth + 1, budget)
    else:
        if isinstance(value, str) and path.endswith(("labels", "tags", "stringvalue")) and "\n" not in value:
            for found in _LABEL.finditer(value.replace('"":', '":').replace('"', "")[:1000]):
                yield path + letters(found[1]), found[2]
        yield path.removesuffix("stringvalue"), value
