"""When a function, or an account as a whole, was throttled: the newest times, each with its cause."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice

from collectors.store.read.reader import Reader
from collectors.store.read.throttled_spans import throttled_spans
from lambdatui.text.figures import count, instant
from lambdatui.views.throttle_causes import ACCOUNT, ThrottleCause, ThrottleCauses
from lambdatui.views.throttle_words import sentence
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import as_of_range

_PERIODS, _TIMES = 240, 8
_APART_MS = 5 * 60_000  # what is rejected again after no more than this is the same time


@dataclass(frozen=True, slots=True)
class ThrottledTime:
    """A span in which requests were rejected by one limit, and the worst period in it."""

    from_ms: int
    to_ms: int
    throttles: int
    worst: ThrottleCause

    def parts(self, *, utc: bool) -> tuple[str, str]:
        """When and how many, and why: a label and its text."""
        end = instant(self.to_ms, utc=utc)[11:16]
        when = f"{instant(self.from_ms, utc=utc)[:16]} to {end}{' UTC' if utc else ''}"
        return f"{when}, {count(self.throttles)} rejected", sentence(self.worst, utc=utc)


@as_of_range
def throttled_times(
    reader: Reader, time_range: TimeRange, function_ids: Sequence[int], *, of_account: bool = False
) -> list[ThrottledTime]:
    """The newest eight times at which requests of the functions were rejected, the newest first.

    ``of_account`` leaves out what was rejected for another reason than the account's limit.
    """
    causes = ThrottleCauses(reader)
    found = merge(
        *(throttled_spans(reader, time_range.from_ms, time_range.to_ms, each) for each in function_ids),
        key=lambda span: -span.start_ms,
    )
    times: list[ThrottledTime] = []
    for span in islice(found, _PERIODS):
        cause = causes.of(span)
        if of_account and cause.limited_by != ACCOUNT:
            continue
        last = times[-1] if times else None
        if last is not None and last.from_ms - span.end_ms <= _APART_MS and last.worst.limited_by == cause.limited_by:
            worst = max(last.worst, cause, key=lambda one: (one.throttles, one.start_ms))
            times[-1] = replace(
                last, from_ms=min(last.from_ms, span.start_ms), throttles=last.throttles + cause.throttles, worst=worst
            )
        elif len(times) == _TIMES:
            break
        else:
            times.append(ThrottledTime(span.start_ms, span.end_ms, cause.throttles, cause))
    return times


def throttle_parts(times: Sequence[ThrottledTime], *, utc: bool) -> list[tuple[str, str]]:
    """The times as labelled parts; one part that says so where nothing was rejected."""
    return [each.parts(utc=utc) for each in times] or [("Rejected", "nothing in this range, as far as metrics tell")]
