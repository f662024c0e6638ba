"""Which spans of a store are simulated, as those of ``lambdatui demo`` before its processes begin.

Whoever makes such data gives a ``Covered`` mark of this item with them. Only the standard library is imported here,
because the first frame asks.
"""

from collectors.model.units import DAY_MS
from collectors.store.schema import IS_SIMULATED, SIMULATED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_SPAN = f"SELECT min(from_ms), max(to_ms) FROM covered WHERE {IS_SIMULATED}"


def simulated_item(account: str, region: str) -> str:
    """The covered item of simulated data of an account and region."""
    return f"{SIMULATED} {account} {region}"


def simulated_text(span: "tuple[int, int]") -> str:
    """What a range's label says of simulated data: ``30 simulated days, then real``."""
    from_ms, to_ms = span
    days = max(1, round((to_ms - from_ms) / DAY_MS))
    return f"{days} simulated day{'' if days == 1 else 's'}, then real"


def simulated_span(select: "Callable[[str], Sequence[tuple[Any, ...]]]") -> "tuple[int, int] | None":
    """The span (epoch ms) that is simulated; None where nothing is. ``select`` asks the store."""
    ((from_ms, to_ms),) = select(_SPAN)
    return None if from_ms is None else (from_ms, to_ms)
