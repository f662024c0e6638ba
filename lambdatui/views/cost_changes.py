"""What a month would cost with each of the changes that were typed, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from collectors.store.read.reader import Reader
from lambdatui.text.figures import change, money
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.whatif import compared_months, edge_stays
from pricing.changes import changes as read_changes
from pricing.recommendations import BASIS
from pricing.whatif import WhatIf

if TYPE_CHECKING:
    from pricing.pricebook import PriceBook

WORST = "Where memory or architecture change durations, by the end of their range that costs most; requests stay."


def changes(text: str) -> list[WhatIf]:
    """Reads changes in the grammar of ``pricing.changes``. Raises ``ValueError``."""
    return list(read_changes([text]))


def compared(
    reader: Reader, time_range: TimeRange, book: "PriceBook", wanted: Sequence[WhatIf], *, scope: Scope
) -> list[tuple[str, str]]:
    """The month as it is, each change, and in words what the month would cost with it."""
    try:
        base, compared = compared_months(reader, time_range, book, wanted, scope=scope)
    except ValueError as error:
        return [("", str(error))]
    parts = [("as it is", f"{money(base.totals.get(base.currency))} {BASIS}")]
    for changed in compared:
        total = money(changed.bill.totals.get(changed.bill.currency))
        if changed.difference is None or changed.ratio is None:
            parts.append(
                (changed.label, f"{total}; not comparable: something has no public price, or another currency")
            )
        else:
            sign = "+" if changed.difference > 0 else "-" if changed.difference < 0 else ""
            parts.append((changed.label, f"{total}, {sign}{money(abs(changed.difference))} ({change(changed.ratio)})"))
    edge = edge_stays(reader, scope)
    return [*parts, ("", WORST), *([("", edge)] if edge else [])]
