"""Logs are usage: bytes that came in by class, bytes that are kept, of whom, on which day, and never unknown as zero."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.account import LogGroupFacts
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, HOUR_S, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.cost_groups import GROUPINGS, cost_groups
from lambdatui.views.costs import CostsView, costs
from lambdatui.views.functions import functions
from lambdatui.views.log_usage import LogUsage, by_day, by_function, log_usage
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from pricing.bill import bill
from pricing.pricebook import PriceBook
from tests.support import small_store
from tests.support.small_store import CHECKOUT, T0

BOOK = PriceBook.load()
MARCH = T0 // DAY_MS * DAY_MS - 30 * DAY_MS
GB = 10**9
BASKET = FunctionKey("basket", CHECKOUT.account, CHECKOUT.region)
ACCOUNT = FunctionKey("", CHECKOUT.account, CHECKOUT.region)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Two functions, never invoked."""
    return make(tmp_path / "store.db", [Function(CHECKOUT, arch="arm64"), Function(BASKET)])


def make(path: Path, functions: list[Function]) -> Path:
    with writing(path) as connection:
        Writer(connection, fingerprint).configure(functions)
    return path


def came(
    db: Path, at_ms: int, amount: float, key: FunctionKey = CHECKOUT, group: str = "", period_s: int = HOUR_S
) -> None:
    metric = f"IncomingBytes {group}" if group else "IncomingBytes"
    points = [MetricPoint(key, metric, "Sum", period_s, at_ms, amount)]
    with writing(db) as connection:
        if key.name:
            Writer(connection, fingerprint).measure(points)
        else:
            kept.keep_account_points(connection, points)


def seen(db: Path, *facts: tuple[str, str, int | None, int | None]) -> None:
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        groups = [LogGroupFacts(CHECKOUT.account, CHECKOUT.region, *one) for one in facts]
        kept.keep(connection, writer.names, 0, groups)


def asked(db: Path, from_ms: int = MARCH, to_ms: int = MARCH + 31 * DAY_MS) -> dict[str, LogUsage]:
    with Reader(db) as reader:
        return {one.log_group: one for one in log_usage(reader, from_ms, to_ms)}


def test_1920_gb_cost_960_dollars(db: Path) -> None:
    """The issue's own figure: $0.50 a GB of standard class in us-east-1, before the free 5 GB."""
    for hour in range(48):
        came(db, MARCH + hour * HOUR_MS, 40 * GB)
    one = asked(db)["/aws/lambda/checkout"]
    assert (one.name, one.bytes_in, one.basis, one.dimension) == ("checkout", 1_920 * GB, "metric", "logs_standard")
    assert one.days == {MARCH: 960 * GB, MARCH + DAY_MS: 960 * GB}
    usage = replace(one.usages()[0], region="us-east-1")
    assert bill([usage], BOOK, free_tier=False).total == Decimal(960)
    assert bill([usage], BOOK).total == Decimal("957.5")


def test_each_class_is_billed_as_itself(db: Path) -> None:
    for name, log_class in (("checkout", "INFREQUENT_ACCESS"), ("basket", "DELIVERY")):
        seen(db, (f"/aws/lambda/{name}", log_class, 30, None))
        came(db, MARCH, 3 * GB, FunctionKey(name, CHECKOUT.account, CHECKOUT.region))
    found = asked(db)
    assert found["/aws/lambda/checkout"].usages()[0].metered == (("logs_infrequent_access", 3 * GB),)
    assert found["/aws/lambda/basket"].usages()[0].metered == (("logs_delivery", 3 * GB),)
    assert found["/aws/lambda/checkout"].retention_days == 30


def test_unknown_is_not_zero(db: Path) -> None:
    assert asked(db) == {}
    seen(db, ("/aws/lambda/checkout", "STANDARD", None, None))
    one = asked(db)["/aws/lambda/checkout"]
    assert (one.bytes_in, one.stored_byte_hours, one.basis, one.usages()) == (None, None, None, [])
    came(db, MARCH, 0)
    assert asked(db)["/aws/lambda/checkout"].bytes_in == 0


def test_a_shared_group_is_one_line_and_a_deleted_functions_too(tmp_path: Path) -> None:
    shared = [Function(key, log_group="/shop/all") for key in (CHECKOUT, BASKET)]
    db = make(tmp_path / "shared.db", shared)
    came(db, MARCH, 7 * GB, ACCOUNT, "/shop/all")
    seen(db, ("/shop/all", "STANDARD", None, 2 * GB), ("/aws/lambda/gone", "STANDARD", None, 5 * GB))
    found = asked(db, MARCH, MARCH + HOUR_MS)
    assert (found["/shop/all"].name, len(found["/shop/all"].owners)) == ("/shop/all", 2)
    assert (found["/shop/all"].bytes_in, found["/shop/all"].stored_byte_hours) == (7 * GB, 2 * GB)
    assert (found["/aws/lambda/gone"].owners, found["/aws/lambda/gone"].bytes_in) == ((), None)
    assert by_function(list(found.values())) == {}


def test_what_comes_after_the_range_is_hidden(db: Path) -> None:
    came(db, MARCH + DAY_MS, 10_000)
    came(db, MARCH + DAY_MS + HOUR_MS, 6_000)
    came(db, MARCH + DAY_MS + 5 * HOUR_MS, 999)
    assert asked(db, MARCH, MARCH + DAY_MS + HOUR_MS)["/aws/lambda/checkout"].bytes_in == 10_000
    half = asked(db, MARCH, MARCH + DAY_MS + HOUR_MS + HOUR_MS // 2)["/aws/lambda/checkout"]
    assert half.bytes_in == 13_000
    assert asked(db, MARCH, MARCH + DAY_MS) == {}


def test_an_hour_that_is_not_over_counts_whole_up_to_what_is_known(tmp_path: Path) -> None:
    """T0's invocations end within the hour: what the metric says of it came until then."""
    db = small_store.make(tmp_path / "store.db")
    with Reader(db) as reader:
        newest_ms = reader.newest_ms() or 0
    hour_ms = newest_ms // HOUR_MS * HOUR_MS
    came(db, hour_ms, 1_000)
    assert asked(db, hour_ms, newest_ms + 1)["/aws/lambda/checkout"].bytes_in == 1_000
    assert asked(db, hour_ms, hour_ms + HOUR_MS)["/aws/lambda/checkout"].bytes_in == 1_000


def test_of_two_periods_the_finest_counts_once(db: Path) -> None:
    came(db, MARCH, 600)
    for minute in range(60):
        came(db, MARCH + minute * MINUTE_MS, 11, period_s=60)
    assert asked(db)["/aws/lambda/checkout"].bytes_in == 660
    assert asked(db, MARCH, MARCH + 30 * MINUTE_MS)["/aws/lambda/checkout"].bytes_in == 330


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 10**12)), min_size=1, max_size=12, unique_by=lambda one: one[0]
    ),
    st.lists(st.integers(0, 81 * 60), min_size=1, max_size=4),
    st.booleans(),
)
@settings(max_examples=30)
def test_parts_sum_to_the_whole_and_days_to_their_part(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[int, int]], cuts: list[int], shared: bool
) -> None:
    """The oracle: what came in an hour comes evenly over it."""
    db = make(tmp_path_factory.mktemp("logs") / "store.db", [Function(CHECKOUT)])
    seen(db, ("/aws/lambda/checkout", "STANDARD", None, 12_345))
    for hour, amount in points:
        came(db, MARCH + hour * HOUR_MS, amount, *((ACCOUNT, "/aws/lambda/checkout") if shared else ()))
    borders = [MARCH, *(MARCH + cut * MINUTE_MS for cut in sorted(cuts)), MARCH + 81 * HOUR_MS]
    parts = 0
    for low, high in pairwise(borders):
        one = asked(db, low, high)["/aws/lambda/checkout"]
        expected = sum(
            amount * max(0, min(high, MARCH + (hour + 1) * HOUR_MS) - max(low, MARCH + hour * HOUR_MS)) / HOUR_MS
            for hour, amount in points
        )
        assert abs((one.bytes_in or 0) - expected) <= len(points)
        parts += one.bytes_in or 0
        with Reader(db) as reader:
            days = list(by_day(reader, low, high))
        assert sum(day.bytes_in or 0 for _, day in days) == (one.bytes_in or 0)
        assert sum(day.stored_byte_hours or 0 for _, day in days) == one.stored_byte_hours
        assert all(low // DAY_MS * DAY_MS <= at_ms < high for at_ms, _ in days)
    assert parts == sum(amount for _, amount in points)


# What the bill makes of it
MONTH = TimeRange(MARCH, MARCH + 31 * DAY_MS, "March")


def billed(db: Path, to_ms: int = MONTH.to_ms, **given: object) -> CostsView:
    with Reader(db) as reader:
        return costs(reader, TimeRange(MARCH, to_ms, ""), BOOK, **given)  # type: ignore[arg-type]


def test_logs_are_lines_of_the_bill_and_in_every_sum(db: Path) -> None:
    for hour in range(48):
        came(db, MARCH + hour * HOUR_MS, 40 * GB)
    came(db, MARCH, 10 * GB, ACCOUNT, "/shop/all")
    view = billed(db, free_tier=False)
    lines = {one.function: (one.dimension, one.quantity, one.basis.partition(";")[0]) for one in view.rows}
    assert lines == {
        "checkout": ("logs_standard", Decimal(1_920), "metric"), "/shop/all": ("logs_standard", Decimal(10), "metric"),
    }  # fmt: skip
    rate = Decimal(BOOK.region(CHECKOUT.region).other["logs"]["standard"][0])
    assert view.total == 1_930 * rate
    assert view.basis == "metric"
    assert sum((one.amount or Decimal(0) for one in view.rows), Decimal(0)) == view.total
    with Reader(db) as reader:
        for by in GROUPINGS:
            groups = cost_groups(reader, MONTH, BOOK, by)
            free = 5 * rate if by != "day" else Decimal(0)
            assert sum((row.amount or Decimal(0) for row in groups.rows), Decimal(0)) == 1_930 * rate - free, by
        days = {row.group: row.amount for row in cost_groups(reader, MONTH, BOOK, "day").rows}
    assert days == {"2025-03-01": 970 * rate, "2025-03-02": 960 * rate}


def test_what_is_narrowed_to_is_billed_its_part_of_the_free_tier(db: Path) -> None:
    came(db, MARCH, 10 * GB)
    came(db, MARCH, 30 * GB, BASKET)
    (one,) = billed(db, scope=Scope(functions=("basket",))).rows
    assert (one.function, one.free) == ("basket", Decimal("3.75"))
    assert billed(db, scope=Scope(functions=("nobody",))).rows == ()


def test_a_group_of_nobody_is_chosen_by_its_own_name(db: Path) -> None:
    came(db, MARCH, 10 * GB, ACCOUNT, "/aws/lambda/gone")
    assert [one.function for one in billed(db).rows] == ["/aws/lambda/gone"]
    assert [one.function for one in billed(db, scope=Scope(functions=("*gone",))).rows] == ["/aws/lambda/gone"]
    assert billed(db, scope=Scope(functions=("checkout",))).rows == ()


def test_the_month_goes_on_as_it_came(db: Path) -> None:
    """Nothing was invoked that is known: ten days' logs are a third of the month's."""
    for day in range(10):
        came(db, MARCH + day * DAY_MS, 31 * GB)
    view = billed(db, MARCH + 10 * DAY_MS, free_tier=False)
    assert view.projection is not None
    assert view.total is not None
    assert view.projection.p50 == view.total / 10 * 31


def test_tiers_count_from_the_months_beginning(db: Path) -> None:
    """us-east-1 charges less above 10,240 GB a month: a range late in the month has its share of that."""
    configured = make(db.with_name("us.db"), [Function(FunctionKey("one", CHECKOUT.account, "us-east-1"))])
    key = FunctionKey("one", CHECKOUT.account, "us-east-1")
    came(configured, MARCH, 20_000 * GB, key)
    came(configured, MARCH + 9 * DAY_MS, 20_000 * GB, key)
    with Reader(configured) as reader:
        late = costs(reader, TimeRange(MARCH + 5 * DAY_MS, MONTH.to_ms, ""), BOOK, free_tier=False)
        whole = costs(reader, MONTH, BOOK, free_tier=False)
    assert len(whole.rows) > 1
    assert late.total == (whole.total or Decimal(0)) / 2


def test_functions_show_their_logs_beside_their_compute(db: Path) -> None:
    came(db, MARCH, 10 * GB)
    with Reader(db) as reader:
        view = functions(reader, MONTH, BOOK)
        rows = {row.function: row.logs_usd for row in view.rows}
    rate = Decimal(BOOK.region(CHECKOUT.region).other["logs"]["standard"][0])
    assert rows == {"checkout": 10 * rate, "basket": None}
    assert view.logs_usd == 10 * rate
    came(db, MARCH, 0, BASKET)
    with Reader(db) as reader:
        assert {row.function: row.logs_usd for row in functions(reader, MONTH, BOOK).rows}["basket"] == 0


def test_the_month_does_not_know_what_comes_after_the_moment(db: Path) -> None:
    for day in range(10):
        came(db, MARCH + day * DAY_MS, 31 * GB)
    before = billed(db, MARCH + 10 * DAY_MS, free_tier=False)
    came(db, MARCH + 20 * DAY_MS, 5_000 * GB)
    assert billed(db, MARCH + 10 * DAY_MS, free_tier=False) == before
