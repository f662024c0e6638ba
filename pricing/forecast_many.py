"""``pricing.forecast`` for hundreds of functions at once: the same weights, by numpy over columns of functions.

Sums run day by day, as those of plain Python do, so that a function's figures are the same alone and among others.
"""

import numpy as np
import numpy.typing as npt

from pricing.forecast import (
    DECAYS,
    FACTOR_DAYS,
    LEAST_FACTOR_DAYS,
    PRIOR_TRIALS,
    SHIFT_BEFORE_DAYS,
    SHIFT_LEAST,
    SHIFT_LEAST_DAYS,
    SHIFT_MOST_DAYS,
    WEEK,
    mean_of,
    weekday_mean,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def weights(days: Floats, first_weekday: int, ahead: int, month_days: int) -> Floats:
    """``[number, day, function]``: what ``Forecast.weights`` has for a day ahead that is weekday ``number``.

    ``days`` are whole days (rows, oldest first, at most ``MOST_DAYS``) of functions (columns), each seen on all of
    them; otherwise as ``pricing.forecast.forecast``.
    """
    total = len(days)
    found = np.zeros((WEEK, *days.shape))
    shifts = level_shifts(days)
    for shift in np.unique(shifts):
        columns = np.flatnonzero(shifts == shift)
        skipped = total - int(shift) if shift else 0
        recent = days[skipped:, columns]
        found[:, skipped:, columns] = _weights(recent, (first_weekday + skipped) % WEEK, ahead, month_days)
    return found


def _weights(days: Floats, weekday: int, ahead: int, month_days: int) -> Floats:
    count = len(days)
    factors = weekday_factors(days, weekday)
    of_day = factors[(weekday + np.arange(count)) % WEEK]
    level = _level(days / of_day, ahead)
    flat = np.array(mean_of(count, min(month_days or count, count))) + np.array(mean_of(count, WEEK))
    found = np.empty((WEEK, *days.shape))
    for number in range(WEEK):
        same = flat + np.array(weekday_mean(count, weekday, number))
        found[number] = (same[:, None] + level * factors[number] / of_day) / 4
    return found


def level_shifts(days: Floats) -> Ints:
    """``pricing.forecast.level_shift`` of each column, 0 where there was none."""
    found = np.zeros(days.shape[1], np.int64)
    for count in range(SHIFT_MOST_DAYS, SHIFT_LEAST_DAYS - 1, -1):
        before, after = days[-count - SHIFT_BEFORE_DAYS : -count], days[-count:]
        if len(before) < WEEK:
            continue
        old, new = _sum(before) / len(before), _sum(after) / count
        apart = (after.min(axis=0) > before.max(axis=0)) | (after.max(axis=0) < before.min(axis=0))
        far = np.abs(new - old) > SHIFT_LEAST * np.maximum(old, new)
        found[(found == 0) & apart & far] = count
    return found


def weekday_factors(days: Floats, first_weekday: int) -> Floats:
    """``pricing.forecast.weekday_factors`` of each column; rows are Monday to Sunday."""
    recent = days[-FACTOR_DAYS:]
    weekday = (first_weekday + len(days) - len(recent)) % WEEK
    found = np.ones((WEEK, days.shape[1]))
    if len(recent) < LEAST_FACTOR_DAYS:
        return found
    ratios = np.full(recent.shape, np.nan)
    for at in range(len(recent)):
        begin = min(max(0, at - 3), len(recent) - WEEK)
        around = _sum(recent[begin : begin + WEEK]) / WEEK
        np.divide(recent[at], around, out=ratios[at], where=around != 0)
    ratios = np.minimum(ratios, 3.0)
    groups = [ratios[(number - weekday) % WEEK :: WEEK] for number in range(WEEK)]
    sizes = np.array([(~np.isnan(group)).sum(axis=0) for group in groups])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.array([_sum(np.nan_to_num(group)) for group in groups]) / sizes
        centres = np.where(sizes >= 5, [_medians(*each) for each in zip(groups, sizes, strict=True)], means)
        size = _sum(centres) / WEEK
        centres = centres / size
        count = sizes.sum(axis=0)
        squares = [(group - mean) ** 2 for group, mean in zip(groups, means, strict=True)]
        noise = _sum(np.array([_sum(np.nan_to_num(each)) for each in squares]))
        of_means = noise / np.maximum(1, count - WEEK) / (count / WEEK)
        between = _sum((centres - 1) ** 2) / (WEEK - 1)
        kept = np.where(between != 0, np.maximum(0.0, 1 - of_means / between), 0.0)
        factors = np.maximum(0.05, 1 + kept * (centres - 1))
    known = (sizes > 0).all(axis=0) & (size > 0)
    found[:, known] = factors[:, known]
    return found


def _medians(group: Floats, sizes: Ints) -> Floats:
    """Of the known values of each column."""
    ordered = np.sort(group, axis=0)  # unknown values go last
    upper = np.minimum(sizes // 2, len(group) - 1)
    lower = np.where(sizes % 2, upper, np.maximum(sizes // 2 - 1, 0))
    low, high = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (lower, upper))
    found: Floats = np.where(sizes % 2, high, (low + high) / 2)
    return found


def _level(flat: Floats, ahead: int) -> Floats:
    """The weights of past days in today's level: the exponential memories, by how well each would have done."""
    count = len(flat)
    horizon = max(1, min(ahead, count // 3))
    origins = np.arange(max(2, horizon // 2), count - horizon + 1)
    shares = np.ones((len(DECAYS), flat.shape[1]))
    if len(origins):
        sums = np.concatenate((np.zeros((1, flat.shape[1])), np.add.accumulate(flat, axis=0)))
        ahead_of = (sums[origins + horizon] - sums[origins]) / horizon
        usual = _sum(ahead_of) / len(origins)
        trials = len(origins) / horizon
        paths = _smoothed(flat)
        with np.errstate(divide="ignore", invalid="ignore"):
            errors = _sum(np.abs(paths[origins - 1] - ahead_of[:, None])) / len(origins) / usual
            mean = _sum(errors) / len(errors)
            errors = (errors * trials + mean * PRIOR_TRIALS) / (trials + PRIOR_TRIALS)
            shares = np.where(usual > 0, 1 / np.maximum(errors, 1e-9) ** 2, 1.0)
    shares = shares / _sum(shares)
    found = np.empty_like(flat)
    decays = np.array(DECAYS)[:, None]
    norms = np.array([1 - (1 - decay) ** count for decay in DECAYS])[:, None]
    each = shares * decays / norms
    for at in range(count - 1, -1, -1):
        found[at] = _sum(each)
        each = each * (1 - decays)
    return found


def _smoothed(flat: Floats) -> Floats:
    """``[day, decay, function]``: the exponentially weighted mean up to and with each day."""
    left = 1 - np.array(DECAYS)[:, None]
    above, below = np.zeros((len(DECAYS), flat.shape[1])), np.zeros((len(DECAYS), 1))
    found = np.empty((len(flat), len(DECAYS), flat.shape[1]))
    for at, day in enumerate(flat):
        above, below = above * left + day, below * left + 1
        found[at] = above / below
    return found


def _sum(rows: Floats) -> Floats:
    """Down the rows, one after the other: numpy's own sum would pair them, and differ in the last digit."""
    found: Floats = np.add.accumulate(rows, axis=0)[-1]
    return found
