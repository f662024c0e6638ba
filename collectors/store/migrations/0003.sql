CREATE TABLE minute_packs (
    start_ms INTEGER PRIMARY KEY, invocations INTEGER, failures INTEGER, last_ms INTEGER,
    cells BLOB, errors BLOB, latency BLOB
);

CREATE TABLE hour_packs (
    start_ms INTEGER PRIMARY KEY, invocations INTEGER, failures INTEGER, last_ms INTEGER,
    cells BLOB, errors BLOB, latency BLOB
);

CREATE TABLE day_packs (
    start_ms INTEGER PRIMARY KEY, invocations INTEGER, failures INTEGER, last_ms INTEGER,
    cells BLOB, errors BLOB, latency BLOB
);

CREATE TABLE week_packs (
    start_ms INTEGER PRIMARY KEY, invocations INTEGER, failures INTEGER, last_ms INTEGER,
    cells BLOB, errors BLOB, latency BLOB
);
INSERT INTO hour_packs (start_ms) SELECT DISTINCT start_ms FROM hour_cells;
INSERT INTO day_packs (start_ms) SELECT DISTINCT start_ms FROM day_cells;
INSERT INTO week_packs (start_ms) SELECT DISTINCT start_ms / 604800000 * 604800000 FROM day_packs;

CREATE TABLE metric_packs (
    metric TEXT NOT NULL, stat TEXT NOT NULL, grain_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, figures BLOB,
    PRIMARY KEY (metric, stat, grain_ms, start_ms)
) WITHOUT ROWID;
INSERT INTO metric_packs SELECT DISTINCT metric, stat, 3600000, start_ms, NULL FROM metric_hours;
INSERT INTO metric_packs SELECT DISTINCT metric, stat, 86400000, start_ms, NULL FROM metric_days;
CREATE INDEX IF NOT EXISTS functions_by_name ON functions (name);
