"""Writes the runner's log: events and metrics are collected for 20 ms, then written in one transaction by a thread.

``log.schema`` documents the file. What belongs together (REPORT, its metrics, the end of its asynchronous event) is
handed over in one turn of the event loop and written in one transaction: a reader sees whole invocations at any moment.
"""

import asyncio
import contextlib
import json
import os
import platform
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from lambdatui.runner.functions import ACCOUNT, Deployment, RunnerError
from lambdatui.runner.log.schema import APPLICATION_ID, SCHEMA_1, SCHEMA_2, SCHEMA_3, VERSION

PERIOD_S = 60
_BIN_MS = PERIOD_S * 1000
_GATHER_S = 0.02
_BACKLOG_BYTES = 32 << 20
_RETRY_S = 1.0

LogRow = tuple[int, str, str, str, str]
"""``(timestamp_ms, event_id, log_group, log_stream, message)``."""
Statement = tuple[str, Sequence[object]]
_Bin = tuple[str, str, str, int]
"""``(function, metric, statistic, start_ms)`` of one value of ``metrics``."""


@dataclass(slots=True)
class _Batch:
    rows: list[LogRow] = field(default_factory=list)
    bins: dict[_Bin, float] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    bytes: int = 0

    @property
    def empty(self) -> bool:
        return not (self.rows or self.bins or self.statements)


class Log:
    """A runner's log, opened for writing; created when it does not exist. Raises RunnerError for any other file.

    What is handed over is written within about 20 ms, or at ``close``. Methods that write at once say so.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Logs contain whatever functions print: from the first byte on, no other user may read them.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        self._batch = _Batch()
        self._writing = 0
        self._thread: ThreadPoolExecutor | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._under_way: asyncio.Future[None] | None = None
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
        if (version, application, tables) != (0, 0, 0) and application != APPLICATION_ID:
            raise RunnerError(f"{self.path} is a database, but not a runner's log: give another --runner-db")
        if version > VERSION:
            raise RunnerError(f"{self.path} is of version {version}, newer than this program's {VERSION}: upgrade it")
        for older, schema in enumerate((SCHEMA_1, SCHEMA_2, SCHEMA_3)):
            if version <= older:
                for statement in schema.split(";\n"):
                    self._db.execute(statement)
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")
        # Only now it is known to be a runner's log. WAL mode is stored in the file, and lets a collector read while we
        # write.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")  # deletes payloads that waited in the queue from the disk too

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what was collected, and close."""
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        try:
            self._write(self._batch)
        finally:
            self._db.close()

    # --- the functions, written at once

    def deployed(
        self,
        deployment: Deployment,
        now_ms: int,
        reserved: int | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Record a function's configuration, without its environment variables; ``reserved`` is its concurrency."""
        values = (
            *(deployment.name, ACCOUNT, deployment.region, deployment.runtime, machine_arch(), deployment.memory_mb),
            *(deployment.timeout_s, deployment.ephemeral_mb, deployment.log_group, now_ms, reserved),
        )
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO functions (name, account, region, runtime, arch, memory_mb, timeout_s,"
                " ephemeral_mb, log_group, deployed_ms, reserved_concurrency) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        if tags is not None:
            self.tagged(deployment.name, tags, now_ms)

    def tagged(self, name: str, tags: Mapping[str, str], now_ms: int) -> None:
        """Record all tags of a function at once; this is not a deployment."""
        with self._lock:
            self._db.execute(
                "UPDATE functions SET tags = ?, tagged_ms = ? WHERE name = ?", (json.dumps(tags), now_ms, name)
            )

    def removed(self, name: str, now_ms: int) -> None:
        """Record at once that ``name`` is no longer deployed; its events stay."""
        with self._lock:
            self._db.execute("UPDATE functions SET removed_ms = ? WHERE name = ?", (now_ms, name))

    # --- what is handed over, and written soon

    def write(self, rows: Sequence[LogRow]) -> None:
        """Hand over log events."""
        batch = self._batch
        batch.rows.extend(rows)
        batch.bytes += sum(len(row[4]) for row in rows) + 150 * len(rows)
        self._flush_soon()

    def count(self, function: str, metric: str, value: float, time_ms: int) -> None:
        """Add to the Sum of the metric's minute."""
        self._merge((function, metric, "Sum", time_ms - time_ms % _BIN_MS), value)

    def peak(self, function: str, metric: str, value: float, time_ms: int) -> None:
        """Raise the Maximum of the metric's minute."""
        self._merge((function, metric, "Maximum", time_ms - time_ms % _BIN_MS), value)

    def measure(self, function: str, metric: str, value: float, time_ms: int) -> None:
        """Add one value to SampleCount, Sum, Minimum and Maximum of the metric's minute."""
        start_ms = time_ms - time_ms % _BIN_MS
        for stat, addend in (("SampleCount", 1.0), ("Sum", value), ("Minimum", value), ("Maximum", value)):
            self._merge((function, metric, stat, start_ms), addend)

    def invocation(self, function: str, duration_ms: float, failed: bool, time_ms: int) -> None:
        """Add one invocation to the metrics that every invocation has."""
        start_ms = time_ms - time_ms % _BIN_MS
        bins = self._batch.bins
        for metric, stat, value in (
            ("Invocations", "Sum", 1.0),
            ("Errors", "Sum", float(failed)),
            ("Throttles", "Sum", 0.0),  # 0 is a point too, as in CloudWatch
            ("Duration", "SampleCount", 1.0),
            ("Duration", "Sum", duration_ms),
            ("Duration", "Minimum", duration_ms),
            ("Duration", "Maximum", duration_ms),
        ):
            key = (function, metric, stat, start_ms)
            before = bins.get(key)
            bins[key] = value if before is None else _merged(stat, before, value)
        self._flush_soon()

    def execute(self, statement: str, values: Sequence[object]) -> None:
        """Run a statement in the transaction of what is handed over in this turn of the event loop."""
        self._batch.statements.append((statement, values))
        self._flush_soon()

    def _merge(self, key: _Bin, value: float) -> None:
        bins = self._batch.bins
        before = bins.get(key)
        bins[key] = value if before is None else _merged(key[2], before, value)
        self._flush_soon()

    @property
    def backlogged(self) -> bool:
        """Whether so much waits to be written that functions which print must wait for the log."""
        return self._batch.bytes + self._writing > _BACKLOG_BYTES

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query on the log as last written."""
        with self._lock, closing(self._db.execute(query, values)) as rows:
            return rows.fetchall()

    def tail(self, log_group: str, limit: int, after: int = 0) -> list[tuple[int, int, str]]:
        """The last ``limit`` events of a group after id ``after``, oldest first: ``(id, timestamp_ms, message)``."""
        query = (
            "SELECT id, timestamp_ms, message FROM log_events WHERE log_group = ? AND id > ? ORDER BY id DESC LIMIT ?"
        )
        return list(reversed(self.read(query, (log_group, after, limit))))  # type: ignore[arg-type]

    # --- writing

    async def commit(self) -> None:
        """Wait until all that was handed over so far is in the file. Raises sqlite3.Error when it cannot be written."""
        while self._under_way is not None:
            await asyncio.shield(self._under_way)
        if not self._batch.empty:
            await self._flush()

    def _flush_soon(self) -> None:
        """Write what was collected, ``_GATHER_S`` from now."""
        if self._timer is None and self._under_way is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:  # there is no event loop: ``close`` will write it
                return
            self._timer = loop.call_later(_GATHER_S, self._flush)

    def _flush(self) -> "asyncio.Future[None]":
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._under_way is not None:
            return self._under_way
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "runner-log")
        batch, self._batch = self._batch, _Batch()
        self._writing = batch.bytes
        loop = asyncio.get_running_loop()
        self._under_way = under_way = loop.create_future()
        under_way.add_done_callback(lambda future: future.cancelled() or future.exception())  # nobody need await it

        def on_written(written: "asyncio.Future[None]") -> None:
            self._under_way = None
            self._writing = 0
            error = written.exception()
            if error is None:
                under_way.set_result(None)
                if not self._batch.empty:
                    self._flush_soon()
                return
            sys.stderr.write(f"lambdatui runner: {self.path} cannot be written ({error}): trying again\n")
            self._put_back(batch)
            self._timer = loop.call_later(_RETRY_S, self._flush)
            under_way.set_exception(error)

        loop.run_in_executor(self._thread, self._write, batch).add_done_callback(on_written)
        return under_way

    def _put_back(self, batch: _Batch) -> None:
        """Put a batch that could not be written before what was collected since."""
        later, self._batch = self._batch, batch
        batch.rows += later.rows
        batch.bytes += later.bytes
        batch.statements += later.statements
        for key, value in later.bins.items():
            batch.bins[key] = _merged(key[2], batch.bins[key], value) if key in batch.bins else value

    def _write(self, batch: _Batch) -> None:
        if batch.empty:
            return
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT INTO log_events (timestamp_ms, event_id, log_group, log_stream, message)"
                    " VALUES (?, ?, ?, ?, ?)",
                    batch.rows,
                )
                for statement, values in batch.statements:
                    self._db.execute(statement, values)
                for key, value in batch.bins.items():
                    self._add(key, value)
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def _add(self, key: _Bin, value: float) -> None:
        row = self._db.execute(
            "SELECT value FROM metrics"
            " WHERE function = ? AND metric = ? AND stat = ? AND period_s = ? AND start_ms = ?",
            (*key[:3], PERIOD_S, key[3]),
        ).fetchone()
        if row is not None:
            merged = _merged(key[2], row[0], value)
            if merged == row[0]:
                return
            value = merged
        self._db.execute(
            "INSERT OR REPLACE INTO metrics (function, metric, stat, period_s, start_ms, value) VALUES (?,?,?,?,?,?)",
            (*key[:3], PERIOD_S, key[3], value),
        )


def machine_arch() -> str:
    """This machine's architecture in Lambda's words: ``x86_64`` or ``arm64``."""
    machine = platform.machine()
    return {"aarch64": "arm64", "AMD64": "x86_64"}.get(machine, machine)


def _merged(stat: str, before: float, value: float) -> float:
    if stat == "Minimum":
        return min(before, value)
    if stat == "Maximum":
        return max(before, value)
    return before + value
