"""What grew, on screens: columns that come once the rows stand, and a whole fleet beside itself in two keys."""

from pathlib import Path

import pytest

from lambdatui.app.application import LambdaTui
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.table import Table
from tests.support import growing_fleet
from tests.support.growing_fleet import NOW
from tests.support.screens import app_on, header_of, press, screen_of, settle, shown_lines, table_of


def names(table: Table) -> list[str]:
    return [table.row_at(at).function for at in range(table.row_count)]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return growing_fleet.make(tmp_path_factory.mktemp("fleet") / "g.db")


def app_of(path: Path, **changes: object) -> LambdaTui:
    return app_on(path, now_ms=lambda: NOW, **changes)


async def test_today_against_last_week_is_two_keys(grown: Path) -> None:
    app = app_of(grown)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "equals_sign")
        assert "all functions with the range before" in header_of(app)
        assert "24h to 15 Apr 10:00 UTC, and 24h before" in header_of(app)
        before = shown_lines(table_of(app))
        await press(pilot, "w")
        assert "the same weekdays a week before" in header_of(app)
        assert "24h to 15 Apr 10:00 UTC, and 7d before" in header_of(app)
        after = shown_lines(table_of(app))
        assert after != before
        invocations = next(line for line in after if "invocations" in line)
        assert "%" in invocations
        assert any(line.startswith(("! grew", "  grew")) for line in after)
        table = table_of(app)
        figures = [table.row_at(at).figure for at in range(table.row_count)]  # type: ignore[union-attr]
        assert figures[0] == "invocations"
        grower = figures.index("functions invoked") + 1
        table.go(grower)
        await press(pilot, "enter")
        assert figures[grower] in header_of(app)


async def test_accounts_regions_and_teams_beside_each_other(grown: Path) -> None:
    app = app_of(grown)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "equals_sign", "b")
        assert "by account, with the range before" in header_of(app)
        assert "111122223333" in shown_lines(table_of(app))[1]
        await press(pilot, "b")
        assert "by region" in header_of(app)
        assert "us-east-1" in shown_lines(table_of(app))[1]
        await press(pilot, "w")
        assert "by region, with the same weekdays a week before" in header_of(app)
        await press(pilot, "b")  # nobody's tags are known: it begins anew
        assert "no function's tags are known" in screen_of(app).query_one(Notice).message
        assert "by account" in header_of(app)


async def test_a_marked_function_is_compared_with_itself(grown: Path) -> None:
    app = app_of(grown)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        first = names(table_of(app))[0]
        await press(pilot, "space", "equals_sign")
        assert f"{first}: the range before, and this one" in header_of(app)
        await press(pilot, "escape", "space", "equals_sign")
        assert f"{first} and " in header_of(app)


async def test_growth_comes_after_the_rows_and_stays_while_they_are_read_again(grown: Path) -> None:
    app = app_of(grown)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        table = table_of(app)
        at = [column.id for column in table.visible_columns].index("cost_change")
        shown = {table.row_at(row).function: table._cells(row)[at + 1].strip() for row in range(5)}  # type: ignore[union-attr]
        assert shown["new"] == "new"
        assert shown["silent"] == "-100%"
        assert shown["grew"].startswith("+")
        screen_of(app).ask_rows()
        await settle(pilot)
        again = {table.row_at(row).function: table._cells(row)[at + 1].strip() for row in range(5)}  # type: ignore[union-attr]
        assert again == shown
        await press(pilot, "2", "1")
        assert all(table.row_at(row).cost_change is not None for row in range(table.row_count))  # type: ignore[union-attr]


async def test_a_filter_of_what_grew_chooses_rows_and_travels(grown: Path) -> None:
    app = app_of(grown)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"invocations_change", "greater_than_sign", *"50", "percent_sign", "enter")
        assert set(names(table_of(app))) == {"new", "weekly", "grew"}
        await press(pilot, "E")
        assert {row.function for row in screen_of(app).answer.rows} == {"grew"}


async def test_a_saved_filter_of_what_grew_waits_for_it(grown: Path) -> None:
    app = app_of(grown, saved={"functions.filter": "cost_change:new"})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert names(table_of(app)) == ["new"]


async def test_a_range_with_nothing_before_says_so(grown: Path) -> None:
    app = app_of(grown, choice=RangeChoice("30d"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "equals_sign")
        assert "nothing to compare it with" in screen_of(app).why_empty()
