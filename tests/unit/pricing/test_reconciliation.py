"""AWS's bill beside ours: the exports' formats, usage types, and the reasons for differences."""

import csv
import gzip
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import MB_MS_PER_GB_SECOND
from lambdatui.cli.costs.billing_files import export_in
from pricing.actuals import Actual, NotAnExport
from pricing.bill import bill
from pricing.export_rows import export_of_rows
from pricing.line_kinds import COVERED
from pricing.pricebook import PriceBook
from pricing.reconciliation import daily_amounts, reconcile
from pricing.usage import Usage
from pricing.usage_types import dimension_of
from tests.support import needs
from tests.support.command_line import run
from tests.support.places import SHARED

BOOK = PriceBook.load()
DAY = date(2026, 10, 5)
LAST = date(2026, 10, 31)
FOCUS = SHARED / "workload/billing/focus1.0_aws_lambda_rows.csv.gz"


def charge(dimension: str = "requests", cost: str = "0.2", **more: Any) -> Actual:
    basics = {"day": DAY, "region": "us-east-1", "account": "1", "arch": None, "quantity": Decimal(10**6)}
    return Actual(dimension=dimension, cost=Decimal(cost), list_cost=None, currency="USD", **{**basics, **more})


def actuals_in(path: Path) -> list[Actual]:
    return list(export_in([path]).charges)


def late(day: date = LAST) -> Actual:
    return charge(cost="0", quantity=Decimal(0), day=day)


def reason(used: list[tuple[date, Usage]], *actuals: Actual, **more: Any) -> str:
    rows = reconcile(used, [*actuals, late()], BOOK, **{"free_tier": False, **more})
    one = actuals[0]
    return next(row.reason for row in rows if (row.day, row.dimension) == (one.day, one.dimension))


MILLION = [(DAY, Usage(function="f", region="us-east-1", arch="arm64", requests=10**6))]


# Usage types and descriptions
@pytest.mark.parametrize(
    ("usage_type", "expected"),
    [
        ("Request", ("requests", "x86_64")),
        ("EU-Request", ("requests", "x86_64")),
        ("USE2-Request-ARM", ("requests", "arm64")),
        ("Lambda-GB-Second", ("duration", "x86_64")),
        ("APN1-Lambda-GB-Second-ARM", ("duration", "arm64")),
        ("USW2-Lambda-Provisioned-GB-Second", ("provisioned_duration", "x86_64")),
        ("APN1-Lambda-Provisioned-Concurrency-ARM", ("provisioned_concurrency", "arm64")),
        ("Lambda-Edge-Request", ("edge_requests", "x86_64")),
        ("Global-Request", ("requests", "x86_64")),
        ("EU-DataTransfer-Out-Bytes", ("data_transfer", None)),
        ("EU-Lambda-Web-Memory-GB-Second", ("other", None)),
    ],
)
def test_a_usage_type_is_told_by_its_ending(usage_type: str, expected: tuple[str, str | None]) -> None:
    assert dimension_of(usage_type) == expected


@needs.file(FOCUS)
def test_the_nine_real_focus_rows() -> None:
    found = actuals_in(FOCUS)
    assert [one.dimension for one in found] == [
        "duration", "requests", "requests", "data_transfer", "duration", "data_transfer", "duration", "data_transfer",
        "provisioned_duration",
    ]  # fmt: skip
    for one in found:
        if one.dimension == "data_transfer":
            continue
        assert one.quantity is not None
        quantity = int(one.quantity * MB_MS_PER_GB_SECOND) if one.dimension != "requests" else int(one.quantity)
        name = {"duration": "billed_mb_ms", "requests": "requests", "provisioned_duration": "provisioned_billed_mb_ms"}
        usage = Usage(region=one.region, arch=one.arch, **{name[one.dimension]: quantity})  # type: ignore[arg-type]
        ours = bill([usage], BOOK, free_tier=False).total
        assert ours is not None
        assert one.list_cost is not None
        assert abs(ours - one.list_cost) < Decimal("0.0000000002")  # the rows print ten decimals


# Reasons
def test_what_agrees_agrees() -> None:
    assert reason(MILLION, charge()) == "agrees"


def test_reasons_are_told_apart() -> None:
    """A zero is no free tier unless the bill says so, and a different quantity is never said to be of the price."""
    assert "does not say why" in reason(MILLION, charge(cost="0"))
    assert "free tier: AWS drew it" in reason(MILLION, charge(cost="0", free_tier=True))
    plan = charge(kind=COVERED, effective=Decimal("0.17"))
    assert reason(MILLION, plan) == "usage agrees; a Savings Plan covers it, 15% below list"
    assert reason(MILLION, charge(cost="0.18")).startswith("usage agrees; rate: AWS's is -10.0%")
    half = charge(cost="0.4", quantity=Decimal(2 * 10**6))
    said = "more usage on AWS's bill: 1,000,000 units more, 100%"
    assert reason(MILLION, half, coverage={DAY: 0.5}) == f"{said}; REPORTs of 50% of the invocations were seen"
    assert reason(MILLION, half) == f"{said}; functions, regions or hours that were not collected"
    assert reason([], charge(), collected=[("1", "us-east-1")]) == "not collected: nothing was collected that day"
    assert (
        reason(MILLION, charge("provisioned_concurrency")) == "not collected: the store has no provisioned concurrency"
    )


def test_only_days_just_before_now_may_be_late() -> None:
    used = [(LAST, MILLION[0][1])]
    half = charge(cost="0.1", quantity=Decimal(500_000), day=LAST)

    def told(**more: Any) -> str:
        return next(row.reason for row in reconcile(used, [half], BOOK, free_tier=False, **more) if row.day)

    assert told(now=date(2026, 11, 1)).startswith("late data: AWS's last days still change")
    assert told(now=date(2026, 11, 10)).startswith("less usage on AWS's bill: 500,000 units less, 50%")
    assert told().startswith("less usage on AWS's bill")  # nobody says that it is recent
    rows = reconcile(used, [charge(day=DAY)], BOOK)
    assert all(row.day is None or row.day == DAY for row in rows)  # ours beyond AWS's days is not compared


def test_an_export_that_does_not_split_the_service_is_compared_in_sum() -> None:
    usage = Usage(region="us-east-1", arch="x86_64", requests=10**6, billed_mb_ms=MB_MS_PER_GB_SECOND * 10**6)
    rows = reconcile([(DAY, usage)], [charge("all", "16.8667", quantity=None)], BOOK, free_tier=False)
    assert [(row.dimension, row.amount, row.reason) for row in rows if row.day] == [
        ("all", Decimal("16.8667"), "agrees")
    ]


def test_currencies_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="CNY and USD"):
        reconcile(MILLION, [charge(), Actual(DAY, "requests", "", "", None, None, Decimal(1), None, "CNY")], BOOK)


months = st.lists(
    st.builds(
        lambda day, **more: (date(2026, 10, day), Usage(**more)),
        day=st.integers(1, 31),
        function=st.sampled_from(["a", "b"]),
        region=st.sampled_from(["us-east-1", "eu-west-1"]),
        arch=st.sampled_from(["x86_64", "arm64"]),
        requests=st.integers(0, 10**7),
        billed_mb_ms=st.integers(0, 10**12),
    ),
    max_size=12,
)


@given(months)
@settings(max_examples=60)
def test_days_sum_to_the_months_bill_exactly_and_are_never_negative(used: list[tuple[date, Usage]]) -> None:
    days = daily_amounts(used, BOOK)
    assert sum((amount or 0 for _, amount in days.values()), Decimal(0)) == bill([one for _, one in used], BOOK).total
    assert all(quantity >= 0 for quantity, _ in days.values())


# Files
FOCUS_ROW = {
    "ChargePeriodStart": "2025-03-31T00:00:00Z", "ServiceName": "AWS Lambda", "x_UsageType": "USE2-Request",
    "PricingQuantity": "8", "BilledCost": "0.0000016", "ListCost": "0.0000016", "RegionId": "us-east-2",
    "SubAccountId": "123456789012", "BillingCurrency": "USD", "ChargeCategory": "Usage", "ChargeDescription": "x",
    "CommitmentDiscountId": "", "ResourceId": "arn:aws:lambda:us-east-2:1:function:f",
}  # fmt: skip
CUR_ROW = {
    "line_item_usage_start_date": "2025-03-31 00:00:00.000", "line_item_product_code": "AWSLambda",
    "line_item_usage_type": "USE2-Lambda-GB-Second", "line_item_usage_amount": 1.5,
    "line_item_unblended_cost": 2.500005e-05, "line_item_line_item_type": "Usage", "product_region_code": "us-east-2",
    "line_item_usage_account_id": "1", "line_item_currency_code": "USD",
}  # fmt: skip
EXPLORER = {
    "GroupDefinitions": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    "ResultsByTime": [
        {
            "TimePeriod": {"Start": "2025-03-31", "End": "2025-04-01"}, "Total": {}, "Estimated": True,
            "Groups": [
                {"Keys": ["AWS Lambda", "USE2-Request"],
                 "Metrics": {"UnblendedCost": {"Amount": "0.0000016", "Unit": "USD"},
                             "UsageQuantity": {"Amount": "8", "Unit": "Requests"}}},
                {"Keys": ["AmazonCloudWatch", "USE2-CW:GMD-Metrics"],
                 "Metrics": {"UnblendedCost": {"Amount": "3", "Unit": "USD"}}},
            ],
        }
    ],
}  # fmt: skip


def write_csv(path: Path, row: dict[str, Any]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path


def test_every_format_gives_the_same_charge(tmp_path: Path) -> None:
    focus = write_csv(tmp_path / "focus.csv", FOCUS_ROW)
    packed = tmp_path / "focus.csv.gz"
    packed.write_bytes(gzip.compress(focus.read_bytes()))
    explorer = tmp_path / "ce.json"
    explorer.write_text(json.dumps(EXPLORER))
    for path in (focus, packed, explorer):
        (one,) = actuals_in(path)
        assert (one.day, one.dimension, one.quantity, one.cost) == (
            date(2025, 3, 31), "requests", Decimal(8), Decimal("0.0000016"),
        )  # fmt: skip
    assert actuals_in(explorer)[0].estimated
    (cur,) = actuals_in(write_csv(tmp_path / "cur.csv", CUR_ROW))
    assert (cur.dimension, cur.cost, cur.region) == ("duration", Decimal("0.00002500005"), "us-east-2")


def test_parquet_gives_what_csv_gives(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    from pyarrow import parquet

    path = tmp_path / "cur.parquet"
    parquet.write_table(pa.Table.from_pylist([CUR_ROW]), path)
    (one,) = actuals_in(path)
    (same,) = actuals_in(write_csv(tmp_path / "cur.csv", CUR_ROW))
    assert one == same


def test_taxes_are_told_apart_and_other_services_are_named() -> None:
    rows = [FOCUS_ROW | {"ChargeCategory": "Tax"}, FOCUS_ROW | {"ServiceName": "Amazon EC2"}, FOCUS_ROW]
    export = export_of_rows(rows)
    assert [one.kind for one in export.charges] == ["tax", "usage"]
    assert export.others == {("Amazon EC2", "USD"): (1, Decimal("0.0000016"))}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "no column for the start"),
        (b'{"x": 1}', "no answer of GetCostAndUsage"),
        (b'{"ResultsByTime": [{"Groups": [{}]}]}', "UnblendedCost"),
        (b"{nonsense", "not JSON"),
        (b"\x1f\x8b\x00", "gzip"),
        (b"\xff\xfe\x00\x01", "neither text nor Parquet"),
        (b"PAR1xxxxPAR1", "Parquet"),
        (b"date,service,unblended_usd\nsoon,AWS Lambda,1\n", "does not begin with a date"),
        (b"date,service,unblended_usd\n2026-01-01,AWS Lambda,much\n", "is not a number"),
        (b"date,service,unblended_usd\n2026-01-01,AWS Glue,1\n", "no charges of AWS Lambda"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "export"
    path.write_bytes(content)
    result = run("--db", "/nowhere.db", "costs", "reconcile", str(path))
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr


@given(st.dictionaries(st.sampled_from([*FOCUS_ROW, "date", "service"]), st.text(max_size=12)))
def test_any_row_is_a_charge_or_refused(row: dict[str, str]) -> None:
    try:
        for one in export_of_rows([{**FOCUS_ROW, **row}]).charges:
            assert one.cost is None or one.cost.is_finite()
    except NotAnExport:
        pass


# The command


def test_the_command_shows_days_and_sums(db: Path, tmp_path: Path) -> None:
    here = {"RegionId": "us-east-1", "x_UsageType": "Request", "SubAccountId": "111122223333", "PricingQuantity": "6"}
    path = write_csv(tmp_path / "focus.csv", FOCUS_ROW | here | {"BilledCost": "0.0000012", "ListCost": "0.0000012"})
    result = run("--db", db, "costs", "reconcile", str(path), "--no-free-tier", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    requests = [row for row in found["rows"] if row["dimension"] == "requests" and row["region"] == "us-east-1"]
    assert [row["day"] for row in requests] == ["2025-03-31", ""]
    assert (requests[0]["quantity"], requests[0]["aws_quantity"]) == ("6", "6")
    assert requests[0]["reason"] == "agrees"
    assert "duration" in {row["dimension"] for row in found["rows"]}
    table = run("--db", db, "costs", "reconcile", str(path), "--no-free-tier")
    assert "Reason" in table.stdout


def test_costs_still_lists_without_a_subcommand(db: Path) -> None:
    assert "total" in run("--db", db, "costs", "--range", "all").stdout
