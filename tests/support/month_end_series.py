"""Made series for the month's end: what a function is like, drawn with noise, and what its month then came to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from collectors.model.units import MINUTE_MS

Mean = Callable[[date], float]


@dataclass(frozen=True)
class Kind:
    """``mean`` is a day's usual use from ``first`` on; ``noise`` the standard deviation of its logarithm.

    ``bias`` is how far the mean of many forecasts may lie from that of the truths, ``held`` how often, at least, the
    interval must hold. Each of ``todays`` is asked about with what was known on its first hour.
    """

    name: str
    mean: Mean
    first: date
    todays: tuple[date, ...]
    noise: float = 0.1
    chance: float = 1.0
    bias: float = 0.05
    held: float = 0.7

    def draw(self, seed: int, today: date) -> tuple[list[int], list[int]]:
        """The days from ``first`` to before ``today``, and those from today to the month's end."""
        after = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
        rng = np.random.default_rng([seed, *self.name.encode()])
        every = [self.first + timedelta(days=at) for at in range((after - self.first).days)]
        means = np.array([self.mean(day) for day in every]) * (rng.random(len(every)) < self.chance)
        days = rng.poisson(means * np.exp(self.noise * rng.standard_normal(len(every)) - self.noise**2 / 2)).tolist()
        count = (today - self.first).days
        return days[:count], days[count:]


def _month_ends(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _days_since(day: date, start: date) -> int:
    return (day - start).days


JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2026, month, 1) for month in (7, 8, 9, 10))


def october(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 10, day) for day in days)


HOLIDAYS = {date(2026, 9, 7), date(2026, 10, 12)}
USUAL = october(3, 10, 16, 21, 28)
KINDS = [
    Kind("steady", lambda day: 1000, JULY, USUAL),
    Kind("weekdays", lambda day: 2400 if day.weekday() < 5 else 600, JULY, october(2, 3, 5, 12, 21, 28)),
    Kind("weekdays, four weeks", lambda day: 2400 if day.weekday() < 5 else 600, date(2026, 9, 5), october(3, 10, 21)),
    Kind("weekdays only", lambda day: 2400 if day.weekday() < 5 else 0, JULY, october(3, 10, 17, 28)),
    Kind("weekdays only with holidays", lambda day: 2400 if day.weekday() < 5 and day not in HOLIDAYS else 0, JULY,
         october(3, 9, 13, 14, 21)),
    Kind("Mondays", lambda day: 5000 if day.weekday() == 0 else 0, JULY, october(3, 5, 6, 14, 21)),
    Kind("every two weeks", lambda day: 5000 if _days_since(day, JULY) % 14 == 5 else 0, JULY, USUAL),
    Kind("every two weeks over a base", lambda day: 9000 if _days_since(day, JULY) % 14 == 5 else 500, JULY, USUAL),
    Kind("first of the month", lambda day: 90_000 if day.day == 1 else 100, JULY, october(1, 2, 3, 10, 21)),
    Kind("first of the month, alone", lambda day: 90_000 if day.day == 1 else 0, JULY, october(1, 2, 10, 21)),
    Kind("first of the month, young", lambda day: 90_000 if day.day == 1 else 100, date(2026, 9, 20), october(2, 3, 10)),
    Kind("month's end", lambda day: 50_000 if _month_ends(day) else 1000, JULY, october(1, 10, 21, 31)),
    Kind("the 15th", lambda day: 30_000 if day.day == 15 else 1000, JULY, october(3, 14, 16, 21)),
    Kind("one day of ten times", lambda day: 10_000 if day == date(2026, 10, 9) else 1000, JULY,
         october(10, 11, 12, 16, 24)),
    Kind("one day of ten times, young", lambda day: 10_000 if day == date(2026, 10, 9) else 1000, date(2026, 9, 28),
         october(10, 11, 16, 24)),
    Kind("steady growth", lambda day: 500 + 15 * _days_since(day, JULY), JULY, USUAL),
    Kind("growth by one percent", lambda day: 500 * 1.01 ** _days_since(day, JULY), JULY, USUAL),
    Kind("decline", lambda day: 2000 - 15 * _days_since(day, JULY), JULY, USUAL),
    Kind("growth on weekdays", lambda day: (500 + 15 * _days_since(day, JULY)) * (1 if day.weekday() < 5 else 0.3),
         JULY, USUAL),
    Kind("growth, then stop", lambda day: (500 + 15 * _days_since(day, JULY)) * (day < date(2026, 10, 6)), JULY,
         october(10, 16, 21, 28)),
    Kind("growth, then level", lambda day: 500 + 25 * min(70, _days_since(day, JULY)), JULY, october(3, 10, 21, 28)),
    Kind("stopped on the 6th", lambda day: 1000 * (day < date(2026, 10, 6)), JULY, october(9, 12, 20, 21, 28)),
    Kind("stopped last month", lambda day: 1000 * (day < date(2026, 9, 13)), JULY, october(1, 3, 13, 28)),
    Kind("weekdays, stopped", lambda day: (2400 if day.weekday() < 5 else 600) * (day < date(2026, 10, 6)), JULY,
         october(10, 20, 21, 28)),
    Kind("halved on the 20th", lambda day: 2000 if day < date(2026, 9, 20) else 1000, JULY, october(1, 4, 5, 13, 28)),
    Kind("doubled on the 6th", lambda day: 1000 if day < date(2026, 10, 6) else 2000, JULY, october(11, 13, 20, 28)),
    Kind("weekdays, doubled", lambda day: (2400 if day.weekday() < 5 else 600) * (1 if day < date(2026, 10, 6) else 2),
         JULY, october(13, 20, 21, 28)),
    Kind("two shifts", lambda day: 1000 if day < date(2026, 9, 1) else 3000 if day < date(2026, 9, 25) else 1500, JULY,
         october(3, 10, 20, 28)),
    Kind("new in mid-month", lambda day: 1000, date(2026, 10, 11), october(13, 15, 18, 21, 28)),
    Kind("now and then", lambda day: 800, JULY, USUAL, chance=0.2, bias=0.2),
    Kind("seldom", lambda day: 800, JULY, USUAL, chance=0.07, bias=0.4, held=0.65),
    Kind("a gap", lambda day: 0 if date(2026, 9, 22) <= day <= date(2026, 9, 26) else 1000, JULY, october(3, 10, 21)),
    Kind("a ramp of ten days", lambda day: 1000 + 100 * min(10, max(0, _days_since(day, SEPTEMBER))), JULY, USUAL),
    Kind("noisy", lambda day: 1000, JULY, USUAL, noise=0.5, bias=0.1),
    Kind("noisy weekdays", lambda day: 2400 if day.weekday() < 5 else 600, JULY, USUAL, noise=0.4),
    Kind("quarterly", lambda day: MINUTE_MS if day.day == 1 and day.month % 3 == 1 else 200, JULY, october(2, 10, 21)),
]  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
