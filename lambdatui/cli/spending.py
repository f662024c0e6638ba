"""What a collection may spend, and has: where calls meet prices."""

import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from lambdatui.text import figures
from pricing.call_prices import price

if TYPE_CHECKING:
    from collectors.model.account import CallCount


class Spending:
    """USD spent by all sources of this process together; ``budget`` None means no limit."""

    def __init__(self, budget: Decimal | None = None) -> None:
        self.budget = budget
        self.spent = Decimal(0)
        self._lock = threading.Lock()

    def limit(self, region: str) -> Callable[[str, int], None]:
        """What a session in ``region`` calls before each billed call, to check and count what it costs.

        It raises ``BudgetReached`` where the budget does not cover the call, which then must not be made.
        """

        def may(operation: str, units: int) -> None:
            from collectors.sources.base import BudgetReached

            amount = price(operation, units, region)
            with self._lock:
                if self.budget is not None and self.spent + amount > self.budget:
                    raise BudgetReached(
                        f"stopped before {operation} of about {figures.money(amount)}:"
                        f" {figures.money(self.spent)} of the budget of"
                        f" {figures.money(self.budget)} are spent; what was had is kept"
                    )
                self.spent += amount

        return may


def cost_of(calls: "Iterable[CallCount]", region: str) -> Decimal:
    """The cost in USD of counted calls, at list prices."""
    return sum((price(each.operation, each.units, region) for each in calls), Decimal(0))
