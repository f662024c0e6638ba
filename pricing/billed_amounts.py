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
        """How the lines of one export, taken together, say what was paid."""
        lines = list(charges)
        discounted = any(one.kind in DISCOUNTS for one in lines)
        fees = any(one.kind in (PLAN_FEE, RESERVATION_FEE) and one.cost for one in lines)
        return cls(not discounted, fees)

    def list_of(self, actual: Actual) -> Decimal | None:
        """None too where usage was charged nothing, at a list price that is not said or is itself called nothing."""
        listed = actual.list_cost
        if listed is None and actual.kind in (USAGE, COVERED):
            listed = actual.cost
        return None if not listed and actual.quantity else listed

    def net_of(self, actual: Actual) -> Decimal | None:
        """What a line charges after discounts, in its currency; None where that is not known."""
        if actual.kind == MIXED:
            return actual.net
        if self.net_column and actual.net is not None:
            return actual.net
        return actual.cost if actual.kind in (USAGE, COVERED) else None

    def effective_of(self, actual: Actual) -> Decimal | None:
        """What a line cost with its part of commitments' fees, in its currency; None where that is not known."""
        if actual.effective is not None:
            return actual.effective
        return self.net_of(actual) if actual.kind == USAGE else None

    def paid_of(self, actual: Actual) -> Decimal | None:
        """What a line adds to what was paid; None where that is not known, or is in another line."""
        if actual.kind in OF_COMMITMENTS:
            return _first(actual.cost, actual.net, actual.effective) if self.cash else _ZERO
        if actual.kind in (COVERED, RESERVED):
            return actual.cost if self.cash else actual.effective
        if actual.kind == MIXED or (actual.kind == USAGE and self.net_column):
            return _first(actual.net, actual.cost, actual.effective)
        return _first(actual.cost, actual.net, actual.effective)

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
    """The exact sum; None where there is no amount, or where one of them is unknown."""
    amount_so_far: Decimal | None = None
    for amount in amounts:
        if amount is None:
            return None
        amount_so_far = amount if amount_so_far is None else EXACT.add(amount_so_far, amount)
    return amount_so_far


def _line(one: Actual) -> Decimal | None:
    return _first(one.cost, one.net, one.effective)


def _first(*amounts: Decimal | None) -> Decimal | None:
    return next((amount for amount in amounts if amount is not None), None)
