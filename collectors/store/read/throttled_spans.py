"""When requests were rejected, and how much ran at once then: by CloudWatch's points, and by invocations where the logs
alone know. Spans are ``[from_ms, to_ms)``, epoch ms UTC; a point is as long as its period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectors.model.units import HOUR_MS, HOUR_S, MINUTE_MS
from collectors.store.read.count_sources import FINEST
from collectors.store.read.reader import Reader
from collectors.store.spans import MINUTE, pieces

THROTTLES, CONCURRENCY = "Throttles", "ConcurrentExecutions"
LONGEST_MS = 15 * MINUTE_MS  # an invocation runs no longer (Lambda quotas)
_FINE_S = 300  # what is collected of the last weeks has a period of 60 s or of 300 s


@dataclass(frozen=True, slots=True)
class ThrottledSpan:
    """The requests of one function that were rejected in the period that begins at ``start_ms``."""

    function_id: int
    start_ms: int
    period_s: int
    throttles: float

    @property
    def end_ms(self) -> int:
        """The first moment after the period."""
        return self.start_ms + self.period_s * 1000


def worst_throttled(reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int]) -> dict[int, ThrottledSpan]:
    """By function id, the period in which most of its requests were rejected, the newest of several such.

    Functions without a rejected request are absent. Where the points of an hour were deleted for their age, the hour.
    """
    worst: dict[int, tuple[float, int, int]] = {}  # the most rejected, when, and how long the cell is
    for table, low, high in pieces(from_ms, to_ms, to_ms):
        grain = {"minute_cells": MINUTE, "hour_cells": HOUR_MS}.get(table, 24 * HOUR_MS)
        rolled = {"hour_cells": "metric_hours", "day_cells": "metric_days"}.get(table)
        value, finest = ("m.peak", "") if rolled else ("m.value", FINEST)
        for function_id in function_ids:
            for start_ms, rejected in reader.select(
                f"SELECT m.start_ms, {value} FROM {rolled or 'metrics'} m WHERE m.metric = ? AND m.function_id = ?"
                f" AND m.stat = 'Sum' AND m.start_ms >= ? AND m.start_ms < ? AND {value} > 0{finest}",
                (THROTTLES, function_id, low, high),
            ):
                most = worst.get(function_id, (0.0, 0, 0))
                worst[function_id] = max(most, (rejected, start_ms, grain))
    return {
        each: _finest(reader, each, start_ms, start_ms + grain, rejected)
        for each, (rejected, start_ms, grain) in worst.items()
    }


def _finest(reader: Reader, function_id: int, low: int, high: int, rejected: float) -> ThrottledSpan:
    """The period of the most rejected requests within a day, an hour or a point."""
    if high - low > HOUR_MS:
        ((low, rejected),) = reader.select(
            "SELECT start_ms, peak FROM metric_hours WHERE metric = ? AND function_id = ? AND stat = 'Sum'"
            " AND start_ms >= ? AND start_ms < ? ORDER BY peak DESC, start_ms DESC LIMIT 1",
            (THROTTLES, function_id, low, high),
        )
        high = low + HOUR_MS
    return max(
        _points(reader, function_id, low, high),
        key=lambda span: (span.throttles, span.start_ms),
        default=ThrottledSpan(function_id, low, HOUR_S, rejected),
    )


def _points(reader: Reader, function_id: int, low: int, high: int) -> Iterator[ThrottledSpan]:
    """The points within an hour that tell of rejected requests, the newest first."""
    for start_ms, period_s, rejected in reader.select(
        "SELECT m.start_ms, m.period_s, m.value FROM metrics m WHERE m.metric = ? AND m.function_id = ?"
        f" AND m.stat = 'Sum' AND m.start_ms >= ? AND m.start_ms < ? AND m.value > 0{FINEST} ORDER BY m.start_ms DESC",
        (THROTTLES, function_id, low, high),
    ):
        yield ThrottledSpan(function_id, start_ms, period_s, rejected)


def throttled_spans(reader: Reader, from_ms: int, to_ms: int, function_id: int) -> Iterator[ThrottledSpan]:
    """Each period in which requests of the function were rejected, the newest first."""
    for hour_ms, rejected in reader.select(
        "SELECT start_ms, total FROM metric_hours WHERE metric = ? AND function_id = ? AND stat = 'Sum'"
        " AND start_ms >= ? AND start_ms < ? AND total > 0 ORDER BY start_ms DESC",
        (THROTTLES, function_id, from_ms // HOUR_MS * HOUR_MS, to_ms),
    ):
        low, high = max(hour_ms, from_ms), min(hour_ms + HOUR_MS, to_ms)
        points = list(_points(reader, function_id, low, high))
        yield from points
        if not points and not _has_points(reader, function_id, hour_ms):
            yield ThrottledSpan(function_id, hour_ms, HOUR_S, rejected)


def _has_points(reader: Reader, function_id: int, hour_ms: int) -> bool:
    return bool(
        reader.select(
            "SELECT 1 FROM metrics WHERE metric = ? AND function_id = ? AND stat = 'Sum' AND start_ms >= ?"
            " AND start_ms < ? LIMIT 1",
            (THROTTLES, function_id, hour_ms, hour_ms + HOUR_MS),
        )
    )


def busiest(reader: Reader, account: str, region: str, hour_ms: int) -> list[tuple[int, float]]:
    """The functions of an account and region that ran within an hour: the most that ran at once, the largest first."""
    rows = reader.select(
        "SELECT f.id, m.peak FROM functions f CROSS JOIN metric_hours m ON m.metric = ? AND m.function_id = f.id"
        " AND m.stat = 'Maximum' AND m.start_ms = ? WHERE f.account = ? AND f.region = ? ORDER BY m.peak DESC, f.id",
        (CONCURRENCY, hour_ms, account, region),
    )
    return [(function_id, peak) for function_id, peak in rows]


def most_at_once(reader: Reader, function_id: int, from_ms: int, to_ms: int) -> float | None:
    """How many of the function ran at once in the span, by the finest points that touch it; None without any.

    Where the points were deleted for their age, a span of an hour has the most of that hour.
    """
    for period_s in (_FINE_S, HOUR_S):
        for (peak,) in reader.select(
            "SELECT max(value) FROM metrics WHERE metric = ? AND function_id = ? AND stat = 'Maximum' AND start_ms > ?"
            " AND start_ms < ? AND start_ms + period_s * 1000 > ? GROUP BY period_s ORDER BY period_s LIMIT 1",
            (CONCURRENCY, function_id, from_ms - period_s * 1000, to_ms, from_ms),
        ):
            return float(peak)
    ((of_hour,),) = reader.select(
        "SELECT max(peak) FROM metric_hours WHERE metric = ? AND function_id = ? AND stat = 'Maximum' AND start_ms > ?"
        " AND start_ms < ?",
        (CONCURRENCY, function_id, from_ms - HOUR_MS, to_ms),
    )
    return None if of_hour is None or to_ms - from_ms < HOUR_MS else float(of_hour)


def of_accounts(reader: Reader, account: str, region: str, from_ms: int, to_ms: int) -> dict[str, float]:
    """The largest value of each metric of an account and region in the span, by the finest points that touch it."""
    peaks: dict[str, float] = {}
    for metric, peak in reader.select(
        "SELECT metric, max(value) FROM account_metrics WHERE account = ? AND region = ? AND stat = 'Maximum'"
        " AND start_ms > ? AND start_ms < ? AND start_ms + period_s * 1000 > ? GROUP BY metric, period_s"
        " ORDER BY period_s",
        (account, region, from_ms - HOUR_MS, to_ms, from_ms),
    ):
        peaks.setdefault(metric, peak)
    return peaks


def requests_in(reader: Reader, account: str, region: str, from_ms: int, to_ms: int) -> float:
    """Invocations and rejected requests of all functions of an account and region, by CloudWatch's finest points."""
    finest: dict[tuple[int, str], float] = {}
    for function_id, metric, counted in reader.select(
        "SELECT f.id, m.metric, sum(m.value) FROM functions f CROSS JOIN metrics m ON m.metric IN ('Invocations', ?)"
        " AND m.function_id = f.id AND m.stat = 'Sum' AND m.start_ms >= ? AND m.start_ms < ?"
        " WHERE f.account = ? AND f.region = ? GROUP BY f.id, m.metric, m.period_s ORDER BY m.period_s",
        (THROTTLES, from_ms, to_ms, account, region),
    ):
        finest.setdefault((function_id, metric), counted)
    return sum(finest.values())


def executions(
    reader: Reader, function_ids: Sequence[int], from_ms: int, to_ms: int, limit: int
) -> list[tuple[int, float, float]] | None:
    """(Function id, beginning, end) of the invocations that ran in the span, in ms, as far as logs tell.

    The init of a cold start, which comes before its START, is part of it. Without a duration an invocation ends with
    its last event, after 1 ms at least. None where there are more than ``limit``.
    """
    running: list[tuple[int, float, float]] = []
    for function_id in function_ids:
        rows = reader.select(
            "SELECT start_ms, end_ms, duration_us, init_us FROM invocations WHERE function_id = ? AND start_ms > ?"
            " AND start_ms < ? LIMIT ?",
            (function_id, from_ms - LONGEST_MS, _end(reader, to_ms), limit + 1 - len(running)),
        )
        for start_ms, end_ms, duration_us, init_us in rows:
            end = max(start_ms + 1, end_ms) if duration_us is None else start_ms + duration_us / 1000
            begin = start_ms - (init_us or 0) / 1000
            if begin < to_ms and end > from_ms:
                running.append((function_id, begin, end))
        if len(running) > limit or len(rows) > limit:
            return None
    return running


def _end(reader: Reader, to_ms: int) -> int:
    """The end of a span, not later than the reader's ``until_ms``; inits before a START reach into a span by 10 s."""
    end = to_ms + 10_000
    return end if reader.until_ms is None else min(end, reader.until_ms)


def mean_at_once(reader: Reader, function_id: int, from_ms: int, to_ms: int) -> float:
    """How many of the function ran at once on average, by the durations of what began in the span; 0 without any."""
    ((busy_us,),) = reader.select(
        "SELECT coalesce(sum(duration_us + init_us), 0) FROM minute_cells WHERE function_id = ? AND start_ms >= ?"
        " AND start_ms < ?",
        (function_id, from_ms // MINUTE_MS * MINUTE_MS, to_ms),
    )
    return float(busy_us) / 1000 / (to_ms - from_ms)
