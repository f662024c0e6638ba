"""The lines of the first frame, laid out as the functions' screen will be."""

from lambdatui.text.figures import age, counted, zone_names
from lambdatui.text.plain import plain
from lambdatui.text.table import cells
from lambdatui.views.columns import columns_of, picked_columns, table_columns
from lambdatui.views.fleet_health import health
from lambdatui.views.function_row import DEAREST_FIRST, FunctionView
from lambdatui.views.startup_view import StartupView
from lambdatui.widgets.layout import (
    NOWHERE,
    RIGHT,
    band_lines,
    column_heading,
    fitted_columns,
    hidden_hint,
    home_header_lines,
    pane_place,
    panes_wanted,
    row_cell,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdatui.text.terminal import Terminal

FUNCTIONS = table_columns(FunctionView)
"""The columns of the functions' table, as ``lambdatui.screens.functions`` has them."""

_BOLD, _DIM, _RED, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


def beside_rows(columns: int, lines: int, panes: "str | None" = None) -> int:
    """How many lines of the screen are no rows: the header's, the band's, one of titles, one of keys.

    ``panes`` is what ``Tab`` chose in the run before.
    """
    return home_header_lines(columns) + _band_lines(columns, lines, panes) + 2


def _band_lines(columns: int, lines: int, panes: "str | None") -> int:
    return band_lines(columns, lines) if panes_wanted(panes)[0] else 0


def frame(
    view: StartupView,
    name: str,
    now_ms: int,
    terminal: "Terminal",
    columns: int,
    lines: int,
    *,
    utc: bool = False,
    picked: str = "",
    panes: "str | None" = None,
) -> list[str]:
    """At most ``lines`` - 1 lines of at most ``columns`` cells, laid out as the functions' screen will be.

    ``name`` is the store's; ``picked`` are the columns that were picked in the run before, as they are saved, ``panes``
    what ``Tab`` chose. What is not in the rollups, such as percentiles and costs, is shown as still to come.
    """
    marks = terminal.marks
    zone = zone_names(*view.ends[:2], utc=utc)
    since = f" {marks.dot} newest data {age(now_ms - view.as_of)}" if view.as_of is not None else ""
    room = lines - beside_rows(columns, lines, panes)
    well = health(view.rows, {}) if view.whole else marks.more
    beside = pane_place(columns, room + 1, view.count, terminal_lines=lines) if panes_wanted(panes)[1] else (NOWHERE, 0)
    table = columns - beside[1] * (beside[0] == RIGHT)
    # A scroll bar will take one cell.
    every = picked_columns(picked, (*columns_of(FunctionView), *(one.column for one in FUNCTIONS)), FUNCTIONS)
    laid_out = fitted_columns(every, table - (view.count > room))
    titles = " ".join(column_heading(column, width, DEAREST_FIRST, marks) for column, width in laid_out)
    painted = [
        f"{_BOLD}{_sides(columns, f'{marks.brand} lambdatui  Functions', f'{plain(name)}  {zone}')}{_OFF}",
        f"{_DIM}{_sides(columns, f'{view.ends[2]}{since}', counted(view.count, 'function'))}{_OFF}",
        f"{_sides(columns, well, '')}",
        *[""] * (home_header_lines(columns) - 3 + _band_lines(columns, lines, panes)),
        f"{_BOLD}{f'{hidden_hint(len(every) - len(laid_out))}{titles}'[:table]}{_OFF}",
    ]
    for row in view.rows[: max(0, room)]:
        trouble = row.trouble is not None
        mark = marks.trouble if trouble else " "
        text = " ".join(row_cell(column, row, width, utc=utc, more=marks.more) for column, width in laid_out)
        text = f" {text}"[: table - 1]  # cuts only where not even the mark and one cell fit
        painted.append(f"{_RED}{mark}{_OFF}{text}" if trouble and not terminal.no_color else f"{mark}{text}")
    return painted[: max(1, lines - 1)]


def _sides(columns: int, left: str, right: str) -> str:
    """``left`` and ``right`` on one line, as the header lays them out; where both do not fit, ``right`` is left out."""
    room = columns - 2
    if len(left) + cells(right) + 2 > room:
        return f" {left}"[: max(0, columns - 1)]
    return f" {left}{' ' * (room - len(left) - cells(right))}{right} "
