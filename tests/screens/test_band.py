"""The band above the functions: where there is room, of the rows that are shown, and painted again only in parts."""

from pathlib import Path
from unittest import mock

import pytest
from textual.geometry import Region

from lambdatui.text.terminal import ANSI_DARK, DARK
from lambdatui.views.fleet_series import FleetFigures, FleetSeries
from lambdatui.views.time_range import TimeRange
from lambdatui.widgets.band import Band
from lambdatui.widgets.layout import band_lines
from tests.support.screens import app_on, press, settle, shown_lines, table_of


def lines_of(app: object) -> list[str]:
    return shown_lines(app.screen.query_one(Band))  # type: ignore[attr-defined]


@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
@pytest.mark.parametrize(("columns", "lines"), [(80, 30), (120, 40), (200, 50), (43, 60)])
async def test_it_has_a_panel_for_each_figure_and_fits(store: Path, columns: int, lines: int, theme: str) -> None:
    app = app_on(store, theme=theme)
    async with app.run_test(size=(columns, lines)) as pilot:
        await settle(pilot)
        shown = lines_of(app)
        assert len(shown) == band_lines(columns, lines)
        assert all(len(line) == columns for line in shown)
        assert shown[0].split()[0] in ("Invocations", "Calls")
        assert ("Throttles" in shown[0]) is (columns >= 80)
        assert columns < 80 or "list" in shown[0].lower(), (
            "the header's month end is another figure, after the free tier"
        )
        if columns >= 120:
            assert "3,028" in shown[0]
            assert "Cost $8.11 " in shown[0]
            assert "end $123.23" in shown[0]
            assert shown[1].count("vs week ago n/a") == 4


async def test_under_thirty_lines_there_is_none_and_nothing_is_asked(store: Path) -> None:
    with mock.patch("lambdatui.views.fleet_series.fleet_series") as asked:
        app = app_on(store)
        async with app.run_test(size=(120, 29)) as pilot:
            await settle(pilot)
            assert app.screen.query_one(Band).size.height == 0
    assert not asked.called


async def test_it_has_the_figures_of_the_rows_that_are_shown(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"checkout", "enter")
        assert table_of(app).row_count == 1
        assert "Invocations 485  x 13" in lines_of(app)[0]
        await press(pilot, "escape")
        assert "Invocations 3,028  x 34" in lines_of(app)[0]
        await press(pilot, "x")
        row_count, rows = table_of(app).row_count, [table_of(app).row_at(at) for at in range(table_of(app).row_count)]
        assert 1 < row_count < 9
        assert f"Invocations {sum(row.invocations for row in rows):,}" in lines_of(app)[0]  # type: ignore[union-attr]


async def test_only_lines_that_read_differently_are_painted_again(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        band = app.screen.query_one(Band)
        series = band._series
        assert series is not None
        with mock.patch.object(Band, "refresh") as refreshed:
            band.show_series(series)
            assert not refreshed.called
            figures = FleetFigures(9, 0, series.now.p95_ms, None, None, series.now.cost_usd)
            changed = {name: getattr(series, name) for name in FleetSeries.__dataclass_fields__} | {"now": figures}
            band.show_series(FleetSeries(**changed))
            assert [call.args[0] for call in refreshed.call_args_list] == [Region(0, 0, 120, 1)]


@pytest.mark.parametrize("theme", ["nord", "textual-light", DARK, ANSI_DARK])
async def test_what_is_quiet_is_seen_in_every_theme(store: Path, theme: str) -> None:
    app = app_on(store, theme=theme)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        band = app.screen.query_one(Band)
        colours = {
            (segment.style.color, segment.style.bgcolor)
            for segment in band.render_line(1) if segment.text.strip() and segment.style
        }  # fmt: skip
        assert colours
        assert all(colour is None or colour.is_default or colour != ground for colour, ground in colours)
        black = {colour.triplet.hex for colour, _ in colours if colour is not None and colour.triplet is not None}
        assert theme == "textual-light" or "#000000" not in black


async def test_it_comes_when_the_terminal_grows(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(120, 24)) as pilot:
        await settle(pilot)
        assert lines_of(app) == []
        await pilot.resize_terminal(120, 40)
        await settle(pilot)
        assert "Invocations 3,028" in lines_of(app)[0]
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        assert len(lines_of(app)) == band_lines(200, 50)
        assert "month end" in lines_of(app)[0]


def series(now: FleetFigures, before: FleetFigures | None, why_not: str = "", limit: int | None = None) -> FleetSeries:
    two = (1.0, 2.0)
    return FleetSeries(
        TimeRange(0, 7_200_000, "two hours"), (0, 3_600_000), 3_600_000, False, None, two, two, two, two, two, two, now,
        before, why_not, limit, "111122223333 us-east-1" if limit else "",
    )  # fmt: skip


NOTHING = FleetFigures(0, 0, None, 0, None, None)


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (FleetFigures(120, 3, 10.0, 0, 5, None), FleetFigures(100, 2, 10.0, 0, 5, None), "+20%  x +50%"),
        (FleetFigures(5000, 3, 10.0, 0, 5, None), FleetFigures(100, 1, 10.0, 0, 5, None), "50.0x  x 3.0x"),
        (FleetFigures(7, 3, 10.0, 0, 5, None), NOTHING, "0 then  x 0 then"),  # and no % of nothing
        (NOTHING, NOTHING, "same  x same"),
        (NOTHING, None, "vs week ago n/a"),
        (FleetFigures(None, None, None, None, None, None), NOTHING, "n/a  x n/a"),
    ],
)
async def test_a_change_is_never_a_share_of_nothing(
    store: Path, now: FleetFigures, before: FleetFigures | None, says: str
) -> None:
    app = app_on(store)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        band = app.screen.query_one(Band)
        band.show_series(series(now, before, "" if before else "nothing is stored", limit=1000))
        first = lines_of(app)[1][:50]
        assert says in first
        if before is None:
            assert "n/a: nothing is stored" in first
        if now.concurrency is not None:
            assert "concurrency 5 of 1,000 (0.5%)" in lines_of(app)[0]
