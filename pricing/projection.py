"""The whole month's usage, from its days so far: a plain run rate with an honest interval.

Usage is projected, then priced: free tier and tiers are not linear, so dollars are never scaled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from operator import add, attrgetter

from pricing.usage import Usage

DAY_MS = 86_400_000
WINDOW_DAYS = 14  # two whole weeks: every weekday counts the same
_WEEK = 7
_LEAST_MS = 3_600_000  # the first minutes of data are not multiplied: less than an hour counts as an hour

# Student's t at 90%, one-sided, by degrees of freedom: the ends of an 80% interval as AWS Cost Explorer gives it.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350)
# Few days that happen to be alike prove little: before a week is seen, no day-to-day spread below this is believed.
_LEAST_SPREAD = 0.1

_QUANTITIES = (
    "requests", "billed_ms", "billed_mb_ms", "provisioned_mb_ms", "provisioned_requests", "provisioned_billed_ms",
    "provisioned_billed_mb_ms",
)  # fmt: skip
_quantities = attrgetter(*_QUANTITIES)
_key = attrgetter("function", "account", "region", "arch", "ephemeral_mb", "basis")
_NONE = (0,) * len(_QUANTITIES)

# A function's quantities, in the order of _QUANTITIES; integers, because 500 functions have 22,000 days.
_Amounts = tuple[int, ...]
_Days = dict[date, _Amounts]
_Key = tuple[str, str, str, str | None, int | None, str]


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


def project_run_rate(
    daily: Sequence[tuple[date, Usage]], as_of_ms: int, month: date, *, since_ms: int | None = None
) -> Projection:
    """The usage of the UTC calendar month that holds ``month``, one for each function in ``daily``.

    ``daily`` has any number of usages a day; days of the month before help the rate, and count for nothing else.
    ``as_of_ms`` is "now" (epoch ms). Days before the first data are unknown, not zero, for every function by itself;
    days without usage after it are zeros. ``since_ms`` is when the data begin, where that is known: if it lies in the
    first day, that day is weighted by the part of it that was seen.
    """
    start = month.replace(day=1)
    after = (start + timedelta(days=32)).replace(day=1)
    as_of_ms = max(as_of_ms, _epoch_ms(start))
    left_ms = max(0, _epoch_ms(after) - as_of_ms)
    if not daily:
        return Projection(None, (), None, "no usage seen", 0, left_ms / DAY_MS)
    by_key, totals = _by_function(daily)
    first = min(totals)
    since_ms = since_ms if since_ms is not None and _day_of(since_ms) == first else None
    seen = {key: _sum(used for day, used in days.items() if start <= day < after) for key, days in by_key.items()}
    if not left_ms:
        usages = _usages(seen)
        return Projection(usages, usages, usages, "the month is over", sum(start <= day < after for day in totals), 0.0)
    rest = {key: _rest(days, as_of_ms, left_ms, since_ms) for key, days in by_key.items()}
    p50 = _usages({key: _plus(seen[key], rest[key]) for key in seen})
    whole = [totals.get(day, _NONE) for day in _whole_days(first, as_of_ms, since_ms)]
    if len(whole) < 2:
        method = f"run rate; no interval with {len(whole)} whole day{'' if len(whole) == 1 else 's'} seen"
        return Projection(None, p50, None, method, len(whole), left_ms / DAY_MS)
    widths = [_relative_width([float(day[at]) for day in whole], left_ms / DAY_MS) for at in range(len(_QUANTITIES))]
    low, high = [max(0.0, 1 - width) for width in widths], [1 + width for width in widths]
    return Projection(
        _usages({key: _plus(seen[key], _scaled(rest[key], low)) for key in seen}),
        p50,
        _usages({key: _plus(seen[key], _scaled(rest[key], high)) for key in seen}),
        f"run rate of {len(whole)} whole days; 80% interval from their spread",
        len(whole),
        left_ms / DAY_MS,
    )


def _by_function(daily: Sequence[tuple[date, Usage]]) -> tuple[dict[_Key, _Days], _Days]:
    """Each function's days, and the days of all together."""
    by_key: dict[_Key, _Days] = {}
    totals: _Days = {}
    for day, usage in daily:
        used: _Amounts = _quantities(usage)
        days = by_key.setdefault(_key(usage), {})
        days[day] = _plus(days[day], used) if day in days else used
        totals[day] = _plus(totals[day], used) if day in totals else used
    return by_key, totals


def _rest(days: _Days, as_of_ms: int, left_ms: int, since_ms: int | None) -> _Amounts:
    """What the rest of the month adds at the rate of the settled days, or of today where there is none."""
    today = _day_of(as_of_ms)
    first = max(min(days), today - timedelta(days=WINDOW_DAYS))
    begin_ms, until_ms, until = _epoch_ms(first), _epoch_ms(today), today
    if begin_ms >= until_ms:
        until_ms, until = as_of_ms, today + timedelta(days=1)
    if since_ms is not None and begin_ms < since_ms < until_ms:
        begin_ms = min(since_ms, until_ms - _LEAST_MS)
    if until_ms <= begin_ms:
        return _NONE
    used = _sum(amounts for day, amounts in days.items() if first <= day < until)
    return tuple(amount * left_ms // (until_ms - begin_ms) for amount in used)


def _whole_days(first: date, as_of_ms: int, since_ms: int | None) -> list[date]:
    """The settled days in the window of which all was seen."""
    today = _day_of(as_of_ms)
    begin = max(first, today - timedelta(days=WINDOW_DAYS))
    if since_ms is not None and since_ms > _epoch_ms(begin):
        begin += timedelta(days=1)
    return [begin + timedelta(days=number) for number in range(max(0, (today - begin).days))]


def _relative_width(days: Sequence[float], days_left: float) -> float:
    """Half the 80% interval of what is still to come, as a part of its middle; all functions' days together.

    Two doubts add up: the days to come differ among themselves, and the mean of n days is itself uncertain. With
    less than a week seen, no weekend may be among them, and the interval is widened by sqrt(7 / n).
    """
    count = len(days)
    mean = sum(days) / count
    if not mean:
        return 0.0
    spread = sqrt(sum((day - mean) ** 2 for day in days) / (count - 1)) / mean
    widened = 1.0
    if count < _WEEK:
        spread, widened = max(spread, _LEAST_SPREAD), sqrt(_WEEK / count)
    student = _T90[min(count - 1, len(_T90)) - 1]
    return student * widened * spread * sqrt(1 / days_left + 1 / count)


def _usages(amounts: dict[_Key, _Amounts]) -> tuple[Usage, ...]:
    return tuple(
        Usage(
            function, account, region, arch, ephemeral_mb=ephemeral_mb, basis=basis,
            **dict(zip(_QUANTITIES, used, strict=True)),
        )
        for (function, account, region, arch, ephemeral_mb, basis), used in amounts.items()
    )  # fmt: skip


def _sum(amounts: Iterable[_Amounts]) -> _Amounts:
    rows = list(amounts)
    return tuple(map(sum, zip(*rows, strict=True))) if rows else _NONE


def _plus(one: _Amounts, other: _Amounts) -> _Amounts:
    return tuple(map(add, one, other))


def _scaled(amounts: _Amounts, factors: Sequence[float]) -> _Amounts:
    return tuple(round(amount * factor) for amount, factor in zip(amounts, factors, strict=True))


def _day_of(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms // 1000, UTC).date()


def _epoch_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
