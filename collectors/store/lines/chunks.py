"""Log lines, stored compressed in chunks of neighbouring invocations of one function.

A chunk is the zstd of the msgpack of three columns: start (epoch ms), request id ("" for lines outside any invocation),
and the packed lines of each invocation. Packed lines are the msgpack of two columns: timestamps (epoch ms) and texts.
An invocation's row has the id of its chunk, so its lines are one read; a search reads only the chunks of its range.
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

RAW_BYTES = 64 * KIB_BYTES  # of packed lines in a chunk: some 8 KB compressed, opened in a fifth of a millisecond
Key = tuple[int, bytes | str]
Line = tuple[int, str]  # timestamp_ms, text
line_time: Callable[[Line], int] = itemgetter(0)
_line_text: Callable[[Line], str] = itemgetter(1)

_encode = msgspec.msgpack.Encoder().encode
# With zstd's checksum of the content: decompression fails where a byte has changed.
_compress = zstandard.ZstdCompressor(level=1, write_checksum=True).compress


def sealed(starts: Sequence[int], ids: Sequence[bytes | str], lines: Sequence[bytes]) -> bytes:
    """A chunk's compressed content, from its three columns."""
    return _compress(_encode((starts, ids, lines)))


def unsealed(content: bytes) -> bytes:
    """A chunk decompressed, without taking it apart: bytes in which a text can be searched."""
    return zstandard.ZstdDecompressor().decompress(content)


def opened(content: bytes) -> dict[Key, bytes]:
    """The packed lines of each invocation of a chunk, by start (epoch ms) and request id."""
    starts, ids, lines = msgspec.msgpack.decode(unsealed(content))
    return dict(zip(zip(starts, ids, strict=True), lines, strict=True))


def unpacked(packed: bytes) -> list[Line]:
    """Packed lines as (timestamp in ms, text)."""
    if not packed:
        return []
    times, texts = msgspec.msgpack.decode(packed, type=tuple[list[int], list[str]])
    return list(zip(times, texts, strict=True))


def packed_lines(lines: Sequence[Line]) -> bytes:
    """The packed form of lines, each (timestamp in ms, text)."""
    return _encode((list(map(line_time, lines)), list(map(_line_text, lines))))


def union(known: bytes, new: bytes) -> tuple[bytes, int]:
    """The lines of both in order of time, packed, and how many of them ``known`` did not have.

    A line that both have counts once; one that either has twice (printed twice in a millisecond) counts twice.
    """
    if known == new or not new:
        return known, 0
    mine, theirs = Counter(unpacked(known)), Counter(unpacked(new))
    both = mine | theirs
    added = both.total() - mine.total()
    return (packed_lines(sorted(both.elements(), key=line_time)), added) if added else (known, 0)


class LineCounts(Protocol):
    """Counts lines that are added or removed; chunks with ids up to ``uncounted_until`` are not counted yet."""

    uncounted_until: int

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines, each with its function's id; ``sign`` -1 subtracts them."""


class Chunks:
    """The chunks of one connection; the last 16 stay decompressed."""

    def __init__(self, connection: sqlite3.Connection, *counts: LineCounts) -> None:
        """Each of ``counts`` is told of every line that is added or removed here."""
        self._connection = connection
        self._counts = counts
        self._recent: OrderedDict[int, dict[Key, bytes]] = OrderedDict()

    def of(self, chunk_id: int) -> dict[Key, bytes]:
        """The decompressed chunk; {} when it has been pruned."""
        recent = self._recent.get(chunk_id)
        if recent is None:
            found = self._connection.execute("SELECT content FROM chunks WHERE id = ?", (chunk_id,)).fetchone()
            recent = self._recent[chunk_id] = opened(found[0]) if found else {}
            if len(self._recent) > 16:
                self._recent.popitem(last=False)
        return recent

    def rewrite(self, chunk_id: int, old: Key, new: Key, lines: bytes) -> None:
        """Replaces the lines of the invocation ``old`` in its chunk by ``lines`` under the key ``new``."""
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
        """Removes an invocation's lines from its chunk, and deletes a chunk that then has none."""
        content = self.of(chunk_id)
        if set(content) - {key}:
            self._count(chunk_id, content.get(key, b""), b"")
            self._put(chunk_id, {each: lines for each, lines in content.items() if each != key}, key)
        elif content:
            self.forget(chunk_id)
            self._connection.execute("DELETE FROM chunks WHERE id = ?", (chunk_id,))

    def forget(self, chunk_id: int) -> None:
        """Subtracts the lines of a chunk that is about to be deleted from the counts, if it is decompressed."""
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
        """The highest chunk id that is in use, or was in use in an older store: ids up to it are not given again."""
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
        return max(int(last), *(counts.uncounted_until for counts in self._counts), 0)

    def add(self, function_id: int, key: Key, lines: bytes, loose_stream_id: int | None = None) -> int:
        """Writes a chunk of one invocation's lines, or of a stream's orphan lines; returns the chunk's id."""
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
