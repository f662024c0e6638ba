"""Counts what a collection asks of AWS: every request sent, and the units that AWS bills.

Quantities only: what they cost is computed by callers that know prices. ``spend`` is called before anything billed is
sent, and its ``limit`` may stop the collection.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from collectors.model.account import CallCount
from collectors.sources.base import BudgetReached

Limit = Callable[[str, int], None]


class Calls:
    """Requests sent and units billed, by operation such as ``cloudwatch:GetMetricData``; safe for many threads."""

    def __init__(self, limit: Limit | None = None) -> None:
        """``limit(operation, units)`` raises BudgetReached where these units may not be spent."""
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._units: Counter[str] = Counter()
        self._limit = limit
        self._overspent: BudgetReached | None = None
        self.free = False
        """Whether nobody bills what is asked: the server is a local one. Units are not counted then."""

    def sent(self, operation: str) -> None:
        """Counts a request that is being sent."""
        with self._lock:
            self._sent[operation] += 1

    def spend(self, operation: str, units: int) -> None:
        """Counts units about to be billed; BudgetReached, and nothing counted, where the limit says so."""
        if self.free:
            return
        if self._overspent is not None:
            raise self._overspent
        if self._limit is not None:
            self._limit(operation, units)
        with self._lock:
            self._units[operation] += units

    def correct(self, operation: str, estimated: int, actual: int) -> None:
        """Replaces the units that were counted as an estimate by the actual ones.

        They are spent already. Where the limit refuses the difference, the next ``spend`` raises BudgetReached.
        """
        if self.free:
            return
        if self._limit is not None and actual != estimated:
            try:
                self._limit(operation, actual - estimated)
            except BudgetReached as reached:
                self._overspent = reached
        with self._lock:
            self._units[operation] += actual - estimated

    def reset(self) -> None:
        """Begins another collection: all counts are 0 again."""
        with self._lock:
            self._sent.clear()
            self._units.clear()

    def counts(self) -> list[CallCount]:
        """Requests and billed units by operation, in the order of their names."""
        with self._lock:
            names = sorted({*self._sent, *self._units})
            return [CallCount(name, self._sent[name], self._units[name]) for name in names]

    def by_operation(self) -> Mapping[str, int]:
        """Requests sent, by operation."""
        with self._lock:
            return dict(self._sent)

    def listen(self, client: Any) -> None:
        """Counts every request of ``client``, retries too."""
        service = client.meta.service_model.service_name

        def sending(event_name: str, **_: object) -> None:
            self.sent(f"{service}:{event_name.rpartition('.')[2]}")

        client.meta.events.register_first("before-send", sending)


class TokenBucket:
    """At most ``rate`` calls a second, ``burst`` at once, over all who share it."""

    def __init__(
        self,
        rate: float,
        burst: int = 1,
        *,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._now = now
        self._pause = pause
        self._at = now()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Waits until one more call may be made. Waiters are served in order: each takes its token in advance."""
        with self._lock:
            now = self._now()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            self._tokens -= 1
            wait_s = max(0.0, -self._tokens / self.rate)
        if wait_s:
            self._pause(wait_s)


_buckets: dict[tuple[str, str, str], TokenBucket] = {}
_buckets_lock = threading.Lock()


def bucket_of(account: str, region: str, quota: str, rate: float) -> TokenBucket:
    """The one bucket of an account's quota in a region, shared by all its sources in this process."""
    with _buckets_lock:
        key = account, region, quota
        if key not in _buckets:
            _buckets[key] = TokenBucket(rate)
        return _buckets[key]
