"""How much concurrency is left, and when it runs out if the daily peaks go on as they did."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from collectors.store.account_rows import concurrency_limits
from collectors.store.by_step import metric_by_step
from collectors.store.reader import Reader
from lambdatui.views.columns import columns
from lambdatui.views.narrow import Narrow
from lambdatui.views.throttles import THROTTLE_COLUMNS, ThrottlesView, ThrottleView, throttles
from lambdatui.views.time_range import DAY_MS, TimeRange

HEADROOM_COLUMNS = (*THROTTLE_COLUMNS, *columns("limited_by", "limit", "headroom", "saturation"))
_DAYS_LOOKED_AT, _DAYS_NEEDED, _DAYS_AHEAD = 30, 4, 365


@dataclass(frozen=True, slots=True)
class HeadroomView(ThrottleView):
    """``limit`` is the function's reserved concurrency, else its account's; ``saturation`` is epoch ms of a UTC day."""

    limited_by: str
    limit: int | None
    headroom: float | None
    saturation: int | None


@dataclass(frozen=True)
class ConcurrencyView(ThrottlesView):
    """``rows`` are ``HeadroomView``; ``account_limits`` by account and region, where they were collected."""

    account_limits: Mapping[tuple[str, str], int] | None = None


def concurrency(
    reader: Reader,
    time_range: TimeRange,
    *,
    narrow: Narrow | None = None,
    account_limits: Mapping[tuple[str, str], int] | None = None,
) -> ConcurrencyView:
    """The throttles of the range, each function beside its limit."""
    view = throttles(reader, time_range, narrow=narrow)
    if account_limits is None:
        account_limits = concurrency_limits(reader) or None
    reserved = {row.id: row.function.reserved_concurrency for row in reader.functions()}
    today = (time_range.to_ms - 1) // DAY_MS * DAY_MS
    metered = [row.function_id for row in view.rows if row.concurrency is not None]
    since = today - _DAYS_LOOKED_AT * DAY_MS
    peaks = metric_by_step(reader, "ConcurrentExecutions", since, today, DAY_MS, metered, peak=True)
    rows = []
    for row in view.rows:
        same = {field.name: getattr(row, field.name) for field in fields(ThrottleView)}
        of_account = (account_limits or {}).get((row.account or "", row.region or ""))
        own = reserved.get(row.function_id)
        limit, whose = (own, "reserved") if own is not None else (of_account, "account" if of_account else "unknown")
        room = None if not limit or row.concurrency is None else max(0.0, 1 - row.concurrency / limit)
        full = None if not limit else saturation_ms(peaks.get(row.function_id, {}), limit, today)
        rows.append(HeadroomView(**same, limited_by=whose, limit=limit, headroom=room, saturation=full))
    return ConcurrencyView(
        HEADROOM_COLUMNS, rows, view.as_of, view.range, collected=view.collected, account_limits=account_limits
    )


def saturation_ms(peaks: Mapping[int, float], limit: int, today_ms: int) -> int | None:
    """The UTC day on which the straight line through the daily peaks reaches ``limit``.

    None with fewer than four days, for peaks that do not rise, and beyond a year; a peak at the limit is full today.
    """
    if peaks and max(peaks.values()) >= limit:
        return today_ms
    if len(peaks) < _DAYS_NEEDED:
        return None
    days = [day / DAY_MS for day in peaks]
    middle, mean = sum(days) / len(days), sum(peaks.values()) / len(peaks)
    spread = sum((day - middle) ** 2 for day in days)
    slope = sum((day - middle) * (peak - mean) for day, peak in zip(days, peaks.values(), strict=True)) / spread
    if slope <= 0:
        return None
    day = int(middle + (limit - mean) / slope)
    return None if day > today_ms // DAY_MS + _DAYS_AHEAD else max(today_ms, day * DAY_MS)
