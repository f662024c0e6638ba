"""What each of many usages costs at list price, without the lines of a bill: hundreds of functions in a moment.

The arithmetic is ``pricing.bill``'s, digit by digit. Whatever is not plain on-demand use within the first duration
tier is left to it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal, getcontext, localcontext

from collectors.model.units import MB_MS_PER_GB_SECOND
from pricing.bill import bill
from pricing.line_items import OnDemand, Rates, TierGroup
from pricing.pricebook import PriceBook, RegionPrices, UnknownRegion
from pricing.tiers import are_crossed
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, Usage
from pricing.usage_table import PricedAlike, UsageTable, priced_alike, storage_mb

_ZERO = Decimal(0)


def list_prices(usages: Sequence[Usage], book: PriceBook, currency: str = "USD") -> list[Decimal | None]:
    """The list price of each usage before any free tier; tiers count over all of them, as in ``bill``.

    None where nothing was used, where a part of it has no public price, or where that is in another currency.
    """
    used = UsageTable.of(usages)
    alike = list(map(priced_alike, used.terms))
    rates = {terms: Rates.of(terms, book) for terms in dict.fromkeys(alike)}
    if used.special or _tiers_are_crossed(used, alike, rates):
        return _billed(used, book, currency)
    on_demand = {terms: _on_demand(each, currency) for terms, each in rates.items()}
    amount_of = {terms: _amounts(each, currency, getcontext()) for terms, each in rates.items()}
    prices: list[Decimal | None] = []
    with localcontext(EXACT):
        rows = zip(alike, used.requests, used.billed_ms, used.billed_mb_ms, strict=True)
        for terms, requests, billed_ms, billed_mb_ms in rows:
            known = on_demand[terms]
            if known is not None and requests and billed_mb_ms:  # as nearly every usage is
                mb_ms = Decimal(billed_mb_ms)
                prices.append(requests * known.requests + mb_ms / MB_MS_PER_GB_SECOND * known.duration)
            else:
                prices.append(amount_of[terms](requests, billed_ms, billed_mb_ms))
    return [None if amount is None else +amount for amount in prices]


def _on_demand(rates: Rates, currency: str) -> OnDemand | None:
    found = OnDemand.of(rates, ())
    return found if found is not None and found.currency == currency else None


def _tiers_are_crossed(used: UsageTable, alike: Sequence[PricedAlike], rates: Mapping[PricedAlike, Rates]) -> bool:
    every = [each.prices.durations.get(each.arch, ()) for each in rates.values() if each.prices is not None]
    if not any(are_crossed(sum(used.billed_mb_ms), steps) for steps in every):
        return False
    together: dict[TierGroup, int] = {}
    for one, mb_ms in zip(alike, used.billed_mb_ms, strict=True):
        group = rates[one].tier_group
        together[group] = together.get(group, 0) + mb_ms
    prices = {each.tier_group: each.prices for each in rates.values()}
    return any(
        are_crossed(mb_ms, of.durations.get(group[1], ()))
        for group, mb_ms in together.items()
        if (of := prices[group]) is not None
    )


Amount = Callable[[int, int, int], Decimal | None]  # of requests, billed ms and billed MB-ms


def _amounts(rates: Rates, currency: str, rounded: Context) -> Amount:
    """The price of usages that are priced alike and lie in the first tier."""
    prices, storage_mb = rates.prices, rates.storage_mb
    if prices is None or prices.currency != currency:
        return lambda requests, billed_ms, billed_mb_ms: None
    steps = prices.durations.get(rates.arch, ())
    of_requests, of_duration, of_storage = prices.requests, steps[0].rate if steps else None, prices.ephemeral_storage
    multiply, divide, add_product, plus = EXACT.multiply, EXACT.divide, EXACT.fma, rounded.plus

    def amount(requests: int, billed_ms: int, billed_mb_ms: int) -> Decimal | None:
        total = _ZERO
        if requests:
            if of_requests is None:
                return None
            total = multiply(requests, of_requests)
        for mb_ms, rate in ((billed_mb_ms, of_duration), (storage_mb * billed_ms, of_storage)):
            if mb_ms:
                if rate is None:
                    return None
                total = plus(add_product(divide(mb_ms, MB_MS_PER_GB_SECOND), rate, total))
        return total if requests or billed_mb_ms or storage_mb * billed_ms else None

    return amount


def _prices_of(book: PriceBook, region: str) -> RegionPrices | None:
    try:
        return book.region(region)
    except UnknownRegion:
        return None


def _billed(usages: Sequence[Usage], book: PriceBook, currency: str) -> list[Decimal | None]:
    sums: dict[int, Decimal] = {}
    unknown: set[int] = set()
    for line in bill(usages, book, free_tier=False).lines:
        if line.amount is None or line.currency != currency:
            unknown.add(line.usage)
        else:
            sums[line.usage] = sums.get(line.usage, _ZERO) + line.amount
    return [None if at in unknown else sums.get(at) for at in range(len(usages))]


class InvocationPrice:
    """The list price of single invocations of one function: the arithmetic of ``bill``, without a bill for each.

    ``of`` is None where no public price in ``currency`` is known. ``edge``: it ran as Lambda@Edge.
    """

    def __init__(
        self,
        book: PriceBook,
        region: str,
        arch: str | None,
        ephemeral_mb: int | None,
        currency: str = "USD",
        *,
        edge: bool = False,
    ) -> None:
        prices = _prices_of(book, region or DEFAULT_REGION)
        steps = prices.durations.get(arch or DEFAULT_ARCH, ()) if prices is not None else ()
        known = prices is not None and prices.partition.currency == currency
        self._request = prices.requests if prices is not None and known else None
        self._duration = steps[0].rate if steps else None
        self._storage_mb = storage_mb(ephemeral_mb)
        self._storage = prices.ephemeral_storage if prices is not None else None
        if edge:
            rates = prices.other.get("edge", {}) if prices is not None and known else {}
            self._request, self._duration = (
                Decimal(rates[name]) if rates.get(name) else None for name in ("requests", "duration")
            )
            self._storage_mb = 0

    def of(self, billed_ms: int, memory_mb: int) -> Decimal | None:
        """The list price of an invocation's request, billed duration and storage; None where one is not known."""
        amount = _plus(self._request, billed_ms * memory_mb, self._duration)
        return _plus(amount, billed_ms * self._storage_mb, self._storage) if self._storage_mb else amount


def _plus(amount: Decimal | None, mb_ms: int, rate: Decimal | None) -> Decimal | None:
    if not mb_ms:
        return amount
    if amount is None or rate is None:
        return None
    return EXACT.fma(EXACT.divide(mb_ms, MB_MS_PER_GB_SECOND), rate, amount)
