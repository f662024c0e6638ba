"""Duration tiers: the price of a GB-second falls with a month's amount, for a group as a whole."""

from collections.abc import Sequence

from pricing.free_tier import share
from pricing.pricebook import Tier
from pricing.usage import MB_MS_PER_GB_SECOND


def amounts(mb_ms: int, steps: Sequence[Tier]) -> list[int]:
    """How many of ``mb_ms`` MB-milliseconds fall into each tier, from the first."""
    lower = [step.above_gb_seconds * MB_MS_PER_GB_SECOND for step in steps]
    upper = [*lower[1:], max(mb_ms, lower[-1])]
    return [max(0, min(mb_ms, end) - begin) for begin, end in zip(lower, upper, strict=True)]


def split(billable: Sequence[int], steps: Sequence[Tier]) -> list[tuple[int, ...]]:
    """Each member's MB-milliseconds by tier, where the tiers count for the members together.

    Every tier is shared in proportion, in whole MB-milliseconds, so that the rows sum to ``billable`` and the columns
    to the tiers' amounts. Tiers beyond the last that was reached are left out.
    """
    if len(steps) == 1 or sum(billable) <= steps[1].above_gb_seconds * MB_MS_PER_GB_SECOND:
        return [(mb_ms,) for mb_ms in billable]  # nearly every group: nothing is crossed, nothing to share
    columns: list[list[int]] = []
    left = list(billable)
    for amount in amounts(sum(billable), steps):
        if columns and not amount:
            break
        part = share(amount, left)
        left = [rest - taken for rest, taken in zip(left, part, strict=True)]
        columns.append(part)
    return list(zip(*columns, strict=True))
