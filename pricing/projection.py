"""The whole month's usage, from its days so far: settled days, the rest of today, and the days to come.

Usage is projected, then priced: free tier and tiers are not linear, so dollars are never scaled. What stands
configured (provisioned concurrency, SnapStart caches, pollers) goes on as it was on the last whole day.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import add, attrgetter
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, HOUR_MS
from pricing.dimensions import DIMENSIONS
from pricing.usage import Usage
from pricing.usage_table import Terms, column

if TYPE_CHECKING:
    from pricing.series_forecast import Forecast

WINDOW_DAYS = 84  # how many days before "now" help the projection: twelve weeks
_LEAST_MS = HOUR_MS  # the first minutes of data are not multiplied: less than an hour counts as an hour

QUANTITIES = (
    "requests", "billed_ms", "billed_mb_ms", "provisioned_mb_ms", "provisioned_requests", "provisioned_billed_ms",
    "provisioned_billed_mb_ms", "event_chunks", "instance_seconds",
)  # fmt: skip
_CONFIGURED = frozenset(("provisioned_mb_ms", "instance_seconds"))
TIES = 6  # decimals: sums taken in another order differ beyond them, and are rounded alike
FITTED = (2, 0, 6)  # the level is that of GB-seconds; of requests or provisioned duration where there are none
_quantities = attrgetter(*QUANTITIES)

Amounts = tuple[int, ...]
Days = dict[int, Amounts]  # by day number


@dataclass(frozen=True, slots=True)
class Projection:
    """A month's usages: the middle estimate, and an 80% interval around it.

    ``p10`` and ``p90`` are None where no whole day has been seen: then no spread is known.
    ``days_seen`` counts the whole days that the estimate rests on, ``days_left`` what is left of the month. ``seen`` is
    the month so far; ``path`` has, for each day from today to the month's end, the part of what is still to come that
    will have come by its end. ``shifted`` is how many days ago the level jumped, where it did.
    """

    p10: Sequence[Usage] | None
    p50: Sequence[Usage]
    p90: Sequence[Usage] | None
    method: str
    days_seen: int
    days_left: float
    seen: Sequence[Usage] = ()
    path: tuple[tuple[date, float], ...] = ()
    shifted: int | None = None

    def by(self, day: date) -> tuple[Usage, ...]:
        """The month's usage up to the end of ``day`` (today or later), by the middle estimate."""
        part = self._part(day)
        return tuple(_between(one, other, part) for one, other in zip(self.seen, self.p50, strict=True))

    def sum_by(self, day: date, usages: Sequence[int], quantity: str) -> int:
        """The sum of one quantity of some usages, by position, up to the end of ``day``, by the middle estimate."""
        part = self._part(day)
        before, whole = _some(self.seen, usages, quantity), _some(self.p50, usages, quantity)
        if before == whole:
            return sum(before)
        return sum(before) + sum([round((high - low) * part) for low, high in zip(before, whole, strict=True)])

    def sum_seen(self, usages: Sequence[int], quantity: str) -> int:
        """The sum of one quantity of some usages, by position, over the month so far."""
        return sum(_some(self.seen, usages, quantity))

    def _part(self, day: date) -> float:
        return max((share for one, share in self.path if one <= day), default=0.0)


def _some(of: Sequence[Usage], usages: Sequence[int], quantity: str) -> Sequence[int]:
    every = column(of, quantity)
    return every if len(usages) == len(every) else list(map(every.__getitem__, usages))


@dataclass(frozen=True, slots=True)
class ProjectionClock:
    """ "Now" in day numbers. ``gone`` is the part of today's usage that a usual day would have had by now."""

    today: int
    start: int
    after: int
    gone: float
    elapsed_ms: int
    as_of_ms: int
    since_ms: int | None
    partial: int | None

    @classmethod
    def of_month(
        cls, as_of_ms: int, start: int, after: int, first: int, since_ms: int | None, hours: Sequence[float] | None
    ) -> "ProjectionClock":
        """The clock at ``as_of_ms`` (epoch ms) of a month from day number ``start`` to before ``after``.

        ``first`` is the day number of the first data, ``since_ms`` when in it they begin; ``hours`` are the 24 shares
        of a usual day.
        """
        today, elapsed_ms = divmod(as_of_ms, DAY_MS)
        since_ms = since_ms if since_ms is not None and since_ms // DAY_MS == first and since_ms % DAY_MS else None
        gone = elapsed_ms / DAY_MS
        if hours is not None and sum(hours) > 0:
            hour, part = divmod(elapsed_ms, HOUR_MS)
            gone = (sum(hours[:hour]) + (hours[hour] * part / HOUR_MS if part else 0)) / sum(hours)
        return cls(today, start, after, gone, elapsed_ms, as_of_ms, since_ms, first if since_ms is not None else None)

    def settled(self, first: int) -> range:
        """The whole days from ``first`` on, at most ``WINDOW_DAYS`` of them."""
        begin = max(first, self.today - WINDOW_DAYS)
        return range(begin + (begin == self.partial), self.today)

    @property
    def ahead(self) -> int:
        """Today and the days after it in the month."""
        return self.after - self.today

    def projection(
        self,
        totals: "Days",
        so_far: Sequence[Usage],
        p50: Sequence[Usage],
        scaled: Callable[[float], Sequence[Usage]],
    ) -> Projection:
        """What is told of a month that is not over. ``totals`` are the sums that the interval is for."""
        days_left = (self.after * DAY_MS - self.as_of_ms) / DAY_MS
        whole = self.settled(min(totals))
        model, place = _fitted(totals, whole, self)
        path = _path(rest_by_day(totals, place, model, self) if whole else (), self)
        count = len(whole)
        if model.low is None or model.high is None:
            method = "run rate; no interval with no whole day seen"
            return Projection(None, p50, None, method, count, days_left, so_far, path)
        return Projection(
            scaled(model.low), p50, scaled(model.high), _method(model, count), count, days_left, so_far, path,
            model.shifted,
        )  # fmt: skip


def ended(used: Sequence[Usage], days_seen: int) -> Projection:
    """Of a month that is over: nothing is left to project."""
    return Projection(used, used, used, "the month is over", days_seen, 0.0, used)


def project(
    daily: Sequence[tuple[date, Usage]],
    as_of_ms: int,
    month: date | tuple[date, date],
    *,
    since_ms: int | None = None,
    hours: Sequence[float] | None = None,
    spread_of: Collection[tuple[str, str, str]] | None = None,
) -> Projection:
    """The usage of the UTC calendar month that holds ``month``, one for each function in ``daily``.

    A pair of dates is a period instead: from the first to before the second.
    ``daily`` has any number of usages a day; days of the months before help, and count for nothing else.
    ``as_of_ms`` is "now" (epoch ms). Days before the first data are unknown, not zero, for every function by itself;
    days without usage after it are zeros. ``since_ms`` is when the data begin, where that is known: a first day that
    was seen in part is no whole day. ``hours`` are the 24 shares of a usual day (UTC); without them a day is even.
    ``spread_of`` are the (function, account, region) whose sum the interval is for; all where None.
    """
    start, after = month_days(month)
    as_of_ms = max(as_of_ms, start * DAY_MS)
    left_ms = max(0, after * DAY_MS - as_of_ms)
    if not daily:
        return Projection(None, (), None, "no usage seen", 0, left_ms / DAY_MS)
    names, series = _by_function(daily)
    first = min(min(days) for _, days in series.values())
    seen = {key: _sum(len(names), (a for day, a in days.items() if start <= day < after))
            for key, (_, days) in series.items()}  # fmt: skip
    so_far = tuple(usage_of(of, names, seen[key]) for key, (of, _) in series.items())
    if not left_ms:
        whole = len({day for _, days in series.values() for day in days if start <= day < after})
        return ended(so_far, whole)
    clock = ProjectionClock.of_month(as_of_ms, start, after, first, since_ms, hours)
    rests = {key: rest(names, days, clock) for key, (_, days) in series.items()}
    chosen = [key for key in series if spread_of is None or key[:3] in spread_of] or list(series)
    p50 = tuple(usage_of(of, names, _plus(seen[key], rests[key])) for key, (of, _) in series.items())

    def scaled(factor: float) -> tuple[Usage, ...]:
        factors = [1.0 if _configured(name) else factor for name in names]
        return tuple(
            usage_of(of, names, _plus(seen[key], _scaled(rests[key], factors))) for key, (of, _) in series.items()
        )

    return clock.projection(_together(len(names), [series[key][1] for key in chosen]), so_far, p50, scaled)


def _method(model: "Forecast", count: int) -> str:
    """How the projection was made and why, in words."""
    parts = [f"level{' and weekdays' if model.weekly else ''} of {count} whole day{'' if count == 1 else 's'}"]
    if model.shifted is not None:
        weekdays = ", by weekdays" if model.weekly else ""
        parts = [f"level since it jumped {model.shifted} days ago{weekdays}"]
    if model.growth:
        parts.append(
            f"{'growing' if model.growth > 0 else 'shrinking'} by {abs(model.growth):.1%} a day, which goes on"
        )
    parts += [f"a batch {event.words}" for event in model.events]
    if model.left_out:
        parts.append(f"{model.left_out} odd day{'' if model.left_out == 1 else 's'} left out")
    parts.append("80% interval from their spread")
    if count < 7:
        parts.append("short history, wide interval")
    return "; ".join(parts)


def _fitted(days: Days, whole: range, clock: ProjectionClock) -> tuple["Forecast", int]:
    """The forecast of the first quantity of ``FITTED`` that was used at all, and which that is."""
    from pricing.series_forecast import forecast

    none: Amounts = (0,) * len(next(iter(days.values())))
    place = next((at for at in FITTED if any(amounts[at] for amounts in days.values())), None)
    if place is None:
        place = next((at for at in range(len(none)) if any(amounts[at] for amounts in days.values())), 0)
    used = tuple(float(days.get(day, none)[place]) for day in whole)
    return forecast(used, whole.start, clock.ahead, min(len(whole), clock.today - clock.start)), place


def rest(names: Sequence[str], days: Days, clock: ProjectionClock) -> Amounts:
    """What the rest of the month adds, in every quantity of one function."""
    whole = clock.settled(min(days))
    if not whole:
        return at_first_rate(days, clock)
    model, _ = _fitted(days, whole, clock)

    def ahead(place: int) -> int:
        if not any(amounts[place] for amounts in days.values()):
            return 0
        return round(round(sum(rest_by_day(days, place, model, clock)), TIES))

    return tuple(_standing(days, at, clock) if _configured(name) else ahead(at) for at, name in enumerate(names))


def rest_by_day(days: Days, place: int, model: "Forecast", clock: ProjectionClock) -> list[float]:
    """What is still to come of today and of each day after it. With nothing settled: nothing is known."""
    whole = clock.settled(min(days))
    used = [(at, days[day][place]) for at, day in enumerate(whole) if day in days and days[day][place]]
    ahead = [max(0.0, sum(weights[at] * amount for at, amount in used)) for weights in model.weights]
    so_far = days[clock.today][place] if clock.today in days else 0
    # The more of today has passed, the more its own hours count; but a batch comes only once.
    ahead[0] = max(0.0, ahead[0] - so_far) if model.once else (1 - clock.gone) * (so_far + (1 - clock.gone) * ahead[0])
    return ahead


def at_first_rate(days: Days, clock: ProjectionClock) -> Amounts:
    """Without any whole day: the rate of the part of a day, or of the hours of today, that were seen."""
    left_ms = clock.after * DAY_MS - clock.as_of_ms
    first = min(days)
    begin_ms = first * DAY_MS
    until, until_ms = (clock.today, clock.today * DAY_MS) if first < clock.today else (first + 1, clock.as_of_ms)
    if clock.since_ms is not None and first == clock.partial:
        begin_ms = min(clock.since_ms, until_ms - _LEAST_MS)
    if until_ms <= begin_ms:
        return (0,) * len(days[first])
    used = _sum(len(days[first]), (amounts for day, amounts in days.items() if first <= day < until))
    return tuple(amount * left_ms // (until_ms - begin_ms) for amount in used)


def _standing(days: Days, place: int, clock: ProjectionClock) -> int:
    """A configured quantity for what is left of today and for each day to come: it goes on as on the last whole day."""
    a_day = days[clock.today - 1][place] if clock.today - 1 in days else 0
    if not a_day and clock.elapsed_ms and clock.today in days:
        a_day = days[clock.today][place] * DAY_MS // clock.elapsed_ms
    return a_day * (clock.after * DAY_MS - clock.as_of_ms) // DAY_MS


def _path(by_day: Sequence[float], clock: ProjectionClock) -> tuple[tuple[date, float], ...]:
    whole, so_far, path = sum(by_day), 0.0, []
    even = [1 - clock.elapsed_ms / DAY_MS] + [1.0] * (clock.ahead - 1)
    parts = by_day if whole > 0 else even
    whole = whole if whole > 0 else sum(even)
    for step, part in enumerate(parts):
        so_far += part
        path.append((date.fromordinal(clock.today + step + _EPOCH), min(1.0, so_far / whole) if whole else 1.0))
    return tuple(path)


_EPOCH = date(1970, 1, 1).toordinal()


def month_days(month: date | tuple[date, date]) -> tuple[int, int]:
    """The day numbers of the first of the month and of the next, or of a period's ends."""
    if isinstance(month, tuple):
        return month[0].toordinal() - _EPOCH, month[1].toordinal() - _EPOCH
    start = month.replace(day=1)
    after = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start.toordinal() - _EPOCH, after.toordinal() - _EPOCH


def _by_function(
    daily: Sequence[tuple[date, Usage]],
) -> tuple[tuple[str, ...], dict[tuple[object, ...], tuple[Usage, Days]]]:
    """The quantities' names, and each function's days, in the order of the first usage."""
    metered = sorted({name for _, usage in daily for name, _ in usage.metered})
    names = (*QUANTITIES, *metered)
    series: dict[tuple[object, ...], tuple[Usage, Days]] = {}
    for day, usage in daily:
        used: Amounts = _quantities(usage)
        if metered:
            more = dict(usage.metered)
            used += tuple(more.get(name, 0) for name in metered)
        key = (usage.function, usage.account, usage.region, usage.arch, usage.ephemeral_mb, usage.basis,
               usage.instance_rate)  # fmt: skip
        days = series.setdefault(key, (usage, {}))[1]
        number = day.toordinal() - _EPOCH
        days[number] = _plus(days[number], used) if number in days else used
    return names, series


def _together(width: int, series: Sequence[Days]) -> Days:
    if len(series) == 1:
        return series[0]
    by_day: dict[int, list[Amounts]] = {}
    for days in series:
        for day, amounts in days.items():
            by_day.setdefault(day, []).append(amounts)
    return {day: _sum(width, amounts) for day, amounts in by_day.items()}


def usage_of(of: Usage | Terms, names: Sequence[str], amounts: Amounts) -> Usage:
    """The usage of ``amounts``, for the function that ``of`` is about."""
    fixed = len(QUANTITIES)
    metered = tuple((name, amount) for name, amount in zip(names[fixed:], amounts[fixed:], strict=True) if amount)
    requests, billed_ms, billed_mb_ms, p_mb_ms, p_requests, p_ms, p_billed, chunks, seconds = amounts[:fixed]
    return Usage(
        of.function, of.account, of.region, of.arch, requests, billed_ms, billed_mb_ms, None, of.ephemeral_mb,
        p_mb_ms, p_requests, p_ms, p_billed, of.basis, chunks, metered, seconds, of.instance_rate,
        of.instance_paid_rate,
    )  # fmt: skip


def _between(usage: Usage, other: Usage, part: float) -> Usage:
    """The usage that lies ``part`` (0 to 1) of the way from one usage to another of the same function."""

    def between(low: int, high: int) -> int:
        return low + round((high - low) * part)

    metered = dict(usage.metered)
    amounts = {name: between(getattr(usage, name), getattr(other, name)) for name in QUANTITIES}
    more = tuple((name, between(metered.get(name, 0), amount)) for name, amount in other.metered)
    return replace(other, **amounts, metered=more)  # type: ignore[arg-type]


def _configured(name: str) -> bool:
    return name in _CONFIGURED or (name in DIMENSIONS and DIMENSIONS[name].configured)


def _sum(width: int, amounts: Iterable[Amounts]) -> Amounts:
    rows = list(amounts)
    return tuple(map(sum, zip(*rows, strict=True))) if rows else (0,) * width


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return tuple(map(add, one, other))


def _scaled(amounts: Amounts, factors: Sequence[float]) -> Amounts:
    return tuple(amount if factor == 1.0 else round(amount * factor)
                 for amount, factor in zip(amounts, factors, strict=True))  # fmt: skip


def hour_shares(by_hour: Mapping[int, int]) -> tuple[float, ...]:
    """24 shares of a day (UTC) from usage by hour of the day; a day is even where nothing was used."""
    whole = sum(by_hour.values())
    return tuple(by_hour.get(hour, 0) / whole for hour in range(24)) if whole else (1 / 24,) * 24
