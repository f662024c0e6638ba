-- Durable executions: each that was listed, and the events of its history. No payloads: their sizes.
-- history is NULL where none was read, 'partial' up to last_event, 'whole', or 'gone' where AWS keeps none any more.
CREATE TABLE durable_executions (
    id INTEGER PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    function TEXT NOT NULL,
    version TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    asked_ms INTEGER NOT NULL,
    history TEXT,
    last_event INTEGER
);
CREATE TABLE durable_events (
    execution_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    operation_id TEXT,
    parent_id TEXT,
    sub_type TEXT,
    name TEXT,
    attempt INTEGER,
    retry_s INTEGER,
    duration_s INTEGER,
    until_ms INTEGER,
    payload_bytes INTEGER,
    error_type TEXT,
    error_message TEXT,
    request_id TEXT,
    began_ms INTEGER,
    target TEXT,
    PRIMARY KEY (execution_id, event_id)
) WITHOUT ROWID;
INSERT OR REPLACE INTO table_sums VALUES ('durable_executions', 0, 0);
INSERT OR REPLACE INTO table_sums VALUES ('durable_events', 0, 0);
