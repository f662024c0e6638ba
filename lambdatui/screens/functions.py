"""The first screen: all functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult

from lambdatui.commands.base import Commands
from lambdatui.commands.invoking import Invoke
from lambdatui.screens.base.invoking import InvokingScreen
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.start.first_lines import beside_rows
from lambdatui.text.figures import count, counted, money, plural
from lambdatui.views.filters import Filter
from lambdatui.views.fleet_health import health, in_trouble, places
from lambdatui.views.function_row import DEAREST_FIRST, FunctionView
from lambdatui.views.local_runner import LOCAL_ACCOUNT
from lambdatui.views.time_range import RangeChoice, TimeRange
from lambdatui.widgets.header import DataSummary, Header, HomeHeader
from lambdatui.widgets.rows import PagedRows

if TYPE_CHECKING:
    from lambdatui.session.queries import QueryContext
    from lambdatui.views.functions import FunctionsView, FunctionView
    from lambdatui.views.overview import Overview
    from lambdatui.views.startup_view import StartupView
    from lambdatui.widgets.band import Band

TREND_STEPS = 8
"""Steps of the small chart in a row."""


class FunctionsScreen(TableScreen, InvokingScreen):
    """The screen of all functions, the most expensive first."""

    NAME: ClassVar[str] = "functions"
    COMMANDS_HERE: ClassVar[Commands] = (*TABLE_COMMANDS, Invoke)
    ROW: ClassVar[type] = FunctionView
    ROW_IS: ClassVar[str] = "function"
    SORT: ClassVar[tuple[str, bool] | None] = DEAREST_FIRST

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Functions``."""
        return ("Functions",)

    def header(self) -> Header:
        """The header with the fleet's health and its money."""
        return HomeHeader(self.session)

    def body(self) -> ComposeResult:
        """The band of the fleet's figures, and the table."""
        from lambdatui.widgets.band import Band

        yield Band(self.session.terminal, utc=self.session.utc)
        yield from super().body()

    def question(self) -> "Callable[[QueryContext], FunctionsView]":
        """Asks for all functions, with their figures and trends."""
        thresholds = self.session.thresholds
        now_ms = None if self.session.choice.at is not None else self.session.now_ms()

        def ask(query: "QueryContext") -> "FunctionsView":
            from lambdatui.views.functions import functions

            return functions(
                query.reader,
                query.range,
                query.book,
                scope=query.scope,
                trend_steps=TREND_STEPS,
                now_ms=now_ms,
                thresholds=thresholds,
            )

        return ask

    def on_mount(self) -> None:
        """Shows the rows of the first frame until the store has answered; the cursor can move in them."""
        self._startup_view, self.session.startup_view = self.session.startup_view, None
        if self._startup_view is not None:
            rows = PagedRows(self._startup_view.count)
            rows.begin(self._startup_view.rows)
            self.table.show_rows(rows)
            # Known beforehand, the scroll bar needs no second layout, which would paint every row again.
            size = self.app.size
            self.table.show_vertical_scrollbar = self._startup_view.count > size.height - beside_rows(*size)
            self.session.shown = TimeRange(*self._startup_view.ends)
            whole = self._startup_view.whole
            self.query_one(HomeHeader).say_health(
                health(self._startup_view.rows, {}) if whole else self.session.marks.more
            )

    _startup_view: "StartupView | None" = None

    def begin(self) -> None:
        """Asks the store; where the rows of the first frame are shown, the application asks later."""
        if self._startup_view is None:
            super().begin()

    @property
    def shows_startup_view(self) -> bool:
        """Whether the screen began with the rows of the first frame."""
        return self._startup_view is not None

    def summary(self) -> DataSummary:
        """The header's text; before the first answer, that of the first frame."""
        if self.answer is not None or self._startup_view is None:
            return super().summary()
        return DataSummary(
            self._startup_view.as_of, None, self.filter, (counted(self._startup_view.count, "function"),)
        )

    def paint(self, answer: "FunctionsView") -> None:
        """Shows the functions and their health; asks for the month's bill and for the local runner."""
        super().paint(answer)
        self.session.places = places(answer.rows)
        self.query_one(HomeHeader).say_health(health(answer.rows, self.session.thresholds))
        self.ask_fleet()
        self._ask_overview(self.choice_of_shown_rows(), self.session.now_ms())
        if any(row.account == LOCAL_ACCOUNT for row in answer.rows):
            self._ask_runner(self.choice_of_shown_rows(), self.session.now_ms())
        else:
            self.session.runner = None

    @property
    def band(self) -> "Band":
        """The band of the fleet's figures."""
        from lambdatui.widgets.band import Band

        return self.query_one(Band)

    def filter_rows(self, where: Filter | None, *, only_trouble: bool, done: bool) -> None:
        """Shows the rows that match; the band has their figures once the filter is typed."""
        super().filter_rows(where, only_trouble=only_trouble, done=done)
        if done:
            self.ask_fleet()

    def ask_fleet(self) -> None:
        """Asks for the band's figures of the rows that are shown, where the band is seen."""
        shown = self.shown_range
        if shown is None or self.answer is None or not self.band.is_shown:
            return
        # A range that goes on is asked for as such: then the rows' answers are at hand.
        choice = self.choice_of_shown_rows() if shown.hides else RangeChoice(start=str(shown.from_ms))
        table = self.table
        rows = [table.row_at(place) for place in range(table.row_count)]
        ids = frozenset(row.function_id for row in rows if row is not None)
        self._ask_fleet(choice, shown.to_ms, None if len(rows) == len(table.source) else ids, self.band.steps)

    @work(thread=True, exclusive=True, exit_on_error=False, group="fleet")
    def _ask_fleet(self, choice: RangeChoice, now_ms: int, function_ids: "frozenset[int] | None", steps: int) -> None:
        from lambdatui.views.fleet_series import fleet_series

        self.ask_store(
            "fleet",
            lambda query: fleet_series(
                query.reader, query.range, query.book, scope=query.scope, function_ids=function_ids, steps=steps
            ),
            choice,
            now_ms,
        )

    @work(thread=True, exclusive=True, exit_on_error=False, group="overview")
    def _ask_overview(self, choice: RangeChoice, now_ms: int) -> None:
        """Asks for the month's bill of the whole store, which takes longer than the rows: they do not wait for it."""
        from lambdatui.settings.price_book import not_as_named
        from lambdatui.views.overview import overview

        limit, terms = self.session.budget, self.session.own_terms

        def of_month(query: "QueryContext") -> "Overview":
            return overview(
                query.reader, query.range, query.book,
                scope=query.scope, limit=limit, terms=terms, unusable_rates=not_as_named(),
            )  # fmt: skip

        self.ask_store("overview", of_month, choice, now_ms)

    @work(thread=True, exclusive=True, exit_on_error=False, group="runner")
    def _ask_runner(self, choice: RangeChoice, now_ms: int) -> None:
        """Asks whether the local runner that these functions are of still runs: then they can be invoked."""
        from lambdatui.processes.runner_client import running_runner

        self.ask_store("runner", lambda query: running_runner(query.reader), choice, now_ms)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key does something now: the one that invokes does nothing on a function in AWS."""
        if action == "run_command" and parameters == (Invoke.id(),):
            return Invoke.available(self)
        return super().check_action(action, parameters)

    def paint_part(self, subject: str, answer: Any) -> None:
        """Takes the local runner, or shows the fleet's figures in the band, or the month's money in the header."""
        if subject == "runner":
            self.session.runner = answer
        elif subject == "fleet":
            self.band.show_series(answer)
        else:
            self.query_one(HomeHeader).say_month(answer)

    def key_of(self, row: FunctionView) -> Any:
        """The function's id in the store."""
        return row.function_id

    def in_trouble(self, row: FunctionView) -> bool:
        """Whether the function passes a threshold of trouble."""
        return in_trouble(row, self.session.thresholds)

    def counts(self) -> tuple[str, ...]:
        """Invocations, errors, the cost at list price, and the number of functions."""
        view: FunctionsView = self.answer
        cost = (f"{money(view.cost_usd)} at list price",) if view.cost_usd is not None else ()
        return (
            (
                f"{count(view.invocations)} {plural(view.invocations or 0, 'invocation')}, "
                f"{count(view.errors)} {plural(view.errors or 0, 'error')}"
            ),
            *cost,
            *super().counts(),
        )

    def open_row(self, row: FunctionView) -> None:
        """Opens the function."""
        self.open_function(row.function_id, row.function)
