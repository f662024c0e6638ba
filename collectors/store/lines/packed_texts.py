"""The packed lines of many invocations read at once: where each text stands in one block, and its time.

Packed lines are msgpack of two arrays, times in ms and texts (``collectors.store.lines.chunks``). The k-th texts of all
invocations are found in one numpy operation, so that no text becomes a Python object.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

MARGIN = 64  # zero bytes after the last line, so that reading past its end is safe
_FEW = 40  # when only so many invocations have lines left, they are read one by one, which is faster
_TIME_BYTES = 9
_PAIR, _ARRAY16, _UINT64 = 0x92, 0xDC, 0xCF
_STR8, _STR16, _STR32 = 0xD9, 0xDA, 0xDB
_decode = msgspec.msgpack.Decoder(tuple[list[int], list[str]]).decode


@dataclass(frozen=True, slots=True)
class PackedLines:
    """Arrays (int64) with a value for each line; ``owner`` is the index of its invocation.

    Its text is ``block[begins:ends]``, as UTF-8; after the last text follow ``MARGIN`` bytes. ``at_ms`` is epoch ms.
    """

    block: bytes
    begins: Ints
    ends: Ints
    at_ms: Ints
    owner: Ints

    def only(self, some: slice) -> "PackedLines":
        """The lines of a slice; ``owner`` still counts among all invocations that were read."""
        return PackedLines(self.block, self.begins[some], self.ends[some], self.at_ms[some], self.owner[some])

    def text(self, at: int) -> str:
        """The text of the line with this index."""
        return self.block[self.begins[at] : self.ends[at]].decode("utf-8", "replace")


def read(packed: Sequence[bytes]) -> PackedLines:
    """All lines of some invocations, in order; b"" has none. Raises msgspec.DecodeError where it is no such msgpack."""
    sizes = np.fromiter(map(len, packed), np.int64, len(packed))
    present = np.flatnonzero(sizes)
    block = b"".join((*packed, bytes(MARGIN)))
    try:
        places = _found(block, sizes.cumsum()[present] - sizes[present], sizes[present])
    except IndexError:  # not packed by us
        places = None
    if places is None:
        return _by_one(packed)
    begins, ends, at_ms, counts = places
    return PackedLines(block, begins, ends, at_ms, np.repeat(present, counts))


def _found(block: bytes, starts: Ints, sizes: Ints) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Begins, ends and times of lines, and each invocation's line count; None where one has an unusual form."""
    eights = np.ndarray(len(block) - 7, ">u8", block, strides=(1,))
    heads = eights[starts]
    wide = (heads >> np.uint64(48)) & np.uint64(0xFF) == _ARRAY16
    small = (heads >> np.uint64(52)) & np.uint64(0xF) == 9
    if not ((heads >> np.uint64(56) == _PAIR) & (wide | small)).all():
        return None
    counts = np.where(wide, heads >> np.uint64(32) & np.uint64(0xFFFF), heads >> np.uint64(48) & np.uint64(0xF)).astype(
        np.int64
    )
    header = np.where(wide, 3, 1)
    firsts = counts.cumsum() - counts
    number = np.arange(int(counts.sum())) - np.repeat(firsts, counts)
    times = np.repeat(starts + 1 + header, counts) + _TIME_BYTES * number
    letters = np.frombuffer(block, np.uint8)
    if not (letters[times] == _UINT64).all():
        return None
    at_ms = eights[times + 1].astype(np.int64)
    begins, ends = np.empty_like(times), np.empty_like(times)
    # Invocations with most lines first: those that have a k-th line are then always a first part of them.
    order = np.argsort(-counts, kind="stable")
    place = (starts + 1 + 2 * header + _TIME_BYTES * counts)[order]
    firsts, left = firsts[order], counts[order]
    having = len(order) - np.searchsorted(left[::-1], np.arange(int(left[0]) + 1 if len(left) else 0), "right")
    for k, many in enumerate(having[:-1].tolist()):
        if many < _FEW:
            for each in range(many):
                place[each] = _walk(block, int(place[each]), begins, ends, int(firsts[each]) + k, int(left[each]) - k)
            break
        some = place[:many]
        words = eights[some]
        kind = (words >> np.uint64(56)).astype(np.int64)
        length, skip = kind & 0x1F, np.ones(many, np.int64)
        odd = np.flatnonzero(kind & 0xE0 != 0xA0)
        if len(odd):
            long, kind = words[odd].astype(np.int64, copy=False), kind[odd]
            length[odd] = np.where(
                kind == _STR8, long >> 48 & 0xFF, np.where(kind == _STR16, long >> 40 & 0xFFFF, long >> 24 & 0xFFFFFFFF)
            )
            skip[odd] = np.where(kind == _STR8, 2, np.where(kind == _STR16, 3, 5))
        lines = firsts[:many] + k
        begins[lines] = some + skip
        ends[lines] = place[:many] = some + skip + length
    return (begins, ends, at_ms, counts) if (place == (starts + sizes)[order]).all() else None


def _walk(block: bytes, place: int, begins: Ints, ends: Ints, line: int, many: int) -> int:
    """Stores where the next ``many`` texts of one invocation begin and end; returns the end of the last."""
    for each in range(line, line + many):
        kind = block[place]
        bytes_of = {_STR8: 1, _STR16: 2, _STR32: 4}.get(kind, 0)
        length = int.from_bytes(block[place + 1 : place + 1 + bytes_of], "big") if bytes_of else kind & 0x1F
        begins[each] = place + 1 + bytes_of
        ends[each] = place = place + 1 + bytes_of + length
    return place


def _by_one(packed: Sequence[bytes]) -> PackedLines:
    """What ``read`` returns, for unusual forms: times before 1970, or tens of thousands of lines in one invocation."""
    decoded: list[tuple[list[int], list[str]]] = [_decode(each) if each else ([], []) for each in packed]
    texts = [text.encode("utf-8", "replace") for _, some in decoded for text in some]
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    at_ms = np.array([at for times, _ in decoded for at in times], np.int64)
    owner = np.repeat(np.arange(len(packed)), [len(some) for _, some in decoded])
    return PackedLines(b"".join((*texts, bytes(MARGIN))), np.concatenate(([0], ends))[:-1], ends, at_ms, owner)
