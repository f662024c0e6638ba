"""Migration 3: the cells of all functions in one row, by minute, hour, day and week (``collectors.store.packs``); and
functions by name.

All of an older store's hours and days are marked for the writer, which packs them before the store is read.
"""

_PACKS = """
CREATE TABLE {grain}_packs (
    start_ms INTEGER PRIMARY KEY, invocations INTEGER, failures INTEGER, last_ms INTEGER,
    cells BLOB, errors BLOB, latency BLOB
);
"""
_ALL = "INSERT INTO {grain}_packs (start_ms) SELECT DISTINCT start_ms FROM {grain}_cells;\n"
_WEEKS = "INSERT INTO week_packs (start_ms) SELECT DISTINCT start_ms / 604800000 * 604800000 FROM day_packs;\n"
_METRICS = """
CREATE TABLE metric_packs (
    metric TEXT NOT NULL, stat TEXT NOT NULL, grain_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, figures BLOB,
    PRIMARY KEY (metric, stat, grain_ms, start_ms)
) WITHOUT ROWID;
INSERT INTO metric_packs SELECT DISTINCT metric, stat, 3600000, start_ms, NULL FROM metric_hours;
INSERT INTO metric_packs SELECT DISTINCT metric, stat, 86400000, start_ms, NULL FROM metric_days;
"""
# A name is looked for without its account and region, which not every source says (``collectors.store.names``).
_NAMES = "CREATE INDEX IF NOT EXISTS functions_by_name ON functions (name);\n"

SCRIPT = "".join(
    [_PACKS.format(grain=grain) for grain in ("minute", "hour", "day", "week")]
    + [_ALL.format(grain=grain) for grain in ("hour", "day")]
    + [_WEEKS, _METRICS, _NAMES]
)
