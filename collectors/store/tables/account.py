"""Tables of what is known of accounts: configuration over time, alarms, bills, recommendations."""

from collectors.store.tables.column import StoredTable, integer, real, text

CONFIGURATION = StoredTable(
    "configuration",
    text("account"),
    text("region"),
    text("function"),
    text("kind"),
    text("item"),
    text("name"),
    integer("since_ms"),
    text("value"),
    integer("until_ms", null=True),
    key=("account", "region", "function", "kind", "item", "name", "since_ms"),
)
"""One value of one setting and how long it was in force: ``value`` is JSON; ``until_ms`` is null while it is."""
LOG_GROUPS = StoredTable(
    "log_groups",
    text("account"),
    text("region"),
    text("name"),
    text("class", read_from="log_class"),
    integer("retention_days", null=True),
    integer("stored_bytes", null=True),
    key=("account", "region", "name"),
)
"""One log group as last listed; ``retention_days`` null keeps its events for ever."""
ALARMS = StoredTable(
    "alarms",
    text("account"),
    text("region"),
    text("name"),
    text("kind"),
    text("state"),
    text("reason"),
    integer("state_since_ms", null=True),
    text("function"),
    text("metric"),
    text("stat"),
    integer("period_s", null=True),
    text("comparison"),
    real("threshold", null=True),
    text("rule"),
    integer("actions_enabled", null=True),
    key=("account", "region", "name"),
)
"""One alarm as last listed; ``function`` is "" where its metric belongs to no single function."""
ALARM_HISTORY = StoredTable(
    "alarm_history",
    text("account"),
    text("region"),
    text("name"),
    integer("at_ms"),
    text("kind"),
    text("summary"),
    key=("account", "region", "name", "at_ms", "kind", "summary"),
)
"""One change of an alarm."""
BILLED_DAYS = StoredTable(
    "billed_days",
    text("account"),
    integer("day_ms"),
    text("service"),
    text("usage_type"),
    text("amount"),
    text("currency"),
    text("quantity", null=True),
    text("unit"),
    integer("estimated"),
    text("record_type"),
    text("net_amount", null=True),
    text("amortized_amount", null=True),
    integer("asked_ms", null=True),
    key=("account", "day_ms", "service", "usage_type", "record_type"),
)
"""What AWS billed for one usage type and type of line on one UTC day. Amounts are decimals as text."""
RECOMMENDATIONS = StoredTable(
    "recommendations",
    text("account"),
    text("region"),
    text("function"),
    text("version"),
    text("finding"),
    text("reasons"),
    integer("memory_mb", null=True),
    integer("recommended_mb", null=True),
    text("saving", null=True),
    text("currency", null=True),
    integer("refreshed_ms", null=True),
    key=("account", "region", "function", "version"),
)
"""Compute Optimizer's recommendation for one version of a function; ``saving`` is a decimal as text."""
ERROR_PATTERNS = StoredTable(
    "error_patterns",
    text("account"),
    text("region"),
    text("log_group"),
    integer("start_ms"),
    text("pattern"),
    integer("samples"),
    text("severity"),
    key=("account", "region", "log_group", "start_ms", "pattern"),
)
"""One pattern that Logs Insights found among the error lines of a log group in one hour."""
