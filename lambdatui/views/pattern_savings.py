"""What dropping or sampling patterns of log lines would save a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.text.figures import count, ratio, size
from lambdatui.views.columns import columns
from lambdatui.views.patterns import EVENT_BYTES, PatternsView, patterns
from lambdatui.views.scope import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange, month_start_ms
from lambdatui.views.view import ESTIMATED, View

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from pricing.pricebook import PriceBook

SAVING_COLUMNS = columns(
    "pattern", "change", "now_usd", "then_usd", "saves_usd", "currency", "confidence", "arithmetic", "template", "basis"
)


class UnknownPattern(LambdatuiError, ValueError):
    """No such pattern in the range; the message says how to find one."""

    exit_code = ExitCode.WRONG_USAGE


@dataclass(frozen=True, slots=True)
class PatternSaving:
    """A pattern's ingestion a month at list price, now and when only a part of its lines is written."""

    pattern: str
    change: str
    now_usd: Decimal | None
    then_usd: Decimal | None
    saves_usd: Decimal | None
    currency: str
    confidence: str
    arithmetic: str
    template: str
    basis: str = ESTIMATED


def kept_share(text: str) -> float:
    """``10%`` or ``0.1`` as 0.1. Raises ValueError for what is no share."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{text!r} is no share of lines: write 10% or 0.1")
    return share


def pattern_savings(
    reader: "Reader",
    time_range: TimeRange,
    book: "PriceBook",
    changes: Sequence[tuple[str, float]],
    *,
    narrow: Narrow | None = None,
) -> View[PatternSaving]:
    """For (pattern id or its beginning, share of its lines that stays). Raises UnknownPattern."""
    view = patterns(reader, time_range, book, narrow=narrow)
    times = _months(view)
    rows = [_saving(view, name, share, times) for name, share in changes]
    return View(SAVING_COLUMNS, rows, view.as_of, time_range, basis=ESTIMATED if rows else None)


def _months(view: PatternsView) -> Decimal:
    """How often what was seen comes in the calendar month of the range's end."""
    seen_from = max(view.range.from_ms, min((row.first_seen for row in view.rows), default=view.range.from_ms))
    seen_to = min(view.range.to_ms, max((row.last_seen for row in view.rows), default=view.range.to_ms) + 1)
    month_ms = month_start_ms(max(0, view.range.to_ms - 1))
    return Decimal(month_start_ms(month_ms + 32 * DAY_MS) - month_ms) / max(1, seen_to - seen_from)


def _saving(view: PatternsView, name: str, share: float, times: Decimal) -> PatternSaving:
    found = [row for row in view.rows if name and row.pattern.startswith(name.lower())]
    if len(found) != 1:
        many = f"{len(found)} patterns begin with it" if found else "this range has none such"
        raise UnknownPattern(f"no pattern {name!r}: {many}; 'lambdatui patterns' lists them")
    row = found[0]
    now = None if row.ingestion_usd is None else row.ingestion_usd * times
    then = None if now is None else now * Decimal(str(share))
    return PatternSaving(
        pattern=row.pattern,
        change="drop the pattern" if not share else f"keep {ratio(share)} of the pattern",
        now_usd=now,
        then_usd=then,
        saves_usd=None if now is None or then is None else now - then,
        currency=row.currency,
        confidence="medium" if times <= 8 else "low",
        arithmetic=(
            f"{size(row.bytes)} of text and {EVENT_BYTES} B for each of {count(row.count)} lines seen, at the rate of"
            f" their log class, times {times:.1f} for the month; storage is not counted"
        ),
        template=row.template,
    )
