"""CloudWatch metrics as they were collected, of functions and of accounts."""

from dataclasses import dataclass

from collectors.store import account_rows
from collectors.store.account_rows import MetricRow
from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View, as_of_range

METRIC_COLUMNS = columns("function", "account", "region", "metric", "stat", "value", "peak", "points", "last_point")


@dataclass(frozen=True, slots=True)
class MetricView:
    """One statistic over the range. ``value`` is the sum of sums and the largest of all else.

    Percentiles of different periods cannot be merged, so a percentile's value is that of its worst period.
    ``points`` counts the periods that had a value: absent ones are absent, not zero.
    """

    function: str | None
    account: str | None
    region: str | None
    metric: str
    stat: str
    value: float
    peak: float
    points: int
    last_point: int


@as_of_range
def metrics(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> View[MetricView]:
    """Every collected statistic of the range, by function; those of accounts last."""
    ids = narrow.ids(reader.functions()) if narrow else None
    span = time_range.from_ms, time_range.to_ms
    rows = [] if ids == [] else account_rows.metrics(reader, *span, ids)
    of_accounts = [
        one
        for one in account_rows.account_metrics(reader, *span)
        if narrow is None or narrow.matches(one.account, one.region, "")
    ]
    return View(
        METRIC_COLUMNS, [_row(one) for one in (*rows, *of_accounts)], reader.as_of_ms(time_range.to_ms), time_range
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
    )
