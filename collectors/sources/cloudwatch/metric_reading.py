"""The metrics that a collection asks for: of all functions, whether they ran; of those that ran, the others.

Every metric asked for is billed, so metrics that a function's configuration rules out are not asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from collectors.model.account import Configured, Covered, Inventory, Setting
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import FOREVER_MS, HOUR_MS, MINUTE_MS
from collectors.sources.base import (
    Counted,
    CoveredSpans,
    Failed,
    Item,
    MetricPoints,
    Rejects,
    SourceFailed,
    Step,
)
from collectors.sources.cloudwatch import metric_names as names
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metrics import LATE_MS, Points, Query, Span, log_bytes, queries, span
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.unread_logs import RECENT_MS

LONGEST_MS = 15 * MINUTE_MS  # of an invocation
# Kinds of settings that tell which metrics there can be, besides a function's own: of those that are asked seldom, it
# is what earlier collections found that tells.
SELDOM = ("async", "permission", "recursion", "code signing", "provisioned")
KINDS = ("event source", "schedule", *SELDOM)
# Services that invoke functions asynchronously (Lambda Developer Guide, "Invoking a function asynchronously").
_INVOKE_ASYNC = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "s3", "sns", "events", "ses", "cloudformation", "config", "codecommit", "codepipeline", "iot", "iotevents",
        "logs", "pipes", "scheduler", "backup", "secretsmanager",
    )
)  # fmt: skip


class MetricReading:
    """The metrics of one account and region in one collection. ``active`` are the functions that ran."""

    def __init__(
        self,
        session: ReadOnlySession,
        account: str,
        functions: Sequence[Function],
        settings: Mapping[str, Configured],
    ) -> None:
        self._session = session
        self._region = session.region
        self._account = FunctionKey("", account, session.region)
        self._functions = functions
        self._settings = settings
        self._belonging: dict[tuple[str, str], dict[str, Configured]] = {}  # by kind and function, by item
        self._over: Span | None = None
        self.active: set[FunctionKey] = set()
        self.invoked: dict[str, dict[int, float]] = {}  # by function: how often in each bin that has any
        self._ran: dict[str, frozenset[int]] = {}
        self.grown: dict[str, set[int]] = {}  # by function: the bins that count more than they did
        self.unanswered: set[FunctionKey] = set()  # of these it is not known whether they ran
        self.since_ms: int | None = None  # from here on ``invoked`` tells all that CloudWatch has counted
        self.settled_ms = 0  # up to here it counts no more

    def learn(self, inventory: Inventory) -> None:
        """Takes from an inventory, of this collection or stored, which metrics functions can have."""
        for name in inventory.functions or ():
            for kind in inventory.kinds:
                self._belonging.pop((kind, name), None)
        for one in inventory.configured:
            if one.kind in KINDS:
                self._belonging.setdefault((one.kind, one.function), {})[one.item] = one

    def items(
        self,
        covered: CoveredSpans,
        since_ms: int,
        now_ms: int,
        *,
        mark: bool,
        counted: Callable[[int], Counted] = lambda _: {},
    ) -> Iterator[Item]:
        """Yields the points, then a mark that they were read. Raises SourceFailed, BudgetReached.

        ``counted`` gives what the store has since a time. A longer span of a metric costs no more, so late bins are
        asked for again for hours; a function's other metrics are asked for only where its bins are recent or have
        changed.
        """
        metrics = f"metrics {self._account.account} {self._region}"
        known = max((high for low, high in covered(metrics) if low <= since_ms), default=since_ms)
        over = span(max(since_ms, known - LATE_MS), now_ms)
        before = counted(over.start_ms)
        points = Points(self._session.client("cloudwatch"), self._session.calls, self._region)
        first = [query for function in self._functions for query in queries(function.key, *names.OF_ALL)]
        for item in self._read(points, [*first, *queries(self._account, *names.OF_ACCOUNT)], over, "metrics"):
            if isinstance(item, MetricPoints):
                self._who_ran(item.points, before, known - RECENT_MS)
            yield item
        self.unanswered.update(query.key for query, _ in points.unanswered)
        self._over, self.since_ms, self.settled_ms = over, over.start_ms, now_ms - LATE_MS
        yield from self._read(points, self._further(over), over, "metrics of active functions")
        yield Rejects(points.rejects)
        yield from map(Failed, points.failures)
        if mark and not points.failures:
            yield Covered(metrics, over.start_ms, now_ms)

    def _who_ran(self, points: Sequence[MetricPoint], before: Counted, recent_ms: int) -> None:
        nothing: Mapping[int, float] = {}
        for point in points:
            name = point.function.name
            if not point.value or not name:
                continue
            start = point.start_ms
            grown = point.value > before.get((name, point.metric), nothing).get(start, 0.0)
            if grown or start >= recent_ms:
                self.active.add(point.function)
            if point.metric == "Invocations":
                self.invoked.setdefault(name, {})[start] = point.value
                if grown:
                    self.grown.setdefault(name, set()).add(start)

    def ran(self, name: str, start_ms: int) -> bool:
        """Whether CloudWatch counted invocations of the function that must have left a REPORT in that hour."""
        if self._over is None or self._own(name).get("system_log_level") == "WARN":  # which hides REPORTs
            return False
        if name not in self._ran:
            latest_ms = HOUR_MS - LONGEST_MS - self._over.period_s * 1000
            bins = self.invoked.get(name, ())
            self._ran[name] = frozenset(at // HOUR_MS * HOUR_MS for at in bins if at % HOUR_MS <= latest_ms)
        return start_ms in self._ran[name]

    def _read(self, points: Points, asked: Sequence[Query], over: Span, what: str) -> Iterator[MetricPoints | Step]:
        yield Step(what, 0, len(asked))
        for some, done in points.read(asked, over):
            yield MetricPoints(some)
            yield Step(what, done, len(asked))

    def _further(self, over: Span) -> list[Query]:
        """The metrics to ask for once it is known which functions ran. Pollers and idle instances have metrics even if
        none did.
        """
        asked: list[Query] = []
        for function in self._functions:
            key = function.key
            if key in self.active or key in self.unanswered:
                asked += self.of_active(key)
            for mapping in self._things("event source", key.name):
                # One that was disabled before the span has had nothing to count in it.
                still = (
                    mapping.settings.get("state") == "Disabled" and (mapping.modified_ms or FOREVER_MS) < over.start_ms
                )
                if not still:
                    names_of_it = names.of_mapping(mapping.settings)
                    asked += queries(key, *names_of_it, item=mapping.item, EventSourceMappingUUID=mapping.item)
        providers = {names.capacity_provider(self._own(function.key.name)) for function in self._functions} - {""}
        for provider in sorted(providers):
            asked += queries(self._account, *names.OF_CAPACITY, item=provider, CapacityProviderName=provider)
        return asked

    def learned(self, asked: Sequence[Query], since_ms: int, now_ms: int) -> Iterator[Item]:
        """Points of metrics that were not asked for with the others, as it was not known that they can exist.

        They are read from ``since_ms`` on, as if never read before. Raises SourceFailed, BudgetReached.
        """
        points = Points(self._session.client("cloudwatch"), self._session.calls, self._region)
        yield from self._read(points, asked, span(since_ms, now_ms), "metrics that functions turned out to have")
        yield Rejects(points.rejects)
        yield from map(Failed, points.failures)

    def of_active(self, key: FunctionKey) -> list[Query]:
        """The queries for a function that ran."""
        settings = self._own(key.name)
        asked = queries(key, *names.of_active(self.circumstances(key.name)))
        if provider := names.capacity_provider(settings):
            asked += queries(key, *names.OF_ENVIRONMENTS, CapacityProviderName=provider, FunctionName=key.name)
        return asked

    def circumstances(self, name: str) -> names.MetricConditions:
        """What is known of a function that decides which metrics it can have."""
        on_async = self._things("async", name)
        principals = {str(thing.settings.get("principal")) for thing in self._things("permission", name)}
        return names.MetricConditions(
            self._own(name),
            [thing.settings for thing in self._things("event source", name)],
            destinations=any(thing.settings.get(to) for thing in on_async for to in ("on_success", "on_failure")),
            invoked_async=bool(on_async) or not principals.isdisjoint(_INVOKE_ASYNC),
            recursive_loop=self._setting("recursion", name, "recursive_loop"),
            # What is reserved is not provisioned; what Application Auto Scaling schedules is, at its hours.
            provisioned=bool(self._things("provisioned", name) or self._things("schedule", name)),
            untrusted_code=self._setting("code signing", name, "untrusted_code"),
        )

    def _own(self, name: str) -> Mapping[str, Setting]:
        known = self._settings.get(name)
        return known.settings if known else {}

    def _things(self, kind: str, name: str) -> Sequence[Configured]:
        return tuple(self._belonging.get((kind, name), {}).values())

    def _setting(self, kind: str, name: str, setting: str) -> Setting:
        return next((one.settings.get(setting) for one in self._things(kind, name)), None)

    def volumes(
        self, groups: Sequence[LogGroup], unread_ms: Mapping[str, int], untold_ms: Mapping[str, int] | None = None
    ) -> tuple[dict[str, int], list[MetricPoint], list[SourceFailed]]:
        """The bytes that came into groups since ``unread_ms``, of those that CloudWatch knows, the points, and what
        it did not answer.

        The points by the hour are to be kept: AWS bills the bytes. They begin where a group is unread, so that those
        of one collection follow on those of the one before; where they were not had then, at ``untold_ms``. Empty
        where metrics were not read. SourceFailed, BudgetReached.
        """
        if self._over is None or not groups:
            return {}, [], []
        by_name = {function.key.name: function.key for function in self._functions}
        owners = {group.name: by_name.get(group.function, self._account) for group in groups}
        asked = [log_bytes(owner, name) for name, owner in owners.items()]
        group_of = {(query.key.name, query.kept_as): name for query, name in zip(asked, owners, strict=True)}
        first_ms = min((untold_ms or {}).get(name, unread_ms[name]) for name in owners)
        since_ms = min(first_ms, *(unread_ms[name] for name in owners)) // HOUR_MS * HOUR_MS
        over = Span(since_ms, -(-self._over.end_ms // HOUR_MS) * HOUR_MS, HOUR_MS // 1000)
        points = Points(self._session.client("cloudwatch"), self._session.calls, self._region)
        sums: dict[str, float] = {}
        all_points: list[MetricPoint] = []
        for some, _ in points.read(asked, over):
            all_points += some
            for point in some:
                name = group_of[point.function.name, point.metric]
                if point.start_ms + HOUR_MS > unread_ms[name]:
                    sums[name] = sums.get(name, 0.0) + point.value
        return {name: round(total) for name, total in sums.items()}, all_points, points.failures
