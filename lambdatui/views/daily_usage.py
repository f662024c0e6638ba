"""What the store says was used, by account, region, day and dimension: the usage side of reconciling."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import day_of, month_start_ms
from lambdatui.views.usage import days, usages
from lambdatui.views.view import coverage_of

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
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


def used_days(reader: "Reader", first_ms: int, last_ms: int, scope: Scope) -> UsedDays:
    """The days from the first of ``first_ms``'s month on, because the free tier begins there, until ``last_ms``."""
    functions = reader.functions()
    ids = {row.id for row in scope.chosen(functions)}
    collected = frozenset((row.function.key.account, row.function.key.region) for row in functions)
    if last_ms <= first_ms:
        return UsedDays((), {}, None, collected)
    begin = month_start_ms(first_ms)
    used = days(reader, begin, last_ms)
    coverage = {
        day_of(day_ms): part
        for day_ms in sorted(used)
        if (part := coverage_of(*usages(reader, day_ms, min(last_ms, day_ms + DAY_MS)).coverage(ids))) is not None
    }
    mine = _by_place((day_of(day_ms), one) for day_ms, rows in used.items() for each, one, _ in rows if each in ids)
    return UsedDays(tuple(mine), coverage, coverage_of(*usages(reader, begin, last_ms).coverage(ids)), collected)


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
