"""Throttles and concurrency, from CloudWatch metrics: logs never show a request that was rejected."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated

import msgspec

from collectors.store.read.invocation_counts import counted
from collectors.store.read.reader import Reader
from collectors.store.read.uncounted import uncounted
from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, Column, Kind, OnScreen, columns_of
from lambdatui.views.scope import Scope
from lambdatui.views.time_range import TimeRange
from lambdatui.views.tones import error_if_any
from lambdatui.views.view import View, as_of_range


class ThrottleView(msgspec.Struct, frozen=True, gc=False):
    """One function. Everything that comes from a metric is None where none was collected.

    ``invocations`` are counted as everywhere; None where nothing tells of any.
    """

    function_id: int
    function: Annotated[str, shared.FUNCTION, OnScreen(0, 12, grows=True, most=44), BRIEF]
    account: Annotated[str | None, shared.ACCOUNT, BRIEF]
    region: Annotated[str | None, shared.REGION, OnScreen(9), BRIEF]
    throttles: Annotated[int | None, shared.THROTTLES, OnScreen(2), BRIEF]
    throttle_rate: Annotated[
        float | None,
        Column("Throttle %", Kind.RATIO, 11, "Throttles divided by invocations and throttles.", tone=error_if_any),
        OnScreen(3),
        BRIEF,
    ]
    invocations: Annotated[int | None, shared.INVOCATIONS, OnScreen(4), BRIEF]
    concurrency: Annotated[
        int | None,
        Column("At once", Kind.COUNT, 8, "Most concurrent executions in the range (metric ConcurrentExecutions)."),
        OnScreen(2),
        BRIEF,
    ]
    last_throttle: Annotated[
        int | None,
        Column("Last throttle", Kind.TIME, 19, "Start of the newest period with throttles."),
        OnScreen(6, 13),
        BRIEF,
    ]


THROTTLE_COLUMNS = columns_of(ThrottleView)


@dataclass(frozen=True)
class ThrottlesView(View[ThrottleView]):
    """``collected`` is False where the range holds no throttle metric at all: then nothing is known."""

    collected: bool = False


@as_of_range
def throttles(reader: Reader, time_range: TimeRange, *, scope: Scope | None = None) -> ThrottlesView:
    """The functions with throttles first, then those whose metrics show none; functions without metrics last."""
    return reader.cached(("throttles view", time_range, scope), lambda: _throttles(reader, time_range, scope))


def _throttles(reader: Reader, time_range: TimeRange, scope: Scope | None) -> ThrottlesView:
    chosen = (scope or Scope()).chosen(reader.functions())
    ids = [row.id for row in chosen] if scope else None
    span = time_range.from_ms, time_range.to_ms
    rejected = reader.metric("Throttles", *span, ids) if chosen else {}
    peak = reader.metric_peaks("ConcurrentExecutions", *span, ids) if chosen else {}
    invoked = counted(reader, *span, ids) if chosen else {}
    unknown = uncounted(reader.select, [row.id for row in chosen if row.id not in invoked], *span)
    rows = []
    for row in chosen:
        key, rejections, peaked = row.function.key, rejected.get(row.id), peak.get(row.id)
        invocations = None if row.id in unknown else invoked.get(row.id, (0, 0))[0]
        throttled = None if rejections is None else round(rejections.total)
        asked = (invocations or 0) + (throttled or 0)
        rows.append(
            ThrottleView(
                function_id=row.id,
                function=key.name,
                account=key.account or None,
                region=key.region or None,
                throttles=throttled,
                throttle_rate=throttled / asked
                if throttled is not None and invocations is not None and asked
                else None,
                invocations=invocations,
                concurrency=None if peaked is None else round(peaked),
                last_throttle=None if rejections is None else rejections.last_ms,
            )
        )
    rows.sort(key=attrgetter("function"))
    rows.sort(key=most_throttled, reverse=True)
    return ThrottlesView(
        THROTTLE_COLUMNS, rows, reader.as_of_ms(time_range.to_ms), time_range, collected=bool(rejected)
    )


def most_throttled(row: ThrottleView) -> int:
    """A sort key: most throttles first; unknown throttles come after zero."""
    return -1 if row.throttles is None else row.throttles
