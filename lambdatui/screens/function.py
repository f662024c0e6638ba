"""One function: its figures, two charts, and its latest invocations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal

from lambdatui.commands.base import Command, Commands
from lambdatui.commands.invoking import Invoke
from lambdatui.screens.base.invocations_table import InvocationRows, InvocationsTable
from lambdatui.screens.base.invoking import InvokingScreen
from lambdatui.screens.base.table import TABLE_COMMANDS
from lambdatui.screens.dialogs.prompt import PickScreen
from lambdatui.screens.dialogs.settings import SettingsScreen
from lambdatui.session.destinations import ToFunction, ToInvocations
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.text.figures import count
from lambdatui.views.columns import TableColumn, columns_by_id
from lambdatui.views.formatting import value_text
from lambdatui.views.function import FunctionDetail, function
from lambdatui.views.function_charts import ChartView, function_charts
from lambdatui.views.functions import FunctionView
from lambdatui.views.time_range import RangeChoice
from lambdatui.widgets.fields import Field, Fields

_FIELD_CELLS = 19
_CHART_MARGIN = 12
_COLUMNS = columns_by_id(FunctionView)


@dataclass(frozen=True)
class FunctionAnswer:
    """What the screen shows, read from one state of the store."""

    detail: FunctionDetail | None
    charts: tuple[ChartView, ...]
    invocations: InvocationRows


class NextCharts(Command["FunctionScreen"]):
    """Show the next two charts: calls, durations, concurrency, memory, cost, cold starts, metrics in log lines."""

    BINDING_KEY = "v"
    SHOW_IN_FOOTER = True
    FOOTER_TEXT = "charts"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "FunctionScreen") -> None:
        """Shows the next two charts."""
        screen.next_charts()


class ChooseChart(Command["FunctionScreen"]):
    """Choose a chart from a list: the function's figures, and the metrics that its log lines carry."""

    BINDING_KEY = "V"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "FunctionScreen") -> None:
        """Opens the list of charts."""
        screen.choose_chart()


class CrosshairRight(Command["FunctionScreen"]):
    """Move the line across the charts later; its values stand beside the titles."""

    BINDING_KEY = "full_stop"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "FunctionScreen") -> None:
        """Moves the crosshair one step later."""
        screen.move_crosshair(1)


class CrosshairLeft(Command["FunctionScreen"]):
    """Move the line across the charts earlier."""

    BINDING_KEY = "comma"
    GROUP = "Charts"

    @classmethod
    def run(cls, screen: "FunctionScreen") -> None:
        """Moves the crosshair one step earlier."""
        screen.move_crosshair(-1)


CHARTS: Commands = (NextCharts, ChooseChart, CrosshairRight, CrosshairLeft)


class FunctionScreen(InvocationsTable, InvokingScreen):
    """The screen of one function. Enter on an invocation shows its log lines."""

    COMMANDS_HERE: ClassVar[Commands] = (*CHARTS, *TABLE_COMMANDS)
    COLUMNS: ClassVar[tuple[TableColumn, ...]] = tuple(
        table_column for table_column in InvocationsTable.COLUMNS if table_column.column.id != "function"
    )

    def __init__(self, session: Session, destination: ToFunction) -> None:
        super().__init__(session)
        self._function_id, self._function = destination.function_id, destination.name

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the function's name last."""
        return ("Functions", self._function)

    def body(self) -> ComposeResult:
        """The function's figures, two charts, and the table of its invocations."""
        from lambdatui.widgets.chart import Chart

        yield Fields(_FIELD_CELLS, self.session.marks.more, most=4, id="figures")
        with Horizontal(id="charts"):
            yield Chart(self.session.terminal, "Invocations", utc=self.session.utc)
            yield Chart(self.session.terminal, "Duration p95", unit="ms", utc=self.session.utc)
        yield from super().body()

    def function_ids(self) -> Sequence[int] | None:
        """This function alone."""
        return [self._function_id]

    def is_of_many(self) -> bool:
        """It is of one function."""
        return False

    def question(self) -> Callable[[QueryContext], FunctionAnswer]:
        """Asks for figures, charts and invocations in one read, so that they agree."""
        rows = self.rows_question()
        identity, columns = self._function_id, max(16, self.app.size.width // 2 - _CHART_MARGIN)

        def ask(query: QueryContext) -> FunctionAnswer:
            detail = function(query.reader, query.range, identity, query.book, chart_columns=columns)
            if detail is None:
                return FunctionAnswer(None, (), rows(query))
            stored = {row.id: row.function.reserved_concurrency for row in query.reader.functions()}
            charts = function_charts(query.reader, query.range, detail, stored.get(identity))
            return FunctionAnswer(detail, charts, rows(query))

        return ask

    def paint(self, answer: FunctionAnswer) -> None:
        """Shows figures, charts and invocations; says where the function is no longer stored."""
        self.answer = answer.invocations.view
        self.paint_rows(answer.invocations)
        if answer.detail is None:
            self.say(f"{self._function} is no longer in this store")
            return
        self.query_one("#figures", Fields).show_fields([*_wrong(answer.detail), *_figures(answer.detail.rows[0])])
        self._take_charts(answer.charts)
        self._paint_charts()

    _charts: tuple[ChartView, ...] = ()
    _first_chart = 0
    _cross: int | None = None

    def _take_charts(self, charts: tuple[ChartView, ...]) -> None:
        """Takes new charts. The first one shown stays, if it is there: ranges differ in the metrics of their lines."""
        titles = [chart.title for chart in charts]
        now = self._charts[self._first_chart % len(self._charts)].title if self._charts else ""
        self._charts = charts
        self._first_chart = titles.index(now) if now in titles else 0

    def choose_chart(self) -> None:
        """Asks which chart to show first; the one after it stands beside it."""
        titles = [chart.title for chart in self._charts]

        def take(title: str | None) -> None:
            if title in titles:
                self._first_chart = titles.index(title)
                self._paint_charts()

        if titles:
            self.app.push_screen(PickScreen("Which chart?", titles, titles[self._first_chart % len(titles)]), take)

    def _paint_charts(self) -> None:
        from lambdatui.widgets.chart import Chart

        for place, chart in enumerate(self.query(Chart)):
            chart.show_view(self._charts[(self._first_chart + place) % len(self._charts)])
            chart.show_cross(self._cross)

    def next_charts(self) -> None:
        """Shows the two charts after those that are shown, and after the last the first."""
        if self._charts:
            self._first_chart = (self._first_chart + 2) % len(self._charts)
            self._paint_charts()

    def move_crosshair(self, steps: int) -> None:
        """Moves the crosshair ``steps`` steps later; the first key puts it on the newest step."""
        if self._charts and self._charts[0].starts:
            last = len(self._charts[0].starts) - 1
            self._cross = last if self._cross is None else max(0, min(last, self._cross + steps))
            self._paint_charts()

    def subject(self) -> tuple[int, str] | None:
        """This function: its id in the store, and its name."""
        return self._function_id, self._function

    def logs_subject(self) -> tuple[int, str] | None:
        """This function, whatever is marked on other screens."""
        return self.subject()

    def show_configuration(self) -> None:
        """Shows this function's settings in a box."""
        self._ask_settings(self.choice_of_shown_rows(), self.session.now_ms())

    @work(thread=True, exclusive=True, exit_on_error=False, group="settings")
    def _ask_settings(self, choice: RangeChoice, now_ms: int) -> None:
        from lambdatui.views.function_settings import function_settings

        self.ask_store(
            "settings", lambda query: function_settings(query.reader, query.range, tags=True), choice, now_ms
        )

    def paint_part(self, subject: str, answer: Any) -> None:
        """Shows the settings in a box, where the answer is of them; else takes more invocations."""
        if subject != "settings":
            super().paint_part(subject, answer)
            return
        row = next((row for row in answer.rows if row.function_id == self._function_id), None)
        if row is not None:
            self.app.push_screen(SettingsScreen(row, utc=self.session.utc))

    def show_invocations(self) -> None:
        """Opens the invocations of this function on a screen of their own."""
        self.navigator.open(ToInvocations(self._function_id, self._function))


class InvokeHere(Invoke):
    """Invoke this function of the local runner with a payload of yours. Functions in AWS are never invoked."""

    ID = Invoke.id()  # one entry in the configuration remaps both
    SHOW_IN_FOOTER = True


class LocalFunctionScreen(FunctionScreen):
    """The screen of a function of the running local runner, which can be invoked."""

    COMMANDS_HERE: ClassVar[Commands] = (InvokeHere, *FunctionScreen.COMMANDS_HERE)


def _wrong(detail: FunctionDetail) -> list[Field]:
    """Fields on the function itself that need attention: its state, and a last update that failed."""
    return [Field(one.label.lower(), str(one.text).split(":")[0], "error") for one in detail.facts if one.wrong]


def _figures(row: FunctionView) -> list[Field]:
    """What the function did and cost, the most telling figures first."""

    def field(label: str, column_id: str, tone: str = "") -> Field:
        return Field(label, value_text(_COLUMNS[column_id], getattr(row, column_id)), tone)

    share = value_text(_COLUMNS["error_rate"], row.error_rate)
    return [
        field("calls", "invocations"),
        Field("errors", f"{count(row.errors)} ({share})", "error" if row.errors else ""),
        field("timeouts", "timeouts", "error" if row.timeouts else ""),
        field("throttles", "throttles", "error" if row.throttles else ""),
        field("p50", "p50_ms"),
        field("p95", "p95_ms"),
        field("p99", "p99_ms"),
        field("max", "max_ms"),
        Field("cold", f"{count(row.cold_starts)} ({value_text(_COLUMNS['cold_ratio'], row.cold_ratio)})"),
        Field("memory", f"{_mb(row.max_memory_mb)}/{_mb(row.memory_mb)}"),
        field("cost", "cost_usd"),
        field("month", "projected_usd"),
    ]


def _mb(value: int | None) -> str:
    return value_text(_COLUMNS["memory_mb"], value)
