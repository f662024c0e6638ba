"""The tables, as numbered migrations. Opening a file that a newer lambdatui wrote is an error, never a guess.

Hot tables are clustered on (function, time), so that a page of a function's invocations is one read of neighbours
and needs no second index. They hold integers and blobs only, and never dollars.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x4C414D42  # "LAMB": tells our file from anybody's SQLite database

_CELLS = """
CREATE TABLE {name} (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL,
    invocations INTEGER NOT NULL, reports INTEGER NOT NULL, errors INTEGER NOT NULL, timeouts INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, cold_starts INTEGER NOT NULL, billed_ms INTEGER NOT NULL,
    billed_mb_ms INTEGER NOT NULL, duration_us INTEGER NOT NULL, init_us INTEGER NOT NULL,
    max_duration_us INTEGER, max_memory_mb INTEGER, memory_mb INTEGER, last_ms INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (function_id, start_ms)
) WITHOUT ROWID;
CREATE TABLE {name}_errors (
    function_id INTEGER NOT NULL, start_ms INTEGER NOT NULL, error_id INTEGER NOT NULL, occurrences INTEGER NOT NULL,
    PRIMARY KEY (function_id, start_ms, error_id)
) WITHOUT ROWID;
"""

UNCOUNTED = "patterns_uncounted_until"  # settings of ``collectors.store.pattern_counts``
WITHOUT_LINES = "patterns_events_without_lines"
OLDEST = "oldest_ms"  # of the settings: when the oldest invocation began; absent where an older one may have come
GRAINS = {"minute_cells": 60_000, "hour_cells": 3_600_000, "day_cells": 86_400_000}

_FIRST = (
    """
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
""",
    *(_CELLS.format(name=name) for name in GRAINS),
)

# A name is a module whose SCRIPT is imported when it is needed: the first paint opens stores, and never migrates one.
_LATER = (
    "collectors.store.schema_account",
    "collectors.store.schema_packs",
    "collectors.store.schema_billing",
    "collectors.store.schema_families",
    "collectors.store.schema_patterns",
    "collectors.store.schema_chunk_filters",
    "collectors.store.schema_pruned",
)
MIGRATIONS: tuple[tuple[str, ...] | str, ...] = (_FIRST, *_LATER)
VERSION = len(MIGRATIONS)


def migrate(connection: "sqlite3.Connection") -> None:
    """Brings a store to ``VERSION``, each migration in one transaction."""
    (at,) = connection.execute("PRAGMA user_version").fetchone()
    for number, scripts in enumerate(MIGRATIONS[at:], at + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for script in _scripts(scripts):
                for statement in script.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            from collectors.store.transactions import undo

            undo(connection)
            raise


def _scripts(migration: tuple[str, ...] | str) -> tuple[str, ...]:
    if isinstance(migration, tuple):
        return migration
    from importlib import import_module

    return (import_module(migration).SCRIPT,)
