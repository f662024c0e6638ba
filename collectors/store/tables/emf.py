"""Tables of EMF metrics in log lines: series, and their values by minute, hour and day."""

from collectors.store.tables.column import StoredTable, blob, integer, real, text

EMF_SERIES = StoredTable(
    "emf_series",
    integer("id", null=True),
    integer("function_id"),
    text("namespace"),
    text("metric"),
    text("unit"),
    text("dimensions"),
    text("folded"),
    key=("id",),
    rowid=True,
)
EMF_INVALID = StoredTable(
    "emf_invalid",
    integer("function_id"),
    integer("start_ms"),
    text("reason"),
    integer("number"),
    key=("function_id", "start_ms", "reason"),
)
EMF_MINUTES = StoredTable(
    "emf_minutes",
    integer("series_id"),
    integer("start_ms"),
    integer("samples"),
    real("total"),
    real("lowest"),
    real("highest"),
    integer("minutes"),
    real("peak_total"),
    integer("peak_samples"),
    blob("buckets"),
    key=("series_id", "start_ms"),
)
EMF_HOURS = EMF_MINUTES.named("emf_hours")
EMF_DAYS = EMF_MINUTES.named("emf_days")
