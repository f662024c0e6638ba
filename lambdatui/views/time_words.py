"""Times and spans as people say them: ``3h``, ``yesterday 09:30``, ``last week``, ``2026-11-01..2026-11-07``.

The command line, the configuration and the prompt of the screens read them here. Nothing here reads a clock: ``now_ms``
is passed in. Times are epoch milliseconds, UTC; words that name no zone are of the ``zone`` that is passed in.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from lambdatui.text.wall_clock import WallClock
from lambdatui.views.presets import RangeError, ceil_minute, preset_ms
from lambdatui.views.time_vocabulary import DAY_WORDS, UNIT_OF, UNITS_MS, WEEKDAYS, corrected
from lambdatui.views.zone_words import NAMED_ZONE, is_zone, names_zone, zone_apart

_MAX_MS = 253_402_300_800_000  # the year 10000, where datetime ends

_LENGTH = re.compile(r"(?:\d{1,7} ?[a-z]+ ?)+")
_PART = re.compile(r"(\d+) ?([a-z]+)")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")
_HALF_DAY = re.compile(r"(\d{1,2})(?::(\d{2}))? ?([ap])\.?m\.?")
_HOURS = re.compile(r"(\d{1,2}:\d{2}) ?[-\N{EN DASH}] ?(\d{1,2}:\d{2})")
_EPOCH = re.compile(r"-?\d+(\.\d+)?")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")

TIMES = (
    "now, 3h (ago), 09:30, yesterday 14:00, monday, last week, ISO 8601 (2026-11-01, 2026-11-01T10:22:00Z) or epoch "
    "seconds"
)
"""What can be typed for a time."""


class NoTime(RangeError):
    """Words that are no time, or no range; ``brief`` says so without the list of what can be typed."""

    def __init__(self, text: str, near: str, *, kind: str = "time", allowed: str = TIMES) -> None:
        self.near = near
        self.brief = f"{text!r} is no {kind}{f'; did you mean {near}?' if near else ''}"
        super().__init__(f"{self.brief}{' Use' if near else ': use'} {allowed}")


@dataclass(frozen=True, slots=True)
class Period:
    """``[start_ms, end_ms)``; both are the same for a moment, such as ``09:30``.

    ``ahead``: it is said relative to now, so an end that is still to come is now. ``spans``: it is a day or longer.
    """

    start_ms: int
    end_ms: int
    ahead: bool = False
    spans: bool = False


def period(text: str, now_ms: int, zone: tzinfo, *, after_ms: int | None = None) -> Period:
    """What the words mean at ``now_ms``. Raises ``RangeError``, which says what can be typed.

    A time of day, or a weekday, is the last one that is not still to come; with ``after_ms`` the first after that, and
    ``+2h`` so long after it. Times that a clock skipped are where it skipped them; of times that it showed twice, the
    earlier one begins and the later one ends.
    """
    typed = " ".join(text.split())
    body, named, offset = zone_apart(typed, zone, now_ms)
    words = re.sub(r"(?<=[a-z])[-_](?=[a-z])", " ", body.lower())
    asked = _Asked(words, ceil_minute(now_ms), now_ms, WallClock(named, offset), after_ms)
    for read in (_epoch, _now, _length, _day_and_clock, _iso):
        try:
            meant = read(asked)
        except (OverflowError, ValueError, OSError) as error:
            if isinstance(error, RangeError):
                raise
            raise RangeError(f"{text!r} is not between 1970 and 9999") from None
        if meant is not None:
            if not (0 <= meant.start_ms < _MAX_MS and 0 <= meant.end_ms < _MAX_MS):
                raise RangeError(f"{text!r} is not between 1970 and 9999")
            return meant
    raise NoTime(text, corrected(words))


def range_words(text: str) -> "tuple[str, str] | None":
    """The words for the begin and the end of ``A..B`` or ``A to B``, each empty where it is left open; else None."""
    typed = " ".join(text.split())
    if hours := _HOURS.fullmatch(typed):
        return hours[1], hours[2]
    for separator in ("..", " to ", " - ", " \N{EN DASH} "):
        first, between, last = typed.partition(separator)
        if between:
            break
    else:
        return None
    first, last = first.strip(), last.strip(" .")
    zone = NAMED_ZONE.fullmatch(last)
    if zone and is_zone(zone[2]) and first and not names_zone(first):
        first = f"{first} {zone[2]}"  # 09:00..11:00 Europe/Berlin: both
    return first, last


def preset_words(text: str) -> str | None:
    """``3h`` for ``3h``, ``last 3h``, ``past 3 hours``, ``1h`` for ``last hour``: spans that end now. Else None."""
    words = " ".join(text.lower().replace("-", " ").split())
    if words in ("mtd", "all"):
        return words
    for before in ("last ", "past "):
        words = words.removeprefix(before)
    if words in ("hour", "minute"):
        words = f"1{words[0]}"
    part = _PART.fullmatch(words)
    unit = UNIT_OF.get(part[2]) if part else None
    if part is None or unit not in ("m", "h", "d", "w"):
        return None
    preset = f"{int(part[1])}{unit}"
    preset_ms(preset)
    return preset


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """The words to read, without a zone, and all that they are read by."""

    words: str
    minute_ms: int
    now_ms: int
    wall: WallClock
    after_ms: int | None

    @property
    def today(self) -> date:
        return self.wall.shown(self.now_ms).date()


def _epoch(asked: _Asked) -> Period | None:
    if not _EPOCH.fullmatch(asked.words) or re.fullmatch(r"(19|20)\d{2}(\d{4})?", asked.words):
        return None
    number = float(asked.words)
    at_ms = int(number if abs(number) >= 1e11 else number * 1000)
    return Period(at_ms, at_ms)


def _now(asked: _Asked) -> Period | None:
    return Period(asked.minute_ms, asked.minute_ms, ahead=True) if asked.words == "now" else None


def _length(asked: _Asked) -> Period | None:
    """``3h``, ``1h30m``, ``90 minutes ago``; ``+2h`` after the begin of a range."""
    words, plus = asked.words.removesuffix(" ago"), asked.words.startswith("+")
    words = words[1:].strip() if plus else words
    if not _LENGTH.fullmatch(words):
        return None
    parts = _PART.findall(words)
    if not all(unit in UNIT_OF for _, unit in parts):
        return None
    length_ms = sum(int(figure) * UNITS_MS[UNIT_OF[unit]] for figure, unit in parts)
    if not plus:
        at_ms = asked.minute_ms - length_ms
    elif asked.after_ms is None:
        raise RangeError(f"{asked.words!r} is for the end of a range that has a begin, such as 09:30..{asked.words}")
    else:
        at_ms = asked.after_ms + length_ms
    return Period(at_ms, at_ms, ahead=plus)


def _day_and_clock(asked: _Asked) -> Period | None:
    """A day, a time of day, or both in either order."""
    if (clock := _clock(asked.words)) is not None:
        return _clock_alone(asked, *clock)
    if (days := _days(asked, asked.words, asked.after_ms)) is not None:
        return Period(asked.wall.day_ms(days.first), asked.wall.day_ms(days.after), days.ahead, spans=True)
    for cut in [match.start() for match in re.finditer(r"[ t](?=\d)| ", asked.words)]:
        before, after = asked.words[:cut].removesuffix(" at"), asked.words[cut + 1 :].removeprefix("at ")
        for day_words, clock_words in ((before, after), (after, before)):
            clock, days = _clock(clock_words), _days(asked, day_words, asked.after_ms)
            if clock is not None and days is not None:
                if (days.after - days.first).days != 1:
                    raise RangeError(f"{day_words!r} is more than a day: a time of day needs one")
                first, last = _clock_on(asked, days.first, *clock)
                return Period(first, last, days.ahead)
    return None


def _clock_on(asked: _Asked, day: date, clock: time, later: int) -> tuple[int, int]:
    moment = datetime.combine(day + timedelta(later), clock)
    return asked.wall.ms(moment), asked.wall.ms(moment, late=True)


def _clock_alone(asked: _Asked, clock: time, later: int) -> Period:
    """A time of day without its day."""
    if asked.after_ms is None:
        step, day = -1, asked.today
        fits: Callable[[int], bool] = lambda at_ms: at_ms <= asked.minute_ms  # noqa: E731
    else:
        after_ms = asked.after_ms
        step, day = 1, asked.wall.shown(after_ms).date()
        fits = lambda at_ms: at_ms > after_ms  # noqa: E731
    for _ in range(4):
        first, last = _clock_on(asked, day, clock, later)
        if fits(first):
            return Period(first, last, ahead=True)
        day += timedelta(step)
    raise RangeError(f"{asked.words!r} is not between 1970 and 9999")


def _clock(words: str) -> "tuple[time, int] | None":
    """A time of day, and how many days later than its day: one for ``24:00``."""
    if words in ("noon", "midnight"):
        return (time(12) if words == "noon" else time()), 0
    if match := _HALF_DAY.fullmatch(words):
        hour, minute = int(match[1]), int(match[2] or 0)
        if not (1 <= hour <= 12 and minute < 60):
            raise RangeError(f"{words!r} is no time of day: use 09:30 or 9:30pm")
        return time(hour % 12 + 12 * (match[3] == "p"), minute), 0
    match = _CLOCK.fullmatch(words)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    fraction = int((match[4] or "").ljust(6, "0"))
    if (hour, minute, second, fraction) == (24, 0, 0, 0):
        return time(), 1
    if hour > 23 or minute > 59 or second > 59:
        raise RangeError(f"{words!r} is no time of day: use 00:00 to 24:00")
    return time(hour, minute, second, fraction), 0


@dataclass(frozen=True, slots=True)
class _Days:
    first: date
    after: date
    """The first day that is not part of it."""
    ahead: bool = False


def _days(asked: _Asked, words: str, after_ms: int | None) -> _Days | None:
    today = asked.today
    day = timedelta(1)
    if words in DAY_WORDS:
        first = today - day * DAY_WORDS.index(words)
        return _Days(first, first + day, ahead=True)
    if _DATE.fullmatch(words):
        try:
            first = date.fromisoformat(words)
        except ValueError:
            raise RangeError(f"there is no day {words}") from None
        return _Days(first, first + day)
    if _YEAR.fullmatch(words):
        return _Days(date(int(words), 1, 1), date(int(words) + 1, 1, 1))
    if month := _MONTH.fullmatch(words):
        if not 1 <= int(month[2]) <= 12:
            raise RangeError(f"there is no month {words}")
        first = date(int(month[1]), int(month[2]), 1)
        return _Days(first, _next_month(first))
    which, _, name = words.rpartition(" ")
    if which not in ("", "last", "this"):
        return None
    weekday = next((n for n, full in enumerate(WEEKDAYS) if name in (full, full[:3], full[:4])), None)
    if weekday is not None:
        return _weekday(asked, weekday, which, after_ms)
    if not which or name not in ("week", "month", "year"):
        return None
    return _calendar(today, name, last=which == "last")


def _weekday(asked: _Asked, weekday: int, which: str, after_ms: int | None) -> _Days:
    day = timedelta(1)
    if after_ms is not None and not which:
        begin = asked.wall.shown(after_ms).date()
        first = begin + day * ((weekday - begin.weekday()) % 7)
    else:
        first = asked.today - day * ((asked.today.weekday() - weekday) % 7)
        if which == "last" and first == asked.today:
            first -= 7 * day
    return _Days(first, first + day, ahead=True)


def _calendar(today: date, name: str, *, last: bool) -> _Days:
    """This or the last calendar week, from Monday, or month, or year."""
    if name == "week":
        first = today - timedelta(today.weekday() + 7 * last)
        return _Days(first, first + timedelta(7), ahead=True)
    if name == "month":
        first = today.replace(day=1)
        first = (first - timedelta(1)).replace(day=1) if last else first
        return _Days(first, _next_month(first), ahead=True)
    return _Days(date(today.year - last, 1, 1), date(today.year - last + 1, 1, 1), ahead=True)


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(4)).replace(day=1)


def _iso(asked: _Asked) -> Period | None:
    """Other forms of ISO 8601: ``20261101T0930``, ``2026-W48``."""
    try:
        moment = datetime.fromisoformat(asked.words.upper())
    except ValueError:
        return None
    return Period(asked.wall.ms(moment), asked.wall.ms(moment, late=True)) if moment.tzinfo is None else None
