"""``pricing.projection`` for hundreds of functions at once, from a table of their days instead of single usages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from pricing import forecast_many
from pricing.projection import (
    DAY_MS,
    FITTED,
    QUANTITIES,
    Amounts,
    Clock,
    Days,
    Projection,
    Weights,
    at_first_rate,
    ended,
    month_days,
    rest,
    usage_of,
)
from pricing.usage import Usage

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayTable:
    """What functions used day by day: ``amounts[quantity, day, function]`` from day number ``first`` on.

    ``seen[day, function]`` is whether anything is known of that day. Every function was seen on some day.
    """

    first: int
    amounts: Ints
    seen: npt.NDArray[np.bool_]

    def begins(self) -> Ints:
        """The day number on which each function was first seen."""
        found: Ints = self.seen.argmax(axis=0) + self.first
        return found

    def days(self, function: int) -> Days:
        """One function's amounts by day number."""
        places = np.flatnonzero(self.seen[:, function])
        rows = self.amounts[:, places, function].T.tolist()
        return {self.first + int(place): tuple(row) for place, row in zip(places, rows, strict=True)}

    def between(self, start: int, after: int) -> Ints:
        """The sums of the days from ``start`` to before ``after``: ``[quantity, function]``."""
        found: Ints = self.amounts[:, max(0, start - self.first) : max(0, after - self.first)].sum(axis=1)
        return found

    def together(self, functions: npt.NDArray[np.bool_]) -> Days:
        """The sums of some functions by day number, of the days on which any was seen."""
        sums = self.amounts[:, :, functions].sum(axis=2).T.tolist()
        seen: list[bool] = (self.seen[:, functions].sum(axis=1) > 0).tolist()
        return {self.first + at: tuple(row) for at, row in enumerate(sums) if seen[at]}


def project_table(
    table: DayTable,
    of: Sequence[Usage],
    as_of_ms: int,
    month: date,
    *,
    since_ms: int | None = None,
    hours: Sequence[float] | None = None,
    spread_of: npt.NDArray[np.bool_] | None = None,
) -> Projection:
    """``pricing.projection.project`` of a table whose quantities are ``QUANTITIES``; ``of`` names its functions."""
    start, after = month_days(month)
    as_of_ms = max(as_of_ms, start * DAY_MS)
    seen = table.between(start, after)
    so_far = _usages(of, seen)
    if after * DAY_MS <= as_of_ms:
        days = table.seen[max(0, start - table.first) : max(0, after - table.first)]
        return ended(so_far, int(days.any(axis=1).sum()))
    clock = Clock.at(as_of_ms, start, after, int(table.begins().min()), since_ms, hours)
    rests = _rests(table, clock)
    chosen = spread_of if spread_of is not None and spread_of.any() else np.ones(len(of), np.bool_)

    def scaled(factor: float) -> tuple[Usage, ...]:
        return _usages(of, seen + np.rint(rests * factor).astype(np.int64))

    return clock.projection(table.together(chosen), so_far, _usages(of, seen + rests), scaled)


def months_of_table(table: DayTable, as_of_ms: int, month: date, *, since_ms: int | None = None) -> Ints:
    """``pricing.projection.project_together`` of a table: the month's ``[quantity, function]``, by one model."""
    start, after = month_days(month)
    as_of_ms = max(as_of_ms, start * DAY_MS)
    begins = table.begins()
    clock = Clock.at(as_of_ms, start, after, int(begins.min()), since_ms, None)
    found = table.between(start, after)
    if clock.ahead <= 0:
        return found
    width, place = len(found), FITTED[0]
    whole = clock.settled(int(begins.min()))
    shared = Weights(table.together(np.ones(len(begins), np.bool_)), whole, place, clock) if whole else None
    alike = np.array([shared is not None and clock.settled(int(begin)) == whole for begin in begins.tolist()])
    if shared is not None:
        found[:, alike] += _weighed(table, shared.by_day, alike)
    for function in np.flatnonzero(~alike).tolist():
        days = table.days(function)
        own = clock.settled(min(days))
        more = Weights(days, own, place, clock).rest(days, width) if own else at_first_rate(days, clock)
        found[:, function] += more
    return found


def _weighed(table: DayTable, by_day: dict[int, float], functions: npt.NDArray[np.bool_]) -> Ints:
    """The sum of the days of some functions, each with its weight."""
    found = np.zeros((len(table.amounts), int(functions.sum())))
    for at in range(len(table.seen)):
        weight = by_day.get(table.first + at, 0.0)
        if weight:
            found += weight * table.amounts[:, at, functions]
    return np.rint(found).astype(np.int64)


def _rests(table: DayTable, clock: Clock) -> Ints:
    """What the rest of the month adds to each quantity of each function."""
    found = np.zeros((table.amounts.shape[0], table.amounts.shape[2]), np.int64)
    begins = table.begins()
    for begin in np.unique(begins).tolist():
        functions = np.flatnonzero(begins == begin)
        whole = clock.settled(begin)
        if not whole or len(functions) == 1:
            for function in functions.tolist():
                found[:, function] = rest(QUANTITIES, table.days(function), clock)
        else:
            found[:, functions] = _rests_of(table, functions, whole, clock)
    return found


def _rests_of(table: DayTable, functions: Ints, whole: range, clock: Clock) -> Ints:
    """Of functions whose settled days are the same."""
    every = table.amounts[:, :, functions]
    used = every.sum(axis=1) > 0
    place = np.zeros(len(functions), np.int64)  # the quantity that each function's level is taken from
    for at in (*reversed(range(len(every))), *reversed(FITTED)):
        place[used[at]] = at
    settled = every[:, whole.start - table.first : whole.stop - table.first].astype(np.float64)
    levels = np.take_along_axis(settled, place[None, None, :], axis=0)[0]
    weekday = (whole.start + 3) % 7
    weights = forecast_many.weights(levels, weekday, clock.ahead, min(len(whole), clock.today - clock.start))
    found = np.zeros(used.shape, np.int64)
    today = clock.today - table.first
    for at in np.flatnonzero(used.sum(axis=1)).tolist():
        numbers = [(weekday + len(whole) + step) % 7 for step in range(clock.ahead)]
        sums = {number: np.add.accumulate(weights[number] * settled[at], axis=0)[-1] for number in set(numbers)}
        so_far = every[at, today] if today < every.shape[1] else np.zeros(len(functions), np.int64)
        whole_rest = (1 - clock.gone) * (so_far + (1 - clock.gone) * sums[numbers[0]])
        for number in numbers[1:]:
            whole_rest = whole_rest + sums[number]
        found[at] = np.rint(whole_rest)
    return found


def _usages(of: Sequence[Usage], amounts: Ints) -> tuple[Usage, ...]:
    rows: list[Amounts] = list(map(tuple, amounts.T.tolist()))
    return tuple(usage_of(one, QUANTITIES, row) for one, row in zip(of, rows, strict=True))
