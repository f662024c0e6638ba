"""Ranges that have a name, such as ``24h``, ``mtd`` and ``all``, and where they begin and end.

Nothing is imported before it is needed: the first frame is asked for with it. Times are epoch milliseconds, UTC.
"""

from collectors.model.errors import ExitCode, LambdatuiError
from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from collectors.store.spans import whole_from
from lambdatui.text.figures import moment_text

PRESETS = ("1h", "24h", "7d", "30d", "mtd", "all")
DEFAULT_PRESET = "24h"

_UNIT_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}

Ends = tuple[int, int, str]
"""``from_ms``, ``to_ms``, and the words for it: ``last 24h``, ``month to date``."""


class RangeError(LambdatuiError, ValueError):
    """A range that cannot be read; the message says what was given and what can be."""

    exit_code = ExitCode.WRONG_USAGE


def at_now(preset: str, now_ms: int, newest_ms: int | None, oldest_ms: int | None, *, utc: bool = True) -> Ends:
    """The range at ``now_ms``; at ``newest_ms`` where the newest invocation is older than the whole range.

    A store of old data would show nothing otherwise; the words then say that it is not now. ``oldest_ms`` is asked
    for by ``all`` only. ``utc``: the words tell times in UTC, not in this process's zone. Raises ``RangeError``.
    """
    fresh = ending(preset, ceil_minute(now_ms), "", oldest_ms)
    if newest_ms is None:
        return fresh
    end = ceil_minute(newest_ms + 1)
    if preset == "all":
        if now_ms - newest_ms > DAY_MS:
            return ending(preset, end, f", to {moment_text(newest_ms, utc=utc)}", oldest_ms)
        return ending(preset, max(fresh[1], end), "", oldest_ms)
    if newest_ms >= fresh[0]:
        return fresh
    return ending(preset, end, f" of data, to {moment_text(newest_ms, utc=utc)}", oldest_ms)


def ending(preset: str, end_ms: int, suffix: str, oldest_ms: int | None) -> Ends:
    """The range of that name that ends at ``end_ms``, a full minute. Raises ``RangeError``."""
    if preset == "all":
        start = floor_minute(oldest_ms) if oldest_ms is not None else end_ms - DAY_MS
        return begin(min(start, end_ms - MINUTE_MS), end_ms), end_ms, f"all data{suffix}"
    if preset == "mtd":
        # Lambda bills UTC calendar months. A range that ends exactly at midnight on the 1st is the month before.
        return month_start_ms(end_ms - 1), end_ms, f"month to date{suffix}"
    start = max(0, end_ms - preset_ms(preset))
    return begin(start, end_ms), end_ms, f"last {preset}{suffix}"


def begin(from_ms: int, to_ms: int) -> int:
    """Where a range begins once it is aligned by ``whole_from``.

    It is aligned twice, because beginning at a full hour can make it long enough to begin at midnight.
    """
    return whole_from(whole_from(from_ms, to_ms), to_ms)


def preset_ms(preset: str) -> int:
    """The length in ms of a preset such as ``15m``, ``1h``, ``7d``, ``2w``. Raises ``RangeError``."""
    figure, unit = preset.strip()[:-1], preset.strip()[-1:]
    if unit not in _UNIT_MS or not (figure.isascii() and figure.isdigit()) or len(figure) > 6 or not int(figure):
        raise RangeError(f"{preset!r} is no range: use one of {', '.join(PRESETS)}, or a number of m, h, d or w")
    return int(figure) * _UNIT_MS[unit]


def check_preset(preset: str) -> str:
    """``preset`` as given if it names a range, else ``RangeError``."""
    if preset not in ("mtd", "all"):
        preset_ms(preset)
    return preset


def month_start_ms(at_ms: int) -> int:
    """The first moment of the UTC calendar month that holds ``at_ms``."""
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1000


def floor_minute(at_ms: int) -> int:
    """The beginning of the minute, epoch ms."""
    return at_ms - at_ms % MINUTE_MS


def ceil_minute(at_ms: int) -> int:
    """The end of the minute, epoch ms; a full minute is its own end."""
    return -(-at_ms // MINUTE_MS) * MINUTE_MS
