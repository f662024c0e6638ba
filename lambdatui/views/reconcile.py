"""Our bill beside AWS's: what the store says was used, what an export says was charged, and what that comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from collectors.model.units import DAY_MS
from collectors.store.read import account_rows
from lambdatui.text.figures import decimal_text
from lambdatui.text.figures import money as money_text
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.daily_usage import used_days
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, day_of
from lambdatui.views.view import BILLED, View
from pricing.actuals import Actual, Export
from pricing.export_explorer import actual_of
from pricing.findings import NOTE, Finding, Summary, summary_of
from pricing.line_kinds import UNKNOWN, WORDS
from pricing.reconciliation import Reconciled, reconcile, summed, total_known
from pricing.verdicts import FINE, LATE

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from pricing.pricebook import PriceBook

EVERYTHING = Scope()
GROUPINGS = ("day", "month", "span")
TOTAL = "total"
LAMBDA = "AWS Lambda"
# Verdicts, and kinds of line, whose difference the bill itself explains.
EXPLAINED = (FINE | {LATE} | frozenset(WORDS)) - {UNKNOWN}


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """One day (or month: ``2026-11``) and dimension or kind of line, or (``day`` empty) it over all days.

    Fields as ``pricing.reconciliation.Reconciled`` has them. The last row, ``total``, is of the whole bill.
    """

    day: Annotated[str, Column("Day", Kind.TEXT, 10, "The UTC day; empty for the whole span."), OnScreen(), BRIEF]
    account: Annotated[str, shared.ACCOUNT, BRIEF]
    region: Annotated[str, shared.REGION]
    dimension: Annotated[str, shared.DIMENSION, OnScreen(), BRIEF]
    quantity: Annotated[Decimal | None, shared.QUANTITY, OnScreen(5, 12), BRIEF]
    aws_quantity: Annotated[
        Decimal | None, Column("AWS quantity", Kind.QUANTITY, 14, "Units on AWS's bill."), OnScreen(4, 12), BRIEF
    ]
    amount: Annotated[Decimal | None, shared.AMOUNT, OnScreen(0, 10), BRIEF]
    aws_list: Annotated[
        Decimal | None, Column("AWS list", Kind.USD, 12, "The usage on AWS's bill at AWS's public price.")
    ]
    aws_net: Annotated[Decimal | None, Column("AWS net", Kind.USD, 12, "The same after discounts.")]
    aws_effective: Annotated[
        Decimal | None, Column("AWS effective", Kind.USD, 13, "The same with commitments at their price (amortized).")
    ]
    aws_amount: Annotated[
        Decimal | None,
        Column("AWS", Kind.USD, 12, "What was paid to AWS, commitments' share included."),
        OnScreen(0, 10),
        BRIEF,
    ]
    difference: Annotated[
        Decimal | None, Column("Difference", Kind.USD, 12, "AWS's amount less ours."), OnScreen(1, 11), BRIEF
    ]
    currency: Annotated[str, shared.CURRENCY]
    verdict: Annotated[str, Column("Verdict", Kind.TEXT, 16, "What the comparison comes to, in one of a few words.")]
    reason: Annotated[str, shared.REASON, OnScreen(2, grows=True), BRIEF]

    @property
    def trouble(self) -> str | None:
        """The reason, where AWS billed at least a cent more or less and the bill does not explain it."""
        unexplained = self.difference is not None and abs(self.difference) * 100 >= 1 and self.verdict not in EXPLAINED
        return self.reason or "not explained" if unexplained else None


RECONCILE_COLUMNS = columns_of(ReconciledRow)


@dataclass(frozen=True)
class ReconciledView(View[ReconciledRow]):
    """``summary`` is of the whole bill, however the rows are grouped; None where AWS's bill has no line."""

    summary: Summary | None = None
    shape: str = ""


def reconciled(
    reader: "Reader",
    bill: "Export | Sequence[Actual]",
    book: "PriceBook",
    *,
    free_tier: bool = True,
    scope: Scope = EVERYTHING,
    by: str = "day",
    now_ms: int | None = None,
    per_usd: Decimal | None = None,
) -> ReconciledView:
    """The days of the export, or their months, then the whole span; ``by`` is one of ``GROUPINGS``.

    ``scope`` narrows AWS's rows by account and region, and ours by function too (``whole_bill_said``). What begins
    after ``now_ms`` (epoch ms) is hidden on both sides. ``per_usd`` is how many units of the export's currency a
    dollar is. Raises ``ValueError``.
    """
    export = bill if isinstance(bill, Export) else Export(tuple(bill), "Cost Explorer")
    in_scope = tuple(charge for charge in export.charges if scope.holds(charge.account, charge.region))
    past = in_scope if now_ms is None else tuple(charge for charge in in_scope if _ms(charge.day) < now_ms)
    notes = export.notes
    if len(past) < len(in_scope):
        notes = (*notes, f"{len(in_scope) - len(past)} lines are later than the time of this view, and are left out")
    export = replace(export, charges=past, notes=notes)
    usage = [charge for charge in past if charge.is_usage] or past
    days = [(charge.day, charge.until) for charge in usage]
    first, last = (_ms(min(days)[0]), _ms(max(end for _, end in days))) if days else (0, 0)
    until = last if now_ms is None else min(last, now_ms)
    used = used_days(reader, first, until, scope)
    label = f"{min(days)[0]} to {day_of(last - 1)}" if days else "no Lambda charges"
    now = None if now_ms is None else day_of(now_ms)
    rows = reconcile(
        used.days, past, book, coverage=used.coverage, free_tier=free_tier, now=now, collected=used.collected,
        per_usd=per_usd,
    )  # fmt: skip
    summary = None
    shown: list[ReconciledRow] = []
    if rows:
        at_list = total_known(row.list_amount for row in rows if row.day is not None and row.is_usage)
        summary = summary_of(rows, export, at_list)
        shown = [*(_shown(when, row) for when, row in _grouped(rows, by)), _total(summary)]
    return ReconciledView(
        RECONCILE_COLUMNS, shown, reader.as_of_ms(last), TimeRange(first, last, label), used.covered, BILLED,
        summary, export.shape,
    )  # fmt: skip


def whole_bill_said(scope: Scope) -> str:
    """What there is to say of a bill beside some functions; empty where all are chosen."""
    return "AWS's bill names no functions: it is of all of them, ours of those chosen" if scope.by_function else ""


def collected_actuals(reader: "Reader", time_range: TimeRange) -> list[Actual]:
    """What Cost Explorer said that each UTC day of the range cost, where ``collect --with costs`` asked it."""
    begin = time_range.from_ms // DAY_MS * DAY_MS
    return [
        actual_of(
            day_of(charge.day_ms), charge.usage_type, charge.record_type, charge.account,
            {"UnblendedCost": charge.amount, "NetUnblendedCost": charge.net_amount,
             "AmortizedCost": charge.amortized_amount,
             "UsageQuantity": charge.quantity},
            charge.currency, estimated=charge.estimated,
        )
        for charge in account_rows.billed_days(reader, begin, time_range.to_ms)
        if charge.service == LAMBDA
    ]  # fmt: skip


def as_json(summary: Summary, shape: str) -> dict[str, Any]:
    """What ``--json`` adds to the rows: the four numbers, each kind of line, and what is said."""

    def text(amount: Decimal | None) -> str | None:
        return None if amount is None else decimal_text(amount)

    amounts = summary.amounts
    return {
        "export": shape,
        "currency": summary.currency,
        "amounts": {
            "computed": text(summary.computed), "list": text(amounts.list), "net": text(amounts.net),
            "effective": text(amounts.effective), "paid": text(amounts.paid), "lines": text(amounts.lines),
            "list_basis": summary.listed,
        },
        "kinds": [
            {"kind": sums.kind, "record_type": sums.record_type, "lines": sums.lines, "amount": text(sums.amount)}
            for sums in summary.kinds
        ],
        "findings": [
            {"kind": finding.kind, "text": finding.text, "amount": text(finding.amount), "lines": finding.lines}
            for finding in summary.findings
        ],
    }  # fmt: skip


def in_words(summary: Summary, shape: str) -> list[tuple[str, str]]:
    """The contents of ``as_json`` for people: a label and a text for each line."""
    amounts = summary.amounts
    numbers = (("list", amounts.list), ("net", amounts.net), ("effective", amounts.effective), ("paid", amounts.paid))
    said = ", ".join(f"{name} {money(amount, summary.currency)}" for name, amount in numbers)
    parts = [("export", shape), ("AWS's bill", said)]
    if summary.listed != "the export's" and amounts.list is not None:
        parts.append(("", f"list is {summary.listed}; the export has none"))
    if amounts.paid is not None and amounts.lines is not None and amounts.paid != amounts.lines:
        parts.append(("", f"the lines alone sum to {money(amounts.lines, summary.currency)}"))
    if summary.computed is not None:
        parts.append(("ours", money(summary.computed, summary.currency)))
    kinds = [f"{one.record_type} {one.lines:,} x, {money(one.amount, summary.currency)}" for one in summary.kinds]
    parts += [("lines" if not at else "", one) for at, one in enumerate(kinds)]
    return [*parts, *(("verdict" if not at else "", said_of(one, summary)) for at, one in enumerate(summary.findings))]


def said_of(finding: Finding, summary: Summary) -> str:
    """A finding in words, with its amount in the currency of the bill where it has one."""
    amount = finding.amount
    return (
        finding.text if amount is None or finding.kind == NOTE else f"{finding.text}, {money(amount, summary.currency)}"
    )


def money(amount: Decimal | None, currency: str) -> str:
    """``$46.50``, ``42.78 EUR``, ``n/a``."""
    return "n/a" if amount is None else money_text(amount, currency)


def _total(summary: Summary) -> ReconciledRow:
    amounts = summary.amounts
    known = amounts.paid is not None and summary.computed is not None
    difference = amounts.paid - summary.computed if known else None  # type: ignore[operator]
    verdict = summary.findings[0].kind if summary.findings else ""
    reason = "; ".join(said_of(one, summary) for one in summary.findings)
    return ReconciledRow(
        day="",
        account="",
        region="",
        dimension=TOTAL,
        quantity=None,
        aws_quantity=None,
        amount=summary.computed,
        aws_list=amounts.list,
        aws_net=amounts.net,
        aws_effective=amounts.effective,
        aws_amount=amounts.paid,
        difference=difference,
        currency=summary.currency,
        verdict=verdict,
        reason=reason,
    )


def _shown(when: str, row: Reconciled) -> ReconciledRow:
    return ReconciledRow(
        day=when,
        account=row.account,
        region=row.region,
        dimension=row.dimension,
        quantity=row.quantity,
        aws_quantity=row.aws_quantity,
        amount=row.amount,
        aws_list=row.aws_list,
        aws_net=row.aws_net,
        aws_effective=row.aws_effective,
        aws_amount=row.aws_amount,
        difference=row.difference,
        currency=row.currency,
        verdict=row.verdict,
        reason=row.reason,
    )


def _grouped(rows: Sequence[Reconciled], by: str) -> list[tuple[str, Reconciled]]:
    whole = [("", row) for row in rows if row.day is None]
    if by == "span":
        return whole
    if by == "day":
        return [*((_period(row), row) for row in rows if row.day is not None), *whole]
    months: dict[str, list[Reconciled]] = {}
    for row in rows:
        if row.day is not None:
            months.setdefault(f"{row.day:%Y-%m}", []).append(row)
    return [*((month, row) for month, of in months.items() for row in summed(of, of[0].currency)), *whole]


def _period(row: Reconciled) -> str:
    """``2026-10-05``; ``2026-10`` for a whole month; both ends of another span."""
    assert row.day is not None
    if row.until is None or (row.until - row.day).days <= 1:
        return row.day.isoformat()
    if row.day.day == row.until.day == 1 and (row.until - row.day).days < 32:
        return f"{row.day:%Y-%m}"
    return f"{row.day.isoformat()}..{day_of(_ms(row.until) - 1).isoformat()}"


def _ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS
