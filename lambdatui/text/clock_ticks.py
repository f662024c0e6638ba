"""Round moments of the clock, at which a chart's axis of time is written."""

import calendar
import time
from collections.abc import Iterator

from collectors.model.units import DAY_MS, DAY_S, HOUR_MS, MINUTE_MS

_APART = 2  # cells between two times
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2)
_WEEKS = (1, 2)
_MONTHS = (1, 3, 6, 12, 60, 120)
_CLOCK, _DATE, _MONTH = len("14:05"), len("30 Nov"), len("Nov 2026")
_LAST_YEAR = 9998


def clock_ticks(from_ms: int, to_ms: int, width: int, *, utc: bool) -> list[tuple[int, str]]:
    """Moments (epoch ms) in ``[from_ms, to_ms)`` and their texts, as many as fit side by side into ``width`` cells.

    They are full minutes, hours, days, Mondays or months of the shown zone, whatever the offset: ``14:05``, ``30 Nov``
    at midnight, ``Nov 2026`` where months are told. Days before 1970 and after 9998 have none.
    """
    span = max(1, to_ms - from_ms)
    if not 0 <= from_ms < to_ms or to_ms > _LAST_YEAR * 366 * DAY_MS:
        return []

    def room(interval_ms: int, text: int) -> bool:
        return interval_ms * width >= (text + _APART) * span

    for minutes in _MINUTES:
        # A midnight among them is written as a date.
        text = _CLOCK if span < HOUR_MS or minutes * MINUTE_MS * width < (_DATE + _APART) * span else _DATE
        if room(minutes * MINUTE_MS, text):
            return [(at_ms, _clock_text(moment)) for at_ms, moment in _of_days(from_ms, to_ms, minutes, utc=utc)]
    for days in _DAYS:
        if room(days * DAY_MS, _DATE):
            every = _of_days(from_ms, to_ms, 1440, utc=utc)
            return [(at_ms, _date(moment)) for at_ms, moment in every if _day_number(moment) % days == 0]
    for weeks in _WEEKS:
        if room(weeks * 7 * DAY_MS, _DATE):
            every = _of_days(from_ms, to_ms, 1440, utc=utc)
            mondays = ((at_ms, moment) for at_ms, moment in every if moment.tm_wday == 0)
            return [(at_ms, _date(moment)) for at_ms, moment in mondays if _day_number(moment) // 7 % weeks == 0]
    months = next((each for each in _MONTHS if room(each * 30 * DAY_MS, _MONTH)), _MONTHS[-1])
    return [(at_ms, _month(moment)) for at_ms, moment in _of_months(from_ms, to_ms, months, utc=utc)]


def _moment(at_ms: int, utc: bool) -> time.struct_time:
    return time.gmtime(at_ms // 1000) if utc else time.localtime(at_ms // 1000)


def _epoch_ms(year: int, month: int, day: int, minute: int, utc: bool) -> int:
    """Epoch ms of a wall clock's time; days and minutes may lie beyond their month or day."""
    if utc:
        months = year * 12 + month - 1
        return (calendar.timegm((months // 12, months % 12 + 1, 1, 0, 0, 0)) + (day - 1) * DAY_S + minute * 60) * 1000
    return int(time.mktime((year, month, day, minute // 60, minute % 60, 0, 0, 0, -1))) * 1000


def _of_days(from_ms: int, to_ms: int, minutes: int, *, utc: bool) -> Iterator[tuple[int, time.struct_time]]:
    """Every so many minutes of each day, from its midnight on."""
    first = _moment(from_ms, utc)
    for number in range((to_ms - from_ms) // DAY_MS + 2):
        for minute in range(0, 1440, minutes):
            at_ms = _epoch_ms(first.tm_year, first.tm_mon, first.tm_mday + number, minute, utc)
            if at_ms >= to_ms:
                return
            if at_ms >= from_ms:
                yield at_ms, _moment(at_ms, utc)


def _of_months(from_ms: int, to_ms: int, months: int, *, utc: bool) -> Iterator[tuple[int, time.struct_time]]:
    first = _moment(from_ms, utc)
    begin = (first.tm_year * 12 + first.tm_mon - 1) // months * months
    for number in range(begin, begin + (to_ms - from_ms) // (28 * DAY_MS) + months + 2, months):
        at_ms = _epoch_ms(number // 12, number % 12 + 1, 1, 0, utc)
        if from_ms <= at_ms < to_ms:
            yield at_ms, _moment(at_ms, utc)


def _clock_text(moment: time.struct_time) -> str:
    return time.strftime("%H:%M", moment) if moment.tm_hour or moment.tm_min else _date(moment)


def _date(moment: time.struct_time) -> str:
    return f"{moment.tm_mday} {_NAMES[moment.tm_mon - 1]}"


def _month(moment: time.struct_time) -> str:
    return f"{_NAMES[moment.tm_mon - 1]} {moment.tm_year}"


_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day_number(moment: time.struct_time) -> int:
    """Days since 1970-01-05, a Monday, by the calendar."""
    return calendar.timegm((moment.tm_year, moment.tm_mon, moment.tm_mday, 0, 0, 0)) // DAY_S - 4
