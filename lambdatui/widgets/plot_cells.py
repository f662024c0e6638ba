"""Draws plots into lines of cells: the one home of every chart. Knows no terminal and no widget."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lambdatui.text.clock_ticks import clock_ticks
from lambdatui.text.scale import Scale, scale_of, tick_text
from lambdatui.widgets.plot import (
    AREA,
    ASCII,
    ATOP,
    BARS,
    LEVEL,
    LINE,
    PLAIN,
    QUIET,
    WITHIN,
    Curve,
    Look,
    Plot,
    Run,
    Signs,
)  # fmt: skip

_WIDEST_BAR = 8
_LEAST_FOR_TICKS = 24
_EIGHTHS = 8


def drawn(plot: Plot, width: int, height: int, signs: Signs) -> list[list[Run]]:
    """The plot in exactly ``height`` lines of exactly ``width`` cells: the last one has the times, where there are two.

    The scale's figures stand at the left where there is room for them.
    """
    if height < 1 or width < 1:
        return []
    if not plot.starts:
        return [[(" " * width, PLAIN)] for _ in range(height)]
    rows = height - 1 if height > 1 else 1
    lowest, highest = plot.extent()
    scale = scale_of(lowest, highest, plot.unit, rows)
    texts = [tick_text(tick, plot.unit, scale.step) for tick in scale.ticks]
    gutter = max(map(len, texts)) + 1 if width >= _LEAST_FOR_TICKS else 0
    if gutter > width // 3:
        gutter = 0
    canvas = _Canvas(plot, scale, width - gutter, rows, signs)
    lines = canvas.lines()
    beside = _beside(scale, texts, rows, gutter)
    painted = [[(text, QUIET), *line] if gutter else line for text, line in zip(beside, lines, strict=True)]
    if height > 1:
        painted.append([(" " * gutter + _time_axis(plot, width - gutter), QUIET)])
    return painted


def _beside(scale: Scale, texts: Sequence[str], rows: int, gutter: int) -> list[str]:
    """What stands at the left of each row, the highest first: the ends before what lies between."""
    by_row: dict[int, str] = {}
    for tick, text in sorted(zip(scale.ticks, texts, strict=True), key=lambda one: (one[0] != 0, -abs(one[0]))):
        by_row.setdefault(round(scale.place(tick) * (rows - 1)), text)
    return [f"{by_row.get(row, ''):>{max(0, gutter - 1)}} "[:gutter] for row in reversed(range(rows))]


def _time_axis(plot: Plot, width: int) -> str:
    """The times under the plot, each in the middle below its moment where it fits there."""
    begin, span = plot.starts[0], max(1, plot.end_ms - plot.starts[0])
    cells, free = [" "] * width, 0
    for at_ms, text in clock_ticks(begin, plot.end_ms, width, utc=plot.utc):
        first = min((at_ms - begin) * width // span - (len(text) - 1) // 2, width - len(text))
        first = max(first, 0)
        if first >= free and first + len(text) <= width:
            cells[first : first + len(text)] = text
            free = first + len(text) + 1
    return "".join(cells)


@dataclass(slots=True)
class _Canvas:
    """The cells of a plot, ``rows`` by ``width``; row 0 is the lowest."""

    plot: Plot
    scale: Scale
    width: int
    rows: int
    signs: Signs
    cells: list[list[Run]] = field(default_factory=list)
    values: dict[int, list[float | None]] = field(default_factory=dict)
    firsts: list[int] = field(default_factory=list)
    """The first step of each column, and the number of steps."""

    def lines(self) -> list[list[Run]]:
        """The cells as they are painted, the highest row first; neighbours of one look are one run."""
        self.cells = [[(" ", PLAIN)] * self.width for _ in range(self.rows)]
        self.firsts = [column * len(self.plot.starts) // self.width for column in range(self.width + 1)]
        self._baseline()
        for number, (kind, curve) in enumerate(self.plot.kinds()):
            if kind in (BARS, AREA):
                self._fill(curve, bars=kind == BARS, first=not number)
        self._stack()
        for kind, curve in self.plot.kinds():
            if kind == LEVEL:
                self._level(curve)
        self._lines()
        self._marks()
        return [_joined(row) for row in reversed(self.cells)]

    def _steps(self, column: int) -> range:
        """The steps that a column shows: one, or several where there are more steps than columns."""
        return range(self.firsts[column], self._end(column))

    def _end(self, column: int) -> int:
        return max(self.firsts[column] + 1, self.firsts[column + 1])

    def _column_of(self, step: int) -> int:
        """The column in the middle of a step."""
        return min(self.width - 1, (2 * step + 1) * self.width // (2 * len(self.plot.starts)))

    def _value(self, curve: Curve, column: int) -> float | None:
        """The value of a column: that of its step, or the one furthest from 0 of several."""
        values = self.values.get(id(curve))
        if values is None:
            of_steps = [self.plot.value(curve, step) for step in range(len(self.plot.starts))]
            values = self.values[id(curve)] = [_furthest(of_steps[self.firsts[place] : self._end(place)])
                                               for place in range(self.width)]  # fmt: skip
        return values[column]

    def _eighth(self, value: float) -> int:
        """How many eighths of a cell a value stands above the bottom; what is more than 0 is at least one."""
        place = round(self.scale.place(value) * self.rows * _EIGHTHS)
        return min(max(place, self._zero + 1), self.rows * _EIGHTHS) if value > 0 else place

    @property
    def _zero(self) -> int:
        return round(self.scale.place(0.0) * self.rows * _EIGHTHS)

    def _is_bar(self, column: int, *, bars: bool) -> bool:
        """Whether bars have this column: wide ones have a space at their right."""
        if not bars:
            return True
        count = len(self.plot.starts)
        if self.width // count < 3:
            return True
        step = column * count // self.width
        first = -(-step * self.width // count)
        return column - first < min(_WIDEST_BAR, -(-(step + 1) * self.width // count) - first - 1)

    def _baseline(self) -> None:
        """A line where a value is known, zero or not, and a dot where none is."""
        row = min(self.rows - 1, self._zero // _EIGHTHS)
        curves = self.plot.base()
        for column in range(self.width):
            sign = " " if any(self.plot.is_foretold(step) for step in self._steps(column)) else self.signs.unknown
            if any(self._value(curve, column) is not None for curve in curves):
                growing = any(self.plot.is_unfinished(step) for step in self._steps(column))
                sign = self.signs.hatch if growing else self.signs.zero
            self.cells[row][column] = sign, QUIET

    def _fill(self, curve: Curve, *, bars: bool, first: bool) -> None:
        """Bars or an area; the edge of an area is seen by its tone, unless lines over it say more."""
        full = Look(curve.tone if bars or not first else f"{curve.tone}-soft")
        edge = full if self.plot.is_lined() and not bars else Look(curve.tone)
        for column in range(self.width):
            value = self._value(curve, column)
            if not value or not self._is_bar(column, bars=bars):
                continue
            low, high = sorted((self._zero, self._eighth(value)))
            hatched = any(self.plot.is_unfinished(step) for step in self._steps(column))
            for row in range(low // _EIGHTHS, -(-high // _EIGHTHS)):
                part = min(high - row * _EIGHTHS, _EIGHTHS)
                if low > row * _EIGHTHS:  # an eighth block stands on its cell's bottom
                    part = _EIGHTHS if part == _EIGHTHS and low - row * _EIGHTHS <= _EIGHTHS // 2 else 0
                if hatched:
                    if part >= _EIGHTHS // 2 or row == low // _EIGHTHS:
                        self.cells[row][column] = self.signs.hatch, edge
                elif part:
                    whole = high - row * _EIGHTHS > _EIGHTHS
                    self.cells[row][column] = self.signs.eighths[part], full if whole else edge

    def _stack(self) -> None:
        """Parts of the bars from their bottom up, and more on top of them: each at least a cell high."""
        kinds = self.plot.kinds()
        whole = next((curve for kind, curve in kinds if kind == BARS), None)
        parts = [(kind, curve) for kind, curve in kinds if kind in (WITHIN, ATOP)]
        for column in range(self.width) if parts else ():
            if not self._is_bar(column, bars=whole is not None):
                continue
            total = self._value(whole, column) if whole is not None else None
            top = -(-self._eighth(total) // _EIGHTHS) if total and total > 0 else 0
            bottom, value_below = self._zero // _EIGHTHS, total or 0.0
            for kind, curve in parts:
                value = self._value(curve, column)
                if not value or value < 0:
                    continue
                # Less than half a cell is a sign without a ground, so that 1% does not look like a third of the bar.
                attributes = "reverse"
                if kind == WITHIN:
                    eighths = self._eighth(value) - self._zero
                    attributes = "reverse" if eighths >= _EIGHTHS // 2 else ""
                    cells = max(1, round(eighths / _EIGHTHS))
                    end = min(bottom + cells, max(top, bottom + 1), self.rows)
                    begin, bottom = bottom, end
                else:
                    value_below += value
                    end = max(1, round(self._eighth(value_below) / _EIGHTHS))
                    begin = min(top, end - 1)
                    top = end
                for row in range(begin, end):
                    self.cells[row][column] = curve.sign, Look(curve.tone, attributes=attributes)

    def _level(self, curve: Curve) -> None:
        """A limit: a broken line, beneath which what is filled stays seen."""
        if self.plot.is_above(curve, self.plot.extent()[1]):
            return
        for column in range(self.width):
            value = self._value(curve, column)
            if value is not None:
                row = min(self.rows - 1, max(0, (self._eighth(value) - 1) // _EIGHTHS))
                self._put(row, column, self.signs.level, curve.tone)

    def _put(self, row: int, column: int, sign: str, tone: str, attributes: str = "") -> None:
        """A sign over what is there: what was filled at least half becomes its ground."""
        before, look = self.cells[row][column]
        filled = before in self.signs.eighths[_EIGHTHS // 2 :] and before not in self.signs.eighths[: _EIGHTHS // 2]
        ground = look.tone if filled else look.tone if "reverse" in look.attributes else ""
        self.cells[row][column] = sign, Look(tone, "" if self.signs is ASCII else ground, attributes)

    def _lines(self) -> None:
        from lambdatui.widgets.plotted_lines import plotted

        curves = [curve for kind, curve in self.plot.kinds() if kind == LINE]
        if not curves:
            return
        runs = [list(self._points(curve)) for curve in curves]
        for number, row, column, sign in plotted(
            runs, self.width, self.rows, (self.scale.low, self.scale.high), ascii=self.signs is ASCII
        ):
            self._put(row, column, sign, curves[number].tone)

    def _points(self, curve: Curve) -> Iterator[list[tuple[float, float]]]:
        """The curve without its gaps: runs of (column, value)."""
        run: list[tuple[float, float]] = []
        count = len(self.plot.starts)
        columns = range(self.width) if count > self.width else None
        for place in columns or range(count):
            value = self._value(curve, place) if columns else self.plot.value(curve, place)
            if value is None:
                if run:
                    yield run
                run = []
            else:
                run.append((place if columns else (place + 0.5) * self.width / count - 0.5, value))
        if run:
            yield run

    def _marks(self) -> None:
        """Deploys, and the crosshair."""
        plot, last = self.plot, len(self.plot.starts) - 1
        for at_ms in plot.marks:
            if plot.starts[0] <= at_ms < plot.end_ms:
                column = (at_ms - plot.starts[0]) * self.width // (plot.end_ms - plot.starts[0])
                for row in range(self.rows - 1):
                    if self.cells[row][column][0] in (" ", self.signs.zero, self.signs.unknown):
                        self._put(row, column, self.signs.deploy_line, "accent")
                self._put(self.rows - 1, column, self.signs.deploy, "accent")
        if plot.cross is not None and 0 <= plot.cross <= last:
            column = self._column_of(plot.cross)
            for row in range(self.rows):
                self._put(row, column, self.signs.cross, "accent")


def _furthest(values: Sequence[float | None]) -> float | None:
    """The value furthest from 0; None where none is known."""
    return max((value for value in values if value is not None), key=abs, default=None)


def _joined(cells: Sequence[Run]) -> list[Run]:
    """Cells of one look as one run. An empty cell has its neighbour's look: each change of colour is some bytes."""
    runs: list[Run] = []
    text, look = "", PLAIN
    for sign, own in cells:
        if sign == " " and own == PLAIN and not (look.ground or look.attributes):
            own = look
        if own != look and text:
            runs.append((text, look))
            text = ""
        text, look = text + sign, own
    return [*runs, (text, look)] if text else runs
