"""Daily series, some days ahead: what comes again by the calendar, and for all other days a level times a weekday.

Days that are far from their surroundings are taken out first (``odd_days``): those that follow the calendar come again
as events, the others do not. Weekdays are learned from all of the last twelve weeks (``levels``). The level is that of
the days since it last jumped, however long ago that was; it is the mean of four simple forecasts, because none of them
is best everywhere and their mean is seldom bad: the month so far, the last week, each weekday's own last four weeks,
and an exponentially smoothed level whose memory is chosen by how well it would have done. Where the days lie on a line
that is sure, the line goes on instead. Each of these is a weighting of past days, so that one weighting serves all
quantities of a function. The interval (``spread``) adds up how much single days differ, how well a level can be known
from the days seen, and how far levels have drifted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pricing.levels import (
    WEEK,
    Bools,
    Floats,
    Ints,
    last_shift,
    share,
    sum_of,
    sums_of,
    trend,
    weekday_factors,
)
from pricing.odd_days import RecurringEvent, odd_days

RECENT_DAYS = 28
GROWTH_DAYS = 42
AFTER_GROWTH_DAYS = 14  # growth that has ended: only so many days tell the level
DECAYS = (0.02, 0.05, 0.1, 0.2, 0.4)
PRIOR_TRIALS = 6.0  # so many independent trials of its own does a series need to outvote "all memories are alike"
EVENTS = 3  # the last ones say how large the next is
ONCE = 3.0  # a weekday of so many times the usual day is a batch
PART_SEEN = 0.6  # a first day below this part of the days after it was not seen from its beginning


@dataclass(frozen=True, slots=True)
class Model:
    """What was found in ``days[day, function]``, ``ahead`` days before the month's end.

    ``usual[day, function]`` is the weekday's part of the level, ``counted`` which days tell the level, ``since`` the
    place of the first day after the last jump (0: none). ``level`` weighs the past days into the level that weekdays
    multiply; ``own`` is whether the weekday's own days have a part in the forecast besides. Of functions that are
    ``growing``, ``line`` has the centre and the spread of the days.
    """

    first: int
    count: int
    ahead: int
    factors: Floats
    usual: Floats
    counted: Floats
    since: Ints
    level: Floats
    growing: Bools
    line: tuple[Floats, Floats]
    events: dict[int, tuple[RecurringEvent, ...]]
    left_out: dict[int, tuple[int, ...]]
    seldom: Bools

    @classmethod
    def fit(cls, days: Floats, first: int, ahead: int, month_days: int) -> "Model":
        """``month_days``: so many of the last days are the month so far."""
        count = len(days)
        odd = odd_days(days, first, ahead)
        weekday = (first + 3) % WEEK  # 1970-01-01 was a Thursday
        factors = weekday_factors(odd.filled, weekday)
        seldom = (2 * (odd.filled > 0).sum(axis=0) < count) & (factors < ONCE).all(axis=0)
        factors[:, seldom] = 1.0
        usual = factors[(weekday + np.arange(count)) % WEEK]
        usable = odd.usable & _seen_whole(days)
        since = last_shift(days, usual, usable)
        if since.any():
            anew = weekday_factors(odd.filled, weekday, since)
            factors = np.where((since > 0) & ~seldom, anew, factors)
            usual = factors[(weekday + np.arange(count)) % WEEK]
        after = np.arange(count)[:, None] >= since
        counted = np.where((usable & after).any(axis=0), usable & after, after).astype(np.float64)
        line, growing, counted = _growth(days, usual, counted)
        seldom &= since == 0
        growing &= ~seldom
        level = _level(days, usual, counted, ahead, month_days)
        level = np.where(seldom, share(counted, sum_of(counted * usual)), level)
        return cls(first, count, ahead, factors, usual, counted, since, level, growing, line,
                   odd.events, odd.left_out, seldom)  # fmt: skip

    def weights(self, groups: Sequence[Sequence[int]]) -> Floats:
        """``[group, day, function]``: how the past days weigh in the sum of some of the days ahead (0 is today)."""
        weights = np.empty((len(groups), *self.counted.shape))
        for place, steps in enumerate(groups):
            days, moment = self._ahead(steps)
            base = sum_of(days * self.factors)
            weights[place] = 0.75 * self.level * base + 0.25 * self._by_weekday(days)
            if self.growing.any():
                centre, spread = self.line
                tilt = share(moment - base * centre, spread) * (np.arange(self.count)[:, None] - centre)
                of_line = self.counted * (share(base, sum_of(self.counted * self.usual)) + tilt)
                weights[place] = np.where(self.growing, of_line, weights[place])
        for function, events in self.events.items():
            for event in events:
                past = [day - self.first for day in event.past[-EVENTS:]]
                for place, steps in enumerate(groups):
                    come = sum(day - self.first - self.count in steps for day in event.ahead)
                    weights[place, past, function] += come / len(past)
        return weights

    def once(self) -> Bools:
        """Whether today's use comes at once: an event, or a weekday that has most of its week."""
        comes_once: Bools = self.factors[(self.first + self.count + 3) % WEEK] >= ONCE
        for function in self.events:
            comes_once[function] |= self.first + self.count in self._days_of_events(function)
        return comes_once

    def idle(self) -> Bools:
        """Which functions run on fewer than half of the counted days, and on no weekday more than on others."""
        return self.seldom

    def without_growth(self, days: Floats) -> Floats:
        """``days`` as if all of them had the level of the last day."""
        centre, spread = self.line
        away = np.arange(self.count)[:, None] - centre
        slope = share(sum_of(days * self.counted * away), spread)
        return np.where(self.growing, days + self.usual * slope * (self.count - 1 - centre - away), days)

    def growth(self, days: Floats) -> float:
        """The daily growth of a single function as a part of the last week's level; 0 where it does not grow."""
        if not self.growing[0]:
            return 0.0
        centre, spread = self.line
        slope = sum_of(days * self.counted * (np.arange(self.count)[:, None] - centre)) / spread
        now = sum_of((days * self.counted)[-WEEK:]) / sum_of((self.usual * self.counted)[-WEEK:])
        return float(slope[0] / now[0]) if now[0] > 0 else 0.0

    def _days_of_events(self, function: int) -> set[int]:
        return {day for event in self.events.get(function, ()) for day in event.ahead}

    def _ahead(self, steps: Sequence[int]) -> tuple[Floats, Floats]:
        """How many of ``steps`` are each weekday, less events, and the sum of the places of their usual days."""
        days, moment = np.zeros_like(self.factors), np.zeros(self.factors.shape[1])
        skipped = {function: self._days_of_events(function) for function in self.events}
        for step in steps:
            number = (self.first + self.count + step + 3) % WEEK
            here = np.ones(len(moment))
            here[[at for at, taken in skipped.items() if self.first + self.count + step in taken]] = 0.0
            days[number] += here
            moment += here * self.factors[number] * (self.count + step)
        return days, moment

    def _by_weekday(self, days: Floats) -> Floats:
        """Each weekday by the mean of its own last four weeks, or by the level where those have no use."""
        begin = max(0, self.count - RECENT_DAYS)
        by_weekday = np.zeros_like(self.counted)
        unseen = np.zeros(days.shape[1])
        for number in range(WEEK):
            same = slice(begin + (number - (self.first + begin + 3)) % WEEK, None, WEEK)
            seen = self.counted[same].sum(axis=0)
            by_weekday[same] = self.counted[same] * share(days[number], seen)
            unseen += np.where(seen > 0, 0.0, days[number] * self.factors[number])
        return by_weekday + self.level * unseen


def _seen_whole(days: Floats) -> Bools:
    """All days but the first, where that has much less than the days after: it began in the middle of it."""
    whole = np.ones(days.shape, np.bool_)
    if len(days) > 1:
        whole[0] = days[0] >= PART_SEEN * sum_of(days[1 : 1 + WEEK]) / len(days[1 : 1 + WEEK])
    return whole


def _growth(days: Floats, usual: Floats, counted: Floats) -> tuple[tuple[Floats, Floats], Bools, Floats]:
    """The line that the counted days lie on, whether there is one, and the days that count.

    Six weeks tell more of a growth that is none in days but in per cent; all days are for what is slow. Where a line
    is sure but did not hold to the end, growth has ended, and only the last days count.
    """
    centre, spread, sure, true = trend(days, usual, counted)
    growing = sure & true
    if sure.any():
        recent = counted.copy()
        recent[:-GROWTH_DAYS] = 0.0
        near = trend(days, usual, recent)
        anew = sure & near[2] & near[3]
        centre, spread = np.where(anew, near[0], centre), np.where(anew, near[1], spread)
        last = counted.copy()
        last[:-AFTER_GROWTH_DAYS] = 0.0
        growing |= anew
        ended = sure & ~growing & last.any(axis=0)
        counted = np.where(anew, recent, np.where(ended, last, counted))
    return (centre, spread), growing, counted


def _level(days: Floats, usual: Floats, counted: Floats, ahead: int, month_days: int) -> Floats:
    """The weights of past days in the level that weekdays multiply: the month's, the week's and a memory's mean."""
    used, expected = days * counted, usual * counted
    flat = share(counted, sum_of(expected))
    memory = _memory(used, expected, counted, ahead)
    month, week = (_of_last(counted, expected, last, flat) for last in (month_days or len(days), WEEK))
    return (month + week + memory) / 3


def _of_last(counted: Floats, expected: Floats, last: int, flat: Floats) -> Floats:
    of_last = np.zeros_like(counted)
    whole = sum_of(expected[-last:])
    of_last[-last:] = share(counted[-last:], whole)
    return np.where(whole > 0, of_last, flat)


def _memory(used: Floats, expected: Floats, counted: Floats, ahead: int) -> Floats:
    """The weights of an exponentially smoothed level.

    Each memory is tried at every past day against the mean of the days that followed; its weight is the inverse square
    of its mean error, drawn towards equal weights while there are few independent trials.
    """
    count, functions = used.shape
    decays = np.array(DECAYS)[:, None]
    shares = np.full((len(DECAYS), functions), 1 / len(DECAYS))
    begin = counted.argmax(axis=0)
    horizon = np.maximum(1, np.minimum(ahead, (count - begin) // 3))
    places = np.arange(count + 1)[:, None]
    tried = (places - begin >= np.maximum(2, horizon // 2)) & (places + horizon <= count)
    tried[0] = False
    if tried.any():
        sums, parts = sums_of(used), sums_of(expected)
        until = np.minimum(places + horizon, count)
        then = share(np.take_along_axis(sums, until, 0) - sums, np.take_along_axis(parts, until, 0) - parts)
        tried &= np.take_along_axis(parts, until, 0) > parts
        trials = np.maximum(tried.sum(axis=0), 1)
        usual = sum_of(np.where(tried, then, 0.0)) / trials
        above, below = np.zeros((len(DECAYS), functions)), np.zeros((len(DECAYS), functions))
        errors = np.zeros_like(shares)
        for step in range(1, count + 1):
            above = above * (1 - decays) + used[step - 1]
            below = below * (1 - decays) + expected[step - 1]
            if tried[step].any():
                errors += np.where(tried[step], np.abs(share(above, below) - then[step]), 0.0)
        errors = share(errors / trials, np.broadcast_to(usual, errors.shape))
        alone = tried.sum(axis=0) / horizon
        errors = (errors * alone + sum_of(errors) / len(DECAYS) * PRIOR_TRIALS) / (alone + PRIOR_TRIALS)
        shares = np.where(usual > 0, 1 / np.maximum(errors, 1e-9) ** 2, 1.0)
        shares = shares / sum_of(shares)
    powers = (1 - decays) ** np.arange(count - 1, -1, -1)  # decay, day
    remembered = np.zeros_like(used)
    for power, part in zip(powers, shares, strict=True):
        weights = power[:, None] * counted
        remembered += part * share(weights, sum_of(weights * expected))
    return remembered
