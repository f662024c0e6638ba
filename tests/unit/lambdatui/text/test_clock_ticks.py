"""Times under a chart: full moments of the clock in the shown zone, side by side."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from lambdatui.text.clock_ticks import clock_ticks

NOON = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp() * 1000)


@contextmanager
def zone(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", name)
    time.tzset()
    try:
        yield
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("span", "width", "texts"),
    [
        (HOUR_MS, 60, ["11:00", "11:10", "11:20", "11:30", "11:40", "11:50"]),
        (HOUR_MS, 20, ["11:00", "11:30"]),
        (DAY_MS, 60, ["12:00", "15:00", "18:00", "21:00", "30 Nov", "03:00", "06:00", "09:00"]),
        (7 * DAY_MS, 70, ["24 Nov", "25 Nov", "26 Nov", "27 Nov", "28 Nov", "29 Nov", "30 Nov"]),
        (30 * DAY_MS, 60, ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov"]),  # Mondays
        (500 * DAY_MS, 60, ["Oct 2025", "Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"]),
    ],
)
def test_the_times_are_full_moments_of_the_clock(span: int, width: int, texts: list[str]) -> None:
    assert [text for _, text in clock_ticks(NOON - span, NOON, width, utc=True)] == texts


def test_days_begin_at_midnight_of_the_zone_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with zone("Asia/Kolkata", monkeypatch):
        ticks = clock_ticks(NOON - 3 * DAY_MS, NOON, 60, utc=False)
        midnights = [at_ms for at_ms, text in ticks if ":" not in text]
    assert midnights
    assert {at_ms % DAY_MS for at_ms in midnights} == {DAY_MS - 330 * MINUTE_MS}


def test_hours_are_full_hours_on_the_day_that_clocks_change(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = int(datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp() * 1000)
    with zone("Europe/Berlin", monkeypatch):
        ticks = clock_ticks(changed - DAY_MS, changed, 70, utc=False)
        shown = [(text, time.strftime("%H:%M", time.localtime(at_ms / 1000))) for at_ms, text in ticks]
    assert len(ticks) == len({at_ms for at_ms, _ in ticks}) >= 5
    assert all(text == clock or (":" not in text and clock == "00:00") for text, clock in shown)


@given(
    from_ms=st.integers(0, 250_000_000_000_000), span=st.integers(1, 4000 * DAY_MS), width=st.integers(1, 200)
)  # fmt: skip
def test_any_span_has_few_times_within_it_in_order(from_ms: int, span: int, width: int) -> None:
    ticks = clock_ticks(from_ms, from_ms + span, width, utc=True)
    moments = [at_ms for at_ms, _ in ticks]
    assert moments == sorted(set(moments))
    assert all(from_ms <= at_ms < from_ms + span and at_ms % MINUTE_MS == 0 for at_ms in moments)
    assert len(ticks) <= width // 6 + 2
