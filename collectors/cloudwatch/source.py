"""One account and region of CloudWatch as a source: everything an operator needs, in the order that costs least.

Functions first, then Invocations of all of them, details and logs of those that were active only, then what changes
seldom. A part that fails is told and the others go on, unless the credentials or the network are gone.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from collectors.account import Alarms, CallCount, Choice, Configured, Covered, Inventory
from collectors.cloudwatch import alarms, choose, costs, details, insights, inventory, log_events, log_groups, optimizer
from collectors.cloudwatch import metric_names as names
from collectors.cloudwatch.calls import TokenBucket, bucket_of
from collectors.cloudwatch.errors import is_hopeless
from collectors.cloudwatch.functions import CONTROL_PLANE_RATE, account_of, list_functions
from collectors.cloudwatch.log_groups import LogGroup
from collectors.cloudwatch.metric_reading import MetricReading
from collectors.cloudwatch.metrics import queries
from collectors.cloudwatch.session import ReadOnlySession
from collectors.model import Function, Reject
from collectors.source import BudgetReached, Given, SourceFailed, Step, unforeseen

CoveredSpans = Callable[[str], Sequence[tuple[int, int]]]

ALWAYS = ("functions", "inventory", "metrics", "logs", "insights", "alarms")
DETAILS_A_TIME = 25  # functions whose aliases, versions and the like are looked at: six calls each, three a second


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a collection would ask for: ``metrics`` at least, and ``metrics_more`` if every function is active."""

    functions: int
    log_groups: int
    stored_bytes: int
    metrics: int
    metrics_more: int


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
        self._whole = wanted is None  # whether all functions of the account and region are looked at
        self._functions: list[Function] = []
        self._settings: dict[str, Configured] = {}
        self._rejects: list[Reject] = []

    @cached_property
    def account(self) -> str:
        return account_of(self._session.client("sts"), self.region, self._session.profile)

    def counts(self) -> list[CallCount]:
        return self._session.calls.counts()

    def estimate(self) -> Estimate:
        """What a collection would meet and ask for, found out with calls that are free. SourceFailed."""
        _ = self.account
        for given in self._listed():
            if isinstance(given, SourceFailed):
                raise given
        groups, facts = log_groups.discover(self._session.client("logs"), self.account, self.region, self._functions)
        of_all = [query for function in self._functions for query in queries(function.key, *names.OF_ALL)]
        of_one = queries(self._functions[0].key, *names.OF_ACTIVE, "AsyncEventsDropped") if self._functions else []
        return Estimate(
            len(self._functions), len(groups), sum(fact.stored_bytes or 0 for fact in facts),
            len(of_all) + len(names.OF_ACCOUNT), len(self._functions) * (len(of_one) + 1),
        )  # fmt: skip

    def given(self, covered: CoveredSpans) -> Iterator[Given]:
        """All there is, as ``collectors.source.Account`` says."""
        yield Step("functions")
        _ = self.account
        yield from self._listed()
        metrics = MetricReading(self._session, self.account, self._functions, self._settings)
        if "inventory" in self._features:
            yield from self._guarded("inventory", self._inventory(metrics))
        if "metrics" in self._features:
            read = metrics.given(covered, self._since_ms, self._now_ms, mark=self._whole)
            yield from self._guarded("metrics", read)
        if "alarms" in self._features:
            yield from self._guarded("alarms", self._alarms())
        if "logs" in self._features and self._logs != choose.NONE:
            yield from self._guarded("logs", self._logs_given(covered, metrics))
        if "costs" in self._features:
            yield Step("what AWS billed")
            client = self._session.client("ce")
            yield from self._guarded(
                "what AWS billed",
                costs.billed_once(
                    client, self._session.calls, self.account, self._since_ms, self._now_ms, covered, self._rejects
                ),
            )
        if "optimizer" in self._features:
            yield Step("Compute Optimizer")
            client = self._session.client("compute-optimizer")
            found = (list(optimizer.recommendations(client, self.region, self._rejects)) for _ in (1,))
            yield from self._guarded("Compute Optimizer", found)
        if "inventory" in self._features:
            yield from self._guarded("details of functions", self._details_given(covered, metrics))
        yield self._taken_rejects()

    def _guarded(self, what: str, part: Iterator[Given]) -> Iterator[Given]:
        """A part whose failure is told, and does not end the rest unless it would fail too."""
        try:
            yield from part
        except SourceFailed as failed:
            if is_hopeless(failed):
                raise
            yield failed
        except (BudgetReached, OSError):
            raise
        except Exception as fault:  # an answer that nobody foresaw
            yield unforeseen(what, fault)
        if taken := self._taken_rejects():
            yield taken

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
        if self._pause is not time.sleep:
            return TokenBucket(CONTROL_PLANE_RATE, pause=self._pause)
        return bucket_of(self.account, self.region, "lambda", CONTROL_PLANE_RATE)

    def _listed(self) -> Iterator[Given]:
        before = self._rejected
        try:
            for function, settings in list_functions(
                self._session.client("lambda"), self.region, self._bucket, self._rejects, self.account
            ):
                name = function.key.name
                if name not in self._settings and (self._wanted is None or self._wanted(name)):
                    self._functions.append(function)
                    self._settings[name] = settings
        except SourceFailed as failed:
            if not self._functions or is_hopeless(failed):
                raise
            yield failed  # the rest is collected of those that were listed
            self._whole = False
        yield self._functions
        looked_at = None if self._whole else frozenset(self._settings)
        found = list(self._settings.values())
        yield Inventory(self.account, self.region, ("function",), found, looked_at, self._rejected > before)

    def _inventory(self, metrics: MetricReading) -> Iterator[Given]:
        yield Step("inventory")
        client = self._session.client("lambda")
        asked: tuple[tuple[Callable[..., Inventory], Any], ...] = (
            (inventory.account_settings, client),
            (inventory.event_sources, client),
            (inventory.schedules, self._session.client("application-autoscaling")),
        )
        for ask, of in asked:
            try:
                before = self._rejected
                found = ask(of, self.account, self.region, self._bucket, self._rejects)
                found = replace(found, partial=self._rejected > before)
            except SourceFailed as failed:
                if is_hopeless(failed):
                    raise
                yield failed
                continue
            except (BudgetReached, OSError):
                raise
            except Exception as fault:
                yield unforeseen(f"inventory ({ask.__name__})", fault)
                continue
            metrics.learn(found)
            yield found

    def _details_given(self, covered: CoveredSpans, metrics: MetricReading) -> Iterator[Given]:
        client = self._session.client("lambda")

        def ask(function: Function, skip: Collection[str]) -> Iterator[Inventory | SourceFailed]:
            return inventory.details(client, [function.key], self.region, self._bucket, skip=skip)

        reading = details.DetailReading(
            ask, {detail.kind: detail.action for detail in inventory.DETAILS}, self.account, self.region,
            now_ms=self._now_ms, modified_ms={name: known.modified_ms for name, known in self._settings.items()},
        )  # fmt: skip
        in_order = sorted(self._functions, key=lambda each: (each.key not in metrics.active, each.key.name))
        yield from reading.given(in_order, covered, self._details)

    # --- logs -----------------------------------------------------------------------------------------------------

    def _logs_given(self, covered: CoveredSpans, metrics: MetricReading) -> Iterator[Given]:
        yield Step("log groups")
        client = self._session.client("logs")
        is_json = frozenset(
            name for name, known in self._settings.items() if known.settings.get("log_format") == "JSON"
        )
        unended: list[SourceFailed] = []
        groups, facts = log_groups.discover(client, self.account, self.region, self._functions, is_json, unended)
        yield from unended
        if self._wanted is not None:
            groups = [group for group in groups if group.functions]
        yield list(facts)
        bucket = self._events_bucket()
        volumes: dict[str, choose.Volume] = {}
        if self._logs in (choose.AUTO, choose.INSIGHTS):
            unread_ms = {group.name: self._unread_ms(covered, group) for group in groups}
            volumes, log_bytes = metrics.volumes(groups, unread_ms)
            yield log_bytes
        choices = choose.choose(groups, volumes, self._logs, calls_a_second=bucket.rate)
        yield list(choices)
        by_way: dict[str, list[tuple[LogGroup, Choice]]] = {}
        by_name = {group.name: group for group in groups}
        for choice in choices:
            by_way.setdefault(choice.way, []).append((by_name[choice.log_group], choice))
        for group, _ in by_way.get(choose.IDLE, ()):
            # As far as metrics are settled, there was nothing to read.
            if metrics.settled_ms > metrics.since_ms:
                yield Covered(self._events_item(group), metrics.since_ms, metrics.settled_ms)
        yield from self._events_given(covered, [group for group, _ in by_way.get(choose.EVENTS, ())], bucket)
        if summed := by_way.get(choose.INSIGHTS):
            stored = {fact.name: fact.stored_bytes or 0 for fact in facts}
            yield from self._insights_given(covered, summed, stored)

    def _events_bucket(self) -> TokenBucket:
        shared = log_events.pace(self.account, self.region)
        if self._pause is not time.sleep:
            return TokenBucket(shared.rate, pause=self._pause)
        return shared

    def _unread_ms(self, covered: CoveredSpans, group: LogGroup) -> int:
        """From when on a group's events have not been read."""
        gaps = log_events.gaps(covered(self._events_item(group)), self._since_ms, self._now_ms)
        return gaps[0][0] if gaps else self._now_ms

    def _events_item(self, group: LogGroup) -> str:
        return f"events {self.account} {self.region} {group.name}"

    def _events_given(self, covered: CoveredSpans, groups: Sequence[LogGroup], bucket: TokenBucket) -> Iterator[Given]:
        client = self._session.client("logs")
        failed: list[SourceFailed] = []
        for done, group in enumerate(groups):
            yield Step(f"log events of {group.name}", done, len(groups))
            item = self._events_item(group)
            gaps = log_events.gaps(covered(item), self._since_ms, self._now_ms)
            try:
                for low, high in _pieces(gaps, newest_first=self._newest_first):
                    yield from log_events.event_blocks(
                        client, group, low, high,
                        account=self.account, region=self.region, bucket=bucket, rejects=self._rejects,
                    )  # fmt: skip
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
            first = failed[0]
            others = f" (and {len(failed) - 1} more of {len(groups)})" if len(failed) > 1 else ""
            yield SourceFailed(
                f"{first.what}{others}",
                first.meaning,
                first.what_to_do,
                denied=first.denied,
                resource=first.resource,
            )

    def _insights_given(
        self, covered: CoveredSpans, chosen: Sequence[tuple[LogGroup, Choice]], stored: Mapping[str, int]
    ) -> Iterator[Given]:
        asking = insights.Insights(
            self._session.client("logs"), self._session.calls, self.account, self.region, pause=self._pause
        )
        hours = insights.closed_hours(self._since_ms, self._now_ms)
        # Where nobody says what came in, all that is stored is the safe guess.
        expected = {
            group.name: (stored.get(group.name, 0) if choice.log_bytes is None else choice.log_bytes)
            // max(1, len(hours))
            for group, choice in chosen
        }
        total = sum(expected.values()) * len(hours)
        for number, start_ms in enumerate(reversed(hours)):
            yield Step("Logs Insights", number, len(hours), insights.OPERATION, total)
            for is_json in (False, True):
                due = [
                    group
                    for group, _ in chosen
                    if group.json_format is is_json
                    and not _within(covered(self._insights_item(group)), start_ms, start_ms + insights.HOUR_MS)
                ]
                for at in range(0, len(due), insights.GROUPS_A_QUERY):
                    some = due[at : at + insights.GROUPS_A_QUERY]
                    try:
                        found = asking.hour(some, start_ms, sum(expected[group.name] for group in some))
                    except SourceFailed as failed:
                        if is_hopeless(failed):
                            raise
                        yield failed
                        return
                    yield list(found)
                    for group in some:
                        yield Covered(self._insights_item(group), start_ms, start_ms + insights.HOUR_MS)
                    failing = {each.function for each in found if each.errors}
                    with_errors = [group for group in some if failing.intersection(group.functions)]
                    if with_errors:
                        estimated = sum(expected[group.name] for group in with_errors)
                        yield list(asking.patterns(with_errors, start_ms, estimated))
            self._rejects += asking.rejects
            asking.rejects.clear()

    def _insights_item(self, group: LogGroup) -> str:
        return f"insights {self.account} {self.region} {group.name}"

    # --- the rest -------------------------------------------------------------------------------------------------

    def _alarms(self) -> Iterator[Given]:
        yield Step("alarms")
        client = self._session.client("cloudwatch")
        before = self._rejected
        found = list(alarms.list_alarms(client, self.account, self.region, self._rejects))
        yield Alarms(self.account, self.region, found, self._rejected > before)
        yield list(alarms.history(client, self.account, self.region, self._since_ms, self._now_ms, self._rejects))


def _pieces(gaps: Sequence[tuple[int, int]], *, newest_first: bool) -> list[tuple[int, int]]:
    """Gaps as they are read. In order of time a gap is one reading, which spares calls; newest first it is cut."""
    return log_events.windows(gaps, newest_first=True) if newest_first else list(gaps)


def _within(spans: Sequence[tuple[int, int]], low: int, high: int) -> bool:
    return any(first <= low and high <= last for first, last in spans)
