"""The bill of the range, line by line, with the free tier and what the month will come to."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.going import ShowCosts
from lambdatui.commands.money import MONEY
from lambdatui.reading import Question
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.prompt import PromptScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.text import count, decimal_text, money, ratio
from lambdatui.views.columns import Column
from lambdatui.views.costs import COST_COLUMNS, CostsView, ProjectedCost, costs
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.layout import Shown
from pricing.changes import GRAMMAR

if TYPE_CHECKING:
    from pricing.bill import LineItem
    from pricing.free_tier import FreeTierUse

_FIELD_CELLS = 38


class CostsScreen(TableScreen):
    """The dearest line first. Enter shows a line's arithmetic."""

    NAME: ClassVar[str] = "costs"
    COMMANDS_HERE: ClassVar[Commands] = (*MONEY, *(one for one in TABLE_COMMANDS if one is not ShowCosts))
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.COSTS
    FILTERED: ClassVar[tuple[Column, ...]] = COST_COLUMNS
    ROWS_ARE: ClassVar[str] = "lines"
    SORT: ClassVar[tuple[str, bool] | None] = ("amount", True)

    def heading(self) -> tuple[str, ...]:
        return ("Costs",)

    def body(self) -> ComposeResult:
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=2, id="bill")
        yield from super().body()

    def question(self) -> Callable[[Question], CostsView]:
        narrow, limit = self.session.narrow, self.session.thresholds.get("budget_usd")
        budget = Decimal(str(limit)) if limit else None
        return lambda ask: costs(ask.reader, ask.range, ask.book, narrow=narrow, budget=budget)

    def key_of(self, row: "LineItem") -> Any:
        return row.dimension, row.function, row.account, row.region, row.arch, row.tier, row.rate

    def in_trouble(self, row: "LineItem") -> bool:
        """A line without a public price is missing from every total."""
        return row.amount is None

    def paint(self, answer: CostsView) -> None:
        super().paint(answer)
        fields = [
            Field("total", _total(answer), "warning"),
            Field("prices", f"list, as of {answer.prices_as_of}" if answer.prices_as_of else "-", "quiet"),
            *(field for use in answer.free_tier for field in _free(use)),
            *_month(answer.projection, self.session.marks.dash),
            *_run_outs(answer.projection),
            *self._budget(answer.projection),
        ]
        self.query_one("#bill", Fields).show_fields(fields)

    def _budget(self, projected: ProjectedCost | None) -> list[Field]:
        budget = self.session.thresholds.get("budget_usd")
        if not budget:
            return []
        day = projected.budget_day if projected is not None else None
        over = day is not None or (
            projected is not None and projected.p50 is not None and float(projected.p50) > budget
        )
        passed = f", passed {day}" if day is not None else ", the projection is above it" if over else ", not passed"
        said = f"{money(Decimal(str(budget)))}{passed}"
        return [Field("budget", said, "error" if over else "good")]

    def open_row(self, row: "LineItem") -> None:
        amount = "not priced" if row.amount is None else f"{decimal_text(row.amount)} {row.currency}"
        parts = [
            ("Used", f"{decimal_text(row.quantity)} {row.unit}"),
            ("Covered by the free tier", f"{decimal_text(row.free)} {row.unit}"),
            ("Arithmetic", f"{row.formula} = {amount}"),
            ("Price", f"{row.region}, {row.arch}, list price as of {self.answer.prices_as_of or '-'}"),
            ("Basis", row.basis),
        ]
        self.app.push_screen(DetailsScreen(f"{row.function} {row.dimension}", parts))

    def costs_by_next(self) -> None:
        from lambdatui.screens.cost_groups import CostGroupsScreen

        self.app.push_screen(CostGroupsScreen(self.session))

    def what_if(self) -> None:
        self.app.push_screen(PromptScreen(f"What if ({GRAMMAR})", "arm64"), self._ask_what_if)

    def _ask_what_if(self, typed: str | None) -> None:
        from lambdatui.views.cost_changes import changes

        if not typed:
            return
        try:
            wanted = changes(typed)
        except ValueError as error:
            self.say(str(error))
            return
        self._ask_changes(wanted, self.session.narrow, self.choice_of_now(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="what-if")
    def _ask_changes(self, wanted: Any, narrow: Narrow, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.views.cost_changes import compared

        self._ask(
            "what if", lambda ask: compared(ask.reader, ask.range, ask.book, wanted, narrow=narrow), choice, now_ms
        )

    def paint_part(self, subject: str, answer: list[tuple[str, str]]) -> None:
        label = self.shown_range.label if self.shown_range else ""
        self.app.push_screen(DetailsScreen(f"What if: the month by {label}", answer))


def _total(view: CostsView) -> str:
    """Currencies are never added."""
    if len(view.totals) > 1:
        return ", ".join(f"{decimal_text(round(amount, 4))} {currency}" for currency, amount in view.totals.items())
    return money(view.total) if view.currency == "USD" else f"{decimal_text(view.total or Decimal(0))} {view.currency}"


def _free(use: "FreeTierUse") -> list[Field]:
    """How much of the month's allowance the whole store has used."""
    if use.requests is None or use.gb_seconds is None:
        return [Field("free tier", f"none confirmed for {use.partition}", "quiet")]
    where = "" if use.partition == "aws" else f" ({use.partition})"
    requests, seconds = use.requests_used / use.requests, float(use.gb_seconds_used) / use.gb_seconds
    return [
        Field(f"free{where}", f"{count(use.requests_used)} of {count(use.requests)} requests ({ratio(requests)})"),
        Field("", f"{count(float(use.gb_seconds_used))} of {count(use.gb_seconds)} GB-s ({ratio(seconds)})"),
    ]


def _month(projected: ProjectedCost | None, dash: str) -> list[Field]:
    """The month's end, with its 80% interval where enough days were seen for one."""
    if projected is None or projected.p50 is None:
        return [Field("month", "-", "quiet")]
    days = f"{projected.days_seen} whole day{'' if projected.days_seen == 1 else 's'} seen"
    if projected.p10 is None or projected.p90 is None:
        return [Field("month", money(projected.p50)), Field("", f"no range yet: {days}", "quiet")]
    spread = f"{money(projected.p10)} {dash} {money(projected.p90)}"
    return [Field("month", f"{money(projected.p50)}  ({spread})"), Field("", f"80% range, {days}", "quiet")]


def _run_outs(projected: ProjectedCost | None) -> list[Field]:
    """The days on which parts of the free tier are used up; those that last the month are not said."""
    found = []
    for one in projected.run_outs if projected else ():
        if one.day is not None:
            what = "requests" if one.what == "requests" else "GB-s"
            found.append(Field("", f"free {what} {'end' if one.projected else 'ended'} {one.day}", "quiet"))
    return found
