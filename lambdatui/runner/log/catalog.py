"""Where events are in the log: the times that each block of rows spans, and the streams of each group.

``log_events`` has no index by time or stream, so that writing costs no more than it must. A reader learns both once
from the rows that are there (about a second for a million), and then only from what is new.
"""

import sqlite3
import threading
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key")
BLOCK_ROWS = 2048
"""Ids of a block; block 0 begins with id 1."""
_NEXT = "SELECT min(id) FROM log_events WHERE id > ?"
_STREAMS = (
    "SELECT log_group, log_stream, min(timestamp_ms), max(timestamp_ms), min(id), max(id) FROM log_events"
    " WHERE id > ? AND id <= ? GROUP BY log_group, log_stream"
)


@dataclass(slots=True)
class Extent:
    """The first and the last time (epoch ms) and id of some events."""

    first_ms: int
    last_ms: int
    first_id: int
    last_id: int

    def include(self, other: "Extent") -> None:
        """Grow to hold ``other`` too."""
        self.first_ms, self.last_ms = min(self.first_ms, other.first_ms), max(self.last_ms, other.last_ms)
        self.first_id, self.last_id = min(self.first_id, other.first_id), max(self.last_id, other.last_id)


class Catalog:
    """What is known of a log's rows up to ``last_id``; safe for many threads, as events only ever come."""

    def __init__(self) -> None:
        self.last_id = 0
        self.blocks: dict[int, Extent] = {}
        """By a block's number."""
        self.groups: dict[str, dict[str, Extent]] = {}
        """The streams of each log group, by their names."""
        self._lock = threading.Lock()

    def refresh(self, db: sqlite3.Connection) -> None:
        """Learn of the rows that came since. Raises sqlite3.Error."""
        with self._lock:
            while (first_id := db.execute(_NEXT, (self.last_id,)).fetchone()[0]) is not None:
                number = (first_id - 1) // BLOCK_ROWS
                end_id = (number + 1) * BLOCK_ROWS
                last_id = self.last_id
                for group, stream, *bounds in db.execute(_STREAMS, (self.last_id, end_id)).fetchall():
                    last_id = max(last_id, bounds[3])
                    _include(self.blocks, number, Extent(*bounds))
                    _include(self.groups.setdefault(group, {}), stream, Extent(*bounds))
                self.last_id = last_id


def _include(extents: dict[Key, Extent], key: Key, new: Extent) -> None:
    if (known := extents.get(key)) is None:
        extents[key] = new
    else:
        known.include(new)
