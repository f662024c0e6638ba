"""One account and region of CloudWatch as a source: everything an operator needs, in the order that costs least.

Functions first, then Invocations of all of them, details and logs of those that were active only, then what changes
seldom. A part that fails is told and the others go on, unless the credentials or the network are gone.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from collectors.model.account import Alarms, CallCount, Choice, Configured, Covered, Inventory
from collectors.model.records import Function, FunctionKey, Reject
from collectors.sources.base import (
    AlarmChanges,
    BudgetReached,
    Choices,
    CoveredSpans,
    Failed,
    Item,
    ListedFunctions,
    ListedLogGroups,
    LogEvents,
    MetricPoints,
    Rejects,
    SourceFailed,
    Step,
    Stored,
    guarded,
    unforeseen,
)
from collectors.sources.cloudwatch import (
    alarms,
    choose,
    costs,
    details,
    inventory,
    log_events,
    log_groups,
    metric_reading,
    news,
    optimizer,
)
from collectors.sources.cloudwatch.calls import TokenBucket, bucket_of
from collectors.sources.cloudwatch.daily import Daily
from collectors.sources.cloudwatch.durable import DurableReading
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.functions import CONTROL_PLANE_RATE, account_of, list_functions
from collectors.sources.cloudwatch.insights_hours import Due, SummedHours, scanned_at_most
from collectors.sources.cloudwatch.insights_queries import Queries
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metric_reading import MetricReading
from collectors.sources.cloudwatch.metrics import Query
from collectors.sources.cloudwatch.pages import Endless
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.tags import TAGGING_RATE, RegionTags

ALWAYS = ("functions", "inventory", "metrics", "logs", "insights", "alarms", "durable")
# Functions whose aliases, versions and the like are looked at: nine calls each and one for each alias, three a second.
DETAILS_A_TIME = 16
_BY_INSIGHTS = choose.AUTO, choose.INSIGHTS


class CloudWatchSource:
    """What ``session`` may read, from ``since_ms`` to ``now_ms`` (epoch milliseconds)."""

    def __init__(
        self,
        session: ReadOnlySession,
        *,
        since_ms: int,
        now_ms: int,
        logs: str = choose.AUTO,
        features: Collection[str] = ALWAYS,
        newest_first: bool = False,
        wanted: Callable[[str], bool] | None = None,
        details: int = DETAILS_A_TIME,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """``wanted`` narrows to functions by name; ``details`` is how many functions are looked at closely."""
        self._asked: dict[str, Any] = {
            "since_ms": since_ms, "now_ms": now_ms, "logs": logs, "features": features, "newest_first": newest_first,
            "wanted": wanted, "details": details, "pause": pause,
        }  # fmt: skip
        self.region = session.region
        self.name = " ".join(filter(None, ("cloudwatch", session.label, session.region)))
        self._session = session
        self._since_ms = since_ms
        self._now_ms = now_ms
        self._logs = logs
        self._features = features
        self._newest_first = newest_first
        self._wanted = wanted
        self._details = details
        self._pause = pause
        self._managed: dict[str, set[str]] = {}  # by function its versions on managed instances
        self._whole = wanted is None  # whether all functions of the account and region are looked at
        self._functions: list[Function] = []
        self._settings: dict[str, Configured] = {}
        self._names: set[str] = set()  # of all functions, wanted or not
        self._rejects: list[Reject] = []
        self._account = ""
        # What metrics cover is marked after what they say is idle: killed in between, they are read again.
        self._marks: list[Covered] = []

    @property
    def account(self) -> str:
        # Not a cached_property: up to Python 3.11 one that hangs makes those of all other sources wait.
        if not self._account:
            self._account = account_of(self._session.client("sts"), self.region, self._session.profile)
        return self._account

    @property
    def session(self) -> ReadOnlySession:
        return self._session

    def counts(self) -> list[CallCount]:
        return self._session.calls.counts()

    def over(self, session: ReadOnlySession) -> "CloudWatchSource":
        """The same questions through another session."""
        return CloudWatchSource(session, **self._asked)

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """All there is, as ``collectors.sources.base.Source`` says."""
        yield Step("functions")
        _ = self.account
        yield from self._listed()
        metrics = MetricReading(self._session, self.account, self._functions, self._settings)
        self._remember(stored, metrics)
        if "inventory" in self._features:
            yield from self._guarded("inventory", self._inventory(metrics))
            yield from self._guarded("inventory of a day", self._daily(stored, metrics))
            tags = RegionTags(self.account, self.region, self._names, self._now_ms)
            yield from self._guarded("tags of functions", self._tag_items(tags))
        if "metrics" in self._features:
            counted = partial(stored.counted, self.account, self.region)
            read = metrics.items(stored, self._since_ms, self._now_ms, mark=self._whole, counted=counted)
            for item in self._guarded("metrics", read):
                if isinstance(item, Covered):
                    self._marks.append(item)
                else:
                    yield item
        if "alarms" in self._features:
            yield from self._guarded("alarms", self._alarms())
        if "logs" in self._features and self._logs != choose.NONE:
            yield from self._guarded("logs", self._log_items(stored, metrics))
        yield from self._taken_marks()
        if "durable" in self._features:
            yield from self._guarded("durable executions", self._durable(stored, metrics))
        if "costs" in self._features:
            yield Step("what AWS billed")
            client = self._session.client("ce")
            yield from self._guarded(
                "what AWS billed",
                costs.billed_once(
                    client, self._session.calls, self.account, self._since_ms, self._now_ms, stored, self._rejects
                ),
            )
        if "optimizer" in self._features:
            yield Step("Compute Optimizer")
            client = self._session.client("compute-optimizer")
            recommended = optimizer.recommended_once(
                client, self.account, self.region, self._now_ms, stored, self._rejects
            )
            yield from self._guarded("Compute Optimizer", recommended)
        if "inventory" in self._features:
            yield from self._guarded("details of functions", self._detail_items(stored, metrics))
            yield from self._guarded("tags of functions", self._tag_items_of_each(tags, stored, metrics))
        yield Rejects(self._taken_rejects())

    def _guarded(self, what: str, part: Iterator[Item]) -> Iterator[Item]:
        """A part whose failure is told, and does not end the rest unless it would fail too."""
        yield from guarded(what, part, is_hopeless)
        if taken := self._taken_rejects():
            yield Rejects(taken)

    def _taken_marks(self) -> list[Covered]:
        taken, self._marks = self._marks, []
        return taken

    def _taken_rejects(self) -> list[Reject]:
        taken = self._rejects + self._session.take_rejects()
        self._rejects.clear()
        return taken

    @property
    def _rejected(self) -> int:
        """How much could not be read so far: where it grows within a listing, that is not whole."""
        return len(self._rejects) + self._session.rejected

    # --- functions and what belongs to them -----------------------------------------------------------------------

    @cached_property
    def _bucket(self) -> TokenBucket:
        return self._paced(bucket_of(self.account, self.region, "lambda", CONTROL_PLANE_RATE))

    def _paced(self, shared: TokenBucket) -> TokenBucket:
        """The bucket that all share, or one that waits as the source was told to."""
        return shared if self._pause is time.sleep else TokenBucket(shared.rate, pause=self._pause)

    def _listed(self) -> Iterator[Item]:
        before = self._rejected
        try:
            for function, settings in list_functions(
                self._session.client("lambda"), self.region, self._bucket, self._rejects, self.account
            ):
                name = function.key.name
                self._names.add(name)
                if name not in self._settings and (self._wanted is None or self._wanted(name)):
                    self._functions.append(function)
                    self._settings[name] = settings
        except SourceFailed as failed:
            if not self._functions or is_hopeless(failed):
                raise
            yield Failed(failed)  # the rest is collected of those that were listed
            self._whole = False
        yield ListedFunctions(self._functions)
        looked_at = None if self._whole else frozenset(self._settings)
        found = list(self._settings.values())
        yield Inventory(self.account, self.region, ("function",), found, looked_at, self._rejected > before)

    def _inventory(self, metrics: MetricReading) -> Iterator[Item]:
        yield Step("inventory")
        client = self._session.client("lambda")
        asked: tuple[tuple[Callable[..., Inventory], Any], ...] = (
            (inventory.account_settings, client),
            (inventory.event_sources, client),
            (inventory.schedules, self._session.client("application-autoscaling")),
        )
        for ask, of in asked:
            yield from self._guarded(f"inventory ({ask.__name__})", self._inventory_by(ask, of, metrics))

    def _inventory_by(self, ask: Callable[..., Inventory], client: Any, metrics: MetricReading) -> Iterator[Item]:
        before = self._rejected
        found = ask(client, self.account, self.region, self._bucket, self._rejects)
        found = replace(found, partial=self._rejected > before)
        metrics.learn(found)
        yield found
        if found.partial:
            kind = " and ".join(found.kinds)
            yield Failed(
                SourceFailed(
                    f"inventory of {self.region}", f"a part of what AWS said of each {kind} cannot be read",
                    "what was known of it stays; collect again",
                )
            )  # fmt: skip

    def _remember(self, stored: Stored, metrics: MetricReading) -> None:
        """What belongs to functions as it was when it was looked at last, of what is not asked each time."""
        known = stored.settings(self.account, self.region, (*metric_reading.SELDOM, "managed version"))
        self._learn(metrics, Inventory(self.account, self.region, metric_reading.SELDOM, list(known)))

    def _learn(self, metrics: MetricReading, found: Inventory) -> None:
        metrics.learn(found)
        for one in found.found:
            if one.kind == "managed version":
                self._managed.setdefault(one.function, set()).add(one.item)

    def _daily(self, covered: CoveredSpans, metrics: MetricReading) -> Iterator[Item]:
        daily = Daily(self.account, self.region, self._bucket, covered, self._now_ms)
        for item in daily.listings(self._session.client("lambda"), self._settings):
            if isinstance(item, Inventory):
                self._learn(metrics, item)
            yield item

    def _tag_items(self, tags: RegionTags) -> Iterator[Item]:
        yield Step("tags")
        bucket = self._paced(bucket_of(self.account, self.region, "tagging", TAGGING_RATE))
        yield from tags.items(self._session.client("resourcegroupstaggingapi"), bucket)
        self._rejects += tags.rejects

    def _tag_items_of_each(self, tags: RegionTags, covered: CoveredSpans, metrics: MetricReading) -> Iterator[Item]:
        keys = [each.key for each in self._active_first(metrics)]
        others = sorted(self._names.difference(self._settings))
        keys += [FunctionKey(name, self.account, self.region) for name in others]
        yield from tags.items_of_each(self._session.client("lambda"), keys, self._bucket, covered, self._details)

    def _active_first(self, metrics: MetricReading) -> list[Function]:
        return sorted(self._functions, key=lambda each: (each.key not in metrics.active, each.key.name))

    def _detail_items(self, covered: CoveredSpans, metrics: MetricReading) -> Iterator[Item]:
        client = self._session.client("lambda")
        turned_out: list[Query] = []

        def ask(function: Function, skip: Mapping[str, str]) -> Iterator[Inventory | SourceFailed]:
            name = function.key.name
            own = {name: self._settings[name].settings}
            known = {name: {"managed version": sorted(self._managed.get(name, ()))}}
            asked = metrics.of_active(function.key)
            for found in inventory.details(client, [function.key], self.region, self._bucket, own, known, skip=skip):
                if isinstance(found, Inventory):
                    metrics.learn(found)
                yield found
            if function.key in metrics.active:
                turned_out.extend(query for query in metrics.of_active(function.key) if query not in asked)

        reading = details.DetailReading(
            ask, {detail.kind: detail.action for detail in inventory.DETAILS}, self.account, self.region,
            now_ms=self._now_ms, modified_ms={name: known.modified_ms for name, known in self._settings.items()},
            is_unsettled=inventory.is_unsettled,
        )  # fmt: skip
        in_order = self._active_first(metrics)
        marks: list[Covered] = []
        for item in reading.items(in_order, covered, self._details):
            if isinstance(item, Covered) and turned_out:
                marks.append(item)
            else:
                yield item
        if turned_out:
            yield from metrics.learned(turned_out, self._since_ms, self._now_ms)
        yield from marks

    # --- logs -----------------------------------------------------------------------------------------------------

    def _log_items(self, stored: Stored, metrics: MetricReading) -> Iterator[Item]:
        yield Step("log groups")
        client = self._session.client("logs")
        is_json = frozenset(
            name for name, known in self._settings.items() if known.settings.get("log_format") == "JSON"
        )
        unended: list[SourceFailed] = []
        groups, facts = log_groups.discover(client, self.account, self.region, self._functions, is_json, unended)
        yield from map(Failed, unended)
        if self._wanted is not None:
            groups = [group for group in groups if group.functions]
        yield ListedLogGroups(list(facts))
        bucket = self._events_bucket()
        read_to = {group.name: self._read_to(stored, group) for group in groups}
        unread = self._unread(stored, groups, read_to, metrics)
        log_bytes: dict[str, int] = {}
        due = Due(stored, self.account, self.region, self._since_ms, self._now_ms)
        waiting = [group for group in groups if due.waits(group)] if self._logs in _BY_INSIGHTS else []
        if self._logs in _BY_INSIGHTS:
            untold = self._bytes_untold(stored, groups, read_to, metrics)
            asked = (unread.keys() | untold.keys()) - {group.name for group in waiting}
            active = [group for group in groups if group.functions and group.name in asked]
            try:
                log_bytes, points, failed = metrics.volumes(active, untold | unread, untold)
            except SourceFailed as error:
                if is_hopeless(error):
                    raise
                points, failed = [], [error]  # events are read without
            yield MetricPoints(points)
            yield from map(Failed, failed)
            if self._whole and metrics.since_ms is not None and not failed:
                self._marks.append(Covered(self._bytes_item, self._since_ms, self._now_ms))
        if "inventory" in self._features:
            daily = Daily(self.account, self.region, self._bucket, stored, self._now_ms)
            yield from daily.log_destinations(client, groups)
        volumes = {
            group.name: choose.Volume(log_bytes.get(group.name), group.name in unread)
            for group in groups
            if group.name not in unread or group.name in log_bytes
        }
        choices = choose.choose(groups, volumes, self._logs, calls_a_second=bucket.rate, waiting=waiting)
        yield Choices(list(choices))
        by_way: dict[str, list[tuple[LogGroup, Choice]]] = {}
        by_name = {group.name: group for group in groups}
        for choice in choices:
            by_way.setdefault(choice.way, []).append((by_name[choice.log_group], choice))
        for group, _ in by_way.get(choose.IDLE, ()):
            # As far as metrics are settled, there was nothing to read.
            if group.functions and metrics.since_ms is not None and metrics.settled_ms > read_to[group.name]:
                yield Covered(self._events_item(group), metrics.since_ms, metrics.settled_ms)
        yield from self._taken_marks()
        by_events = [group for group, _ in by_way.get(choose.EVENTS, ())]
        yield from self._event_items(stored, by_events, unread, bucket)
        if summed := by_way.get(choose.INSIGHTS):
            stored_bytes = {fact.name: fact.stored_bytes or 0 for fact in facts}
            yield from self._insights_items(stored, due, summed, stored_bytes, metrics)

    def _unread(
        self, stored: Stored, groups: Sequence[LogGroup], read_to: Mapping[str, int], metrics: MetricReading
    ) -> dict[str, int]:
        """From when on each group is to be read that may hold what has not been."""
        known_ms = metrics.since_ms
        reports = {} if known_ms is None else stored.reports(self.account, self.region, known_ms)
        of = {function.key.name: function.key for function in self._functions}
        unread: dict[str, int] = {}
        for group in groups:
            read_ms = read_to[group.name]

            def missing(name: str, read_ms: int = read_ms) -> int | None:
                if of.get(name) in metrics.unanswered:
                    return read_ms
                invoked, grown = metrics.invoked.get(name, {}), metrics.grown.get(name, ())
                return news.to_read_since(invoked, reports.get(name, ()), grown, read_ms)

            since_ms = news.unread_since(group, read_ms, self._now_ms, known_ms, missing)
            if not group.functions and not (self._whole and stored(self._events_item(group))):
                since_ms = read_ms  # it was never read, or its function may be among those that were not listed
            if since_ms is not None:
                unread[group.name] = since_ms
        return unread

    @property
    def _bytes_item(self) -> str:
        return f"log bytes {self.account} {self.region}"

    def _bytes_untold(
        self, stored: Stored, groups: Sequence[LogGroup], read_to: Mapping[str, int], metrics: MetricReading
    ) -> dict[str, int]:
        """Since when it is not known how much came into groups that were read, of functions that ran: CloudWatch
        did not answer then."""
        known_ms = log_events.read_to(stored(self._bytes_item), self._since_ms)
        ran = {key.name for key in metrics.active | metrics.unanswered}
        return {
            group.name: known_ms
            for group in groups
            if self._whole and read_to[group.name] > known_ms and ran.intersection(group.functions)
        }

    def _events_bucket(self) -> TokenBucket:
        shared = log_events.pace(self.account, self.region)
        return self._paced(shared) if self._session.waits else TokenBucket(shared.rate, pause=_at_once)

    def _read_to(self, covered: CoveredSpans, group: LogGroup) -> int:
        spans = covered(self._events_item(group))
        if not group.functions and spans:  # seldom read: what came before the time asked for counts too
            return max(high for _, high in spans)
        return log_events.read_to(spans, self._since_ms)

    def _events_item(self, group: LogGroup) -> str:
        return f"events {self.account} {self.region} {group.name}"

    def _event_items(
        self, covered: CoveredSpans, groups: Sequence[LogGroup], unread: Mapping[str, int], bucket: TokenBucket
    ) -> Iterator[Item]:
        client = self._session.client("logs")
        failed: list[SourceFailed] = []
        for done, group in enumerate(groups):
            yield Step(f"log events of {group.name}", done, len(groups))
            item = self._events_item(group)
            since_ms, again_ms = self._since_ms, unread.get(group.name)
            if again_ms == self._read_to(covered, group):
                again_ms = None  # nothing that was read is missed
            if not group.functions:
                since_ms = min(since_ms, self._read_to(covered, group))
            gaps = log_events.gaps(covered(item), since_ms, self._now_ms, again_ms)
            try:
                for low, high in _pieces(gaps, newest_first=self._newest_first):
                    blocks = log_events.event_blocks(
                        client, group, low, high,
                        account=self.account, region=self.region, bucket=bucket, rejects=self._rejects,
                        endless=sum(isinstance(each, Endless) for each in failed),
                    )  # fmt: skip
                    yield from map(LogEvents, blocks)
                    yield Covered(item, low, high)
            except SourceFailed as one:
                if is_hopeless(one):
                    raise
                failed.append(one)
            except (BudgetReached, OSError):
                raise
            except Exception as fault:
                failed.append(unforeseen(f"log events of {group.name}", fault))
        if failed:
            yield Failed(failed[0].of_many(len(failed), len(groups)))

    def _insights_items(
        self,
        stored: Stored,
        due: Due,
        chosen: Sequence[tuple[LogGroup, Choice]],
        stored_bytes: Mapping[str, int],
        metrics: MetricReading,
    ) -> Iterator[Item]:
        queries = Queries(
            self._session.client("logs", retries=False),
            self._session.calls,
            self.account,
            self.region,
            pause=self._pause if self._session.waits else _at_once,
        )
        # Where nobody says what came in, all that may be stored is the safe guess; of each hour alike.
        expected = {group.name: scanned_at_most(stored_bytes.get(group.name, 0)) for group, _ in chosen}
        expected |= {choice.log_group: choice.log_bytes for _, choice in chosen if choice.log_bytes is not None}
        expected = {name: scanned // max(1, len(due.hours)) for name, scanned in expected.items()}
        hours = SummedHours(queries, due, [group for group, _ in chosen], expected, metrics.ran)
        try:
            yield from hours.items(stored.left_running(self.account, self.region))
        finally:
            self._rejects += hours.rejects

    def _durable(self, stored: Stored, metrics: MetricReading) -> Iterator[Item]:
        """Of functions that are configured for them; of others there are none."""
        names = [
            name
            for name, one in self._settings.items()
            if one.settings.get("durable_timeout_s") or one.settings.get("durable_retention_days")
        ]
        known = stored.open_executions(self.account, self.region)
        if self._wanted is not None:
            known = [one for one in known if self._wanted(one.function)]
        if names or known:

            def is_quiet(name: str, since_ms: int) -> bool:
                key = FunctionKey(name, self.account, self.region)
                told = metrics.since_ms is not None and metrics.settled_ms > 0 and metrics.since_ms <= since_ms
                return told and key not in metrics.active and key not in metrics.unanswered

            client = self._session.client("lambda")
            reading = DurableReading(client, self.account, self.region, self._bucket, self._now_ms, is_quiet)
            yield from reading.items(names, stored, self._since_ms, known, stored.read_executions)

    # --- the rest -------------------------------------------------------------------------------------------------

    def _alarms(self) -> Iterator[Item]:
        yield Step("alarms")
        client = self._session.client("cloudwatch")
        before = self._rejected
        found = list(alarms.list_alarms(client, self.account, self.region, self._rejects))
        yield Alarms(self.account, self.region, found, self._rejected > before)
        history = alarms.history(client, self.account, self.region, self._since_ms, self._now_ms, self._rejects)
        yield AlarmChanges(list(history))


def _at_once(_: float) -> None:
    """What is not sent waits for nobody."""


def _pieces(gaps: Sequence[tuple[int, int]], *, newest_first: bool) -> list[tuple[int, int]]:
    """Gaps as they are read. In order of time a gap is one reading, which spares calls; newest first it is cut."""
    return log_events.windows(gaps, newest_first=True) if newest_first else list(gaps)
