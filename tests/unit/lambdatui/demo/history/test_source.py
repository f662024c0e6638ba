"""The simulated days in a store: figures that agree with each other, and everything that the demo promises to show."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.ingest.engine import collect
from collectors.model.account import Covered
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.sources.base import HourAggregates, Item, LogEvents, MetricPoints, NothingStored
from collectors.store.integrity.checking import check
from collectors.store.read.reader import Reader
from lambdatui.demo.history.calendar import NIGHT_MS, Calendar
from lambdatui.demo.history.source import SimulatedDays
from lambdatui.views.concurrency import concurrency
from lambdatui.views.costs import costs
from lambdatui.views.error_trends import error_trends
from lambdatui.views.functions import functions
from lambdatui.views.growth import growth
from lambdatui.views.resolved_range import resolved
from lambdatui.views.retained_since import by_kept_hours
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook

pytestmark = pytest.mark.xdist_group("simulated-days")  # one process makes the store, not each
BOOK = PriceBook.load()
BUDGET_USD = Decimal(15)
CALENDAR = Calendar(int(datetime(2026, 11, 25, 17, 23, tzinfo=UTC).timestamp() * 1000))


class SumsAlone(SimulatedDays):
    """The days without their log events, which most of a month's figures do not need."""

    def _items(self) -> Iterator[Item]:
        return (item for item in super()._items() if not isinstance(item, LogEvents))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("days") / "demo.db"
    assert collect(SimulatedDays(CALENDAR, seed=7), db=path).failures == []
    return path


@pytest.fixture(scope="module")
def reader(store: Path) -> Iterator[Reader]:
    with Reader(store) as opened:
        yield opened


def span(reader: Reader, preset: str) -> TimeRange:
    return resolved(reader, RangeChoice(preset), CALENDAR.end_ms)


def test_every_range_says_that_it_is_simulated(reader: Reader) -> None:
    for preset in ("1h", "24h", "30d", "mtd", "all"):
        found = span(reader, preset)
        assert found.label.endswith(", 30 simulated days, then real")
        assert found.simulated == (CALENDAR.begin_ms, CALENDAR.end_ms)


def test_the_store_is_whole_and_an_hour_of_it_says_every_invocation(reader: Reader, store: Path) -> None:
    assert check(store) == []
    view = functions(reader, span(reader, "1h"), BOOK)
    assert view.coverage == 1.0
    assert view.basis == "billed"
    rows = {row.function: row for row in view.rows}
    assert rows["shop-api"].invocations > 5_000
    for row in view.rows:
        listed = reader.invocations(span(reader, "1h").from_ms, CALENDAR.end_ms, [row.function_id], limit=50_000)
        assert len(listed) == row.invocations
        assert sum(one.status.failed for one in listed) == row.errors
        assert sum(one.billed_ms or 0 for one in listed) == (row.billed_ms or 0)
        assert all((one.billed_ms or 0) * 1000 >= one.duration_us for one in listed if one.duration_us is not None)
        assert sum(one.init_us is not None for one in listed) == row.cold_starts


def test_counts_of_summed_hours_are_those_of_days_and_of_errors(reader: Reader) -> None:
    whole = functions(reader, span(reader, "30d"), BOOK)
    groups = error_trends(reader, span(reader, "30d")).rows
    for row in whole.rows:
        assert sum(group.count for group in groups if group.function == row.function) == row.errors, row.function
        days = reader.days(whole.range.from_ms, whole.range.to_ms, [row.function_id])
        assert sum(day[3] for day in days) == row.reports
        if row.reports:
            assert row.billed_ms >= row.reports
            assert row.p50_ms <= row.p95_ms <= row.max_ms
    # So many that a month is dollars.
    assert whole.invocations > 10_000_000
    assert whole.cost_usd > 10


def test_a_range_of_summed_hours_has_whole_hours(reader: Reader) -> None:
    before = resolved(reader, RangeChoice("1h", at=str(CALENDAR.rows_ms - 2 * HOUR_MS + 23 * 60_000)), CALENDAR.end_ms)
    assert "by full hours" in before.label
    assert before.from_ms % HOUR_MS == before.to_ms % HOUR_MS == 0
    (row,) = (row for row in functions(reader, before, BOOK).rows if row.function == "shop-api")
    assert row.invocations > 5_000
    assert not row.errors


def test_the_last_hour_stands_beside_the_same_one_a_week_before(reader: Reader) -> None:
    week_ms = 7 * DAY_MS
    hour = TimeRange(CALENDAR.end_ms - HOUR_MS, CALENDAR.end_ms, "last 1h")
    before = by_kept_hours(reader, replace(hour, from_ms=hour.from_ms - week_ms, to_ms=hour.to_ms - week_ms))
    assert (before.from_ms, before.to_ms) == (hour.from_ms - week_ms, hour.to_ms - week_ms)
    now, then = ({row.function: row for row in functions(reader, each, BOOK).rows} for each in (hour, before))
    assert 0.8 < then["shop-api"].invocations / now["shop-api"].invocations < 1.25
    assert now["payments"].error_rate > 0.2
    assert then["payments"].error_rate < 0.01


def test_the_deploy_broke_one_function_in_one_new_way(reader: Reader) -> None:
    rows = error_trends(reader, span(reader, "1h")).rows
    assert [(row.function, row.error_type) for row in rows if row.novelty == "new"] == [("payments", "ProviderTimeout")]
    assert rows[0].function == "payments"
    assert rows[0].deployed_at == CALENDAR.deploy_ms
    assert "code" in str(rows[0].deploy)
    assert "live version 41 -> 42" in str(rows[0].deploy)
    day = {row.error_type: row for row in error_trends(reader, span(reader, "24h")).rows if row.function == "payments"}
    assert day["AmountMissing"].novelty == "gone"
    sample = reader.find_invocations(str(rows[0].sample_request_id))[0]
    text = "".join(line.text for line in reader.lines(sample))
    assert "Traceback" in text
    assert "samples/payments/app.py" in text
    assert "raise ProviderTimeout(" in text


def test_a_night_was_throttled_because_one_function_took_the_limit(reader: Reader) -> None:
    night = TimeRange(CALENDAR.night_ms, CALENDAR.night_ms + NIGHT_MS, "night")
    rows = {row.function: row for row in concurrency(reader, night).headroom}
    assert rows["all functions"].concurrency == rows["all functions"].limit == 200
    assert rows["shop-api"].throttles
    assert rows["payments"].throttles
    assert not rows["monthly-report"].throttles
    assert rows["monthly-report"].concurrency > 150
    others = sum(row.concurrency or 0 for name, row in rows.items() if name not in ("all functions", "monthly-report"))
    assert rows["monthly-report"].concurrency + others == 200


def test_the_weekly_job_ran_on_mondays_alone(reader: Reader) -> None:
    (job,) = (row.id for row in reader.functions() if row.function.key.name == "weekly-reindex")
    days = [day[0] for day in reader.days(CALENDAR.begin_ms, CALENDAR.end_ms, [job])]
    assert len(days) == 4
    assert {datetime.fromtimestamp(day / 1000, UTC).weekday() for day in days} == {0}


def test_it_is_the_same_again_from_the_same_seed() -> None:
    def some(seed: int) -> list[object]:
        items = SimulatedDays(CALENDAR, seed).items(NothingStored())
        return [next(item for item in items if isinstance(item, kind)) for kind in (LogEvents, MetricPoints)]

    assert some(3) == some(3) != some(4)


def test_it_ends_when_it_is_told_to_and_has_said_before_what_is_simulated() -> None:
    answers = iter([False, False, True])
    items = list(SimulatedDays(CALENDAR, 7, lambda: next(answers)).items(NothingStored()))
    assert isinstance(items[0], Covered)
    assert len(items) == 2


@pytest.mark.parametrize(
    "end",
    [
        datetime(2026, 12, 1, 0, 5, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 58, tzinfo=UTC),
        datetime(2027, 2, 28, 12, 0, tzinfo=UTC),
        datetime(2028, 2, 29, 5, 30, tzinfo=UTC),
        datetime(2026, 12, 12, 9, 0, tzinfo=UTC),
    ],
    ids=str,
)
def test_the_month_passes_the_demos_budget_whenever_it_begins(end: datetime, tmp_path: Path) -> None:
    calendar = Calendar(int(end.timestamp() * 1000))
    store = tmp_path / "demo.db"
    collect(SumsAlone(calendar, seed=7), db=store)
    with Reader(store) as opened:
        month = resolved(opened, RangeChoice("mtd"), calendar.end_ms)
        view = costs(opened, month, BOOK)
    assert view.projection is not None
    assert view.projection.p50 is not None
    assert BUDGET_USD < view.projection.p50 < 3 * BUDGET_USD
    hours = [item for item in SumsAlone(calendar, 7).items(NothingStored()) if isinstance(item, HourAggregates)]
    assert all(hour.reports >= hour.errors >= hour.timeouts for item in hours for hour in item.hours)
    assert all(hour.billed_ms * 1000 >= hour.duration_us for item in hours for hour in item.hours)
    assert calendar.end_ms - calendar.begin_ms >= 30 * DAY_MS


def test_what_grew_in_the_last_hour_is_known(reader: Reader) -> None:
    hour = span(reader, "1h")
    rows = growth(reader, hour, BOOK).added_to(functions(reader, hour, BOOK)).rows
    called = [row for row in rows if row.invocations]
    assert len(called) > 5
    assert [row.function for row in called if None in (row.invocations_change, row.cost_change)] == []
