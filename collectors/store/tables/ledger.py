"""Tables of what collections wrote, asked of AWS, covered, could not read, and pruned."""

from collectors.store.tables.column import StoredTable, blob, integer, text

COLLECTIONS = StoredTable(
    "collections",
    integer("id", null=True),
    text("source"),
    integer("started_ms"),
    integer("ended_ms", null=True),
    integer("events", default="0"),
    integer("duplicates", default="0"),
    integer("invocations", default="0"),
    integer("errors", default="0"),
    integer("rejected", default="0"),
    integer("pruned", default="0"),
    key=("id",),
    rowid=True,
)
"""One collection or import; ``ended_ms`` is its last commit, null before the first."""
API_CALLS = StoredTable(
    "api_calls",
    integer("collection_id"),
    text("region"),
    text("operation"),
    integer("requests"),
    integer("units"),
    key=("collection_id", "operation"),
)
"""How often one collection called one operation of AWS in one region, and the units that AWS bills for it."""
COLLECTION_NOTES = StoredTable(
    "collection_notes",
    integer("collection_id"),
    text("kind"),
    text("about"),
    text("text"),
    integer("bytes", null=True),
    key=("collection_id", "kind", "about", "text"),
)
"""A note on one collection, such as a failure, a choice or a running query."""
COVERED = StoredTable("covered", text("item"), integer("from_ms"), integer("to_ms"), key=("item", "from_ms"))
"""A span of time (epoch ms) of which everything about an item, such as a log group, was collected."""
REJECTS = StoredTable("rejects", blob("id"), text("source"), integer("line"), text("reason"), text("text"), key=("id",))
"""One piece of input that could not be read, with its source, line number and reason."""
SETTINGS = StoredTable("settings", text("name"), integer("value"), key=("name",))
"""One integer that this program stores about the file (``collectors.store.schema``)."""
PRUNED = StoredTable(
    "pruned",
    integer("function_id", null=True),
    integer("rows_ms", default="0"),
    integer("lines_ms", default="0"),
    integer("minutes_ms", default="0"),
    integer("points_ms", default="0"),
    key=("function_id",),
    rowid=True,
)
"""Up to which times (epoch ms) one function's rows, lines, minutes and metric points were pruned."""
TABLE_SUMS = StoredTable("table_sums", text("name"), integer("rows"), integer("sum"), key=("name",))
"""The number of rows of one table, and their checksum (``integrity.table_checksums``)."""
