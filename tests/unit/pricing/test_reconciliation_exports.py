"""Exports of ten known days in every shape and with every kind of line: what was paid, and what is said of it."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.errors import LambdatuiError
from collectors.model.units import MB_MS_PER_GB_SECOND, MINUTE_MS
from lambdatui.cli.costs.billing_files import export_in
from pricing.export_values import Style
from pricing.findings import Summary, summary_of
from pricing.pricebook import PriceBook
from pricing.reconciliation import Reconciled, reconcile
from pricing.usage import Usage

BOOK = PriceBook.load()
ONE, TWO = "111111111111", "222222222222"
DAYS = [date(2026, 10, day) for day in range(11, 21)]
USED = [
    (
        day,
        Usage(
            function="f", account=ONE, region="us-east-1", arch="x86_64", billed_mb_ms=MINUTE_MS * MB_MS_PER_GB_SECOND
        ),
    )
    for day in DAYS
]
LIST = Decimal("1.000002")  # 60,000 GB-s at 0.0000166667


def cur(
    day: object, kind: str = "Usage", cost: str = "1.000002", quantity: str = "60000", **more: str
) -> dict[str, str]:
    return {
        "line_item_usage_account_id": ONE, "line_item_line_item_type": kind, "line_item_product_code": "AWSLambda",
        "line_item_usage_start_date": f"{day}T00:00:00.000Z", "line_item_usage_type": "Lambda-GB-Second",
        "line_item_usage_amount": quantity, "line_item_unblended_cost": cost, "line_item_currency_code": "USD", **more,
    }  # fmt: skip


def focus(day: date, category: str = "Usage", **more: str) -> dict[str, str]:
    return {
        "ChargePeriodStart": f"{day}T00:00:00Z", "ChargePeriodEnd": f"{day + timedelta(days=1)}T00:00:00Z",
        "ChargeCategory": category, "ServiceName": "AWS Lambda", "SkuMeter": "Lambda-GB-Second", "RegionId": "us-east-1",
        "SubAccountId": ONE, "BillingCurrency": "USD", "BilledCost": "1.000002", "EffectiveCost": "1.000002",
        "ListCost": "1.000002", "ContractedCost": "1.000002", "PricingQuantity": "60000",
        "CommitmentDiscountId": "", "CommitmentDiscountType": "", "CommitmentDiscountStatus": "", **more,
    }  # fmt: skip


def table(rows: Sequence[Mapping[str, str]], mark: str = ",") -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=mark, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def explorer(keys: Sequence[str], *groups: tuple[Sequence[str], Mapping[str, str]], days: Sequence[date] = DAYS) -> str:
    periods = [
        {
            "TimePeriod": {"Start": str(day), "End": str(day + timedelta(days=1))},
            "Groups": [
                {
                    "Keys": list(names),
                    "Metrics": {metric: {"Amount": amount, "Unit": "USD"} for metric, amount in of.items()},
                }
                for names, of in groups
            ],
        }
        for day in days
    ]
    return json.dumps(
        {"GroupDefinitions": [{"Type": "DIMENSION", "Key": key} for key in keys], "ResultsByTime": periods}
    )


@pytest.fixture
def told(tmp_path: Path) -> Any:
    def tell(content: str | bytes, **more: Any) -> tuple[Summary, tuple[Reconciled, ...], str]:
        path = tmp_path / "export"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        export = export_in([path])
        rows = reconcile(USED, export.charges, BOOK, **{"free_tier": False, "now": date(2026, 11, 30), **more})
        summary = summary_of(rows, export, LIST * 10)
        return summary, rows, "\n".join(f"{one.text} | {one.amount}" for one in summary.findings)

    return tell


def every(*rows: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [cur(day) for day in DAYS] + list(rows)


# Kinds of line: (what stands beside ten days at list) -> (net, effective, paid, words)
KINDS = [
    ([cur(day, "PrivateRateDiscount", "-0.15", "0") for day in DAYS], "8.50002", "8.50002", "private rate discount 15%: 10 lines"),
    ([cur(day, "BundledDiscount", "-0.05", "0") for day in DAYS], "9.50002", "9.50002", "bundled discount 5%: 10 lines"),
    ([cur(day, "EdpDiscount", "-0.10", "0") for day in DAYS], "9.00002", "9.00002", "EDP discount 10%: 10 lines"),
    ([cur(day, "RIVolumeDiscount", "-0.01", "0") for day in DAYS], "9.90002", "9.90002", "other discount 1%: 10 lines of RIV"),
    ([cur(DAYS[0], "Credit", "-3", "0")], "10.00002", "7.00002", "credits: 1 line | -3"),
    ([cur(DAYS[0], "Refund", "-3", "0")], "10.00002", "7.00002", "refunds: 1 line | -3"),
    ([cur(DAYS[0], "Tax", "1.90", "1", line_item_usage_type="")], "10.00002", "11.90002", "tax: 1 line | 1.90"),
    ([cur(DAYS[0], "Fee", "2", "1", line_item_usage_type="")], "10.00002", "12.00002", "fees: 1 line | 2"),
    ([cur(DAYS[0], "Zorb", "2", "1")], "10.00002", "12.00002", "not known here (Zorb): 1 line | 2"),
]  # fmt: skip


@pytest.mark.parametrize(("beside", "net", "paid", "words"), KINDS, ids=[words for *_, words in KINDS])
def test_each_kind_of_line_is_counted_and_named(told: Any, beside: list[Any], net: str, paid: str, words: str) -> None:
    summary, rows, said = told(table(every(*beside)))
    amounts = summary.amounts
    assert (amounts.list, amounts.net, amounts.paid) == (LIST * 10, Decimal(net), Decimal(paid))
    assert words in said
    assert f"{ONE}: usage agrees (10 days)" in said
    assert sum(row.aws_amount or 0 for row in rows if row.day) == Decimal(paid)
    kinds = {one.record_type: one.lines for one in summary.kinds}
    assert kinds == {"Usage": 10, beside[0]["line_item_line_item_type"]: len(beside)}


def test_a_plan_that_covers_a_part_and_its_fee(told: Any) -> None:
    rows = [cur(day, cost="0.400001", quantity="24000") for day in DAYS]
    plan = {"savings_plan_savings_plan_effective_cost": "0.51"}
    rows += [cur(day, "SavingsPlanCoveredUsage", "0.600001", "36000", **plan) for day in DAYS]
    rows += [cur(day, "SavingsPlanNegation", "-0.600001", "36000") for day in DAYS]
    summary, _, said = told(table(rows))
    assert "a Savings Plan covers 60% of it, 15% below list" in said
    amounts = summary.amounts
    assert (amounts.list, amounts.net) == (Decimal("10.00002"), Decimal("10.00002"))
    assert (amounts.effective, amounts.paid, amounts.lines) == (
        Decimal("9.10001"),
        Decimal("9.10001"),
        Decimal("4.00001"),
    )
    fee = [cur(day, "SavingsPlanRecurringFee", "0.70", "24", line_item_usage_type="ComputeSP") for day in DAYS]
    with_fee, _, said = told(table([*rows, *fee]))
    assert with_fee.amounts.paid == Decimal("11.00001")  # on demand and the fee, used or not
    assert "1.90 is not used by Lambda's lines" in said
    elsewhere, _, said = told(table([*rows, *(one | {"line_item_product_code": "ComputeSavingsPlans"} for one in fee)]))
    assert elsewhere.amounts.paid == Decimal("9.10001")
    assert "ComputeSavingsPlans SavingsPlanRecurringFee is not Lambda's and is not mixed in: 10 lines" in said


def test_what_the_plans_share_cost_is_not_guessed(told: Any) -> None:
    groups = (("SavingsPlanCoveredUsage", "Lambda-GB-Second"), ("SavingsPlanNegation", "Lambda-GB-Second"))
    covered = {"UnblendedCost": "1.000002", "UsageQuantity": "60000"}
    negated = {"UnblendedCost": "-1.000002", "UsageQuantity": "60000"}
    summary, _, said = told(explorer(("RECORD_TYPE", "USAGE_TYPE"), (groups[0], covered), (groups[1], negated)))
    assert (summary.amounts.effective, summary.amounts.paid) == (None, None)
    assert "ask for AmortizedCost" in said
    amortized = covered | {"AmortizedCost": "0.88"}
    summary, _, said = told(explorer(("RECORD_TYPE", "USAGE_TYPE"), (groups[0], amortized), (groups[1], negated)))
    assert summary.amounts.paid == Decimal("8.80")
    assert "a Savings Plan covers it, 12% below list" in said


def test_reservations_private_rates_and_net_columns(told: Any) -> None:
    reserved = {"reservation_effective_cost": "0.75", "pricing_public_on_demand_cost": "1.000002"}
    summary, _, said = told(table([cur(day, "DiscountedUsage", "0", **reserved) for day in DAYS]))
    assert (summary.amounts.list, summary.amounts.paid) == (Decimal("10.00002"), Decimal("7.50"))
    assert "a reservation covers it, 25% below list" in said
    _, _, said = told(table([cur(day, cost="0.85", pricing_public_on_demand_cost="1.000002") for day in DAYS]))
    assert "private rate, 15% below list" in said
    summary, _, said = told(table([cur(day, line_item_net_unblended_cost="0.90") for day in DAYS]))
    assert "discount 10%, as the net amounts say" in said
    assert (summary.amounts.net, summary.amounts.paid, summary.amounts.lines) == (9, 9, Decimal("10.00002"))


def test_focus_says_the_same_of_a_plan_its_fee_and_what_was_not_used(told: Any) -> None:
    plan = {"CommitmentDiscountId": "arn:savingsplan/1", "CommitmentDiscountType": "Savings Plan"}
    used = plan | {"CommitmentDiscountStatus": "Used", "BilledCost": "0", "EffectiveCost": "0.88"}
    unused = plan | {"CommitmentDiscountStatus": "Unused", "BilledCost": "0", "EffectiveCost": "0.12"}
    rows = [focus(day, **used) for day in DAYS]
    summary, _, said = told(table([*rows, *(focus(day, **unused) for day in DAYS)]))
    assert (summary.amounts.list, summary.amounts.net) == (Decimal("10.00002"), Decimal("10.00002"))
    assert (summary.amounts.effective, summary.amounts.paid) == (Decimal("8.80"), Decimal("8.80"))
    assert "usage agrees; a Savings Plan covers it, 12% below list" in said
    assert "unused commitment: 10 lines" in said
    fee = plan | {"BilledCost": "10", "EffectiveCost": "0"}
    assert told(table([*rows, focus(DAYS[0], "Purchase", **fee)]))[0].amounts.paid == 10
    for category, description, kind in (
        ("Credit", "AWS Activate credit", "credits"), ("Adjustment", "Goodwill refund", "refunds"),
        ("Credit", "Enterprise Program Discount", "EDP discount"), ("Tax", "VAT", "tax"), ("Zorb", "", "not known here"),
    ):  # fmt: skip
        beside = focus(DAYS[0], category, BilledCost="-1", ChargeDescription=description, PricingQuantity="")
        assert kind in told(table([*(focus(day) for day in DAYS), beside]))[2]


def test_only_refunds_or_tax_compare_no_usage(told: Any) -> None:
    for kind in ("Refund", "Tax"):
        summary, rows, said = told(table([cur(DAYS[3], kind, "-5", "0")]))
        assert "no lines of usage in it: usage cannot be compared" in said
        assert (summary.amounts.list, summary.amounts.paid) == (None, Decimal(-5))
        assert {row.is_usage for row in rows} == {False}


# What was not collected
def test_accounts_regions_dimensions_and_services_are_named(told: Any) -> None:
    names = {
        "EU-Lambda-GB-Second": "region eu-west-1 was not collected", "APN1-Request-ARM": "region ap-northeast-1 was not",
        "Lambda-Edge-GB-Second": "no edge duration", "Lambda-Provisioned-Concurrency": "no provisioned concurrency",
        "Lambda-Storage-GB-Second": "of ephemeral storage", "Lambda-SnapStart-Cached-GB-S": "no snapstart cache",
        "Lambda-Streaming-Response-Processed-Bytes": "no streaming", "Lambda-Zorb": "not known here: Lambda-Zorb",
    }  # fmt: skip
    beside = [cur(DAYS[0], cost="0.5", quantity="5", line_item_usage_type=one) for one in names]
    beside.append(cur(DAYS[1], cost="0.25", line_item_usage_account_id=TWO))
    logs = {"line_item_product_code": "AmazonCloudWatch", "line_item_usage_type": "DataProcessing-Bytes"}
    _, _, said = told(table(every(*beside, cur(DAYS[0], cost="7", **logs))))
    for words in names.values():
        assert words in said
    assert f"account {TWO} was not collected | 0.25" in said
    assert "AmazonCloudWatch is not Lambda's and is not mixed in: 1 line in USD | 7" in said
    assert f"{ONE}: usage agrees" not in said
    assert f"{ONE}: agrees (10 days)" in said


def test_more_less_and_late(told: Any) -> None:
    more = [cur(day, cost="2.000004", quantity="120000") if day in DAYS[-2:] else cur(day) for day in DAYS]
    said = told(table(more))[2]
    assert "2 of 10 days differ: more usage on AWS's bill: 60,000 units more, 100%" in said
    assert "2026-10-19 to 2026-10-20" in said
    less = [cur(day, cost="0.5", quantity="30000") if day == DAYS[-1] else cur(day) for day in DAYS]
    assert "less usage on AWS's bill: 30,000 units less, 50%" in told(table(less))[2]
    assert "late data: AWS's last days still change" in told(table(less), now=date(2026, 10, 21))[2]
    assert "late data" not in told(table(more), now=date(2026, 10, 21))[2]
    taken_back = told(table(every(cur(DAYS[0], cost="-0.5", quantity="-30000"))))[2]
    assert "less usage on AWS's bill: 30,000 units less, 50%" in taken_back
    assert "negative quantity" in taken_back


def test_zero_is_free_tier_only_where_the_bill_says_so(told: Any) -> None:
    free = "AWS Lambda - Compute Free Tier - 400,000 GB-Seconds"
    assert (
        "free tier: AWS drew it"
        in told(table([cur(day, cost="0", line_item_line_item_description=free) for day in DAYS]))[2]
    )
    summary, _, said = told(table([cur(day, cost="0") for day in DAYS]))
    assert "AWS charged nothing, and the export does not say why" in said
    assert (summary.amounts.list, summary.listed) == (LIST * 10, "computed from our usage")


# Shapes of files
def test_the_same_lines_in_every_shape_of_file(tmp_path: Path) -> None:
    rows = [cur(day) for day in DAYS]
    commas = [row | {"line_item_unblended_cost": "1,000002", "line_item_usage_amount": "60.000,0"} for row in rows]
    german = [
        row | {"line_item_usage_start_date": f"{day:%d.%m.%Y} 00:00"} for row, day in zip(commas, DAYS, strict=True)
    ]
    american = [
        row | {"line_item_usage_start_date": f"{day:%m/%d/%Y} 0:00"} for row, day in zip(rows, DAYS, strict=True)
    ]
    east = [row | {"line_item_usage_start_date": f"{day}T02:00:00+02:00"} for row, day in zip(rows, DAYS, strict=True)]
    first = [row | {"line_item_usage_start_date": f"{day}T00:00:00+00:00"} for row, day in zip(rows, DAYS, strict=True)]
    shapes = {
        "comma": table(rows).encode(), "semicolon": table(rows, ";").encode(), "tab": table(rows, "\t").encode("utf-16"),
        "mark": table(rows).encode("utf-8-sig"), "unmarked": table(rows).encode("utf-16-le"),
        "gzip": gzip.compress(table(rows).encode()), "decimals": table(commas, ";").encode("cp1252"),
        "german": table(german, ";").encode(), "american": table(american).encode(), "east": table(east).encode(),
        "utc": table(first).encode(), "excel": b"sep=;\n" + table(rows, ";").encode(),
        "slashes": table([{name.replace("line_item_", "lineItem/"): value for name, value in row.items()} for row in rows])
        .replace("lineItem/usage_start_date", "lineItem/UsageStartDate").encode(),
    }  # fmt: skip
    for name, content in shapes.items():
        path = tmp_path / name
        path.write_bytes(content)
        found = export_in([path]).charges
        assert [(one.day, one.quantity, one.cost) for one in found] == [(day, MINUTE_MS, LIST) for day in DAYS], name


def test_parquet_of_focus_and_cur(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow reads Parquet")
    from pyarrow import parquet

    for row in (cur(DAYS[0]), focus(DAYS[0])):
        typed = {
            name: float(value) if value.replace(".", "").isdigit() and "." in value else value
            for name, value in row.items()
        }
        parquet.write_table(pa.Table.from_pylist([typed]), tmp_path / "x.parquet")
        (one,) = export_in([tmp_path / "x.parquet"]).charges
        assert (one.day, one.quantity, one.cost, one.dimension) == (DAYS[0], MINUTE_MS, LIST, "duration")


def test_months_are_compared_with_months(told: Any) -> None:
    whole = cur("2026-10-01", cost="10.00002", quantity="600000", line_item_usage_end_date="2026-11-01T00:00:00Z")
    _, rows, said = told(table([whole]))
    assert "agrees (1 month)" in said
    assert [(row.day, row.until) for row in rows if row.day] == [(date(2026, 10, 1), date(2026, 11, 1))]
    hours = [cur(day, cost="0.5000010", quantity="30000") | {"line_item_usage_start_date": f"{day}T{hour}:00:00Z"}
             for day in DAYS for hour in ("05", "17")]  # fmt: skip
    assert "agrees (10 days)" in told(table(hours))[2]
    monthly = '"Service","Lambda($)","Total costs($)"\n"Service total","10.00002","10.00002"\n"2026-10-01","10.00002","10.00002"\n'
    assert "agrees (1 month)" in told(monthly)[2]


def test_the_consoles_csv_in_several_languages_and_groupings(told: Any) -> None:
    days = "".join(f'"{day}","1.000002","0.5","1.500002"\n' for day in DAYS)
    _, _, said = told(f'"Service","Lambda($)","S3($)","Total costs($)"\n"Service total","9","9","9"\n{days}')
    assert "agrees (10 days)" in said
    assert "S3 is not Lambda's and is not mixed in: 10 lines in USD | 5.0" in said
    tage = "".join(f'"{day:%d.%m.%Y}";"0,92";"0,5";"1,42"\n' for day in DAYS)
    summary, _, said = told(
        f'"Dienst";"Lambda(€)";"S3(€)";"Gesamtkosten(€)"\n"Summe";"1";"1";"2"\n{tage}'.encode("utf-16")
    )
    assert (summary.currency, summary.amounts.paid) == ("EUR", Decimal("9.20"))
    assert "Gesamtkosten" not in said
    assert "amounts are EUR and not compared with USD without a rate" in said
    types = "".join(f'"{day}","1.000002"\n' for day in DAYS)
    assert "agrees (10 days)" in told(f'"Usage type","Lambda-GB-Second($)"\n{types}')[2]


def test_cost_explorers_metrics_and_groups(told: Any) -> None:
    key = ("AWS Lambda", "Lambda-GB-Second")
    both = ("SERVICE", "USAGE_TYPE")
    said = told(explorer(both, (key, {"UnblendedCost": "0.8", "UsageQuantity": "60000"})))[2]
    assert "usage agrees; AWS's amount is 20% below list" in said
    assert "grouped by RECORD_TYPE tells which" in said
    _, _, said = told(explorer(both, (key, {"UsageQuantity": "60000"})))
    assert "usage agrees (10 days)" in said
    summary, _, said = told(explorer(both, (key, {"BlendedCost": "0.9", "UsageQuantity": "60000"})))
    assert summary.amounts.paid is None
    assert "BlendedCost averages" in said
    _, _, said = told(explorer(("SERVICE",), (("AWS Lambda",), {"AmortizedCost": "0.9"})))
    assert "usage cannot be compared by dimension: effective amounts only; effective is 10% below list" in said
    _, _, said = told(explorer(("SERVICE", "REGION"), (("AWS Lambda", "us-east-1"), {"UnblendedCost": "1.000002"}),
                               (("AWS Lambda", "eu-west-1"), {"UnblendedCost": "0.5"})))  # fmt: skip
    assert "agrees (10 days)" in said
    assert "region eu-west-1 was not collected | 5.0" in said
    _, _, said = told(explorer(("LINKED_ACCOUNT", "SERVICE"), ((ONE, "AWS Lambda"), {"UnblendedCost": "1.000002"}),
                               ((TWO, "AWS Lambda"), {"UnblendedCost": "0.5"})))  # fmt: skip
    assert f"{ONE}: agrees (10 days)" in said
    assert f"account {TWO} was not collected | 5.0" in said


def test_lines_cut_short_and_files_given_twice_are_not_counted(told: Any, tmp_path: Path) -> None:
    whole = table(every())
    summary, _, said = told(whole[: whole.rindex(",Lambda-GB")])
    assert summary.amounts.paid == LIST * 9
    assert "1 line left out as unreadable: line 11: cut short" in said
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(whole)
    twice = export_in([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert len(twice.charges) == 10
    assert any("counted once" in note for note in twice.notes)
    marked = [cur(day, identity_line_item_id=f"id{day}") for day in DAYS]
    (tmp_path / "c.csv").write_text(table([*marked, *marked[:3]]))
    assert len(export_in([tmp_path / "c.csv"]).charges) == 10


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            table([cur("2026-10-01") | {"line_item_usage_start_date": "10/01/2026"}]),
            "can be read as day or month first",
        ),
        ("account,amount\n1,2\n", "the columns here are account, amount"),
        ("PK\x03\x04 nothing", "the zip is damaged"),
        (explorer(("SERVICE",), (("AWS Lambda",), {"NormalizedUsageAmount": "1"})), "there is NormalizedUsageAmount"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_seen(told: Any, content: str, said: str) -> None:
    with pytest.raises(LambdatuiError, match=said):
        told(content)


@given(st.decimals(-(10**9), 10**9, places=6, allow_nan=False), st.booleans())
def test_a_number_is_read_as_it_was_written(number: Decimal, comma: bool) -> None:
    written = f"{number:,.6f}"
    if comma:
        written = written.translate(str.maketrans(",.", ".,"))
    style = Style.of([written], [], comma_likely=comma)
    assert style.number(written, "cost") == number
