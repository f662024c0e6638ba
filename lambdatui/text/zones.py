"""The zone of time in which this process shows times, where it is not UTC."""

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from collectors.model.errors import ExitCode, LambdatuiError
from lambdatui.text.wall_clock import BEGIN

LOCAL = "local"
_UTC_NAMES = frozenset(("utc", "z", "zulu", "gmt", "etc/utc"))
# What people call a zone, where IANA has it under a city's name only.
_CITIES = {
    "aedt": "Australia/Sydney", "aest": "Australia/Sydney", "brt": "America/Sao_Paulo", "bst": "Europe/London",
    "cdt": "America/Chicago", "cest": "Europe/Berlin", "cst": "America/Chicago", "edt": "America/New_York",
    "ist": "Asia/Kolkata", "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "mdt": "America/Denver", "msk": "Europe/Moscow",
    "nzdt": "Pacific/Auckland", "nzst": "Pacific/Auckland", "pdt": "America/Los_Angeles",
    "pst": "America/Los_Angeles", "sgt": "Asia/Singapore",
}  # fmt: skip


class UnknownZone(LambdatuiError, ValueError):
    """No zone of time has that name; the message says which is near, or what can be named."""

    exit_code = ExitCode.WRONG_USAGE


class MachineZone(tzinfo):
    """The zone that the C library counts local time in, whatever TZ or the machine says it is."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """How far the clock on the wall is ahead of UTC at that moment of it."""
        wall = (moment or BEGIN).replace(tzinfo=None)
        return wall - datetime.fromtimestamp(wall.timestamp(), UTC).replace(tzinfo=None)

    def tzname(self, moment: datetime | None) -> str:
        """Its name at that moment, such as ``CET``."""
        return (moment or BEGIN).replace(tzinfo=None).astimezone().tzname() or ""

    def dst(self, moment: datetime | None) -> None:
        """Not known, and not asked for."""

    def fromutc(self, moment: datetime) -> datetime:
        """The clock on the wall at a moment of UTC."""
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)


_named: list[str] = []  # the zone that was named for this process, if one was


def typed_zone() -> tzinfo:
    """The zone of times that are typed without one: the zone that ``use_zone`` named, else UTC."""
    return MachineZone() if _named else UTC


def forget() -> bool:
    """No zone is named from now on; whether one was."""
    was, _named[:] = bool(_named), []
    return was


def is_utc(name: str) -> bool:
    """Whether a zone's name is one of UTC's."""
    return name.strip().lower() in _UTC_NAMES


def zone_of(name: str) -> tzinfo:
    """``UTC``, ``local`` or a zone of IANA's, such as ``Europe/Berlin``, in any case. Raises ``UnknownZone``."""
    if is_utc(name):
        return UTC
    if name.strip().lower() == LOCAL:
        return MachineZone()
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    typed = name.strip().replace(" ", "_")
    try:
        return ZoneInfo(typed)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = _known_zones()
    if typed.lower() in known:
        return ZoneInfo(known[typed.lower()])
    raise UnknownZone(f"{name!r} is no zone of time{_near(typed.lower(), known)}")


def use_zone(name: str) -> None:
    """Has this process, and those that it starts, count local time in the zone. Raises ``UnknownZone``."""
    zone = zone_of(name)
    key = "UTC" if zone is UTC else getattr(zone, "key", None)
    if key is not None:
        os.environ["TZ"] = _for_c_library(str(key))
        time.tzset()
    _named[:] = [name]


def _for_c_library(key: str) -> str:
    """TZ's value for a zone: its name, or the file that has it where the C library would not look for that."""
    if os.path.exists(f"/usr/share/zoneinfo/{key}"):
        return key
    from importlib.util import find_spec
    from zoneinfo import TZPATH

    package = find_spec("tzdata")
    places = (package.submodule_search_locations if package else None) or ()
    folders = (*TZPATH, *(os.path.join(place, "zoneinfo") for place in places))
    return next((f":{folder}/{key}" for folder in folders if os.path.exists(f"{folder}/{key}")), key)


@cache
def _known_zones() -> dict[str, str]:
    """IANA's names by their small letters."""
    from zoneinfo import available_timezones

    return {name.lower(): name for name in available_timezones()}


def _near(typed: str, known: dict[str, str]) -> str:
    """What to say after a name that is none."""
    from difflib import get_close_matches

    allowed = "use local, UTC or a name of IANA's such as Europe/Berlin"
    if not known:
        return ": this machine has no time zones; pip install tzdata, or use local or UTC"
    city = _CITIES.get(typed) or next((n for low, n in sorted(known.items()) if low.rpartition("/")[2] == typed), None)
    if city is None:
        near = get_close_matches(typed, known, n=1, cutoff=0.75)
        cities = {low.rpartition("/")[2]: name for low, name in sorted(known.items(), reverse=True)}
        near = near or get_close_matches(typed.rpartition("/")[2], cities, n=1, cutoff=0.75)
        city = known.get(near[0], cities.get(near[0])) if near else None
    return f": did you mean {city}?" if city else f": {allowed}"
