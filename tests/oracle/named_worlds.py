"""Worlds made by hand, each for one way of being wrong, and what the views say wrongly of one."""

from typing import Any

from collectors.model.units import HOUR_S
from collectors.store.read.reader import Reader
from tests.oracle import sayings
from tests.oracle.judge import Judge
from tests.oracle.store import stored
from tests.oracle.worlds import DAY, HOUR, MINUTE, NOVEMBER, Call, Fn, Point, Settings, World

OCTOBER = 1_759_276_800_000  # 2025-10-01T00:00Z
A, B = "111122223333", "444455556666"


def settings(since_ms: int, memory_mb: int = 1024, arch: str = "x86_64", ephemeral_mb: int = 512) -> Settings:
    return Settings(since_ms, memory_mb, arch, ephemeral_mb)


def fn(name: str, *history: Settings, account: str = A, region: str = "us-east-1") -> Fn:
    return Fn(name, account, region, history or (settings(OCTOBER - DAY),))


def metered(at: int, hour: int, invocations: int, each_ms: float | None) -> tuple[Point, ...]:
    """An hour that only CloudWatch counted."""
    found = [Point(at, "Invocations", "Sum", HOUR_S, hour, float(invocations))]
    if each_ms is not None:
        found.append(Point(at, "Duration", "Sum", HOUR_S, hour, invocations * each_ms))
    return tuple(found)


def call(
    at: int, number: int, start_ms: int, outcome: str = "ok", *, memory_mb: int = 1024, report: bool = True
) -> Call:
    return Call(at, number, start_ms, memory_mb, 120_000, None, 60 + number, outcome, report)


MOVED = World(
    (fn("moved", settings(OCTOBER - DAY, 2048, "x86_64", 10_240), settings(OCTOBER + 15 * DAY, 1024, "arm64")),),
    tuple(call(0, day, OCTOBER + day * DAY + 5000, memory_mb=2048 if day < 15 else 1024) for day in range(1, 31)),
)
METERED = World((fn("metered"), fn("logged")), (call(1, 1, NOVEMBER - DAY), call(1, 2, NOVEMBER - DAY + 7, report=False)),
                metered(0, NOVEMBER - DAY, 5_000, 250.0))  # fmt: skip
BUSY = World(
    tuple(fn(f"busy-{at}", settings(OCTOBER - DAY, 10_240), account=account) for at, account in enumerate((A, B))),
    (), tuple(point for at in range(2) for point in metered(at, NOVEMBER - DAY, 1_000_000, 400_000.0)),
)  # fmt: skip
EDGE = World((fn("us-east-1.headers", settings(OCTOBER - DAY, 128)),), (call(0, 1, NOVEMBER - DAY, memory_mb=128),))
LATE = World((fn("late"),), tuple(call(0, at, NOVEMBER - 20 * HOUR + at * HOUR) for at in range(1, 19)))
VARIED = World(
    (fn("varied"), fn("other", account=B, region="eu-west-1")),
    (
        *(call(0, at, NOVEMBER - 5 * HOUR + at * 7 * MINUTE, memory_mb=1024) for at in range(1, 9)),
        call(0, 20, NOVEMBER - HOUR, "ValueError"), call(0, 21, NOVEMBER - HOUR + 9, "timeout"),
        Call(0, 22, NOVEMBER - HOUR + 90, 1024, 7_654_320, 231_000, 99, "KeyError", report=True),
        Call(0, 24, NOVEMBER - HOUR + 95, 1024, 54_320, 232_000, 97, "KeyError", report=True),
        Call(0, 23, NOVEMBER - HOUR + 99, 1024, 654_320, 231_000, 98, "OSError", report=False),
    ),
)  # fmt: skip


def problems(world: World, low: int, high: int, said: tuple[Any, ...]) -> list[str]:
    with stored(world) as path, Reader(path) as reader:
        return [line for saying in said for line in saying(reader, Judge(world, low, high))]


OCTOBER_SPAN = OCTOBER, NOVEMBER
MONEY = sayings.of_costs, sayings.of_function_costs, sayings.of_days
