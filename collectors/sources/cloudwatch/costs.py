"""What AWS billed for Lambda, by Cost Explorer: by day, usage type and kind of line (RECORD_TYPE).

It is asked only where the user wants it, and once for an account and UTC day: every page of an answer is billed, and
the figures change about once a day. Cost Explorer groups by at most two dimensions, so the service is a filter.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.model.account import BilledDay, Covered
from collectors.model.records import Reject
from collectors.model.units import DAY_MS
from collectors.sources.base import ONCE, BilledDays, CoveredSpans
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.pages import pages

OPERATION = "ce:GetCostAndUsage"
SERVICE = "AWS Lambda"
METRICS = ("UnblendedCost", "NetUnblendedCost", "AmortizedCost", "UsageQuantity")
GROUPS = ("USAGE_TYPE", "RECORD_TYPE")
SETTLING_DAYS = 7  # a month's figures still change in the first days of the next


def billed_once(
    client: Any,
    calls: Calls,
    account: str,
    since_ms: int,
    now_ms: int,
    covered: CoveredSpans,
    rejects: list[Reject] | None = None,
) -> Iterator[BilledDays | Covered]:
    """The days from ``since_ms`` (epoch ms) on, and the current month so far, unless they were asked for on the same
    UTC day.

    Ends with the mark that they were asked. Raises SourceFailed, and BudgetReached before a page that would exceed the
    budget.
    """
    today = day_of(now_ms)
    start = min(day_of(since_ms), (today - timedelta(days=SETTLING_DAYS)).replace(day=1))
    item = f"{ONCE}costs {account} {today.isoformat()}"
    start_ms = _ms(start)
    if any(low <= start_ms for low, _ in covered(item)):
        return
    yield BilledDays(list(billed_days(client, calls, account, start_ms, now_ms, rejects)))
    yield Covered(item, start_ms, now_ms)


def billed_days(
    client: Any, calls: Calls, account: str, since_ms: int, now_ms: int, rejects: list[Reject] | None = None
) -> Iterator[BilledDay]:
    """What was billed on each UTC day from that of ``since_ms`` to today. Raises SourceFailed, and BudgetReached before
    a page that would exceed the budget.
    """
    request: dict[str, Any] = {
        "TimePeriod": {
            "Start": day_of(since_ms).isoformat(),
            "End": (day_of(now_ms) + timedelta(days=1)).isoformat(),
        },
        "Granularity": "DAILY",
        "Metrics": list(METRICS),
        "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in GROUPS],
        "Filter": {
            "And": [
                {"Dimensions": {"Key": "SERVICE", "Values": [SERVICE]}},
                {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": [account]}},
            ]
        },
    }
    for answer in pages(
        client.get_cost_and_usage, request, ("NextPageToken", "NextPageToken"),
        action=OPERATION, where=f"costs of {account}", before=lambda: calls.spend(OPERATION, 1),
    ):  # fmt: skip
        yield from of_answer(answer, account, now_ms, rejects)


def of_answer(answer: Any, account: str, asked_ms: int, rejects: list[Reject] | None = None) -> Iterator[BilledDay]:
    """The groups of one answer. A day whose figures may still change is marked so; a figure that is missing is None.

    A group without day or amount, or with an amount that is no number, is counted in ``rejects``.
    """
    names = tuple(str(one.get("Key", "")) for one in answer.get("GroupDefinitions") or ()) or GROUPS
    for day in answer.get("ResultsByTime") or ():
        day_ms = _midnight_ms((day.get("TimePeriod") or {}).get("Start"))
        for group in day.get("Groups") or ():
            keys = dict(zip(names, group.get("Keys", ()), strict=False))
            metrics: Mapping[str, Mapping[str, str]] = group.get("Metrics", {})
            cost, usage = metrics.get("UnblendedCost", {}), metrics.get("UsageQuantity", {})
            amounts = [cost.get("Amount"), *(each["Amount"] for each in metrics.values() if "Amount" in each)]
            if day_ms is None or len(keys) < len(names) or not all(map(_is_decimal, amounts)):
                if rejects is not None:
                    rejects.append(Reject("a day's bill that makes no sense", repr(group)[:2000], "GetCostAndUsage"))
                continue
            yield BilledDay(
                account, day_ms, keys.get("SERVICE", SERVICE), keys.get("USAGE_TYPE", ""),
                cost["Amount"], cost.get("Unit", "USD"), usage.get("Amount"), usage.get("Unit", ""),
                bool(day.get("Estimated")), keys.get("RECORD_TYPE", ""),
                metrics.get("NetUnblendedCost", {}).get("Amount"), metrics.get("AmortizedCost", {}).get("Amount"),
                asked_ms,
            )  # fmt: skip


def day_of(at_ms: int) -> date:
    """The UTC day of a time in epoch ms."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _midnight_ms(text: Any) -> int | None:
    """Epoch ms of the UTC day that a text names; None where it names none."""
    try:
        return _ms(date.fromisoformat(str(text)[:10]))
    except ValueError:
        return None


def _is_decimal(text: Any) -> bool:
    try:
        return isinstance(text, str) and Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _ms(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_MS
