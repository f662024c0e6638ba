"""Reads the log for others than its writer: events of a group in order of time, metrics, groups and streams.

A reader opens the file again for each question, read only, and may do so in any thread while the runner writes.
"""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collectors.model.units import MIB_BYTES
from lambdatui.runner.log.catalog import BLOCK_ROWS, Catalog, Extent

_KEYS = (
    "SELECT timestamp_ms, id, log_stream FROM log_events"
    " WHERE log_group = ? AND id > ? AND id <= ? AND timestamp_ms >= ? AND timestamp_ms <= ?"
)
_TEXTS = "SELECT id, event_id, message FROM log_events WHERE id IN ({})"
_NEW = "SELECT id, timestamp_ms, log_group, log_stream, message FROM log_events WHERE id > ? AND id <= ? ORDER BY id"
_PLATFORM = (
    "SELECT timestamp_ms, log_stream, message FROM log_events WHERE log_group = ? AND id > ? AND id <= ?"
    " AND timestamp_ms >= ? AND timestamp_ms <= ? AND (message GLOB 'START RequestId: *'"
    " OR message GLOB 'REPORT RequestId: *' OR message GLOB '{*\"type\":\"platform.*') ORDER BY id"
)
# Messages are fetched so many together; fewer where they are large, as one may have a megabyte.
_FEWEST, _MOST, _FETCH_BYTES = 16, 512, MIB_BYTES

Position = tuple[int, int]
"""``(timestamp_ms, id)`` of an event: events are in this order."""


@dataclass(frozen=True, slots=True)
class StreamChoice:
    """Which streams of a group are read: those of ``names`` (None: all), or those that begin with ``prefix``."""

    names: frozenset[str] | None = None
    prefix: str = ""

    def __contains__(self, stream: object) -> bool:
        return isinstance(stream, str) and (
            stream in self.names if self.names is not None else stream.startswith(self.prefix)
        )


@dataclass(frozen=True, slots=True)
class EventSpan:
    """The events of a group from ``first_ms`` to ``last_ms`` (epoch ms, both included) in some of its streams."""

    group: str
    first_ms: int
    last_ms: int
    streams: StreamChoice = StreamChoice()


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event as it was written."""

    position: Position
    event_id: str
    stream: str
    message: str

    @property
    def timestamp_ms(self) -> int:
        """Its time, in epoch milliseconds."""
        return self.position[0]


class LogReader:
    """The reader of one file, which remembers where events are in it."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.absolute().as_uri()}?mode=ro"
        self._catalog = Catalog()

    @contextmanager
    def opened(self) -> Iterator["OpenLog"]:
        """The log as it is now. Raises sqlite3.Error."""
        db = sqlite3.connect(self._uri, uri=True, timeout=5, isolation_level=None)
        try:
            self._catalog.refresh(db)
            yield OpenLog(db, self._catalog)
        finally:
            db.close()


class OpenLog:
    """A log while it is read."""

    def __init__(self, db: sqlite3.Connection, catalog: Catalog) -> None:
        self._db = db
        self._catalog = catalog

    @property
    def last_id(self) -> int:
        """The id of the newest event; 0 where there is none."""
        return self._catalog.last_id

    def groups(self) -> list[str]:
        """The names of all log groups that have events, in order."""
        return sorted(self._catalog.groups.copy())

    def streams(self, group: str) -> dict[str, Extent]:
        """The streams of a group, by name; empty where there is no such group."""
        return self._catalog.groups.get(group, {}).copy()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query."""
        return self._db.execute(query, values).fetchall()

    def events(
        self, span: EventSpan, after: Position | None = None, *, newest_first: bool = False
    ) -> Iterator[LogEntry]:
        """The events of a span in order of time, or against it; those that come ``after`` a position in that order.

        A page of them costs no more than its own rows and one or two blocks, wherever in the log it begins.
        """
        keys = self._keys(span, after, -1 if newest_first else 1)
        size = _FEWEST
        while batch := _taken(keys, size):
            texts = self._texts([event_id for _, event_id, _ in batch])
            fetched = sum(len(message) for _, message in texts.values())
            size = min(_MOST, size * 2) if fetched < _FETCH_BYTES // 2 else _FEWEST
            for timestamp_ms, row_id, stream in batch:
                event_id, message = texts[row_id]
                yield LogEntry((timestamp_ms, row_id), event_id, stream, message)

    def _keys(self, span: EventSpan, after: Position | None, sign: int) -> Iterator[tuple[int, int, str]]:
        """``(timestamp_ms, id, stream)`` of a span's events in order; ``sign`` -1 turns the order round.

        Rows are nearly, not quite, in order of time: a row is given once no block that is left can hold one before it.
        """
        blocks = self._blocks(span, after, sign)
        ready: list[tuple[int, int, str]] = []
        for place, (_, number) in enumerate(blocks):
            begin_id = number * BLOCK_ROWS
            values = (span.group, begin_id, begin_id + BLOCK_ROWS, span.first_ms, span.last_ms)
            start = None if after is None else (sign * after[0], sign * after[1])
            for timestamp_ms, row_id, stream in self._db.execute(_KEYS, values):
                key = (sign * timestamp_ms, sign * row_id)
                if stream in span.streams and (start is None or key > start):
                    ready.append((*key, stream))
            ready.sort()
            last = place + 1 == len(blocks)
            end = len(ready) if last else bisect_left(ready, (blocks[place + 1][0],))
            for signed_ms, signed_id, stream in ready[:end]:
                yield sign * signed_ms, sign * signed_id, stream
            del ready[:end]

    def _blocks(self, span: EventSpan, after: Position | None, sign: int) -> list[tuple[int, int]]:
        """The blocks that can hold a span's events, in order: the signed time at which each begins, and its number."""
        first_ms, last_ms = span.first_ms, span.last_ms
        if after is not None:
            first_ms, last_ms = (max(first_ms, after[0]), last_ms) if sign > 0 else (first_ms, min(last_ms, after[0]))
        extents = [extent for name, extent in self.streams(span.group).items() if name in span.streams]
        if not extents:
            return []
        first_id, last_id = min(each.first_id for each in extents), max(each.last_id for each in extents)
        return sorted(
            (block.first_ms if sign > 0 else -block.last_ms, number)
            for number, block in self._catalog.blocks.copy().items()
            if block.last_ms >= first_ms
            and block.first_ms <= last_ms
            and block.last_id >= first_id
            and block.first_id <= last_id
        )

    def _texts(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Event id and message, by the row's id."""
        marks = ",".join("?" * len(ids))
        rows = self._db.execute(_TEXTS.format(marks), ids)
        return {row_id: (event_id, message) for row_id, event_id, message in rows}

    def platform_lines(self, group: str, first_ms: int, last_ms: int) -> Iterator[tuple[int, str, str]]:
        """Time, stream and message of a group's lines that look like START and REPORT, as they were written."""
        blocks = [number for _, number in self._blocks(EventSpan(group, first_ms, last_ms), None, 1)]
        if blocks:
            bounds = (min(blocks) * BLOCK_ROWS, (max(blocks) + 1) * BLOCK_ROWS)
            yield from self._db.execute(_PLATFORM, (group, *bounds, first_ms, last_ms))

    def since(self, row_id: int) -> Iterator[tuple[int, int, str, str, str]]:
        """What was written after a row, as written: ``(id, timestamp_ms, group, stream, message)``."""
        yield from self._db.execute(_NEW, (row_id, self.last_id))


def _taken(keys: Iterator[tuple[int, int, str]], count: int) -> list[tuple[int, int, str]]:
    return [key for _, key in zip(range(count), keys, strict=False)]
