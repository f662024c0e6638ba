CREATE TABLE configuration (
    account TEXT NOT NULL, region TEXT NOT NULL, function TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL,
    name TEXT NOT NULL, since_ms INTEGER NOT NULL, value TEXT NOT NULL, until_ms INTEGER,
    PRIMARY KEY (account, region, function, kind, item, name, since_ms)
) WITHOUT ROWID;
CREATE TABLE log_groups (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, class TEXT NOT NULL, retention_days INTEGER,
    stored_bytes INTEGER,
    PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE alarms (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT NOT NULL, state_since_ms INTEGER, function TEXT NOT NULL, metric TEXT NOT NULL, stat TEXT NOT NULL,
    period_s INTEGER, comparison TEXT NOT NULL, threshold REAL, rule TEXT NOT NULL, actions_enabled INTEGER,
    PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE alarm_history (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (account, region, name, at_ms, kind, summary)
) WITHOUT ROWID;
-- What AWS itself says that it billed; no figure of ours is computed in money here.
CREATE TABLE billed_days (
    account TEXT NOT NULL, day_ms INTEGER NOT NULL, service TEXT NOT NULL, usage_type TEXT NOT NULL,
    amount TEXT NOT NULL, currency TEXT NOT NULL, quantity TEXT NOT NULL, unit TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    PRIMARY KEY (account, day_ms, service, usage_type)
) WITHOUT ROWID;
CREATE TABLE recommendations (
    account TEXT NOT NULL, region TEXT NOT NULL, function TEXT NOT NULL, version TEXT NOT NULL, finding TEXT NOT NULL,
    reasons TEXT NOT NULL, memory_mb INTEGER, recommended_mb INTEGER, saving TEXT, currency TEXT, refreshed_ms INTEGER,
    PRIMARY KEY (account, region, function, version)
) WITHOUT ROWID;
CREATE TABLE account_metrics (
    account TEXT NOT NULL, region TEXT NOT NULL, metric TEXT NOT NULL, stat TEXT NOT NULL, start_ms INTEGER NOT NULL,
    period_s INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (account, region, metric, stat, start_ms, period_s)
) WITHOUT ROWID;
CREATE TABLE insights_cells (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    invocations INTEGER NOT NULL, reports INTEGER NOT NULL, errors INTEGER NOT NULL, timeouts INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, cold_starts INTEGER NOT NULL, billed_ms INTEGER NOT NULL,
    billed_mb_ms INTEGER NOT NULL, duration_us INTEGER NOT NULL, init_us INTEGER NOT NULL,
    max_duration_us INTEGER, max_memory_mb INTEGER, memory_mb INTEGER, last_ms INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (function_id, start_ms)
) WITHOUT ROWID;
CREATE TABLE error_patterns (
    account TEXT NOT NULL, region TEXT NOT NULL, log_group TEXT NOT NULL, start_ms INTEGER NOT NULL,
    pattern TEXT NOT NULL, samples INTEGER NOT NULL, severity TEXT NOT NULL,
    PRIMARY KEY (account, region, log_group, start_ms, pattern)
) WITHOUT ROWID;
CREATE TABLE covered (
    item TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    PRIMARY KEY (item, from_ms)
) WITHOUT ROWID;
CREATE TABLE api_calls (
    collection_id INTEGER NOT NULL, region TEXT NOT NULL, operation TEXT NOT NULL, requests INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (collection_id, operation)
) WITHOUT ROWID;
CREATE TABLE collection_notes (
    collection_id INTEGER NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL, text TEXT NOT NULL, bytes INTEGER,
    PRIMARY KEY (collection_id, kind, about, text)
) WITHOUT ROWID;
