"""Times in the forms of Kibana, Splunk, Serverless, web servers and mail. ISO 8601 is read by ``timestamps``."""

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th)?"
_CLOCK = (
    r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp]\.?[Mm]\b\.?))?"
)
_ZONE = r"(?: ?\(?(?P<zone>Z\b|UTC\b|GMT\b|(?:UTC|GMT)?[+-]\d\d:?\d\d)(?: [A-Z]{3,4}\b)?\)?(?!\w))?"
_YEAR = r"(?P<year>\d{4})"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
_AT = r"(?:,|T| @| at)? ?"
SPELLINGS = (
    rf"{_YEAR}[-/.](?P<month>\d\d)[-/.]{_DAY}{_AT}{_CLOCK}{_ZONE}",
    rf"{_WEEKDAY}{_MONTH} +{_DAY},? +{_YEAR},?{_AT}{_CLOCK}{_ZONE}",  # Kibana: May 1, 2024 @ 10:00:01.000
    rf"{_WEEKDAY}{_DAY}[ /-]{_MONTH}[ /-]{_YEAR}[:,]?(?: @| at)? ?{_CLOCK}{_ZONE}",  # mail, web servers, the emulator
    rf"{_WEEKDAY}{_MONTH} +{_DAY} +{_CLOCK}(?: [A-Z]{{3,4}})? +{_YEAR}",  # date(1)
    rf"{_YEAR} {_MONTH} +{_DAY} {_CLOCK}{_ZONE}",  # Wazuh
    rf"(?P<month>\d\d?)/{_DAY}/(?P<year>\d{{4}}|\d\d),?{_AT}{_CLOCK}{_ZONE}",  # Splunk and Sumo: month first
    rf"{_DAY}\.(?P<month>\d\d?)\.{_YEAR},?{_AT}{_CLOCK}{_ZONE}",
)
_READ = tuple(re.compile(each, re.IGNORECASE) for each in SPELLINGS)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def written_ms(text: str) -> int | None:
    """Milliseconds since 1970 of a time that is spelled in one of these ways; None for anything else."""
    for spelling in _READ:
        found = spelling.fullmatch(text)
        if found is not None:
            return _ms(found)
    return None


def first_written(text: str) -> str | None:
    """The first such time that stands in ``text``."""
    found = [each for spelling in _READ if (each := spelling.search(text)) is not None]
    return min(found, key=lambda each: (each.start(), -each.end())).group() if found else None


def _ms(found: re.Match[str]) -> int | None:
    parts = found.groupdict()
    month = parts["month"].lower()
    number = int(month) if month.isdigit() else _MONTHS.index(month[:3]) + 1
    year, day, hour = int(parts["year"]), int(parts["day"]), int(parts["hour"])
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    if number > 12 >= day:  # the day stands first after all
        number, day = day, number
    try:
        moment = datetime(
            year + 2000 if year < 100 else year, number, day, hour, int(parts["minute"]), int(parts["second"] or 0),
            int((parts["part"] or "0")[:6].ljust(6, "0")), _zone(parts.get("zone")),
        )  # fmt: skip
        return (moment - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    digits = re.sub(r"\D", "", text or "")
    if len(digits) != 4 or text is None:
        return UTC
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if "-" in text else ahead)
