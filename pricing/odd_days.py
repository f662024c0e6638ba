"""Days that are not like the others: a batch on the first of the month, a day of ten times the load, a holiday.

An odd day is far from the days around it and from its weekday both. Odd days that follow the calendar (a day of the
month, a day from its end, the first or last weekday of it, every so many days) are events that come again; the others
are left out of the level, unless they are so many that they are what the function is like.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

WEEK = 7
NOISES = 12.0  # and so many times as far from its weekday as the middle one of all days
FAR_SHORT, LONG_DAYS = 5.0, 28
FAR = 3.5  # so many times more, or less, than both the days around and its weekday
LONGEST_RUN = 3  # more odd days than that in a row are a level
ODD_SHARE = 0.1  # more odd days than this are no exception
LEAST_DAYS = 8
MOST_GAPS, GAP_SHARE = 3, 0.2
SHORTEST_GAP, LONGEST_GAP = 8, 31
_MOST_RULES = 3
_EPOCH = date(1970, 1, 1).toordinal()

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RecurringEvent:
    """A use that comes again by the calendar.

    ``words`` say when, ``past`` are its days so far, ``ahead`` those to come.
    """

    words: str
    past: tuple[int, ...]
    ahead: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OddDays:
    """``usable[day, function]``: what the level is taken from; ``filled``: the days with usual ones for odd ones.

    ``events`` and ``left_out`` (days without a rule) go by the function's place; where there are none, it is absent.
    """

    usable: Bools
    filled: Floats
    events: dict[int, tuple[RecurringEvent, ...]]
    left_out: dict[int, tuple[int, ...]]


def odd_days(days: Floats, first: int, ahead: int) -> OddDays:
    """Of ``days[day, function]``, whole days from day number ``first`` on (days since 1970), before ``ahead`` more."""
    usable, filled = np.ones(days.shape, np.bool_), days
    odd_ones = OddDays(usable, filled, {}, {})
    if len(days) < LEAST_DAYS:
        return odd_ones
    high, low, idle = _far_days(days)
    columns = np.flatnonzero((high | low | idle).any(axis=0)).tolist()
    if not columns:
        return odd_ones
    odd_ones = OddDays(usable, days.copy(), {}, {})
    for column in columns:
        ups, downs, gaps = (np.flatnonzero(one[:, column]).tolist() for one in (high, low, idle))
        downs = _with_gaps(_short_runs(downs), gaps, len(days))
        events, odd = _split(days[:, column], _short_runs(ups), downs, first, ahead)
        if events:
            odd_ones.events[column] = events
        if odd:
            odd_ones.left_out[column] = odd
        for at in (*odd, *(day - first for event in events for day in event.past)):
            usable[at, column] = False
        _fill(odd_ones.filled[:, column], usable[:, column])
    return odd_ones


def _far_days(days: Floats) -> tuple[Bools, Bools, Bools]:
    """Which days are far above, and far below, the days around them and their weekday; which are idle but usually not.

    Three days of nothing at the end that are usual days are no odd days: what ran has stopped.
    """
    lower, upper = _of_weekday(days)
    far = FAR if len(days) >= LONG_DAYS else FAR_SHORT
    high, low, idle = days > far * lower, days * far < upper, (days == 0) & (lower > 0)
    columns = np.flatnonzero((high | low).any(axis=0))
    if len(columns):
        some, usual = days[:, columns], lower[:, columns]
        around = _around(some)
        noise = NOISES * np.median(np.abs(some - usual), axis=0)
        high[:, columns] &= (some > far * around) & (some - usual > noise)
        low[:, columns] &= (some * far < around) & (usual - some > noise)
    since = np.logical_or.accumulate(days[::-1] > 0, axis=0)[::-1]  # before the last day that was used
    stopped = (idle & ~since).sum(axis=0) >= LONGEST_RUN
    return high, low & (since | ~stopped), idle & since


def _of_weekday(days: Floats) -> tuple[Floats, Floats]:
    """The lower and the upper median of each day's weekday, for each day."""
    count, functions = days.shape
    weeks = -(-count // WEEK)
    padded = np.full((weeks * WEEK, functions), np.inf)
    padded[:count] = days
    ordered = np.sort(padded.reshape(weeks, WEEK, functions), axis=0)
    sizes = np.array([len(range(at, count, WEEK)) for at in range(WEEK)])
    places = np.arange(WEEK)
    lower, upper = ordered[(sizes - 1) // 2, places], ordered[sizes // 2, places]
    upper = np.where((sizes > 1)[:, None], upper, lower)
    return np.tile(lower, (weeks, 1))[:count], np.tile(upper, (weeks, 1))[:count]


def _around(days: Floats) -> Floats:
    """The median of the seven days around each; at the ends, of the first or last seven."""
    windows = np.lib.stride_tricks.sliding_window_view(days, WEEK, axis=0)
    medians = np.partition(windows, WEEK // 2, axis=-1)[..., WEEK // 2]
    places = np.clip(np.arange(len(days)) - WEEK // 2, 0, len(medians) - 1)
    found: Floats = medians[places]
    return found


def _short_runs(days: Sequence[int]) -> list[int]:
    """Those of ``days`` that do not stand in a row of more than ``LONGEST_RUN``."""
    short: list[int] = []
    run: list[int] = []
    for day in [*days, -1]:
        if run and day == run[-1] + 1:
            run.append(day)
            continue
        short += run if len(run) <= LONGEST_RUN else []
        run = [day]
    return short


def _with_gaps(low: list[int], idle: list[int], count: int) -> list[int]:
    """``low`` with the gaps: what is never idle was idle for some days and then came back."""
    runs = len([at for at in idle if at - 1 not in idle])
    return sorted({*low, *idle}) if runs <= MOST_GAPS and len(idle) <= GAP_SHARE * count else low


def _split(
    days: Floats, high: list[int], low: list[int], first: int, ahead: int
) -> tuple[tuple[RecurringEvent, ...], tuple[int, ...]]:
    """The events among ``high`` (places of days), and the odd days that follow no rule."""
    end = first + len(days)
    left = [first + place for place in high]
    events: list[RecurringEvent] = []
    while left and len(events) < _MOST_RULES and (event := _event(tuple(left), first, end, end + ahead)):
        events.append(event)
        left = [day for day in left if day not in event.past]
    odd = [day - first for day in left]
    usual = np.delete(days, [*(place for place in odd), *(day - first for event in events for day in event.past)])
    idle = not len(usual) or float(np.median(usual)) == 0
    most = max(LONGEST_RUN, round(ODD_SHARE * len(days)))
    if len(odd) > most or (idle and len(odd) > 1):
        odd = []  # now and then is what it is like
    if len(low) > GAP_SHARE * len(days):
        low = []
    return tuple(events), tuple(sorted((*odd, *low)))


def _fill(days: Floats, usable: Bools) -> None:
    """Put the same weekday of the weeks around, or else the median, in the place of what is not usable."""
    usual = days[usable]
    middle = float(np.median(usual)) if len(usual) else 0.0
    for at in np.flatnonzero(~usable).tolist():
        near = [days[other] for other in (at - WEEK, at + WEEK) if 0 <= other < len(days) and usable[other]]
        days[at] = sum(near) / len(near) if near else middle


@lru_cache(maxsize=256)
def _event(days: tuple[int, ...], first: int, end: int, after: int) -> RecurringEvent | None:
    """The rule that most of ``days`` (day numbers) follow, if there is one: it never failed since it began.

    Twice is a rule of the calendar, three times one of equal gaps.
    """
    best: RecurringEvent | None = None
    for words, holds, least in _rules(days):
        past = [day for day in days if holds(day)]
        if len(past) < least or (len(past) < 3 and 2 * len(past) <= len(days)):
            continue  # of many days some are alike by chance
        if any(holds(day) and day not in past for day in range(past[0], end)):
            continue
        if best is None or len(past) > len(best.past):
            best = RecurringEvent(words, tuple(past), tuple(day for day in range(end, after) if holds(day)))
    return best


Rule = tuple[str, Callable[[int], bool], int]


def _rules(days: Collection[int]) -> list[Rule]:
    dates = [_date(day) for day in days]
    rules: list[Rule] = []
    for number in sorted({each_date.day for each_date in dates}):
        rules.append((f"on the {_ordinal(number)} of the month", lambda day, n=number: _date(day).day == n, 2))  # type: ignore[misc]
    for number in sorted({_from_end(each_date) for each_date in dates}):
        words = "on the last day of the month" if number == 1 else f"on the {_ordinal(number)} day from the month's end"
        rules.append((words, lambda day, n=number: _from_end(_date(day)) == n, 2))  # type: ignore[misc]
    rules.append(("on the first weekday of the month", _first_working, 2))
    rules.append(("on the last weekday of the month", _last_working, 2))
    for number in sorted({(each_date.day - 1) // WEEK * WEEK + each_date.weekday() for each_date in dates}):
        week, weekday = divmod(number, WEEK)
        words = f"on the {_ordinal(week + 1)} {_WEEKDAYS[weekday]} of the month"
        rules.append((words, lambda day, n=number: (_date(day).day - 1) // WEEK * WEEK + _date(day).weekday() == n, 3))  # type: ignore[misc]
    ordered = sorted(days)
    for gap in sorted({after - before for before, after in pairwise(ordered)}):
        if SHORTEST_GAP <= gap <= LONGEST_GAP:
            for rest in sorted({day % gap for day in ordered}):
                rules.append((f"every {gap} days", lambda day, g=gap, r=rest: day % g == r, 3))  # type: ignore[misc]
    return rules


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=1024)
def _date(day: int) -> date:
    return date.fromordinal(day + _EPOCH)


def _from_end(day: date) -> int:
    """A day's number counted from the month's end: 1 on the last day."""
    month_after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (month_after - day).days


def _first_working(day: int) -> bool:
    one = _date(day)
    return one.weekday() < 5 and (one.day == 1 or (one.weekday() == 0 and one.day <= 3))


def _last_working(day: int) -> bool:
    one = _date(day)
    left = _from_end(one)
    return one.weekday() < 5 and (left == 1 or (one.weekday() == 4 and left <= 3))


def _ordinal(number: int) -> str:
    ending = "th" if 11 <= number % 100 <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
