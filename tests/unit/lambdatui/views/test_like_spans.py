"""Like is compared with like: spans of one length, collected both, at the same place of their day, week or month."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from lambdatui.views.like_spans import ENOUGH, common, longest_like, merged, range_before, weeks_before
from lambdatui.views.time_range import RangeChoice, TimeRange

EVER = [(0, 4_000_000_000_000)]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def at(preset: str, now: str) -> TimeRange:
    return RangeChoice(preset).resolve(ms(now))


def said(span: tuple[int, int]) -> tuple[str, str]:
    start, end = (datetime.fromtimestamp(each / 1000, UTC).strftime("%Y-%m-%d %H:%M") for each in span)
    return start, end


@pytest.mark.parametrize(
    ("preset", "now", "before", "week"),
    [
        ("1h", "2026-03-10 10:22", ("2026-03-10 08:22", "2026-03-10 09:22"), ("2026-03-03 09:22", "2026-03-03 10:22")),
        # Longer ranges begin at a full hour: the same hours of the day before.
        ("24h", "2026-03-10 10:22", ("2026-03-08 10:00", "2026-03-09 10:22"),
         ("2026-03-02 10:00", "2026-03-03 10:22")),
        ("7d", "2026-03-10 10:22", ("2026-02-24 10:00", "2026-03-03 10:22"), ("2026-02-24 10:00", "2026-03-03 10:22")),
        # 30 days are more than four weeks, and the same weekdays are five weeks before.
        ("30d", "2026-03-31 00:00", ("2026-01-30 00:00", "2026-03-01 00:00"),
         ("2026-01-25 00:00", "2026-02-24 00:00")),
        ("mtd", "2026-03-10 10:22", ("2026-02-01 00:00", "2026-02-10 10:22"), ("2026-02-15 00:00", "2026-02-24 10:22")),
        # February ends: no more of March than it had is compared.
        ("mtd", "2026-03-31 12:00", ("2026-02-01 00:00", "2026-03-01 00:00"), ("2026-01-25 00:00", "2026-02-24 12:00")),
        ("mtd", "2024-03-30 12:00", ("2024-02-01 00:00", "2024-03-01 00:00"), ("2024-01-26 00:00", "2024-02-24 12:00")),
        ("mtd", "2026-01-01 00:10", ("2025-12-01 00:00", "2025-12-01 00:10"), ("2025-12-25 00:00", "2025-12-25 00:10")),
    ],
)  # fmt: skip
def test_what_is_before(preset: str, now: str, before: tuple[str, str], week: tuple[str, str]) -> None:
    time_range = at(preset, now)
    assert said(range_before(time_range)) == before
    assert said(weeks_before(time_range)) == week


def test_a_whole_month_is_compared_with_the_month_before() -> None:
    march = RangeChoice(start="2026-03-01", end="2026-04-01T00:00Z").resolve(ms("2026-06-01"))
    assert said(range_before(march)) == ("2026-02-01 00:00", "2026-03-01 00:00")
    first_day = RangeChoice(start="2026-03-01", end="2026-03-02T00:00Z").resolve(ms("2026-06-01"))
    assert said(range_before(first_day)) == ("2026-02-28 00:00", "2026-03-01 00:00")


@given(
    now=st.datetimes(datetime(2023, 1, 1), datetime(2028, 12, 31)), preset=st.sampled_from(["1h", "24h", "7d", "30d", "mtd"])
)  # fmt: skip
def test_spans_are_equal_complete_and_at_the_same_place(now: datetime, preset: str) -> None:
    time_range = RangeChoice(preset).resolve(int(now.replace(tzinfo=UTC).timestamp() * 1000))
    grain = HOUR_MS if time_range.span_ms > 6 * HOUR_MS else MINUTE_MS
    for before in (range_before(time_range), weeks_before(time_range)):
        like = longest_like(time_range, before, EVER, grain)
        if like is None:  # of the first half hour of a month nothing is whole but minutes
            assert time_range.span_ms < 2 * HOUR_MS
            continue
        (start, end), (was_start, was_end) = like.now, like.before
        assert end - start == was_end - was_start > 0
        assert time_range.from_ms <= start < end <= time_range.to_ms
        assert before[0] <= was_start < was_end <= before[1]
        assert start - time_range.from_ms == was_start - before[0]
        if preset in ("24h", "7d", "30d"):
            assert (start - was_start) % DAY_MS == 0
    week = longest_like(time_range, weeks_before(time_range), EVER, grain)
    if week is not None:
        assert (week.now[0] - week.before[0]) % (7 * DAY_MS) == 0
        assert week.before[1] <= week.now[0] + {"mtd": 0, "30d": DAY_MS}.get(preset, HOUR_MS)
    month = range_before(time_range)
    if preset == "mtd":
        first = datetime.fromtimestamp(month[0] / 1000, UTC)
        assert (first.day, first.hour, first.minute) == (1, 0, 0)
        assert datetime.fromtimestamp(time_range.from_ms / 1000, UTC) - timedelta(days=1) >= first
        assert month[1] <= time_range.from_ms


hours = st.integers(0, 72)
spans = st.lists(st.tuples(hours, hours).map(lambda pair: (min(pair), max(pair) + 1)), max_size=4)


@given(known=spans, length=st.integers(1, 30), end=st.integers(31, 80))
def test_only_what_was_collected_on_both_sides_is_compared(known: list[tuple[int, int]], length: int, end: int) -> None:
    """An oracle that looks at every hour by itself, and takes the longest run of good ones."""
    time_range = TimeRange((end - length) * HOUR_MS, end * HOUR_MS, "")
    before = (end - length - 24) * HOUR_MS, (end - 24) * HOUR_MS
    like = longest_like(time_range, before, [(low * HOUR_MS, high * HOUR_MS) for low, high in known], HOUR_MS)
    collected = {hour for low, high in known for hour in range(low, high)}
    good = [hour in collected and hour - 24 in collected for hour in range(end - length, end)]
    longest = run = 0
    for each in good:
        run = run + 1 if each else 0
        longest = max(longest, run)
    if longest < ENOUGH * length:
        assert like is None
    else:
        assert like is not None
        first, last = (each // HOUR_MS for each in like.now)
        assert last - first == longest
        assert all(hour in collected and hour - 24 in collected for hour in range(first, last))
        assert like.before == (like.now[0] - DAY_MS, like.now[1] - DAY_MS)


def test_full_hours_are_compared_with_full_hours() -> None:
    """Of a part of an hour nothing is known where only hours are kept: it would look like a fall."""
    time_range = TimeRange(ms("2026-03-10 20:00"), ms("2026-03-10 21:12"), "2h..1h, by full hours")
    like = longest_like(time_range, range_before(time_range), EVER, HOUR_MS)
    assert like is not None
    assert said(like.now) == ("2026-03-10 20:00", "2026-03-10 21:00")
    assert said(like.before) == ("2026-03-10 18:00", "2026-03-10 19:00")


def test_what_is_not_collected_yet_is_no_fall() -> None:
    time_range = at("24h", "2026-03-10 10:22")
    like = longest_like(time_range, range_before(time_range), [(0, ms("2026-03-10 07:40"))], HOUR_MS)
    assert like is not None
    assert said(like.now) == ("2026-03-09 10:00", "2026-03-10 07:00")
    assert said(like.before) == ("2026-03-08 10:00", "2026-03-09 07:00")
    assert longest_like(time_range, range_before(time_range), [(ms("2026-03-09 10:00"), 2**50)], HOUR_MS) is None


@given(spans)
def test_merged_spans_hold_the_same_moments(some: list[tuple[int, int]]) -> None:
    scaled = [(low * HOUR_MS, high * HOUR_MS) for low, high in some]
    joined = merged(scaled)
    assert joined == sorted(joined)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(joined))
    moments = {hour for low, high in some for hour in range(low, high)}
    assert {hour for low, high in joined for hour in range(low // HOUR_MS, high // HOUR_MS)} == moments
    assert {hour for low, high in common(joined, joined) for hour in range(low // HOUR_MS, high // HOUR_MS)} == moments
