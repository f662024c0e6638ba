"""Invocations known by log lines alone, with neither START nor REPORT: their lines may belong to another invocation.

A read that begins in the middle of an invocation assigns its lines to the request id in one of them, which need not be
Lambda's (a log's field ``requestId`` may be any). A read of the whole invocation assigns them to it. In either order,
each line is stored once, with the invocation that has START or REPORT.
"""

import sqlite3
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from collectors.store.lines.chunks import Chunks, Line, line_time, packed_lines, unpacked
from collectors.store.write.orphan_lines import NEAR_MS, OrphanLineWriter
from collectors.store.write.stored_invocation import WHERE_KEY, StoredInvocation, delete, insert, select

NO_PARTS = 0  # of ``Parts``: neither START nor REPORT


class _Key(NamedTuple):
    function_id: int
    start_ms: int
    request_id: bytes | str


class UnmatchedInvocations:
    """These invocations, for one writer's connection."""

    def __init__(self, connection: sqlite3.Connection, chunks: Chunks, orphans: OrphanLineWriter) -> None:
        self._connection = connection
        self._chunks = chunks
        self._orphans = orphans
        self._by_stream: dict[int, set[_Key]] = {}
        for stream_id, *key in connection.execute(
            "SELECT stream_id, function_id, start_ms, request_id FROM invocations INDEXED BY invocations_not_plain"
            " WHERE parts = 0 AND (status <> 0 OR parts <> 3)"
        ):
            self._by_stream.setdefault(stream_id, set()).add(_Key(*key))

    def __bool__(self) -> bool:
        return bool(self._by_stream)

    def remember(self, row: StoredInvocation, start_ms: int) -> None:
        """Notes that such a row, with this start, was written."""
        self._by_stream.setdefault(row.stream_id, set()).add(_Key(row.function_id, start_ms, row.request_id))

    def without_others_lines(self, row: StoredInvocation, lines: bytes) -> tuple[StoredInvocation, bytes]:
        """Such a row, and its lines without those that another invocation of its stream has."""
        mine = unpacked(lines)
        times = list(map(line_time, mine))
        known = self._orphans.of_invocations(row.function_id, row.stream_id, min(times), max(times), but=row.request_id)
        left = _without(mine, known)
        if len(left) == len(mine):
            return row, lines
        return replace(row, events=len(left)), packed_lines(left) if left else b""

    def absorb(
        self, function_id: int, stream_id: int, request_id: bytes | str, lines: bytes
    ) -> tuple[int, set[tuple[int, int]]]:
        """Removes an invocation's lines from the rows of its stream that have neither START nor REPORT.

        Returns how many lines were removed, and (function id, start) of the changed rows.
        """
        absorbed, changed = 0, set[tuple[int, int]]()
        mine: Counter[Line] = Counter()
        for key in sorted(self._by_stream.get(stream_id, ()), key=lambda key: key.start_ms):
            if key.function_id != function_id or key.request_id == request_id:
                continue
            mine = mine or Counter(unpacked(lines))
            if not line_time(min(mine)) - NEAR_MS <= key.start_ms <= line_time(max(mine)) + NEAR_MS:
                continue
            taken = self._take(key, stream_id, mine)
            if taken:
                absorbed += taken
                changed.add((key.function_id, key.start_ms))
        return absorbed, changed

    def _take(self, key: _Key, stream_id: int, mine: Counter[Line]) -> int:
        row = next(iter(select(self._connection, WHERE_KEY, (*key, stream_id))), None)
        if row is None or row.parts != NO_PARTS:
            self._forget(key, stream_id)  # completed by now, or pruned
            return 0
        if row.chunk_id is None:
            return 0
        stored = unpacked(self._chunks.of(row.chunk_id).get(row.place, b""))
        left = _without(stored, mine)
        if len(left) == len(stored):
            return 0
        delete(self._connection, row)
        if left:
            self._chunks.rewrite(row.chunk_id, row.place, row.place, packed_lines(left))
            insert(self._connection, replace(row, end_ms=max(map(line_time, left)), events=len(left)))
        else:
            self._chunks.take_out(row.chunk_id, row.place)
            self._forget(key, stream_id)
        return len(stored) - len(left)

    def _forget(self, key: _Key, stream_id: int) -> None:
        keys = self._by_stream[stream_id]
        keys.discard(key)
        if not keys:
            del self._by_stream[stream_id]


def _without(lines: list[Line], known: Counter[Line]) -> list[Line]:
    """The lines that ``known`` lacks, in their order; a line that it has once removes one."""
    left = Counter(known)
    unknown = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            unknown.append(line)
    return unknown
