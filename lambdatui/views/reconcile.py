"""Our bill beside AWS's, day by day: what the store says each day added, and what an export says was charged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store import account_rows
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of, month_start_ms
from lambdatui.views.usage import days as usage_by_day
from lambdatui.views.usage import usages
from lambdatui.views.view import BILLED, View, coverage_of
from pricing.reconciliation import Reconciled, reconcile, summed

if TYPE_CHECKING:
    from collectors.store.reader import Reader
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
    ids = {row.id for row in chosen}
    begin = month_start_ms(first)
    used = usage_by_day(reader, begin, last) if days else {}
    mine = [(day_of(day_ms), one) for day_ms, rows in used.items() for each, one, _ in rows if each in ids]
    coverage = {
        day_of(day_ms): seen
        for day_ms in sorted(used)
        if (seen := coverage_of(*usages(reader, day_ms, day_ms + DAY_MS).coverage(ids))) is not None
    }
    daily = _by_place((day, _without_storage(one)) for day, one in mine)
    rows = reconcile(daily, kept, book, coverage=coverage, free_tier=free_tier)
    shown = [
        ReconciledRow(
            when, row.dimension, row.quantity, row.aws_quantity, row.amount,
            row.aws_amount, row.difference, row.currency, row.reason,
        )
        for when, row in _grouped(rows, by)
    ]  # fmt: skip
    reports, counted = usages(reader, begin, last).coverage(ids) if days else (0, 0)
    return View(RECONCILE_COLUMNS, shown, reader.newest_ms(), span, coverage_of(reports, counted), BILLED)


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


def _without_storage(usage: "Usage") -> "Usage":
    """Stored logs are on CloudWatch's bill."""
    return usage


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
