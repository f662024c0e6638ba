"""All functions over a range: the first screen, and ``lambdatui functions``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from collectors.model.units import MB_MS_PER_GB_SECOND
from collectors.store.read.account_rows import concurrency_limits
from collectors.store.read.freshness import known_spans
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow, Quantiles, Totals
from collectors.store.read.series import counted_by_step
from collectors.store.read.uncounted import uncounted
from collectors.store.rollups.equal_parts import EqualParts, parts_of
from collectors.store.spans import whole_from
from lambdatui.views import function_row, money
from lambdatui.views.columns import columns_of
from lambdatui.views.fleet_health import trouble_reasons
from lambdatui.views.freshness import freshness
from lambdatui.views.light_rows import struct_of
from lambdatui.views.log_costs import logs_by_function
from lambdatui.views.month import list_prices_by_function, sums_by_function
from lambdatui.views.retained_since import most_steps
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.trend import Trend, trend_of
from lambdatui.views.usage import usages
from lambdatui.views.view import BILLED, View, as_of_range, coverage_of, weakest_basis

if TYPE_CHECKING:
    from lambdatui.views.function_row import FunctionView as FunctionView
    from pricing.pricebook import PriceBook
else:
    FunctionView = struct_of(function_row.FunctionView)

EVERYTHING = Scope()
FUNCTION_COLUMNS = columns_of(function_row.FunctionView)


@dataclass(frozen=True)
class FunctionsView(View[FunctionView]):
    """The functions, most expensive first, then most invoked; functions without a call in the range come last.

    All are sums over the rows of which they are known; None where they are known of none.
    """

    invocations: int | None = 0
    errors: int | None = 0
    cost_usd: Decimal | None = None
    projected_usd: Decimal | None = None
    logs_usd: Decimal | None = None
    trend_parts: EqualParts | None = None


@as_of_range
def functions(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None" = None,
    *,
    scope: Scope = EVERYTHING,
    trend_steps: int = 0,
    now_ms: int | None = None,
    thresholds: Mapping[str, float] = MappingProxyType({}),
) -> FunctionsView:
    """Every function that matches, called in the range or not. Without ``book`` no costs are known.

    ``trend_steps`` is how many parts of the range each row's ``trend`` has; without, it has none. ``now_ms`` is what
    freshness is measured from: the range's end where it is not given. ``thresholds`` are from where on a function is in
    trouble (``views.fleet_health``).
    """
    trend_steps = most_steps(reader, time_range, trend_steps) if trend_steps else 0
    view = reader.cached(
        ("functions", time_range, book, scope, trend_steps),
        lambda: _functions(reader, time_range, book, scope, trend_steps),
    )
    # Ages go on while the rows stand.
    ages = freshness(reader, scope.chosen(reader.functions()), time_range.to_ms if now_ms is None else now_ms)
    aged = [(row, ages[row.function_id]) for row in view.rows]
    rows = [msgspec.structs.replace(row, freshness=age.words, data_until=age.until_ms) for row, age in aged]
    rows = [
        msgspec.structs.replace(row, trouble="; ".join(said)) if (said := trouble_reasons(row, thresholds)) else row
        for row in rows
    ]
    return replace(view, rows=rows)


def _functions(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None", scope: Scope, trend_steps: int
) -> FunctionsView:
    chosen = scope.chosen(reader.functions())
    rows = function_rows(reader, time_range, book, chosen, trend_steps)
    rows.sort(key=attrgetter("function"))
    rows.sort(key=lambda row: row.invocations or 0, reverse=True)
    rows.sort(key=lambda row: row.cost_usd or 0, reverse=True)
    parts = parts_of(time_range.from_ms, time_range.to_ms, trend_steps) if trend_steps else None
    view = FunctionsView(FUNCTION_COLUMNS, (), reader.as_of_ms(time_range.to_ms), time_range, trend_parts=parts)
    return with_rows(view, rows)


def with_rows(view: FunctionsView, rows: Sequence[FunctionView]) -> FunctionsView:
    """The view with these rows alone: every sum, the coverage and the basis are theirs."""
    counted = _summed([row.invocations for row in rows])
    reports = sum([row.reports for row in rows])
    return replace(
        view,
        rows=rows,
        coverage=coverage_of(reports, counted or 0),
        basis=weakest_basis([row.basis for row in rows]),
        invocations=counted,
        errors=_summed([row.errors for row in rows]),
        cost_usd=money.sum_known(row.cost_usd for row in rows),
        projected_usd=money.sum_known(row.projected_usd for row in rows),
        logs_usd=money.sum_known(row.logs_usd for row in rows),
    )


def _summed(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known or not counts else None


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
    # No ids mean all functions: then the reader has less to look at.
    ids = None if len(chosen) == len(reader.functions()) else [row.id for row in chosen]
    span = time_range.from_ms, time_range.to_ms
    totals = {found.function_id: found for found in reader.totals(*span, ids)}
    quantiles = reader.quantiles(*span, ids) if totals else {}
    throttled = reader.metric_totals("Throttles", *span, ids)
    used = usages(reader, whole_from(*span), span[1])
    costs: Mapping[int, Decimal] = {}
    projected: Mapping[int, Decimal] = {}
    logs: Mapping[int, Decimal] = {}
    if book is not None:
        costs = sums_by_function(used.ids, used.used, book, {used.ids[at] for at in used.unknown})
        projected = list_prices_by_function(reader, time_range.to_ms, book)
        logs = logs_by_function(reader, time_range, book)
    parts = parts_of(*span, trend_steps) if trend_steps else None
    limits = _limits_used(reader, span, ids, chosen)
    trends = _trends(reader, chosen, parts) if parts else {}
    unseen = [row.id for row in chosen if row.id not in used.counted and row.id not in totals]
    unknown = uncounted(reader.select, unseen, *span)
    return [
        _row(
            row,
            totals.get(row.id) or _unseen(row.id),
            quantiles.get(row.id),
            used.counted.get(row.id, (0, 0)) if row.id not in unknown else None,
            throttled.get(row.id),
            costs.get(row.id),
            projected.get(row.id),
            logs.get(row.id),
            used.bases.get(row.id, BILLED),
            used.estimated_mb_ms.get(row.id),
            trends.get(row.id),
            limits.get(row.id),
        )
        for row in chosen
    ]


def _trends(reader: Reader, chosen: Sequence[FunctionRow], parts: EqualParts) -> dict[int, Trend]:
    """The trends of the functions that were called; the parts of each add up to its row's count."""
    known = known_spans(reader, chosen)
    found = counted_by_step(reader, parts)
    return {row.id: trend_of(found[row.id], parts, known[row.id]) for row in chosen if row.id in found}


def _limits_used(
    reader: Reader, span: tuple[int, int], ids: Sequence[int] | None, chosen: Sequence[FunctionRow]
) -> dict[int, float]:
    """Peak concurrency divided by the function's own limit, or its account's, where both are known."""
    limits = concurrency_limits(reader)
    if not limits and not any(row.function.reserved_concurrency for row in chosen):
        return {}
    peaks = reader.metric_peaks("ConcurrentExecutions", *span, ids)
    shares = {}
    for row in chosen:
        key, own = row.function.key, row.function.reserved_concurrency
        limit = own if own is not None else limits.get((key.account, key.region))
        if limit and row.id in peaks:
            shares[row.id] = peaks[row.id] / limit
    return shares


def _unseen(function_id: int) -> Totals:
    return Totals.none(function_id)


def _row(
    row: FunctionRow,
    totals: Totals,
    quantiles: Quantiles | None,
    counted: tuple[int, int] | None,
    throttled: float | None,
    cost_usd: Decimal | None,
    projected_usd: Decimal | None,
    logs_usd: Decimal | None,
    basis: str,
    estimated_mb_ms: int | None,
    trend: Trend | None,
    limit_used: float | None,
) -> FunctionView:
    function, key = row.function, row.function.key
    reports, longest_us, memory_mb = totals.reports, totals.max_duration_us, totals.memory_mb
    invocations, errors = counted if counted is not None else (None, None)
    return FunctionView(
        function_id=row.id,
        reports=reports,
        function=key.name,
        account=key.account or None,
        region=key.region or None,
        runtime=function.runtime,
        arch=function.arch,
        memory_mb=function.memory_mb if memory_mb is None else memory_mb,
        timeout_s=function.timeout_s,
        invocations=invocations,
        trend=trend,
        errors=errors,
        error_rate=errors / invocations if errors is not None and invocations else None,
        timeouts=None if counted is None else totals.timeouts,
        throttles=None if throttled is None else round(throttled),
        cold_starts=None if counted is None else totals.cold_starts,
        cold_ratio=totals.cold_starts / reports if reports else None,
        p50_ms=latency_ms(quantiles.p50_us, longest_us) if quantiles else None,
        p95_ms=latency_ms(quantiles.p95_us, longest_us) if quantiles else None,
        p99_ms=latency_ms(quantiles.p99_us, longest_us) if quantiles else None,
        max_ms=None if longest_us is None else longest_us / 1000,
        avg_ms=round(totals.duration_us / reports / 1000, 3) if reports else None,
        billed_ms=totals.billed_ms if reports else None,
        gb_seconds=(totals.billed_mb_ms + (estimated_mb_ms or 0)) / MB_MS_PER_GB_SECOND
        if reports or estimated_mb_ms
        else None,
        max_memory_mb=totals.max_memory_mb,
        cost_usd=cost_usd,
        logs_usd=logs_usd,
        projected_usd=projected_usd,
        last_seen=totals.last_ms if totals.invocations else None,
        basis=basis if invocations else None,
        coverage=coverage_of(reports, invocations or 0),
        limit_used=limit_used,
        extension_ms=None if totals.extension_us is None else totals.extension_us / 1000,
    )


def latency_ms(quantile_us: int, longest_us: int | None) -> float:
    """A quantile, never above the longest duration: a histogram's bins are up to 1% wide, the maximum is exact."""
    return (quantile_us if longest_us is None or quantile_us < longest_us else longest_us) / 1000
