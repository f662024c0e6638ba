"""Metrics: CloudWatch's as they were collected, of functions and of accounts, and those that log lines carry (EMF)."""

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.store.read import account_rows, emf_rows, log_bytes
from collectors.store.read.account_rows import MetricRow
from collectors.store.read.emf_rows import EmfSum
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from lambdatui.views import emf
from lambdatui.views.columns import columns
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

METRIC_COLUMNS = columns(
    "function", "account", "region", "namespace", "metric", "dimensions", "unit", "stat", "value", "peak", "points",
    "last_point",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MetricView:
    """One statistic over the range. ``value`` is the sum of sums and the largest of all else.

    Percentiles of different periods cannot be merged, so a percentile's value is that of its worst period. Of a metric
    in log lines every value is known, and ``value`` is the statistic of all of them; ``unit`` and ``dimensions`` are
    known of those alone, and ``peak`` is None where it is not kept by minute.
    ``points`` counts the periods that had a value: absent ones are absent, not zero.
    """

    function: str | None
    account: str | None
    region: str | None
    metric: str
    stat: str
    value: float
    peak: float | None
    points: int
    last_point: int
    namespace: str
    dimensions: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class MetricsView(View[MetricView]):
    """``notes``: what has to be said of the metrics in log lines, a sentence each."""

    notes: tuple[str, ...] = ()


@as_of_range
def metrics(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> MetricsView:
    """Every statistic of the range, by function, CloudWatch's own first; those of accounts last."""
    functions = {row.id: row for row in reader.functions()}
    ids = narrow.ids(list(functions.values())) if narrow else None
    span = time_range.from_ms, time_range.to_ms
    rows = [] if ids == [] else account_rows.metrics(reader, *span, ids)
    in_lines = [] if ids == [] else emf_rows.sums(reader, *span, ids)
    of_accounts = [
        one
        for one in account_rows.account_metrics(reader, *span)
        if narrow is None or narrow.matches(one.account, one.region, "")
    ]
    of_functions = [
        *map(_row, rows),
        *(row for one in in_lines for row in _rows(one, functions[one.series.function_id])),
    ]
    return MetricsView(
        METRIC_COLUMNS,
        [*sorted(of_functions, key=lambda row: row.function or ""), *map(_row, of_accounts)],
        reader.as_of_ms(time_range.to_ms),
        time_range,
        notes=tuple(emf.notes(reader, time_range, ids, in_lines)),
    )


def _row(one: MetricRow) -> MetricView:
    return MetricView(
        one.function or None,
        one.account or None,
        one.region or None,
        one.metric,
        one.stat,
        one.total if one.stat == "Sum" else one.peak,
        one.peak,
        one.points,
        one.last_ms,
        "AWS/Logs" if one.metric.split(" ")[0] == log_bytes.METRIC else "AWS/Lambda",
    )


def _rows(one: EmfSum, function: FunctionRow) -> Iterator[MetricView]:
    """The statistics of a metric in log lines."""
    key, series = function.function.key, one.series
    for statistic in emf.statistics(one):
        yield MetricView(
            key.name,
            key.account or None,
            key.region or None,
            series.metric,
            statistic.name,
            statistic.value,
            statistic.peak,
            one.cell.minutes,
            one.last_ms,
            series.namespace,
            emf.dimensions_text(series) or None,
            series.unit,
        )
