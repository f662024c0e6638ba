"""Our bill beside AWS's, day by day: what the store says each day added, and what an export says was charged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from lambdatui.views.columns import columns
from lambdatui.views.month import days_of
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, View, coverage_of
from pricing.reconciliation import reconcile

if TYPE_CHECKING:
    from collectors.store.reader import Reader
    from pricing.actuals import Actual
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage

RECONCILE_COLUMNS = columns(
    "day", "dimension", "quantity", "aws_quantity", "amount", "aws_amount", "difference", "currency", "reason"
)
EVERYTHING = Narrow()


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """One day and dimension, or (``day`` empty) one dimension over all days. ``difference`` is AWS's less ours."""

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
) -> View[ReconciledRow]:
    """The days of the export. The month's bill begins on its first, because the free tier does.

    ``narrow`` narrows AWS's rows by account and region, and ours by function too. Raises ``ValueError``.
    """
    functions = reader.functions()
    chosen = narrow.chosen(functions)
    kept = [one for one in actuals if narrow.holds(one.account, one.region)]
    days = [one.day for one in kept]
    first, last = (_ms(min(days)), _ms(max(days)) + DAY_MS) if days else (0, 0)
    span = TimeRange(first, last, f"{min(days)} to {max(days)}" if days else "no Lambda charges")
    used = reader.daily_usage(month_start_ms(first), last, [row.id for row in chosen]) if days else []
    covered: dict[date, list[int]] = {}
    for one in used:
        counts = covered.setdefault(day_of(one.day_ms), [0, 0])
        counts[0] += one.reports
        counts[1] += one.invocations
    coverage = {day: seen for day, counts in covered.items() if (seen := coverage_of(*counts)) is not None}
    rows = reconcile(_by_place(days_of(used, functions)), kept, book, coverage=coverage, free_tier=free_tier)
    shown = [
        ReconciledRow(
            "" if row.day is None else row.day.isoformat(), row.dimension, row.quantity, row.aws_quantity, row.amount,
            row.aws_amount, row.difference, row.currency, row.reason,
        )
        for row in rows
    ]  # fmt: skip
    reports, counted = sum(one.reports for one in used), sum(one.invocations for one in used)
    return View(RECONCILE_COLUMNS, shown, reader.newest_ms(), span, coverage_of(reports, counted), BILLED)


def _by_place(days: "Iterable[tuple[date, Usage]]") -> "list[tuple[date, Usage]]":
    """A day's functions in one usage for each account, region, architecture and storage: AWS's bill has no functions.

    Each day is billed with all before it, and 500 functions would take seconds.
    """
    sums: dict[tuple[object, ...], tuple[date, Usage]] = {}
    for day, one in days:
        key = day, one.account, one.region, one.arch, one.ephemeral_mb
        _, before = sums.get(key, (day, replace(one, function="", requests=0, billed_ms=0, billed_mb_ms=0)))
        sums[key] = (
            day,
            replace(
                before,
                requests=before.requests + one.requests,
                billed_ms=before.billed_ms + one.billed_ms,
                billed_mb_ms=before.billed_mb_ms + one.billed_mb_ms,
            ),
        )
    return list(sums.values())


def _ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS
