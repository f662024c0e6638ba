"""What another size or architecture saves, by a range of how much longer or shorter calls become."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from collectors.model.units import COMMON_MEMORY_MB, LEAST_MEMORY_MB
from pricing.dimensions import SNAPSTART_CACHE
from pricing.function_month import LOW, MEDIUM, FunctionMonth, Subject, SuggestedChange, figure
from pricing.memory_model import duration_at
from pricing.usage import EXACT, Usage, gb_seconds
from pricing.whatif import WhatIf

MEMORY_MARGIN = Decimal("1.25")  # room above the most that was used
_STEP_MB = 64
_ZERO = Decimal(0)
# What moving to arm64 saved of duration's cost where it was measured: 5.8% to 25.6%, at a price that is 20% lower.
# So durations went to between 0.744 / 0.8 and 0.942 / 0.8 of what they were.
ARM64_FASTEST, ARM64_SLOWEST = Decimal("0.93"), Decimal("1.1775")
_X86_ONLY = re.compile(
    r"go1\.x|provided|java8|python(2\.7|3\.[67])|nodejs(10\.x|8\.10|6\.10|4\.3.*)?|dotnetcore[12]\..|ruby2\.5"
)


def arm64(subject: Subject) -> Iterator[SuggestedChange]:
    """The same function on the other architecture, unless it is not known which one it has."""
    month, usage = subject.month, subject.month.usage
    if (
        not subject.arch_known
        or usage.arch != "x86_64"
        or not usage.billed_mb_ms
        or "arm64" not in subject.prices.durations
    ):
        return
    if month.runtime and _X86_ONLY.fullmatch(month.runtime):
        return
    moved = replace(usage, arch="arm64")
    now = subject.cost()
    low, middle, high = (
        EXACT.subtract(now, subject.cost(lasting(moved, factor)))
        for factor in (ARM64_SLOWEST, Decimal(1), ARM64_FASTEST)
    )
    arm, x86 = subject.prices.durations["arm64"][0].rate, subject.rate
    figures = f"{figure(gb_seconds(usage.billed_mb_ms))} GB-s x ({x86:f} - {arm:f})"
    evidence = (
        f"{figures} where durations stay; measured moves made them {ARM64_FASTEST} to {ARM64_SLOWEST} times as long"
    )
    if not month.runtime or month.layers:
        unknown = "its layers may have no arm64 build" if month.layers else "its runtime is not known (an image?)"
        yield replace(
            subject.between(
                "arm64 instead of x86_64", now, (None, None, None), LOW, f"{evidence}; not claimed: {unknown}",
            ),
            unknown=unknown,
        )  # fmt: skip
    elif middle > 0:
        recommendation = subject.between("arm64 instead of x86_64", now, (low, middle, high), MEDIUM, evidence)
        unknown = "native libraries must exist for arm64"
        unknown += "" if month.layers is not None else "; layers, where it has any, too"
        yield replace(recommendation, unknown=unknown)


def lasting(usage: Usage, factor: Decimal) -> Usage:
    """The usage with calls that take ``factor`` times as long."""

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
    return max(LEAST_MEMORY_MB, int(wanted))


def memory(subject: Subject) -> Iterator[SuggestedChange]:
    """The size whose saving is surest; the smallest that would do, without a claim, where none is sure.

    A larger size is as good: it is proposed where it costs no more and is faster. Requests do not change with memory.
    """
    month, usage = subject.month, subject.month.usage
    if not month.memory_mb or not month.max_memory_mb or not usage.billed_mb_ms or not month.duration_ms:
        return
    least = least_mb(month.max_memory_mb)
    sizes = {each for each in (*COMMON_MEMORY_MB, *(own.memory_mb for own in month.measured)) if each >= least}
    if least < month.memory_mb:
        sizes.add(least)
    # The range's costlier end goes by memory times duration: the sure saving is largest where that is least.
    candidates = sorted(sizes - {month.memory_mb})
    if not candidates:
        return
    best = min(candidates, key=lambda size: size * slowdown(month, size)[0][2])
    recommendation = _resized(subject, best, least)
    if recommendation.low is not None and recommendation.low >= 0 and _worth(recommendation, month.memory_mb):
        yield recommendation
    elif least * 2 <= month.memory_mb:
        yield recommendation if best == least else _resized(subject, least, least)


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
    longer = lasting(usage, Decimal(repr(round(slower, 6))))
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
        usage = lasting(usage, ARM64_SLOWEST)
    return WhatIf(change.label, tuple(wanted.items())).applied_to_usage(usage)


def _worth(recommendation: SuggestedChange, memory_mb: int) -> bool:
    """Whether a size is worth proposing: it is cheaper, or larger and faster even at the worse end of the range."""
    larger_and_faster = (
        (recommendation.memory_mb or 0) > memory_mb
        and recommendation.slower is not None
        and recommendation.slower[2] < 1
    )
    return (recommendation.low or _ZERO) > 0 or larger_and_faster


def _resized(subject: Subject, size: int, least: int) -> SuggestedChange:
    month, usage = subject.month, subject.month.usage
    assert month.memory_mb
    assert month.duration_ms
    slower, evidence = slowdown(month, size)
    own = any(each.memory_mb == size for each in month.measured)
    part = Decimal(size) / month.memory_mb

    def cost(factor: float) -> Decimal:
        assert month.memory_mb
        return subject.cost(at_memory(usage, month.memory_mb, size, factor))

    now = subject.cost()
    low, middle, high = (EXACT.subtract(now, cost(factor)) for factor in reversed(slower))
    recommendation = subject.between(
        f"{size} MB instead of {month.memory_mb}", now, (low, middle, high), MEDIUM if own else LOW,
        f"{month.max_memory_mb} MB used at most x {MEMORY_MARGIN} needs {least} MB; a call takes {slower[0]:.2f} to"
        f" {slower[2]:.2f} times as long (middle {slower[1]:.2f}), by {evidence}; it pays below {1 / part:.2f}",
    )  # fmt: skip
    unknown = "" if recommendation.saves is not None else "whether it saves: the range of durations is too wide"
    return replace(recommendation, memory_mb=size, evidence=evidence, slower=slower, unknown=unknown)
