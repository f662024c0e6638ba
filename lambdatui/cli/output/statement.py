"""What one command has to print of money: a bill, what is compared with it, and what is to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pricing.bill import Bill
from pricing.inspection import days_too_old
from pricing.whatif import Compared

if TYPE_CHECKING:
    from datetime import date

    from lambdatui.views.costs import CostsView, ProjectedCost
    from pricing.gate import Verdict
    from pricing.own_price import OwnPrice
    from pricing.workload import Workload

LIST_PRICE = "list price"
LINE_FIELDS = (
    "dimension", "function", "account", "region", "arch", "quantity", "unit", "free", "billable", "rate", "amount",
    "currency", "tier", "basis",
)  # fmt: skip
"""The fields of a bill's line that JSON and CSV have, in their order."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one command prints: a bill, what-ifs beside it, and the projection where there is one.

    ``as_of`` is the ISO time of the newest usage, None for figures that were never used. ``missing`` says why recorded
    figures may be too low, ``gates`` how ``--fail-over`` and ``--budget`` ended; by ``today`` prices are old or not.
    ``month`` is what what-ifs of recorded usage are compared with: the whole month before the free tier;
    ``view`` is what recorded usage was billed by.
    """

    bill: Bill
    compared: Sequence[Compared] = ()
    projection: "ProjectedCost | None" = None
    as_of: str | None = None
    recorded: bool = False
    workloads: "Sequence[Workload]" = ()
    missing: tuple[str, ...] = ()
    gates: "Mapping[str, Verdict]" = field(default_factory=dict)
    today: "date | None" = None
    own: "OwnPrice | None" = None
    own_projection: "ProjectedCost | None" = None
    month: Bill | None = None
    view: "CostsView | None" = None

    @property
    def basis(self) -> str:
        """By which prices gates go: yours where you have some."""
        return LIST_PRICE if self.own is None else f"your price: {self.own.basis}"

    @property
    def milestones(self) -> "ProjectedCost | None":
        """The projection that a budget is held against."""
        return self.own_projection or self.projection

    @property
    def other_projections(self) -> "Mapping[str, ProjectedCost]":
        """By currency those that are not in the bill's: they are never added to it."""
        every = self.view.projections if self.view is not None else {}
        return {code: one for code, one in every.items() if code != self.bill.currency}

    @property
    def total(self) -> Decimal | None:
        """None where nothing has a price, where there are several currencies, and where no usage was recorded."""
        if len(self.bill.totals) > 1 or (self.recorded and not self.bill.lines):
            return None
        return self.bill.total

    @property
    def old_prices(self) -> int | None:
        """How many days old the prices are, where that is too many to be trusted."""
        return None if self.today is None else days_too_old(self.bill.prices_as_of, self.today)
