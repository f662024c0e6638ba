"""The way out is always to be read, and every habit of closing closes."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from lambdatui.app.navigation import MAIN
from lambdatui.screens.dialogs.dialog import DialogScreen
from lambdatui.screens.dialogs.help import HelpScreen
from lambdatui.widgets.key_line import HELP, UNDO, WAY_OUT, KeyHint, KeyLine, fitting_hints
from tests.support.screens import KEYS, app_on, press, screen_of, settle

NARROW = (20, 24)


def key_line(pilot: Pilot[int]) -> str:
    return pilot.app.screen.query_one(KeyLine).render().plain


@pytest.mark.parametrize("name", MAIN)
async def test_every_screen_names_its_way_out_in_twenty_cells(store: Path, name: str) -> None:
    async with app_on(store).run_test(size=NARROW) as pilot:
        await settle(pilot)
        if name in KEYS:
            await press(pilot, KEYS[name])
        assert ("Esc back" if name in KEYS else "q leave") in key_line(pilot)


# Each leads to a place that is no plain table: a filter, a search, a log alone, dialogs of every kind, screens above.
PLACES = ["slash", "slash c h e c k", "l slash", "l f", "question_mark", "exclamation_mark", "R", "S", "d", "d enter",
          "dollar_sign enter", "dollar_sign w", "E d", "enter", "enter V", "enter enter", "y", "i enter y", "l vertical_line",
          "l number_sign", "dollar_sign b", "dollar_sign B", "C enter", "space equals_sign",
          "colon", "colon e r r", "o", "H", "at", "equals_sign", "space", "space j space E"]  # fmt: skip


@pytest.mark.parametrize("keys", PLACES)
async def test_everything_that_opens_names_its_way_out_and_esc_goes_it(store: Path, keys: str) -> None:
    async with app_on(store).run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        assert any(word in key_line(pilot) for word in ("Esc back", "Esc whole screen", "q leave")), key_line(pilot)
        for _ in range(6):
            await press(pilot, "escape")
        assert len(pilot.app.screen_stack) == 1
        assert "q leave" in key_line(pilot)


async def test_esc_says_what_it_undoes(store: Path) -> None:
    async with app_on(store).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "c")
        assert key_line(pilot).split() == ["Enter", "keep", "Esc", "back"]
        await press(pilot, "enter")
        assert "Esc no filter  q leave  ? help" in key_line(pilot)
        await press(pilot, "escape")
        assert "Esc" not in key_line(pilot)
        assert screen_of(pilot.app).filter == ""


def test_what_is_needed_least_goes_first() -> None:
    hints = [
        KeyHint("a", "one", print), KeyHint("b", "two", print), KeyHint("Esc", "no filter", print, UNDO),
        KeyHint("q", "leave", print, WAY_OUT), KeyHint("?", "help", print, HELP),
    ]  # fmt: skip
    shown = ["".join(hint.key for hint in fitting_hints(hints, width)) for width in (80, 38, 31, 30, 15, 1)]
    assert shown == ["abEscq?", "aEscq?", "Escq?", "q?", "q", "q"]


@pytest.mark.parametrize("key", ["escape", "q", "question_mark", "f1", "enter", "space", "h"])
async def test_help_closes_by_every_habit(store: Path, key: str) -> None:
    async with app_on(store).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        await press(pilot, key)
        assert len(pilot.app.screen_stack) == 1


@pytest.mark.parametrize("keys", ["question_mark", "R", "S", "exclamation_mark", "dollar_sign enter"])
async def test_a_click_beside_a_pane_closes_it_and_one_inside_does_not(store: Path, keys: str) -> None:
    async with app_on(store).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        dialog = pilot.app.screen
        assert isinstance(dialog, DialogScreen)
        pane = dialog.children[0].region
        await pilot.click(offset=(pane.x + pane.width // 2, pane.y + pane.height - 1))
        await settle(pilot)
        assert pilot.app.screen is dialog
        await pilot.click(offset=(0, pane.y))
        await settle(pilot)
        assert pilot.app.screen is not dialog


@pytest.mark.parametrize("theme", ["lambdatui-dark", "lambdatui-light", "ansi-dark"])
async def test_a_dialog_is_a_pane_over_the_dimmed_table(store: Path, theme: str) -> None:
    async with app_on(store, theme=theme).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "exclamation_mark")
        svg = pilot.app.export_screenshot()
        assert "video-transcode" in svg
        assert "Nothing&#160;has&#160;gone&#160;wrong" in svg
        pane = pilot.app.screen.children[0].region
        assert pane.width < 50, "as wide as what it says"


async def test_hints_in_a_dialog_are_clicked(store: Path) -> None:
    async with app_on(store).run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "R")
        at = key_line(pilot).index("Esc back")
        await pilot.click(KeyLine, offset=(at + 1, 0))
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 1
