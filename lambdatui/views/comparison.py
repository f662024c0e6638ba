"""Two functions beside each other, or one function in two spans of time."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from collectors.store.read.reader import Reader
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import Column, Kind, OnScreen, columns_of, compared_columns
from lambdatui.views.formatting import value_text
from lambdatui.views.functions import FunctionView, function_rows
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both sides, as text. ``worse``: more of it is bad, and the second has at least a tenth more."""

    figure: Annotated[str, shared.FIGURE_NAME, OnScreen()]
    one: Annotated[str, Column("First", Kind.TEXT, 19, "The first one's."), OnScreen()]
    other: Annotated[str, Column("Second", Kind.TEXT, 19, "The second one's."), OnScreen()]
    ratio: Annotated[str, Column("Second/First", Kind.TEXT, 12, "The second divided by the first."), OnScreen()]
    worse: bool

    @property
    def trouble(self) -> str | None:
        """By how much it is worse."""
        return self.ratio if self.worse else None


COMPARISON_COLUMNS = columns_of(ComparedFigure)


def comparison(
    reader: Reader,
    earlier: tuple[int, TimeRange],
    other: tuple[int, TimeRange],
    book: "PriceBook | None" = None,
) -> View[ComparedFigure]:
    """Both as function id and range. A function that the store no longer holds has no figures."""
    first, second = (_row(reader, identity, time_range, book) for identity, time_range in (earlier, other))
    rows = [_compared(column, worse, first, second) for column, worse in compared_columns(FunctionView)]
    return View(COMPARISON_COLUMNS, rows, reader.as_of_ms(other[1].to_ms), other[1])


def _row(reader: Reader, identity: int, time_range: TimeRange, book: "PriceBook | None") -> FunctionView | None:
    chosen = [row for row in reader.functions() if row.id == identity]
    return next(iter(function_rows(reader, time_range, book, chosen)), None)


def _compared(
    column: Column, more_is_worse: bool, first: FunctionView | None, second: FunctionView | None
) -> ComparedFigure:
    first_value, second_value = (getattr(row, column.id) if row is not None else None for row in (first, second))
    ratio, worse = "-", False
    if (
        isinstance(first_value, int | float | Decimal)
        and isinstance(second_value, int | float | Decimal)
        and column.kind != Kind.TIME
    ):
        before, after = float(first_value), float(second_value)
        ratio = "=" if before == after else f"{after / before:.2f}x" if before else "-"
        worse = more_is_worse and after > 1.1 * before
    return ComparedFigure(
        figure=column.label,
        one=value_text(column, first_value),
        other=value_text(column, second_value),
        ratio=ratio,
        worse=worse,
    )
