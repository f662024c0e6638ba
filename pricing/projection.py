"""The whole month's usage, from its days so far: a plain run rate with an honest interval.

Usage is projected, then priced: free tier and tiers are not linear, so dollars are never scaled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import sqrt

from pricing.usage import Usage

DAY_MS = 86_400_000
WINDOW_DAYS = 14  # two whole weeks: every weekday counts the same
_WEEK = 7

# Student's t at 90%, one-sided, by degrees of freedom: the ends of an 80% interval as AWS Cost Explorer gives it.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350)
# Few days that happen to be alike prove little: before a week is seen, no day-to-day spread below this is believed.
_LEAST_SPREAD = 0.1

_QUANTITIES = (
    "requests", "billed_ms", "billed_mb_ms", "provisioned_mb_ms", "provisioned_requests", "provisioned_billed_ms",
    "provisioned_billed_mb_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Projection:
    """A month's usages: the middle estimate, and an 80% interval around it.

    ``p10`` and ``p90`` are None where fewer than two whole days have been seen: then no spread is known.
    ``days_seen`` counts the whole days that the rate rests on, ``days_left`` what is left of the month.
    """

    p10: tuple[Usage, ...] | None
    p50: tuple[Usage, ...]
    p90: tuple[Usage, ...] | None
    method: str
    days_seen: int
    days_left: float


@dataclass(slots=True)
class _History:
    """Usages by their function and day; ``first`` is the day of the first data of all."""

    by_key: dict[Usage, dict[date, Usage]]
    first: date


def project_run_rate(
    daily: Sequence[tuple[date, Usage]], as_of_ms: int, month: date, *, since_ms: int | None = None
) -> Projection:
    """The usage of the UTC calendar month that holds ``month``, one for each function in ``daily``.

    ``daily`` has any number of usages a day; days of the month before help the rate, and count for nothing else.
    ``as_of_ms`` is "now" (epoch ms). Days before the first data are unknown, not zero, for every function by itself;
    days without usage after it are zeros. ``since_ms`` is when the data begin, where that is known: the first day is
    then weighted by its part that was seen.
    """
    start = month.replace(day=1)
    end_ms = _epoch_ms((start + timedelta(days=32)).replace(day=1))
    as_of_ms = max(as_of_ms, _epoch_ms(start))
    left_ms = max(0, end_ms - as_of_ms)
    if not daily:
        return Projection(None, (), None, "no usage seen", 0, left_ms / DAY_MS)
    history = _history(daily)
    after = _day_of(end_ms)
    seen = {
        key: _sum(key, (usage for day, usage in days.items() if start <= day < after))
        for key, days in history.by_key.items()
    }
    if not left_ms:
        usages = tuple(seen.values())
        return Projection(usages, usages, usages, "the month is over", _days(history, as_of_ms), 0.0)
    rest = {key: _rest(key, days, as_of_ms, left_ms, since_ms) for key, days in history.by_key.items()}
    p50 = tuple(_plus(seen[key], rest[key]) for key in seen)
    whole_days = _whole_days(history.first, as_of_ms, since_ms)
    if len(whole_days) < 2:
        method = f"run rate; no interval with {len(whole_days)} whole day{'' if len(whole_days) == 1 else 's'} seen"
        return Projection(None, p50, None, method, len(whole_days), left_ms / DAY_MS)
    spread = {name: _relative_spread(history, whole_days, name, left_ms / DAY_MS) for name in _QUANTITIES}
    low = {name: max(0.0, 1 - width) for name, width in spread.items()}
    high = {name: 1 + width for name, width in spread.items()}
    return Projection(
        tuple(_plus(seen[key], _scaled(rest[key], low)) for key in seen),
        p50,
        tuple(_plus(seen[key], _scaled(rest[key], high)) for key in seen),
        f"run rate of {len(whole_days)} whole days; 80% interval from their spread",
        len(whole_days),
        left_ms / DAY_MS,
    )


def _history(daily: Sequence[tuple[date, Usage]]) -> _History:
    by_key: dict[Usage, dict[date, Usage]] = {}
    for day, usage in daily:
        days = by_key.setdefault(_key(usage), {})
        days[day] = _plus(days[day], usage) if day in days else usage
    return _History(by_key, min(day for day, _ in daily))


def _key(usage: Usage) -> Usage:
    """The usage without its quantities: which function, where, how configured."""
    return Usage(
        usage.function, usage.account, usage.region, usage.arch, ephemeral_mb=usage.ephemeral_mb, basis=usage.basis
    )


def _rest(key: Usage, days: dict[date, Usage], as_of_ms: int, left_ms: int, since_ms: int | None) -> Usage:
    """What the rest of the month adds at the rate of the settled days, or of today where there is none."""
    today = _day_of(as_of_ms)
    first = max(min(days), today - timedelta(days=WINDOW_DAYS))
    begin_ms, until_ms, until = _epoch_ms(first), _epoch_ms(today), today
    if begin_ms >= until_ms:
        until_ms, until = as_of_ms, today + timedelta(days=1)
    if since_ms is not None and begin_ms < since_ms < until_ms:
        begin_ms = since_ms
    if until_ms <= begin_ms:
        return key
    used = _sum(key, (usage for day, usage in days.items() if first <= day < until))
    return replace(key, **{name: getattr(used, name) * left_ms // (until_ms - begin_ms) for name in _QUANTITIES})


def _whole_days(first: date, as_of_ms: int, since_ms: int | None) -> list[date]:
    """The settled days in the window of which all was seen."""
    today = _day_of(as_of_ms)
    begin = max(first, today - timedelta(days=WINDOW_DAYS))
    if since_ms is not None and since_ms > _epoch_ms(begin):
        begin = max(begin, _day_of(since_ms + DAY_MS - 1))
    return [begin + timedelta(days=number) for number in range(max(0, (today - begin).days))]


def _days(history: _History, as_of_ms: int) -> int:
    return len({day for days in history.by_key.values() for day in days if _epoch_ms(day) < as_of_ms})


def _relative_spread(history: _History, days: Sequence[date], name: str, days_left: float) -> float:
    """Half the 80% interval of what is still to come, as a part of its middle; all functions' days together.

    Two doubts add up: the days to come differ among themselves, and the mean of n days is itself uncertain. With
    less than a week seen, no weekend may be among them, and the interval is widened by sqrt(7 / n).
    """
    totals = [float(sum(getattr(by_day[day], name) for by_day in history.by_key.values() if day in by_day))
              for day in days]  # fmt: skip
    count = len(totals)
    mean = sum(totals) / count
    if not mean:
        return 0.0
    spread = sqrt(sum((total - mean) ** 2 for total in totals) / (count - 1)) / mean
    widened = 1.0
    if count < _WEEK:
        spread, widened = max(spread, _LEAST_SPREAD), sqrt(_WEEK / count)
    student = _T90[min(count - 1, len(_T90)) - 1]
    return student * widened * spread * sqrt(1 / days_left + 1 / count)


def _sum(key: Usage, usages: Iterable[Usage]) -> Usage:
    total = key
    for usage in usages:
        total = _plus(total, usage)
    return total


def _plus(one: Usage, other: Usage) -> Usage:
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in _QUANTITIES})


def _scaled(usage: Usage, factors: dict[str, float]) -> Usage:
    return replace(usage, **{name: round(getattr(usage, name) * factor) for name, factor in factors.items()})


def _day_of(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _epoch_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
