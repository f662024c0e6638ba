"""The forecast of one daily series: how its past days weigh in the days ahead, and how far their sum may be off."""

from dataclasses import dataclass
from functools import lru_cache
from math import exp

import numpy as np

from pricing.forecast_model import Model
from pricing.odd_days import RecurringEvent
from pricing.spread import spread_of


@dataclass(frozen=True, slots=True)
class Forecast:
    """One series' forecast: ``weights[d]`` weighs the past days (oldest first) into day ``d`` of the days ahead.

    ``once`` is whether today's use comes once (a batch): what of it has come is not to come again. ``low`` and ``high``
    scale the sum of the days ahead to its p10 and p90; None where no day was seen. ``shifted`` is how many days ago the
    level jumped, where it did. ``weekly`` is whether a weekday pattern stood out, ``growth`` by how much it grows a
    day (0 where it does not) as a part of its level, ``events`` what comes again by the calendar, ``left_out`` how
    many days were too odd to count.
    """

    weights: tuple[tuple[float, ...], ...]
    once: bool
    low: float | None
    high: float | None
    shifted: int | None = None
    weekly: bool = False
    growth: float = 0.0
    events: tuple[RecurringEvent, ...] = ()
    left_out: int = 0


@lru_cache(maxsize=16)  # a fleet's whole days are asked about again whenever something is stored of today
def forecast(days: tuple[float, ...], first: int, ahead: int, month_days: int) -> Forecast:
    """What follows ``days`` (whole days, oldest first, from day number ``first`` since 1970 on), ``ahead`` days on.

    The last ``month_days`` of them are the month so far.
    """
    if not days or not ahead:
        return Forecast(((0.0,) * len(days),) * ahead, False, None, None)
    series = np.array(days, np.float64)[:, None]
    model = Model.fit(series, first, ahead, month_days)
    weights = model.weights([[step] for step in range(ahead)])[:, :, 0]
    spread = spread_of(model, series, weights)
    since = int(model.since[0])
    return Forecast(
        tuple(map(tuple, weights.tolist())), bool(model.once()[0]), exp(spread[0]), exp(spread[1]),
        len(days) - since if since else None, bool((model.factors != 1).any()), model.growth(series),
        model.events.get(0, ()), len(model.left_out.get(0, ())),
    )  # fmt: skip
