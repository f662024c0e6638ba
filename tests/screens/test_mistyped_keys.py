"""What keys do when somebody mistypes, or goes where there is nothing."""

import random
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from lambdatui.app.navigation import commands_by_screen
from lambdatui.cli.config import faults_of
from lambdatui.commands.base import bound_keys, keys
from lambdatui.widgets.filter_line import FilterLine
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.notice import Notice
from screenshots import sample_log
from tests.support.screens import app_on, press, screen_of, settle


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


@pytest.mark.parametrize(
    ("keys", "says"),
    [("Z", "Z does nothing here. ? lists the keys"), ("w", "w does nothing here; on logs it is: wrap"),
     ("A A", "A: this is the screen advice already"), ("I", "I, invoke, does nothing on this row"),
     ("l percent_sign", "% does nothing here"), ("enter enter y E", "E does nothing here; on functions it is: errors")],
)  # fmt: skip
async def test_a_key_that_does_nothing_says_so(store: Path, keys: str, says: str) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys.split())
        assert says in app.screen.query_one(Notice).message


async def test_letters_of_a_filter_are_no_mistyped_keys(store: Path) -> None:
    app = app_on(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "Z", "percent_sign", "escape", "escape")
        assert "nothing" not in app.screen.query_one(Notice).message


ALIKE = {
    "Enter": "opens what the cursor is on", "/": "keeps what matches", "x": "keeps what went wrong",
    "Right": "what is further right", "Left": "what is further left", "d": "details of what the cursor is on",
    "0": "a live tail", "[": "what was before", "]": "what comes after", "b": "sums by something else",
    "-": "back: closes a family before it leaves", "E": "in a log the error before, as lnav has it",
    "e": "the error after", "a": "alarms; in a log what is around", "w": "wraps a log; asks what if of costs",
    "s": "in a log follows, on collect begins to collect", "t": "times in a log; one scale in a table",
    "S": "writes a file; of costs as CSV at once", "^s": "writes a file",
}  # fmt: skip
"""Keys of several commands, and what those have in common or whose habit they are."""


def test_a_key_means_the_same_on_all_screens() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for name, commands in commands_by_screen().items():
        here: dict[str, str] = {}
        for command in commands:
            for key in keys(command, {}):
                assert here.setdefault(key, command.id()) == command.id(), (name, key)
                meanings[key].add(command.id())
    assert {key for key, ids in meanings.items() if len(ids) > 1} <= set(ALIKE)


_DIALOGS = ["j", "k", "J", "K", "g", "G", "r", "h", "H", "f2", "tab", "space", "enter", "escape", "escape", "up", "down",
            "pageup", "pagedown", "backspace", "ctrl+u", "ctrl+p"]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "seed", "count"), [((80, 24), 17, 300), ((80, 24), 18, 300), ((120, 40), 19, 200), ((20, 7), 20, 200)]
)
async def test_nothing_crashes_in_a_thousand_keys(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], seed: int, count: int
) -> None:
    """Of screens, dialogs, prompts, palette and pickers, in any order; what would call AWS or end it is left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lambdatui.screens.collect.CollectScreen.toggle_collecting", _nothing)
    monkeypatch.setattr("lambdatui.screens.logs.LogsScreen.toggle_live", _nothing)
    monkeypatch.setattr("lambdatui.screens.base.shell.ShellScreen.end", _nothing)
    monkeypatch.setattr("lambdatui.app.application.LambdaTui.exit", _nothing)
    commands = {command for of in commands_by_screen().values() for command in of}
    bound = sorted({key for command in commands for key in bound_keys(command, {})})
    typed = [*"abcdefghijklmnopqrstuvwxyz0123456789", "full_stop", "greater_than_sign", "percent_sign"]
    chance = random.Random(seed)
    app = app_on(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for _ in range(count // 10):
            with mock.patch("textual.app.wait_for_idle", _no_wait):
                await pilot.press(*(chance.choice(chance.choice((bound, bound, typed, _DIALOGS))) for _ in range(10)))
            await settle(pilot)
        while len(app.screen_stack) > 1:
            await press(pilot, "escape")
        await press(pilot, *["escape"] * 4)
        assert screen_of(app).heading() == ("Functions",)
        assert "q leave" in app.screen.query_one(KeyLine).render().plain


def _nothing(*_: Any, **__: Any) -> None:
    """In place of what ends the program or begins another."""


async def _no_wait(*_: float) -> None:
    """In place of waiting until the process is idle."""
