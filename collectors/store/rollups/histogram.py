"""A mergeable histogram of durations, which knows each value within 1%.

Buckets are powers of 1.02: bucket ``i`` has ``(1.02**(i-1), 1.02**i]`` microseconds and stands for the middle, so the
error is at most (1.02-1)/(1.02+1) = 0.99%. Counts are exact and merge without loss. Stored as little-endian pairs
(uint16 bucket, uint32 count), in order of bucket, so a minute with few values takes a few bytes.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

GAMMA = 1.02
BUCKETS = 1200  # the last is for durations of some six hours and more
_LOG_GAMMA = math.log(GAMMA)
PAIR = np.dtype([("bucket", "<u2"), ("count", "<u4")])

Counts = npt.NDArray[np.int64]


def bucket_of(duration_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The bucket of each duration in microseconds (bucket 0 for 0 and less); int64 arrays of the same shape."""
    positive = np.maximum(duration_us, 1).astype(np.float64)
    return np.minimum(np.ceil(np.log(positive) / _LOG_GAMMA - 1e-9), BUCKETS - 1).astype(np.int64)


def value_of(bucket: int) -> int:
    """The duration in microseconds for which a bucket stands."""
    return round(2 * GAMMA**bucket / (GAMMA + 1)) if bucket > 0 else 1


def packed_counts(counts: npt.NDArray[np.floating] | Counts) -> bytes:
    """An array of counts, indexed by bucket, as it is stored."""
    used = np.flatnonzero(counts)
    pairs = np.empty(len(used), PAIR)
    pairs["bucket"] = used
    pairs["count"] = counts[used]
    return pairs.tobytes()


def merged_by_group(groups: list[list[bytes]]) -> Counts:
    """The sum of each group's stored histograms: int64 [group, bucket]."""
    merged = np.zeros((len(groups), BUCKETS), np.int64)
    for row, blobs in zip(merged, groups, strict=True):  # one row at a time stays in the processor's cache
        pairs = np.frombuffer(b"".join(blobs), PAIR)
        row += np.bincount(pairs["bucket"], pairs["count"], BUCKETS).astype(np.int64)
    return merged


def quantiles(counts: Counts, shares: tuple[float, ...]) -> list[list[int]]:
    """For each histogram (``counts`` is [histogram, bucket]), the durations (us) below which these shares lie."""
    if not counts.size:
        return []
    _, durations = quantiles_of_runs(counts.ravel(), shares)
    rows: list[list[int]] = np.stack(durations, axis=-1).tolist()
    return rows


def quantiles_of_runs(counts: Counts, shares: tuple[float, ...]) -> tuple[Counts, list[Counts]]:
    """The number of values of each histogram, and for each share the durations (us) below which it lies.

    ``counts`` has the histograms one after another, ``BUCKETS`` counts each. The totals and each share's durations are
    int64 [histogram]; durations mean nothing where the total is 0.
    """
    running = counts.cumsum()  # over all histograms at once: the sum before each one is subtracted where it matters
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
