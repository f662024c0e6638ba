"""A function's figures step by step, two charts at a time: what each shows, in which unit, over which steps."""

from dataclasses import dataclass, replace

from collectors.model.records import FunctionKey
from collectors.store.read import emf_rows
from collectors.store.read.deploys import deploys
from collectors.store.read.freshness import Spans, known_spans
from collectors.store.read.reader import Reader
from collectors.store.read.series import metric_by_step
from lambdatui.views.function import ChartStep, FunctionDetail
from lambdatui.views.metric_charts import metric_charts
from lambdatui.views.time_range import TimeRange

Values = tuple[float | None, ...]
MOST_EMF = 40  # charts of metrics in log lines


@dataclass(frozen=True, slots=True)
class CurveView:
    """One curve. ``meaning`` chooses its colour: ``calls bad slow limit good money plain cold``.

    ``marked``: parts of the first curve. ``kind`` is how it is drawn, and ``sign`` with what, where that is to be told
    (``widgets.plot.Curve``).
    """

    name: str
    values: Values
    meaning: str
    marked: bool = False
    kind: str = ""
    sign: str = "x"


@dataclass(frozen=True, slots=True)
class ChartView:
    """``unit`` is ``count``, ``ms``, ``mb``, ``usd``, ``bytes`` or ``figure``, which is anything else.

    ``starts`` are the steps' first moments, epoch ms.

    ``unfinished``: the range ends within the last step, and so is what ends after ``known_ms``. ``measured``: a 0 is a
    value like any other. ``marks`` are the times of deploys in the range, epoch ms.
    """

    title: str
    unit: str
    starts: tuple[int, ...]
    curves: tuple[CurveView, ...]
    unfinished: bool = False
    measured: bool = False
    known_ms: int | None = None
    marks: tuple[int, ...] = ()


def function_charts(
    reader: Reader, time_range: TimeRange, detail: FunctionDetail, reserved: int | None
) -> tuple[ChartView, ...]:
    """Calls, durations, concurrency, memory, throttles, cost, metrics that few functions have, and those in log lines,
    over the steps of ``detail``.

    A step without a call is 0 where its time was collected, else unknown.
    """
    steps, identity = detail.series, detail.rows[0].function_id
    starts = tuple(step.start_ms for step in steps)
    span = time_range.from_ms, time_range.to_ms, detail.step_ms, [identity]
    throttles = metric_by_step(reader, "Throttles", *span, peak=False).get(identity, {})
    peaks = metric_by_step(reader, "ConcurrentExecutions", *span, peak=True).get(identity, {})

    known = known_spans(reader, [row for row in reader.functions() if row.id == identity]).get(identity, [])

    def is_known(step: ChartStep) -> bool:
        return bool(step.invocations) or any(
            low < step.start_ms + detail.step_ms and high > step.start_ms for low, high in known
        )

    known_steps = [step if is_known(step) else None for step in steps]

    def of(name: str) -> Values:
        return tuple(None if (value := getattr(step, name, None)) is None else float(value) for step in known_steps)

    cost = tuple(  # where nothing was invoked, nothing was paid for
        0.0 if step is not None and not step.invocations else value
        for step, value in zip(known_steps, of("cost_usd"), strict=True)
    )
    limits = (float(reserved or 0),) * len(starts)
    limit = (CurveView(f"limit {reserved:,}", limits, "limit", kind="level"),) if reserved else ()
    rejected = tuple(throttles.get(start) or None for start in starts)
    calls = CurveView("invocations", of("invocations"), "calls", kind="bars")
    parts = [CurveView("errors", of("errors"), "bad", marked=True)]
    if any(rejected):
        parts.append(CurveView("throttles", rejected, "slow", kind="atop", sign="!"))
    charts = (
        ChartView("Invocations", "count", starts, (calls, *parts)),
        ChartView("Duration p95", "ms", starts, (
            CurveView("p95", of("p95_ms"), "slow", kind="area"), CurveView("p50", of("p50_ms"), "plain", kind="line"),
            CurveView("p99", of("p99_ms"), "calls", kind="line"),
        )),
        ChartView("Concurrency, peak", "count", starts, (
            CurveView("peak", tuple(peaks.get(start) for start in starts), "calls", kind="bars"), *limit,
        )),
        ChartView("Memory used", "mb", starts, (
            CurveView("used", of("max_memory_mb"), "calls", kind="area"),
            CurveView("configured", of("memory_mb"), "limit", kind="level"),
        )),
        ChartView("Cost", "usd", starts, (CurveView("cost", cost, "money", kind="bars"),)),
        ChartView("Cold starts", "count", starts, (
            calls, CurveView("cold", of("cold_starts"), "cold", marked=True, sign="*"),
        )),
    )  # fmt: skip
    of_metrics = _metric_charts(reader, time_range, detail, starts)
    of_lines = _emf_charts(reader, time_range, detail.step_ms, identity, starts)
    known_ms, marks = _known_until(time_range, known), _deploys(reader, time_range, detail)
    return tuple(
        replace(chart, unfinished=detail.unfinished, known_ms=known_ms, marks=marks)
        for chart in (*charts, *of_metrics, *of_lines)
    )


def _known_until(time_range: TimeRange, known: Spans) -> int | None:
    """Up to when a function's data reach; None where that is beyond the range, or where nothing tells it."""
    until_ms = max((high for _, high in known), default=None)
    return until_ms if until_ms is not None and until_ms < time_range.to_ms else None


def _deploys(reader: Reader, time_range: TimeRange, detail: FunctionDetail) -> tuple[int, ...]:
    """When the function was deployed or configured in the range, epoch ms."""
    row = detail.rows[0]
    where = row.account or "", row.region or "", row.function
    every = deploys(reader, [where]).get(where, ())
    return tuple(one.at_ms for one in every if time_range.from_ms <= one.at_ms < time_range.to_ms)


def _metric_charts(
    reader: Reader, time_range: TimeRange, detail: FunctionDetail, starts: tuple[int, ...]
) -> list[ChartView]:
    """Charts of CloudWatch metrics that only few functions have, this one among them."""
    row = detail.rows[0]
    key = FunctionKey(row.function, row.account or "", row.region or "")
    return [
        ChartView(
            chart.title, chart.unit, starts, tuple(
                CurveView(name, values, meaning, kind=kind, sign=sign)
                for name, values, meaning, kind, sign in chart.curves
            ), measured=True,
        )
        for chart in metric_charts(reader, time_range, detail.step_ms, row.function_id, key, starts)
    ]  # fmt: skip


def _emf_charts(
    reader: Reader, time_range: TimeRange, step_ms: int, function_id: int, starts: tuple[int, ...]
) -> list[ChartView]:
    """A chart of each metric in the function's log lines; where there are very many, of those with most values."""
    span = time_range.from_ms, time_range.to_ms
    sums = emf_rows.sums(reader, *span, [function_id])
    if not sums:
        return []
    from lambdatui.views import emf

    if len(sums) > MOST_EMF:
        most = {one.series.id for one in sorted(sums, key=lambda one: -one.cell.samples)[:MOST_EMF]}
        sums = [one for one in sums if one.series.id in most]
    charts: dict[str, ChartView] = {}
    for emf_sum in sums:
        shown = emf.charted(emf_sum.series)
        title = shown.title
        while title in charts:  # of another unit, or of names that look alike
            title = f"{title}, {emf_sum.series.unit}"
        steps = emf_rows.by_step(reader, *span, step_ms, emf_sum.series.id)
        curves = tuple(
            CurveView(name, tuple(of(steps[start]) if start in steps else None for start in starts), meaning)
            for name, meaning, of in shown.curves
        )
        charts[title] = ChartView(title, shown.unit, starts, curves, measured=True)
    return list(charts.values())
