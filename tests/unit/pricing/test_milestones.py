"""When the free tier runs out and when a budget is passed; and what looking costs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import MB_MS_PER_GB_SECOND, MINUTE_MS
from pricing.bill import bill
from pricing.milestones import budget_day, free_tier_days
from pricing.pricebook import PriceBook
from pricing.projection import project
from pricing.usage import Usage

BOOK = PriceBook.load()
MONTH = date(2026, 10, 1)


def epoch_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def even(requests: int, days: int, mb_ms: int = 0) -> list[tuple[date, Usage]]:
    return [
        (MONTH + timedelta(days=at), Usage(region="us-east-1", arch="arm64", requests=requests, billed_mb_ms=mb_ms))
        for at in range(days)
    ]


def test_requests_and_gb_seconds_run_out_on_days_of_their_own() -> None:
    today = date(2026, 10, 11)
    daily = even(50_000, 10, 40_000 * MB_MS_PER_GB_SECOND)  # 50,000 requests and 40,000 GB-s a day
    found = free_tier_days(daily, project(daily, epoch_ms(today), MONTH), BOOK, today)
    assert [(one.what, one.day, one.projected) for one in found] == [
        ("requests", date(2026, 10, 21), True),  # a million on the 20th exactly, more than that on the 21st
        ("gb_seconds", date(2026, 10, 11), True),
    ]


def test_what_ran_out_in_the_past_is_not_projected() -> None:
    today = date(2026, 10, 11)
    daily = even(300_000, 10)
    found = free_tier_days(daily, project(daily, epoch_ms(today), MONTH), BOOK, today)
    assert [(one.what, one.day, one.projected) for one in found] == [
        ("requests", date(2026, 10, 4), False),
        ("gb_seconds", None, False),
    ]


def test_a_budget_is_passed_on_the_day_its_bill_says() -> None:
    today = date(2026, 10, 11)
    daily = even(1_000_000, 10)
    projection = project(daily, epoch_ms(today), MONTH)
    # 1 M requests a day are 20 cents, after the first free million: 4.00 USD stand on the 21st, more on the 22nd
    assert budget_day(daily, projection, BOOK, today, Decimal("4.00")) == date(2026, 10, 22)
    assert budget_day(daily, projection, BOOK, today, Decimal("1.00")) == date(2026, 10, 7)
    assert budget_day(daily, projection, BOOK, today, Decimal("100")) is None
    assert budget_day(daily, projection, BOOK, today, Decimal("4.00"), free_tier=False) == date(2026, 10, 21)


@given(st.lists(st.integers(0, 10**8), min_size=3, max_size=30), st.integers(1, 200))
@settings(max_examples=40)
def test_a_budget_is_not_passed_before_its_day(requests: list[int], dollars: int) -> None:
    daily = [(MONTH + timedelta(days=at), Usage(region="us-east-1", requests=one)) for at, one in enumerate(requests)]
    today = MONTH + timedelta(days=len(requests))
    projection = project(daily, epoch_ms(today), MONTH)
    day = budget_day(daily, projection, BOOK, today, Decimal(dollars))
    total = bill(projection.p50, BOOK).total
    assert total is not None
    assert (day is None) == (total <= dollars)
    if day is not None and day < today:
        before = bill([usage for one, usage in daily if one < day], BOOK).total
        assert before is not None
        assert before <= dollars


def test_before_a_whole_day_was_seen_days_come_evenly() -> None:
    """Minutes of a first day say nothing of the days: a million at the first rate does not fall on that day."""
    began = epoch_ms(date(2026, 10, 25))
    now = began + 15 * MINUTE_MS
    daily = [(date(2026, 10, 25), Usage(region="us-east-1", arch="arm64", requests=8_000))]
    projection = project(daily, now, MONTH, since_ms=began)
    requests, _ = free_tier_days(daily, projection, BOOK, date(2026, 10, 25))
    whole = sum(one.requests for one in projection.p50)
    assert whole > 1_000_000
    assert requests.day == date(2026, 10, 25) + timedelta(days=int((1_000_000 - 8_000) / ((whole - 8_000) / 7)))
