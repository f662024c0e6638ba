"""EventBridge's schedule expressions: ``rate(5 minutes)``, six-field ``cron(...)``, ``at(...)``, in UTC or a time zone.

EventBridge User Guide, "Setting a schedule pattern for scheduled rules": minutes, hours, day of month, month, day of
week, year; ``* , - /`` everywhere, ``?`` in exactly one of the two day fields, ``L`` and ``W`` in day of month, ``L``
and ``#`` in day of week, where Sunday is 1. Other cron parsers read the sixth field as seconds, or Sunday as 0.

EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler": ``at(2026-01-31T09:00:00)`` happens once. A
local time that clocks skip in spring is skipped, and one that they repeat in autumn happens once.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from collectors.model.errors import CaughtError
from collectors.model.units import DAY_S, HOUR_S

_RATE = re.compile(r"rate\((\d+) (minutes?|hours?|days?)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_SECONDS = {"minute": 60, "hour": HOUR_S, "day": DAY_S}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
FIRST_YEAR, LAST_YEAR = 1970, 2199


class ScheduleError(CaughtError, ValueError):
    """An expression that EventBridge would refuse; the text says why."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``rate(...)``: a number of seconds between two calls."""

    seconds: int

    def after(self, moment: datetime) -> datetime | None:
        """The next time after ``moment``, counted from it."""
        return moment + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Once:
    """``at(...)``: one moment."""

    moment: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The moment, where it is still to come."""
        return self.moment if self.moment > moment else None


@dataclass(frozen=True, slots=True)
class ZonedCron:
    """``cron(...)`` in the local times of a time zone."""

    cron: "Cron"
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """The first time after ``moment`` in UTC, or None when there is none until 2199."""
        # The expression is asked in local times that are taken for UTC.
        local = moment.astimezone(self.zone).replace(tzinfo=UTC)
        while (next_local := self.cron.after(local)) is not None:
            time = next_local.replace(tzinfo=self.zone).astimezone(UTC)
            exists = time.astimezone(self.zone).replace(tzinfo=UTC) == next_local
            if exists and time > moment:
                return time
            local = next_local
        return None


@dataclass(frozen=True)
class Cron:
    """``cron(...)`` in UTC. The two fields of days stay as written, because the days that they mean differ by month."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    def after(self, moment: datetime) -> datetime | None:
        """The first time after ``moment``, or None when there is none until 2199."""
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in sorted(year for year in self.years if year >= start.year):
            for month in sorted(self.months):
                if (year, month) < (start.year, start.month):
                    continue
                for day in self._days(year, month):
                    if (year, month, day) < (start.year, start.month, start.day):
                        continue
                    time = self._first_time(year, month, day, start)
                    if time is not None:
                        return time
        return None

    def _first_time(self, year: int, month: int, day: int, start: datetime) -> datetime | None:
        today = (year, month, day) == (start.year, start.month, start.day)
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                if not today or (hour, minute) >= (start.hour, start.minute):
                    return datetime(year, month, day, hour, minute, tzinfo=UTC)
        return None

    def _days(self, year: int, month: int) -> list[int]:
        length = calendar.monthrange(year, month)[1]
        if self.day_of_month != "?":
            return [day for day in sorted(self._month_days(year, month, length)) if 1 <= day <= length]
        return sorted(self._week_days(year, month, length))

    def _month_days(self, year: int, month: int, length: int) -> set[int]:
        field = self.day_of_month
        if field == "L":
            return {length}
        if field == "LW":
            return {_nearest_weekday(year, month, length, length)}
        if field.endswith("W"):
            day = int(field[:-1])
            return {_nearest_weekday(year, month, day, length)} if day <= length else set()
        return set(self._plain_days)

    @cached_property
    def _plain_days(self) -> frozenset[int]:
        return _set(self.day_of_month, 1, 31, {}, "day of month")

    @cached_property
    def _plain_week_days(self) -> frozenset[int]:
        return _set(self.day_of_week, 1, 7, _DAYS, "day of week")

    def _week_days(self, year: int, month: int, length: int) -> set[int]:
        field = self.day_of_week
        if field == "L":
            field = "7"
        if "#" in field:
            day, nth = field.split("#")
            days = [number for number in range(1, length + 1) if _week_day(year, month, number) == _day_number(day)]
            return {days[int(nth) - 1]} if int(nth) <= len(days) else set()
        if len(field) > 1 and field.endswith("L"):
            last = _day_number(field[:-1])
            return {max(number for number in range(1, length + 1) if _week_day(year, month, number) == last)}
        allowed = self._plain_week_days if self.day_of_week != "L" else frozenset({7})
        return {number for number in range(1, length + 1) if _week_day(year, month, number) in allowed}


Schedule = Rate | Cron | ZonedCron | Once


def parse_in_zone(expression: str, zone_name: str | None = None) -> Schedule:
    """The schedule of an expression in the time zone of an IANA name, by default UTC. Raises ScheduleError."""
    zone = _zone(zone_name or "UTC")
    if expression.startswith("at("):
        match = _AT.fullmatch(expression)
        try:
            return Once(datetime.fromisoformat(match[1] if match else "").replace(tzinfo=zone).astimezone(UTC))
        except ValueError as error:
            raise ScheduleError(f"{expression!r}: give at(yyyy-mm-ddThh:mm:ss)") from error
    schedule = parse(expression)
    return ZonedCron(schedule, zone) if isinstance(schedule, Cron) and zone_name else schedule


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ScheduleError(f"{name!r} is no time zone: give a name such as Europe/Berlin") from error


def parse(expression: str) -> Rate | Cron:
    """The schedule of a rule's expression, in UTC. Raises ScheduleError."""
    if expression.startswith("rate("):
        return _rate(expression)
    if not (expression.startswith("cron(") and expression.endswith(")")):
        raise ScheduleError(f"{expression!r} is neither rate(...) nor cron(...)")
    fields = expression[5:-1].split()
    if len(fields) != 6:
        raise ScheduleError(f"{expression!r} has {len(fields)} fields, not 6: minutes hours day month weekday year")
    minutes, hours, day, month, week_day, year = (field.upper() for field in fields)
    if (day == "?") == (week_day == "?"):
        raise ScheduleError(f"{expression!r}: exactly one of day of month and day of week must be ?")
    cron = Cron(
        _set(minutes, 0, 59, {}, "minutes"),
        _set(hours, 0, 23, {}, "hours"),
        day,
        _set(month, 1, 12, _MONTHS, "month"),
        week_day,
        _set(year, FIRST_YEAR, LAST_YEAR, {}, "year"),
    )
    _check_days(cron, expression)
    return cron


def _rate(expression: str) -> Rate:
    match = _RATE.fullmatch(expression)
    if match is None:
        raise ScheduleError(f"{expression!r}: give rate(VALUE minute|minutes|hour|hours|day|days)")
    value, unit = int(match[1]), match[2]
    if value < 1 or (value == 1) == unit.endswith("s"):
        raise ScheduleError(f"{expression!r}: a positive value, with a singular unit for 1 and a plural one for more")
    return Rate(value * _SECONDS[unit.rstrip("s")])


def _check_days(cron: Cron, expression: str) -> None:
    day, week_day = cron.day_of_month, cron.day_of_week
    if day != "?":
        weekday = re.fullmatch(r"(\d{1,2})W", day)
        if weekday and not 1 <= int(weekday[1]) <= 31:
            raise ScheduleError(f"{expression!r}: there is no day {weekday[1]}")
        if day not in ("L", "LW") and not weekday:
            _ = cron._plain_days
        return
    nth = re.fullmatch(r"([1-7]|[A-Z]{3})#(\d)", week_day)
    last = re.fullmatch(r"([1-7]|[A-Z]{3})L", week_day)
    if nth and not 1 <= int(nth[2]) <= 5:
        raise ScheduleError(f"{expression!r}: # is followed by 1 to 5")
    if nth or last:
        _day_number((nth or last)[1])  # type: ignore[index]
    elif week_day != "L":
        _ = cron._plain_week_days


def _set(field: str, least: int, most: int, names: dict[str, int], title: str) -> frozenset[int]:
    """The values that a field allows. ``names`` are words for some of them; errors call the field ``title``."""
    values: set[int] = set()
    for part in field.split(","):
        base, slash, step_text = part.partition("/")
        if slash and not re.fullmatch(r"[1-9]\d{0,3}", step_text):
            raise ScheduleError(f"{title}: {part!r} has no step")
        step = int(step_text) if slash else 1
        if base == "*":
            low, high = least, most
        elif "-" in base:
            low_text, _, high_text = base.partition("-")
            low, high = _number(low_text, names, title), _number(high_text, names, title)
        else:
            low = _number(base, names, title)
            high = most if slash else low
        if not (least <= low <= most and least <= high <= most):
            raise ScheduleError(f"{title}: {part!r} is outside {least} to {most}")
        if low <= high:
            values.update(range(low, high + 1, step))
        elif names:  # a range of names may wrap: FRI-MON over the end of the week, NOV-FEB over that of the year
            values.update([*range(low, most + 1), *range(least, high + 1)][::step])
        else:
            raise ScheduleError(f"{title}: {part!r} ends before it begins")
    return frozenset(values)


def _number(text: str, names: dict[str, int], title: str) -> int:
    if text in names:
        return names[text]
    if not re.fullmatch(r"\d{1,4}", text):
        raise ScheduleError(f"{title}: {text!r} is no value")
    return int(text)


def _day_number(text: str) -> int:
    return _number(text, _DAYS, "day of week")


def _week_day(year: int, month: int, day: int) -> int:
    """The day of the week, where Sunday is 1."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    """The day from Monday to Friday that is nearest to ``day``, in the same month."""
    week_day = calendar.weekday(year, month, day)
    if week_day == 5:
        return day - 1 if day > 1 else day + 2
    if week_day == 6:
        return day + 1 if day < length else day - 2
    return day
