"""What the stored usage costs, line by line, with the free tier, and what the month will come to.

The free tier is the account's: the whole store is billed, and narrowing or a range within a month only chooses among
the lines. Months are UTC calendar months, as AWS bills them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from collectors.store.spans import whole_from
from lambdatui.views.columns import columns
from lambdatui.views.configured_usage import Configured, split
from lambdatui.views.log_costs import LogLines
from lambdatui.views.month import days_before, terms_of
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, day_of, month_start_ms
from lambdatui.views.view import BILLED, ESTIMATED, METRIC, View, coverage_of
from pricing.bill import Bill, LineItem, bill, totals_of
from pricing.inspection import days_too_old
from pricing.projection import Projection, project
from pricing.usage import EXACT, Usage
from pricing.used import Terms, Used

if TYPE_CHECKING:
    from datetime import date

    from collectors.model import Function
    from collectors.store.reader import Reader
    from collectors.store.rows import SpanUsage, Totals
    from pricing.free_tier import FreeTierUse
    from pricing.milestones import RunOut
    from pricing.pricebook import PriceBook
    from pricing.whatif import Compared, WhatIf

COST_COLUMNS = columns(
    "dimension", "function", "account", "region", "arch", "quantity", "unit", "free", "billable", "rate", "amount",
    "basis",
)  # fmt: skip

EVERYTHING = Narrow()


@dataclass(frozen=True, slots=True)
class ProjectedCost:
    """What the month that holds the range's end will come to, in the view's currency; None is unknown.

    ``run_outs`` say when each part of the whole store's free tier is used up, ``budget_day`` when the chosen functions
    pass ``budget``: None where they do not, or where no budget was given.
    """

    p10: Decimal | None
    p50: Decimal | None
    p90: Decimal | None
    method: str
    days_seen: int
    run_outs: "tuple[RunOut, ...]" = ()
    budget: Decimal | None = None
    budget_day: "date | None" = None


@dataclass(frozen=True)
class CostsView(View[LineItem]):
    """A bill of the range, dearest line first; lines without a public price come first of all.

    ``total`` is in ``currency`` (None: nothing was used that has a price); ``totals`` has every currency's sum.
    ``free_tier`` is the use of the whole store's free tier in the month that holds the range's end. ``prices_as_of``
    is the date of the oldest prices used.
    """

    total: Decimal | None = None
    currency: str = "USD"
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    free_tier: "tuple[FreeTierUse, ...]" = ()
    projection: ProjectedCost | None = None
    prices_as_of: str | None = None

    @property
    def lines(self) -> Sequence[LineItem]:
        return self.rows

    @property
    def prices_age_days(self) -> int | None:
        """How many days the prices used are old at the range's end, where that is too many to be trusted."""
        return days_too_old(self.prices_as_of, day_of(self.range.to_ms - 1))


def costs(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    *,
    free_tier: bool = True,
    narrow: Narrow = EVERYTHING,
    budget: Decimal | None = None,
) -> CostsView:
    """The bill of ``time_range``, month by month, and the projection of its last month."""
    return reader.kept(
        ("costs", time_range, book, free_tier, narrow, budget),
        lambda: _costs(reader, time_range, book, free_tier, narrow, budget),
    )


def _costs(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", free_tier: bool, narrow: Narrow, budget: Decimal | None
) -> CostsView:
    functions = reader.functions()
    chosen = {row.id for row in narrow.chosen(functions)}
    recorded = {row.id: terms_of(row.function, BILLED) for row in functions}
    standing = Configured(reader, functions)
    logs = LogLines(reader, chosen, narrow)
    bills: list[Bill] = []
    reports = counted = 0
    for month in _months(time_range):
        totals = reader.usage(month.from_ms, month.to_ms)
        # A long span begins at a full hour or day: what lies before it must end there, or it would count twice.
        before = reader.usage(month_start_ms(month.from_ms), whole_from(month.from_ms, month.to_ms))
        shares = standing.shares(month_start_ms(month.from_ms), month.to_ms)
        stood = standing.usages(month.from_ms, month.to_ms)
        ingested, of_chosen = logs.of(month.from_ms, month.to_ms)
        ingested_before, _ = logs.of(month_start_ms(month.from_ms), month.from_ms)
        used = _used([*totals, *before], recorded, shares).and_more([*stood.values(), *ingested, *ingested_before])
        inside = [at for at, one in enumerate(totals) if one.function_id in chosen]
        inside += [at for at, function_id in enumerate(stood, len(totals) + len(before)) if function_id in chosen]
        logs_at = len(totals) + len(before) + len(stood)
        inside += [at for at, is_chosen in enumerate(of_chosen, logs_at) if is_chosen]
        bills.append(bill(used, book, free_tier=free_tier, inside=inside))
        reports += sum([one.reports for one in totals if one.function_id in chosen])
        counted += sum([one.invocations for one in totals if one.function_id in chosen])
    lines = _merged(bills)
    summed = Bill(lines, bills[-1].free_tier, min(filter(None, (one.prices_as_of for one in bills)), default=None))
    currency, sums = summed.currency, summed.totals
    estimated = any(basis.startswith(ESTIMATED) for basis in {one.basis for one in lines})
    return CostsView(
        COST_COLUMNS,
        lines,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=coverage_of(reports, counted),
        basis=ESTIMATED if estimated else BILLED if counted else METRIC if lines else None,
        total=sums.get(currency),
        currency=currency,
        totals=sums,
        free_tier=summed.free_tier,
        projection=_projected(reader, time_range, book, recorded, chosen, free_tier, currency, budget, standing, logs),
        prices_as_of=summed.prices_as_of,
    )


def _used(rows: "Sequence[SpanUsage]", terms: Mapping[int, Terms], shares: Mapping[int, float]) -> Used:
    """The rows' usages, with what provisioned concurrency served of them."""
    if not rows:
        return Used([], [], [], [])
    ids, requests, _, billed_ms, billed_mb_ms = zip(*rows, strict=True)
    used = Used([terms[each] for each in ids], requests, billed_ms, billed_mb_ms)
    if not shares:
        return used
    return Used.of([split(usage, shares.get(each)) for each, usage in zip(ids, used, strict=True)])


def what_ifs(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    changes: "Sequence[WhatIf]",
    *,
    free_tier: bool = True,
    narrow: Narrow = EVERYTHING,
) -> "tuple[Compared, ...]":
    """The bill of a range under each change of the chosen functions; the other functions stay as they are.

    Raises ``ValueError`` for a change that recorded usage cannot tell, and for a range of more than one month.
    """
    from pricing.whatif import compare

    if not changes:
        return ()
    if len(list(_months(time_range))) > 1:
        raise ValueError("a what-if needs a range within one calendar month")
    functions = reader.functions()
    chosen = {row.id for row in narrow.chosen(functions)}
    by_id = {row.id: row.function for row in functions}
    totals = reader.totals(time_range.from_ms, time_range.to_ms)
    standing = Configured(reader, functions)
    shares = standing.shares(month_start_ms(time_range.from_ms), time_range.to_ms)
    stood = standing.usages(time_range.from_ms, time_range.to_ms)
    recorded = [split(_usage(by_id[one.function_id], one), shares.get(one.function_id)) for one in totals]
    recorded += [replace(one, memory_mb=by_id[each].memory_mb) for each, one in stood.items()]
    inside = {at for at, each in enumerate([*(one.function_id for one in totals), *stood]) if each in chosen}
    ingested, of_chosen = LogLines(reader, chosen, narrow).of(time_range.from_ms, time_range.to_ms)
    inside |= {at for at, is_chosen in enumerate(of_chosen, len(recorded)) if is_chosen}
    recorded += ingested

    def billed(used: list[Usage]) -> Bill:
        return bill(used, book, free_tier=free_tier).of(inside)

    others = [
        (
            change.label,
            billed([change.applied_to_usage(one) if at in inside else one for at, one in enumerate(recorded)]),
        )
        for change in changes
    ]
    return compare(billed(recorded), others)


def _months(time_range: TimeRange) -> Iterator[TimeRange]:
    """The range, cut where UTC calendar months end."""
    start = time_range.from_ms
    while True:
        end = min(time_range.to_ms, month_start_ms(month_start_ms(start) + 32 * DAY_MS))
        yield TimeRange(start, end, time_range.label)
        if end >= time_range.to_ms:
            return
        start = end


def _usage(function: "Function", totals: "Totals") -> Usage:
    key = function.key
    return Usage(
        key.name, key.account, key.region, function.arch, totals.invocations, totals.billed_ms, totals.billed_mb_ms,
        totals.memory_mb or function.memory_mb, function.ephemeral_mb, basis=BILLED,
    )  # fmt: skip


def _merged(bills: Sequence[Bill]) -> tuple[LineItem, ...]:
    """The months' lines of one function, dimension and tier summed, dearest first."""
    sums: dict[tuple[object, ...], LineItem] = {}
    with localcontext(EXACT):
        for line in chain.from_iterable(one.lines for one in bills):
            key = (*line[:5], line.tier, line.rate)  # dimension, function, account, region and architecture
            before = sums.setdefault(key, line)
            if before is not line:
                sums[key] = _added(before, line)
    lines = sorted(sums.values(), key=attrgetter("function"))
    unpriced = [line for line in lines if line.amount is None]
    priced = [line for line in lines if line.amount is not None] if unpriced else lines
    priced.sort(key=attrgetter("amount"), reverse=True)
    return (*unpriced, *priced)


def _added(one: LineItem, other: LineItem) -> LineItem:
    """To be called in the context ``EXACT``."""
    amount = None if one.amount is None or other.amount is None else one.amount + other.amount
    return LineItem._make((
        *one[:5], one.quantity + other.quantity, one.unit, one.free + other.free, one.billable + other.billable,
        one.rate, amount, one.currency, other.basis if other.basis.startswith(ESTIMATED) else one.basis, one.tier,
        one.usage,
    ))  # fmt: skip


def _projected(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    recorded: Mapping[int, Terms],
    chosen: Collection[int],
    free_tier: bool,
    currency: str,
    budget: Decimal | None,
    standing: Configured,
    logs: LogLines,
) -> ProjectedCost:
    """The month's usage is projected for the whole store, priced with its free tier, and then narrowed."""
    last = time_range.to_ms - 1
    month_ms, today = month_start_ms(last), day_of(last)
    ids, projection, days = _month(reader, time_range, recorded, chosen, standing, by_function=budget is not None)
    stood, projection, days = _with_standing(
        projection, days, standing, month_ms, time_range.to_ms, by_day=budget is not None
    )
    inside = {at for at, each in enumerate([*ids, *stood]) if each in chosen}
    projection, days, of_chosen = logs.projected(projection, days, time_range.to_ms, daily=budget is not None)
    inside |= {at for at, is_chosen in enumerate(of_chosen, len(ids) + len(stood)) if is_chosen}

    def priced(used: Sequence[Usage] | None) -> Decimal | None:
        if not used:
            return None
        found = totals_of(used, inside, book, free_tier=free_tier)
        return None if found is None else found.get(currency, None if found else Decimal(0))

    run_outs: tuple[RunOut, ...] = ()
    if free_tier and projection.p50:
        from pricing.milestones import free_tier_days

        run_outs = free_tier_days(days, projection, book, today)
    wanted = {recorded[each][:3] for each in chosen} if budget is not None else set()
    return ProjectedCost(
        priced(projection.p10),
        priced(projection.p50),
        priced(projection.p90),
        projection.method,
        projection.days_seen,
        run_outs,
        budget,
        _budget_day(days, projection, book, today, budget, wanted, free_tier, currency),
    )


def _month(
    reader: "Reader",
    time_range: TimeRange,
    recorded: Mapping[int, Terms],
    chosen: Collection[int],
    standing: Configured,
    *,
    by_function: bool,
) -> "tuple[Sequence[int], Projection, list[tuple[date, Usage]]]":
    """The month without what stands configured: whose it is, what it comes to, and its days so far.

    The days are those of each function, or only those of each region.
    """
    to_ms = time_range.to_ms
    month_ms = month_start_ms(to_ms - 1)
    month = day_of(month_ms)
    found = days_before(reader, to_ms)
    if found is None:
        return (), project([], to_ms, month), []
    import numpy as np

    from pricing.project_many import project_table

    shares = standing.shares(month_ms, to_ms)
    found = found.split(shares)
    of = [recorded[each]._replace(basis=ESTIMATED) if shares.get(each) else recorded[each] for each in found.ids]
    inside = np.array([each in chosen for each in found.ids])
    projection = project_table(
        found.table, of, to_ms, month, since_ms=reader.oldest_ms(), hours=_hours(reader, to_ms), spread_of=inside
    )
    return found.ids, projection, list(found.by_day(of, month) if by_function else found.by_region(of, month))


def _with_standing(
    projection: Projection,
    days: "list[tuple[date, Usage]]",
    standing: Configured,
    month_ms: int,
    now_ms: int,
    *,
    by_day: bool,
) -> "tuple[Collection[int], Projection, list[tuple[date, Usage]]]":
    """The deterministic part: what stands configured goes on to the month's end, in every estimate alike."""
    month_end_ms = month_start_ms(month_ms + 32 * DAY_MS)
    whole = standing.usages(month_ms, month_end_ms)
    if not whole:
        return (), projection, days
    until_now = standing.usages(month_ms, now_ms)
    ends, seen = zip(
        *((one, until_now.get(each) or replace(one, provisioned_mb_ms=0, metered=())) for each, one in whole.items()),
        strict=True,
    )
    low, high = (None if one is None else Used.of(one).and_more(ends) for one in (projection.p10, projection.p90))
    p50, so_far = Used.of(projection.p50).and_more(ends), Used.of(projection.seen).and_more(seen)
    added = replace(projection, p10=low, p50=p50, p90=high, seen=so_far)
    if not added.path and now_ms < month_end_ms:  # nothing was invoked: what stands comes evenly
        ends_ms = range((now_ms // DAY_MS + 1) * DAY_MS, month_end_ms + 1, DAY_MS)
        path = tuple((day_of(end_ms - 1), (end_ms - now_ms) / (month_end_ms - now_ms)) for end_ms in ends_ms)
        added = replace(added, path=path)
    if not by_day:  # only a budget asks what each day was
        return whole, added, days
    each_day = [
        (day_of(at_ms), one)
        for at_ms in range(month_ms, now_ms, DAY_MS)
        for one in standing.usages(at_ms, min(now_ms, at_ms + DAY_MS)).values()
    ]
    return whole, added, [*days, *each_day]


def _budget_day(
    days: "list[tuple[date, Usage]]",
    projection: Projection,
    book: "PriceBook",
    today: "date",
    budget: Decimal | None,
    wanted: "Collection[tuple[str, str, str]]",
    free_tier: bool,
    currency: str,
) -> "date | None":
    if budget is None or not projection.p50:
        return None
    from pricing.milestones import budget_day

    return budget_day(
        days, projection, book, today, budget, currency=currency, free_tier=free_tier,
        of=lambda one: (one.function, one.account, one.region) in wanted,
    )  # fmt: skip


def _hours(reader: "Reader", until_ms: int) -> "tuple[float, ...] | None":
    """How a usual day spreads over its hours: a week of all functions; None where "now" is midnight."""
    if not until_ms % DAY_MS:
        return None
    from pricing.projection import hour_shares

    today = until_ms // DAY_MS * DAY_MS
    by_hour = reader.invocations_by_hour(today - 7 * DAY_MS, today)
    return hour_shares(by_hour) if by_hour else None
