"""A gate: whether a month stays within a limit, and which unknown parts could decide it.

What is unknown never counts as zero. A gate is passed only where every part of the month has a price; it fails where
the known parts alone exceed the limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pricing.line_items import LineItem, assumed_region, why_not_priced

_NAMED = 3  # functions that are named of those that lack the same
_ZERO = Decimal(0)


class Passed(StrEnum):
    """How a gate ends."""

    YES = "within"
    NO = "over"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``known`` is the most that is known of the month, in ``currency``; ``missing`` is what it leaves out, in words.

    ``projected``: the most is an estimate of the month's end, not what was used so far.
    """

    limit: Decimal
    known: Decimal
    currency: str
    missing: tuple[str, ...] = ()
    projected: bool = False

    @property
    def passed(self) -> Passed:
        """NO where more is known than the limit; UNKNOWN where less is, and something is missing."""
        if self.known > self.limit:
            return Passed.NO
        return Passed.UNKNOWN if self.missing else Passed.YES


def gate(
    limit: Decimal,
    totals: Mapping[str, Decimal],
    lines: Iterable[LineItem] = (),
    *,
    projected: Decimal | None = None,
    missing: Sequence[str] = (),
    currency: str = "USD",
) -> Verdict:
    """``limit`` against the sums of a bill (by currency) and what the month is projected to come to.

    ``lines`` are the bill's, of which those without a price and those whose region was assumed are named. ``missing``
    are other reasons why the sums may be too low. Other currencies are not compared: what is in them is missing.
    """
    known = totals.get(currency, _ZERO)
    others = [
        f"{amount.quantize(Decimal('0.01')):,f} {other}, which is not compared with {currency}"
        for other, amount in sorted(totals.items())
        if other != currency and amount
    ]
    ahead = projected is not None and projected > known
    found = (*unknown_of(lines), *others, *missing)
    return Verdict(limit, projected if ahead and projected else known, currency, tuple(dict.fromkeys(found)), ahead)


def unknown_of(lines: Iterable[LineItem]) -> tuple[str, ...]:
    """What a bill's total lacks: each reason once, with whom it is about."""
    by_reason: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.amount is None:
            reason = f"{line.dimension.replace('_', ' ')} is not priced: {why_not_priced(line)}"
        elif assumed_region(line):
            reason = f"the region is unknown; priced as {line.region}"
        else:
            continue
        by_reason.setdefault(reason, {})[line.function] = None
    return tuple(f"{_names([name for name in names if name])}{reason}" for reason, names in by_reason.items())


def _names(functions: Sequence[str]) -> str:
    if not functions:
        return ""
    more = f" and {len(functions) - _NAMED} more" if len(functions) > _NAMED else ""
    return f"{', '.join(functions[:_NAMED])}{more}: "
