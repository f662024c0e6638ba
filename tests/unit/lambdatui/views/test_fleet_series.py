"""The fleet's figures: what the rows add up to, in steps too, and the same time a week before or why it is unknown."""

from decimal import Decimal
from pathlib import Path

import pytest

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS, WEEK_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write.writer import Writer
from lambdatui.views.fleet_series import FleetSeries, fleet_series
from lambdatui.views.functions import functions
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import RangeChoice, TimeRange
from pricing.pricebook import PriceBook
from tests.support.small_store import CHECKOUT, T0, invocation_events, make, write_events

BOOK = PriceBook.load()
DAY = TimeRange(T0 + WEEK_MS - 2 * HOUR_MS, T0 + WEEK_MS + 22 * HOUR_MS, "a day")


def name_of(number: int) -> FunctionKey:
    return FunctionKey(f"f{number:02}", "111122223333", "us-east-1")


@pytest.fixture(scope="module", params=[3, 60], ids=["few", "fleet"])
def week(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Functions that are called on two days, a week apart: the later day 2 times as often, and of each fifth call fails."""
    folder = tmp_path_factory.mktemp("fleet")
    events = []
    for number in range(request.param):
        for day, calls in ((0, 3), (WEEK_MS, 6)):
            for call in range(calls):
                at_ms = T0 + day + (number % 7) * MINUTE_MS + call * 97 * MINUTE_MS
                identity = number * 1000 + call + (500 if day else 0)
                fault = "error" if call == 4 else ""
                events += invocation_events(
                    name_of(number), identity, at_ms, duration_ms=100.0 + 10 * call, fault=fault
                )
    path = folder / "store.db"
    import_files([str(write_events(folder / "events.jsonl", events))], db=path, defaults=FunctionKey(""))
    with writing(path) as connection:
        Writer(connection, fingerprint).measure(
            MetricPoint(name_of(0), name, stat, 60, T0 + day + 5 * MINUTE_MS, value)
            for day, value in ((0, 2.0), (WEEK_MS, 8.0))
            for name, stat in (("Throttles", "Sum"), ("ConcurrentExecutions", "Maximum"))
        )
    return path


def series_of(path: Path, time_range: TimeRange = DAY, **more: object) -> FleetSeries:
    with Reader(path) as reader:
        return fleet_series(reader, time_range, BOOK, **more)  # type: ignore[arg-type]


def test_the_figures_are_what_the_rows_add_up_to(week: Path) -> None:
    series = series_of(week)
    with Reader(week) as reader:
        view = functions(reader, DAY, BOOK)
    assert series.now.invocations == view.invocations == 6 * len(view.rows)
    assert series.now.errors == view.errors == len(view.rows)
    assert series.now.throttles == sum(row.throttles or 0 for row in view.rows) == 8
    assert series.now.cost_usd == view.cost_usd
    assert series.month_end == view.projected_usd
    assert sum(one or 0 for one in series.invocations) == view.invocations
    assert sum(one or 0 for one in series.errors) == view.errors
    assert sum(one or 0 for one in series.throttles) == 8
    assert sum(one or 0 for one in series.cost_usd) == pytest.approx(float(view.cost_usd or 0))
    assert series.now.p95_ms == pytest.approx(150, rel=0.02)
    assert series.now.concurrency == max(one or 0 for one in series.concurrency) == 8


def test_the_same_time_a_week_before_stands_beside(week: Path) -> None:
    with Reader(week) as reader:
        ids = [row.id for row in reader.functions()]
    series = series_of(week)
    assert series.before is None  # the store begins with the first call, two hours into the day
    assert series.why_not == "nothing is stored before 2025-03-31 10:00 UTC"
    later = TimeRange(T0 + WEEK_MS, T0 + WEEK_MS + 5 * HOUR_MS, "five hours")
    series = series_of(week, later)
    assert series.before is not None
    assert series.why_not == ""
    assert (series.before.invocations, series.before.errors) == (3 * len(ids), 0)
    assert (series.before.throttles, series.before.concurrency) == (2, 2)
    assert series.before.cost_usd is not None
    assert series.now.cost_usd is not None
    assert Decimal(0) < series.before.cost_usd < series.now.cost_usd


def test_some_functions_are_counted_alone(week: Path) -> None:
    with Reader(week) as reader:
        first, second = (row.id for row in reader.functions()[:2])
    assert series_of(week, function_ids={first}).now.invocations == 6
    assert series_of(week, function_ids={second}).now.throttles is None
    assert series_of(week, scope=Scope(functions=("f0[01]",))).now.invocations == 12
    nothing = series_of(week, function_ids=())
    assert (nothing.now.invocations, nothing.now.cost_usd, nothing.before) == (0, None, None)


def test_what_lies_before_and_after_the_data_is_unknown_and_its_end_unfinished(tmp_path: Path) -> None:
    path = make(tmp_path / "s.db")
    series = series_of(path, TimeRange(T0 - HOUR_MS, T0 + HOUR_MS, "two hours"), steps=12)
    known = [one is not None for one in series.invocations]
    assert known == [False] * 6 + [True] * 3 + [False] * 3
    assert series.known_ms is not None
    assert series.starts[8] < series.known_ms < series.starts[9]
    assert series.throttles == (None,) * 12
    assert series.now.throttles is None
    assert series.now.concurrency is None


def test_the_moment_hides_what_came_later(tmp_path: Path) -> None:
    path = make(tmp_path / "s.db", metrics=True)
    with Reader(path) as reader:
        span = RangeChoice("1h", at=str(T0 + 6 * MINUTE_MS)).resolve(T0 + DAY_MS)
        series = fleet_series(reader, span, BOOK, steps=12)
    assert series.now.invocations == 12  # by the metric of one minute; the logs have fewer
    assert series.now.concurrency == 9
    assert series.limited_by == CHECKOUT.name


def test_a_range_between_full_hours_is_compared_with_the_same_minutes(week: Path) -> None:
    odd = TimeRange(T0 + WEEK_MS + 7 * MINUTE_MS, T0 + WEEK_MS + 187 * MINUTE_MS, "three hours")
    series = series_of(week, odd)
    assert series.before is not None
    counted = series.before.invocations
    with Reader(week) as reader:
        earlier = functions(reader, TimeRange(odd.from_ms - WEEK_MS, odd.to_ms - WEEK_MS, "then"), BOOK)
    assert counted == earlier.invocations
