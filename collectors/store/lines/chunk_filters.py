"""What a chunk of lines may hold: a bit for each run of three characters in it, case folded.

A text whose runs are not all there is nowhere in the chunk. One that is there is never missed; of those that are not,
few are taken to be: where two of five bits are set, one in ten thousand of ten characters. Different runs share a bit.

Behind the bits stand the shapes of its lines (``chunk_shapes``), for what has no such text.
"""

from collections.abc import Sequence

from collectors.store.integrity.checksums import SEAL_BYTES, sealed, unsealed
from collectors.store.lines.chunk_shapes import shapes_of

_FACTOR = 0x9E3779B1  # of Knuth's multiplicative hash: the high bits of the product are well mixed
_FOLDED = 0x20  # set in every byte: A is a; some signs are others then, in lines and in what is sought alike
_PADDED = 0x80  # a byte more, so that the length is no power of two, as it is without shapes
_LEAST_BITS, _MOST_BITS = 9, 17  # 64 bytes to 16 KB


def packed_filter(lines: Sequence[bytes]) -> bytes:
    """What is kept of packed lines: the bits, packed shapes, and a byte that says how many bits, two to its power.

    Where there are no shapes nothing follows the bits. Behind all of it stands a checksum, which older chunks lack.
    """
    bits, shapes = filter_of(lines), shapes_of(lines)
    if not shapes:
        return sealed(bits)
    length = len(bits) + len(shapes) + 1
    padding = _is_power(length) or _is_power(length + SEAL_BYTES)
    size = (len(bits) * 8).bit_length() - 1
    return sealed(bits + shapes + b"\0" * padding + bytes((size | _PADDED * padding,)))


def bits_and_shapes(stored: bytes) -> tuple[bytes, bytes]:
    """The bits and the packed shapes, b"" where there are none. Raises Damaged."""
    content = stored if _is_power(len(stored)) else unsealed(stored)
    if _is_power(len(content)):
        return content, b""
    size = (1 << (content[-1] & ~_PADDED)) // 8
    return content[:size], content[size : -2 if content[-1] & _PADDED else -1]


def _is_power(number: int) -> bool:
    return number & (number - 1) == 0


def filter_of(lines: Sequence[bytes]) -> bytes:
    """The bits: one for each 4 to 8 bytes of packed lines, so that 64 KB of lines have 2 KB."""
    import numpy as np  # a search, which makes none, does without it

    content = b"".join(lines) + b"\0"
    size = min(max(len(content).bit_length() - 3, _LEAST_BITS), _MOST_BITS)
    there = np.zeros(1 << size, np.bool_)
    for offset in range(min(4, max(0, len(content) - 3))):
        # Four bytes as one number, the last of them shifted out: runs of three, at all places in four passes.
        runs = np.frombuffer(content, "<u4", (len(content) - offset) // 4, offset) | np.uint32(_FOLDED * 0x01010101)
        runs <<= np.uint32(8)
        runs *= np.uint32(_FACTOR)
        runs >>= np.uint32(32 - size)
        there[runs.astype(np.intp)] = True  # three times as fast as with numbers of another size
    return np.packbits(there, bitorder="little").tobytes()


def places(text: bytes) -> list[int]:
    """Hashes of the runs of an ASCII text, 32 bits each; [] where it is too short to have one."""
    folded = bytes(byte | _FOLDED for byte in text)
    return [
        ((folded[at] | folded[at + 1] << 8 | folded[at + 2] << 16) << 8) * _FACTOR & 0xFFFFFFFF
        for at in range(len(folded) - 2)
    ]


def may_hold(bits: bytes, hashes: Sequence[int]) -> bool:
    """Whether all runs of a text are in a filter."""
    shift = 32 - (len(bits) * 8).bit_length() + 1
    for one in hashes:
        place = one >> shift
        if not bits[place >> 3] >> (place & 7) & 1:
            return False
    return True
