"""The bill of the range, line by line, with the free tier and what the month will come to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.costs import CostsBy, money_commands
from lambdatui.commands.navigation import ShowCosts
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.screens.dialogs.prompt import PromptScreen
from lambdatui.session.destinations import ToBilled, ToCostGroups
from lambdatui.session.queries import QueryContext
from lambdatui.settings.price_book import not_as_named
from lambdatui.text.figures import count, counted, money, rate, ratio
from lambdatui.views.cost_words import change_text, grown_text, logs_text, passing, total_text
from lambdatui.views.costs import CostLineColumns, CostsView, ProjectedCost, costs
from lambdatui.views.gates import budget_of
from lambdatui.views.own_price import own_view
from lambdatui.views.time_range import RangeChoice, TimeRange, day_of
from lambdatui.widgets.fields import Field, Fields
from pricing.changes import GRAMMAR
from pricing.gate import Passed
from pricing.outside import OUTSIDE

if TYPE_CHECKING:
    from lambdatui.views.cost_growth import CostGrowth
    from lambdatui.views.row_details import RowDetails
    from pricing.bill import LineItem
    from pricing.free_tier import FreeTierUse
    from pricing.own_price import OwnPrice

_FIELD_CELLS = 38
_GROWTH = "growth"
_MUCH = 0.2  # growth that is coloured


class AskWhatIf(Command["CostsScreen"]):
    """Ask what the range would have cost with another architecture, memory or region."""

    ID = "what-if"
    BINDING_KEY = "w"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "what if"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: "CostsScreen") -> None:
        """Asks for the change to compute."""
        screen.what_if()


class AwsBill(Command["CostsScreen"]):
    """Set AWS's own bill beside the computed one, by day, month or in sum."""

    BINDING_KEY = "B"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "AWS's bill"
    GROUP = "Costs"

    @classmethod
    def run(cls, screen: "CostsScreen") -> None:
        """Opens the screen of AWS's bill."""
        screen.navigator.open(ToBilled())


class CostsScreen(TableScreen):
    """The screen of the bill, the most expensive line first. Enter shows a line's arithmetic."""

    NAME: ClassVar[str] = "costs"
    REASON: ClassVar[str] = "amount"
    COMMANDS_HERE: ClassVar[Commands] = money_commands(
        CostsBy,
        AskWhatIf,
        AwsBill,
        of_tables=tuple(command for command in TABLE_COMMANDS if command is not ShowCosts),
    )
    ROW: ClassVar[type] = CostLineColumns
    ROW_IS: ClassVar[str] = "line"
    COPIED: ClassVar[str] = "line's arithmetic"
    SORT: ClassVar[tuple[str, bool] | None] = ("amount", True)

    _own: "tuple[OwnPrice | None, ProjectedCost | None]" = (None, None)
    _growth: "CostGrowth | None" = None
    _growth_of: tuple[Any, ...] = ()

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Costs``."""
        return ("Costs",)

    def body(self) -> ComposeResult:
        """The totals, and below them the bill's lines."""
        yield Fields(_FIELD_CELLS, self.session.marks.more, most=2, id="bill")
        yield from super().body()

    def question(self) -> Callable[[QueryContext], CostsView]:
        """Asks for the bill of the range and, where terms of your own are set, for your price too."""
        budget, terms = self.session.budget, self.session.own_terms

        def ask(query: QueryContext) -> CostsView:
            view = costs(query.reader, query.range, query.book, scope=query.scope, budget=budget)
            if terms:
                self._own = own_view(
                    query.reader, view, query.book, terms, free_tier=True, scope=query.scope, budget=budget
                )
            return view

        return ask

    def key_of(self, row: "LineItem") -> Any:
        """All that tells one line of the bill from another."""
        return row.dimension, row.function, row.account, row.region, row.arch, row.tier, row.rate

    def in_trouble(self, row: "LineItem") -> bool:
        """Whether a line has no public price: no total contains it."""
        return row.amount is None

    def paint(self, answer: CostsView) -> None:
        """Shows the bill's lines, and above them total, prices, free tier, month and budget; asks what grew."""
        super().paint(answer)
        question = answer.range.label, self.shown_scope
        if question != self._growth_of:  # else what grew a moment ago stands until the answer comes
            self._growth, self._growth_of = None, question
        self._show_fields(answer)
        self._ask_growth(answer.range, self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="growth")
    def _ask_growth(self, shown: TimeRange, choice: RangeChoice, now_ms: int) -> None:
        """Asks what the range before cost, for which the bill does not wait. A month is asked for as one."""
        from lambdatui.views.cost_growth import cost_growth

        self.ask_store(
            _GROWTH, lambda query: cost_growth(query.reader, shown, query.book, scope=query.scope), choice, now_ms
        )

    def paint_part(self, subject: str, answer: Any) -> None:
        """Shows what grew, beside the bill that it belongs to."""
        if subject != _GROWTH:
            super().paint_part(subject, answer)
        else:
            self._growth = answer
            self._show_fields(self.answer)

    def _show_fields(self, answer: CostsView) -> None:
        fields = [
            Field("total", total_text(answer), "warning", wide=len(answer.totals) > 1),
            _prices(answer, self.session.marks.dash),
            *_own(*self._own),
            *_months(answer, self.session.marks.dash),
            *_grown(self._growth, self.session.marks.more),
            Field("logs", logs_text(answer) or "n/a: not collected", "" if logs_text(answer) else "quiet"),
            *self._budget(answer),
            *(field for use in answer.free_tier for field in _free(use)),
            *_run_outs(answer.projection),
            Field("without", ", ".join(OUTSIDE[:5]), "quiet", wide=True),
            Field("", ", ".join(OUTSIDE[5:]), "quiet", wide=True),
        ]
        self.query_one("#bill", Fields).show_fields(fields)

    def _budget(self, answer: CostsView) -> list[Field]:
        """Whether the month stays within its budget, and what is missing where that is not known."""
        own, own_month = self._own
        budget, projected = self.session.budget, own_month if own else answer.projection
        if budget is None:
            return [Field("budget", "none (thresholds.budget_usd)", "quiet")]
        verdict = budget_of(answer, budget, own, own_month, unusable_rates=not_as_named())
        day = projected.budget_day if projected is not None else None
        limit = money(verdict.limit)
        if day is not None:
            return [Field("budget", passing(limit, day, day_of(answer.range.to_ms - 1)), "error")]
        if verdict.passed is Passed.NO:
            return [Field("budget", f"{limit}, the projection is above it", "error")]
        if verdict.passed is Passed.UNKNOWN:
            return [Field("budget", f"{limit}, not known: {'; '.join(verdict.missing)}", "warning", wide=True)]
        return [Field("budget", f"{limit}: will not be passed", "good")]

    def row_text(self, row: "LineItem") -> str:
        """The line's arithmetic."""
        amount = "not priced" if row.amount is None else rate(row.amount, row.currency)
        return f"{row.function} {row.dimension}: {row.formula} = {amount}"

    def open_row(self, row: "LineItem") -> None:
        """Shows the line's quantity, arithmetic, price and basis in a box."""
        from lambdatui.views.cost_details import cost_line_parts

        parts = cost_line_parts(row, self.answer.prices_as_of)
        self.app.push_screen(DetailsScreen(f"{row.function} {row.dimension}", parts))

    def details_question(self, row: "LineItem") -> "Callable[[QueryContext], RowDetails]":
        """Asks for the days of the line."""
        prices_as_of = self.answer.prices_as_of

        def ask(query: QueryContext) -> "RowDetails":
            from lambdatui.views.cost_details import cost_line_details

            return cost_line_details(query.reader, query.range, query.book, row, prices_as_of)

        return ask

    def costs_by_next(self) -> None:
        """Opens the costs in groups, by function first."""
        self.navigator.open(ToCostGroups())

    def what_if(self) -> None:
        """Asks for a change, such as ``arm64``, and shows what the range would have cost with it."""
        self.app.push_screen(PromptScreen(f"What if ({GRAMMAR})", "arm64"), self._ask_what_if)

    def _ask_what_if(self, typed: str | None) -> None:
        from lambdatui.views.cost_changes import changes

        if not typed:
            return
        try:
            plan_changes = changes(typed)
        except ValueError as error:
            self.say(str(error))
            return
        self._ask_changes(plan_changes, self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="what-if")
    def _ask_changes(self, plan_changes: Any, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.views.cost_changes import compared

        self.ask_store(
            "what if",
            lambda query: compared(query.reader, query.range, query.book, plan_changes, scope=query.scope),
            choice,
            now_ms,
        )

    def paint_aside(self, subject: str, answer: Any) -> bool:
        """Shows in a box what the change would cost or save, where the answer is of one."""
        if subject != "what if":
            return super().paint_aside(subject, answer)
        label = self.shown_range.label if self.shown_range else ""
        self.app.push_screen(DetailsScreen(f"What if: the month by {label}", answer))
        return True


def _grown(growth: "CostGrowth | None", more: str) -> list[Field]:
    """What the range costs beside the range before, at list price, and which functions it comes from."""
    if growth is None:
        return [Field("change", more, "quiet"), Field("grew", more, "quiet")]
    beside, grown = change_text(growth), grown_text(growth)
    if beside is None:
        return [Field("change", "n/a: not collected before", "quiet"), Field("grew", "n/a", "quiet")]
    return [
        Field("change", beside, "warning" if growth.change > _MUCH else ""),
        Field("grew", grown or "nothing", "" if grown else "quiet"),
    ]


def _own(own: "OwnPrice | None", month: ProjectedCost | None) -> list[Field]:
    """Your price by your own terms, beside the list price."""
    if own is None:
        return []
    total = ", ".join(money(amount, currency) for currency, amount in own.totals.items())
    ahead = "" if month is None or month.p50 is None else f"; month {money(month.p50, own.bill.currency)}"
    return [Field("your price", f"{total or '-'}{ahead} ({own.basis})", "warning", wide=True)]


def _prices(view: CostsView, dash: str) -> Field:
    """The date of the prices; marked where they are old, or not the ones that were named or refreshed."""
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
    """How much of the month's free tier the whole store has used."""
    if use.requests is None or use.gb_seconds is None:
        return [Field("free tier", f"none confirmed for {use.partition}", "quiet")]
    where = "" if use.partition == "aws" else f" ({use.partition})"
    requests, seconds = use.requests_used / use.requests, float(use.gb_seconds_used) / use.gb_seconds
    return [
        Field(f"free{where}", f"{count(use.requests_used)} of {count(use.requests)} requests ({ratio(requests)})"),
        Field("", f"{count(float(use.gb_seconds_used))} of {count(use.gb_seconds)} GB-s ({ratio(seconds)})"),
    ]


def _months(view: CostsView, dash: str) -> list[Field]:
    """What the month will come to, in each currency."""
    known = {
        currency: projected
        for currency, projected in view.projections.items()
        if projected.p50 is not None and (currency in view.totals or len(view.projections) == 1)
    }
    if not known:
        why = "no public price" if view.rows and view.total is None else "nothing to go by yet"
        return [Field("month end", "n/a", "quiet"), Field("", why, "quiet")]
    return [field for currency, projected in known.items() for field in _month(projected, currency, dash)]


def _month(projected: ProjectedCost, currency: str, dash: str) -> list[Field]:
    """What the month will come to, with an 80% interval once enough days were seen."""
    days = f"{counted(projected.days_seen, 'whole day')} seen"
    middle = money(projected.p50, currency)
    if projected.p10 is None or projected.p90 is None:
        return [Field("month end", middle), Field("", f"no range yet: {days}", "quiet")]
    spread = f"{money(projected.p10, currency)} {dash} {money(projected.p90, currency)}"
    return [Field("month end", f"{middle}  ({spread})"), Field("", f"80% range, {days}", "quiet")]


def _run_outs(projected: ProjectedCost | None) -> list[Field]:
    """The days on which parts of the free tier are used up; parts that last the month are left out."""
    fields = []
    for run_out in projected.run_outs if projected else ():
        if run_out.day is not None:
            what = "requests" if run_out.what == "requests" else "GB-s"
            fields.append(Field("", f"{what} {'last to' if run_out.projected else 'used up'} {run_out.day}", "quiet"))
    return fields
