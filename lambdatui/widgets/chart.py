"""A chart of one figure over a range. Importing this module imports plotext, which takes some 70 ms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.text import Text
from textual.color import Color
from textual_plotext import PlotextPlot

from collectors.model.units import DAY_MS
from lambdatui.text.figures import count, instant, megabytes, milliseconds, money, quantity, size
from lambdatui.text.terminal import Terminal

_TICKS_EVERY = 12  # cells from one time below the plot to the next
WRITTEN: dict[str, Callable[[float], str]] = {
    "count": count,
    "ms": milliseconds,
    "mb": megabytes,
    "usd": lambda value: money(Decimal(str(value))),
    "bytes": size,
    "figure": lambda value: quantity(value, width=7),
}
"""How a figure is written, by its unit."""


@dataclass(frozen=True, slots=True)
class Curve:
    """``values`` has a value for each step, None where there is none; ``tone`` is a theme colour's name.

    ``points`` draws each value as an x; other values are joined by a line.
    """

    name: str
    values: tuple[float | None, ...]
    tone: str
    points: bool = False


class Chart(PlotextPlot):
    """Curves that share their steps of time. A step takes one column or more, so drawing averages nothing."""

    def __init__(self, terminal: Terminal, title: str, *, unit: str = "count", utc: bool) -> None:
        """``unit`` is a key of ``WRITTEN``: how figures are written; ``utc`` false writes times in the local zone."""
        super().__init__()
        self._terminal = terminal
        self._utc = utc
        self.title = title
        self.unit = unit
        self.cross: int | None = None
        self._starts: Sequence[int] = ()
        self._curves: tuple[Curve, ...] = ()
        self._unfinished = self._measured = False
        if terminal.ansi:
            self.theme = "clear"

    def show_curves(
        self, starts: Sequence[int], curves: tuple[Curve, ...], *, unfinished: bool = False, measured: bool = False
    ) -> None:
        """``starts`` are the steps' first moments, epoch ms; an ``unfinished`` last step is marked with an o.

        A chart of zeros says that there is nothing in this range, unless the values are ``measured``.
        """
        self._measured = measured
        if (list(starts), curves, unfinished) != (list(self._starts), self._curves, self._unfinished):
            self._starts, self._curves, self._unfinished = starts, curves, unfinished
            self.refresh()

    def show_cross(self, step: int | None) -> None:
        """Draws a vertical line at a step, whose values stand in the title; None takes it away."""
        if step != self.cross:
            self.cross = step
            self.refresh()

    def _colour(self, tone: str) -> str | tuple[int, int, int]:
        if self._terminal.ansi:
            return {"secondary": "cyan", "error": "red", "warning": "orange"}.get(tone, "white")
        rgb = Color.parse(self.app.theme_variables[tone]).rgb
        return rgb[0], rgb[1], rgb[2]

    def _draw(self) -> None:
        plot = self.plt
        plot.clear_figure()
        plot.frame(False)
        marker = "*" if self._terminal.ascii else "braille"
        highest = lowest = 0.0
        for curve in self._curves:
            steps = [x for x, value in enumerate(curve.values) if value is not None]
            values = [value for value in curve.values if value is not None]
            if values:
                highest, lowest = max(highest, *values), min(lowest, *values)
                draw = plot.scatter if curve.points else plot.plot
                draw(steps, values, marker="x" if curve.points else marker, color=self._colour(curve.tone))
                if self._unfinished and not curve.points and steps[-1] == len(self._starts) - 1:
                    plot.scatter(steps[-1:], values[-1:], marker="o", color=self._colour(curve.tone))
        if self.cross is not None:
            plot.vertical_line(self.cross, color=self._colour("accent"))
        plot.xlim(0, max(1, len(self._starts) - 1))
        if self.unit == "count":
            highest += highest % 2  # half of the scale is a whole number too
        top = highest if highest > lowest else 1
        plot.ylim(lowest, top)
        tops = [lowest, (lowest + top) / 2, top] if self.size.height >= 6 else [lowest, top]
        written = WRITTEN[self.unit]
        plot.yticks(tops, [f"{written(value) if value else '0':>7}" for value in tops])
        ticks = self._time_ticks()
        plot.xticks([float(step) for step, _ in ticks], [text for _, text in ticks])

    def _time_ticks(self) -> list[tuple[int, str]]:
        if not self._starts:
            return []
        number = max(2, min(len(self._starts), self.size.width // _TICKS_EVERY))
        places = sorted({round(n * (len(self._starts) - 1) / (number - 1)) for n in range(number)})
        days = self._starts[-1] - self._starts[0] > 2 * DAY_MS
        part = slice(5, 10) if days else slice(11, 16)
        return [(place, instant(self._starts[place], utc=self._utc)[part]) for place in places]

    def render(self) -> Text:
        """The title with the crosshair's values or the curves' names, and the plot beneath."""
        title = Text.assemble((self.title, "bold"), no_wrap=True)
        if self.cross is not None and self.cross < len(self._starts):
            title.append(f"  {instant(self._starts[self.cross], utc=self._utc)[5:16]}", "dim")
            for curve in self._curves:
                value = curve.values[self.cross]
                title.append(f"  {curve.name} {'-' if value is None else WRITTEN[self.unit](value)}")
            if self._unfinished and self.cross == len(self._starts) - 1:
                title.append("  so far", "dim")
        else:
            for curve in self._curves[1:] if len(self._curves) > 1 else ():
                title.append(f"   {curve.name}", "dim")
            if self._unfinished:
                title.append("   o so far", "dim")
        values = [value for curve in self._curves for value in curve.values if value is not None]
        if not (values if self._measured else any(values)):
            return title.append("\n\n  nothing in this range" if self._starts else "")
        self._draw()
        self.plt.plotsize(self.size.width, self.size.height - 1)
        self.plt._set_size(self.size.width, self.size.height - 1)  # what PlotextPlot itself does, one line shorter
        self.plt.theme(self._get_plotext_theme_name(self.app.theme))
        return Text("\n", end="").join([title, Text.from_ansi(self.plt.build(), no_wrap=True)])
