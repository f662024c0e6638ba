"""What the pane shows of a row, of every kind: figures that are elsewhere too, and nothing that is not known."""

from decimal import Decimal
from pathlib import Path

import pytest

from collectors.model.account import Alarm, AlarmChange, Alarms, Configured, Inventory
from collectors.model.units import DAY_MS, HOUR_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.reader import Reader
from collectors.store.write import account as kept
from collectors.store.write.writer import Writer
from lambdatui.views.advice import advice
from lambdatui.views.alarm_details import alarm_details
from lambdatui.views.alarms import alarms
from lambdatui.views.cost_details import cost_line_details, line_days
from lambdatui.views.costs import costs
from lambdatui.views.error_details import error_details
from lambdatui.views.error_families import rolled
from lambdatui.views.error_trends import error_trends
from lambdatui.views.function_details import function_details, throttle_details, with_advice
from lambdatui.views.functions import functions
from lambdatui.views.invocation_details import invocation_details
from lambdatui.views.invocations import invocations
from lambdatui.views.pattern_details import pattern_details
from lambdatui.views.patterns import patterns
from lambdatui.views.row_details import RowDetails
from lambdatui.views.time_range import TimeRange
from pricing.pricebook import PriceBook
from screenshots import sample_log
from tests.support import shop, small_store
from tests.support.small_store import CHECKOUT, MINUTE, T0

BOOK = PriceBook.load()
HOUR = TimeRange(T0, T0 + HOUR_MS, "the hour")
SHOP = TimeRange(sample_log.END_MS - 3 * HOUR_MS, sample_log.END_MS + 60_000, "three hours")
ALL = TimeRange(sample_log.END_MS - 4 * DAY_MS, sample_log.END_MS + 60_000, "all of it")


@pytest.fixture(scope="module")
def of_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop.make(tmp_path_factory.mktemp("shop"))


def fields(details: RowDetails) -> dict[str, str]:
    return {field.label: field.value for field in details.fields}


def details_of(reader: Reader, name: str, time_range: TimeRange = HOUR) -> RowDetails:
    identity = next(row.id for row in reader.functions() if row.function.key.name == name)
    return function_details(reader, time_range, identity, BOOK, chart_columns=40, utc=True)


# A function -----------------------------------------------------------------------------------------------------------


def test_a_functions_newest_error_is_the_last_one_with_its_trace(tmp_path: Path) -> None:
    """The small store's ValueError comes at minute 5, its time-out at minute 10."""
    with Reader(small_store.make(tmp_path / "s.db")) as reader:
        late = details_of(reader, "checkout")
        early = details_of(reader, "checkout", TimeRange(T0, T0 + 8 * MINUTE, "before the time-out"))
        none = details_of(reader, "resize")
    assert "imed out" in fields(late)["newest error"]
    assert "1 of 6 invocations" in fields(late)["newest error"]
    assert fields(early)["newest error"].startswith("ValueError: bad order")
    assert early.text[0].text.startswith("[ERROR] ValueError: bad order 42")
    assert fields(none)["newest error"] == "none in this range"
    assert none.text == ()


def test_a_functions_charts_count_what_its_row_does(tmp_path: Path) -> None:
    with Reader(small_store.make(tmp_path / "s.db")) as reader:
        details = details_of(reader, "checkout")
        row = next(row for row in functions(reader, HOUR, BOOK).rows if row.function == "checkout")
    calls = details.charts[0].curves[0].values
    assert sum(value or 0 for value in calls) == row.invocations == 6


def test_a_functions_last_change_is_unknown_until_it_is_collected(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db")
    with Reader(path) as reader:
        assert "not known" in fields(details_of(reader, "checkout"))["last change"]
    for at_ms, memory_mb in ((T0 - DAY_MS, 512), (T0 + 6 * MINUTE, 1024)):
        place = CHECKOUT.account, CHECKOUT.region
        settings = [Configured(*place, CHECKOUT.name, "function", "", {"memory_mb": memory_mb}, at_ms)]
        with writing(path) as connection:
            kept.keep_inventory(connection, Inventory(*place, ("function",), settings), at_ms)
    with Reader(path) as reader:
        assert fields(details_of(reader, "checkout"))["last change"] == "2025-03-31 10:06:00  memory_mb 512 -> 1024"


def test_advice_is_added_and_takes_nothing_away(of_shop: Path) -> None:
    with Reader(of_shop) as reader:
        worst = advice(reader, ALL, BOOK).rows[0]
        details = details_of(reader, worst.function, ALL)
        more = with_advice(details, reader, ALL, worst.function_id, BOOK)
    assert fields(more)["advice"].startswith(f"{worst.kind}: {worst.advice}")
    assert (more.charts, more.text, more.fields[:-1]) == (details.charts, details.text, details.fields)


def test_a_function_that_is_gone_says_so(tmp_path: Path) -> None:
    with Reader(small_store.make(tmp_path / "s.db")) as reader:
        details = function_details(reader, HOUR, 99, BOOK, chart_columns=40, utc=True)
        assert "no longer" in details.fields[0].value
        assert throttle_details(reader, HOUR, 99, chart_columns=40, parts=[]) == details
        assert with_advice(details, reader, HOUR, 99, BOOK) == details


# An error and an invocation -------------------------------------------------------------------------------------------


def test_an_error_has_its_counts_before_and_after_and_its_trace(of_shop: Path) -> None:
    with Reader(of_shop) as reader:
        rows = rolled(error_trends(reader, SHOP).rows)
        row = next(row for row in rows if row.error_type == "KeyError" and row.function == "checkout-api")
        details = error_details(reader, row, utc=True)
    assert fields(details)["count"] == f"{row.count:,} of {row.invocations:,} invocations"
    assert row.evidence in fields(details).values()
    assert details.text[0].text.startswith("[ERROR] KeyError: 'currency'")


def test_an_invocation_has_its_log_and_a_failed_one_begins_at_its_trace(tmp_path: Path) -> None:
    with Reader(small_store.make(tmp_path / "s.db")) as reader:
        rows = invocations(reader, HOUR, BOOK).rows
        failed = next(row for row in rows if row.error_type == "ValueError")
        details = invocation_details(reader, failed.key, "title", BOOK, utc=True)
        fine = invocation_details(reader, rows[0].key, "title", BOOK, utc=True)
        gone = invocation_details(reader, (1, 2, "3", 4), "title", BOOK, utc=True)
    assert details.begin is not None
    assert details.text[details.begin].text.startswith("[ERROR] ValueError")
    assert details.text[0].text.startswith("START")
    assert "billed 20ms" in details.fields[0].value
    assert fine.begin is None
    assert "no longer holds" in gone.fields[0].value


# A cost ---------------------------------------------------------------------------------------------------------------


def test_the_days_of_a_line_are_the_line_before_the_free_tier(of_shop: Path) -> None:
    """By another path than the bill's days: the quantity of the whole range times the rate."""
    day = TimeRange(SHOP.to_ms // DAY_MS * DAY_MS, SHOP.to_ms, "today")
    with Reader(of_shop) as reader:
        view = costs(reader, day, BOOK)
        for line in view.rows:
            amounts = line_days(reader, day, BOOK, line)
            assert list(amounts) == [day.from_ms]
            assert line.rate is not None
            assert amounts[day.from_ms] == pytest.approx(line.quantity * line.rate), line
        details = cost_line_details(reader, day, BOOK, view.rows[0], view.prices_as_of)
    assert fields(details)["arithmetic"].startswith(view.rows[0].formula)
    assert len(details.charts[0].starts) == 15, "the month so far"


def test_days_before_the_first_data_are_unknown_and_no_zeros(of_shop: Path) -> None:
    week = TimeRange(SHOP.to_ms - 7 * DAY_MS, SHOP.to_ms, "a week")
    with Reader(of_shop) as reader:
        line = costs(reader, week, BOOK).rows[0]
        amounts = list(line_days(reader, week, BOOK, line).values())
    assert amounts[:4] == [None] * 4
    assert amounts[-1]


def test_a_line_that_is_not_billed_by_days_has_no_days(of_shop: Path) -> None:
    with Reader(of_shop) as reader:
        line = costs(reader, SHOP, BOOK).rows[0]._replace(dimension="something else", amount=Decimal(1))
        assert set(line_days(reader, SHOP, BOOK, line).values()) == {None}
        assert cost_line_details(reader, SHOP, BOOK, line, None).charts == ()


# An alarm and a pattern -----------------------------------------------------------------------------------------------


def test_an_alarm_has_its_history_the_newest_first(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db")
    place = CHECKOUT.account, CHECKOUT.region
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        ringing = Alarm(*place, "errors", "metric", "ALARM", "5 errors", T0, CHECKOUT.name)
        kept.keep_alarms(connection, Alarms(*place, [ringing, Alarm(*place, "calm", "metric", "OK", "", T0)]))
        kept.keep(connection, writer.names, writer.begin("test"), [
            AlarmChange(*place, name, T0 + minute * MINUTE, "StateUpdate", f"{name} at minute {minute}")
            for name, minute in (("errors", 1), ("errors", 30), ("calm", 2))
        ])  # fmt: skip
    with Reader(path) as reader:
        row = next(row for row in alarms(reader, HOUR).rows if row.alarm == "errors")
        details = alarm_details(reader, HOUR, row, utc=True)
    assert [field.value for field in details.fields[-2:]] == ["errors at minute 30", "errors at minute 1"]
    assert fields(details)["reason"] == "5 errors"
    assert details.fields[0].tone == "error"


def test_a_pattern_has_its_newest_lines(of_shop: Path) -> None:
    with Reader(of_shop) as reader:
        view = patterns(reader, SHOP, BOOK)
        row = max(view.rows, key=lambda row: row.count)
        details = pattern_details(reader, SHOP, row, view, utc=True)
    assert 0 < len(details.text) <= 20
    assert fields(details)["lines like"] == row.template
    assert [line.timestamp for line in details.text] == sorted(line.timestamp for line in details.text)
