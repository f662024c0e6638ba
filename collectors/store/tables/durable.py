"""Tables of durable executions and the events of their histories."""

from collectors.store.tables.column import StoredTable, integer, text

DURABLE_EXECUTIONS = StoredTable(
    "durable_executions",
    integer("id", null=True),
    text("arn"),
    text("account"),
    text("region"),
    text("function"),
    text("version"),
    text("name"),
    text("status"),
    integer("started_ms"),
    integer("ended_ms", null=True),
    integer("asked_ms"),
    text("history", null=True),
    integer("last_event", null=True),
    key=("id",),
    rowid=True,
)
"""One durable execution as last listed; ``history`` says how far its events were read, null: not at all."""
DURABLE_EVENTS = StoredTable(
    "durable_events",
    integer("execution_id"),
    integer("event_id"),
    integer("at_ms"),
    text("type"),
    text("operation_id", null=True),
    text("parent_id", null=True),
    text("sub_type", null=True),
    text("name", null=True),
    integer("attempt", null=True),
    integer("retry_s", null=True),
    integer("duration_s", null=True),
    integer("until_ms", null=True),
    integer("payload_bytes", null=True),
    text("error_type", null=True),
    text("error_message", null=True),
    text("request_id", null=True),
    integer("began_ms", null=True),
    text("target", null=True),
    key=("execution_id", "event_id"),
)
"""One event of an execution's history."""
