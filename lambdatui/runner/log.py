"""The runner's log, ``runner.db``: CloudWatch in a SQLite file, which any other runner can write too.

Version 1 (``PRAGMA user_version``; ``PRAGMA application_id`` is 0x6c746472). Times are epoch milliseconds UTC.

``functions``   one row a function: ``name, account, region, runtime, arch`` (``x86_64`` or ``arm64``)``, memory_mb,
                timeout_s, ephemeral_mb, log_group, deployed_ms, removed_ms``; unknown is NULL. No environment.
``log_events``  ``id`` grows with every event and is never reused: a reader's checkpoint. ``event_id`` is unique,
                ``timestamp_ms, log_group, log_stream``, ``message`` as written: platform lines, stdout and stderr.
``metrics``     ``function, metric, stat, period_s, start_ms, value``: CloudWatch's names, units and statistics. A bin
                that changes is replaced and gets a new, larger ``id``: reading on from the last id gives its new value.
"""

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType

from lambdatui.runner.functions import ACCOUNT, REGION, Deployment, RunnerError

VERSION = 1
APPLICATION_ID = 0x6C746472
PERIOD_S = 60

_SCHEMA = f"""
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
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

LogRow = tuple[int, str, str, str]
"""``(timestamp_ms, event_id, log_stream, message)``."""


def default_path() -> Path:
    """``lambdatui/runner.db`` in the XDG data folder."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "lambdatui" / "runner.db"


class Log:
    """A runner's log, opened for writing; made when it is not there. RunnerError when it is something else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Logs hold whatever functions print: nobody else's to read, from the first byte on.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise RunnerError(f"{path} cannot be used as the runner's log: {error}") from error
        except RunnerError:
            self._db.close()
            raise

    def _open(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if (version, application, tables) == (0, 0, 0):
            for statement in _SCHEMA.split(";\n"):
                self._db.execute(statement)
        elif application != APPLICATION_ID:
            raise RunnerError(f"{self.path} is a database, but not a runner's log: give another --runner-db")
        elif version > VERSION:
            raise RunnerError(f"{self.path} is of version {version}, newer than this program's {VERSION}: upgrade it")
        self._db.execute("COMMIT")
        # Only now that it is known to be ours: WAL stays in the file, and lets a collector read while we write.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def deployed(self, deployment: Deployment, now_ms: int) -> None:
        """Record a function's configuration, without its environment."""
        machine = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO functions VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, NULL)",
                (
                    *(deployment.name, ACCOUNT, REGION, deployment.runtime, machine, deployment.memory_mb),
                    *(deployment.timeout_s, deployment.log_group, now_ms),
                ),
            )

    def removed(self, name: str, now_ms: int) -> None:
        """Record that ``name`` is no longer deployed; its events stay."""
        self._db.execute("UPDATE functions SET removed_ms = ? WHERE name = ?", (now_ms, name))

    def write(self, log_group: str, events: Sequence[LogRow]) -> None:
        """Add ``events``, in one transaction."""
        self._write(log_group, events, ())

    def finish(
        self, function: str, log_group: str, events: Sequence[LogRow], *, start_ms: int, duration_us: int, failed: bool
    ) -> None:
        """Add an invocation's last ``events`` and count it in its minute's metrics, in one transaction."""
        duration_ms = duration_us / 1000
        points = [
            ("Invocations", "Sum", 1.0),
            ("Errors", "Sum", float(failed)),
            ("Duration", "SampleCount", 1.0),
            ("Duration", "Sum", duration_ms),
            ("Duration", "Minimum", duration_ms),
            ("Duration", "Maximum", duration_ms),
        ]
        bin_ms = start_ms - start_ms % (PERIOD_S * 1000)
        self._write(log_group, events, [(function, metric, stat, bin_ms, value) for metric, stat, value in points])

    def _write(
        self, log_group: str, events: Sequence[LogRow], points: Iterable[tuple[str, str, str, int, float]]
    ) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            self._db.executemany(
                "INSERT INTO log_events (timestamp_ms, event_id, log_group, log_stream, message) VALUES (?,?,?,?,?)",
                [(time_ms, event_id, log_group, stream, message) for time_ms, event_id, stream, message in events],
            )
            for point in points:
                self._add(*point)

    def _add(self, function: str, metric: str, stat: str, start_ms: int, value: float) -> None:
        where = "function = ? AND metric = ? AND stat = ? AND period_s = ? AND start_ms = ?"
        key = (function, metric, stat, PERIOD_S, start_ms)
        before = self._db.execute(f"SELECT value FROM metrics WHERE {where}", key).fetchone()  # noqa: S608
        if before is not None:
            merged: dict[str, float] = {"Minimum": min(before[0], value), "Maximum": max(before[0], value)}
            value = merged.get(stat, before[0] + value)
        self._db.execute(
            "INSERT OR REPLACE INTO metrics (function, metric, stat, period_s, start_ms, value) VALUES (?,?,?,?,?,?)",
            (*key, value),
        )

    def tail(self, log_group: str, limit: int) -> list[tuple[int, str]]:
        """The last ``limit`` events of a group, oldest first: ``(timestamp_ms, message)``."""
        newest = "SELECT id, timestamp_ms, message FROM log_events WHERE log_group = ? ORDER BY id DESC LIMIT ?"
        with closing(self._db.execute(newest, (log_group, limit))) as rows:
            return [(time_ms, message) for _, time_ms, message in reversed(rows.fetchall())]
