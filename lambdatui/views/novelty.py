"""Whether an error is new, back, growing, gone or known, told by days on which its function was called.

A day without a call, or of which nothing was collected, is no quiet day: absence there is no evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from collectors.model.units import DAY_MS
from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from collectors.store.read.series import errors_by_step, invocations_by_step, last_errors_before
from collectors.store.rollups.equal_parts import EqualParts
from lambdatui.text.figures import count, plural, ratio
from lambdatui.views.time_range import TimeRange

LOOKED_BACK_DAYS = 28
QUIET_DAYS = 2
"""Days with calls and without an error that are an absence: also more than twice the longest absence before."""
ENOUGH_BEFORE = 0.5
"""Of as many invocations before the range as in it, without an error that is in it, the error is new."""
_RISEN, _ENOUGH, _SIGMAS = 2.0, 5, 3.0

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Novelty:
    """``word`` is ``new``, ``back``, ``growing``, ``gone``, ``known``, or empty where too few older days are known."""

    word: str
    evidence: str


def risen(now: int, invoked_now: int, was: int, invoked_was: int) -> bool:
    """Whether an error comes at least twice as often as before, by more than three standard deviations."""
    expected = was / invoked_was * invoked_now if invoked_was else 0.0
    return now >= _ENOUGH and now >= _RISEN * expected and now - expected > _SIGMAS * sqrt(expected)


class History:
    """What a store tells of the days up to a range's end, read once for all errors."""

    def __init__(self, reader: Reader, time_range: TimeRange) -> None:
        from_ms, to_ms = time_range.from_ms, time_range.to_ms
        today = from_ms // DAY_MS * DAY_MS
        self._days = EqualParts(max(0, today - LOOKED_BACK_DAYS * DAY_MS), to_ms, DAY_MS)
        self._first = self._days.place(today)
        self._called = invocations_by_step(reader, self._days)
        self._failed = errors_by_step(reader, self._days)
        self._last_before = last_errors_before(reader, from_ms)
        self._before_today = errors_by_step(reader, EqualParts(today, from_ms, DAY_MS)) if today < from_ms else {}
        # The span of the same length before the range, in the whole hours or days at which ranges begin.
        self._before = EqualParts(max(0, time_range.back().from_ms), from_ms, max(1, time_range.span_ms))
        self._was = errors_by_step(reader, self._before) if self._before.from_ms < from_ms else {}
        self._invoked = {each: count[0] for each, count in counted(reader, *self._before[:2]).items()}

    def of(self, key: Key, now: int, invoked: int) -> Novelty:
        """The novelty of an error that came ``now`` times in the range, in ``invoked`` calls of its function."""
        called = self._called.get(key[0], ())
        failed = self._failed.get(key, (0,) * len(called))
        seen_today = key in self._before_today
        before = sum(called[: self._first])
        if not any(failed[: self._first]) and key not in self._last_before and not seen_today:
            enough = before + self._invoked.get(key[0], 0) and (
                max(before, self._invoked.get(key[0], 0)) >= ENOUGH_BEFORE * invoked
            )
            if not enough:
                return Novelty("", "first seen in the data: too little is older to tell whether it is new")
            return Novelty("new", "")
        was, invoked_was = sum(self._was.get(key, ())), self._invoked.get(key[0], 0)
        evidence = f"{_of(now, invoked)} here, {_of(was, invoked_was)} in as long a time before"
        gaps, since = _absences(called, failed, older=key in self._last_before)
        if _is_absence(since, [gap for _, gap in gaps]):
            return Novelty("gone", f"not on the last {since} {plural(since, 'day')} with calls; {evidence}")
        for at, gap in gaps:
            into_range = at > self._first or (at == self._first and not seen_today)
            if into_range and _is_absence(gap, [one for place, one in gaps if place < at]):
                return Novelty(
                    "back", f"seen again after {gap} {plural(gap, 'day')} with calls and without it; {evidence}"
                )
        return Novelty("growing" if invoked_was and risen(now, invoked, was, invoked_was) else "known", evidence)


def _absences(called: Sequence[int], failed: Sequence[int], *, older: bool) -> tuple[list[tuple[int, int]], int]:
    """For each day with the error, the days with calls but without it just before; and such days at the end."""
    gaps: list[tuple[int, int]] = []
    quiet, seen = 0, older
    for day, (calls, times) in enumerate(zip(called, failed, strict=True)):
        if times:
            if seen:
                gaps.append((day, quiet))
            quiet, seen = 0, True
        elif calls:
            quiet += 1
    return gaps, quiet


def _is_absence(days: int, before: Sequence[int]) -> bool:
    return days >= QUIET_DAYS and days > 2 * max(before, default=0)


def _of(errors: int, invocations: int) -> str:
    share = f" ({ratio(errors / invocations)})" if invocations else ""
    return f"{count(errors)} of {count(invocations)}{share}"
