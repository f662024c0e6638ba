"""Invocations, of all functions or of one."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from lambdatui.screens.base.invocations_table import InvocationRows, InvocationsTable
from lambdatui.session.destinations import ToInvocations
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session


class InvocationsScreen(InvocationsTable):
    """The screen of invocations, the newest first: of one function, or of all in scope."""

    NAME: ClassVar[str] = "invocations"

    def __init__(self, session: Session, destination: ToInvocations | None = None) -> None:
        super().__init__(session)
        destination = destination or ToInvocations()
        self._function_id, self._function = destination.function_id, destination.name

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the function's name where all are of one."""
        return ("Functions", self._function, "Invocations") if self._function else ("Invocations",)

    def function_ids(self) -> Sequence[int] | None:
        """The one function whose invocations these are; None for all functions in scope."""
        return None if self._function_id is None else [self._function_id]

    def is_of_many(self) -> bool:
        """Whether the invocations are of all functions in scope."""
        return self._function_id is None

    def question(self) -> Callable[[QueryContext], InvocationRows]:
        """Asks for the rows alone."""
        return self.rows_question()

    def paint(self, answer: InvocationRows) -> None:
        """Shows the rows."""
        self.answer = answer.view
        self.paint_rows(answer)
