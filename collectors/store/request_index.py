"""Finds invocations by request id without an SQLite index on request ids.

Ids are random: such an index would cost a random page write for every row. Here each id is a 16-byte entry (hash,
function id, start), appended to one of 256 buckets; a look-up reads one bucket, some hundred kilobytes in a store of
ten million invocations. An entry is only a hint: the caller checks the invocation's row.
"""

import sqlite3
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from collectors.store.tables.invocations import REQUEST_BUCKETS

BUCKETS = 256
SEGMENT_BYTES = 4096  # a bucket's row grows to about a page before the next is begun
ENTRY = np.dtype([("hash", "<u4"), ("function_id", "<u4"), ("start_ms", "<i8")])


def hash_of(request_id: bytes | str) -> int:
    """32 bits of an id: the four 32-bit words of a UUID combined, the CRC-32 of any other."""
    if isinstance(request_id, str):
        return zlib.crc32(request_id.encode("utf-8", "replace"))
    one, two, three, four = struct.unpack("<4I", request_id)
    return int(one ^ two ^ three ^ four)


def _hashes(ids: Sequence[bytes | str]) -> npt.NDArray[np.uint32]:
    if set(map(type, ids)) == {bytes}:
        words = np.frombuffer(b"".join(ids), "<u4").reshape(-1, 4)  # type: ignore[arg-type]
        folded: npt.NDArray[np.uint32] = np.bitwise_xor.reduce(words, axis=1)
        return folded
    return np.fromiter(map(hash_of, ids), np.uint32, len(ids))


def _bucket(hashed: int) -> int:
    return (hashed ^ hashed >> 8 ^ hashed >> 16) & 0xFF


class RequestIndex:
    """Appends the ids of new invocations, within the writer's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        last = connection.execute(
            "SELECT segment, length(entries) FROM request_buckets WHERE bucket = 0 ORDER BY segment DESC LIMIT 1"
        ).fetchone()
        self._segment: int
        self._bytes: int
        self._segment, self._bytes = last or (0, 0)

    def add(
        self, ids: Sequence[bytes | str], function_ids: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]
    ) -> None:
        """Appends invocations: their request ids, function ids and starts (epoch ms), of the same length each."""
        if not len(ids):
            return
        entries = np.empty(len(ids), ENTRY)
        entries["hash"] = hashes = _hashes(ids)
        entries["function_id"] = function_ids
        entries["start_ms"] = starts
        buckets = (hashes ^ hashes >> 8 ^ hashes >> 16) & 0xFF
        entries = entries[np.argsort(buckets, kind="stable")]
        edges = np.searchsorted(np.sort(buckets), np.arange(BUCKETS + 1)) * ENTRY.itemsize
        packed, last_ms = entries.tobytes(), int(starts.max())
        self._connection.executemany(
            f"{REQUEST_BUCKETS.insert()} ON CONFLICT DO UPDATE SET"
            " entries = CAST(entries || excluded.entries AS BLOB), last_ms = max(last_ms, excluded.last_ms)",
            (
                (bucket, self._segment, last_ms, packed[edges[bucket] : edges[bucket + 1]])
                for bucket in range(BUCKETS)
                if edges[bucket + 1] > edges[bucket] or bucket == 0
            ),
        )
        self._bytes += len(packed) // BUCKETS
        if self._bytes > SEGMENT_BYTES:
            self._segment, self._bytes = self._segment + 1, 0


def places(connection: sqlite3.Connection, request_id: bytes | str) -> Iterator[tuple[int, int]]:
    """(function id, start in epoch ms) of invocations that may have this request id."""
    hashed = hash_of(request_id)
    wanted = struct.pack("<I", hashed)
    for (entries,) in connection.execute(
        "SELECT entries FROM request_buckets WHERE bucket = ?", (_bucket(hashed),)
    ).fetchall():
        place = entries.find(wanted)
        while place >= 0:
            if place % ENTRY.itemsize == 0:
                yield struct.unpack_from("<Iq", entries, place + 4)
            place = entries.find(wanted, place + 1)
