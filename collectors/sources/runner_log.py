"""A runner's SQLite log, read as if it were CloudWatch.

The format, versions 1 to 3: ``PRAGMA application_id`` 0x6c746472, ``PRAGMA user_version``, tables ``functions``,
``log_events`` and ``metrics``. ``log_events.id`` and ``metrics.id`` only grow; they are the checkpoints here, and 0
is the beginning. ``lambdatui.runner.log.schema`` documents the columns.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from collectors.model.account import DEPLOYMENT, TAGS, Configured, Inventory, tags_of
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint
from collectors.sources.base import (
    Item,
    ListedFunctions,
    LogEvents,
    MetricPoints,
    Source,
    SourceFailed,
    Stored,
    guarded,
)
from collectors.untrusted import Unparsable, parsed_json

APPLICATION_ID = 0x6C746472
VERSION = 3
BLOCK = 5_000

_FUNCTIONS = (
    "SELECT name, account, region, runtime, arch, memory_mb, timeout_s, ephemeral_mb, log_group, {} FROM functions"
    " ORDER BY name"
)
_TAGS = "SELECT name, account, region, {} FROM functions ORDER BY name"
_EVENTS = (
    "SELECT id, timestamp_ms, message, log_group, log_stream, event_id FROM log_events WHERE id > ? ORDER BY id LIMIT ?"
)
_METRICS = "SELECT id, function, metric, stat, period_s, start_ms, value FROM metrics WHERE id > ? ORDER BY id LIMIT ?"


class RunnerLog:
    """A runner's log, opened for reading only. SourceFailed when it is missing, something else, or too new."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise SourceFailed(str(path), "there is no such file", "deploy and invoke a function with lambdatui runner")
        try:
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        except sqlite3.Error as error:
            raise SourceFailed(str(path), f"it cannot be opened ({error})", "check its permissions") from error
        try:
            self._check()
            functions = self.functions()
            writers = Counter(function.log_group for function in functions)
            # Where several functions write to a group, its streams name them.
            self._by_group = {
                each.log_group: each.key if writers[each.log_group] == 1 else replace(each.key, name="")
                for each in functions
            }
            self._keys = {each.key.name: each.key for each in functions}
        except SourceFailed:
            self._db.close()
            raise

    def _check(self) -> None:
        [(application,)] = self._read("PRAGMA application_id")
        [(version,)] = self._read("PRAGMA user_version")
        if application != APPLICATION_ID:
            raise SourceFailed(str(self.path), "it is a database, but not a runner's log", "give the runner's own file")
        self._reserved = "reserved_concurrency" if version > 1 else "NULL"
        self._tags = "tags, tagged_ms" if version > 2 else "NULL, NULL"
        if not 1 <= version <= VERSION:
            meaning = f"it is of version {version}, and this program reads versions to {VERSION}"
            raise SourceFailed(str(self.path), meaning, "upgrade lambdatui")

    def __enter__(self) -> "RunnerLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def functions(self) -> list[Function]:
        """Every function that was ever deployed: the events of a removed one are still there."""
        return [
            Function(FunctionKey(name, account, region), *configuration)
            for name, account, region, *configuration in self._read(_FUNCTIONS.format(self._reserved))
        ]

    def deployments(self) -> dict[str, int]:
        """When (epoch ms) each function was deployed last."""
        return {name: at_ms for name, at_ms in self._read("SELECT name, deployed_ms FROM functions") if at_ms}

    def tags(self) -> dict[FunctionKey, tuple[dict[str, str], int | None]]:
        """The tags of each function whose tags are known, and since when they are so (epoch ms, None: not known)."""
        rows = self._read(_TAGS.format(self._tags))
        return {
            FunctionKey(name, account, region): (pairs, at_ms)
            for name, account, region, written, at_ms in rows
            if (pairs := _pairs(written)) is not None
        }

    def event_blocks(self, after: int = 0) -> Iterator[tuple[list[LogEvent], int]]:
        """The events after checkpoint ``after``, in the order they were written, each block with its checkpoint."""
        while rows := self._read(_EVENTS, (after, BLOCK)):
            after = rows[-1][0]
            yield [self._event(*row) for row in rows], after

    def metrics(self, after: int = 0) -> Iterator[tuple[list[MetricPoint], int]]:
        """The points that are new or have changed after ``after``, each block with its checkpoint."""
        while rows := self._read(_METRICS, (after, BLOCK)):
            after = rows[-1][0]
            yield [MetricPoint(self._keys.get(name, FunctionKey(name)), *rest) for _, name, *rest in rows], after

    def first_event_at(self, time_ms: int) -> int:
        """The checkpoint after which every event of ``time_ms`` (epoch ms) or later comes."""
        [(newest,)] = self._read("SELECT coalesce(max(id), 0) FROM log_events")
        found = self._read("SELECT min(id) - 1 FROM log_events WHERE timestamp_ms >= ?", (time_ms,))[0][0]
        return int(newest if found is None else found)

    def _event(
        self, _: int, timestamp_ms: int, message: str, log_group: str, log_stream: str, event_id: str
    ) -> LogEvent:
        # Its configuration may be gone or never written; the group's name still says whose log it is.
        key = self._by_group.get(log_group) or FunctionKey(log_group.removeprefix("/aws/lambda/"))
        return LogEvent(timestamp_ms, message, log_group, log_stream, event_id, key.name, key.account, key.region)

    def _read(self, query: str, values: Sequence[int] = ()) -> list[Any]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            meaning = f"it cannot be read ({error})"
            raise SourceFailed(str(self.path), meaning, "see that it is not locked, and written by a runner") from error
        except sqlite3.DatabaseError as error:
            meaning = f"it is no SQLite database, or a damaged one ({error})"
            raise SourceFailed(str(self.path), meaning, "give the runner's own file") from error


def _pairs(written: str | None) -> dict[str, str] | None:
    """The object of texts in a column of JSON; None where the column holds no such object."""
    try:
        tags = None if written is None else parsed_json(written)
    except Unparsable:
        return None
    fits = isinstance(tags, dict) and all(name and isinstance(value, str) for name, value in tags.items())
    return tags if fits else None


class RunnerSource(Source):
    """A runner's log as a source: functions, events, metrics, then when each was deployed and its tags.

    Asked for its items again, it gives what is new since they were given before. ``since_ms`` leaves out events and
    metrics that are older (epoch ms); None reads all there are.
    """

    reads = "place"
    name = account = region = ""

    def __init__(self, log: RunnerLog, since_ms: int | None = None) -> None:
        self.name = f"runner {log.path}"
        self._log = log
        self._since_ms = since_ms
        self._events_read: int | None = None
        self._metrics_read = 0
        self._deployed: dict[str, int] = {}
        self._tagged: dict[FunctionKey, tuple[dict[str, str], int | None]] = {}

    @classmethod
    def of_path(cls, path: str, since_ms: int | None) -> "RunnerSource":
        """The source of a runner's file. SourceFailed where it cannot be read."""
        return cls(RunnerLog(Path(path)), since_ms)

    def items(self, stored: Stored, /) -> Iterator[Item]:
        """What is new since ``items`` was last called. A part that fails is reported as ``Failed``, and the other parts
        are read.
        """
        yield from guarded(self.name, self._functions())
        yield from guarded(self.name, self._events())
        yield from guarded(self.name, self._metrics())
        yield from guarded(self.name, self._deployments())
        yield from guarded(self.name, self._tags())

    def _functions(self) -> Iterator[Item]:
        yield ListedFunctions(self._log.functions())

    def _events(self) -> Iterator[Item]:
        after = self._events_read
        if after is None:
            after = 0 if self._since_ms is None else self._log.first_event_at(self._since_ms)
        for block, checkpoint in self._log.event_blocks(after):
            yield LogEvents(block)
            self._events_read = checkpoint

    def _metrics(self) -> Iterator[Item]:
        since_ms = self._since_ms or 0
        for block, checkpoint in self._log.metrics(self._metrics_read):
            # The bin that holds ``since`` began before it.
            yield MetricPoints([point for point in block if point.start_ms + point.period_s * 1000 > since_ms])
            self._metrics_read = checkpoint

    def _deployments(self) -> Iterator[Item]:
        """When each function was deployed last, as a setting with a history, where that has changed."""
        deployed = self._log.deployments()
        if deployed == self._deployed:
            return
        keys = [function.key for function in self._log.functions() if function.key.name in deployed]
        for account, region in dict.fromkeys((key.account, key.region) for key in keys):
            names = [key.name for key in keys if (key.account, key.region) == (account, region)]
            settings = [
                Configured(
                    account, region, name, DEPLOYMENT, "", {"at": deployed[name]}, modified_ms=deployed[name]
                )
                for name in names
            ]  # fmt: skip
            newest_ms = max((deployed[name] for name in names), default=0)
            yield Inventory(account, region, (DEPLOYMENT,), settings, frozenset(names), as_of_ms=newest_ms)
        self._deployed = deployed

    def _tags(self) -> Iterator[Item]:
        """All tags of each function, with their history, where they have changed."""
        tagged = self._log.tags()
        if tagged == self._tagged or not tagged:
            return
        for account, region in dict.fromkeys((key.account, key.region) for key in tagged):
            here = {key: tags for key, tags in tagged.items() if (key.account, key.region) == (account, region)}
            settings = [tags_of(key, tags, since_ms) for key, (tags, since_ms) in here.items()]
            newest_ms = max((since_ms or 0 for _, since_ms in here.values()), default=0)
            names = frozenset(key.name for key in here)
            yield Inventory(account, region, (TAGS,), settings, names, as_of_ms=newest_ms)
        self._tagged = tagged
