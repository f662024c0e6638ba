"""A view's month against a budget, and why its figures may be too low: the same on screens and for commands."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from lambdatui.text import figures
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import month_start_ms
from pricing.gate import Verdict, gate

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from lambdatui.views.costs import CostsView, ProjectedCost
    from pricing.own_price import OwnPrice, OwnTerms
    from pricing.pricebook import PriceBook

_ENOUGH = 0.99  # while functions run, the last of their invocations have no REPORT yet


def left_out(view: "CostsView") -> tuple[str, ...]:
    """Why the figures of recorded usage may be too low, apart from lines without a price."""
    if view.as_of is None:
        return ("nothing is recorded: the store is empty",)
    if not view.rows:
        return (f"nothing is recorded for {view.range.label}",)
    reasons = list(view.missing)
    if view.coverage is not None and view.coverage < _ENOUGH:
        seen = figures.ratio(view.coverage)
        reasons.append(f"REPORTs are known for {seen} of the invocations, the others are estimated")
    if view.projection is None or view.projection.p50 is None:
        reasons.append("the month's end is unknown")
    return tuple(reasons)


def of_its_month(view: "CostsView", totals: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """A range's totals by currency; zeros where the range begins before the month that holds its end."""
    if view.range.from_ms < month_start_ms(view.range.to_ms - 1):
        return dict.fromkeys(totals, Decimal(0))
    return dict(totals)


def month_budget(
    reader: "Reader",
    view: "CostsView",
    book: "PriceBook",
    limit: Decimal,
    terms: "OwnTerms | None",
    scope: Scope,
    unusable_rates: Sequence[str] = (),
) -> Verdict:
    """``budget_of`` with the terms of the configuration: the header, ``costs`` and the Costs screen all use it."""
    if not terms:
        return budget_of(view, limit, unusable_rates=unusable_rates)
    from lambdatui.views.own_price import own_view

    own, own_month = own_view(reader, view, book, terms, free_tier=True, scope=scope, budget=None)
    return budget_of(view, limit, own, own_month, unusable_rates=unusable_rates)


def budget_of(
    view: "CostsView",
    limit: Decimal,
    own: "OwnPrice | None" = None,
    own_month: "ProjectedCost | None" = None,
    *,
    unusable_rates: Sequence[str] = (),
) -> Verdict:
    """The month that holds the range's end against ``limit`` USD: what is projected, or used if that is more.

    By your price where there is one. ``unusable_rates`` says which rates were named and could not be read
    (``settings.price_book.not_as_named``): they are among what is missing.
    """
    month = own_month if own is not None else view.projection
    projected = month.p50 if month is not None and view.currency == "USD" else None
    totals = view.totals if own is None else own.totals
    lines = view.rows if own is None else own.bill.lines
    return gate(
        limit, of_its_month(view, totals), lines, projected=projected, missing=(*left_out(view), *unusable_rates)
    )
