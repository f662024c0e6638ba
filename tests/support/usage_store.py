"""Stores for tests of usage and money: invocations with or without REPORT, metric points, and settings over time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import asdict

from collectors.ingest.engine import import_files
from collectors.model.account import Configured as Setting
from collectors.model.account import Inventory
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write import account
from collectors.store.write.writer import Writer
from tests.support.small_store import request_id

_NAMES = {"timestamp_ms": "timestamp", "log_group": "logGroup", "log_stream": "logStream", "event_id": "eventId"}


@dataclass(frozen=True)
class Call:
    """One invocation. Without ``billed_ms`` its REPORT was not seen."""

    key: FunctionKey
    at_ms: int
    billed_ms: int | None = 100
    memory_mb: int = 1024
    failed: bool = False


def events(number: int, call: Call) -> Iterable[LogEvent]:
    name = request_id(number)
    texts = [f"START RequestId: {name} Version: $LATEST"]
    if call.failed:
        texts.append(f"[ERROR] ValueError: bad order 42\nTraceback (most recent call last):\n  File {number}")
    texts.append(f"END RequestId: {name}")
    if call.billed_ms is not None:
        texts.append(
            f"REPORT RequestId: {name}\tDuration: {call.billed_ms}.00 ms\tBilled Duration: {call.billed_ms} ms\t"
            f"Memory Size: {call.memory_mb} MB\tMax Memory Used: 80 MB\t"
        )
    for offset, text in enumerate(texts):
        yield LogEvent(
            call.at_ms, text + "\n", f"/aws/lambda/{call.key.name}", f"2025/03/31/[$LATEST]{call.key.name:0>32}",
            f"{number:030d}{offset:026d}", call.key.name, call.key.account, call.key.region,
        )  # fmt: skip


def make(
    path: Path,
    functions: Iterable[Function],
    calls: Iterable[Call] = (),
    points: Iterable[MetricPoint] = (),
) -> Path:
    """Writes the store at ``path``."""
    lines = [
        json.dumps({_NAMES.get(name, name): value for name, value in asdict(event).items()})
        for number, call in enumerate(calls, 1)
        for event in events(number, call)
    ]
    if lines:
        exported = path.with_suffix(".jsonl")
        exported.write_text("\n".join(lines) + "\n")
        result = import_files([str(exported)], db=path, defaults=FunctionKey(""))
        exported.unlink()
        assert (result.rejected, result.failures) == (0, [])
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        writer.configure(functions)
        writer.measure(points)
    return path


def point(
    key: FunctionKey, metric: str, at_ms: int, value: float, stat: str = "Sum", period_s: int = 60
) -> MetricPoint:
    return MetricPoint(key, metric, stat, period_s, at_ms, value)


def set_at(path: Path, key: FunctionKey, since_ms: int, **settings: str | int) -> None:
    """The function's settings as AWS said at a time that they have been since then."""
    found = [Setting(key.account, key.region, key.name, "function", "", settings, since_ms)]
    inventory = Inventory(key.account, key.region, ("function",), found, frozenset((key.name,)))
    with writing(path) as connection:
        account.keep_inventory(connection, inventory, since_ms)
