"""What a fleet did over a range, step by step and in all, and in the same time a week before: the band of figures.

Figures in all are what the rows of ``views.functions`` add up to; steps add up to them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from collectors.model.units import HOUR_MS, WEEK_MS
from collectors.store.read import account_rows
from collectors.store.read.freshness import Spans, known_spans
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from collectors.store.read.uncounted import uncounted
from collectors.store.rollups.equal_parts import EqualParts, parts_of
from collectors.store.spans import whole_from
from lambdatui.text.figures import instant
from lambdatui.views import money
from lambdatui.views.functions import latency_ms
from lambdatui.views.month import list_prices_by_function, sums_by_function
from lambdatui.views.retained_since import by_kept_hours, most_steps
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.usage import usages
from lambdatui.views.view import as_of_range

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

_P95 = 0.95
Place = tuple[str, str]  # account, region
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """Sums over the functions of which they are known, None where of none; ``p95_ms`` of all invocations together.

    ``concurrency`` is the most at once under the limit that ``FleetSeries.limited_by`` names.
    """

    invocations: int | None
    errors: int | None
    p95_ms: float | None
    throttles: int | None
    concurrency: int | None
    cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class FleetSeries:
    """``starts`` are the steps' first moments, epoch ms; a value is None where a step's time was not collected.

    ``before`` are the figures of the same time a week before; None where they are not known, and ``why_not`` says so.
    ``limit`` is that of concurrent executions which is used most, and ``limited_by`` whose: an account and region, or a
    function. ``month_end`` is the sum of the rows' months, at list price. ``known_ms`` is up to when data reach, where
    that is before the range's end.
    """

    range: TimeRange
    starts: tuple[int, ...]
    step_ms: int
    unfinished: bool
    known_ms: int | None
    invocations: Values
    errors: Values
    p95_ms: Values
    throttles: Values
    concurrency: Values
    cost_usd: Values
    now: FleetFigures
    before: FleetFigures | None
    why_not: str = ""
    limit: int | None = None
    limited_by: str = ""
    month_end: Decimal | None = None


@as_of_range
def fleet_series(
    reader: Reader,
    time_range: TimeRange,
    book: "PriceBook | None" = None,
    *,
    scope: Scope | None = None,
    function_ids: Collection[int] | None = None,
    steps: int = 24,
) -> FleetSeries:
    """The functions of the scope, or those of them that ``function_ids`` names; at most ``steps`` steps."""
    rows = (scope or Scope()).chosen(reader.functions())
    if function_ids is not None:
        rows = [row for row in rows if row.id in function_ids]
    chosen = tuple(row.id for row in rows)
    by_function = function_ids is not None or bool(scope and scope.by_function)
    key = "fleet series", time_range, book, chosen, by_function, scope, steps
    return reader.cached(
        key, lambda: _Fleet(reader, rows, book, scope or Scope(), by_function).series(time_range, steps)
    )


class _Fleet:
    """Some functions of a store, read over spans of time."""

    def __init__(
        self, reader: Reader, rows: Sequence[FunctionRow], book: "PriceBook | None", scope: Scope, by_function: bool
    ) -> None:
        self.reader, self.rows, self.book, self.scope, self.by_function = reader, rows, book, scope, by_function
        self.ids = {row.id for row in rows}
        # No ids mean all functions: then the reader has less to look at.
        self.wanted = None if len(rows) == len(reader.functions()) else sorted(self.ids)

    def series(self, time_range: TimeRange, steps: int) -> FleetSeries:
        """The range in steps, in all, and beside the week before."""
        from collectors.store.read import fleet_parts

        parts = parts_of(time_range.from_ms, time_range.to_ms, most_steps(self.reader, time_range, steps))
        known = _merged(span for of in known_spans(self.reader, self.rows).values() for span in of)
        counts = fleet_parts.counts_by_part(self.reader, parts, self.ids)
        is_known = [
            bool(count) or covers_any(known, *ends) for (count, _), ends in zip(counts, _ends(parts), strict=True)
        ]
        longest_us = self._longest_us(time_range)
        durations = fleet_parts.quantile_by_part(self.reader, parts, self.wanted, _P95)
        throttles = fleet_parts.metric_by_part(self.reader, "Throttles", parts, self.wanted, peak=False)
        limited = self._limited(parts.from_ms, parts.to_ms)
        before, why_not = self._week_before(time_range, known, limited)
        until_ms = known[-1][1] if known else None
        return FleetSeries(
            time_range, parts.starts, parts.step_ms, parts.unfinished,
            until_ms if until_ms is not None and until_ms < time_range.to_ms else None,
            tuple(float(count) if has else None for (count, _), has in zip(counts, is_known, strict=True)),
            tuple(float(errors) if has else None for (_, errors), has in zip(counts, is_known, strict=True)),
            tuple(None if one is None else latency_ms(one, longest_us) for one in durations),
            tuple(throttles), self._peaks(parts, limited), self._costs(time_range, parts, is_known),
            self._figures(time_range, limited.peak), before, why_not, limited.limit, limited.name,
            self._month_end(time_range),
        )  # fmt: skip

    def _longest_us(self, time_range: TimeRange) -> int | None:
        totals = self.reader.totals(time_range.from_ms, time_range.to_ms, self.wanted)
        return max((one.max_duration_us for one in totals if one.max_duration_us is not None), default=None)

    def _figures(self, time_range: TimeRange, peak: float | None) -> FleetFigures:
        """What the range comes to in all."""
        from collectors.store.read.fleet_parts import quantile_of_span

        span = time_range.from_ms, time_range.to_ms
        p95_us = quantile_of_span(self.reader, *span, self.wanted, _P95)
        used = usages(self.reader, whole_from(*span), span[1])
        of_rows = {each: count for each, count in used.counted.items() if each in self.ids}
        unseen = [each for each in self.ids if each not in of_rows]
        has_any = bool(of_rows) or len(uncounted(self.reader.select, unseen, *span)) < len(unseen) or not self.ids
        throttles = self.reader.metric_totals("Throttles", *span, self.wanted)
        costs = self._prices(whole_from(*span), span[1], span[1])
        return FleetFigures(
            sum(count for count, _ in of_rows.values()) if has_any else None,
            sum(errors for _, errors in of_rows.values()) if has_any else None,
            None if p95_us is None else latency_ms(p95_us, self._longest_us(time_range)),
            sum(map(round, throttles.values())) if throttles else None,
            None if peak is None else round(peak),
            money.sum_known(costs.values()),
        )

    def _prices(self, from_ms: int, to_ms: int, known_ms: int) -> dict[int, Decimal]:
        """The list price in USD of each function, those without one left out."""
        if self.book is None:
            return {}
        used = usages(self.reader, from_ms, to_ms, known_ms)
        prices = sums_by_function(used.ids, used.used, self.book, {used.ids[at] for at in used.unknown})
        return {each: price for each, price in prices.items() if each in self.ids}

    def _costs(self, time_range: TimeRange, parts: EqualParts, is_known: Sequence[bool]) -> Values:
        """The list price of each step, of the functions that have one in all."""
        if self.book is None:
            return (None,) * parts.number
        to_ms = time_range.to_ms
        priced = self._prices(whole_from(time_range.from_ms, to_ms), to_ms, to_ms)
        amounts = [
            sum((price for each, price in self._prices(low, high, to_ms).items() if each in priced), Decimal(0))
            for low, high in _ends(parts)
        ]
        summed = sum(amounts)
        if parts.step_ms % HOUR_MS and summed:
            # What CloudWatch saw in five minutes is estimated anew in each part of them: the hour is right.
            amounts = [amount * sum(priced.values()) / summed for amount in amounts]
        return tuple(float(amount) if has else None for amount, has in zip(amounts, is_known, strict=True))

    def _month_end(self, time_range: TimeRange) -> Decimal | None:
        if self.book is None:
            return None
        prices = list_prices_by_function(self.reader, time_range.to_ms, self.book)
        return money.sum_known(price for each, price in prices.items() if each in self.ids)

    def _limited(self, from_ms: int, to_ms: int) -> "_Limited":
        """Whose limit of concurrent executions is used most in a span; where no limit is known, the highest peak's."""
        limits = account_rows.concurrency_limits(self.reader)
        if not self.by_function:
            places = [
                _Limited(" ".join(filter(None, place)), limits.get(place), peak, place)
                for place, peak in account_rows.busiest_places(self.reader, from_ms, to_ms).items()
                if self.scope.holds(*place)
            ]
            if places:
                return max(places, key=_Limited.fullness)
        peaks = self.reader.metric_peaks("ConcurrentExecutions", from_ms, to_ms, self.wanted)
        functions = []
        for row in self.rows:
            if row.id in peaks:
                key, own = row.function.key, row.function.reserved_concurrency
                limit = own if own is not None else limits.get((key.account, key.region))
                functions.append(_Limited(key.name, limit, peaks[row.id], row.id))
        return max(functions, key=_Limited.fullness, default=_Limited("", None, None, None))

    def _peaks(self, parts: EqualParts, limited: "_Limited") -> Values:
        from collectors.store.read import fleet_parts

        if isinstance(limited.of, tuple):
            return tuple(fleet_parts.account_peaks_by_part(self.reader, parts)[limited.of])
        if limited.of is None:
            return (None,) * parts.number
        return tuple(fleet_parts.metric_by_part(self.reader, "ConcurrentExecutions", parts, [limited.of], peak=True))

    def _week_before(self, time_range: TimeRange, known: Spans, limited: "_Limited") -> tuple[FleetFigures | None, str]:
        """The figures of the same time a week before, or why they are not known."""
        before = replace(time_range, from_ms=time_range.from_ms - WEEK_MS, to_ms=time_range.to_ms - WEEK_MS)
        if not known:
            return None, "nothing is stored"
        if known[0][0] > before.from_ms:
            return None, f"nothing is stored before {instant(known[0][0])[:16]} UTC"
        if not covers_whole(known, before.from_ms, before.to_ms):
            return None, "that time was not collected whole"
        if by_kept_hours(self.reader, before) != before:
            return None, "only full hours are kept of then"
        return self._figures(before, self._peak_of(limited, before.from_ms, before.to_ms)), ""

    def _peak_of(self, limited: "_Limited", from_ms: int, to_ms: int) -> float | None:
        """The most at once in another span, under the same limit."""
        if isinstance(limited.of, tuple):
            return account_rows.busiest_places(self.reader, from_ms, to_ms).get(limited.of)
        if limited.of is None:
            return None
        return self.reader.metric_peaks("ConcurrentExecutions", from_ms, to_ms, [limited.of]).get(limited.of)


@dataclass(frozen=True, slots=True)
class _Limited:
    """The most concurrent executions under a limit; ``of`` is an account and region, a function's id, or None."""

    name: str
    limit: int | None
    peak: float | None
    of: Place | int | None

    def fullness(self) -> tuple[float, float]:
        """A sort key: the share of the limit that is used, then the peak."""
        peak = self.peak or 0.0
        return peak / self.limit if self.limit else 0.0, peak


def _ends(parts: EqualParts) -> list[tuple[int, int]]:
    return list(pairwise((*parts.starts, parts.to_ms)))


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """The spans in order of time, those that touch as one."""
    merged: Spans = []
    for low, high in sorted(set(spans)):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def covers_any(known: Spans, low: int, high: int) -> bool:
    """Whether any of the known spans touches ``[low, high)``."""
    return any(begin < high and end > low for begin, end in known)


def covers_whole(known: Spans, low: int, high: int) -> bool:
    """Whether one of the known spans, none of which touch each other, has all of ``[low, high)``."""
    return any(begin <= low and end >= high for begin, end in known)
