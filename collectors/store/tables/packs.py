"""Tables of packs: all functions' cells, or a metric's figures, of a minute, hour, day or week (``rollups.packs``).

Blobs are sealed with checksums of themselves and of the numbers beside them; a row with null figures is dirty.
"""

from collectors.store.tables.column import StoredTable, blob, integer, text

MINUTE_PACKS = StoredTable(
    "minute_packs",
    integer("start_ms", null=True),
    integer("invocations", null=True),
    integer("failures", null=True),
    integer("last_ms", null=True),
    blob("cells", null=True, checksum=""),
    blob("errors", null=True, checksum=""),
    blob("latency", null=True, checksum=""),
    key=("start_ms",),
    rowid=True,
)
"""The cells of all functions in one minute, and their sums; nulls mark a dirty pack."""
HOUR_PACKS = MINUTE_PACKS.named("hour_packs")
DAY_PACKS = MINUTE_PACKS.named("day_packs")
WEEK_PACKS = MINUTE_PACKS.named("week_packs")
METRIC_PACKS = StoredTable(
    "metric_packs",
    text("metric"),
    text("stat"),
    integer("grain_ms"),
    integer("start_ms"),
    blob("figures", null=True, checksum=""),
    key=("metric", "stat", "grain_ms", "start_ms"),
)
"""All functions' figures of one metric and statistic at one time; null marks a dirty pack."""
