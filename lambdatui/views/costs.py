"""What the stored usage costs, line by line, with the free tier, and what the month will come to.

The free tier is the account's: the whole store is billed, and narrowing or a range within a month only chooses among
the lines. Months are UTC calendar months, as AWS bills them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

from collectors.model.units import DAY_MS
from collectors.store.spans import whole_from
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.log_costs import LogLines, positions
from lambdatui.views.month import month
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, day_of, month_start_ms
from lambdatui.views.tones import quiet_if_none
from lambdatui.views.usage import billed, days, left_out, usages, used_before
from lambdatui.views.view import BILLED, View, coverage_of, weakest_basis
from pricing.bill import Bill, LineItem, totals_of
from pricing.dimensions import LOGS, LOGS_STORAGE
from pricing.inspection import days_too_old
from pricing.usage import EXACT, Usage

if TYPE_CHECKING:
    from datetime import date

    from collectors.store.read.reader import Reader
    from pricing.free_tier import FreeTierUse
    from pricing.milestones import RunOut
    from pricing.pricebook import PriceBook
    from pricing.projection import Projection

AFTER_FREE_TIER, BEFORE_FREE_TIER = "after the free tier", "before the free tier"
EVERYTHING = Scope()
LOG_DIMENSIONS = frozenset((*LOGS, LOGS_STORAGE))
"""What CloudWatch Logs bills for the functions' logs."""


class CostLineColumns:
    """The columns of ``pricing.bill.LineItem``, whose fields have these names: pricing knows of no screens."""

    dimension: Annotated[Any, shared.DIMENSION, OnScreen(1, 13, after="function"), BRIEF]
    function: Annotated[Any, shared.FUNCTION, OnScreen(grows=True, most=40), BRIEF]
    account: Annotated[Any, shared.ACCOUNT, OnScreen(10)]
    region: Annotated[Any, shared.REGION, OnScreen(8), BRIEF]
    arch: Annotated[Any, shared.ARCH, OnScreen(7), BRIEF]
    quantity: Annotated[Any, shared.QUANTITY, OnScreen(2, 12), BRIEF]
    unit: Annotated[Any, shared.UNIT, OnScreen(4, 7), BRIEF]
    free: Annotated[
        Any,
        Column("Free", Kind.QUANTITY, 14, "Units that the free tier covers.", tone=quiet_if_none),
        OnScreen(3, 12),
        BRIEF,
    ]
    billable: Annotated[
        Any,
        Column("Billable", Kind.QUANTITY, 14, "Units that are charged.", tone=quiet_if_none),
        OnScreen(6, 12),
        BRIEF,
    ]
    rate: Annotated[Any, Column("Rate", Kind.RATE, 14, "USD for one unit."), OnScreen(5, 13), BRIEF]
    list_amount: Annotated[
        Any,
        Column("List price", Kind.USD, 10, "Quantity times rate: the amount without a free tier.", tone=quiet_if_none),
        OnScreen(2),
    ]
    amount: Annotated[Any, shared.PRICED_AMOUNT, OnScreen(0, 10), BRIEF]
    basis: Annotated[Any, shared.BASIS, OnScreen(9, 30), BRIEF]


COST_COLUMNS = columns_of(CostLineColumns)


@dataclass(frozen=True, slots=True)
class ProjectedCost:
    """What the month that holds the range's end will come to, in the view's currency; None is unknown.

    ``run_outs`` say when each part of the whole store's free tier is used up, ``budget_day`` when the chosen functions
    pass ``budget``: None where they do not, or where no budget was given. ``basis`` says whether the free tier is off.
    """

    p10: Decimal | None
    p50: Decimal | None
    p90: Decimal | None
    method: str
    days_seen: int
    run_outs: "tuple[RunOut, ...]" = ()
    budget: Decimal | None = None
    budget_day: "date | None" = None
    basis: str = AFTER_FREE_TIER


@dataclass(frozen=True)
class CostsView(View[LineItem]):
    """A bill of the range, dearest line first; lines without a public price come first of all.

    ``total`` is in ``currency`` (None: nothing was used that has a price); ``totals`` has every currency's sum.
    ``projections`` are by currency, as ``totals`` are. ``missing`` says in a few words each what the totals leave out:
    durations that are not known, dimensions and regions without a price, a region that was assumed.
    ``free_tier`` is the use of the whole store's free tier in the month that holds the range's end. ``prices_as_of``
    is the date of the oldest prices used. ``list_totals`` are ``totals`` before the free tier. ``functions`` is how
    many are chosen; ``metered_logs`` are the ids of those of whose logs it is known how much came in.
    """

    total: Decimal | None = None
    currency: str = "USD"
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    free_tier: "tuple[FreeTierUse, ...]" = ()
    projection: ProjectedCost | None = None
    prices_as_of: str | None = None
    projections: Mapping[str, ProjectedCost] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    list_totals: Mapping[str, Decimal] = field(default_factory=dict)
    functions: int = 0
    metered_logs: frozenset[int] = frozenset()

    @property
    def lines(self) -> Sequence[LineItem]:
        """The rows: the lines of the bill."""
        return self.rows

    @property
    def logs_totals(self) -> Mapping[str, Decimal]:
        """What CloudWatch Logs bills of it, by currency: another service of AWS's bill than Lambda."""
        return _sums((line.currency, line.amount) for line in self.rows if line.dimension in LOG_DIMENSIONS)

    @property
    def logs_list_totals(self) -> Mapping[str, Decimal]:
        """The same before the free tier, of which CloudWatch Logs has its own."""
        return _sums((line.currency, line.list_amount) for line in self.rows if line.dimension in LOG_DIMENSIONS)

    @property
    def prices_age_days(self) -> int | None:
        """How many days the prices used are old at the range's end, where that is too many to be trusted."""
        return days_too_old(self.prices_as_of, day_of(self.range.to_ms - 1))


def _sums(amounts: Iterable[tuple[str, Decimal | None]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        if amount is not None:
            sums[currency] = EXACT.add(sums.get(currency, Decimal(0)), amount)
    return sums


def costs(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    *,
    free_tier: bool = True,
    scope: Scope = EVERYTHING,
    budget: Decimal | None = None,
) -> CostsView:
    """The bill of ``time_range``, month by month, and the projection of its last month."""
    return reader.cached(
        ("costs", time_range, book, free_tier, scope, budget),
        lambda: _costs(reader, time_range, book, free_tier, scope, budget),
    )


def _costs(
    reader: "Reader", time_range: TimeRange, book: "PriceBook", free_tier: bool, scope: Scope, budget: Decimal | None
) -> CostsView:
    chosen = {row.id for row in scope.chosen(reader.functions())}
    logs = LogLines(reader, chosen, scope)
    bills: list[Bill] = []
    listed: dict[str, Decimal] = {}
    reports = counted = 0
    for part in _months(time_range):
        from_ms = whole_from(part.from_ms, part.to_ms)
        used = usages(reader, from_ms, part.to_ms, time_range.to_ms)
        ingested, of_chosen = logs.of(from_ms, part.to_ms)
        inside = [*used.inside(chosen), *positions(of_chosen, len(used.used))]
        # Usage before the range, in its first month, takes its part of the free tier and of the tiers.
        begin = month_start_ms(part.from_ms)
        before: Sequence[Usage] = ()
        if begin < part.from_ms:
            before = used_before(reader, begin, from_ms, time_range.to_ms).and_more(logs.of(begin, from_ms)[0])
        every = replace(used, used=used.used.and_more(ingested))
        bills.append(billed(every, book, free_tier=free_tier, inside=inside, before=before))
        at_list = billed(every, book, free_tier=False, inside=inside, before=before) if free_tier else bills[-1]
        for code, amount in at_list.totals.items():
            listed[code] = EXACT.add(listed.get(code, Decimal(0)), amount)
        seen, whole = used.coverage(chosen)
        reports, counted = reports + seen, counted + whole
    lines = _merged(bills)
    summed = Bill(lines, bills[-1].free_tier, min(filter(None, (one.prices_as_of for one in bills)), default=None))
    currency, sums = summed.currency, summed.totals
    currencies = tuple(dict.fromkeys((currency, *sorted(sums))))
    projected = _projected(reader, time_range, book, chosen, free_tier, currencies, budget, logs)
    return CostsView(
        COST_COLUMNS,
        lines,
        reader.as_of_ms(time_range.to_ms),
        time_range,
        coverage=coverage_of(reports, counted),
        basis=weakest_basis({line.basis.partition(";")[0] for line in lines}) or (BILLED if counted else None),
        total=sums.get(currency),
        currency=currency,
        totals=sums,
        free_tier=summed.free_tier,
        projection=projected[currency],
        projections=projected,
        prices_as_of=summed.prices_as_of,
        missing=left_out(lines),
        list_totals=listed,
        functions=len(chosen),
        metered_logs=logs.metered(time_range.from_ms, time_range.to_ms),
    )


def _months(time_range: TimeRange) -> Iterator[TimeRange]:
    """The range, cut where UTC calendar months end."""
    start = time_range.from_ms
    while True:
        end = min(time_range.to_ms, month_start_ms(month_start_ms(start) + 32 * DAY_MS))
        yield TimeRange(start, end, time_range.label)
        if end >= time_range.to_ms:
            return
        start = end


def _merged(bills: Sequence[Bill]) -> tuple[LineItem, ...]:
    """The months' lines of one function, dimension and tier summed, dearest first."""
    sums: dict[tuple[object, ...], LineItem] = {}
    with localcontext(EXACT):
        for line in chain.from_iterable(one.lines for one in bills):
            # Dimension, function, account, region and architecture; an estimate stands beside what was billed.
            key = (*line[:5], line.unit, line.tier, line.rate, line.basis.partition(";")[0])
            before = sums.setdefault(key, line)
            if before is not line:
                sums[key] = _added(before, line)
    lines = sorted(sums.values(), key=attrgetter("function"))
    unpriced = [line for line in lines if line.amount is None]
    priced = [line for line in lines if line.amount is not None] if unpriced else lines
    priced.sort(key=attrgetter("amount", "list_amount"), reverse=True)
    return (*unpriced, *priced)


def _added(line: LineItem, other: LineItem) -> LineItem:
    """The sum of two lines. The caller must have entered the decimal context ``EXACT``."""
    amount = None if line.amount is None or other.amount is None else line.amount + other.amount
    return LineItem._make((
        *line[:5], line.quantity + other.quantity, line.unit, line.free + other.free, line.billable + other.billable,
        line.rate, amount, line.currency, other.basis, line.tier,
        line.usage,
    ))  # fmt: skip


def _projected(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    chosen: Collection[int],
    free_tier: bool,
    currencies: Sequence[str],
    budget: Decimal | None,
    logs: LogLines,
) -> dict[str, ProjectedCost]:
    """By currency: the month is projected for the whole store, priced with its free tier, and then narrowed."""
    today = day_of(time_range.to_ms - 1)
    ahead = month(reader, time_range.to_ms, chosen)
    projection, of_chosen = logs.projected(ahead.projection, time_range.to_ms)
    inside = {at for at, each in enumerate(ahead.ids) if each in chosen}
    inside |= set(positions(of_chosen, len(ahead.ids)))
    sums = [
        None if not used else totals_of(used, inside, book, free_tier=free_tier)
        for used in (projection.p10, projection.p50, projection.p90)
    ]
    run_outs: tuple[RunOut, ...] = ()
    if free_tier and projection.p50:
        from pricing.milestones import free_tier_days

        run_outs = free_tier_days(ahead.by_region, projection, book, today)
    every = tuple(dict.fromkeys((*currencies, *sorted(chain.from_iterable(amounts or () for amounts in sums)))))

    def cost(currency: str) -> ProjectedCost:
        p10, p50, p90 = (
            None if amounts is None else amounts.get(currency, Decimal(0) if chosen and not amounts else None)
            for amounts in sums
        )
        return ProjectedCost(
            p10, p50, p90, projection.method, projection.days_seen, run_outs, budget,
            _budget_day(reader, time_range, projection, book, today, budget, chosen, free_tier, currency, logs),
            AFTER_FREE_TIER if free_tier else BEFORE_FREE_TIER,
        )  # fmt: skip

    return {currency: cost(currency) for currency in every}


def _budget_day(
    reader: "Reader",
    time_range: TimeRange,
    projection: "Projection",
    book: "PriceBook",
    today: "date",
    budget: Decimal | None,
    chosen: Collection[int],
    free_tier: bool,
    currency: str,
    logs: LogLines,
) -> "date | None":
    if budget is None or not projection.p50:
        return None
    from pricing.milestones import budget_day

    wanted = {
        (row.function.key.name, row.function.key.account, row.function.key.region)
        for row in reader.functions()
        if row.id in chosen
    }
    month_ms = month_start_ms(time_range.to_ms - 1)
    by_day = days(reader, month_ms, time_range.to_ms)
    used = [(day_of(day_ms), usage) for day_ms in sorted(by_day) for _, usage, _ in by_day[day_ms]]
    used += [(day_of(day_ms), usage) for day_ms, usage in logs.by_day(month_ms, time_range.to_ms)]
    return budget_day(
        used, projection, book, today, budget, currency=currency, free_tier=free_tier,
        of=lambda one: (one.function, one.account, one.region) in wanted,
    )  # fmt: skip
