"""The logs of one account and region in one collection: which groups exist, what of each is unread, and how
it is read.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.model.account import Choice, Configured, Covered
from collectors.model.records import Function, Reject
from collectors.sources.base import (
    BudgetReached,
    Choices,
    Failed,
    Item,
    ListedLogGroups,
    LogEvents,
    MetricPoints,
    SourceFailed,
    Step,
    Stored,
    unforeseen,
)
from collectors.sources.cloudwatch import log_choices, log_events, log_groups, unread_logs
from collectors.sources.cloudwatch.calls import TokenBucket
from collectors.sources.cloudwatch.daily_questions import Daily
from collectors.sources.cloudwatch.errors import is_hopeless
from collectors.sources.cloudwatch.insights_hours import Due, SummedHours, scanned_at_most
from collectors.sources.cloudwatch.insights_queries import Queries
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metric_reading import MetricReading
from collectors.sources.cloudwatch.pages import Endless
from collectors.sources.cloudwatch.session import ReadOnlySession

_BY_INSIGHTS = log_choices.AUTO, log_choices.INSIGHTS


@dataclass(slots=True, kw_only=True)
class ReadingContext:
    """What all parts of a collection of one account and region share: its session, its time and what it has listed.

    ``since_ms`` and ``now_ms`` are epoch ms. ``functions`` are the wanted ones, ``settings`` theirs by name.
    ``is_whole``: all functions of the account and region are looked at. Parts add to ``rejects`` and ``marks``, which
    the source takes; a mark of what is covered is given after what it covers.
    """

    session: ReadOnlySession
    account: str
    region: str
    since_ms: int
    now_ms: int
    wanted: Callable[[str], bool] | None = None
    is_whole: bool = True
    pause: Callable[[float], None] = time.sleep
    functions: list[Function] = field(default_factory=list)
    settings: dict[str, Configured] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    marks: list[Covered] = field(default_factory=list)

    def paced(self, shared: TokenBucket) -> TokenBucket:
        """The bucket that all share, or one that waits as the collection was told to."""
        return shared if self.pause is time.sleep else TokenBucket(shared.rate, pause=self.pause)

    def take_marks(self) -> list[Covered]:
        """Returns the waiting marks and forgets them."""
        taken = list(self.marks)
        self.marks.clear()
        return taken


def events_bucket(context: ReadingContext, account: str) -> TokenBucket:
    """The pace at which log events are asked for. ``account`` is the one that asks, whose quota it is."""
    shared = log_events.pace(account, context.region)
    return context.paced(shared) if context.session.waits else TokenBucket(shared.rate, pause=_at_once)


class LogReading:
    """The logs of one account and region. ``mode`` says how they are read: a constant of ``log_choices``."""

    def __init__(
        self,
        context: ReadingContext,
        metrics: MetricReading,
        stored: Stored,
        bucket: TokenBucket,
        *,
        mode: str,
        newest_first: bool = False,
        daily: Daily | None = None,
    ) -> None:
        """``bucket`` paces FilterLogEvents. ``daily`` lists where groups forward their logs to; None: that is not
        asked.
        """
        self._context = context
        self._session = context.session
        self._account = context.account
        self._region = context.region
        self._metrics = metrics
        self._stored = stored
        self._bucket = bucket
        self._mode = mode
        self._newest_first = newest_first
        self._daily = daily

    def items(self) -> Iterator[Item]:
        """Log groups, the bytes that came into them, how each is read and why, then their events and their sums."""
        context, metrics = self._context, self._metrics
        yield Step("log groups")
        client = self._session.client("logs")
        is_json = frozenset(
            name for name, known in context.settings.items() if known.settings.get("log_format") == "JSON"
        )
        unended: list[SourceFailed] = []
        groups, facts = log_groups.discover(
            client, self._account, self._region, context.functions, is_json, unended
        )  # fmt: skip
        yield from map(Failed, unended)
        if context.wanted is not None:
            groups = [group for group in groups if group.functions]
        yield ListedLogGroups(list(facts))
        read_to = {group.name: self._read_to(group) for group in groups}
        unread = self._unread(groups, read_to)
        due = Due(self._stored, self._account, self._region, context.since_ms, context.now_ms)
        waiting = [group for group in groups if due.waits(group)] if self._mode in _BY_INSIGHTS else []
        log_bytes: dict[str, int] = {}
        if self._mode in _BY_INSIGHTS:
            log_bytes = yield from self._volumes(groups, read_to, unread, waiting)
        if self._daily is not None:
            yield from self._daily.log_destinations(client, groups)
        volumes = {
            group.name: log_choices.Volume(log_bytes.get(group.name), group.name in unread)
            for group in groups
            if group.name not in unread or group.name in log_bytes
        }
        choices = log_choices.choose(groups, volumes, self._mode, calls_a_second=self._bucket.rate, waiting=waiting)
        yield Choices(list(choices))
        by_way: dict[str, list[tuple[LogGroup, Choice]]] = {}
        by_name = {group.name: group for group in groups}
        for choice in choices:
            by_way.setdefault(choice.way, []).append((by_name[choice.log_group], choice))
        for group, _ in by_way.get(log_choices.IDLE, ()):
            # As far as metrics are settled, there was nothing to read.
            if group.functions and metrics.since_ms is not None and metrics.settled_ms > read_to[group.name]:
                yield Covered(self._events_item(group), metrics.since_ms, metrics.settled_ms)
        yield from context.take_marks()
        yield from self._events([group for group, _ in by_way.get(log_choices.EVENTS, ())], unread)
        if summed := by_way.get(log_choices.INSIGHTS):
            stored_bytes = {fact.name: fact.stored_bytes or 0 for fact in facts}
            yield from self._sums(due, summed, stored_bytes)

    # --- what is unread -------------------------------------------------------------------------------------------

    def _unread(self, groups: Sequence[LogGroup], read_to: Mapping[str, int]) -> dict[str, int]:
        """For each group that may have unread events, the time (epoch ms) from which it is to be read."""
        context, metrics = self._context, self._metrics
        known_ms = metrics.since_ms
        reports = {} if known_ms is None else self._stored.reports(self._account, self._region, known_ms)
        keys = {function.key.name: function.key for function in context.functions}
        unread: dict[str, int] = {}
        for group in groups:
            read_ms = read_to[group.name]

            def missing(name: str, read_ms: int = read_ms) -> int | None:
                if keys.get(name) in metrics.unanswered:
                    return read_ms
                invoked, grown = metrics.invoked.get(name, {}), metrics.grown.get(name, ())
                return unread_logs.to_read_since(invoked, reports.get(name, ()), grown, read_ms)

            since_ms = unread_logs.unread_since(group, read_ms, context.now_ms, known_ms, missing)
            if not group.functions and not (context.is_whole and self._stored(self._events_item(group))):
                since_ms = read_ms  # it was never read, or its function may be among those that were not listed
            if since_ms is not None:
                unread[group.name] = since_ms
        return unread

    def _volumes(
        self,
        groups: Sequence[LogGroup],
        read_to: Mapping[str, int],
        unread: Mapping[str, int],
        waiting: Sequence[LogGroup],
    ) -> Generator[Item, None, dict[str, int]]:
        """Asks how many bytes came into groups whose logs may be read; returns them by group, as far as is known."""
        context, metrics = self._context, self._metrics
        untold = self._bytes_untold(groups, read_to)
        asked = (unread.keys() | untold.keys()) - {group.name for group in waiting}
        active = [group for group in groups if group.functions and group.name in asked]
        log_bytes: dict[str, int] = {}
        try:
            log_bytes, points, failed = metrics.volumes(active, {**untold, **unread}, untold)
        except SourceFailed as error:
            if is_hopeless(error):
                raise
            points, failed = [], [error]  # events are read without
        yield MetricPoints(points)
        yield from map(Failed, failed)
        if context.is_whole and metrics.since_ms is not None and not failed:
            context.marks.append(Covered(self._bytes_item, context.since_ms, context.now_ms))
        return log_bytes

    @property
    def _bytes_item(self) -> str:
        return f"log bytes {self._account} {self._region}"

    def _bytes_untold(self, groups: Sequence[LogGroup], read_to: Mapping[str, int]) -> dict[str, int]:
        """For groups that were read although CloudWatch did not say how many bytes arrived, and whose functions ran:
        the time (epoch ms) since which that is unknown.
        """
        known_ms = log_events.read_to(self._stored(self._bytes_item), self._context.since_ms)
        ran = {key.name for key in self._metrics.active | self._metrics.unanswered}
        return {
            group.name: known_ms
            for group in groups
            if self._context.is_whole and read_to[group.name] > known_ms and ran.intersection(group.functions)
        }

    def _read_to(self, group: LogGroup) -> int:
        """Up to when all events of a group have been read (epoch ms)."""
        spans = self._stored(self._events_item(group))
        if not group.functions and spans:  # seldom read: what came before the time asked for counts too
            return max(high for _, high in spans)
        return log_events.read_to(spans, self._context.since_ms)

    def _events_item(self, group: LogGroup) -> str:
        return f"events {self._account} {self._region} {group.name}"

    # --- reading --------------------------------------------------------------------------------------------------

    def _events(self, groups: Sequence[LogGroup], unread: Mapping[str, int]) -> Iterator[Item]:
        """The events of groups that are read one by one. Failures of several groups are reported as one."""
        context = self._context
        client = self._session.client("logs")
        failed: list[SourceFailed] = []
        for done, group in enumerate(groups):
            yield Step(f"log events of {group.name}", done, len(groups))
            item = self._events_item(group)
            since_ms, again_ms = context.since_ms, unread.get(group.name)
            if again_ms == self._read_to(group):
                again_ms = None  # nothing that was read is missed
            if not group.functions:
                since_ms = min(since_ms, self._read_to(group))
            gaps = log_events.gaps(self._stored(item), since_ms, context.now_ms, again_ms)
            try:
                for low, high in _pieces(gaps, newest_first=self._newest_first):
                    blocks = log_events.event_blocks(
                        client, group, low, high,
                        account=self._account, region=self._region, bucket=self._bucket, rejects=context.rejects,
                        endless=sum(isinstance(failure, Endless) for failure in failed),
                    )  # fmt: skip
                    yield from map(LogEvents, blocks)
                    yield Covered(item, low, high)
            except SourceFailed as failure:
                if is_hopeless(failure):
                    raise
                failed.append(failure)
            except (BudgetReached, OSError):
                raise
            except Exception as fault:
                failed.append(unforeseen(f"log events of {group.name}", fault))
        if failed:
            yield Failed(failed[0].of_many(len(failed), len(groups)))

    def _sums(
        self, due: Due, chosen: Sequence[tuple[LogGroup, Choice]], stored_bytes: Mapping[str, int]
    ) -> Iterator[Item]:
        """The sums of groups that Logs Insights reads. ``stored_bytes`` are what AWS stores of each, compressed."""
        queries = Queries(
            self._session.client("logs", retries=False),
            self._session.calls,
            self._account,
            self._region,
            pause=self._context.pause if self._session.waits else _at_once,
        )
        # Where nobody says what came in, all that may be stored is the safe guess; of each hour alike.
        expected = {group.name: scanned_at_most(stored_bytes.get(group.name, 0)) for group, _ in chosen}
        expected |= {choice.log_group: choice.log_bytes for _, choice in chosen if choice.log_bytes is not None}
        expected = {name: scanned // max(1, len(due.hours)) for name, scanned in expected.items()}
        hours = SummedHours(queries, due, [group for group, _ in chosen], expected, self._metrics.ran)
        try:
            yield from hours.items(self._stored.left_running(self._account, self._region))
        finally:
            self._context.rejects += hours.rejects


def _at_once(_: float) -> None:
    """A pause of no time: calls that are only counted need not wait."""


def _pieces(gaps: Sequence[tuple[int, int]], *, newest_first: bool) -> list[tuple[int, int]]:
    """The spans to read. In order of time each gap is one span, which saves calls; newest first, gaps are cut into
    windows.
    """
    return log_events.windows(gaps, newest_first=True) if newest_first else list(gaps)
