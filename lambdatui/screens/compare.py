"""Functions beside each other; or one function, and itself one range earlier."""

from collections.abc import Callable
from typing import Any, ClassVar

from lambdatui.screens.base.table import TableScreen
from lambdatui.session.destinations import ToComparison
from lambdatui.session.queries import QueryContext
from lambdatui.session.session import Session
from lambdatui.views.columns import TableColumn
from lambdatui.views.comparison import (
    ComparedFigure,
    FigureOfMany,
    columns_of_many,
    comparison,
    comparison_of_many,
)
from lambdatui.views.view import View


class CompareScreen(TableScreen):
    """The screen of a comparison: a row for each figure, with both values and their ratio."""

    ROW: ClassVar[type] = ComparedFigure
    ROW_IS: ClassVar[str] = "figure"
    REASON: ClassVar[str] = "ratio"

    def __init__(self, session: Session, destination: ToComparison) -> None:
        super().__init__(session)
        self._first, self._other = destination.first, destination.other
        self._many = (self._first, self._other, *destination.more) if self._other and destination.more else ()
        if self._many:
            # A column for each function: what is filtered, copied and exported has them too.
            vars(self)["FILTERED"] = columns_of_many([name for _, name in self._many])

    def heading(self) -> tuple[str, ...]:
        """The breadcrumb, with the names of what is compared."""
        if self._many:
            *names, last = (name for _, name in self._many)
            return ("Compare", f"{', '.join(names)} and {last}")
        if self._other is None:
            return ("Compare", f"{self._first[1]}: the range before, and this one")
        return ("Compare", f"{self._first[1]} and {self._other[1]}")

    def usual_columns(self) -> tuple[TableColumn, ...]:
        """The figure and its values; of several functions a column for each."""
        if not self._many:
            return super().usual_columns()
        return tuple(TableColumn(column, need) for need, column in enumerate(self.FILTERED))

    def columns_name(self) -> str:
        """What the chosen columns are saved under; those of several functions are not those of two."""
        return "compare_many" if self._many else super().columns_name()

    def is_of_many(self) -> bool:
        """It compares what it was opened for, whatever else is narrowed."""
        return False

    def question(self) -> Callable[[QueryContext], View[ComparedFigure] | View[FigureOfMany]]:
        """Compares functions in the range, or one function with itself in the range before."""
        first_id, other, many = self._first[0], self._other, self._many
        if many:
            return lambda query: comparison_of_many(query.reader, many, query.range, query.book)

        def ask(query: QueryContext) -> View[ComparedFigure]:
            span = query.range
            first = (first_id, span.back()) if other is None else (first_id, span)
            return comparison(query.reader, first, (first_id if other is None else other[0], span), query.book)

        return ask

    def key_of(self, row: ComparedFigure | FigureOfMany) -> Any:
        """The figure's name."""
        return row.figure
