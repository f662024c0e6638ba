"""Tables of names that other tables refer to by id: functions, log streams, errors."""

from collectors.store.tables.column import StoredTable, integer, text

FUNCTIONS = StoredTable(
    "functions",
    integer("id", null=True),
    text("account"),
    text("region"),
    text("name"),
    text("runtime", null=True),
    text("arch", null=True),
    integer("memory_mb", null=True),
    integer("timeout_s", null=True),
    integer("ephemeral_mb", null=True),
    text("log_group", null=True),
    integer("reserved_concurrency", null=True),
    key=("id",),
    rowid=True,
)
"""One function and its last known configuration; null is unknown."""
STREAMS = StoredTable(
    "streams", integer("id", null=True), integer("function_id"), text("name"), key=("id",), rowid=True
)
"""One log stream of a function."""
ERRORS = StoredTable(
    "errors",
    integer("id", null=True),
    integer("function_id"),
    text("fingerprint"),
    text("error_type"),
    text("message"),
    text("family", default="''"),
    key=("id",),
    rowid=True,
)
"""One error group: the errors of a function with the same fingerprint. Type and message are the first one's."""
