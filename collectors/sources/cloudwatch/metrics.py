"""CloudWatch metrics of one account and region: GetMetricData, in as few calls as its limits allow."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.model.records import FunctionKey, MetricPoint, Reject
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch.answers import Series
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.metric_names import METRICS
from collectors.sources.cloudwatch.pages import pages
from collectors.sources.cloudwatch.tolerant_parsers import figure_of

OPERATION = "cloudwatch:GetMetricData"

# CloudWatch API reference, GetMetricData.
QUERIES_A_CALL = 500
POINTS_A_CALL = 100_800
_TRIES = 3  # for series that CloudWatch answers in part, or not at all, without saying how to go on

# CloudWatch User Guide, "Metrics retention": how long the points of a period are kept.
_KEPT = ((15 * DAY_MS, 60), (63 * DAY_MS, 300), (455 * DAY_MS, HOUR_S))
# Points of a minute change until long after: Errors are stamped with the time of the invoke, which may last 15 minutes,
# and CloudWatch itself may be hours late. A longer span of a metric costs no more, and with this one a call still has
# its 500 queries.
LATE_MS = 3 * HOUR_MS
INCOMING_BYTES = "IncomingBytes"


@dataclass(frozen=True, slots=True)
class Query:
    """One statistic of one metric. ``kept_as`` is its name in the store: the metric's, and an item where it has one."""

    key: FunctionKey
    metric: str
    stat: str
    dimensions: tuple[tuple[str, str], ...]
    kept_as: str
    namespace: str = "AWS/Lambda"

    def asked(self, query_id: str, period_s: int) -> dict[str, object]:
        """The query as GetMetricData wants it."""
        metric: dict[str, object] = {"Namespace": self.namespace, "MetricName": self.metric}
        if self.dimensions:
            metric["Dimensions"] = [{"Name": name, "Value": value} for name, value in self.dimensions]
        return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period_s, "Stat": self.stat}}


def queries(key: FunctionKey, *names: str, item: str = "", **dimensions: str) -> list[Query]:
    """A query for each statistic of the named metrics; of the function ``key`` where no dimensions are given."""
    chosen = tuple(dimensions.items()) or ((("FunctionName", key.name),) if key.name else ())
    suffix = f" {item}" if item else ""
    return [Query(key, name, stat, chosen, name + suffix) for name in names for stat in METRICS[name].stats]


def log_bytes(key: FunctionKey, log_group: str) -> Query:
    """The query for the bytes that came into a log group: they decide how its events are read, and AWS bills them.

    They are stored with the function ``key`` whose group it is; under the group's own name where ``key`` has no name.
    """
    kept_as = INCOMING_BYTES if key.name else f"{INCOMING_BYTES} {log_group}"
    return Query(key, INCOMING_BYTES, "Sum", (("LogGroupName", log_group),), kept_as, "AWS/Logs")


@dataclass(frozen=True, slots=True)
class Span:
    """The span that each query reads: whole periods from ``start_ms`` to ``end_ms``."""

    start_ms: int
    end_ms: int
    period_s: int

    @property
    def points(self) -> int:
        """How many data points a metric has in it."""
        return (self.end_ms - self.start_ms) // (self.period_s * 1000)


def period_s(since_ms: int, now_ms: int) -> int:
    """The finest period whose points of ``since_ms`` are still kept at ``now_ms``."""
    age_ms = now_ms - since_ms
    return next((period for kept_ms, period in _KEPT if age_ms <= kept_ms), _KEPT[-1][1])


def span(since_ms: int, now_ms: int) -> Span:
    """Whole periods from ``since_ms`` to ``now_ms``, in the finest period that is kept that long."""
    step_ms = period_s(since_ms, now_ms) * 1000
    return Span(since_ms // step_ms * step_ms, now_ms // step_ms * step_ms + step_ms, step_ms // 1000)


def plan(asked: Sequence[Query], over: Span) -> list[Sequence[Query]]:
    """The queries of each call: as many as the limits on queries and on points let through."""
    at_once = max(1, min(QUERIES_A_CALL, POINTS_A_CALL // max(1, over.points)))
    return [asked[at : at + at_once] for at in range(0, len(asked), at_once)]


class Points:
    """Reads planned queries. ``rejects`` are points and series that make no sense: counted, never kept.

    ``unanswered`` are the queries of which not all was answered, with the status that CloudWatch gave, empty where it
    said nothing of them at all: that they have no points is not known.
    """

    def __init__(self, client: Any, calls: Calls, region: str) -> None:
        self._client = client
        self._calls = calls
        self._region = region
        self.rejects: list[Reject] = []
        self.unanswered: list[tuple[Query, str]] = []

    @property
    def failures(self) -> list[SourceFailed]:
        """The queries that were not answered, as one failure for each status."""
        by_status: dict[str, list[Query]] = {}
        for query, status in self.unanswered:
            by_status.setdefault(status, []).append(query)
        return [self._failure(status, queries) for status, queries in by_status.items()]

    def read(self, asked: Sequence[Query], over: Span) -> Iterator[tuple[list[MetricPoint], int]]:
        """The points of each call, and how many queries are done with it. Periods without a value are absent.

        SourceFailed where CloudWatch cannot be read at all; a single series that failed is in ``unanswered``.
        BudgetReached before a call that may not be paid for.
        """
        done = 0
        for call in plan(asked, over):
            points: list[MetricPoint] = []
            left: Mapping[int, str] = dict.fromkeys(range(len(call)), "")
            for _ in range(_TRIES):
                self._calls.spend(OPERATION, len(left))
                left = self._call(call, left, over, points)
                if not left:
                    break
            self.unanswered += [(call[number], status) for number, status in left.items()]
            done += len(call)
            yield points, done

    def _call(
        self, call: Sequence[Query], left: Mapping[int, str], over: Span, points: list[MetricPoint]
    ) -> Mapping[int, str]:
        """One call for what is ``left``, with all its pages; by number, what it left unanswered, for another.

        A series that no page has is unanswered: CloudWatch answers one without points too.
        """
        request = {
            "MetricDataQueries": [call[number].asked(f"m{number}", over.period_s) for number in left],
            "StartTime": over.start_ms / 1000,
            "EndTime": over.end_ms / 1000,
            "ScanBy": "TimestampAscending",
        }
        unanswered = dict.fromkeys(left, "")
        for page in pages(
            self._client.get_metric_data, request, ("NextToken", "NextToken"),
            action=OPERATION, where=f"metrics in {self._region}",
        ):  # fmt: skip
            for result in page.get("MetricDataResults", ()):
                self._take(result, call, left, over, points, unanswered)
        forbidden = [number for number, status in unanswered.items() if status == "Forbidden"]
        self.unanswered += [(call[number], unanswered.pop(number)) for number in forbidden]
        return unanswered

    def _take(
        self,
        result: Any,
        call: Sequence[Query],
        left: Mapping[int, str],
        over: Span,
        points: list[MetricPoint],
        unanswered: dict[int, str],
    ) -> None:
        series = _series(result)
        if series is None:
            self.rejects.append(Reject("a metric series that is none", repr(result)[:200], "GetMetricData"))
            return
        identity, status, times, values = series
        number = int(identity[1:]) if identity[1:].isdecimal() else len(call)
        if number >= len(call):
            stranger = Reject("a metric that was not asked for", identity[:200], "GetMetricData")
            if stranger not in self.rejects:  # it may come with each try
                self.rejects.append(stranger)
        if number not in left:  # or it was answered before
            return
        query = call[number]
        # A series goes on over pages: it is as complete as its last page says.
        if status == "Complete":
            unanswered.pop(number, None)
        else:
            unanswered[number] = status
        if len(times) != len(values):
            self.rejects.append(Reject("times and values of a metric differ in number", query.metric, query.key.name))
        stat, step_ms = query.stat, over.period_s
        if isinstance(result, Series) and len(times) == len(values) and _sensible(times, values):
            key, kept_as = query.key, query.kept_as
            points += [
                MetricPoint(key, kept_as, stat, step_ms, round(time * 1000), value)
                for time, value in zip(times, values, strict=True)
            ]
            return
        for time, value in zip(times, values, strict=False):
            at_ms, figure = _epoch_ms(time), figure_of(value)
            if at_ms is None or figure is None or figure < 0:
                self.rejects.append(
                    Reject("a metric point that makes no sense", f"{query.metric} {time} {value}"[:200], query.key.name)
                )
                continue
            points.append(MetricPoint(query.key, query.kept_as, stat, step_ms, at_ms, figure))

    def _failure(self, status: str, queries: Sequence[Query]) -> SourceFailed:
        first = queries[0]
        where = f"{first.kept_as} of {first.key.name or 'the account'}"
        others = f" and {len(queries) - 1:,} more" if len(queries) > 1 else ""
        return SourceFailed(
            f"metrics in {self._region}",
            f"CloudWatch answered {status or 'nothing'} for {where}{others}",
            f"allow {OPERATION}" if status == "Forbidden" else "collect again later: it is read again then",
            denied=OPERATION if status == "Forbidden" else "",
        )


def _sensible(times: Sequence[float], values: Sequence[float]) -> bool:
    """Whether all are times and figures, so that they need not be looked at one by one."""
    return not times or (min(times) > 0 and max(times) < 1e11 and min(values) >= 0 and max(values) < math.inf)


def _series(result: Any) -> tuple[str, str, Sequence[Any], Sequence[Any]] | None:
    """Id, status, times and values, as our parser or plain JSON gives them; None where it is no series."""
    if isinstance(result, Series):
        return result.id, result.status_code, result.timestamps, result.values
    if not isinstance(result, dict):
        return None
    times, values = result.get("Timestamps", []), result.get("Values", [])
    if not isinstance(times, list) or not isinstance(values, list):
        return None
    return str(result.get("Id", "")), str(result.get("StatusCode", "Complete")), times, values


def _epoch_ms(time: Any) -> int | None:
    seconds = figure_of(time.timestamp() if isinstance(time, datetime) else time)
    return round(seconds * 1000) if seconds is not None and 0 < seconds < 1e11 else None
