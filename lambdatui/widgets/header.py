"""The two lines on top: where one is, and how old and how whole the data are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lambdatui.session.session import Session
from lambdatui.text.figures import age, bar, money, ratio
from lambdatui.text.plain import plain
from lambdatui.text.table import padded
from lambdatui.widgets.layout import home_header_lines
from pricing.gate import Passed

if TYPE_CHECKING:
    from lambdatui.views.overview import Overview


_ONE_LINE = 3  # lines of the first screen's header where the money stands beside the health


@dataclass(frozen=True)
class Standing:
    """What the second line says. ``coverage`` is REPORTs seen divided by invocations counted.

    ``counted`` are parts, the least important first: those go where cells are short.
    """

    as_of: int | None = None
    coverage: float | None = None
    filter: str = ""
    counted: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """What is to be said of the tags that are asked for."""


class Header(Widget):
    """Breadcrumb and store; range, age of the data, filter and number of rows. The clock ticks here, in no table."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--brand", "header--path", "header--here", "header--quiet", "header--range", "header--filter",
        "header--warning",
    }  # fmt: skip

    PLACES_FIRST: ClassVar[bool] = False
    """Whether accounts and regions are said before all but the last of what is counted."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._path: tuple[str, ...] = ()
        self._standing = Standing()
        self._painted: list[str] = []

    def on_mount(self) -> None:
        self.set_interval(5.0 if self._session.terminal.remote else 1.0, self._tick)

    def _tick(self) -> None:
        """Only a line that reads differently is painted again: each costs some 200 bytes over SSH."""
        for y, line in enumerate(self.render().split("\n")):
            if line.plain != (self._painted[y] if y < len(self._painted) else None):
                self.refresh(Region(0, y, self.size.width, 1))

    def stand(self, path: tuple[str, ...], standing: Standing) -> None:
        self._path, self._standing = path, standing
        self._tick()

    def render_lines(self, crop: Region) -> list[Strip]:
        self._painted = [line.plain for line in self.render().split("\n")]
        return super().render_lines(crop)

    def render(self) -> Text:
        width = self.size.width
        first = self._sides(width, self._where(), Text(self._session.db.name, self._look("quiet")))
        return Text("\n", no_wrap=True, end="").join([first, self._when_line(width)])

    def _look(self, name: str) -> str:
        return str(self.get_component_rich_style(f"header--{name}", partial=True))

    def _sides(self, width: int, left: Text, right: Text) -> Text:
        """Left and right on one line; where they do not fit together, the right one goes."""
        room = width - 2
        if left.cell_len + right.cell_len + 2 > room:
            right = Text()
        left.truncate(max(1, room - right.cell_len), overflow="crop")
        gap = " " * max(0, room - left.cell_len - right.cell_len)
        return Text.assemble(" ", left, gap, right, " ", no_wrap=True, end="")

    def _where(self) -> Text:
        marks = self._session.marks
        text = Text.assemble((f"{marks.brand} lambdatui", self._look("brand")), "  ", no_wrap=True, end="")
        names = [plain(name) for name in self._path]
        # The last name is what one looks at: those before it give way.
        room = max(8, self.size.width - text.cell_len - 4 - sum(cell_len(name) + 3 for name in names[-1:]))
        for number, name in enumerate(names):
            if number:
                text.append(f" {marks.path} ", self._look("quiet"))
            last = number == len(names) - 1
            cells = min(cell_len(name), self.size.width if last else room // max(1, len(names) - 1))
            text.append(padded(name, cells, more=marks.more), self._look("here" if last else "path"))
        narrow = self._session.narrow
        chosen = [
            f"{kind} {', '.join(names)}"
            for kind, names in (
                ("account", narrow.accounts), ("region", narrow.regions), ("function", narrow.functions),
                ("tag", narrow.tag_texts),
            )
            if names
        ]  # fmt: skip
        for said in chosen:
            text.append(f"  {plain(said)}", self._look("filter"))
        return text

    def _when(self) -> Text:
        session, standing = self._session, self._standing
        dot = f" {session.marks.dot} "
        said = session.shown.label if session.shown else "reading the store"
        text = Text.assemble((said, self._look("range")), no_wrap=True, end="")
        if standing.filter:
            text.append(dot, self._look("quiet")).append(f"filter: {plain(standing.filter)}", self._look("filter"))
        for said in standing.tags:
            text.append(dot, self._look("quiet")).append(plain(said), self._look("warning"))
        if session.paused:
            text.append(dot, self._look("quiet")).append("PAUSED", self._look("warning"))
        if standing.as_of is not None:
            text.append(dot, self._look("quiet"))
            text.append(f"newest data {age(session.now_ms() - standing.as_of)}", self._look("quiet"))
        if standing.coverage is not None and standing.coverage < 1:
            text.append(dot, self._look("quiet"))
            text.append(f"{ratio(standing.coverage)} reported", self._look("warning"))
        return text

    def _when_line(self, width: int) -> Text:
        when, parts = self._when(), list(self._standing.counted)
        dot = f" {self._session.marks.dot} "
        places = "" if self._session.narrow else self._session.places
        beside = dot.join(parts[-1:] if self.PLACES_FIRST else parts)
        if places and when.cell_len + cell_len(places) + cell_len(beside) + 9 <= width:
            when.append(f"{dot}{plain(places)}", self._look("quiet"))
        while parts and when.cell_len + cell_len(dot.join(parts)) + 4 > width:
            parts.pop(0)
        return self._sides(width, when, Text(dot.join(parts), self._look("quiet"), no_wrap=True, end=""))


class HomeHeader(Header):
    """Below the two lines: how the fleet is; how much of the free tier is gone, the month so far, its end, and what
    collecting cost. Those are on a line of their own where one is too narrow for all of it.
    """

    PLACES_FIRST: ClassVar[bool] = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._health = ""
        self._month: Overview | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        self.styles.height = home_header_lines(self.app.size.width)

    def say_health(self, said: str) -> None:
        self._health = said
        self._tick()

    def say_month(self, month: "Overview") -> None:
        self._month = month
        self._tick()

    def render(self) -> Text:
        width = self.size.width
        left = Text(self._health, self._look("warning" if "trouble" in self._health else "quiet"), no_wrap=True, end="")
        alone = home_header_lines(self.app.size.width) > _ONE_LINE
        said = self._said(width - 2 if alone else width - left.cell_len - 4, collecting=not alone)
        money_said = Text(said, self._look("path"), no_wrap=True, end="")
        if not alone:
            rest = [self._sides(width, left, money_said)]
        else:
            collecting = Text(self._collecting(), self._look("path"), no_wrap=True, end="")
            rest = [self._sides(width, left, collecting), self._sides(width, money_said, Text())]
        return Text("\n", no_wrap=True, end="").join([super().render(), *rest])

    def _collecting(self) -> str:
        usd = self._month.collecting_usd if self._month else None
        return "" if usd is None else f"collecting {money(usd)}"

    def _said(self, room: int, *, collecting: bool) -> str:
        """As much as there is room for: gauges give way to their figures, then the least important goes."""
        dot = f" {self._session.marks.dot} "
        last = [self._collecting()] if collecting and self._collecting() else []
        parts = [*self._parts(bars=True), *last]
        if cell_len(dot.join(parts)) > room:
            parts = [*self._parts(bars=False), *last]
        while parts and cell_len(dot.join(parts)) > room:
            parts.pop()
        return dot.join(parts)

    def _parts(self, *, bars: bool) -> list[str]:
        """The most important first."""
        month, session = self._month, self._session
        parts: list[str] = []
        if month is None:
            return parts
        if month.budget is not None and month.budget.passed is Passed.NO:
            parts.append(f"OVER BUDGET {money(month.budget.limit)}")
        if month.month_to_date is not None:
            parts.append(f"month {money(month.month_to_date, month.currency)}")
        if month.projected is not None:
            spread = ""
            if month.p10 is not None and month.p90 is not None:
                spread = f" ({money(month.p10, month.currency)}{session.marks.dash}{money(month.p90, month.currency)})"
            named = " after free tier" if bars else ""
            parts.append(f"end {money(month.projected, month.currency)}{spread}{named}")
        gauges = [
            f"{name} {bar(share, 5, ascii=session.terminal.ascii) + ' ' if bars else ''}{ratio(share)}"
            for name, share in (("requests", month.free_requests), ("GB-s", month.free_gb_seconds))
            if share is not None
        ]
        if gauges:
            parts.append(f"free {', '.join(gauges)}")
        return parts
