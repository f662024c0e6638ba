"""What looking costs: the prices of the CloudWatch and Cost Explorer calls that a collector makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricing.pricebook import PriceBook
from pricing.usage import EXACT

FREE_CALLS = ("FilterLogEvents", "GetLogEvents", "DescribeLogStreams", "DescribeLogGroups", "DescribeAlarms",
              "ListFunctions", "GetFunctionConfiguration", "ListTags", "StartQuery", "GetQueryResults", "GetProducts",
              "GetCallerIdentity")  # fmt: skip
# Calls that share a million free requests a month, and cost the same beyond them.
_REQUESTS = ("GetMetricStatistics", "ListMetrics")
_INSIGHTS_BYTES = 10**9


@dataclass(frozen=True, slots=True)
class CallCost:
    """One kind of call: how many units of what, and in USD; ``amount`` is None where the rate is not public.

    ``free`` are the units that a free allowance covers.
    """

    call: str
    quantity: Decimal
    unit: str
    free: Decimal
    rate: Decimal | None
    amount: Decimal | None


def collecting_cost(
    book: PriceBook, calls: Mapping[str, int], *, region: str = "us-east-1", used_before: int = 0
) -> tuple[CallCost, ...]:
    """USD for one collection's calls, by the API's names.

    ``GetMetricData`` counts metrics asked for (never free), ``InsightsBytesScanned`` bytes that Logs Insights scanned,
    ``LiveTailMinutes`` minutes, ``GetCostAndUsage`` pages; everything else counts requests. ``used_before`` are the
    requests of this month that have already drawn on the million free ones. A name that is not known is not priced.
    """
    rates: Mapping[str, Any] = book.document.get("cloudwatch", {})
    free_left = max(0, int(rates.get("free_requests", 0)) - used_before)
    found = []
    for call, count in calls.items():
        if call in _REQUESTS:
            free, free_left = min(count, free_left), max(0, free_left - count)
            found.append(_cost(call, Decimal(count), "request", Decimal(free), rates.get("request")))
        elif call == "GetMetricData":
            found.append(_cost(call, Decimal(count), "metric", Decimal(0), rates.get("get_metric_data_metric")))
        elif call == "InsightsBytesScanned":
            gigabytes = EXACT.divide(count, _INSIGHTS_BYTES)
            found.append(_cost(call, gigabytes, "GB", Decimal(0), rates.get("insights_gb", {}).get(region)))
        elif call == "LiveTailMinutes":
            free = min(count, int(rates.get("free_live_tail_minutes", 0)))
            found.append(_cost(call, Decimal(count), "minute", Decimal(free), rates.get("live_tail_minute")))
        elif call == "GetCostAndUsage":
            found.append(_cost(call, Decimal(count), "page", Decimal(0), rates.get("cost_explorer_page")))
        else:
            found.append(_cost(call, Decimal(count), "request", Decimal(0), "0" if call in FREE_CALLS else None))
    return tuple(found)


def total_cost(costs: tuple[CallCost, ...]) -> Decimal:
    """The sum of what is priced."""
    return sum((one.amount for one in costs if one.amount is not None), Decimal(0))


def _cost(call: str, quantity: Decimal, unit: str, free: Decimal, rate: str | None) -> CallCost:
    if rate is None:
        return CallCost(call, quantity, unit, free, None, None)
    return CallCost(call, quantity, unit, free, Decimal(rate), EXACT.multiply(quantity - free, Decimal(rate)))
