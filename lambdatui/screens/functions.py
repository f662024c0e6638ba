"""The first screen: all functions."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.reading import Question
from lambdatui.screens import columns
from lambdatui.screens.tables import TableScreen
from lambdatui.text import count, money
from lambdatui.views.columns import Column
from lambdatui.views.functions import FUNCTION_COLUMNS, FunctionsView, FunctionView, functions
from lambdatui.widgets.layout import Shown


class FunctionsScreen(TableScreen):
    """Every function, the most expensive first."""

    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.FUNCTIONS
    FILTERED: ClassVar[tuple[Column, ...]] = FUNCTION_COLUMNS
    ROWS_ARE: ClassVar[str] = "functions"
    SORT: ClassVar[tuple[str, bool] | None] = columns.FUNCTIONS_SORT

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
