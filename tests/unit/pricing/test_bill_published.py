"""Every collected worked example that is marked exact, line by line, at the page's rounding: each line to the cent."""

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from collectors.model.units import HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND, MINUTE_MS
from pricing.bill import bill
from pricing.pricebook import BUNDLED, PriceBook
from pricing.usage import Usage, billed_ms_of
from pricing.workload import Workload
from tests.support import needs
from tests.support.places import SHARED

EXAMPLES = SHARED / "pricing" / "worked_examples.json"
BOOK = PriceBook.load()
needs_shared = needs.file(EXAMPLES)
GB, GIB, HOUR_MS = 10**9, 2**30, HOUR_MS


def cents(amount: Decimal) -> str:
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _examples() -> list[dict[str, Any]]:
    if not EXAMPLES.exists():
        return []
    found: list[dict[str, Any]] = json.loads(EXAMPLES.read_text())["examples"]
    return [one for one in found if one.get("golden") == "exact"]


def _book(example: dict[str, Any]) -> PriceBook:
    """The bundled book, with the prices that the page of the time printed where they were others."""
    document = json.loads(BUNDLED.read_text())
    region = document["regions"]["us-east-1"]
    if example["id"].startswith("aws_old"):
        region["duration"]["x86_64"] = ["0.00001667"]
    if example["id"].startswith("aws_microvm"):  # the page prints rounded prices and bills by the month
        region["microvm"] |= {"snapshot_read_gb": "0.00155", "snapshot_write_gb": "0.0038"}
        region["microvm"]["snapshot_storage_gb_hour"] = str(Decimal("0.08") / 720)
    return PriceBook(document)


def _on_demand(given: dict[str, Any]) -> Usage:
    """Requests of one mean duration, with provisioned concurrency and ephemeral storage where the example has any."""
    memory_mb = given["memory_mb"]
    requests = given.get("requests") or given.get("od_requests", 0) + given.get("pc_requests", 0)
    if "invocations_per_day" in given:
        requests = given["invocations_per_day"] * given["days"]
    if "invocations_per_day_each" in given:
        requests = given["invocations_per_day_each"] * given["esms"] * 30
    average = Decimal(given.get("avg_ms") or given.get("od_avg_ms") or given["pc_avg_ms"])
    usage = Workload(
        region="us-east-1",
        requests=requests,
        duration_ms=average,
        memory_mb=memory_mb,
        arch=given["arch"],
        ephemeral_mb=given.get("ephemeral_mb", 512),
        provisioned=given.get("pc", 0),
        provisioned_hours=Decimal(given.get("pc_hours") or given.get("hours") or 0),
        provisioned_requests=given.get("pc_requests"),
        provisioned_duration_ms=Decimal(given.get("pc_avg_ms") or average),
    ).usage()
    return replace(usage, metered=_metered(given))


def _metered(given: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    if "cached_seconds" in given:
        found["snapstart_cache"] = given["memory_mb"] * given["cached_seconds"] * 1000 * given["versions"]
        found["snapstart_restore"] = given["memory_mb"] * given["restores"]
    if "epu_hours" in given:
        found["sqs_pollers" if given["epu_hours"] == 8000 else "kafka_pollers"] = given["epu_hours"] * HOUR_S
    if "payload" in given:  # 1 M responses of 7 MB, of which 6 MB each are free; the 100 GiB of the month are spent
        found["streaming"] = 1_000_000 * 2**20 + 100 * GIB
    return tuple(found.items())


def _durable(given: dict[str, Any]) -> Usage:
    billed_ms = given["executions"] * given["seconds_per_execution"] * 1000
    kept = 104 * GB * (7 + 14) * 24  # running for 7 days, retained for 14
    return Usage(
        region="us-east-1", arch="arm64", requests=given["invocations"], billed_ms=billed_ms,
        billed_mb_ms=billed_ms * given["memory_mb"],
        metered=(("durable_operations", given["operations"]), ("durable_written", given["data_written_gb"] * GB),
                 ("durable_retained", kept)),
    )  # fmt: skip


def _microvm(lines: dict[str, Decimal]) -> Usage:
    vcpu, memory = (int(sum(lines[f"{part}_{what}"] for part in ("peak", "base"))) for what in ("vcpu", "memory"))
    stored = int(lines["image_storage"]) * GB * 720
    return Usage(
        region="us-east-1", arch="arm64",
        metered=(("microvm_vcpu", vcpu * 1000), ("microvm_memory", memory * MB_MS_PER_GB_SECOND),
                 ("microvm_snapshot_read", int(lines["snapshot_read"]) * GB), ("microvm_snapshot_storage", stored)),
    )  # fmt: skip


def _usage_of(example: dict[str, Any]) -> Usage:
    given, name = example["inputs"], example["id"]
    if name == "aws_durable_functions":
        return _durable(given)
    if name == "aws_managed_instances":
        return Usage(region="us-east-1", arch="arm64", metered=(("managed_requests", given["requests"]),),
                     instance_seconds=given["hours"] * HOUR_S, instance_rate=Decimal(given["ec2_od_hour"]),
                     instance_paid_rate=Decimal(given["ec2_sp_hour"]))  # fmt: skip
    if name == "aws_lambda_edge":
        mb_ms = given["requests"] * given["avg_ms"] * given["memory_mb"]
        return Usage(region="us-east-1", metered=(("edge_requests", given["requests"]), ("edge_duration", mb_ms)))
    if name.startswith("aws_microvm"):
        return _microvm({line["name"]: Decimal(line["quantity"]) for line in example["lines"]})
    return _on_demand(given)


# A line of an example is the sum of these dimensions of ours (with the tier where one was crossed).
_NAMES: dict[str, tuple[str, ...]] = {
    "compute": ("duration", "edge_duration"), "od_duration": ("duration",), "duration_tier1": ("duration",),
    "duration_tier2": ("duration2",), "duration_tier3": ("duration3",),
    "requests": ("requests", "provisioned_requests", "managed_requests", "edge_requests"),
    "ephemeral_storage": ("ephemeral_storage",), "pc_configured": ("provisioned_concurrency",),
    "pc_duration": ("provisioned_duration",), "snapstart_cache": ("snapstart_cache",),
    "snapstart_restore": ("snapstart_restore",), "bytes_streamed": ("streaming",),
    "operations": ("durable_operations",), "data_written": ("durable_written",),
    "data_retained": ("durable_retained",), "epu": ("kafka_pollers", "sqs_pollers"), "ec2": ("managed_instances",),
    "management_fee": ("management_fee",), "snapshot_read": ("microvm_snapshot_read",),
    "image_storage": ("microvm_snapshot_storage",),
}  # fmt: skip


@needs_shared
@pytest.mark.parametrize("example", _examples(), ids=lambda example: str(example["id"]))
def test_collected_example_line_by_line(example: dict[str, Any]) -> None:
    amounts: dict[str, Decimal] = {}
    for charge in bill([_usage_of(example)], _book(example), free_tier=bool(example["inputs"].get("free_tier", False)
                       or "payload" in example["inputs"])).lines:  # fmt: skip
        assert charge.amount is not None, charge
        tiered = charge.dimension if charge.tier in (None, 1) else f"{charge.dimension}{charge.tier}"
        amounts[tiered] = amounts.get(tiered, Decimal(0)) + charge.amount
    lines = {line["name"]: Decimal(line["published"]) for line in example["lines"]}
    exact = {line["name"]: Decimal(line["exact"]) for line in example["lines"]}
    if example["id"].startswith("aws_microvm"):  # one rate for base and peak: their sum is one line of ours
        for what in ("vcpu", "memory"):
            assert cents(amounts.pop(f"microvm_{what}")) == cents(exact[f"peak_{what}"] + exact[f"base_{what}"])
            assert cents(exact[f"peak_{what}"]) == cents(lines.pop(f"peak_{what}"))
            assert cents(exact[f"base_{what}"]) == cents(lines.pop(f"base_{what}"))
    for name, published in lines.items():
        ours = [amounts.pop(one) for one in _NAMES[name] if one in amounts]
        assert ours, f"no line of ours is {name}"
        assert cents(sum(ours, Decimal(0))) == cents(published), name
    assert not any(amounts.values()), f"ours has lines that the example has not: {amounts}"


@needs_shared
def test_all_exact_examples_are_compared() -> None:
    assert len(_examples()) >= 26


@needs_shared
def test_published_quantities_logs_tiers_and_init() -> None:
    examples = {one["id"]: one for one in json.loads(EXAMPLES.read_text())["examples"]}
    logs = bill([Usage(region="us-east-1", metered=(("logs_standard", MINUTE_MS * GB),))], BOOK, free_tier=False)
    assert logs.total == Decimal(examples["duckbill_lambda_logs_60tb"]["published_total"])
    init = examples["aws_init_report_lines"]["inputs"]
    assert billed_ms_of(Decimal(init["duration_ms"]), Decimal(init["init_ms"])) == 351
    given = examples["nobleneet_quantities_tokyo_x86_advanced"]["inputs"]
    workload = Workload(
        region="ap-northeast-1", requests=2000, duration_ms=Decimal(100), memory_mb=128, ephemeral_mb=1024,
        provisioned=given["pc"], provisioned_hours=Decimal(given["pc_hours"]), provisioned_requests=1000,
    )  # fmt: skip
    found = {line.dimension: line.quantity for line in bill([workload.usage()], BOOK, free_tier=False).lines}
    expected = examples["nobleneet_quantities_tokyo_x86_advanced"]["expected_quantities"]
    assert found["duration"] == Decimal(expected["APN1-Lambda-GB-Second"])
    assert found["ephemeral_storage"] == Decimal(expected["APN1-Lambda-Storage-GB-Second"])
    assert found["provisioned_concurrency"] == Decimal(expected["APN1-Lambda-Provisioned-Concurrency"])
    free = bill([Workload(requests=20_000, duration_ms=Decimal(30_000), memory_mb=128).usage()], BOOK)
    assert free.total == 0
