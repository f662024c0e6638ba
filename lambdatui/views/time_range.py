"""The span of time that every screen, command and query shares.

Nothing here reads a clock: ``now_ms`` is always passed in. Times are epoch milliseconds, UTC; a range is
``[from_ms, to_ms)`` and lies on whole minutes, because the store's rollups do; long ranges begin at a full hour (from
6 hours) or at midnight UTC (from 14 days), as they are summed, so that what a range says is what was counted.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.spans import BY_DAY_MS, BY_HOUR_MS
from lambdatui.text.figures import moment_text
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
)

if TYPE_CHECKING:
    from datetime import date, tzinfo

    from lambdatui.views.time_words import Period

__all__ = [
    "DEFAULT_PRESET", "PRESETS", "RangeChoice", "RangeError", "TimeRange",
    "ceil_minute", "check_preset", "day_of", "floor_minute", "instant_ms", "month_start_ms", "preset_ms", "span_text",
]  # fmt: skip

_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440, 14 * 1440, 28 * 1440)
_STEPS_MS = tuple(minutes * MINUTE_MS for minutes in _MINUTES)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """``[from_ms, to_ms)``, and the words for it: ``last 24h``, ``month to date``.

    ``hides``: an end was asked for, and nothing of then or later is shown, not even a setting; else the range ends
    now, or with the newest data, and settings are those of now. ``utc``: the label tells times in UTC, not in this
    process's zone. ``simulated``: the span (epoch ms) of the store whose data are simulated; None where none are.
    """

    from_ms: int
    to_ms: int
    label: str
    hides: bool = field(default=False, compare=False)
    utc: bool = field(default=True, compare=False)
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
        label = f"{span_text(self._stride_ms)} to {moment_text(end, utc=self.utc)}"
        return TimeRange(start, end, label, hides=True, utc=self.utc)


_RANGES = (
    f"one of {', '.join(PRESETS)}, a number of m, h, d or w, words such as yesterday, last week, 2026-11-01, or two "
    "times such as 3h..1h"
)


@dataclass(frozen=True, slots=True)
class RangeChoice:
    """What was asked for, before it is known what time it is: a preset, or ends; ``at`` moves "now".

    Ends and ``at`` are words that ``time_words`` reads. Kept by the app and resolved again at every refresh, so that
    "last 1h" moves with the clock. ``local_words``: words that name no zone are of this process's zone, not of UTC;
    ``local_labels``: so are the labels.
    """

    preset: str = DEFAULT_PRESET
    start: str | None = None
    end: str | None = None
    at: str | None = None
    local_words: bool = False
    local_labels: bool = False

    @property
    def zone(self) -> "tzinfo":
        """The zone of words that name none."""
        if not self.local_words:
            from datetime import UTC

            return UTC
        from lambdatui.text.zones import MachineZone

        return MachineZone()

    def with_preset(self, preset: str) -> "RangeChoice":
        """The choice with a preset range in place of a beginning and an end."""
        return replace(self, preset=preset, start=None, end=None)

    def with_words(self, text: str) -> "RangeChoice":
        """The choice with a range in words: ``24h``, ``mtd``, ``last week``, ``3h..1h``, ``09:30``, which ends now.

        Raises ``RangeError``.
        """
        if text in PRESETS:
            return self.with_preset(text)
        from lambdatui.views.time_words import NoTime, preset_words, range_words

        preset = preset_words(text)
        if preset is not None:
            return self.with_preset(preset)
        ends = range_words(text)
        if ends is None:
            try:
                spans = _sample(text, self.zone)[0].spans
            except NoTime as error:
                raise NoTime(text, error.near, kind="range", allowed=_RANGES) from None
            return replace(self, start=text, end=text if spans else None)
        start, end = (words or None for words in ends)
        for words in (start, end):
            if words is not None and not words.startswith("+"):
                _sample(words, self.zone)
        if start is None and end is None:
            raise RangeError(f"{text!r} has neither a begin nor an end: use such as 3h..1h or 2026-11-01..2026-11-07")
        return replace(self, start=start, end=end)

    @property
    def words(self) -> str:
        """The range as one types it: ``24h``, ``3h..1h``, ``yesterday``."""
        if self.start is None and self.end is None:
            return self.preset
        return self.start if self.start == self.end and self.start else f"{self.start or ''}..{self.end or ''}"

    def resolve(self, now_ms: int, newest_ms: int | None = None, oldest_ms: int | None = None) -> TimeRange:
        """The range at ``now_ms``.

        A store whose newest invocation is older than the whole range would show nothing: then, unless ``at`` or
        ``start`` was given, the range ends at ``newest_ms`` and its label says so. Raises ``RangeError``.
        """
        if self.start is not None or self.end is not None:
            return self._between(now_ms, oldest_ms)
        utc = not self.local_labels
        if self.at is not None:
            return self._ending(_hiding(self.moved_now_ms(now_ms)), oldest_ms)
        return TimeRange(*at_now(self.preset, now_ms, newest_ms, oldest_ms, utc=utc), utc=utc)

    def _between(self, now_ms: int, oldest_ms: int | None) -> TimeRange:
        now_ms = _hiding(self.moved_now_ms(now_ms)) if self.at is not None else now_ms
        start = self._period(self.start, now_ms) if self.start is not None else None
        end_ms, is_now = ceil_minute(now_ms), True
        if self.end is not None:
            end = self._period(self.end, now_ms, start.start_ms if start else None)
            holds_now = start.start_ms < now_ms if start else end.ahead
            if not (holds_now and end.end_ms >= end_ms) or self._names_its_end:
                end_ms, is_now = _hiding(end.end_ms), False
        hides = not is_now or self.at is not None
        if start is None:
            return self._ending(end_ms, oldest_ms) if hides else self.with_preset(self.preset).resolve(now_ms)
        begin_ms = floor_minute(start.start_ms)
        if begin_ms >= end_ms:
            raise RangeError(f"the range is empty: {self._text(begin_ms)} is not before {self._text(end_ms)}")
        begin_ms = begin(begin_ms, end_ms)
        label = f"{self._text(begin_ms)} to {self._text(end_ms)}"
        return TimeRange(begin_ms, end_ms, label, hides=hides, utc=not self.local_labels)

    @property
    def _names_its_end(self) -> bool:
        """Whether the end is a date or time that is the same at any moment, apart from the begin: it is kept exactly,
        also where it is to come.
        """
        if self.end is None or self.end == self.start or self.end.startswith("+"):
            return False
        meant, later = _sample(self.end, self.zone)
        return meant == later

    def _ending(self, end_ms: int, oldest_ms: int | None) -> TimeRange:
        suffix = f", to {self._text(end_ms)}"
        return TimeRange(*ending(self.preset, end_ms, suffix, oldest_ms), hides=True, utc=not self.local_labels)

    def moved_now_ms(self, now_ms: int) -> int:
        """Now, or where ``at`` moves it. Raises ``RangeError``."""
        return now_ms if self.at is None else self._period(self.at, now_ms).end_ms

    def _text(self, at_ms: int) -> str:
        return moment_text(at_ms, utc=not self.local_labels)

    def _period(self, words: str, now_ms: int, after_ms: int | None = None) -> "Period":
        from lambdatui.views.time_words import period

        return period(words, now_ms, self.zone, after_ms=after_ms)


def _hiding(end_ms: int) -> int:
    """An end that was asked for hides all that is at it or after it, so it is floored to the minute of the rollups."""
    return floor_minute(end_ms)


def instant_ms(text: str, *, end: bool = False) -> int:
    """Epoch ms of ISO 8601 text (of UTC, or of the zone that ``--tz`` named, where it names none) or of epoch seconds
    (milliseconds from 1e11 on); words that need to know what time it is are none.

    A bare date is its first moment, or with ``end`` the first moment after it, so that ``--to 2025-03-31`` holds
    the whole day. Raises ``RangeError``.
    """
    from lambdatui.text.zones import typed_zone
    from lambdatui.views.time_words import NoTime, Period

    try:
        meant, later = _sample(text, typed_zone())
    except NoTime:
        meant, later = Period(0, 0), Period(1, 1)
    if meant != later:
        raise RangeError(f"{text!r} is no time: use ISO 8601 (2025-03-31T10:22:00Z, 2025-03-31) or epoch seconds")
    return meant.end_ms if end else meant.start_ms


def _sample(text: str, zone: "tzinfo") -> "tuple[Period, Period]":
    """What the words mean in 2023 and in 2025: the same where they are absolute. Raises ``RangeError``."""
    from lambdatui.views.time_words import period

    return period(text, 1_700_000_000_000, zone), period(text, 1_750_000_000_000, zone)


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
