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
API_CALLS = StoredTable(
    "api_calls",
    integer("collection_id"),
    text("region"),
    text("operation"),
    integer("requests"),
    integer("units"),
    key=("collection_id", "operation"),
)
COLLECTION_NOTES = StoredTable(
    "collection_notes",
    integer("collection_id"),
    text("kind"),
    text("about"),
    text("text"),
    integer("bytes", null=True),
    key=("collection_id", "kind", "about", "text"),
)
COVERED = StoredTable("covered", text("item"), integer("from_ms"), integer("to_ms"), key=("item", "from_ms"))
REJECTS = StoredTable("rejects", blob("id"), text("source"), integer("line"), text("reason"), text("text"), key=("id",))
SETTINGS = StoredTable("settings", text("name"), integer("value"), key=("name",))
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
TABLE_SUMS = StoredTable("table_sums", text("name"), integer("rows"), integer("sum"), key=("name",))
