"""Runs queries of Logs Insights: several at once, no more than the account has room for, each paid for once.

A query is reported as soon as it is started, so that the store remembers it: after a kill, its results are fetched by
its id, which is free, instead of being paid for again. AWS keeps results for seven days (CloudWatch Logs quotas).
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from collectors.model.account import RunningQuery
from collectors.model.units import HOUR_MS
from collectors.sources.base import BudgetReached, SourceFailed
from collectors.sources.cloudwatch.calls import Calls, TokenBucket, bucket_of
from collectors.sources.cloudwatch.errors import error_code, is_hopeless, is_missing, is_passing, is_throttled, reading
from collectors.sources.cloudwatch.insights import PATTERN_QUERY, QUERY, Row, rows_of, statistic

OPERATION = "logs:StartQuery"
RESULTS = "logs:GetQueryResults"
SUMS, PATTERNS = "sums", "patterns"

# CloudWatch Logs quotas: 100 queries at once in an account, dashboards' among them (30 in some partitions), and ten
# started a second. People and dashboards have theirs too.
AT_ONCE = 20
STARTS_A_SECOND = 5.0
LOOKS_A_SECOND = 4.0
LONGEST_S = 60 * 60.0  # then AWS ends a query by itself
_PAUSES_S = 0.5, 5.0  # between two looks at what runs: from, to
_BACK_OFF_S = 5.0, 60.0  # where others' queries fill the quota
_GIVE_UP_S = 300.0  # without room to start a query or look at a running one: left to the next collection
_TRIES = 4  # of a call whose failure may pass; then it is left to the next collection


@dataclass(frozen=True, slots=True)
class Ask:
    """One query to run: ``kind`` is SUMS or PATTERNS, over one hour of some log groups."""

    kind: str
    start_ms: int
    log_groups: tuple[str, ...]
    estimated_bytes: int
    again: bool = False

    @property
    def key(self) -> tuple[str, int, tuple[str, ...]]:
        """What identifies the query: kind, hour and log groups."""
        return self.kind, self.start_ms, self.log_groups

    def where(self, region: str) -> str:
        """What the query asks, in words, for failures."""
        count = len(self.log_groups)
        return f"Logs Insights over {count} log group{'' if count == 1 else 's'} in {region}"

    def halves(self) -> tuple["Ask", "Ask"]:
        """Two queries, each over half of this one's log groups, of which there must be at least two."""
        middle = len(self.log_groups) // 2
        share = self.estimated_bytes * middle // len(self.log_groups)
        return (
            Ask(self.kind, self.start_ms, self.log_groups[:middle], share, self.again),
            Ask(self.kind, self.start_ms, self.log_groups[middle:], self.estimated_bytes - share, self.again),
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A query was started, and is to be remembered."""

    ask: Ask
    query_id: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A query will give no more results, and need not be remembered."""

    query_id: str


@dataclass(frozen=True, slots=True)
class Complete:
    """A query is complete. ``answer`` is the first page of its results."""

    ask: Ask
    query_id: str
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FailedQuery:
    """A query that gave nothing, and why; ``split`` are the queries that ask the same in parts, if there are any."""

    ask: Ask
    failure: SourceFailed | None
    split: tuple[Ask, ...] = ()


Tried = TypeVar("Tried")
Event = Started | Forgotten | Complete | FailedQuery | None


@dataclass(slots=True)
class _Running:
    ask: Ask
    query_id: str
    since_s: float
    paid_here: bool
    seen_s: float = 0.0


@dataclass(slots=True)
class Queries:
    """The queries of one account and region in one collection. ``waiting`` are those that are still to be started.

    ``client`` must not retry by itself: while one call is refused, others' answers are read.
    """

    client: Any
    calls: Calls
    account: str
    region: str
    left: dict[tuple[str, int, tuple[str, ...]], str] = field(default_factory=dict)
    pause: Callable[[float], object] = time.sleep
    waiting: deque[Ask] = field(default_factory=deque)
    over_budget: BudgetReached | None = None
    _running: list[_Running] = field(default_factory=list)
    _room: float = AT_ONCE
    _waited_s: float = 0.0
    _not_before_s: float = 0.0
    _back_off_s: float = _BACK_OFF_S[0]
    _without_room_s: float | None = None
    _accepted: bool = False
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)

    def remember(self, queries: Iterable[RunningQuery]) -> None:
        """Takes over queries that an earlier collection started."""
        self.left |= {(each.kind, each.start_ms, each.log_groups): each.query_id for each in queries}

    def run(self) -> Iterator[Event]:
        """Runs the queries and yields what happens, until none waits or runs; None from time to time while nothing
        happens.

        Queries that are added to ``waiting`` meanwhile are run too. Raises SourceFailed where every query would fail.
        Once the budget is reached no query is started, but the answers of those that run are read: see ``over_budget``.
        """
        pause_s = _PAUSES_S[0]
        while self.waiting or self._running:
            yield from self._start_some()
            before = len(self._running)
            yield from self._look()
            if not self._running and not self.waiting:
                return
            yield None
            pause_s = _PAUSES_S[0] if len(self._running) < before else min(pause_s * 1.5, _PAUSES_S[1])
            if not self._running and self._not_before_s > self._waited_s:
                pause_s = self._not_before_s - self._waited_s
            if self._running or self._not_before_s > self._waited_s:
                self._wait(pause_s)

    def pages(self, done: Complete) -> Iterator[list[Row]]:
        """The rows of a complete answer, page by page. SourceFailed."""
        answer, tokens = done.answer, set()
        while True:
            yield rows_of(answer)
            token = answer.get("nextToken")
            if not token or token in tokens:
                return
            tokens.add(token)
            answer = self._page(done, nextToken=token)

    def again(self, done: Complete) -> Complete:
        """Reads an answer again from its first page, which is free."""
        return Complete(done.ask, done.query_id, self._page(done))

    def _page(self, done: Complete, **more: str) -> Mapping[str, Any]:
        return self._tried(lambda: self._results(done.query_id, done.ask, **more), throttled=True)

    def _tried(self, call: Callable[[], Tried], *, throttled: bool = False) -> Tried:
        """Makes a call, and a few more times where its failure may pass; with ``throttled``, also where AWS throttles
        it. Raises SourceFailed.
        """
        for attempt in range(_TRIES):
            try:
                return call()
            except SourceFailed as failed:
                passing = is_passing(failed) or (throttled and is_throttled(failed))
                if not passing or attempt == _TRIES - 1:
                    raise
            self._wait(_PAUSES_S[0] * 2**attempt)
        raise AssertionError("unreachable")

    # --- starting -------------------------------------------------------------------------------------------------

    def _start_some(self) -> Iterator[Event]:
        while self.waiting and len(self._running) + 1 <= self._room and self._waited_s >= self._not_before_s:
            ask = self.waiting.popleft()
            earlier = self.left.pop(ask.key, None)
            if earlier is not None:
                self._running.append(_Running(ask, earlier, self._waited_s, paid_here=False))
                continue
            if not self._may_pay(ask):
                continue  # what was paid for before is had all the same
            try:
                query_id = self._tried(lambda ask=ask: self._start(ask))  # type: ignore[misc]
            except SourceFailed as failed:
                if error_code(failed):  # AWS refused it; else it may run, and be billed
                    self.calls.correct(OPERATION, ask.estimated_bytes, 0)
                yield from self._refused(ask, failed)
                continue
            self._accepted = True
            self._room = min(self._room + 1 / self._room, AT_ONCE)  # one more after all that run now
            self._back_off_s, self._without_room_s = _BACK_OFF_S[0], None
            self._running.append(_Running(ask, query_id, self._waited_s, paid_here=True))
            yield Started(ask, query_id)

    def _may_pay(self, ask: Ask) -> bool:
        if self.over_budget is None:
            try:
                self.calls.spend(OPERATION, ask.estimated_bytes)
            except BudgetReached as reached:
                self.over_budget = reached
        return self.over_budget is None

    def _start(self, ask: Ask) -> str:
        self._take(OPERATION, STARTS_A_SECOND)
        with reading(OPERATION, ask.where(self.region)):
            # Both ends are inclusive, in seconds.
            started = self.client.start_query(
                logGroupNames=list(ask.log_groups),
                startTime=ask.start_ms // 1000,
                endTime=(ask.start_ms + HOUR_MS) // 1000 - 1,
                queryString=QUERY if ask.kind == SUMS else PATTERN_QUERY,
            )
        query_id = started.get("queryId")
        if not query_id:
            raise SourceFailed(ask.where(self.region), "the answer names no query", "collect again")
        return str(query_id)

    def _refused(self, ask: Ask, failed: SourceFailed) -> Iterator[Event]:
        if is_hopeless(failed):
            raise failed
        if is_throttled(failed):
            self.waiting.appendleft(ask)
            self._back_off(failed)
        elif len(ask.log_groups) > 1 and (is_missing(failed) or failed.denied):
            # One group of them is not there, or not allowed: the others are had.
            parts = ask.halves()
            self.waiting.extendleft(reversed(parts))
            yield FailedQuery(ask, None, parts)
        elif failed.denied and not self._accepted:
            raise failed
        else:
            yield FailedQuery(ask, failed)

    def _back_off(self, failed: SourceFailed) -> None:
        """Other programs' queries fill the account's quota: start fewer at once, and later."""
        self._room = max(1.0, len(self._running))
        self._not_before_s = self._waited_s + self._back_off_s
        self._back_off_s = min(self._back_off_s * 2, _BACK_OFF_S[1])
        if self._running:
            return
        if self._without_room_s is None:
            self._without_room_s = self._waited_s
        elif self._waited_s - self._without_room_s >= _GIVE_UP_S:
            raise failed

    # --- looking --------------------------------------------------------------------------------------------------

    def _look(self) -> Iterator[Event]:
        for query in list(self._running):
            try:
                answer = self._results(query.query_id, query.ask)
            except SourceFailed as failed:
                yield from self._not_seen(query, failed)
                continue
            query.seen_s = self._waited_s
            status = answer.get("status")
            if status in ("Scheduled", "Running"):
                if self._waited_s - query.since_s >= LONGEST_S:
                    yield from self._ended(query, "it took an hour", answer)
                continue
            if status != "Complete":
                yield from self._ended(query, f"the query ended as {status}", answer)
                continue
            self._running.remove(query)
            self._correct(query, answer)
            yield Complete(query.ask, query.query_id, answer)

    def _ended(self, query: _Running, why: str, answer: Mapping[str, Any]) -> Iterator[Event]:
        """Handles a query that ended without an answer: one that took too long is run again in halves, one that failed
        is run once more.
        """
        self._running.remove(query)
        self._stop(query.query_id)
        self._correct(query, answer)
        yield Forgotten(query.query_id)
        ask, status = query.ask, answer.get("status")
        parts: tuple[Ask, ...] = ()
        if status in ("Timeout", "Running", "Scheduled") and len(ask.log_groups) > 1:
            parts = ask.halves()
        elif status == "Failed" and not ask.again:
            parts = (Ask(ask.kind, ask.start_ms, ask.log_groups, ask.estimated_bytes, again=True),)
        self.waiting.extendleft(reversed(parts))
        failure = SourceFailed(ask.where(self.region), why, "it is asked again with the next collection")
        yield FailedQuery(ask, None if parts else failure, parts)

    def _not_seen(self, query: _Running, failed: SourceFailed) -> Iterator[Event]:
        if is_hopeless(failed):
            raise failed
        if is_missing(failed) or error_code(failed) == "InvalidParameterException":
            # Its results are gone. One that was paid for long ago is asked anew, as if it had never been.
            self._running.remove(query)
            yield Forgotten(query.query_id)
            if query.ask.again:
                yield FailedQuery(query.ask, failed)
                return
            ask = Ask(query.ask.kind, query.ask.start_ms, query.ask.log_groups, query.ask.estimated_bytes, again=True)
            self.waiting.appendleft(ask)
            yield FailedQuery(query.ask, None, (ask,))
            return
        if failed.denied or self._waited_s - max(query.seen_s, query.since_s) >= _GIVE_UP_S:
            self._running.remove(query)  # remembered: the next collection looks for it
            yield FailedQuery(query.ask, failed)

    def _correct(self, query: _Running, answer: Mapping[str, Any]) -> None:
        """Corrects the units billed by what the query scanned, if the answer says it; else the estimate stands."""
        scanned = statistic(answer, "bytesScanned")
        if scanned is not None and query.paid_here:
            self.calls.correct(OPERATION, query.ask.estimated_bytes, scanned)

    def _results(self, query_id: str, ask: Ask, **more: str) -> Mapping[str, Any]:
        self._take(RESULTS, LOOKS_A_SECOND)
        with reading(RESULTS, ask.where(self.region)):
            answer: Mapping[str, Any] = self.client.get_query_results(queryId=query_id, **more)
        return answer

    def _stop(self, query_id: str) -> None:
        try:
            with reading("logs:StopQuery", "a query"):
                self.client.stop_query(queryId=query_id)
        except SourceFailed:
            pass  # it ends by itself

    def _take(self, operation: str, rate: float) -> None:
        """Waits until one more call may be made."""
        if self.pause is time.sleep:
            bucket_of(self.account, self.region, operation, rate).take()
            return
        # Waiting is made up, so time is as well.
        if operation not in self._buckets:
            self._buckets[operation] = TokenBucket(rate, now=lambda: self._waited_s, pause=self._wait)
        self._buckets[operation].take()

    def _wait(self, seconds: float) -> None:
        self.pause(seconds)
        self._waited_s += seconds
