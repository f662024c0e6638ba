"""The first frame: the functions as plain ANSI, on the screen before Textual or anything else big is imported.

Python itself takes most of the time until then, so what is imported for it is kept small: sqlite3 and modules of ours
that import nothing. Textual then enters the same alternate screen and paints the same lines over this.
"""

import os
import sys
import time

from collectors.store.glimpse import Unseen, default_file
from lambdatui.cli.arguments import default_config, global_only
from lambdatui.screens.columns import FUNCTIONS, FUNCTIONS_SORT
from lambdatui.state import default_state, kept
from lambdatui.text import age, plain
from lambdatui.theme import Terminal, TerminalRefused, terminal
from lambdatui.views.glance import Glance, GlanceRow, glance
from lambdatui.views.health import health
from lambdatui.views.presets import DEFAULT_PRESET, RangeError
from lambdatui.widgets.layout import cell, cells, fitted, heading, hidden_hint, home_header_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

    from lambdatui.session import Session
    from lambdatui.views.columns import Column
    from lambdatui.views.time_range import RangeChoice

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BOLD, _DIM, _RED, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"
_SETTLED_HERE = {"db", "range", "utc", "no_color", "no_mouse", "ascii", "theme"}
_HOME = {"screen": "functions", "functions.filter": "", "functions.sort": ""}


def at_once(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Paints for a start without anything special; True if the frame stands, and the screens are sure to follow.

    Whatever is special is settled first, by the way that all commands take: narrowing, times, a configuration,
    anything that is wrong. That way paints the frame too, only later.
    """
    given = global_only(arguments)
    if given is None or given.keys() - _SETTLED_HERE or os.path.exists(default_config()):
        return False
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        of = terminal(environ, no_color=bool(given.get("no_color")), ascii=bool(given.get("ascii")))
    except TerminalRefused:
        return False
    before = kept(default_state())
    if not begins_at_home(before):
        return False
    now_ms = time.time_ns() // 1_000_000
    file = given.get("db") or default_file()
    preset = given.get("range") or before.get("range", DEFAULT_PRESET)
    return _painted(file, now_ms, preset, of, bool(given.get("utc")), sys.stdout)


def begins_at_home(before: "Mapping[str, str]") -> bool:
    """Whether the run before was left where this one would begin anyway: the frame shows no other screen or order."""
    return all(before.get(name, usual) == usual for name, usual in _HOME.items())


def paint(session: "Session", output: "TextIO | None" = None) -> bool:
    """Writes the first frame to the terminal; True if it did, and the alternate screen is now on.

    Silent where there is nothing to paint on, and where the store cannot be read: the first screen then says why.
    """
    out = output or sys.stdout
    if not out.isatty() or session.narrow or session.columns or session.thresholds or not begins_at_home(session.kept):
        return False  # the glance counts everything: wrong figures first are worse than none
    return _painted(session.db, session.now_ms(), session.choice, session.terminal, session.utc, out)


def leave(output: "TextIO | None" = None) -> None:
    """Gives the screen back, where Textual never came to take it over."""
    out = output or sys.stdout
    out.write(_LEAVE)
    out.flush()


def _painted(
    file: "str | Path", now_ms: int, choice: "RangeChoice | str", of: Terminal, utc: bool, out: "TextIO"
) -> bool:
    try:
        found = glance(file, now_ms, choice)
    except (Unseen, RangeError):
        return False
    if not found.rows:
        return False  # the screen says how to fill the store
    columns, lines = os.get_terminal_size(out.fileno())
    name = os.path.basename(file)
    text = _ENTER + "\r\n".join(frame(found, name, now_ms, of, columns or 80, lines or 24, utc=utc))
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))
    out.flush()
    return True


def frame(
    found: Glance, name: str, now_ms: int, of: Terminal, columns: int, lines: int, *, utc: bool = False
) -> list[str]:
    """At most ``lines`` - 1 lines of at most ``columns`` cells, laid out as the functions' screen will be.

    ``name`` is the store's. What rollups do not tell at once, such as percentiles and costs, stands as still to come.
    """
    marks = of.marks
    since = f" {marks.dot} newest data {age(now_ms - found.as_of)}" if found.as_of is not None else ""
    header = home_header_lines(columns)
    room = lines - header - 2  # one line of titles, one of keys
    # A scroll bar will take one cell.
    laid_out = fitted(FUNCTIONS, columns - (len(found.rows) > room))
    titles = " ".join(heading(column, width, FUNCTIONS_SORT, marks) for column, width in laid_out)
    painted = [
        f"{_BOLD}{_sides(columns, f'{marks.brand} lambdatui  Functions', plain(name))}{_OFF}",
        f"{_DIM}{_sides(columns, f'{found.ends[2]}{since}', f'{len(found.rows):,} functions')}{_OFF}",
        f"{_sides(columns, health(found.rows, {}), '')}",
        *[""] * (header - 3),
        f"{_BOLD}{f'{hidden_hint(len(FUNCTIONS) - len(laid_out))}{titles}'[:columns]}{_OFF}",
    ]
    for row in found.rows[: max(0, room)]:
        trouble = bool(row.errors or row.timeouts or row.throttles)
        mark = marks.trouble if trouble else " "
        text = " ".join(_cell(column, row, width, utc, marks.more) for column, width in laid_out)
        text = f" {text}"[: columns - 1]  # cuts only where not even the mark and one cell fit
        painted.append(f"{_RED}{mark}{_OFF}{text}" if trouble and not of.no_color else f"{mark}{text}")
    return painted[: max(1, lines - 1)]


def _cell(column: "Column", row: GlanceRow, width: int, utc: bool, more: str) -> str:
    if column.id in GlanceRow.__slots__:
        return cell(column, getattr(row, column.id), width, utc=utc, more=more)
    return more.rjust(width) if column.align == "right" else more.ljust(width)


def _sides(columns: int, left: str, right: str) -> str:
    """Left and right on one line, as the header lays them out; where they do not fit together, the right one goes."""
    room = columns - 2
    if len(left) + cells(right) + 2 > room:
        return f" {left}"[: max(0, columns - 1)]
    return f" {left}{' ' * (room - len(left) - cells(right))}{right} "
