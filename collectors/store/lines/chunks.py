"""Log lines, kept compressed in chunks of neighbouring invocations of one function.

A chunk is the zstd of the msgpack of three columns: start_ms, request id, and each invocation's own packed lines
(request id "" for lines outside any), which are the msgpack of two columns, timestamps in ms and texts. An invocation's
row names its chunk, so its lines are one read; a search reads the chunks of its range and nothing else.
"""

import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol

import msgspec
import zstandard

from collectors.model.units import KIB_BYTES
from collectors.store.tables.lines import CHUNKS

RAW_BYTES = 64 * KIB_BYTES  # of lines a chunk: some 8 KB compressed, opened in a fifth of a millisecond
Key = tuple[int, bytes | str]
Line = tuple[int, str]  # timestamp_ms, text
line_time: Callable[[Line], int] = itemgetter(0)
_line_text: Callable[[Line], str] = itemgetter(1)

_encode = msgspec.msgpack.Encoder().encode
# zstd's own checksum of the content: opening it fails where a byte has changed.
_compress = zstandard.ZstdCompressor(level=1, write_checksum=True).compress


def sealed(starts: Sequence[int], ids: Sequence[bytes | str], lines: Sequence[bytes]) -> bytes:
    """A chunk's content."""
    return _compress(_encode((starts, ids, lines)))


def unsealed(content: bytes) -> bytes:
    """A chunk's texts among other bytes, to see whether it can hold one."""
    return zstandard.ZstdDecompressor().decompress(content)


def opened(content: bytes) -> dict[Key, bytes]:
    """Every invocation's lines of a chunk, still packed, by start and request id."""
    starts, ids, lines = msgspec.msgpack.decode(unsealed(content))
    return dict(zip(zip(starts, ids, strict=True), lines, strict=True))


def unpacked(packed: bytes) -> list[Line]:
    """Packed lines as (timestamp_ms, text)."""
    if not packed:
        return []
    times, texts = msgspec.msgpack.decode(packed, type=tuple[list[int], list[str]])
    return list(zip(times, texts, strict=True))


def packed_lines(lines: Sequence[Line]) -> bytes:
    """Lines given as (timestamp_ms, text), packed."""
    return _encode((list(map(line_time, lines)), list(map(_line_text, lines))))


def union(known: bytes, new: bytes) -> tuple[bytes, int]:
    """The lines of both in order of time, and how many ``other`` added.

    A line that each has is one line; one that either has twice (printed twice in a millisecond) is two.
    """
    if known == new or not new:
        return known, 0
    mine, theirs = Counter(unpacked(known)), Counter(unpacked(new))
    both = mine | theirs
    added = both.total() - mine.total()
    return (packed_lines(sorted(both.elements(), key=line_time)), added) if added else (known, 0)


class LineCounts(Protocol):
    """What counts lines as they come and go; chunks up to ``uncounted_until`` are not counted yet."""

    uncounted_until: int

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines of functions; with a ``sign`` of -1, off."""


class Chunks:
    """The chunks of one connection, the last few kept open."""

    def __init__(self, connection: sqlite3.Connection, *counts: LineCounts) -> None:
        """``counts`` hear of every line that comes or goes here."""
        self._connection = connection
        self._counts = counts
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
        self._count(chunk_id, content.pop(old, b""), lines)
        content[new] = lines
        self._put(chunk_id, content, new)

    def _put(self, chunk_id: int, content: dict[Key, bytes], near: Key) -> None:
        self._recent[chunk_id] = content
        start_ms, _ = near
        times = [time for packed in content.values() for time, _ in unpacked(packed)]
        self._connection.execute(
            "UPDATE chunks SET first_ms = ?, last_ms = ?, lines = ?, content = ? WHERE id = ?",
            (
                min(times, default=start_ms),
                max(times, default=start_ms),
                len(times),
                sealed([start for start, _ in content], [request for _, request in content], list(content.values())),
                chunk_id,
            ),
        )

    def take_out(self, chunk_id: int, key: Key) -> None:
        """Takes an invocation's lines out of its chunk, and with the last one the chunk away."""
        content = self.of(chunk_id)
        if set(content) - {key}:
            self._count(chunk_id, content.get(key, b""), b"")
            self._put(chunk_id, {each: lines for each, lines in content.items() if each != key}, key)
        elif content:
            self.forget(chunk_id)
            self._connection.execute("DELETE FROM chunks WHERE id = ?", (chunk_id,))

    def forget(self, chunk_id: int) -> None:
        """The chunk is deleted: its lines are somewhere else now."""
        for lines in self._recent.pop(chunk_id, {}).values():
            self._count(chunk_id, lines, b"")

    def _count(self, chunk_id: int, gone: bytes, come: bytes) -> None:
        if not self._counts or gone == come:
            return
        function_ids = self._connection.execute("SELECT function_id FROM chunks WHERE id = ?", (chunk_id,)).fetchone()
        for counts in self._counts if function_ids else ():
            if chunk_id > counts.uncounted_until:
                counts.add(function_ids, [gone], -1)
                counts.add(function_ids, [come])

    def last_id(self) -> int:
        """The highest number in use, or that an uncounted chunk of an older store had: none of those is given again."""
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
        return max(int(last), *(counts.uncounted_until for counts in self._counts), 0)

    def add(self, function_id: int, key: Key, lines: bytes, loose_stream_id: int | None = None) -> int:
        """A chunk of one invocation's lines, or of a stream's loose ones."""
        times = [time for time, _ in unpacked(lines)]
        for counts in self._counts:
            counts.add([function_id], [lines])
        number = self.last_id() + 1
        start_ms, request_id = key
        content = sealed([start_ms], [request_id], [lines])
        self._connection.execute(
            CHUNKS.insert(), (number, function_id, loose_stream_id, min(times), max(times), len(times), content)
        )
        return number
