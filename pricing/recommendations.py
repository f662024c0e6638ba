"""What would be cheaper: each change with its dollars a month as a range, how sure that is, and the arithmetic.

Everything is at list price before any free tier, function by function, so that savings do not hang on who draws the
free tier first. What is claimed is the lower end of the range. A rule is one function, listed in ``RULES``.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from pricing.bill import Bill, bill
from pricing.dimensions import SNAPSTART_CACHE
from pricing.memory_model import duration_at
from pricing.pricebook import PriceBook, RegionPrices, UnknownRegion
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION, EXACT, Usage, gb_seconds
from pricing.whatif import WhatIf

BASIS = "a month at list price, before the free tier"
HIGH, MEDIUM, LOW = "high", "medium", "low"
MEMORY_MARGIN = Decimal("1.25")  # room above the most that was used
_STEP_MB, _LEAST_MB = 64, 128
_ZERO = Decimal(0)
MONTH_MS = 730 * 3_600_000  # a mean month, for figures without a calendar
_SIZES = (128, 192, 256, 384, 512, 768, 1024, 1536, 1769, 2048, 3008)
# What moving to arm64 saved of duration's cost where it was measured: 5.8% to 25.6%, at a price that is 20% lower.
# So durations went to between 0.744 / 0.8 and 0.942 / 0.8 of what they were.
ARM64_FASTEST, ARM64_SLOWEST = Decimal("0.93"), Decimal("1.1775")
_X86_ONLY = re.compile(
    r"go1\.x|provided|java8|python(2\.7|3\.[67])|nodejs(10\.x|8\.10|6\.10|4\.3.*)?|dotnetcore[12]\..|ruby2\.5"
)
_IDLE = Decimal("0.000001")


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
    has any (None: unknown), ``month_ms`` how long the month is.
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


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A change and what it saves in ``currency`` a month at list price before the free tier, from ``low`` to ``high``.

    ``now`` is what the function costs. ``low`` and so on are None where nothing can be told, negative where the change
    costs more; ``unknown`` says what the range leaves open. ``memory_mb`` is the size that is proposed, ``evidence``
    what a range of durations rests on, ``slower`` how much longer a call takes (1.0: as long), low, middle and high.
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
    evidence: str = ""
    slower: tuple[float, float, float] | None = None

    @property
    def saves(self) -> Decimal | None:
        """What is claimed: the lower end; None where a range does not begin above nothing."""
        if self.low is None or (self.low != self.high and self.low <= 0):
            return None
        return self.low

    @property
    def then(self) -> Decimal | None:
        """What the month costs at least as little as; None where no saving is claimed."""
        return None if self.saves is None else EXACT.subtract(self.now, self.saves)


def recommendations(month: FunctionMonth, book: PriceBook) -> tuple[Recommendation, ...]:
    """Every change that applies to the function, the most dollars first. Empty where its region has no prices."""
    known = month.usage.arch is not None
    usage = replace(month.usage, region=month.usage.region or DEFAULT_REGION, arch=month.usage.arch or DEFAULT_ARCH)
    try:
        prices = book.region(usage.region)
    except UnknownRegion:
        return ()
    one = _Subject(replace(month, usage=usage), prices, book, known)
    found = [replace(each, rule=rule.__name__.lstrip("_")) for rule in RULES for each in rule(one)]
    return tuple(sorted(found, key=lambda each: -(each.saves or _ZERO)))


@dataclass(frozen=True, slots=True)
class _Subject:
    month: FunctionMonth
    prices: RegionPrices
    book: PriceBook
    arch_known: bool
    present: list[Decimal] = field(default_factory=list)

    def cost(self, usage: Usage | None = None, *, plan: Decimal = _ZERO) -> Decimal:
        """A whole bill's priced lines; 0 where nothing was used. The month as it is is billed once."""
        if usage is None and not plan and self.present:
            return self.present[0]
        found: Bill = bill([usage or self.month.usage], self.book, free_tier=False, savings_plan=plan)
        cost = found.total or _ZERO
        if usage is None and not plan:
            self.present.append(cost)
        return cost

    @property
    def rate(self) -> Decimal | None:
        """Of the first duration tier, for the function's architecture."""
        tiers = self.prices.durations.get(self.month.usage.arch or DEFAULT_ARCH)
        return tiers[0].rate if tiers else None

    def saving(self, change: str, now: Decimal, then: Decimal, confidence: str, arithmetic: str) -> Recommendation:
        """A change whose cost is one figure."""
        saves = EXACT.subtract(now, then)
        return self.between(change, now, (saves, saves, saves), confidence, arithmetic)

    def between(
        self, change: str, now: Decimal, saves: tuple[Decimal | None, Decimal | None, Decimal | None],
        confidence: str, arithmetic: str,
    ) -> Recommendation:  # fmt: skip
        usage = self.month.usage
        return Recommendation(
            usage.function, usage.account, usage.region, change, now, *saves, self.prices.currency, confidence,
            arithmetic,
        )  # fmt: skip


def provisioned_break_even(prices: RegionPrices, arch: str) -> Decimal | None:
    """The part of the time that provisioned concurrency must be busy to be no dearer than on demand, 0 to 1.

    Configured concurrency costs c for each GB-second that it stands and d for each that it works; on demand costs o:
    c + u d = u o, so u = c / (o - d). None where a rate is not public.
    """
    rates, tiers = prices.provisioned.get(arch), prices.durations.get(arch)
    if not rates or not tiers or tiers[0].rate <= rates.duration:
        return None
    return EXACT.divide(rates.configured, tiers[0].rate - rates.duration).quantize(Decimal("0.0001"))


def _arm64(one: _Subject) -> Iterator[Recommendation]:
    """The same function on the other architecture, unless it is not known which one it has."""
    month, usage = one.month, one.month.usage
    if not one.arch_known or usage.arch != "x86_64" or not usage.billed_mb_ms or "arm64" not in one.prices.durations:
        return
    if month.runtime and _X86_ONLY.fullmatch(month.runtime):
        return
    moved = replace(usage, arch="arm64")
    now = one.cost()
    low, middle, high = (
        EXACT.subtract(now, one.cost(_lasting(moved, factor))) for factor in (ARM64_SLOWEST, Decimal(1), ARM64_FASTEST)
    )
    arm, x86 = one.prices.durations["arm64"][0].rate, one.rate
    figures = f"{_figure(gb_seconds(usage.billed_mb_ms))} GB-s x ({x86:f} - {arm:f})"
    said = f"{figures} where durations stay; measured moves made them {ARM64_FASTEST} to {ARM64_SLOWEST} times as long"
    if not month.runtime or month.layers:
        unknown = "its layers may have no arm64 build" if month.layers else "its runtime is not known (an image?)"
        yield replace(
            one.between("arm64 instead of x86_64", now, (None, None, None), LOW, f"{said}; not claimed: {unknown}"),
            unknown=unknown,
        )  # fmt: skip
    elif middle > 0:
        found = one.between("arm64 instead of x86_64", now, (low, middle, high), MEDIUM, said)
        unknown = "native libraries must exist for arm64"
        unknown += "" if month.layers is not None else "; layers, where it has any, too"
        yield replace(found, unknown=unknown)


def _lasting(usage: Usage, factor: Decimal) -> Usage:
    """The usage with calls so many times as long."""

    def scaled(amount: int) -> int:
        return int((amount * factor).to_integral_value(ROUND_HALF_UP))

    return replace(
        usage, billed_ms=scaled(usage.billed_ms), billed_mb_ms=scaled(usage.billed_mb_ms),
        provisioned_billed_ms=scaled(usage.provisioned_billed_ms),
        provisioned_billed_mb_ms=scaled(usage.provisioned_billed_mb_ms),
    )  # fmt: skip


def least_mb(max_memory_mb: int) -> int:
    """The smallest size that still holds what was used, and a margin."""
    wanted = (max_memory_mb * MEMORY_MARGIN / _STEP_MB).to_integral_value(ROUND_CEILING) * _STEP_MB
    return max(_LEAST_MB, int(wanted))


def _memory(one: _Subject) -> Iterator[Recommendation]:
    """The size whose saving is surest; the smallest that would do, without a claim, where none is sure.

    A larger size is as good: it is proposed where it costs no more and is faster. Requests do not change with memory.
    """
    month, usage = one.month, one.month.usage
    if not month.memory_mb or not month.max_memory_mb or not usage.billed_mb_ms or not month.duration_ms:
        return
    least = least_mb(month.max_memory_mb)
    sizes = {each for each in (*_SIZES, *(own.memory_mb for own in month.measured)) if each >= least}
    if least < month.memory_mb:
        sizes.add(least)
    # The range's costlier end goes by memory times duration: the sure saving is largest where that is least.
    candidates = sorted(sizes - {month.memory_mb})
    if not candidates:
        return
    best = min(candidates, key=lambda size: size * slowdown(month, size)[0][2])
    found = _resized(one, best, least)
    if found.low is not None and found.low >= 0 and _worth(found, month.memory_mb):
        yield found
    elif least * 2 <= month.memory_mb:
        yield found if best == least else _resized(one, least, least)


def slowdown(month: FunctionMonth, size: int) -> tuple[tuple[float, float, float], str]:
    """How much longer a call takes at another size (low, middle, high), and what that rests on.

    Raises ``ValueError`` where memory or duration is not known.
    """
    if not month.memory_mb or not month.duration_ms:
        raise ValueError(f"{month.usage.function}: its memory or duration is not known")
    own = next((each for each in month.measured if each.memory_mb == size), None)
    if own is not None:
        return (own.low, own.middle, own.high), own.evidence
    told = duration_at(month.duration_ms, month.memory_mb, size)
    slower = (told.low_ms / month.duration_ms, told.middle_ms / month.duration_ms, told.high_ms / month.duration_ms)
    return slower, "a curve of how real functions follow their share of a CPU; this one was not seen at another size"


def at_memory(usage: Usage, memory_mb: int, size: int, slower: float) -> Usage:
    """The usage at another size, with calls so many times as long. Requests stay."""
    part = Decimal(size) / memory_mb
    longer = _lasting(usage, Decimal(repr(round(slower, 6))))
    return replace(
        longer,
        memory_mb=size,
        billed_mb_ms=longer.billed_ms * size,  # also what ran at yet another size earlier in the month
        provisioned_billed_mb_ms=longer.provisioned_billed_ms * size,
        provisioned_mb_ms=int(longer.provisioned_mb_ms * part),
        metered=tuple((name, int(amount * part) if name == SNAPSTART_CACHE else amount)
                      for name, amount in longer.metered),
    )  # fmt: skip


def changed_month(month: FunctionMonth, change: WhatIf) -> Usage:
    """A month under a typed change, at the end of the range of durations that costs most: what advice claims by.

    Raises ``ValueError`` for what recorded usage cannot tell.
    """
    wanted, usage = dict(change.changes), month.usage
    size, arch = wanted.pop("memory_mb", None), wanted.get("arch")
    if size is not None and size != month.memory_mb and (usage.billed_ms or usage.provisioned_billed_ms):
        (_, _, high), _ = slowdown(month, size)
        usage = at_memory(usage, month.memory_mb or size, size, high)
    elif size is not None and size != month.memory_mb:
        wanted["memory_mb"] = size
    if arch == "arm64" and usage.arch != "arm64":
        usage = _lasting(usage, ARM64_SLOWEST)
    return WhatIf(change.label, tuple(wanted.items())).applied_to_usage(usage)


def _worth(one: Recommendation, memory_mb: int) -> bool:
    """Cheaper; or no dearer, and faster even by the range's worse end."""
    larger_and_faster = (one.memory_mb or 0) > memory_mb and one.slower is not None and one.slower[2] < 1
    return (one.low or _ZERO) > 0 or larger_and_faster


def _resized(one: _Subject, size: int, least: int) -> Recommendation:
    month, usage = one.month, one.month.usage
    assert month.memory_mb
    assert month.duration_ms
    slower, evidence = slowdown(month, size)
    own = any(each.memory_mb == size for each in month.measured)
    part = Decimal(size) / month.memory_mb

    def cost(factor: float) -> Decimal:
        assert month.memory_mb
        return one.cost(at_memory(usage, month.memory_mb, size, factor))

    now = one.cost()
    low, middle, high = (EXACT.subtract(now, cost(factor)) for factor in reversed(slower))
    found = one.between(
        f"{size} MB instead of {month.memory_mb}", now, (low, middle, high), MEDIUM if own else LOW,
        f"{month.max_memory_mb} MB used at most x {MEMORY_MARGIN} needs {least} MB; a call takes {slower[0]:.2f} to"
        f" {slower[2]:.2f} times as long (middle {slower[1]:.2f}), by {evidence}; it pays below {1 / part:.2f}",
    )  # fmt: skip
    unknown = "" if found.saves is not None else "whether it saves: the range of durations is too wide"
    return replace(found, memory_mb=size, evidence=evidence, slower=slower, unknown=unknown)


def _savings_plan(one: _Subject) -> Iterator[Recommendation]:
    factor = (one.prices.other.get("savings_plan") or {}).get("duration")
    if factor is None or not (one.month.usage.billed_mb_ms or one.month.usage.provisioned_mb_ms):
        return
    now, then = one.cost(), one.cost(plan=Decimal(1))
    hourly = (then * 3_600_000 / one.month.month_ms).quantize(Decimal("0.0001"))
    yield one.saving(
        "Compute Savings Plan, no upfront", now, then, MEDIUM,
        f"{1 - Decimal(factor):.0%} off duration and provisioned concurrency, not off requests; commits you to about"
        f" {hourly:f} {one.prices.currency} an hour for a year, used or not",
    )  # fmt: skip


def _provisioned_off(one: _Subject) -> Iterator[Recommendation]:
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


def _provisioned_on(one: _Subject) -> Iterator[Recommendation]:
    """As many environments as are busy all the time, by the mean concurrency of the month."""
    usage = one.month.usage
    break_even = provisioned_break_even(one.prices, usage.arch or DEFAULT_ARCH)
    if usage.provisioned_mb_ms or break_even is None or not one.month.memory_mb:
        return
    environments, part = divmod(usage.billed_ms, one.month.month_ms)
    if not environments:
        return
    moved = environments * one.month.month_ms
    on = replace(
        usage,
        requests=usage.requests - (asked := usage.requests * moved // usage.billed_ms),
        provisioned_requests=asked,
        billed_ms=part,
        billed_mb_ms=usage.billed_mb_ms - (used := usage.billed_mb_ms * moved // usage.billed_ms),
        provisioned_billed_ms=moved,
        provisioned_billed_mb_ms=used,
        provisioned_mb_ms=environments * one.month.memory_mb * one.month.month_ms,
    )
    now, then = one.cost(), one.cost(on)
    if now > then:
        yield one.saving(
            f"{environments:,} provisioned environments", now, then, LOW,
            f"{Decimal(usage.billed_ms) / one.month.month_ms:.1f} run at any time on average; pays while they are busy"
            f" more than {break_even:.1%} of the time; traffic assumed even",
        )  # fmt: skip


def _timeouts(one: _Subject) -> Iterator[Recommendation]:
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


def _retries(one: _Subject) -> Iterator[Recommendation]:
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


def _cold_starts(one: _Subject) -> Iterator[Recommendation]:
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


def _snapstart(one: _Subject) -> Iterator[Recommendation]:
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
    cache = gb_seconds(month.memory_mb * one.month.month_ms) * Decimal(rates["cache"]) if not free else _ZERO
    restore = Decimal(month.cold_starts * month.memory_mb) / 1024 * Decimal(rates["restore"]) if not free else _ZERO
    now = one.cost()
    init = min(EXACT.multiply(gb_seconds(month.init_ms * month.memory_mb), one.rate), now)
    then = EXACT.add(EXACT.subtract(now, init), EXACT.add(cache, restore))
    said = "free for Java" if free else f"cache {cache:.2f} + restores {restore:.2f}"
    yield one.saving(
        "SnapStart, one version", now, then, LOW,
        f"init {init:.2f} saved, {said}; restore time assumed small; it is for latency where it costs more",
    )  # fmt: skip


def _stale_versions(one: _Subject) -> Iterator[Recommendation]:
    month = one.month
    rate = (one.prices.other.get("snapstart") or {}).get("cache")
    stale = month.snapstart_versions - month.snapstart_used
    if stale <= 0 or not rate or not month.memory_mb or (month.runtime or "").startswith("java"):
        return
    kept = gb_seconds(stale * month.memory_mb * one.month.month_ms)
    cost = EXACT.multiply(kept, Decimal(rate))
    now = EXACT.add(one.cost(), cost) if "snapstart_cache" not in dict(month.usage.metered) else one.cost()
    cost = min(cost, now)  # versions may be smaller than the function is now
    yield one.saving(
        f"delete {stale} stale SnapStart version{'s' if stale > 1 else ''}", now, EXACT.subtract(now, cost), HIGH,
        f"{stale} x {month.memory_mb:,} MB cached for the month = {_figure(kept)} GB-s x {Decimal(rate):f}",
    )  # fmt: skip


def _log_class(one: _Subject) -> Iterator[Recommendation]:
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


def _log_retention(one: _Subject) -> Iterator[Recommendation]:
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


RULES: Sequence[Callable[[_Subject], Iterator[Recommendation]]] = (
    _arm64, _memory, _savings_plan, _provisioned_off, _provisioned_on, _timeouts, _retries, _cold_starts, _snapstart,
    _stale_versions, _log_class, _log_retention,
)  # fmt: skip


def _figure(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.3g}"
