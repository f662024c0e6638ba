"""Errors with how they went over the range, and whether they are new."""

from dataclasses import dataclass, fields

from collectors.store.by_step import errors_by_step, last_errors_before
from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.errors import ERROR_COLUMNS, ErrorView, errors
from lambdatui.views.narrow import Narrow
from lambdatui.views.time_range import DAY_MS, TimeRange
from lambdatui.views.view import View

TREND_STEPS = 8
ERROR_TREND_COLUMNS = (*ERROR_COLUMNS, *columns("trend", "novelty"))


@dataclass(frozen=True, slots=True)
class ErrorTrendView(ErrorView):
    """``novelty``: ``new`` in the range, ``back`` after a whole quiet day, ``known``; empty where nothing is older."""

    trend: tuple[int, ...]
    novelty: str


def error_trends(reader: Reader, time_range: TimeRange, *, narrow: Narrow | None = None) -> View[ErrorTrendView]:
    """The groups of the range, most frequent first."""
    view = errors(reader, time_range, narrow=narrow)
    trends = errors_by_step(reader, time_range.from_ms, time_range.to_ms, TREND_STEPS)
    before = last_errors_before(reader, time_range.from_ms)
    oldest = reader.oldest_ms()
    rows = []
    for row in view.rows:
        key = row.function_id, row.fingerprint
        same = {field.name: getattr(row, field.name) for field in fields(ErrorView)}
        novelty = _novelty(row, time_range.from_ms, before.get(key), oldest)
        rows.append(ErrorTrendView(**same, trend=trends.get(key, (0,) * TREND_STEPS), novelty=novelty))
    return View(ERROR_TREND_COLUMNS, rows, view.as_of, view.range, view.coverage, view.basis)


def _novelty(row: ErrorView, from_ms: int, day_before: int | None, oldest_ms: int | None) -> str:
    if oldest_ms is None or oldest_ms >= from_ms:
        return ""  # the range holds everything: nothing tells what is new
    if row.first_seen >= from_ms and day_before is None:
        return "new"
    quiet = day_before is not None and day_before + 2 * DAY_MS <= from_ms // DAY_MS * DAY_MS + DAY_MS
    return "back" if quiet else "known"
