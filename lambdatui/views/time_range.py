"""The span of time that every screen, command and query shares.

Nothing here reads a clock: ``now_ms`` is always passed in. Times are epoch milliseconds, UTC; a range is
``[from_ms, to_ms)`` and lies on whole minutes, because the store's rollups do; long ranges begin at a full hour (from
6 hours) or at midnight UTC (from 14 days), as they are summed, so that what a range says is what was counted.
"""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.store.spans import BY_DAY_MS, BY_HOUR_MS, whole_from

if TYPE_CHECKING:
    from datetime import date

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

PRESETS = ("1h", "24h", "7d", "30d", "mtd", "all")
DEFAULT_PRESET = "24h"

_UNIT_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440, 14 * 1440, 28 * 1440)
_STEPS_MS = tuple(minutes * MINUTE_MS for minutes in _MINUTES)
_MAX_MS = 253_402_300_800_000  # the year 10000, where datetime ends


class RangeError(ValueError):
    """A range that cannot be read; the message says what was given and what can be."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """``[from_ms, to_ms)``, and the words for it: ``last 24h``, ``month to date``."""

    from_ms: int
    to_ms: int
    label: str

    @property
    def span_ms(self) -> int:
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
        """The length in the whole hours or days that the range begins at: steps back and forth meet again."""
        grain = DAY_MS if self.span_ms > BY_DAY_MS else HOUR_MS if self.span_ms > BY_HOUR_MS else MINUTE_MS
        return self.span_ms // grain * grain

    def _moved(self, by_ms: int) -> "TimeRange":
        start, end = self.from_ms + by_ms, self.to_ms + by_ms
        return TimeRange(start, end, f"{span_text(self._stride_ms)} to {utc_text(end)}")


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
        return replace(self, preset=preset, start=None, end=None)

    def resolve(self, now_ms: int, newest_ms: int | None = None, oldest_ms: int | None = None) -> TimeRange:
        """The range at ``now_ms``.

        A store whose newest invocation is older than the whole range would show nothing: then, unless ``at`` or
        ``start`` was given, the range ends at ``newest_ms`` and its label says so. Raises ``RangeError``.
        """
        if self.start is not None or self.end is not None:
            return self._between(now_ms, oldest_ms)
        if self.at is not None:
            end = ceil_minute(instant_ms(self.at, end=True))
            return self._ending(end, f", to {utc_text(end)}", oldest_ms)
        fresh = self._ending(ceil_minute(now_ms), "", oldest_ms)
        if newest_ms is None:
            return fresh
        end = ceil_minute(newest_ms + 1)
        if self.preset == "all":
            if now_ms - newest_ms > DAY_MS:
                return self._ending(end, f", to {utc_text(newest_ms)}", oldest_ms)
            return self._ending(max(fresh.to_ms, end), "", oldest_ms)
        if newest_ms >= fresh.from_ms:
            return fresh
        return self._ending(end, f" of data, to {utc_text(newest_ms)}", oldest_ms)

    def _between(self, now_ms: int, oldest_ms: int | None) -> TimeRange:
        if self.end is not None:
            end = ceil_minute(instant_ms(self.end, end=True))
        else:
            end = ceil_minute(instant_ms(self.at, end=True) if self.at is not None else now_ms)
        if self.start is not None:
            start = floor_minute(instant_ms(self.start))
            if start >= end:
                raise RangeError(f"the range is empty: {utc_text(start)} is not before {utc_text(end)}")
            start = _begin(start, end)
            return TimeRange(start, end, f"{utc_text(start)} to {utc_text(end)}")
        return self._ending(end, f", to {utc_text(end)}", oldest_ms)

    def _ending(self, end_ms: int, suffix: str, oldest_ms: int | None) -> TimeRange:
        if self.preset == "all":
            start = floor_minute(oldest_ms) if oldest_ms is not None else end_ms - DAY_MS
            return TimeRange(_begin(min(start, end_ms - MINUTE_MS), end_ms), end_ms, f"all data{suffix}")
        if self.preset == "mtd":
            # Lambda bills UTC calendar months. A range that ends exactly at midnight on the 1st is the month before.
            return TimeRange(month_start_ms(end_ms - 1), end_ms, f"month to date{suffix}")
        start = max(0, end_ms - preset_ms(self.preset))
        return TimeRange(_begin(start, end_ms), end_ms, f"last {self.preset}{suffix}")


def _begin(from_ms: int, to_ms: int) -> int:
    """Where a range really begins; beginning at a full hour can make it long enough to begin at midnight."""
    return whole_from(whole_from(from_ms, to_ms), to_ms)


def preset_ms(preset: str) -> int:
    """The length of ``15m``, ``1h``, ``7d``, ``2w``. Raises ``RangeError``."""
    match = re.fullmatch(r"(\d{1,6})([mhdw])", preset.strip())
    if match is None or not int(match[1]):
        raise RangeError(f"{preset!r} is no range: use one of {', '.join(PRESETS)}, or a number of m, h, d or w")
    return int(match[1]) * _UNIT_MS[match[2]]


def check_preset(preset: str) -> str:
    """``preset`` as given if it names a range, else ``RangeError``."""
    if preset not in ("mtd", "all"):
        preset_ms(preset)
    return preset


def instant_ms(text: str, *, end: bool = False) -> int:
    """Epoch ms of ISO 8601 text (UTC where it names no zone) or of epoch seconds (milliseconds from 1e11 on).

    A bare date is its first moment, or with ``end`` the first moment after it, so that ``--to 2025-03-31`` holds
    the whole day. Raises ``RangeError``.
    """
    from datetime import UTC, datetime

    given = text.strip()
    if re.fullmatch(r"-?\d+(\.\d+)?", given) and not re.fullmatch(r"(19|20)\d{6}", given):
        number = float(given)
        milliseconds = int(number if abs(number) >= 1e11 else number * 1000)
    else:
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise RangeError(
                f"{text!r} is no time: use ISO 8601 (2025-03-31T10:22:00Z, 2025-03-31) or epoch seconds"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        milliseconds = round(moment.timestamp() * 1000)
        if end and re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", given):
            milliseconds += DAY_MS
    if not 0 <= milliseconds < _MAX_MS:
        raise RangeError(f"{text!r} is not between 1970 and 9999")
    return milliseconds


def month_start_ms(at_ms: int) -> int:
    """The first moment of the UTC calendar month that holds ``at_ms``."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1000


def day_of(at_ms: int) -> "date":
    """The UTC day that holds ``at_ms``."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def floor_minute(at_ms: int) -> int:
    return at_ms - at_ms % MINUTE_MS


def ceil_minute(at_ms: int) -> int:
    return -(-at_ms // MINUTE_MS) * MINUTE_MS


def utc_text(at_ms: int) -> str:
    """``2025-03-31 10:22 UTC``."""
    import time

    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at_ms // 1000))


def span_text(span_ms: int) -> str:
    """``24h``, ``7d``, ``90m``: the span in the largest unit that is whole; a day is said as 24h."""
    for unit, size in (("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS)):
        if span_ms >= size and span_ms % size == 0 and span_ms != DAY_MS:
            return f"{span_ms // size}{unit}"
    return "24h" if span_ms == DAY_MS else f"{span_ms // 1000}s"
