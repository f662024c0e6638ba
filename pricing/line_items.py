"""The lines of one usage's bill: every billed dimension with its rate, exact to the last digit."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from collectors.model.units import HOUR_S
from pricing.dimensions import DIMENSIONS, LOGS, rate_of
from pricing.free_tier import ALLOCATION
from pricing.pricebook import PriceBook, ProvisionedRates, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, Usage, gb_seconds
from pricing.usage_table import PricedAlike, has_provisioned, storage_mb

REQUESTS, DURATION, EPHEMERAL = "requests", "duration", "ephemeral_storage"
PROVISIONED, PROVISIONED_DURATION = "provisioned_concurrency", "provisioned_duration"
PROVISIONED_REQUESTS = "provisioned_requests"
INSTANCES, MANAGEMENT_FEE = "managed_instances", "management_fee"
SAVED = frozenset((DURATION, PROVISIONED, PROVISIONED_DURATION))
_ZERO = Decimal(0)
TierGroup = tuple[str, str]  # region, architecture


class LineItem(NamedTuple):
    """One charge: ``billable`` = ``quantity`` - ``free``, and ``amount`` = ``billable`` x ``rate`` in ``currency``.

    ``unit`` is ``request``, ``GB-s`` or as ``pricing.dimensions`` says. ``rate`` and ``amount`` are None where there
    is no public price. ``tier`` is from 1; None where the dimension has none. ``usage`` is the position of the usage
    that was billed. ``basis`` is where the quantity comes from and what was assumed about it.
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
    def list_amount(self) -> Decimal | None:
        """What the line's units cost at its rate without a free tier; None where there is no public price."""
        return None if self.rate is None else EXACT.multiply(self.quantity, self.rate)

    @property
    def formula(self) -> str:
        """The line's arithmetic in figures: ``(540000 - 400000) GB-s x 0.0000166667``."""
        units = f"({self.quantity:f} - {self.free:f})" if self.free else f"{self.quantity:f}"
        return f"{units} {self.unit} x {'not priced' if self.rate is None else f'{self.rate:f}'}"


_ASSUMED, _NOT_PRICED = "assumed ", "not priced: "


def why_not_priced(line: LineItem) -> str:
    """Why a line has no amount, in words."""
    return line.basis.rpartition(_NOT_PRICED)[2]


def assumed_region(line: LineItem) -> bool:
    """Whether the usage named no region, so that the prices of one were assumed."""
    return f"{_ASSUMED}{DEFAULT_REGION}" in line.basis


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Whose prices apply to usages that are priced alike; ``basis`` says what was assumed for that."""

    account: str
    region: str
    arch: str
    basis: str
    storage_mb: int
    prices: RegionPrices | None

    @property
    def tier_group(self) -> TierGroup:
        """Whose duration counts together for the tiers: a region's and architecture's, over all accounts.

        With consolidated billing they count "across the accounts in the organization" (AWS Lambda pricing page).
        """
        return self.region, self.arch

    @classmethod
    def of(cls, alike: PricedAlike, book: PriceBook) -> "Rates":
        """The rates of usages that are priced alike; ``prices`` is None where the book has none for the region.

        An unknown region or architecture is assumed, and ``basis`` says so.
        """
        account, region, arch, basis, ephemeral_mb = alike
        if not region:
            basis = f"{basis}; {_ASSUMED}{DEFAULT_REGION}"
        if not arch:
            basis = f"{basis}; {_ASSUMED}{DEFAULT_ARCH}"
        try:
            prices = book.region(region or DEFAULT_REGION)
        except UnknownRegion:
            prices = None
        return cls(account, region or DEFAULT_REGION, arch or DEFAULT_ARCH, basis, storage_mb(ephemeral_mb), prices)


@dataclass(frozen=True, slots=True)
class OnDemand:
    """The rates of requests and duration, and the basis of a line of which a part is free."""

    requests: Decimal
    duration: Decimal
    currency: str
    shared_requests: str
    shared_duration: str

    @classmethod
    def of(cls, rates: Rates, shared: Collection[str]) -> "OnDemand | None":
        """The on-demand rates; None where one of the two has no public price, or where storage is billed too."""
        prices = rates.prices
        steps = prices.durations.get(rates.arch, ()) if prices else ()
        if prices is None or prices.requests is None or not steps or rates.storage_mb:
            return None
        allocated = f"{rates.basis}; {ALLOCATION}"
        return cls(
            prices.requests, steps[0].rate, prices.currency,
            allocated if REQUESTS in shared else rates.basis, allocated if DURATION in shared else rates.basis,
        )  # fmt: skip


@dataclass(slots=True)
class Priced:
    """A usage on its way to its lines: whose rates apply, and what of it is free, in requests and MB-ms."""

    position: int
    usage: Usage
    rates: Rates
    free_requests: int = 0
    free_mb_ms: int = 0
    tier_mb_ms: tuple[int, ...] = ()
    free_metered: dict[str, int] = field(default_factory=dict)
    log_tiers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()


def lines_of(priced: Priced) -> list[LineItem]:
    """Every line of one usage, in a fixed order."""
    usage, lines = priced.usage, []
    if asked := usage.requests + usage.event_chunks:
        rate = priced.rates.prices.requests if priced.rates.prices else None
        lines.append(_line(priced, REQUESTS, Decimal(asked), "request", rate, free=Decimal(priced.free_requests)))
    if usage.billed_mb_ms:
        lines.extend(_duration_lines(priced))
    if storage_mb_ms := usage.ephemeral_mb_ms:
        rate = priced.rates.prices.ephemeral_storage if priced.rates.prices else None
        lines.append(_line(priced, EPHEMERAL, gb_seconds(storage_mb_ms), "GB-s", rate))
    if has_provisioned(usage):
        lines.extend(_provisioned_lines(priced))
    for name, amount in usage.metered:
        if amount:
            lines.extend(_log_lines(priced, name, amount) if name in LOGS else [_metered_line(priced, name, amount)])
    if usage.instance_seconds:
        lines.extend(_instance_lines(priced))
    return lines


def _metered_line(priced: Priced, name: str, amount: int) -> LineItem:
    dimension = DIMENSIONS[name]
    rate = rate_of(dimension, priced.rates.prices, priced.rates.arch) if priced.rates.prices else None
    free = dimension.quantity(priced.free_metered.get(name, 0))
    return _line(priced, name, dimension.quantity(amount), dimension.unit, rate, free=free)


def _log_lines(priced: Priced, name: str, amount: int) -> list[LineItem]:
    """One line for each tier that was reached; a tier without a known rate is not priced."""
    dimension, free = DIMENSIONS[name], priced.free_metered.get(name, 0)
    rates = (
        (priced.rates.prices.other.get("logs", {}).get(name.removeprefix("logs_")) or []) if priced.rates.prices else []
    )
    lines = []
    for number, part in enumerate(priced.log_tiers.get(name) or (amount - free,), 1):
        if part or number == 1:
            rate = Decimal(rates[number - 1]) if number <= len(rates) else None
            quantity, of_it_free = dimension.quantity(part + free), dimension.quantity(free)
            lines.append(_line(priced, name, quantity, dimension.unit, rate, free=of_it_free, tier=number))
            free = 0
    return lines


def _instance_lines(priced: Priced) -> list[LineItem]:
    """EC2 as it is paid, and Lambda's fee: 15% of EC2 on demand, whatever discount EC2 has (AWS pricing page)."""
    usage = priced.usage
    hours = EXACT.divide(usage.instance_seconds, HOUR_S)
    if usage.instance_seconds % 9:  # 3600 has a factor of 9: hours of such seconds are no decimal
        hours = hours.quantize(Decimal("1e-12"))
    paid = usage.instance_rate if usage.instance_paid_rate is None else usage.instance_paid_rate
    prices = priced.rates.prices
    share = prices.other.get("managed_instances", {}).get("fee_of_ec2_on_demand") if prices else None
    known = usage.instance_rate is not None and share is not None
    fee = EXACT.multiply(usage.instance_rate or _ZERO, Decimal(share or 0)) if known else None
    return [_line(priced, INSTANCES, hours, "hour", paid), _line(priced, MANAGEMENT_FEE, hours, "hour", fee)]


def saved(line: LineItem, one: Priced, part: Decimal) -> tuple[LineItem, ...]:
    """Splits a line in two: the part that a plan covers, at the plan's rate, and the rest at list price."""
    factors = one.rates.prices.other.get("savings_plan") if one.rates.prices else None
    factor = (factors or {}).get("duration" if line.dimension == DURATION else "provisioned")
    if factor is None or line.rate is None:
        return (line._replace(basis=f"{line.basis}; no Savings Plan rate known"),)
    covered_quantity = EXACT.multiply(line.billable, part)
    rest = EXACT.subtract(line.billable, covered_quantity)
    rate = EXACT.multiply(line.rate, Decimal(factor))
    saved = line._replace(
        quantity=covered_quantity, free=_ZERO, billable=covered_quantity, rate=rate,
        amount=EXACT.multiply(covered_quantity, rate), basis=f"{line.basis}; Compute Savings Plan, no upfront",
    )  # fmt: skip
    if not rest and not line.free:
        return (saved,)
    left = line._replace(quantity=EXACT.add(rest, line.free), billable=rest, amount=EXACT.multiply(rest, line.rate))
    return left, saved


def _duration_lines(priced: Priced) -> list[LineItem]:
    """One line, or one for each tier that the function's group reached; the free part stands in the first."""
    steps = priced.rates.prices.durations.get(priced.rates.arch, ()) if priced.rates.prices else ()
    if not steps:
        quantity, free = gb_seconds(priced.usage.billed_mb_ms), gb_seconds(priced.free_mb_ms)
        return [_line(priced, DURATION, quantity, "GB-s", None, free=free)]
    lines, free_mb_ms = [], priced.free_mb_ms
    for number, (step, mb_ms) in enumerate(zip(steps, priced.tier_mb_ms, strict=False), 1):
        if mb_ms or number == 1:
            quantity, free = gb_seconds(mb_ms + free_mb_ms), gb_seconds(free_mb_ms)
            lines.append(_line(priced, DURATION, quantity, "GB-s", step.rate, free=free, tier=number))
            free_mb_ms = 0
    return lines


def _provisioned_lines(priced: Priced) -> list[LineItem]:
    """Provisioned concurrency has prices of its own, without tiers and without free tier, requests included."""
    usage, lines = priced.usage, []
    rates: ProvisionedRates | None = (
        priced.rates.prices.provisioned.get(priced.rates.arch) if priced.rates.prices else None
    )
    if usage.provisioned_mb_ms:
        rate = rates.configured if rates else None
        lines.append(_line(priced, PROVISIONED, gb_seconds(usage.provisioned_mb_ms), "GB-s", rate))
    if usage.provisioned_billed_mb_ms:
        rate = rates.duration if rates else None
        lines.append(_line(priced, PROVISIONED_DURATION, gb_seconds(usage.provisioned_billed_mb_ms), "GB-s", rate))
    if usage.provisioned_requests:
        rate = priced.rates.prices.requests if priced.rates.prices else None
        lines.append(_line(priced, PROVISIONED_REQUESTS, Decimal(usage.provisioned_requests), "request", rate))
    return lines


# What the price book calls the rate of a dimension, where it is not the dimension's own name.
_IN_BOOK = {one.id: one.rate[0] for one in DIMENSIONS.values()} | {
    PROVISIONED: "provisioned", PROVISIONED_DURATION: "provisioned", PROVISIONED_REQUESTS: REQUESTS,
    "sqs_pollers": "event_pollers.sqs",
}  # fmt: skip


def _line(
    priced: Priced,
    dimension: str,
    quantity: Decimal,
    unit: str,
    rate: Decimal | None,
    *,
    free: Decimal = _ZERO,
    tier: int | None = None,
) -> LineItem:
    usage, rates, basis = priced.usage, priced.rates, priced.rates.basis
    if free and dimension in priced.shared:
        basis = f"{basis}; {ALLOCATION}"
    if rate is None:
        basis = f"{basis}; {_NOT_PRICED}{_why_not(priced, dimension)}"
    billable = EXACT.subtract(quantity, free) if free else quantity
    currency = rates.prices.partition.currency if rates.prices else "USD"
    amount = None if rate is None else EXACT.multiply(billable, rate)
    return LineItem(
        dimension, usage.function, usage.account, rates.region, rates.arch, quantity, unit, free, billable, rate,
        amount, currency, basis, tier, priced.position,
    )  # fmt: skip


def _why_not(priced: Priced, dimension: str) -> str:
    if priced.rates.prices is None:
        return f"no public prices for {priced.rates.region}"
    if dimension in (INSTANCES, MANAGEMENT_FEE):
        return "the EC2 on-demand price of the instance type is not given"
    if dimension.startswith("microvm"):
        return "MicroVM rates are public for us-east-1 and ap-northeast-1 only, and not for every dimension"
    return priced.rates.prices.why_not(_IN_BOOK.get(dimension, dimension), priced.rates.arch)
