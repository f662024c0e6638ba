"""How much concurrency is left, and when it runs out if the daily peaks go on as they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from collectors.model.units import DAY_MS
from collectors.store.read import account_rows
from collectors.store.read.account_rows import concurrency_limits
from collectors.store.read.reader import Reader
from collectors.store.read.series import account_peaks, metric_by_parts, metric_by_step
from collectors.store.rollups.equal_parts import EqualParts, parts_of
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.retained_since import most_steps
from lambdatui.views.scope import Scope
from lambdatui.views.throttle_causes import ACCOUNT, ThrottleCause, worst_causes
from lambdatui.views.throttle_words import cell_words
from lambdatui.views.throttles import ThrottlesView, ThrottleView, most_throttled, throttles
from lambdatui.views.time_range import TimeRange
from lambdatui.views.tones import headroom_tone
from lambdatui.views.trend import Trend, trend_of
from lambdatui.views.view import as_of_range

TREND_STEPS = 8
ALL_FUNCTIONS = "all functions"
"""The name of a row of an account and region as a whole; its ``function_id`` is 0, which no function has."""
_DAYS_LOOKED_AT, _DAYS_NEEDED, _DAYS_AHEAD = 30, 4, 365


class HeadroomView(ThrottleView, frozen=True, gc=False):
    """``limit`` is the function's reserved concurrency, else its account's; ``saturation`` is epoch ms of a UTC day.

    ``trend`` is when requests were rejected: the throttles in equal parts of the range.
    """

    limited_by: Annotated[
        str,
        Column("Limit of", Kind.TEXT, 8, "Whose limit it is: reserved, account, or unknown."),
        OnScreen(4, after="limit"),
        BRIEF,
    ]
    limit: Annotated[int | None, shared.LIMIT, OnScreen(2, after="concurrency"), BRIEF]
    headroom: Annotated[
        float | None,
        Column("Room left", Kind.RATIO, 9, "The share of the limit that the peak left free.", tone=headroom_tone),
        OnScreen(3, after="limited_by"),
        BRIEF,
    ]
    saturation: Annotated[
        int | None,
        Column("Full by", Kind.TIME, 19, "When the trend of the daily peaks reaches the limit."),
        OnScreen(6, after="headroom"),
        BRIEF,
    ]
    trend: Annotated[Trend | None, shared.TREND, OnScreen(5, after="cause")] = None
    worst: Annotated[
        int | None,
        Column("Worst at", Kind.TIME, 19, "Start of the period in which most requests were rejected."),
        OnScreen(1, 12, after="throttles"),
        BRIEF,
    ] = None
    worst_throttles: Annotated[int | None, Column("Then", Kind.COUNT, 6, "Requests rejected in that period.")] = None
    cause: Annotated[
        str | None,
        Column("Cause", Kind.TEXT, 36, "Which limit was reached then, and who held most of it; else not known."),
        OnScreen(0, after="worst"),
        BRIEF,
    ] = None
    throttled_by: Annotated[
        str | None,
        Column("Limited by", Kind.TEXT, 12, "The limit that was reached: account, reserved or request rate."),
    ] = None
    limit_then: Annotated[
        int | None, Column("Limit then", Kind.COUNT, 10, "The limit of concurrency that applied then.")
    ] = None
    held: Annotated[
        int | None, Column("Held", Kind.COUNT, 6, "The most that was held of that limit then, reserves included.")
    ] = None
    culprit: Annotated[
        str | None,
        Column("Culprit", Kind.TEXT, 24, "The function that held most of a limit that was reached.", tone="name"),
    ] = None
    culprit_concurrency: Annotated[
        int | None, Column("Took", Kind.COUNT, 6, "How much of the limit the culprit held, or has reserved.")
    ] = None
    culprit_share: Annotated[float | None, Column("Share", Kind.RATIO, 6, "The culprit's part of the limit.")] = None
    cause_basis: Annotated[
        str | None,
        Column("Cause by", Kind.TEXT, 9, "metric, or estimated: by peaks added up, or invocations that overlap."),
    ] = None

    @property
    def trouble(self) -> str | None:
        """That requests were rejected, or that less than 10% of the limit is left."""
        parts = [f"throttled {self.throttles:,}"] if self.throttles else []
        if self.headroom is not None and self.headroom < 0.1:
            parts.append(f"concurrency {1 - self.headroom:.0%} of limit")
        return "; ".join(parts) or None


HEADROOM_COLUMNS = columns_of(HeadroomView)


@dataclass(frozen=True)
class ConcurrencyView(ThrottlesView):
    """``rows`` are ``HeadroomView``; ``account_limits`` by account and region, where they were collected."""

    account_limits: Mapping[tuple[str, str], int] | None = None
    trend_parts: EqualParts | None = None

    @property
    def headroom(self) -> Sequence[HeadroomView]:
        """The rows, as what they are here."""
        return [row for row in self.rows if isinstance(row, HeadroomView)]


@as_of_range
def concurrency(
    reader: Reader,
    time_range: TimeRange,
    *,
    scope: Scope | None = None,
    account_limits: Mapping[tuple[str, str], int] | None = None,
) -> ConcurrencyView:
    """The throttles of the range, each function beside its limit, and each account and region beside its own."""
    view = throttles(reader, time_range, scope=scope)
    if account_limits is None:
        account_limits = concurrency_limits(reader) or None
    reserved = {row.id: row.function.reserved_concurrency for row in reader.functions()}
    today = (time_range.to_ms - 1) // DAY_MS * DAY_MS
    metered = [row.function_id for row in view.rows if row.concurrency is not None]
    since = today - _DAYS_LOOKED_AT * DAY_MS
    peaks = metric_by_step(reader, "ConcurrentExecutions", since, today, DAY_MS, metered, peak=True)
    parts = parts_of(time_range.from_ms, time_range.to_ms, most_steps(reader, time_range, TREND_STEPS))
    throttled = [row.function_id for row in view.rows if row.throttles]
    causes = worst_causes(reader, time_range.from_ms, time_range.to_ms, throttled) if throttled else {}
    rows = []
    for row in view.rows:
        same = msgspec.structs.asdict(row)
        of_account = (account_limits or {}).get((row.account or "", row.region or ""))
        own = reserved.get(row.function_id)
        limit, whose = (own, "reserved") if own is not None else (of_account, "account" if of_account else "unknown")
        room = None if not limit or row.concurrency is None else max(0.0, 1 - row.concurrency / limit)
        full = None if not limit else saturation_ms(peaks.get(row.function_id, {}), limit, today)
        trend = _trend(reader, parts, row)
        told = _told(causes.get(row.function_id))
        rows.append(
            HeadroomView(**same, limited_by=whose, limit=limit, headroom=room, saturation=full, trend=trend, **told)
        )
    if not (scope and scope.by_function):
        accounts = _accounts(reader, time_range, account_limits or {}, rows, causes, since, today)
        rows += [row for row in accounts if (scope or Scope()).holds(row.account or "", row.region or "")]
        rows.sort(key=lambda one: (-most_throttled(one), one.function))
    return ConcurrencyView(
        HEADROOM_COLUMNS, rows, view.as_of, view.range,
        collected=view.collected, account_limits=account_limits, trend_parts=parts,
    )  # fmt: skip


def _trend(reader: Reader, parts: EqualParts, row: ThrottleView) -> Trend | None:
    """Throttles are collected with the points of others: a part without a point is unknown only before the first."""
    if not row.throttles:
        return None
    found = metric_by_parts(reader, "Throttles", parts, [row.function_id])
    return trend_of(found[row.function_id], parts, [(parts.from_ms, parts.to_ms)])


def _accounts(
    reader: Reader,
    time_range: TimeRange,
    limits: Mapping[tuple[str, str], int],
    functions: Sequence[HeadroomView],
    causes: Mapping[int, ThrottleCause],
    since_ms: int,
    today_ms: int,
) -> list[HeadroomView]:
    """One row for each account and region whose limit or metrics were collected."""
    busiest = {
        (one.account, one.region): round(one.peak)
        for one in account_rows.account_metrics(reader, time_range.from_ms, time_range.to_ms)
        if (one.metric, one.stat) == ("ConcurrentExecutions", "Maximum")
    }
    peaks = account_peaks(reader, since_ms, today_ms)
    rows = []
    for place in sorted({*limits, *busiest}):
        limit, concurrent = limits.get(place), busiest.get(place)
        of = [row for row in functions if (row.account or "", row.region or "") == place]
        known = [row.throttles for row in of if row.throttles is not None]
        full = [cause for row in of if (cause := causes.get(row.function_id)) and cause.limited_by == ACCOUNT]
        throttled, invocations = sum(known) if known else None, _invocations(of)
        asked = (invocations or 0) + (throttled or 0)
        rows.append(
            HeadroomView(
                function_id=0,
                function=ALL_FUNCTIONS,
                account=place[0] or None,
                region=place[1] or None,
                throttles=throttled,
                throttle_rate=throttled / asked if throttled is not None and asked else None,
                invocations=invocations,
                concurrency=concurrent,
                last_throttle=max((row.last_throttle for row in of if row.last_throttle is not None), default=None),
                limited_by="account",
                limit=limit,
                headroom=None if not limit or concurrent is None else max(0.0, 1 - concurrent / limit),
                saturation=saturation_ms(peaks.get(place, {}), limit, today_ms) if limit else None,
                **_told(max(full, key=attrgetter("throttles", "start_ms"), default=None)),
            )
        )
    return rows


def _told(cause: ThrottleCause | None) -> dict[str, Any]:
    """The fields of a row that tell why requests were rejected."""
    if cause is None:
        return {}
    culprit = cause.culprit
    return {
        "worst": cause.start_ms,
        "worst_throttles": cause.throttles,
        "cause": cell_words(cause),
        "throttled_by": cause.limited_by,
        "limit_then": cause.limit,
        "held": cause.held,
        "culprit": culprit.function if culprit else None,
        "culprit_concurrency": culprit.concurrency if culprit else None,
        "culprit_share": cause.share,
        "cause_basis": cause.basis,
    }


def _invocations(of: Sequence[HeadroomView]) -> int | None:
    """The sum of the known invocations; None where none is known."""
    known = [row.invocations for row in of if row.invocations is not None]
    return sum(known) if known or not of else None


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
