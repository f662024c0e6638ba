"""What dropping or sampling patterns of log lines would save a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from collectors.model.errors import ExitCode, LambdatuiError
from collectors.model.units import DAY_MS
from lambdatui.text.figures import count, ratio, size
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, columns_of
from lambdatui.views.patterns import EVENT_BYTES, PatternsView, patterns
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange, month_start_ms
from lambdatui.views.view import ESTIMATED, View

if TYPE_CHECKING:
    from collectors.store.read.reader import Reader
    from pricing.pricebook import PriceBook


class UnknownPattern(LambdatuiError, ValueError):
    """The range has no such pattern; the message says how to find one."""

    exit_code = ExitCode.WRONG_USAGE


@dataclass(frozen=True, slots=True)
class PatternSaving:
    """A pattern's ingestion a month at list price, now and when only a part of its lines is written."""

    pattern: Annotated[str, shared.PATTERN, BRIEF]
    change: Annotated[str, shared.CHANGE, BRIEF]
    now_usd: Annotated[Decimal | None, shared.NOW_USD, BRIEF]
    then_usd: Annotated[Decimal | None, shared.THEN_USD, BRIEF]
    saves_usd: Annotated[Decimal | None, shared.SAVES_USD, BRIEF]
    currency: Annotated[str, shared.CURRENCY]
    confidence: Annotated[str, shared.CONFIDENCE, BRIEF]
    arithmetic: Annotated[str, shared.ARITHMETIC]
    template: Annotated[str, shared.TEMPLATE, BRIEF]
    basis: Annotated[str, shared.BASIS] = ESTIMATED


SAVING_COLUMNS = columns_of(PatternSaving)


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
    scope: Scope | None = None,
) -> View[PatternSaving]:
    """For (pattern id or its beginning, share of its lines that stays). Raises UnknownPattern."""
    view = patterns(reader, time_range, book, scope=scope)
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
    matches = [row for row in view.rows if name and row.pattern.startswith(name.lower())]
    if len(matches) != 1:
        many = f"{len(matches)} patterns begin with it" if matches else "this range has none such"
        raise UnknownPattern(f"no pattern {name!r}: {many}; 'lambdatui patterns' lists them")
    row = matches[0]
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
