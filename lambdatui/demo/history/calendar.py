"""When things happen in the simulated days: the load of a day and a week, the deploy, the night, the weekly job.

Times are epoch milliseconds UTC. Days, nights and Mondays are those of the machine's own time zone.
"""

import math
import time
from dataclasses import dataclass

from collectors.model.units import DAY_MS, HOUR_MS, MINUTE_MS

DAYS = 30
WEEK_MS = 7 * DAY_MS
NIGHT_MS = 40 * MINUTE_MS
_NIGHTS_AT = (130, 250, 1390, 1330)  # minutes of a local day, the best first
_LATEST_NIGHT_MS = 23 * HOUR_MS
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_JOB_AT_MS = 5 * HOUR_MS
_BEFORE_THE_DEPLOY_MS = 3 * HOUR_MS


@dataclass(frozen=True)
class Calendar:
    """The days before ``end_ms``, a full minute. ``offset_ms`` is what local time is ahead of UTC."""

    end_ms: int
    offset_ms: int = 0

    @property
    def begin_ms(self) -> int:
        """The first moment, a full hour."""
        return self.end_ms // HOUR_MS * HOUR_MS - DAYS * DAY_MS

    @property
    def hours(self) -> range:
        """When each hour begins; the last one may end after the days do."""
        return range(self.begin_ms, self.end_ms, HOUR_MS)

    @property
    def rows_ms(self) -> int:
        """From here on every invocation has its log: at least an hour. Before, most hours are summed."""
        return (self.end_ms - HOUR_MS) // HOUR_MS * HOUR_MS

    @property
    def week_before(self) -> range:
        """The hours of the same time a week before, and the one after them, whose invocations have their logs too: the
        last hour is set beside them, to the minute.
        """
        return range(self.rows_ms - WEEK_MS, self.end_ms - WEEK_MS + HOUR_MS, HOUR_MS)

    @property
    def hour_before(self) -> range:
        """The hour before ``rows_ms``, with the logs of all invocations too: the last hour grew beside it."""
        return range(self.rows_ms - HOUR_MS, self.rows_ms, HOUR_MS)

    def is_whole(self, hour_ms: int) -> bool:
        """Whether every invocation of an hour has its log."""
        return hour_ms >= self.rows_ms or hour_ms in self.hour_before or hour_ms in self.week_before

    @property
    def deploy_ms(self) -> int:
        """When the code was deployed that fails: a full hour."""
        return self.end_ms // HOUR_MS * HOUR_MS - _BEFORE_THE_DEPLOY_MS

    @property
    def night_ms(self) -> int:
        """When the throttled night began: the last night before the deploy, in the 24 hours before the end."""
        for minute in _NIGHTS_AT:
            midnight = (self.deploy_ms + self.offset_ms) // DAY_MS * DAY_MS - self.offset_ms
            begin = midnight + minute * MINUTE_MS
            if begin + NIGHT_MS > self.deploy_ms:
                begin -= DAY_MS
            if begin > self.end_ms - _LATEST_NIGHT_MS:
                return begin
        return begin

    @property
    def jobs_ms(self) -> list[int]:
        """When the weekly job began: Mondays, in the morning."""
        local_day = (self.begin_ms + self.offset_ms) // DAY_MS
        mondays = [day for day in range(local_day, local_day + DAYS + 2) if (day + _EPOCH_WEEKDAY) % 7 == 0]
        starts = [day * DAY_MS + _JOB_AT_MS - self.offset_ms for day in mondays]
        return [start for start in starts if self.begin_ms <= start < self.end_ms]

    def load(self, at_ms: int) -> float:
        """How busy the shop is, about 1 by day: less at night and at the weekend."""
        local_ms = at_ms + self.offset_ms
        hour = local_ms % DAY_MS / HOUR_MS
        weekend = (local_ms // DAY_MS + _EPOCH_WEEKDAY) % 7 >= 5
        return (0.68 - 0.42 * math.cos((hour - 3.5) / 24 * math.tau)) * (0.7 if weekend else 1.0)

    def age(self, at_ms: int) -> float:
        """How much of the days is over, from 0 to 1."""
        return (at_ms - self.begin_ms) / (self.end_ms - self.begin_ms)


def calendar_until(end_ms: int) -> Calendar:
    """The days before ``end_ms`` in the machine's time zone."""
    return Calendar(end_ms, time.localtime(end_ms // 1000).tm_gmtoff * 1000)
