"""Trends: parts that add up to what the range counts, the last one marked where it is not over."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from collectors.store.read.series import counted_by_step
from collectors.store.rollups.equal_parts import parts_of
from collectors.store.write.writer import Writer
from lambdatui.text.figures import sparkline
from lambdatui.views.error_trends import error_trends
from lambdatui.views.function import function
from lambdatui.views.functions import functions
from lambdatui.views.time_range import RangeChoice, TimeRange
from tests.support import small_store
from tests.support.printed_statements import DAY, HOUR, T0, Event, end, imported, report, request_id, start

MINUTE = MINUTE_MS
EVERY = 37 * MINUTE
CALLS = [T0 + at for at in range(0, 45 * DAY, EVERY)]
FAILING = CALLS[::50]
END = CALLS[-1]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call each 37 minutes for 45 days, of which each 50th fails."""
    folder = tmp_path_factory.mktemp("trends")
    events = []
    for number, at_ms in enumerate(CALLS):
        request = request_id(number)
        trace = ["[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n"]
        texts = (start(request), *(trace if number % 50 == 0 else ()), end(request), report(request))
        events += [Event(at_ms + place, text) for place, text in enumerate(texts)]
    imported(folder, events)
    return folder / "store.db"


CHOICES = [
    RangeChoice("1h"), RangeChoice("24h"), RangeChoice("7d"), RangeChoice("30d"), RangeChoice("mtd"), RangeChoice("all"),
    RangeChoice("7d", at=str((T0 + 20 * DAY + 7 * HOUR + 13 * MINUTE) // 1000)),
    RangeChoice("30d", at=str((T0 + 40 * DAY + 23 * MINUTE) // 1000)),
    RangeChoice("24h", at=str((T0 + 3 * DAY + 59 * MINUTE) // 1000)),
    RangeChoice("5h", at=str((T0 + 9 * DAY + 11 * MINUTE) // 1000)),
    RangeChoice(start=str((T0 + DAY + 5 * MINUTE) // 1000), end=str((T0 + 12 * DAY + 17 * MINUTE) // 1000)),
]  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES, ids=lambda one: f"{one.preset} {one.at or one.start or ''}")
def test_parts_add_up_to_the_row_in_every_range(path: Path, choice: RangeChoice) -> None:
    with Reader(path) as reader:
        span = choice.resolve(END + 10 * MINUTE, reader.newest_ms(), reader.oldest_ms())
        view = functions(reader, span, trend_steps=8)
        (row,), parts = view.rows, view.trend_parts
        assert parts is not None
        assert row.trend is not None
        inside = [at for at in CALLS if span.from_ms <= at < span.to_ms]
        assert sum(part or 0 for part in row.trend) == row.invocations == len(inside)
        assert len(row.trend) == parts.number <= 8
        ends = (*parts.starts[1:], span.to_ms)
        assert list(row.trend) == [
            sum(low <= at < high for at in inside) for low, high in zip(parts.starts, ends, strict=True)
        ]
        lengths = {high - low for low, high in zip(parts.starts, parts.starts[1:], strict=False)}
        assert lengths <= {parts.step_ms}
        assert row.trend.unfinished is parts.unfinished is (ends[-1] - parts.starts[-1] < parts.step_ms)
        failed = error_trends(reader, span)
        for error in failed.rows:
            assert sum(part or 0 for part in error.trend) == error.count
        detail = function(reader, span, row.function_id, chart_columns=40)
        assert detail is not None
        assert sum(step.invocations for step in detail.series) == len(inside)


def test_a_week_of_even_load_has_neither_spike_nor_outage(path: Path) -> None:
    with Reader(path) as reader:
        span = RangeChoice("7d", at=str((T0 + 20 * DAY + 22 * MINUTE) // 1000)).resolve(0)
        trend = functions(reader, span, trend_steps=8).rows[0].trend
    assert trend is not None
    whole = [part or 0 for part in trend[:-1]]
    assert set(whole) <= {38, 39}  # 24 h, a call each 37 minutes
    assert trend.unfinished


@given(
    from_minute=st.integers(0, 60 * 24 * 400), minutes=st.integers(1, 60 * 24 * 90), most=st.integers(1, 40)
)  # fmt: skip
def test_parts_are_equal_whole_cells_and_as_many_as_fit(from_minute: int, minutes: int, most: int) -> None:
    parts = parts_of(from_minute * MINUTE, (from_minute + minutes) * MINUTE, most)
    length = parts.to_ms - parts.from_ms
    assert parts.from_ms <= from_minute * MINUTE < parts.to_ms == (from_minute + minutes) * MINUTE
    assert parts.step_ms % MINUTE == 0
    assert 1 <= parts.number <= most
    assert (parts.number - 1) * parts.step_ms < length <= parts.number * parts.step_ms
    pieces = parts.pieces(1 << 60)
    assert (pieces[0][1], pieces[-1][2]) == (parts.from_ms, parts.to_ms)
    sizes = {"minute_cells": MINUTE, "hour_cells": HOUR, "day_cells": DAY}
    for (table, low, high), following in zip(pieces, [*pieces[1:], ("", parts.to_ms, 0)], strict=True):
        assert high == following[1]
        assert low % sizes[table] == high % sizes[table] == 0
        assert all(parts.place(at) == parts.place(at + sizes[table] - 1) for at in range(low, high, sizes[table]))


@settings(max_examples=30)
@given(begin=st.integers(0, 44 * 24 * 60), minutes=st.integers(1, 20 * 24 * 60), columns=st.integers(1, 60))
def test_charts_add_up_to_any_range(path: Path, begin: int, minutes: int, columns: int) -> None:
    choice = RangeChoice(
        start=str((T0 + begin * MINUTE) // 1000), end=str((T0 + (begin + minutes) * MINUTE) // 1000)
    )  # fmt: skip
    span = choice.resolve(0)
    with Reader(path) as reader:
        (row,) = functions(reader, span, trend_steps=columns).rows
        detail = function(reader, span, row.function_id, chart_columns=columns)
        assert detail is not None
        counted = sum(span.from_ms <= at < span.to_ms for at in CALLS)
        assert sum(step.invocations for step in detail.series) == row.invocations == counted
        assert sum(part or 0 for part in row.trend or ()) == counted


def test_what_was_never_collected_is_unknown_and_not_zero(path: Path) -> None:
    with Reader(path) as reader:
        early = TimeRange(T0 - 20 * HOUR, T0 + 4 * HOUR, "around the first")
        view = functions(reader, early, trend_steps=8)
    trend = view.rows[0].trend
    assert trend is not None
    assert list(trend[:6]) == [None] * 6
    assert all(trend[7:])


def test_the_last_part_is_drawn_in_other_signs() -> None:
    assert sparkline((4, 8, 0, 4)) != sparkline((4, 8, 0, 4), unfinished=True)
    assert sparkline((4, 8, 0, 4))[:3] == sparkline((4, 8, 0, 4), unfinished=True)[:3]
    assert sparkline((8, None, 1), ascii=True, unfinished=True) == "#?~"
    assert sparkline((), unfinished=True) == ""
    assert sparkline((1, None), unfinished=True) == "█·"


@pytest.mark.parametrize("ascii", [False, True])
def test_unknown_zero_and_little_look_different(ascii: bool) -> None:
    assert len(set(sparkline((1000, None, 0, 1), ascii=ascii))) == 4
    looks = {sparkline((1000, last), ascii=ascii, unfinished=True)[-1] for last in (None, 0, 1)}
    assert len(looks) == (2 if ascii else 3), "ASCII has one sign for all that will grow"


def test_the_part_in_which_what_was_collected_ends_is_drawn_in_other_signs(path: Path) -> None:
    assert sparkline((8, 4, None), partial=1) == "█⣦·"
    assert sparkline((8, 0, None), partial=1, ascii=True) == "#~?"
    with Reader(path) as reader:
        span = TimeRange(END - 6 * HOUR, END + 2 * HOUR, "beyond the newest")
        trend = functions(reader, span, trend_steps=8).rows[0].trend
    assert trend is not None
    assert trend.partial is not None
    assert trend[trend.partial] is not None
    assert not any(trend[trend.partial + 1 :])
    with Reader(path) as reader:
        whole = functions(reader, TimeRange(END - 8 * HOUR, END - 2 * HOUR, "within"), trend_steps=8).rows[0].trend
    assert whole is not None
    assert whole.partial is None


def test_rows_that_are_compared_are_drawn_on_one_scale() -> None:
    assert sparkline((1, 2, 4), most=8) == "▂▃▅"
    assert sparkline((8, 8, 16), most=8) == "███"
    assert sparkline((0, None), most=0) == " ·"


@given(
    values=st.lists(st.none() | st.floats() | st.integers(-9, 10**9)), unfinished=st.booleans(),
    most=st.none() | st.floats(0, 1e12), partial=st.none() | st.integers(-2, 9), ascii=st.booleans(),
)  # fmt: skip
def test_any_values_are_a_sign_each(
    values: list[float | None], unfinished: bool, most: float | None, partial: int | None, ascii: bool
) -> None:
    drawn = sparkline(values, unfinished=unfinished, most=most, partial=partial, ascii=ascii)
    assert len(drawn) == len(values)
    assert drawn.isascii() or not ascii
    assert [sign in "?·" for sign in drawn] == [
        value is None or value != value or abs(value) == float("inf") for value in values
    ]


@settings(max_examples=40)
@given(
    points=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 9)), max_size=30),
    begin=st.integers(0, 300),
    minutes=st.integers(1, 400),
    most=st.integers(1, 12),
)
def test_parts_of_metrics_and_logs_add_up_to_what_is_counted(
    tmp_path_factory: pytest.TempPathFactory,
    points: list[tuple[int, int]],
    begin: int,
    minutes: int,
    most: int,
) -> None:
    """Hours of which metrics saw more, hours of which logs did, cut anywhere."""
    path = small_store.make(tmp_path_factory.mktemp("counted") / "s.db")
    with writing(path) as connection:
        Writer(connection, fingerprint).measure(
            MetricPoint(small_store.CHECKOUT, "Invocations", "Sum", 60, T0 + minute * MINUTE, float(value))
            for minute, value in points
        )
    with Reader(path) as reader:
        parts = parts_of(T0 + begin * MINUTE, T0 + (begin + minutes) * MINUTE, most)
        whole = counted(reader, parts.from_ms, parts.to_ms)
        found = counted_by_step(reader, parts)
        assert {each: sum(counts) for each, counts in found.items() if sum(counts)} == {
            each: count for each, (count, _) in whole.items() if count
        }


def test_a_function_known_by_metrics_alone_has_a_trend(tmp_path: Path) -> None:
    path = small_store.make(tmp_path / "s.db")
    mail = FunctionKey("mail", "111122223333", "us-east-1")
    with writing(path) as connection:
        Writer(connection, fingerprint).measure(
            MetricPoint(mail, name, "Sum", 300, T0 + hour * HOUR, value)
            for hour in range(24)
            for name, value in (("Invocations", 10.0 + hour), ("Errors", 0.0))
        )
    with Reader(path) as reader:
        view = functions(reader, TimeRange(T0, T0 + DAY, "a day"), trend_steps=8)
    row = next(row for row in view.rows if row.function == "mail")
    assert row.trend == (33, 42, 51, 60, 69, 78, 87, 96)
    assert sum(part or 0 for part in row.trend) == row.invocations
