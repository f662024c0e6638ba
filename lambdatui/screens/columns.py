"""Which columns each table shows, and which it can do without. The first frame is made with it too."""

from lambdatui.widgets.layout import Shown, show

FUNCTIONS: tuple[Shown, ...] = (
    show("function", grows=True, most=44),
    show("trouble", 6),
    show("region", 9),
    show("runtime", 10),
    show("arch", 13),
    show("memory_mb", 6),
    show("invocations", 1),
    show("trend", 6),
    show("errors", 2),
    show("error_rate", 4),
    show("timeouts", 7),
    show("throttles", 12),
    show("cold_ratio", 7),
    show("p50_ms", 8),
    show("p95_ms", 3),
    show("p99_ms", 11),
    show("gb_seconds", 14),
    show("cost_usd", 2),
    show("logs_usd", 7),
    show("projected_usd", 5),
    show("last_seen", 10),
    show("freshness", 9),
)
FUNCTIONS_SORT = ("cost_usd", True)
"""A column id, and whether it is descending."""

INVOCATIONS: tuple[Shown, ...] = (
    show("started_at", 0),
    show("function", 5, 22),
    show("status", 1),
    show("duration_ms", 2),
    show("billed_ms", 4),
    show("init_ms", 7),
    show("cold_start", 3),
    show("max_memory_mb", 6),
    show("memory_mb", 9),
    show("attempt", 8),
    show("error_type", 2, grows=True, most=40),
    show("request_id", 10),
    show("log_stream", 11),
)

ERRORS: tuple[Shown, ...] = (
    show("count", 0, 6),
    show("trend", 5),
    show("novelty", 3),
    show("function", 1, 17),
    show("error_type", 2, 19),
    show("message", 3, grows=True),
    show("last_seen", 4, 14),
    show("first_seen", 6, 14),
    show("deployed_at", 7, 14),
)

PATTERNS: tuple[Shown, ...] = (
    show("share", 1),
    show("count", 2),
    show("bytes", 4),
    show("ingestion_usd", 1),
    show("novelty", 3, 6),
    show("template", 0, grows=True),
    show("function", 5, 22),
    show("last_seen", 6, 14),
    show("first_seen", 7, 14),
    show("pattern", 8),
)

COSTS: tuple[Shown, ...] = (
    show("function", 0, grows=True, most=40),
    show("dimension", 1, 9),
    show("account", 10),
    show("region", 8),
    show("arch", 7),
    show("quantity", 2, 12),
    show("unit", 4, 7),
    show("free", 3, 12),
    show("billable", 6, 12),
    show("rate", 5, 13),
    show("amount", 0, 10),
    show("basis", 9, 30),
)

THROTTLES: tuple[Shown, ...] = (
    show("function", grows=True, most=44),
    show("region", 9),
    show("throttles", 1),
    show("trend", 5),
    show("throttle_rate", 3),
    show("invocations", 4),
    show("concurrency", 2),
    show("limit", 2),
    show("limited_by", 4),
    show("headroom", 3),
    show("saturation", 6, 14),
    show("last_throttle", 6, 14),
)

ADVICE: tuple[Shown, ...] = (
    show("kind", 0, 13),
    show("function", 1, 18),
    show("found", 2, grows=True),
    show("saves_usd", 3),
)

COLLECTED: tuple[Shown, ...] = (
    show("source", 0, grows=True),
    show("started_at", 1, 14),
    show("took_s", 6),
    show("events", 2),
    show("duplicates", 5),
    show("invocations", 4),
    show("errors", 6),
    show("rejected", 3),
    show("cost_usd", 7),
    show("failures", 8, 24),
)

PERMISSIONS: tuple[Shown, ...] = (
    show("action", 0, 26),
    show("purpose", 1, 24, grows=True, most=60),
    show("lacks", 2, 22, grows=True, most=70),
    show("source", 4, 28),
    show("denied_at", 3, 14),
)

COMPARISON: tuple[Shown, ...] = (show("figure", 0), show("one", 0), show("other", 0), show("ratio", 0))

ALARMS: tuple[Shown, ...] = (
    show("alarm", 0, 24),
    show("alarm_state", 0),
    show("since", 2, 14),
    show("function", 3, 18),
    show("region", 9),
    show("condition", 5, 28),
    show("changes", 7),
    show("reason", 4, grows=True),
)

CONFIGURATION: tuple[Shown, ...] = (
    show("function", 0, grows=True, most=44),
    show("region", 8),
    show("runtime", 1),
    show("arch", 3),
    show("memory_mb", 2),
    show("timeout_s", 2),
    show("limit", 5),
    show("dlq", 6),
    show("sources", 7),
    show("aliases", 9),
    show("retention_days", 8),
    show("function_state", 10),
    show("last_update", 11),
    show("tags", 12),
)

COST_GROUPS: tuple[Shown, ...] = (
    show("group", 0, grows=True, most=44),
    show("amount", 0),
    show("share", 1),
    show("requests", 2),
    show("gb_seconds", 3),
    show("lines", 4),
)

BILLED: tuple[Shown, ...] = (
    show("day", 0),
    show("dimension", 0, 22),
    show("quantity", 5, 12),
    show("aws_quantity", 4, 12),
    show("amount", 0, 10),
    show("aws_amount", 0, 10),
    show("difference", 1, 11),
    show("reason", 2, grows=True),
)
