"""Our figures beside AWS's: usage by period, account, region and dimension, then every other kind of line.

Usage is compared by quantity first. What a commitment, a discount or a credit did to its price is told apart.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from pricing.actuals import EVERYTHING, OTHER, Actual
from pricing.bill import bill
from pricing.billed_amounts import Amounts, Basis, total
from pricing.line_kinds import NEGATION, OF_COMMITMENTS, WORDS
from pricing.pricebook import PriceBook
from pricing.usage import EXACT, Usage
from pricing.verdicts import Cell, Circumstances, verdict_of

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
# AWS bills requests on provisioned concurrency under the usage type of all requests.
_AS_BILLED = {"provisioned_requests": "requests"}

_ANYWHERE = (OTHER, "data_transfer")  # usage types that need not tell their region

Place = tuple[str, str, str]  # account, region, dimension; empty where it is not compared by them
Period = tuple[date, date]  # a first day, and the day after the last


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One period (``day`` None: the whole span) and dimension, or kind of line that is no usage. None is unknown.

    ``until`` is the day after the period. Amounts are in ``currency``: ``amount`` is ours; ``aws_list``, ``aws_net``,
    ``aws_effective`` and ``aws_amount`` (paid) are AWS's, as ``pricing.billed_amounts`` has them. ``difference`` is
    what was paid less ours. ``verdict`` is of ``pricing.verdicts``; ``reason`` says it with its figure.
    ``lines`` is how many of AWS's lines it is made of; ``list_amount`` is ours without any free tier.
    """

    day: date | None
    dimension: str
    quantity: Decimal | None
    aws_quantity: Decimal | None
    amount: Decimal | None
    aws_amount: Decimal | None
    difference: Decimal | None
    currency: str
    reason: str
    verdict: str = ""
    account: str = ""
    region: str = ""
    until: date | None = None
    aws_list: Decimal | None = None
    aws_net: Decimal | None = None
    aws_effective: Decimal | None = None
    lines: int = 0
    is_usage: bool = True
    list_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """Our figures of a place: the quantity, its amount as asked for and at list price, and their currency."""

    quantity: Decimal | None
    amount: Decimal | None
    list_amount: Decimal | None
    currency: str
    arches: frozenset[str] = frozenset()


@dataclass(slots=True)
class Side:
    """Everything that is compared, by period and place."""

    ours: dict[tuple[Period, Place], Ours] = field(default_factory=dict)
    theirs: dict[tuple[Period, Place], list[Actual]] = field(default_factory=dict)


def daily_amounts(
    daily: Sequence[tuple[date, Usage]], book: PriceBook, *, free_tier: bool = True
) -> dict[tuple[date, str, str, str, str, str], tuple[Decimal, Decimal | None]]:
    """(day, account, region, dimension, currency, architecture) to (quantity, amount).

    Each day is what it added to its month's bill so far: the free tier is drawn from the first of the month on until it
    is used up, as AWS does it, and the days of a month sum to its bill exactly. The amount of what has no public price
    is None.
    """
    amounts: dict[tuple[date, str, str, str, str, str], tuple[Decimal, Decimal | None]] = {}
    for month in sorted({day.replace(day=1) for day, _ in daily}):
        before: dict[tuple[str, ...], tuple[Decimal, Decimal | None]] = {}
        used: list[Usage] = []
        for day in sorted({day for day, _ in daily if day.replace(day=1) == month}):
            used += [usage for one, usage in daily if one == day]
            so_far = _by_place(used, book, free_tier)
            for place, (quantity, amount) in so_far.items():
                was = before.get(place, (_ZERO, _ZERO))
                more = None if amount is None or was[1] is None else EXACT.subtract(amount, was[1])
                added = EXACT.subtract(quantity, was[0]), more
                if any(added):
                    amounts[day, place[0], place[1], place[2], place[3], place[4]] = added
            before = so_far
    return amounts


def _by_place(
    used: Sequence[Usage], book: PriceBook, free_tier: bool
) -> dict[tuple[str, ...], tuple[Decimal, Decimal | None]]:
    sums: dict[tuple[str, ...], tuple[Decimal, Decimal | None]] = {}
    for line in bill(used, book, free_tier=free_tier).lines:
        key = line.account, line.region, _AS_BILLED.get(line.dimension, line.dimension), line.currency, line.arch
        quantity, amount = sums.get(key, (_ZERO, _ZERO))
        known = None if amount is None or line.amount is None else EXACT.add(amount, line.amount)
        sums[key] = EXACT.add(quantity, line.quantity), known
    return sums


def reconcile(
    daily: Sequence[tuple[date, Usage]],
    actuals: Sequence[Actual],
    book: PriceBook,
    *,
    coverage: Mapping[date, float] | None = None,
    free_tier: bool = True,
    now: date | None = None,
    collected: Collection[tuple[str, str]] | None = None,
    per_usd: Decimal | None = None,
) -> tuple[Reconciled, ...]:
    """Every period and place that AWS's bill or ours has, AWS's span only; then each place in sum.

    Periods are AWS's own: days, or months where its lines are a month long. ``coverage`` is the part of each day's
    invocations whose REPORT was seen. ``now`` is the UTC day of the view: only just before it AWS may be late.
    ``collected`` are the accounts and regions that the store knows (default: those used). ``per_usd`` is how many units
    of the export's currency a dollar is. Where the export does not split the service, all of ours is summed into the
    dimension ``all``. Raises ``ValueError`` for several currencies.
    """
    currencies = {actual.currency for actual in actuals}
    if len(currencies) > 1:
        raise ValueError(f"the export is in {' and '.join(sorted(currencies))}: reconcile one currency at a time")
    if not actuals:
        return ()
    currency = next(iter(currencies))
    basis = Basis.of(actuals)
    side, lowest = _sides(daily, actuals, book, free_tier=free_tier)
    known = frozenset(collected if collected is not None else ((actual.account, actual.region) for _, actual in daily))
    about = Circumstances(
        currency, now, known, frozenset(day for day, _ in daily), coverage or {}, basis, per_usd,
        whole=any(actual.is_usage and actual.dimension == EVERYTHING for actual in actuals),
    )  # fmt: skip
    rows = [
        _row(key, side.ours.get(key), side.theirs.get(key, []), about) for key in sorted({*side.ours, *side.theirs})
    ]
    rows += _other_lines(actuals, basis, currency, by_account=lowest[0])
    rows.sort(key=lambda row: (row.day or date.max, not row.is_usage, row.account, row.region, row.dimension))
    return (*rows, *summed(rows, currency))


def periods_of(actuals: Sequence[Actual]) -> list[Period]:
    """The periods of usage, those that overlap as one: a day, or a month where a line is a month long."""
    periods: list[Period] = []
    for start, end in sorted({(one.day, one.until) for one in actuals if one.is_usage}):
        if periods and start < periods[-1][1]:
            periods[-1] = periods[-1][0], max(periods[-1][1], end)
        else:
            periods.append((start, end))
    return periods


def _sides(
    daily: Sequence[tuple[date, Usage]], actuals: Sequence[Actual], book: PriceBook, *, free_tier: bool
) -> tuple[Side, tuple[bool, bool]]:
    used = [row for row in actuals if row.is_usage]
    by_account = all(row.account for row in used) and all(row.account for _, row in daily)
    placed = [row.region for row in used if row.dimension not in _ANYWHERE]
    by_region = all(placed) and all(row.region for _, row in daily)
    whole = any(row.dimension == EVERYTHING for row in used)

    def place(account: str, region: str, dimension: str) -> Place:
        return account if by_account else "", region if by_region else "", EVERYTHING if whole else dimension

    side, periods = Side(), periods_of(actuals)
    where = {start + _DAY * step: (start, end) for start, end in periods for step in range((end - start).days)}
    for row in used:
        side.theirs.setdefault((where[row.day], place(row.account, row.region, row.dimension)), []).append(row)
    if periods:
        first, last = periods[0][0], periods[-1][1]
        listed = daily_amounts(daily, book, free_tier=False)
        priced = daily_amounts(daily, book) if free_tier else listed
        for key, (quantity, list_amount) in listed.items():
            day, account, region, dimension, money, arch = key
            if first <= day < last:
                cell = where.get(day, (day, day + _DAY)), place(account, region, dimension)
                amount = priced.get(key, (quantity, _ZERO))[1]
                new = Ours(None if whole else quantity, amount, list_amount, money, frozenset((arch,)))
                side.ours[cell] = _more(side.ours[cell], new) if cell in side.ours else new
    return side, (by_account, by_region)


def _more(ours: Ours, other: Ours) -> Ours:
    same = ours.currency == other.currency
    return Ours(
        total((ours.quantity, other.quantity)),
        total((ours.amount, other.amount)) if same else None,
        total((ours.list_amount, other.list_amount)) if same else None,
        ours.currency, ours.arches | other.arches,
    )  # fmt: skip


def _row(key: tuple[Period, Place], ours: Ours | None, theirs: Sequence[Actual], about: Circumstances) -> Reconciled:
    (start, end), (account, region, dimension) = key
    amounts = about.basis.amounts(theirs) if theirs else Amounts()
    quantities = [one.quantity for one in theirs if one.quantity is not None]
    rate = Decimal(1) if ours is None or ours.currency == about.currency else about.rate(ours.currency)
    amount = EXACT.multiply(ours.amount, rate) if ours and ours.amount is not None and rate is not None else None
    listed = (
        EXACT.multiply(ours.list_amount, rate) if ours and ours.list_amount is not None and rate is not None else None
    )
    cell = Cell(
        start, end, account, region, dimension, ours.quantity if ours else None,
        amount, listed, ours is not None, rate is not None,
        total(quantities), amounts, tuple(theirs), ours.arches if ours else frozenset(),
        ours.list_amount if ours else None,
    )  # fmt: skip
    verdict, reason = verdict_of(cell, about)
    paid = amounts.paid
    billed, computed = paid if theirs else _ZERO, amount if ours is not None else _ZERO
    difference = None if billed is None or computed is None else EXACT.subtract(billed, computed)
    return Reconciled(
        start, dimension, cell.quantity, cell.aws_quantity, amount, paid, difference, about.currency, reason, verdict,
        account, region, end, amounts.list, amounts.net, amounts.effective, len(theirs),
        list_amount=listed,
    )  # fmt: skip


def _other_lines(actuals: Sequence[Actual], basis: Basis, currency: str, *, by_account: bool) -> list[Reconciled]:
    """A row for each day and kind of line that is no usage, unless it is in what usage is said to have cost."""
    by_line: dict[tuple[date, str, str], list[Actual]] = {}
    for actual in actuals:
        if not actual.is_usage and (basis.cash or actual.kind not in OF_COMMITMENTS):
            by_line.setdefault((actual.day, actual.account if by_account else "", actual.kind), []).append(actual)
    rows = []
    for (day, account, kind), of in by_line.items():
        paid = basis.amounts(of).paid
        reason = _named(kind, of)
        rows.append(
            Reconciled(
                day, kind, None, None, None, paid, paid, currency, reason, kind, account, "",
                max(actual.until for actual in of), lines=len(of), is_usage=False,
            )
        )  # fmt: skip
    return rows


def _named(kind: str, of: Sequence[Actual]) -> str:
    names = dict.fromkeys(one.record_type for one in of if one.record_type)
    return WORDS[kind] + (f": {', '.join(names)}" if names and kind != NEGATION else "")


def summed(rows: Sequence[Reconciled], currency: str) -> list[Reconciled]:
    """Each place of some periods together, without a day: the verdict of most periods, and how many differ from it."""
    places: dict[tuple[str, str, str], list[Reconciled]] = {}
    for row in rows:
        places.setdefault((row.account, row.region, row.dimension), []).append(row)
    sums = []
    for (account, region, dimension), of in places.items():
        verdict, reason = _main(of)
        sums.append(
            Reconciled(
                None, dimension, total_known(row.quantity for row in of), total_known(row.aws_quantity for row in of),
                total_known(row.amount for row in of), total_known(row.aws_amount for row in of),
                total_known(row.difference for row in of), currency, reason, verdict, account, region, None,
                total_known(row.aws_list for row in of), total_known(row.aws_net for row in of),
                total_known(row.aws_effective for row in of), sum(row.lines for row in of), of[0].is_usage,
            )
        )  # fmt: skip
    return sums


def _main(of: Sequence[Reconciled]) -> tuple[str, str]:
    """The verdict that tells most of the difference; where periods differ in it, how many have it."""
    weights: dict[str, Decimal] = {}
    for row in of:
        weights[row.verdict] = weights.get(row.verdict, _ZERO) + abs(row.difference or _ZERO)
    main = max(weights, key=lambda verdict: weights[verdict])
    having = [row for row in of if row.verdict == main]
    reasons = list(dict.fromkeys(row.reason for row in having))
    reason = reasons[0] if len(reasons) == 1 or len(having) == 1 else reasons[0].partition(":")[0]
    if len(having) == len(of):
        return main, reason
    unit = "day" if all(row.until is None or row.day is None or row.until - row.day == _DAY for row in of) else "period"
    return main, f"{len(having)} of {len(of)} {unit}s: {reason}"


def total_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of the known amounts; None where none is known."""
    return total(amount for amount in amounts if amount is not None)
