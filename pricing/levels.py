"""Where the level of a series jumped, whether it grows, and how its weekdays differ: by columns of functions."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

WEEK = 7
LEAST_FACTOR_DAYS = 14  # with one week only, a weekday and a single odd day look the same
SHIFT_DAYS = 14  # so many days before a shift and after it are compared
SHIFT_LEAST_DAYS, SHIFT_LEAST_BEFORE, SHIFT_LEAST_STOPPED = 4, 7, 3
SHIFT_LEAST = 0.2
SEPARATE_DAYS, LEAST_USUAL = 5, 0.3
SHIFT_SURE = 9.0
ABRUPT_DAYS, ABRUPT = 3, 0.65  # so many days on each side show so much of a jump; growth does not
LEAST_NOISE = 0.02
TREND_DAYS, TREND_SURE = 21, 5.0
TREND_LEAST = 0.1
LATE_DAYS, LATE_SLOPE = 28, 0.35  # the last four weeks must show that much of the slope

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def sum_of(rows: Floats) -> Floats:
    """The sums down the rows, added one after the other: for a single column numpy's own sum would add in pairs."""
    found: Floats = np.add.accumulate(rows, axis=0)[-1] if rows.shape[-1] == 1 else np.add.reduce(rows, axis=0)
    return found


def sums_of(rows: Floats) -> Floats:
    """``[k]`` is the sum of the first ``k`` rows."""
    sums = np.zeros((len(rows) + 1, *rows.shape[1:]))
    for at, row in enumerate(rows):
        np.add(sums[at], row, out=sums[at + 1])
    return sums


def share(above: Floats, below: Floats) -> Floats:
    """``above`` / ``below``, 0 where ``below`` is 0."""
    found: Floats = np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
    return found


def weekday_factors(days: Floats, first_weekday: int, since: Ints | None = None) -> Floats:
    """``[weekday, function]``, Monday first: its part of its own week's level; 1.0 where none stands out of the noise.

    Means of ratios to the week around each day, shrunk by the share of their variance that is noise (James and
    Stein): what two weeks show by chance is not taken for a pattern. A shift or a trend does not touch the ratios.
    """
    count = len(days)
    by_weekday = np.ones((WEEK, days.shape[1]))
    if count < LEAST_FACTOR_DAYS:
        return by_weekday
    sums = sums_of(days)
    begin = np.clip(np.arange(count) - WEEK // 2, 0, count - WEEK)
    around = (sums[begin + WEEK] - sums[begin]) / WEEK
    ratios = np.full((-(-count // WEEK) * WEEK, days.shape[1]), np.nan)
    known = around > 0
    if since is not None:  # weeks that hold a shift tell of it
        known &= (since <= begin[:, None]) | (since >= begin[:, None] + WEEK)
    np.divide(days, around, out=ratios[:count], where=known)
    groups = ratios.reshape(-1, WEEK, days.shape[1])  # week, place in it, function
    sizes = (~np.isnan(groups)).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = sum_of(np.nan_to_num(groups)) / sizes
        size = sum_of(means) / WEEK
        centres = means / size
        total = sizes.sum(axis=0)
        noise = sum_of(sum_of(np.nan_to_num((groups - means) ** 2)))
        of_means = noise / np.maximum(1, total - WEEK) / (total / WEEK)
        between = sum_of((centres - 1) ** 2) / (WEEK - 1)
        kept = np.where(between > 0, np.maximum(0.0, 1 - of_means / between), 0.0)
        factors = np.maximum(0.0, 1 + kept * (centres - 1))
    known = (sizes > 0).all(axis=0) & (size > 0)
    by_weekday[:, known] = np.roll(factors, first_weekday, axis=0)[:, known]
    by_weekday[by_weekday < 0.01] = 0.0
    return by_weekday


def last_shift(days: Floats, usual: Floats, usable: Bools) -> Ints:
    """The place of the first day after each function's last jump of level; 0 where it never jumped.

    Everywhere in the window two weeks before are compared with the two weeks after (or what there is of them), each by
    its use over the usual use of its weekdays. A jump is far beyond the noise on both sides, by a fifth at least, and
    abrupt: three days on each side show two thirds of it. Growth is none, and neither is an odd day.
    """
    count = len(days)
    shifts = np.zeros(days.shape[1], np.int64)
    places = np.arange(SHIFT_LEAST_BEFORE, count - min(SHIFT_LEAST_DAYS, SHIFT_LEAST_STOPPED) + 1)
    if not len(places):
        return shifts
    expected = usual * usable
    used = days * usable
    floor = np.maximum(expected, 0.1)
    sums = [sums_of(series) for series in (used, expected, np.where(usable, used * used / floor, 0.0),
                                     (expected >= 0.5).astype(np.float64))]  # fmt: skip
    before, after = np.maximum(places - SHIFT_DAYS, 0), np.minimum(places + SHIFT_DAYS, count)
    v0, f0, q0, n0 = (series[places] - series[before] for series in sums)
    v1, f1, q1, n1 = (series[after] - series[places] for series in sums)
    old, new = share(v0, f0), share(v1, f1)
    apart, most = np.abs(new - old), np.maximum(new, old)
    noise = np.maximum(q0 - v0 * old, 0.0) + np.maximum(q1 - v1 * new, 0.0)
    square = noise / np.maximum(n0 + n1 - 2, 1) + (LEAST_NOISE * most) ** 2
    size = share(f0 * f1, f0 + f1)
    rows = np.arange(len(places))[:, None]
    stopped = (sums[0][-1] - sums[0][places] <= 0) & (count - places[:, None] >= SHIFT_LEAST_STOPPED) & (n1 >= 2)
    clear = _separate(days, usual, usable)[places] & (n1 >= SEPARATE_DAYS) & (n0 >= SHIFT_LEAST_BEFORE)
    jumps = (
        ((apart * apart * size > SHIFT_SURE**2 * square) | clear) & (apart > SHIFT_LEAST * most) & (n0 >= 2)
        & (stopped | ((n1 >= 2) & (count - places[:, None] >= SHIFT_LEAST_DAYS)))
    )  # fmt: skip
    candidates = jumps.any(axis=0)
    if not candidates.any():
        return shifts
    near, far = np.maximum(places - ABRUPT_DAYS, 0), np.minimum(places + ABRUPT_DAYS, count)
    a0, b0 = (series[places] - series[near] for series in sums[:2])
    a1, b1 = (series[far] - series[places] for series in sums[:2])
    short = (share(a1, b1) - share(a0, b0)) * np.sign(new - old)
    jumps &= (short >= ABRUPT * apart) | (b0 <= 0) | (b1 <= 0)
    last = np.where(jumps, rows, -1).max(axis=0)
    nearby = jumps & (rows > last - WEEK)
    best = np.where(nearby, apart * apart * size, -1.0).argmax(axis=0)
    shifts = np.where(last >= 0, places[best], 0)
    jumped = np.flatnonzero(shifts)
    some = usual[:, jumped], usable[:, jumped].astype(np.float64)
    shifts[jumped[_on_a_line(days[:, jumped], *some, shifts[jumped])]] = 0
    return shifts


def _on_a_line(days: Floats, usual: Floats, weights: Floats, since: Ints) -> Bools:
    """Whether a line that holds to the end says more of the days than a level before ``since`` and one from it on."""
    centre, spread, sure, true = trend(days, usual, weights)
    away = np.arange(len(days))[:, None] - centre
    expected, used = usual * weights, days * weights
    whole = sum_of(expected)
    explained = share(sum_of(used) ** 2, whole) + share(sum_of(used * away) ** 2, spread)
    after = np.arange(len(days))[:, None] >= since
    by_step = sum(share(sum_of(used * part) ** 2, sum_of(expected * part)) for part in (after, ~after))
    found: Bools = sure & true & (explained > by_step)
    return found


def _separate(days: Floats, usual: Floats, usable: Bools) -> Bools:
    """Before which days no day of the two weeks before is as high, or as low, as any of the two weeks after."""
    known = usable & (usual >= LEAST_USUAL)
    part = np.divide(days, usual, out=np.zeros(days.shape), where=known)
    low, high = np.where(known, part, np.inf), np.where(known, part, -np.inf)
    margin = np.full((SHIFT_DAYS, days.shape[1]), np.inf)
    least = _sliding(np.concatenate((margin, low, margin)), np.minimum)
    most = _sliding(np.concatenate((-margin, high, -margin)), np.maximum)
    before, after = slice(0, len(days) + 1), slice(SHIFT_DAYS, None)
    found: Bools = (least[after] > most[before]) | (most[after] < least[before])
    return found


def _sliding(days: Floats, extreme: Callable[[Floats, Floats], Floats]) -> Floats:
    """The least or the most of ``SHIFT_DAYS`` days from each on, by windows of 2, 4 and 8."""
    for step in (1, 2, 4, SHIFT_DAYS - 8):
        days = extreme(days[:-step], days[step:])
    return days


def trend(days: Floats, usual: Floats, weights: Floats) -> tuple[Floats, Floats, Bools, Bools]:
    """A line through the weighted days: their centre and spread (``Sxx``); whether its slope is sure, and ends true.

    The slope is sure where it is far beyond its error, with the noise that days next to each other share counted in,
    and matters; it ends true where the last week lies on the line, and the last four go its way.
    """
    count, functions = days.shape
    if count < TREND_DAYS:
        return np.zeros(functions), np.zeros(functions), *(np.zeros(functions, np.bool_),) * 2
    day = np.arange(count, dtype=np.float64)[:, None]
    expected = usual * weights
    whole = sum_of(expected)
    centre = share(sum_of(expected * day), whole)
    away = day - centre
    spread = sum_of(expected * away * away)
    level = share(sum_of(days * weights), whole)
    used = days * weights
    slope = share(sum_of(used * away), spread)
    residual = (days - usual * (level + slope * away)) * weights
    seen = np.maximum(sum_of(weights), 1.0)
    variance = sum_of(residual * residual / np.maximum(usual, 0.1)) / np.maximum(seen - 2, 1)
    together = share(sum_of(residual[1:] * residual[:-1]), sum_of(residual * residual))
    together = np.clip(together + 2 / seen, 0.0, 0.95)  # a line takes some of it away
    variance = np.maximum(variance, (LEAST_NOISE * level) ** 2) * (1 + together) / (1 - together)
    sure = (slope * slope * spread > TREND_SURE**2 * variance) & (seen >= TREND_DAYS)
    sure &= np.abs(slope) * seen > TREND_LEAST * level
    last = sum_of(residual[-WEEK:])
    of_last = sum_of(expected[-WEEK:])
    true = (last * last <= 4 * variance * np.maximum(of_last, 1.0)) & (of_last > 0)
    late = slice(-LATE_DAYS, None)
    late_whole = sum_of(expected[late])
    late_away = day[late] - share(sum_of(expected[late] * day[late]), late_whole)
    late_slope = share(sum_of(used[late] * late_away), sum_of(expected[late] * late_away * late_away))
    true &= late_slope * np.sign(slope) >= LATE_SLOPE * np.abs(slope)
    return centre, spread, sure, true
