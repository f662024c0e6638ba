"""An account over time, for tests that collect it round by round: what was invoked when, and what AWS tells of it.

The clock is the test's. ``invoke`` says that a function ran; its lines can be had ``lines_late_ms`` after they were
written, and metrics count it ``metrics_late_ms`` after it ended, by the minute that it began in. Every series asked
for is answered, one without values where nothing was counted.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.ingest.many_sources import collect_accounts
from collectors.ingest.results import Collected
from collectors.model.units import DAY_MS, MINUTE_MS
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.source import CloudWatchSource
from tests.support.aws import ACCOUNT, REGION, Canned, canned_session, listed, no_pause
from tests.support.printed_statements import report, request_id, start

GROUPS_A_PAGE = FUNCTIONS_A_PAGE = 50
T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z


@dataclass
class Ran:
    """One invocation; ``metrics_ms`` is when metrics count it."""

    at_ms: int
    number: int
    lasted_ms: int
    metrics_ms: int
    lines_late_ms: int

    def lines(self) -> list[tuple[int, str]]:
        request = request_id(self.number)
        return [
            (self.at_ms, start(request)),
            (self.at_ms + 1, f"hello {self.number}\n"),
            (self.at_ms + self.lasted_ms, report(request, float(self.lasted_ms))),
        ]


@dataclass
class World:
    """What there is at ``now_ms``. ``groups`` says where a function logs that does not log to its own group."""

    now_ms: int = T0
    functions: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    ran: dict[str, list[Ran]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)  # deleted functions whose groups are still there
    ever: set[str] = field(default_factory=set)  # functions whose group is there though they never ran
    provisioned: set[str] = field(default_factory=set)  # each has an alias ``live``, as those that are reserved
    reserved: set[str] = field(default_factory=set)
    mappings: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    unreported: set[str] = field(default_factory=set)  # functions whose configuration hides their REPORTs
    numbers: int = 0
    reached: tuple[ReadOnlySession, Canned] | None = None

    def invoke(
        self, name: str, at_ms: int, *, lasted_ms: int = 100, metrics_late_ms: int = 0, lines_late_ms: int = 0
    ) -> None:
        self.numbers += 1
        ended = at_ms + lasted_ms
        self.ran.setdefault(name, []).append(
            Ran(at_ms, self.numbers, lasted_ms, ended + metrics_late_ms, lines_late_ms)
        )

    def group_of(self, name: str) -> str:
        return self.groups.get(name, f"/aws/lambda/{name}")

    # --- what AWS answers -----------------------------------------------------------------------------------------

    def session(self) -> tuple[ReadOnlySession, Canned]:
        session, aws = canned_session()
        aws.answers |= {
            "lambda:ListFunctions": self._functions,
            "logs:DescribeLogGroups": self._groups,
            "logs:FilterLogEvents": self._events,
            "cloudwatch:GetMetricData": self._metrics,
            "lambda:ListEventSourceMappings": lambda _: {"EventSourceMappings": self.mappings},
            "lambda:GetAccountSettings": lambda _: {
                "AccountLimit": {
                    "ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": 1_000 - 5 * len(self.reserved)
                }
            },
            "lambda:GetFunctionConcurrency": self._reserved,
            "lambda:ListAliases": self._aliases,
            "lambda:ListProvisionedConcurrencyConfigs": self._provisioned,
        }  # fmt: skip
        return session, aws

    def _functions(self, asked: dict[str, Any]) -> dict[str, Any]:
        here = [name for name in self.functions if name not in self.gone]
        at = int(asked.get("Marker", 0))
        some = [
            each | ({"LoggingConfig": {"LogGroup": self.groups[name]}} if name in self.groups else {})
            | self.settings.get(name, {})
            for name in here[at : at + FUNCTIONS_A_PAGE]
            for each in listed([name])
        ]  # fmt: skip
        return {"Functions": some} | ({"NextMarker": str(at + 50)} if at + FUNCTIONS_A_PAGE < len(here) else {})

    def _groups(self, asked: dict[str, Any]) -> dict[str, Any]:
        there = {self.group_of(name) for name in {*self.ran, *self.ever}}
        names = sorted(name for name in there if name.startswith(asked["logGroupNamePrefix"]))
        at = int(asked.get("nextToken", 0))
        some = [{"logGroupName": name} for name in names[at : at + GROUPS_A_PAGE]]
        return {"logGroups": some} | ({"nextToken": str(at + 50)} if at + GROUPS_A_PAGE < len(names) else {})

    def _reserved(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"ReservedConcurrentExecutions": 5} if _named(asked) in self.reserved else {}

    def _aliases(self, asked: dict[str, Any]) -> dict[str, Any]:
        has = _named(asked) in {*self.reserved, *self.provisioned}
        return {"Aliases": [{"Name": "live", "FunctionVersion": "3"}] if has else []}

    def _provisioned(self, asked: dict[str, Any]) -> dict[str, Any]:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{_named(asked)}:live"
        one = {"FunctionArn": arn, "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
        return {"ProvisionedConcurrencyConfigs": [one] if _named(asked) in self.provisioned else []}

    def _events(self, asked: dict[str, Any]) -> dict[str, Any]:
        events = [
            {
                "timestamp": at_ms, "message": text, "eventId": f"{ran.number:050d}{place:06d}",
                "logStreamName": f"2025/03/31/{name if name in self.groups else ''}[$LATEST]{ran.number:032x}",
            }
            for name, all_ran in self.ran.items() if self.group_of(name) == asked["logGroupName"]
            for ran in all_ran
            for place, (at_ms, text) in enumerate(ran.lines()[: 2 if name in self.unreported else None])
            if at_ms + ran.lines_late_ms <= self.now_ms and asked["startTime"] <= at_ms <= asked["endTime"]
        ]  # fmt: skip
        return {"events": sorted(events, key=lambda event: event["timestamp"])}

    def _metrics(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": [self._series(query, asked) for query in asked["MetricDataQueries"]]}

    def _series(self, query: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        metric, period_ms = query["MetricStat"]["Metric"], query["MetricStat"]["Period"] * 1000
        named = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
        counts: Counter[int] = Counter()
        if metric["MetricName"] in ("Invocations", "Duration"):
            for ran in self.ran.get(named.get("FunctionName", ""), ()):
                if ran.metrics_ms <= self.now_ms:
                    counts[ran.at_ms // period_ms * period_ms] += 1
        low, high = asked["StartTime"] * 1000, asked["EndTime"] * 1000
        seen = sorted(at for at in counts if low <= at < high)
        return {
            "Id": query["Id"], "Label": metric["MetricName"], "StatusCode": "Complete",
            "Timestamps": [at / 1000 for at in seen], "Values": [float(counts[at]) for at in seen],
        }  # fmt: skip


def _named(asked: dict[str, Any]) -> str:
    """The function whose details are asked for: /2019-09-30/functions/NAME/..."""
    return str(asked["path"]).split("/")[3]


@dataclass
class Round:
    """What one collection asked: calls by operation, metrics, and the groups whose events were asked for."""

    done: Collected
    calls: Counter[str]
    metrics: int
    groups: list[str]

    @property
    def of_logs(self) -> int:
        return self.calls["logs:FilterLogEvents"] + self.calls["logs:DescribeLogGroups"]


def collect(
    world: World,
    db: Path,
    *,
    now_ms: int | None = None,
    since_ms: int = DAY_MS,
    stopped: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Round:
    """One round at ``now_ms``; nothing but the store and the session is left of the last."""
    if now_ms is not None:
        world.now_ms = now_ms
    session, aws = world.reached or world.session()
    world.reached = session, aws
    session.calls.reset()
    aws.requests.clear()
    asked: dict[str, Any] = {"logs": "auto", "details": 0, **settings}
    source = CloudWatchSource(session, since_ms=world.now_ms - since_ms, now_ms=world.now_ms, pause=no_pause, **asked)
    (done,) = collect_accounts([lambda: source], db=db, now_ms=world.now_ms, stopped=stopped)
    groups = [each["logGroupName"] for name, each in aws.requests if name == "logs:FilterLogEvents"]
    units = sum(each.units for each in done.calls if each.operation == "cloudwatch:GetMetricData")
    return Round(done, Counter(name for name, _ in aws.requests), units, groups)


def fleet(count: int = 100, *, before_ms: int = T0, times: int = 3) -> World:
    """Functions that all ran a few times in the hours before, the last time half an hour before."""
    world = World(before_ms, [f"fn{number:03d}" for number in range(count)])
    for place, name in enumerate(world.functions):
        for turn in range(times):
            world.invoke(name, before_ms - (30 + place % 17 + turn * 97) * MINUTE_MS)
    return world
