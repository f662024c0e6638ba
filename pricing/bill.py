"""A bill: quantities times rates, line by line, exact to the last digit.

Every quantity is a whole number of requests or MB-milliseconds and every rate a terminating decimal, so amounts are
exact decimals and the lines of all functions sum to the total without any rest. Nothing is rounded here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pricing import tiers
from pricing.dimensions import DIMENSIONS, LOGS, STREAMING, rate_of
from pricing.free_tier import ALLOCATION, FreeTierUse, covered
from pricing.pricebook import Partition, PriceBook, ProvisionedRates, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, MB_MS_PER_GB_SECOND, Usage, gb_seconds

REQUESTS, DURATION, EPHEMERAL = "requests", "duration", "ephemeral_storage"
PROVISIONED, PROVISIONED_DURATION = "provisioned_concurrency", "provisioned_duration"
PROVISIONED_REQUESTS = "provisioned_requests"
INSTANCES, MANAGEMENT_FEE = "managed_instances", "management_fee"
_SAVED = frozenset((DURATION, PROVISIONED, PROVISIONED_DURATION))
_GIB, _GB = 2**30, 10**9
_ZERO = Decimal(0)


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
    free_metered: dict[str, int] = field(default_factory=dict)
    log_tiers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()


def bill(usages: Sequence[Usage], book: PriceBook, *, free_tier: bool = True, savings_plan: Decimal = _ZERO) -> Bill:
    """What a month's usages cost at list price.

    ``usages`` must be all of one calendar month (UTC): the free tier is one allowance a month for each partition,
    over all accounts, regions and both architectures, and tiers count per architecture, region and account (AWS
    Lambda pricing page). Tiers begin to count after the free tier, as the AWS Pricing Calculator does it. Where a
    group crosses a tier, each of its functions has its share in each tier. ``savings_plan`` is the part, 0 to 1, of
    duration and provisioned concurrency that a Compute Savings Plan (no upfront) covers.
    """
    priced = [_with_prices(position, usage, book) for position, usage in enumerate(usages)]
    used = _take_free_tier(priced, free_tier)
    _take_tiers(priced)
    _take_log_tiers(priced)
    lines: list[LineItem] = []
    for one in priced:
        for line in _lines(one):
            lines.extend(_saved(line, one, savings_plan) if savings_plan and line.dimension in _SAVED else (line,))
    dates = [one.prices.as_of for one in priced if one.prices is not None]
    return Bill(tuple(lines), used, min(dates, default=None))


def totals_of(
    usages: Sequence[Usage], inside: Collection[int], book: PriceBook, *, free_tier: bool = True
) -> dict[str, Decimal] | None:
    """``bill(usages).of(inside).totals`` without its lines: whole quantities are summed before they are priced.

    None where there are lines and none of them has a price.
    """
    priced = [_with_prices(position, usage, book) for position, usage in enumerate(usages)]
    _take_free_tier(priced, free_tier)
    _take_tiers(priced)
    _take_log_tiers(priced)
    known: dict[tuple[str, Decimal], int] = {}  # requests and MB-ms by currency and rate
    sums: dict[str, Decimal] = {}
    unpriced = False
    for one in (priced[at] for at in inside):
        usage, prices = one.usage, one.prices
        steps = prices.durations.get(one.arch, ()) if prices else ()
        plain = prices is not None and steps and prices.requests is not None and not _has_more(usage)
        if plain and prices is not None and prices.requests is not None:
            currency = prices.partition.currency
            asked = currency, EXACT.multiply(prices.requests, MB_MS_PER_GB_SECOND)
            known[asked] = known.get(asked, 0) + usage.requests - one.free_requests
            for step, mb_ms in zip(steps, one.tier_mb_ms, strict=False):
                known[currency, step.rate] = known.get((currency, step.rate), 0) + mb_ms
            continue
        for line in _lines(one):
            if line.amount is None:
                unpriced = True
            else:
                sums[line.currency] = EXACT.add(sums.get(line.currency, _ZERO), line.amount)
    for (currency, rate), amount in known.items():
        sums[currency] = EXACT.add(sums.get(currency, _ZERO), EXACT.multiply(gb_seconds(amount), rate))
    return None if unpriced and not sums else sums


def _has_more(usage: Usage) -> bool:
    """Whether anything is billed besides requests and duration on demand."""
    return bool(
        usage.ephemeral_mb_ms or usage.provisioned_mb_ms or usage.provisioned_requests
        or usage.provisioned_billed_mb_ms or usage.event_chunks or usage.metered or usage.instance_seconds
    )  # fmt: skip


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
    requests = covered(
        allowance.requests, used_requests := [one.usage.requests + one.usage.event_chunks for one in members]
    )
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
    streamed = _take_metered(members, (STREAMING,), allowance.streamed_gib * _GIB)
    logged = _take_metered(members, LOGS, allowance.log_gb * _GB)
    return FreeTierUse(
        partition.code, partition.currency, allowance.requests, sum(requests),
        allowance.gb_seconds, gb_seconds(sum(duration)),
        allowance.streamed_gib * _GIB or None, streamed, allowance.log_gb * _GB or None, logged,
    )  # fmt: skip


def _take_metered(members: Sequence[_Priced], names: Collection[str], allowance: int) -> int:
    """An allowance in a dimension's own integers, shared pro rata over all that used it; returns what it covered."""
    uses = [(one, name, amount) for one in members for name, amount in one.usage.metered if name in names]
    parts = covered(allowance, [amount for _, _, amount in uses])
    partly = sum(parts) < sum(amount for _, _, amount in uses) and len(uses) > 1
    for (one, name, _), part in zip(uses, parts, strict=True):
        one.free_metered[name] = one.free_metered.get(name, 0) + part
        if partly:
            one.shared |= {name}
    return sum(parts)


def _take_log_tiers(priced: Sequence[_Priced]) -> None:
    """Log ingestion has tiers for each account, region and class."""
    groups: dict[tuple[str, str, str], list[tuple[_Priced, int]]] = {}
    for one in priced:
        for name, amount in one.usage.metered:
            if name in LOGS:
                key = one.usage.account, one.region, name
                groups.setdefault(key, []).append((one, amount - one.free_metered.get(name, 0)))
    for (_, _, name), members in groups.items():
        prices = members[0][0].prices
        limits = prices.other.get("logs", {}).get("tier_limits_gb", ()) if prices else ()
        billable = [amount for _, amount in members]
        steps = tiers.parts(sum(billable), [0, *(int(limit) * _GB for limit in limits)])
        for (one, _), shares in zip(members, tiers.split_parts(billable, steps), strict=True):
            one.log_tiers[name] = shares


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
    if asked := usage.requests + usage.event_chunks:
        rate = one.prices.requests if one.prices else None
        lines.append(_line(one, REQUESTS, Decimal(asked), "request", rate, free=Decimal(one.free_requests)))
    if usage.billed_mb_ms:
        lines.extend(_duration_lines(one))
    if storage_mb_ms := usage.ephemeral_mb_ms:
        rate = one.prices.ephemeral_storage if one.prices else None
        lines.append(_line(one, EPHEMERAL, gb_seconds(storage_mb_ms), "GB-s", rate))
    if usage.provisioned_mb_ms or usage.provisioned_requests or usage.provisioned_billed_mb_ms:
        lines.extend(_provisioned_lines(one))
    for name, amount in usage.metered:
        if amount:
            lines.extend(_log_lines(one, name, amount) if name in LOGS else [_metered_line(one, name, amount)])
    if usage.instance_seconds:
        lines.extend(_instance_lines(one))
    return lines


def _metered_line(one: _Priced, name: str, amount: int) -> LineItem:
    dimension = DIMENSIONS[name]
    rate = rate_of(dimension, one.prices, one.arch) if one.prices else None
    free = dimension.quantity(one.free_metered.get(name, 0))
    return _line(one, name, dimension.quantity(amount), dimension.unit, rate, free=free)


def _log_lines(one: _Priced, name: str, amount: int) -> list[LineItem]:
    """One line for each tier that was reached; a tier without a known rate is not priced."""
    dimension, free = DIMENSIONS[name], one.free_metered.get(name, 0)
    rates = (one.prices.other.get("logs", {}).get(name.removeprefix("logs_")) or []) if one.prices else []
    lines = []
    for number, part in enumerate(one.log_tiers.get(name) or (amount - free,), 1):
        if part or number == 1:
            rate = Decimal(rates[number - 1]) if number <= len(rates) else None
            quantity, of_it_free = dimension.quantity(part + free), dimension.quantity(free)
            lines.append(_line(one, name, quantity, dimension.unit, rate, free=of_it_free, tier=number))
            free = 0
    return lines


def _instance_lines(one: _Priced) -> list[LineItem]:
    """EC2 as it is paid, and Lambda's fee: 15% of EC2 on demand, whatever discount EC2 has (AWS pricing page)."""
    usage = one.usage
    hours = EXACT.divide(usage.instance_seconds, 3600)
    if usage.instance_seconds % 9:  # 3600 has a factor of 9: hours of such seconds are no decimal
        hours = hours.quantize(Decimal("1e-12"))
    paid = usage.instance_rate if usage.instance_paid_rate is None else usage.instance_paid_rate
    share = one.prices.other.get("managed_instances", {}).get("fee_of_ec2_on_demand") if one.prices else None
    known = usage.instance_rate is not None and share is not None
    fee = EXACT.multiply(usage.instance_rate or _ZERO, Decimal(share or 0)) if known else None
    return [_line(one, INSTANCES, hours, "hour", paid), _line(one, MANAGEMENT_FEE, hours, "hour", fee)]


def _saved(line: LineItem, one: _Priced, part: Decimal) -> tuple[LineItem, ...]:
    """A line in two: what the plan covers at its rate, and the rest at list price."""
    factors = one.prices.other.get("savings_plan") if one.prices else None
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
_IN_BOOK = {PROVISIONED: "provisioned", PROVISIONED_DURATION: "provisioned", PROVISIONED_REQUESTS: REQUESTS,
            "snapstart_cache": "snapstart", "snapstart_restore": "snapstart", "kafka_pollers": "event_pollers",
            "sqs_pollers": "event_pollers.sqs", "durable_operations": "durable", "durable_written": "durable",
            "durable_retained": "durable"}  # fmt: skip


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
    if dimension in (INSTANCES, MANAGEMENT_FEE):
        return "the EC2 on-demand price of the instance type is not given"
    if dimension.startswith("microvm"):
        return "MicroVM rates are public for us-east-1 and ap-northeast-1 only, and not for every dimension"
    return one.prices.why_not(_IN_BOOK.get(dimension, dimension), one.arch)
