"""What would be cheaper: each change with its dollars a month as a range, how sure that is, and the arithmetic.

Everything is at list price before any free tier, so that savings do not hang on who draws the free tier first. What is
claimed is the lower end of the range. A rule is one function, listed in ``RULES``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from pricing.function_month import BASIS, MONTH_MS, FunctionMonth, Measured, Subject, SuggestedChange
from pricing.pricebook import PriceBook, UnknownRegion
from pricing.rules_of_logs import log_class, log_retention, logs_dearer
from pricing.rules_of_size import arm64, changed_month, least_mb, memory
from pricing.rules_of_waste import (
    cold_starts,
    provisioned_break_even,
    provisioned_off,
    provisioned_on,
    retries,
    savings_plan,
    snapstart,
    stale_versions,
    timeouts,
)
from pricing.usage import DEFAULT_ARCH, DEFAULT_REGION

__all__ = [
    "BASIS", "MONTH_MS", "RULES", "FunctionMonth", "Measured", "SuggestedChange", "changed_month", "least_mb",
    "provisioned_break_even", "recommendations",
]  # fmt: skip

RULES: Sequence[Callable[[Subject], Iterator[SuggestedChange]]] = (
    arm64, memory, savings_plan, provisioned_off, provisioned_on, timeouts, retries, cold_starts, snapstart,
    stale_versions, logs_dearer, log_class, log_retention,
)  # fmt: skip


def recommendations(month: FunctionMonth, book: PriceBook) -> tuple[SuggestedChange, ...]:
    """Every change that applies to the function, the most dollars first. Empty where its region has no prices."""
    known = month.usage.arch is not None
    usage = replace(month.usage, region=month.usage.region or DEFAULT_REGION, arch=month.usage.arch or DEFAULT_ARCH)
    try:
        prices = book.region(usage.region)
    except UnknownRegion:
        return ()
    one = Subject(replace(month, usage=usage), prices, book, known)
    found = [replace(each, rule=rule.__name__) for rule in RULES for each in rule(one)]
    return tuple(sorted(found, key=lambda each: -(each.saves or Decimal(0))))
