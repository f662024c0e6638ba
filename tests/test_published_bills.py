"""Every collected worked example, line by line at the page's rounding, as far as its dimensions are billed."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from pricing.bill import bill
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from pricing.workload import Workload

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "pricing" / "worked_examples.json"
BOOK = PriceBook.load()


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _examples() -> list[dict[str, Any]]:
    if not SHARED.exists():
        return []
    found: list[dict[str, Any]] = json.loads(SHARED.read_text())["examples"]
    return [one for one in found if one.get("golden") == "exact" and _usage_of(one) is not None]


def _usage_of(example: dict[str, Any]) -> Usage | None:
    """The example's usage; None where it is about something else, or about prices of the past."""
    given_, name = example["inputs"], example["id"]
    if name.startswith("aws_old") or not {"memory_mb", "arch"} <= set(given_):
        return None
    memory_mb, arch = given_["memory_mb"], given_["arch"]
    if "executions" in given_:
        billed = given_["executions"] * given_["seconds_per_execution"] * 1000
        return Usage(region="us-east-1", arch=arch, requests=given_["invocations"], billed_ms=billed,
                     billed_mb_ms=billed * memory_mb)  # fmt: skip
    requests = given_.get("requests") or given_.get("od_requests", 0) + given_.get("pc_requests", 0)
    if "invocations_per_day" in given_:
        requests = given_["invocations_per_day"] * given_["days"]
    if "invocations_per_day_each" in given_:
        requests = given_["invocations_per_day_each"] * given_["esms"] * 30
    average = Decimal(given_.get("avg_ms") or given_.get("od_avg_ms") or given_["pc_avg_ms"])
    return Workload(
        requests=requests,
        duration_ms=average,
        memory_mb=memory_mb,
        arch=arch,
        ephemeral_mb=given_.get("ephemeral_mb", 512),
        provisioned=given_.get("pc", 0),
        provisioned_hours=Decimal(given_.get("pc_hours") or given_.get("hours") or 0),
        provisioned_requests=given_.get("pc_requests"),
        provisioned_duration_ms=Decimal(given_.get("pc_avg_ms") or average),
    ).usage()


_NAMES = {
    "compute": "duration", "od_duration": "duration", "duration_tier1": "duration", "duration_tier2": "duration2",
    "duration_tier3": "duration3", "requests": "requests", "ephemeral_storage": "ephemeral_storage",
    "pc_configured": "provisioned_concurrency", "pc_duration": "provisioned_duration",
}  # fmt: skip


@pytest.mark.skipif(not SHARED.exists(), reason="the collected worked examples are not on this machine")
@pytest.mark.parametrize("example", _examples(), ids=lambda example: str(example["id"]))
def test_collected_example_line_by_line(example: dict[str, Any]) -> None:
    usage = _usage_of(example)
    assert usage is not None
    amounts_of: dict[str, Decimal] = {}
    for charge in bill([usage], BOOK, free_tier=bool(example["inputs"].get("free_tier"))).lines:
        assert charge.amount is not None
        tiered = charge.dimension if charge.tier in (None, 1) else f"{charge.dimension}{charge.tier}"
        amounts_of[tiered] = amounts_of.get(tiered, Decimal(0)) + charge.amount
    amounts_of["requests"] = amounts_of.get("requests", Decimal(0)) + amounts_of.pop("provisioned_requests", Decimal(0))
    compared = 0
    for line in example["lines"]:
        name = _NAMES.get(line["name"])
        if name is not None:
            assert cents(amounts_of[name]) == cents(Decimal(line["published"])), line["name"]
            compared += 1
    assert compared >= 2


@pytest.mark.skipif(not SHARED.exists(), reason="the collected worked examples are not on this machine")
def test_most_collected_examples_are_compared() -> None:
    assert len(_examples()) >= 20
