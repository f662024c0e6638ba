"""The verdict on one period and place of usage: one of a few named kinds, with its figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from pricing.actuals import EVERYTHING, Actual
from pricing.billed_amounts import Amounts, Basis, total
from pricing.line_kinds import COVERED, MIXED, RESERVED, USAGE
from pricing.usage_types import OTHER

AGREES, USAGE_AGREES, NEGLIGIBLE = "agrees", "usage agrees", "negligible"
MORE, LESS, OURS_ONLY = "more on AWS's bill", "less on AWS's bill", "on ours only"
NOT_COLLECTED, LATE, CANNOT = "not collected", "late data", "cannot be compared"
PRICE = "price differs"
FINE = frozenset((AGREES, USAGE_AGREES, NEGLIGIBLE))

# What a store knows of: everything else on AWS's bill is "not collected".
COLLECTED = ("requests", "duration", "ephemeral_storage")
LATE_DAYS = 3  # Cost Explorer refreshes at least once a day, and its last days still grow
_ZERO = Decimal(0)
_TINY = Decimal("0.001")  # a tenth of a cent, and a part in a thousand


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a verdict rests on beside its own figures: see ``pricing.reconciliation.reconcile``."""

    currency: str
    now: date | None
    collected: frozenset[tuple[str, str]]
    used: frozenset[date]
    coverage: Mapping[date, float]
    basis: Basis
    per_usd: Decimal | None
    whole: bool

    def rate(self, currency: str) -> Decimal | None:
        """Units of the export's currency for one of ours; None where no rate was given."""
        return self.per_usd if currency == "USD" else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One period and place. ``amount`` and ``list_amount`` are ours in the export's currency, ``worth`` in our own."""

    start: date
    end: date
    account: str
    region: str
    dimension: str
    quantity: Decimal | None
    amount: Decimal | None
    list_amount: Decimal | None
    ours: bool
    same_currency: bool
    aws_quantity: Decimal | None
    aws: Amounts
    lines: tuple[Actual, ...]
    arches: frozenset[str]
    worth: Decimal | None = None


def verdict_of(cell: Cell, about: Circumstances) -> tuple[str, str]:
    """The verdict, and the sentence."""
    if not cell.lines:
        return _ours_only(cell, about)
    if not cell.ours:
        return _theirs_only(cell, about)
    if cell.aws_quantity is not None and cell.quantity is not None:
        if not _same(cell.aws_quantity, cell.quantity):
            return _other_quantity(cell, about)
        return _same_quantity(cell, about)
    return _by_amount(cell, about)


def percent(part: Decimal) -> str:
    """``12%``, ``12.3%``: at most one decimal."""
    return f"{part * 100:.1f}".removesuffix(".0") + "%"


def below_list(amount: Decimal, listed: Decimal) -> str:
    """``12% below list``; ``at list``; ``5% above list``."""
    if not listed:
        return "without a list price"
    part = (listed - amount) / listed
    if abs(part) < _TINY:
        return "at list"
    return f"{percent(abs(part))} {'below' if part > 0 else 'above'} list"


def _same(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= max(abs(other) * _TINY, Decimal("0.000001"))


def _close(one: Decimal, other: Decimal) -> bool:
    """Whether amounts agree: to a tenth of a cent, or to one part in a thousand."""
    return abs(one - other) < _TINY or abs(one - other) <= abs(other) * _TINY


def _is_late(cell: Cell, about: Circumstances) -> bool:
    if about.now is None:
        return False
    if cell.end > about.now - timedelta(days=LATE_DAYS):
        return True
    open_month = (cell.end - timedelta(days=1)).replace(day=1) == about.now.replace(day=1)
    return open_month and any(one.estimated for one in cell.lines)


def _ours_only(cell: Cell, about: Circumstances) -> tuple[str, str]:
    if cell.worth is not None and cell.worth < _TINY * (cell.end - cell.start).days:
        return NEGLIGIBLE, "on ours only, and worth less than a tenth of a cent a day"
    if _is_late(cell, about):
        return LATE, "late data: AWS has not billed it yet"
    return OURS_ONLY, "on ours only: AWS's bill has none of it; another payer, or filtered out"


def _theirs_only(cell: Cell, about: Circumstances) -> tuple[str, str]:
    accounts = {account for account, _ in about.collected}
    if not any((cell.aws_quantity or _ZERO, cell.aws.list or _ZERO, cell.aws.paid or _ZERO)):
        return AGREES, "agrees: nothing on either side"
    if cell.account and accounts and cell.account not in accounts:
        return NOT_COLLECTED, f"not collected: account {cell.account} was not collected"
    places = {(account if cell.account else "", region) for account, region in about.collected}
    if cell.region and places and (cell.account, cell.region) not in places:
        return NOT_COLLECTED, f"not collected: region {cell.region} was not collected"
    if cell.dimension == OTHER:
        names = ", ".join(sorted({one.usage_type or "no usage type" for one in cell.lines}))
        return NOT_COLLECTED, f"not collected: usage types that are not known here: {names}"
    if cell.dimension not in (*COLLECTED, EVERYTHING):
        return NOT_COLLECTED, f"not collected: the store has no {cell.dimension.replace('_', ' ')}"
    if not _used(cell, about):
        one_day = (cell.end - cell.start).days == 1
        return NOT_COLLECTED, f"not collected: nothing was collected {'that day' if one_day else 'in that time'}"
    return NOT_COLLECTED, f"not collected: nothing was collected of {cell.dimension.replace('_', ' ')}"


def _used(cell: Cell, about: Circumstances) -> list[date]:
    days = (cell.start + timedelta(days=step) for step in range((cell.end - cell.start).days))
    return [day for day in days if day in about.used]


def _other_quantity(cell: Cell, about: Circumstances) -> tuple[str, str]:
    assert cell.aws_quantity is not None
    assert cell.quantity is not None
    more = cell.aws_quantity - cell.quantity
    units = f"{abs(more).normalize():,f} units"
    part = f", {percent(abs(more / cell.quantity))}" if cell.quantity else ""
    if more > 0:
        return MORE, f"more usage on AWS's bill: {units} more{part}{_why_more(cell, about)}"
    if _is_late(cell, about):
        return LATE, f"late data: AWS's last days still change; {units} less{part}"
    return LESS, f"less usage on AWS's bill: {units} less{part}"


def _why_more(cell: Cell, about: Circumstances) -> str:
    length, used = (cell.end - cell.start).days, len(_used(cell, about))
    if about.now is not None and cell.end > about.now:
        return "; the period is not over yet"
    if used < length:
        return f"; the store has {used} of its {length} days"
    seen = [about.coverage[day] for day in _used(cell, about) if day in about.coverage]
    if seen and min(seen) < 0.995:
        return f"; REPORTs of {min(seen):.0%} of the invocations were seen"
    return "; functions, regions or hours that were not collected"


def _same_quantity(cell: Cell, about: Circumstances) -> tuple[str, str]:
    if not cell.same_currency:
        return USAGE_AGREES, f"quantities agree; amounts are {about.currency} and not compared with USD without a rate"
    told = _told(cell, about)
    if told:
        return USAGE_AGREES, f"usage agrees; {'; '.join(told)}"
    billed, ours = cell.aws.paid, cell.amount
    if billed is None or ours is None:
        return (
            USAGE_AGREES,
            f"usage agrees; {'amounts are not compared' if billed is None else 'no public price of ours'}",
        )
    if _close(billed, ours):
        return AGREES, "agrees"
    listed = cell.list_amount
    if listed is not None and _close(billed, listed):
        return USAGE_AGREES, "usage agrees; free tier: used up elsewhere in the organisation"
    mixed = any(one.kind == MIXED for one in cell.lines)
    unsaid = "free tier, a Savings Plan, a discount or credits" if mixed else "free tier or a discount"
    if not billed:
        return USAGE_AGREES, f"usage agrees; AWS charged nothing, and the export does not say why: {unsaid}"
    if mixed and billed < ours:
        return (
            USAGE_AGREES,
            f"usage agrees; AWS's amount is {below_list(billed, listed or ours)}: {unsaid};"
            " an answer grouped by RECORD_TYPE tells which",
        )
    return PRICE, f"usage agrees; rate: AWS's is {_signed(billed, ours)}{_arches(cell)}"


def _signed(billed: Decimal, ours: Decimal) -> str:
    return f"{(billed - ours) / ours:+.1%}" if ours else "not ours, which is nothing"


def _arches(cell: Cell) -> str:
    theirs = {one.arch for one in cell.lines if one.arch}
    if theirs and cell.arches and theirs != cell.arches:
        return f"; AWS bills {' and '.join(sorted(theirs))}, the store says {' and '.join(sorted(cell.arches))}"
    return ", a later tier or a private rate"


def _told(cell: Cell, about: Circumstances) -> list[str]:
    """The export's own reason for a price that is not list: commitments, private rates, discounts, free tier."""
    notes = []
    for kind, name in ((COVERED, "a Savings Plan"), (RESERVED, "a reservation")):
        of = [line for line in cell.lines if line.kind == kind]
        if of:
            notes.append(f"{name} covers {_covering(cell, of, about)}")
    used = [line for line in cell.lines if line.kind == USAGE and not line.free_tier]
    listed, charged = total(line.list_cost for line in used), total(line.cost for line in used)
    if listed and charged is not None and charged < listed and not _close(charged, listed):
        notes.append(f"private rate, {below_list(charged, listed)}")
    netted = [line for line in cell.lines if line.kind in (USAGE, MIXED)]
    net, charged = total(line.net for line in netted), total(line.cost for line in netted)
    if about.basis.net_column and net is not None and charged and not _close(net, charged):
        notes.append(f"discount {percent((charged - net) / charged)}, as the net amounts say")
    if any(line.free_tier for line in cell.lines):
        notes.append("free tier: AWS drew it on this usage; it is one for the whole organisation")
    return notes


def _covering(cell: Cell, of: list[Actual], about: Circumstances) -> str:
    quantity = total(line.quantity for line in of)
    part = quantity / cell.aws_quantity if quantity is not None and cell.aws_quantity else None
    much = "it" if part is None or part >= 1 - _TINY else f"{percent(part)} of it"
    listed, effective = total(map(about.basis.list_of, of)), total(line.effective for line in of)
    if listed is None or effective is None:
        return f"{much}; at what price the export does not say"
    return f"{much}, {below_list(effective, listed)}"


def _by_amount(cell: Cell, about: Circumstances) -> tuple[str, str]:
    """The verdict where the export has no quantities that can be compared."""
    ours, paid = cell.amount, cell.aws.paid
    if not cell.same_currency:
        return CANNOT, f"cannot be compared: amounts are {about.currency} and not compared with USD without a rate"
    if ours is None or paid is None:
        return CANNOT, "cannot be compared: the export has neither quantities nor amounts of it that can be"
    listed = cell.list_amount if cell.list_amount is not None else ours
    costs = [one.cost for one in cell.lines]
    if all(cost is None for cost in costs):
        name = "net" if any(one.net is not None for one in cell.lines) else "effective"
        return (
            CANNOT,
            f"usage cannot be compared by dimension: {name} amounts only; {name} is {below_list(paid, listed)}",
        )
    if _close(paid, ours):
        return AGREES, "agrees"
    if _close(paid, listed):
        return USAGE_AGREES, "agrees at list price; free tier: used up elsewhere in the organisation"
    if paid > ours:
        return MORE, f"more on AWS's bill: {_signed(paid, ours)}{_why_more(cell, about)}"
    if _is_late(cell, about):
        return LATE, f"late data: AWS's last days still change; {_signed(paid, ours)}"
    if not paid:
        return (
            LESS,
            "AWS charged nothing, and the export does not say why: free tier, a Savings Plan, credits, or no usage",
        )
    return LESS, f"less on AWS's bill: {_signed(paid, ours)}; less usage, a discount or credits, which it does not say"
