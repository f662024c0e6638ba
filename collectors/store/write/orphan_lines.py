"""Orphan lines, which are outside invocations: stored by stream, and never also inside an invocation.

A read that ends between INIT_START and START gives INIT_START as an orphan line; the next read, which begins earlier or
goes on, gives it as a line of the invocation. In either order, the line is stored once, with its invocation.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from collectors.model.records import OrphanLines
from collectors.store.lines.chunks import Chunks, Line, packed_lines, unpacked
from collectors.store.pruned_until import PrunedUntil

NEAR_MS = 16 * 60 * 1000  # an invocation and what its environment printed before it are never further apart


class OrphanLineWriter:
    """Writes orphan lines through one writer's connection."""

    def __init__(self, connection: sqlite3.Connection, chunks: Chunks) -> None:
        self._connection = connection
        self._chunks = chunks
        self.streams: set[int] = {
            stream_id
            for (stream_id,) in connection.execute(
                "SELECT DISTINCT loose_stream_id FROM chunks WHERE loose_stream_id IS NOT NULL"
            )
        }

    def keep(self, loose: OrphanLines, function_id: int, stream_id: int, pruned: PrunedUntil | None) -> tuple[int, int]:
        """Writes lines that are not stored yet, as orphans or in an invocation, and not older than what was pruned.

        Returns how many events were stored before, and how many are too old.
        """
        if not loose.lines:
            return 0, 0
        lines = unpacked(loose.lines)
        known = self._stored(stream_id, loose.first_ms, loose.last_ms)
        known |= self.of_invocations(function_id, stream_id, loose.first_ms, loose.last_ms)
        kept_ms = 0 if pruned is None else max(pruned.lines_ms, pruned.rows_ms)
        there = [line for line in lines if line[0] >= kept_ms]
        if there and loose.first_ms < kept_ms + NEAR_MS and pruned is not None:
            known |= self._of_pruned(function_id, pruned.rows_ms, loose.first_ms, loose.last_ms)
        new = list((Counter(there) - known).elements())
        if new:
            first_ms = min(time for time, _ in new)
            self._chunks.add(function_id, (first_ms, ""), packed_lines(new), stream_id)
            self.streams.add(stream_id)
        return loose.events - len(new) - (len(lines) - len(there)), len(lines) - len(there)

    def _of_pruned(self, function_id: int, rows_ms: int, first_ms: int, last_ms: int) -> Counter[Line]:
        """Lines whose invocations' rows were pruned, and which remain because their chunk also has later lines."""
        lines: Counter[Line] = Counter()
        for (chunk,) in self._connection.execute(
            "SELECT id FROM chunks WHERE function_id = ? AND loose_stream_id IS NULL AND first_ms <= ?"
            " AND first_ms < ? AND last_ms >= ?",
            (function_id, last_ms, rows_ms, first_ms),
        ).fetchall():
            for (start_ms, _), packed in self._chunks.of(chunk).items():
                if start_ms < rows_ms:
                    lines.update(unpacked(packed))
        return lines

    def _stored(self, stream_id: int, first_ms: int, last_ms: int) -> Counter[Line]:
        chunks = self._connection.execute(
            "SELECT id FROM chunks WHERE loose_stream_id = ? AND first_ms <= ? AND last_ms >= ?",
            (stream_id, last_ms, first_ms),
        ).fetchall()
        return Counter(
            line for (chunk,) in chunks for packed in self._chunks.of(chunk).values() for line in unpacked(packed)
        )

    def of_invocations(
        self, function_id: int, stream_id: int, first_ms: int, last_ms: int, *, but: bytes | str | None = None
    ) -> Counter[Line]:
        """The lines of the stream's invocations near these times, except those of the request ``but``."""
        rows = self._connection.execute(
            "SELECT chunk_id, start_ms, request_id FROM invocations"
            " WHERE function_id = ? AND start_ms BETWEEN ? AND ? AND stream_id = ? AND chunk_id IS NOT NULL",
            (function_id, first_ms - NEAR_MS, last_ms + NEAR_MS, stream_id),
        ).fetchall()
        return Counter(
            line
            for chunk, start_ms, request_id in rows
            if request_id != but
            for line in unpacked(self._chunks.of(chunk).get((start_ms, request_id), b""))
        )

    def absorb(self, stream_id: int, lines: bytes) -> int:
        """Removes an invocation's lines from its stream's orphan lines; returns how many were there."""
        mine = Counter(unpacked(lines))
        times = [time for time, _ in mine]
        absorbed = 0
        for chunk, first_ms in self._connection.execute(
            "SELECT id, first_ms FROM chunks WHERE loose_stream_id = ? AND first_ms <= ? AND last_ms >= ?",
            (stream_id, max(times, default=0), min(times, default=0)),
        ).fetchall():
            stored = Counter(line for packed in self._chunks.of(chunk).values() for line in unpacked(packed))
            left = stored - mine
            absorbed += stored.total() - left.total()
            self._replace(chunk, first_ms, list(left.elements()))
        return absorbed

    def _replace(self, chunk: int, first_ms: int, left: Sequence[Line]) -> None:
        if left:
            key = next(iter(self._chunks.of(chunk)))
            self._chunks.rewrite(chunk, key, (first_ms, ""), packed_lines(left))
        else:
            self._chunks.forget(chunk)
            self._connection.execute("DELETE FROM chunks WHERE id = ?", (chunk,))
