"""What AWS charged, from its own exports: FOCUS, Cost and Usage Reports, Cost Explorer answers.

Rows come in as mappings of column names to values; what they are read from is not known here. Usage types are told
from their endings, because prefixes differ by region (us-east-1 has none, Ireland's is ``EU-``); descriptions serve
where an export has no usage type.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

OTHER, EVERYTHING = "other", "all"
# Endings of usage types, the longest first, and our names of the dimensions.
_USAGE_TYPES = (
    ("Lambda-Provisioned-Concurrency", "provisioned_concurrency"),
    ("Lambda-Provisioned-GB-Second", "provisioned_duration"),
    ("Lambda-Storage-GB-Second", "ephemeral_storage"), ("Lambda-Edge-GB-Second", "edge_duration"),
    ("Lambda-Edge-Request", "edge_requests"), ("Lambda-GB-Second", "duration"),
    ("Lambda-SnapStart-Cached-GB-S", "snapstart_cache"), ("Lambda-SnapStart-Restored-GB", "snapstart_restore"),
    ("Lambda-Streaming-Response-Processed-Bytes", "streaming"), ("Lambda-SQS-Event-Poller-Unit-Hour", "sqs_pollers"),
    ("Lambda-Event-Poller-Unit-Hour", "kafka_pollers"),
    ("Lambda-Tenant-Isolated-Environment-Memory-GB", "tenant_isolation"),
    ("Lambda-Durable-Execution-Operations", "durable_operations"),
    ("Lambda-Durable-Execution-Written-Bytes", "durable_written"),
    ("Lambda-Durable-Execution-TimedStorage-ByteHrs", "durable_retained"),
    ("Lambda-Managed-Instances-Request", "managed_requests"), ("Management-Hours", "management_fee"),
    ("Lambda-MicroVM-vCPU-Second", "microvm_vcpu"), ("Lambda-MicroVM-Memory-GB-Second", "microvm_memory"),
    ("Request", "requests"),
)  # fmt: skip
_DESCRIPTIONS = (
    (r"data transfer", "data_transfer"), (r"Edge.*Request", "edge_requests"), (r"Edge", "edge_duration"),
    (r"Total Compute.*Provisioned|Provisioned.*Duration", "provisioned_duration"),
    (r"Provisioned Concurrency", "provisioned_concurrency"), (r"Storage", "ephemeral_storage"),
    (r"SnapStart.*Restor", "snapstart_restore"), (r"SnapStart", "snapstart_cache"),
    (r"Compute|GB-Second", "duration"), (r"Request", "requests"),
)  # fmt: skip


class NotAnExport(ValueError):
    """The rows are of none of the formats that are known; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Actual:
    """One charge of one UTC day. ``cost`` is what was billed; ``list_cost`` what it costs at list price, if known.

    ``dimension`` is a bill's dimension, ``data_transfer`` or ``other``; ``all`` where the export does not split the
    service. ``commitment``: a Savings Plan paid for it. ``estimated``: AWS may still change it.
    """

    day: date
    dimension: str
    region: str
    account: str
    arch: str | None
    quantity: Decimal | None
    cost: Decimal
    list_cost: Decimal | None
    currency: str
    commitment: bool = False
    estimated: bool = False
    free_tier: bool = False
    resource: str = ""


def dimension_of(usage_type: str, description: str = "") -> tuple[str, str | None]:
    """The dimension and the architecture of a usage type, or of a charge's description; ``other`` is unknown."""
    text = usage_type.strip()
    arch = "arm64" if text.endswith("-ARM") or re.search(r"\bARM\b", description) else None
    bare = text.removesuffix("-ARM")
    for ending, dimension in _USAGE_TYPES:
        if bare == ending or bare.endswith(f"-{ending}"):
            return dimension, arch or "x86_64"
    if "DataTransfer" in bare or "-Out-Bytes" in bare or "-In-Bytes" in bare:
        return "data_transfer", None
    for pattern, dimension in _DESCRIPTIONS:
        if not text and re.search(pattern, description, re.IGNORECASE):
            return dimension, arch or "x86_64"
    return OTHER, None


# Our field, and what the exports call it: FOCUS, CUR 2.0, CUR (with slashes), plain files.
_COLUMNS: Mapping[str, Sequence[str]] = {
    "start": ("ChargePeriodStart", "line_item_usage_start_date", "lineItem/UsageStartDate", "date"),
    "service": ("ServiceName", "x_ServiceCode", "line_item_product_code", "lineItem/ProductCode", "service"),
    "usage_type": ("x_UsageType", "line_item_usage_type", "lineItem/UsageType", "usage_type"),
    "description": ("ChargeDescription", "line_item_line_item_description", "lineItem/LineItemDescription"),
    "quantity": ("PricingQuantity", "ConsumedQuantity", "line_item_usage_amount", "lineItem/UsageAmount", "quantity"),
    "cost": ("BilledCost", "line_item_unblended_cost", "lineItem/UnblendedCost", "unblended_usd", "cost"),
    "list_cost": ("ListCost", "pricing_public_on_demand_cost", "pricing/publicOnDemandCost"),
    "region": ("RegionId", "product_region_code", "product/regionCode", "product/region", "product_region", "region"),
    "account": ("SubAccountId", "line_item_usage_account_id", "lineItem/UsageAccountId", "account"),
    "currency": ("BillingCurrency", "line_item_currency_code", "lineItem/CurrencyCode", "currency"),
    "kind": ("ChargeCategory", "line_item_line_item_type", "lineItem/LineItemType"),
    "commitment": ("CommitmentDiscountId", "savings_plan_savings_plan_a_r_n", "savingsPlan/SavingsPlanARN"),
    "estimated": ("estimated",),
    "resource": ("ResourceId", "line_item_resource_id", "lineItem/ResourceId"),
}
_KINDS_OF_USE = frozenset(("", "usage", "discountedusage", "savingsplancoveredusage"))


def actuals_of_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[Actual]:
    """The Lambda charges among an export's rows. Raises ``NotAnExport``."""
    names: dict[str, str] | None = None
    for row in rows:
        if names is None:
            names = {ours: next((name for name in theirs if name in row), "") for ours, theirs in _COLUMNS.items()}
            missing = [ours for ours in ("start", "service", "cost") if not names[ours]]
            if missing:
                known = " or ".join(_COLUMNS[missing[0]][:3])
                raise NotAnExport(f"no column for the {missing[0]}: a FOCUS or CUR export has {known}")
        found = _actual({ours: row.get(name) if name else None for ours, name in names.items()})
        if found is not None:
            yield found


def _actual(row: Mapping[str, Any]) -> Actual | None:
    service = _text(row["service"])
    if service not in ("AWS Lambda", "AWSLambda", "Lambda"):
        return None
    kind = _text(row["kind"]).replace("-", "").lower()
    if kind not in _KINDS_OF_USE:
        return None  # taxes, credits, fees, refunds, the negation of Savings Plans
    usage_type, description = _text(row["usage_type"]), _text(row["description"])
    split = bool(usage_type or description)
    dimension, arch = dimension_of(usage_type, description) if split else (EVERYTHING, None)
    cost = _decimal(row["cost"], "cost")
    return Actual(
        day=_day(row["start"]),
        dimension=dimension,
        region=_text(row["region"]),
        account=_text(row["account"]),
        arch=arch,
        quantity=None if row["quantity"] in (None, "") else _decimal(row["quantity"], "quantity"),
        cost=cost if cost is not None else Decimal(0),
        list_cost=_decimal(row["list_cost"], "list cost"),
        currency=_text(row["currency"]) or "USD",
        commitment=bool(_text(row["commitment"])) or kind == "savingsplancoveredusage",
        estimated=_text(row["estimated"]).lower() == "true",
        free_tier="free tier" in description.lower() or usage_type.startswith("Global-"),
        resource=_text(row["resource"]),
    )


def actuals_of_cost_explorer(answer: Mapping[str, Any]) -> Iterator[Actual]:
    """A GetCostAndUsage answer, grouped by service, usage type, region, account, or not at all.

    Raises ``NotAnExport``. Without any group the answer is taken for one that was filtered to Lambda.
    """
    if not isinstance(answer.get("ResultsByTime"), list):
        raise NotAnExport("no ResultsByTime: this is no answer of GetCostAndUsage")
    kinds = [str(one.get("Key", "")).upper() for one in answer.get("GroupDefinitions", [])]
    for period in answer["ResultsByTime"]:
        groups = period.get("Groups") or ([{"Keys": [], "Metrics": period["Total"]}] if period.get("Total") else [])
        for group in groups:
            found = _of_group(period, dict(zip(kinds, group.get("Keys", ()), strict=False)), group)
            if found is not None:
                yield found


def _of_group(period: Mapping[str, Any], keys: Mapping[str, str], group: Mapping[str, Any]) -> Actual | None:
    if keys.get("SERVICE", "AWS Lambda") not in ("AWS Lambda", "AWSLambda"):
        return None
    metrics = group.get("Metrics", {})
    cost = metrics.get("UnblendedCost") or metrics.get("AmortizedCost") or metrics.get("BlendedCost")
    if cost is None:
        raise NotAnExport("no UnblendedCost: ask GetCostAndUsage for the metric UnblendedCost")
    usage_type = keys.get("USAGE_TYPE", "")
    dimension, arch = dimension_of(usage_type) if usage_type else (EVERYTHING, None)
    if dimension == OTHER and "SERVICE" not in keys and "Lambda" not in usage_type:
        return None  # another service's usage type
    used = metrics.get("UsageQuantity")
    return Actual(
        day=_day(period["TimePeriod"]["Start"]),
        dimension=dimension,
        region=keys.get("REGION", ""),
        account=keys.get("LINKED_ACCOUNT", ""),
        arch=arch,
        quantity=_decimal(used["Amount"], "quantity") if used and usage_type else None,
        cost=_decimal(cost["Amount"], "cost") or Decimal(0),
        list_cost=None,
        currency=str(cost.get("Unit") or "USD"),
        estimated=bool(period.get("Estimated")),
        free_tier=usage_type.startswith("Global-"),
    )


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()  # NaN is not itself


def _decimal(value: Any, what: str) -> Decimal | None:
    text = _text(value)
    if not text:
        return None
    try:
        found = Decimal(text.replace(",", "").removeprefix("$"))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise NotAnExport(f"the {what} {text!r} is not a number")
    return found


def _day(value: Any) -> date:
    """The UTC day of a time such as ``2024-09-02 07:00:00``, ``2024-09-02T07:00:00Z`` or ``2024-09-02``."""
    text = _text(value)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise NotAnExport(f"the time {text!r} does not begin with a date such as 2026-10-01") from None
