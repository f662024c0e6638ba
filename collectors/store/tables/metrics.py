"""Tables of CloudWatch metrics: points, and their sums and peaks by hour and day."""

from collectors.store.tables.column import StoredTable, integer, real, text

METRICS = StoredTable(
    "metrics",
    text("metric"),
    integer("function_id"),
    text("stat"),
    integer("start_ms"),
    integer("period_s"),
    real("value"),
    key=("metric", "function_id", "stat", "start_ms", "period_s"),
)
"""One point: a statistic of a metric of one function over the period that begins at ``start_ms``."""
METRIC_HOURS = StoredTable(
    "metric_hours",
    text("metric"),
    integer("function_id"),
    text("stat"),
    integer("start_ms"),
    real("total"),
    real("peak"),
    key=("metric", "function_id", "stat", "start_ms"),
)
"""The sum and the largest of one hour's points."""
METRIC_DAYS = METRIC_HOURS.named("metric_days")
ACCOUNT_METRICS = StoredTable(
    "account_metrics",
    text("account"),
    text("region"),
    text("metric"),
    text("stat"),
    integer("start_ms"),
    integer("period_s"),
    real("value"),
    key=("account", "region", "metric", "stat", "start_ms", "period_s"),
)
"""One point of a metric that belongs to an account and region, or to a log group of no single function."""
