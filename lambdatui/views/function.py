"""One function: its figures, and a series for its charts."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.read.account_rows import settings
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow, SeriesPoint, Totals
from lambdatui.views import shared_columns as shared
from lambdatui.views.estimates import DayRow
from lambdatui.views.function_facts import Fact, function_facts
from lambdatui.views.functions import FUNCTION_COLUMNS, FunctionView, function_rows, latency_ms
from lambdatui.views.month import sums_by_function
from lambdatui.views.retained_since import hours_only
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import TimeRange
from lambdatui.views.usage import at_its_price, usage_of
from lambdatui.views.view import BILLED, View, as_of_range

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class ChartStep:
    """One step of a chart. Latencies are None where no REPORT fell into the step; counts are then 0."""

    start_ms: int
    invocations: Annotated[int, shared.INVOCATIONS]
    errors: Annotated[int, shared.ERRORS]
    timeouts: Annotated[int, shared.TIMEOUTS]
    cold_starts: Annotated[int, shared.COLD_STARTS]
    p50_ms: Annotated[float | None, shared.P50_MS]
    p95_ms: Annotated[float | None, shared.P95_MS]
    p99_ms: Annotated[float | None, shared.P99_MS]
    max_ms: Annotated[float | None, shared.MAX_MS]
    cost_usd: Annotated[Decimal | None, shared.COST_USD]
    max_memory_mb: int | None = None
    memory_mb: int | None = None


@dataclass(frozen=True)
class FunctionDetail(View[FunctionView]):
    """One row, and the chart's steps, gaps filled, ``step_ms`` apart; ``facts``: how it is set up."""

    series: tuple[ChartStep, ...] = ()
    step_ms: int = MINUTE_MS
    facts: tuple[Fact, ...] = ()

    @property
    def unfinished(self) -> bool:
        """Whether the range ends within the last step, whose lower counts then do not mean a decline."""
        return bool(self.series) and self.series[-1].start_ms + self.step_ms > self.range.to_ms


@as_of_range
def function(
    reader: Reader,
    time_range: TimeRange,
    function_id: int,
    book: "PriceBook | None" = None,
    *,
    chart_columns: int = 60,
) -> FunctionDetail | None:
    """The function with this id in the store, or None; the chart has at most ``chart_columns`` steps."""
    row = next((found for found in reader.functions() if found.id == function_id), None)
    if row is None:
        return None
    (view,) = function_rows(reader, time_range, book, [row])
    step_ms = time_range.step_ms(chart_columns)
    if step_ms < HOUR_MS and hours_only(reader, time_range):
        step_ms = HOUR_MS
    return FunctionDetail(
        FUNCTION_COLUMNS,
        [view],
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=view.coverage,
        basis=view.basis,
        series=tuple(series(reader, time_range, step_ms, row, book)),
        step_ms=step_ms,
        facts=function_facts(settings(reader, row.function.key)),
    )


def series(
    reader: Reader, time_range: TimeRange, step_ms: int, row: FunctionRow, book: "PriceBook | None" = None
) -> list[ChartStep]:
    """Every step of the range, also the empty ones, so that a chart's x axis is time."""
    points = {point.start_ms: point for point in reader.series(time_range.from_ms, time_range.to_ms, step_ms, [row.id])}
    first = time_range.from_ms - time_range.from_ms % step_ms
    of_time = SettingsOfTime(reader, [row], time_range.to_ms)
    return [_step(start, points.get(start), row, of_time, book) for start in range(first, time_range.to_ms, step_ms)]


def _step(
    start_ms: int, point: SeriesPoint | None, row: FunctionRow, settings: SettingsOfTime, book: "PriceBook | None"
) -> ChartStep:
    if point is None:
        return ChartStep(start_ms, 0, 0, 0, 0, None, None, None, None, None)
    totals, quantiles, longest_us = point.totals, point.quantiles, point.totals.max_duration_us
    return ChartStep(
        start_ms,
        totals.invocations,
        totals.errors,
        totals.timeouts,
        totals.cold_starts,
        latency_ms(quantiles.p50_us, longest_us) if quantiles else None,
        latency_ms(quantiles.p95_us, longest_us) if quantiles else None,
        latency_ms(quantiles.p99_us, longest_us) if quantiles else None,
        None if longest_us is None else longest_us / 1000,
        _cost(row, totals, settings, start_ms, book) if book else None,
        totals.max_memory_mb,
        totals.memory_mb,
    )


def _cost(row: FunctionRow, totals: Totals, settings: SettingsOfTime, at_ms: int, book: "PriceBook") -> Decimal | None:
    """List price of a step's REPORTs at the settings of its beginning; None where nothing was reported."""
    if not totals.reports:
        return None
    terms = settings.terms(row.id, at_ms, BILLED)
    used = usage_of(DayRow(row.id, at_ms, terms, totals.invocations, totals.billed_ms, totals.billed_mb_ms))
    return sums_by_function([row.id], [at_its_price(used)], book).get(row.id)
