"""AWS's bill beside ours: what Cost Explorer said that each day cost, and what the store computes. Enter says why."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.money import BillBy
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question, Unanswered
from lambdatui.session.session import Session
from lambdatui.text.figures import exact, rate
from lambdatui.views.columns import Column
from lambdatui.views.presets import ceil_minute
from lambdatui.views.reconcile import (
    EXPLAINED,
    GROUPINGS,
    RECONCILE_COLUMNS,
    TOTAL,
    ReconciledRow,
    ReconciledView,
    collected_actuals,
    in_words,
    money,
    reconciled,
    whole_bill_said,
)
from lambdatui.views.time_range import instant_ms
from lambdatui.views.view import View
from lambdatui.widgets.layout import Shown


class BilledScreen(TableScreen):
    """The newest day first; the whole range, in sum, last."""

    COMMANDS_HERE: ClassVar[Commands] = (BillBy, *TABLE_COMMANDS)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(COMMANDS_HERE)]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.BILLED
    FILTERED: ClassVar[tuple[Column, ...]] = RECONCILE_COLUMNS
    ROW_IS: ClassVar[str] = "line"
    SORT: ClassVar[tuple[str, bool] | None] = ("day", True)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._by = GROUPINGS[0]

    def heading(self) -> tuple[str, ...]:
        return ("Costs", "AWS's bill", {"span": "in sum"}.get(self._by, f"by {self._by}"))

    def question(self) -> Callable[[Question], View[ReconciledRow]]:
        by = self._by
        at = self.session.choice.at
        now_ms = self.session.now_ms() if at is None else ceil_minute(instant_ms(at, end=True))

        def ask(question: Question) -> View[ReconciledRow]:
            actuals = collected_actuals(question.reader, question.range)
            try:
                return reconciled(question.reader, actuals, question.book, narrow=question.narrow, by=by, now_ms=now_ms)
            except ValueError as error:
                raise Unanswered(str(error)) from error

        return ask

    def costs_by_next(self) -> None:
        self._by = GROUPINGS[(GROUPINGS.index(self._by) + 1) % len(GROUPINGS)]
        self.ask_rows()
        self._restand()

    def why_empty(self) -> str:
        if self.answer is None or self.answer.rows or self.answer.as_of is None:
            return super().why_empty()
        return (
            "AWS's bill was not collected for this range.\n\n    lambdatui collect --with costs\n\n"
            "asks Cost Explorer for it; each page of its answer costs a cent.\n"
            "An export on disk is set beside ours by\n\n    lambdatui costs reconcile FILE"
        )

    def key_of(self, row: ReconciledRow) -> Any:
        return row.day, row.dimension

    def in_trouble(self, row: ReconciledRow) -> bool:
        """AWS billed at least a cent more or less, and nothing that it says tells why."""
        return row.difference is not None and abs(row.difference) * 100 >= 1 and row.verdict not in EXPLAINED

    def counted(self) -> tuple[str, ...]:
        view: ReconciledView = self.answer
        if view.summary is None:
            return super().counted()
        amounts, currency = view.summary.amounts, view.summary.currency
        whole = whole_bill_said(self.narrow)
        numbers = (("AWS", amounts.paid), ("list", amounts.list), ("ours", view.summary.computed))
        sums = ", ".join(f"{name} {money(amount, currency)}" for name, amount in numbers)
        return *((whole,) if whole else ()), sums, *super().counted()

    def open_row(self, row: ReconciledRow) -> None:
        view: ReconciledView = self.answer
        if row.dimension == TOTAL and view.summary is not None:
            self.app.push_screen(DetailsScreen("AWS's bill", in_words(view.summary, view.shape)))
            return

        def said(quantity: Any, amount: Any) -> str:
            used = "-" if quantity is None else exact(quantity)
            return f"{used} units, {rate(amount, row.currency)}"

        prices = (("at list", row.aws_list), ("net", row.aws_net), ("effective", row.aws_effective))
        parts = [
            ("AWS billed", said(row.aws_quantity, row.aws_amount)),
            *(("", f"{name} {money(amount, row.currency)}") for name, amount in prices if amount is not None),
            ("Computed", said(row.quantity, row.amount)),
            ("AWS's less ours", rate(row.difference, row.currency)),
            ("Likely reason", row.reason),
        ]
        self.app.push_screen(DetailsScreen(f"{row.day or self.answer.range.label} {row.dimension}", parts))
