"""AWS's bill, from Cost Explorer, beside what the store computes for each day. Enter shows why they differ."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.costs import CostsBy, money_commands
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext, QueryError
from lambdatui.session.session import Session
from lambdatui.text.figures import exact, rate
from lambdatui.views.presets import ceil_minute
from lambdatui.views.reconcile import (
    GROUPINGS,
    TOTAL,
    ReconciledRow,
    ReconciledView,
    collected_actuals,
    in_words,
    money,
    reconciled,
    whole_bill_said,
)
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.view import View


class BillBy(CostsBy):
    """Sum the bills by day, by month, or over the whole range."""


class BilledScreen(TableScreen):
    """The screen of AWS's bill: the newest day first, the sum of the range last."""

    COMMANDS_HERE: ClassVar[Commands] = money_commands(BillBy, of_tables=TABLE_COMMANDS)
    ROW: ClassVar[type] = ReconciledRow
    ROW_IS: ClassVar[str] = "line"
    REASON: ClassVar[str] = "reason"
    SORT: ClassVar[tuple[str, bool] | None] = ("day", True)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._by = GROUPINGS[0]

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, whose last part is how the bills are summed."""
        return ("Costs", "AWS's bill", {"span": "in sum"}.get(self._by, f"by {self._by}"))

    def question(self) -> Callable[[QueryContext], View[ReconciledRow]]:
        """Asks for AWS's bill beside the computed one, summed as chosen."""
        by = self._by
        now_ms = self.session.now_ms()
        if self.session.choice.at is not None:
            now_ms = ceil_minute(self.session.choice.moved_now_ms(now_ms))

        def ask(query: QueryContext) -> View[ReconciledRow]:
            actuals = collected_actuals(query.reader, query.range)
            try:
                return reconciled(query.reader, actuals, query.book, scope=query.scope, by=by, now_ms=now_ms)
            except ValueError as error:
                raise QueryError(str(error)) from error

        return ask

    def costs_by_next(self) -> None:
        """Goes to the next grouping of ``GROUPINGS`` and asks again."""
        self._by = GROUPINGS[(GROUPINGS.index(self._by) + 1) % len(GROUPINGS)]
        self.ask_rows()
        self.refresh_header()

    def why_empty(self) -> str:
        """How to collect AWS's bill, where none is stored for this range."""
        if self.answer is None or self.answer.rows or self.answer.as_of is None:
            return super().why_empty()
        return (
            "AWS's bill was not collected for this range.\n\n    lambdatui collect --with costs\n\n"
            "asks Cost Explorer for it; each page of its answer costs a cent.\n"
            "An export on disk is set beside ours by\n\n    lambdatui costs reconcile FILE"
        )

    def key_of(self, row: ReconciledRow) -> Any:
        """The day and the dimension of the bill."""
        return row.day, row.dimension

    def counts(self) -> tuple[str, ...]:
        """The sums that AWS billed, at list price and computed, and the number of rows."""
        view: ReconciledView = self.answer
        if view.summary is None:
            return super().counts()
        amounts, currency = view.summary.amounts, view.summary.currency
        whole = whole_bill_said(self.scope)
        numbers = (("AWS", amounts.paid), ("list", amounts.list), ("ours", view.summary.computed))
        sums = ", ".join(f"{name} {money(amount, currency)}" for name, amount in numbers)
        return *((whole,) if whole else ()), sums, *super().counts()

    def open_row(self, row: ReconciledRow) -> None:
        """Shows both figures, their difference and its likely reason in a box."""
        self.app.push_screen(DetailsScreen(*self._in_full(row)))

    def details_question(self, row: ReconciledRow) -> Callable[[QueryContext], RowDetails]:
        """Shows both figures, their difference and its likely reason; asks nothing."""
        title, parts = self._in_full(row)
        return lambda _: of_parts(title, parts)

    def _in_full(self, row: ReconciledRow) -> tuple[str, list[tuple[str, str]]]:
        """A title, and all that is known of a row as labelled parts."""
        view: ReconciledView = self.answer
        if row.dimension == TOTAL and view.summary is not None:
            return "AWS's bill", in_words(view.summary, view.shape)

        def quantity_and_amount(quantity: Any, amount: Any) -> str:
            used = "-" if quantity is None else exact(quantity)
            return f"{used} units, {rate(amount, row.currency)}"

        prices = (("at list", row.aws_list), ("net", row.aws_net), ("effective", row.aws_effective))
        return f"{row.day or view.range.label} {row.dimension}", [
            ("AWS billed", quantity_and_amount(row.aws_quantity, row.aws_amount)),
            *(("", f"{name} {money(amount, row.currency)}") for name, amount in prices if amount is not None),
            ("Computed", quantity_and_amount(row.quantity, row.amount)),
            ("AWS's less ours", rate(row.difference, row.currency)),
            ("Likely reason", row.reason),
        ]
