"""Lines between points, in braille dots or ASCII signs: plotext draws them. Importing it takes some 40 ms."""

import re
from collections.abc import Iterator, Sequence

import plotext

_CELL = re.compile(r"\x1b\[([\d;]*)m|([^\x1b])")
_FIRST_COLOUR = 17  # of the 256: tells which line a cell belongs to, and is never painted
_ASCII = ("*", "+", "o")
_BROKEN = (0, 4, 2)  # every so many columns the second and the third line are left out

Run = Sequence[tuple[float, float]]


def plotted(
    curves: Sequence[Sequence[Run]], width: int, rows: int, ends: tuple[float, float], *, ascii: bool
) -> Iterator[tuple[int, int, int, str]]:
    """(number of the curve, row from below, column, sign) of each cell that a line goes through.

    A curve is runs of (column, value) with gaps between; ``ends`` are the values at the lower and the upper edge. Where
    lines cross, the later one is seen. The first line is whole, the second broken, the third dotted.
    """
    plotext.clear_figure()
    plotext.frame(False)
    plotext.xaxes(False, False)
    plotext.yaxes(False, False)
    plotext.xticks([], [])
    plotext.yticks([], [])
    plotext.xlim(0, max(1, width - 1))
    plotext.ylim(*ends)
    for number, runs in enumerate(curves):
        marker = _ASCII[number % len(_ASCII)] if ascii else "braille"
        for run in runs:
            columns, values = zip(*run, strict=True)
            draw = plotext.plot if len(run) > 1 else plotext.scatter
            draw(columns, values, marker=marker, color=_FIRST_COLOUR + number)
    plotext.limit_size(False, False)  # to the terminal's, which is another's where the screen is no terminal
    plotext.plotsize(width, rows)
    for place, line in enumerate(plotext.build().split("\n")[:rows]):
        yield from _cells(line, rows - 1 - place)


def _cells(line: str, row: int) -> Iterator[tuple[int, int, int, str]]:
    number, column = 0, 0
    for found in _CELL.finditer(line):
        codes, sign = found.groups()
        if sign is None:
            numbers = codes.split(";")
            if numbers[:2] == ["38", "5"]:
                number = int(numbers[2]) - _FIRST_COLOUR
            continue
        broken = _BROKEN[number % len(_BROKEN)]
        if sign != " " and sign != "⠀" and not (broken and column % broken == broken - 1):
            yield number, row, column, sign
        column += 1
