"""A mergeable histogram of durations, each value kept within 1%.

Buckets are powers of 1.02: bucket ``i`` holds ``(1.02**(i-1), 1.02**i]`` microseconds and is read as its middle, so
the error is at most (1.02-1)/(1.02+1) = 0.99%. Counts are exact and merge without loss. Stored as little-endian
pairs (uint16 bucket, uint32 count), in order of bucket: a quiet minute costs a few bytes.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

GAMMA = 1.02
BUCKETS = 1200  # the last stands for some six hours and more
_LOG_GAMMA = math.log(GAMMA)
PAIR = np.dtype([("bucket", "<u2"), ("count", "<u4")])

Counts = npt.NDArray[np.int64]


def bucket_of(duration_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bucket of each duration in microseconds (0 and less are bucket 0)."""
    positive = np.maximum(duration_us, 1).astype(np.float64)
    return np.minimum(np.ceil(np.log(positive) / _LOG_GAMMA - 1e-9), BUCKETS - 1).astype(np.int64)


def value_of(bucket: int) -> int:
    """The duration in microseconds that a bucket stands for."""
    return round(2 * GAMMA**bucket / (GAMMA + 1)) if bucket > 0 else 1


def packed_counts(counts: npt.NDArray[np.floating] | Counts) -> bytes:
    """Counts by bucket, as they are stored."""
    used = np.flatnonzero(counts)
    pairs = np.empty(len(used), PAIR)
    pairs["bucket"] = used
    pairs["count"] = counts[used]
    return pairs.tobytes()


def merged_by_group(groups: list[list[bytes]]) -> Counts:
    """The sum of each group's histograms: a row for each group, a column for each bucket."""
    merged = np.zeros((len(groups), BUCKETS), np.int64)
    for row, blobs in zip(merged, groups, strict=True):  # one by one they stay in the processor's cache
        pairs = np.frombuffer(b"".join(blobs), PAIR)
        row += np.bincount(pairs["bucket"], pairs["count"], BUCKETS).astype(np.int64)
    return merged


def quantiles(counts: Counts, shares: tuple[float, ...]) -> list[list[int]]:
    """For each row of counts, the durations in microseconds below which each share of the values lies."""
    if not counts.size:
        return []
    _, durations = quantiles_of_runs(counts.ravel(), shares)
    rows: list[list[int]] = np.stack(durations, axis=-1).tolist()
    return rows


def quantiles_of_runs(counts: Counts, shares: tuple[float, ...]) -> tuple[Counts, list[Counts]]:
    """Histograms one after another, each of ``BUCKETS`` counts: how many values each has, and for each share the
    durations in microseconds below which it lies (of no meaning where there is no value)."""
    running = counts.cumsum()  # over all at once: what a histogram begins with is taken off what is looked for
    ends = running[BUCKETS - 1 :: BUCKETS]
    before = np.concatenate(([0], ends[:-1]))
    totals = ends - before
    places = np.arange(len(totals)) * BUCKETS
    values = _values()
    answers = []
    for share in shares:
        rank = np.maximum(np.ceil(totals * share), 1).astype(np.int64)
        answers.append(values[np.minimum(np.searchsorted(running, before + rank) - places, BUCKETS - 1)])
    return totals, answers


@lru_cache
def _values() -> Counts:
    return np.array([value_of(bucket) for bucket in range(BUCKETS)])
