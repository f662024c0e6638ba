"""Since when details are kept: what a range finds missing before that was deleted for its age, and is not zero."""

from collections.abc import Sequence
from dataclasses import replace

from collectors.model.units import HOUR_MS
from collectors.store.pruned_until import PrunedUntil, kept_since
from collectors.store.read.account_rows import settings
from collectors.store.read.reader import Reader
from collectors.store.read.usage_hours import any_summed
from lambdatui.text import figures
from lambdatui.views.function_facts import lines_elsewhere
from lambdatui.views.time_range import TimeRange

_FEW = 20


def _since(reader: Reader, function_ids: Sequence[int] | None) -> PrunedUntil:
    wanted = None if function_ids is None else tuple(function_ids)
    return reader.cached(("kept since", wanted), lambda: kept_since(reader.select, wanted))


def lines_not_kept(reader: Reader, time_range: TimeRange, function_ids: Sequence[int] | None = None) -> str:
    """Says why a range has no lines to show though there were some; empty where no reason applies.

    Either no log group keeps the lines, or the range begins before the time since which lines are kept.
    """
    pruned = _pruned_text("log lines", _since(reader, function_ids).lines_ms, time_range)
    return ". ".join(filter(None, (_elsewhere(reader, function_ids), pruned)))


def _elsewhere(reader: Reader, function_ids: Sequence[int] | None) -> str:
    """Where the lines of the few functions in view go, for those whose lines no log group keeps."""
    if function_ids is None or len(function_ids) > _FEW:
        return ""
    wanted = set(function_ids)
    keys = [row.function.key for row in reader.functions() if row.id in wanted]
    return ". ".join(said for key in keys if (said := lines_elsewhere(key.name, settings(reader, key, tags=False))))


def invocations_not_kept(reader: Reader, time_range: TimeRange, function_ids: Sequence[int] | None = None) -> str:
    """Says that the range begins before invocations are kept, which are still counted; empty where it does not."""
    return _pruned_text("invocations", _since(reader, function_ids).rows_ms, time_range)


def _pruned_text(what: str, kept_ms: int, time_range: TimeRange) -> str:
    if time_range.from_ms >= kept_ms:
        return ""
    return f"{what} before {figures.instant(kept_ms)} UTC were pruned; counts and costs hold them"


def lines_pruned(reader: Reader, function_id: int, start_ms: int) -> bool:
    """Whether an invocation that began at that time is older than the log lines that are kept of its function."""
    return start_ms < _since(reader, [function_id]).lines_ms


def by_kept_hours(reader: Reader, time_range: TimeRange) -> TimeRange:
    """The range moved to full hours where only hours are known: part of an hour would count nothing.

    Minutes were pruned, or Logs Insights summed the hour. An end that hides later data is never moved to a later time.
    """
    minutes_ms = _any(_since(reader, None))
    low, high = time_range.from_ms, time_range.to_ms
    if low < minutes_ms or _is_summed(reader, low):
        low = low // HOUR_MS * HOUR_MS
    if high % HOUR_MS and (high < minutes_ms or _is_summed(reader, high)):
        high = high // HOUR_MS * HOUR_MS if time_range.hides else -(-high // HOUR_MS) * HOUR_MS
    if (low, high) == (time_range.from_ms, time_range.to_ms) or low >= high:
        return time_range
    return replace(time_range, from_ms=low, to_ms=high, label=f"{time_range.label}, by full hours")


def most_steps(reader: Reader, time_range: TimeRange, most: int) -> int:
    """The most steps that a chart of the range may have: where minutes are not kept, none is shorter than an hour."""
    if not hours_only(reader, time_range):
        return most
    return max(1, min(most, (time_range.to_ms - time_range.from_ms) // HOUR_MS))


def hours_only(reader: Reader, time_range: TimeRange) -> bool:
    """Whether the range begins before minutes are kept, or has hours that Logs Insights summed."""
    if time_range.from_ms < _any(_since(reader, None)):
        return True
    low, high = time_range.from_ms // HOUR_MS * HOUR_MS, time_range.to_ms
    return reader.cached(("summed within", low, high), lambda: any_summed(reader, low, high))


def _is_summed(reader: Reader, at_ms: int) -> bool:
    """Whether a time lies within an hour of which Logs Insights saw more than the store has rows of."""
    hour_ms = at_ms // HOUR_MS * HOUR_MS
    return at_ms > hour_ms and any_summed(reader, hour_ms, hour_ms + HOUR_MS)


def _any(kept: PrunedUntil) -> int:
    return max(kept.minutes_ms, kept.points_ms)
