"""Invocations that only lines name, with neither START nor REPORT: what they have may be another's.

A read that begins in the middle of an invocation gives its lines to the request that one of them names, which need not
be Lambda's (a log's field ``requestId`` may be anybody's). A read of the whole gives them to the invocation that they
stand in. Whichever comes second, each line stands once: with the invocation that Lambda vouches for.
"""

import sqlite3
from collections import Counter

from collectors.store.lines.chunks import Chunks, Line, packed_lines, unpacked
from collectors.store.write.joining import CHUNK, END, EVENTS, FUNCTION, PARTS, REQUEST, START, STREAM, Row, insert
from collectors.store.write.orphan_lines import NEAR_MS, Loose

NOTHING = 0  # of ``Parts``
Key = tuple[int, int, bytes | str]
_WHERE = " WHERE function_id = ? AND start_ms = ? AND request_id = ? AND stream_id = ?"


class NamedOnly:
    """Those of one writer's connection."""

    def __init__(self, connection: sqlite3.Connection, chunks: Chunks, loose: Loose) -> None:
        self._connection = connection
        self._chunks = chunks
        self._loose = loose
        self._of: dict[int, set[Key]] = {}
        for stream_id, *key in connection.execute(
            "SELECT stream_id, function_id, start_ms, request_id FROM invocations INDEXED BY invocations_not_plain"
            " WHERE parts = 0 AND (status <> 0 OR parts <> 3)"
        ):
            self._of.setdefault(stream_id, set()).add((key[0], key[1], key[2]))

    def __bool__(self) -> bool:
        return bool(self._of)

    def remember(self, row: Row, start_ms: int) -> None:
        """A row that has only a name is written, to begin at that time."""
        self._of.setdefault(row[STREAM], set()).add((row[FUNCTION], start_ms, row[REQUEST]))

    def rest(self, row: Row, lines: bytes) -> tuple[Row, bytes]:
        """A row that has only a name, without the lines that another invocation of its stream has."""
        mine = unpacked(lines)
        times = [time for time, _ in mine]
        known = self._loose.of_invocations(row[FUNCTION], row[STREAM], min(times), max(times), but=row[REQUEST])
        left = _without(mine, known)
        if len(left) == len(mine):
            return row, lines
        return (*row[:EVENTS], len(left), row[CHUNK]), packed_lines(left) if left else b""

    def absorb(
        self, function_id: int, stream_id: int, request_id: bytes | str, lines: bytes
    ) -> tuple[int, set[tuple[int, int]]]:
        """Takes an invocation's lines out of those of its stream that only have a name.

        Returns how many were there, and the functions and starts of what changed.
        """
        absorbed, changed = 0, set[tuple[int, int]]()
        mine: Counter[Line] = Counter()
        for key in sorted(self._of.get(stream_id, ()), key=lambda each: each[1]):
            if key[0] != function_id or key[2] == request_id:
                continue
            mine = mine or Counter(unpacked(lines))
            if not min(mine)[0] - NEAR_MS <= key[1] <= max(mine)[0] + NEAR_MS:
                continue
            taken = self._take(key, stream_id, mine)
            if taken:
                absorbed += taken
                changed.add(key[:2])
        return absorbed, changed

    def _take(self, key: Key, stream_id: int, mine: Counter[Line]) -> int:
        row = self._connection.execute("SELECT * FROM invocations" + _WHERE, (*key, stream_id)).fetchone()
        if row is None or row[PARTS] != NOTHING:
            self._forget(key, stream_id)  # joined by now, or pruned
            return 0
        place = row[START], row[REQUEST]
        stored = unpacked(self._chunks.of(row[CHUNK]).get(place, b"")) if row[CHUNK] else []
        left = _without(stored, mine)
        if len(left) == len(stored):
            return 0
        self._connection.execute("DELETE FROM invocations" + _WHERE, (*key, stream_id))
        if left:
            self._chunks.rewrite(row[CHUNK], place, place, packed_lines(left))
            insert(self._connection, (*row[:END], max(time for time, _ in left), len(left), row[CHUNK]))
        else:
            self._chunks.take_out(row[CHUNK], place)
            self._forget(key, stream_id)
        return len(stored) - len(left)

    def _forget(self, key: Key, stream_id: int) -> None:
        keys = self._of[stream_id]
        keys.discard(key)
        if not keys:
            del self._of[stream_id]


def _without(lines: list[Line], known: Counter[Line]) -> list[Line]:
    """The lines that are not known, in their order; one that is known once takes away one."""
    left = Counter(known)
    kept = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            kept.append(line)
    return kept
