"""A fleet made from a seed: what its functions are, what they logged, and what CloudWatch counted of it.

Everything follows from ``runs``: the log events, the metrics and the bytes of log groups. ``invoke`` adds to them.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors.model.units import FOREVER_MS, HOUR_MS, MINUTE_MS

NOW_MS = 1_796_040_000_000  # 2026-11-30T12:00:00Z: the end of what there is
ACCOUNT, REGION = "123456789012", "eu-central-1"
SHARED_GROUP = "/shop/shared"
EVENTS_A_RUN = 4
_RUNTIMES = ("python3.13", "nodejs22.x", "java21", "dotnet8", "provided.al2023")
_NAMES = ("checkout", "orders", "thumbnails", "mails", "search", "stock", "invoices")


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation. Its four events begin at ``at_ms``."""

    function: str
    at_ms: int
    request_id: str
    duration_ms: float
    memory_mb: int
    used_mb: int
    init_ms: float | None
    failed: bool

    def texts(self) -> Iterator[tuple[int, str]]:
        """Its events as Lambda prints them, with their times."""
        end_ms = self.at_ms + max(3, int(self.duration_ms))
        yield self.at_ms, f"START RequestId: {self.request_id} Version: $LATEST\n"
        said = "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):" if self.failed else "order accepted"
        stamp = datetime.fromtimestamp((self.at_ms + 1) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        yield self.at_ms + 1, said if self.failed else f"{stamp}Z\t{self.request_id}\tINFO\t{said} {self.used_mb}\n"
        yield end_ms, f"END RequestId: {self.request_id}\n"
        billed = int(self.duration_ms + (self.init_ms or 0) + 0.9999)
        init = f"Init Duration: {self.init_ms:.2f} ms\t" if self.init_ms else ""
        yield (
            end_ms,
            (
                f"REPORT RequestId: {self.request_id}\tDuration: {self.duration_ms:.2f} ms\tBilled Duration: {billed} ms\t"
                f"Memory Size: {self.memory_mb} MB\tMax Memory Used: {self.used_mb} MB\t{init}\n"
            ),
        )


@dataclass(slots=True)
class FakeFunction:
    name: str
    number: int
    runtime: str
    memory_mb: int
    log_group: str
    deleted: bool = False


@dataclass
class Fleet:
    """``functions`` listed ones, of which every fifth is idle, and ``deleted`` ones whose log groups remain.

    ``invocations`` are spread over the active and the deleted ones, and over ``hours`` before ``now_ms``; the newest
    is ``settled_ms`` old. ``hidden_metrics_ms`` and ``hidden_events_ms`` hide what a function did from a time on, as
    CloudWatch does with what comes late: tests set and delete them between collections.
    """

    functions: int = 20
    invocations: int = 1_028
    deleted: int = 2
    hours: int = 4
    seed: int = 15
    now_ms: int = NOW_MS
    settled_ms: int = 30 * MINUTE_MS
    account: str = ACCOUNT
    region: str = REGION
    idle_every: int = 5
    shared: int = 2  # functions that log to one group of another name
    listed: dict[str, FakeFunction] = field(init=False)
    gone: dict[str, FakeFunction] = field(init=False)
    runs: dict[str, list[Run]] = field(init=False)
    hidden_metrics_ms: dict[str, int] = field(default_factory=dict)
    hidden_events_ms: dict[str, int] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed} {self.account} {self.region}")
        self.listed = {each.name: each for each in map(self._function, range(self.functions))}
        self.gone = {}
        for number in range(self.deleted):
            name = f"gone-{number}"
            self.gone[name] = FakeFunction(name, number, _RUNTIMES[0], 128, f"/aws/lambda/{name}", deleted=True)
        self.runs = defaultdict(list)
        self.events = {each.log_group: [] for each in (*self.listed.values(), *self.gone.values())}
        self._requests = 0
        busy = [name for name, each in self.listed.items() if not self.is_idle(each)] + list(self.gone)
        span_ms = self.hours * HOUR_MS - self.settled_ms - 10_000
        for number in range(self.invocations if busy else 0):
            ago_ms = self.settled_ms + 10_000 + self._random.randrange(span_ms)
            self.invoke(busy[number % len(busy)], self.now_ms - ago_ms)

    def is_idle(self, function: FakeFunction) -> bool:
        return bool(self.idle_every) and function.number % self.idle_every == self.idle_every - 1

    def _function(self, number: int) -> FakeFunction:
        name = f"{_NAMES[number % len(_NAMES)]}-{number:02d}"
        group = SHARED_GROUP if number < self.shared else f"/aws/lambda/{name}"
        return FakeFunction(name, number, _RUNTIMES[number % 5], 128 << number % 4, group)

    def function(self, name: str) -> FakeFunction:
        return self.listed.get(name) or self.gone[name]

    def invoke(self, name: str, at_ms: int, *, failed: bool | None = None) -> Run:
        """One more invocation of a function, with its log events and its part in the metrics."""
        function, make = self.function(name), self._random
        self._requests += 1
        run = Run(
            name, at_ms, f"{self._requests:08x}-1111-4222-a333-{make.randrange(1 << 48):012x}",
            round(make.uniform(2, 900), 2), function.memory_mb, make.randrange(40, 120),
            round(make.uniform(90, 400), 2) if make.random() < 0.05 else None,
            make.random() < 0.06 if failed is None else failed,
        )  # fmt: skip
        self.runs[name].append(run)
        day = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y/%m/%d")
        owner = name if function.log_group == SHARED_GROUP else ""
        stream = f"{day}/{owner}[$LATEST]{self.seed:08x}{function.number:016x}{at_ms // HOUR_MS:08x}"
        for place, (when, text) in enumerate(run.texts()):
            self.events[function.log_group].append(
                {
                    "logStreamName": stream, "timestamp": when, "message": text, "ingestionTime": when + 200,
                    "eventId": f"{when:020d}{self._requests:030d}{place:06d}",
                }
            )  # fmt: skip
        self.events[function.log_group].sort(key=lambda each: (each["timestamp"], each["eventId"]))
        return run

    @property
    def all_runs(self) -> int:
        return sum(map(len, self.runs.values()))

    @property
    def all_events(self) -> int:
        return sum(map(len, self.events.values()))

    def events_of(self, group: str, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
        """What FilterLogEvents has of a group from ``from_ms`` to ``to_ms``, both included."""
        return [
            each
            for each in self.events[group]
            if from_ms <= each["timestamp"] <= to_ms
            and each["timestamp"] < min(self.hidden_events_ms.get(name, FOREVER_MS) for name in self._writers(group))
        ]

    def _writers(self, group: str) -> list[str]:
        return [each.name for each in (*self.listed.values(), *self.gone.values()) if each.log_group == group]

    # --- what CloudWatch counts -----------------------------------------------------------------------------------

    def points(
        self, namespace: str, metric: str, dimensions: dict[str, str], stat: str, period_ms: int, from_ms: int,
        to_ms: int,
    ) -> list[tuple[int, float]]:  # fmt: skip
        """The points of a metric, oldest first; a period in which nothing was has none, as with CloudWatch."""
        samples: dict[int, list[float]] = defaultdict(list)
        for at_ms, value in self._samples(namespace, metric, dimensions):
            if from_ms <= at_ms < to_ms:
                samples[at_ms // period_ms * period_ms].append(value)
        return [(at_ms, _statistic(stat, values)) for at_ms, values in sorted(samples.items())]

    def _samples(self, namespace: str, metric: str, dimensions: dict[str, str]) -> Iterator[tuple[int, float]]:
        if namespace == "AWS/Logs" and metric == "IncomingBytes":
            for event in self.events.get(dimensions.get("LogGroupName", ""), ()):
                yield event["timestamp"], float(len(event["message"]) + 26)
            return
        if namespace != "AWS/Lambda":
            return
        chosen = [dimensions["FunctionName"]] if "FunctionName" in dimensions else list(self.listed)
        of_account = {"ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency"}
        if "FunctionName" not in dimensions and (dimensions or metric not in of_account):
            return
        for name in chosen:
            hidden_ms = self.hidden_metrics_ms.get(name, FOREVER_MS)
            for run in self.runs.get(name, ()):
                if run.at_ms < hidden_ms and (value := _of_run(metric, run)) is not None:
                    yield run.at_ms, value


def _of_run(metric: str, run: Run) -> float | None:
    if metric == "Invocations":
        return 1.0
    if metric == "Errors":
        return float(run.failed)
    if metric == "Duration":
        return run.duration_ms
    of_all = ("ConcurrentExecutions", "UnreservedConcurrentExecutions", "ClaimedAccountConcurrency")
    return 1.0 if metric in of_all else None


def _statistic(stat: str, values: list[float]) -> float:
    if stat == "Sum":
        return round(sum(values), 6)
    if stat == "Maximum":
        return max(values)
    if stat == "SampleCount":
        return float(len(values))
    if stat.startswith("p"):
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(float(stat[1:]) / 100 * len(ordered)))]
    return sum(values) / len(values)
