"""One function's month as rules look at it, and what a rule says of a change.

Every dollar is at list price before any free tier. Tiers count over the organisation: ``FunctionMonth.rest`` has what
the others use, where that moves a price.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from collectors.model.units import HOUR_MS, MEAN_MONTH_HOURS
from pricing.bill import Bill, bill
from pricing.pricebook import PriceBook, RegionPrices
from pricing.usage import DEFAULT_ARCH, EXACT, Usage

BASIS = "a month at list price, before the free tier"
HIGH, MEDIUM, LOW = "high", "medium", "low"
_ZERO = Decimal(0)
MONTH_MS = MEAN_MONTH_HOURS * HOUR_MS  # for figures without a calendar


@dataclass(frozen=True, slots=True)
class Measured:
    """What the function itself took at another size: its duration there over the one of today, as an 80% range."""

    memory_mb: int
    low: float
    middle: float
    high: float
    evidence: str


@dataclass(frozen=True, slots=True)
class FunctionMonth:
    """One function's month: what it uses, and what of that is of no use.

    ``usage`` is a whole month's. ``init_ms`` is billed init summed, ``timeouts`` invocations that ran into
    ``timeout_s``, ``failures`` failed invocations of which ``retried`` were repeats of the same event; None is unknown.
    ``snapstart_versions`` are published versions with SnapStart, ``snapstart_used`` those that are still called.
    ``duration_ms`` is the mean duration, ``measured`` what its own history says of other sizes, ``layers`` whether it
    has any (None: unknown), ``month_ms`` how long the month is. ``beside`` is what it used earlier in the month at
    other settings: no change moves it. ``rest`` is what the organisation's other functions use, where tiers are
    reached. ``busy_known``: whether it is known what provisioned concurrency served. ``retention_days`` is that of its
    log.
    """

    usage: Usage
    memory_mb: int | None = None
    max_memory_mb: int | None = None
    timeout_s: int | None = None
    timeouts: int = 0
    failures: int = 0
    retried: int | None = None
    cold_starts: int = 0
    init_ms: int | None = None
    runtime: str | None = None
    snapstart_versions: int = 0
    snapstart_used: int = 0
    duration_ms: float | None = None
    measured: tuple[Measured, ...] = ()
    layers: bool | None = None
    month_ms: int = MONTH_MS
    beside: tuple[Usage, ...] = ()
    rest: tuple[Usage, ...] = ()
    busy_known: bool = True
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class SuggestedChange:
    """A change and what it saves in ``currency`` a month at list price before the free tier, from ``low`` to ``high``.

    ``now`` is what the function costs. ``low`` and so on are None where nothing can be told, negative where the change
    costs more; ``unknown`` says what the range leaves open. ``memory_mb`` is the size that is proposed,
    ``environments`` how many are to be provisioned. ``evidence`` is what a range of durations rests on, ``slower`` how
    much longer a call takes (1.0: as long), low, middle and high.
    """

    function: str
    account: str
    region: str
    change: str
    now: Decimal
    low: Decimal | None
    middle: Decimal | None
    high: Decimal | None
    currency: str
    confidence: str
    arithmetic: str
    rule: str = ""
    unknown: str = ""
    memory_mb: int | None = None
    environments: int | None = None
    evidence: str = ""
    slower: tuple[float, float, float] | None = None

    @property
    def saves(self) -> Decimal | None:
        """The saving that is claimed, the lower end of the range; None where a range begins at zero or below."""
        if self.low is None or (self.low != self.high and self.low <= 0):
            return None
        return self.low

    @property
    def then(self) -> Decimal | None:
        """What the month costs at least as little as; None where no saving is claimed."""
        return None if self.saves is None else EXACT.subtract(self.now, self.saves)


@dataclass(frozen=True, slots=True)
class Subject:
    """One function's month with the prices of its region: what a rule of advice looks at.

    ``arch_known`` is False where the architecture was assumed; ``present`` keeps the month's own cost once it is known.
    """

    month: FunctionMonth
    prices: RegionPrices
    book: PriceBook
    arch_known: bool
    present: list[Decimal] = field(default_factory=list)

    def cost(self, usage: Usage | None = None, *, plan: Decimal = _ZERO) -> Decimal:
        """A whole bill's priced lines; 0 where nothing was used. The month as it is is billed once."""
        if usage is None and not plan and self.present:
            return self.present[0]
        own = [self.month.usage if usage is None else usage, *self.month.beside]
        month_bill: Bill = bill(
            [*own, *self.month.rest], self.book, free_tier=False, savings_plan=plan, inside=range(len(own))
        )
        cost = month_bill.totals.get(self.prices.currency, _ZERO)
        if usage is None and not plan:
            self.present.append(cost)
        return cost

    @property
    def rate(self) -> Decimal | None:
        """The rate of the first duration tier for the function's architecture."""
        tiers = self.prices.durations.get(self.month.usage.arch or DEFAULT_ARCH)
        return tiers[0].rate if tiers else None

    def saving(self, change: str, now: Decimal, then: Decimal, confidence: str, arithmetic: str) -> SuggestedChange:
        """A change whose cost is one figure."""
        saves = EXACT.subtract(now, then)
        return self.between(change, now, (saves, saves, saves), confidence, arithmetic)

    def at_most(self, change: str, low: Decimal, high: Decimal, confidence: str, arithmetic: str) -> SuggestedChange:
        """A change of which only the least saving, ``low``, and the largest possible one, ``high``, are known."""
        return self.between(change, self.cost(), (low, None, high), confidence, arithmetic)

    def between(
        self, change: str, now: Decimal, saves: tuple[Decimal | None, Decimal | None, Decimal | None],
        confidence: str, arithmetic: str,
    ) -> SuggestedChange:  # fmt: skip
        """A change of which the least, the middle and the most that it saves are given (None: not known), in USD or the
        currency of the region, a month.
        """
        usage = self.month.usage
        return SuggestedChange(
            usage.function, usage.account, usage.region, change, now, *saves, self.prices.currency, confidence,
            arithmetic,
        )  # fmt: skip


def figure(amount: Decimal) -> str:
    """An amount in words of arithmetic: ``1,234``, ``0.0123``."""
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.3g}"


def money(amount: Decimal, currency: str) -> str:
    """``960.00 USD``; below a cent four significant digits: ``0.0003213 USD``."""
    if amount >= Decimal("0.01") or not amount:
        return f"{amount:,.2f} {currency}"
    return f"{amount.quantize(Decimal(1).scaleb(amount.adjusted() - 3)):f} {currency}"
