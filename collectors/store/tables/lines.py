"""Tables of log lines in compressed chunks, of the chunks' filters, and of lines' counts by pattern."""

from collectors.store.tables.column import StoredTable, blob, integer, text

CHUNKS = StoredTable(
    "chunks",
    integer("id", null=True),
    integer("function_id"),
    integer("loose_stream_id", null=True),
    integer("first_ms"),
    integer("last_ms"),
    integer("lines"),
    blob("content", checksum="substr({}, -8)"),  # zstd's own checksum is in its last bytes
    key=("id",),
    rowid=True,
)
"""The lines of neighbouring invocations of one function, or the orphan lines of ``loose_stream_id``."""
CHUNK_FILTERS = StoredTable(
    "chunk_filters", integer("chunk_id", null=True), blob("bits"), key=("chunk_id",), rowid=True
)
"""The filter of one chunk (``collectors.store.lines.chunk_filters``)."""
PATTERNS = StoredTable(
    "patterns",
    integer("id", null=True),
    text("shape"),
    text("template", null=True),
    text("example"),
    key=("id",),
    rowid=True,
)
"""One shape of lines; ``template`` is the pattern to which it belongs, null while it is not grouped."""
PATTERN_HOURS = StoredTable(
    "pattern_hours",
    integer("function_id"),
    integer("start_ms"),
    integer("pattern_id"),
    integer("lines"),
    integer("bytes"),
    integer("first_ms"),
    integer("last_ms"),
    key=("function_id", "start_ms", "pattern_id"),
)
"""How many lines of one shape a function logged in one hour, and their UTF-8 bytes."""
PATTERN_DAYS = PATTERN_HOURS.named("pattern_days")
PATTERN_FUNCTIONS = StoredTable(
    "pattern_functions",
    integer("function_id"),
    integer("pattern_id"),
    integer("first_ms"),
    key=("function_id", "pattern_id"),
)
"""When a function first logged a line of one shape."""
