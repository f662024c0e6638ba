"""All functions over a range: the first screen, and ``lambdatui functions``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store.account_rows import summed_by_insights
from collectors.store.by_step import invocations_by_step
from collectors.store.reader import Reader
from collectors.store.rows import FunctionRow, Quantiles, Totals
from lambdatui.views import money
from lambdatui.views.freshness import freshness
from lambdatui.views.function_columns import FUNCTION_COLUMNS as FUNCTION_COLUMNS
from lambdatui.views.glance import counts
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import BILLED, INSIGHTS, View, coverage_of

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

EVERYTHING = Narrow()


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One function over a range. Fields are column ids; ``function_id`` is its id in this store."""

    function_id: int
    function: str
    account: str | None
    region: str | None
    runtime: str | None
    arch: str | None
    memory_mb: int | None
    timeout_s: int | None
    invocations: int
    errors: int
    error_rate: float | None
    timeouts: int
    throttles: int | None
    cold_starts: int
    cold_ratio: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    avg_ms: float | None
    billed_ms: int | None
    gb_seconds: float | None
    max_memory_mb: int | None
    cost_usd: Decimal | None
    projected_usd: Decimal | None
    last_seen: int | None
    basis: str | None
    coverage: float | None
    trend: tuple[int, ...] | None = None
    freshness: str | None = None
    data_until: int | None = None


@dataclass(frozen=True)
class FunctionsView(View[FunctionView]):
    """The functions, most expensive first, then most invoked; functions without a call in the range come last.

    ``cost_usd`` and ``projected_usd`` are sums over the rows whose cost is known (None: none is).
    """

    invocations: int = 0
    errors: int = 0
    cost_usd: Decimal | None = None
    projected_usd: Decimal | None = None


def functions(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None" = None,
    *,
    narrow: Narrow = EVERYTHING,
    trend_steps: int = 0,
    now_ms: int | None = None,
) -> FunctionsView:
    """Every function that matches, called in the range or not. Without ``book`` no costs are known.

    ``trend_steps`` is how many parts of the range each row's ``trend`` has; without, it has none. ``now_ms`` is what
    freshness is measured from: the range's end where it is not given.
    """
    found = reader.kept(
        ("functions", time_range, book, narrow, trend_steps),
        lambda: _functions(reader, time_range, book, narrow, trend_steps),
    )
    # Ages go on while the rows stand.
    ages = freshness(reader, narrow.chosen(reader.functions()), time_range.to_ms if now_ms is None else now_ms)
    aged = ((row, ages[row.function_id]) for row in found.rows)
    return replace(found, rows=[replace(row, freshness=age.said, data_until=age.until_ms) for row, age in aged])


def _functions(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None", narrow: Narrow, trend_steps: int
) -> FunctionsView:
    chosen = narrow.chosen(reader.functions())
    rows = function_rows(reader, time_range, book, chosen, trend_steps)
    rows.sort(key=lambda row: (-(row.cost_usd or 0), -row.invocations, row.function))
    counted = sum(row.invocations for row in rows)
    covered = sum(row.invocations * row.coverage for row in rows if row.coverage is not None)
    return FunctionsView(
        FUNCTION_COLUMNS,
        rows,
        reader.newest_ms(),
        time_range,
        coverage=min(1.0, covered / counted) if counted else None,
        basis=money.weakest_basis(row.basis for row in rows),
        invocations=counted,
        errors=sum(row.errors for row in rows),
        cost_usd=money.sum_known(row.cost_usd for row in rows),
        projected_usd=money.sum_known(row.projected_usd for row in rows),
    )


def function_rows(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None",
    chosen: Sequence[FunctionRow],
    trend_steps: int = 0,
) -> list[FunctionView]:
    """One row for each chosen function, in their order."""
    if not chosen:
        return []
    ids = [row.id for row in chosen]
    span = time_range.from_ms, time_range.to_ms
    totals = {found.function_id: found for found in reader.totals(*span, ids)}
    quantiles = reader.quantiles(*span, ids) if totals else {}
    counted = {name: reader.metric_totals(name, *span, ids) for name in ("Invocations", "Errors", "Throttles")}
    known = {row.id: row.function for row in chosen}
    summed = summed_by_insights(reader, *span)
    costs = money.costs_by_function(book, known, totals.values()) if book is not None else {}
    projected = money.projected_by_function(reader, time_range, book, chosen)
    trends = invocations_by_step(reader, *span, trend_steps) if trend_steps else {}
    return [
        _row(
            row,
            totals.get(row.id),
            quantiles.get(row.id),
            {name: values.get(row.id) for name, values in counted.items()},
            costs.get(row.id),
            projected.get(row.id),
            INSIGHTS if row.id in summed else BILLED,
            trends.get(row.id),
        )
        for row in chosen
    ]


def _row(
    row: FunctionRow,
    totals: Totals | None,
    quantiles: Quantiles | None,
    metrics: dict[str, float | None],
    cost_usd: Decimal | None,
    projected_usd: Decimal | None,
    basis: str,
    trend: tuple[int, ...] | None,
) -> FunctionView:
    function = row.function
    reports = totals.reports if totals else 0
    known = {name: value for name, value in metrics.items() if value is not None}
    invocations, errors = counts(totals.invocations if totals else 0, totals.errors if totals else 0, known)
    return FunctionView(
        function_id=row.id,
        function=function.key.name,
        account=function.key.account or None,
        region=function.key.region or None,
        runtime=function.runtime,
        arch=function.arch,
        memory_mb=totals.memory_mb if totals and totals.memory_mb is not None else function.memory_mb,
        timeout_s=function.timeout_s,
        invocations=invocations,
        errors=errors,
        error_rate=errors / invocations if invocations else None,
        timeouts=totals.timeouts if totals else 0,
        throttles=_whole(metrics["Throttles"]),
        cold_starts=totals.cold_starts if totals else 0,
        cold_ratio=totals.cold_starts / reports if totals and reports else None,
        p50_ms=latency_ms(quantiles.p50_us, totals) if quantiles else None,
        p95_ms=latency_ms(quantiles.p95_us, totals) if quantiles else None,
        p99_ms=latency_ms(quantiles.p99_us, totals) if quantiles else None,
        max_ms=totals.max_duration_us / 1000 if totals and totals.max_duration_us is not None else None,
        avg_ms=round(totals.duration_us / reports / 1000, 3) if totals and reports else None,
        billed_ms=totals.billed_ms if totals and reports else None,
        gb_seconds=totals.billed_mb_ms / 1_024_000 if totals and reports else None,
        max_memory_mb=totals.max_memory_mb if totals else None,
        cost_usd=cost_usd,
        projected_usd=projected_usd,
        last_seen=totals.last_ms if totals and totals.invocations else None,
        basis=basis if reports else None,
        coverage=coverage_of(reports, invocations),
        trend=trend,
    )


def latency_ms(quantile_us: int, totals: Totals | None) -> float:
    """A quantile, never above the longest duration: a histogram's bins are up to 1% wide, the maximum is exact."""
    longest = totals.max_duration_us if totals else None
    return (quantile_us if longest is None else min(quantile_us, longest)) / 1000


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
