"""Two functions beside each other, or one function in two spans of time."""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class FigureOfMany:
    """One figure of several functions, as text: the first's is the field ``f1``, the second's ``f2`` and so on.

    ``most`` names the function with most of a figure of which more is bad; empty where all have as much.
    """

    figure: str
    most: str
    texts: tuple[str, ...]

    def __getattr__(self, name: str) -> str:
        if name[:1] == "f" and name[1:].isdecimal() and 0 < int(name[1:]) <= len(self.texts):
            return self.texts[int(name[1:]) - 1]
        raise AttributeError(name)


def columns_of_many(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of ``FigureOfMany``: the figure, each function by its name, and who has most."""
    figure = next(column for column in COMPARISON_COLUMNS if column.id == "figure")
    each = (
        Column(name, Kind.TEXT, 14, f"That of {name}.", id=f"f{number}") for number, name in enumerate(names, start=1)
    )
    most = Column("Most", Kind.TEXT, 14, "Who has most, of what is worse the more there is.", id="most", tone="warning")
    return (figure, *each, most)


def comparison_of_many(
    reader: Reader, functions: Sequence[tuple[int, str]], time_range: TimeRange, book: "PriceBook | None" = None
) -> View[FigureOfMany]:
    """Functions, by id and name, beside each other. One that the store no longer holds has no figures."""
    by_id = {row.id: row for row in reader.functions()}
    chosen = [by_id[identity] for identity, _ in functions if identity in by_id]
    figures = {row.function_id: row for row in function_rows(reader, time_range, book, chosen)}
    sides = [(name, figures.get(identity)) for identity, name in functions]
    rows = [_of_many(column, worse, sides) for column, worse in compared_columns(FunctionView)]
    names = [name for _, name in functions]
    return View(columns_of_many(names), rows, reader.as_of_ms(time_range.to_ms), time_range)


def _of_many(column: Column, more_is_worse: bool, sides: Sequence[tuple[str, FunctionView | None]]) -> FigureOfMany:
    values = [(name, None if row is None else getattr(row, column.id)) for name, row in sides]
    known = [(name, float(value)) for name, value in values if isinstance(value, int | float | Decimal)]
    most = max(known, key=lambda side: side[1], default=("", 0.0))
    differs = more_is_worse and len({value for _, value in known}) > 1
    texts = tuple(value_text(column, value) for _, value in values)
    return FigureOfMany(column.label, most[0] if differs else "", texts)


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
