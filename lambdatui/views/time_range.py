"""The span of time that every screen, command and query shares.

Nothing here reads a clock: ``now_ms`` is always passed in. Times are epoch milliseconds, UTC; a range is
``[from_ms, to_ms)`` and lies on whole minutes, because the store's rollups do; long ranges begin at a full hour (from
6 hours) or at midnight UTC (from 14 days), as they are summed, so that what a range says is what was counted.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.spans import BY_DAY_MS, BY_HOUR_MS
from lambdatui.views.presets import (
    DEFAULT_PRESET,
    PRESETS,
    RangeError,
    at_now,
    begin,
    ceil_minute,
    check_preset,
    ending,
    floor_minute,
    month_start_ms,
    preset_ms,
    utc_text,
)

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "DEFAULT_PRESET", "PRESETS", "RangeChoice", "RangeError", "TimeRange",
    "ceil_minute", "check_preset", "day_of", "floor_minute", "instant_ms", "month_start_ms", "preset_ms", "span_text",
    "utc_text",
]  # fmt: skip

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440, 14 * 1440, 28 * 1440)
_STEPS_MS = tuple(minutes * MINUTE_MS for minutes in _MINUTES)
_MAX_MS = 253_402_300_800_000  # the year 10000, where datetime ends


@dataclass(frozen=True, slots=True)
class TimeRange:
    """``[from_ms, to_ms)``, and the words for it: ``last 24h``, ``month to date``.

    ``hides``: an end was asked for, and nothing of then or later is shown, not even a setting; else the range ends
    now, or with the newest data, and settings are those of now. ``simulated``: the span (epoch ms) of the store whose
    data are simulated; None where none are.
    """

    from_ms: int
    to_ms: int
    label: str
    hides: bool = field(default=False, compare=False)
    simulated: tuple[int, int] | None = field(default=None, compare=False)

    @property
    def until_ms(self) -> int | None:
        """The end of what a reader looks at; None where it looks at things as they are now."""
        return self.to_ms if self.hides else None

    @property
    def span_ms(self) -> int:
        """How long the range is, ms."""
        return self.to_ms - self.from_ms

    def step_ms(self, columns: int) -> int:
        """The finest step, a multiple of 60,000 ms, at which the range fits into ``columns`` chart columns.

        Steps are aligned to the epoch, so a range that starts inside a step takes one column more; that is counted.
        """
        columns = max(1, columns)
        for step in _STEPS_MS:
            if self.columns(step) <= columns:
                return step
        days = -(-self.span_ms // (max(1, columns - 1) * DAY_MS))
        return max(1, days) * DAY_MS

    def columns(self, step_ms: int) -> int:
        """How many epoch-aligned steps the range touches."""
        return max(1, -(-self.to_ms // step_ms) - self.from_ms // step_ms)

    def back(self) -> "TimeRange":
        """The span of the same length before this one."""
        return self._moved(-self._stride_ms)

    def forward(self, now_ms: int | None = None) -> "TimeRange":
        """The span of the same length after this one; the same range where this one ends at ``now_ms``."""
        return self if now_ms is not None and self.to_ms >= now_ms else self._moved(self._stride_ms)

    @property
    def _stride_ms(self) -> int:
        """The length in the whole hours or days at which ranges begin, so that steps back and forward cancel out."""
        grain = DAY_MS if self.span_ms > BY_DAY_MS else HOUR_MS if self.span_ms > BY_HOUR_MS else MINUTE_MS
        return self.span_ms // grain * grain

    def _moved(self, by_ms: int) -> "TimeRange":
        start, end = self.from_ms + by_ms, self.to_ms + by_ms
        return TimeRange(start, end, f"{span_text(self._stride_ms)} to {utc_text(end)}", hides=True)


@dataclass(frozen=True, slots=True)
class RangeChoice:
    """What was asked for, before it is known what time it is: a preset, or ends; ``at`` moves "now".

    Kept by the app and resolved again at every refresh, so that "last 1h" moves with the clock.
    """

    preset: str = DEFAULT_PRESET
    start: str | None = None
    end: str | None = None
    at: str | None = None

    def with_preset(self, preset: str) -> "RangeChoice":
        """The choice with a preset range in place of a beginning and an end."""
        return replace(self, preset=preset, start=None, end=None)

    def resolve(self, now_ms: int, newest_ms: int | None = None, oldest_ms: int | None = None) -> TimeRange:
        """The range at ``now_ms``.

        A store whose newest invocation is older than the whole range would show nothing: then, unless ``at`` or
        ``start`` was given, the range ends at ``newest_ms`` and its label says so. Raises ``RangeError``.
        """
        if self.start is not None or self.end is not None:
            return self._between(now_ms, oldest_ms)
        if self.at is not None:
            end = _end_ms(self.at)
            return self._ending(end, f", to {utc_text(end)}", oldest_ms)
        return TimeRange(*at_now(self.preset, now_ms, newest_ms, oldest_ms))

    def _between(self, now_ms: int, oldest_ms: int | None) -> TimeRange:
        asked = self.end if self.end is not None else self.at
        end = ceil_minute(now_ms) if asked is None else _end_ms(asked)
        if self.start is not None:
            start = floor_minute(instant_ms(self.start))
            if start >= end:
                raise RangeError(f"the range is empty: {utc_text(start)} is not before {utc_text(end)}")
            start = begin(start, end)
            now = self.end is None and self.at is None
            return TimeRange(start, end, f"{utc_text(start)} to {utc_text(end)}", hides=not now)
        return self._ending(end, f", to {utc_text(end)}", oldest_ms)

    def _ending(self, end_ms: int, suffix: str, oldest_ms: int | None) -> TimeRange:
        return TimeRange(*ending(self.preset, end_ms, suffix, oldest_ms), hides=True)


def _end_ms(asked: str) -> int:
    """An end that was asked for hides all that is at it or after it, so it is floored to the minute of the rollups."""
    return floor_minute(instant_ms(asked, end=True))


def instant_ms(text: str, *, end: bool = False) -> int:
    """Epoch ms of ISO 8601 text (UTC where it names no zone) or of epoch seconds (milliseconds from 1e11 on).

    A bare date is its first moment, or with ``end`` the first moment after it, so that ``--to 2025-03-31`` holds
    the whole day. Raises ``RangeError``.
    """
    from datetime import UTC, datetime

    typed = text.strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", typed) and not re.fullmatch(r"(19|20)\d{6}", typed):
        number = float(typed)
        milliseconds = int(number if abs(number) >= 1e11 else number * 1000)
    else:
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError:
            raise RangeError(
                f"{text!r} is no time: use ISO 8601 (2025-03-31T10:22:00Z, 2025-03-31) or epoch seconds"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        milliseconds = round(moment.timestamp() * 1000)
        if end and re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", typed):
            milliseconds += DAY_MS
    if not 0 <= milliseconds < _MAX_MS:
        raise RangeError(f"{text!r} is not between 1970 and 9999")
    return milliseconds


def day_of(at_ms: int) -> "date":
    """The UTC day that holds ``at_ms``."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def span_text(span_ms: int) -> str:
    """``24h``, ``7d``, ``90m``: the span in the largest unit that is whole; a day is said as 24h."""
    for unit, size in (("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS)):
        if span_ms >= size and span_ms % size == 0 and span_ms != DAY_MS:
            return f"{span_ms // size}{unit}"
    return "24h" if span_ms == DAY_MS else f"{span_ms // 1000}s"
