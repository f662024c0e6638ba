"""Two functions beside each other, or one function in two spans of time."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store.read.reader import Reader
from lambdatui.views.columns import COLUMNS, Kind, columns
from lambdatui.views.formatting import shown
from lambdatui.views.functions import FunctionView, function_rows
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import View

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

COMPARISON_COLUMNS = columns("figure", "one", "other", "ratio")
_FIGURES = (
    "invocations", "errors", "error_rate", "timeouts", "throttles", "cold_starts", "cold_ratio", "p50_ms", "p95_ms",
    "p99_ms", "max_ms", "avg_ms", "billed_ms", "gb_seconds", "memory_mb", "max_memory_mb", "cost_usd", "projected_usd",
    "runtime", "arch", "timeout_s", "coverage", "last_seen",
)  # fmt: skip
_WORSE_HIGHER = {"errors", "error_rate", "timeouts", "throttles", "p95_ms", "p99_ms", "cost_usd", "cold_ratio"}


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both, as text; ``worse`` where the second has more by a tenth of what nobody wants more of."""

    figure: str
    one: str
    other: str
    ratio: str
    worse: bool


def comparison(
    reader: Reader,
    one: tuple[int, TimeRange],
    other: tuple[int, TimeRange],
    book: "PriceBook | None" = None,
) -> View[ComparedFigure]:
    """Both as function id and range. A function that the store no longer holds has no figures."""
    first, second = (_row(reader, identity, time_range, book) for identity, time_range in (one, other))
    rows = [_compared(name, first, second) for name in _FIGURES]
    return View(COMPARISON_COLUMNS, rows, reader.as_of_ms(other[1].to_ms), other[1])


def _row(reader: Reader, identity: int, time_range: TimeRange, book: "PriceBook | None") -> FunctionView | None:
    chosen = [row for row in reader.functions() if row.id == identity]
    return next(iter(function_rows(reader, time_range, book, chosen)), None)


def _compared(name: str, first: FunctionView | None, second: FunctionView | None) -> ComparedFigure:
    column = COLUMNS[name]
    one, other = (getattr(row, name) if row is not None else None for row in (first, second))
    ratio, worse = "-", False
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal) and column.kind != Kind.TIME:
        before, after = float(one), float(other)
        ratio = "=" if before == after else f"{after / before:.2f}x" if before else "-"
        worse = name in _WORSE_HIGHER and after > 1.1 * before
    return ComparedFigure(column.label, shown(column, one), shown(column, other), ratio, worse)
