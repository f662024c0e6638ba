"""Whether the write-ahead log is intact: SQLite takes a damaged frame for the end of the log, without an error.

What was committed after that frame is then lost silently. The format is SQLite's (https://sqlite.org/walformat.html and
fileformat2.html, section 4): every frame has a checksum over all frames before it, and two salts that change whenever
the log starts again, by which frames of an earlier log are recognised.
"""

import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HEADER, _FRAME = 32, 24
_MOST = 2_000  # frames that are checked, at most: a crash leaves those of one transaction
_TRIES, _PAUSE_S = 3, 0.05  # another process may write at this moment


class _Log(NamedTuple):
    words: str  # the byte order in which checksums read words: < or >
    page: int
    salts: bytes
    sums: tuple[int, int]


def damage(path: Path, *, by_index: bool = True) -> str | None:
    """What is wrong with the log of a store that is open, in a line; None where nothing is.

    ``by_index``: SQLite's index beside the log belongs to this log; on a read-only disk it may be that of an earlier
    one.
    """
    problem = None
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_S)
        before, problem = problem, _damage(path, by_index)
        if problem is None or problem == before:
            break
    return problem


def _damage(path: Path, by_index: bool) -> str | None:
    try:
        with open(f"{path}-wal", "rb") as wal:
            head = wal.read(_HEADER)
            if len(head) < _HEADER:
                return None
            log = _read(head)
            if log is None:
                return f"{path.name}-wal has a damaged header: what was committed into it is lost"
            valid = _valid(path, log.salts) if by_index else 0
            if valid is None:
                return None
            broken = next(_broken(wal, log, valid), None)
    except OSError:
        return None
    if broken is None:
        return None
    return f"{path.name}-wal is damaged at its frame {broken}: what was committed from there on is lost"


def _read(head: bytes) -> _Log | None:
    magic, version, page, _, *_ = struct.unpack(">8I", head)
    if magic & ~1 != 0x377F0682 or version != 3007000:
        return None
    words = ">" if magic & 1 else "<"
    sums = _sums(words, head[:24], (0, 0))
    return _Log(words, page, head[16:24], sums) if sums == struct.unpack(">2I", head[24:]) else None


def _valid(path: Path, salts: bytes) -> int | None:
    """How many frames SQLite takes as valid, by its index beside the log; None while that belongs to another log."""
    try:
        with open(f"{path}-shm", "rb") as index:
            head = index.read(48)
    except FileNotFoundError:
        return 0
    if len(head) < 48 or head[12:13] == b"\0" or head[32:40] != salts:
        return None
    return int(struct.unpack("=I", head[16:20])[0])


def _broken(wal: BinaryIO, log: _Log, valid: int) -> Iterator[int]:
    """The number of a frame after the valid ones that was once written whole, if there is one.

    A crash leaves frames without a commit, part of a frame at the end, or half a frame over an older one.
    """
    length = _FRAME + log.page
    frames = (wal.seek(0, 2) - _HEADER) // length
    sums = log.sums
    if valid:
        sums = struct.unpack(">2I", _head_of(wal, valid, length)[16:24])
    for frame in range(valid + 1, min(frames, valid + _MOST) + 1):
        head = _head_of(wal, frame, length)
        sums = _sums(log.words, head[:8] + wal.read(log.page), sums)
        if head[8:16] == log.salts and sums == struct.unpack(">2I", head[16:24]):
            continue
        of_before = head[8:12] != log.salts[:4] and head[12:16] != log.salts[4:]
        belongs = any(_head_of(wal, later, length)[8:16] == log.salts for later in range(frame + 1, frames + 1))
        if belongs or (frame == frames and not of_before):
            yield frame
        return


def _head_of(wal: BinaryIO, frame: int, length: int) -> bytes:
    wal.seek(_HEADER + (frame - 1) * length)
    return wal.read(_FRAME)


def _sums(words: str, content: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    low, high = sums
    numbers = struct.unpack(f"{words}{len(content) // 4}I", content)
    for first, second in zip(numbers[::2], numbers[1::2], strict=True):
        low = (low + first + high) & 0xFFFFFFFF
        high = (high + second + low) & 0xFFFFFFFF
    return low, high
