"""Your price beside list price: a discount, private rates, a Savings Plan commitment and credits.

Rates first: a private rate is what is paid, whatever the discount; every other rate is list price less the discount.
A Savings Plan commitment is paid by the hour, used or not. It covers duration and provisioned concurrency at the
plan's rates (list price times the book's factor); what exceeds it is on demand at your rates (AWS Savings Plans, "How
Savings Plans apply"). A month is taken as even over its hours. Credits pay what is left, as long as they last.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pricing.bill import Bill
from pricing.dimensions import DIMENSIONS, LOGS
from pricing.line_items import (
    DURATION,
    EPHEMERAL,
    MANAGEMENT_FEE,
    PROVISIONED,
    PROVISIONED_DURATION,
    PROVISIONED_REQUESTS,
    REQUESTS,
    SAVED,
    LineItem,
)
from pricing.pricebook import ARCHITECTURES, PriceBook, ProvisionedRates, RegionPrices, Tier
from pricing.usage import EXACT

RATED = (REQUESTS, DURATION, EPHEMERAL, PROVISIONED, PROVISIONED_DURATION, *DIMENSIONS)
BY_ARCH = (
    DURATION, PROVISIONED, PROVISIONED_DURATION,
    *(one.id for one in DIMENSIONS.values() if any("{" in step for step in one.rate)),
)  # fmt: skip
_ZERO, _ONE = Decimal(0), Decimal(1)
_STEP = Decimal("1e-12")
_PLAN_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class PrivateRate:
    """``rate`` for one billed unit of ``dimension``, one of ``RATED``; an empty region or architecture is any."""

    dimension: str
    rate: Decimal
    region: str = ""
    arch: str = ""


@dataclass(frozen=True, slots=True)
class OwnTerms:
    """``discount`` is a part, 0 to 1; ``commitment`` USD an hour; ``credits`` USD that are left."""

    discount: Decimal = _ZERO
    rates: tuple[PrivateRate, ...] = ()
    commitment: Decimal = _ZERO
    credits: Decimal = _ZERO

    def __bool__(self) -> bool:
        return bool(self.discount or self.rates or self.commitment or self.credits)

    @property
    def basis(self) -> str:
        """What the price is, in words: ``list less 10%, private rates``."""
        parts = [f"list less {_shown(self.discount * 100)}%" if self.discount else "list price"]
        parts += ["private rates"] * bool(self.rates)
        parts += [f"a Savings Plan of {_shown(self.commitment)} USD an hour"] * bool(self.commitment)
        parts += [f"credits of {_shown(self.credits)} USD"] * bool(self.credits)
        return ", ".join(parts)

    def private(self, dimension: str, region: str, arch: str) -> Decimal | None:
        """The most particular private rate that fits: one of the region before one of the architecture."""
        fits = [
            rate for rate in self.rates
            if rate.dimension == dimension and rate.region in ("", region) and rate.arch in ("", arch)
        ]  # fmt: skip
        return max(fits, key=lambda rate: (bool(rate.region), bool(rate.arch))).rate if fits else None

    def basis_of(self, line: LineItem) -> str:
        """What one line's price is."""
        dimension = REQUESTS if line.dimension == PROVISIONED_REQUESTS else line.dimension
        if self.private(dimension, line.region, line.arch) is not None:
            return "private rate"
        return f"list less {_shown(self.discount * 100)}%" if self.discount else "list price"

    def without_what_is_for_all(self) -> "OwnTerms":
        """The terms of a part of the organization: a commitment and credits are for all of it."""
        return replace(self, commitment=_ZERO, credits=_ZERO)


def _shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


class OwnBook(PriceBook):
    """A price book at your rates. Only rates differ: free tiers, tiers and dates are the list's."""

    def __init__(self, listed: PriceBook, terms: OwnTerms) -> None:
        super().__init__(listed.document)
        self._listed, self._terms = listed, terms
        self._own: dict[str, RegionPrices] = {}

    def region(self, code: str) -> RegionPrices:
        """As ``PriceBook.region``."""
        prices = self._own.get(code)
        if prices is None:
            self._own[code] = prices = _at_own_rates(self._listed.region(code), self._terms)
        return prices


def _at_own_rates(prices: RegionPrices, terms: OwnTerms) -> RegionPrices:
    less = _ONE - terms.discount

    def own(dimension: str, arch: str, listed: Decimal | None) -> Decimal | None:
        private = terms.private(dimension, prices.code, arch)
        if private is not None or listed is None:
            return private
        return EXACT.multiply(listed, less)

    durations: dict[str, tuple[Tier, ...]] = {}
    provisioned: dict[str, ProvisionedRates] = {}
    for arch in ARCHITECTURES:
        private = terms.private(DURATION, prices.code, arch)
        steps = prices.durations.get(arch) or ((Tier(0, _ZERO),) if private is not None else ())
        if steps:
            rates = (EXACT.multiply(step.rate, less) if private is None else private for step in steps)
            durations[arch] = tuple(Tier(step.above_gb_seconds, rate) for step, rate in zip(steps, rates, strict=True))
        known = prices.provisioned.get(arch)
        configured = own(PROVISIONED, arch, known.configured if known else None)
        duration = own(PROVISIONED_DURATION, arch, known.duration if known else None)
        if configured is not None and duration is not None:
            provisioned[arch] = ProvisionedRates(configured, duration)
    return replace(
        prices,
        requests=own(REQUESTS, "", prices.requests),
        ephemeral_storage=own(EPHEMERAL, "", prices.ephemeral_storage),
        durations=durations,
        provisioned=provisioned,
        other=_others(prices, terms),
    )


def _others(prices: RegionPrices, terms: OwnTerms) -> Mapping[str, Any]:
    """The rates that the book keeps undecoded (``RegionPrices.other``), at your price."""
    less = _ONE - terms.discount
    own_rates: dict[str, Any] = deepcopy(dict(prices.other))

    def own(dimension: str, arch: str, listed: object) -> object:
        private = terms.private(dimension, prices.code, arch)
        if isinstance(listed, list):
            return [str(private if private is not None else EXACT.multiply(Decimal(one), less)) for one in listed]
        if private is not None:
            return [str(private)] if dimension in LOGS else str(private)
        return str(EXACT.multiply(Decimal(listed), less)) if isinstance(listed, str) else listed

    done: set[tuple[str, ...]] = set()
    for dimension in DIMENSIONS.values():
        for arch in ARCHITECTURES:
            path = tuple(s.format(arch=arch, chip="x86" if arch == "x86_64" else arch) for s in dimension.rate)
            if path in done:
                continue
            done.add(path)
            holder = own_rates
            for step in path[:-1]:
                if not isinstance(holder.get(step), dict):
                    holder[step] = {}
                holder = holder[step]
            if (rate := own(dimension.id, arch, holder.get(path[-1]))) is not None:
                holder[path[-1]] = rate
    fee = own_rates.get("managed_instances", {}).get("fee_of_ec2_on_demand")
    if fee is not None:
        own_rates["managed_instances"]["fee_of_ec2_on_demand"] = own(MANAGEMENT_FEE, "", fee)
    return own_rates


class PlanBook(PriceBook):
    """Only what a Savings Plan covers has a rate above zero: that of ``listed``, times the plan's factor if wanted."""

    def __init__(self, listed: PriceBook, *, at_plan_rates: bool) -> None:
        super().__init__(listed.document)
        self._listed, self._at_plan_rates = listed, at_plan_rates

    def region(self, code: str) -> RegionPrices:
        """As ``PriceBook.region``."""
        prices = self._listed.region(code)
        factors = [plan_factor(prices, dimension) or _ZERO for dimension in (DURATION, PROVISIONED)]
        if not self._at_plan_rates:
            factors = [_ONE if provisioned_rates else _ZERO for provisioned_rates in factors]
        if prices.currency != _PLAN_CURRENCY:
            factors = [_ZERO, _ZERO]
        duration, provisioned = factors
        return replace(
            prices,
            requests=_ZERO,
            ephemeral_storage=_ZERO,
            durations={
                arch: tuple(replace(step, rate=EXACT.multiply(step.rate, duration)) for step in steps)
                for arch, steps in prices.durations.items()
            },
            provisioned={
                arch: ProvisionedRates(
                    *(
                        EXACT.multiply(rate, provisioned)
                        for rate in (provisioned_rates.configured, provisioned_rates.duration)
                    )
                )
                for arch, provisioned_rates in prices.provisioned.items()
            },
            other={},
        )


def plan_factor(prices: RegionPrices, dimension: str) -> Decimal | None:
    """A Compute Savings Plan's rate over list price; None where none is known, or where it covers nothing of it."""
    factors = prices.other.get("savings_plan")
    found = (factors or {}).get("duration" if dimension == DURATION else "provisioned") if dimension in SAVED else None
    return None if found is None else Decimal(found)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is paid: ``on_demand`` at your rates, plus ``commitment``, less ``credits``; ``unused`` is paid as well."""

    total: Decimal
    on_demand: Decimal
    commitment: Decimal
    unused: Decimal
    credits: Decimal


def settle(
    terms: OwnTerms, hours: Decimal, own_total: Decimal, covered_on_demand: Decimal, covered_at_plan: Decimal
) -> Settled:
    """``own_total`` USD of ``hours``, of which the plan can cover ``covered_on_demand`` at your rates.

    ``covered_at_plan`` is the same at the plan's rates. Where the commitment does not reach, it covers that part of
    each that it can pay for.
    """
    commitment = EXACT.multiply(terms.commitment, hours)
    covered = covered_on_demand
    if covered_at_plan > commitment:
        covered = EXACT.divide(EXACT.multiply(covered_on_demand, commitment), covered_at_plan).quantize(_STEP)
    on_demand = EXACT.subtract(own_total, covered) if commitment else own_total
    before = EXACT.add(on_demand, commitment)
    credits = min(terms.credits, before)
    unused = max(_ZERO, EXACT.subtract(commitment, covered_at_plan))
    return Settled(EXACT.subtract(before, credits), on_demand, commitment, unused, credits)


def covered_by_plan(own: Bill, listed: Bill, book: PriceBook) -> tuple[Decimal, Decimal]:
    """What of a bill a Savings Plan can cover, in USD: at your rates on demand, and at the plan's rates."""

    def summed(lines: Iterable[LineItem], at_plan_rates: bool) -> Decimal:
        total = _ZERO
        for line in lines:
            if line.amount is None or line.currency != _PLAN_CURRENCY or line.region not in book:
                continue
            factor = plan_factor(book.region(line.region), line.dimension)
            if factor is not None:
                total = EXACT.fma(line.amount, factor if at_plan_rates else _ONE, total)
        return total

    return summed(own.lines, False), summed(listed.lines, True)


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """A bill at your price beside that at list price.

    ``bill`` has your rates line by line, ``settled`` what commitment and credits make of its dollars (None where there
    are neither); ``totals`` is what is paid, by currency.
    """

    terms: OwnTerms
    bill: Bill
    settled: Settled | None = None

    @property
    def basis(self) -> str:
        """The terms in words, such as ``list less 10%, private rates``."""
        return self.terms.basis

    @property
    def totals(self) -> dict[str, Decimal]:
        """What is paid, by currency."""
        found = self.bill.totals
        return found if self.settled is None else found | {_PLAN_CURRENCY: self.settled.total}


def own_price(terms: OwnTerms, own: Bill, listed: Bill, book: PriceBook, hours: Decimal) -> OwnPrice:
    """``own`` is ``listed`` at the rates of ``OwnBook(book, terms)``; both are of ``hours``."""
    if not terms.commitment and not terms.credits:
        return OwnPrice(terms, own)
    total = own.totals.get(_PLAN_CURRENCY, _ZERO)
    return OwnPrice(terms, own, settle(terms, hours, total, *covered_by_plan(own, listed, book)))
