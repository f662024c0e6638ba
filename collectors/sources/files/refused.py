"""Files that hold no logs (spans, images, databases), recognised so that the refusal says what they are."""

from collections.abc import Mapping
from typing import Any

_BINARY = (
    (b"PAR1", "Parquet"), (b"Obj\x01", "Avro"), (b"ORC", "ORC"), (b"SQLite format 3", "SQLite database"),
    (b"%PDF", "PDF"), (b"\x89PNG", "picture"), (b"\xff\xd8\xff", "picture"), (b"GIF8", "picture"),
    (b"\x7fELF", "program"), (b"MZ", "program"), (b"LPKSHHRH", "journald's own file"),
    (b"ElfFile", "Windows event log"),
    (b"\xd0\xcf\x11\xe0", "Office document"), (b"Rar!", "rar archive"), (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
)  # fmt: skip
_ADVICE = {
    "Parquet": "export it as JSON lines or CSV first",
    "Avro": "export it as JSON lines first",
    "ORC": "export it as JSON lines first",
    "SQLite database": "a store is opened with --db",
    "picture": "copy the text, not a picture of it",
    "journald's own file": "export it with journalctl -o json",
    "lz4": "decompress it first",
    "snappy": "decompress it first",
    "rar archive": "unpack it and import the folder",
}
_OBJECTS = (  # keys that all stand in it, what it is, what to do
    ({"Datapoints"}, "CloudWatch metrics", "export the logs"),
    ({"MetricDataResults"}, "CloudWatch metrics", "export the logs"),
    ({"eventSource", "eventName"}, "CloudTrail events", "export the function's log group"),
    ({"TraceSummaries"}, "X-Ray traces", "export the logs"),
    ({"Traces"}, "X-Ray traces", "export the logs"),
    ({"resourceSpans"}, "OTLP traces", "export the logs"),
    ({"resourceMetrics"}, "OTLP metrics", "export the logs"),
    ({"queryId"}, "the id of a Logs Insights query", "save what aws logs get-query-results answers"),
    ({"logGroups"}, "a list of log groups", "export one with aws logs filter-log-events"),
    ({"logStreams"}, "a list of log streams", "export one with aws logs get-log-events"),
    ({"Functions"}, "a list of functions", "export their log groups"),
    ({"FunctionName", "Runtime"}, "a function's configuration", "export its log group"),
    ({"StatusCode", "ExecutedVersion"}, "an invoke's answer without its log", "invoke with --log-type Tail"),
    ({"__type"}, "an error that AWS answered", "export the logs again"),
    ({"Error", "Code"}, "an error that AWS answered", "export the logs again"),
)  # fmt: skip
_TEXTS = (
    ("version https://git-lfs", "a Git LFS pointer", "run git lfs pull first"),
    ("<!DOCTYPE", "a web page", "export the logs as JSON, CSV or text"),
    ("<html", "a web page", "export the logs as JSON, CSV or text"),
    ("<?xml", "XML", "export the logs as JSON, CSV or text"),
    ("An error occurred (", "an error that AWS answered", "export the logs again"),
    ("{\\rtf", "a rich text document", "save it as plain text"),
)


def binary_kind(head: bytes) -> str:
    """What a binary file that begins with ``head`` is, and what to do; only that it is binary where its kind is
    unknown.
    """
    kind = next((name for magic, name in _BINARY if head.startswith(magic)), None)
    if kind is None:
        return "binary file"
    return f"binary file ({kind}): {_ADVICE.get(kind, 'export the logs as JSON, CSV or text')}"


def text_kind(head: str) -> str:
    """What a text that is no log is, by its beginning, and what to do; "" where it may be a log."""
    begun = head.lstrip()[:40].lower()
    for beginning, name, advice in _TEXTS:
        if begun.startswith(beginning.lower()):
            return f"this is {name}, not a log: {advice}"
    return ""


def refusal(line: Mapping[str, Any]) -> str:
    """What an object without a message is, and what to do; empty where it is nothing known."""
    for keys, name, advice in _OBJECTS:
        if keys <= line.keys():
            return f"{name}, not log lines: {advice}"
    cells = [key for key in line if isinstance(key, str) and not key.startswith("@")]
    if "@timestamp" in line or (cells and any("(" in key for key in cells)):
        return "Logs Insights results without @message: add @timestamp, @message, @logStream and @log to its fields"
    return ""
