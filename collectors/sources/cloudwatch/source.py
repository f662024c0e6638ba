"""One account and region of CloudWatch as a source, read in the order that costs least.

First functions, then Invocations of all of them, then details and logs of those that ran, then what seldom changes. A
part that fails is reported and the others go on, unless the credentials or the network are gone.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from collectors.model.account import Alarms, CallCount, Configured, Covered, Inventory
from collectors.model.records import LOCAL_ACCOUNT, Function, FunctionKey, Reject
from collectors.sources.base import (
    AlarmChanges,
    CoveredSpans,
    Failed,
    Item,
    ListedFunctions,
    Rejects,
    SourceFailed,
    Step,
    Stored,
    guarded,
)
from collectors.sources.cloudwatch import (
    alarms,
    costs,
    detail_kinds,
    details,
    inventory,
    log_choices,
    metric_reading,
    optimizer,
)
from collectors.sources.cloudwatch.calls import TokenBucket, bucket_of
from collectors.sources.cloudwatch.daily_questions import Daily
from collectors.sources.cloudwatch.durable import DurableReading
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.functions import CONTROL_PLANE_RATE, account_of, list_functions
from collectors.sources.cloudwatch.log_reading import LogReading, ReadingContext, events_bucket
from collectors.sources.cloudwatch.metric_reading import MetricReading
from collectors.sources.cloudwatch.metrics import Query
from collectors.sources.cloudwatch.session import ReadOnlySession
from collectors.sources.cloudwatch.tags import TAGGING_RATE, RegionTags

ALWAYS = ("functions", "inventory", "metrics", "logs", "insights", "alarms", "durable")
# Functions whose aliases, versions and the like are looked at: nine calls each and one for each alias, three a second.
DETAILS_A_TIME = 16


class CloudWatchSource:
    """What ``session`` may read, from ``since_ms`` to ``now_ms`` (epoch milliseconds)."""

    def __init__(
        self,
        session: ReadOnlySession,
        *,
        since_ms: int,
        now_ms: int,
        logs: str = log_choices.AUTO,
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
        """The twelve digits, asked for once. SourceFailed where the credentials cannot be used."""
        # Not a cached_property: up to Python 3.11 one that hangs makes those of all other sources wait.
        if not self._account:
            self._account = account_of(self._session.client("sts"), self.region, self._session.profile)
            self._session.calls.free = self._account == LOCAL_ACCOUNT
        return self._account

    @property
    def session(self) -> ReadOnlySession:
        """The session through which AWS is read."""
        return self._session

    def counts(self) -> list[CallCount]:
        """Requests and billed units of this collection, by operation."""
        return self._session.calls.counts()

    def over(self, session: ReadOnlySession) -> "CloudWatchSource":
        """An equal source over another session."""
        return CloudWatchSource(session, **self._asked)

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """All items, as ``collectors.sources.base.Source`` describes."""
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
        if "logs" in self._features and self._logs != log_choices.NONE:
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
        """The items of a part. Its failure is reported, and raised only if the other parts would fail too."""
        yield from guarded(what, part, is_hopeless)
        if taken := self._taken_rejects():
            yield Rejects(taken)

    def _taken_marks(self) -> list[Covered]:
        taken = list(self._marks)
        self._marks.clear()
        return taken

    def _taken_rejects(self) -> list[Reject]:
        taken = self._rejects + self._session.take_rejects()
        self._rejects.clear()
        return taken

    @property
    def _rejected(self) -> int:
        """How many values could not be read so far. If it grows during a listing, the listing is not complete."""
        return len(self._rejects) + self._session.rejected

    # --- functions and what belongs to them -----------------------------------------------------------------------

    @cached_property
    def _bucket(self) -> TokenBucket:
        return self._paced(bucket_of(self.account, self.region, "lambda", CONTROL_PLANE_RATE))

    def _paced(self, shared: TokenBucket) -> TokenBucket:
        """The shared bucket, or one that waits by the ``pause`` that the source was given."""
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
        listed = ask(client, self.account, self.region, self._bucket, self._rejects)
        listed = replace(listed, partial=self._rejected > before)
        metrics.learn(listed)
        yield listed
        if listed.partial:
            kind = " and ".join(listed.kinds)
            yield Failed(
                SourceFailed(
                    f"inventory of {self.region}", f"a part of what AWS said of each {kind} cannot be read",
                    "what was known of it stays; collect again",
                )
            )  # fmt: skip

    def _remember(self, stored: Stored, metrics: MetricReading) -> None:
        """Takes from the store what belongs to functions and is not asked for each time."""
        known = stored.settings(self.account, self.region, (*metric_reading.SELDOM, "managed version"))
        self._learn(metrics, Inventory(self.account, self.region, metric_reading.SELDOM, list(known)))

    def _learn(self, metrics: MetricReading, found: Inventory) -> None:
        metrics.learn(found)
        for one in found.configured:
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
            for answer in inventory.details(client, [function.key], self.region, self._bucket, own, known, skip=skip):
                if isinstance(answer, Inventory):
                    metrics.learn(answer)
                yield answer
            if function.key in metrics.active:
                turned_out.extend(query for query in metrics.of_active(function.key) if query not in asked)

        reading = details.DetailReading(
            ask, {detail.kind: detail.action for detail in detail_kinds.DETAILS}, self.account, self.region,
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

    # --- logs, and the rest ---------------------------------------------------------------------------------------

    def _log_items(self, stored: Stored, metrics: MetricReading) -> Iterator[Item]:
        context = ReadingContext(
            session=self._session, account=self.account, region=self.region, since_ms=self._since_ms,
            now_ms=self._now_ms, wanted=self._wanted, is_whole=self._whole, pause=self._pause,
            functions=self._functions, settings=self._settings, rejects=self._rejects, marks=self._marks,
        )  # fmt: skip
        daily = Daily(self.account, self.region, self._bucket, stored, self._now_ms)
        yield from LogReading(
            context, metrics, stored, events_bucket(context, self._asking_account),
            mode=self._logs, newest_first=self._newest_first, daily=daily if "inventory" in self._features else None,
        ).items()  # fmt: skip

    @property
    def _asking_account(self) -> str:
        """The account whose quotas the calls count against."""
        return self.account

    def _durable(self, stored: Stored, metrics: MetricReading) -> Iterator[Item]:
        """Durable executions of the functions that are configured for them; others have none."""
        names = [
            name
            for name, each in self._settings.items()
            if each.settings.get("durable_timeout_s") or each.settings.get("durable_retention_days")
        ]
        known = stored.open_executions(self.account, self.region)
        if self._wanted is not None:
            known = [each for each in known if self._wanted(each.function)]
        if names or known:

            def is_quiet(name: str, since_ms: int) -> bool:
                key = FunctionKey(name, self.account, self.region)
                told = metrics.since_ms is not None and metrics.settled_ms > 0 and metrics.since_ms <= since_ms
                return told and key not in metrics.active and key not in metrics.unanswered

            client = self._session.client("lambda")
            reading = DurableReading(client, self.account, self.region, self._bucket, self._now_ms, is_quiet)
            yield from reading.items(names, stored, self._since_ms, known, stored.read_executions)

    def _alarms(self) -> Iterator[Item]:
        yield Step("alarms")
        client = self._session.client("cloudwatch")
        before = self._rejected
        found = list(alarms.list_alarms(client, self.account, self.region, self._rejects))
        yield Alarms(self.account, self.region, found, self._rejected > before)
        history = alarms.history(client, self.account, self.region, self._since_ms, self._now_ms, self._rejects)
        yield AlarmChanges(list(history))
