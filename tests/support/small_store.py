"""A small store for tests: two functions, one hour, figures that can be counted by hand."""

import contextlib
import functools
import json
import sqlite3
import tempfile
from pathlib import Path

from msgspec.structs import asdict

from collectors.ingest.engine import import_files
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write.writer import Writer

T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
MINUTE = MINUTE_MS
CHECKOUT = FunctionKey("checkout", "111122223333", "us-east-1")
RESIZE = FunctionKey("resize", "111122223333", "eu-west-1")
EVIL = "\x1b]0;owned\x07=cmd|' /C calc'!A0 \x1b[31mred\x1b[0m \u202egnp.exe"


def request_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def invocation_events(
    key: FunctionKey, number: int, at_ms: int, *, duration_ms: float, init_ms: float | None = None, fault: str = ""
) -> list[LogEvent]:
    """START, a line, perhaps a failure, END and REPORT, as a Python runtime writes them."""
    name = request_id(number)
    init = f"\tInit Duration: {init_ms:.2f} ms\t" if init_ms is not None else "\t"
    billed = int(duration_ms + (init_ms or 0) + 0.999)
    status = "\tStatus: timeout" if fault == "timeout" else ""
    texts = [f"START RequestId: {name} Version: $LATEST", f"hello from {number}"]
    if fault == "error":
        texts.append(
            "[ERROR] ValueError: bad order 42\nTraceback (most recent call last):\n"
            '  File "/var/task/app.py", line 7, in handler\n    raise ValueError(EVIL)'
        )
    if fault == "timeout":
        texts.append(f"2025-03-31T10:10:03.000Z {name} Task timed out after 3.00 seconds")
    texts.append(f"END RequestId: {name}")
    texts.append(
        f"REPORT RequestId: {name}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: 1024 MB\tMax Memory Used: {80 + number} MB{init}{status}"
    )
    stream = "2025/03/31/[$LATEST]00112233445566778899aabbccddeeff"
    return [
        LogEvent(at_ms + offset, text + "\n", f"/aws/lambda/{key.name}", stream, f"{number:030d}{offset:026d}",
                 key.name, key.account, key.region)
        for offset, text in enumerate(texts)
    ]  # fmt: skip


def events() -> list[LogEvent]:
    """Six of checkout (one cold, one error, one timeout), one hostile line; two of resize."""
    found = invocation_events(CHECKOUT, 1, T0, duration_ms=100.0, init_ms=250.0)
    for number in (2, 3, 4):
        found += invocation_events(CHECKOUT, number, T0 + number * MINUTE, duration_ms=100.0 * number)
    found += invocation_events(CHECKOUT, 5, T0 + 5 * MINUTE, duration_ms=20.0, fault="error")
    found += invocation_events(CHECKOUT, 6, T0 + 10 * MINUTE, duration_ms=3000.0, fault="timeout")
    found += invocation_events(RESIZE, 7, T0 + 7 * MINUTE, duration_ms=50.0)
    hostile = invocation_events(RESIZE, 8, T0 + 22 * MINUTE, duration_ms=60.0)
    hostile[1].message = EVIL + "\n"
    return found + hostile


def write_events(path: Path, written: list[LogEvent] | None = None) -> Path:
    """The events, or those given, as JSON lines, as exporters write them."""
    names = {"timestamp_ms": "timestamp", "log_group": "logGroup", "log_stream": "logStream", "event_id": "eventId"}
    lines = (
        {names.get(name, name): value for name, value in asdict(event).items()}
        for event in (events() if written is None else written)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def make(path: Path, *, metrics: bool = False) -> Path:
    """Write the store at ``path``: a copy of the one that this process imported."""
    path.write_bytes(_imported(metrics))
    return path


@functools.cache
def _imported(metrics: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        result = import_files([str(write_events(path.with_suffix(".jsonl")))], db=path, defaults=FunctionKey(""))
        assert (result.invocations, result.rejected, result.failures) == (8, 0, [])
        with writing(path) as connection:
            writer = Writer(connection, fingerprint)
            writer.configure([Function(CHECKOUT, runtime="python3.13", arch="arm64", memory_mb=1024, timeout_s=3)])
            if metrics:
                writer.measure(
                    MetricPoint(CHECKOUT, name, stat, 60, T0 + 5 * MINUTE, value)
                    for name, stat, value in (
                        ("Throttles", "Sum", 4.0), ("Invocations", "Sum", 12.0), ("Errors", "Sum", 3.0),
                        ("ConcurrentExecutions", "Maximum", 9.0),
                    )
                )  # fmt: skip
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()
