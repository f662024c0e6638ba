"""Throttles and concurrency, from CloudWatch metrics: logs never show a request that was rejected."""

from dataclasses import dataclass

from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

THROTTLE_COLUMNS = columns(
    "function", "account", "region", "throttles", "throttle_rate", "invocations", "concurrency", "last_throttle"
)


@dataclass(frozen=True, slots=True)
class ThrottleView:
    """One function. Everything that comes from a metric is None where none was collected."""

    function_id: int
    function: str
    account: str | None
    region: str | None
    throttles: int | None
    throttle_rate: float | None
    invocations: int
    concurrency: int | None
    last_throttle: int | None


@dataclass(frozen=True)
class ThrottlesView(View[ThrottleView]):
    """``collected`` is False where the range holds no throttle metric at all: then nothing is known."""

    collected: bool = False


def throttles(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> ThrottlesView:
    """The functions with throttles first, then those whose metrics show none; functions without metrics last."""
    return reader.kept(("throttles view", time_range, narrow), lambda: _throttles(reader, time_range, narrow))


def _throttles(reader: Reader, time_range: TimeRange, narrow: Narrow | None) -> ThrottlesView:
    chosen = (narrow or Narrow()).chosen(reader.functions())
    ids = [row.id for row in chosen]
    span = time_range.from_ms, time_range.to_ms
    rejected = reader.metric("Throttles", *span, ids) if ids else {}
    peak = reader.metric_peaks("ConcurrentExecutions", *span, ids) if ids else {}
    metered = reader.metric_totals("Invocations", *span, ids) if ids else {}
    logged = {one.function_id: one.invocations for one in reader.usage(*span, ids)} if ids else {}
    rows = []
    for row in chosen:
        invocations = max(logged.get(row.id, 0), round(metered.get(row.id, 0)))
        throttled = round(rejected[row.id].total) if row.id in rejected else None
        asked = invocations + (throttled or 0)
        rows.append(
            ThrottleView(
                row.id,
                row.function.key.name,
                row.function.key.account or None,
                row.function.key.region or None,
                throttled,
                throttled / asked if throttled is not None and asked else None,
                invocations,
                round(peak[row.id]) if row.id in peak else None,
                rejected[row.id].last_ms if row.id in rejected else None,
            )
        )
    rows.sort(key=lambda one: (-(one.throttles if one.throttles is not None else -1), one.function))
    return ThrottlesView(THROTTLE_COLUMNS, rows, reader.newest_ms(), time_range, collected=bool(rejected))
