"""Advice: what to change, what shows it, what it is worth. Enter says it in full."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowAdvice
from lambdatui.screens import columns
from lambdatui.screens.details import DetailsScreen
from lambdatui.screens.tables import TABLE_COMMANDS, TableScreen
from lambdatui.session.queries import Question
from lambdatui.text.figures import money
from lambdatui.views.advice import ADVICE_COLUMNS, advice, said, worth
from lambdatui.views.advice_item import Advice
from lambdatui.views.columns import Column
from lambdatui.views.view import View
from lambdatui.widgets.layout import Shown


class AdviceScreen(TableScreen):
    """What fails first, then what is worth most."""

    NAME: ClassVar[str] = "advice"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowAdvice)
    COLUMNS: ClassVar[tuple[Shown, ...]] = columns.ADVICE
    FILTERED: ClassVar[tuple[Column, ...]] = ADVICE_COLUMNS
    ROW_IS: ClassVar[str] = "piece of advice"

    def heading(self) -> tuple[str, ...]:
        return ("Advice",)

    def question(self) -> Callable[[Question], View[Advice]]:
        return lambda ask: advice(ask.reader, ask.range, ask.book, narrow=ask.narrow)

    def key_of(self, row: Advice) -> Any:
        return row.kind, row.function_id, row.found

    def in_trouble(self, row: Advice) -> bool:
        return row.severity >= 3

    def counted(self) -> tuple[str, ...]:
        saved = worth(self.answer.rows)
        return *((f"at least {money(saved)} a month",) if saved else ()), *super().counted()

    def open_row(self, row: Advice) -> None:
        self.app.push_screen(DetailsScreen(f"{row.function}: {row.kind}", said(row)))
