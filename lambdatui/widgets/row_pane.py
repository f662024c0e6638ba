"""The pane for the row under the cursor, and what lays it out below its table or at its right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from lambdatui.text.figures import instant
from lambdatui.text.plain import plain
from lambdatui.text.table import cut, padded
from lambdatui.text.terminal import Terminal
from lambdatui.views.row_details import DetailField, RowDetails
from lambdatui.widgets.layout import BELOW, NOWHERE, RIGHT, pane_place
from lambdatui.widgets.log_text import Row, rows
from lambdatui.widgets.messages import PaneResized

_TONES = ("label", "value", "error", "warning", "good", "quiet", "platform", "log")
_LABEL_CELLS = 14
_TIMED_CELLS = 80  # from this width on, log lines have their times
_MOST_CHARTS = 2
_BESIDE_TITLE = 6  # cells of the rule that stay beside a title


class TableAndPane(Widget):
    """A table, or the text in its place, and the pane below it or at its right, where there is room."""

    def __init__(self) -> None:
        super().__init__(id="rows")
        self.place: tuple[str, int] = (NOWHERE, 0)
        self.wanted = True
        """Whether the pane is to be shown where it fits."""
        self._rows = 0
        self._beside = _Beside()

    def fit(self, rows: int, *, wanted: bool) -> None:
        """Lays out again where another number of rows, or the wish for a pane, gives the pane another place."""
        self._rows, self.wanted = rows, wanted
        if self.size.height and self.place_in(self.size) != self.place:
            for child in self.children:
                child.refresh(layout=True)

    def forget_place(self) -> None:
        """Lets the next layout place the pane as if it was not there yet."""
        self.place = (NOWHERE, 0)

    def holds(self, rows: int) -> bool:
        """Whether the pane is shown, and stands below all of so many rows or at their right."""
        where, cells = self.place
        return where == RIGHT or (where == BELOW and rows < self.size.height - cells)

    def place_in(self, size: Size) -> tuple[str, int]:
        """The pane's place in a space of that size."""
        if not self.wanted or not any(isinstance(child, RowPane) for child in self.children):
            return NOWHERE, 0
        return self.room_in(size)

    def room_in(self, size: Size) -> tuple[str, int]:
        """The place that the pane would have if it was wanted."""
        return pane_place(size.width, size.height, self._rows, terminal_lines=self.app.size.height, before=self.place)

    @property
    def layout(self) -> Layout:
        """Places the pane by the space there is, so that nothing is laid out twice."""
        return self._beside


class _Beside(Layout):
    """The layout of ``TableAndPane``."""

    name = "beside"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, TableAndPane)
        parent.pre_layout(self)
        where, cells = parent.place = parent.place_in(size)
        width, height = size
        whole = Region(0, 0, width, height)
        table, pane = {
            BELOW: (Region(0, 0, width, height - cells), Region(0, height - cells, width, cells)),
            RIGHT: (Region(0, 0, width - cells, height), Region(width - cells, 0, cells, height)),
        }.get(where, (whole, None))
        placements = []
        for child in children:
            region = pane if isinstance(child, RowPane) else table
            if region is not None:
                placements.append(_placed(child, region))
        return placements


def _placed(widget: Widget, region: Region) -> WidgetPlacement:
    return WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, widget, 0, False, False, False)


class RowPane(Widget):
    """What is known of the row under the cursor: charts, fields and text. The keyboard stays with the table."""

    def __init__(self, terminal: Terminal, *, utc: bool) -> None:
        super().__init__(id="pane")
        self._terminal = terminal
        self._utc = utc
        self._within = _Within()
        self.shown_title = ""
        """The title, uncut."""
        self.details: RowDetails | None = None
        """What is shown; None while there is no row, or after a failure."""

    def compose(self) -> ComposeResult:
        """The text; charts are added when the first ones come."""
        yield PaneText(self._terminal.marks.more, utc=self._utc)

    @property
    def layout(self) -> Layout:
        """Places charts and text by the space there is."""
        return self._within

    @property
    def body(self) -> "PaneText":
        """The fields and the text."""
        return self.query_one(PaneText)

    def show_details(self, details: RowDetails) -> None:
        """Shows what is known of a row; does nothing where that is shown already."""
        if details == self.details:
            return
        same = self.details is not None and self.details.title == details.title
        self.details = details
        self._say_title(details.title)
        self._show_charts(details)
        self.body.show(details, keep_place=same)

    def show_notice(self, title: str, notice: str, *, failing: bool = False) -> None:
        """Shows one sentence in place of details, such as why there are none."""
        self.details = None
        self._say_title(title)
        self._show_charts(RowDetails(title))
        self.body.show(RowDetails(title, (DetailField("", notice, "error" if failing else "quiet"),)), keep_place=False)

    def scroll_pages(self, pages: float) -> None:
        """Scrolls the text by parts of its height; negative is up."""
        body = self.body
        body.scroll_to(y=body.scroll_offset.y + round(pages * max(1, body.size.height - 1)), animate=False)

    def _say_title(self, title: str) -> None:
        self.shown_title = plain(title)
        self._paint_title()

    def _paint_title(self) -> None:
        """Cuts the title by ourselves: Textual would end it with a sign that a console does not have."""
        room = max(1, self.outer_size.width - _BESIDE_TITLE)
        text = cut(self.shown_title, room, self._terminal.marks.more)
        before = "" if self.has_class("-right") else " "  # a corner has a space after it
        painted = f"{before}{text} " if text else ""
        if painted != self._painted_title:
            self._painted_title = painted
            self.border_title = Text(painted)

    _painted_title = ""

    def _show_charts(self, details: RowDetails) -> None:
        charts = details.charts[:_MOST_CHARTS]
        if not charts and not self.has_charts:
            return
        from lambdatui.widgets.chart import Chart

        shown = list(self.query(Chart))
        if len(shown) < len(charts):
            more = [Chart(self._terminal, "", utc=self._utc) for _ in charts[len(shown) :]]
            self.mount(*more)
            shown += more
        self.has_charts = bool(shown)
        for place, chart in enumerate(shown):
            chart.display = place < len(charts)
            if place < len(charts):
                chart.show_view(charts[place])

    has_charts = False

    def on_resize(self) -> None:
        """Draws a rule at the left where the pane stands at the table's right."""
        parent = self.parent
        self.set_class(isinstance(parent, TableAndPane) and parent.place[0] == RIGHT, "-right")
        self._paint_title()
        self.post_message(PaneResized())


class _Within(Layout):
    """The layout of ``RowPane``: charts at the left of the text, above it side by side, or one above the other."""

    name = "within"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        parent.pre_layout(self)
        text = [child for child in children if isinstance(child, PaneText)]
        charts = [child for child in children if not isinstance(child, PaneText)]
        regions, rest = pane_parts(size.width, size.height, len(charts))
        placed = [_placed(chart, region) for chart, region in zip(charts, regions, strict=False)]
        return [*placed, *(_placed(one, rest) for one in text)]


_BESIDE_CELLS, _SIDE_BY_SIDE_CELLS = 100, 60
_CHART_LINES, _MOST_CHART_LINES = 5, 12


def pane_parts(width: int, height: int, charts: int) -> tuple[list[Region], Region]:
    """Where the charts stand in a pane, as many of them as have room, and where its text does."""
    if not charts or height < 2 * _CHART_LINES - 1:
        return [], Region(0, 0, width, height)
    if width >= _BESIDE_CELLS:
        shown = min(charts, max(1, height // _CHART_LINES))
        left, lines = width // 2, min(_MOST_CHART_LINES, height // shown)
        return _stacked(shown, left, lines), Region(left, 0, width - left, height)
    if width >= _SIDE_BY_SIDE_CELLS:
        lines = max(_CHART_LINES, min(_MOST_CHART_LINES, height * 2 // 5))
        cells = width // charts
        regions = [Region(number * cells, 0, cells, lines) for number in range(charts)]
        return regions, Region(0, lines, width, height - lines)
    shown = min(charts, max(1, height // (3 * _CHART_LINES)))
    lines = max(_CHART_LINES, min(_MOST_CHART_LINES, height * 2 // (5 * shown)))
    top = lines * shown
    return _stacked(shown, width, lines), Region(0, top, width, height - top)


def _stacked(charts: int, width: int, lines: int) -> list[Region]:
    return [Region(0, number * lines, width, lines) for number in range(charts)]


@dataclass(frozen=True, slots=True)
class _TextLine:
    """A line for ``log_text.rows``, which makes it plain and wraps it."""

    text: str
    kind: str
    timestamp: int = 0


class PaneText(ScrollView, can_focus=False, inherit_bindings=False):
    """Labels with their values, and lines of text below. None of it is markup, all of it is made plain."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"pane--{name}" for name in _TONES}

    def __init__(self, more: str, *, utc: bool) -> None:
        super().__init__()
        self._more = more
        self._utc = utc
        self._details = RowDetails("")
        self._lines: list[tuple[str, str, str]] = []  # label, text, tone
        self._looks: dict[str, Style] = {}
        self._anew = False  # whether the details are of another row than those that were laid out last

    def show(self, details: RowDetails, *, keep_place: bool) -> None:
        """Shows other details from their top; those of the same row stay where they were scrolled to."""
        self._details = details
        self._anew = self._anew or not keep_place
        before, top = self._lines, round(self.scroll_offset.y)
        self._lay_out()
        if round(self.scroll_offset.y) != top:
            return  # all of it is painted again
        for y in range(self.size.height):
            old, new = (lines[top + y : top + y + 1] for lines in (before, self._lines))
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        label_cells = min(_LABEL_CELLS, max((cell_len(field.label) for field in self._details.fields), default=0) + 1)
        begin = 0
        self._lines = [line for field in self._details.fields for line in _field_lines(field, label_cells, width)]
        text = self._details.text
        if text:
            timed = width >= _TIMED_CELLS
            room = width - (_LABEL_CELLS if timed else 0)
            for row in rows(text, max(8, room), wrap=True, only_errors=False, rendered=True):
                if row.line == self._details.begin and row.first:
                    begin = len(self._lines)
                self._lines.append((self._time(text, row) if timed else "", row.text, _tone_of(row)))
        size = Size(width, len(self._lines))
        if size != self.virtual_size:
            self.virtual_size = size
        if self._anew:
            self._anew = False
            self.scroll_to(y=begin, animate=False, force=True)  # whether there is a scroll bar is not known yet

    def _time(self, text: Sequence[object], row: Row) -> str:
        moment = instant(getattr(text[row.line], "timestamp", 0), utc=self._utc, millis=True)[11:] if row.first else ""
        return f"{moment:<{_LABEL_CELLS}}"

    def on_resize(self, event: events.Resize) -> None:
        """Lays out for the new width."""
        self._lay_out()
        self.refresh()

    def notify_style_update(self) -> None:
        """Forgets the colours of the theme before."""
        super().notify_style_update()
        self._looks.clear()

    def _look(self, name: str) -> Style:
        if name not in self._looks:
            self._looks[name] = self.get_component_rich_style(f"pane--{name}")
        return self._looks[name]

    def render_line(self, y: int) -> Strip:
        """One line: its label, and its text in the colour of what it means."""
        width = self.size.width
        base = self._look("value")
        index = round(self.scroll_offset.y) + y
        if index >= len(self._lines):
            return Strip.blank(width, base)
        label, text, tone = self._lines[index]
        segments = [Segment(" ", base), Segment(label, self._look("label")), Segment(text, self._look(tone))]
        return Strip(segments).simplify().adjust_cell_length(width, base)


def _tone_of(row: Row) -> str:
    return row.kind if row.kind in _TONES else "log"


def _field_lines(field: DetailField, label_cells: int, width: int) -> list[tuple[str, str, str]]:
    """The lines that a field takes: its label stands before the first of them, above where it is too long."""
    label = plain(field.label)
    tone = field.tone if field.tone in _TONES else "value"
    room = max(8, width - label_cells - 1)
    pieces = [row.text for row in rows((_TextLine(field.value, tone),), room, wrap=True, only_errors=False)]
    lines = [(" " * label_cells, piece, tone) for piece in pieces]
    if cell_len(label) >= label_cells:
        return [(label, "", tone), *lines]
    return [(padded(label, label_cells, more=""), *lines[0][1:]), *lines[1:]]
