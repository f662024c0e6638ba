"""The screens in tests: the app on a store, driven by keys, and read from what it painted."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest import mock

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from collectors.model.units import HOUR_MS
from lambdatui.app.application import LambdaTui
from lambdatui.screens.base.table import TableScreen
from lambdatui.session.session import Session
from lambdatui.text.terminal import ANSI_DARK, DARK, Terminal
from lambdatui.widgets.header import Header
from lambdatui.widgets.key_line import KeyLine
from lambdatui.widgets.log_pane import LogPane
from lambdatui.widgets.notice import Notice
from lambdatui.widgets.state_line import StateLine
from lambdatui.widgets.table import Table
from screenshots import sample_log
from tests.support import small_store

COLOURS = Terminal(ansi=False, ascii=False, remote=False, no_color=False)
ANSI = Terminal(ansi=True, ascii=False, remote=False, no_color=False)
SHOP_NOW_MS = sample_log.END_MS + 12_000
"""The shop's clock, when the last of its log has just come."""
KEYS = {"logs": "l", "errors": "E", "throttles": "T", "costs": "dollar_sign", "advice": "A", "alarms": "a",
        "collect": "C", "patterns": "L", "configuration": "d", "invocations": "i"}  # fmt: skip
"""The key of each main screen but the first."""
_QUIET_ROUNDS = 3


def session_on(db: Path, **changes: Any) -> Session:
    """A session at the shop's time, in UTC; ``changes`` are other arguments of it."""
    terminal = changes.pop("terminal", COLOURS)
    return Session(db, terminal, **{"now_ms": lambda: SHOP_NOW_MS, "utc": True, **changes})


def app_on(db: Path, *, theme: str = DARK, **changes: Any) -> LambdaTui:
    """The app at the shop's time; ``changes`` are arguments of its session."""
    return LambdaTui(session_on(db, terminal=ANSI if theme == ANSI_DARK else COLOURS, **changes), theme)


def small_app(db: Path, **changes: Any) -> LambdaTui:
    """The app an hour after the small store's first invocation."""
    return app_on(db, **{"now_ms": lambda: small_store.T0 + 60 * small_store.MINUTE, **changes})


def tagged_fleet(db: Path, **changes: Any) -> LambdaTui:
    """The screens on a store of ``tests.support.tagged_store``, an hour after its last call."""
    return app_on(db, **{"now_ms": lambda: small_store.T0 + 2 * HOUR_MS, **changes})


async def settle(pilot: Pilot[int]) -> None:
    """Until no thread asks the store and no widget has anything left to do: counted, so that load changes nothing."""
    app = pilot.app
    quiet = 0
    while quiet < _QUIET_ROUNDS:
        await pilot.pause(0)  # every widget handles what lay before it; what changed is painted
        if any(not worker.is_finished for worker in app.workers):
            with contextlib.suppress(WorkerCancelled):  # another question took its place
                await app.workers.wait_for_complete()
            quiet = 0
        elif getattr(app.screen, "details_awaited", False):
            await asyncio.sleep(0.01)  # until the cursor has rested for as long as the pane waits
            quiet = 0
        elif any(widget.message_queue_size for widget in (app, *app.screen.walk_children(with_self=True))):
            quiet = 0
        else:
            quiet += 1


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Each key, and all that comes of it before the next."""
    for key in keys:
        with mock.patch("textual.app.wait_for_idle", _no_wait):  # it sleeps until this process uses little CPU
            await pilot.press(key)
        await settle(pilot)


async def _no_wait(*_: float) -> None:
    await asyncio.sleep(0)


def pressing(keys: str) -> Callable[[Pilot[int]], Awaitable[None]]:
    """What a snapshot runs before it is taken: keys with spaces between."""

    async def run(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await press(pilot, *keys.split())

    return run


async def until(pilot: Pilot[int], true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Waits for something that another process brings about."""
    for _ in range(int(seconds / 0.05)):
        await pilot.pause(0)
        if true():
            return
        await asyncio.sleep(0.05)
    screen = pilot.app.screen
    notice = log_of(pilot.app)[-400:] if screen.query(LogPane) else getattr(screen, "said", "")
    raise AssertionError(f"{what}: never came; {screen} says {notice!r}")


def screen_of(app: Any) -> TableScreen:
    assert isinstance(app.screen, TableScreen)
    return app.screen


def table_of(app: Any) -> Table:
    return screen_of(app).table


def functions_shown(app: Any) -> set[str]:
    """The functions that the rows of a table are of."""
    table = table_of(app)
    rows = [table.row_at(at) for at in range(table.row_count)]
    return {row.function for row in rows if row is not None}


def notice_of(app: Any) -> str:
    """What the notice says."""
    return str(app.screen.query_one(Notice).message)


def keys_shown(app: Any) -> str:
    """The last line: the keys that the screen names."""
    return str(app.screen.query_one(KeyLine).render())


_SIGNS = {
    " ": "space", ":": "colon", ".": "full_stop", "!": "exclamation_mark", "=": "equals_sign", "-": "minus",
    '"': "quotation_mark", ">": "greater_than_sign", "@": "at", "*": "asterisk", "_": "underscore",
}  # fmt: skip


def keys_of(text: str) -> list[str]:
    """The keys that type a text."""
    return [_SIGNS.get(sign, sign) for sign in text]


async def type_filter(pilot: Pilot[int], expression: str) -> None:
    """Opens the filter line, types, and ends with Enter."""
    await press(pilot, "slash")
    await pilot.press(*keys_of(expression))
    await press(pilot, "enter")


def header_of(app: Any) -> str:
    header: str = app.screen.query_one(Header).render().plain
    return header


def shown_lines(widget: Any) -> list[str]:
    """The text of a widget's lines, as it is painted now."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


def log_of(app: Any) -> str:
    """A log's rows and what stands beneath them."""
    lines = [line.rstrip() for line in shown_lines(app.screen.query_one(LogPane))]
    states = [state.message for state in app.screen.query(StateLine)]
    return "\n".join([*lines, *states, app.screen.query_one(Notice).message])
