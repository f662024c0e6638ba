"""What Lambda prints, for tests to put together; and all that a store tells about it, for tests to compare."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from msgspec import structs

from collectors.ingest.engine import import_files
from collectors.ingest.results import ImportResult
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.rows import InvocationRow, LogLine, Totals

T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
HOUR = HOUR_MS
DAY = 24 * HOUR
EVER = (0, 4_000_000_000_000)
GROUP = "/aws/lambda/fn"
STREAM = "2025/03/31/[$LATEST]00112233445566778899aabbccddeeff"


@dataclass(frozen=True)
class Event:
    """One log event of a test, as exporters write it."""

    at_ms: int
    text: str
    stream: str = STREAM
    group: str = GROUP
    event_id: str = ""

    def line(self) -> str:
        said = {"logGroup": self.group, "logStreamName": self.stream, "timestamp": self.at_ms, "message": self.text}
        return json.dumps(said | ({"eventId": self.event_id} if self.event_id else {})) + "\n"


def request_id(number: int) -> str:
    return f"{number:08x}-1111-4222-a333-{number * 7919:012x}"


def start(request: str) -> str:
    return f"START RequestId: {request} Version: $LATEST\n"


def end(request: str) -> str:
    return f"END RequestId: {request}\n"


def report(request: str, duration_ms: float = 100.0, more: str = "", *, memory_mb: int = 128, used_mb: int = 60) -> str:
    """REPORT as Lambda prints it; ``more`` are the fields after the usual ones, each ending in a tab."""
    billed = int(duration_ms + 0.999)
    return (
        f"REPORT RequestId: {request}\tDuration: {duration_ms:.2f} ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: {memory_mb} MB\tMax Memory Used: {used_mb} MB\t{more}\n"
    )


def platform(kind: str, **record: Any) -> str:
    """A platform event of the JSON log format."""
    return json.dumps({"time": "2025-03-31T10:00:00.000Z", "type": f"platform.{kind}", "record": record})


def at_once(texts: Iterable[str], at_ms: int = T0, **named: str) -> list[Event]:
    """Texts as the events of one stream, a millisecond after one another."""
    return [Event(at_ms + number, text, **named) for number, text in enumerate(texts)]


def write(path: Path, events: Iterable[Event]) -> Path:
    path.write_text("".join(event.line() for event in events))
    return path


def imported(folder: Path, *files: Sequence[Event], keep_lines: bool = True) -> ImportResult:
    """One import of files of events into ``folder``'s store."""
    paths = [str(write(folder / f"events-{number}.jsonl", events)) for number, events in enumerate(files)]
    return import_files(paths, db=folder / "store.db", defaults=FunctionKey(""), keep_lines=keep_lines)


class Store:
    """Everything that the store in a folder tells, read at once."""

    def __init__(self, folder: Path, events: Iterable[Event] | None = None) -> None:
        if events is not None:
            self.result = imported(folder, list(events))
        with Reader(folder / "store.db") as reader:
            self.rows: list[InvocationRow] = reader.invocations(*EVER, limit=100_000, ascending=True)
            self.lines: dict[str, list[str]] = {}
            for row in self.rows:
                self.lines.setdefault(row.request_id, []).extend(line.text for line in reader.lines(row))
            self.searched: list[LogLine] = list(reader.search(*EVER))
            self.totals: list[Totals] = reader.totals(*EVER)
            self.groups = reader.error_groups(*EVER)
            self.functions = {row.id: row.function for row in reader.functions()}
            self.rejects = reader.info().rejects

    @property
    def row(self) -> InvocationRow:
        (only,) = self.rows
        return only

    @property
    def total(self) -> Totals:
        (only,) = self.totals
        return only

    def statuses(self) -> list[str]:
        return [row.status.label for row in self.rows]


def everything(db: Path, spans: Sequence[tuple[int, int]], *, lines: bool = True) -> dict[str, Any]:
    """All that a store tells, by names and not by its own ids, so that two stores can be compared."""
    with Reader(db) as reader:
        names = {row.id: row.function.key for row in reader.functions()}
        told: dict[str, Any] = {"functions": sorted(names.values(), key=str)}
        rows = reader.invocations(*EVER, limit=1_000_000, ascending=True)
        told["rows"] = sorted((_plain(asdict(row), names) for row in rows), key=str)
        for low, high in spans:
            told[f"totals {low} {high}"] = sorted(_named(reader.totals(low, high), names), key=str)
            told[f"count {low} {high}"] = reader.count_invocations(low, high)
            told[f"quantiles {low} {high}"] = {
                str(names[function_id]): each for function_id, each in reader.quantiles(low, high).items()
            }
            told[f"errors {low} {high}"] = sorted(_named(reader.error_groups(low, high), names), key=str)
            told[f"days {low} {high}"] = sorted(_named(reader.daily_usage(low, high), names), key=str)
        for step_ms in (MINUTE_MS, HOUR, DAY):
            told[f"series {step_ms}"] = [
                (point.start_ms, point.quantiles, _plain(asdict(point.totals), {}))
                for point in reader.series(*EVER, step_ms)
            ]
        if lines:
            found = reader.search(*EVER)
            told["lines"] = sorted((str(names[line.function_id]), line.timestamp_ms, line.text) for line in found)
            told["log lines"] = reader.info().log_lines
    return told


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two stores tell differently; {} when they are equal. Keeps a failing test's output short."""
    return {key: (one.get(key), other.get(key)) for key in one | other if one.get(key) != other.get(key)}


def _named(records: Sequence[Any], names: dict[int, FunctionKey]) -> list[dict[str, Any]]:
    return [_plain(asdict(one) if is_dataclass(one) else structs.asdict(one), names) for one in records]


def _plain(record: dict[str, Any], names: dict[int, FunctionKey]) -> dict[str, Any]:
    """Without what differs from store to store: ids, chunks, and which failure is its group's sample."""
    function = names.get(record.pop("function_id"))
    for name in ("stream_id", "chunk_id", "sample_request_id", "message"):
        record.pop(name, None)
    return {"function": str(function), **record}
