"""``--fail-over`` and ``--budget``: over is 4, within is 0, and what is not known never passes: it is 3 and named."""

import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from lambdatui.views.costs import costs
from lambdatui.views.gates import budget_of, left_out
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from pricing.bill import Bill, bill
from pricing.gate import Passed, gate
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from tests.support import small_store
from tests.support.command_line import run

BOOK = PriceBook.load()
FIGURES = ("--requests", "3M", "--duration-ms", "120", "--memory-mb", "1536")  # $2.73 in us-east-1
RANGE = ("--from", "2025-03-31T10:00:00Z", "--to", "2025-03-31T11:00:00Z")
USED = Usage(function="f", region="us-east-1", arch="x86_64", requests=10_000_000, billed_ms=1, billed_mb_ms=1024)


def stored(path: Path, *keys: FunctionKey) -> Path:
    """A store with two invocations of a second for each of ``keys``."""
    events = []
    for number, key in enumerate(keys, 1):
        for each in (2 * number, 2 * number + 1):
            events += small_store.invocation_events(key, each, small_store.T0 + each * 1000, duration_ms=1000.0)
    file = path.with_suffix(".jsonl")
    names = {"timestamp_ms": "timestamp", "log_group": "logGroup", "log_stream": "logStream", "event_id": "eventId"}
    lines = ({names.get(k, k): v for k, v in asdict(one).items()} for one in events)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    import_files([str(file)], db=path, defaults=FunctionKey(""))
    return path


# The rule
def test_over_is_over_whatever_is_missing_and_within_is_only_what_is_known() -> None:
    known = {"USD": Decimal(12)}
    assert gate(Decimal(10), known).passed is Passed.NO
    assert gate(Decimal(10), known, missing=("half of it",)).passed is Passed.NO
    assert gate(Decimal(12), known).passed is Passed.YES  # what is equal is not over
    half = gate(Decimal(13), known, missing=("half of it",))
    assert (half.passed, half.missing) == (Passed.UNKNOWN, ("half of it",))


def test_the_projection_decides_where_it_is_more() -> None:
    found = gate(Decimal(10), {"USD": Decimal(3)}, projected=Decimal("10.01"))
    assert (found.passed, found.known, found.projected) == (Passed.NO, Decimal("10.01"), True)
    assert not gate(Decimal(10), {"USD": Decimal(3)}, projected=Decimal(2)).projected


@pytest.mark.parametrize(
    ("usage", "named"),
    [
        (Usage(function="g", region="mars-west-1", arch="arm64", requests=1), "no public prices for mars-west-1"),
        (Usage(function="g", region="", arch="arm64", requests=1), "region is unknown"),
        (Usage(function="g", region="us-east-1", instance_seconds=60), "EC2 on-demand price"),
        (Usage(function="g", region="sa-east-1", metered=(("logs_standard", 10**12),)), "no logs"),
        (Usage(function="g", region="sa-east-1", metered=(("microvm_vcpu", 1),)), "MicroVM"),
    ],
)
def test_a_line_without_a_price_is_named_and_does_not_pass(usage: Usage, named: str) -> None:
    found = bill([USED, usage], BOOK)  # $1.80 are known
    within = gate(Decimal(2), found.totals, found.lines)
    assert within.passed is Passed.UNKNOWN
    assert len(within.missing) >= 1
    assert all(one.startswith("g: ") for one in within.missing)
    assert any(named in one for one in within.missing)
    assert gate(Decimal(1), found.totals, found.lines).passed is Passed.NO


def test_yuan_are_not_compared_with_a_limit_in_dollars() -> None:
    found = bill([USED, Usage(function="c", region="cn-north-1", arch="x86_64", requests=11_000_000)], BOOK)
    within = gate(Decimal(100), found.totals, found.lines)
    assert within.passed is Passed.UNKNOWN
    assert within.missing == ("13.60 CNY, which is not compared with USD",)


def test_many_functions_that_lack_the_same_are_one_reason() -> None:
    found = bill([Usage(function=f"f{n}", region="mars-west-1", requests=1) for n in range(9)], BOOK)
    (reason,) = gate(Decimal(1), found.totals, found.lines).missing
    assert reason.startswith("f0, f1, f2 and 6 more: ")


@given(st.decimals(0, 100, places=2), st.decimals(0, 100, places=2), st.booleans())
def test_a_gate_passes_only_what_is_wholly_known_and_within(limit: Decimal, cost: Decimal, unknown: bool) -> None:
    found = gate(limit, {"USD": cost}, missing=("something",) if unknown else ())
    assert (found.passed is Passed.YES) == (cost <= limit and not unknown)
    assert (found.passed is Passed.NO) == (cost > limit)


# cost-estimate
def test_an_estimate_says_why_it_failed_in_json_too() -> None:
    over = run("cost-estimate", *FIGURES, "--fail-over", "2", "--json")
    assert over.exit_code == 4
    said = json.loads(over.stdout)["gates"]["limit"]
    assert (said["verdict"], said["limit"], said["projected"], said["missing"]) == ("over", "2", False, [])
    assert said["known"] == "2.733338"


@pytest.mark.parametrize("option", ["--fail-over", "--budget"])
def test_both_gates_hold_for_figures_and_plans(option: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[functions.a]\nrequests = "3M"\nduration_ms = 120\nmemory_mb = 1536\n'
        '[functions.b]\nregion = "sa-east-1"\nrequests = 1\nduration_ms = 1\nlog_gb = 100\n'
    )
    assert run("cost-estimate", *FIGURES, option, "2.73").exit_code == 4
    assert run("cost-estimate", *FIGURES, option, "2.74").exit_code == 0
    partly = run("cost-estimate", "--plan", plan, option, "50")
    assert partly.exit_code == 3
    assert "b: logs standard is not priced" in partly.stderr
    assert run("cost-estimate", "--plan", plan, option, "2").exit_code == 4


def test_a_what_if_that_is_not_priced_is_named() -> None:
    found = run("cost-estimate", *FIGURES, "--log-gb", "1", "--compare", "sa-east-1,arm64", "--fail-over", "9")
    assert found.exit_code == 3
    assert "sa-east-1: logs standard is not priced" in found.stderr
    dearer = run("cost-estimate", *FIGURES, "--compare", "memory=10240", "--fail-over", "9")
    assert dearer.exit_code == 0  # the month as it is decides


# From the store
@pytest.mark.parametrize("command", [("costs",), ("cost-estimate",)])
def test_a_store_with_everything_known_passes_or_fails(command: tuple[str, ...], tmp_path: Path) -> None:
    db = stored(tmp_path / "a.db", FunctionKey("a", "1", "us-east-1"))
    within = run(*command, *RANGE, "--budget", "1", "--no-free-tier", "--db", db)
    assert within.exit_code == 0, within.stderr
    over = run(*command, *RANGE, "--budget", "0.00001", "--no-free-tier", "--db", db)
    assert over.exit_code == 4
    assert "over the budget" in over.stderr


@pytest.mark.parametrize(
    "command", [("costs", "--budget"), ("cost-estimate", "--budget"), ("cost-estimate", "--fail-over")]
)
def test_what_a_store_does_not_know_does_not_pass(command: tuple[str, ...], tmp_path: Path) -> None:
    db = stored(tmp_path / "a.db", FunctionKey("a", "1", "us-east-1"), FunctionKey("b", "1", "mars-west-1"))
    found = run(*command, "1", *RANGE, "--no-free-tier", "--db", db)
    assert found.exit_code == 3
    assert "b: requests is not priced: no public prices for mars-west-1" in found.stderr
    assert run(*command, "0.00001", *RANGE, "--no-free-tier", "--db", db).exit_code == 4
    nowhere = stored(tmp_path / "b.db", FunctionKey("a", "1", ""))
    found = run(*command, "1", *RANGE, "--no-free-tier", "--db", nowhere)
    assert found.exit_code == 3
    assert "a: the region is unknown; priced as us-east-1" in found.stderr


@pytest.mark.parametrize(
    "command", [("costs", "--budget"), ("cost-estimate", "--budget"), ("cost-estimate", "--fail-over")]
)
def test_an_empty_store_and_a_span_without_anything_do_not_pass(command: tuple[str, ...], tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    with writing(empty):
        pass
    found = run(*command, "1", "--db", empty)
    assert (found.exit_code, "the store is empty" in found.stderr) == (3, True)
    db = stored(tmp_path / "a.db", FunctionKey("a", "1", "us-east-1"))
    found = run(*command, "1", "--from", "2024-01-01", "--to", "2024-01-31", "--db", db)
    assert (found.exit_code, "nothing is recorded for" in found.stderr) == (3, True)
    nobody = run(*command, "1", *RANGE, "--function", "nobody", "--db", db)
    assert nobody.exit_code == 3


def test_a_total_is_as_complete_as_its_view_says() -> None:
    month = SimpleNamespace(p50=Decimal(1))
    view: Any = SimpleNamespace(
        as_of=1, rows=[1], coverage=0.923, projection=month, range=SimpleNamespace(label="24h"), missing=()
    )
    assert left_out(view) == ("REPORTs are known for 92.3% of the invocations, the others are estimated",)
    view.missing, view.coverage = ("g: its memory is unknown",), 1.0
    view.projection = None
    assert left_out(view) == ("g: its memory is unknown", "the month's end is unknown")
    view.missing, view.projection, view.coverage = (), month, 0.995  # what runs now has no REPORT yet
    assert left_out(view) == ()


def test_a_budget_of_a_month_is_not_compared_with_other_months(tmp_path: Path) -> None:
    db = stored(tmp_path / "a.db", FunctionKey("a", "1", "us-east-1"))
    spanning = ("--from", "2025-03-01", "--to", "2025-04-01T01:00:00Z")
    found = run("costs", *spanning, "--budget", "0.00001", "--no-free-tier", "--json", "--db", db)
    assert Decimal(json.loads(found.stdout)["total"]) > Decimal("0.00001")  # of March
    said = json.loads(found.stdout)["gates"]["budget"]
    assert (said["projected"], said["known"]) == (True, json.loads(found.stdout)["projection"]["p50"])


def test_bills_of_nothing_have_no_reasons() -> None:
    assert gate(Decimal(0), Bill((), (), None).totals).passed is Passed.YES


def test_the_budget_of_a_screen_is_not_kept_by_what_is_not_known(tmp_path: Path) -> None:
    db = stored(tmp_path / "a.db", FunctionKey("a", "1", "us-east-1"), FunctionKey("b", "1", "mars-west-1"))
    with Reader(db) as reader:
        span = TimeRange(small_store.T0, small_store.T0 + HOUR_MS, "1h")
        view = costs(reader, span, BOOK, free_tier=False)
        alone = costs(reader, span, BOOK, free_tier=False, scope=Scope(functions=("a",)))
    assert budget_of(view, Decimal(1)).passed is Passed.UNKNOWN
    assert budget_of(view, Decimal("0.00001")).passed is Passed.NO
    assert budget_of(alone, Decimal(1)).passed is Passed.YES
