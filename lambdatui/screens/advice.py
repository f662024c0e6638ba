"""Advice: what to change, the evidence for it, and what it saves. Enter shows it in full."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.commands.base import Commands
from lambdatui.commands.navigation import ShowAdvice
from lambdatui.screens.base.table import TABLE_COMMANDS, TableScreen
from lambdatui.screens.dialogs.details import DetailsScreen
from lambdatui.session.queries import QueryContext
from lambdatui.text.figures import money
from lambdatui.views.advice import advice, advice_parts, worth
from lambdatui.views.advice_item import Advice
from lambdatui.views.row_details import RowDetails, of_parts
from lambdatui.views.view import View


class AdviceScreen(TableScreen):
    """The screen of advice: on what fails first, then on what saves most."""

    NAME: ClassVar[str] = "advice"
    REASON: ClassVar[str] = "kind"
    COMMANDS_HERE: ClassVar[Commands] = tuple(one for one in TABLE_COMMANDS if one is not ShowAdvice)
    ROW: ClassVar[type] = Advice
    ROW_IS: ClassVar[str] = "piece of advice"

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb: ``Advice``."""
        return ("Advice",)

    def question(self) -> Callable[[QueryContext], View[Advice]]:
        """Asks for the advice of the range."""
        profile_of = self.session.profile_of if self.session.chosen_profile else None
        url = self.session.runner.url if self.session.runner is not None else None
        return lambda query: advice(
            query.reader, query.range, query.book, scope=query.scope, profile_of=profile_of, runner_url=url
        )

    def key_of(self, row: Advice) -> Any:
        """The kind of advice, its function, and what was observed of it."""
        return row.kind, row.function_id, row.found

    def counts(self) -> tuple[str, ...]:
        """What the advice saves a month at least, where that is known, and the number of rows."""
        saved = worth(self.answer.rows)
        return *((f"at least {money(saved)} a month",) if saved else ()), *super().counts()

    def details_question(self, row: Advice) -> Callable[[QueryContext], RowDetails]:
        """Shows the advice in full; asks nothing."""
        return lambda _: of_parts(f"{row.function}: {row.kind}", advice_parts(row))

    def row_text(self, row: Advice) -> str:
        """The row's command, to be pasted; where it has none, what to do."""
        return row.command or row.advice

    def open_row(self, row: Advice) -> None:
        """Shows the advice, its evidence and its arithmetic in a box."""
        self.app.push_screen(DetailsScreen(f"{row.function}: {row.kind}", advice_parts(row)))
