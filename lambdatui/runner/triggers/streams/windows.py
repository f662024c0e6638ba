"""Tumbling windows: a function aggregates a shard's records, and gets its own state back until the window ends.

Lambda Developer Guide, "Implementing stateful Kinesis processing in Lambda". A record belongs to the window in which it
came into the stream. Windows are stored with the checkpoints, so that a restart continues them.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from lambdatui.runner.triggers.base import Document
from lambdatui.runner.triggers.streams.kind import Record

_MOST_STATE_BYTES = 1 << 20


@dataclass(slots=True)
class Window:
    """One window; ``start_s`` is epoch seconds. ``early``: its state has grown too large, which ends it."""

    start_s: float
    state: Document = field(default_factory=dict)
    early: bool = False


class TumblingWindows:
    """The windows of one shard, one at a time; ``used`` is false for a mapping without them."""

    def __init__(self, mapping: Document, shard_id: str, time_scale: float) -> None:
        self._length_s = int(mapping.get("TumblingWindowInSeconds") or 0) / time_scale
        self._shard_id = shard_id
        self._arn = mapping["EventSourceArn"]
        self.used = self._length_s > 0
        self.current: Window | None = None
        self.caught_up_s = 0.0
        """All records that came before this time are known."""
        self._stored: Document = {}
        if self.used:
            self._stored = mapping.setdefault("_windows", {})
            if (stored := self._stored.get(shard_id)) is not None:
                self.current = Window(float(stored["start_s"]), stored["state"])

    @property
    def over(self) -> bool:
        """Whether the window has ended, and no record of it is still to come."""
        window = self.current
        return window is not None and (window.early or self.caught_up_s >= window.start_s + self._length_s)

    def split(self, records: list[Record], arrived_s: Callable[[Record], float]) -> list[tuple[float, list[Record]]]:
        """Records by the starts of their windows; none is before the current one's."""
        least_s = self.current.start_s if self.current is not None else 0.0

        def start_of(record: Record) -> float:
            return max(arrived_s(record) // self._length_s * self._length_s, least_s)

        return [(start_s, list(group)) for start_s, group in groupby(records, start_of)]

    def open(self, start_s: float) -> None:
        """Begin a window, unless it is open."""
        if self.current is None:
            self.current = Window(start_s)
            self._store()

    def update(self, state: Document) -> None:
        """The function has answered with a new state."""
        if self.current is not None:
            self.current.state = state
            self.current.early = len(json.dumps(state)) > _MOST_STATE_BYTES
            self._store()

    def close(self) -> None:
        """The window's last call was made."""
        self.current = None
        self._stored.pop(self._shard_id, None)

    def _store(self) -> None:
        if self.current is not None:
            self._stored[self._shard_id] = {"start_s": self.current.start_s, "state": self.current.state}

    def fields(self, *, final: bool) -> Document:
        """What the event of a call has beside its records."""
        window = self.current
        if window is None:
            return {}
        return {
            "window": {"start": _iso(window.start_s), "end": _iso(window.start_s + self._length_s)},
            "state": window.state,
            "shardId": self._shard_id,
            "eventSourceARN": self._arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and window.early,
        }


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
