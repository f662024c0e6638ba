"""The widget that shows a plot under its title and legend."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.widget import Widget

from lambdatui.text.figures import count, megabytes, milliseconds, money, quantity, short_moment_text, size
from lambdatui.text.plain import plain
from lambdatui.text.terminal import Terminal
from lambdatui.widgets.legend import Entry, entries_of, legend
from lambdatui.widgets.plot import ASCII, PLAIN, QUIET, UNICODE, Curve, Look, Plot, Run
from lambdatui.widgets.plot_cells import drawn

if TYPE_CHECKING:  # it asks the store: with the band it would be imported before the first screen
    from lambdatui.views.function_charts import ChartView

__all__ = ["TONES", "WRITTEN", "Chart", "Curve", "Looks", "curves_of"]

WRITTEN: dict[str, Callable[[float], str]] = {
    "count": count,
    "ms": milliseconds,
    "mb": megabytes,
    "usd": lambda value: money(Decimal(str(value))),
    "bytes": size,
    "figure": lambda value: quantity(value, width=7),
}
"""How a figure is written, by its unit."""
TONES = {
    "calls": "secondary", "bad": "error", "slow": "warning", "limit": "quiet", "good": "success", "money": "success",
    "plain": "foreground", "cold": "accent",
}  # fmt: skip
"""The theme colour's name of what a curve means."""
_ANSI = {"secondary": "cyan", "error": "red", "warning": "yellow", "success": "green", "accent": "magenta"}
_WORTH_GROUND = 20
"""From so many full blocks in a row on, a change of the ground's colour is fewer bytes."""
_SOFT = 45  # percent of its colour that an area's body has at least, so that its edge is seen


class Looks:
    """How the looks of a plot are painted in a theme, or in the terminal's own 16 colours."""

    def __init__(self, terminal: Terminal, colours: dict[str, str]) -> None:
        """``colours`` are the theme's variables: name -> colour."""
        self._terminal, self._colours = terminal, colours
        self.style = lru_cache(256)(self._style)

    def _style(self, look: Look) -> Style:
        attributes = look.attributes + (" dim" if self._terminal.ansi and look.tone == "quiet" else "")
        style = Style.parse(attributes.strip()) if attributes.strip() else Style()
        tone, ground = self._colour(look.tone), self._colour(look.ground)
        if "reverse" in look.attributes and not self._terminal.ansi:
            # The sign in the ground's colour, on the curve's: written out, because themes have no reversed look.
            return Style(color=self._colours["background"], bgcolor=tone)
        if tone is not None and ground is not None and not self._terminal.ansi:
            ground = self._readable_ground(Color.parse(tone), Color.parse(ground)).hex.lower()
        return style + Style(color=tone, bgcolor=ground)

    @property
    def _background(self) -> Color:
        return Color.parse(self._colours["background"])

    def _readable_ground(self, tone: Color, ground: Color) -> Color:
        """The ground of a sign over what is filled: as near to the screen's as the sign needs to be seen on it."""
        from lambdatui.widgets.contrast import LINES, ratio

        softer = (self._background.blend(ground, percent / 100) for percent in range(100, -1, -5))
        return next((colour for colour in softer if ratio(tone, colour) >= LINES), self._background)

    def _body(self, edge: Color) -> Color:
        """The colour of an area's body: softer than its edge, and told from the screen's ground."""
        from lambdatui.widgets.contrast import LINES, ratio

        fuller = (self._background.blend(edge, percent / 100) for percent in range(_SOFT, 101, 5))
        return next((colour for colour in fuller if ratio(colour, self._background) >= LINES), edge)

    def _colour(self, name: str) -> str | None:
        plain, _, soft = name.partition("-")
        if self._terminal.ansi:
            return _ANSI.get(plain)
        if not plain:
            return None
        colour = Color.parse(self._colours[plain])
        if colour.ansi is not None:  # as Textual's own themes have it, which do not name a quiet colour
            return None
        if soft:
            colour = self._body(colour)
        return f"#{colour.r:02x}{colour.g:02x}{colour.b:02x}"


def brief(runs: Sequence[Run], terminal: Terminal) -> list[Run]:
    """The runs, where there are colours with long rows of full blocks, three bytes each, as spaces on a ground."""
    if terminal.no_color or terminal.ascii:
        return list(runs)
    full = UNICODE.eighths[-1]
    shorter: list[Run] = []
    for text, look in runs:
        if look.ground or look.attributes or full * _WORTH_GROUND not in text:
            shorter.append((text, look))
            continue
        for part in re.findall(f"{full}{{{_WORTH_GROUND},}}|(?:(?!{full}{{{_WORTH_GROUND}}}).)+", text):
            long = part.startswith(full * _WORTH_GROUND)
            shorter.append((" " * len(part), Look("", look.tone)) if long else (part, look))
    return shorter


def curves_of(view: "ChartView") -> tuple[Curve, ...]:
    """The curves of a chart in the colours of what they mean."""
    return tuple(
        Curve(curve.name, curve.values, TONES[curve.meaning], curve.marked, curve.kind, curve.sign)
        for curve in view.curves
    )


class Chart(Widget):
    """Curves that share their steps of time. A step takes one column or more, so drawing averages nothing."""

    DEFAULT_CSS = "Chart { width: 1fr; height: 1fr; }"

    def __init__(self, terminal: Terminal, title: str, *, unit: str = "count", utc: bool) -> None:
        """``unit`` is a key of ``WRITTEN``: how figures are written; ``utc`` false writes times in the local zone."""
        super().__init__()
        self._terminal = terminal
        self._signs = ASCII if terminal.ascii else UNICODE
        self._utc = utc
        self.title = title
        self.unit = unit
        self._plot = Plot(utc=utc)
        self._measured = False

    @property
    def cross(self) -> int | None:
        """The step with the crosshair; None where there is none."""
        return self._plot.cross

    def show_view(self, view: "ChartView") -> None:
        """Shows a chart as its view has it: title, unit, curves and deploys."""
        self.title, self.unit = view.title, view.unit
        self.show_curves(
            view.starts, curves_of(view), unfinished=view.unfinished, measured=view.measured, known_ms=view.known_ms,
            marks=view.marks,
        )  # fmt: skip

    def show_curves(
        self,
        starts: Sequence[int],
        curves: tuple[Curve, ...],
        *,
        unfinished: bool = False,
        measured: bool = False,
        known_ms: int | None = None,
        marks: tuple[int, ...] = (),
    ) -> None:
        """``starts`` are the steps' first moments, epoch ms; an ``unfinished`` last step is hatched.

        So is what ends after ``known_ms``. ``marks`` are the times of deploys. A chart of zeros says that there is
        nothing in this range, unless the values are ``measured``.
        """
        self._measured = measured
        self._take(Plot(tuple(starts), curves, self.unit, self._utc, unfinished, known_ms, marks, self.cross))

    def show_cross(self, step: int | None) -> None:
        """Draws a vertical line at a step, whose values stand in the title; None takes it away."""
        plot = self._plot
        self._take(
            Plot(plot.starts, plot.curves, plot.unit, plot.utc, plot.unfinished, plot.known_ms, plot.marks, step)
        )

    def _take(self, plot: Plot) -> None:
        if (plot, self.title) != (self._plot, self._shown_title):
            self._plot, self._shown_title = plot, self.title
            self.refresh()

    _shown_title = ""

    def _entries(self) -> list[Entry]:
        """What stands beside the title: the signs' meanings, or with a crosshair the values of its step."""
        plot, step = self._plot, self._plot.cross
        if step is None or step >= len(plot.starts):
            return entries_of(plot, self._signs, self.title)
        written = WRITTEN[self.unit]
        entries = [Entry(short_moment_text(plot.starts[step], utc=self._utc), "", QUIET, extra=True)]
        for curve in plot.curves:
            value = plot.value(curve, step)
            text = "-" if value is None else written(value)
            entries.append(Entry(plain(curve.name), text, Look(curve.tone), whole=True))
        if plot.is_unfinished(step):
            entries.append(Entry(self._signs.hatch, "so far", QUIET, extra=True))
        return entries

    def render(self) -> Text:
        """The title with the crosshair's values or the curves' names, and the plot beneath."""
        looks = Looks(self._terminal, self.app.theme_variables)
        width, height = self.content_size
        lines = [legend(self.title, self._entries(), width, self._terminal.marks.more)]
        plot = self._plot
        values = [
            value for curve in plot.curves for step in range(len(plot.starts))
            if (value := plot.value(curve, step)) is not None
        ]  # fmt: skip
        if values if self._measured else any(values):
            lines += drawn(plot, width, height - 1, self._signs)
        elif plot.starts:
            lines += [[], [("  nothing in this range"[:width], PLAIN)]]
        return Text("\n", end="", no_wrap=True).join(
            _text(brief(line, self._terminal), looks) for line in lines[: max(1, height)]
        )


def _text(runs: Sequence[Run], looks: Looks) -> Text:
    text = Text(no_wrap=True, end="")
    for part, look in runs:
        text.append(part, looks.style(look))
    return text
