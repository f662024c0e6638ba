"""CloudWatch's ListMetrics, GetMetricData and GetMetricStatistics, of the metrics that the runner's log has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from lambdatui.runner.clock import now_ms
from lambdatui.runner.cloudwatch import metric_values
from lambdatui.runner.cloudwatch.cbor import Instant
from lambdatui.runner.cloudwatch.metric_values import NAMESPACE, MetricValues
from lambdatui.runner.cloudwatch.operations import Answer, Question, integer_of, operation
from lambdatui.runner.cloudwatch.protocols import Entries
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT
from lambdatui.runner.log.reader import OpenLog

_LISTED = 500
_POINTS = 100_800
_QUERIES = 500
_STATISTICS_POINTS = 1_440
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
# GetMetricData, StartTime: to what a time is rounded down, by its age.
_ROUNDED = ((15 * DAY_MS, MINUTE_MS), (63 * DAY_MS, 5 * MINUTE_MS))


def _refusal(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


# --- ListMetrics


@operation("cloudwatch", "ListMetrics")
def list_metrics(asked: Question) -> Answer:
    """CloudWatch API Reference, "ListMetrics". Metrics are by function, and of all functions without a dimension."""
    namespace, name = asked.text("Namespace"), asked.text("MetricName")
    recent_ms = 3 * HOUR_MS if asked.text("RecentlyActive") else 14 * DAY_MS
    wanted = [(each.get("Name"), each.get("Value")) for each in _objects(asked.items("Dimensions"))]
    rows = asked.log.rows(
        "SELECT function, metric, max(start_ms) FROM metrics GROUP BY function, metric HAVING max(start_ms) >= ?",
        (now_ms() - recent_ms,),
    )
    functions = {(str(metric), str(function)) for function, metric, _ in rows}
    whole = {(metric, "") for metric, _ in functions if metric_values.known_of_account(metric)}
    metrics = [
        {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": _dimensions(function)}
        for metric, function in sorted(functions | whole)
        if name in ("", metric) and namespace in ("", NAMESPACE) and _fits(function, wanted)
    ]
    token = asked.text("NextToken")
    if token and not token.isdecimal():
        raise _refusal("InvalidParameterValue", "The value for parameter NextToken is not valid.")
    end = int(token or 0) + _LISTED
    answer: Answer = {"Metrics": metrics[end - _LISTED : end]}
    if end < len(metrics):
        answer["NextToken"] = str(end)
    if asked.flag("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [ACCOUNT] * len(answer["Metrics"])
    return answer


def _dimensions(function: str) -> list[dict[str, str]]:
    return [{"Name": "FunctionName", "Value": function}] if function else []


def _fits(function: str, wanted: Sequence[tuple[object, object]]) -> bool:
    """Whether a metric has every dimension that is asked for; a name without a value is any value."""
    return all(bool(function) and name == "FunctionName" and value in (None, function) for name, value in wanted)


# --- GetMetricData


@dataclass(frozen=True, slots=True)
class QueryPoints:
    """One query's answer: its id and label, and the points in the order that was asked for."""

    id: str
    label: str
    points: Sequence[tuple[int, float]]


@operation("cloudwatch", "GetMetricData")
def get_metric_data(asked: Question) -> Answer:
    """CloudWatch API Reference, "GetMetricData". Without metric math: a query names one metric and one statistic."""
    queries = _objects(asked.items("MetricDataQueries"))
    if not queries:
        raise _refusal("ValidationError", "The parameter MetricDataQueries is required.")
    if len(queries) > _QUERIES:
        raise _refusal("ValidationError", "The collection MetricDataQueries must not have a size greater than 500.")
    first_ms, end_ms = _span(asked, "ValidationError")
    descending = asked.text("ScanBy") != "TimestampAscending"
    series: list[QueryPoints] = []
    values = ValuesByPeriod(asked.log, first_ms, end_ms)
    for query in queries:
        identity = str(query.get("Id", ""))
        if not _ID.fullmatch(identity) or identity in [each.id for each in series]:
            raise _refusal("ValidationError", f"The value {identity} for parameter MetricDataQueries.Id is not valid.")
        read = _series(query, values, descending)
        if query.get("ReturnData") not in (False, "false"):
            series.append(read)
    token = asked.text("NextToken")
    if token and not token.isdecimal():
        raise _refusal("InvalidNextToken", "The value for parameter NextToken is not valid.")
    most = asked.integer("MaxDatapoints", _POINTS, 1, _POINTS)
    results = list(_page(series, int(token or 0), most))
    answer: Answer = {"MetricDataResults": results, "Messages": []}
    end = int(token or 0) + most
    if end < sum(len(each.points) for each in series):
        answer["NextToken"] = str(end)
    return answer


def _page(series: Sequence[QueryPoints], start: int, most: int) -> Iterator[dict[str, Any]]:
    """The results of one page: ``most`` points, of all series' one after the other, from ``start`` on."""
    begin = 0
    for each in series:
        end = begin + len(each.points)
        points = each.points[max(0, start - begin) : max(0, start + most - begin)]
        if points or (not each.points and not start):
            yield {
                "Id": each.id,
                "Label": each.label,
                "Timestamps": [Instant(start_ms / 1000) for start_ms, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete" if end <= start + most else "PartialData",
            }
        begin = end


class ValuesByPeriod(dict[int, MetricValues]):
    """The values of one request, by the period in seconds: made when they are asked for first."""

    def __init__(self, log: OpenLog, first_ms: int, end_ms: int) -> None:
        super().__init__()
        self._span = log, first_ms, end_ms

    def __missing__(self, period_s: int) -> MetricValues:
        values = self[period_s] = MetricValues(*self._span, period_s)
        return values


def _series(query: Mapping[str, Any], values_by_period: ValuesByPeriod, descending: bool) -> QueryPoints:
    stat = query.get("MetricStat")
    if not isinstance(stat, Mapping):
        message = "The local runner has no metric math: give each of MetricDataQueries a MetricStat, and no Expression."
        raise _refusal("ValidationError", message)
    metric = stat.get("Metric")
    if not isinstance(metric, Mapping):
        raise _refusal("ValidationError", "The parameter MetricDataQueries.MetricStat.Metric is required.")
    name, statistic = str(metric.get("MetricName", "")), str(stat.get("Stat", ""))
    period_s = _period(stat.get("Period"), "ValidationError")
    if not metric_values.is_known(statistic):
        raise _refusal(
            "ValidationError",
            f"The value {statistic} for parameter MetricStat.Stat is not supported.",
        )
    function = _function_of(metric.get("Namespace"), metric.get("Dimensions"))
    values: dict[int, float] = {}
    if function != "" and stat.get("Unit") in (None, metric_values.unit_of(name)):
        values = values_by_period[period_s].values(name, function, statistic)
    points = sorted(values.items(), reverse=descending)
    return QueryPoints(str(query.get("Id")), str(query.get("Label") or name), points)


def _function_of(namespace: object, dimensions: object) -> str | None:
    """The function whose metric is asked for; None: of all together; empty where there is no such metric here."""
    listed = _objects(dimensions if isinstance(dimensions, list) else [])
    if namespace != NAMESPACE:
        return ""
    if not listed:
        return None
    if len(listed) == 1 and listed[0].get("Name") == "FunctionName":
        return str(listed[0].get("Value", ""))
    return ""


# --- GetMetricStatistics


@operation("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(asked: Question) -> Answer:
    """CloudWatch API Reference, "GetMetricStatistics"."""
    name, statistics = asked.text("MetricName"), asked.texts("Statistics")
    extended = asked.texts("ExtendedStatistics")
    if not statistics and not extended:
        raise _refusal("MissingParameter", "At least one of Statistics and ExtendedStatistics must be given.")
    if any(not metric_values.is_known(each) for each in (*statistics, *extended)):
        raise _refusal("InvalidParameterValue", "The value for parameter Statistics is not valid.")
    period_s = _period(asked.input.get("Period"), "InvalidParameterValue")
    first_ms, end_ms = _span(asked, "InvalidParameterCombination")
    asked_points = (end_ms - first_ms) // (period_s * 1000)
    if asked_points > _STATISTICS_POINTS:
        message = (
            f"You have requested up to {asked_points:,} datapoints, which exceeds the limit of {_STATISTICS_POINTS:,}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
        raise _refusal("InvalidParameterCombination", message)
    unit = metric_values.unit_of(name)
    function = _function_of(asked.text("Namespace"), asked.items("Dimensions"))
    points: dict[int, dict[str, Any]] = {}
    if function != "" and asked.text("Unit") in ("", unit):
        values = MetricValues(asked.log, first_ms, end_ms, period_s)
        for each in (*statistics, *extended):
            for start_ms, value in values.values(name, function, each).items():
                point = points.setdefault(start_ms, {"Timestamp": Instant(start_ms / 1000), "Unit": unit})
                if each in statistics:
                    point[each] = value
                else:
                    point.setdefault("ExtendedStatistics", Entries())[each] = value
    return {"Label": name, "Datapoints": [point for _, point in sorted(points.items())]}


# --- what both read of a request


def _span(asked: Question, code: str) -> tuple[int, int]:
    """The first minute and the end of a request (epoch ms)."""
    first_ms, end_ms = (_epoch_ms(asked.input.get(member), member) for member in ("StartTime", "EndTime"))
    if first_ms >= end_ms:
        raise _refusal(code, "The parameter StartTime must be less than the parameter EndTime.")
    age_ms = now_ms() - first_ms
    step_ms = next((step for limit, step in _ROUNDED if age_ms <= limit), HOUR_MS)
    return first_ms - first_ms % step_ms, end_ms


def _epoch_ms(time: object, member: str) -> int:
    """A time in epoch milliseconds: a number of seconds, or ISO 8601. Raises ApiError."""
    try:
        if isinstance(time, int | float) and not isinstance(time, bool):
            return round(time * 1000)
        if isinstance(time, str):
            parsed = datetime.fromisoformat(time)
            return round(parsed.timestamp() * 1000) if parsed.tzinfo else _epoch_ms(f"{time}+00:00", member)
    except (ValueError, OverflowError):
        pass
    raise _refusal("ValidationError", f"The parameter {member} is required, as a time.")


def _period(value: object, code: str) -> int:
    period_s = integer_of(value)
    if period_s is None or (period_s not in (1, 5, 10, 20, 30) and (period_s < 60 or period_s % 60)):
        raise _refusal(code, "The parameter Period must be a multiple of 60, or 1, 5, 10, 20 or 30.")
    return period_s


def _objects(values: Sequence[Any]) -> list[Mapping[str, Any]]:
    if not all(isinstance(value, Mapping) for value in values):
        raise _refusal("ValidationError", "A member of a list has another kind.")
    return list(values)
