"""When screens ask the store, and how often."""

from pathlib import Path
from threading import Thread

import pytest

from collectors.model.units import HOUR_MS
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base.query import QueryScreen
from lambdatui.session.queries import StoreWatch
from lambdatui.session.session import Session
from lambdatui.text.terminal import DARK, Terminal
from tests.support import small_store

COLOURS = Terminal(ansi=False, ascii=False, remote=False, no_color=False)
KEYS = {
    "E": "ErrorsScreen",
    "i": "InvocationsScreen",
    "C": "CollectScreen",
    "l": "LogsScreen",
    "enter": "FunctionScreen",
}


@pytest.mark.parametrize("key", KEYS)
async def test_a_screen_asks_once_when_it_opens(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask_rows = QueryScreen.ask_rows

    def counted(screen: QueryScreen) -> None:
        asked.append(type(screen).__name__)
        ask_rows(screen)

    monkeypatch.setattr(QueryScreen, "ask_rows", counted)
    db = small_store.make(tmp_path / "s.db")
    app = LambdaTui(Session(db, COLOURS, utc=True, now_ms=lambda: small_store.T0 + HOUR_MS), DARK)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        await app.workers.wait_for_complete()
    assert asked == ["FunctionsScreen", KEYS[key]]


def _look_often(watch: StoreWatch) -> None:
    for _ in range(50):
        watch.changed()


def test_a_watch_that_is_closed_while_it_looks_ends_quietly(db: Path) -> None:
    """As when the screens are left in the moment when a thread looks whether the store has changed."""
    for _ in range(30):
        watch = StoreWatch(db)
        watch.changed()
        looking = Thread(target=_look_often, args=(watch,))
        looking.start()
        watch.close()
        looking.join(60)
        assert not watch.changed()
