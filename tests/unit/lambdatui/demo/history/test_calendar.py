"""When things happen in the simulated days, whatever the moment at which the demo begins."""

from datetime import UTC, datetime, timedelta

import pytest

from collectors.model.units import DAY_MS, HOUR_MS
from lambdatui.demo.history.calendar import NIGHT_MS, Calendar

ENDS = [
    datetime(2026, 12, 1, 0, 5, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2027, 2, 28, 12, 0, tzinfo=UTC),
    datetime(2028, 2, 29, 3, 17, tzinfo=UTC),
    datetime(2026, 11, 30, 5, 20, tzinfo=UTC),  # a Monday, while the weekly job runs
    *(datetime(2026, 11, 25, tzinfo=UTC) + timedelta(hours=hour, minutes=7 * hour % 60) for hour in range(24)),
]
OFFSETS_MS = [0, 5 * HOUR_MS + HOUR_MS // 2, -8 * HOUR_MS]


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize("offset_ms", OFFSETS_MS)
@pytest.mark.parametrize("end", ENDS, ids=str)
def test_each_event_lies_where_the_ranges_of_the_screens_find_it(end: datetime, offset_ms: int) -> None:
    calendar = Calendar(ms(end), offset_ms)
    assert calendar.begin_ms <= calendar.end_ms - 30 * DAY_MS
    assert HOUR_MS <= calendar.end_ms - calendar.rows_ms < 2 * HOUR_MS
    assert calendar.deploy_ms < calendar.rows_ms
    # The night is over before the deploy, and the last 24 hours have it.
    assert calendar.night_ms + NIGHT_MS <= calendar.deploy_ms
    assert calendar.night_ms > calendar.end_ms - DAY_MS + HOUR_MS
    assert (calendar.night_ms + offset_ms) % DAY_MS // HOUR_MS in (2, 4, 22, 23)


@pytest.mark.parametrize("offset_ms", OFFSETS_MS)
def test_the_weekly_job_runs_on_mondays_in_the_machines_zone(offset_ms: int) -> None:
    jobs = Calendar(ms(ENDS[0]), offset_ms).jobs_ms
    assert len(jobs) in (4, 5)
    for job_ms in jobs:
        local = datetime.fromtimestamp((job_ms + offset_ms) / 1000, UTC)
        assert (local.weekday(), local.hour, local.minute) == (0, 5, 0)


def test_nights_and_weekends_are_quieter() -> None:
    calendar = Calendar(ms(ENDS[0]))
    wednesday, saturday = ms(datetime(2026, 11, 25, tzinfo=UTC)), ms(datetime(2026, 11, 28, tzinfo=UTC))
    assert calendar.load(wednesday + 3 * HOUR_MS) < 0.4 < 1 < calendar.load(wednesday + 15 * HOUR_MS)
    assert calendar.load(saturday + 15 * HOUR_MS) < 0.8
