"""The first frame: the functions as plain ANSI, on the screen before Textual is even imported.

Textual takes 0.4 s to come; asking one rollup and writing 24 lines takes a few milliseconds. Textual then enters the
same alternate screen and paints over this, so that nothing jumps.
"""

import os
import sys
from collections.abc import Callable
from typing import TextIO

from lambdatui.session import Session
from lambdatui.text import age, count, milliseconds, plain, ratio
from lambdatui.views.glance import Glance, glance

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BOLD, _DIM, _RED, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"

# Title, width, value: what the glance knows, in the order of the functions' table.
_FIGURES: tuple[tuple[str, int, Callable[..., str]], ...] = (
    ("Invocs", 8, lambda row: count(row.invocations)),
    ("Errors", 7, lambda row: count(row.errors)),
    ("Err%", 6, lambda row: ratio(row.errors / row.invocations if row.invocations else None)),
    ("Avg", 8, lambda row: milliseconds(row.avg_ms)),
    ("Max", 8, lambda row: milliseconds(row.max_ms)),
)


def paint(session: Session, output: TextIO | None = None) -> bool:
    """Writes the first frame to the terminal; True if it did, and the alternate screen is now on.

    Silent where there is nothing to paint on, and where the store cannot be read: the first screen then says why.
    """
    from collectors.store.reader import StoreError
    from lambdatui.views.time_range import RangeError

    out = output or sys.stdout
    if not out.isatty():
        return False
    columns, lines = os.get_terminal_size(out.fileno())
    try:
        found = glance(session.db, session.now_ms(), max(1, lines - 4), session.choice)
    except (StoreError, RangeError):
        return False
    if session.narrow:
        return False  # the glance counts everything: wrong figures first are worse than none
    out.write(_ENTER + "\r\n".join(frame(found, session, columns, lines)))
    out.flush()
    return True


def leave(output: TextIO | None = None) -> None:
    """Gives the screen back, where Textual never came to take it over."""
    out = output or sys.stdout
    out.write(_LEAVE)
    out.flush()


def frame(found: Glance, session: Session, columns: int, lines: int) -> list[str]:
    """At most ``lines`` lines of at most ``columns`` cells, without the last line's end."""
    marks, colour = session.marks, not session.terminal.no_color
    since = f" {marks.dot} newest data {age(session.now_ms() - found.as_of)}" if found.as_of is not None else ""
    name = max(12, min(44, columns - 4 - sum(width + 1 for _, width, _ in _FIGURES)))
    head = f"  {'Function':<{name}} " + " ".join(f"{title:>{width}}" for title, width, _ in _FIGURES)
    painted = [
        f"{_BOLD} {marks.brand} lambdatui  Functions{_OFF}",
        f"{_DIM}{f' {found.range.label}{since}'[:columns]}{_OFF}",
        f"{_BOLD}{head[:columns]}{_OFF}",
    ]
    for row in found.rows[: max(0, lines - len(painted) - 1)]:
        shown = plain(row.function)
        shown = shown if len(shown) <= name else shown[: name - 1] + marks.more
        cells = " ".join(f"{value(row):>{width}}" for _, width, value in _FIGURES)
        mark = marks.trouble if row.errors else " "
        line = f"{mark} {shown:<{name}} {cells}"[:columns]
        painted.append(f"{_RED}{line[0]}{_OFF}{line[1:]}" if row.errors and colour else line)
    return painted
