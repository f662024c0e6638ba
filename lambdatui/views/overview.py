"""What stands above the functions: the month's free tier, its cost so far and to come, and what collecting cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store.read import account_rows
from collectors.store.read.reader import Reader
from lambdatui.views.costs import costs
from lambdatui.views.gates import month_budget
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, month_start_ms
from pricing.call_prices import price
from pricing.gate import Verdict

if TYPE_CHECKING:
    from pricing.own_price import OwnTerms
    from pricing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class Overview:
    """Shares are of the whole store's monthly allowance, from 0 to 1; None: no free tier is known.

    Money is in ``currency``, at list price after the free tier; ``budget`` goes by your price where there is one.
    ``collecting_usd`` None: no collector has said what it cost.
    """

    free_requests: float | None
    free_gb_seconds: float | None
    month_to_date: Decimal | None
    projected: Decimal | None
    p10: Decimal | None
    p90: Decimal | None
    currency: str
    collecting_usd: Decimal | None = None
    budget: Verdict | None = None


def overview(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook",
    *,
    scope: Scope,
    limit: Decimal | None = None,
    terms: "OwnTerms | None" = None,
    unusable_rates: Sequence[str] = (),
) -> Overview:
    """Of the UTC calendar month that holds the range's end. ``limit`` USD is its budget, ``terms`` your price's.

    ``unusable_rates``: as in ``views.gates.budget_of``.
    """
    month = TimeRange(month_start_ms(time_range.to_ms - 1), time_range.to_ms, "month to date")
    view = costs(reader, month, book, scope=scope)
    use = next((one for one in view.free_tier if one.requests and one.gb_seconds), None)
    projection = view.projection
    asked = account_rows.units_asked(reader, month.from_ms)
    return Overview(
        use.requests_used / use.requests if use and use.requests else None,
        float(use.gb_seconds_used) / use.gb_seconds if use and use.gb_seconds else None,
        view.total,
        projection.p50 if projection else None,
        projection.p10 if projection else None,
        projection.p90 if projection else None,
        view.currency,
        sum((price(operation, units, region) for operation, region, units in asked), Decimal(0)) if asked else None,
        month_budget(reader, view, book, limit, terms, scope, unusable_rates) if limit is not None else None,
    )
