"""Four numbers of AWS's bill: at list price, net of discounts, effective with commitments, and what was paid.

``list`` is the usage at AWS's public price. ``net`` is it after enterprise, private-rate and bundled discounts.
``effective`` is net with each commitment's share at the commitment's price (amortized). ``paid`` is effective with
credits, refunds, tax and fees. Where the fee of a commitment stands among the lines, paid is the sum of the lines
instead. Each is None where the export does not say it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.actuals import Actual
from pricing.line_kinds import (
    COVERED,
    DISCOUNTS,
    MIXED,
    OF_COMMITMENTS,
    PLAN_FEE,
    RESERVATION_FEE,
    RESERVED,
    USAGE,
)
from pricing.usage import EXACT

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amounts:
    """In the currency of the lines; None is unknown. ``lines`` is the plain sum of what the lines charge."""

    list: Decimal | None = None
    net: Decimal | None = None
    effective: Decimal | None = None
    paid: Decimal | None = None
    lines: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """How an export says what was paid.

    ``net_column``: discounts stand in a column of net amounts, not on lines of their own. ``cash``: the sum of the
    lines is what was paid, because commitments' fees are among them.
    """

    net_column: bool
    cash: bool

    @classmethod
    def of(cls, charges: Iterable[Actual]) -> "Basis":
        lines = list(charges)
        discounted = any(one.kind in DISCOUNTS for one in lines)
        fees = any(one.kind in (PLAN_FEE, RESERVATION_FEE) and one.cost for one in lines)
        return cls(not discounted, fees)

    def list_of(self, one: Actual) -> Decimal | None:
        """None too where usage was charged nothing, at a list price that is not said or is itself called nothing."""
        listed = one.list_cost
        if listed is None and one.kind in (USAGE, COVERED):
            listed = one.cost
        return None if not listed and one.quantity else listed

    def net_of(self, one: Actual) -> Decimal | None:
        if one.kind == MIXED:
            return one.net
        if self.net_column and one.net is not None:
            return one.net
        return one.cost if one.kind in (USAGE, COVERED) else None

    def effective_of(self, one: Actual) -> Decimal | None:
        if one.effective is not None:
            return one.effective
        return self.net_of(one) if one.kind == USAGE else None

    def paid_of(self, one: Actual) -> Decimal | None:
        """What a line adds to what was paid; None where that is not known, or is in another line."""
        if one.kind in OF_COMMITMENTS:
            return _first(one.cost, one.net, one.effective) if self.cash else _ZERO
        if one.kind in (COVERED, RESERVED):
            return one.cost if self.cash else one.effective
        if one.kind == MIXED or (one.kind == USAGE and self.net_column):
            return _first(one.net, one.cost, one.effective)
        return _first(one.cost, one.net, one.effective)

    def amounts(self, charges: Sequence[Actual]) -> Amounts:
        """The four numbers of some lines."""
        used = [one for one in charges if one.is_usage]
        discounts = [_first(one.cost, one.net, one.effective) for one in charges if one.kind in DISCOUNTS]
        if not used:
            return Amounts(paid=total(map(self.paid_of, charges)), lines=total(map(_line, charges)))
        return Amounts(
            total(map(self.list_of, used)),
            total([*map(self.net_of, used), *discounts]),
            total([*map(self.effective_of, used), *discounts]),
            total(map(self.paid_of, charges)),
            total(map(_line, charges)),
        )


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum; None where there is nothing, or where one of the amounts is not known."""
    found: Decimal | None = None
    for amount in amounts:
        if amount is None:
            return None
        found = amount if found is None else EXACT.add(found, amount)
    return found


def _line(one: Actual) -> Decimal | None:
    return _first(one.cost, one.net, one.effective)


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)
