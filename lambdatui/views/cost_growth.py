"""What the range costs beside the range before, in sum, and which functions cost more than they did.

Like is compared with like (``views.growth``): spans of one length, as far as both were collected, at list price before
any free tier, what came into the logs included where that is known in both. Money in other currencies than USD is not
compared.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.store.read.reader import Reader
from lambdatui.views.change import UNCOMPARED, RelativeChange, change_of
from lambdatui.views.growth import FunctionGrowth, growth
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook


@dataclass(frozen=True, slots=True)
class FunctionCost:
    """What one function costs in USD, ``now`` and in the like span ``before``."""

    function: str
    now: Decimal
    before: Decimal
    new: bool

    @property
    def added(self) -> Decimal:
        """How much more it costs; negative where it costs less."""
        return self.now - self.before


@dataclass(frozen=True, slots=True)
class CostGrowth:
    """``compared`` are the functions that can be compared, those that grew by most USD first.

    ``left_out`` is how many cannot be: their part of either span was not collected, or has no price in USD.
    """

    compared: tuple[FunctionCost, ...] = ()
    left_out: int = 0

    @property
    def now(self) -> Decimal:
        """What the compared functions cost."""
        return sum((each.now for each in self.compared), Decimal(0))

    @property
    def before(self) -> Decimal:
        """What the compared functions cost in the like span before."""
        return sum((each.before for each in self.compared), Decimal(0))

    @property
    def change(self) -> RelativeChange:
        """The change of their sum; not known where none can be compared."""
        if not self.compared:
            return UNCOMPARED
        return change_of(float(self.now), float(self.before), new=all(each.new for each in self.compared))

    @property
    def grown(self) -> tuple[FunctionCost, ...]:
        """The functions that cost more than before."""
        return tuple(each for each in self.compared if each.added > 0)


def cost_growth(reader: Reader, time_range: TimeRange, book: "PriceBook", *, scope: Scope | None = None) -> CostGrowth:
    """The functions in scope, beside the range before; of a month so far, as much of the month before."""
    names = {row.id: row.function.key.name for row in reader.functions()}
    pairs = growth(reader, time_range, book, scope=scope).before
    costs = [(function_id, _cost(names[function_id], pair)) for function_id, pair in pairs.items()]
    known = [cost for _, cost in costs if cost is not None]
    known.sort(key=lambda each: (-each.added, each.function))
    return CostGrowth(tuple(known), len(costs) - len(known))


def _cost(name: str, pair: FunctionGrowth) -> FunctionCost | None:
    now, before = pair.now, pair.before
    if now is None or before is None or now.cost_usd is None or before.cost_usd is None:
        return None
    logs = Decimal(0), Decimal(0)
    if now.logs_usd is not None and before.logs_usd is not None:
        logs = now.logs_usd, before.logs_usd
    return FunctionCost(name, now.cost_usd + logs[0], before.cost_usd + logs[1], pair.new)
