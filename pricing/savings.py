"""What would be cheaper: each change with its dollars a month, how sure that is, and the arithmetic.

Everything is at list price before any free tier, function by function, so that savings do not hang on who draws the
free tier first. A duration that might change with the change is said to be assumed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from pricing.bill import Bill, bill
from pricing.pricebook import PriceBook, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, Usage, gb_seconds

HIGH, MEDIUM, LOW = "high", "medium", "low"
MEMORY_MARGIN = Decimal("1.25")  # room above the most that was used
_STEP_MB, _LEAST_MB = 64, 128
_ZERO = Decimal(0)
_MONTH_MS = 730 * 3_600_000
_IDLE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class FunctionMonth:
    """One function's month: what it uses, and what of that is of no use.

    ``usage`` is a whole month's. ``init_ms`` is billed init summed, ``timeouts`` invocations that ran into
    ``timeout_s``, ``failures`` failed invocations of which ``retried`` were repeats of the same event; None is unknown.
    ``snapstart_versions`` are published versions with SnapStart, ``snapstart_used`` those that are still called.
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


@dataclass(frozen=True, slots=True)
class Saving:
    """``saves`` = ``now`` - ``then``, in ``currency`` a month; negative: the change costs more."""

    function: str
    account: str
    region: str
    change: str
    now: Decimal
    then: Decimal
    currency: str
    confidence: str
    arithmetic: str

    @property
    def saves(self) -> Decimal:
        return EXACT.subtract(self.now, self.then)


def savings(month: FunctionMonth, book: PriceBook) -> tuple[Saving, ...]:
    """Every change that applies to the function, the most dollars first. Empty where its region has no prices."""
    usage = replace(month.usage, region=month.usage.region or DEFAULT_REGION, arch=month.usage.arch or DEFAULT_ARCH)
    try:
        prices = book.region(usage.region)
    except UnknownRegion:
        return ()
    one = _Subject(replace(month, usage=usage), prices, book)
    found = [saving for of in _CHANGES for saving in of(one)]
    return tuple(sorted(found, key=lambda saving: -saving.saves))


@dataclass(frozen=True, slots=True)
class _Subject:
    month: FunctionMonth
    prices: RegionPrices
    book: PriceBook

    def cost(self, usage: Usage | None = None, *, plan: Decimal = _ZERO) -> Decimal:
        """A whole bill's priced lines; 0 where nothing was used."""
        found: Bill = bill([usage or self.month.usage], self.book, free_tier=False, savings_plan=plan)
        return found.total or _ZERO

    @property
    def rate(self) -> Decimal | None:
        """Of the first duration tier, for the function's architecture."""
        tiers = self.prices.durations.get(self.month.usage.arch or DEFAULT_ARCH)
        return tiers[0].rate if tiers else None

    def saving(self, change: str, now: Decimal, then: Decimal, confidence: str, arithmetic: str) -> Saving:
        usage = self.month.usage
        return Saving(
            usage.function, usage.account, usage.region, change, now, then, self.prices.currency, confidence, arithmetic
        )


def provisioned_break_even(prices: RegionPrices, arch: str) -> Decimal | None:
    """The part of the time that provisioned concurrency must be busy to be no dearer than on demand, 0 to 1.

    Configured concurrency costs c for each GB-second that it stands and d for each that it works; on demand costs o:
    c + u d = u o, so u = c / (o - d). None where a rate is not public.
    """
    rates, tiers = prices.provisioned.get(arch), prices.durations.get(arch)
    if not rates or not tiers or tiers[0].rate <= rates.duration:
        return None
    return EXACT.divide(rates.configured, tiers[0].rate - rates.duration).quantize(Decimal("0.0001"))


def _arm64(one: _Subject) -> Iterator[Saving]:
    usage = one.month.usage
    if usage.arch != "x86_64" or not usage.billed_mb_ms or "arm64" not in one.prices.durations:
        return
    now, then = one.cost(), one.cost(replace(usage, arch="arm64"))
    arm, x86 = one.prices.durations["arm64"][0].rate, one.rate
    assumed = "duration assumed the same; native libraries must exist for arm64"
    if now > then:
        yield one.saving(
            "arm64 instead of x86_64", now, then, MEDIUM,
            f"{_figure(gb_seconds(usage.billed_mb_ms))} GB-s x ({x86:f} - {arm:f}); {assumed}",
        )  # fmt: skip


def _memory(one: _Subject) -> Iterator[Saving]:
    """A smaller size that still holds what was used, and a margin."""
    month, usage = one.month, one.month.usage
    if not month.memory_mb or not month.max_memory_mb or not usage.billed_mb_ms:
        return
    wanted = (month.max_memory_mb * MEMORY_MARGIN / _STEP_MB).to_integral_value(ROUND_CEILING) * _STEP_MB
    size = max(_LEAST_MB, int(wanted))
    if size >= month.memory_mb:
        return
    smaller = replace(
        usage,
        billed_mb_ms=usage.billed_mb_ms * size // month.memory_mb,
        provisioned_mb_ms=usage.provisioned_mb_ms * size // month.memory_mb,
        provisioned_billed_mb_ms=usage.provisioned_billed_mb_ms * size // month.memory_mb,
    )
    break_even = Decimal(month.memory_mb) / size - 1
    yield one.saving(
        f"{size:,} MB instead of {month.memory_mb:,}", one.cost(), one.cost(smaller), LOW,
        f"{month.max_memory_mb:,} MB used at most x {MEMORY_MARGIN} = {size:,} MB; duration assumed the same, but CPU"
        f" shrinks with memory: it pays while durations grow by less than {break_even:.0%}",
    )  # fmt: skip


def _savings_plan(one: _Subject) -> Iterator[Saving]:
    factor = (one.prices.other.get("savings_plan") or {}).get("duration")
    if factor is None or not (one.month.usage.billed_mb_ms or one.month.usage.provisioned_mb_ms):
        return
    now, then = one.cost(), one.cost(plan=Decimal(1))
    hourly = (then / 730).quantize(Decimal("0.0001"))
    yield one.saving(
        "Compute Savings Plan, no upfront", now, then, MEDIUM,
        f"{1 - Decimal(factor):.0%} off duration and provisioned concurrency, not off requests; commits you to about"
        f" {hourly:f} {one.prices.currency} an hour for a year, used or not",
    )  # fmt: skip


def _provisioned_off(one: _Subject) -> Iterator[Saving]:
    """Provisioned concurrency that is busy for less than its break-even."""
    usage = one.month.usage
    break_even = provisioned_break_even(one.prices, usage.arch or DEFAULT_ARCH)
    if not usage.provisioned_mb_ms or break_even is None:
        return
    busy = Decimal(usage.provisioned_billed_mb_ms) / usage.provisioned_mb_ms
    without = replace(
        usage,
        requests=usage.requests + usage.provisioned_requests,
        billed_ms=usage.billed_ms + usage.provisioned_billed_ms,
        billed_mb_ms=usage.billed_mb_ms + usage.provisioned_billed_mb_ms,
        provisioned_mb_ms=0, provisioned_requests=0, provisioned_billed_ms=0, provisioned_billed_mb_ms=0,
    )  # fmt: skip
    now, then = one.cost(), one.cost(without)
    if now > then:
        name = "no provisioned concurrency: it is idle" if busy < _IDLE else "no provisioned concurrency"
        yield one.saving(
            name, now, then, HIGH,
            f"busy {busy:.1%} of the time, pays from {break_even:.1%} on; without it there are cold starts",
        )  # fmt: skip


def _provisioned_on(one: _Subject) -> Iterator[Saving]:
    """As many environments as are busy all the time, by the mean concurrency of the month."""
    usage = one.month.usage
    break_even = provisioned_break_even(one.prices, usage.arch or DEFAULT_ARCH)
    if usage.provisioned_mb_ms or break_even is None or not one.month.memory_mb:
        return
    environments, part = divmod(usage.billed_ms, _MONTH_MS)
    if not environments:
        return
    moved = environments * _MONTH_MS
    on = replace(
        usage,
        requests=usage.requests - (asked := usage.requests * moved // usage.billed_ms),
        provisioned_requests=asked,
        billed_ms=part,
        billed_mb_ms=usage.billed_mb_ms - (used := usage.billed_mb_ms * moved // usage.billed_ms),
        provisioned_billed_ms=moved,
        provisioned_billed_mb_ms=used,
        provisioned_mb_ms=environments * one.month.memory_mb * _MONTH_MS,
    )
    now, then = one.cost(), one.cost(on)
    if now > then:
        yield one.saving(
            f"{environments:,} provisioned environments", now, then, LOW,
            f"{Decimal(usage.billed_ms) / _MONTH_MS:.1f} run at any time on average; pays while they are busy more than"
            f" {break_even:.1%} of the time; traffic assumed even",
        )  # fmt: skip


def _timeouts(one: _Subject) -> Iterator[Saving]:
    month = one.month
    if not month.timeouts or not month.timeout_s or not month.memory_mb or one.rate is None:
        return
    wasted = gb_seconds(month.timeouts * month.timeout_s * 1000 * month.memory_mb)
    cost = min(EXACT.multiply(wasted, one.rate), one.cost())
    yield one.saving(
        "nothing runs into the timeout", one.cost(), EXACT.subtract(one.cost(), cost), MEDIUM,
        f"{month.timeouts:,} timeouts x {month.timeout_s:,} s x {month.memory_mb:,} MB = {_figure(wasted)} GB-s"
        f" x {one.rate:f}; billed to the end and answered nothing",
    )  # fmt: skip


def _retries(one: _Subject) -> Iterator[Saving]:
    """An asynchronous event is tried three times: a failure that always fails is paid for thrice."""
    month, usage = one.month, one.month.usage
    if not month.retried or not usage.requests:
        return
    part = (Decimal(min(month.retried, usage.requests)) / usage.requests).quantize(Decimal("1e-9"))
    now = one.cost()
    # What stands configured is paid for whether anything fails or not.
    cost = EXACT.multiply(one.cost(replace(usage, provisioned_mb_ms=0, metered=())), part)
    yield one.saving(
        "failures are not tried again", now, EXACT.subtract(now, cost), MEDIUM,
        f"{month.retried:,} of {month.failures:,} failures were repeats of one event, {part:.2%} of all requests;"
        " assumed as long as the mean; set retries to 0, or send what cannot succeed to a dead-letter queue",
    )  # fmt: skip


def _cold_starts(one: _Subject) -> Iterator[Saving]:
    month, usage = one.month, one.month.usage
    if not month.init_ms or not month.memory_mb or one.rate is None or not usage.billed_mb_ms:
        return
    spent = gb_seconds(month.init_ms * month.memory_mb)
    now = one.cost()
    cost = min(EXACT.multiply(spent, one.rate), now)
    if month.usage.billed_ms < month.init_ms or not now:
        return
    yield one.saving(
        "no init in cold starts", now, EXACT.subtract(now, cost), LOW,
        f"{month.cold_starts:,} cold starts, {month.init_ms:,} ms of init x {month.memory_mb:,} MB ="
        f" {_figure(spent)} GB-s x {one.rate:f}: {cost / now:.1%} of the bill, the most that faster starts can save",
    )  # fmt: skip


def _snapstart(one: _Subject) -> Iterator[Saving]:
    """SnapStart on: its cache and restores against the init that it saves."""
    month = one.month
    rates = one.prices.other.get("snapstart") or {}
    runtime = month.runtime or ""
    offered = runtime.startswith(("java", "dotnet8", "dotnet10", "python3.12", "python3.13", "python3.14"))
    known = rates.get("cache") and rates.get("restore") and one.rate is not None
    if not known or not offered or month.snapstart_versions or not month.init_ms or not month.memory_mb:
        return
    assert one.rate is not None
    free = runtime.startswith("java")
    cache = gb_seconds(month.memory_mb * _MONTH_MS) * Decimal(rates["cache"]) if not free else _ZERO
    restore = Decimal(month.cold_starts * month.memory_mb) / 1024 * Decimal(rates["restore"]) if not free else _ZERO
    now = one.cost()
    init = min(EXACT.multiply(gb_seconds(month.init_ms * month.memory_mb), one.rate), now)
    then = EXACT.add(EXACT.subtract(now, init), EXACT.add(cache, restore))
    said = "free for Java" if free else f"cache {cache:.2f} + restores {restore:.2f}"
    yield one.saving(
        "SnapStart, one version", now, then, LOW,
        f"init {init:.2f} saved, {said}; restore time assumed small; it is for latency where it costs more",
    )  # fmt: skip


def _stale_versions(one: _Subject) -> Iterator[Saving]:
    month = one.month
    rate = (one.prices.other.get("snapstart") or {}).get("cache")
    stale = month.snapstart_versions - month.snapstart_used
    if stale <= 0 or not rate or not month.memory_mb or (month.runtime or "").startswith("java"):
        return
    kept = gb_seconds(stale * month.memory_mb * _MONTH_MS)
    cost = EXACT.multiply(kept, Decimal(rate))
    now = EXACT.add(one.cost(), cost) if "snapstart_cache" not in dict(month.usage.metered) else one.cost()
    cost = min(cost, now)  # versions may be smaller than the function is now
    yield one.saving(
        f"delete {stale} stale SnapStart version{'s' if stale > 1 else ''}", now, EXACT.subtract(now, cost), HIGH,
        f"{stale} x {month.memory_mb:,} MB cached for 730 h = {_figure(kept)} GB-s x {Decimal(rate):f}",
    )  # fmt: skip


def _log_class(one: _Subject) -> Iterator[Saving]:
    usage = one.month.usage
    amounts = dict(usage.metered)
    standard = amounts.get("logs_standard", 0)
    if not standard:
        return
    moved = {**amounts, "logs_infrequent_access": standard + amounts.get("logs_infrequent_access", 0)}
    del moved["logs_standard"]
    changed = bill([replace(usage, metered=tuple(moved.items()))], one.book, free_tier=False)
    now, then = one.cost(), changed.total
    if changed.unpriced or then is None or then >= now:
        return
    yield one.saving(
        "logs in the Infrequent Access class", now, then, HIGH,
        f"{_figure(Decimal(standard) / 10**9)} GB a month; no metric filters, Live Tail or subscriptions there, and a"
        " log group's class cannot be changed: it needs a new group",
    )  # fmt: skip


def _log_retention(one: _Subject) -> Iterator[Saving]:
    usage = one.month.usage
    amounts = dict(usage.metered)
    stored = amounts.get("logs_storage", 0)
    if not stored:
        return
    kept = {**amounts, "logs_storage": 0}
    now, then = one.cost(), one.cost(replace(usage, metered=tuple(kept.items())))
    yield one.saving(
        "log retention of a few days", now, then, MEDIUM,
        f"{_figure(Decimal(stored) / (10**9 * 720))} GB-months kept; what a short retention leaves is left out",
    )  # fmt: skip


_CHANGES: Sequence[Callable[[_Subject], Iterator[Saving]]] = (
    _arm64, _memory, _savings_plan, _provisioned_off, _provisioned_on, _timeouts, _retries, _cold_starts, _snapstart,
    _stale_versions, _log_class, _log_retention,
)  # fmt: skip


def _figure(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.3g}"
