"""From when on details are kept: what a range asks of before was deleted for its age, which is not none."""

from collections.abc import Sequence
from dataclasses import replace

from collectors.model.units import HOUR_MS
from collectors.store.pruned_until import PrunedUntil, kept_since
from collectors.store.read.account_rows import settings
from collectors.store.read.reader import Reader
from lambdatui.text import figures
from lambdatui.views.function_facts import lines_elsewhere
from lambdatui.views.time_range import TimeRange

_FEW = 20


def _since(reader: Reader, function_ids: Sequence[int] | None) -> PrunedUntil:
    wanted = None if function_ids is None else tuple(function_ids)
    return reader.cached(("kept since", wanted), lambda: kept_since(reader.select, wanted))


def lines_not_kept(reader: Reader, time_range: TimeRange, function_ids: Sequence[int] | None = None) -> str:
    """Words for what has no lines to show though there were some: lines that no log group keeps, a range that begins
    before lines are kept. Empty where neither is so.
    """
    pruned = _pruned_text("log lines", _since(reader, function_ids).lines_ms, time_range)
    return ". ".join(filter(None, (_elsewhere(reader, function_ids), pruned)))


def _elsewhere(reader: Reader, function_ids: Sequence[int] | None) -> str:
    """Of the few functions that are looked at: where the lines of those go that no log group keeps."""
    if function_ids is None or len(function_ids) > _FEW:
        return ""
    wanted = set(function_ids)
    keys = [row.function.key for row in reader.functions() if row.id in wanted]
    return ". ".join(said for key in keys if (said := lines_elsewhere(key.name, settings(reader, key, tags=False))))


def invocations_not_kept(reader: Reader, time_range: TimeRange, function_ids: Sequence[int] | None = None) -> str:
    """The same of invocations, which are counted still."""
    return _pruned_text("invocations", _since(reader, function_ids).rows_ms, time_range)


def _pruned_text(what: str, kept_ms: int, time_range: TimeRange) -> str:
    if time_range.from_ms >= kept_ms:
        return ""
    return f"{what} before {figures.instant(kept_ms)} UTC were pruned; counts and costs hold them"


def lines_pruned(reader: Reader, function_id: int, start_ms: int) -> bool:
    """Whether an invocation of then is older than the log lines that are kept of its function."""
    return start_ms < _since(reader, [function_id]).lines_ms


def by_kept_hours(reader: Reader, time_range: TimeRange) -> TimeRange:
    """The range in full hours, as far as only hours are kept of it: an edge within one would count none of it.

    An end that hides what is later is never moved to a later time.
    """
    minutes_ms = _any(_since(reader, None))
    low, high = time_range.from_ms, time_range.to_ms
    if low >= minutes_ms:
        return time_range
    low = low // HOUR_MS * HOUR_MS
    if high < minutes_ms and high % HOUR_MS:
        high = high // HOUR_MS * HOUR_MS if time_range.hides else -(-high // HOUR_MS) * HOUR_MS
    if (low, high) == (time_range.from_ms, time_range.to_ms) or low >= high:
        return time_range
    return replace(time_range, from_ms=low, to_ms=high, label=f"{time_range.label}, by full hours")


def most_steps(reader: Reader, time_range: TimeRange, most: int) -> int:
    """How many steps a chart of the range may have: where minutes are not kept none is shorter than an hour."""
    if not hours_only(reader, time_range):
        return most
    return max(1, min(most, (time_range.to_ms - time_range.from_ms) // HOUR_MS))


def hours_only(reader: Reader, time_range: TimeRange) -> bool:
    """Whether the range begins before minutes are kept."""
    return time_range.from_ms < _any(_since(reader, None))


def _any(kept: PrunedUntil) -> int:
    return max(kept.minutes_ms, kept.points_ms)
