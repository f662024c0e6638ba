"""The table of invocations, and that of the index of their request ids.

The first frame imports this, so it imports next to nothing.
"""

from collectors.model.quantities import FIGURES, QUANTITIES
from collectors.store.tables.column import BLOB, TEXT, StoredColumn, StoredTable, blob, integer

_KEY = ("function_id", "start_ms", "request_id", "stream_id")
INVOCATIONS = StoredTable(
    "invocations",
    integer("function_id"),
    integer("start_ms"),
    StoredColumn("request_id", BLOB),
    integer("stream_id", read_from="stream"),
    integer("parts"),
    integer("status"),
    *(integer(name, null=True) for name in FIGURES),
    integer("error_id", null=True, read_from="error"),
    StoredColumn("trace_id", TEXT, null=True),
    integer("end_ms"),
    integer("events"),
    integer("chunk_id", null=True),
    integer("sum", null=True),
    *(integer(name, null=True) for name in QUANTITIES),
    key=_KEY,
)
"""One invocation, every attempt being one. ``parts`` says which of START and REPORT were seen; null is unknown."""
CHECKSUMMED = tuple(name for name in INVOCATIONS.names if name not in ("sum", *QUANTITIES))
"""The columns of the first version that a row's checksum covers, in the order in which it adds them."""

REQUEST_BUCKETS = StoredTable(
    "request_buckets",
    integer("bucket"),
    integer("segment"),
    integer("last_ms"),
    blob("entries"),
    key=("bucket", "segment"),
)
"""Entries of request ids in one of 256 buckets (``collectors.store.request_index``)."""
