"""What every main screen looks like: at 80x24 and 120x40, in a truecolor theme and in the terminal's own colours.

After a change that is meant: ``pytest tests/screens/test_snapshots.py --snapshot-update``, and look at what changed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.model.units import WEEK_MS
from lambdatui.text.terminal import ANSI_DARK, DARK
from screenshots import sample_log
from tests.support.screens import app_on, pressing

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
    "compare": "space equals_sign",
    "fleet": "equals_sign",
    "fleet-groups": "equals_sign b",
    "details": "5 dollar_sign enter",
}
SIZES = ((80, 24), (120, 40))


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
    assert snap_compare(app_on(store, theme=theme), terminal_size=size, run_before=pressing(SCREENS[screen]))


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
    assert snap_compare(app_on(Path("shop.db"), theme=theme), terminal_size=size, run_before=pressing(""))


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
    assert snap_compare(app_on(Path("shop.db"), theme=theme), terminal_size=size, run_before=pressing(""))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_loading(
    snap_compare: Callable[..., bool], store: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the store has answered: the question is held back."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("lambdatui.screens.base.query.QueryScreen.ask_rows", lambda self: None)
    assert snap_compare(app_on(store, theme=DARK), terminal_size=size)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_stale(
    snap_compare: Callable[..., bool], store: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data of a week ago: the range ends with them, and the header says how old they are."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = app_on(store, theme=DARK)
    app.session.now_ms = lambda: sample_log.END_MS + WEEK_MS
    assert snap_compare(app, terminal_size=size, run_before=pressing(""))
