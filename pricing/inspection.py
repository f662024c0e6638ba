"""Looking a price book over: what is missing, what is old, and what does not look like its neighbours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from pricing.pricebook import ARCHITECTURES, OTHER_RATES, PriceBook, RegionPrices

OLD_DAYS = 90  # AWS changes prices, or adds regions and dimensions, several times a year
# List prices of AWS regions lie within a factor of two of their median; a rate outside is some other product's.
_ODD_FACTOR = 2
_ARM_TO_X86 = Decimal("0.8")
_NOT_COMPARED = ("savings_plan", "microvm")  # shares of other rates; public in two regions only
_ARM_TOLERANCE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class BookRemark:
    """One remark on the book; ``kind`` is ``gap`` or ``odd``."""

    kind: str
    region: str
    what: str


def findings(book: PriceBook) -> list[BookRemark]:
    """Gaps and odd rates of every region, regions in order."""
    regions = [book.region(code) for code in book.codes]
    typical = _typical(regions)
    notes: list[BookRemark] = []
    for prices in regions:
        notes.extend(BookRemark("gap", prices.code, f"{name}: {why}") for name, why in prices.not_priced.items())
        notes.extend(BookRemark("odd", prices.code, what) for what in _odd(prices, typical))
    return notes


def days_too_old(as_of: str | None, on: date) -> int | None:
    """How many days prices ``as_of`` (ISO date) are old ``on`` a day, where that is more than ``OLD_DAYS``."""
    days = None if as_of is None else (on - date.fromisoformat(as_of)).days
    return days if days is not None and days > OLD_DAYS else None


def old_regions(book: PriceBook, today: str, *, days: int) -> list[str]:
    """Regions whose prices are more than ``days`` older than ``today`` (ISO date)."""
    now = date.fromisoformat(today)
    return [code for code in book.codes if (now - date.fromisoformat(book.region(code).as_of)).days > days]


def rates(prices: RegionPrices) -> dict[str, Decimal]:
    """The rates that bills use, by name; a duration's rate is its first tier's. Unknown ones are absent."""
    named: dict[str, Decimal | None] = {"requests": prices.requests, "ephemeral_storage": prices.ephemeral_storage}
    for arch in ARCHITECTURES:
        tiers, provisioned = prices.durations.get(arch), prices.provisioned.get(arch)
        named[f"duration {arch}"] = tiers[0].rate if tiers else None
        named[f"provisioned concurrency {arch}"] = provisioned.configured if provisioned else None
        named[f"provisioned duration {arch}"] = provisioned.duration if provisioned else None
    for key in (key for key in OTHER_RATES if key not in _NOT_COMPARED):
        found = prices.other.get(key)
        parts = found if isinstance(found, Mapping) else {"": found}
        named |= {
            f"{key} {part}".replace("_", " ").replace("x86 64", "x86_64").rstrip(): Decimal(rate)
            for part, rate in parts.items()
            if rate
        }
    return {name: rate for name, rate in named.items() if rate is not None}


def _typical(regions: list[RegionPrices]) -> Mapping[tuple[str, str], Decimal]:
    by_name: dict[tuple[str, str], list[Decimal]] = {}
    for prices in regions:
        for name, rate in rates(prices).items():
            by_name.setdefault((prices.currency, name), []).append(rate)
    return {key: median(values) for key, values in by_name.items()}


def _odd(prices: RegionPrices, typical: Mapping[tuple[str, str], Decimal]) -> Iterator[str]:
    known = rates(prices)
    for name, rate in known.items():
        usual = typical[prices.currency, name]
        if not usual / _ODD_FACTOR < rate < usual * _ODD_FACTOR:
            yield f"{name} is {rate / usual:.2f} times the median of all regions"
    for name in ("duration", "provisioned concurrency", "provisioned duration"):
        x86, arm = known.get(f"{name} x86_64"), known.get(f"{name} arm64")
        if x86 and arm and abs(arm / x86 - _ARM_TO_X86) > _ARM_TOLERANCE:
            yield f"{name} on arm64 is {arm / x86:.2f} of x86_64, {_ARM_TO_X86} elsewhere"
    for arch, tiers in prices.durations.items():
        steps = [tier.rate for tier in tiers]
        if steps != sorted(steps, reverse=True):
            yield f"duration {arch} gets dearer in a higher tier"
