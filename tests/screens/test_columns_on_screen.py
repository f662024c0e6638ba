"""Sorting by a column's letter or head, and choosing the columns."""

import dataclasses
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lambdatui.app.navigation import MAIN, screen_class
from lambdatui.screens.base.table import TableScreen
from lambdatui.screens.dialogs.columns import ColumnsScreen
from lambdatui.screens.dialogs.sorting import SortScreen
from lambdatui.start.state import load_state, save_state
from lambdatui.views.columns import Column, Kind
from lambdatui.views.function_row import FunctionView
from lambdatui.widgets.column_letters import column_letters, heading_with_letter, letter_lines
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.rows import PagedRows
from lambdatui.widgets.table import Table
from tests.support.screens import KEYS, app_on, press, screen_of, settle, shown_lines, table_of


def letters_in_sight(pilot: Pilot[int]) -> str:
    """What the pane at the bottom says."""
    return str(pilot.app.screen.query_one("#letters").render())


@pytest.mark.parametrize("name", [name for name in MAIN if name != "logs"])
def test_every_column_of_a_screen_has_a_letter_of_its_own(name: str) -> None:
    screen = screen_class(name)
    assert issubclass(screen, TableScreen)
    letters = column_letters(screen.FILTERED)
    assert set(letters) == {column.id for column in screen.FILTERED}
    assert len(set(letters.values())) == len(letters)


def test_letters_are_initials_where_those_are_free() -> None:
    columns = [Column(title, Kind.TEXT, 8, "", id=title.lower()) for title in ("Cost", "Calls", "Err%", "Errors", "C")]
    assert column_letters(columns) == {"cost": "c", "calls": "a", "err%": "e", "errors": "r", "c": "b"}


@pytest.mark.parametrize(
    ("heading", "letter", "shown"),
    [("   ▼Cost", "c", "   ▼[C]ost"), ("Err%", "o", "[o]Err"), ("  Err%", "o", " [o]Err%"), ("   p95", "9", "   p[9]5"),
     ("Max memory", "m", "[M]ax memory"), ("Amount", "A", "[A]Amoun")],
)  # fmt: skip
def test_a_heading_keeps_its_width_with_its_letter(heading: str, letter: str, shown: str) -> None:
    text, at = heading_with_letter(heading, letter)
    assert len(text) == len(heading)
    assert f"{text[:at]}[{text[at]}]{text[at + 1 :]}" == shown


def test_letters_fill_lines_and_no_name_is_broken() -> None:
    lines = letter_lines([("a", "avg"), ("m", "max"), ("z", "memory")], 15)
    assert lines == [[("a", "avg"), ("m", "max")], [("z", "memory")]]


async def test_o_and_a_letter_sort_and_again_reverse(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        await press(pilot, "o")
        assert isinstance(app.screen, SortScreen)
        assert "Esc back" in app.screen.query_one(KeyLine).render().plain
        marked = [one for one in table.render_line(0) if one.style and one.style.reverse]
        assert "e" in {one.text.lower() for one in marked}, "by a look that is seen without colours"
        await press(pilot, "e")
        assert table.sort == ("errors", True)
        assert [row.errors for row in table._shown.rows] == sorted((r.errors for r in table._shown.rows), reverse=True)
        assert not any(one.style and one.style.reverse for one in table.render_line(0))
        await press(pilot, "o", "e")
        assert table.sort == ("errors", False)
        await press(pilot, "o", "escape")
        assert table.sort == ("errors", False)
        await press(pilot, "o", "full_stop", "slash", "x", "escape")
        assert screen_of(app).filter == "", "keys do not reach the screen beneath"


async def test_a_column_out_of_sight_is_sorted_by_too_and_that_is_kept(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        await press(pilot, "X", "o")
        assert "throttles" in letters_in_sight(pilot)
        assert "max" in letters_in_sight(pilot).split()
        letter = letters_in_sight(pilot).split("max")[0].split()[-1]
        await press(pilot, letter)
        assert table.sort == ("max_ms", True)
        assert "max" in screen_of(app).query_one(Notice).message
        found = [row.max_ms for row in table._shown.rows]
        assert found == sorted(found, reverse=True)
    again = app_on(store, saved=dict(app.session.saved))
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert [row.max_ms for row in table_of(again)._shown.rows] == found


@pytest.mark.parametrize("name", [name for name in MAIN if name != "logs"])
async def test_every_table_is_sorted_by_each_of_its_letters(store: Path, name: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        if name in KEYS:
            await press(pilot, KEYS[name])
        screen = screen_of(app)
        await press(pilot, "o")
        if not isinstance(app.screen, SortScreen):
            assert screen.query_one(Notice).message
            return
        letters = list(app.screen._ids)
        await press(pilot, "escape")
        for letter in letters[:: max(1, len(letters) // 6)]:
            await press(pilot, "o", letter)
            assert app.screen is screen
            assert screen.table.sort is not None


async def test_paged_rows_offer_only_what_the_store_sorts_by(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "i", "o")
        table = app.screen_stack[-2].query_one(Table)
        assert isinstance(table.source, PagedRows)
        assert isinstance(app.screen, SortScreen)
        assert set(app.screen._ids.values()) == set(screen_class("invocations").STORE_ORDER)  # type: ignore[attr-defined]
        letter = next(letter for letter, name in app.screen._ids.items() if name == "duration_ms")
        await press(pilot, letter)
        assert table.sort == ("duration_ms", True)
        durations = [row.duration_ms for row in table.source._pages[0] if row.duration_ms is not None]
        assert durations == sorted(durations, reverse=True)


async def test_a_click_on_a_head_sorts_and_a_second_one_reverses(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        at = shown_lines(table)[0].index("p95")
        for descending in (True, False, True):
            await pilot.click(Table, offset=(at, 0))
            await settle(pilot)
            assert table.sort == ("p95_ms", descending)
        await press(pilot, "6", "i")
        table = table_of(app)
        unsorted = next(one.title for one in table.visible_columns if not table.can_sort_by(one))
        await pilot.click(Table, offset=(shown_lines(table)[0].index(unsorted), 0))
        await settle(pilot)
        assert f"not sorted by {unsorted}" in screen_of(app).query_one(Notice).message


async def test_columns_are_chosen_moved_kept_and_reset(store: Path, tmp_path: Path) -> None:
    app = app_on(store, columns={"functions": ["function", "cost_usd", "errors"]})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = table_of(app)
        usual = ["function", "trouble", "cost_usd", "errors"]
        assert [one.id for one in table.visible_columns] == usual
        await press(pilot, "H")
        assert isinstance(app.screen, ColumnsScreen)
        # errors before cost, cost hidden, then the first that is not shown yet
        await press(pilot, "j", "j", "j", "K", "j", "space", "j", "space", "enter")
        chosen = [one.id for one in table.visible_columns]
        assert chosen[:3] == ["function", "trouble", "errors"]
        assert len(chosen) == 4
        assert "cost_usd" not in chosen
        assert table.row_count == 9
    save_state(str(tmp_path / "screens"), app.session.saved)
    saved = load_state(str(tmp_path / "screens"))
    again = app_on(store, columns={"functions": ["function", "cost_usd", "errors"]}, saved=saved)
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert [one.id for one in table_of(again).visible_columns] == chosen
        await press(pilot, "H", "space", "escape")
        assert [one.id for one in table_of(again).visible_columns] == chosen, "Esc changes nothing"
        await press(pilot, "H", "r", "enter")
        assert [one.id for one in table_of(again).visible_columns] == usual
        assert not again.session.saved["functions.columns"]


async def test_one_column_always_stays(store: Path) -> None:
    app = app_on(store, columns={"functions": ["errors"]})
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "H", "space", "j", "space", "enter")
        assert [one.id for one in table_of(app).visible_columns] == ["trouble"], "it says why a row is marked"


@pytest.mark.parametrize("keys", ["i", "6 i", "enter", "E", "dollar_sign", "dollar_sign b", "T", "C"])
async def test_every_table_has_the_picker(store: Path, keys: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        screen = screen_of(app)
        before = {one.id for one in screen.table.visible_columns}
        at, second = next((at, one.column.id) for at, one in enumerate(screen.columns()) if at and one.need)
        rows = screen.table.row_count
        await press(pilot, "H", *["j"] * at, "space", "enter")
        assert app.screen is screen
        assert second not in {one.id for one in screen.table.visible_columns}
        assert before - {second} <= {one.id for one in screen.table.visible_columns}, "the others stay"
        assert screen.table.row_count == rows
        assert not screen.query_one(Notice).failing


async def test_what_is_asked_for_stays_in_eighty_columns(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "H", "G", "space", "enter")
        asked = screen_of(app).session.saved["functions.columns"].split()[-1]
        assert asked.endswith("+")
        assert asked[:-1] in {one.id for one in table_of(app).visible_columns}


def test_every_field_that_is_shown_or_not_can_be_chosen() -> None:
    fields = (
        {field.name for field in dataclasses.fields(FunctionView)} if dataclasses.is_dataclass(FunctionView) else set()
    )
    every = {one.id for one in screen_class("functions").FILTERED}  # type: ignore[attr-defined]
    assert {"max_ms", "billed_ms", "coverage"} <= every
    assert not fields or every <= fields
