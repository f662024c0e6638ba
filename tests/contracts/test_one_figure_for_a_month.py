"""One month: header, Functions, Costs, by day, advice, what-ifs and --compare say the same figure, to the digit."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.account import LogGroupFacts
from collectors.model.records import Function, FunctionKey
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MB_MS_PER_GB_SECOND
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account
from collectors.store.write.writer import Writer
from lambdatui.text.figures import money_apart
from lambdatui.views.advice import advice, worth
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.functions import functions
from lambdatui.views.gates import month_budget
from lambdatui.views.invocation import detail
from lambdatui.views.invocations import invocations
from lambdatui.views.log_costs import LogLines
from lambdatui.views.overview import overview
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, instant_ms
from lambdatui.views.whatif import EDGE_STAYS, compared_months, edge_stays, whatif
from pricing.changes import changes
from pricing.gate import Passed
from pricing.own_price import OwnTerms
from pricing.pricebook import PriceBook
from tests.support import command_line
from tests.support.usage_store import Call, make, point, set_at

BOOK = PriceBook.load()
MARCH = instant_ms("2025-03-01")
NOW = MARCH + 12 * DAY_MS + 9 * HOUR_MS
SPAN = TimeRange(MARCH, NOW, "month to date")
A = FunctionKey("alpha", "111122223333", "us-east-1")
B = FunctionKey("beta", "111122223333", "us-east-1")
MOVED = FunctionKey("moved", "444455556666", "eu-west-1")
EDGE = FunctionKey("us-east-1.viewer", "111122223333", "eu-west-1")
GB = 10**9


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Unlike functions: plain, one known by metrics alone, one that moved to arm64 on the 6th, and Lambda@Edge."""
    calls = [Call(A, MARCH + day * DAY_MS + 3 * HOUR_MS, 200) for day in range(12) for _ in range(3)]
    calls += [Call(MOVED, MARCH + day * DAY_MS + 5 * HOUR_MS, 900, 2048) for day in range(12) for _ in range(2)]
    calls += [Call(EDGE, MARCH + day * DAY_MS + 5 * HOUR_MS, 50, 128) for day in range(12)]
    points = [
        point(B, name, MARCH + day * DAY_MS + HOUR_MS, amount)
        for day in range(12)
        for name, amount in (("Invocations", 70_000), ("Duration", 7_000_000))
    ]
    known = [Function(A, arch="x86_64", memory_mb=1024, runtime="python3.13"),
             Function(B, arch="arm64", memory_mb=512, runtime="python3.13"),
             Function(MOVED, arch="arm64", memory_mb=2048, ephemeral_mb=512, runtime="python3.13"),
             Function(EDGE, arch="x86_64", memory_mb=128)]  # fmt: skip
    path = make(tmp_path / "store.db", known, calls, points)
    set_at(path, MOVED, MARCH, arch="x86_64", memory_mb=2048, ephemeral_mb=10240)
    set_at(path, MOVED, MARCH + 5 * DAY_MS, arch="arm64", memory_mb=2048, ephemeral_mb=512)
    return path


def with_logs(db: Path, key: FunctionKey, gb_a_day: int, stored_gb: int = 0, retention: int | None = None) -> Path:
    group = LogGroupFacts(key.account, key.region, f"/aws/lambda/{key.name}", "STANDARD", retention, stored_gb * GB)
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        account.keep(connection, writer.names, MARCH, [group])
        writer.measure(
            point(key, "IncomingBytes", MARCH + day * DAY_MS, gb_a_day * GB, period_s=HOUR_S) for day in range(12)
        )
    return db


def run(db: Path, *arguments: str) -> dict[str, object]:
    at = ("--db", str(db), "--at", "2025-03-13T09:00:00Z", "--range", "mtd")
    result = command_line.run(*at, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def summed(amounts: object) -> Decimal:
    return sum(amounts, Decimal(0))  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("logs", [False, True])
def test_every_view_has_the_same_month(db: Path, logs: bool) -> None:
    if logs:
        with_logs(db, A, 3, stored_gb=40)
    with Reader(db) as reader, reader.until(NOW):
        listed = costs(reader, SPAN, BOOK, free_tier=False)
        after = costs(reader, SPAN, BOOK)
        head = overview(reader, SPAN, BOOK, scope=Scope())
        days = cost_groups(reader, SPAN, BOOK, "day")
        rows = functions(reader, SPAN, BOOK)
        base, _ = compared_months(reader, SPAN, BOOK, ())
        single = {row.function: row.now_usd for row in whatif(reader, SPAN, BOOK).rows}
        names = [row.function for row in rows.rows]
        each = {
            name: compared_months(reader, SPAN, BOOK, (), scope=Scope(functions=(name,)))[0].total for name in names
        }
    assert listed.projection is not None
    assert after.projection is not None
    month = listed.projection.p50
    assert month is not None
    assert month > 1
    assert days.projection is not None
    assert base.total == month == days.projection.p50
    assert summed(each.values()) == month
    assert {name: now for name, now in each.items() if name in single} == single
    compute = summed(row.projected_usd for row in rows.rows)
    ingested = summed(line.amount for line in base.lines if line.dimension.startswith("logs_"))
    assert compute + ingested == month
    assert (ingested > 0) == logs
    # After the free tier: header and Costs
    assert head.projected == after.projection.p50
    assert (listed.projection.basis, after.projection.basis) == ("before the free tier", "after the free tier")


def test_the_commands_say_it_too(db: Path) -> None:
    with_logs(db, A, 3, stored_gb=40)
    month = run(db, "costs", "--no-free-tier")["projection"]["p50"]  # type: ignore[index]
    estimate = run(db, "cost-estimate", "--no-free-tier", "--compare", "arm64")
    assert estimate["projection"]["p50"] == month  # type: ignore[index]
    assert estimate["compare_now"] == month


def test_what_was_used_before_a_move_stays(db: Path) -> None:
    with Reader(db) as reader, reader.until(NOW):
        base, (same,) = compared_months(reader, SPAN, BOOK, changes(["arm64"]), scope=Scope(functions=("moved",)))
    assert {line.arch for line in base.lines} == {"x86_64", "arm64"}
    assert same.difference == 0


def test_edge_stays_and_says_why(db: Path) -> None:
    edge = Scope(functions=(EDGE.name,))
    with Reader(db) as reader, reader.until(NOW):
        base, (then,) = compared_months(reader, SPAN, BOOK, changes(["arm64+memory=1024"]), scope=edge)
        assert edge_stays(reader, edge) == EDGE_STAYS
        assert not edge_stays(reader, Scope(functions=("alpha",)))
    assert base.total
    assert then.difference == 0


def test_tiers_count_over_functions_that_are_not_chosen(tmp_path: Path) -> None:
    """Two functions of 4 billion GB-s each, by metrics: 8 billion cross the first tier at 6 billion (x86_64)."""
    end = TimeRange(MARCH, MARCH + 31 * DAY_MS, "March")
    points = [
        point(key, name, MARCH, amount, period_s=HOUR_S)
        for key in (A, B)
        for name, amount in (("Invocations", 4_000_000), ("Duration", 4e12))
    ]
    db = make(tmp_path / "s.db", [Function(key, arch="x86_64", memory_mb=1024) for key in (A, B)], (), points)
    with Reader(db) as reader:
        one, _ = compared_months(reader, end, BOOK, (), scope=Scope(functions=("alpha",)))
        both, _ = compared_months(reader, end, BOOK, ())
        advised = {row.function: row.now_usd for row in whatif(reader, end, BOOK).rows}
    # By hand: 6 billion at 0.0000166667, 2 billion at 0.000015, 8 million requests at 0.0000002.
    whole = 6 * 10**9 * Decimal("0.0000166667") + 2 * 10**9 * Decimal("0.000015") + Decimal("1.6")
    assert both.total == whole
    assert one.total == whole / 2
    assert set(advised.values()) == {whole / 2}


# Logs
def test_logs_dearer_than_the_function_are_advice_with_both_sums(db: Path) -> None:
    with_logs(db, A, 3)
    with Reader(db) as reader, reader.until(NOW):
        rows = [row for row in advice(reader, SPAN, BOOK).rows if row.function == "alpha"]
        whole, _ = compared_months(reader, SPAN, BOOK, (), scope=Scope(functions=("alpha",)))
        chosen = {row.id for row in reader.functions() if row.function.key == A}
        seen, _ = LogLines(reader, chosen, Scope(functions=("alpha",))).of(MARCH, NOW)
    (told,) = [row for row in rows if row.kind == "logs dearer"]
    (logs,) = [line.amount for line in whole.lines if line.dimension == "logs_standard"]
    assert logs is not None
    assert logs > 36 * Decimal("0.5")  # more comes than the 36 GB so far
    assert sum(amount for one in seen for _, amount in one.metered) == 36 * GB
    assert f"{logs:,.2f} USD" in told.found
    assert (told.saves_usd, told.saves_low_usd, told.saves_high_usd) == (None, 0, logs)
    for word in ("level", "retention", "Infrequent Access", "JSON"):
        assert word in f"{told.advice} {told.more}"
    (cheaper,) = [row for row in rows if row.kind == "log class"]
    assert cheaper.saves_usd == logs / 2  # 0.25 beside 0.50 a GB in us-east-1
    assert not [row for row in rows if row.function == "beta"]


def test_what_ifs_of_logs_by_hand(db: Path) -> None:
    with_logs(db, A, 3, stored_gb=40)
    with Reader(db) as reader, reader.until(NOW):
        base, found = compared_months(
            reader, SPAN, BOOK, changes(["logs=-50%, class=infrequent_access, retention=1, retention=3000"]),
            scope=Scope(functions=("alpha",)),
        )  # fmt: skip
    amounts = {line.dimension: (line.quantity, line.amount) for line in base.lines}
    half, cheaper, day, long = [one.difference for one in found]
    gb, ingested = amounts["logs_standard"]
    kept_gb, kept = amounts["logs_storage"]
    assert ingested is not None
    assert kept is not None
    assert abs((half or 0) + ingested / 2) < Decimal("1e-8")
    assert cheaper == -ingested / 2
    # A day of what comes in, uncompressed, is kept at most: gb a month x 24 h of 720 h.
    assert abs((day or 0) + (kept - gb * 24 / 720 * Decimal("0.03"))) < Decimal("1e-8")
    assert long == 0
    assert kept_gb > gb * 24 / 720


def test_the_same_change_is_one_figure_in_advice_and_compare(db: Path) -> None:
    with_logs(db, A, 3)
    with Reader(db) as reader, reader.until(NOW):
        _, (cheaper, arm) = compared_months(
            reader, SPAN, BOOK, changes(["class=infrequent_access, arm64"]), scope=Scope(functions=("alpha",))
        )
        rows = {row.change: row for row in whatif(reader, SPAN, BOOK).rows if row.function == "alpha"}
    assert rows["logs in the Infrequent Access class"].saves_usd == -(cheaper.difference or 0)
    assert rows["arm64 instead of x86_64"].saves_low_usd == -(arm.difference or 0)


def test_changes_of_one_function_are_not_added_up(db: Path) -> None:
    with_logs(db, A, 3)
    with Reader(db) as reader, reader.until(NOW):
        rows = [row for row in advice(reader, SPAN, BOOK).rows if row.kind == "log class"]
    (one,) = rows
    more = [replace(one, saves_usd=Decimal(5)), replace(one, function_id=99, saves_usd=Decimal(7)),
            replace(one, function_id=98, saves_usd=None)]  # fmt: skip
    assert one.saves_usd
    assert one.saves_usd > 5
    assert worth([*more, one]) == one.saves_usd + 7
    assert worth([]) is worth(more[2:]) is None


# One budget verdict
@pytest.mark.parametrize("discount", [0, 60])
def test_header_costs_and_commands_have_one_verdict(db: Path, tmp_path: Path, discount: int) -> None:
    with_logs(db, A, 3)
    with Reader(db) as reader, reader.until(NOW):
        listed = costs(reader, SPAN, BOOK)
        assert listed.projection is not None
        month = listed.projection.p50
        assert month is not None
        limit = (month / 2).quantize(Decimal("0.01"))  # over it at list price, within it at 40% of that
        terms = OwnTerms(discount=Decimal(discount) / 100) if discount else None
        head = overview(reader, SPAN, BOOK, scope=Scope(), limit=limit, terms=terms)
        on_costs = month_budget(reader, listed, BOOK, limit, terms, Scope())
    over = not discount
    assert head.budget == on_costs
    assert (on_costs.passed is Passed.NO) == over
    assert head.projected == month
    config = tmp_path / "config.toml"
    config.write_text(f"[pricing]\ndiscount = {discount}\n" if discount else "")
    at = ("--db", str(db), "--config", str(config), "--at", "2025-03-13T09:00:00Z", "--range", "mtd")
    for command in ("costs", "cost-estimate"):
        result = command_line.run(*at, command, "--budget", str(limit), "--json")
        assert (result.exit_code == 4) == over, result.output
        found = json.loads(result.stdout)["gates"]["budget"]
        assert (found["verdict"], Decimal(found["known"])) == (on_costs.passed.value, on_costs.known)


def test_what_other_months_cost_is_not_held_against_this_ones_budget(db: Path) -> None:
    """A range over two months: cost-estimate and costs count this month's money only."""
    with Reader(db) as reader, reader.until(NOW):
        limit = costs(reader, SPAN, BOOK, free_tier=False).total
        assert limit is not None
    at = ("--db", str(db), "--from", "2025-03-01T00:00:00Z", "--to", "2025-04-02T00:00:00Z")
    codes = {}
    for command in ("costs", "cost-estimate"):
        options = [*at, command, "--no-free-tier", "--budget", "0.5", "--json"]
        result = command_line.run(*options)
        codes[command] = result.exit_code, json.loads(result.stdout)["gates"]["budget"]
    assert codes["costs"] == codes["cost-estimate"]
    assert codes["costs"][0] != 4
    assert limit > Decimal("0.5")


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("2.7301", "2.73", ("$2.7301", "$2.7300")),
        ("2.7345", "2.734", ("$2.735", "$2.734")),
        ("2.74", "2.73", ("$2.74", "$2.73")),
        ("3", "3", ("$3.00", "$3.00")),
    ],
)
def test_amounts_on_both_sides_of_a_limit_can_be_told_apart(one: str, other: str, said: tuple[str, str]) -> None:
    assert money_apart(Decimal(one), Decimal(other)) == said


def test_two_currencies_have_two_projections_in_text_and_json(tmp_path: Path) -> None:
    china = FunctionKey("gamma", "777788889999", "cn-north-1")
    calls = [Call(key, MARCH + day * DAY_MS, 200) for day in range(12) for key in (A, china)]
    db = make(tmp_path / "s.db", [Function(key, arch="x86_64", memory_mb=1024) for key in (A, china)], calls)
    costs_said = run(db, "costs", "--no-free-tier")["projections"]
    estimate_said = run(db, "cost-estimate", "--no-free-tier")["projections"]
    assert costs_said == estimate_said
    assert set(costs_said) == {"USD", "CNY"}  # type: ignore[call-overload]
    at = ("--db", str(db), "--at", "2025-03-13T09:00:00Z", "cost-estimate", "--no-free-tier")
    result = command_line.run(*at)
    projected = [line for line in result.stdout.splitlines() if line.startswith("projected")]
    assert len(projected) == 2
    assert sum("CNY" in line for line in projected) == 1


def test_a_store_of_metrics_is_not_called_empty(tmp_path: Path) -> None:
    points = [point(B, name, MARCH, amount) for name, amount in (("Invocations", 700), ("Duration", 70_000))]
    db = make(tmp_path / "s.db", [Function(B, arch="arm64", memory_mb=512)], (), points)
    at = ("--db", str(db), "--at", "2025-03-13T09:00:00Z", "cost-estimate", "--json")
    result = command_line.run(*at)
    assert "REPORTs for 0% of the invocations" in result.stderr
    assert "empty" not in result.stderr
    assert "no invocations" not in result.stderr


def test_an_invocation_costs_what_it_cost_then(db: Path) -> None:
    """2,048 MB for 900 ms: on x86_64 with 10 GB of /tmp before the 6th, on arm64 with the included 512 MB after."""
    with Reader(db) as reader, reader.until(NOW):
        view = invocations(reader, SPAN, BOOK, scope=Scope(functions=("moved",)), limit=100)
        details = [
            detail(reader, row, [row], BOOK) for row in reader.invocations(MARCH, NOW, [view.rows[0].key[0]], limit=100)
        ]
    prices = BOOK.region("eu-west-1")
    assert prices.requests is not None
    assert prices.ephemeral_storage is not None
    gb_s = Decimal(900 * 2048) / MB_MS_PER_GB_SECOND
    before = prices.requests + gb_s * prices.durations["x86_64"][0].rate
    before += Decimal(900 * (10240 - 512)) / MB_MS_PER_GB_SECOND * prices.ephemeral_storage
    after = prices.requests + gb_s * prices.durations["arm64"][0].rate
    for rows in (view.rows, [one.invocation for one in details]):
        assert len(rows) == 24
        assert {row.started_at < MARCH + 5 * DAY_MS: row.cost_usd for row in rows} == {True: before, False: after}
    assert {one.bill.total for one in details if one.bill} == {before, after}
