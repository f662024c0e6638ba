"""How far the sum of the days ahead may lie from its forecast: half of the 80% interval, on a logarithmic scale."""

from math import inf, log, sqrt

import numpy as np

from pricing.forecast_model import Model
from pricing.levels import WEEK, Floats

# Student's t at 90%, one-sided, by degrees of freedom: the ends of an 80% interval, as AWS Cost Explorer gives it.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350)
_LEAST_SPREAD = 0.1  # few days that happen to be alike prove little
_PRIOR_DRIFT, _PRIOR_WEEKS = 0.1, 1.0  # of a day's variance, a day; how many weeks of its own weigh as much
_FIRST_DAY = 0.7  # measured: the day that a function was first seen on, against those that followed
_MOST_SPREAD = 3.0  # twenty times more, or a twentieth: beyond that a range says nothing
_SHORT_DAYS, _SHORT = 35, 0.5  # measured: a short past shows too little of how its levels drift


def spread_of(model: Model, days: Floats, weights: Floats) -> tuple[float, float]:
    """Of one function: ``weights[step, day]`` are those of ``model``, which was fitted to ``days``.

    The variance of the sum is that of the single days ahead; that of the days seen, by what each weighs; and that of
    a level that drifts from day to day, between the days that were seen and those ahead. The drift is measured from
    week to week, and drawn towards a usual one while there are few weeks.
    """
    used = days[:, 0] * model.counted[:, 0]
    counted, usual = model.counted[:, 0], model.usual[:, 0]
    whole = weights.sum(axis=0)
    rest = float((whole * days[:, 0]).sum())
    if rest <= 0:
        return 0.0, 0.0
    if model.count < 2:
        return -_FIRST_DAY, _FIRST_DAY
    events = model.events.get(0, ())
    taken = {day for event in events for day in event.ahead}
    steps = [step for step in range(model.ahead) if model.first + model.count + step not in taken]
    parts = np.array([model.factors[(model.first + model.count + step + 3) % WEEK, 0] for step in steps])
    base = weights[steps].sum(axis=0) * counted
    of_level = float((base * used).sum())
    if not events and model.idle()[0]:
        return _now_and_then(used[counted > 0], len(steps), rest)
    square, usual_square, freedom = 0.0, _LEAST_SPREAD**2, 8.0
    if of_level > 0 and parts.sum() > 0:
        level = of_level / float(parts.sum())
        noise, drift, freedom = _noise(model.without_growth(days)[:, 0] * counted, usual, counted)
        single, wander = noise / level**2, drift / level**2
        if counted.sum() < WEEK:
            single = max(single, _LEAST_SPREAD**2) * WEEK / counted.sum()
        usual_square = single
        relative = base / base.sum()
        ahead = np.cumsum(parts[::-1])[::-1] / parts.sum()
        of_days = single * ((parts / parts.sum() ** 2).sum() + (relative**2 / np.maximum(usual, 0.1)).sum())
        square = (of_days + wander * ((ahead**2).sum() + (np.cumsum(relative) ** 2).sum())) * (of_level / rest) ** 2
    idle = sum(days[at, 0] == 0 for at in model.left_out.get(0, ()))
    square += idle / model.count / max(1, model.ahead)  # days of nothing come again, nobody knows when
    for event in events:
        sizes = days[[day - model.first for day in event.past], 0]
        size, seen = float(sizes.mean()), len(sizes)
        own = (float(sizes.var()) * seen + 2 * usual_square * size**2) / (seen + 1)
        come = len(event.ahead)
        square += own * (come + come**2 / min(seen, 3)) / rest**2
    quantile = _T90[max(1, min(int(freedom), len(_T90))) - 1]
    short = 1 + _SHORT * max(0.0, 1 - counted.sum() / _SHORT_DAYS)
    half = min(short * quantile * sqrt(square), _MOST_SPREAD)
    return -half, half


def _now_and_then(days: Floats, ahead: int, rest: float) -> tuple[float, float]:
    """For functions that run on few days: the spread of how many days ahead will be busy, and of how much on each.

    The number of busy days is negative binomial, as where it is only known that ``busy`` of the days seen were.
    """
    busy = days[days > 0]
    size, count = float(busy.mean()), len(busy)
    part = len(days) / (len(days) + ahead)
    chance, below, ends = part ** (count + 0.5), 0.0, list[int]()
    number = 0
    while len(ends) < 2 and number <= ahead:
        below += chance
        while len(ends) < 2 and below >= (0.1, 0.9)[len(ends)]:
            ends.append(number)
        chance *= (count + 0.5 + number) / (number + 1) * (1 - part)
        number += 1
    low, high = (*ends, *(ahead,) * (2 - len(ends)))
    apart = float(busy.std()) / size
    least = max(0.0, low - apart * sqrt(low)) * size / rest
    most = (high + apart * sqrt(high)) * size / rest
    return max(-_MOST_SPREAD * 3, min(0.0, log(least) if least > 0 else -inf)), max(
        0.0, min(_MOST_SPREAD, log(max(most, 1.0)))
    )


def _noise(used: Floats, usual: Floats, counted: Floats) -> tuple[float, float, float]:
    """The variance of a usual day around its week's level, that of the level's drift a day, and degrees of freedom."""
    block = WEEK if usual[-WEEK:].sum() ** 2 >= 3 * (usual[-WEEK:] ** 2).sum() else 4 * WEEK
    squares = free = 0.0
    levels, sizes = [], []
    for end in range(len(used), 0, -block):
        week = slice(max(0, end - block), end)
        seen, expected = counted[week].sum(), (usual * counted)[week].sum()
        if seen and expected > 0:
            level = used[week].sum() / expected
            off = (used - usual * level * counted)[week] ** 2 / np.maximum(usual, 0.1)[week]
            squares, free = (
                squares + float(off.sum()),
                free + max(0.0, float(expected**2 / ((usual * counted)[week] ** 2).sum()) - 1),
            )
            levels.append(level)
            sizes.append(expected)
    if free < 1:
        return 0.0, 0.0, 1.0
    noise = squares / free
    steps = [(one - other) ** 2 - noise * (1 / a + 1 / b) for one, other, a, b in
             zip(levels, levels[1:], sizes, sizes[1:], strict=False)]  # fmt: skip
    moved = sum(steps) / (block * 2 / 3)
    drift = max(0.0, (moved + _PRIOR_DRIFT * noise * _PRIOR_WEEKS) / (len(steps) + _PRIOR_WEEKS))
    return noise, drift, float(min(free, len(steps) + 2))
