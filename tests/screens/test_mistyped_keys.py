"""What keys do when somebody mistypes, or goes where there is nothing."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from lambdatui.app.application import LambdaTui
from lambdatui.app.navigation import commands_by_screen
from lambdatui.cli.config_command import faults_of
from lambdatui.commands.base import keys
from lambdatui.screens.base.table import TableScreen
from lambdatui.session.session import Session
from lambdatui.text.terminal import DARK, Terminal
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.notice import Notice
from screenshots import sample_log

COLOURS = Terminal(ansi=False, ascii=False, remote=False, no_color=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    log = sample_log.write(folder / "shop.jsonl", 1.2)
    import_files([str(log)], db=folder / "shop.db", defaults=FunctionKey(""))
    return folder / "shop.db"


def app_on(db: Path) -> LambdaTui:
    return LambdaTui(Session(db, COLOURS, utc=True, now_ms=lambda: sample_log.END_MS + 12_000), DARK)


async def settle(pilot: Pilot[int]) -> None:
    for _ in range(2):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def screen_of(app: LambdaTui) -> TableScreen:
    assert isinstance(app.screen, TableScreen)
    return app.screen


async def test_a_filter_that_cannot_be_read_filters_nothing_and_can_be_corrected(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"nonsense", "colon", "1", "enter")
        screen = screen_of(app)
        assert (screen.filter, screen.table.row_count) == ("", len(sample_log.FUNCTIONS))
        line = screen.query_one(FilterLine)
        assert (line.display, line.value) == (True, "nonsense:1")
        await press(pilot, *["backspace"] * 10, *"errors", "greater_than_sign", "0", "enter")
        assert 0 < screen.table.row_count < len(sample_log.FUNCTIONS)
        assert not line.display


async def test_all_is_all_wherever_one_has_travelled(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        everything = app.session.shown
        for key in ("left_square_bracket", "right_square_bracket"):
            await press(pilot, key)
            assert app.session.shown == everything
            assert "1 to 5" in app.screen.query_one(Notice).message
        await press(pilot, "1", "left_square_bracket", "6")
        assert app.session.shown == everything


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (("down",), 1), (("down", "down", "up"), 1), (("pagedown",), 20), (("pagedown", "pageup"), 0), (("ctrl+d",), 10),
        (("end", "home"), 0), (("G", "up"), -2), (("j", "j", "k", "g"), 0), (("pagedown", "ctrl+u"), 10),
    ],
)  # fmt: skip
async def test_every_moving_key_moves_the_cursor_in_a_table_longer_than_the_screen(
    store: Path, keys: tuple[str, ...], row: int
) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "i", *keys)
        table = screen_of(app).table
        assert table.row_count > 100
        assert table.cursor == row % table.row_count
        top = round(table.scroll_offset.y)
        assert top <= table.cursor < top + table.size.height - 1


def test_keys_are_shown_as_they_stand_on_a_keyboard() -> None:
    """Of every command of every screen; Textual's own names, such as ``equals_sign``, are nobody's keys."""
    commands = {command for of in commands_by_screen().values() for command in of}
    shown = {sign for command in commands for sign in keys(command, {})}
    assert {"=", "-", "!", ".", ",", "[", "$", "Space", "^r"} <= shown
    assert not {sign for sign in shown if "_" in sign or len(sign) > 7 or sign in ("minus", "comma")}


def test_every_command_of_every_screen_can_be_remapped() -> None:
    commands = {command for of in commands_by_screen().values() for command in of}
    assert [fault for command in commands for fault in faults_of({"keys": {command.id(): "f9"}})] == []
