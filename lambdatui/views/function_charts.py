"""A function's figures step by step, two charts at a time: what each shows, in which unit, over which steps."""

from dataclasses import dataclass

from collectors.store.by_step import metric_by_step
from collectors.store.reader import Reader
from lambdatui.views.function import FunctionDetail
from lambdatui.views.time_range import TimeRange

Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class CurveView:
    """``marked``: points that stand alone. ``meaning`` is what its colour says: ``calls bad slow limit good``."""

    name: str
    values: Values
    meaning: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ChartView:
    """``unit`` is ``count``, ``ms``, ``mb`` or ``usd``; ``starts`` are the steps' first moments, epoch ms."""

    title: str
    unit: str
    starts: tuple[int, ...]
    curves: tuple[CurveView, ...]


def function_charts(
    reader: Reader, time_range: TimeRange, detail: FunctionDetail, reserved: int | None
) -> tuple[ChartView, ...]:
    """Calls, durations, concurrency, memory, throttles and cost, over the steps of ``detail``."""
    steps, identity = detail.series, detail.rows[0].function_id
    starts = tuple(step.start_ms for step in steps)
    span = time_range.from_ms, time_range.to_ms, detail.step_ms, [identity]
    throttles = metric_by_step(reader, "Throttles", *span, peak=False).get(identity, {})
    peaks = metric_by_step(reader, "ConcurrentExecutions", *span, peak=True).get(identity, {})

    def of(name: str) -> Values:
        return tuple(None if (value := getattr(step, name)) is None else float(value) for step in steps)

    limit = (CurveView(f"limit {reserved}", (float(reserved),) * len(starts), "limit"),) if reserved else ()
    failed = tuple(float(step.errors) or None for step in steps)
    rejected = tuple(throttles.get(start) or None for start in starts)
    calls = [CurveView("invocations", of("invocations"), "calls"), CurveView("x errors", failed, "bad", marked=True)]
    if any(rejected):
        calls.append(CurveView("x throttles", rejected, "slow", marked=True))
    return (
        ChartView("Invocations", "count", starts, tuple(calls)),
        ChartView("Duration p95", "ms", starts, (
            CurveView("p95", of("p95_ms"), "slow"), CurveView("p50", of("p50_ms"), "good"),
            CurveView("p99", of("p99_ms"), "bad"),
        )),
        ChartView("Concurrency, peak", "count", starts, (
            CurveView("peak", tuple(peaks.get(start) for start in starts), "calls"), *limit,
        )),
        ChartView("Memory used", "mb", starts, (
            CurveView("used", of("max_memory_mb"), "calls"), CurveView("configured", of("memory_mb"), "limit"),
        )),
        ChartView("Cost", "usd", starts, (CurveView("cost", of("cost_usd"), "good"),)),
        ChartView("Cold starts", "count", starts, (CurveView("cold", of("cold_starts"), "calls"),)),
    )  # fmt: skip
