"""Times and spans in words: what each means, in any zone, on days when clocks are put forward or back."""

import contextlib
import os
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS
from lambdatui.text import zones
from lambdatui.text.figures import moment_text, zone_name, zone_names
from lambdatui.text.wall_clock import WallClock
from lambdatui.views.time_range import RangeChoice, RangeError, instant_ms
from lambdatui.views.time_words import NoTime, Period, period, preset_words, range_words

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
NAMES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca",
)  # fmt: skip
ZONES = st.sampled_from(NAMES).map(ZoneInfo)
LAST_MINUTE = int(datetime(2037, 12, 31, tzinfo=UTC).timestamp()) // 60
MINUTES = st.integers(4 * 24 * 60, LAST_MINUTE).map(lambda minute: minute * MINUTE_MS)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = ms("2026-11-30T20:31:05")  # a Monday; 21:31 in Berlin, 15:31 in New York


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def meant(words: str, zone: tzinfo = UTC, now: int = NOW) -> tuple[str, str]:
    found = period(words, now, zone)
    return iso(found.start_ms), iso(found.end_ms)


def resolved(words: str, zone: str = "", now: int = NOW) -> str:
    """The range's label, without the name of UTC."""
    return RangeChoice().with_words(words).resolve(now).label.replace(" UTC", "")


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("now", "2026-11-30T20:32:00", "2026-11-30T20:32:00"),
        ("3h", "2026-11-30T17:32:00", "2026-11-30T17:32:00"),
        ("3 hours ago", "2026-11-30T17:32:00", "2026-11-30T17:32:00"),
        ("1h30m", "2026-11-30T19:02:00", "2026-11-30T19:02:00"),
        ("1w", "2026-11-23T20:32:00", "2026-11-23T20:32:00"),
        ("today", "2026-11-30T00:00:00", "2026-12-01T00:00:00"),
        ("Yesterday", "2026-11-29T00:00:00", "2026-11-30T00:00:00"),
        ("monday", "2026-11-30T00:00:00", "2026-12-01T00:00:00"),
        ("last monday", "2026-11-23T00:00:00", "2026-11-24T00:00:00"),
        ("Tue", "2026-11-24T00:00:00", "2026-11-25T00:00:00"),
        ("sunday 14:00", "2026-11-29T14:00:00", "2026-11-29T14:00:00"),
        ("09:30", "2026-11-30T09:30:00", "2026-11-30T09:30:00"),
        ("20:32", "2026-11-30T20:32:00", "2026-11-30T20:32:00"),
        ("23:00", "2026-11-29T23:00:00", "2026-11-29T23:00:00"),
        ("9:30pm yesterday", "2026-11-29T21:30:00", "2026-11-29T21:30:00"),
        ("12am", "2026-11-30T00:00:00", "2026-11-30T00:00:00"),
        ("yesterday at noon", "2026-11-29T12:00:00", "2026-11-29T12:00:00"),
        ("this week", "2026-11-30T00:00:00", "2026-12-07T00:00:00"),
        ("last-week", "2026-11-23T00:00:00", "2026-11-30T00:00:00"),
        ("last month", "2026-10-01T00:00:00", "2026-11-01T00:00:00"),
        ("this year", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("last year", "2025-01-01T00:00:00", "2026-01-01T00:00:00"),
        ("2026-11", "2026-11-01T00:00:00", "2026-12-01T00:00:00"),
        ("2024-02", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("20261101", "2026-11-01T00:00:00", "2026-11-02T00:00:00"),
        ("2026-11-01 24:00", "2026-11-02T00:00:00", "2026-11-02T00:00:00"),
        ("2026-11-01T10:22:00Z", "2026-11-01T10:22:00", "2026-11-01T10:22:00"),
        ("2026-11-01 10:22+02:00", "2026-11-01T08:22:00", "2026-11-01T08:22:00"),
        ("20261101T0930Z", "2026-11-01T09:30:00", "2026-11-01T09:30:00"),
        ("1743500000", "2025-04-01T09:33:20", "2025-04-01T09:33:20"),
        ("1743500000000", "2025-04-01T09:33:20", "2025-04-01T09:33:20"),
    ],
)  # fmt: skip
def test_words_in_utc(words: str, start: str, end: str) -> None:
    assert meant(words) == (start, end)


def test_days_and_times_of_day_are_of_the_zone() -> None:
    assert meant("today", BERLIN) == ("2026-11-29T23:00:00", "2026-11-30T23:00:00")
    assert meant("09:30", BERLIN) == ("2026-11-30T08:30:00",) * 2
    assert meant("21:00", NEW_YORK) == ("2026-11-30T02:00:00",) * 2, "yesterday's: today's is still to come there"
    assert meant("last week", BERLIN) == ("2026-11-22T23:00:00", "2026-11-29T23:00:00")
    late = ms("2026-12-31T23:30:00")
    assert meant("today", BERLIN, late) == ("2026-12-31T23:00:00", "2027-01-01T23:00:00"), "the next year has begun"
    assert meant("yesterday", NEW_YORK, late) == ("2026-12-30T05:00:00", "2026-12-31T05:00:00")
    assert meant("3h", BERLIN) == meant("3h"), "so long ago is everywhere the same"


def test_a_zone_may_stand_behind_a_time() -> None:
    assert meant("09:30 UTC", BERLIN) == ("2026-11-30T09:30:00",) * 2
    assert meant("09:30 America/New_York", BERLIN) == ("2026-11-30T14:30:00",) * 2
    assert meant("yesterday Europe/Berlin") == ("2026-11-28T23:00:00", "2026-11-29T23:00:00")
    assert meant("2026-11-01 09:30 UTC+05:30") == ("2026-11-01T04:00:00",) * 2
    with pytest.raises(RangeError, match="did you mean Europe/Berlin"):
        meant("09:30 Europe/Berln")


def test_an_hour_that_clocks_show_twice() -> None:
    """Berlin, 25 October 2026: 02:30 is shown at 00:30 and at 01:30 UTC. A begin is the earlier, an end the later."""
    assert meant("2026-10-25 02:30", BERLIN) == ("2026-10-25T00:30:00", "2026-10-25T01:30:00")
    assert meant("2026-10-25 02:30 CEST", BERLIN) == ("2026-10-25T00:30:00",) * 2
    assert meant("2026-10-25 02:30 CET", BERLIN) == ("2026-10-25T01:30:00",) * 2
    assert meant("2026-10-25", BERLIN) == ("2026-10-24T22:00:00", "2026-10-25T23:00:00"), "25 hours"
    assert meant("2026-11-01 01:30", NEW_YORK) == ("2026-11-01T05:30:00", "2026-11-01T06:30:00")
    assert meant("2026-11-01 01:30 EST", NEW_YORK) == ("2026-11-01T06:30:00",) * 2


def test_an_hour_that_clocks_skip() -> None:
    """What they never show is where they skip it, so that nothing of the day is left out or counted twice."""
    assert meant("2026-03-29 02:30", BERLIN) == ("2026-03-29T01:00:00",) * 2
    assert meant("2026-03-29", BERLIN) == ("2026-03-28T23:00:00", "2026-03-29T22:00:00"), "23 hours"
    assert meant("2026-03-08 02:15", NEW_YORK) == ("2026-03-08T07:00:00",) * 2
    assert meant("2023-04-28", ZoneInfo("Africa/Cairo")) == ("2023-04-27T22:00:00", "2023-04-28T21:00:00")
    apia = period("2011-12-30", NOW, ZoneInfo("Pacific/Apia"))
    assert apia.start_ms == apia.end_ms, "Samoa had no such day"


@given(ZONES, st.dates(date(1971, 1, 2), date(2037, 12, 30)))
@example(ZoneInfo("Pacific/Apia"), date(2011, 12, 29))
@example(ZoneInfo("Africa/Cairo"), date(2023, 10, 26))
@example(ZoneInfo("America/Havana"), date(2026, 10, 31))
def test_days_follow_one_another(zone: ZoneInfo, day: date) -> None:
    first, second = (period(str(each), NOW, zone) for each in (day, day + timedelta(1)))
    assert first.start_ms <= first.end_ms == second.start_ms
    assert first.end_ms - first.start_ms <= 25 * HOUR_MS


@given(ZONES, MINUTES)
@example(BERLIN, ms("2026-10-25T00:30:00"))
@example(BERLIN, ms("2026-10-25T01:30:00"))
@example(NEW_YORK, ms("2026-11-01T06:30:00"))
def test_what_is_printed_is_read_back(zone: ZoneInfo, at_ms: int) -> None:
    shown = datetime.fromtimestamp(at_ms // 1000, zone)
    minute = shown.strftime("%Y-%m-%d %H:%M")
    bare = period(minute, NOW, zone)
    assert at_ms in (bare.start_ms, bare.end_ms)
    assert meant(f"{minute}{shown.strftime('%z')}") == (iso(at_ms),) * 2
    name = shown.tzname() or ""
    if name.isalpha() and name not in ("LMT",):
        found = period(f"{minute} {name}", NOW, zone)
        assert at_ms in (found.start_ms, found.end_ms)


@given(ZONES, MINUTES, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_last_one_that_was(zone: ZoneInfo, now: int, hour: int, minute: int) -> None:
    found = period(f"{hour}:{minute:02d}", now, zone).start_ms
    assert now - 50 * HOUR_MS < found <= now
    after = period(f"{hour}:{minute:02d}", now, zone, after_ms=now).start_ms
    assert now < after <= now + 50 * HOUR_MS


@given(st.text(max_size=30), ZONES)
@example("2026-02-30", UTC)
@example("0001-01-01", BERLIN)
@example("9999-12-31 23:59", NEW_YORK)
@example("99999999999w", UTC)
@example("last last", UTC)
@example("²:30", UTC)
@example("09:30 \x00/\x00", UTC)
@example("09:30 ../../etc/passwd", UTC)
def test_any_text_is_a_time_or_told_to_be_none(text: str, zone: tzinfo) -> None:
    for read in (lambda: period(text, NOW, zone), lambda: RangeChoice().with_words(text).resolve(NOW)):
        with contextlib.suppress(RangeError):
            read()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("yesteday", "'yesteday' is no time; did you mean yesterday? Use now, 3h (ago)"),
        ("mondy 9:30", "did you mean monday 9:30?"),
        ("3 hors", "did you mean 3 hours?"),
        ("soon", "'soon' is no time: use now"),
        ("3x", "'3x' is no time: use now"),
        ("", "'' is no time: use"),
        ("25:00", "'25:00' is no time of day"),
        ("13pm", "'13pm' is no time of day"),
        ("2026-02-29", "there is no day 2026-02-29"),
        ("2026-13", "there is no month 2026-13"),
        ("last week 09:30", "'last week' is more than a day"),
        ("-5", "'-5' is not between 1970 and 9999"),
        ("+2h", "is for the end of a range"),
    ],
)
def test_what_is_none_says_what_can_be(wrong: str, says: str) -> None:
    with pytest.raises(RangeError) as error:
        period(wrong, NOW, UTC)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("24h", "last 24h"), ("last 3 hours", "last 3h"), ("past hour", "last 1h"), ("mtd", "month to date"),
        ("3h..1h", "2026-11-30 17:32 to 2026-11-30 19:32"),
        ("3h..", "2026-11-30 17:32 to 2026-11-30 20:32"),
        ("..1h", "last 24h, to 2026-11-30 19:32"),
        ("yesterday", "2026-11-29 00:00 to 2026-11-30 00:00"),
        ("today", "2026-11-30 00:00 to 2026-11-30 20:32"),
        ("last week", "2026-11-23 00:00 to 2026-11-30 00:00"),
        ("2026-11", "2026-11-01 00:00 to 2026-11-30 20:32"),
        ("2026-11-01..2026-11-07", "2026-11-01 00:00 to 2026-11-08 00:00"),
        ("2026-11-01 - 2026-11-07", "2026-11-01 00:00 to 2026-11-08 00:00"),
        ("2026-11-01 09:00..11:00", "2026-11-01 09:00 to 2026-11-01 11:00"),
        ("yesterday 22:00..06:00", "2026-11-29 22:00 to 2026-11-30 06:00"),
        ("22:00..06:00", "2026-11-29 22:00 to 2026-11-30 06:00"),
        ("19:30-20:00", "2026-11-30 19:30 to 2026-11-30 20:00"),
        ("20:00", "2026-11-30 20:00 to 2026-11-30 20:32"),
        ("19:00..+30m", "2026-11-30 19:00 to 2026-11-30 19:30"),
        ("sunday..monday", "2026-11-29 00:00 to 2026-11-30 20:32"),
        ("friday..sunday", "2026-11-27 00:00 to 2026-11-30 00:00"),
        ("2026-11-07..now", "2026-11-07 00:00 to 2026-11-30 20:32"),
        ("2026-11-29 09:00..11:00 America/New_York", "2026-11-29 14:00 to 2026-11-29 16:00"),
    ],
)  # fmt: skip
def test_ranges_in_words(words: str, label: str) -> None:
    assert resolved(words) == label


def test_a_range_that_ends_with_now_moves_with_the_clock_and_hides_nothing() -> None:
    for words, hides in (("today", False), ("3h..", False), ("3h..now", False), ("yesterday", True), ("3h..1h", True)):
        choice = RangeChoice().with_words(words)
        assert choice.resolve(NOW).hides == hides, words
        if not hides:
            assert choice.resolve(NOW + HOUR_MS).to_ms - choice.resolve(NOW).to_ms == HOUR_MS
    moved = RangeChoice(start="3h", at="2026-11-01T12:00Z").resolve(NOW)
    assert (iso(moved.from_ms), iso(moved.to_ms), moved.hides) == ("2026-11-01T09:00:00", "2026-11-01T12:00:00", True)


@pytest.mark.parametrize(
    "wrong", ["", "..", "1h..3h", "today..yesterday", "fortnight", "yesteday", "+2h..", "3h..soon"]
)
def test_ranges_that_are_none(wrong: str) -> None:
    with pytest.raises(RangeError):
        RangeChoice().with_words(wrong).resolve(NOW)


@given(ZONES, MINUTES.filter(lambda at_ms: at_ms > 1e11 + DAY_MS), st.integers(1, 5 * 60))
def test_a_label_can_be_typed_again(zone: ZoneInfo, at_ms: int, minutes: int) -> None:
    """Within 6 hours; longer ranges begin at full hours, which the label says too."""
    zones.use_zone(zone.key)
    choice = RangeChoice(
        start=str(at_ms - minutes * MINUTE_MS), end=str(at_ms), local_words=True, local_labels=True
    ).resolve(NOW)  # fmt: skip
    again = RangeChoice(local_words=True, local_labels=True).with_words(choice.label).resolve(NOW)
    assert (again.from_ms, again.to_ms, again.label) == (choice.from_ms, choice.to_ms, choice.label)


def test_words_of_a_range_are_read_back() -> None:
    for words in ("24h", "3h..1h", "yesterday", "3h..", "..1h", "mtd"):
        assert RangeChoice().with_words(words).words == words
    assert range_words("09:00..11:00 Europe/Berlin") == ("09:00 Europe/Berlin", "11:00 Europe/Berlin")
    assert preset_words("last 90 minutes") == "90m"
    assert preset_words("last week") is None


@given(ZONES, MINUTES, st.booleans())
def test_the_machines_zone_is_what_the_c_library_says(zone: ZoneInfo, at_ms: int, late: bool) -> None:
    zones.use_zone(zone.key)
    named, machines = WallClock(zone), WallClock(zones.MachineZone())
    shown = named.shown(at_ms)
    assert machines.shown(at_ms) == shown
    assert machines.ms(shown, late=late) == named.ms(shown, late=late)
    skipped = shown.replace(minute=30)
    assert machines.ms(skipped) == named.ms(skipped)


@pytest.mark.parametrize(
    ("tz", "name"),
    [
        ("Europe/Berlin", "CET"), ("America/Sao_Paulo", "UTC-03"), ("Asia/Kathmandu", "UTC+05:45"), ("UTC", "UTC"),
        ("", "UTC"), ("No/Such/Zone", "UTC"), ("nonsense", "UTC"), (":", "UTC"), ("Europe/London", "GMT"),
        ("EST5EDT,M3.2.0,M11.1.0", "EST"), ("/nowhere", "UTC"),
    ],
)  # fmt: skip
def test_a_zone_is_named_whatever_tz_holds(monkeypatch: pytest.MonkeyPatch, tz: str, name: str) -> None:
    import time

    monkeypatch.setenv("TZ", tz)
    time.tzset()
    try:
        assert zone_name(NOW, utc=False) == name
        assert moment_text(NOW, utc=False).endswith(name)
        assert RangeChoice(local_words=True, local_labels=True).with_words("yesterday").resolve(NOW).label
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_span_over_a_change_of_clocks_names_both() -> None:
    zones.use_zone("Europe/Berlin")
    assert zone_names(ms("2026-10-24T00:00"), ms("2026-10-26T00:00"), utc=False) == "CEST/CET"
    assert zone_names(NOW - HOUR_MS, NOW, utc=False) == "CET"
    assert zone_names(0, NOW, utc=True) == "UTC"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Berlin", "did you mean Europe/Berlin?"), ("europe/berln", "did you mean Europe/Berlin?"),
        ("PST", "did you mean America/Los_Angeles?"), ("Nowhere", "use local, UTC or a name of IANA's"),
        ("../../etc/passwd", "is no zone of time"), ("", "is no zone of time"),
    ],
)  # fmt: skip
def test_a_zone_that_is_none(name: str, says: str) -> None:
    with pytest.raises(zones.UnknownZone, match=says.replace("?", r"\?")):
        zones.use_zone(name)


def test_zones_are_named_in_any_case() -> None:
    zones.use_zone("america/new york")
    assert os.environ["TZ"] == "America/New_York"
    assert zone_name(NOW, utc=False) == "EST"
    assert instant_ms("2026-11-01T10:00") == ms("2026-11-01T15:00"), "what names no zone is of the one that was named"


def test_filters_take_what_needs_no_clock() -> None:
    assert instant_ms("2026-11-01") == ms("2026-11-01")
    for words in ("yesterday", "3h", "09:30", "soon"):
        with pytest.raises(RangeError, match="ISO 8601"):
            instant_ms(words)
    assert isinstance(period("2026-11-01", NOW, UTC), Period)
    assert issubclass(NoTime, RangeError)
