"""The screens of money, driven by keys: the table as a file, and what stands above it."""

import csv
import json
from pathlib import Path

import pytest

from lambdatui.screens.dialogs.prompt import PromptScreen
from lambdatui.widgets.notice import Notice
from tests.support.screens import app_on, press, settle, table_of


async def test_two_keys_write_the_finance_table(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "S")
        (written,) = tmp_path.glob("*.csv")
        shown = [row.function for row in table_of(app)._shown.rows]  # type: ignore[union-attr]
        assert [row["function"] for row in csv.DictReader(written.open())] == shown
        assert str(written) in app.screen.query_one(Notice).message.replace("\n", "")
        content = written.read_bytes()
        await press(pilot, "S")
        assert sorted(path.name for path in tmp_path.glob("*.csv")) == sorted((written.name, f"{written.stem}-2.csv"))
        assert written.read_bytes() == content


async def test_the_groups_and_the_bill_are_written_as_they_are_shown(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "b", "slash", *"video", "enter", "S")
        (written,) = tmp_path.glob("costs-by-function-*.csv")
        assert [row["group"] for row in csv.DictReader(written.open())] == ["video-transcode"]


async def test_another_name_or_form_is_asked_for(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "ctrl+s")
        assert isinstance(app.screen, PromptScreen)
        await press(pilot, "ctrl+u", "a", "full_stop", *"json", "enter")
        assert len(json.loads((tmp_path / "a.json").read_text())["rows"]) > 1
        assert not list(tmp_path.glob("*.csv"))


async def test_a_folder_that_cannot_be_written_to(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    app = app_on(store)
    async with app.run_test(size=(120, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "dollar_sign", "S")
        assert "nothing was written" in app.screen.query_one(Notice).message
