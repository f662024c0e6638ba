"""Log lines, kept compressed in chunks of neighbouring invocations of one function.

A chunk is the zstd of the msgpack of three columns: start_ms, request id, and the flat lines
``[timestamp_ms, event_tail, message, ...]`` of each invocation (request id "" for lines outside any). An invocation's
row names its chunk, so its lines are one read; a search reads the chunks of its range and nothing else.
"""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec
import zstandard

RAW_BYTES = 64 * 1024  # of lines a chunk: some 8 KB compressed, opened in a fifth of a millisecond
Key = tuple[int, bytes | str]

_encode = msgspec.msgpack.Encoder().encode
_compress = zstandard.ZstdCompressor(level=1).compress


def sealed(starts: Sequence[int], ids: Sequence[bytes | str], lines: Sequence[bytes]) -> bytes:
    """A chunk's content."""
    return _compress(_encode((starts, ids, lines)))


def opened(content: bytes) -> dict[Key, bytes]:
    """Every invocation's lines of a chunk, still packed, by start and request id."""
    starts, ids, lines = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(content))
    return dict(zip(zip(starts, ids, strict=True), lines, strict=True))


def flat(packed: bytes) -> list[int | str]:
    """Packed lines as ``[timestamp_ms, event_tail, message, ...]``."""
    return msgspec.msgpack.decode(packed, type=list[int | str]) if packed else []


def union(one: bytes, other: bytes) -> tuple[bytes, int]:
    """The lines of both, each once and in order of time, and how many ``other`` added."""
    if one == other or not other:
        return one, 0
    mine, theirs = flat(one), flat(other)
    known = dict.fromkeys(zip(mine[0::3], mine[1::3], mine[2::3], strict=True))
    before = len(known)
    known.update(dict.fromkeys(zip(theirs[0::3], theirs[1::3], theirs[2::3], strict=True)))
    added = len(known) - before
    if not added:
        return one, 0
    return packed_lines(sorted(known, key=lambda line: line[0])), added


def packed_lines(lines: Iterable[tuple[int | str, ...]]) -> bytes:
    """Lines given as (timestamp_ms, event_tail, message), packed."""
    return _encode([part for line in lines for part in line])


class Chunks:
    """The chunks of one connection, the last few kept open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._recent: OrderedDict[int, dict[Key, bytes]] = OrderedDict()

    def of(self, chunk_id: int) -> dict[Key, bytes]:
        """The opened chunk; empty when it has been pruned."""
        recent = self._recent.get(chunk_id)
        if recent is None:
            found = self._connection.execute("SELECT content FROM chunks WHERE id = ?", (chunk_id,)).fetchone()
            recent = self._recent[chunk_id] = opened(found[0]) if found else {}
            if len(self._recent) > 16:
                self._recent.popitem(last=False)
        return recent

    def rewrite(self, chunk_id: int, old: Key, new: Key, lines: bytes) -> None:
        """Puts an invocation's lines into its chunk in place of what was there."""
        content = dict(self.of(chunk_id))
        content.pop(old, None)
        content[new] = lines
        self._recent[chunk_id] = content
        counts = [flat(each) for each in content.values()]
        times = [time for each in counts for time in each[0::3]]
        self._connection.execute(
            "UPDATE chunks SET first_ms = ?, last_ms = ?, lines = ?, content = ? WHERE id = ?",
            (
                min(times, default=new[0]),
                max(times, default=new[0]),
                len(times),
                sealed([key[0] for key in content], [key[1] for key in content], list(content.values())),
                chunk_id,
            ),
        )

    def add(self, function_id: int, key: Key, lines: bytes, loose_stream_id: int | None = None) -> int:
        """A chunk of one invocation's lines, or of a stream's loose ones."""
        parts = flat(lines)
        times = parts[0::3]
        cursor = self._connection.execute(
            "INSERT INTO chunks (function_id, loose_stream_id, first_ms, last_ms, lines, content) VALUES (?,?,?,?,?,?)",
            (function_id, loose_stream_id, min(times), max(times), len(times), sealed([key[0]], [key[1]], [lines])),
        )
        return int(cursor.lastrowid or 0)
