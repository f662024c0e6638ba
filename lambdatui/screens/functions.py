"""The first screen: all functions."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.reading import Question
from lambdatui.screens.tables import TableScreen
from lambdatui.text import count, money
from lambdatui.views.columns import Column
from lambdatui.views.functions import FUNCTION_COLUMNS, FunctionsView, FunctionView, functions
from lambdatui.widgets.layout import Shown, show


class FunctionsScreen(TableScreen):
    """Every function, the most expensive first."""

    COLUMNS: ClassVar[tuple[Shown, ...]] = (
        show("function", grows=True, most=44),
        show("region", 9),
        show("runtime", 10),
        show("arch", 13),
        show("memory_mb", 6),
        show("invocations", 1),
        show("errors", 2),
        show("error_rate", 4),
        show("timeouts", 7),
        show("throttles", 12),
        show("cold_ratio", 7),
        show("p50_ms", 8),
        show("p95_ms", 3),
        show("p99_ms", 11),
        show("cost_usd", 2),
        show("projected_usd", 5),
        show("last_seen", 10),
    )
    FILTERED: ClassVar[tuple[Column, ...]] = FUNCTION_COLUMNS
    ROWS_ARE: ClassVar[str] = "functions"
    SORT: ClassVar[tuple[str, bool] | None] = ("cost_usd", True)

    def heading(self) -> tuple[str, ...]:
        return ("Functions",)

    def question(self) -> Callable[[Question], FunctionsView]:
        narrow = self.session.narrow
        return lambda ask: functions(ask.reader, ask.range, ask.book, narrow=narrow)

    def key_of(self, row: FunctionView) -> Any:
        return row.function_id

    def in_trouble(self, row: FunctionView) -> bool:
        return bool(row.errors or row.timeouts or row.throttles)

    def counted(self) -> tuple[str, ...]:
        view: FunctionsView = self.answer
        cost = (f"{money(view.cost_usd)} at list price",) if view.cost_usd is not None else ()
        return f"{count(view.invocations)} invocations, {count(view.errors)} errors", *cost, *super().counted()

    def open_row(self, row: FunctionView) -> None:
        from lambdatui.screens.function import FunctionScreen

        self.app.push_screen(FunctionScreen(self.session, row.function_id, row.function))
