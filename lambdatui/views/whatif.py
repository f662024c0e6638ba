"""What would be cheaper, function by function: the month's usage under each change that applies to it.

The month is the whole UTC calendar month that holds the range's end, by its projection. Every dollar is at list price
before the free tier: the same figure that advice words.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model import Status
from collectors.store.spans import whole_from
from lambdatui.views.columns import columns
from lambdatui.views.configured_usage import Configured, split, together
from lambdatui.views.money import month_usages
from lambdatui.views.narrow import Narrow
from lambdatui.views.sizes_seen import SizesSeen
from lambdatui.views.time_range import DAY_MS, TimeRange, month_start_ms
from lambdatui.views.usage import usages
from lambdatui.views.view import ESTIMATED, View, coverage_of
from pricing.recommendations import BASIS, MONTH_MS, FunctionMonth, Recommendation, changed_month, recommendations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.model import Function
    from collectors.store.reader import Reader
    from collectors.store.rows import Totals
    from pricing.bill import Bill
    from pricing.pricebook import PriceBook
    from pricing.usage import Usage
    from pricing.whatif import Compared, WhatIf

WHATIF_COLUMNS = columns(
    "function", "account", "region", "change", "now_usd", "then_usd", "saves_usd", "currency", "confidence",
    "arithmetic", "saves_low_usd", "saves_mid_usd", "saves_high_usd", "evidence", "unknown", "basis",
)  # fmt: skip
EVERYTHING = Narrow()
_FAILED = [status for status in Status if status.failed]
_SAMPLE = 1000  # failed invocations that are looked at for how many of them are repeats


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """One change of one function: what the month costs now and then, at list price before the free tier.

    ``saves_usd`` is what is claimed, the lower end of the range; None where that is no saving.
    """

    function: str
    account: str
    region: str
    change: str
    now_usd: Decimal
    then_usd: Decimal | None
    saves_usd: Decimal | None
    currency: str
    confidence: str
    arithmetic: str
    saves_low_usd: Decimal | None
    saves_mid_usd: Decimal | None
    saves_high_usd: Decimal | None
    evidence: str
    unknown: str
    basis: str


def whatif(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", *, narrow: Narrow = EVERYTHING
) -> View[WhatIfRow]:
    """The chosen functions' changes, most dollars first; the month is projected, the range gives its proportions."""
    chosen = narrow.chosen(reader.functions())
    rows = [one for of in recommended(reader, time_range, book, narrow=narrow).values() for one in of]
    rows.sort(key=lambda row: (-(row.saves or 0), row.function, row.change))
    found = usages(reader, whole_from(time_range.from_ms, time_range.to_ms), time_range.to_ms)
    reports, counted = found.coverage(row.id for row in chosen)
    return View(
        WHATIF_COLUMNS, [_row(one) for one in rows], reader.as_of_ms(time_range.to_ms), time_range,
        coverage_of(reports, counted), ESTIMATED if rows else None,
    )  # fmt: skip


def recommended(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", *, narrow: Narrow = EVERYTHING
) -> "dict[int, tuple[Recommendation, ...]]":
    """By function id what ``pricing`` recommends, for what-ifs and for advice alike."""
    return reader.kept(
        ("recommended", time_range, book, narrow), lambda: _recommended(reader, time_range, book, narrow)
    )


def _recommended(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", narrow: Narrow
) -> "dict[int, tuple[Recommendation, ...]]":
    months = function_months(reader, time_range, narrow)
    return {function_id: recommendations(month, book) for function_id, month in months.items()}


def compared_months(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", changes: "Sequence[WhatIf]", *,
    narrow: Narrow = EVERYTHING,
) -> "tuple[Bill, tuple[Compared, ...]]":  # fmt: skip
    """The chosen functions' month as it is, before the free tier, and under each change.

    Where durations may change with a change, by the end of their range that costs most, as advice claims.
    Raises ``ValueError`` for a change that recorded usage cannot tell.
    """
    from pricing.bill import bill
    from pricing.whatif import compare

    months = list(function_months(reader, time_range, narrow).values())
    base = bill([one.usage for one in months], book, free_tier=False)
    others = [
        (one.label, bill([changed_month(month, one) for month in months], book, free_tier=False)) for one in changes
    ]
    return base, compare(base, others)


def function_months(reader: "Reader", time_range: TimeRange, narrow: Narrow) -> dict[int, FunctionMonth]:
    """By function id its whole month; functions that neither ran nor have anything configured are absent."""
    chosen = narrow.chosen(reader.functions())
    functions = {row.id: row.function for row in chosen}
    totals = {one.function_id: one for one in reader.totals(time_range.from_ms, time_range.to_ms, list(functions))}
    months = month_usages(reader, time_range, functions)
    repeats = _repeats(reader, time_range, list(functions))
    standing = Configured(reader, chosen, known_ms=time_range.to_ms)
    shares = standing.shares(time_range.from_ms, time_range.to_ms)
    sizes = SizesSeen(reader, time_range.to_ms)
    month_ms = month_start_ms(time_range.to_ms - 1)
    length_ms = month_start_ms(month_ms + 32 * DAY_MS) - month_ms
    found: dict[int, FunctionMonth] = {}
    for function_id, function in functions.items():
        usage, total = months.get(function_id), totals.get(function_id)
        # Whether provisioned concurrency is idle is known where its metrics are, or where nothing was invoked at all.
        busy_known = function_id in shares or (usage is None and total is None)
        stood = standing.month(function_id, time_range.to_ms, provisioned=busy_known)
        if usage is not None and total is not None:
            month = _month(function, total, split(usage, shares.get(function_id)), repeats.get(function_id))
            month = replace(
                month, measured=sizes.measured(function_id, function, month.memory_mb), layers=sizes.layers(function)
            )
        elif stood is not None:
            month = FunctionMonth(replace(stood, provisioned_mb_ms=0, metered=()), function.memory_mb,
                                  runtime=function.runtime)  # fmt: skip
        else:
            continue
        versions, used = standing.snapstart_versions(function_id)
        found[function_id] = replace(
            month, usage=together(month.usage, stood), snapstart_versions=versions, snapstart_used=used,
            month_ms=MONTH_MS if stood is not None else length_ms,
        )  # fmt: skip
    return found


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
        duration_ms=totals.duration_us / totals.reports / 1000 if totals.reports else None,
    )


def _repeats(reader: "Reader", time_range: TimeRange, function_ids: list[int]) -> dict[int, float]:
    """By function: which part of the newest failures are second and later attempts at one event."""
    counts: dict[int, list[int]] = {}
    for row in reader.invocations(time_range.from_ms, time_range.to_ms, function_ids, limit=_SAMPLE, statuses=_FAILED):
        of = counts.setdefault(row.function_id, [0, 0])
        of[0] += row.attempt > 1
        of[1] += 1
    return {function_id: repeated / seen for function_id, (repeated, seen) in counts.items()}


def _row(one: Recommendation) -> WhatIfRow:
    return WhatIfRow(
        one.function, one.account, one.region, one.change, one.now, one.then, one.saves, one.currency, one.confidence,
        one.arithmetic, one.low, one.middle, one.high, one.evidence, one.unknown, BASIS,
    )  # fmt: skip
