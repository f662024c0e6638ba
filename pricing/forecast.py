"""One daily series, some days ahead: a level and a weekday pattern that are picked from the days themselves.

Four simple forecasts are averaged, because none of them is best everywhere and their mean is seldom bad: the month so
far, the last week, the mean of each weekday, and an exponentially smoothed level whose memory is chosen by how well it
would have done on the days at hand, with weekday factors that count only as far as they stand out of the noise. Each
is a weighting of past days, so that one weighting serves all quantities of a function.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, sqrt
from statistics import median

WEEK = 7
MOST_DAYS = 84  # twelve weeks tell a weekday's share; older days tell nothing about the next month's level
_WEEKDAY_DAYS = 28
FACTOR_DAYS = 56
LEAST_FACTOR_DAYS = 14  # with one week only, a weekday and a single odd day look the same
DECAYS = (0.02, 0.05, 0.1, 0.2, 0.4)
PRIOR_TRIALS = 6.0  # so many independent trials of its own does a series need to outvote "all memories are alike"
SHIFT_LEAST_DAYS, SHIFT_MOST_DAYS, SHIFT_BEFORE_DAYS = 5, 14, 14
SHIFT_LEAST = 0.2

# Student's t at 90%, one-sided, by degrees of freedom: the ends of an 80% interval, as AWS Cost Explorer gives it.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350)
# Few days that happen to be alike prove little: before a week is seen, no day-to-day spread below this is believed.
_LEAST_SPREAD = 0.1
_PRIOR_ERRORS = 2.0  # how many independent backtests the spread of single days counts for
_SPREAD_FREEDOM = 4
_MOST_FARTHER = 2.0
_MODEL, _MODEL_PER_DAY = 1.1, 0.01
_MOST_SPREAD = 3.0  # twenty times more, or a twentieth: beyond that a range says nothing


@dataclass(frozen=True, slots=True)
class Forecast:
    """``weights[d]`` weighs the past days (oldest first) into day ``d`` of the days ahead; they are not negative.

    ``low`` and ``high`` scale the sum of the days ahead to its p10 and p90; None with fewer than two days seen.
    ``shifted`` is how many days ago the level jumped, where it did: older days then weigh nothing. ``weekly`` is
    whether a weekday pattern stood out.
    """

    weights: tuple[tuple[float, ...], ...]
    low: float | None
    high: float | None
    shifted: int | None
    weekly: bool


def forecast(days: Sequence[float], first_weekday: int, ahead: int, month_days: int) -> Forecast:
    """What follows ``days`` (whole days, oldest first, the first on ``first_weekday``, Monday 0), ``ahead`` days on.

    The last ``month_days`` of them are the month so far.
    """
    return _forecast(tuple(days), first_weekday, ahead, month_days)


@lru_cache(maxsize=16)  # a fleet's whole days are asked about again whenever something is stored of today
def _forecast(days: tuple[float, ...], first_weekday: int, ahead: int, month_days: int) -> Forecast:
    total = len(days)
    if not total or not ahead:
        return Forecast(((0.0,) * total,) * ahead, None, None, None, False)
    skipped = max(0, total - MOST_DAYS)
    shifted = level_shift(days[skipped:])
    if shifted is not None:
        skipped = total - shifted
    recent = [float(day) for day in days[skipped:]]
    weekday = (first_weekday + skipped) % WEEK
    factors = weekday_factors(recent, weekday)
    level, error = _level(recent, weekday, factors, ahead)
    flat = mean_of(len(recent), min(month_days or len(recent), len(recent))), mean_of(len(recent), WEEK)
    by_weekday = []
    for number in range(WEEK):
        same = weekday_mean(len(recent), weekday, number)
        by_weekday.append(
            tuple(
                (a + b + c + each * factors[number] / factors[(weekday + at) % WEEK]) / 4
                for at, (a, b, c, each) in enumerate(zip(*flat, same, level, strict=True))
            )
        )
    padding = (0.0,) * skipped
    last = weekday + len(recent)
    weights = tuple(padding + by_weekday[(last + step) % WEEK] for step in range(ahead))
    spread = _spread(recent, weekday, factors, ahead, error)
    weekly = any(factor != 1.0 for factor in factors)
    if spread is None:
        return Forecast(weights, None, None, shifted, weekly)
    return Forecast(weights, exp(-spread), exp(spread), shifted, weekly)


def weekday_factors(days: Sequence[float], first_weekday: int) -> tuple[float, ...]:
    """Monday to Sunday, each weekday's part of its own week's level; all 1.0 where none stands out of the noise.

    Medians of ratios to the week around each day, shrunk by the share of their variance that is noise (James and
    Stein): what two weeks show by chance is not taken for a pattern.
    """
    recent = days[-FACTOR_DAYS:]
    weekday = (first_weekday + len(days) - len(recent)) % WEEK
    if len(recent) < LEAST_FACTOR_DAYS or not any(recent):
        return (1.0,) * WEEK
    groups: list[list[float]] = [[] for _ in range(WEEK)]
    for at, day in enumerate(recent):
        begin = min(max(0, at - 3), len(recent) - WEEK)
        around = sum(recent[begin : begin + WEEK]) / WEEK
        if around:
            groups[(weekday + at) % WEEK].append(min(day / around, 3.0))
    if not all(groups):
        return (1.0,) * WEEK
    means = [sum(group) / len(group) for group in groups]
    centres = [median(group) if len(group) >= 5 else mean for group, mean in zip(groups, means, strict=True)]
    size = sum(centres) / WEEK
    if not size:
        return (1.0,) * WEEK
    centres = [centre / size for centre in centres]
    count = sum(map(len, groups))
    noise = sum(sum((one - mean) ** 2 for one in group) for group, mean in zip(groups, means, strict=True))
    of_means = noise / max(1, count - WEEK) / (count / WEEK)
    between = sum((centre - 1) ** 2 for centre in centres) / (WEEK - 1)
    kept = max(0.0, 1 - of_means / between) if between else 0.0
    return tuple(max(0.05, 1 + kept * (centre - 1)) for centre in centres)


def level_shift(days: Sequence[float]) -> int | None:
    """How many days ago the level jumped: the most days, 14 at most, that all lie outside the two weeks before them.

    At least a week must lie before, and five days after. None where it did not, or by less than
    a fifth. A deploy or a new client looks like this; a single busy day does not.
    """
    for count in range(SHIFT_MOST_DAYS, SHIFT_LEAST_DAYS - 1, -1):
        before, after = days[-count - SHIFT_BEFORE_DAYS : -count], days[-count:]
        if len(before) < WEEK:
            continue
        old, new = sum(before) / len(before), sum(after) / count
        apart = min(after) > max(before) or max(after) < min(before)
        if apart and abs(new - old) > SHIFT_LEAST * max(old, new):
            return count
    return None


def mean_of(count: int, last: int) -> list[float]:
    last = min(last, count)
    return [0.0] * (count - last) + [1 / last] * last


def weekday_mean(count: int, first_weekday: int, wanted: int) -> list[float]:
    """The mean of the weekday in the last four weeks; of all days where it was not seen."""
    begin = max(0, count - _WEEKDAY_DAYS)
    same = [at for at in range(begin, count) if (first_weekday + at) % WEEK == wanted] or range(begin, count)
    weights = [0.0] * count
    for at in same:
        weights[at] = 1 / len(same)
    return weights


def _level(
    days: Sequence[float], first_weekday: int, factors: Sequence[float], ahead: int
) -> tuple[list[float], "_Backtest"]:
    """The weights of past days (without their weekday's part) in today's level, and how well it would have done.

    Each memory is tried at every past day against the mean of the days that followed; its weight is the inverse square
    of its mean error, drawn towards equal weights while there are few independent trials.
    """
    flat = [day / factors[(first_weekday + at) % WEEK] for at, day in enumerate(days)]
    count = len(flat)
    horizon = max(1, min(ahead, count // 3))
    origins = range(max(2, horizon // 2), count - horizon + 1)
    sums = [0.0]
    for day in flat:
        sums.append(sums[-1] + day)
    ahead_of = [(sums[at + horizon] - sums[at]) / horizon for at in origins]
    paths = [_smoothed(flat, decay) for decay in DECAYS]
    shares = [1.0] * len(DECAYS)
    usual = sum(ahead_of) / len(ahead_of) if ahead_of else 0.0
    trials = len(origins) / horizon
    if usual > 0:
        errors = [
            sum(abs(path[at - 1] - then) for at, then in zip(origins, ahead_of, strict=True)) / len(origins) / usual
            for path in paths
        ]
        mean = sum(errors) / len(errors)
        errors = [(error * trials + mean * PRIOR_TRIALS) / (trials + PRIOR_TRIALS) for error in errors]
        shares = [1 / max(error, 1e-9) ** 2 for error in errors]
    whole = sum(shares)
    shares = [share / whole for share in shares]
    weights = [0.0] * count
    for decay, share in zip(DECAYS, shares, strict=True):
        left = 1 - decay
        norm = share * decay / (1 - left**count)
        each = norm
        for at in range(count - 1, -1, -1):
            weights[at] += each
            each *= left
    squares = 0.0
    if usual > 0:
        for place, at in enumerate(origins):
            then = sum(share * path[at - 1] for share, path in zip(shares, paths, strict=True))
            squares += ((then - ahead_of[place]) / usual) ** 2
    return weights, _Backtest(squares / len(origins) if origins else 0.0, trials if usual > 0 else 0.0)


@dataclass(frozen=True, slots=True)
class _Backtest:
    """Mean squared relative error over the past, and over how many trials that did not overlap."""

    square: float
    trials: float


def _smoothed(days: Sequence[float], decay: float) -> list[float]:
    """The exponentially weighted mean up to and with each day."""
    path, above, below, left = [], 0.0, 0.0, 1 - decay
    for day in days:
        above, below = above * left + day, below * left + 1
        path.append(above / below)
    return path


def _spread(
    days: Sequence[float], first_weekday: int, factors: Sequence[float], ahead: int, back: _Backtest
) -> float | None:
    """Half the 80% interval of the sum of the days ahead, on a logarithmic scale: p90 is exp(spread) times p50.

    Two sources: how far the forecast would have been off in the past, more where it could be tried over fewer days
    than lie ahead; and how much single days differ, among themselves and from the mean of the n that were seen. The
    second alone counts while the past is short, and more before a week is seen, when no weekend may be among the days.
    Few trials make a wide interval (Student), and ``_MODEL`` is for what no trial shows: measured over many series,
    levels drift more than their own past says, the longer the more (``benchmarks/projection.py``).
    """
    count = len(days)
    if count < 2:
        return None
    seen = min(count, _WEEKDAY_DAYS)
    flat = [days[at] / factors[(first_weekday + at) % WEEK] for at in range(count - seen, count)]
    mean = sum(flat) / seen
    if not mean:
        return 0.0
    variance = sum((day - mean) ** 2 for day in flat) / (seen - 1) / mean**2
    widened = 1.0
    if count < WEEK:
        variance, widened = max(variance, _LEAST_SPREAD**2), WEEK / count
    of_days = variance * (1 / ahead + 1 / min(seen, LEAST_FACTOR_DAYS)) * widened
    farther = min(ahead / max(1, min(ahead, count // 3)), _MOST_FARTHER)
    tried = back.square * (1 + farther) / 2
    square = (tried * back.trials + of_days * _PRIOR_ERRORS) / (back.trials + _PRIOR_ERRORS)
    freedom = max(1, min(count - 1, int(back.trials) + _SPREAD_FREEDOM, len(_T90)))
    model = _MODEL + _MODEL_PER_DAY * ahead
    return min(model * _T90[freedom - 1] * sqrt(square), _MOST_SPREAD)
