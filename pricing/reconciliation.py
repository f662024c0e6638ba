"""Our figure beside AWS's, by day and dimension, and the likely reason where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pricing.actuals import EVERYTHING, Actual
from pricing.bill import bill
from pricing.pricebook import PriceBook
from pricing.usage import EXACT, Usage

# What a store knows of: everything else on AWS's bill is "not collected".
COLLECTED = ("requests", "duration", "ephemeral_storage")
_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_SAME = Decimal("0.01")  # quantities within a per cent are the same usage
_LATE_DAYS = 2  # AWS's figures of the last days still grow


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One day (None: the whole span) and dimension. Amounts in ``currency``; None is unknown or not there.

    ``difference`` is AWS's amount less ours.
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


@dataclass(frozen=True, slots=True)
class _Cell:
    quantity: Decimal | None = None
    amount: Decimal | None = None


def daily_amounts(
    daily: Sequence[tuple[date, Usage]], book: PriceBook, *, free_tier: bool = True
) -> dict[tuple[date, str], tuple[Decimal, Decimal]]:
    """(day, dimension) to (quantity, amount): each day is what it added to its month's bill so far.

    So the free tier is drawn from the first of the month on until it is used up, as AWS does it, and the days of a
    month sum to its bill exactly. Lines without a public price count in quantity and not in amount.
    """
    found: dict[tuple[date, str], tuple[Decimal, Decimal]] = {}
    months = sorted({day.replace(day=1) for day, _ in daily})
    for month in months:
        before: dict[str, tuple[Decimal, Decimal]] = {}
        used: list[Usage] = []
        days = sorted({day for day, _ in daily if day.replace(day=1) == month})
        for day in days:
            used += [usage for one, usage in daily if one == day]
            so_far = _by_dimension(used, book, free_tier)
            for dimension, (quantity, amount) in so_far.items():
                was = before.get(dimension, (_ZERO, _ZERO))
                added = EXACT.subtract(quantity, was[0]), EXACT.subtract(amount, was[1])
                if any(added):
                    found[day, dimension] = added
            before = so_far
    return found


def _by_dimension(used: Sequence[Usage], book: PriceBook, free_tier: bool) -> dict[str, tuple[Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for line in bill(used, book, free_tier=free_tier).lines:
        quantity, amount = sums.get(line.dimension, (_ZERO, _ZERO))
        sums[line.dimension] = EXACT.add(quantity, line.quantity), EXACT.add(amount, line.amount or _ZERO)
    return sums


def reconcile(
    daily: Sequence[tuple[date, Usage]],
    actuals: Sequence[Actual],
    book: PriceBook,
    *,
    coverage: Mapping[date, float] | None = None,
    free_tier: bool = True,
) -> tuple[Reconciled, ...]:
    """Every day and dimension that AWS's bill or ours has, AWS's days only; then each dimension in sum.

    ``coverage`` is the part of each day's invocations whose REPORT was seen. Where the export does not split the
    service, all of ours is summed into the dimension ``all``. Raises ``ValueError`` for several currencies.
    """
    currencies = {one.currency for one in actuals}
    if len(currencies) > 1:
        raise ValueError(f"the export is in {' and '.join(sorted(currencies))}: reconcile one currency at a time")
    if not actuals:
        return ()
    currency = next(iter(currencies))
    first, last = min(one.day for one in actuals), max(one.day for one in actuals)
    ours = daily_amounts(daily, book, free_tier=free_tier)
    whole = any(one.dimension == EVERYTHING for one in actuals)
    mine: dict[tuple[date, str], tuple[Decimal | None, Decimal]] = {}
    for (day, dimension), (quantity, amount) in ours.items():
        if first <= day <= last:
            key = day, EVERYTHING if whole else dimension
            was = mine.get(key, (_ZERO, _ZERO))
            mine[key] = None if whole else EXACT.add(was[0] or _ZERO, quantity), EXACT.add(was[1], amount)
    theirs: dict[tuple[date, str], list[Actual]] = {}
    for one in actuals:
        theirs.setdefault((one.day, EVERYTHING if whole else one.dimension), []).append(one)
    seen = {day for day, _ in daily}
    rows = []
    for key in sorted({*mine, *theirs}):
        rows.append(_row(key, mine.get(key), theirs.get(key, []), currency, seen, last, (coverage or {}).get(key[0])))
    return (*rows, *summed(rows, currency))


def _row(
    key: tuple[date, str],
    mine: tuple[Decimal | None, Decimal] | None,
    theirs: Sequence[Actual],
    currency: str,
    seen: set[date],
    last: date,
    covered: float | None,
) -> Reconciled:
    day, dimension = key
    quantities = [one.quantity for one in theirs if one.quantity is not None]
    aws_quantity = sum(quantities, _ZERO) if quantities else None
    aws = sum((one.cost for one in theirs), _ZERO) if theirs else None
    quantity, amount = mine if mine is not None else (None, None)
    difference = EXACT.subtract(aws if aws is not None else _ZERO, amount or _ZERO)
    reason = _reason(dimension, day, mine, aws, aws_quantity, theirs, day in seen, last, covered)
    return Reconciled(day, dimension, quantity, aws_quantity, amount, aws, difference, currency, reason)


def _reason(
    dimension: str,
    day: date,
    mine: tuple[Decimal | None, Decimal] | None,
    aws: Decimal | None,
    aws_quantity: Decimal | None,
    theirs: Sequence[Actual],
    seen: bool,
    last: date,
    covered: float | None,
) -> str:
    """The first explanation that fits, from the surest to the vaguest."""
    late = any(one.estimated for one in theirs) or day > last - timedelta(days=_LATE_DAYS)
    if aws is None:
        return "late data: AWS has not billed it yet" if late else "on ours only: another payer, or filtered out"
    if mine is None:
        if dimension not in (*COLLECTED, EVERYTHING):
            return f"not collected: the store has no {dimension.replace('_', ' ')}"
        return (
            "coverage: nothing was collected of this dimension" if seen else "coverage: nothing was collected that day"
        )
    quantity, amount = mine
    if abs(aws - amount) < _CENT / 10 or (amount and abs(aws - amount) <= amount / 1000):
        return "agrees"
    same = quantity is not None and aws_quantity is not None and abs(aws_quantity - quantity) <= _SAME * abs(quantity)
    if any(one.commitment for one in theirs) and aws < amount:
        return "Savings Plan: AWS billed it at the plan's rate"
    if any(one.free_tier for one in theirs) or (same and not aws):
        return "free tier: AWS drew it on this usage; it is one for the whole organisation"
    if same:
        part = (aws - amount) / amount if amount else None
        if part is None or aws > amount:
            return "free tier: used up elsewhere in the organisation" if not amount else f"rate: AWS's is {part:+.1%}"
        return f"rate: AWS's is {part:+.1%}, a discount or a later tier"
    if covered is not None and covered < 0.995 and aws > amount:
        return f"coverage: REPORTs of {covered:.0%} of the invocations were seen"
    if late:
        return "late data: AWS's last days still change"
    if aws > amount:
        return "coverage: functions, regions or hours that were not collected"
    return (
        "free tier or discount: AWS billed less than list price" if aws_quantity is None else "less usage on AWS's bill"
    )


def summed(rows: Sequence[Reconciled], currency: str) -> list[Reconciled]:
    """Each dimension of some days together, without a day, and the reason that tells most of its difference."""
    sums = []
    for dimension in dict.fromkeys(row.dimension for row in rows):
        of = [row for row in rows if row.dimension == dimension]
        reasons: dict[str, Decimal] = {}
        for row in of:
            kind = row.reason.partition(":")[0]
            reasons[kind] = reasons.get(kind, _ZERO) + abs(row.difference or _ZERO)
        main = max(reasons, key=lambda kind: reasons[kind])
        sums.append(
            Reconciled(
                None, dimension, _total([row.quantity for row in of]), _total([row.aws_quantity for row in of]),
                _total([row.amount for row in of]), _total([row.aws_amount for row in of]),
                _total([row.difference for row in of]), currency, main,
            )
        )  # fmt: skip
    return sums


def _total(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    found = _ZERO
    for amount in known:
        found = EXACT.add(found, amount)
    return found if known else None
