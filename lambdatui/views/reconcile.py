"""Our bill beside AWS's, day by day: what the store says each day added, and what an export says was charged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store import account_rows
from lambdatui.views.columns import columns
from lambdatui.views.configured_usage import Configured, split
from lambdatui.views.month import days_of
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, View, coverage_of
from pricing.dimensions import LOGS_STORAGE
from pricing.reconciliation import Reconciled, reconcile, summed

if TYPE_CHECKING:
    from collectors.store.reader import Reader
    from collectors.store.rows import DayUsage, FunctionRow
    from pricing.actuals import Actual
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage

RECONCILE_COLUMNS = columns(
    "day", "dimension", "quantity", "aws_quantity", "amount", "aws_amount", "difference", "currency", "reason"
)
EVERYTHING = Narrow()
GROUPINGS = ("day", "month", "span")
LAMBDA = "AWS Lambda"


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """One day (or month: ``2026-11``) and dimension, or (``day`` empty) one dimension over all days.

    ``difference`` is AWS's less ours.
    """

    day: str
    dimension: str
    quantity: Decimal | None
    aws_quantity: Decimal | None
    amount: Decimal | None
    aws_amount: Decimal | None
    difference: Decimal | None
    currency: str
    reason: str


def reconciled(
    reader: "Reader",
    actuals: "Sequence[Actual]",
    book: "PriceBook",
    *,
    free_tier: bool = True,
    narrow: Narrow = EVERYTHING,
    by: str = "day",
) -> View[ReconciledRow]:
    """The days of the export, or their months, then the whole span; ``by`` is one of ``GROUPINGS``.

    The month's bill begins on its first, because the free tier does.

    ``narrow`` narrows AWS's rows by account and region, and ours by function too. Raises ``ValueError``.
    """
    functions = reader.functions()
    chosen = narrow.chosen(functions)
    kept = [one for one in actuals if narrow.holds(one.account, one.region)]
    days = [one.day for one in kept]
    first, last = (_ms(min(days)), _ms(max(days)) + DAY_MS) if days else (0, 0)
    span = TimeRange(first, last, f"{min(days)} to {max(days)}" if days else "no Lambda charges")
    standing = Configured(reader, functions)
    used = reader.daily_usage(month_start_ms(first), last, [row.id for row in chosen]) if days else []
    covered: dict[date, list[int]] = {}
    for one in used:
        counts = covered.setdefault(day_of(one.day_ms), [0, 0])
        counts[0] += one.reports
        counts[1] += one.invocations
    coverage = {day: seen for day, counts in covered.items() if (seen := coverage_of(*counts)) is not None}
    daily = _by_place([*_split(used, functions, standing, last), *_standing(standing, first, last, chosen)])
    rows = reconcile(daily, kept, book, coverage=coverage, free_tier=free_tier)
    shown = [
        ReconciledRow(
            when, row.dimension, row.quantity, row.aws_quantity, row.amount,
            row.aws_amount, row.difference, row.currency, row.reason,
        )
        for when, row in _grouped(rows, by)
    ]  # fmt: skip
    reports, counted = sum(one.reports for one in used), sum(one.invocations for one in used)
    return View(RECONCILE_COLUMNS, shown, reader.as_of_ms(span.to_ms), span, coverage_of(reports, counted), BILLED)


def collected_actuals(reader: "Reader", time_range: TimeRange) -> "list[Actual]":
    """What Cost Explorer said that each UTC day of the range cost, where ``collect --with costs`` asked it."""
    from pricing.actuals import Actual, dimension_of

    found = []
    begin = time_range.from_ms // DAY_MS * DAY_MS
    for one in account_rows.billed_days(reader, begin, time_range.to_ms):
        if one.service == LAMBDA:
            dimension, arch = dimension_of(one.usage_type)
            found.append(
                Actual(
                    day_of(one.day_ms), dimension, "", one.account, arch, Decimal(one.quantity), Decimal(one.amount),
                    None, one.currency, estimated=one.estimated, free_tier=one.usage_type.startswith("Global-"),
                )
            )  # fmt: skip
    return found


def _grouped(rows: "Sequence[Reconciled]", by: str) -> "list[tuple[str, Reconciled]]":
    whole = [("", row) for row in rows if row.day is None]
    if by == "span":
        return whole
    if by == "day":
        return [*((row.day.isoformat(), row) for row in rows if row.day is not None), *whole]
    months: dict[str, list[Reconciled]] = {}
    for row in rows:
        if row.day is not None:
            months.setdefault(f"{row.day:%Y-%m}", []).append(row)
    return [*((month, row) for month, of in months.items() for row in summed(of, of[0].currency)), *whole]


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
    """What stood configured, without stored logs, which are on CloudWatch's bill."""
    ids = {row.id for row in chosen}
    for day_ms, usage in standing.days(month_start_ms(first_ms), last_ms, ids) if last_ms > first_ms else ():
        yield day_of(day_ms), replace(usage, metered=tuple(one for one in usage.metered if one[0] != LOGS_STORAGE))


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


def _ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS
