"""Which metrics a collection asks for: of all functions whether they ran, of those that did the rest.

Every metric asked for is billed, so what the configuration rules out is not asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from collectors.account import Configured, Covered, Inventory
from collectors.cloudwatch import metric_names as names
from collectors.cloudwatch.choose import Volume
from collectors.cloudwatch.log_events import OVERLAP_MS
from collectors.cloudwatch.log_groups import LogGroup
from collectors.cloudwatch.metrics import LATE_MS, Points, Query, Span, log_bytes, queries, span
from collectors.cloudwatch.session import ReadOnlySession
from collectors.model import Function, FunctionKey, MetricPoint
from collectors.source import Given, Step

_STREAMS = (":kinesis:", ":dynamodb:", ":rds:")  # DocumentDB's ARNs are RDS's
_KAFKA = (":kafka:",)
HOUR_MS = 3_600_000


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
        self._mappings: list[Configured] = []
        self._provisioned = False
        self._over: Span | None = None
        self.active: set[FunctionKey] = set()
        self.unanswered: set[FunctionKey] = set()  # of these it is not known whether they ran
        self.since_ms = self.settled_ms = 0  # between these, ``active`` is all that ran

    def learn(self, inventory: Inventory) -> None:
        """What the inventory says about which metrics there can be."""
        for one in inventory.found:
            if one.kind == "event source":
                self._mappings.append(one)
            if one.kind == "account":
                # What is neither unreserved nor reserved by anybody is the whole limit: nothing is provisioned.
                limit = one.settings.get("concurrency_limit")
                self._provisioned = limit is not None and limit != one.settings.get("unreserved_concurrency")

    def given(
        self, covered: Callable[[str], Sequence[tuple[int, int]]], since_ms: int, now_ms: int, *, mark: bool
    ) -> Iterator[Given]:
        """The points, and a mark that they have been read. SourceFailed, BudgetReached."""
        item = f"metrics {self._account.account} {self._region}"
        known = max((high for low, high in covered(item) if low <= since_ms), default=since_ms)
        over = span(max(since_ms, known - LATE_MS), now_ms)
        points = Points(self._session.client("cloudwatch"), self._session.calls, self._region)
        first = [query for function in self._functions for query in queries(function.key, *names.OF_ALL)]
        for given in self._read(points, [*first, *queries(self._account, *names.OF_ACCOUNT)], over, "metrics"):
            if isinstance(given, list):
                self.active.update(point.function for point in given if point.value and point.function.name)
            yield given
        self.unanswered.update(query.key for query, _ in points.unanswered)
        # Up to there, and the next collection asks from there on again: what is read again of logs lies within that.
        self._over, self.since_ms, self.settled_ms = over, over.start_ms, now_ms - LATE_MS + OVERLAP_MS
        yield from self._read(points, self._of_active(), over, "metrics of active functions")
        yield points.rejects
        yield from points.failures
        if mark and not points.failures:
            yield Covered(item, over.start_ms, now_ms)

    def _read(
        self, points: Points, asked: Sequence[Query], over: Span, what: str
    ) -> Iterator[list[MetricPoint] | Step]:
        yield Step(what, 0, len(asked))
        for some, done in points.read(asked, over):
            yield some
            yield Step(what, done, len(asked))

    def _of_active(self) -> list[Query]:
        asked: list[Query] = []
        for function in self._functions:
            key = function.key
            if key not in self.active and key not in self.unanswered:
                continue
            asked += queries(key, *names.OF_ACTIVE, *self._special(key))
            for mapping in self._of_mappings(key):
                if mapping.settings.get("metrics"):
                    asked += queries(
                        key, *names.OF_MAPPING_COUNTS, item=mapping.item, EventSourceMappingUUID=mapping.item
                    )
        return asked

    def _special(self, key: FunctionKey) -> list[str]:
        """Metrics that only some functions have."""
        known = self._settings.get(key.name)
        settings = known.settings if known else {}
        sources = [str(one.settings.get("source", "")) for one in self._of_mappings(key)]
        chosen = ["AsyncEventsDropped"]
        if settings.get("dead_letter"):
            chosen += [name for name in names.OF_ASYNC if name not in chosen]
        if any(mark in source for source in sources for mark in _STREAMS):
            chosen += names.OF_STREAMS
        if any(mark in source or ":9092" in source for source in sources for mark in _KAFKA):
            chosen += names.OF_KAFKA
        if self._provisioned:
            chosen += names.OF_PROVISIONED
        if settings.get("capacity_provider"):
            chosen += names.OF_MANAGED
        return chosen

    def _of_mappings(self, key: FunctionKey) -> list[Configured]:
        return [one for one in self._mappings if one.function == key.name]

    def volumes(
        self, groups: Sequence[LogGroup], unread_ms: Mapping[str, int]
    ) -> tuple[dict[str, Volume], list[MetricPoint]]:
        """How much came into each group that a listed function writes to, and whether there is anything to read.

        The points by the hour are to be kept: AWS bills the bytes. They begin where a group is unread, so that those
        of one collection follow on those of the one before.

        ``unread_ms`` is from when on each group is unread. Where that lies before what the metrics tell of, nobody
        knows that it was idle. Empty where metrics were not read. SourceFailed, BudgetReached.
        """
        if self._over is None:
            return {}, []
        by_name = {function.key.name: function.key for function in self._functions}
        known = [group for group in groups if group.functions]
        may_have_run = self.active | self.unanswered
        active = {
            group.name
            for group in known
            if unread_ms[group.name] < self._over.start_ms
            or any(by_name.get(name) in may_have_run for name in group.functions)
        }
        owners = {group.name: by_name.get(group.function, self._account) for group in known if group.name in active}
        asked = [log_bytes(owner, name) for name, owner in owners.items()]
        group_of = {(query.key.name, query.kept_as): name for query, name in zip(asked, owners, strict=True)}
        since_ms = min((unread_ms[name] for name in owners), default=0) // HOUR_MS * HOUR_MS
        over = Span(since_ms, -(-self._over.end_ms // HOUR_MS) * HOUR_MS, HOUR_MS // 1000)
        points = Points(self._session.client("cloudwatch"), self._session.calls, self._region)
        sums: dict[str, float] = {}
        found: list[MetricPoint] = []
        for some, _ in points.read(asked, over):
            found += some
            for point in some:
                name = group_of[point.function.name, point.metric]
                if point.start_ms + HOUR_MS > unread_ms[name]:
                    sums[name] = sums.get(name, 0.0) + point.value
        volumes = {
            group.name: Volume(round(sums[group.name]) if group.name in sums else None, group.name in active)
            for group in known
        }
        return volumes, found
