"""Log lines, painted line by line. Their text is never markup, and is made plain before it is painted."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lambdatui.text.figures import instant
from lambdatui.text.plain import plain
from lambdatui.text.terminal import Marks
from lambdatui.widgets.log_text import LoggedLine, Row, TextPattern, match_spans, rows

_STYLES = ("error", "platform", "log", "time", "match", "here")
_TIME_CELLS = 14


class LogPane(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling pane of log lines. The match or error that a key went to is marked with ``>``."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"log--{name}" for name in _STYLES}

    def __init__(self, marks: Marks, *, utc: bool, timestamps: bool = True, id: str | None = None) -> None:
        super().__init__(id=id)
        self._marks = marks
        self._utc = utc
        self._lines: Sequence[LoggedLine] = ()
        self._rows: list[Row] = []
        self._looks: dict[str, Style] = {}
        self.search_terms: str | Sequence[str | TextPattern] = ""
        """The text, or the terms, to highlight."""
        self.matching_lines: Collection[int] | None = None
        """The numbers of the lines that match, where lines around them are shown too; None: all lines."""
        self.wrap = True
        self.timestamps = timestamps
        self.only_errors = False
        self.folded = False
        self.rendered_json = True
        self.bare = False
        """Whether only the text is shown, without marks and times."""
        self.pinned = False
        """Whether the pane stays at its end when lines come."""
        self.marked_row: int | None = None
        """The number of the marked row; None where none is marked."""
        self._aim: int | None = None  # the line that was put on top, until somebody moves
        self._chosen: tuple[int, int] | None = None  # numbers of lines: where choosing began, and where it is now

    # What is shown ------------------------------------------------------------------------------------------------

    @property
    def lines_shown(self) -> Sequence[LoggedLine]:
        """The lines, before they are filtered and wrapped."""
        return self._lines

    @property
    def row_count(self) -> int:
        """How many rows the lines take."""
        return len(self._rows)

    def show_lines(self, lines: Sequence[LoggedLine]) -> None:
        """Shows other lines. A pane that stood at its end follows to the new end."""
        if list(lines) == list(self._lines):
            return
        following = bool(self._lines) and self.scroll_offset.y > 0 and self.is_vertical_scroll_end
        self._chosen = self._chosen_among(lines)
        self._lines = lines
        self._lay_out()
        if following or self.pinned:
            self.call_after_refresh(self.go_bottom)

    def copy_text(self) -> str:
        """All lines as they were written, without the control characters that a terminal obeys."""
        return "\n".join(plain(line.text.rstrip("\r\n"), newlines=True) for line in self._lines)

    def search(self, sought: str) -> int:
        """Highlights ``sought`` and goes to its first match; returns how many rows hold it."""
        self.search_terms = sought
        self.refresh()
        matching = self._matching()
        if matching:
            self._visit(matching[0])
        return len(matching)

    def _matching(self) -> list[int]:
        """The numbers of the rows that match; of a line that matches by other than its text, the first row."""
        lines = self.matching_lines
        among = [number for number, row in enumerate(self._rows) if lines is None or row.line in lines]
        holding = [number for number in among if match_spans(self._rows[number].text, self.search_terms)]
        return holding if holding or lines is None else [number for number in among if self._rows[number].first]

    def line_here(self) -> int | None:
        """The number of the marked line; without a mark, of the first matching line in sight."""
        if self.marked_row is not None and self.marked_row < self.row_count:
            return self._rows[self.marked_row].line
        top = round(self.scroll_offset.y)
        in_sight = self._rows[top : top + max(1, self.size.height)]
        matching = self.matching_lines
        lines = [row.line for row in in_sight if matching is None or row.line in matching]
        return lines[0] if lines else in_sight[0].line if in_sight else None

    def on_click(self, event: events.Click) -> None:
        """Marks the line that is clicked on."""
        row = round(self.scroll_offset.y) + event.y
        if row < self.row_count:
            self.marked_row, self.pinned = row, False
            self.refresh()

    def next_match(self, step: int) -> None:
        """Goes ``step`` matches on, and around at the end."""
        self._visit_next(self._matching(), step)

    def next_error(self, step: int) -> None:
        """Goes ``step`` failures on, and around at the end."""
        self._visit_next([number for number, row in enumerate(self._rows) if row.kind == "error" and row.first], step)

    def _visit_next(self, places: list[int], step: int) -> None:
        if not places:
            self.app.bell()
            return
        here = self.marked_row if self.marked_row is not None else (-1 if step > 0 else self.row_count)
        beyond = [place for place in places if (place > here if step > 0 else place < here)]
        self._visit((beyond or places)[0 if step > 0 else -1])

    def _visit(self, row: int) -> None:
        """Marks a row, and puts it into the upper third if it cannot be seen."""
        self._aim = None
        self.marked_row, self.pinned = row, False
        top = round(self.scroll_offset.y)
        if not top <= row < top + self.size.height:
            self.scroll_to(y=max(0, row - self.size.height // 3), animate=False)
        self.refresh()

    def go_to_line(self, line: int | None) -> None:
        """Puts a line's first row on top; None: that of the first line that reads like a failure."""
        row = self._row_of(line)
        if row is None:
            row = next((number for number, candidate in enumerate(self._rows) if candidate.kind == "error"), None)
        if row is not None:
            self.marked_row, self.pinned, self._aim = row, False, self._rows[row].line
            self.scroll_to(y=row, animate=False)
            self.refresh()

    # Choosing lines -----------------------------------------------------------------------------------------------

    def choose(self, step: int) -> None:
        """Chooses one line more: the one below (``step`` 1) or above (-1); at first the marked one, or one in sight."""
        numbers = [row.line for row in self._rows if row.first]
        if not numbers:
            return
        self._aim, self.pinned = None, False
        if self._chosen is None:
            here = self._first_to_choose(step)
            self._chosen = here, here
        else:
            began, here = self._chosen
            at = numbers.index(here) + step if here in numbers else 0
            self._chosen = began, numbers[max(0, min(at, len(numbers) - 1))]
        self._reveal_line(self._chosen[1], step)
        self.refresh()

    def _first_to_choose(self, step: int) -> int:
        """The marked line where it is in sight; else the first or, upwards, the last line in sight."""
        top = round(self.scroll_offset.y)
        bottom = min(self.row_count, top + max(1, self.size.height)) - 1
        marked = self.marked_row if self.marked_row is not None and top <= self.marked_row <= bottom else None
        return self._rows[marked if marked is not None else top if step > 0 else bottom].line

    def _reveal_line(self, line: int, step: int) -> None:
        rows = [at for at, row in enumerate(self._rows) if row.line == line]
        top, height = round(self.scroll_offset.y), max(1, self.size.height)
        if rows and step > 0 and rows[-1] >= top + height:
            self.scroll_to(y=min(rows[0], rows[-1] - height + 1), animate=False)
        elif rows and step < 0 and rows[0] < top:
            self.scroll_to(y=rows[0], animate=False)

    def chosen_lines(self) -> list[int]:
        """The numbers of the chosen lines that are shown, in their order."""
        return [row.line for row in self._rows if row.first and self._is_chosen(row.line)]

    def choose_none(self) -> bool:
        """Lets the chosen lines go; False where none are chosen."""
        had, self._chosen = self._chosen, None
        if had is not None:
            self.refresh()
        return had is not None

    def _is_chosen(self, line: int) -> bool:
        return self._chosen is not None and min(self._chosen) <= line <= max(self._chosen)

    def _chosen_among(self, lines: Sequence[LoggedLine]) -> tuple[int, int] | None:
        """The chosen lines' numbers among other lines; None where one is not there any more."""
        if self._chosen is None:
            return None
        ends = [(line.timestamp, line.text) for line in (self._lines[at] for at in self._chosen)]
        places = {(line.timestamp, line.text): at for at, line in enumerate(lines)}
        began, here = (places.get(end) for end in ends)
        return None if began is None or here is None else (began, here)

    def toggle_wrap(self) -> None:
        """Wraps long lines, or lets them run off the right edge."""
        self.wrap = not self.wrap
        self.lay_out_in_place()

    def toggle_timestamps(self) -> None:
        """Shows or hides when each line was written."""
        self.timestamps = not self.timestamps
        self.lay_out_in_place()

    def toggle_only_errors(self) -> None:
        """Shows only lines that read like a failure, or all."""
        self.only_errors = not self.only_errors
        self.lay_out_in_place()

    def toggle_fold(self) -> None:
        """Folds stack traces to their first line, or unfolds them."""
        self.folded = not self.folded
        self.lay_out_in_place()

    def toggle_json(self) -> None:
        """Shows JSON lines as level, message and fields, or as they were written."""
        self.rendered_json = not self.rendered_json
        self.lay_out_in_place()

    # Moving -------------------------------------------------------------------------------------------------------

    def move(self, count: int) -> None:
        """Scrolls by rows; negative is up."""
        self._aim = None
        self.pinned = False
        self.scroll_to(y=self.scroll_offset.y + count, animate=False)

    def move_pages(self, pages: float) -> None:
        """Scrolls by parts of the pane's height."""
        self.move(round(pages * max(1, self.size.height - 1)))

    def go_top(self) -> None:
        """Goes to the first row."""
        self._aim = None
        self.pinned = False
        self.scroll_to(y=0, animate=False)

    def go_bottom(self) -> None:
        """Goes to the last row, and stays there while rows come, until somebody moves."""
        self._aim = None
        self.pinned = True
        self.scroll_to(y=max(0, self.row_count - self.size.height), animate=False)

    def scroll_columns(self, cells: int) -> None:
        """Scrolls sideways by cells."""
        self.scroll_to(x=max(0, self.scroll_offset.x + cells), animate=False)

    def open(self) -> None:
        """Enter does nothing on a line: there is nothing behind it."""

    # Painting -----------------------------------------------------------------------------------------------------

    @property
    def _margin(self) -> int:
        return 0 if self.bare else 2 + (_TIME_CELLS if self.timestamps else 0)

    def _lay_out(self) -> None:
        width = max(8, self.scrollable_content_region.width - self._margin)
        self._rows = rows(
            self._lines,
            width,
            wrap=self.wrap,
            only_errors=self.only_errors,
            folded=self.folded,
            rendered=self.rendered_json,
        )
        widest = self.size.width
        if not self.wrap:
            widest = max((cell_len(row.text) for row in self._rows), default=0) + self._margin
        self.virtual_size = Size(max(widest if not self.wrap else 0, 1), self.row_count)
        self.refresh()

    def lay_out_in_place(self) -> None:
        """Lays out again and keeps the line on top that is there."""
        top = round(self.scroll_offset.y)
        line = self._rows[top].line if top < self.row_count else None
        marked = (
            self._rows[self.marked_row].line
            if self.marked_row is not None and self.marked_row < self.row_count
            else None
        )
        self._lay_out()
        self.marked_row = self._row_of(marked)
        if self.pinned:
            self.call_after_refresh(self.go_bottom)
        elif line is not None and top:
            self.scroll_to(y=self._row_of(line) or 0, x=0, animate=False)

    def _row_of(self, line: int | None) -> int | None:
        return next((at for at, row in enumerate(self._rows) if line is not None and row.line >= line), None)

    def on_resize(self, event: events.Resize) -> None:
        """Lays out again. A line that was put on top goes there again, which a pane with fewer lines allows."""
        self.lay_out_in_place()
        if self._aim is not None:
            self.scroll_to(y=self._row_of(self._aim) or 0, animate=False)

    def on_mouse_scroll_up(self) -> None:
        """Somebody moves: a line that was put on top need not stay there."""
        self._aim = None

    def on_mouse_scroll_down(self) -> None:
        """Somebody moves: a line that was put on top need not stay there."""
        self._aim = None

    def notify_style_update(self) -> None:
        """Forgets the colours of the theme before."""
        super().notify_style_update()
        self._looks.clear()

    def _look(self, name: str) -> Style:
        if name not in self._looks:
            self._looks[name] = self.get_component_rich_style(f"log--{name}")
        return self._looks[name]

    def render_line(self, y: int) -> Strip:
        """One row of the screen: mark, time and text, with what is sought highlighted."""
        width = self.size.width
        left, top = round(self.scroll_offset.x), round(self.scroll_offset.y)
        base = self._look("log")
        index = top + y
        if index >= self.row_count:
            return Strip.blank(width, base)
        row = self._rows[index]
        mark = ">" if index == self.marked_row else self._marks.trouble if row.kind == "error" and row.first else " "
        chosen = self._is_chosen(row.line)
        text = self._marked(row)
        if chosen:
            text = [Segment(one.text, (one.style or base) + Style(reverse=True)) for one in text]
        if self.bare:
            return Strip(text).crop(left, left + width).adjust_cell_length(width, base)
        margin = [Segment(mark, self._look("here" if index == self.marked_row else "error"))]
        margin.append(Segment("|", self._look("here")) if chosen else Segment(" ", margin[0].style))
        if self.timestamps:
            time = instant(self._lines[row.line].timestamp, utc=self._utc, millis=True)[11:] if row.first else ""
            margin.append(Segment(f"{time:<{_TIME_CELLS}}", self._look("time")))
        shown = Strip(text).crop(left, left + max(0, width - self._margin))
        return Strip([*margin, *shown]).simplify().adjust_cell_length(width, base)

    def _marked(self, row: Row) -> list[Segment]:
        """The row's text, with what is sought highlighted."""
        style = self._look(row.kind if row.kind in _STYLES else "log")
        segments: list[Segment] = []
        done = 0
        for start, end in match_spans(row.text, self.search_terms):
            segments += [Segment(row.text[done:start], style), Segment(row.text[start:end], self._look("match"))]
            done = end
        return [segment for segment in [*segments, Segment(row.text[done:], style)] if segment.text]
