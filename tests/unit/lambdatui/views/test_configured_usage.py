"""What stands configured reaches the bill, the projection and the advice, in AWS's published figures."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.account import LogGroupFacts
from collectors.model.units import DAY_MS, DAY_S, HOUR_MS, HOUR_S, MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.configured_usage import ConfiguredUsage
from lambdatui.views.costs import CostsView, costs
from lambdatui.views.time_range import TimeRange
from lambdatui.views.whatif import whatif
from pricing.pricebook import PriceBook
from pricing.usage import Usage
from tests.support import small_store
from tests.support.checkout_settings import MARCH, MONTH, Settings, configure, keep, measure
from tests.support.small_store import CHECKOUT, T0

BOOK = PriceBook.load()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A store without any invocation."""
    path = tmp_path / "store.db"
    configure(path, memory_mb=1024)
    return path


def standing(db: Path, from_ms: int = MONTH.from_ms, to_ms: int = MONTH.to_ms) -> Usage | None:
    with Reader(db) as reader:
        return next(iter(ConfiguredUsage(reader, reader.functions()).usages(from_ms, to_ms).values()), None)


def billed(db: Path, span: TimeRange = MONTH) -> CostsView:
    with Reader(db) as reader:
        return costs(reader, span, BOOK, free_tier=False)


def advised(db: Path, span: TimeRange = MONTH) -> dict[str, Decimal]:
    with Reader(db) as reader:
        return {row.change: row.saves_usd for row in whatif(reader, span, BOOK).rows}


def test_published_sale_on_provisioned_concurrency(db: Path) -> None:
    """AWS's pricing page: 7 x 4,096 MB for a day are 10.08 dollars."""
    configure(db, memory_mb=4096)
    keep(db, MARCH + DAY_MS, "provisioned", live={"requested": 7})
    keep(db, MARCH + 2 * DAY_MS, "provisioned")
    view = billed(db)
    (line,) = view.rows
    assert (line.dimension, line.function, line.basis) == ("provisioned_concurrency", "checkout", "estimated")
    assert line.quantity == 7 * 4 * DAY_S
    assert round(view.total or Decimal(0), 2) == Decimal("10.08")
    assert view.basis == "estimated"


def test_published_cache_of_one_version(db: Path) -> None:
    """AWS's pricing page: 1 GB cached for 31 days is 4.03 dollars; Java pays nothing."""
    keep(db, MARCH, "version", v1={"snap_start": "On", "memory_mb": 1024, "runtime": "python3.13"},
         v2={"snap_start": "On", "memory_mb": 1024, "runtime": "java21"}, v3={"snap_start": "Off", "memory_mb": 512})  # fmt: skip
    (line,) = billed(db).rows
    assert (line.dimension, line.quantity) == ("snapstart_cache", Decimal(2_678_400))
    assert line.amount == Decimal("4.02992064")


def test_unknown_is_not_zero(db: Path) -> None:
    assert standing(db) is None
    assert billed(db).total in (None, Decimal(0))
    assert billed(db).rows == ()


def test_a_period_is_rounded_up_to_five_minutes_once_and_a_new_size_does_not_end_it(db: Path) -> None:
    keep(db, MARCH, "provisioned", live={"requested": 1})
    keep(db, MARCH + MINUTE_MS, "provisioned", live={"requested": 3})
    keep(db, MARCH + 6 * MINUTE_MS, "provisioned")
    usage = standing(db)
    assert usage is not None
    assert usage.provisioned_mb_ms == 1024 * MINUTE_MS * (1 + 3 * 9)


def test_an_alias_that_moves_costs_what_its_version_holds(db: Path) -> None:
    keep(db, MARCH, "version", v1={"memory_mb": 512}, v2={"memory_mb": 2048})
    keep(db, MARCH, "alias", live={"version": "1"})
    keep(db, MARCH, "provisioned", live={"requested": 2})
    keep(db, MARCH + HOUR_MS, "alias", live={"version": "2"})
    usage = standing(db, MARCH, MARCH + 3 * HOUR_MS)
    assert usage is not None
    assert usage.provisioned_mb_ms == 2 * HOUR_MS * (512 + 2 * 2048)


def test_a_deleted_version_was_cached_for_three_hours_at_least(db: Path) -> None:
    keep(db, MARCH, "version", v1={"snap_start": "On", "memory_mb": 1024, "runtime": "python3.13"})
    keep(db, MARCH + MINUTE_MS, "version")
    usage = standing(db)
    assert usage is not None
    assert dict(usage.metered) == {"snapstart_cache": 1024 * 3 * HOUR_MS}


@given(st.lists(st.integers(0, 600), min_size=2, max_size=6, unique=True), st.integers(1, 900))
@settings(max_examples=25)
def test_two_halves_of_a_span_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], half: int
) -> None:
    db = tmp_path_factory.mktemp("halves") / "store.db"
    configure(db, memory_mb=1024)
    for at, minute in enumerate(sorted(cuts)):
        keep(db, MARCH + minute * MINUTE_MS, "provisioned", **({} if at % 2 else {"live": {"requested": at + 1}}))
    end, middle = MARCH + 1000 * MINUTE_MS, MARCH + half * MINUTE_MS
    parts = [standing(db, MARCH, middle), standing(db, middle, end), standing(db, MARCH, end)]
    one, other, whole = (0 if part is None else part.provisioned_mb_ms for part in parts)
    assert one + other == whole > 0


def test_what_stands_goes_on_to_the_end_of_the_month(db: Path) -> None:
    keep(db, MARCH, "provisioned", live={"requested": 1})
    ten_days = billed(db, TimeRange(MARCH, MARCH + 10 * DAY_MS, "ten days"))
    assert ten_days.total is not None
    assert ten_days.projection is not None
    assert ten_days.projection.p50 == ten_days.total / 10 * 31


def test_stored_logs_are_billed_by_the_month(db: Path) -> None:
    group = LogGroupFacts(CHECKOUT.account, CHECKOUT.region, "/aws/lambda/checkout", "STANDARD", None, 100 * 10**9)
    with writing(db) as connection:
        writer = Writer(connection, fingerprint)
        kept.keep(connection, writer.names, 0, [group])
    (line,) = billed(db, TimeRange(MARCH, MARCH + 30 * DAY_MS, "720 hours")).rows
    assert (line.dimension, line.quantity, line.amount) == ("logs_storage", Decimal(100), Decimal("3.00"))
    assert "log retention of 30 days" in advised(db)


def test_idle_provisioned_concurrency_and_stale_versions_are_advised(db: Path) -> None:
    keep(db, MARCH, "provisioned", live={"requested": 1})
    cached: Settings = {"snap_start": "On", "memory_mb": 1024, "runtime": "python3.13"}
    keep(db, MARCH, "version", v1=cached, v2=cached)
    keep(db, MARCH, "alias", live={"version": "2"})
    found = advised(db)
    hours = 744 * HOUR_S  # March's own
    assert found["no provisioned concurrency: it is idle"] == hours * Decimal("0.0000041667")
    assert found["delete 1 stale SnapStart version"] == hours * Decimal("0.0000015046")


def test_invocations_are_split_by_the_metric_and_only_where_it_is_known(tmp_path: Path) -> None:
    db = small_store.make(tmp_path / "store.db")
    keep(db, MARCH, "provisioned", live={"requested": 1})
    span = TimeRange(T0, T0 + HOUR_MS, "an hour")

    def amounts() -> dict[str, Decimal]:
        return {one.dimension: one.quantity for one in billed(db, span).rows if one.function == "checkout"}

    before = amounts()
    assert "provisioned_requests" not in before
    assert not any(change.startswith("no provisioned") for change in advised(db, span))
    measure(db, Invocations=6.0, ProvisionedConcurrencyInvocations=3.0)
    after = amounts()
    assert (after["requests"], after["provisioned_requests"]) == (Decimal(3), Decimal(3))
    assert after["duration"] + after["provisioned_duration"] == before["duration"]
    bases = {one.basis for one in billed(db, span).rows if one.function == "checkout"}
    assert bases == {"estimated"}
    assert any(change.startswith("no provisioned") for change in advised(db, span))


def test_a_budget_is_passed_by_what_stands_configured(db: Path) -> None:
    """1 GB costs 0.36 dollars a day: one dollar is passed on the third."""
    keep(db, MARCH, "provisioned", live={"requested": 1})
    for until in (1, 10):
        with Reader(db) as reader:
            found = costs(reader, TimeRange(MARCH, MARCH + until * DAY_MS, ""), BOOK, budget=Decimal(1)).projection
        assert found is not None
        assert (until, str(found.budget_day)) == (until, "2025-03-03")
