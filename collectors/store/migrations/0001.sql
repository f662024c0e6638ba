CREATE TABLE functions (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    runtime TEXT, arch TEXT, memory_mb INTEGER, timeout_s INTEGER, ephemeral_mb INTEGER, log_group TEXT,
    reserved_concurrency INTEGER,
    UNIQUE (account, region, name)
);
CREATE TABLE streams (
    id INTEGER PRIMARY KEY, function_id INTEGER NOT NULL REFERENCES functions, name TEXT NOT NULL,
    UNIQUE (function_id, name)
);
CREATE TABLE errors (
    id INTEGER PRIMARY KEY, function_id INTEGER NOT NULL REFERENCES functions, fingerprint TEXT NOT NULL,
    error_type TEXT NOT NULL, message TEXT NOT NULL,
    UNIQUE (function_id, fingerprint)
);
CREATE TABLE invocations (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, request_id BLOB NOT NULL, stream_id INTEGER NOT NULL,
    parts INTEGER NOT NULL, status INTEGER NOT NULL, duration_us INTEGER, billed_ms INTEGER, memory_mb INTEGER,
    max_memory_mb INTEGER, init_us INTEGER, restore_us INTEGER, billed_restore_ms INTEGER, error_id INTEGER,
    trace_id TEXT, end_ms INTEGER NOT NULL, events INTEGER NOT NULL, chunk_id INTEGER,
    PRIMARY KEY (function_id, start_ms, request_id, stream_id)
) WITHOUT ROWID;
-- Few rows: the failed are what is asked for by id and what is tried again, fragments what may still be completed.
CREATE INDEX invocations_not_plain ON invocations (request_id) WHERE status <> 0 OR parts <> 3;
CREATE INDEX invocations_by_error ON invocations (error_id, start_ms) WHERE error_id IS NOT NULL;
-- Request ids, 16 bytes each, appended to 256 buckets: an index on the ids themselves would cost a random write each.
CREATE TABLE request_buckets (
    bucket INTEGER NOT NULL, segment INTEGER NOT NULL, last_ms INTEGER NOT NULL, entries BLOB NOT NULL,
    PRIMARY KEY (bucket, segment)
) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, function_id INTEGER NOT NULL, loose_stream_id INTEGER, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, lines INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE INDEX chunks_by_time ON chunks (function_id, first_ms, last_ms);
CREATE INDEX chunks_loose ON chunks (loose_stream_id, first_ms) WHERE loose_stream_id IS NOT NULL;
CREATE TABLE metrics (
    metric TEXT NOT NULL, function_id INTEGER NOT NULL, stat TEXT NOT NULL, start_ms INTEGER NOT NULL,
    period_s INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (metric, function_id, stat, start_ms, period_s)
) WITHOUT ROWID;
CREATE TABLE metric_hours (
    metric TEXT NOT NULL, function_id INTEGER NOT NULL, stat TEXT NOT NULL, start_ms INTEGER NOT NULL,
    total REAL NOT NULL, peak REAL NOT NULL,
    PRIMARY KEY (metric, function_id, stat, start_ms)
) WITHOUT ROWID;
CREATE TABLE metric_days (
    metric TEXT NOT NULL, function_id INTEGER NOT NULL, stat TEXT NOT NULL, start_ms INTEGER NOT NULL,
    total REAL NOT NULL, peak REAL NOT NULL,
    PRIMARY KEY (metric, function_id, stat, start_ms)
) WITHOUT ROWID;
CREATE TABLE rejects (
    id BLOB PRIMARY KEY, source TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE collections (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER,
    events INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, invocations INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE minute_cells (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    invocations INTEGER NOT NULL, reports INTEGER NOT NULL, errors INTEGER NOT NULL, timeouts INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, cold_starts INTEGER NOT NULL, billed_ms INTEGER NOT NULL,
    billed_mb_ms INTEGER NOT NULL, duration_us INTEGER NOT NULL, init_us INTEGER NOT NULL,
    max_duration_us INTEGER, max_memory_mb INTEGER, memory_mb INTEGER, last_ms INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (function_id, start_ms)
) WITHOUT ROWID;
CREATE TABLE minute_cells_errors (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, error_id INTEGER NOT NULL, occurrences INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, error_id)
) WITHOUT ROWID;

CREATE TABLE hour_cells (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    invocations INTEGER NOT NULL, reports INTEGER NOT NULL, errors INTEGER NOT NULL, timeouts INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, cold_starts INTEGER NOT NULL, billed_ms INTEGER NOT NULL,
    billed_mb_ms INTEGER NOT NULL, duration_us INTEGER NOT NULL, init_us INTEGER NOT NULL,
    max_duration_us INTEGER, max_memory_mb INTEGER, memory_mb INTEGER, last_ms INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (function_id, start_ms)
) WITHOUT ROWID;
CREATE TABLE hour_cells_errors (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, error_id INTEGER NOT NULL, occurrences INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, error_id)
) WITHOUT ROWID;

CREATE TABLE day_cells (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    invocations INTEGER NOT NULL, reports INTEGER NOT NULL, errors INTEGER NOT NULL, timeouts INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, cold_starts INTEGER NOT NULL, billed_ms INTEGER NOT NULL,
    billed_mb_ms INTEGER NOT NULL, duration_us INTEGER NOT NULL, init_us INTEGER NOT NULL,
    max_duration_us INTEGER, max_memory_mb INTEGER, memory_mb INTEGER, last_ms INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (function_id, start_ms)
) WITHOUT ROWID;
CREATE TABLE day_cells_errors (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, error_id INTEGER NOT NULL, occurrences INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, error_id)
) WITHOUT ROWID;
