"""Two functions beside each other; or one function, and itself one range earlier."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.screens.base.table import TableScreen
from lambdatui.session.destinations import ToComparison
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.views.comparison import ComparedFigure, comparison
from lambdatui.views.view import View


class CompareScreen(TableScreen):
    """The screen of a comparison: a row for each figure, with both values and their ratio."""

    ROW: ClassVar[type] = ComparedFigure
    ROW_IS: ClassVar[str] = "figure"
    REASON: ClassVar[str] = "ratio"

    def __init__(self, session: Session, destination: ToComparison) -> None:
        super().__init__(session)
        self._first, self._other = destination.first, destination.other

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the names of what is compared."""
        if self._other is None:
            return ("Compare", f"{self._first[1]}: the range before, and this one")
        return ("Compare", f"{self._first[1]} and {self._other[1]}")

    def is_of_many(self) -> bool:
        """It compares what it was opened for, whatever else is narrowed."""
        return False

    def question(self) -> Callable[[QueryContext], View[ComparedFigure]]:
        """Compares two functions in the range, or one function with itself in the range before."""
        first_id, other = self._first[0], self._other

        def ask(query: QueryContext) -> View[ComparedFigure]:
            span = query.range
            first = (first_id, span.back()) if other is None else (first_id, span)
            return comparison(query.reader, first, (first_id if other is None else other[0], span), query.book)

        return ask

    def key_of(self, row: ComparedFigure) -> Any:
        """The figure's name."""
        return row.figure
