"""EventBridge's expressions: valid ones and their next times, invalid ones, and properties of the parser."""

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.runner.triggers.schedule_expression import Cron, Rate, ScheduleError, parse, parse_in_zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-11-24T09:59:59", "2026-11-24T10:00"),
        ("cron(0 10 * * ? *)", "2026-11-24T10:00:00", "2026-11-25T10:00"),
        ("cron(15 12 * * ? *)", "2026-12-31T13:00", "2027-01-01T12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-27T18:00", "2026-11-30T18:00"),
        ("cron(0 8 1 * ? *)", "2026-11-24T00:00", "2026-12-01T08:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-24T10:31", "2026-11-24T10:40"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-24T17:55", "2026-11-25T08:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-24T00:00", "2026-12-07T09:00"),  # the first Monday
        ("cron(0 0 ? * 1 *)", "2026-11-24T00:00", "2026-11-29T00:00"),  # 1 is Sunday
        ("cron(0 0 ? * 7 *)", "2026-11-24T00:00", "2026-11-28T00:00"),  # 7 is Saturday
        ("cron(0 0 ? * L *)", "2026-11-24T00:00", "2026-11-28T00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-24T00:00", "2026-11-27T00:00"),  # the last Friday
        ("cron(0 0 ? * THU#5 *)", "2026-11-24T00:00", "2026-12-31T00:00"),
        ("cron(0 0 L * ? *)", "2026-02-01T00:00", "2026-02-28T00:00"),
        ("cron(0 0 L 2 ? *)", "2027-03-01T00:00", "2028-02-29T00:00"),
        ("cron(0 0 3W * ? *)", "2026-10-01T00:00", "2026-10-02T00:00"),  # the 3rd is a Saturday
        ("cron(0 0 1W * ? *)", "2026-07-31T00:00", "2026-08-03T00:00"),  # Saturday the 1st: not in the month before
        ("cron(0 0 LW * ? *)", "2026-10-01T00:00", "2026-10-30T00:00"),
        ("cron(0 0 31 * ? *)", "2026-11-24T00:00", "2026-12-31T00:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("cron(0 0 1 JAN ? 2030/5)", "2026-01-01T00:00", "2030-01-01T00:00"),
        ("cron(30 6 ? NOV-FEB SAT,SUN *)", "2026-11-24T00:00", "2026-11-28T06:30"),
        ("cron(0 0 ? * FRI-MON *)", "2026-11-24T00:00", "2026-11-27T00:00"),
        ("cron(59 23 31 12 ? 2199)", "2026-01-01T00:00", "2199-12-31T23:59"),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00", None),
        ("cron(0 0 31 2 ? *)", "2026-01-01T00:00", None),
        ("rate(1 minute)", "2026-01-01T00:00:30", "2026-01-01T00:01:30"),
        ("rate(5 minutes)", "2026-01-01T00:00", "2026-01-01T00:05"),
        ("rate(1 hour)", "2026-01-01T00:00", "2026-01-01T01:00"),
        ("rate(2 days)", "2026-01-01T00:00", "2026-01-03T00:00"),
    ],
)
def test_next_times(expression: str, after: str, expected: str | None) -> None:
    assert parse(expression).after(at(after)) == (None if expected is None else at(expected))


@pytest.mark.parametrize(
    "expression",
    [
        *("", "cron()", "cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(0 0 1 * MON *)"),
        *("cron(60 * * * ? *)", "cron(* 24 * * ? *)", "cron(* * 0 * ? *)", "cron(* * 32 * ? *)", "cron(* * * 13 ? *)"),
        *("cron(* * ? * 0 *)", "cron(* * ? * 8 *)", "cron(* * ? * 2#6 *)", "cron(* * ? * 2#0 *)", "cron(* * ? * X#1 *)"),
        *("cron(* * 32W * ? *)", "cron(* * 0W * ? *)", "cron(* * W * ? *)", "cron(5-1 * * * ? *)", "cron(1/0 * * * ? *)"),
        *("cron(a * * * ? *)", "cron(* * * * ? 1969)", "cron(* * * * ? 2200)", "cron(1, * * * ? *)", "cron(*/x * * * ? *)"),
        *("rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 seconds)", "rate(-1 minute)", "rate(1.5 hours)"),
        *("at(2026-01-01)", "0 10 * * *", "cron(0 10 * * ? *", "rate(5 minutes) "),
    ],
)  # fmt: skip
def test_expressions_that_are_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse(expression)


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    one = st.integers(least, most)
    ranges = st.tuples(one, one).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    stepped = st.tuples(st.one_of(st.just("*"), one.map(str), ranges), st.integers(1, 20)).map(
        lambda p: f"{p[0]}/{p[1]}"
    )
    each = st.one_of(one.map(str), ranges, stepped)
    return st.one_of(st.just("*"), st.lists(each, min_size=1, max_size=3).map(",".join))


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


@given(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), MOMENTS)
def test_the_next_time_is_later_matches_and_nothing_between_does(
    minutes: str, hours: str, days: str, months: str, moment: datetime
) -> None:
    cron = parse(f"cron({minutes} {hours} {days} {months} ? *)")
    assert isinstance(cron, Cron)
    found = cron.after(moment)
    assert found is not None
    assert found > moment
    assert found.second == 0
    assert found.minute in cron.minutes
    assert found.hour in cron.hours
    assert found.month in cron.months
    assert cron.after(found - timedelta(minutes=1)) == found
    assert cron.after(found - timedelta(seconds=1)) == found


@given(st.integers(1, 7), st.integers(1, 5), MOMENTS)
def test_nth_weekday(day: int, nth: int, moment: datetime) -> None:
    found = parse(f"cron(0 0 ? * {day}#{nth} *)").after(moment)
    assert found is not None
    assert (found.weekday() + 1) % 7 + 1 == day
    assert (found.day - 1) // 7 + 1 == nth


@given(st.integers(1, 31), MOMENTS)
def test_the_nearest_weekday_is_a_weekday_within_its_month(day: int, moment: datetime) -> None:
    found = parse(f"cron(0 0 {day}W * ? *)").after(moment)
    assert found is not None
    assert found.weekday() < 5
    assert abs(found.day - day) <= 2
    assert calendar.monthrange(found.year, found.month)[1] >= day


@given(st.text("cron(rate)0123456789*/,-?LW# MONFRI minutes", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        schedule = parse(text)
    except ScheduleError:
        return
    assert isinstance(schedule, (Rate, Cron))
    schedule.after(at("2026-01-01"))


def times(expression: str, zone: str | None, start: str, count: int) -> list[str]:
    """The first times after ``start``, in UTC."""
    schedule = parse_in_zone(expression, zone)
    moment: datetime | None = datetime.fromisoformat(start).replace(tzinfo=UTC)
    found = []
    while moment is not None and len(found) < count and (moment := schedule.after(moment)) is not None:
        found.append(moment.strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        ("cron(30 9 * * ? *)", "Europe/Berlin", "2026-01-01T00:00", ["2026-01-01T08:30", "2026-01-02T08:30"]),
        ("cron(30 9 * * ? *)", "Europe/Berlin", "2026-07-01T00:00", ["2026-07-01T07:30", "2026-07-02T07:30"]),
        # The night of 29 March has no 02:30 in Berlin.
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T00:00", ["2026-03-28T01:30", "2026-03-30T00:30"]),
        # The night of 25 October has it twice.
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("cron(0 0 1 * ? *)", "Asia/Kolkata", "2026-01-15T00:00", ["2026-01-31T18:30", "2026-02-28T18:30"]),
        ("cron(0 8 ? * MON *)", "America/New_York", "2026-03-06T00:00", ["2026-03-09T12:00", "2026-03-16T12:00"]),
        ("at(2026-05-01T09:00:00)", "America/New_York", "2026-01-01T00:00", ["2026-05-01T13:00"]),
        ("at(2026-05-01T09:00:00)", None, "2026-01-01T00:00", ["2026-05-01T09:00"]),
        ("at(2026-05-01T09:00:00)", None, "2026-05-01T09:00", []),
        ("rate(1 hour)", "Europe/Berlin", "2026-03-29T00:30", ["2026-03-29T01:30", "2026-03-29T02:30"]),
    ],
)
def test_local_times(expression: str, zone: str | None, start: str, expected: list[str]) -> None:
    assert times(expression, zone, start, 2) == expected


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("at(2026-02-30T09:00:00)", None), ("at(2026-02-01)", None), ("at(2026-02-01T09:00:00Z)", None), ("at()", None),
        ("cron(0 9 * * ? *)", "Mars/Olympus"), ("cron(0 9 * * ? *)", "../etc/passwd"), ("rate(1 hour)", "\x00"),
    ],
)  # fmt: skip
def test_what_is_no_local_time(expression: str, zone: str | None) -> None:
    with pytest.raises(ScheduleError):
        parse_in_zone(expression, zone)
