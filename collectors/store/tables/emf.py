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
"""One series: a metric of a function with one set of dimensions. ``dimensions`` and ``folded`` are JSON."""
EMF_INVALID = StoredTable(
    "emf_invalid",
    integer("function_id"),
    integer("start_ms"),
    text("reason"),
    integer("number"),
    key=("function_id", "start_ms", "reason"),
)
"""How often lines of a function were meant for a metric and gave none, by minute (older: hour) and reason."""
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
"""The values of one series in one minute (``EmfCell``): sum, extremes, and ``buckets``, a histogram."""
EMF_HOURS = EMF_MINUTES.named("emf_hours")
EMF_DAYS = EMF_MINUTES.named("emf_days")
