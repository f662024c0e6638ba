"""Writes a world into a real store, by the ways that a collection and an import take."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.ingest.engine import import_files
from collectors.model.account import Configured, HourAggregate, Inventory
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write import account
from collectors.store.write.writer import Writer
from tests.oracle.worlds import KINDS, TIMEOUT, Call, Fn, Settings, World

Event = dict[str, str | int]


def request_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def lines_of(call: Call) -> list[str]:
    """START, a line, perhaps how it failed, END and REPORT, as a Python runtime writes them."""
    name = request_id(call.number)
    texts = [f"START RequestId: {name} Version: $LATEST", f"hello from {call.number}"]
    if call.outcome in KINDS:
        texts.append(
            f"[ERROR] {call.outcome}: {KINDS[call.outcome]}\nTraceback (most recent call last):\n"
            f'  File "/var/task/app.py", line 7, in handler\n    raise {call.outcome}'
        )
    if call.outcome == TIMEOUT:
        texts.append(f"2025-10-31T10:10:03.000Z {name} Task timed out after 3.00 seconds")
    texts.append(f"END RequestId: {name}")
    if call.report:
        init = f"Init Duration: {call.init_us / 1000:.2f} ms\t" if call.init_us is not None else ""
        status = "Status: timeout\t" if call.outcome == TIMEOUT else ""
        texts.append(
            f"REPORT RequestId: {name}\tDuration: {call.duration_us / 1000:.2f} ms\tBilled Duration: {call.billed_ms} ms"
            f"\tMemory Size: {call.memory_mb} MB\tMax Memory Used: {call.max_memory_mb} MB\t{init}{status}"
        )
    return texts


def events_of(world: World) -> list[Event]:
    """Every line, each invocation in a stream of its own. Functions are told by their log groups, as AWS does."""
    found: list[Event] = []
    for call in world.calls:
        fn = world.functions[call.fn]
        for offset, text in enumerate(lines_of(call)):
            found.append(_event(fn, call.start_ms + offset, text, f"{call.number:032x}", len(found)))
    for line in world.lines:
        found.append(
            _event(world.functions[line.fn], line.at_ms, line.text, f"{line.fn + 1:x}".rjust(32, "f"), len(found))
        )
    return found


def _event(fn: Fn, at_ms: int, text: str, stream: str, number: int) -> Event:
    return {
        "timestamp": at_ms, "message": f"{text}\n", "logGroup": f"/aws/lambda/{fn.name}",
        "logStream": f"2025/10/31/[$LATEST]{stream}", "eventId": f"{number:056d}", "account": fn.account,
        "region": fn.region,
    }  # fmt: skip


def write(path: Path, world: World) -> Path:
    """Log lines by an import; inventories, metrics and Insights' hours as a collection keeps them."""
    exported = path.with_suffix(".jsonl")
    exported.write_text("".join(json.dumps(event) + "\n" for event in events_of(world)))
    result = import_files([str(exported)], db=path, defaults=FunctionKey(""))
    assert (result.invocations, result.rejected, result.failures) == (len(world.calls), 0, [])
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        for fn in world.functions:
            if fn.now is not None:
                writer.configure([_function(fn, fn.now)])
            for one in fn.history:
                account.keep_inventory(connection, _inventory(fn, one), one.since_ms)
        writer.measure(
            MetricPoint(_key(world.functions[one.fn]), one.metric, one.stat, one.period_s, one.start_ms, one.value)
            for one in world.points
        )
        if world.summed:
            account.keep(connection, writer.names, 1, [_hour(world, at) for at in range(len(world.summed))])
        writer.flush()
    return path


def _key(fn: Fn) -> FunctionKey:
    return FunctionKey(*fn.key)


def _function(fn: Fn, now: Settings) -> Function:
    return Function(
        _key(fn),
        runtime="python3.13",
        arch=now.arch,
        memory_mb=now.memory_mb,
        timeout_s=3,
        ephemeral_mb=now.ephemeral_mb,
    )


def _inventory(fn: Fn, one: Settings) -> Inventory:
    settings = {"memory_mb": one.memory_mb, "arch": one.arch, "ephemeral_mb": one.ephemeral_mb}
    found = Configured(fn.account, fn.region, fn.name, "function", "", settings, one.since_ms)
    return Inventory(fn.account, fn.region, ("function",), [found], frozenset((fn.name,)))


def _hour(world: World, at: int) -> HourAggregate:
    one = world.summed[at]
    fn = world.functions[one.fn]
    return HourAggregate(
        fn.account, fn.region, fn.name, one.start_ms, reports=one.reports, errors=one.errors, timeouts=one.timeouts,
        out_of_memory=0, cold_starts=one.cold_starts, billed_ms=one.billed_ms,
        billed_mb_ms=one.billed_ms * one.memory_mb, duration_us=one.reports * one.duration_us, init_us=0,
        max_duration_us=one.duration_us, max_memory_mb=77, memory_mb=one.memory_mb, last_ms=one.last_ms,
        latency={bucket_of(one.duration_us): one.reports},
    )  # fmt: skip


def bucket_of(duration_us: int) -> int:
    """Bucket i holds (1.02^(i-1), 1.02^i] microseconds."""
    bucket = 0
    while 1.02**bucket < duration_us:
        bucket += 1
    return bucket


@contextmanager
def stored(world: World) -> Iterator[Path]:
    """The world in a store of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        yield write(Path(folder) / "world.db", world)
