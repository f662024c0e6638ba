"""What AWS billed: Cost Explorer, day by day and usage type, for Lambda and for what its logs and metrics cost.

Only where it is asked for: every page of an answer is billed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.account import BilledDay
from collectors.cloudwatch.calls import Calls
from collectors.cloudwatch.errors import reading

OPERATION = "ce:GetCostAndUsage"
SERVICES = ("AWS Lambda", "AmazonCloudWatch")


def billed_days(client: Any, calls: Calls, account: str, since_ms: int, now_ms: int) -> Iterator[BilledDay]:
    """UTC days from that of ``since_ms`` to today. SourceFailed; BudgetReached before a page too many."""
    end = datetime.fromtimestamp(now_ms / 1000, UTC).date() + timedelta(days=1)
    request: dict[str, Any] = {
        "TimePeriod": {
            "Start": datetime.fromtimestamp(since_ms / 1000, UTC).date().isoformat(),
            "End": end.isoformat(),
        },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost", "UsageQuantity"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
        "Filter": {
            "And": [
                {"Dimensions": {"Key": "SERVICE", "Values": list(SERVICES)}},
                {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}},
            ]
        },
    }
    while True:
        calls.spend(OPERATION, 1)
        with reading(OPERATION, f"costs of {account}"):
            answer = client.get_cost_and_usage(**request)
        yield from of_answer(answer, account)
        if not answer.get("NextPageToken"):
            return
        request["NextPageToken"] = answer["NextPageToken"]


def of_answer(answer: Any, account: str) -> Iterator[BilledDay]:
    """The groups of one answer. A day whose figures may still change says so."""
    for day in answer.get("ResultsByTime") or ():
        start = datetime.fromisoformat(day["TimePeriod"]["Start"]).replace(tzinfo=UTC)
        for group in day.get("Groups") or ():
            cost = group.get("Metrics", {}).get("UnblendedCost", {})
            usage = group.get("Metrics", {}).get("UsageQuantity", {})
            service, usage_type = (*group.get("Keys", ()), "", "")[:2]
            yield BilledDay(
                account, round(start.timestamp() * 1000), service, usage_type,
                cost.get("Amount", "0"), cost.get("Unit", "USD"), usage.get("Amount", "0"), usage.get("Unit", ""),
                bool(day.get("Estimated")),
            )  # fmt: skip
