"""The first screen: all functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import BindingType

from lambdatui.commands.base import Commands, bindings
from lambdatui.commands.invoking import Invoke
from lambdatui.screens import columns
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.start.first_lines import beside_rows
from lambdatui.text.figures import count, counted, money, plural
from lambdatui.views.columns import Column
from lambdatui.views.fleet_health import health, in_trouble, places
from lambdatui.views.function_columns import FUNCTION_COLUMNS
from lambdatui.views.local_runner import LOCAL_ACCOUNT
from lambdatui.views.time_range import RangeChoice, TimeRange
from lambdatui.widgets.header import Header, HomeHeader, Standing
from lambdatui.widgets.layout import Shown
from lambdatui.widgets.rows import PagedRows

if TYPE_CHECKING:
    from lambdatui.session.queries import Question
    from lambdatui.views.functions import FunctionsView, FunctionView
    from lambdatui.views.startup_view import Glance

TREND_STEPS = 8


class FunctionsScreen(TableScreen):
    """Every function, the most expensive first."""

    NAME: ClassVar[str] = "functions"
    COMMANDS_HERE: ClassVar[Commands] = (*TABLE_COMMANDS, Invoke)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings((Invoke,))]
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.FUNCTIONS
    FILTERED: ClassVar[tuple[Column, ...]] = FUNCTION_COLUMNS
    ROW_IS: ClassVar[str] = "function"
    SORT: ClassVar[tuple[str, bool] | None] = columns.FUNCTIONS_SORT

    def heading(self) -> tuple[str, ...]:
        return ("Functions",)

    def header(self) -> Header:
        return HomeHeader(self.session)

    def question(self) -> "Callable[[Question], FunctionsView]":
        thresholds = self.session.thresholds
        now_ms = None if self.session.choice.at is not None else self.session.now_ms()

        def ask(question: "Question") -> "FunctionsView":
            from lambdatui.views.functions import functions

            return functions(
                question.reader,
                question.range,
                question.book,
                narrow=question.narrow,
                trend_steps=TREND_STEPS,
                now_ms=now_ms,
                thresholds=thresholds,
            )

        return ask

    def on_mount(self) -> None:
        """What the first frame showed stands until the store has answered, and can be walked in."""
        self._glance, self.session.glance = self.session.glance, None
        if self._glance is not None:
            rows = PagedRows(self._glance.count)
            rows.begin(self._glance.rows)
            self.table.show_rows(rows)
            # Known beforehand, the scroll bar needs no second layout, which would paint every row again.
            self.table.show_vertical_scrollbar = self._glance.count > self.app.size.height - beside_rows(
                self.app.size.width
            )
            self.session.shown = TimeRange(*self._glance.ends)
            whole = self._glance.whole
            self.query_one(HomeHeader).say_health(health(self._glance.rows, {}) if whole else self.session.marks.more)
        super().on_mount()

    _glance: "Glance | None" = None

    def begin(self) -> None:
        """Beneath the first frame the application says when: once one can walk in what that showed."""
        if self._glance is None:
            super().begin()

    @property
    def shows_glance(self) -> bool:
        return self._glance is not None

    def standing(self) -> Standing:
        if self.answer is not None or self._glance is None:
            return super().standing()
        return Standing(self._glance.as_of, None, self.filter, (counted(self._glance.count, "function"),))

    def paint(self, answer: "FunctionsView") -> None:
        super().paint(answer)
        self.session.places = places(answer.rows)
        self.query_one(HomeHeader).say_health(health(answer.rows, self.session.thresholds))
        self._ask_overview(self.choice_of_now(), self.session.now_ms())
        if any(row.account == LOCAL_ACCOUNT for row in answer.rows):
            self._ask_runner(self.choice_of_now(), self.session.now_ms())
        else:
            self.session.runner = None

    @work(thread=True, exclusive=True, exit_on_error=False, group="overview")
    def _ask_overview(self, choice: RangeChoice, now_ms: int) -> None:
        """The month's bill is of the whole store, and takes longer than the rows: they do not wait for it."""
        from lambdatui.views.overview import overview

        limit, terms = self.session.budget, self.session.own_terms
        self._ask(
            "overview",
            lambda ask: overview(ask.reader, ask.range, ask.book, narrow=ask.narrow, limit=limit, terms=terms),
            choice, now_ms,
        )  # fmt: skip

    @work(thread=True, exclusive=True, exit_on_error=False, group="runner")
    def _ask_runner(self, choice: RangeChoice, now_ms: int) -> None:
        """Whether the local runner that these functions are of still runs: then they can be invoked."""
        from lambdatui.processes.runner_client import running

        self._ask("runner", lambda ask: running(ask.reader), choice, now_ms)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that invokes is none where the cursor is on a function in AWS."""
        if action == "run_command" and parameters == (Invoke.id(),):
            return Invoke.available(self)
        return super().check_action(action, parameters)

    def paint_part(self, subject: str, answer: Any) -> None:
        if subject == "runner":
            self.session.runner = answer
        else:
            self.query_one(HomeHeader).say_month(answer)

    def key_of(self, row: "FunctionView") -> Any:
        return row.function_id

    def in_trouble(self, row: "FunctionView") -> bool:
        return in_trouble(row, self.session.thresholds)

    def counted(self) -> tuple[str, ...]:
        view: FunctionsView = self.answer
        cost = (f"{money(view.cost_usd)} at list price",) if view.cost_usd is not None else ()
        return (
            (
                f"{count(view.invocations)} {plural(view.invocations or 0, 'invocation')}, "
                f"{count(view.errors)} {plural(view.errors or 0, 'error')}"
            ),
            *cost,
            *super().counted(),
        )

    def open_row(self, row: "FunctionView") -> None:
        self.open_function(row.function_id, row.function)
