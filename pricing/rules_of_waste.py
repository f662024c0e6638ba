"""What is paid for and of no use, or cheaper otherwise: commitments, provisioned concurrency, failures, cold starts."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from collectors.model.units import HOUR_MS, MB_PER_GB
from pricing.dimensions import SNAPSTART_CACHE
from pricing.function_month import HIGH, LOW, MEDIUM, Subject, SuggestedChange, figure
from pricing.pricebook import RegionPrices
from pricing.usage import DEFAULT_ARCH, EXACT, Usage, gb_seconds

_ZERO = Decimal(0)
_IDLE = Decimal("0.000001")


def provisioned_break_even(prices: RegionPrices, arch: str) -> Decimal | None:
    """The part of the time that provisioned concurrency must be busy to be no dearer than on demand, 0 to 1.

    Configured concurrency costs c for each GB-second that it stands and d for each that it works; on demand costs o:
    c + u d = u o, so u = c / (o - d). None where a rate is not public.
    """
    rates, tiers = prices.provisioned.get(arch), prices.durations.get(arch)
    if not rates or not tiers or tiers[0].rate <= rates.duration:
        return None
    return EXACT.divide(rates.configured, tiers[0].rate - rates.duration).quantize(Decimal("0.0001"))


def savings_plan(subject: Subject) -> Iterator[SuggestedChange]:
    """A Compute Savings Plan for a year without upfront payment (AWS Savings Plans pricing, "Lambda")."""
    factor = (subject.prices.other.get("savings_plan") or {}).get("duration")
    if factor is None or not (subject.month.usage.billed_mb_ms or subject.month.usage.provisioned_mb_ms):
        return
    now, then = subject.cost(), subject.cost(plan=Decimal(1))
    hourly = (then * HOUR_MS / subject.month.month_ms).quantize(Decimal("0.0001"))
    yield subject.saving(
        "Compute Savings Plan, no upfront", now, then, MEDIUM,
        f"{1 - Decimal(factor):.0%} off duration and provisioned concurrency, not off requests; commits you to about"
        f" {hourly:f} {subject.prices.currency} an hour for a year, used or not",
    )  # fmt: skip


def provisioned_off(subject: Subject) -> Iterator[SuggestedChange]:
    """Provisioned concurrency that is busy for less than its break-even."""
    usage = subject.month.usage
    break_even = provisioned_break_even(subject.prices, usage.arch or DEFAULT_ARCH)
    if not usage.provisioned_mb_ms or break_even is None or not subject.month.busy_known:
        return
    busy = Decimal(usage.provisioned_billed_mb_ms) / usage.provisioned_mb_ms
    without = replace(
        usage,
        requests=usage.requests + usage.provisioned_requests,
        billed_ms=usage.billed_ms + usage.provisioned_billed_ms,
        billed_mb_ms=usage.billed_mb_ms + usage.provisioned_billed_mb_ms,
        provisioned_mb_ms=0, provisioned_requests=0, provisioned_billed_ms=0, provisioned_billed_mb_ms=0,
    )  # fmt: skip
    now, then = subject.cost(), subject.cost(without)
    if now > then:
        name = "no provisioned concurrency: it is idle" if busy < _IDLE else "no provisioned concurrency"
        yield subject.saving(
            name, now, then, HIGH,
            f"busy {busy:.1%} of the time, pays from {break_even:.1%} on; without it there are cold starts",
        )  # fmt: skip


def provisioned_on(subject: Subject) -> Iterator[SuggestedChange]:
    """As many environments as are busy all the time, by the mean concurrency of the month."""
    usage = subject.month.usage
    break_even = provisioned_break_even(subject.prices, usage.arch or DEFAULT_ARCH)
    if usage.provisioned_mb_ms or break_even is None or not subject.month.memory_mb:
        return
    environments, part = divmod(usage.billed_ms, subject.month.month_ms)
    if not environments:
        return
    moved = environments * subject.month.month_ms
    on = replace(
        usage,
        requests=usage.requests - (asked := usage.requests * moved // usage.billed_ms),
        provisioned_requests=asked,
        billed_ms=part,
        billed_mb_ms=usage.billed_mb_ms - (used := usage.billed_mb_ms * moved // usage.billed_ms),
        provisioned_billed_ms=moved,
        provisioned_billed_mb_ms=used,
        provisioned_mb_ms=environments * subject.month.memory_mb * subject.month.month_ms,
    )
    now, then = subject.cost(), subject.cost(on)
    if now > then:
        change = subject.saving(
            f"{environments:,} provisioned environments", now, then, LOW,
            f"{Decimal(usage.billed_ms) / subject.month.month_ms:.1f} run at any time on average; pays while they are"
            f" busy more than {break_even:.1%} of the time; traffic assumed even",
        )  # fmt: skip
        yield replace(change, environments=environments)


def timeouts(subject: Subject) -> Iterator[SuggestedChange]:
    """What invocations cost that ran until their timeout: the most that ending them sooner saves."""
    month = subject.month
    if not month.timeouts or not month.timeout_s or not month.memory_mb or subject.rate is None:
        return
    wasted = gb_seconds(month.timeouts * month.timeout_s * 1000 * month.memory_mb)
    cost = min(EXACT.multiply(wasted, subject.rate), subject.cost())
    yield replace(
        subject.at_most("nothing runs into the timeout", _ZERO, cost, MEDIUM,
        f"{month.timeouts:,} timeouts x {month.timeout_s:,} s x {month.memory_mb:,} MB = {figure(wasted)} GB-s"
        f" x {subject.rate:f}; billed to the end and answered nothing"),
        unknown="how long these calls take when they end well: the saving is at most all of their cost",
    )  # fmt: skip


def retries(subject: Subject) -> Iterator[SuggestedChange]:
    """An asynchronous event is tried three times: a failure that always fails is paid for thrice."""
    month, usage = subject.month, subject.month.usage
    if not month.retried or not usage.requests:
        return
    part = (Decimal(min(month.retried, usage.requests)) / usage.requests).quantize(Decimal("1e-9"))
    now = subject.cost()
    # What stands configured is paid for whether anything fails or not.
    ran = subject.cost(replace(usage, provisioned_mb_ms=0, metered=()))
    asked = subject.cost(replace(usage, provisioned_mb_ms=0, metered=(), billed_ms=0, billed_mb_ms=0,
                             provisioned_billed_ms=0, provisioned_billed_mb_ms=0))  # fmt: skip
    beside = subject.cost(Usage(usage.function, usage.account, usage.region, usage.arch))
    low, high = (EXACT.multiply(EXACT.subtract(each, beside), part) for each in (asked, ran))
    yield replace(
        subject.at_most("failures are not tried again", low, min(high, now), MEDIUM,
        f"{month.retried:,} of {month.failures:,} failures were repeats of one event, {part:.2%} of all requests;"
        " their requests are saved in any case, their duration if they are as long as the mean;"
        " set retries to 0, or send what cannot succeed to a dead-letter queue"),
        unknown="how long the repeats were",
    )  # fmt: skip


def cold_starts(subject: Subject) -> Iterator[SuggestedChange]:
    """What init costs, which is billed since August 2025: the most that faster starts save."""
    month, usage = subject.month, subject.month.usage
    if not month.init_ms or not month.memory_mb or subject.rate is None or not usage.billed_mb_ms:
        return
    spent = gb_seconds(month.init_ms * month.memory_mb)
    now = subject.cost()
    cost = min(EXACT.multiply(spent, subject.rate), now)
    if month.usage.billed_ms < month.init_ms or not now:
        return
    yield replace(
        subject.at_most("no init in cold starts", _ZERO, cost, LOW,
        f"{month.cold_starts:,} cold starts, {month.init_ms:,} ms of init x {month.memory_mb:,} MB ="
        f" {figure(spent)} GB-s x {subject.rate:f}: {cost / now:.1%} of the bill, the most that faster starts can"
        " save"),
        unknown="how much of the init can go",
    )  # fmt: skip


def snapstart_is_offered(runtime: str) -> bool:
    """Whether Lambda has SnapStart for a runtime: Java 11, Python 3.12 and .NET 8, and later ones (developer guide)."""
    offered = ("java", "dotnet8", "dotnet10", "python3.12", "python3.13", "python3.14")
    return runtime.startswith(offered) and not runtime.startswith("java8")


def snapstart(subject: Subject) -> Iterator[SuggestedChange]:
    """SnapStart on: its cache and restores against the init that it saves."""
    month = subject.month
    rates = subject.prices.other.get("snapstart") or {}
    runtime = month.runtime or ""
    offered = snapstart_is_offered(runtime)
    known = rates.get("cache") and rates.get("restore") and subject.rate is not None
    if not known or not offered or month.snapstart_versions or not month.init_ms or not month.memory_mb:
        return
    assert subject.rate is not None
    free = runtime.startswith("java")
    cache = gb_seconds(month.memory_mb * subject.month.month_ms) * Decimal(rates["cache"]) if not free else _ZERO
    restore = (
        Decimal(month.cold_starts * month.memory_mb) / MB_PER_GB * Decimal(rates["restore"]) if not free else _ZERO
    )
    now = subject.cost()
    init = min(EXACT.multiply(gb_seconds(month.init_ms * month.memory_mb), subject.rate), now)
    then = EXACT.add(EXACT.subtract(now, init), EXACT.add(cache, restore))
    costs = "free for Java" if free else f"cache {cache:.2f} + restores {restore:.2f}"
    yield subject.saving(
        "SnapStart, one version", now, then, LOW,
        f"init {init:.2f} saved, {costs}; restore time assumed small; it is for latency where it costs more",
    )  # fmt: skip


def stale_versions(subject: Subject) -> Iterator[SuggestedChange]:
    """SnapStart snapshots of published versions that nothing invoked in the month."""
    month = subject.month
    rate = (subject.prices.other.get("snapstart") or {}).get("cache")
    stale = month.snapstart_versions - month.snapstart_used
    if stale <= 0 or not rate or not month.memory_mb or (month.runtime or "").startswith("java"):
        return
    cached_gb_seconds = gb_seconds(stale * month.memory_mb * subject.month.month_ms)
    cost = EXACT.multiply(cached_gb_seconds, Decimal(rate))
    now = EXACT.add(subject.cost(), cost) if SNAPSTART_CACHE not in dict(month.usage.metered) else subject.cost()
    cached = subject.cost(
        replace(month.usage, metered=tuple(each for each in month.usage.metered if each[0] != SNAPSTART_CACHE))
    )
    if SNAPSTART_CACHE in dict(month.usage.metered):
        cost = min(cost, EXACT.subtract(now, cached))  # versions may be smaller than the function is now
    yield subject.saving(
        f"delete {stale} stale SnapStart version{'s' if stale > 1 else ''}", now, EXACT.subtract(now, cost), HIGH,
        f"{stale} x {month.memory_mb:,} MB cached for the month = {figure(cached_gb_seconds)} GB-s x {Decimal(rate):f}",
    )  # fmt: skip
