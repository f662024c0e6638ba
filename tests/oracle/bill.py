"""What usage costs, by the oracle: list prices, tiers and the free tier of the whole organisation."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.oracle import rates
from tests.oracle.judge import DAY, Judge, Key, Piece, month_end, month_start

REQUESTS, DURATION, STORAGE = "requests", "duration", "ephemeral_storage"
EDGE_REQUESTS, EDGE_DURATION = "edge_requests", "edge_duration"
DEFAULT_ARCH = "x86_64"


@dataclass(frozen=True)
class Charge:
    """``amount`` None: no public price, or the quantity is not known."""

    piece: Piece
    dimension: str
    quantity: Fraction | None
    amount: Fraction | None
    currency: str

    @property
    def day_ms(self) -> int:
        return self.piece.at_ms // DAY * DAY


def charges(judge: Judge, *, free_tier: bool) -> list[Charge]:
    """Of the range, month by month. What lies before it in its first month has its part of tiers and free tier."""
    found: list[Charge] = []
    low = judge.from_ms
    while low < judge.to_ms:
        high = min(judge.to_ms, month_end(low))
        inside = judge.usages(low, high)
        before = judge.usages(month_start(low), low) if month_start(low) < low else []
        found += _of_month(inside, [*before, *inside], free_tier)
        low = high
    return found


def purse(one: Piece) -> object:
    """Whose free tier it draws on: one for all accounts of a partition, which has one currency."""
    return rates.CURRENCY[one.key[2]]


def tiered_with(one: Piece) -> object:
    """What counts towards the same tiers: a region and architecture, of all accounts."""
    return one.key[2], one.arch or DEFAULT_ARCH


def alone(one: Piece) -> list[Charge]:
    """What a piece costs by itself, at list price in the first tier."""
    return _of_month([one], [one], False)


def _of_month(inside: list[Piece], month: list[Piece], free_tier: bool) -> list[Charge]:
    """Free requests and MB-ms are shared in proportion over a partition; tiers over a region and architecture."""
    asked: dict[object, int] = defaultdict(int)
    used: dict[object, int] = defaultdict(int)
    of_tiers: dict[object, int] = defaultdict(int)
    for one in month:
        if not one.edge:
            asked[purse(one)] += one.requests
            used[purse(one)] += one.mb_ms or 0
            of_tiers[tiered_with(one)] += one.mb_ms or 0

    def left(allowance: int, of: int) -> Fraction:
        """The part that is billed."""
        return 1 - Fraction(min(allowance, of), of) if free_tier and of else Fraction(1)

    found = []
    for one in inside:
        region, arch = one.key[2], one.arch or DEFAULT_ARCH
        add = _adding(found, one, "USD" if one.edge else rates.CURRENCY[region])
        if one.edge:
            add(EDGE_REQUESTS, Fraction(one.requests), Fraction(one.requests), rates.EDGE_REQUEST)
            gb_s = None if one.mb_ms is None else Fraction(one.mb_ms, rates.GB_SECOND)
            add(EDGE_DURATION, gb_s, gb_s, rates.EDGE_DURATION)
            continue
        requests = Fraction(one.requests)
        add(REQUESTS, requests, requests * left(rates.FREE_REQUESTS, asked[purse(one)]), rates.REQUEST[region])
        if one.mb_ms is None:
            add(DURATION, None, None, None)
            continue
        gb_s = Fraction(one.mb_ms, rates.GB_SECOND)
        billed = left(rates.FREE_MB_MS, used[purse(one)])
        whole = of_tiers[tiered_with(one)] * billed
        amount = rates.month_of_tiers(region, arch, whole)
        add(
            DURATION,
            gb_s,
            gb_s * billed,
            None if amount is None else amount / (whole / rates.GB_SECOND) if whole else Fraction(0),
        )
        if one.ephemeral_mb is not None and one.ephemeral_mb > 512 and one.billed_ms:
            extra = Fraction((one.ephemeral_mb - 512) * one.billed_ms, rates.GB_SECOND)
            add(STORAGE, extra, extra, rates.STORAGE[region])
    return found


def _adding(found: list[Charge], one: Piece, currency: str) -> Callable[..., None]:
    def add(dimension: str, quantity: Fraction | None, billed: Fraction | None, rate: Fraction | None) -> None:
        amount = None if billed is None or rate is None else billed * rate
        if quantity is None or quantity:
            found.append(Charge(one, dimension, quantity, amount, currency))

    return add


def totals(found: list[Charge]) -> dict[str, Fraction]:
    """By currency, of what has a price."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for one in found:
        if one.amount is not None:
            sums[one.currency] += one.amount
    return dict(sums)


def by(found: list[Charge], key: Callable[[Charge], object]) -> dict[object, Fraction]:
    """Sums by whatever tells groups apart, of what has a price."""
    sums: dict[object, Fraction] = defaultdict(Fraction)
    for one in found:
        if one.amount is not None:
            sums[key(one)] += one.amount
    return dict(sums)


def unpriced(found: list[Charge]) -> set[tuple[Key, str]]:
    """Whose figure is not known, and of which dimension."""
    return {(one.piece.key, one.dimension) for one in found if one.amount is None}
