"""The two lines on top: where one is, in which zone times are, and how old and how complete the data are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lambdatui.text.figures import age, bar, money, ratio, zone_name, zone_names
from lambdatui.text.plain import plain
from lambdatui.text.table import padded
from lambdatui.widgets.layout import home_header_lines
from lambdatui.widgets.messages import HOME_CRUMB, CrumbClicked, RangeClicked
from pricing.gate import Passed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lambdatui.text.terminal import Marks, Terminal
    from lambdatui.views.overview import Overview
    from lambdatui.views.scope import Scope
    from lambdatui.views.time_range import TimeRange


_ONE_LINE = 3  # lines of the first screen's header where the money stands beside the health


class HeaderFacts(Protocol):
    """What a header reads of the run that it is part of; ``lambdatui.session.session.Session`` has all of it."""

    @property
    def db(self) -> "Path":
        """The store's file."""
        ...

    @property
    def terminal(self) -> "Terminal":
        """What the terminal can show, and whether it is reached over a network."""

    @property
    def marks(self) -> "Marks":
        """The signs that this terminal can show."""

    @property
    def scope(self) -> "Scope":
        """The accounts, regions, functions and tags that are shown."""
        ...

    @property
    def shown(self) -> "TimeRange | None":
        """The range of the last answer; None before the first."""
        ...

    @property
    def utc(self) -> bool:
        """Whether times are shown in UTC, not in this process's zone."""

    @property
    def paused(self) -> bool:
        """Whether the screens stopped asking again when the store changes."""

    @property
    def places(self) -> str:
        """Which accounts and regions the functions are of; empty where that is not known."""
        ...

    @property
    def now_ms(self) -> "Callable[[], int]":
        """The clock, epoch ms."""
        ...


@dataclass(frozen=True)
class DataSummary:
    """What the second line says of the data on the screen."""

    as_of: int | None = None
    """When the newest event of the store happened, epoch ms."""
    coverage: float | None = None
    """REPORTs seen divided by invocations counted."""
    filter: str = ""
    """The filter as it was typed."""
    counts: tuple[str, ...] = ()
    """Such as ``3 of 12 functions``, the least important first: those go where cells are short."""
    tags: tuple[str, ...] = ()
    """Notes on the tags in scope."""
    narrowed: str = ""
    """Which functions alone the screen is of, such as ``functions: checkout (12)``; empty: of all."""


class Header(Widget):
    """Breadcrumb and store; below, the range, the age of the data, the filter and the number of rows."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--brand", "header--path", "header--here", "header--quiet", "header--range", "header--filter",
        "header--warning",
    }  # fmt: skip

    PLACES_FIRST: ClassVar[bool] = False
    """Whether accounts and regions are more important than all counts but the last."""

    def __init__(self, facts: HeaderFacts) -> None:
        super().__init__()
        self._facts = facts
        self._path: tuple[str, ...] = ()
        self._summary = DataSummary()
        self._painted: list[str] = []
        self._crumbs: list[tuple[int, int, int]] = []  # columns, and the number of the name that stands there
        self._pointed: int | None = None

    def on_mount(self) -> None:
        """Begins to paint the age of the data again: every second, every 5 seconds over SSH."""
        self.set_interval(5.0 if self._facts.terminal.remote else 1.0, self._tick)

    def _tick(self) -> None:
        """Paints a line again only where it reads differently: each costs some 200 bytes over SSH."""
        for y, line in enumerate(self.render().split("\n")):
            if line.plain != (self._painted[y] if y < len(self._painted) else None):
                self.refresh(Region(0, y, self.size.width, 1))

    def show_summary(self, path: tuple[str, ...], summary: DataSummary) -> None:
        """``path`` is the breadcrumb, the screen's own name last."""
        self._path, self._summary = path, summary
        self._tick()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Remembers what is painted, so that ``_tick`` knows which lines read differently."""
        self._painted = [line.plain for line in self.render().split("\n")]
        return super().render_lines(crop)

    # The mouse ----------------------------------------------------------------------------------------------------

    def _crumb_at(self, event: events.MouseEvent) -> int | None:
        numbers = (number for start, end, number in self._crumbs if start <= event.x < end)
        return next(numbers, None) if event.y == 0 else None

    def on_click(self, event: events.Click) -> None:
        """A name of the breadcrumb leads back to its screen; the range can be chosen by a click on it."""
        number = self._crumb_at(event)
        if number is not None:
            self.post_message(CrumbClicked(number))
        elif event.y == 1 and 1 <= event.x <= len(self._facts.shown.label if self._facts.shown else ""):
            self.post_message(RangeClicked())

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Underlines the name that a click would lead to."""
        self._point_at(self._crumb_at(event))

    def on_leave(self) -> None:
        """Underlines nothing any more."""
        self._point_at(None)

    def _point_at(self, number: int | None) -> None:
        if number != self._pointed:
            self._pointed = number
            self.refresh(Region(0, 0, self.size.width, 1))

    # Painting -----------------------------------------------------------------------------------------------------

    def render(self) -> Text:
        """The breadcrumb with the store's name, and the line on the data."""
        width = self.size.width
        first = self._sides(width, self._breadcrumb(), self._store_and_zone())
        return Text("\n", no_wrap=True, end="").join([first, self._second_line(width)])

    def _store_and_zone(self) -> Text:
        """The store's name, and the zone of every time on the screen; that alone where cells are short."""
        facts = self._facts
        shown, utc = facts.shown, facts.utc
        zone = zone_names(shown.from_ms, shown.to_ms, utc=utc) if shown else zone_name(facts.now_ms(), utc=utc)
        text = f"{facts.db.name}  {zone}"
        short = self._breadcrumb().cell_len + cell_len(text) + 4 > self.size.width
        return Text(zone if short else text, self._look("quiet"))

    def _look(self, name: str) -> str:
        return str(self.get_component_rich_style(f"header--{name}", partial=True))

    def _sides(self, width: int, left: Text, right: Text) -> Text:
        """``left`` and ``right`` on one line; where both do not fit, ``right`` is left out."""
        room = width - 2
        if left.cell_len + right.cell_len + 2 > room:
            right = Text()
        left.truncate(max(1, room - right.cell_len), overflow="crop")
        gap = " " * max(0, room - left.cell_len - right.cell_len)
        return Text.assemble(" ", left, gap, right, " ", no_wrap=True, end="")

    def _breadcrumb(self) -> Text:
        marks = self._facts.marks
        text = Text.assemble((f"{marks.brand} lambdatui", self._look("brand")), "  ", no_wrap=True, end="")
        self._crumbs = [(1, text.cell_len - 1, HOME_CRUMB)]
        names = [plain(name) for name in self._path]
        # The last name is the screen's own: those before it are cut first.
        room = max(8, self.size.width - text.cell_len - 4 - sum(cell_len(name) + 3 for name in names[-1:]))
        for number, name in enumerate(names):
            if number:
                text.append(f" {marks.path} ", self._look("quiet"))
            last = number == len(names) - 1
            cells = min(cell_len(name), self.size.width if last else room // max(1, len(names) - 1))
            start = text.cell_len + 1
            pointed = " underline" if number == self._pointed and not last else ""
            text.append(padded(name, cells, more=marks.more), self._look("here" if last else "path") + pointed)
            self._crumbs.append((start, text.cell_len + 1, number))
        scope = self._facts.scope
        chosen = [
            f"{kind} {', '.join(names)}"
            for kind, names in (
                ("account", scope.accounts), ("region", scope.regions), ("function", scope.functions),
                ("tag", scope.tag_texts),
            )
            if names
        ]  # fmt: skip
        for condition in chosen:
            text.append(f"  {plain(condition)}", self._look("filter"))
        return text

    def _range_text(self, width: int) -> Text:
        """The range, and what narrows and dates it; parts at the end that do not fit whole are left out."""
        facts, summary = self._facts, self._summary
        label = facts.shown.label if facts.shown else "reading the store"
        parts = [(plain(summary.narrowed), "filter")] if summary.narrowed else []
        if summary.filter:
            parts.append((f"filter: {plain(summary.filter)}", "filter"))
        parts += [(plain(note), "warning") for note in summary.tags]
        if facts.paused:
            parts.append(("PAUSED", "warning"))
        needed = len(parts)  # what says which rows these are is rather cut than left out
        if summary.as_of is not None:
            parts.append((f"newest data {age(facts.now_ms() - summary.as_of)}", "quiet"))
        if summary.coverage is not None and summary.coverage < 1:
            parts.append((f"{ratio(summary.coverage)} reported", "warning"))
        text = Text.assemble((label, self._look("range")), no_wrap=True, end="")
        for number, (words, look) in enumerate(parts):
            more = Text.assemble((f" {facts.marks.dot} ", self._look("quiet")), (words, self._look(look)))
            if number < needed or text.cell_len + more.cell_len <= width - 2:
                text.append_text(more)
        return text

    def _second_line(self, width: int) -> Text:
        when, parts = self._range_text(width), list(self._summary.counts)
        dot = f" {self._facts.marks.dot} "
        places = "" if self._facts.scope else self._facts.places
        beside = dot.join(parts[-1:] if self.PLACES_FIRST else parts)
        if places and when.cell_len + cell_len(places) + cell_len(beside) + 9 <= width:
            when.append(f"{dot}{plain(places)}", self._look("quiet"))
        while parts and when.cell_len + cell_len(dot.join(parts)) + 4 > width:
            parts.pop(0)
        return self._sides(width, when, Text(dot.join(parts), self._look("quiet"), no_wrap=True, end=""))


class HomeHeader(Header):
    """Below the two lines, the fleet's health, and its money: the free tier, the month so far, its end, collecting.

    The money has a line of its own where the terminal is narrower than 160 cells.
    """

    PLACES_FIRST: ClassVar[bool] = True

    def __init__(self, facts: HeaderFacts) -> None:
        super().__init__(facts)
        self._health = ""
        self._month: Overview | None = None

    def on_mount(self) -> None:
        """Takes as many lines as the terminal's width needs."""
        super().on_mount()
        self._fit()

    def on_resize(self) -> None:
        """Takes as many lines as the new width needs."""
        self._fit()

    def _fit(self) -> None:
        self.styles.height = home_header_lines(self.app.size.width)

    def say_health(self, text: str) -> None:
        """Shows the fleet's health, as ``views.fleet_health.health`` words it."""
        self._health = text
        self._tick()

    def say_month(self, month: "Overview") -> None:
        """Shows the month's money."""
        self._month = month
        self._tick()

    def render(self) -> Text:
        """The two lines of every header, and those on health and money."""
        width = self.size.width
        left = Text(self._health, self._look("warning" if "trouble" in self._health else "quiet"), no_wrap=True, end="")
        alone = home_header_lines(self.app.size.width) > _ONE_LINE
        text = self._money_text(width - 2 if alone else width - left.cell_len - 4, collecting=not alone)
        amounts = Text(text, self._look("path"), no_wrap=True, end="")
        if not alone:
            rest = [self._sides(width, left, amounts)]
        else:
            collecting = Text(self._collecting(), self._look("path"), no_wrap=True, end="")
            rest = [self._sides(width, left, collecting), self._sides(width, amounts, Text())]
        return Text("\n", no_wrap=True, end="").join([super().render(), *rest])

    def _collecting(self) -> str:
        usd = self._month.collecting_usd if self._month else None
        return "" if usd is None else f"collecting {money(usd)}"

    def _money_text(self, room: int, *, collecting: bool) -> str:
        """As much as fits into ``room`` cells: first the gauges go, then the least important part."""
        dot = f" {self._facts.marks.dot} "
        last = [self._collecting()] if collecting and self._collecting() else []
        parts = [*self._parts(bars=True), *last]
        if cell_len(dot.join(parts)) > room:
            parts = [*self._parts(bars=False), *last]
        while parts and cell_len(dot.join(parts)) > room:
            parts.pop()
        return dot.join(parts)

    def _parts(self, *, bars: bool) -> list[str]:
        """The parts on money, the most important first."""
        month, facts = self._month, self._facts
        parts: list[str] = []
        if month is None:
            return parts
        if month.budget is not None and month.budget.passed is Passed.NO:
            spent = month.month_to_date is not None and month.month_to_date > month.budget.limit
            word = "OVER BUDGET" if spent or not month.budget.projected else "WILL PASS"
            parts.append(f"{word} {money(month.budget.limit)}")
        if month.month_to_date is not None:
            parts.append(f"month {money(month.month_to_date, month.currency)}")
        if month.projected is not None:
            spread = ""
            if month.p10 is not None and month.p90 is not None:
                spread = f" ({money(month.p10, month.currency)}{facts.marks.dash}{money(month.p90, month.currency)})"
            named = " after free tier" if bars else ""
            parts.append(f"end {money(month.projected, month.currency)}{spread}{named}")
        gauges = [
            f"{name} {bar(share, 5, ascii=facts.terminal.ascii) + ' ' if bars else ''}{ratio(share)}"
            for name, share in (("requests", month.free_requests), ("GB-s", month.free_gb_seconds))
            if share is not None
        ]
        if gauges:
            parts.append(f"free {', '.join(gauges)}")
        return parts
