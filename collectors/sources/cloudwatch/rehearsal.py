"""Estimates what a collection would ask of AWS, by running the code that asks; calls that cost are answered here, not
sent.

A rehearsal sends what is free and decides which calls follow: listings, settings, details of functions. What is billed,
and what asks for log events, is not sent. It is answered twice: as if no function had run, and as if all had, in every
metric and log group. The real collection lies in between.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collectors.model.account import CallCount
from collectors.sources.base import Failed, ListedFunctions, SourceFailed, Step, Stored
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.insights_hours import scanned_at_most
from collectors.sources.cloudwatch.log_events import PAGE_BYTES
from collectors.sources.cloudwatch.session import ReadOnlySession

if TYPE_CHECKING:
    from collectors.sources.cloudwatch.source import CloudWatchSource

METRICS = "cloudwatch:GetMetricData"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a collection asks: ``at_least`` where no function ran, ``at_most`` where all did.

    These are requests sent and units billed, by operation. It is assumed that log events come in as many pages as
    everything stored fills, and that Logs Insights scans as much. ``failures`` are what could not be found out
    beforehand.
    """

    functions: int
    log_groups: int
    stored_bytes: int
    at_least: list[CallCount]
    at_most: list[CallCount]
    failures: list[SourceFailed]

    @property
    def metrics(self) -> int:
        """How many metrics are asked for where no function ran."""
        return _units(self.at_least, METRICS)

    @property
    def metrics_more(self) -> int:
        """How many more metrics are asked for where all functions ran."""
        return _units(self.at_most, METRICS) - self.metrics


def _units(counts: list[CallCount], operation: str) -> int:
    return sum(each.units for each in counts if each.operation == operation)


def estimate(
    source: "CloudWatchSource", idle: Stored, busy: Stored, progress: Callable[[Step], None] = lambda _: None
) -> Estimate:
    """The estimate for a source. ``idle`` and ``busy`` are what the store has, one for each run. SourceFailed where
    nothing can be read.
    """
    answers = _Answers(source.session)
    listed = 0
    failures: dict[str, SourceFailed] = {}
    counts: list[list[CallCount]] = []
    for stored, active in ((idle, False), (busy, True)):
        session = _Rehearsed(answers, active=active)
        for item in source.over(session).items(stored):
            match item:
                case Step():
                    progress(item)
                case Failed(failure):
                    failures[str(failure)] = failure
                case ListedFunctions(functions):
                    listed = len(functions)
        counts.append(session.calls.counts())
    bytes_of = answers.stored_bytes
    return Estimate(listed, len(bytes_of), sum(bytes_of.values()), counts[0], counts[1], list(failures.values()))


class _Answers:
    """AWS's answers: each request is sent once, for both runs of the rehearsal."""

    def __init__(self, session: ReadOnlySession) -> None:
        self.session = session
        self.stored_bytes: dict[str, int] = {}  # by log group
        self._known: dict[str, Any] = {}

    def operation(self, service: str, method: str) -> str:
        return f"{service}:{self.session.client(service).meta.method_to_api_mapping[method]}"

    def of(self, service: str, method: str, asked: Mapping[str, Any], turn: int) -> Any:
        """The answer to a request that is made for the ``turn``-th time: the same token may be used twice, and mean the
        next page.
        """
        question = f"{service} {method} {asked!r} {turn}"
        if question not in self._known:
            try:
                self._known[question] = getattr(self.session.client(service), method)(**asked)
            except Exception as error:
                self._known[question] = error
        answer = self._known[question]
        if isinstance(answer, Exception):
            raise answer
        for group in answer.get("logGroups") or ():
            self.stored_bytes[str(group.get("logGroupName"))] = group.get("storedBytes") or 0
        return answer


class _Spending(Calls):
    """Counts the units that would be spent, and remembers which operations are billed."""

    def __init__(self) -> None:
        super().__init__()
        self.billed: dict[str, int] = {}  # by operation: the units spent last

    def spend(self, operation: str, units: int) -> None:
        super().spend(operation, units)
        self.billed[operation] = units


class _Rehearsed(ReadOnlySession):
    """A session whose clients count every call, and send none that is billed or asks for log events."""

    waits = False

    def __init__(self, answers: _Answers, *, active: bool) -> None:
        self.profile, self.region = answers.session.profile, answers.session.region
        self.label = answers.session.label
        self.calls = self.spending = _Spending()
        self.answers = answers
        self.active = active
        self._breakers = {}
        self._turns: Counter[str] = Counter()

    def client(self, service: str, *, retries: bool = True) -> Any:
        return _Client(self, service)

    def turn(self, operation: str, asked: Mapping[str, Any]) -> int:
        """How often this request was made before."""
        question = f"{operation} {asked!r}"
        self._turns[question] += 1
        return self._turns[question] - 1


class _Client:
    def __init__(self, session: _Rehearsed, service: str) -> None:
        self._session = session
        self._service = service
        self._answers = session.answers
        self._calls = session.spending
        self._paged: set[str] = set()
        self._queries: dict[str, tuple[list[str], int]] = {}

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = self._answers.operation(self._service, method)
        own: Callable[..., Any] | None = getattr(self, f"_answer_{method}", None) if method in _OWN else None

        def call(**asked: Any) -> Any:
            self._calls.sent(operation)
            if own is not None:
                return own(asked)
            if operation in self._calls.billed:
                return {}
            return self._answers.of(self._service, method, asked, self._session.turn(operation, asked))

        return call

    # --- what is answered here ------------------------------------------------------------------------------------

    def _answer_get_metric_data(self, asked: Mapping[str, Any]) -> Any:
        return {"MetricDataResults": [self._series(query, asked["EndTime"]) for query in asked["MetricDataQueries"]]}

    def _series(self, query: Mapping[str, Any], end_s: float) -> Mapping[str, Any]:
        stat = query["MetricStat"]
        value = 1.0
        if stat["Metric"]["MetricName"] == "IncomingBytes":
            name = stat["Metric"]["Dimensions"][0]["Value"]
            value = float(scanned_at_most(self._answers.stored_bytes.get(name, 0)))
        ran = self._session.active and value
        times, values = ([end_s - stat["Period"]], [value]) if ran else ([], [])
        return {"Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": values}

    def _answer_filter_log_events(self, asked: Mapping[str, Any]) -> Any:
        name = asked["logGroupName"]
        if self._session.active and name not in self._paged:
            self._paged.add(name)
            for _ in range(-(-self._answers.stored_bytes.get(name, 0) // PAGE_BYTES) - 1):
                self._calls.sent("logs:FilterLogEvents")
        return {"events": []}

    def _answer_start_query(self, asked: Mapping[str, Any]) -> Any:
        query_id = str(len(self._queries))
        self._queries[query_id] = asked["logGroupNames"], self._calls.billed.get("logs:StartQuery", 0)
        return {"queryId": query_id}

    def _answer_get_query_results(self, asked: Mapping[str, Any]) -> Any:
        """A failed invocation of every group, so that the patterns of its error lines are asked for too."""
        names, scanned = self._queries[asked["queryId"]]
        rows = [{"@log": f":{name}", "n": "1", "failures": "1"} for name in names] if self._session.active else []
        results = [[{"field": field, "value": value} for field, value in row.items()] for row in rows]
        return {"status": "Complete", "results": results, "statistics": {"bytesScanned": scanned}}


_OWN = frozenset(
    name.removeprefix("_answer_") for name in vars(_Client) if name.startswith("_answer_")
)  # what is not sent though nobody says that it is billed
