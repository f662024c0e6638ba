"""A function over a range: its fields, and the columns in which they are shown.

Used to lay out the first frame, so next to nothing is imported: ``views.functions`` has the real row type.
"""

from lambdatui.views import shared_columns as shared
from lambdatui.views.columns import BRIEF, EXTRA, Column, InComparison, Kind, OnScreen
from lambdatui.views.tones import cold_if_any, freshness_tone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Annotated

    from msgspec import Struct

    from lambdatui.views.change import RelativeChange
    from lambdatui.views.trend import Trend
else:
    from lambdatui.views.light_rows import Annotated, Struct


class FunctionView(Struct, frozen=True, gc=False):
    """One function over a range. ``function_id`` is its id in this store; ``reports`` counts REPORTs that were seen.

    ``invocations``, ``errors``, ``timeouts`` and ``cold_starts`` are None where nothing tells of any, as of a function
    that is known by lines alone. ``billed_ms`` is what REPORTs say; ``gb_seconds``, ``cost_usd`` and ``projected_usd``
    are of all that was counted, completed by estimates where REPORTs are missing, as ``basis`` says
    (``billed+estimated``). Money is list price before the free tier, what stands configured included; None where a part
    of it is not known. ``freshness`` and what follows is added to rows that are made already; changes are None where
    nobody asked for them (``views.growth``).

    A msgspec struct, as all rows of which a view has hundreds: it is made in a tenth of a frozen dataclass's time.
    """

    function_id: int
    reports: int
    function: Annotated[str, shared.FUNCTION, OnScreen(grows=True, most=44), BRIEF]
    account: Annotated[str | None, shared.ACCOUNT]
    region: Annotated[str | None, shared.REGION, OnScreen(9), BRIEF]
    runtime: Annotated[str | None, shared.RUNTIME, OnScreen(10), InComparison(after="projected_usd")]
    arch: Annotated[str | None, shared.ARCH, OnScreen(13), InComparison(after="runtime")]
    memory_mb: Annotated[int | None, shared.MEMORY_MB, OnScreen(8), BRIEF, InComparison(after="gb_seconds")]
    timeout_s: Annotated[int | None, shared.TIMEOUT_S, InComparison(after="arch")]
    invocations: Annotated[int | None, shared.INVOCATIONS, OnScreen(1), BRIEF, InComparison()]
    trend: Annotated["Trend | None", shared.TREND, OnScreen(7), EXTRA]
    errors: Annotated[int | None, shared.ERRORS, OnScreen(2), BRIEF, InComparison(worse=True)]
    error_rate: Annotated[
        float | None,
        shared.ERROR_RATE,
        OnScreen(6),
        BRIEF,
        InComparison(worse=True),
    ]
    timeouts: Annotated[int | None, shared.TIMEOUTS, OnScreen(10), InComparison(worse=True)]
    throttles: Annotated[int | None, shared.THROTTLES, OnScreen(12), BRIEF, InComparison(worse=True)]
    cold_starts: Annotated[int | None, shared.COLD_STARTS, InComparison()]
    cold_ratio: Annotated[
        float | None,
        Column("Cold %", Kind.RATIO, 7, "Cold starts divided by invocations with a REPORT.", tone=cold_if_any),
        OnScreen(8),
        BRIEF,
        InComparison(worse=True),
    ]
    p50_ms: Annotated[float | None, shared.P50_MS, OnScreen(8), BRIEF, InComparison()]
    p95_ms: Annotated[float | None, shared.P95_MS, OnScreen(3), BRIEF, InComparison(worse=True)]
    p99_ms: Annotated[float | None, shared.P99_MS, OnScreen(11), BRIEF, InComparison(worse=True)]
    max_ms: Annotated[float | None, shared.MAX_MS, InComparison()]
    avg_ms: Annotated[
        float | None, Column("Avg", Kind.MS, 7, "Mean duration of the invocations with a REPORT."), InComparison()
    ]
    billed_ms: Annotated[int | None, shared.BILLED_MS, InComparison()]
    extension_ms: Annotated[
        float | None,
        Column("Extensions", Kind.MS, 11, "How long extensions went on after the function had answered, in all."),
    ]
    gb_seconds: Annotated[float | None, shared.GB_SECONDS, OnScreen(14), InComparison()]
    max_memory_mb: Annotated[int | None, shared.MAX_MEMORY_MB, BRIEF, InComparison()]
    cost_usd: Annotated["Decimal | None", shared.COST_USD, OnScreen(2), BRIEF, InComparison(worse=True)]
    logs_usd: Annotated[
        "Decimal | None",
        Column(
            "Logs",
            Kind.USD,
            10,
            "List price of the bytes that came into the function's own log group, no free tier; unknown where "
            "CloudWatch's count of them was not collected.",
        ),
        OnScreen(8),
    ]
    projected_usd: Annotated[
        "Decimal | None",
        Column("Month end", Kind.USD, 9, "Projected list price of the whole calendar month, before any free tier."),
        OnScreen(5),
        BRIEF,
        InComparison(),
    ]
    last_seen: Annotated[int | None, shared.LAST_SEEN, OnScreen(10, 12), BRIEF, InComparison(after="coverage")]
    basis: Annotated[str | None, shared.BASIS]
    coverage: Annotated[
        float | None, Column("Reported", Kind.RATIO, 9, "REPORTs seen divided by invocations counted."), InComparison()
    ]
    freshness: Annotated[
        str | None,
        Column(
            "Freshness",
            Kind.TEXT,
            10,
            "How old the newest that is known of it is: fresh, or its age; stale where a collection that was due has "
            "not come.",
            tone=freshness_tone,
        ),
        OnScreen(9),
    ] = None
    data_until: Annotated[
        int | None,
        Column(
            "Data until",
            Kind.TIME,
            19,
            "Until when all of it was collected; its newest invocation where no collection says so.",
        ),
    ] = None
    limit_used: Annotated[
        float | None, Column("Limit %", Kind.RATIO, 8, "Peak concurrency beside the limit of the function or account.")
    ] = None
    trouble: Annotated[
        str | None,
        shared.TROUBLE,
        OnScreen(grows=True, most=40, after="function"),
        BRIEF,
    ] = None
    invocations_change: Annotated[
        "RelativeChange | None", shared.INVOCATIONS_CHANGE, OnScreen(9, after="invocations")
    ] = None
    invocations_week: Annotated[
        "RelativeChange | None", shared.INVOCATIONS_WEEK, OnScreen(15, after="invocations_change")
    ] = None
    errors_change: Annotated["RelativeChange | None", shared.ERRORS_CHANGE, OnScreen(12, after="errors")] = None
    errors_week: Annotated["RelativeChange | None", shared.ERRORS_WEEK, OnScreen(16, after="errors_change")] = None
    cost_change: Annotated["RelativeChange | None", shared.COST_CHANGE, OnScreen(7, after="cost_usd")] = None
    cost_week: Annotated["RelativeChange | None", shared.COST_WEEK, OnScreen(13, after="cost_change")] = None
    tags: Annotated[dict[str, str] | None, shared.TAGS, EXTRA] = None
    tags_at: Annotated[
        int | None, Column("Tags as of", Kind.TIME, 19, "When the function's tags were listed last."), EXTRA
    ] = None


DEAREST_FIRST = ("cost_usd", True)
"""How functions are sorted unasked: a column's id, and whether it is descending."""
