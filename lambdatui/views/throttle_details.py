"""When a function, or an account as a whole, was throttled: the newest times, each with its cause."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice

from collectors.model.units import MINUTE_MS
from collectors.store.read.reader import Reader
from collectors.store.read.throttled_spans import throttled_spans
from lambdatui.text.figures import count, instant
from lambdatui.views.throttle_causes import ACCOUNT, ThrottleCause, ThrottleCauses
from lambdatui.views.throttle_words import sentence
from lambdatui.views.time_range import TimeRange
from lambdatui.views.view import as_of_range

_PERIODS, _TIMES = 240, 8
_APART_MS = 5 * MINUTE_MS  # what is rejected again after no more than this is the same time


@dataclass(frozen=True, slots=True)
class ThrottledTime:
    """A span in which requests were rejected by one limit, and the worst period in it."""

    from_ms: int
    to_ms: int
    throttles: int
    worst: ThrottleCause

    def goes_on(self, end_ms: int, cause: ThrottleCause) -> bool:
        """Whether an earlier period, which ends then, belongs to the same time."""
        return self.from_ms - end_ms <= _APART_MS and self.worst.limited_by == cause.limited_by

    def with_earlier(self, cause: ThrottleCause) -> "ThrottledTime":
        """The time with an earlier period."""
        worst = max(self.worst, cause, key=lambda each: (each.throttles, each.start_ms))
        begin_ms = min(self.from_ms, cause.start_ms)
        return replace(self, from_ms=begin_ms, throttles=self.throttles + cause.throttles, worst=worst)

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
    span = time_range.from_ms, time_range.to_ms
    periods = merge(*(throttled_spans(reader, *span, each) for each in function_ids), key=lambda one: -one.start_ms)
    times: list[ThrottledTime] = []
    for period in islice(periods, _PERIODS):
        cause = causes.of(period)
        if of_account and cause.limited_by != ACCOUNT:
            continue
        if times and times[-1].goes_on(period.end_ms, cause):
            times[-1] = times[-1].with_earlier(cause)
        elif len(times) == _TIMES:
            break
        else:
            times.append(ThrottledTime(period.start_ms, period.end_ms, cause.throttles, cause))
    return times


def throttle_parts(
    times: Sequence[ThrottledTime], *, utc: bool, of_account: bool = False, is_known: bool = True
) -> list[tuple[str, str]]:
    """The times as labelled parts; one part that says so where nothing was rejected, ``of_account`` by its limit.

    ``is_known`` says whether there are metrics at all: without, nothing tells what was rejected.
    """
    label = "Rejected by this limit" if of_account else "Rejected"
    none = "nothing in this range, as far as metrics tell" if is_known else "not known: no metrics in this range"
    return [each.parts(utc=utc) for each in times] or [(label, none)]
