"""What AWS says of money beside what is computed: its bill by day and month, Compute Optimizer, configured usage."""

from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.account import BilledDay, Configured, Inventory, LogGroupFacts, Recommendation
from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, DAY_S, HOUR_MS, MINUTE_MS
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from lambdatui.screens.advice import AdviceScreen
from lambdatui.screens.billed import BilledScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.views.advice import advice
from lambdatui.views.concurrency import concurrency
from lambdatui.views.cost_changes import changes
from lambdatui.views.cost_groups import cost_groups
from lambdatui.views.costs import costs
from lambdatui.views.reconcile import collected_actuals, reconciled
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.whatif import compared_months
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.checkout_settings import MARCH, MONTH, configure, keep, keep_records, measure
from tests.support.command_line import rows, run
from tests.support.screens import header_of, press, settle, small_app, table_of
from tests.support.small_store import CHECKOUT, T0

BOOK = PriceBook.load()
TODAY = T0 // DAY_MS * DAY_MS


def billed_day(day_ms: int, usage_type: str, amount: str, quantity: str, service: str = "AWS Lambda") -> BilledDay:
    return BilledDay(CHECKOUT.account, day_ms, service, usage_type, amount, "USD", quantity, "x", estimated=False)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Eight requests on the last day of March; AWS's bill has them, and a dollar of the day before."""
    path = small_store.make(tmp_path / "s.db")
    keep_records(
        path,
        billed_day(TODAY, "Request", "0.0000012", "6"),
        billed_day(TODAY, "EU-Request", "0.0000004", "2"),
        billed_day(TODAY - DAY_MS, "Lambda-GB-Second", "1.00", "59999"),
        billed_day(TODAY, "EUC1-DataProcessing-Bytes", "3.00", "6", service="AmazonCloudWatch"),
    )
    return path


def test_the_collected_bill_is_set_beside_ours(db: Path) -> None:
    span = TimeRange(MONTH.from_ms, TODAY + DAY_MS, "March")
    with Reader(db) as reader:
        actuals = collected_actuals(reader, span)
        by_day = reconciled(reader, actuals, BOOK, free_tier=False)
        by_month = reconciled(reader, actuals, BOOK, free_tier=False, by="month")
    told = {(row.day, row.region, row.dimension): (row.aws_amount, row.reason) for row in by_day.rows}
    assert told["2025-03-31", "us-east-1", "requests"] == (Decimal("0.0000012"), "agrees")
    assert told["2025-03-31", "eu-west-1", "requests"] == (Decimal("0.0000004"), "agrees")
    missing = Decimal("1.00"), "not collected: nothing was collected that day"
    assert told["2025-03-30", "us-east-1", "duration"] == missing
    assert {row.day for row in by_month.rows} == {"2025-03", ""}
    assert sum(row.aws_amount or 0 for row in by_month.rows if row.day) == Decimal("1.0000016")  # without CloudWatch's


def test_the_command_prints_the_rows_of_the_screen(db: Path) -> None:
    asked = ("--db", db, "--from", "2025-03-01", "--to", "2025-04-01", "costs", "reconcile", "--json")
    assert {row["day"] for row in rows(run(*asked))} == {"2025-03-30", "2025-03-31", ""}
    assert {row["day"] for row in rows(run(*asked, "--by", "span"))} == {""}
    nothing = run("--db", db, "--from", "2025-01-01", "--to", "2025-02-01", "costs", "reconcile")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert "collect --with costs" in nothing.stderr


async def test_keys_lead_from_costs_to_the_bill_and_its_reasons(db: Path) -> None:
    app = small_app(db)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "dollar_sign", "B")
        assert isinstance(app.screen, BilledScreen)
        assert "by day" in header_of(app)
        assert "AWS $1.00" in header_of(app)
        table = table_of(app)
        days = [table.row_at(at).day for at in range(table.row_count)]  # type: ignore[union-attr]
        assert set(days) == {"2025-03-30", "2025-03-31", ""}
        await press(pilot, "b", "b")
        assert "in sum" in header_of(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "Likely reason" in app.screen.text
        await press(pilot, "escape", "q")
        assert "AWS's bill" not in header_of(app)


async def test_without_a_bill_the_screen_says_how_to_get_one(tmp_path: Path) -> None:
    app = small_app(small_store.make(tmp_path / "s.db"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "B")
        assert isinstance(app.screen, BilledScreen)
        assert "collect --with costs" in app.screen.why_empty()


async def test_recommendations_of_compute_optimizer_are_advice_with_their_basis(db: Path) -> None:
    sized = Recommendation(CHECKOUT.account, CHECKOUT.region, "checkout", "$LATEST", "NotOptimized",
                           "MemoryOverprovisioned", 1024, 256, "4.20", "USD", TODAY)  # fmt: skip
    well = Recommendation(
        CHECKOUT.account, "eu-west-1", "resize", "$LATEST", "Optimized", "", 1024, None, None, None, None
    )
    keep_records(db, sized, well)
    with Reader(db) as reader:
        found = [row for row in advice(reader, MONTH, BOOK).rows if row.kind == "AWS optimizer"]
    (row,) = found
    assert (row.function, row.saves_usd, row.advice) == (
        "checkout", Decimal("4.20"), "set the memory of 1024 MB to 256 MB; AWS estimates $4.20 a month"
    )  # fmt: skip
    assert "Compute Optimizer, as of 2025-03-31" in row.more
    app = small_app(db)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "A", "slash", *"optimizer", "enter", "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "as AWS estimates it" in app.screen.text
        await press(pilot, "escape")
        assert isinstance(app.screen, AdviceScreen)


# What stands configured
@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """Provisioned concurrency, a cached version and stored logs beside invocations, half of which it served."""
    path = small_store.make(tmp_path / "s.db")
    configure(path, memory_mb=1024)
    keep(path, MARCH, "provisioned", live={"requested": 2})
    keep(path, MARCH, "version", v1={"snap_start": "On", "memory_mb": 1024, "runtime": "python3.13"})
    keep_records(
        path, LogGroupFacts(CHECKOUT.account, CHECKOUT.region, "/aws/lambda/checkout", "STANDARD", None, 10**9)
    )
    measure(path, Invocations=6.0, ProvisionedConcurrencyInvocations=3.0)
    return path


def test_days_sum_to_the_bill_with_what_stands_configured(configured: Path) -> None:
    with Reader(configured) as reader:
        bill = costs(reader, MONTH, BOOK, free_tier=False)
        days = cost_groups(reader, MONTH, BOOK, "day")
    assert len(days.rows) == 31
    assert bill.total is not None
    # A month of stored bytes is no whole number of byte-hours: its days are rounded in the 13th decimal.
    assert abs(sum(row.amount or 0 for row in days.rows) - bill.total) < Decimal("1e-11")
    assert {line.dimension for line in bill.rows} >= {"provisioned_concurrency", "snapstart_cache", "logs_storage"}
    assert days.basis == "estimated"


def test_what_ifs_are_of_the_whole_bill(configured: Path) -> None:
    with Reader(configured) as reader:
        bill = costs(reader, MONTH, BOOK, free_tier=False)
        _, (half, arm) = compared_months(reader, MONTH, BOOK, changes("memory=512, arm64"))

    def amounts(lines: object) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for line in lines:  # type: ignore[attr-defined]
            if line.function == "checkout":
                found[line.dimension] = found.get(line.dimension, Decimal(0)) + line.amount
        return found

    now, then = amounts(bill.rows), amounts(half.bill.lines)
    for dimension in ("provisioned_concurrency", "snapstart_cache"):
        assert then[dimension] * 2 == now[dimension]
    assert then["logs_storage"] == now["logs_storage"]
    assert half.difference is not None
    assert half.difference < 0
    assert amounts(arm.bill.lines)["provisioned_concurrency"] < now["provisioned_concurrency"]


def test_what_stands_without_a_known_size_is_told_and_not_guessed(configured: Path) -> None:
    configure(configured, memory_mb=None)
    with Reader(configured) as reader:
        if reader.functions()[0].function.memory_mb is None:
            with pytest.raises(ValueError, match="not known"):
                compared_months(reader, MONTH, BOOK, changes("memory=512"))


def test_reconciling_counts_what_stands_configured_without_cloudwatchs_storage(configured: Path) -> None:
    hours = [billed_day(MARCH + day * DAY_MS, "Lambda-Provisioned-Concurrency", "0.72", "172800") for day in range(30)]
    keep_records(configured, *hours)
    with Reader(configured) as reader:
        view = reconciled(reader, collected_actuals(reader, MONTH), BOOK, free_tier=False, by="span")
    told = {row.dimension: row for row in view.rows}
    one = told["provisioned_concurrency"]
    assert (one.quantity, one.aws_quantity) == (Decimal(2 * 30 * DAY_S), Decimal(30 * 172_800))
    assert one.reason == "agrees"
    assert "logs_storage" not in told


# Concurrency of accounts
async def test_an_accounts_own_headroom_and_when_it_is_full(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db", metrics=True)
    account = FunctionKey("", CHECKOUT.account, CHECKOUT.region)
    limit = Configured(CHECKOUT.account, CHECKOUT.region, "", "account", "", {"concurrency_limit": 100})
    with writing(path) as connection:
        kept.keep_inventory(connection, Inventory(CHECKOUT.account, CHECKOUT.region, ("account",), [limit]), T0)
        peaks = [(T0 + 5 * MINUTE_MS, 60.0), *((TODAY - day * DAY_MS, 50.0 - 10 * day) for day in range(1, 5))]
        kept.keep_account_points(
            connection, [MetricPoint(account, "ConcurrentExecutions", "Maximum", 60, at, peak) for at, peak in peaks]
        )
    with Reader(path) as reader:
        view = concurrency(reader, TimeRange(T0, T0 + HOUR_MS, "an hour"))
        alone = concurrency(reader, TimeRange(T0, T0 + HOUR_MS, "an hour"), scope=Scope(functions=("checkout",)))
    (whole,) = (row for row in view.headroom if not row.function_id)
    assert (whole.function, whole.limit, whole.concurrency, whole.headroom) == ("all functions", 100, 60, 0.4)
    assert whole.throttles == 4
    assert whole.saturation == TODAY + 5 * DAY_MS  # 40 yesterday, 10 more a day
    assert [row.function for row in alone.rows] == ["checkout"]
    (checkout,) = alone.headroom
    assert checkout.trend is not None
    assert sum(checkout.trend) == 4
    told = rows(run("--db", path, "--from", "2025-03-31T10:00", "--to", "2025-03-31T11:00", "throttles", "--json"))
    assert {row["function"] for row in told} == {"all functions", "checkout", "resize"}
    app = small_app(path)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "T", "slash", *"all", "enter", "enter")
        assert isinstance(app.screen, DetailsScreen)
        assert "Most at once" in app.screen.text
        await press(pilot, "escape", "space")
        assert app.session.marked == []
