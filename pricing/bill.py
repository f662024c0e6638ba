"""A bill: quantities times rates, line by line, exact to the last digit.

Every quantity is a whole number of requests or MB-milliseconds and every rate a terminating decimal, so amounts are
exact decimals and the lines of all functions sum to the total without any rest. Nothing is rounded here.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from collectors.model.units import MB_MS_PER_GB_SECOND
from pricing.allocation import Allocation
from pricing.free_tier import FreeTierUse
from pricing.line_items import DURATION, REQUESTS, SAVED, LineItem, OnDemand, Rates, lines_of, saved
from pricing.pricebook import PriceBook
from pricing.usage import EXACT, Usage, gb_seconds
from pricing.usage_table import UsageTable

__all__ = ["DURATION", "REQUESTS", "Bill", "LineItem", "bill", "totals_of"]

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines in the order of the usages. Sums are per currency: yuan and dollars are never added.

    ``prices_as_of`` is the date of the oldest prices used; None where nothing was priced.
    """

    lines: tuple[LineItem, ...]
    free_tier: tuple[FreeTierUse, ...]
    prices_as_of: str | None

    @property
    def totals(self) -> dict[str, Decimal]:
        """Currency to the exact sum of its priced lines."""
        sums: dict[str, Decimal] = {}
        with localcontext(EXACT):
            for line in self.lines:
                if line.amount is not None:
                    sums[line.currency] = sums.get(line.currency, _ZERO) + line.amount
        return sums

    @property
    def total(self) -> Decimal | None:
        """The sum of the priced lines, 0 for no usage; None where nothing that was used has a price.

        Raises ``ValueError`` for a bill in several currencies: see ``totals``.
        """
        totals = self.totals
        if len(totals) > 1:
            raise ValueError(f"a bill in {' and '.join(sorted(totals))} has no single total")
        return next(iter(totals.values()), None if self.lines else _ZERO)

    @property
    def currency(self) -> str:
        """The currency of ``total``: that of the lines, USD where there are none."""
        return next((line.currency for line in self.lines if line.amount is not None), "USD")

    @property
    def unpriced(self) -> tuple[LineItem, ...]:
        """The lines without a public price: they are missing from every total."""
        return tuple(line for line in self.lines if line.amount is None)

    def by_function(self) -> dict[tuple[str, str, str, str], Decimal]:
        """(function, account, region, currency) to its part of the total, exactly."""
        sums: dict[tuple[str, str, str, str], Decimal] = {}
        for line in self.lines:
            if line.amount is not None:
                key = line.function, line.account, line.region, line.currency
                sums[key] = EXACT.add(sums.get(key, _ZERO), line.amount)
        return sums

    def of(self, usages: Collection[int]) -> "Bill":
        """The bill of some usages, by position; the free tier stays what it was for the whole bill."""
        return Bill(tuple(line for line in self.lines if line.usage in usages), self.free_tier, self.prices_as_of)


def bill(
    usages: Sequence[Usage],
    book: PriceBook,
    *,
    free_tier: bool = True,
    savings_plan: Decimal = _ZERO,
    inside: Iterable[int] | None = None,
) -> Bill:
    """What a month's usages cost at list price.

    ``usages`` must be all of one calendar month (UTC): the free tier is one allowance a month for each partition,
    over all accounts, regions and both architectures. Tiers count per architecture and region, also over all accounts,
    which are taken for one organization (AWS Lambda pricing page). They begin to count after the free tier, as the AWS
    Pricing Calculator does it. Where a group crosses a tier, each of its functions has its share in each tier.
    ``savings_plan`` is the part, 0 to 1, of duration and provisioned concurrency that a Compute Savings Plan (no
    upfront) covers. ``inside`` are the usages, by position, whose lines are wanted: all where None.
    """
    allocation = Allocation.of(UsageTable.of(usages), book, free_tier)
    wanted = range(len(usages)) if inside is None else sorted(inside)
    lines: list[LineItem] = []
    if savings_plan:
        for priced in map(allocation.priced, wanted):
            for line in lines_of(priced):
                lines.extend(saved(line, priced, savings_plan) if line.dimension in SAVED else (line,))
    else:
        with localcontext(EXACT):
            _add_lines(lines, wanted, allocation)
    dates = [priced.prices.as_of for priced in allocation.members if priced.prices is not None]
    return Bill(tuple(lines), allocation.free_tier, min(dates, default=None))


def _add_lines(lines: list[LineItem], wanted: Iterable[int], allocation: Allocation) -> None:
    """Adds the lines of ``lines_of``, in a third of its time for requests and duration of the first tier.

    The caller must have entered the decimal context ``EXACT``.
    """
    used, make, add = allocation.used, LineItem._make, lines.append
    terms, requests, billed_mb_ms = used.terms, used.requests, used.billed_mb_ms
    (free_requests, free_mb_ms), rates_of = allocation.free, allocation.rates
    others = allocation.special.keys() | allocation.tier_mb_ms.keys()
    on_demand = {rates: OnDemand.of(rates, allocation.shared_of(rates)) for rates in allocation.members}
    for position in wanted:
        rates = rates_of[position]
        known = on_demand[rates]
        if known is None or position in others:
            lines += lines_of(allocation.priced(position))
            continue
        function, account, *_ = terms[position]
        region, arch = rates.region, rates.arch
        if asked := requests[position]:
            quantity, free, basis = Decimal(asked), _ZERO, rates.basis
            billable, rate = quantity, known.requests
            if part := free_requests[position]:
                free, billable, basis = Decimal(part), Decimal(asked - part), known.shared_requests
            add(make((
                REQUESTS, function, account, region, arch, quantity, "request", free, billable, rate,
                billable * rate, known.currency, basis, None, position,
            )))  # fmt: skip
        if mb_ms := billed_mb_ms[position]:
            quantity, free, basis = Decimal(mb_ms) / MB_MS_PER_GB_SECOND, _ZERO, rates.basis
            billable, rate = quantity, known.duration
            if part := free_mb_ms[position]:
                free, basis = Decimal(part) / MB_MS_PER_GB_SECOND, known.shared_duration
                billable = quantity - free
            add(make((
                DURATION, function, account, region, arch, quantity, "GB-s", free, billable, rate,
                billable * rate, known.currency, basis, 1, position,
            )))  # fmt: skip


def totals_of(
    usages: Sequence[Usage], inside: Collection[int], book: PriceBook, *, free_tier: bool = True
) -> dict[str, Decimal] | None:
    """``bill(usages).of(inside).totals`` without its lines: whole quantities are summed before they are priced.

    None where there are lines and none of them has a price.
    """
    allocation = Allocation.of(UsageTable.of(usages), book, free_tier)
    whole = len(inside) == len(usages)
    known: dict[tuple[str, Decimal], int] = {}  # requests and MB-ms by currency and rate
    others: list[LineItem] = []
    for rates, members in allocation.members.items():
        chosen = members if whole else [position for position in members if position in inside]
        if allocation.special:
            others += (
                line
                for position in chosen
                if position in allocation.special
                for line in lines_of(allocation.priced(position))
            )
            chosen = [position for position in chosen if position not in allocation.special]
        on_demand = OnDemand.of(rates, ())
        if on_demand is None:
            others += (line for position in chosen for line in lines_of(allocation.priced(position)))
        elif chosen:
            for rate, amount in _quantities(chosen, rates, on_demand, allocation):
                key = on_demand.currency, rate
                known[key] = known.get(key, 0) + amount
    sums = Bill(tuple(others), (), None).totals
    for (currency, rate), amount in known.items():
        sums[currency] = EXACT.add(sums.get(currency, _ZERO), EXACT.multiply(gb_seconds(amount), rate))
    return None if others and not sums else sums


def _quantities(
    chosen: Sequence[int], rates: Rates, on_demand: OnDemand, allocation: Allocation
) -> Iterator[tuple[Decimal, int]]:
    """Rates, and what is billed at each: MB-ms, and requests as many of them as a GB-second has."""
    used = allocation.used

    def summed(column: Sequence[int]) -> int:
        return sum(column) if len(chosen) == len(column) else sum(map(column.__getitem__, chosen))

    if len(chosen) == len(used):  # of all together nothing need be shared out
        free_requests, free_mb_ms = allocation.free_together
    else:
        free_requests, free_mb_ms = map(summed, allocation.free)
    yield EXACT.multiply(on_demand.requests, MB_MS_PER_GB_SECOND), summed(used.requests) - free_requests
    crossed = (
        [allocation.tier_mb_ms[at] for at in chosen if at in allocation.tier_mb_ms] if allocation.tier_mb_ms else []
    )
    if not crossed:  # a group leaves the first tier together
        yield on_demand.duration, summed(used.billed_mb_ms) - free_mb_ms
    elif rates.prices is not None:
        for step, amounts in zip(rates.prices.durations[rates.arch], zip(*crossed, strict=True), strict=False):
            yield step.rate, sum(amounts)
