"""``lambdatui cost-estimate`` and ``prices`` as scripts see them: output, exit codes, and what is never imported."""

import contextlib
import csv
import io
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import HOUR_S
from lambdatui.cli.estimate.command import command
from lambdatui.cli.quantities import COUNT, DURATION_MS, HOURS, MEMORY_MB, MONEY, RATIO
from lambdatui.text import figures
from tests.support.command_line import run
from tests.support.places import ROOT
from tests.support.room_coverage import unmeasured

MOBILE = ("--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536")


def estimate(*arguments: str) -> Result:
    return run("cost-estimate", *arguments)


def answer(*arguments: str) -> Any:
    result = estimate(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def from_store(db: Path, *arguments: str) -> Result:
    return run("--db", db, "cost-estimate", *arguments)


# From figures
def test_figures_come_to_the_published_bill() -> None:
    found = answer(*MOBILE)
    assert [(line["dimension"], line["billable"], line["amount"]) for line in found["lines"]] == [
        ("requests", "2000000", "0.4"),
        ("duration", "140000", "2.333338"),
    ]
    assert found["total"] == "2.733338"
    assert found["free_tier"]["requests_used"] == 1_000_000
    assert found["projection"] is None
    assert found["prices_as_of"] == "2026-09-19"


def test_every_line_has_the_contracts_fields() -> None:
    fields = {
        "dimension",
        "function",
        "region",
        "arch",
        "quantity",
        "unit",
        "free",
        "billable",
        "rate",
        "amount",
        "basis",
    }
    assert all(fields <= set(line) for line in answer(*MOBILE)["lines"])


def test_the_text_is_rounded_to_the_cent() -> None:
    result = estimate(*MOBILE)
    assert result.stdout.splitlines() == [
        "Dimension  Arithmetic                                    Amount",
        "requests   (3,000,000 - 1,000,000 free) x 0.0000002       $0.40",
        "duration   (540,000 - 400,000 free) GB-s x 0.0000166667   $2.33",
        "total                                                     $2.73",
    ]
    assert "list prices of 2026-09-19" in result.stderr
    assert "assumed: us-east-1, x86_64" in result.stderr


def test_cold_starts_are_billed_with_their_init() -> None:
    found = answer("--requests", "1000", "--duration-ms", "250.06", "--init-ms", "100.77", "--cold-ratio", "10%",
                   "--memory-mb", "1024", "--no-free-tier")  # fmt: skip
    duration = next(line for line in found["lines"] if line["dimension"] == "duration")
    assert Decimal(duration["quantity"]) == (900 * Decimal(251) + 100 * Decimal(351)) / 1000


def test_provisioned_concurrency_holds_what_fits() -> None:
    result = estimate("--requests", "1M", "--duration-ms", "1s", "--memory-mb", "1024", "--provisioned", "10",
                 "--provisioned-hours", "1", "--json")  # fmt: skip
    quantities = {line["dimension"]: line["quantity"] for line in json.loads(result.stdout)["lines"]}
    assert quantities["provisioned_concurrency"] == "36000"
    assert quantities["provisioned_requests"] == "36000"
    assert quantities["requests"] == "964000"
    assert "36,000 of 1,000,000" in result.stderr


def test_sizes_counts_and_durations_take_units() -> None:
    assert answer("--requests", "3000k", "--duration-ms", "0.12s", "--memory-mb", "1.5G")["total"] == "2.733338"


def test_what_ifs_stand_beside_it() -> None:
    found = answer(*MOBILE, "--compare", "arm64,memory=512", "--compare", "arm64+memory=512")
    assert [one["label"] for one in found["compare"]] == ["arm64", "memory=512", "arm64+memory=512"]
    assert found["compare"][0]["total"] == "2.266676"
    assert found["compare"][0]["difference"] == "-0.466662"
    assert "-17.1%" in estimate(*MOBILE, "--compare", "arm64").stdout


def test_other_currencies_are_not_compared() -> None:
    (china,) = answer(*MOBILE, "--compare", "cn-north-1")["compare"]
    assert (china["currency"], china["difference"]) == ("CNY", None)


def test_what_has_no_price_is_said_and_not_added() -> None:
    result = estimate(*MOBILE, "--region", "cn-northwest-1", "--json")
    found = json.loads(result.stdout)
    duration = next(line for line in found["lines"] if line["dimension"] == "duration")
    assert (duration["rate"], duration["amount"]) == (None, None)
    assert found["total"] == "2.72"
    assert "not in the total: no x86_64 rate" in result.stderr


def test_a_global_region_counts() -> None:
    result = run("--region", "eu-central-2", "cost-estimate", *MOBILE, "--json")
    assert json.loads(result.stdout)["lines"][0]["region"] == "eu-central-2"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--requests", "-3", "--duration-ms", "1"), "negative"),
        (("--requests", "3m", "--duration-ms", "1"), "did you mean 3M"),
        (("--requests", "1.5", "--duration-ms", "1"), "nearest is 2"),
        ((*MOBILE[:4], "--memory-mb", "64"), "nearest is 128 MB"),
        (
            (*MOBILE[:4], "--memory-mb", "64"),
            "'--memory-mb': 64 is too small; the nearest is 128 MB (allowed: 128 to 10240 MB)",
        ),
        ((*MOBILE, "--event-kb", "2k"), "allowed: 0 to 1024"),
        ((*MOBILE, "--log-class", "cheap"), "there are standard, infrequent_access"),
        ((*MOBILE, "--savings-plan", "2"), "allowed: 0 to 1"),
        ((*MOBILE[:4], "--memory-mb", "20000"), "nearest is 10240 MB"),
        ((*MOBILE[:4], "--ephemeral-mb", "100"), "nearest is 512 MB"),
        ((*MOBILE[:2], "--duration-ms", "NaN"), "not a number"),
        ((*MOBILE[:2], "--duration-ms", "inf"), "not a number"),
        ((*MOBILE[:2], "--duration-ms", "16m"), "nearest is 900000 ms"),
        ((*MOBILE, "--arch", "amd64"), "did you mean x86_64"),
        ((*MOBILE, "--region", "eu-west-9"), "did you mean eu-west-1"),
        ((*MOBILE, "--region", "eusc-de-east-1"), "no public rates"),
        ((*MOBILE, "--cold-ratio", "120%"), "nearest is 1"),
        ((*MOBILE, "--init-ms", "100"), "--cold-ratio"),
        ((*MOBILE, "--provisioned-hours", "8"), "--provisioned"),
        ((*MOBILE, "--compare", "memry=512"), "did you mean memory"),
        ((*MOBILE, "--compare", "memory=64"), "nearest is 128 MB"),
        ((*MOBILE, "--json", "--csv"), "exclude"),
        (("--requests", "3M"), "--duration-ms"),
        (("--memory-mb", "512"), "--requests"),
        (("--plan", "/nowhere/plan.toml"), "cannot read the plan"),
        ((*MOBILE, "--plan", "x.toml"), "leave out"),
        (("--arch", "arm64"), "--compare arm64"),
    ],
)
def test_bad_figures_are_one_line_that_says_what_would_do(arguments: tuple[str, ...], said: str) -> None:
    result = estimate(*arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr


def test_a_budget_that_is_exceeded_fails_the_script() -> None:
    assert estimate(*MOBILE, "--fail-over", "2.74").exit_code == 0
    over = estimate(*MOBILE, "--fail-over", "$2.73")
    assert over.exit_code == 4
    assert "over the limit of $2.73" in over.stderr
    assert over.stdout
    assert estimate(*MOBILE, "--region", "cn-north-1", "--fail-over", "1").exit_code == 2


def test_it_also_runs_by_itself() -> None:
    result = CliRunner().invoke(command, [*MOBILE, "--fail-over", "1", "--json"])
    assert result.exit_code == 4


def test_lambda_at_edge_has_its_own_rates_and_no_free_tier() -> None:
    """2,000,000 x 0.0000006, and 2,000,000 x 5 ms x 128 MB = 1,250 GB-s x 0.00005001: 1.20 + 0.0625125."""
    edge = ("--edge-requests", "2M", "--edge-duration-ms", "4.2")
    found = answer(*edge)
    assert found["total"] == "1.2625125"
    assert {line["dimension"]: line["free"] for line in found["lines"]} == {"edge_requests": "0", "edge_duration": "0"}
    both = answer(*MOBILE, *edge)
    assert Decimal(both["total"]) == Decimal("1.2625125") + Decimal("2.733338")
    assert answer("--edge-requests", "2M", "--edge-duration-ms", "5", "--edge-memory-mb", "256")["total"] == "1.325025"


def test_managed_instances_are_ec2_a_fee_and_requests() -> None:
    """730 h x 0.10, 15% of that, and 3,000,000 requests, of which none is free: 73 + 10.95 + 0.60."""
    hours = ("--managed-requests", "3M", "--managed-instance-hours", "730", "--managed-instance-price", "0.10")
    found = answer(*hours)
    assert found["total"] == "84.55"
    # With half paid for EC2 the fee stays 15% of the price on demand: 36.50 + 10.95 + 0.60.
    assert answer(*hours, "--managed-instance-paid", "0.05")["total"] == "48.05"


def test_edge_and_managed_instances_in_a_plan_and_beside_a_gate(tmp_path: Path) -> None:
    plan = tmp_path / "edge.toml"
    plan.write_text(
        '[functions.header]\nedge_requests = "2M"\nedge_duration_ms = 5\n'
        '[functions.china]\nregion = "cn-north-1"\nedge_requests = 1\nedge_duration_ms = 1\n'
    )
    result = estimate("--plan", str(plan), "--fail-over", "9")
    assert result.exit_code == 3
    assert "china: edge requests is not priced" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--edge-requests", "1M"), "--edge-duration-ms"),
        ((*MOBILE, "--edge-memory-mb", "256"), "needs --edge-requests"),
        (("--managed-instance-hours", "5"), "--managed-instance-price"),
        ((*MOBILE, "--managed-instance-price", "0.1"), "needs --managed-instance-hours"),
        (("--edge-requests", "1M", "--edge-duration-ms", "5", "--edge-memory-mb", "64"), "128"),
    ],
)
def test_figures_of_edge_and_instances_that_are_not_whole(arguments: tuple[str, ...], said: str) -> None:
    result = estimate(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


# From a plan
PLAN = """
[defaults]
region = "eu-west-1"
[functions.checkout]
requests = "30M"
duration_ms = 120.5
memory_mb = 1536
[functions."=cmd|x"]
requests = 5_000_000
duration_ms = "1.5s"
memory_mb = "2G"
[what_if.arm]
arch = "arm64"
[what_if."small checkout".functions.checkout]
memory_mb = 1024
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


def test_a_plan_bills_its_functions_under_one_free_tier(plan: Path) -> None:
    found = answer("--plan", str(plan))
    assert found["free_tier"]["requests_used"] == 1_000_000
    amounts = [Decimal(line["amount"]) for line in found["lines"]]
    assert sum(amounts) == Decimal(found["total"])
    assert [one["label"] for one in found["compare"]] == ["arm", "small checkout"]
    assert {line["function"] for line in found["lines"]} == {"checkout", "=cmd|x"}


def test_a_plans_what_ifs_stand_side_by_side(plan: Path) -> None:
    text = estimate("--plan", str(plan), "--compare", "memory=128").stdout
    header = next(line for line in text.splitlines() if "as it is" in line)
    assert header.split("  ")[-1].strip() == "memory=128"
    assert "small checkout" in header


def test_a_formula_in_a_name_stays_text_in_csv_and_markdown(plan: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(estimate("--plan", str(plan), "--csv").stdout)))
    assert {row["function"] for row in rows} == {"checkout", "'=cmd|x"}
    assert {row["what_if"] for row in rows} == {"", "arm", "small checkout"}
    assert Decimal(rows[0]["rate"]) == Decimal("0.0000002")
    assert "| =cmd\\|x |" in estimate("--plan", str(plan), "--markdown").stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[functions.a", "not TOML"),
        ("", "no [functions.NAME]"),
        ("[function.a]\nrequests = 1", "did you mean functions"),
        ("[functions.a]\nrequests = 1\nduration_ms = 1\nmemory_mb = 64", "nearest is 128 MB"),
        ("[functions.a]\nrequest = 1", "did you mean requests"),
        ("[functions.a]\nrequests = true", "not bool"),
        ("[functions.a]\nrequests = 5", "duration is missing"),
        ("[functions.a]\nrequests = 1\nduration_ms = nan", "not a number"),
        ("functions = 3", "not a table"),
        ("[functions]\na = 3", "not a table"),
        ("[functions.a]\nrequests=1\nduration_ms=1\n[what_if.x.functions.b]\narch='arm64'", "unknown key 'b'"),
        ("free_tier = 1\n[functions.a]\nrequests=1\nduration_ms=1", "true or false"),
    ],
)
def test_a_bad_plan_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    result = estimate("--plan", str(path))
    assert result.exit_code == 2, result.output
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr


# From the store
def test_the_month_so_far_and_its_projection(db: Path) -> None:
    result = from_store(db, "--no-free-tier", "--json")
    found = json.loads(result.stdout)
    quantities = {(line["function"], line["dimension"]): line["quantity"] for line in found["lines"]}
    assert quantities["checkout", "requests"] == "6"
    assert quantities["checkout", "duration"] == "4.27"
    assert Decimal(found["total"]) == sum(Decimal(line["amount"]) for line in found["lines"])
    assert found["projection"]["p10"] is None
    assert Decimal(found["projection"]["p50"]) > Decimal(found["total"])
    assert found["projection"]["days_seen"] == 0
    assert found["as_of"] == "2025-03-31T10:22:00Z"
    resize = next(line for line in found["lines"] if line["function"] == "resize")
    assert "assumed x86_64" in resize["basis"]


def test_the_free_tier_covers_a_small_month(db: Path) -> None:
    found = json.loads(from_store(db, "--json").stdout)
    assert (found["total"], found["projection"]["p50"]) == ("0", "0")
    assert found["free_tier"]["requests_used"] == 8


def test_narrowing_chooses_lines_but_not_another_free_tier(db: Path) -> None:
    found = json.loads(from_store(db, "--json", "--region", "eu-west-1").stdout)
    assert {line["function"] for line in found["lines"]} == {"resize"}
    assert found["free_tier"]["requests_used"] == 8


def test_recorded_usage_can_be_compared_where_it_tells(db: Path) -> None:
    found = json.loads(from_store(db, "--json", "--no-free-tier", "--compare", "memory=2048").stdout)
    assert Decimal(found["compare"][0]["total"]) > Decimal(found["total"])
    refused = from_store(db, "--compare", "requests=5")
    assert refused.exit_code == 2
    assert "cannot be changed in recorded usage" in refused.stderr


def test_an_empty_month_is_unknown_not_free(db: Path) -> None:
    found = json.loads(from_store(db, "--json", "--from", "2024-01-01", "--to", "2024-01-31").stdout)
    assert (found["lines"], found["total"], found["projection"]["p50"]) == ([], None, None)


def test_the_limit_looks_at_the_projection(db: Path) -> None:
    result = from_store(db, "--no-free-tier", "--fail-over", "0.0001")
    assert result.exit_code == 4


def test_without_a_store_it_says_what_to_do(tmp_path: Path) -> None:
    result = from_store(str(tmp_path / "none.db"))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


# Prices
def test_prices_show_and_check() -> None:
    shown = run("prices", "show", "--region", "us-gov-west-1")
    assert "provisioned concurrency arm64" in shown.stdout
    rows = json.loads(run("prices", "show", "--json").stdout)["rows"]
    assert len(rows) == 38
    assert len(run("prices", "show").stdout.splitlines()) == 39
    checked = json.loads(run("prices", "check", "--json").stdout)["rows"]
    assert {"gap", "odd"} <= {row["kind"] for row in checked}


# Figures in words
@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("1234.565", "$1,234.57"), ("0.01", "$0.01"), ("0.0005833625", "$0.0005834"),
     ("0.00999999", "$0.01"), ("-0.466662", "-$0.47"), ("0.0000002", "$0.0000002000")],
)  # fmt: skip
def test_amounts_are_rounded_for_people(amount: str, shown: str) -> None:
    assert figures.money(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [("2520000", "2,520,000"), ("106114.4945185", "106,114.4945"), ("0.625", "0.625"), ("0.0001234567", "0.0001235"),
     ("0", "0")],
)  # fmt: skip
def test_quantities_are_rounded_for_people(quantity: str, shown: str) -> None:
    assert figures.quantity(Decimal(quantity)) == shown


@given(st.integers(0, 10**15))
def test_a_count_reads_back(count: int) -> None:
    assert COUNT.convert(str(count), None, None) == count
    assert COUNT.convert(f"{count:,}", None, None) == count
    assert COUNT.convert(f"{Decimal(count) / 1000}k", None, None) == count


@given(st.text(max_size=12))
def test_any_text_is_a_figure_or_a_usage_error(text: str) -> None:
    for kind in (COUNT, MEMORY_MB, DURATION_MS, HOURS, RATIO, MONEY):
        with contextlib.suppress(click.UsageError):  # any other exception fails
            assert kind.convert(text, None, None) >= 0


def test_figures_alone_import_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from lambdatui.cli.estimate.command import command\n"
        "command(sys.argv[1:], standalone_mode=False)\n"
        "heavy = ('textual', 'boto3', 'botocore', 'pandas', 'numpy', 'sqlite3', 'sqlite_utils', 'aiohttp', 'msgspec')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *MOBILE, "--compare", "arm64"],
        capture_output=True, text=True, timeout=60, check=True, cwd=ROOT, env=unmeasured(),
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


# Everything else that is billed
def test_every_figure_has_its_line() -> None:
    found = answer(
        "--requests", "1M", "--duration-ms", "100", "--memory-mb", "1024", "--event-kb", "320", "--response-mb", "7",
        "--snapstart-versions", "2", "--restores", "500", "--kafka-poller-hours", "800", "--sqs-poller-hours", "1k"[:1],
        "--tenant-environments", "10", "--durable-operations", "4M", "--durable-written-gb", "104",
        "--durable-gb-months", "72.8", "--log-gb", "60T", "--log-stored-gb", "10", "--no-free-tier",
    )  # fmt: skip
    lines = {(line["dimension"], line["tier"]): line for line in found["lines"]}
    assert lines["requests", None]["quantity"] == "2000000"  # 320 KB: one request, and one for the 64 KB above 256
    assert Decimal(lines["streaming", None]["quantity"]) == Decimal(10**6) / 1024
    assert lines["snapstart_cache", None]["quantity"] == str(2 * 730 * HOUR_S)
    assert lines["snapstart_restore", None]["quantity"] == "500"
    assert lines["kafka_pollers", None]["amount"] == "148"
    assert lines["durable_written", None]["amount"] == "26"
    assert Decimal(lines["durable_retained", None]["amount"]) == Decimal("10.92")
    assert sum(Decimal(lines["logs_standard", tier]["amount"]) for tier in (1, 2, 3, 4)) == 12_500
    assert all(line["amount"] is not None for line in found["lines"])


def test_a_savings_plan_covers_its_part() -> None:
    half = answer(*MOBILE, "--no-free-tier", "--savings-plan", "50%")
    amounts = [Decimal(line["amount"]) for line in half["lines"] if line["dimension"] == "duration"]
    assert amounts == [Decimal(270_000) * Decimal("0.0000166667"), 270_000 * Decimal("0.0000166667") * Decimal("0.88")]


def test_explain_shows_every_step() -> None:
    result = estimate(*MOBILE, "--ephemeral-mb", "1024", "--explain")
    for step in (
        "3,000,000 requests x 120 ms, rounded up to 120 ms",
        "= 360,000,000 ms x 1536 MB / (1,000 ms x 1,024 MB) = 540,000 GB-s",
        "400,000 of 400,000 GB-s",
        "duration: (540,000 - 400,000) GB-s x $0.0000166667 = $2.333338",
        "ephemeral storage: (1024 - 512) MB / 1,024 x 360,000,000 ms / 1,000 = 180,000 GB-s",
        "Total: $0.4 + $2.333338 + $0.005562 = $2.7389, rounded $2.74",
    ):
        assert step in result.stdout
    assert estimate(*MOBILE, "--explain", "--json").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        MOBILE,
        (*MOBILE, "--compare", "arm64,memory=512,arm64+memory=512"),
        ("--requests", "123456789", "--duration-ms", "1234", "--memory-mb", "3008", "--provisioned", "12"),
        ("--requests", "20G", "--duration-ms", "2s", "--memory-mb", "2048", "--log-gb", "60T"),
    ],
)
def test_the_table_fits_eighty_cells(arguments: tuple[str, ...]) -> None:
    assert max(map(len, estimate(*arguments).stdout.splitlines())) <= 80


def test_ten_to_the_fifteen_requests_price_exactly() -> None:
    found = answer("--requests", "1e15", "--duration-ms", "900000", "--memory-mb", "10240", "--no-free-tier")
    gb_seconds = Decimal(10**15 * 900 * 10)
    rates = [Decimal(rate) for rate in ("0.0000166667", "0.000015", "0.0000133334")]
    duration = 6 * 10**9 * rates[0] + 9 * 10**9 * rates[1] + (gb_seconds - 15 * 10**9) * rates[2]
    assert Decimal(found["total"]) == duration + Decimal("0.0000002") * 10**15


def test_the_day_on_which_a_budget_is_passed(db: Path) -> None:
    found = json.loads(from_store(db, "--no-free-tier", "--budget", "0.0001", "--json").stdout)
    assert found["milestones"]["budget_passed_on"] == "2025-03-31"
    free = json.loads(from_store(db, "--budget", "5", "--json").stdout)["milestones"]
    assert free["budget_passed_on"] is None
    assert {one["what"]: one["runs_out_on"] for one in free["free_tier"]} == {"requests": None, "gb_seconds": None}
    assert "not passed this month" in from_store(db, "--budget", "5").stdout
