"""What would be cheaper, function by function: the month's usage under each change that applies to it.

The month is the whole UTC calendar month that holds the range's end, by its projection. Every dollar is at list price
before the free tier: the same figure that advice words.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from collectors.model.records import Status
from collectors.model.units import DAY_MS
from collectors.store.spans import whole_from
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, columns_of
from lambdatui.views.configured_usage import ConfiguredUsage
from lambdatui.views.log_costs import LogLines
from lambdatui.views.log_usage import by_function, log_usage
from lambdatui.views.month import month
from lambdatui.views.observed_sizes import SizesSeen
from lambdatui.views.scope import Scope
from lambdatui.views.settings_of_time import SettingsOfTime
from lambdatui.views.time_range import TimeRange, month_start_ms
from lambdatui.views.usage import added, is_edge, usages
from lambdatui.views.view import BILLED, ESTIMATED, View, coverage_of
from pricing.dimensions import LOGS
from pricing.recommendations import BASIS, FunctionMonth, Recommendation, changed_month, recommendations
from pricing.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from collectors.model.records import Function
    from collectors.store.read.reader import Reader
    from collectors.store.read.rows import FunctionRow, Totals
    from pricing.bill import Bill
    from pricing.pricebook import PriceBook
    from pricing.usage_table import Terms
    from pricing.whatif import Compared, WhatIf

EVERYTHING = Scope()
_FAILED = [status for status in Status if status.failed]
_SAMPLE = 1000  # failed invocations that are looked at for how many of them are repeats


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """One change of one function: what the month costs now and then, at list price before the free tier.

    ``saves_usd`` is what is claimed, the lower end of the range; None where that is no saving.
    """

    function: Annotated[str, shared.FUNCTION, BRIEF]
    account: Annotated[str, shared.ACCOUNT]
    region: Annotated[str, shared.REGION]
    change: Annotated[str, shared.CHANGE, BRIEF]
    now_usd: Annotated[Decimal, shared.NOW_USD, BRIEF]
    then_usd: Annotated[Decimal | None, shared.THEN_USD, BRIEF]
    saves_usd: Annotated[Decimal | None, shared.SAVES_USD, BRIEF]
    currency: Annotated[str, shared.CURRENCY]
    confidence: Annotated[str, shared.CONFIDENCE, BRIEF]
    arithmetic: Annotated[str, shared.ARITHMETIC]
    saves_low_usd: Annotated[Decimal | None, shared.SAVES_LOW_USD]
    saves_mid_usd: Annotated[Decimal | None, shared.SAVES_MID_USD]
    saves_high_usd: Annotated[Decimal | None, shared.SAVES_HIGH_USD]
    evidence: Annotated[str, shared.EVIDENCE]
    unknown: Annotated[str, shared.UNKNOWN]
    basis: Annotated[str, shared.BASIS]


WHATIF_COLUMNS = columns_of(WhatIfRow)


def whatif(reader: "Reader", time_range: TimeRange, book: "PriceBook", *, scope: Scope = EVERYTHING) -> View[WhatIfRow]:
    """The chosen functions' changes, most dollars first; the month is projected, the range gives its proportions."""
    chosen = scope.chosen(reader.functions())
    rows = [one for of in recommended(reader, time_range, book, scope=scope).values() for one in of]
    rows.sort(key=lambda row: (-(row.saves or 0), row.function, row.change))
    found = usages(reader, whole_from(time_range.from_ms, time_range.to_ms), time_range.to_ms)
    reports, counted = found.coverage(row.id for row in chosen)
    return View(
        WHATIF_COLUMNS, [_row(one) for one in rows], reader.as_of_ms(time_range.to_ms), time_range,
        coverage_of(reports, counted), ESTIMATED if rows else None,
    )  # fmt: skip


def recommended(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", *, scope: Scope = EVERYTHING
) -> "dict[int, tuple[Recommendation, ...]]":
    """By function id what ``pricing`` recommends, for what-ifs and for advice alike."""
    return reader.cached(
        ("recommended", time_range, book, scope), lambda: _recommended(reader, time_range, book, scope)
    )


def _recommended(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", scope: Scope
) -> "dict[int, tuple[Recommendation, ...]]":
    parts = _MonthParts.of(reader, time_range.to_ms, scope.chosen(reader.functions()), scope)
    rest = parts.rest(book)
    return {
        each: recommendations(replace(one, rest=rest(each)), book)
        for each, one in function_months(reader, time_range, scope).items()
    }


def compared_months(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", changes: "Sequence[WhatIf]", *,
    scope: Scope = EVERYTHING,
) -> "tuple[Bill, tuple[Compared, ...]]":  # fmt: skip
    """The chosen part of the month as it is, before the free tier, and under each change: what ``costs`` projects.

    The others stay as they are, for tiers count over all. Where durations may change with a change, by the end of
    their range that costs most, as advice claims. Lambda@Edge stays as it is: see ``edge_stays``.
    Raises ``ValueError`` for a change that recorded usage cannot tell.
    """
    from pricing.bill import bill
    from pricing.whatif import compare

    chosen = scope.chosen(reader.functions())
    parts = _MonthParts.of(reader, time_range.to_ms, chosen, scope)
    months = function_months(reader, time_range, scope)

    def priced(own: "Sequence[Usage]") -> "Bill":
        return bill([*own, *parts.others], book, free_tier=False, inside=range(len(own)))

    def changed(change: "WhatIf") -> "list[Usage]":
        found = [each for one in months.values() for each in (_changed(one, change), *one.beside)]
        return found + [_logs_changed(one, change) for one in parts.unowned]

    base = priced([*(each for one in months.values() for each in (one.usage, *one.beside)), *parts.unowned])
    return base, compare(base, [(one.label, priced(changed(one))) for one in changes])


EDGE_STAYS = (
    "Lambda@Edge stays as it is: it is x86_64 only, runs where its viewers are, and how long it takes at another size"
    " is not known."
)


def edge_stays(reader: "Reader", scope: Scope) -> str:
    """Why what-ifs leave some of the chosen functions as they are; empty where there are none of those."""
    return EDGE_STAYS if any(is_edge(row.function.key.name) for row in scope.chosen(reader.functions())) else ""


def _changed(month: FunctionMonth, change: "WhatIf") -> "Usage":
    return month.usage if is_edge(month.usage.function) else changed_month(month, change)


def _logs_changed(usage: "Usage", change: "WhatIf") -> "Usage":
    """Logs that are no one function's: only what is said of logs changes them."""
    about = tuple(each for each in change.changes if each[0].startswith("log_"))
    return replace(change, changes=about).applied_to_usage(usage)


@dataclass(frozen=True)
class _MonthParts:
    """The whole month's usages by the middle estimate, as ``costs`` projects it.

    Those of each chosen function, what is chosen and no one function's (``unowned``: logs that several write to), and
    all ``others``.
    """

    of_function: "Mapping[int, list[Usage]]"
    unowned: "list[Usage]"
    others: "list[Usage]"

    @classmethod
    def of(cls, reader: "Reader", to_ms: int, chosen: "Sequence[FunctionRow]", scope: Scope) -> "_MonthParts":
        return reader.cached(("month parts", to_ms, scope), lambda: cls._read(reader, to_ms, chosen, scope))

    @classmethod
    def _read(cls, reader: "Reader", to_ms: int, chosen: "Sequence[FunctionRow]", scope: Scope) -> "_MonthParts":
        owner = {(row.function.key.name, row.function.key.account, row.function.key.region): row.id for row in chosen}
        wanted = set(owner.values())
        ahead = month(reader, to_ms)
        projection, logs_chosen = LogLines(reader, wanted, scope).projected(ahead.projection, to_ms)
        of_function: dict[int, list[Usage]] = {each: [] for each in owner.values()}
        unowned: list[Usage] = []
        others: list[Usage] = []
        for position, usage in enumerate(projection.p50):
            is_log = position >= len(ahead.ids)
            if not (logs_chosen[position - len(ahead.ids)] if is_log else ahead.ids[position] in wanted):
                others.append(usage)
                continue
            each = owner.get((usage.function, usage.account, usage.region)) if is_log else ahead.ids[position]
            (unowned if each is None else of_function[each]).append(usage)
        return cls(of_function, unowned, others)

    def rest(self, book: "PriceBook") -> "Callable[[int], tuple[Usage, ...]]":
        """What all but one function use of what is priced in tiers; nothing where no tier is reached."""
        every = [each for of in self.of_function.values() for each in of] + self.unowned + self.others
        if not _reach_a_tier(every, book):
            return lambda function_id: ()
        whole = _tiered(every)

        def but(function_id: int) -> "tuple[Usage, ...]":
            mine = _tiered(self.of_function.get(function_id, ()))
            return tuple(
                Usage(
                    region=region, arch=arch, billed_mb_ms=of[""] - mine.get((region, arch), {}).get("", 0),
                    metered=tuple((name, amount - mine.get((region, arch), {}).get(name, 0))
                                  for name, amount in of.items() if name),
                )
                for (region, arch), of in whole.items()
            )  # fmt: skip

        return but


def _tiered(usages: "Iterable[Usage]") -> "dict[tuple[str, str | None], dict[str, int]]":
    """By region and architecture: MB-ms on demand, by no name, and logs by theirs."""
    sums: dict[tuple[str, str | None], dict[str, int]] = {}
    for one in usages:
        of = sums.setdefault((one.region, one.arch), {"": 0})
        of[""] += one.billed_mb_ms
        for name, amount in one.metered:
            if name in LOGS:
                of[name] = of.get(name, 0) + amount
    return sums


def _reach_a_tier(usages: "Sequence[Usage]", book: "PriceBook") -> bool:
    from pricing.bill import bill

    return any((line.tier or 1) > 1 for line in bill(usages, book, free_tier=False).lines)


def function_months(reader: "Reader", time_range: TimeRange, scope: Scope) -> dict[int, FunctionMonth]:
    """By function id its whole month; functions that neither ran nor have anything configured are absent."""
    chosen = scope.chosen(reader.functions())
    parts = _MonthParts.of(reader, time_range.to_ms, chosen, scope)
    facts = _Facts(reader, time_range, chosen)
    months = {}
    for row in chosen:
        usages = parts.of_function[row.id]
        if usages:
            months[row.id] = facts.month(row.id, row.function, usages)
    return months


class _Facts:
    """What is known of functions beside their usage: of the month so far, else of the range."""

    def __init__(self, reader: "Reader", time_range: TimeRange, chosen: "Sequence[FunctionRow]") -> None:
        ids = [row.id for row in chosen]
        self._to_ms = to_ms = time_range.to_ms
        self._settings = SettingsOfTime(reader, chosen, to_ms)
        self._month_ms = month_start_ms(to_ms - 1)
        self._length_ms = month_start_ms(self._month_ms + 32 * DAY_MS) - self._month_ms
        self._in_range = {one.function_id: one for one in reader.totals(time_range.from_ms, to_ms, ids)}
        self._in_month = {one.function_id: one for one in reader.totals(self._month_ms, to_ms, ids)}
        self._repeats = _repeats(reader, time_range, ids)
        self._standing = ConfiguredUsage(reader, chosen, known_ms=to_ms)
        self._shares = self._standing.shares(self._month_ms, to_ms)
        self._sizes = SizesSeen(reader, to_ms)
        self._retention = {
            each: one.retention_days for each, one in by_function(log_usage(reader, self._month_ms, to_ms)).items()
        }

    def month(self, function_id: int, function: "Function", usages: "list[Usage]") -> FunctionMonth:
        month_seen, seen = self._in_month.get(function_id), self._in_range.get(function_id)
        counts = month_seen if month_seen is not None and month_seen.reports else seen or month_seen
        usage, beside = _now_and_before(usages, self._settings.terms(function_id, self._to_ms - 1, BILLED))
        requests = sum(one.requests + one.provisioned_requests for one in usages)
        known = [one for one in (seen, month_seen) if one is not None]
        configured_mb: int | None = self._settings.value(function_id, "memory_mb", self._to_ms - 1)
        memory_mb = next((one.memory_mb for one in known if one.memory_mb), configured_mb)
        most_mb = max((one.max_memory_mb for one in known if one.max_memory_mb is not None), default=None)
        versions, used = self._standing.snapstart_versions(function_id)
        function_month = FunctionMonth(
            replace(usage, memory_mb=memory_mb), memory_mb=memory_mb, max_memory_mb=most_mb,
            timeout_s=function.timeout_s, runtime=function.runtime, snapstart_versions=versions,
            snapstart_used=used, measured=self._sizes.measured(function_id, function, memory_mb),
            layers=self._sizes.layers(function), month_ms=self._length_ms, beside=beside,
            # Whether provisioned concurrency is idle is known where its metrics are, or where nothing was invoked.
            busy_known=function_id in self._shares or (not requests and not known),
            retention_days=self._retention.get(function_id),
        )  # fmt: skip
        return (
            function_month
            if counts is None
            else _scaled(function_month, counts, requests, self._repeats.get(function_id))
        )


def _now_and_before(usages: "list[Usage]", terms: "Terms") -> "tuple[Usage, tuple[Usage, ...]]":
    """What is used at the settings now in force, in one; and what was used at others earlier in the month."""
    edge = is_edge(terms.function)
    now = [one for one in usages if edge or (one.arch == terms.arch and _storage(one) in (None, terms.ephemeral_mb))]
    before = [one for one in usages if not any(one is each for each in now)]
    if not now:
        return before[0], tuple(before[1:])
    # The first is what runs on demand, where anything does: it knows the size of /tmp.
    now.sort(key=lambda one: not (one.requests or one.billed_ms))
    found = now[0]
    for one in now[1:]:
        found = added(found, one)
    return (found if len(now) == 1 else replace(found, basis=ESTIMATED)), tuple(before)


def _storage(usage: "Usage") -> int | None:
    """None where it has no part in the price: what stands configured, and logs."""
    return usage.ephemeral_mb if usage.billed_ms else None


def _scaled(month: FunctionMonth, totals: "Totals", requests: int, repeats: float | None) -> FunctionMonth:
    """What was seen of failures and cold starts, in the proportion that the month has to it."""
    scale = requests / totals.invocations if totals.invocations else 0.0

    def scaled(count: int) -> int:
        return round(count * scale)

    failures = scaled(totals.errors)
    return replace(
        month,
        timeouts=scaled(totals.timeouts),
        failures=failures,
        retried=None if repeats is None else round(failures * repeats),
        cold_starts=scaled(totals.cold_starts),
        init_ms=scaled(totals.init_us) // 1000,
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


def _row(recommendation: Recommendation) -> WhatIfRow:
    return WhatIfRow(
        function=recommendation.function,
        account=recommendation.account,
        region=recommendation.region,
        change=recommendation.change,
        now_usd=recommendation.now,
        then_usd=recommendation.then,
        saves_usd=recommendation.saves,
        currency=recommendation.currency,
        confidence=recommendation.confidence,
        arithmetic=recommendation.arithmetic,
        saves_low_usd=recommendation.low,
        saves_mid_usd=recommendation.middle,
        saves_high_usd=recommendation.high,
        evidence=recommendation.evidence,
        unknown=recommendation.unknown,
        basis=BASIS,
    )
