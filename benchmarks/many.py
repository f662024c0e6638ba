"""A store of many invocations, made at the writer's speed: no JSON is written or parsed.

    python -m benchmarks.many FILE [--invocations 10000000] [--functions 500] [--days 30] [--seed 7]

The fleet is the generator's (traffic falls off from function to function, 5% cold starts, 1% errors of a few kinds,
0.3% timeouts). Log lines are kept for the last day only, as a collector with a short retention would. CloudWatch's
metrics stand beside the logs in five-minute points for every five minutes in which a function was invoked. The same
arguments give the same rows.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import generate
from collectors.model.invocation_columns import NUMBERS, Batch, Columns
from collectors.model.records import ErrorKind, Function, FunctionKey, MetricPoint, Parts, Status, Stream, id_text
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.lines.chunks import packed_lines
from collectors.store.write.writer import Writer

Ints = npt.NDArray[np.int64]

ACCOUNT, REGION = "123456789012", "eu-west-1"
BEGIN_MS = generate.START_MS + 11 * HOUR_MS + 7 * MINUTE_MS  # no range that ends at the newest row begins at midnight
BATCH_MS = DAY_MS // 4
PERIOD_S = 300
STREAMS_A_DAY = 4  # execution environments of a function in a day
TIMEOUT_KIND = ("Timeout", "Task timed out after {} seconds")
KINDS = (*generate.ERRORS, TIMEOUT_KIND)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The functions and what is drawn from: shares of traffic, memory in MB, typical durations in ms."""

    functions: list[Function]
    shares: npt.NDArray[np.float64]
    memory_mb: Ints
    typical_ms: npt.NDArray[np.float64]
    errors: list[ErrorKind]

    @classmethod
    def of(cls, count: int) -> "Fleet":
        made = generate.functions(count)
        functions = [
            Function(
                FunctionKey(name, ACCOUNT, REGION),
                runtime="python3.13",
                arch="x86_64",
                memory_mb=memory,
                timeout_s=3,
                log_group=f"/aws/lambda/{name}",
            )
            for name, memory, _, _ in made
        ]
        weights = np.array([weight for _, _, weight, _ in made])
        errors = [
            ErrorKind(function.key, f"{kind:016x}", error_type, message)
            for function in functions
            for kind, (error_type, message) in enumerate(KINDS)
        ]
        return cls(
            functions,
            weights / weights.sum(),
            np.array([memory for _, memory, _, _ in made], np.int64),
            np.array([typical for _, _, _, typical in made]),
            errors,
        )

    def streams(self, day: int) -> list[Stream]:
        """A day's log streams, ``STREAMS_A_DAY`` a function, in the functions' order."""
        return [
            Stream(function.key, f"day-{day:04}/[$LATEST]{number:032x}")
            for function in self.functions
            for number in range(STREAMS_A_DAY)
        ]


def drawn(fleet: Fleet, draw: np.random.Generator, count: int, from_ms: int, to_ms: int) -> dict[str, Ints]:
    """``count`` whole invocations between two times, as columns; ``function`` indexes the fleet."""
    pick = draw.choice(len(fleet.functions), count, p=fleet.shares)
    cold, roll = draw.random(count) < generate.COLD, draw.random(count)
    failed = roll < generate.FAILURES
    timed_out = roll < generate.TIMEOUTS
    duration = np.maximum(0.8, fleet.typical_ms[pick] * np.exp(draw.normal(0, 0.6, count)))
    duration = np.where(timed_out, 3000.0, np.minimum(duration, 2999.0))
    init = np.where(cold, 80 + draw.random(count) * 900, 0.0)
    start = np.sort(draw.integers(from_ms, to_ms, count))
    kind = np.where(timed_out, len(KINDS) - 1, draw.integers(0, len(KINDS) - 1, count))
    return {
        "function": pick,
        "stream": pick * STREAMS_A_DAY + draw.integers(0, STREAMS_A_DAY, count),
        "start_ms": start,
        "parts": np.full(count, Parts.WHOLE),
        "status": np.where(timed_out, Status.TIMEOUT, np.where(failed, Status.ERROR, Status.OK)).astype(np.int64),
        "end_ms": start + duration.astype(np.int64),
        "events": 5 + cold.astype(np.int64),
        "duration_us": (duration * 1000).astype(np.int64),
        "billed_ms": np.ceil(duration + init).astype(np.int64),
        "memory_mb": fleet.memory_mb[pick],
        "max_memory_mb": (fleet.memory_mb[pick] * (0.3 + 0.5 * draw.random(count))).astype(np.int64),
        "init_us": np.where(cold, (init * 1000).astype(np.int64), -1),
        "error": np.where(failed, pick * len(KINDS) + kind, -1),
    }


def batch_of(fleet: Fleet, drawn: dict[str, Ints], ids: list[bytes], day: int, *, lines: bool) -> Batch:
    """The drawn invocations as the writer takes them."""
    count = len(ids)
    unknown = np.full(count, -1, np.int64)
    matrix = np.stack([drawn.get(name, unknown) for name in NUMBERS])
    kept = [packed_lines(said) for said in _messages(fleet, drawn, ids)] if lines else None
    columns = Columns(count, matrix.tobytes(), ids, None, kept)
    return Batch(fleet.streams(day), columns, [], fleet.errors, [], [], int(drawn["events"].sum()), 0)


def _messages(fleet: Fleet, drawn: dict[str, Ints], ids: list[bytes]) -> Iterator[generate.Said]:
    columns = [drawn[name].tolist() for name in ("function", "start_ms", "duration_us", "init_us", "status")]
    used = drawn["max_memory_mb"].tolist()
    rolls = {Status.OK: 1.0, Status.ERROR: generate.TIMEOUTS, Status.TIMEOUT: 0.0}
    for at, (pick, start, duration_us, init_us, status) in enumerate(zip(*columns, strict=True)):
        yield generate.messages(
            id_text(ids[at]),
            int.from_bytes(ids[at], "big"),
            fleet.functions[pick].key.name,
            fleet.functions[pick].memory_mb or 128,
            start,
            duration_us / 1000,
            max(init_us, 0) / 1000,
            rolls[Status(status)],
            used[at],
        )


def points(fleet: Fleet, drawn: dict[str, Ints], draw: np.random.Generator) -> Iterator[MetricPoint]:
    """What CloudWatch would count: one throttle or a few in one of 200 points."""
    bins = drawn["start_ms"] // (PERIOD_S * 1000)
    keys, place = np.unique(drawn["function"] << 40 | bins, return_inverse=True)
    failed = np.bincount(place, drawn["error"] >= 0, len(keys))
    throttled = np.where(draw.random(len(keys)) < 0.005, draw.integers(1, 20, len(keys)), 0)
    running = draw.integers(1, 30, len(keys))
    values = {
        "Invocations": (np.bincount(place, minlength=len(keys)), "Sum"),
        "Errors": (failed, "Sum"),
        "Throttles": (throttled, "Sum"),
        "ConcurrentExecutions": (running, "Maximum"),
    }
    starts = ((keys & (1 << 40) - 1) * PERIOD_S * 1000).tolist()
    functions = [fleet.functions[pick].key for pick in (keys >> 40).tolist()]
    for metric, (value, stat) in values.items():
        for function, start, one in zip(functions, starts, value.tolist(), strict=True):
            yield MetricPoint(function, metric, stat, PERIOD_S, start, float(one))


def build(path: Path, invocations: int, functions: int, days: int, seed: int = 7) -> None:
    """Writes the store; a build that was broken off leaves no file of that name."""
    fleet, draw = Fleet.of(functions), np.random.default_rng(seed)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    end_ms = BEGIN_MS + days * DAY_MS
    edges = list(range(BEGIN_MS, end_ms, BATCH_MS))
    began = time.monotonic()
    with writing(part) as connection:
        writer = Writer(connection, fingerprint)
        writer.begin(f"{invocations:,} invocations made for measuring")
        writer.configure(fleet.functions)
        for number, from_ms in enumerate(edges):
            count = invocations * (number + 1) // len(edges) - invocations * number // len(edges)
            columns = drawn(fleet, draw, count, from_ms, from_ms + BATCH_MS)
            raw = draw.bytes(16 * count)
            ids = [raw[at : at + 16] for at in range(0, len(raw), 16)]
            day = (from_ms - BEGIN_MS) // DAY_MS
            writer.add(batch_of(fleet, columns, ids, day, lines=from_ms >= end_ms - DAY_MS))
            writer.flush()
            writer.measure(points(fleet, columns, draw))
            if number % 20 == 19:
                print(f"{number + 1} of {len(edges)} batches, {time.monotonic() - began:.0f} s", file=sys.stderr)
    part.with_name(part.name + ".lock").unlink(missing_ok=True)
    part.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--invocations", type=int, default=10_000_000)
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    build(args.file, args.invocations, args.functions, args.days, args.seed)


if __name__ == "__main__":
    main()
