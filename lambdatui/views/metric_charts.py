"""Charts of CloudWatch metrics that only some functions have: lag, pollers, instances, what was not delivered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from collectors.model.records import FunctionKey
from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from collectors.store.read.series import metric_by_step
from lambdatui.views.time_range import TimeRange


@dataclass(frozen=True, slots=True)
class _Curve:
    """A metric's sum by step, or its peak; ``meaning`` is what its colour says.

    ``kind`` and ``sign`` are how it is drawn where that does not follow (``widgets.plot.Curve``).
    """

    metric: str
    name: str
    meaning: str
    peak: bool = False
    kind: str = ""
    sign: str = "x"


@dataclass(frozen=True, slots=True)
class MetricChart:
    """A chart of which some curve has a point: (name, values, meaning, kind, sign) of each that has.

    ``unit`` as charts have it.
    """

    title: str
    unit: str
    curves: tuple[tuple[str, tuple[float | None, ...], str, str, str], ...]


_OF_FUNCTION = (
    ("Iterator age, peak", "ms", (_Curve("IteratorAge", "age", "slow", peak=True),)),
    ("Offset lag, peak", "count", (_Curve("OffsetLag", "lag", "slow", peak=True),)),
    ("Asynchronous events", "count", (
        _Curve("AsyncEventsReceived", "received", "calls", kind="bars"),
        _Curve("AsyncEventsDropped", "dropped", "bad", kind="within"),
    )),
    ("Asynchronous events, age", "ms", (_Curve("AsyncEventAge", "age", "slow", peak=True),)),
    ("Not delivered", "count", (
        _Curve("DeadLetterErrors", "dead letters", "bad", kind="bars"),
        _Curve("DestinationDeliveryFailures", "destinations", "slow", kind="atop", sign="d"),
        _Curve("RecursiveInvocationsDropped", "loops stopped", "cold", kind="atop", sign="l"),
    )),
    ("Environments, % of CPU and memory", "figure", (
        _Curve("ExecutionEnvironmentCPUUtilization", "CPU", "calls", peak=True),
        _Curve("ExecutionEnvironmentMemoryUtilization", "memory", "slow", peak=True),
    )),
    ("Throttles of environments", "count", (
        _Curve("CPUThrottles", "CPU", "bad", kind="bars"),
        _Curve("MemoryThrottles", "memory", "slow", kind="atop", sign="m"),
        _Curve("DiskThrottles", "disk", "cold", kind="atop", sign="d"),
        _Curve("ConcurrencyThrottles", "concurrency", "calls", kind="atop", sign="c"),
    )),
)  # fmt: skip
_OF_MAPPING = (
    ("Events of {}", "count", (
        _Curve("PolledEventCount", "polled", "calls", kind="bars"),
        _Curve("InvokedEventCount", "invoked", "plain", kind="line"),
        _Curve("FailedInvokeEventCount", "failed", "bad", kind="within"),
        _Curve("DroppedEventCount", "dropped", "slow", kind="within", sign="d"),
    )),
    ("Lag of {}, peak", "count", (_Curve("MaxOffsetLag", "lag", "slow", peak=True),)),
    ("Pollers of {}", "count", (
        _Curve("ProvisionedPollers", "pollers", "calls", peak=True), _Curve("EventPollerUnit", "units", "plain"),
    )),
)  # fmt: skip


def metric_charts(
    reader: Reader, time_range: TimeRange, step_ms: int, function_id: int, key: FunctionKey, starts: tuple[int, ...]
) -> Iterator[MetricChart]:
    """The charts for which the range holds any point. A step without a point is unknown, not 0."""

    def chart(title: str, unit: str, curves: Iterable[_Curve], item: str = "") -> Iterator[MetricChart]:
        series = []
        for curve in curves:
            name = f"{curve.metric} {item}".rstrip()
            span = time_range.from_ms, time_range.to_ms, step_ms, [function_id]
            steps = metric_by_step(reader, name, *span, peak=curve.peak).get(function_id)
            if steps:
                values = tuple(steps.get(start) for start in starts)
                series.append((curve.name, values, curve.meaning, curve.kind, curve.sign))
        if series:
            yield MetricChart(title, unit, tuple(series))

    for title, unit, curves in _OF_FUNCTION:
        yield from chart(title, unit, curves)
    sources = {
        setting.item: str(setting.value)
        for setting in account_rows.settings(reader, key)
        if (setting.kind, setting.name) == ("event source", "source")
    }
    for item, source in sorted(sources.items(), key=lambda setting: setting[1]):
        for title, unit, curves in _OF_MAPPING:
            yield from chart(title.format(source.rpartition(":")[2]), unit, curves, item)
