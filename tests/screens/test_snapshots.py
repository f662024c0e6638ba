"""What every main screen looks like: at 80x24 and 120x40, in a truecolor theme and in the terminal's own colours.

After a change that is meant: ``pytest tests/screens/test_snapshots.py --snapshot-update``, and look at what changed.
"""

import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from lambdatui.app.application import LambdaTui
from lambdatui.session.session import Session
from lambdatui.text.terminal import ANSI_DARK, DARK, Terminal
from screenshots import sample_log
from tests.support.row_checksums import resum

SCREENS = {
    "functions": "",
    "function": "j j j j enter",
    "invocations": "i",
    "invocation": "j j j j enter x enter",
    "errors": "E",
    "costs": "5 dollar_sign",
    "filtered": "slash c o enter",
    "help": "question_mark",
    "throttles": "T",
    "advice": "A",
    "collect": "C",
    "configuration": "d",
    "alarms": "a",
    "logs": "j j j j l",
    "by-day": "5 dollar_sign b b b b",
    "compare": "j equals_sign",
    "details": "5 dollar_sign enter",
}
SIZES = ((80, 24), (120, 40))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("snapshots")
    log = sample_log.write(folder / "shop.jsonl", 2.2)
    import_files([str(log)], db=folder / "shop.db", defaults=FunctionKey(""))
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as ledger:  # when, and for how long, is the test's
        ledger.execute(
            "UPDATE collections SET started_ms = ?, ended_ms = ?, source = 'shop.jsonl'",
            (sample_log.END_MS + 5_000, sample_log.END_MS + 6_234),
        )
        resum(ledger)
        ledger.commit()
    return folder / "shop.db"


def app_on(db: Path, theme: str) -> LambdaTui:
    terminal = Terminal(ansi=theme == ANSI_DARK, ascii=False, remote=False, no_color=False)
    return LambdaTui(Session(db, terminal, now_ms=lambda: sample_log.END_MS + 12_000, utc=True), theme)


def pressing(keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    async def run(pilot: Pilot[int]) -> None:
        await _settle(pilot)
        for key in keys.split():
            await pilot.press(key)
            await _settle(pilot)

    return run


async def _settle(pilot: Pilot[int]) -> None:
    for _ in range(4):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("screen", SCREENS)
def test_screen(
    snap_compare: Callable[..., bool],
    store: Path,
    screen: str,
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(app_on(store, theme), terminal_size=size, run_before=pressing(SCREENS[screen]))


@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_no_store_yet(
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert snap_compare(app_on(Path("shop.db"), theme), terminal_size=size, run_before=pressing(""))


@pytest.mark.parametrize("theme", [DARK, ANSI_DARK])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_broken_store(
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("shop.db").write_bytes(b"not a database at all, sorry" * 99)
    assert snap_compare(app_on(Path("shop.db"), theme), terminal_size=size, run_before=pressing(""))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_loading(
    snap_compare: Callable[..., bool], store: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the store has answered: the question is held back."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("lambdatui.screens.base.query.QueryScreen.ask_rows", lambda self: None)
    assert snap_compare(app_on(store, DARK), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_stale(
    snap_compare: Callable[..., bool], store: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data of a week ago: the range ends with them, and the header says how old they are."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = app_on(store, DARK)
    app.session.now_ms = lambda: sample_log.END_MS + 7 * 86_400_000
    assert snap_compare(app, terminal_size=size, run_before=pressing(""))
