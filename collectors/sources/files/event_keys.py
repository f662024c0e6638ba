"""The names that exporters and runtimes give to the members of a log event in JSON."""

from collections.abc import Mapping
from typing import Any

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
CONTAINERS = ("events", "results", "logEvents", "Events", "LogEvents")
# What a runtime's own JSON line has and an exporter's envelope has not.
OWN_KEYS = frozenset(
    {"level", "log_level", "requestId", "AWSRequestId", "aws_request_id", "function_request_id", "errorType", "record"}
)


def first(line: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """The first of ``keys`` that has a text; empty if none has."""
    for key in keys:
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def is_metrics(line: Mapping[str, Any]) -> bool:
    """Whether an object is a program's metrics (Embedded Metric Format), whose members are named as it likes.

    A shipper that has read such a line gives its members beside the text.
    """
    if not isinstance(line.get("_aws"), dict):
        return False
    return not any("_aws" in text for key in MESSAGE_KEYS if isinstance(text := line.get(key), str))
