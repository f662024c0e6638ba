"""``pricing.projection`` for hundreds of functions at once, from a table of their days instead of single usages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from collectors.model.units import DAY_MS
from pricing.forecast_model import Model
from pricing.levels import Bools, Floats
from pricing.projection import (
    FITTED,
    QUANTITIES,
    TIES,
    Days,
    Projection,
    ProjectionClock,
    ended,
    month_days,
    rest,
    usage_of,
)
from pricing.usage import Usage
from pricing.usage_table import Terms, UsageTable, terms_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayTable:
    """What functions used day by day: ``amounts[quantity, day, function]`` from day number ``first`` on.

    ``seen[day, function]`` is whether anything is known of that day. Every function was seen on some day.
    """

    first: int
    amounts: Ints
    seen: Bools

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

    def together(self, functions: Bools) -> Days:
        """The sums of some functions by day number, of the days on which any was seen."""
        amounts, known = self.amounts, self.seen
        if not functions.all():
            amounts, known = amounts[:, :, functions], known[:, functions]
        sums = amounts.sum(axis=2).T.tolist()
        seen = (known.sum(axis=1) > 0).tolist()
        return {self.first + at: tuple(row) for at, row in enumerate(sums) if seen[at]}


def project_table(
    table: DayTable,
    of: Sequence[Usage] | Sequence[Terms],
    as_of_ms: int,
    month: date,
    *,
    since_ms: int | None = None,
    hours: Sequence[float] | None = None,
    spread_of: Bools | None = None,
) -> Projection:
    """``pricing.projection.project`` of a table whose quantities are ``QUANTITIES``; ``of`` names its functions."""
    terms = [one if isinstance(one, Terms) else terms_of(one) for one in of]
    start, after = month_days(month)
    as_of_ms = max(as_of_ms, start * DAY_MS)
    seen = table.between(start, after)
    so_far = used_of(terms, seen)
    if after * DAY_MS <= as_of_ms:
        days = table.seen[max(0, start - table.first) : max(0, after - table.first)]
        return ended(so_far, int(days.any(axis=1).sum()))
    clock = ProjectionClock.of_month(as_of_ms, start, after, int(table.begins().min()), since_ms, hours)
    rests = _rests(table, clock)
    chosen = spread_of if spread_of is not None and spread_of.any() else np.ones(len(of), np.bool_)

    def scaled(factor: float) -> UsageTable:
        return used_of(terms, seen + np.rint(rests * factor).astype(np.int64))

    return clock.projection(table.together(chosen), so_far, used_of(terms, seen + rests), scaled)


def months_of_table(
    table: DayTable, as_of_ms: int, month: date, *, since_ms: int | None = None, hours: Sequence[float] | None = None
) -> Ints:
    """The middle estimate of ``project_table``, as the month's ``[quantity, function]``."""
    start, after = month_days(month)
    as_of_ms = max(as_of_ms, start * DAY_MS)
    seen = table.between(start, after)
    if after * DAY_MS <= as_of_ms:
        return seen
    return seen + _rests(
        table, ProjectionClock.of_month(as_of_ms, start, after, int(table.begins().min()), since_ms, hours)
    )


def _rests(table: DayTable, clock: ProjectionClock) -> Ints:
    """What the rest of the month adds to each quantity of each function."""
    rests = np.zeros((table.amounts.shape[0], table.amounts.shape[2]), np.int64)
    begins = table.begins()
    for begin in sorted(set(begins.tolist())):  # np.unique imports masked arrays, which takes 15 ms at the first call
        functions = np.flatnonzero(begins == begin)
        whole = clock.settled(begin)
        if not whole or len(functions) == 1:
            for function in functions.tolist():
                rests[:, function] = rest(QUANTITIES, table.days(function), clock)
        else:
            rests[:, functions] = _rests_of(table, functions, whole, clock)
    return rests


def _rests_of(table: DayTable, functions: Ints, whole: range, clock: ProjectionClock) -> Ints:
    """What the rest of the month adds for functions that have the same settled days."""
    every = table.amounts if len(functions) == table.amounts.shape[2] else table.amounts[:, :, functions]
    used = every.sum(axis=1) > 0
    quantities = np.flatnonzero(used.sum(axis=1))
    rests = np.zeros(used.shape, np.int64)
    if not len(quantities):
        return rests
    place = np.zeros(len(functions), np.int64)  # the quantity that each function's level is taken from
    for quantity in (*reversed(range(len(every))), *reversed(FITTED)):
        place[used[quantity]] = quantity
    settled = every[quantities, whole.start - table.first : whole.stop - table.first]
    if settled.shape[1] < len(whole):  # nothing was used since: those days are zeros
        settled = np.pad(settled, ((0, 0), (0, len(whole) - settled.shape[1]), (0, 0)))
    levels = np.searchsorted(quantities, place)
    weighed = _ahead_of(settled, levels, whole.start, clock.ahead, min(len(whole), clock.today - clock.start))
    today = clock.today - table.first
    for quantity, (of_today, later) in zip(quantities.tolist(), weighed.sums, strict=True):
        so_far = every[quantity, today] if today < every.shape[1] else np.zeros(len(functions), np.int64)
        more = (1 - clock.gone) * (so_far + (1 - clock.gone) * of_today)
        rest_of = np.where(weighed.once, np.maximum(0.0, of_today - so_far), more) + later
        rests[quantity] = np.rint(np.round(rest_of, TIES))
    return rests


@dataclass(frozen=True, slots=True)
class Ahead:
    """``sums[quantity, 0 for today or 1 for the days after, function]``, and of which functions today comes once."""

    sums: Floats
    once: Bools


_KEPT: dict[bytes, Ahead] = {}
_MOST_KEPT = 64  # of 8 KB for each quantity of 500 functions


def _ahead_of(settled: Ints, place: Ints, first: int, ahead: int, month_days: int) -> Ahead:
    """What the days ahead will have: ``settled[quantity, day, function]`` begins on day number ``first``.

    ``place`` is which quantity each function's level is taken from. Kept by all of this: settled days seldom change
    while today's usage goes on.
    """
    asked = sha256(repr((settled.shape, first, ahead, month_days)).encode())
    asked.update(settled.tobytes())
    asked.update(place.tobytes())
    weighed = _KEPT.get(asked.digest())
    if weighed is None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        weighed = _KEPT[asked.digest()] = _weighed_ahead(settled, place, first, ahead, month_days)
    return weighed


def _weighed_ahead(settled: Ints, place: Ints, first: int, ahead: int, month_days: int) -> Ahead:
    days = settled.astype(np.float64)
    levels = np.take_along_axis(days, place[None, None, :], axis=0)[0]
    model = Model.fit(levels, first, ahead, month_days)
    weights = model.weights([[0], range(1, ahead)])
    sums = np.array([[np.add.accumulate(part * of, axis=0)[-1] for part in weights] for of in days])
    return Ahead(np.maximum(sums, 0.0), model.once())


def used_of(terms: Sequence[Terms], amounts: Ints) -> UsageTable:
    """The usages of ``amounts[quantity, function]``."""
    requests, billed_ms, billed_mb_ms = amounts[:3].tolist()
    special = {
        at: usage_of(terms[at], QUANTITIES, tuple(amounts[:, at].tolist()))
        for at in np.flatnonzero(amounts[3:].any(axis=0)).tolist()
    }
    return UsageTable(terms, requests, billed_ms, billed_mb_ms, special)
