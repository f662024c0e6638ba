"""The summed hours of the simulated days, as Logs Insights gives closed hours: counts, sums, a histogram of durations.

Sums are those of the histogram's own durations, so that a mean, a percentile and a bill are of the same invocations.
"""

from functools import lru_cache
from math import erf, log, sqrt

import numpy as np
import numpy.typing as npt

from collectors.model.account import HourAggregate
from collectors.model.units import HOUR_MS
from collectors.store.rollups.histogram import BUCKETS, GAMMA, bucket_of, value_of
from lambdatui.demo.history.shop_load import Behaviour, Part, ShopLoad
from lambdatui.demo.shop import Sample
from lambdatui.runner.functions import ACCOUNT, REGION

Ints = npt.NDArray[np.int64]


def hour_of(load: ShopLoad, behaviour: Behaviour, sample: Sample, hour_ms: int) -> HourAggregate | None:
    """The sums of a function's hour; None where it was not called."""
    parts = load.parts(behaviour, hour_ms)
    if not parts:
        return None
    random_ = np.random.default_rng(load.random_of(behaviour, hour_ms, "durations").getrandbits(64))
    counts = np.zeros(BUCKETS, np.int64)
    for part in parts:
        counts += _durations(part, behaviour, sample, random_)
    calls, failed = sum(part.calls for part in parts), sum(part.failed for part in parts)
    cold = sum(part.cold for part in parts)
    init_us = round(cold * behaviour.init_ms * 1000)
    buckets = np.flatnonzero(counts)
    durations, some = _all_durations()[buckets], counts[buckets]
    # Each invocation's billed duration is rounded up; that of a cold start has its init in it.
    warm_ms, usual_us = int((some * -(-durations // 1000)).sum()), round(parts[0].usual_ms * 1000)
    usual_init_us = round(behaviour.init_ms * 1000)
    cold_ms = cold * (-(-(usual_us + usual_init_us) // 1000) - -(-usual_us // 1000))
    billed_ms = warm_ms + cold_ms
    is_timeout, is_memory = behaviour.failure == "timeout", behaviour.failure == "memory"
    return HourAggregate(
        ACCOUNT, REGION, behaviour.name, hour_ms,
        reports=calls, errors=failed, timeouts=failed * is_timeout, out_of_memory=failed * is_memory,
        cold_starts=cold, billed_ms=billed_ms, billed_mb_ms=billed_ms * sample.memory_mb,
        duration_us=int((some * durations).sum()), init_us=init_us, max_duration_us=int(durations[-1]),
        max_memory_mb=sample.memory_mb if is_memory and failed else behaviour.used_mb, memory_mb=sample.memory_mb,
        last_ms=hour_ms + HOUR_MS - 1 - round(HOUR_MS / (calls + 1)),
        latency=dict(zip(buckets.tolist(), some.tolist(), strict=True)),
    )  # fmt: skip


def _durations(part: Part, behaviour: Behaviour, sample: Sample, random_: np.random.Generator) -> Ints:
    """A part's durations as counts by the histogram's buckets (int64 [bucket])."""
    counts = np.zeros(BUCKETS, np.int64)
    timeouts = part.failed if behaviour.failure == "timeout" else 0
    first, shares = _shares(part.usual_ms, part.spread)
    counts[first : first + len(shares)] = random_.multinomial(part.calls - timeouts, shares)
    if timeouts:
        counts[int(bucket_of(np.array([sample.timeout_s * 1_000_000]))[0])] += timeouts
    return counts


@lru_cache
def _all_durations() -> Ints:
    """The duration in microseconds for which each bucket stands (int64 [bucket])."""
    return np.array([value_of(bucket) for bucket in range(BUCKETS)], np.int64)


@lru_cache
def _shares(usual_ms: float, spread: float) -> tuple[int, npt.NDArray[np.float64]]:
    """The first bucket of a log-normal distribution, and the share of each bucket from it on."""
    step, middle = log(GAMMA), log(usual_ms * 1000)
    first, last = round((middle - 4 * spread) / step), round((middle + 4 * spread) / step)
    edges = [(bucket * step - middle) / spread for bucket in range(first - 1, last + 1)]
    below = np.array([(1 + erf(edge / sqrt(2))) / 2 for edge in edges])
    shares = np.diff(below)
    return first, shares / shares.sum()
