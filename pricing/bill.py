"""A bill: quantities times rates, line by line, exact to the last digit.

Every quantity is a whole number of requests or MB-milliseconds and every rate a terminating decimal, so amounts are
exact decimals and the lines of all functions sum to the total without any rest. Nothing is rounded here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from pricing import tiers
from pricing.free_tier import ALLOCATION, FreeTierUse, covered
from pricing.pricebook import Partition, PriceBook, ProvisionedRates, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, MB_MS_PER_GB_SECOND, Usage, gb_seconds

REQUESTS, DURATION, EPHEMERAL = "requests", "duration", "ephemeral_storage"
PROVISIONED, PROVISIONED_DURATION = "provisioned_concurrency", "provisioned_duration"
PROVISIONED_REQUESTS = "provisioned_requests"
_ZERO = Decimal(0)


class LineItem(NamedTuple):
    """One charge: ``billable`` = ``quantity`` - ``free``, and ``amount`` = ``billable`` x ``rate`` in ``currency``.

    ``unit`` is ``request`` or ``GB-s``. ``rate`` and ``amount`` are None where there is no public price. ``tier`` is
    the duration tier, from 1; None where the dimension has none. ``usage`` is the position of the usage that was
    billed. ``basis`` is where the quantity comes from and what was assumed about it.
    A named tuple: a bill of many functions has thousands of them, and a frozen dataclass takes four times as long.
    """

    dimension: str
    function: str
    account: str
    region: str
    arch: str
    quantity: Decimal
    unit: str
    free: Decimal
    billable: Decimal
    rate: Decimal | None
    amount: Decimal | None
    currency: str
    basis: str
    tier: int | None
    usage: int

    @property
    def formula(self) -> str:
        """The line's arithmetic in figures: ``(540000 - 400000) GB-s x 0.0000166667``."""
        units = f"({self.quantity:f} - {self.free:f})" if self.free else f"{self.quantity:f}"
        return f"{units} {self.unit} x {'not priced' if self.rate is None else f'{self.rate:f}'}"


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
        for line in self.lines:
            if line.amount is not None:
                sums[line.currency] = EXACT.add(sums.get(line.currency, _ZERO), line.amount)
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
        """The lines of some usages, by position; the free tier stays what it was for the whole."""
        return Bill(tuple(line for line in self.lines if line.usage in usages), self.free_tier, self.prices_as_of)


@dataclass(slots=True)
class _Priced:
    """A usage on its way to its lines: whose prices apply, and what of it is free, in requests and MB-ms."""

    position: int
    usage: Usage
    region: str
    arch: str
    prices: RegionPrices | None
    basis: str
    free_requests: int = 0
    free_mb_ms: int = 0
    tier_mb_ms: tuple[int, ...] = ()
    shared: frozenset[str] = frozenset()


def bill(usages: Sequence[Usage], book: PriceBook, *, free_tier: bool = True) -> Bill:
    """What a month's usages cost at list price.

    ``usages`` must be all of one calendar month (UTC): the free tier is one allowance a month for each partition,
    over all accounts, regions and both architectures, and tiers count per architecture, region and account (AWS
    Lambda pricing page). Tiers begin to count after the free tier, as the AWS Pricing Calculator does it. Where a
    group crosses a tier, each of its functions has its share in each tier.
    """
    priced = [_with_prices(position, usage, book) for position, usage in enumerate(usages)]
    used = _take_free_tier(priced, free_tier)
    _take_tiers(priced)
    lines: list[LineItem] = []
    for one in priced:
        lines.extend(_lines(one))
    dates = [one.prices.as_of for one in priced if one.prices is not None]
    return Bill(tuple(lines), used, min(dates, default=None))


def _with_prices(position: int, usage: Usage, book: PriceBook) -> _Priced:
    region, arch, basis = usage.region or DEFAULT_REGION, usage.arch or DEFAULT_ARCH, usage.basis
    if not usage.region:
        basis = f"{basis}; assumed {DEFAULT_REGION}"
    if not usage.arch:
        basis = f"{basis}; assumed {DEFAULT_ARCH}"
    try:
        prices = book.region(region)
    except UnknownRegion:
        return _Priced(position, usage, region, arch, None, basis)
    return _Priced(position, usage, region, arch, prices, basis)


def _take_free_tier(priced: Sequence[_Priced], wanted: bool) -> tuple[FreeTierUse, ...]:
    """Once for each partition; requests and GB-seconds run out separately."""
    partitions: dict[str, tuple[Partition, list[_Priced]]] = {}
    for one in priced:
        if one.prices is not None:
            partition = one.prices.partition
            partitions.setdefault(partition.code, (partition, []))[1].append(one)
    return tuple(_take_from(partition, members, wanted) for partition, members in partitions.values())


def _take_from(partition: Partition, members: Sequence[_Priced], wanted: bool) -> FreeTierUse:
    allowance = partition.free_tier if wanted else None
    if allowance is None:
        return FreeTierUse(partition.code, partition.currency, None, 0, None, _ZERO)
    requests = covered(allowance.requests, used_requests := [one.usage.requests for one in members])
    duration = covered(
        allowance.gb_seconds * MB_MS_PER_GB_SECOND, used_mb_ms := [one.usage.billed_mb_ms for one in members]
    )
    shared = frozenset(
        dimension
        for dimension, free, used in ((REQUESTS, requests, used_requests), (DURATION, duration, used_mb_ms))
        if sum(free) < sum(used) and sum(map(bool, used)) > 1
    )
    for one, free_requests, free_mb_ms in zip(members, requests, duration, strict=True):
        one.free_requests, one.free_mb_ms, one.shared = free_requests, free_mb_ms, shared
    return FreeTierUse(
        partition.code, partition.currency, allowance.requests, sum(requests),
        allowance.gb_seconds, gb_seconds(sum(duration)),
    )  # fmt: skip


def _take_tiers(priced: Sequence[_Priced]) -> None:
    groups: dict[tuple[str, str, str], list[_Priced]] = {}
    for one in priced:
        groups.setdefault((one.usage.account, one.region, one.arch), []).append(one)
    for (_, _, arch), members in groups.items():
        prices = members[0].prices
        if prices is None or arch not in prices.durations:
            continue
        billable = [one.usage.billed_mb_ms - one.free_mb_ms for one in members]
        for one, parts in zip(members, tiers.split(billable, prices.durations[arch]), strict=True):
            one.tier_mb_ms = parts


def _lines(one: _Priced) -> list[LineItem]:
    usage, lines = one.usage, []
    if usage.requests:
        rate = one.prices.requests if one.prices else None
        lines.append(_line(one, REQUESTS, Decimal(usage.requests), "request", rate, free=Decimal(one.free_requests)))
    if usage.billed_mb_ms:
        lines.extend(_duration_lines(one))
    if storage_mb_ms := usage.ephemeral_mb_ms:
        rate = one.prices.ephemeral_storage if one.prices else None
        lines.append(_line(one, EPHEMERAL, gb_seconds(storage_mb_ms), "GB-s", rate))
    if usage.provisioned_mb_ms or usage.provisioned_requests or usage.provisioned_billed_mb_ms:
        lines.extend(_provisioned_lines(one))
    return lines


def _duration_lines(one: _Priced) -> list[LineItem]:
    """One line, or one for each tier that the function's group reached; the free part stands in the first."""
    steps = one.prices.durations.get(one.arch, ()) if one.prices else ()
    if not steps:
        quantity, free = gb_seconds(one.usage.billed_mb_ms), gb_seconds(one.free_mb_ms)
        return [_line(one, DURATION, quantity, "GB-s", None, free=free)]
    lines, free_mb_ms = [], one.free_mb_ms
    for number, (step, mb_ms) in enumerate(zip(steps, one.tier_mb_ms, strict=False), 1):
        if mb_ms or number == 1:
            quantity, free = gb_seconds(mb_ms + free_mb_ms), gb_seconds(free_mb_ms)
            lines.append(_line(one, DURATION, quantity, "GB-s", step.rate, free=free, tier=number))
            free_mb_ms = 0
    return lines


def _provisioned_lines(one: _Priced) -> list[LineItem]:
    """Provisioned concurrency has prices of its own, without tiers and without free tier, requests included."""
    usage, lines = one.usage, []
    rates: ProvisionedRates | None = one.prices.provisioned.get(one.arch) if one.prices else None
    if usage.provisioned_mb_ms:
        rate = rates.configured if rates else None
        lines.append(_line(one, PROVISIONED, gb_seconds(usage.provisioned_mb_ms), "GB-s", rate))
    if usage.provisioned_billed_mb_ms:
        rate = rates.duration if rates else None
        lines.append(_line(one, PROVISIONED_DURATION, gb_seconds(usage.provisioned_billed_mb_ms), "GB-s", rate))
    if usage.provisioned_requests:
        rate = one.prices.requests if one.prices else None
        lines.append(_line(one, PROVISIONED_REQUESTS, Decimal(usage.provisioned_requests), "request", rate))
    return lines


# What the price book calls the rate of a dimension, where it is not the dimension's own name.
_IN_BOOK = {PROVISIONED: "provisioned", PROVISIONED_DURATION: "provisioned", PROVISIONED_REQUESTS: REQUESTS}


def _line(
    one: _Priced,
    dimension: str,
    quantity: Decimal,
    unit: str,
    rate: Decimal | None,
    *,
    free: Decimal = _ZERO,
    tier: int | None = None,
) -> LineItem:
    usage, basis = one.usage, one.basis
    if free and dimension in one.shared:
        basis = f"{basis}; {ALLOCATION}"
    if rate is None:
        basis = f"{basis}; not priced: {_why_not(one, dimension)}"
    billable = EXACT.subtract(quantity, free) if free else quantity
    currency = one.prices.partition.currency if one.prices else "USD"
    amount = None if rate is None else EXACT.multiply(billable, rate)
    return LineItem(
        dimension, usage.function, usage.account, one.region, one.arch, quantity, unit, free, billable, rate, amount,
        currency, basis, tier, one.position,
    )  # fmt: skip


def _why_not(one: _Priced, dimension: str) -> str:
    if one.prices is None:
        return f"no public prices for {one.region}"
    return one.prices.why_not(_IN_BOOK.get(dimension, dimension), one.arch)
