"""What each of many usages costs at list price, without the lines of a bill: hundreds of functions in a moment.

The arithmetic is ``pricing.bill``'s, digit by digit. Whatever is not plain on-demand use within the first duration
tier is left to it.
"""

from collections.abc import Sequence
from decimal import Decimal

from pricing.bill import bill
from pricing.pricebook import PriceBook, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, MB_MS_PER_GB_SECOND, Usage

_ZERO = Decimal(0)


def list_prices(usages: Sequence[Usage], book: PriceBook, currency: str = "USD") -> list[Decimal | None]:
    """The list price of each usage before any free tier; tiers count over all of them, as in ``bill``.

    None where nothing was used, where a part of it has no public price, or where that is in another currency.
    """
    found = _plain(usages, book, currency)
    return found if found is not None else _billed(usages, book, currency)


def _plain(usages: Sequence[Usage], book: PriceBook, currency: str) -> list[Decimal | None] | None:
    """None where a usage is not plain, or a group of them leaves the first tier."""
    prices: dict[str, RegionPrices | None] = {}
    together: dict[tuple[str, str, str], int] = {}
    found: list[Decimal | None] = []
    for usage in usages:
        if (
            usage.provisioned_mb_ms or usage.provisioned_requests or usage.provisioned_billed_mb_ms
            or usage.event_chunks or usage.metered or usage.instance_seconds
        ):  # fmt: skip
            return None
        region, arch = usage.region or DEFAULT_REGION, usage.arch or DEFAULT_ARCH
        if region not in prices:
            prices[region] = _prices_of(book, region)
        of_region = prices[region]
        steps = of_region.durations.get(arch, ()) if of_region is not None else ()
        group = usage.account, region, arch
        together[group] = used = together.get(group, 0) + usage.billed_mb_ms
        if len(steps) > 1 and used > steps[1].above_gb_seconds * MB_MS_PER_GB_SECOND:
            return None
        found.append(_amount(usage, of_region, steps[0].rate if steps else None, currency))
    return found


def _amount(usage: Usage, prices: RegionPrices | None, rate: Decimal | None, currency: str) -> Decimal | None:
    storage_mb_ms = usage.ephemeral_mb_ms
    if (
        prices is None
        or prices.partition.currency != currency
        or not (usage.requests or usage.billed_mb_ms or storage_mb_ms)
    ):
        return None
    amount = _ZERO
    if usage.requests:
        if prices.requests is None:
            return None
        amount += EXACT.multiply(usage.requests, prices.requests)
    for mb_ms, each in ((usage.billed_mb_ms, rate), (storage_mb_ms, prices.ephemeral_storage)):
        if mb_ms:
            if each is None:
                return None
            amount += EXACT.multiply(EXACT.divide(mb_ms, MB_MS_PER_GB_SECOND), each)
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

    ``of`` is None where no public price in ``currency`` is known.
    """

    def __init__(
        self, book: PriceBook, region: str, arch: str | None, ephemeral_mb: int | None, currency: str = "USD"
    ) -> None:
        prices = _prices_of(book, region or DEFAULT_REGION)
        steps = prices.durations.get(arch or DEFAULT_ARCH, ()) if prices is not None else ()
        known = prices is not None and prices.partition.currency == currency
        self._request = prices.requests if prices is not None and known else None
        self._storage_mb = Usage(ephemeral_mb=ephemeral_mb, billed_ms=1).ephemeral_mb_ms
        self._rates = (steps[0].rate if steps else None, prices.ephemeral_storage if prices is not None else None)

    def of(self, billed_ms: int, memory_mb: int) -> Decimal | None:
        amount = self._request
        for mb_ms, rate in zip((billed_ms * memory_mb, billed_ms * self._storage_mb), self._rates, strict=True):
            if mb_ms:
                if rate is None or amount is None:
                    return None
                amount = EXACT.add(amount, EXACT.multiply(EXACT.divide(mb_ms, MB_MS_PER_GB_SECOND), rate))
        return amount
