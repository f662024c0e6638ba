"""One function: its figures, two charts, and its latest invocations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from lambdatui.reading import Question
from lambdatui.screens.paged import Invocations, InvocationsTable
from lambdatui.session import Session
from lambdatui.views.columns import COLUMNS as REGISTRY
from lambdatui.views.function import FunctionDetail, function
from lambdatui.views.functions import FunctionView
from lambdatui.views.invocations import InvocationsView
from lambdatui.views.shown import shown
from lambdatui.widgets.fields import Field, Fields
from lambdatui.widgets.layout import Shown

_FIELD_CELLS = 19
_CHART_MARGIN = 12


@dataclass(frozen=True)
class FunctionAnswer:
    """Both halves of the screen, of one moment."""

    detail: FunctionDetail | None
    invocations: Invocations


class FunctionScreen(InvocationsTable):
    """Enter on an invocation shows its lines: two keys from the list of functions to a stack trace."""

    COLUMNS: ClassVar[tuple[Shown, ...]] = tuple(one for one in InvocationsTable.COLUMNS if one.column.id != "function")

    def __init__(self, session: Session, function_id: int, name: str) -> None:
        super().__init__(session)
        self._function_id = function_id
        self._function = name

    def heading(self) -> tuple[str, ...]:
        return ("Functions", self._function)

    def body(self) -> ComposeResult:
        from lambdatui.widgets.chart import Chart

        yield Fields(_FIELD_CELLS, self.session.marks.more, most=4, id="figures")
        with Horizontal(id="charts"):
            yield Chart(self.session, "Invocations", in_ms=False)
            yield Chart(self.session, "Duration p95", in_ms=True)
        yield from super().body()

    def function_ids(self) -> Sequence[int] | None:
        return [self._function_id]

    def question(self) -> Callable[[Question], FunctionAnswer]:
        rows = self.rows_question()
        identity, columns = self._function_id, max(16, self.app.size.width // 2 - _CHART_MARGIN)

        def ask(question: Question) -> FunctionAnswer:
            detail = function(question.reader, question.range, identity, question.book, chart_columns=columns)
            return FunctionAnswer(detail, rows(question))

        return ask

    def paint(self, answer: FunctionAnswer) -> None:
        self.answer = answer.invocations.view
        self.paint_rows(answer.invocations)
        if answer.detail is None:
            self.say(f"{self._function} is no longer in this store")
            return
        self._detail = answer.detail
        self.query_one("#figures", Fields).show_fields(_figures(answer.detail.rows[0]))
        self._paint_charts(answer.detail)

    _detail: FunctionDetail | None = None

    def _paint_charts(self, detail: FunctionDetail) -> None:
        from lambdatui.widgets.chart import Chart, Curve

        starts = [step.start_ms for step in detail.series]
        calls, durations = self.query(Chart)
        calls.show_curves(
            starts,
            (
                Curve("invocations", tuple(float(step.invocations) for step in detail.series), "secondary"),
                Curve("x errors", tuple(float(step.errors) or None for step in detail.series), "error", points=True),
            ),
        )
        durations.show_curves(starts, (Curve("p95", tuple(step.p95_ms for step in detail.series), "warning"),))

    def invocations_view(self) -> InvocationsView | None:
        found: Any = self.answer
        return found if isinstance(found, InvocationsView) else None

    def show_invocations(self) -> None:
        from lambdatui.screens.invocations import InvocationsScreen

        self.app.push_screen(InvocationsScreen(self.session, self._function_id, self._function))


def _figures(row: FunctionView) -> list[Field]:
    """What the function did and cost, the telling figures first."""

    def field(label: str, column_id: str, tone: str = "") -> Field:
        return Field(label, shown(REGISTRY[column_id], getattr(row, column_id)), tone)

    share = shown(REGISTRY["error_rate"], row.error_rate)
    return [
        field("calls", "invocations"),
        Field("errors", f"{row.errors:,} ({share})", "error" if row.errors else ""),
        field("timeouts", "timeouts", "error" if row.timeouts else ""),
        field("throttles", "throttles", "error" if row.throttles else ""),
        field("p50", "p50_ms"),
        field("p95", "p95_ms"),
        field("p99", "p99_ms"),
        field("max", "max_ms"),
        Field("cold", f"{row.cold_starts:,} ({shown(REGISTRY['cold_ratio'], row.cold_ratio)})"),
        Field("memory", f"{_mb(row.max_memory_mb)}/{_mb(row.memory_mb)}"),
        field("cost", "cost_usd"),
        field("month", "projected_usd"),
    ]


def _mb(value: int | None) -> str:
    return shown(REGISTRY["memory_mb"], value)
