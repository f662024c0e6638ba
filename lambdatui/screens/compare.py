"""Two functions beside each other, or one function and itself a range earlier."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.screens.tables import TableScreen
from lambdatui.session.queries import Question
from lambdatui.session.session import Session
from lambdatui.views.comparison import ComparedFigure, comparison
from lambdatui.views.view import View


class CompareScreen(TableScreen):
    """``other`` None: the same function, in the range before this one."""

    ROW: ClassVar[type] = ComparedFigure
    ROW_IS: ClassVar[str] = "figure"

    def __init__(self, session: Session, one: tuple[int, str], other: tuple[int, str] | None) -> None:
        super().__init__(session)
        self._one, self._other = one, other

    def heading(self) -> tuple[str, ...]:
        if self._other is None:
            return ("Compare", f"{self._one[1]}: the range before, and this one")
        return ("Compare", f"{self._one[1]} and {self._other[1]}")

    def question(self) -> Callable[[Question], View[ComparedFigure]]:
        one, other = self._one[0], self._other

        def ask(question: Question) -> View[ComparedFigure]:
            span = question.range
            first = (one, span.back()) if other is None else (one, span)
            return comparison(question.reader, first, (one if other is None else other[0], span), question.book)

        return ask

    def key_of(self, row: ComparedFigure) -> Any:
        return row.figure

    def in_trouble(self, row: ComparedFigure) -> bool:
        return row.worse
