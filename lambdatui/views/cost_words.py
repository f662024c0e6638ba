"""A bill's sums in words, as the screen of costs and the command say them."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from lambdatui.text.figures import UNKNOWN, change, money
from lambdatui.text.plain import plain

if TYPE_CHECKING:
    from lambdatui.views.cost_growth import CostGrowth
    from lambdatui.views.costs import CostsView

NAMED = 3
"""How many functions that grew are named."""


def total_text(view: "CostsView") -> str:
    """The total, one for each currency: currencies are never added; and what it is before the free tier."""
    totals = {view.currency: view.total} | dict(view.totals)
    if view.total is None:
        return "n/a: no public price" if view.rows else UNKNOWN
    total = ", ".join(money(amount, currency) for currency, amount in totals.items())
    listed = ", ".join(money(view.list_totals.get(currency), currency) for currency in totals)
    # $0.00 alone would not say whether anything was used.
    return total if listed == total else f"{total}  (list price {listed})"


def logs_text(view: "CostsView") -> str | None:
    """What of the total is CloudWatch's part of AWS's bill; None where nobody counted what came in."""
    known, logs = len(view.metered_logs), view.logs_totals
    if not known and not logs:
        return None
    amounts = ", ".join(money(amount, currency) for currency, amount in logs.items()) or money(
        Decimal(0), view.currency
    )
    some = "" if known >= view.functions else f"; {known:,} of {view.functions:,} known"
    return f"{amounts} of it, CloudWatch's{some}"


def change_text(growth: "CostGrowth") -> str | None:
    """``+9.2% from $66.88``: what the range costs beside the range before; None where nothing can be compared."""
    if not growth.change.known:
        return None
    left_out = f"; {growth.left_out:,} not compared" if growth.left_out else ""
    if not growth.before:
        return f"{money(growth.now)}, nothing before{left_out}"
    return f"{change(growth.change)} from {money(growth.before)}{left_out}"


def grown_text(growth: "CostGrowth") -> str:
    """``thumbnails +$6.10, pay +$0.20``: who costs more than before, by how much; empty where nobody does."""
    return ", ".join(f"{plain(each.function)} +{money(each.added)}" for each in growth.grown[:NAMED])


def passing(limit: str, day: date, today: date) -> str:
    """When the month passes its budget: ``will pass $50.00 on 24 Nov 2025``."""
    verb = "passed" if day < today else "passes" if day == today else "will pass"
    return f"{verb} {limit} on {day.day} {day:%b %Y}"
