"""Sums and peaks of collected CloudWatch metrics, by function."""

from collections.abc import Iterable


def summed(points: Iterable[tuple[int, int, float]]) -> dict[int, float]:
    """The sum of a metric by function id; a function without a point is absent: unknown, not zero."""
    sums: dict[int, float] = {}
    for function_id, _, value in points:
        sums[function_id] = sums.get(function_id, 0.0) + value
    return sums


def peaks(points: Iterable[tuple[int, int, float]]) -> dict[int, float]:
    """The largest value of a metric by function id."""
    highest: dict[int, float] = {}
    for function_id, _, value in points:
        highest[function_id] = max(value, highest.get(function_id, value))
    return highest
