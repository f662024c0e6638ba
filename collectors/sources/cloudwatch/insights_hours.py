"""Hours of log groups that Logs Insights sums: which are due, in how few queries, and what came of each.

Each closed hour of a log group is queried once, the newest hours first: 5,000 groups are 100 queries an hour, each over
50 groups by name. Queries over groups by prefix (SOURCE logGroups) would be fewer, but would include groups that were
not chosen, only of one class, and with more rows than an answer may have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectors.model.account import Covered, HourAggregate, RunningQuery
from collectors.model.records import Reject
from collectors.model.units import HOUR_MS
from collectors.sources.base import (
    CoveredSpans,
    ErrorPatterns,
    Failed,
    HourAggregates,
    Item,
    RunningQueries,
    SourceFailed,
    Step,
)
from collectors.sources.cloudwatch.insights import (
    MOST_BUCKETS,
    MOST_ROWS,
    HourSums,
    closed_hours,
    patterns_of,
    statistic,
)
from collectors.sources.cloudwatch.insights_queries import (
    OPERATION,
    PATTERNS,
    SUMS,
    Ask,
    Complete,
    FailedQuery,
    Forgotten,
    Queries,
    Started,
)
from collectors.sources.cloudwatch.log_groups import FINDS_PATTERNS, LogGroup

GROUPS_A_QUERY = 50  # StartQuery: log groups by name
FUNCTIONS_A_QUERY = MOST_ROWS // MOST_BUCKETS  # whatever their durations, their rows are within an answer
# What is scanned for patterns of error lines, beside what is scanned for sums: this share, or these bytes an hour.
PATTERN_SHARE = 0.2
PATTERN_BYTES = 1_000_000_000
PATTERN_GROUPS = 5  # of a query's groups, those with the most errors
_NAMED = 5  # in what is told


class Due:
    """Which closed hours of each log group are neither summed nor read event by event."""

    def __init__(self, covered: CoveredSpans, account: str, region: str, since_ms: int, now_ms: int) -> None:
        self._covered = covered
        self._place = f"{account} {region}"
        self.hours = closed_hours(since_ms, now_ms)
        self._known: dict[str, tuple[list[int], bool]] = {}

    def item(self, log_group: str) -> str:
        """The item under which hours of a log group are marked as summed."""
        return f"insights {self._place} {log_group}"

    def short_item(self, log_group: str) -> str:
        """The item under which hours are marked whose answer was not complete: they are not queried, and paid for,
        again.
        """
        return f"short {self.item(log_group)}"

    def of(self, group: LogGroup) -> list[int]:
        """The starts of the hours that are due (epoch ms), in order of time."""
        return self._looked(group)[0]

    def waits(self, group: LogGroup) -> bool:
        """Whether the group is summed by Insights, and its next hour has not closed yet."""
        due, summed = self._looked(group)
        return summed and not due

    def _looked(self, group: LogGroup) -> tuple[list[int], bool]:
        known = self._known.get(group.name)
        if known is None:
            summed = [*self._covered(self.item(group.name)), *self._covered(self.short_item(group.name))]
            spans = [*summed, *self._covered(f"events {self._place} {group.name}")]
            due = [start for start in self.hours if not _within(spans, start)]
            last = bool(self.hours) and _within(summed, self.hours[-1])
            known = self._known[group.name] = due, last
        return known


@dataclass(slots=True)
class _Batch:
    """An hour of some groups, from its first query until every answer about it was had."""

    ask: Ask
    query_ids: list[str] = field(default_factory=list)
    patterns: set[tuple[str, int, tuple[str, ...]]] = field(default_factory=set)
    whole: bool = True


class SummedHours:
    """What Insights returns about the chosen groups in one collection.

    ``expected`` are the bytes that an hour of each group is estimated to have. ``ran`` says whether CloudWatch counted
    invocations of a function in an hour that must have ended in it. The caller takes ``rejects``.
    """

    def __init__(
        self,
        queries: Queries,
        due: Due,
        groups: Sequence[LogGroup],
        expected: Mapping[str, int],
        ran: Callable[[str, int], bool] = lambda name, start_ms: False,
    ) -> None:
        self._queries = queries
        self._due = due
        self._groups = {group.name: group for group in groups}
        self._expected = expected
        self._ran = ran
        self._batches: dict[tuple[str, int, tuple[str, ...]], _Batch] = {}
        self._of_pattern: dict[tuple[str, int, tuple[str, ...]], _Batch] = {}
        self._collections: dict[str, int | None] = {}
        self._hour_bytes: dict[int, int] = {}
        self._pattern_bytes: dict[int, int] = {}
        self._silent: dict[str, None] = {}
        self._spoke: set[str] = set()
        self._failures: list[SourceFailed] = []
        self.rejects: list[Reject] = []

    def items(self, left: Sequence[RunningQuery]) -> Iterator[Item]:
        """The sums and patterns of all hours that are due. ``left`` are queries that earlier collections started.
        Raises SourceFailed, BudgetReached.
        """
        ended = self._plan(left)
        if ended:
            yield RunningQueries(ended)
        asked = len(self._queries.waiting)
        total = sum(ask.estimated_bytes for ask in self._queries.waiting if ask.key not in self._queries.left)
        if total:  # for the patterns of error lines beside them
            total += sum(map(for_patterns, self._hour_bytes.values()))
        yield Step("Logs Insights", 0, asked, OPERATION, total)
        try:
            yield from self._answers(asked, total)
        except SourceFailed:
            yield from self._told()
            raise
        yield from self._told()
        if self._queries.over_budget is not None:
            raise self._queries.over_budget

    def _answers(self, asked: int, total: int) -> Iterator[Item]:
        for event in self._queries.run():
            if isinstance(event, Started):
                self._batch_of(event.ask).query_ids.append(event.query_id)
                yield RunningQueries([self._running(event.query_id, event.ask)])
            elif isinstance(event, Forgotten):
                yield RunningQueries([self._running(event.query_id, None)])
            elif isinstance(event, Complete):
                yield from self._had(event)
            elif isinstance(event, FailedQuery):
                yield from self._unanswered(event)
            else:
                done = asked - len(self._batches)
                yield Step("Logs Insights", max(done, 0), asked, OPERATION, total)

    # --- what is asked --------------------------------------------------------------------------------------------

    def _plan(self, left: Sequence[RunningQuery]) -> list[RunningQuery]:
        """Puts the hours that are due into few queries, those of earlier collections first; returns the earlier queries
        that no hour needs.
        """
        due = {group.name: set(self._due.of(group)) for group in self._groups.values()}
        self._collections = {each.query_id: each.collection for each in left}
        ended = []
        for each in left:
            if not any(each.start_ms in due.get(name, ()) for name in each.log_groups):
                ended.append(self._running(each.query_id, None))
                continue
            self._queries.remember([each])
            if each.kind == SUMS:
                ask = Ask(SUMS, each.start_ms, each.log_groups, each.estimated_bytes)
                self._put(ask).query_ids.append(each.query_id)
        for ask in self._queries.waiting:
            for name in ask.log_groups:
                due.get(name, set()).discard(ask.start_ms)
        hours = sorted({start for starts in due.values() for start in starts}, reverse=True)
        for start_ms in hours:
            groups = [group for name, group in self._groups.items() if start_ms in due[name]]
            for some in batches(groups):
                expected = sum(self._expected.get(group.name, 0) for group in some)
                self._put(Ask(SUMS, start_ms, tuple(group.name for group in some), expected))
        return ended

    def _put(self, ask: Ask) -> _Batch:
        self._queries.waiting.append(ask)
        self._hour_bytes[ask.start_ms] = self._hour_bytes.get(ask.start_ms, 0) + ask.estimated_bytes
        batch = self._batches[ask.key] = _Batch(ask)
        return batch

    def _put_parts(self, event: FailedQuery) -> None:
        """Registers the parts of a failed query, which ``Queries`` itself has put first into its queue."""
        for part in event.split:
            self._batches[part.key] = _Batch(part)

    def _batch_of(self, ask: Ask) -> _Batch:
        return self._batches[ask.key] if ask.kind == SUMS else self._of_pattern[ask.key]

    def _running(self, query_id: str, ask: Ask | None) -> RunningQuery:
        """A query to be remembered; without ``ask``, one to be forgotten."""
        collection = self._collections.get(query_id)
        place = self._queries.account, self._queries.region
        if ask is None:
            return RunningQuery(*place, query_id, "", 0, (), 0, ended=True, collection=collection)
        return RunningQuery(*place, query_id, ask.kind, ask.start_ms, ask.log_groups, ask.estimated_bytes)

    # --- what came of it ------------------------------------------------------------------------------------------

    def _had(self, done: Complete) -> Iterator[Item]:
        batch = self._batch_of(done.ask)
        if done.ask.kind == PATTERNS:
            rows = [row for page in self._queries.pages(done) for row in page]
            group = done.ask.log_groups[0]
            place = self._queries.account, self._queries.region
            yield ErrorPatterns(patterns_of(rows, *place, group, done.ask.start_ms))
            yield from self._pattern_done(batch, done.ask)
            return
        try:
            sums, whole = self._sums(done)
        except SourceFailed as failed:
            self._failures.append(failed)  # remembered: its results are read by the next collection
            self._batches.pop(done.ask.key, None)
            return
        self.rejects += sums.rejects
        if sums.rows >= MOST_ROWS and len(done.ask.log_groups) > 1:
            yield from self._cut(done)
            return
        aggregates = sums.aggregates()
        yield HourAggregates(aggregates)
        batch.whole = whole
        if not whole:
            matched = statistic(done.answer, "recordsMatched")
            of = f"{sums.reports:,} of {matched:,} REPORTs" if matched else f"{sums.rows:,} rows, and there may be more"
            self._failures.append(
                SourceFailed(
                    done.ask.where(self._queries.region),
                    f"the answer was cut: it has {of}",
                    "what it has is kept, and the hour counts as not read",
                )
            )
        self._heed(done.ask, aggregates)
        self._ask_patterns(batch, aggregates)
        if not batch.patterns:
            yield from self._closed(batch)

    def _sums(self, done: Complete) -> tuple[HourSums, bool]:
        """The sums of an answer, and whether they cover all records that the query matched; the answer is read a second
        time where they do not.
        """
        groups = [self._groups[name] for name in done.ask.log_groups if name in self._groups]
        for attempt in (done, None):
            reading = attempt or self._queries.again(done)
            sums = HourSums(groups, self._queries.account, self._queries.region, done.ask.start_ms)
            for page in self._queries.pages(reading):
                sums.add(page)
            matched = statistic(reading.answer, "recordsMatched")
            whole = sums.rows < MOST_ROWS and (matched is None or sums.reports >= matched)
            if whole or sums.rows >= MOST_ROWS:
                break
        return sums, whole

    def _cut(self, done: Complete) -> Iterator[Item]:
        """Handles an answer with as many rows as AWS returns at most: its groups are queried again in two parts."""
        batch = self._batches.pop(done.ask.key)
        parts = done.ask.halves()
        self._queries.waiting.extendleft(reversed(parts))
        self._put_parts(FailedQuery(done.ask, None, parts))
        yield RunningQueries([self._running(query_id, None) for query_id in batch.query_ids])

    def _unanswered(self, event: FailedQuery) -> Iterator[Item]:
        if event.failure is not None:
            self._failures.append(event.failure)
        if event.ask.kind == PATTERNS:
            if not event.split:
                yield from self._pattern_done(self._of_pattern[event.ask.key], event.ask)
            return
        self._batches.pop(event.ask.key, None)
        self._put_parts(event)

    def _ask_patterns(self, batch: _Batch, aggregates: Iterable[HourAggregate]) -> None:
        """Queries the patterns of error lines for the groups with the most errors, one group a query, so that it is
        known whose they are.
        """
        errors = {each.function: each.errors for each in aggregates if each.errors}
        groups = [self._groups[name] for name in batch.ask.log_groups if name in self._groups]
        failing = [
            (sum(errors.get(name, 0) for name in group.functions), group)
            for group in groups
            if group.log_class in FINDS_PATTERNS and any(name in errors for name in group.functions)
        ]
        failing.sort(key=lambda each: (-each[0], each[1].name))
        start_ms = batch.ask.start_ms
        asks = []
        for _, group in failing[:PATTERN_GROUPS]:
            ask = Ask(PATTERNS, start_ms, (group.name,), self._expected.get(group.name, 0))
            scanned = self._pattern_bytes.get(start_ms, 0) + ask.estimated_bytes
            if ask.key in self._queries.left:
                batch.query_ids.append(self._queries.left[ask.key])
            elif scanned > for_patterns(self._hour_bytes.get(start_ms, 0)):
                continue
            self._pattern_bytes[start_ms] = scanned
            self._of_pattern[ask.key] = batch
            batch.patterns.add(ask.key)
            asks.append(ask)
        self._queries.waiting.extendleft(reversed(asks))

    def _pattern_done(self, batch: _Batch, ask: Ask) -> Iterator[Item]:
        batch.patterns.discard(ask.key)
        if not batch.patterns:
            yield from self._closed(batch)

    def _closed(self, batch: _Batch) -> Iterator[Item]:
        """Marks the hour of the batch's groups as summed, and forgets its queries."""
        start_ms = batch.ask.start_ms
        item = self._due.item if batch.whole else self._due.short_item
        for name in batch.ask.log_groups:
            yield Covered(item(name), start_ms, start_ms + HOUR_MS)
        self._batches.pop(batch.ask.key, None)
        yield RunningQueries([self._running(query_id, None) for query_id in batch.query_ids])

    # --- what is told ---------------------------------------------------------------------------------------------

    def _heed(self, ask: Ask, found: Iterable[HourAggregate]) -> None:
        """Notes the functions that ran by CloudWatch's count and have no REPORT."""
        spoke = {each.function for each in found if each.reports}
        self._spoke |= spoke
        for name in ask.log_groups:
            group = self._groups.get(name)
            for function in group.functions if group else ():
                if function not in spoke and self._ran(function, ask.start_ms):
                    self._silent[function] = None

    def _told(self) -> Iterator[Item]:
        if self._failures:
            yield Failed(self._failures[0].of_many(len(self._failures)))
        silent = [name for name in self._silent if name not in self._spoke]
        if silent:
            named = ", ".join(silent[:_NAMED]) + (f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else "")
            yield Failed(
                SourceFailed(
                    f"Logs Insights in {self._queries.region}",
                    f"CloudWatch counted invocations of {named}, and their logs have no REPORT of those hours",
                    "look at their log level and at what their role may write; they are estimated from metrics",
                )
            )


def batches(groups: Sequence[LogGroup]) -> Iterator[list[LogGroup]]:
    """The groups of each query: of one class, no more than a query may have, and no more rows than an answer
    may have.
    """
    for log_class in sorted({group.log_class for group in groups}):
        some: list[LogGroup] = []
        functions = 0
        for group in groups:
            if group.log_class != log_class:
                continue
            writing = max(1, len(group.functions))
            if some and (len(some) == GROUPS_A_QUERY or functions + writing > FUNCTIONS_A_QUERY):
                yield some
                some, functions = [], 0
            some.append(group)
            functions += writing
        if some:
            yield some


def for_patterns(hour_bytes: int) -> int:
    """The bytes that may be scanned for patterns of error lines, of an hour in which ``hour_bytes`` are scanned for
    sums.
    """
    return min(hour_bytes, max(PATTERN_BYTES, round(PATTERN_SHARE * hour_bytes)))


def scanned_at_most(stored_bytes: int) -> int:
    """The most bytes that a query may scan where AWS stores ``stored_bytes``: compressed, they are 15% of it (the
    pricing page's own examples).
    """
    return -(-stored_bytes * 100 // 15)


def _within(spans: Iterable[tuple[int, int]], start_ms: int) -> bool:
    return any(low <= start_ms and start_ms + HOUR_MS <= high for low, high in spans)
