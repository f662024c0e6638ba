"""What would be cheaper, function by function: the month's usage under each change that applies to it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model import Status
from collectors.store.spans import whole_from
from lambdatui.views.columns import columns
from lambdatui.views.configured_usage import Configured, split, together
from lambdatui.views.money import month_usages
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import TimeRange
from lambdatui.views.usage import usages
from lambdatui.views.view import ESTIMATED, View, coverage_of
from pricing.savings import FunctionMonth, Saving, savings

if TYPE_CHECKING:
    from collectors.model import Function
    from collectors.store.reader import Reader
    from collectors.store.rows import Totals
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage

WHATIF_COLUMNS = columns(
    "function", "account", "region", "change", "now_usd", "then_usd", "saves_usd", "currency", "confidence",
    "arithmetic",
)  # fmt: skip
EVERYTHING = Narrow()
_FAILED = [status for status in Status if status.failed]
_SAMPLE = 1000  # failed invocations that are looked at for how many of them are repeats


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """One change of one function: what the month costs now and then, at list price before any free tier."""

    function: str
    account: str
    region: str
    change: str
    now_usd: Decimal
    then_usd: Decimal
    saves_usd: Decimal
    currency: str
    confidence: str
    arithmetic: str


def whatif(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", *, narrow: Narrow = EVERYTHING
) -> View[WhatIfRow]:
    """The chosen functions' changes, most dollars first; the month is projected, the range gives its proportions."""
    chosen = narrow.chosen(reader.functions())
    functions = {row.id: row.function for row in chosen}
    totals = {one.function_id: one for one in reader.totals(time_range.from_ms, time_range.to_ms, list(functions))}
    months = month_usages(reader, time_range, functions)
    repeats = _repeats(reader, time_range, list(functions))
    standing = Configured(reader, chosen, known_ms=time_range.to_ms)
    shares = standing.shares(time_range.from_ms, time_range.to_ms)
    rows: list[Saving] = []
    for function_id, function in functions.items():
        usage, total = months.get(function_id), totals.get(function_id)
        # Whether provisioned concurrency is idle is known where its metrics are, or where nothing was invoked at all.
        busy_known = function_id in shares or (usage is None and total is None)
        stood = standing.month(function_id, time_range.to_ms, provisioned=busy_known)
        if usage is not None and total is not None:
            month = _month(function, total, split(usage, shares.get(function_id)), repeats.get(function_id))
        elif stood is not None:
            month = FunctionMonth(replace(stood, provisioned_mb_ms=0, metered=()), function.memory_mb,
                                  runtime=function.runtime)  # fmt: skip
        else:
            continue
        versions, used = standing.snapstart_versions(function_id)
        month = replace(month, usage=together(month.usage, stood), snapstart_versions=versions, snapstart_used=used)
        rows += savings(month, book)
    rows.sort(key=lambda row: (-row.saves, row.function, row.change))
    found = usages(reader, whole_from(time_range.from_ms, time_range.to_ms), time_range.to_ms)
    reports, counted = found.coverage(functions)
    return View(
        WHATIF_COLUMNS, [_row(one) for one in rows], reader.as_of_ms(time_range.to_ms), time_range,
        coverage_of(reports, counted),
        ESTIMATED if rows else None,
    )  # fmt: skip


def _month(function: "Function", totals: "Totals", usage: "Usage", repeats: float | None) -> FunctionMonth:
    """The range's proportions at the month's size."""
    scale = (usage.requests + usage.provisioned_requests) / totals.invocations if totals.invocations else 0.0

    def scaled(count: int) -> int:
        return round(count * scale)

    failures = scaled(totals.errors)
    return FunctionMonth(
        usage,
        memory_mb=totals.memory_mb or function.memory_mb,
        max_memory_mb=totals.max_memory_mb,
        timeout_s=function.timeout_s,
        timeouts=scaled(totals.timeouts),
        failures=failures,
        retried=None if repeats is None else round(failures * repeats),
        cold_starts=scaled(totals.cold_starts),
        init_ms=scaled(totals.init_us) // 1000,
        runtime=function.runtime,
    )


def _repeats(reader: "Reader", time_range: TimeRange, function_ids: list[int]) -> dict[int, float]:
    """By function: which part of the newest failures are second and later attempts at one event."""
    counts: dict[int, list[int]] = {}
    for row in reader.invocations(time_range.from_ms, time_range.to_ms, function_ids, limit=_SAMPLE, statuses=_FAILED):
        of = counts.setdefault(row.function_id, [0, 0])
        of[0] += row.attempt > 1
        of[1] += 1
    return {function_id: repeated / seen for function_id, (repeated, seen) in counts.items()}


def _row(one: Saving) -> WhatIfRow:
    return WhatIfRow(
        one.function, one.account, one.region, one.change, one.now, one.then, one.saves, one.currency, one.confidence,
        one.arithmetic,
    )  # fmt: skip
