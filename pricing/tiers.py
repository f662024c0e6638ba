"""Duration tiers: the price of a GB-second falls with a month's amount, for a group as a whole."""

from collections.abc import Sequence

from collectors.model.units import MB_MS_PER_GB_SECOND
from pricing.free_tier import share
from pricing.pricebook import Tier


def amounts(mb_ms: int, steps: Sequence[Tier]) -> list[int]:
    """How many of ``mb_ms`` MB-milliseconds fall into each tier, from the first."""
    return parts(mb_ms, [step.above_gb_seconds * MB_MS_PER_GB_SECOND for step in steps])


def are_crossed(mb_ms: int, steps: Sequence[Tier]) -> bool:
    """Whether an amount of MB-milliseconds reaches beyond the first tier."""
    return len(steps) > 1 and mb_ms > steps[1].above_gb_seconds * MB_MS_PER_GB_SECOND


def parts(amount: int, lower: Sequence[int]) -> list[int]:
    """How much of ``amount`` falls into each tier; ``lower`` is where each begins, from 0."""
    upper = [*lower[1:], max(amount, lower[-1])]
    return [max(0, min(amount, end) - begin) for begin, end in zip(lower, upper, strict=True)]


def split(billable: Sequence[int], steps: Sequence[Tier]) -> list[tuple[int, ...]]:
    """Each member's MB-milliseconds by tier, where the tiers count for the members together.

    Every tier is shared in proportion, in whole MB-milliseconds, so that the rows sum to ``billable`` and the columns
    to the tiers' amounts. Tiers beyond the last that was reached are left out.
    """
    if not are_crossed(sum(billable), steps):
        return [(mb_ms,) for mb_ms in billable]  # nearly every group: nothing to share
    return split_parts(billable, amounts(sum(billable), steps))


def split_parts(billable: Sequence[int], tiers: Sequence[int]) -> list[tuple[int, ...]]:
    """Each member's share of each tier, in proportion to what it has left; see ``split``."""
    columns: list[list[int]] = []
    left = list(billable)
    for amount in tiers:
        if columns and not amount:
            break
        part = share(amount, left)
        left = [rest - taken for rest, taken in zip(left, part, strict=True)]
        columns.append(part)
    return list(zip(*columns, strict=True))
