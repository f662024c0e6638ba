"""What the store says was used, by account, region, day and dimension: the usage side of reconciling."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from lambdatui.views.configured_usage import Configured, split
from lambdatui.views.month import days_of
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, day_of, month_start_ms
from lambdatui.views.view import coverage_of

if TYPE_CHECKING:
    from collectors.store.reader import Reader
    from collectors.store.rows import DayUsage, FunctionRow
    from pricing.usage import Usage


@dataclass(frozen=True, slots=True)
class UsedDays:
    """Each UTC day's usage, one for each account, region, architecture and storage; functions are added up.

    ``coverage`` is REPORTs seen divided by invocations counted, of each day and of all. ``collected`` are the accounts
    and regions that the store knows functions of.
    """

    days: "tuple[tuple[date, Usage], ...]"
    coverage: dict[date, float]
    covered: float | None
    collected: frozenset[tuple[str, str]]


def used_days(reader: "Reader", first_ms: int, last_ms: int, narrow: Narrow) -> UsedDays:
    """The days from the first of ``first_ms``'s month on, because the free tier begins there, until ``last_ms``."""
    functions = reader.functions()
    chosen = narrow.chosen(functions)
    collected = frozenset((row.function.key.account, row.function.key.region) for row in functions)
    if last_ms <= first_ms:
        return UsedDays((), {}, None, collected)
    standing = Configured(reader, functions)
    used = reader.daily_usage(month_start_ms(first_ms), last_ms, [row.id for row in chosen])
    counts: dict[date, list[int]] = {}
    for one in used:
        seen = counts.setdefault(day_of(one.day_ms), [0, 0])
        seen[0] += one.reports
        seen[1] += one.invocations
    coverage = {day: part for day, seen in counts.items() if (part := coverage_of(*seen)) is not None}
    days = _by_place([*_split(used, functions, standing, last_ms), *_standing(standing, first_ms, last_ms, chosen)])
    reports, counted = sum(one.reports for one in used), sum(one.invocations for one in used)
    return UsedDays(tuple(days), coverage, coverage_of(reports, counted), collected)


def _split(
    used: "Sequence[DayUsage]", functions: "Sequence[FunctionRow]", standing: Configured, last_ms: int
) -> "Iterator[tuple[date, Usage]]":
    """Each day's usage, the part of it that provisioned concurrency served apart, as the month's bill has it."""
    shares: dict[int, dict[int, float]] = {}
    for one, (day, usage) in zip(used, days_of(used, functions), strict=True):
        month = month_start_ms(one.day_ms)
        if month not in shares:
            shares[month] = standing.shares(month, min(last_ms, month_start_ms(month + 32 * DAY_MS)))
        yield day, split(usage, shares[month].get(one.function_id))


def _standing(
    standing: Configured, first_ms: int, last_ms: int, chosen: "Sequence[FunctionRow]"
) -> "Iterator[tuple[date, Usage]]":
    """What stood configured; logs are on CloudWatch's bill."""
    ids = {row.id for row in chosen}
    for day_ms, usage in standing.days(month_start_ms(first_ms), last_ms, ids) if last_ms > first_ms else ():
        yield day_of(day_ms), usage


_ADDED = (
    "requests", "billed_ms", "billed_mb_ms", "provisioned_mb_ms", "provisioned_requests", "provisioned_billed_ms",
    "provisioned_billed_mb_ms",
)  # fmt: skip


def _by_place(days: "Iterable[tuple[date, Usage]]") -> "list[tuple[date, Usage]]":
    """A day's functions in one usage for each account, region, architecture and storage: AWS's bill has no functions.

    Each day is billed with all before it, and 500 functions would take seconds.
    """
    together: dict[tuple[object, ...], tuple[date, list[Usage]]] = {}
    for day, one in days:
        together.setdefault((day, one.account, one.region, one.arch, one.ephemeral_mb), (day, []))[1].append(one)
    return [(day, _added(of)) for day, of in together.values()]


def _added(of: "Sequence[Usage]") -> "Usage":
    metered: dict[str, int] = {}
    for name, amount in (each for one in of for each in one.metered):
        metered[name] = metered.get(name, 0) + amount
    sums = {name: sum(getattr(one, name) for one in of) for name in _ADDED}
    return replace(of[0], function="", metered=tuple(metered.items()), **sums)
