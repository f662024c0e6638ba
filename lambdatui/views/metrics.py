"""Metrics: CloudWatch's as they were collected, of functions and of accounts, and those that log lines carry (EMF)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from collectors.store.read import account_rows, emf_rows, log_bytes
from collectors.store.read.account_rows import MetricRow
from collectors.store.read.emf_rows import EmfSum
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from lambdatui.views import emf
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range


@dataclass(frozen=True, slots=True)
class MetricView:
    """One statistic over the range. ``value`` is the sum of sums and the largest of all else.

    Percentiles of different periods cannot be merged, so a percentile's value is that of its worst period. Of a metric
    in log lines every value is known, and ``value`` is the statistic of all of them; ``unit`` and ``dimensions`` are
    known of those alone, and ``peak`` is None where it is not kept by minute.
    ``points`` counts the periods that had a value: absent ones are absent, not zero.
    """

    function: Annotated[str | None, shared.FUNCTION]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION]
    namespace: Annotated[str, Column("Namespace", Kind.TEXT, 16, "The metric's CloudWatch namespace.")]
    metric: Annotated[
        str, Column("Metric", Kind.TEXT, 30, "The CloudWatch metric; with the event source mapping it is of.")
    ]
    dimensions: Annotated[
        str | None,
        Column(
            "Dimensions",
            Kind.TEXT,
            30,
            "The dimensions of a metric that log lines carry (EMF); name=* is one with too many values to keep apart.",
        ),
    ]
    unit: Annotated[str | None, shared.UNIT]
    stat: Annotated[
        str,
        Column(
            "Stat", Kind.TEXT, 8, "Sum, Maximum, or a percentile of each period; of log lines' metrics all of them."
        ),
    ]
    value: Annotated[
        float,
        Column(
            "Value",
            Kind.QUANTITY,
            12,
            "The sum of sums; of all else the worst period. Of metrics in log lines: the statistic over the range.",
        ),
    ]
    peak: Annotated[float | None, Column("Peak", Kind.QUANTITY, 12, "The largest period.")]
    points: Annotated[
        int, Column("Points", Kind.COUNT, 7, "Periods that had a value; without one they are absent, not zero.")
    ]
    last_point: Annotated[int, Column("Last point", Kind.TIME, 19, "Start of the newest period that had a value.")]


METRIC_COLUMNS = columns_of(MetricView)


@dataclass(frozen=True)
class MetricsView(View[MetricView]):
    """``notes``: remarks on the metrics in log lines, a sentence each."""

    notes: tuple[str, ...] = ()


@as_of_range
def metrics(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> MetricsView:
    """Every statistic of the range, by function, CloudWatch's own first; those of accounts last."""
    functions = {row.id: row for row in reader.functions()}
    ids = scope.ids(list(functions.values())) if scope else None
    span = time_range.from_ms, time_range.to_ms
    rows = [] if ids == [] else account_rows.metrics(reader, *span, ids)
    in_lines = [] if ids == [] else emf_rows.sums(reader, *span, ids)
    of_accounts = [
        metric
        for metric in account_rows.account_metrics(reader, *span)
        if scope is None or scope.matches(metric.account, metric.region, "")
    ]
    of_functions = [
        *map(_row, rows),
        *(row for metric in in_lines for row in _rows(metric, functions[metric.series.function_id])),
    ]
    return MetricsView(
        METRIC_COLUMNS,
        [*sorted(of_functions, key=lambda row: row.function or ""), *map(_row, of_accounts)],
        reader.as_of_ms(time_range.to_ms),
        time_range,
        notes=tuple(emf.notes(reader, time_range, ids, in_lines)),
    )


def _row(metric: MetricRow) -> MetricView:
    return MetricView(
        function=metric.function or None,
        account=metric.account or None,
        region=metric.region or None,
        metric=metric.metric,
        dimensions=None,
        unit=None,
        stat=metric.stat,
        value=metric.total if metric.stat == "Sum" else metric.peak,
        peak=metric.peak,
        points=metric.points,
        last_point=metric.last_ms,
        namespace="AWS/Logs" if metric.metric.split(" ")[0] == log_bytes.METRIC else "AWS/Lambda",
    )


def _rows(emf_sum: EmfSum, function: FunctionRow) -> Iterator[MetricView]:
    """The statistics of a metric in log lines."""
    key, series = function.function.key, emf_sum.series
    for statistic in emf.statistics(emf_sum):
        yield MetricView(
            function=key.name,
            account=key.account or None,
            region=key.region or None,
            metric=series.metric,
            stat=statistic.name,
            value=statistic.value,
            peak=statistic.peak,
            points=emf_sum.cell.minutes,
            last_point=emf_sum.last_ms,
            namespace=series.namespace,
            dimensions=emf.dimensions_text(series) or None,
            unit=series.unit,
        )
