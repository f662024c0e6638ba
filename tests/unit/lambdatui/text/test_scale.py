"""Scales end at round figures, have all that is drawn, and are written in few cells."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdatui.text.scale import scale_of, tick_text

UNITS = ("count", "ms", "mb", "usd", "bytes", "figure")


@pytest.mark.parametrize(
    ("highest", "unit", "rows", "texts"),
    [
        (21, "count", 12, ["0", "5", "10", "15", "20", "25"]),
        (21, "count", 3, ["0", "20"]),
        (1, "count", 12, ["0", "1"]),  # no half an invocation
        (12_345, "count", 8, ["0", "5k", "10k", "15k"]),
        (812, "ms", 8, ["0", "500ms", "1s"]),
        (47_000, "ms", 8, ["0", "20s", "40s"]),
        (900_000, "ms", 8, ["0", "5m", "10m", "15m"]),
        (80_000_000, "ms", 12, ["0", "6h", "12h", "18h", "1d"]),
        (0.000098, "usd", 8, ["$0", "$0.00005", "$0.0001"]),
        (0.31, "usd", 8, ["$0", "$0.20", "$0.40"]),
        (31_000, "usd", 8, ["$0", "$20k", "$40k"]),
        (3008, "mb", 12, ["0", "1000 MB", "2000 MB", "3000 MB", "4000 MB"]),
        (500 * 1024**2, "bytes", 8, ["0", "200 MB", "400 MB"]),
        (0, "count", 5, ["0", "1"]),
    ],
)
def test_ticks_are_round_in_the_unit_that_is_written(highest: float, unit: str, rows: int, texts: list[str]) -> None:
    scale = scale_of(0, highest, unit, rows)
    assert [tick_text(tick, unit, scale.step) for tick in scale.ticks] == texts


@given(
    lowest=st.floats(-1e12, 0), highest=st.floats(0, 1e12), unit=st.sampled_from(["count", "usd", "figure"]),
    rows=st.integers(1, 40),
)  # fmt: skip
def test_steps_are_one_two_or_five_times_a_power_of_ten(lowest: float, highest: float, unit: str, rows: int) -> None:
    scale = scale_of(lowest, highest, unit, rows)
    first = scale.step / 10.0 ** math.floor(math.log10(scale.step) + 1e-9)
    assert any(math.isclose(first, factor, rel_tol=1e-6) for factor in (1, 2, 5, 10))
    assert all(math.isclose(tick / scale.step, round(tick / scale.step), abs_tol=1e-6) for tick in scale.ticks)


@given(
    lowest=st.floats(allow_nan=False), highest=st.floats(allow_nan=False), unit=st.sampled_from(UNITS),
    rows=st.integers(1, 60),
)  # fmt: skip
def test_any_values_lie_on_the_scale(lowest: float, highest: float, unit: str, rows: int) -> None:
    scale = scale_of(lowest, highest, unit, rows)
    nearly = (scale.high - scale.low) * 1e-6
    assert scale.low <= max(-1e300, min(lowest, 0)) + nearly
    assert scale.high >= min(1e300, max(highest, 0)) - nearly
    assert scale.low < scale.high
    assert scale.ticks
    assert len(scale.ticks) <= max(4, rows)
    for tick in scale.ticks:
        assert 0 <= scale.place(tick) <= 1
        assert len(tick_text(tick, unit, scale.step)) <= 12


def test_a_negative_figure_has_its_sign_before_the_unit() -> None:
    assert tick_text(-2500, "count") == "-2.5k"
    assert tick_text(-0.5, "usd", 0.5) == "-$0.50"
