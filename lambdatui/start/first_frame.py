"""The first frame: the functions as plain ANSI, on the screen before Textual or anything else big is imported.

Python itself takes most of the time until then, so what is imported for it is kept small: sqlite3 and modules of ours
that import nothing. Textual then enters the same alternate screen and paints the same lines over this.
"""

import _thread
import os
import sys

from collectors.model.clock import now_ms as clock_ms
from collectors.store.read.startup_reader import StartupUnreadable
from lambdatui.settings import paths
from lambdatui.start.arguments import first_frame_knows, global_only
from lambdatui.start.state import PANES, load_state
from lambdatui.start.terminal_signals import (
    ENTER,
    LEAVE,
    ask_background,
    install,
    remember_frame,
    uninstall,
)
from lambdatui.text.terminal import Terminal, TerminalRefused, terminal
from lambdatui.views.presets import DEFAULT_PRESET, RangeError
from lambdatui.views.startup_view import StartupView, startup_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any, TextIO

    from lambdatui.session.session import Session
    from lambdatui.views.time_range import RangeChoice

_USUAL_STATE = {"screen": "functions", "functions.filter": "", "functions.sort": ""}
_COLUMNS = "functions.columns"
"""What the picked columns of the first screen are saved under."""


def paint_at_once(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> StartupView | None:
    """Paints the first frame for a start with none but the plainest options; returns what it shows.

    Where there is more to settle first (accounts, times, a configuration, something that is wrong) None is returned,
    and ``lambdatui.app.launch`` paints the frame some milliseconds later.
    """
    options = global_only(arguments)
    if options is None or not first_frame_knows(options) or os.path.exists(paths.config_file()):
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    try:
        screen = terminal(environ, no_color=bool(options.get("no_color")), ascii=bool(options.get("ascii")))
    except TerminalRefused:
        return None
    before = load_state(paths.state_file())
    if not begins_at_home(before):
        return None
    now_ms = clock_ms()
    file = options.get("db") or paths.store_file()
    preset = options.get("range") or before.get("range", DEFAULT_PRESET)
    install()
    view = _painted(
        file, now_ms, preset, screen, bool(options.get("utc")), sys.stdout,
        plain_order=_is_plain(before), picked=before.get(_COLUMNS, ""), panes=before.get(PANES),
    )  # fmt: skip
    if view is not None and not options.get("theme") and not screen.no_color:
        ask_background(environ)
    return view


def begins_at_home(before: "Mapping[str, str]") -> bool:
    """Whether the saved state leads to the first screen in its usual order, which is all that the frame can show."""
    return all(before.get(name, usual) == usual for name, usual in _USUAL_STATE.items())


def _is_plain(before: "Mapping[str, str]") -> bool:
    """Whether functions in trouble were sorted among the others when the program was left."""
    return before.get("functions.order") == "plain"


def paint(session: "Session", output: "TextIO | None" = None) -> StartupView | None:
    """Writes the first frame to the terminal, in the alternate screen; returns what it shows.

    Returns None, and writes nothing, where ``output`` is no terminal, where something is chosen that the frame cannot
    show, and where the store cannot be read: the first screen then says why.
    """
    out = output or sys.stdout
    trouble = session.thresholds.keys() - {"budget_usd"}
    if not out.isatty() or session.scope or session.columns or trouble or not begins_at_home(session.saved):
        return None  # the frame counts everything: wrong figures first are worse than none
    return _painted(
        session.db, session.now_ms(), session.choice, session.terminal, session.utc, out,
        plain_order=_is_plain(session.saved), picked=session.saved.get(_COLUMNS, ""), panes=session.saved.get(PANES),
    )  # fmt: skip


def leave(output: "TextIO | None" = None) -> None:
    """Leaves the alternate screen where Textual never came to take it over."""
    out = output or sys.stdout
    out.write(LEAVE)
    out.flush()
    uninstall()


def _painted(
    file: "str | Path",
    now_ms: int,
    choice: "RangeChoice | str",
    screen: Terminal,
    utc: bool,
    out: "TextIO",
    *,
    plain_order: bool,
    picked: str,
    panes: "str | None",
) -> StartupView | None:
    columns, lines = os.get_terminal_size(out.fileno())
    query = _StartupQuery(file, now_ms, choice, lines or 24, utc, plain_order=plain_order)
    from lambdatui.start.first_lines import frame

    view = query.answer()
    if view is None or not view.rows:
        return None  # the screen says why there are none, and how to fill the store
    try:
        name = os.path.basename(file)
        laid_out = frame(view, name, now_ms, screen, columns or 80, lines or 24, utc=utc, picked=picked, panes=panes)
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return None  # a damaged row: the screen says so
    text = ENTER + "\r\n".join(laid_out)
    encoding = out.encoding or "utf-8"
    text = text.encode(encoding, "replace").decode(encoding)
    remember_frame(text)
    out.write(text)
    out.flush()
    return view


class _StartupQuery:
    """Asks the store in a thread: SQLite seeks while Python imports what lays the answer out."""

    def __init__(self, *question: "Any", plain_order: bool) -> None:
        self._view: StartupView | None = None
        self._error: BaseException | None = None
        self._done = _thread.allocate_lock()
        self._done.acquire()
        _thread.start_new_thread(self._ask, (question, plain_order))

    def _ask(self, question: "tuple[Any, ...]", plain_order: bool) -> None:
        try:
            self._view = startup_view(*question, plain_order=plain_order)
        except (StartupUnreadable, RangeError, TypeError, ValueError, LookupError):
            pass  # the screen says it in full; the last three are of damaged rows
        except BaseException as error:
            self._error = error
        finally:
            self._done.release()

    def answer(self) -> StartupView | None:
        """Waits for the answer; None where the store or the range could not be read."""
        self._done.acquire()
        if self._error is not None:
            raise self._error
        return self._view
