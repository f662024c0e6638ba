"""The stored usage at your price: the same view with your rates, then commitment and credits."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, HOUR_MS
from lambdatui.views.costs import CostsView, ProjectedCost, costs
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import month_start_ms
from pricing.bill import Bill
from pricing.own_price import OwnBook, OwnPrice, OwnTerms, PlanBook, own_price, settle

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from pricing.pricebook import PriceBook


def own_view(
    reader: "Reader",
    listed: CostsView,
    book: "PriceBook",
    terms: OwnTerms,
    *,
    free_tier: bool,
    scope: Scope,
    budget: Decimal | None,
) -> tuple[OwnPrice, ProjectedCost | None]:
    """``listed`` at your price, and its month's projection.

    A commitment and credits are for everything: they are left out where the view is narrowed, and the basis then does
    not name them. A budget's day is not told where there are any: they do not grow with usage.
    """
    if scope:
        terms = terms.without_what_is_for_all()
    span, at_own_rates = listed.range, OwnBook(book, terms)

    def view(of: "PriceBook", budget: Decimal | None = None) -> CostsView:
        return costs(reader, span, of, free_tier=free_tier, scope=scope, budget=budget)

    at_rates = view(at_own_rates, budget)
    hours = Decimal(span.to_ms - span.from_ms) / HOUR_MS
    own = own_price(terms, _bill(at_rates), _bill(listed), book, hours)
    projection = at_rates.projection
    if own.settled is None or projection is None:
        return own, projection
    month_ms = month_start_ms(span.to_ms - 1)
    month_hours = Decimal(month_start_ms(month_ms + 32 * DAY_MS) - month_ms) / HOUR_MS
    on_demand = view(PlanBook(at_own_rates, at_plan_rates=False)).projection if terms.commitment else None
    at_plan = view(PlanBook(book, at_plan_rates=True)).projection if terms.commitment else None

    def paid(name: str) -> Decimal | None:
        total: Decimal | None = getattr(projection, name)
        if total is None:
            return None
        parts = (getattr(one, name) or Decimal(0) if one else Decimal(0) for one in (on_demand, at_plan))
        return settle(terms, month_hours, total, *parts).total

    return own, replace(projection, p10=paid("p10"), p50=paid("p50"), p90=paid("p90"), budget=None, budget_day=None)


def _bill(view: CostsView) -> Bill:
    return Bill(tuple(view.rows), view.free_tier, view.prices_as_of)
