"""What collecting itself costs: the few AWS calls that are billed, at list prices in USD.

Sources, read 2026-11-23: Amazon CloudWatch pricing page (GetMetricData, ListMetrics, Logs Insights, Live Tail), AWS
Cost Management pricing page (Cost Explorer API). Everything else that lambdatui calls is free of charge. Free tiers are
left out: what is said is never less than what is billed.
"""

from decimal import Decimal

from collectors.model.units import GB_BYTES, MINUTE_S

AS_OF = "2026-11-23"

# One unit of each operation: a metric asked for, a byte scanned, a second of Live Tail, a page of an answer.
_FLAT = {
    "cloudwatch:GetMetricData": Decimal("0.01") / 1_000,
    "cloudwatch:ListMetrics": Decimal("0.01") / 1_000,
    "logs:StartLiveTail": Decimal("0.01") / MINUTE_S,
    "ce:GetCostAndUsage": Decimal("0.01"),
}
# Logs Insights, a GB scanned. Where a region's rate is not known here the dearest known one stands in.
_INSIGHTS = {
    "us-east-1": Decimal("0.005"),
    "us-east-2": Decimal("0.005"),
    "us-west-2": Decimal("0.005"),
    "eu-west-1": Decimal("0.0057"),
    "eu-central-1": Decimal("0.0063"),
    "ap-northeast-1": Decimal("0.0076"),
}


def unit_price(operation: str, region: str) -> Decimal:
    """USD for one unit of an operation such as ``cloudwatch:GetMetricData``; 0 for what is free."""
    if operation == "logs:StartQuery":
        return _INSIGHTS.get(region, max(_INSIGHTS.values())) / GB_BYTES  # of the two readings of "GB" the dearer one
    return _FLAT.get(operation, Decimal(0))


def price(operation: str, units: int, region: str) -> Decimal:
    """USD for that many units."""
    return unit_price(operation, region) * units
