"""The band above the functions: what the fleet does and costs, each figure beside that of a week before."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lambdatui.text.figures import count, milliseconds, money, ratio
from lambdatui.text.table import cells, cut
from lambdatui.text.terminal import Terminal
from lambdatui.widgets.chart import Looks, brief
from lambdatui.widgets.layout import band_lines
from lambdatui.widgets.plot import ASCII, PLAIN, QUIET, UNICODE, Curve, Look, Plot, Run
from lambdatui.widgets.plot_cells import drawn

if TYPE_CHECKING:
    from lambdatui.views.fleet_series import FleetFigures, FleetSeries, Values

_PANELS, _LEAST_PANEL, _GAP, _MARGIN = 4, 17, 2, 1
_HEAD_LINES = 2
_SCALE = 6  # cells that a scale takes at most, most often
_MOST_STEPS = 48
_BOLD = Look(attributes="bold")
_MARK = 1e-9  # the height of a sign that only says that there was something


class Band(Widget):
    """Four panels side by side. It is as high as ``layout.band_lines`` says, and empty until it has figures."""

    def __init__(self, terminal: Terminal, *, utc: bool) -> None:
        super().__init__()
        self._terminal, self._utc = terminal, utc
        self._signs = ASCII if terminal.ascii else UNICODE
        self._series: FleetSeries | None = None
        self._lines: list[list[Run]] = []

    def on_mount(self) -> None:
        """Takes the height that the terminal has for it."""
        self.fit()

    def on_resize(self) -> None:
        """Draws again in the new size."""
        self._draw()

    @property
    def is_empty(self) -> bool:
        """Whether it has no figures yet."""
        return self._series is None

    def fit(self) -> None:
        """Takes the height that the terminal has for it now."""
        self.styles.height = band_lines(self.app.size.width, self.app.size.height)

    @property
    def is_shown(self) -> bool:
        """Whether there is room for it, and it is not hidden."""
        return bool(self.display and band_lines(self.app.size.width, self.app.size.height))

    @property
    def steps(self) -> int:
        """How many steps of time a panel can show."""
        return max(8, min(_MOST_STEPS, _widths(self.app.size.width)[0] - _SCALE))

    def show_series(self, series: "FleetSeries") -> None:
        """Shows the figures; only lines that read differently are painted again."""
        self._series = series
        self._draw()

    def _draw(self) -> None:
        before = self._lines
        self._lines = [] if self._series is None else self._painted(self._series, self.size.width, self.size.height)
        for y in range(max(len(before), len(self._lines))):
            if before[y : y + 1] != self._lines[y : y + 1]:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """A line of all panels."""
        ground = self.rich_style
        if y >= len(self._lines):
            return Strip.blank(self.size.width, ground)
        looks = Looks(self._terminal, self.app.theme_variables)
        segments = [Segment(text, ground + looks.style(look)) for text, look in brief(self._lines[y], self._terminal)]
        return Strip(segments).adjust_cell_length(self.size.width, ground)

    def _painted(self, series: "FleetSeries", width: int, height: int) -> list[list[Run]]:
        """The lines of all panels that fit, side by side."""
        if height <= _HEAD_LINES:
            return []
        lines: list[list[Run]] = [[(" " * _MARGIN, PLAIN)] for _ in range(height)]
        for place, (panel, cells_wide) in enumerate(zip(_panels(series), _widths(width), strict=False)):
            head, beneath, plot = panel
            body = drawn(plot, cells_wide, height - _HEAD_LINES, self._signs)
            more = self._terminal.marks.more
            own = [_fitted(head, cells_wide, more), _fitted(beneath, cells_wide, more), *body]
            for line, runs in zip(lines, own, strict=True):
                line += [(" " * _GAP, PLAIN)] * bool(place) + runs
        return lines


Texts = Sequence[list[Run]]
"""The same said in ever fewer words."""
Panel = tuple[Texts, Texts, Plot]


def _widths(columns: int) -> list[int]:
    """How wide each panel is: four of them, fewer where the terminal is very narrow."""
    number = max(1, min(_PANELS, (columns + _GAP) // (_LEAST_PANEL + _GAP)))
    room = columns - 2 * _MARGIN - _GAP * (number - 1)
    return [max(1, room // number + (place < room % number)) for place in range(number)]


def _fitted(texts: Texts, width: int, more: str) -> list[Run]:
    """The longest of the texts that fits, in exactly ``width`` cells."""
    runs = next((runs for runs in texts if sum(cells(text) for text, _ in runs) <= width), texts[-1])
    fitted: list[Run] = []
    room = width
    for text, look in runs:
        if room > 0:
            text = cut(text, room, more)
            fitted.append((text, look))
            room -= cells(text)
    return [*fitted, (" " * room, PLAIN)] if room > 0 else fitted


def _panels(series: "FleetSeries") -> list[Panel]:
    return [_invocations(series), _latency(series), _throttles(series), _cost(series)]


def _plot(series: "FleetSeries", unit: str, *curves: Curve) -> Plot:
    return Plot(series.starts, curves, unit, unfinished=series.unfinished, known_ms=series.known_ms)


def _invocations(series: "FleetSeries") -> Panel:
    now, then = series.now, series.before
    share = ratio(now.errors / now.invocations) if now.errors is not None and now.invocations else ""
    title, figure = ("Invocations ", _BOLD), (count(now.invocations), PLAIN)
    sign = ("  x ", Look("error"))
    errors = (count(now.errors), Look("error") if now.errors else PLAIN)
    head = [
        [title, figure, sign, ("errors ", QUIET), errors, (f" ({share})" if share else "", QUIET)],
        [title, figure, sign, errors, (f" ({share})" if share else "", QUIET)],
        [title, figure, sign, errors],
        [("Calls ", _BOLD), figure, ("  x ", Look("error")), errors],
        [("Calls ", _BOLD), (_short(now.invocations), PLAIN), (" x", Look("error")), (_short(now.errors), PLAIN)],
    ]
    of_calls, of_errors = _change(now, then, "invocations"), _change(now, then, "errors")
    beneath = _beneath(series, [(of_calls, PLAIN), ("  x ", Look("error")), (of_errors, PLAIN)])
    curves = (
        Curve("invocations", series.invocations, "secondary", kind="bars"),
        Curve("errors", series.errors, "error", points=True),
    )
    return head, beneath, _plot(series, "count", *curves)


def _latency(series: "FleetSeries") -> Panel:
    now, then = series.now, series.before
    head = [
        [("Duration p95 ", _BOLD), (milliseconds(now.p95_ms), PLAIN), ("  of all invocations", QUIET)],
        [("Duration p95 ", _BOLD), (milliseconds(now.p95_ms), PLAIN)],
        [("p95 ", _BOLD), (milliseconds(now.p95_ms), PLAIN)],
    ]
    beneath = _beneath(series, [(_change(now, then, "p95_ms"), PLAIN)])
    return head, beneath, _plot(series, "ms", Curve("p95", series.p95_ms, "warning", kind="area"))


def _throttles(series: "FleetSeries") -> Panel:
    now, then = series.now, series.before
    rejected = (count(now.throttles), Look("warning") if now.throttles else PLAIN)
    title, sign = ("Throttles ", _BOLD), ("! ", Look("warning"))
    peak, limit = count(now.concurrency), count(series.limit)
    share = f" ({ratio(now.concurrency / series.limit)})" if series.limit and now.concurrency is not None else ""
    of = f" of {limit}" if series.limit is not None else ""
    whose = f" {series.limited_by}" if series.limited_by else ""
    head: list[list[Run]] = [
        [title, sign, rejected, ("  concurrency ", QUIET), (peak, PLAIN), (f"{of}{share}{whose}", QUIET)],
        [title, sign, rejected, ("  concurrency ", QUIET), (peak, PLAIN), (f"{of}{share}", QUIET)],
        [title, sign, rejected, ("  peak ", QUIET), (peak, PLAIN), (f"{of}{share}", QUIET)],
        [title, sign, rejected, ("  peak ", QUIET), (peak, PLAIN), (of, QUIET)],
        [("Throt ", _BOLD), sign, rejected, ("  ", PLAIN), (peak, PLAIN), (of.replace(" of ", "/"), QUIET)],
        [("! ", Look("warning")), rejected, ("  ", PLAIN), (peak, PLAIN), (of.replace(" of ", "/"), QUIET)],
    ]
    if now.throttles is None and now.concurrency is None:
        head = [
            [title, ("no metrics: lambdatui collect", QUIET)],
            [title, ("no metrics", QUIET)],
            [title, ("-", QUIET)],
        ]
    beneath = _beneath(
        series,
        [(_change(now, then, "throttles"), PLAIN), ("  peak ", QUIET), (_change(now, then, "concurrency"), PLAIN)],
    )
    if now.concurrency is None:
        return head, beneath, _plot(series, "count", Curve("throttles", series.throttles, "warning", kind="bars"))
    # Requests that were rejected are no environments at work: only a sign says where there were some.
    marked = tuple(_MARK if value else None for value in series.throttles)
    limits: Values = (float(series.limit),) * len(series.starts) if series.limit else ()
    curves = (
        Curve("concurrency", series.concurrency, "secondary", kind="bars"),
        Curve("throttles", marked, "warning", kind="within", sign="!"), Curve("limit", limits, "quiet", kind="level"),
    )  # fmt: skip
    return head, beneath, _plot(series, "count", *curves)


def _cost(series: "FleetSeries") -> Panel:
    now, then = series.now, series.before
    title, until = ("Cost ", _BOLD), ("  month end ", QUIET)
    cost, end = (_cents(now.cost_usd), PLAIN), (_cents(series.month_end), PLAIN)
    whole, whole_end, listed = (money(now.cost_usd), PLAIN), (money(series.month_end), PLAIN), (" list", QUIET)
    by_list = ("List ", _BOLD)
    # Never without "list": the header's month end is another figure, after the free tier.
    head: list[list[Run]] = [
        [title, whole, until, whole_end, (" at list price", QUIET)],
        [title, whole, until, whole_end, listed],
        [title, cost, ("  end ", QUIET), end, listed],
        [by_list, cost, ("  end ", QUIET), end],
        [title, cost, listed],
        [by_list, cost],
    ]
    change: Run = (_change(now, then, "cost_usd"), PLAIN)
    beneath = _beneath(series, [change])
    return head, beneath, _plot(series, "usd", Curve("cost", series.cost_usd, "success", kind="bars"))


def _cents(amount: Decimal | None) -> str:
    return money(amount, width=7)


def _short(value: float | None) -> str:
    """A count in at most four cells or so: ``812``, ``26k``."""
    return count(value) if value is None or value < 10_000 else f"{value / 1000:.0f}k" if value < 1e6 else count(value)


def _beneath(series: "FleetSeries", changes: list[Run]) -> list[list[Run]]:
    """How the figures differ from those of the same time a week before, said in ever fewer words."""
    if series.before is None:
        unknown: Run = ("vs week ago n/a", QUIET)
        return [[unknown, (f": {series.why_not}", QUIET)], [unknown], [("wk n/a", QUIET)]]
    return [
        [("vs the week before ", QUIET), *changes],
        [("vs week ago ", QUIET), *changes],
        changes,
    ]


def _change(now: "FleetFigures", then: "FleetFigures | None", name: str) -> str:
    """``+12%``, ``2.5x``, ``same``; ``0 then`` where there was nothing, ``n/a`` where one of the two is unknown."""
    after, before = getattr(now, name), None if then is None else getattr(then, name)
    if after is None or before is None:
        return "n/a"
    if after == before:
        return "same"
    if not before:
        return "0 then"
    times = float(after) / float(before)
    if times >= 2:
        return f"{times:.1f}x" if times < 99.95 else f"{times:,.0f}x"
    part = times - 1
    if abs(part) < 0.0005:
        return "same"
    return f"{part:+.1%}" if abs(part) < 0.0995 else f"{part:+.0%}"
