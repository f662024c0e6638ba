"""The zone that ends the words for a time: ``Z``, ``+02:00``, ``CEST``, ``Europe/Berlin``."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from lambdatui.text.wall_clock import BEGIN
from lambdatui.text.zones import UnknownZone, zone_of
from lambdatui.views.presets import RangeError
from lambdatui.views.time_vocabulary import is_word

_ZONED = re.compile(r"(.*\S) ?(Z|[+-]\d{2}(?::?\d{2})?)", re.ASCII)
NAMED_ZONE = re.compile(r"(.*\S) ([A-Za-z]{2,5}|[A-Za-z_]+/[A-Za-z_/+-]+\d*|UTC[+-]\d{2}(?::\d{2})?)", re.ASCII)
_CLOCK_AT_END = re.compile(r"\d:\d{2}(:\d{2}(\.\d+)?)?$|\dT\d{2,6}(\.\d+)?$|[ap]m$", re.IGNORECASE)
_DAY_BEFORE = re.compile(r"\d{4}-?\d{2}-?\d{2}[T ]", re.IGNORECASE)  # 09:30-11:00 is no time 11 hours behind UTC


def zone_apart(typed: str, zone: tzinfo, now_ms: int) -> tuple[str, tzinfo, timedelta | None]:
    """The words before a zone that they name, that zone, and how far it is ahead of UTC where that was said."""
    if match := _offset_apart(typed):
        return match[1], UTC, _offset(match[2])
    match = NAMED_ZONE.fullmatch(typed)
    if match is None or is_word(match[2]):
        return typed, zone, None
    name = match[2]
    if name.upper().startswith("UTC") and len(name) > 3:
        return match[1], UTC, _offset(name[3:])
    try:
        for known in (zone, None) if "/" not in name else ():
            known = known or zone_of(name)
            if (offset := _of_abbreviation(name, known, match[1], now_ms)) is not None:
                return match[1], known, offset
        return match[1], zone_of(name), None
    except UnknownZone as error:
        if "/" in name or _CLOCK_AT_END.search(match[1]):
            raise RangeError(str(error)) from None
        return typed, zone, None


def _offset_apart(typed: str) -> "re.Match[str] | None":
    match = _ZONED.fullmatch(typed)
    if match is None or not _CLOCK_AT_END.search(match[1]):
        return None
    return match if match[2] == "Z" or _DAY_BEFORE.match(match[1]) else None


def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta()
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -ahead if text[0] == "-" else ahead


def _of_abbreviation(name: str, zone: tzinfo, words: str, now_ms: int) -> timedelta | None:
    """How far ``CEST`` is ahead of UTC, where the zone is called so at some time of the year that is meant."""
    year = re.search(r"\b(\d{4})-?\d{2}", words)
    about = datetime(int(year[1]), 1, 1) if year and int(year[1]) > 1 else BEGIN + timedelta(milliseconds=now_ms)
    for month in range(1, 13):
        moment = about.replace(month=month, day=15, tzinfo=zone)
        if (moment.tzname() or "").upper() == name.upper() and moment.utcoffset() is not None:
            return moment.utcoffset()
    return None


def is_zone(name: str) -> bool:
    """Whether it names a zone, such as ``Europe/Berlin``, and is no word for a time."""
    if is_word(name):
        return False
    try:
        zone_of(name)
    except UnknownZone:
        return False
    return True


def names_zone(words: str) -> bool:
    """Whether words for a time end with their zone: ``09:30 CET``, ``2026-11-01T10:00+02:00``."""
    named = NAMED_ZONE.fullmatch(words)
    return _offset_apart(words) is not None or bool(
        named and not is_word(named[2]) and (_CLOCK_AT_END.search(named[1]) or is_zone(named[2]))
    )
