"""Invocations, of all functions or of one."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from lambdatui.screens.paged import Invocations, InvocationsTable
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.views.invocations import InvocationsView


class InvocationsScreen(InvocationsTable):
    """``function_id`` None: of everything that is not narrowed away."""

    NAME: ClassVar[str] = "invocations"

    def __init__(self, session: Session, function_id: int | None = None, name: str = "") -> None:
        super().__init__(session)
        self._function_id = function_id
        self._function = name

    def heading(self) -> tuple[str, ...]:
        return ("Functions", self._function, "Invocations") if self._function else ("Invocations",)

    def function_ids(self) -> Sequence[int] | None:
        return None if self._function_id is None else [self._function_id]

    def question(self) -> Callable[[Question], Invocations]:
        return self.rows_question()

    def paint(self, answer: Invocations) -> None:
        self.answer = answer.view
        self.paint_rows(answer)

    def invocations_view(self) -> InvocationsView | None:
        found: Any = self.answer
        return found if isinstance(found, InvocationsView) else None
