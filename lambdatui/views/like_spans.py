"""Spans of time that are like each other: a range, and as long a one before it, as far as both were collected.

What is not over, or not collected yet, is no fall: then both are cut alike. Times are epoch ms, UTC; a span is
``(from_ms, to_ms)``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.read.freshness import known_spans
from collectors.store.read.reader import Reader
from collectors.store.read.rows import FunctionRow
from collectors.store.spans import BY_HOUR_MS
from lambdatui.views.presets import month_start_ms
from lambdatui.views.retained_since import hours_only
from lambdatui.views.time_range import TimeRange

Span = tuple[int, int]
WEEK_MS = 7 * DAY_MS
ENOUGH = 0.5
"""The part of a range that must have something like it before, collected, to be compared."""


@dataclass(frozen=True, slots=True)
class LikeSpans:
    """Two spans of one length: ``now`` within the range, ``before`` the same part of an earlier one."""

    now: Span
    before: Span


def range_before(time_range: TimeRange) -> Span:
    """The range before, which may be shorter: of a month so far, or a whole month, as much of the month before."""
    start, end = time_range.from_ms, time_range.to_ms
    if _is_month(time_range):
        before = month_start_ms(start - 1)
        return before, min(start, before + end - start)
    earlier = time_range.back()
    return earlier.from_ms, earlier.to_ms


def weeks_before(time_range: TimeRange) -> Span:
    """The same weekdays: a week before; for a longer range as many weeks as it is long, so that the two do not meet."""
    length = time_range.span_ms
    if not _is_month(time_range):  # without the part of an hour or day that long ranges begin early
        length = time_range.from_ms - time_range.back().from_ms
    shift = -(-length // WEEK_MS) * WEEK_MS
    return time_range.from_ms - shift, time_range.to_ms - shift


def _is_month(time_range: TimeRange) -> bool:
    start, end = time_range.from_ms, time_range.to_ms
    if start != month_start_ms(start):
        return False
    return time_range.label.startswith("month to date") or end == month_start_ms(start + 32 * DAY_MS)


def like_spans(
    reader: Reader, time_range: TimeRange, before: Span, functions: Sequence[FunctionRow]
) -> Mapping[LikeSpans | None, list[FunctionRow]]:
    """The functions by the spans in which each can be compared; under None those that cannot be.

    A function is compared over the longest part of the range of which both it and the like part before were collected;
    where that is less than half of the range, it is not.
    """
    grain = _grain(reader, time_range, before)
    known = known_spans(reader, functions)
    of_spans: dict[tuple[Span, ...], LikeSpans | None] = {}
    groups: dict[LikeSpans | None, list[FunctionRow]] = {}
    for row in functions:
        spans = tuple(known[row.id])
        if spans not in of_spans:
            of_spans[spans] = longest_like(time_range, before, spans, grain)
        groups.setdefault(of_spans[spans], []).append(row)
    return groups


def _grain(reader: Reader, time_range: TimeRange, before: Span) -> int:
    """Where the spans may be cut: at full hours in long ranges or where no minutes are kept; else in few places."""
    earlier = TimeRange(*before, "")
    if time_range.span_ms > BY_HOUR_MS or hours_only(reader, earlier):
        return HOUR_MS
    return max(MINUTE_MS, time_range.span_ms // 24 // MINUTE_MS * MINUTE_MS)


def longest_like(time_range: TimeRange, before: Span, known: Iterable[Span], grain: int) -> LikeSpans | None:
    """The longest part of the range that is known (``known`` are the spans that were collected) and has a known part
    like it in ``before``; None where it is too short. Both are cut to multiples of ``grain`` ms; full hours are
    compared with full hours, so that ``before`` may be moved back by a part of an hour.
    """
    shift = time_range.from_ms - before[0]
    length = min(time_range.span_ms, before[1] - before[0])
    low = time_range.from_ms
    if grain == HOUR_MS:
        low = -(-low // grain) * grain
        shift = -(-shift // grain) * grain
    high = time_range.from_ms + length
    whole = merged(known)
    both = common(whole, [(start + shift, end + shift) for start, end in whole])
    parts = [(max(low, start), min(high, end)) for start, end in both]
    cut = [(low + -(-(start - low) // grain) * grain, low + (end - low) // grain * grain) for start, end in parts]
    start, end = max(cut, key=lambda span: span[1] - span[0], default=(0, 0))
    if end - start < ENOUGH * time_range.span_ms:
        return None
    return LikeSpans((start, end), (start - shift, end - shift))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans in order of time that do not meet; less than a minute between two is no gap."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + MINUTE_MS:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What lies in one of ``some`` and in one of ``others``."""
    both = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(start, end) for start, end in both if start < end]
