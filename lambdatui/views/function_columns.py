"""The columns of a function, known before anything that asks for one is imported."""

from lambdatui.views.columns import columns

FUNCTION_COLUMNS = columns(
    "function", "account", "region", "runtime", "arch", "memory_mb", "timeout_s", "invocations", "errors",
    "error_rate", "timeouts", "throttles", "cold_starts", "cold_ratio", "p50_ms", "p95_ms", "p99_ms", "max_ms",
    "avg_ms", "billed_ms", "extension_ms", "gb_seconds", "max_memory_mb", "cost_usd", "logs_usd", "projected_usd",
    "last_seen", "basis", "coverage", "freshness", "data_until", "limit_used", "trouble",
)  # fmt: skip
