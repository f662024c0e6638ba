"""Costs summed by function, dimension, region, day or tag; by day with a chart of the month. Enter shows arithmetic."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal

from lambdatui.commands.base import Commands
from lambdatui.commands.costs import CostsBy, money_commands
from lambdatui.screens.base.grouped import GroupedScreen
from lambdatui.screens.base.table import TABLE_COMMANDS
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import money
from lambdatui.views.cost_groups import (
    GROUPINGS,
    CostGroup,
    CostGroups,
    cost_groups,
    line_to,
    with_changes_of,
    with_group_growth,
)
from lambdatui.views.growth import growth
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.time_range import RangeChoice


class CostGroupsScreen(GroupedScreen):
    """The screen of costs in groups; ``b`` goes on to the next grouping."""

    COMMANDS_HERE: ClassVar[Commands] = money_commands(CostsBy, of_tables=TABLE_COMMANDS)
    ROW: ClassVar[type] = CostGroup
    ROW_IS: ClassVar[str] = "group"
    REASON: ClassVar[str] = "amount"
    SORT: ClassVar[tuple[str, bool] | None] = ("amount", True)
    GROUPINGS: ClassVar[Sequence[str]] = GROUPINGS
    WITHOUT_TAGS: ClassVar[str] = "costs by tag"

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, whose last part is how the costs are summed."""
        return ("Costs", f"by {self.by}")

    def body(self) -> ComposeResult:
        """The chart of the month, and the table of sums."""
        from lambdatui.widgets.chart import Chart

        with Horizontal(id="charts"):
            yield Chart(self.session.terminal, "The month at list price, and its end", unit="usd", utc=self.session.utc)
        yield from super().body()

    def on_mount(self) -> None:
        """Hides the chart: only sums by day have one."""
        self.query_one("#charts").display = False

    def question(self) -> Callable[[QueryContext], CostGroups]:
        """Asks for the costs of the range, summed as chosen."""
        by = self.by
        return lambda query: cost_groups(query.reader, query.range, query.book, by, scope=query.scope)

    def paint(self, answer: CostGroups) -> None:
        """Shows the sums, and the chart where they are by day; asks how they changed."""
        if self._growth is not None and self._growth[0] == self._growth_is_about:
            answer = self.answer = with_changes_of(answer, self._growth[1])
        # Before the rows, so that table and pane are laid out once, in the space that the chart leaves.
        self.query_one("#charts").display = bool(answer.days)
        super().paint(answer)
        self._ask_growth(answer, self.by, self.choice_of_shown_rows(), self.session.now_ms())
        if answer.days:
            self._paint_month(answer)

    @work(thread=True, exclusive=True, exit_on_error=False, group="growth")
    def _ask_growth(self, groups: CostGroups, by: str, choice: RangeChoice, now_ms: int) -> None:
        """Asks how much each group cost before, which takes longer than the sums: they do not wait for it."""

        def of_groups(query: QueryContext) -> tuple[str, CostGroups]:
            found = growth(query.reader, groups.range, query.book, scope=query.scope)
            return by, with_group_growth(groups, found, query.reader, by)

        self.ask_store("growth", of_groups, choice, now_ms)

    def paint_part(self, subject: str, answer: tuple[str, CostGroups]) -> None:
        """Shows the sums with how they changed, unless they are summed otherwise by now."""
        by, groups = answer
        if by == self.by:
            self._growth = self._growth_is_about, groups
            self.answer = groups
            super().paint(groups)

    _growth: tuple[object, CostGroups] | None = None
    """The sums that last said how they changed, and what they were about."""

    @property
    def _growth_is_about(self) -> object:
        return self.by, self.session.choice, self.shown_scope

    def _paint_month(self, answer: CostGroups) -> None:
        from lambdatui.widgets.chart import Chart, Curve

        curves = [Curve("so far", answer.so_far, "success")]
        known = [at for at, value in enumerate(answer.so_far) if value is not None]
        projected = answer.projection
        if known and projected is not None:
            last = known[-1]
            ends = (
                ("90%", projected.p90, "warning"),
                ("50%", projected.p50, "foreground"),
                ("10%", projected.p10, "warning"),
            )
            for name, end, tone in ends:
                if end is not None:
                    curves.append(
                        Curve(f"{name} {money(end, answer.currency)}", line_to(answer.so_far, last, float(end)), tone)
                    )
        self.query_one(Chart).show_curves(answer.days, tuple(curves))

    def costs_by_next(self) -> None:
        """Goes to the next grouping; after the one by day a tag is chosen, and then it begins anew."""
        self.group_by_next()

    def group_by(self, by: str) -> None:
        """Sums by something else: days in their order, any other group by its cost."""
        self.table.sort = ("group", True) if by == "day" else ("amount", True)
        super().group_by(by)

    def key_of(self, row: CostGroup) -> Any:
        """The group: a function, a dimension, a region, a day or a tag's value."""
        return row.group

    def details_question(self, row: CostGroup) -> Callable[[QueryContext], RowDetails]:
        """Shows the group's arithmetic; asks nothing."""
        return lambda _: of_parts(row.group, [("", line) for line in row.arithmetic[:200]])

    def row_text(self, row: CostGroup) -> str:
        """The group's arithmetic, under its name."""
        return "\n".join((row.group, *row.arithmetic))

    def open_row(self, row: CostGroup) -> None:
        """Shows the first 200 lines of the group's arithmetic in a box."""
        lines = row.arithmetic[:200]
        more = [("", f"and {len(row.arithmetic) - len(lines):,} more")] if len(row.arithmetic) > len(lines) else []
        self.app.push_screen(DetailsScreen(row.group, [("", line) for line in lines] + more))
