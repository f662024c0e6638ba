"""CloudWatch's metrics of the simulated days: throttles, concurrency and the bytes of logs.

By the hour; by the minute around the throttled night and in the hours of which every log is there.
"""

from collections.abc import Iterator, Sequence

from collectors.model.records import FunctionKey, MetricPoint
from collectors.model.units import HOUR_MS, HOUR_S, MINUTE_MS
from lambdatui.demo.history.calendar import NIGHT_MS
from lambdatui.demo.history.shop_load import (
    ACCOUNT_LIMIT,
    NIGHT_FUNCTION,
    RESERVED,
    Behaviour,
    ShopLoad,
)
from lambdatui.demo.shop import Sample
from lambdatui.runner.functions import ACCOUNT, REGION

_ACCOUNT_KEY = FunctionKey("", ACCOUNT, REGION)


def points(load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]], hour_ms: int) -> list[MetricPoint]:
    """The points of an hour, or of its part before the days' end."""
    return list(_points(load, shop, hour_ms))


def _points(load: ShopLoad, shop: Sequence[tuple[Behaviour, Sample]], hour_ms: int) -> Iterator[MetricPoint]:
    calendar = load.calendar
    night_ms = calendar.night_ms
    by_minute = calendar.is_whole(hour_ms) or night_ms - HOUR_MS < hour_ms < night_ms + NIGHT_MS
    period_s = 60 if by_minute else HOUR_S
    starts = range(hour_ms, min(hour_ms + HOUR_MS, calendar.end_ms), MINUTE_MS) if by_minute else (hour_ms,)
    at_night = [start for start in starts if by_minute and night_ms <= start < night_ms + NIGHT_MS]
    peaks = {behaviour.name: load.concurrency(behaviour, hour_ms) for behaviour, _ in shop}
    for behaviour, _ in shop:
        key = FunctionKey(behaviour.name, ACCOUNT, REGION)
        throttled = load.throttled(behaviour, hour_ms)
        rejecting = at_night if at_night and behaviour.name != RESERVED else starts
        for start in starts:
            peak = peaks[behaviour.name]
            if start in at_night and behaviour.name == NIGHT_FUNCTION:
                peak += ACCOUNT_LIMIT - sum(peaks.values())  # all that the others leave
            if peak:
                yield MetricPoint(key, "ConcurrentExecutions", "Maximum", period_s, start, float(peak))
            rejected = _share(throttled, rejecting.index(start), len(rejecting)) if start in rejecting else 0
            yield MetricPoint(key, "Throttles", "Sum", period_s, start, float(rejected))
        calls = sum(part.calls for part in load.parts(behaviour, hour_ms))
        if calls:
            log_bytes = float(calls * behaviour.log_bytes)
            yield MetricPoint(key, "IncomingBytes", "Sum", HOUR_S, hour_ms, log_bytes)
    for start in starts:
        most = ACCOUNT_LIMIT if start in at_night else sum(peaks.values())
        yield MetricPoint(_ACCOUNT_KEY, "ConcurrentExecutions", "Maximum", period_s, start, float(most))


def _share(whole: int, place: int, places: int) -> int:
    """The part of a whole number that one of ``places`` equal parts has; all of them add up to it."""
    return whole * (place + 1) // places - whole * place // places
