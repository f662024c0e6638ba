"""Charts of cells: gaps, zeros, what is unfinished, parts of bars, deploys; and any values in any width."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.units import HOUR_MS, MINUTE_MS
from lambdatui.text.table import cells
from lambdatui.widgets.legend import entries_of, legend
from lambdatui.widgets.plot import AREA, ASCII, ATOP, BARS, LEVEL, LINE, UNICODE, WITHIN, Curve, Plot, Signs
from lambdatui.widgets.plot_cells import drawn

T0 = 490_000 * HOUR_MS
BOTH = pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])


def starts(number: int) -> tuple[int, ...]:
    return tuple(T0 + step * MINUTE_MS for step in range(number))


def lines_of(plot: Plot, width: int = 10, height: int = 5, signs: Signs = UNICODE) -> list[str]:
    """The plot's rows, the highest first, without the times beneath."""
    return ["".join(text for text, _ in line) for line in drawn(plot, width, height, signs)][:-1]


def calls(*values: float | None, **more: object) -> Plot:
    return Plot(starts(len(values)), (Curve("calls", values, "secondary"),), **more)  # type: ignore[arg-type]


def test_a_gap_is_no_zero_and_a_zero_is_no_gap() -> None:
    assert lines_of(calls(4, 4, 0, 0, None, None, 2, 2, 4, 4)) == [
        "██      ██",
        "██      ██",
        "██    ████",
        "██__··████",
    ]


def test_a_little_is_more_than_nothing() -> None:
    low = lines_of(calls(1000, 1, 0, 1000))[-1]
    assert low[3] == low[4] == "▁"
    assert low[5] == low[6] == "_"


@BOTH
def test_what_is_unfinished_is_hatched_and_the_legend_says_so(signs: Signs) -> None:
    values = (4.0, 4.0, 4.0, 4.0, 4.0)
    whole, growing = calls(*values), calls(*values, unfinished=True)
    assert lines_of(growing, signs=signs)[0] == lines_of(whole, signs=signs)[0][:-2] + 2 * signs.hatch
    assert [entry.name for entry in entries_of(growing, signs)] == ["so far"]
    assert entries_of(whole, signs) == []
    until = calls(*values, known_ms=T0 + 4 * MINUTE_MS + 1)
    assert lines_of(until, signs=signs) == lines_of(growing, signs=signs)
    assert lines_of(calls(*values, known_ms=T0 + 5 * MINUTE_MS), signs=signs) == lines_of(whole, signs=signs)


def test_nothing_so_far_is_no_zero_either() -> None:
    assert lines_of(calls(4, 4, 4, 4, 0, unfinished=True))[-1] == "████████╱╱"


@BOTH
def test_errors_are_seen_within_the_bars_without_any_colour(signs: Signs) -> None:
    plot = Plot(
        starts(5),
        (Curve("calls", (100, 100, 100, 100, 0), "secondary"), Curve("errors", (0, 1, 50, 100, 0), "error", points=True)),
    )  # fmt: skip
    rows = lines_of(plot, 10, 5, signs)
    failed = [[row[column] for row in rows].count("x") for column in (0, 2, 4, 6, 8)]
    assert failed == [0, 1, 2, 4, 0]
    assert {(entry.sign, entry.name) for entry in entries_of(plot, signs)} >= {("x", "errors")}


def test_throttles_stand_on_top_of_the_invocations() -> None:
    plot = Plot(
        starts(2),
        (Curve("calls", (2, 2), "secondary", kind=BARS), Curve("throttles", (0, 2), "warning", kind=ATOP, sign="!")),
    )
    assert [row[::5] for row in lines_of(plot, 10, 5)] == [" !", " !", "██", "██"]


def test_a_limit_is_a_line_and_one_that_is_far_above_is_only_named() -> None:
    peaks = Curve("peak", (5.0, 10.0), "secondary")
    near = Plot(starts(2), (peaks, Curve("limit 20", (20.0, 20.0), "quiet")))
    far = Plot(starts(2), (peaks, Curve("limit 900", (900.0, 900.0), "quiet")))
    assert lines_of(near)[0] == "╌" * 10
    assert not any("╌" in row for row in lines_of(far))
    assert "█" in lines_of(far)[0]
    assert ("↑", "limit 900") in {(entry.sign, entry.name) for entry in entries_of(far, UNICODE)}


@BOTH
def test_a_line_over_an_area_leaves_gaps_where_nothing_is_known(signs: Signs) -> None:
    plot = Plot(
        starts(6),
        (Curve("p95", (8.0,) * 3 + (None,) * 2 + (8.0,), "warning"), Curve("p50", (4.0,) * 3 + (None,) * 2 + (4.0,), "foreground")),
        unit="ms",
    )  # fmt: skip
    rows = lines_of(plot, 18, 9, signs)
    assert not any(sign.strip(signs.unknown + " ") for row in rows for sign in row[9:15])
    fills = signs.eighths + " "
    assert any(row[2] not in fills for row in rows)
    assert all(row[column] in fills or row[2] not in fills for row in rows for column in (2, 16))


@BOTH
def test_a_deploy_is_marked_where_it_happened_and_in_the_legend(signs: Signs) -> None:
    plot = calls(1, 1, 1, 1, 4, marks=(T0 + 2 * MINUTE_MS + 30_000, T0 - HOUR_MS))
    rows = lines_of(plot, 10, 5, signs)
    assert [row[5] for row in rows[:3]] == [signs.deploy, signs.deploy_line, signs.deploy_line]
    assert sum(row.count(signs.deploy) for row in rows) == 1
    assert "deploy" in {entry.name for entry in entries_of(plot, signs)}
    assert "deploy" not in {entry.name for entry in entries_of(calls(1, marks=(T0 - 1,)), signs)}


def test_plots_that_are_compared_have_one_scale() -> None:
    values = (5.0,) * 10
    assert lines_of(calls(*values))[0] == "█" * 10
    assert [row.strip() for row in lines_of(calls(*values, most=10))] == ["", "", "█" * 10, "█" * 10]


def test_wide_bars_stand_apart_and_areas_do_not() -> None:
    bars = lines_of(calls(4, 4, 4), 12)[0]
    area = lines_of(Plot(starts(3), (Curve("p95", (4.0,) * 3, "warning", kind=AREA),), unit="ms"), 12)[0]
    assert bars == "███ ███ ███ "
    assert area == "█" * 12


def test_the_scale_stands_beside_and_the_time_beneath() -> None:
    painted = drawn(calls(*[5.0] * 60), 70, 10, UNICODE)
    lines = ["".join(text for text, _ in line) for line in painted]
    assert [line[:2].strip() for line in lines] == ["", "", "4", "", "", "2", "", "", "0", ""]
    assert lines[-1].split()[:3] == ["16:00", "16:10", "16:20"]
    assert {look.tone for text, look in painted[-1] if text.strip()} == {"quiet"}


@BOTH
def test_a_line_lies_in_the_columns_of_its_steps_in_any_width(signs: Signs) -> None:
    values = (*[None] * 15, 1.0, 2.0, 3.0, 4.0, 4.0)
    plot = Plot(
        starts(20), (Curve("so far", (*[1.0] * 15, *[None] * 5), "success"), Curve("50%", values, "accent")), "usd"
    )
    for width in (20, 40, 90, 160, 200):
        gutter = 3 if width >= 24 else 0
        rows = lines_of(plot, width + gutter, 9, signs)
        drawn_in = [
            place - gutter for row in rows for place, sign in enumerate(row)
            if place >= gutter and sign not in signs.eighths + " "
        ]  # fmt: skip
        assert 14.9 <= min(drawn_in) * 20 / width < 16
        assert 19 <= max(drawn_in) * 20 / width < 20
    assert not plot.has_gaps()


KINDS = st.sampled_from(["", BARS, AREA, LINE, LEVEL, WITHIN, ATOP])
VALUES = st.one_of(
    st.none(), st.just(0), st.floats(), st.integers(0, 10**6).map(float), st.sampled_from([math.nan, math.inf, -1e308])
)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), width=st.integers(10, 200), height=st.integers(1, 30), signs=st.sampled_from([UNICODE, ASCII]))
def test_any_values_fit_any_size(data: st.DataObject, width: int, height: int, signs: Signs) -> None:
    number = data.draw(st.integers(0, 90))
    curves = tuple(
        Curve(
            data.draw(st.text(max_size=30)), tuple(data.draw(st.lists(VALUES, max_size=number))), "error",
            kind=data.draw(KINDS), points=data.draw(st.booleans()),
        )
        for _ in range(data.draw(st.integers(0, 5)))
    )  # fmt: skip
    plot = Plot(
        starts(number), curves, data.draw(st.sampled_from(["count", "ms", "mb", "usd", "bytes", "figure"])),
        unfinished=data.draw(st.booleans()), known_ms=data.draw(st.none() | st.integers(T0, T0 + HOUR_MS)),
        marks=tuple(data.draw(st.lists(st.integers(T0 - HOUR_MS, T0 + HOUR_MS), max_size=4))),
        cross=data.draw(st.none() | st.integers(-3, 99)), most=data.draw(st.none() | st.floats(0, 1e9)),
    )  # fmt: skip
    painted = drawn(plot, width, height, signs)
    assert len(painted) == height
    for line in painted:
        assert sum(cells(text) for text, _ in line) == width
        if signs is ASCII:
            assert "".join(text for text, _ in line).isascii()
    title = data.draw(st.text(max_size=40))
    assert sum(cells(text) for text, _ in legend(title, entries_of(plot, signs), width, "…")) <= width


@given(width=st.integers(24, 200))
def test_no_entry_of_a_legend_is_ever_lost_where_three_signs_fit(width: int) -> None:
    plot = Plot(
        starts(3),
        (
            Curve("invocations", (4.0, 5.0, None), "secondary"), Curve("errors", (1.0, 0.0, 0.0), "error", points=True),
            Curve("throttles", (1.0, 1.0, 1.0), "warning", kind=ATOP, sign="!"),
        ),
    )  # fmt: skip
    entries = entries_of(plot, UNICODE, "Invocations")
    line = "".join(text for text, _ in legend("Invocations", entries, width, "…"))
    assert all(f" {sign}" in line for sign in "x!")
    assert line.startswith("Invoc")
    if width >= 50:
        assert line == "Invocations   x errors   ! throttles   · no data"
    elif width >= 35:
        assert " x err" in line
        assert " ! thr" in line
