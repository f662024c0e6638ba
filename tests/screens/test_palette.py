"""The palette: anything by its name, typed as fast as people type."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from lambdatui.app.application import LambdaTui
from lambdatui.app.navigation import screen_class
from lambdatui.screens.dialogs.palette import PaletteScreen
from lambdatui.widgets.table import Table
from tests.support.screens import app_on, press, screen_of, settle

_SIGNS = {" ": "space", "-": "minus", "!": "exclamation_mark", ">": "greater_than_sign"}


def keys_of(text: str) -> list[str]:
    return [_SIGNS.get(sign, sign) for sign in text]


async def at_once(pilot: Pilot[int], text: str) -> None:
    """Typed without waiting for anything in between, as a hand that knows the way does."""
    await pilot.press("colon", *keys_of(text), "enter")
    await settle(pilot)


def titles(app: LambdaTui) -> list[str]:
    listed = app.screen.query_one(OptionList)
    return [str(listed.get_option_at_index(at).prompt) for at in range(listed.option_count)]


@pytest.mark.parametrize(
    ("typed", "name"), [("errors", "errors"), ("err", "errors"), ("costs", "costs"), ("screen collect", "collect"),
                        ("inv", "invocations"), ("THROTTLES", "throttles"), ("conf", "configuration")]
)  # fmt: skip
async def test_a_screen_by_its_name(store: Path, typed: str, name: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await at_once(pilot, typed)
        assert type(app.screen) is screen_class(name)


@pytest.mark.parametrize("typed", ["fn checkout", "function checkout-api", "checkout-api", "fn chout"])
async def test_a_function_by_its_name_also_before_the_names_are_read(store: Path, typed: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await at_once(pilot, typed)
        assert screen_of(app).heading() == ("Functions", "checkout-api")


async def test_a_screen_is_opened_filtered(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await at_once(pilot, "errors checkout")
        screen = screen_of(app)
        assert (screen.NAME, screen.filter) == ("errors", "checkout")
        assert screen.table.row_count
        assert {row.function for row in screen.table._shown.rows} == {"checkout-api"}
        await at_once(pilot, "functions errors>0")
        screen = screen_of(app)
        assert (screen.NAME, screen.filter) == ("functions", "errors>0")
        assert 0 < screen.table.row_count < 9
        await at_once(pilot, "costs nonsense:1")
        assert screen_of(app).NAME == "costs"
        assert screen_of(app).query_one("FilterLine").display, "to be corrected"


async def test_what_is_mistyped_is_guessed_and_not_done_by_one_enter(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"eroxrs")
        assert "nothing is called eroxrs: did you mean" in str(app.screen.query_one("#said", Static).render())
        assert titles(app)[0].startswith("Screen: errors")
        await press(pilot, "enter")
        assert isinstance(app.screen, PaletteScreen)
        await press(pilot, "enter")
        assert screen_of(app).NAME == "errors"
        await press(pilot, "colon", *"zzzzqq", "enter", "enter")
        assert isinstance(app.screen, PaletteScreen)
        assert titles(app) == []
        await press(pilot, "escape")
        assert screen_of(app).NAME == "errors"


async def test_up_brings_back_what_was_chosen_before(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await at_once(pilot, "errors")
        await at_once(pilot, "fn checkout")
        await press(pilot, "colon", "up")
        line = app.screen.query_one(Input)
        assert line.value == "fn checkout-api"
        await press(pilot, "up")
        assert line.value == "errors"
        await press(pilot, "up")
        assert line.value == "errors", "there is nothing older"
        await press(pilot, "down")
        assert line.value == "fn checkout-api"
        await press(pilot, "up", "enter")
        assert screen_of(app).NAME == "errors"


async def test_tab_completes_and_arrows_choose(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "colon", *"thro", "tab")
        assert app.screen.query_one(Input).value == "throttles"
        await press(pilot, "ctrl+u", *"alarm", "down", "up", "enter")
        assert screen_of(app).NAME == "alarms"


@pytest.mark.parametrize("typed", ["q", "q!", "quit"])
async def test_habits_of_editors_end_it(store: Path, typed: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "E", "enter")
        await pilot.press("colon", *keys_of(typed), "enter")
        await pilot.pause()
    assert app.return_code == 0


@pytest.mark.parametrize(
    "dialog", ["question_mark", "exclamation_mark", "H", "o", "at", "S", "R", "dollar_sign enter", "dollar_sign w"]
)
@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_it_opens_over_any_dialog_which_closes_once_something_is_chosen(
    store: Path, dialog: str, key: str
) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *dialog.split())
        over = app.screen
        assert isinstance(over, ModalScreen)
        typed = [line.value for line in over.query(Input)]
        await press(pilot, key)
        if not isinstance(app.screen, PaletteScreen):  # a line to type on takes the colon
            assert key == "colon"
            assert [line.value for line in over.query(Input)] != typed
            await press(pilot, "ctrl+p")
        await press(pilot, "x", "escape")
        assert app.screen is over, "what was typed stays"
        await press(pilot, "ctrl+p", *"errors", "enter")
        assert type(app.screen) is screen_class("errors")


async def test_a_second_palette_does_not_open(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", "ctrl+p")
        assert len(app.screen_stack) == 2
        await press(pilot, "escape")
        assert app.screen.query_one(Table)
