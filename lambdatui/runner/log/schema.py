"""The runner's log, ``runner.db``: CloudWatch in a SQLite file, which any other runner can write too.

Version 3 (``PRAGMA user_version``; ``PRAGMA application_id`` is 0x6c746472). Times are epoch milliseconds UTC.

``functions``      one row a function: ``name, account, region, runtime, arch`` (``x86_64`` or ``arm64``)``, memory_mb,
                   timeout_s, ephemeral_mb, log_group, deployed_ms, removed_ms, reserved_concurrency, tags`` (a JSON
                   object)``, tagged_ms``; unknown is NULL. No environment variables.
``log_events``     ``id`` grows with every event and is never reused: a reader's checkpoint. ``event_id`` is unique,
                   ``timestamp_ms, log_group, log_stream``, ``message`` as written: platform lines in Lambda's text or
                   JSON format, stdout and stderr.
``metrics``        ``function, metric, stat, period_s, start_ms, value``: CloudWatch's names, units and statistics. A
                   bin that changes is replaced and gets a new, larger ``id``: reading on from the last id gives its new
                   value.
``async_events``   accepted asynchronous events: ``id, request_id, function`` (its ARN, with a qualifier)``, payload``
                   (NULL once it is finished)``, accepted_ms, due_ms``, ``attempts`` that ended in a function error or
                   a success, ``throttles``, ``finished_ms`` (NULL while it waits or runs) and ``condition``: Success,
                   RetriesExhausted, EventAgeExceeded, ZeroReservedConcurrency, RecursiveInvocation.
``async_attempts`` ``event, attempt`` (from 1)``, started_ms, ended_ms, error_type`` (NULL: success).

A reader needs the first three tables only. Version 1 had no others and no reserved_concurrency, version 2 no tags.
"""

VERSION = 3
APPLICATION_ID = 0x6C746472

SCHEMA_1 = """
CREATE TABLE functions (
  name TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, runtime TEXT, arch TEXT, memory_mb INTEGER,
  timeout_s INTEGER, ephemeral_mb INTEGER, log_group TEXT NOT NULL, deployed_ms INTEGER NOT NULL, removed_ms INTEGER);
CREATE TABLE log_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, timestamp_ms INTEGER NOT NULL,
  log_group TEXT NOT NULL, log_stream TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX log_events_by_group ON log_events (log_group, id);
CREATE TABLE metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT NOT NULL, metric TEXT NOT NULL, stat TEXT NOT NULL,
  period_s INTEGER NOT NULL, start_ms INTEGER NOT NULL, value REAL NOT NULL,
  UNIQUE (function, metric, stat, period_s, start_ms));
"""
SCHEMA_2 = """
ALTER TABLE functions ADD COLUMN reserved_concurrency INTEGER;
CREATE TABLE async_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, function TEXT NOT NULL, payload BLOB,
  accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  throttles INTEGER NOT NULL DEFAULT 0, finished_ms INTEGER, condition TEXT);
CREATE INDEX async_waiting ON async_events (due_ms) WHERE finished_ms IS NULL;
CREATE TABLE async_attempts (
  event INTEGER NOT NULL, attempt INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,
  error_type TEXT, PRIMARY KEY (event, attempt)) WITHOUT ROWID;
"""
SCHEMA_3 = """
ALTER TABLE functions ADD COLUMN tags TEXT;
ALTER TABLE functions ADD COLUMN tagged_ms INTEGER;
"""
