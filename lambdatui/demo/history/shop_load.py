"""How each function of the shop behaves in the simulated days: calls, durations, cold starts and failures by hour."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from collectors.model.units import HOUR_MS
from lambdatui.demo.history.calendar import NIGHT_MS, Calendar

NIGHT_FUNCTION, DEPLOYED, JOB, RESERVED = "monthly-report", "payments", "weekly-reindex", "order-worker"
ACCOUNT_LIMIT = 200
"""Concurrent executions of all functions together; the demo's real runner has the same limit."""
NIGHT_REPORTS = 190
"""So many environments ``monthly-report`` had at once in the throttled night."""
_NIGHT_REPORT_MS = 8_000
_NIGHT_SHARE = 0.35  # of the other functions' calls, rejected
_RESERVED_SHARE = 0.006  # of its calls, rejected by its reserved concurrency
_NOT_REJECTED = (NIGHT_FUNCTION, JOB, "nightly-totals")
_JOB_PARTS, _JOB_AT_ONCE, _JOB_MS = (200, 250, 310, 390, 480), 20, 280_000
FAILS_SINCE_DEPLOY = 0.2875  # as ``samples/payments`` does, called as ``load`` calls it
_FAILED_BEFORE = 0.0005


@dataclass(frozen=True)
class Behaviour:
    """One function. ``calls_s`` are its calls a second by day; durations are spread (log-normally) around ``usual_ms``.

    ``cold`` and ``failing`` are shares of the calls; ``failure`` is ``error``, ``timeout`` or ``memory``. ``growth``:
    how many times as many calls it has at the end as at the beginning. ``steady``: day and night.
    """

    name: str
    calls_s: float
    usual_ms: float
    spread: float
    init_ms: float
    cold: float
    used_mb: int
    log_bytes: int
    failure: str = "error"
    failing: float = 0.0
    growth: float = 1.0
    steady: bool = False


BEHAVIOURS = (
    Behaviour("shop-api", 7.0, 5.2, 0.35, 82, 0.0006, 14, 290),
    Behaviour("thumbnails", 1.0, 13, 0.45, 190, 0.004, 18, 340, growth=2.4),
    Behaviour("payments", 1.8, 35, 0.4, 118, 0.002, 15, 430, failing=_FAILED_BEFORE),
    Behaviour("monthly-report", 0.02, 120, 0.5, 165, 0.08, 61, 520, "memory", 0.03),
    Behaviour("order-worker", 1.6, 122, 0.12, 95, 0.0015, 14, 330),
    Behaviour("price-scraper", 0.3, 105, 0.45, 92, 0.006, 14, 350, "timeout", 0.004),
    Behaviour("nightly-totals", 1 / 60, 5, 0.2, 52, 0.01, 14, 330, steady=True),
    Behaviour("greeter", 0.12, 7.5, 0.3, 138, 0.21, 48, 380, "error", 0.008),
    Behaviour("weekly-reindex", 0.0, _JOB_MS, 0.08, 410, 0.05, 2_210, 360),
)


@dataclass(frozen=True)
class Part:
    """Some calls of one function in one hour, ``failed`` and ``cold`` ones among them, all with durations around
    ``usual_ms``.
    """

    calls: int
    failed: int
    cold: int
    usual_ms: float
    spread: float


class ShopLoad:
    """What is called when, the same from the same ``seed``."""

    def __init__(self, calendar: Calendar, seed: int) -> None:
        self.calendar = calendar
        self._seed = seed
        self._parts: dict[tuple[str, int], list[Part]] = {}

    def random_of(self, behaviour: Behaviour, hour_ms: int, use: str = "") -> random.Random:
        """A generator of its own for a function and an hour, so that no hour depends on another."""
        return random.Random(f"{self._seed} {behaviour.name} {hour_ms} {use}")

    def failing(self, behaviour: Behaviour, at_ms: int) -> float:
        """The share of its calls that fail."""
        if behaviour.name == DEPLOYED and at_ms >= self.calendar.deploy_ms:
            return FAILS_SINCE_DEPLOY
        return behaviour.failing

    def parts(self, behaviour: Behaviour, hour_ms: int) -> list[Part]:
        """The calls of an hour, or of its part before the days' end, that ran; those that were rejected did not."""
        key = behaviour.name, hour_ms
        if key not in self._parts:
            self._parts[key] = self._made_parts(behaviour, hour_ms)
        return self._parts[key]

    def _made_parts(self, behaviour: Behaviour, hour_ms: int) -> list[Part]:
        if behaviour.name == JOB:
            return self._job(behaviour, hour_ms)
        asked = self._asked(behaviour, hour_ms)
        calls = asked - self.throttled(behaviour, hour_ms)
        random_ = self.random_of(behaviour, hour_ms, "failed")
        failed = min(calls, _about(random_, calls * self.failing(behaviour, hour_ms)))
        cold = min(calls, _about(random_, calls * behaviour.cold))
        parts = [Part(calls, failed, cold, behaviour.usual_ms, behaviour.spread)]
        share = self._of_night(hour_ms)
        if behaviour.name == NIGHT_FUNCTION and share:
            reports = round(NIGHT_REPORTS * NIGHT_MS * share / _NIGHT_REPORT_MS)
            parts.append(Part(reports, 0, round(NIGHT_REPORTS * share), _NIGHT_REPORT_MS, 0.1))
        return [part for part in parts if part.calls]

    def throttled(self, behaviour: Behaviour, hour_ms: int) -> int:
        """How many requests of an hour were rejected."""
        share = self._of_night(hour_ms)
        if behaviour.name == RESERVED:
            return round(self._asked(behaviour, hour_ms) * _RESERVED_SHARE)
        if share and behaviour.name not in _NOT_REJECTED:
            return round(self._asked(behaviour, hour_ms) * share * NIGHT_MS / HOUR_MS * _NIGHT_SHARE)
        return 0

    def concurrency(self, behaviour: Behaviour, hour_ms: int) -> int:
        """The most environments at once, as its calls and durations make them."""
        if behaviour.name == JOB:
            return _JOB_AT_ONCE if self.parts(behaviour, hour_ms) else 0
        seconds = self._span_ms(hour_ms) / 1000
        part = self.parts(behaviour, hour_ms)[:1]
        busy = part[0].calls / seconds * behaviour.usual_ms / 1000 if part and seconds else 0.0
        peak = max(1 if part else 0, round(busy + 3 * sqrt(busy)))
        return min(peak, 2) if behaviour.name == RESERVED else peak

    def _asked(self, behaviour: Behaviour, hour_ms: int) -> int:
        calendar, span_ms = self.calendar, self._span_ms(hour_ms)
        load = 1.0 if behaviour.steady else calendar.load(hour_ms + span_ms // 2)
        grown = behaviour.growth ** (calendar.age(hour_ms) - 1)
        calls = behaviour.calls_s * load * grown * span_ms / 1000
        return round(calls) if behaviour.steady else _about(self.random_of(behaviour, hour_ms, "calls"), calls)

    def _span_ms(self, hour_ms: int) -> int:
        return min(hour_ms + HOUR_MS, self.calendar.end_ms) - hour_ms

    def _of_night(self, hour_ms: int) -> float:
        """How much of the throttled night lies in an hour."""
        begin = self.calendar.night_ms
        return max(0, min(begin + NIGHT_MS, hour_ms + HOUR_MS) - max(begin, hour_ms)) / NIGHT_MS

    def _job(self, behaviour: Behaviour, hour_ms: int) -> list[Part]:
        """The parts of the weekly job that begin in an hour and end before the days do; it grows from week to week."""
        until_ms = min(hour_ms + HOUR_MS, self.calendar.end_ms - 2 * _JOB_MS)
        calls = 0
        for start_ms, number in zip(self.calendar.jobs_ms, _JOB_PARTS, strict=False):
            begins = (start_ms + batch * _JOB_MS for batch in range(-(-number // _JOB_AT_ONCE)))
            calls += _JOB_AT_ONCE * sum(hour_ms <= begin < until_ms for begin in begins)
        return [Part(calls, 0, _JOB_AT_ONCE, behaviour.usual_ms, behaviour.spread)] if calls else []


def behaviours(names: Sequence[str]) -> list[Behaviour]:
    """Those of the functions that this machine has."""
    return [behaviour for behaviour in BEHAVIOURS if behaviour.name in names]


def _about(random_: random.Random, mean: float) -> int:
    """A whole number around ``mean``, as random arrivals spread."""
    return max(0, round(random_.gauss(mean, sqrt(mean)))) if mean > 0 else 0
