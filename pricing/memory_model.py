"""How long a call takes at another memory size, with a range: memory is also a share of a CPU.

At 1,769 MB a function has one vCPU, at less its share (AWS Lambda developer guide, "Configure Lambda function memory").
The share is given out in periods of 20 ms: at 128 MB a call may compute for 1.4 ms of each. A call that needs less than
one such quota does not notice; one of many quotas is as much slower as its share is smaller, if it computes and does
not wait. So a call's length in quotas of the smaller size says how much of the lost share it feels::

    duration at the smaller size = duration x (share at the larger / share at the smaller) ** exponent(length in quotas)

The exponents are quantiles (10%, 50%, 90%) fitted by ``benchmarks/memory_model.py`` on real functions. Beyond
``SEEN_UP_TO`` quotas nothing was measured but eight functions whose calls take seconds and partly wait (exponents 0.1
to 0.8); as a call that only waits is not slower at all, the low exponent goes to 0 there.
"""

import math
from itertools import pairwise
from typing import NamedTuple

from collectors.model.units import FULL_VCPU_MB

PERIOD_MS = 20

Curve = tuple[tuple[float, float, float], ...]
"""For each of ``KNOTS`` the low, middle and high exponent."""

Margin = tuple[tuple[float, float], ...]
"""What a family that was not seen needs more (or less): logarithm of the share lost, and so much of the logarithm."""

KNOTS = (0.6, 1.0, 1.4, 2.0, 2.8, 4.5, 10.0, 60.0, 700.0)
_LOG_KNOTS = tuple(math.log(knot) for knot in KNOTS)
SEEN_UP_TO = 4.5
CURVE: Curve = (
    (-0.12, 0.00, 0.02),
    (-0.12, 0.05, 0.41),
    (0.08, 0.36, 0.55),
    (0.29, 0.61, 0.93),
    (0.29, 0.61, 0.93),
    (0.42, 1.06, 1.21),
    (0.00, 1.06, 1.21),
    (0.00, 1.06, 1.21),
    (0.00, 0.50, 1.10),
)
MARGIN: Margin = ((0.693, 0.024), (1.386, 0.037), (2.079, -0.129))


class DurationRange(NamedTuple):
    """Milliseconds of a mean call: the middle, and where 8 of 10 functions lie."""

    low_ms: float
    middle_ms: float
    high_ms: float


def vcpu(memory_mb: int) -> float:
    """The share of one vCPU, at most 1: a second one helps only what runs in parallel, which is not known here."""
    return min(1.0, memory_mb / FULL_VCPU_MB)


def quota_ms(memory_mb: int) -> float:
    """How long a function computes in each period of 20 ms."""
    return PERIOD_MS * vcpu(memory_mb)


def duration_at(
    duration_ms: float, memory_mb: int, other_mb: int, curve: Curve = CURVE, margin: Margin = MARGIN
) -> DurationRange:
    """The mean duration of a function at ``other_mb``, from that at ``memory_mb``. Raises ``ValueError`` for no MB."""
    if memory_mb <= 0 or other_mb <= 0 or duration_ms < 0:
        raise ValueError(f"no duration can be told from {duration_ms} ms at {memory_mb} MB for {other_mb} MB")
    stretch = math.log(vcpu(max(memory_mb, other_mb)) / vcpu(min(memory_mb, other_mb)))
    if not stretch or not duration_ms:
        return DurationRange(duration_ms, duration_ms, duration_ms)
    room = math.exp(_linear(stretch, margin))
    if other_mb < memory_mb:
        low, middle, high = (_slower(duration_ms, other_mb, stretch, curve, which) for which in (0, 1, 2))
        return DurationRange(min(low / room, middle), middle, max(high * room, middle))
    # What the curve makes this long at the size that it has: the more it is bound to the CPU, the shorter it gets.
    high, middle, low = (_before(duration_ms, memory_mb, stretch, curve, which) for which in (0, 1, 2))
    return DurationRange(min(low / room, middle), middle, max(high * room, middle))


def _slower(duration_ms: float, smaller_mb: int, stretch: float, curve: Curve, which: int) -> float:
    return duration_ms * math.exp(stretch * _exponent(duration_ms / quota_ms(smaller_mb), curve, which))


def _before(slow_ms: float, smaller_mb: int, stretch: float, curve: Curve, which: int) -> float:
    """The duration that ``_slower`` makes ``slow_ms`` of, the longest where there are several.

    Between two knots the logarithm of the one is linear in that of the other.
    """
    wanted, quota = math.log(slow_ms), math.log(quota_ms(smaller_mb))
    edges = [edge + quota for edge in _LOG_KNOTS]
    slow = [edge + stretch * one[which] for edge, one in zip(edges, curve, strict=True)]
    if wanted >= slow[-1]:
        return math.exp(wanted - stretch * curve[-1][which])
    for place in range(len(edges) - 1, 0, -1):
        if slow[place - 1] <= wanted:
            part = (wanted - slow[place - 1]) / (slow[place] - slow[place - 1])
            return math.exp(edges[place - 1] + part * (edges[place] - edges[place - 1]))
    return math.exp(wanted - stretch * curve[0][which])


def _linear(value: float, points: Margin) -> float:
    """Straight lines between the points; before the first and beyond the last, the value of the nearest point."""
    for (left, low), (right, high) in pairwise(points):
        if value <= right:
            return low + (high - low) * max(0.0, value - left) / (right - left)
    return points[-1][1]


def _exponent(quotas: float, curve: Curve, which: int) -> float:
    """The exponent for a call's length: linear between the knots in the logarithm of the length."""
    if quotas <= KNOTS[0]:
        return curve[0][which]
    for place, knot in enumerate(KNOTS[1:], 1):
        if quotas <= knot:
            part = math.log(quotas / KNOTS[place - 1]) / math.log(knot / KNOTS[place - 1])
            return curve[place - 1][which] * (1 - part) + curve[place][which] * part
    return curve[-1][which]
