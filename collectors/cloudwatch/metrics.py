"""Lambda's CloudWatch metrics of one account and region: GetMetricData."""

from collections.abc import Iterator, Sequence
from typing import Any

from collectors.cloudwatch.errors import reading
from collectors.model import FunctionKey, MetricPoint
from collectors.source import SourceFailed

# CloudWatch API reference, GetMetricData.
QUERIES_A_CALL = 500
POINTS_A_CALL = 100_800

# Lambda Developer Guide, "Types of metrics": these are counts, and the maximum is the one for concurrency.
STATS = {"Invocations": "Sum", "Throttles": "Sum", "Errors": "Sum", "ConcurrentExecutions": "Maximum"}
# Asked for every function: a function that is only throttled has no invocations. The rest for active ones only,
# because every metric asked for is billed.
_OF_ALL = ("Invocations", "Throttles")
_OF_ACTIVE = ("Errors", "ConcurrentExecutions")

# CloudWatch User Guide, "Metrics retention": how long the points of a period are kept.
_DAY_MS = 86_400_000
_KEPT = ((15 * _DAY_MS, 60), (63 * _DAY_MS, 300), (455 * _DAY_MS, 3_600))


def period_s(since_ms: int, now_ms: int) -> int:
    """The finest period whose points of ``since_ms`` are still kept at ``now_ms``."""
    age_ms = now_ms - since_ms
    return next((period for kept_ms, period in _KEPT if age_ms <= kept_ms), _KEPT[-1][1])


def metric_points(
    client: Any, functions: Sequence[FunctionKey], *, since_ms: int, now_ms: int, region: str
) -> Iterator[MetricPoint]:
    """``STATS`` of ``functions`` from ``since_ms`` on, in the finest period that is kept that long.

    Minutes without a value are absent. SourceFailed when they cannot be read.
    """
    period = period_s(since_ms, now_ms)
    start_ms = since_ms - since_ms % (period * 1000)
    end_ms = now_ms - now_ms % (period * 1000) + period * 1000
    active: set[FunctionKey] = set()
    for point in _points(client, functions, _OF_ALL, start_ms, end_ms, period, region):
        if point.value:
            active.add(point.function)
        yield point
    yield from _points(
        client, [key for key in functions if key in active], _OF_ACTIVE, start_ms, end_ms, period, region
    )


def _points(
    client: Any,
    functions: Sequence[FunctionKey],
    names: Sequence[str],
    start_ms: int,
    end_ms: int,
    period: int,
    region: str,
) -> Iterator[MetricPoint]:
    asked = [(key, name) for key in functions for name in names]
    points = (end_ms - start_ms) // (period * 1000)
    at_once = max(1, min(QUERIES_A_CALL, POINTS_A_CALL // points))
    for at in range(0, len(asked), at_once):
        some = asked[at : at + at_once]
        queries = [_query(f"m{index}", key.name, name, period) for index, (key, name) in enumerate(some)]
        with reading("cloudwatch:GetMetricData", f"metrics in {region}"):
            for page in client.get_paginator("get_metric_data").paginate(
                MetricDataQueries=queries, StartTime=start_ms / 1000, EndTime=end_ms / 1000, ScanBy="TimestampAscending"
            ):
                for result in page.get("MetricDataResults", ()):
                    key, name = some[int(result["Id"][1:])]
                    _check(result, name, key, region)
                    for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                        yield MetricPoint(key, name, STATS[name], period, round(time.timestamp() * 1000), float(value))


def _query(query_id: str, function: str, metric: str, period: int) -> dict[str, object]:
    dimensions = [{"Name": "FunctionName", "Value": function}]
    asked = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": asked, "Period": period, "Stat": STATS[metric]}}


def _check(result: dict[str, Any], name: str, key: FunctionKey, region: str) -> None:
    # Complete and PartialData are both good: the rest of a PartialData comes with the next page.
    status = result.get("StatusCode", "Complete")
    if status in ("InternalError", "Forbidden"):
        meaning = f"CloudWatch answered {status} for {name} of {key.name}"
        raise SourceFailed(f"metrics in {region}", meaning, "allow cloudwatch:GetMetricData, or collect again later")
