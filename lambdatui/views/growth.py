"""What grew: functions in a range beside the range before, and beside the same weekdays a week before.

Money is the list price of requests and duration in spans that are like each other (``views.like_spans``), at the
settings of their time and before any free tier, so that a month's free tier is no growth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from collectors.store.read.first_invoked import first_invoked
from collectors.store.read.reader import Reader
from lambdatui.views.change import SILENT, UNCOMPARED, RelativeChange, change_of
from lambdatui.views.functions import FunctionsView
from lambdatui.views.like_spans import Span, like_spans, range_before, weeks_before
from lambdatui.views.log_costs import logs_by_function
from lambdatui.views.month import sums_by_function
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.usage import usages
from lambdatui.views.view import as_of_range

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class Figures:
    """What a function did in one span; ``cost_usd`` is None where a part of it has no price or is not known."""

    invocations: int
    errors: int
    cost_usd: Decimal | None
    logs_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class FunctionGrowth:
    """A function's figures now and in the like span before; both None where it cannot be compared."""

    now: Figures | None = None
    before: Figures | None = None
    new: bool = False
    """It was never invoked before the range."""

    def of(self, name: str, *, gone: str = "") -> RelativeChange:
        """The change of one of the figures."""
        if self.now is None or self.before is None:
            return UNCOMPARED
        now, before = (getattr(side, name) for side in (self.now, self.before))
        if now is None or before is None:
            return UNCOMPARED
        return change_of(float(now), float(before), new=self.new and name != "errors", gone=gone)


@dataclass(frozen=True, slots=True)
class Growth:
    """By function id, each beside the ``range`` before, and beside the same weekdays of a ``week`` before."""

    before: Mapping[int, FunctionGrowth]
    week: Mapping[int, FunctionGrowth]

    def added_to(self, view: FunctionsView) -> FunctionsView:
        """The same functions, with how they changed."""
        none = FunctionGrowth()
        rows = [
            msgspec.structs.replace(
                row,
                **_changes(self.before.get(row.function_id, none), "change"),
                **_changes(self.week.get(row.function_id, none), "week"),
            )
            for row in view.rows
        ]
        return replace(view, rows=rows)


@as_of_range
def growth(
    reader: Reader, time_range: TimeRange, book: "PriceBook | None" = None, *, scope: Scope | None = None
) -> Growth:
    """How the functions in scope changed. Without ``book`` no costs are known."""
    chosen = scope or Scope()

    def read() -> Growth:
        return Growth(*(
            compared(reader, time_range, before, book, scope=chosen)
            for before in (range_before(time_range), weeks_before(time_range))
        ))  # fmt: skip

    return reader.cached(("growth", time_range, book, chosen), read)


def compared(
    reader: Reader, time_range: TimeRange, before: Span, book: "PriceBook | None", *, scope: Scope
) -> dict[int, FunctionGrowth]:
    """Each function in scope beside itself in an earlier span, which is as long as the range or shorter."""
    functions = scope.chosen(reader.functions())
    since = first_invoked(reader)
    result: dict[int, FunctionGrowth] = {}
    for like, rows in like_spans(reader, time_range, before, functions).items():
        if like is None:
            result |= {row.id: FunctionGrowth() for row in rows}
            continue
        now, was = (figures_of(reader, span, time_range, book) for span in (like.now, like.before))
        nothing = Figures(0, 0, *([Decimal(0)] * 2 if book is not None else [None] * 2))
        for row in rows:
            first = since.get(row.id)
            result[row.id] = FunctionGrowth(
                now.get(row.id, nothing), was.get(row.id, nothing), new=first is None or first >= like.now[0]
            )
    return result


def figures_of(reader: Reader, span: Span, time_range: TimeRange, book: "PriceBook | None") -> Mapping[int, Figures]:
    """The figures of all functions in a part of the range, or in a span before it; those without any are absent."""

    def read() -> dict[int, Figures]:
        used = usages(reader, *span, time_range.to_ms)
        costs: Mapping[int, Decimal] = {}
        logs: Mapping[int, Decimal] = {}
        unpriced: set[int] = set()
        if book is not None:
            costs = sums_by_function(used.ids, used.used, book, {used.ids[at] for at in used.unknown})
            logs = logs_by_function(reader, TimeRange(*span, "", hides=time_range.hides), book)
            unpriced = {each for each in used.ids if each not in costs}
        none = Decimal(0) if book is not None else None
        return {
            each: Figures(
                *used.counted.get(each, (0, 0)), None if each in unpriced else costs.get(each, none), logs.get(each)
            )
            for each in {*used.counted, *used.ids, *logs}
        }

    return reader.cached(("figures of", span, time_range.to_ms, book), read)


def _changes(pair: FunctionGrowth, suffix: str) -> dict[str, RelativeChange]:
    return {
        f"invocations_{suffix}": pair.of("invocations", gone=SILENT),
        f"errors_{suffix}": pair.of("errors"),
        f"cost_{suffix}": pair.of("cost_usd"),
    }


def cost_of(pair: FunctionGrowth) -> RelativeChange:
    """The change of what a function costs, its logs included where those are known in both spans."""
    now, before = pair.now, pair.before
    if now is None or before is None or now.cost_usd is None or before.cost_usd is None:
        return UNCOMPARED
    with_logs = now.logs_usd is not None and before.logs_usd is not None
    sums = [side.cost_usd + (side.logs_usd if with_logs and side.logs_usd else 0) for side in (now, before)
            if side.cost_usd is not None]  # fmt: skip
    return change_of(float(sums[0]), float(sums[1]), new=pair.new)
