"""The first screen: all functions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult

from collectors.model.records import LOCAL_ACCOUNT
from lambdatui.commands.base import Commands
from lambdatui.commands.invoking import Invoke
from lambdatui.screens.base.choosing import ChoosingScreen
from lambdatui.screens.base.invoking import InvokingScreen
from lambdatui.screens.base.table import TABLE_COMMANDS
from lambdatui.session.messages import AnswerFailed
from lambdatui.start.first_lines import beside_rows
from lambdatui.text.figures import count, counted, money, plural
from lambdatui.views.filters import Filter
from lambdatui.views.fleet_health import health, places
from lambdatui.views.function_row import DEAREST_FIRST, FunctionView
from lambdatui.views.time_range import RangeChoice, TimeRange
from lambdatui.widgets.header import DataSummary, Header, HomeHeader
from lambdatui.widgets.rows import PagedRows

if TYPE_CHECKING:
    from lambdatui.session.queries import QueryContext
    from lambdatui.views.functions import FunctionsView, FunctionView
    from lambdatui.views.growth import Growth
    from lambdatui.views.overview import Overview
    from lambdatui.views.row_details import RowDetails
    from lambdatui.views.startup_view import StartupView
    from lambdatui.widgets.band import Band

TREND_STEPS = 8
"""Steps of the small chart in a row."""


class FunctionsScreen(ChoosingScreen, InvokingScreen):
    """The screen of all functions, the most expensive first."""

    NAME: ClassVar[str] = "functions"
    COMMANDS_HERE: ClassVar[Commands] = (*TABLE_COMMANDS, Invoke)
    ROW: ClassVar[type] = FunctionView
    ROW_IS: ClassVar[str] = "function"
    COPIED: ClassVar[str] = "name"
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
            room = size.height - beside_rows(*size, self._chosen_panes)
            self.table.show_vertical_scrollbar = self._startup_view.count > room
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
        if self.answer is not None:
            return replace(super().summary(), coverage=self.shown_view().coverage)
        if self._startup_view is None:
            return super().summary()
        return DataSummary(
            self._startup_view.as_of, None, self.filter, (counted(self._startup_view.count, "function"),)
        )

    _growth: "tuple[object, Growth] | None" = None
    """How the functions changed, by the answer before, and what that was about."""

    def paint(self, answer: "FunctionsView") -> None:
        """Shows the functions and their health; asks for the month and the local runner, and then for the rest."""
        if self._growth is not None and self._growth[0] == self._growth_is_about:
            answer = self.answer = self._growth[1].added_to(answer)
        super().paint(answer)
        self.session.places = places(answer.rows)
        self._choose_functions()
        self._ask_on = True
        self.ask_beside_rows()
        if any(row.account == LOCAL_ACCOUNT for row in answer.rows):
            self._ask_runner(self.choice_of_shown_rows(), self.session.now_ms())
        else:
            self.session.runner = None

    @property
    def _growth_is_about(self) -> object:
        return self.session.choice, self.shown_scope

    @work(thread=True, exclusive=True, exit_on_error=False, group="growth")
    def _ask_growth(self, choice: RangeChoice, now_ms: int) -> None:
        """Asks how the functions changed, which takes longer than the rows: they do not wait for it."""
        from lambdatui.views.growth import growth

        label = self.session.shown.label if self.session.shown is not None else ""

        def of_rows(query: "QueryContext") -> "Growth":
            # A month is compared with the month before: the exact ends of its range do not say that it is one.
            return growth(query.reader, replace(query.range, label=label), query.book, scope=query.scope)

        self.ask_store("growth", of_rows, choice, now_ms)

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

    def ask_beside_rows(self) -> None:
        """Shows the health of the functions that the filter leaves, and asks for what stands beside them."""
        self._month_awaited = True
        self.query_one(HomeHeader).say_health(health(self._filtered_rows(), self.session.thresholds))
        self._ask_overview(self.choice_of_shown_rows(), self.session.now_ms())

    def compare(self) -> None:
        """Compares two marked functions; a single one with its own range before; without marks the whole fleet."""
        from lambdatui.session.destinations import ToComparison, ToFleet

        marked = self.session.marked
        if len(marked) > 1:
            super().compare()
        else:
            self.navigator.open(ToComparison(marked[0], None) if marked else ToFleet())

    def shown_view(self) -> "FunctionsView":
        """The answer with the rows that are shown alone, so that no sum claims others."""
        from lambdatui.views.functions import with_rows

        rows = [row for at in range(self.table.row_count) if (row := self.table.row_at(at)) is not None]
        return self.answer if len(rows) == len(self.answer.rows) else with_rows(self.answer, rows)

    def view_of(self, rows: "Sequence[FunctionView]") -> "FunctionsView":
        """The answer with these rows alone."""
        from lambdatui.views.functions import with_rows

        return with_rows(self.answer, rows)

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
        """Takes the local runner, or shows what grew, the fleet's figures in the band, or the month's money."""
        if subject == "runner":
            self.session.runner = answer
        elif subject == "growth":
            self._growth = self._growth_is_about, answer
            self.answer = answer.added_to(self.answer)
            super().paint(self.answer)
            self._choose_again()  # a filter may be of what grew
        elif subject == "fleet":
            self.band.show_series(answer)
        else:
            self.query_one(HomeHeader).say_month(answer)
            self._month_has_come()

    _month_awaited = _ask_on = False

    def follow_row(self, *, moved: bool) -> None:
        """The month comes before the pane, unless a key moves the cursor: both compute, and the month is seen first."""
        if moved or not self._month_awaited:
            super().follow_row(moved=moved)

    def show_failure(self, message: AnswerFailed) -> None:
        """Shows the failure, and lets the pane go on without the month."""
        super().show_failure(message)
        if message.subject == "overview":
            self._month_has_come()

    def _month_has_come(self) -> None:
        """Asks for what grew, for the band and for the pane: together they would keep the month waiting."""
        self._month_awaited = False
        if self._ask_on:
            self._ask_on = False
            self._ask_growth(self.choice_of_shown_rows(), self.session.now_ms())
            self.ask_fleet()
        self.follow_row(moved=False)

    def on_resize(self) -> None:
        """Fits the band to the terminal, and asks for its figures where it has become large enough."""
        self.band.fit()
        if self.band.is_empty:
            self.ask_fleet()

    def band_came(self) -> None:
        """Asks for what the band shows."""
        self.ask_fleet()

    def key_of(self, row: FunctionView) -> Any:
        """The function's id in the store."""
        return row.function_id

    def details_question(self, row: FunctionView) -> "Callable[[QueryContext], RowDetails] | None":
        """Asks for the function's charts, its newest error and its last change."""
        identity, columns, utc = row.function_id, self.chart_columns, self.session.utc

        def ask(query: "QueryContext") -> "RowDetails":
            from lambdatui.views.function_details import function_details

            return function_details(query.reader, query.range, identity, query.book, chart_columns=columns, utc=utc)

        return ask

    def further_details(self, row: FunctionView) -> "Callable[[QueryContext, RowDetails], RowDetails] | None":
        """Adds what to change on the function."""
        identity = row.function_id

        def ask(query: "QueryContext", details: "RowDetails") -> "RowDetails":
            from lambdatui.views.function_details import with_advice

            return with_advice(details, query.reader, query.range, identity, query.book)

        return ask

    def counts(self) -> tuple[str, ...]:
        """Invocations, errors and the cost at list price of the functions that are shown, and their number."""
        view = self.shown_view()
        cost = (f"{money(view.cost_usd)} at list price",) if view.cost_usd is not None else ()
        return (
            (
                f"{count(view.invocations)} {plural(view.invocations or 0, 'invocation')}, "
                f"{count(view.errors)} {plural(view.errors or 0, 'error')}"
            ),
            *cost,
            *super().counts(),
        )

    def row_text(self, row: FunctionView) -> str:
        """The function's name, as commands take it."""
        return row.function

    def open_row(self, row: FunctionView) -> None:
        """Opens the function."""
        self.open_function(row.function_id, row.function)
