"""Why requests were rejected: which limit was reached in that minute, and which functions held the concurrency.

Only a limit that was reached is named as the cause. Where everything ran below every known limit, the cause is not
known: neither a burst within the minute nor the rate of scaling leave a trace in metrics. The culprit is who held most
of a limit that was reached, unless functions that are not known here may have held more.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappush, heappushpop, nlargest

from collectors.model.units import HOUR_MS
from collectors.store.read import throttled_spans as spans
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from collectors.store.read.throttled_spans import ThrottledSpan
from lambdatui.views.concurrency_limits import ConcurrencyLimits, Place
from lambdatui.views.view import ESTIMATED, METRIC

ACCOUNT, RESERVED, REQUEST_RATE = "account", "reserved", "request rate"
REQUESTS_EACH = 10
"""Requests a second for each unit of an account's limit, however short they are (Lambda Developer Guide, "Requests per
second")."""
_MOST_HOLDERS = 20
_MOST_ROWS = 50_000  # invocations that are laid over each other; of more, the mean is taken


@dataclass(frozen=True, slots=True)
class Holder:
    """A function that held concurrency: what ran of it at once at most, or is reserved for it (``is_reserve``)."""

    function_id: int
    function: str
    concurrency: int
    is_reserve: bool = False
    basis: str = METRIC


@dataclass(frozen=True, slots=True)
class ThrottleCause:
    """Why requests of a function were rejected in the period of ``period_s`` seconds that begins at ``start_ms``.

    ``limited_by`` is the limit that was reached: ``account``, ``reserved`` or ``request rate``; None: not known.
    ``limit`` is the function's limit then, reached or not: what is reserved for it (``has_reserve``), else the
    account's. ``held`` is the most that ran at once against it, by ``held_basis``; what is reserved
    (``reserved_by_all``, of ``of_account``) counts as held. ``own`` is the most of the function itself. ``holders``
    held it, the largest first, at most 20; ``others`` are further functions, which held ``others_held`` at most.
    """

    function_id: int
    start_ms: int
    period_s: int
    throttles: int
    limited_by: str | None = None
    limit: int | None = None
    has_reserve: bool = False
    held: int | None = None
    held_basis: str = METRIC
    reserved_by_all: int = 0
    of_account: int | None = None
    own: int | None = None
    holders: tuple[Holder, ...] = ()
    others: int = 0
    others_held: int = 0
    requests_s: float | None = None

    @property
    def culprit(self) -> Holder | None:
        """Who held most of the limit that was reached; None where those that are not known may have held more."""
        if self.limited_by not in (ACCOUNT, RESERVED) or not self.holders:
            return None
        largest = self.holders[0]
        return largest if largest.concurrency >= self.unexplained else None

    @property
    def unexplained(self) -> int:
        """How much of what was held was not held by any function that is known here."""
        return max(0, (self.held or 0) - self.others_held - sum(each.concurrency for each in self.holders))

    @property
    def share(self) -> float | None:
        """The culprit's part of the limit, at most 1: peaks of one minute come at different moments."""
        holder = self.culprit
        return min(1.0, holder.concurrency / self.limit) if holder is not None and self.limit else None

    @property
    def basis(self) -> str | None:
        """``metric``, or ``estimated`` where a figure is made of overlapping invocations or of several peaks."""
        if self.held is None:
            return None
        of_culprit = self.culprit.basis if self.culprit else METRIC
        return ESTIMATED if ESTIMATED in (self.held_basis, of_culprit) else METRIC


class ThrottleCauses:
    """Finds causes in one store; what is the same for many throttled functions is read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._limits = ConcurrencyLimits(reader)
        self._rows = {row.id: row for rows in self._limits.functions.values() for row in rows}
        self._pools: dict[tuple[Place, int, int], _Pool] = {}

    def of(self, span: ThrottledSpan) -> ThrottleCause:
        """The cause of what was rejected in one period of one function."""
        row = self._rows[span.function_id]
        low, high = span.start_ms, self._end(span.end_ms)
        own, basis = self._own(row, low, high)
        place = row.function.key.account, row.function.key.region
        cause = ThrottleCause(
            span.function_id, span.start_ms, span.period_s, round(span.throttles), own=own,
            reserved_by_all=sum(self._limits.reserved_in(place, low).values()),
            of_account=self._limits.account(place, low),
        )  # fmt: skip
        reserved = self._limits.reserved(row, span.start_ms)
        if reserved is not None:
            return _of_reserve(cause, row, reserved, basis)
        return self._pool(place, low, high).of(cause)

    def _end(self, end_ms: int) -> int:
        until_ms = self._reader.until_ms
        return end_ms if until_ms is None else min(end_ms, until_ms)

    def _own(self, row: FunctionRow, low: int, high: int) -> tuple[int | None, str]:
        peak = spans.most_at_once(self._reader, row.id, low, high)
        if peak is not None:
            return round(peak), METRIC
        return _by_logs(self._reader, [row.id], low, high).get(row.id), ESTIMATED

    def _pool(self, place: Place, low: int, high: int) -> "_Pool":
        key = place, low, high
        if key not in self._pools:
            self._pools[key] = _Pool(self._reader, self._limits, place, low, high)
        return self._pools[key]


def _of_reserve(cause: ThrottleCause, row: FunctionRow, reserved: int, basis: str) -> ThrottleCause:
    """A function with a reserve has no part in what the others share: its own reserve is its limit."""
    held = 0 if not reserved else cause.own
    is_reached = held is not None and held >= reserved
    holder = Holder(row.id, row.function.key.name, held, basis=basis) if held and is_reached else None
    return replace(
        cause, limited_by=RESERVED if is_reached else None, limit=reserved, has_reserve=True, held=held,
        held_basis=METRIC if not reserved else basis, holders=(holder,) if holder else (),
    )  # fmt: skip


class _Pool:
    """What the functions of an account and region share in one span of time, and who held it."""

    def __init__(self, reader: Reader, limits: ConcurrencyLimits, place: Place, low: int, high: int) -> None:
        self._reserves = limits.reserved_in(place, low)
        self._rows = {row.id: row for row in limits.functions.get(place, ())}
        self._limit = limits.account(place, low)
        self._find_holders(reader, place, low, high)
        self._find_held(spans.of_accounts(reader, *place, low, high))
        self._is_full = self._limit is not None and self._held is not None and self._held >= self._limit
        self._requests_s = None
        if self._limit and not self._is_full:
            self._requests_s = spans.requests_in(reader, *place, low, high) * 1000 / (high - low)

    def of(self, cause: ThrottleCause) -> ThrottleCause:
        """The cause where the function has no reserve of its own."""
        too_often = self._limit is not None and (self._requests_s or 0) > REQUESTS_EACH * self._limit
        return replace(
            cause, limited_by=ACCOUNT if self._is_full else REQUEST_RATE if too_often else None, limit=self._limit,
            held=self._held, held_basis=self._basis,
            holders=self._holders, others=self._others, others_held=self._others_held,
            requests_s=self._requests_s if too_often else None,
        )  # fmt: skip

    def _find_held(self, metered: Mapping[str, float]) -> None:
        """Of the account's limit, what was taken at most: what is reserved counts, whether it is used or not."""
        reserved = sum(self._reserves.values())
        claimed, unreserved = metered.get("ClaimedAccountConcurrency"), metered.get("UnreservedConcurrentExecutions")
        of_all = metered.get(spans.CONCURRENCY)
        known = [claimed, None if unreserved is None else unreserved + reserved, None if reserved else of_all]
        sure = [round(each) for each in known if each is not None]
        self._basis = METRIC if sure else ESTIMATED
        self._held: int | None = max(sure, default=None)
        if not sure and self._holders:
            sums = sum(each.concurrency for each in self._holders) + self._others_held
            self._held = max(sums, round(of_all or 0))

    def _find_holders(self, reader: Reader, place: Place, low: int, high: int) -> None:
        """The functions with the largest peaks; those whose peak of the whole hour is smaller need no further look."""
        metered = spans.busiest(reader, *place, low // HOUR_MS * HOUR_MS)
        has_points = {each for each, _ in metered}
        logged = [each for each in self._rows if each not in has_points and each not in self._reserves]
        running = _by_logs(reader, logged, low, high)
        holders = [self._holder(each, reserve, is_reserve=True) for each, reserve in self._reserves.items() if reserve]
        holders += [self._holder(each, count, basis=ESTIMATED) for each, count in running.items()]
        left = deque((each, peak) for each, peak in metered if each not in self._reserves and peak)
        largest = nlargest(_MOST_HOLDERS, (each.concurrency for each in holders))
        heapify(largest)
        while left and (len(largest) < _MOST_HOLDERS or left[0][1] > largest[0]):
            function_id, _ = left.popleft()
            peak = spans.most_at_once(reader, function_id, low, high)
            if peak:
                holders.append(self._holder(function_id, round(peak)))
                (heappush if len(largest) < _MOST_HOLDERS else heappushpop)(largest, round(peak))
        holders.sort(key=lambda each: (-each.concurrency, each.function, each.function_id))
        rest = [round(of_hour) for _, of_hour in left] + [each.concurrency for each in holders[_MOST_HOLDERS:]]
        self._holders = tuple(holders[:_MOST_HOLDERS])
        self._others, self._others_held = len(rest), sum(rest)

    def _holder(self, function_id: int, concurrency: int, *, is_reserve: bool = False, basis: str = METRIC) -> Holder:
        return Holder(function_id, self._rows[function_id].function.key.name, concurrency, is_reserve, basis)


def _by_logs(reader: Reader, ids: Sequence[int], low: int, high: int) -> dict[int, int]:
    """How many of each function ran when most of them all ran at once; on average, where there were too many."""
    running = spans.executions(reader, ids, low, high, _MOST_ROWS)
    if running is None:
        means = {each: spans.mean_at_once(reader, each, low, high) for each in ids}
        return {each: max(1, int(mean)) for each, mean in means.items() if mean > 0}
    return most_at_one_moment(running, low, high)


def most_at_one_moment(running: Sequence[tuple[int, float, float]], low: float, high: float) -> dict[int, int]:
    """By function id, what ran at the moment of the span at which most ran, the first of several such.

    ``running`` are (function id, beginning, end) in ms. What ends when another begins does not run beside it.
    """
    edges: list[tuple[float, int, int]] = []
    for each, begin, end in running:
        if begin < high and end > max(begin, low):
            edges += [(max(begin, low), 1, each), (end, -1, each)]
    now: dict[int, int] = {}
    most: dict[int, int] = {}
    total = highest = 0
    for moment, step, each in sorted(edges):
        if moment >= high:
            break
        now[each] = now.get(each, 0) + step
        total += step
        if total > highest:
            highest, most = total, {of: count for of, count in now.items() if count}
    return most


def worst_causes(reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int]) -> dict[int, ThrottleCause]:
    """By function id, the cause in the period of the most rejected requests; functions without any are absent."""

    def read() -> dict[int, ThrottleCause]:
        causes = ThrottleCauses(reader)
        with reader.snapshot():
            worst = spans.worst_throttled(reader, from_ms, to_ms, function_ids)
            return {each: causes.of(span) for each, span in worst.items()}

    return reader.cached(("worst causes", from_ms, to_ms, tuple(function_ids)), read)
