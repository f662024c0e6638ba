"""The first frame: the functions as plain ANSI, on the screen before Textual is even imported.

Textual takes 0.4 s to come; asking one rollup and writing 24 lines takes a few milliseconds. Textual then enters the
same alternate screen and paints the same columns over this.
"""

import os
import sys
from typing import TextIO

from lambdatui.screens.columns import FUNCTIONS
from lambdatui.session import Session
from lambdatui.text import age
from lambdatui.views.glance import Glance, glance
from lambdatui.widgets.layout import align, cell, fitted

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"
_BOLD, _DIM, _RED, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


def paint(session: Session, output: TextIO | None = None) -> bool:
    """Writes the first frame to the terminal; True if it did, and the alternate screen is now on.

    Silent where there is nothing to paint on, and where the store cannot be read: the first screen then says why.
    """
    from collectors.store.reader import StoreError
    from lambdatui.views.time_range import RangeError

    out = output or sys.stdout
    if not out.isatty():
        return False
    if session.narrow:
        return False  # the glance counts everything: wrong figures first are worse than none
    columns, lines = os.get_terminal_size(out.fileno())
    try:
        found = glance(session.db, session.now_ms(), max(1, lines - 4), session.choice)
    except (StoreError, RangeError):
        return False
    out.write(_ENTER + "\r\n".join(frame(found, session, columns, lines)))
    out.flush()
    return True


def leave(output: TextIO | None = None) -> None:
    """Gives the screen back, where Textual never came to take it over."""
    out = output or sys.stdout
    out.write(_LEAVE)
    out.flush()


def frame(found: Glance, session: Session, columns: int, lines: int) -> list[str]:
    """At most ``lines`` - 1 lines of at most ``columns`` cells, laid out as the functions' table will be.

    What one rollup does not tell, such as percentiles and costs, stands as still to come.
    """
    marks, colour = session.marks, not session.terminal.no_color
    since = f" {marks.dot} newest data {age(session.now_ms() - found.as_of)}" if found.as_of is not None else ""
    laid_out = fitted(FUNCTIONS, columns)
    head = " ".join(align(column.title, width, column.align, marks.more) for column, width in laid_out)
    painted = [
        f"{_BOLD} {marks.brand} lambdatui  Functions{_OFF}"[: columns + 8],
        f"{_DIM}{f' {found.range.label}{since}'[:columns]}{_OFF}",
        f"{_BOLD}{f'  {head}'[:columns]}{_OFF}",
    ]
    for row in found.rows[: max(0, lines - len(painted) - 1)]:
        known = row._asdict() | {"error_rate": row.errors / row.invocations if row.invocations else None}
        cells = " ".join(
            cell(column, known[column.id], width, utc=session.utc, more=marks.more)
            if column.id in known
            else align(marks.more, width, column.align, marks.more)
            for column, width in laid_out
        )
        mark = marks.trouble if row.errors else " "
        line = f"{mark} {cells}"[:columns]
        painted.append(f"{_RED}{line[0]}{_OFF}{line[1:]}" if row.errors and colour else line)
    return painted
