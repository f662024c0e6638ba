"""What AWS charged: the lines of its bill as an export has them, and what an export says of itself.

``pricing.export_rows``, ``pricing.export_explorer`` and ``pricing.export_console`` make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from collectors.model.errors import LambdatuiError
from pricing.line_kinds import OF_USAGE, USAGE
from pricing.usage_types import EVERYTHING, OTHER, dimension_of

__all__ = ["EVERYTHING", "LAMBDA", "OTHER", "Actual", "Export", "NotAnExport", "dimension_of", "is_lambda"]

LAMBDA = "AWS Lambda"
_LAMBDA = frozenset(("awslambda", "lambda"))


class NotAnExport(LambdatuiError, ValueError):
    """The rows are of none of the formats that are known; the message says what was seen and what is missing."""


@dataclass(frozen=True, slots=True)
class Actual:
    """One line of AWS's bill. It begins on a UTC ``day`` and ends before ``end`` (None: a day long).

    Amounts are in ``currency``: ``cost`` as the line has it (unblended, billed), ``list_cost`` at list price, ``net``
    after discounts, ``effective`` with what a commitment's share of it costs; None where the export does not say.
    ``dimension`` is a bill's dimension, ``data_transfer`` or ``other``; ``all`` where the export does not split the
    service. ``kind`` is of ``pricing.line_kinds``; ``record_type`` is AWS's own word. ``estimated``: AWS may still
    change it. ``free_tier``: the export itself says so.
    """

    day: date
    dimension: str
    region: str
    account: str
    arch: str | None
    quantity: Decimal | None
    cost: Decimal | None
    list_cost: Decimal | None
    currency: str
    commitment: bool = False
    estimated: bool = False
    free_tier: bool = False
    resource: str = ""
    end: date | None = None
    kind: str = USAGE
    record_type: str = ""
    usage_type: str = ""
    net: Decimal | None = None
    effective: Decimal | None = None

    @property
    def until(self) -> date:
        """The day before which the line ends: a day after its own where the export gives no later one."""
        return self.end if self.end is not None and self.end > self.day else self.day + timedelta(days=1)

    @property
    def is_usage(self) -> bool:
        """Whether it charges for usage, not a fee, a discount, tax or credit."""
        return self.kind in OF_USAGE


@dataclass(frozen=True, slots=True)
class Export:
    """Lambda's lines of an export, and what else stood there.

    ``amounts`` names the column or metric that the amounts are from. ``others`` are other services' lines: how many,
    and their sum by currency. ``rejected`` are lines that could not be read, each with its place and why; ``notes``
    are what a person should know of how the export was read.
    """

    charges: tuple[Actual, ...]
    shape: str
    amounts: str = ""
    others: Mapping[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: int = 1


def is_lambda(service: str) -> bool:
    """Whether an export's name of a service is that of Lambda."""
    return "".join(filter(str.isalnum, service)).lower() in _LAMBDA


def together(exports: "list[Export]") -> Export:
    """Several exports as one; a file whose lines are the same as those of an earlier file is counted once."""
    if len(exports) == 1:
        return exports[0]
    charges: list[Actual] = []
    others: dict[tuple[str, str], tuple[int, Decimal]] = {}
    notes: list[str] = []
    seen: set[tuple[object, ...]] = set()
    for export in exports:
        lines = (*sorted(map(repr, export.charges)), *sorted(export.others.items()))
        if lines and lines in seen:
            notes.append("a file holds the same lines as another and is counted once")
            continue
        seen.add(lines)
        charges += export.charges
        for name, (count, amount) in export.others.items():
            had = others.get(name, (0, Decimal(0)))
            others[name] = had[0] + count, had[1] + amount
        notes += [note for note in export.notes if note not in notes]
    return Export(
        tuple(charges), " and ".join(dict.fromkeys(export.shape for export in exports)),
        " and ".join(dict.fromkeys(export.amounts for export in exports if export.amounts)), others,
        tuple(line for export in exports for line in export.rejected), tuple(notes), len(exports),
    )  # fmt: skip
