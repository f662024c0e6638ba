"""The day on which each part of the free tier runs out, and the day on which a budget is passed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from collectors.model.units import MB_MS_PER_GB_SECOND
from pricing.bill import bill
from pricing.pricebook import FreeTier, Partition, PriceBook, UnknownRegion
from pricing.projection import Projection
from pricing.usage import DEFAULT_REGION, Usage
from pricing.usage_table import UsageTable


@dataclass(frozen=True, slots=True)
class RunOut:
    """``what`` (``requests`` or ``gb_seconds``) of a partition's free tier is used up on ``day``.

    ``day`` is None where it lasts the month. ``projected``: the day is still to come, or is today and not yet there.
    """

    partition: str
    what: str
    day: date | None
    projected: bool


def free_tier_days(
    daily: Sequence[tuple[date, Usage]], projection: Projection, book: PriceBook, today: date
) -> tuple[RunOut, ...]:
    """The days for each partition in use with a free tier.

    ``daily`` is as for ``project``, ``today`` the day of "now".
    """
    run_outs: list[RunOut] = []
    partitions: dict[str, tuple[FreeTier, list[int]]] = {}
    regions = [terms.region for terms in UsageTable.of(projection.p50).terms]
    of_region = {region: _partition(book, region) for region in set(regions)}
    for at, partition in enumerate(map(of_region.__getitem__, regions)):
        if partition is not None and partition.free_tier is not None:
            partitions.setdefault(partition.code, (partition.free_tier, []))[1].append(at)
    for code, (allowance, inside) in partitions.items():
        most = allowance.gb_seconds * MB_MS_PER_GB_SECOND
        past = [(day, usage) for day, usage in daily if _code(book, usage) == code]
        run_outs.append(_run_out(past, projection, inside, today, code, "requests", allowance.requests, _REQUESTS))
        run_outs.append(_run_out(past, projection, inside, today, code, "gb_seconds", most, _MB_MS))
    return tuple(run_outs)


_REQUESTS, _MB_MS = ("requests", "event_chunks"), ("billed_mb_ms",)


def _run_out(
    daily: Sequence[tuple[date, Usage]],
    projection: Projection,
    inside: Sequence[int],
    today: date,
    code: str,
    what: str,
    limit: int,
    quantities: Sequence[str],
) -> RunOut:
    def measure(used: Iterable[Usage]) -> int:
        return sum(getattr(one, name) for one in used for name in quantities)

    def by(day: date) -> int:
        return sum(projection.sum_by(day, inside, name) for name in quantities)

    so_far = sum(projection.sum_seen(inside, name) for name in quantities)
    day = _first_over(
        daily, projection, today, lambda used: measure(used) > limit, so_far > limit, lambda day: by(day) > limit
    )
    return RunOut(code, what, day, day is not None and so_far <= limit)


def budget_day(
    daily: Sequence[tuple[date, Usage]],
    projection: Projection,
    book: PriceBook,
    today: date,
    budget: Decimal,
    *,
    currency: str = "USD",
    free_tier: bool = True,
    of: Callable[[Usage], bool] | None = None,
) -> date | None:
    """The day on which the month's bill passes ``budget``, by the middle estimate; None: it does not this month.

    ``of`` chooses the usages whose part of the bill counts; the free tier stays that of all.
    """

    def over(used: Sequence[Usage]) -> bool:
        month_bill = bill(used, book, free_tier=free_tier)
        if of is not None:
            month_bill = month_bill.of({at for at, one in enumerate(used) if of(one)})
        return month_bill.totals.get(currency, Decimal(0)) > budget

    return _first_over(daily, projection, today, over, over(projection.seen), lambda day: over(projection.by(day)))


def _first_over(
    daily: Sequence[tuple[date, Usage]],
    projection: Projection,
    today: date,
    over: Callable[[Sequence[Usage]], bool],
    already: bool,
    over_by: Callable[[date], bool],
) -> date | None:
    """The first day at whose end ``over`` holds; usage only grows, so the day is found by halving.

    ``already`` is whether it holds of what was seen, ``over_by`` whether it will on a day to come.
    """
    start = (projection.path[0][0] if projection.path else today).replace(day=1)
    past = list(_until(daily, start, today))
    if past and over(past):
        days = sorted({day for day, _ in daily if start <= day < today})
        return _halved(days, lambda day: over(list(_until(daily, start, day + timedelta(days=1)))))
    if already:
        return today
    return _halved([day for day, _ in projection.path], over_by)


def _until(daily: Sequence[tuple[date, Usage]], start: date, end: date) -> Iterator[Usage]:
    return (usage for day, usage in daily if start <= day < end)


def _halved(days: Sequence[date], holds: Callable[[date], bool]) -> date | None:
    low, high = 0, len(days)
    while low < high:
        middle = (low + high) // 2
        if holds(days[middle]):
            high = middle
        else:
            low = middle + 1
    return days[low] if low < len(days) else None


def _code(book: PriceBook, usage: Usage) -> str | None:
    found = _partition(book, usage.region)
    return None if found is None else found.code


def _partition(book: PriceBook, region: str) -> Partition | None:
    try:
        return book.region(region or DEFAULT_REGION).partition
    except UnknownRegion:
        return None
