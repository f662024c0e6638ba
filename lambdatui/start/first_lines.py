"""The lines of the first frame, laid out as the functions' screen will be."""

from lambdatui.screens.columns import FUNCTIONS, FUNCTIONS_SORT
from lambdatui.text.figures import age, counted
from lambdatui.text.plain import plain
from lambdatui.text.table import cells
from lambdatui.views.fleet_health import health, in_trouble
from lambdatui.views.startup_view import Glance
from lambdatui.widgets.layout import fitted, heading, hidden_hint, home_header_lines, row_cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from lambdatui.session.terminal import Terminal

_BOLD, _DIM, _RED, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"


def beside_rows(columns: int) -> int:
    """Lines that are no rows: the header's, one of titles, one of keys."""
    return home_header_lines(columns) + 2


def frame(
    found: Glance, name: str, now_ms: int, of: "Terminal", columns: int, lines: int, *, utc: bool = False
) -> list[str]:
    """At most ``lines`` - 1 lines of at most ``columns`` cells, laid out as the functions' screen will be.

    ``name`` is the store's. What rollups do not tell at once, such as percentiles and costs, stands as still to come.
    """
    marks = of.marks
    since = f" {marks.dot} newest data {age(now_ms - found.as_of)}" if found.as_of is not None else ""
    room = lines - beside_rows(columns)
    well = health(found.rows, {}) if found.whole else marks.more
    # A scroll bar will take one cell.
    laid_out = fitted(FUNCTIONS, columns - (found.count > room))
    titles = " ".join(heading(column, width, FUNCTIONS_SORT, marks) for column, width in laid_out)
    painted = [
        f"{_BOLD}{_sides(columns, f'{marks.brand} lambdatui  Functions', plain(name))}{_OFF}",
        f"{_DIM}{_sides(columns, f'{found.ends[2]}{since}', counted(found.count, 'function'))}{_OFF}",
        f"{_sides(columns, well, '')}",
        *[""] * (home_header_lines(columns) - 3),
        f"{_BOLD}{f'{hidden_hint(len(FUNCTIONS) - len(laid_out))}{titles}'[:columns]}{_OFF}",
    ]
    for row in found.rows[: max(0, room)]:
        trouble = in_trouble(row, {})
        mark = marks.trouble if trouble else " "
        text = " ".join(row_cell(column, row, width, utc=utc, more=marks.more) for column, width in laid_out)
        text = f" {text}"[: columns - 1]  # cuts only where not even the mark and one cell fit
        painted.append(f"{_RED}{mark}{_OFF}{text}" if trouble and not of.no_color else f"{mark}{text}")
    return painted[: max(1, lines - 1)]


def _sides(columns: int, left: str, right: str) -> str:
    """Left and right on one line, as the header lays them out; where they do not fit together, the right one goes."""
    room = columns - 2
    if len(left) + cells(right) + 2 > room:
        return f" {left}"[: max(0, columns - 1)]
    return f" {left}{' ' * (room - len(left) - cells(right))}{right} "
