"""The bill of the range, line by line, with the free tier and what the month will come to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.money import MONEY
from lambdatui.commands.navigation import ShowCosts
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.prompt import PromptScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.text.figures import count, counted, exact, money, rate, ratio
from lambdatui.views.columns import Column
from lambdatui.views.costs import COST_COLUMNS, CostsView, ProjectedCost, costs
from lambdatui.views.gates import budget_of
from lambdatui.views.own_price import own_view
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.layout import Shown
from pricing.changes import GRAMMAR
from pricing.gate import Passed
from pricing.outside import OUTSIDE

if TYPE_CHECKING:
    from pricing.bill import LineItem
    from pricing.free_tier import FreeTierUse
    from pricing.own_price import OwnPrice

_FIELD_CELLS = 38


class CostsScreen(TableScreen):
    """The dearest line first. Enter shows a line's arithmetic."""

    NAME: ClassVar[str] = "costs"
    COMMANDS_HERE: ClassVar[Commands] = (*MONEY, *(one for one in TABLE_COMMANDS if one is not ShowCosts))
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.COSTS
    FILTERED: ClassVar[tuple[Column, ...]] = COST_COLUMNS
    ROW_IS: ClassVar[str] = "line"
    SORT: ClassVar[tuple[str, bool] | None] = ("amount", True)

    _own: "tuple[OwnPrice | None, ProjectedCost | None]" = (None, None)

    def heading(self) -> tuple[str, ...]:
        return ("Costs",)

    def body(self) -> ComposeResult:
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=2, id="bill")
        yield from super().body()

    def question(self) -> Callable[[Question], CostsView]:
        budget, terms = self.session.budget, self.session.own_terms

        def asked(ask: Question) -> CostsView:
            view = costs(ask.reader, ask.range, ask.book, narrow=ask.narrow, budget=budget)
            if terms:
                self._own = own_view(
                    ask.reader, view, ask.book, terms, free_tier=True, narrow=ask.narrow, budget=budget
                )
            return view

        return asked

    def key_of(self, row: "LineItem") -> Any:
        return row.dimension, row.function, row.account, row.region, row.arch, row.tier, row.rate

    def in_trouble(self, row: "LineItem") -> bool:
        """A line without a public price is missing from every total."""
        return row.amount is None

    def paint(self, answer: CostsView) -> None:
        super().paint(answer)
        fields = [
            Field("total", _total(answer), "warning"),
            _prices(answer, self.session.marks.dash),
            *_own(*self._own),
            *(field for use in answer.free_tier for field in _free(use)),
            *_month(answer.projection, self.session.marks.dash),
            *_run_outs(answer.projection),
            *self._budget(answer),
            Field("without", ", ".join(OUTSIDE[:5]), "quiet", wide=True),
            Field("", ", ".join(OUTSIDE[5:]), "quiet", wide=True),
        ]
        self.query_one("#bill", Fields).show_fields(fields)

    def _budget(self, answer: CostsView) -> list[Field]:
        """Whether the month stays within its budget; where something is not known, that it is not known."""
        own, own_month = self._own
        budget, projected = self.session.budget, own_month if own else answer.projection
        if budget is None:
            return []
        found = budget_of(answer, budget, own, own_month)
        day = projected.budget_day if projected is not None else None
        said = f"{money(found.limit)}, "
        if day is not None or found.passed is Passed.NO:
            return [Field("budget", said + (f"passed {day}" if day else "the projection is above it"), "error")]
        if found.passed is Passed.UNKNOWN:
            return [Field("budget", f"{said}not known: {'; '.join(found.missing)}", "warning", wide=True)]
        return [Field("budget", f"{said}not passed", "good")]

    def open_row(self, row: "LineItem") -> None:
        amount = "not priced" if row.amount is None else rate(row.amount, row.currency)
        parts = [
            ("Used", f"{exact(row.quantity)} {row.unit}"),
            ("Covered by the free tier", f"{exact(row.free)} {row.unit}"),
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
        self._ask_changes(wanted, self.choice_of_now(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="what-if")
    def _ask_changes(self, wanted: Any, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.views.cost_changes import compared

        self._ask(
            "what if", lambda ask: compared(ask.reader, ask.range, ask.book, wanted, narrow=ask.narrow), choice, now_ms
        )

    def paint_part(self, subject: str, answer: list[tuple[str, str]]) -> None:
        label = self.shown_range.label if self.shown_range else ""
        self.app.push_screen(DetailsScreen(f"What if: the month by {label}", answer))


def _total(view: CostsView) -> str:
    """Currencies are never added."""
    if len(view.totals) > 1:
        return ", ".join(money(amount, currency) for currency, amount in view.totals.items())
    return money(view.total, view.currency)


def _own(own: "OwnPrice | None", month: ProjectedCost | None) -> list[Field]:
    """Your price beside the list's, and by which terms."""
    if own is None:
        return []
    total = ", ".join(money(amount, currency) for currency, amount in own.totals.items())
    ahead = "" if month is None or month.p50 is None else f"; month {money(month.p50, own.bill.currency)}"
    return [Field("your price", f"{total or '-'}{ahead} ({own.basis})", "warning", wide=True)]


def _prices(view: CostsView, dash: str) -> Field:
    """The date of the prices; those that are old, and those that were to be others, are marked."""
    from lambdatui.session.queries import price_notices

    if price_notices():
        return Field(
            "prices",
            f"this program's own, of {view.prices_as_of or dash}, not those meant: ! says why",
            "error",
            wide=True,
        )
    if view.prices_as_of is None:
        return Field("prices", "-", "quiet")
    age = view.prices_age_days
    old = "" if age is None else f", {age} days old"
    return Field("prices", f"list, as of {view.prices_as_of}{old}", "quiet" if age is None else "warning")


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
    days = f"{counted(projected.days_seen, 'whole day')} seen"
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
