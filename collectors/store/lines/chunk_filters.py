"""The filter of a chunk of lines: bits that tell which runs of three characters it may contain, ignoring case.

A text with a run whose bit is not set is nowhere in the chunk. All bits of a text that is in it are set; different runs
can share a bit, so a few texts that are not in it pass too (one in ten thousand of ten characters, where two of five
bits are set). After the bits stand the shapes of the chunk's lines (``chunk_shapes``), for regular expressions.
"""

from collections.abc import Sequence

from collectors.store.integrity.checksums import SEAL_BYTES, sealed, unsealed
from collectors.store.lines.chunk_shapes import shapes_of

_FACTOR = 0x9E3779B1  # of Knuth's multiplicative hash: the high bits of the product are well mixed
_FOLDED = 0x20  # set in every byte, so that A is a; other characters change too, alike in lines and in searched texts
_PADDED = 0x80  # says that one byte was added: with shapes the length must not be a power of two, as it is without
_LEAST_BITS, _MOST_BITS = 9, 17  # 64 bytes to 16 KB


def packed_filter(lines: Sequence[bytes]) -> bytes:
    """The stored filter of packed lines: bits, shapes, and a byte with the binary logarithm of the number of bits.

    Without shapes the bits stand alone. A checksum follows, which filters of older versions lack.
    """
    bits, shapes = filter_of(lines), shapes_of(lines)
    if not shapes:
        return sealed(bits)
    length = len(bits) + len(shapes) + 1
    padding = _is_power(length) or _is_power(length + SEAL_BYTES)
    size = (len(bits) * 8).bit_length() - 1
    return sealed(bits + shapes + b"\0" * padding + bytes((size | _PADDED * padding,)))


def bits_and_shapes(stored: bytes) -> tuple[bytes, bytes]:
    """The bits, and the packed shapes (b"" where there are none) of a stored filter. Raises Damaged."""
    content = stored if _is_power(len(stored)) else unsealed(stored)
    if _is_power(len(content)):
        return content, b""
    size = (1 << (content[-1] & ~_PADDED)) // 8
    return content[:size], content[size : -2 if content[-1] & _PADDED else -1]


def _is_power(number: int) -> bool:
    return number & (number - 1) == 0


def filter_of(lines: Sequence[bytes]) -> bytes:
    """The bits of packed lines: one for every 4 to 8 bytes, so that 64 KB of lines have a filter of 2 KB."""
    import numpy as np  # searching makes no filters, and does not import numpy

    content = b"".join(lines) + b"\0"
    size = min(max(len(content).bit_length() - 3, _LEAST_BITS), _MOST_BITS)
    there = np.zeros(1 << size, np.bool_)
    for offset in range(min(4, max(0, len(content) - 3))):
        # Four bytes read as one number, the last of them shifted out, give runs of three: four passes reach all places.
        runs = np.frombuffer(content, "<u4", (len(content) - offset) // 4, offset) | np.uint32(_FOLDED * 0x01010101)
        runs <<= np.uint32(8)
        runs *= np.uint32(_FACTOR)
        runs >>= np.uint32(32 - size)
        there[runs.astype(np.intp)] = True  # three times as fast as with integers of another size
    return np.packbits(there, bitorder="little").tobytes()


def places(text: bytes) -> list[int]:
    """The 32-bit hash of each run of three characters of an ASCII text; [] where it is shorter."""
    folded = bytes(byte | _FOLDED for byte in text)
    return [
        ((folded[at] | folded[at + 1] << 8 | folded[at + 2] << 16) << 8) * _FACTOR & 0xFFFFFFFF
        for at in range(len(folded) - 2)
    ]


def may_hold(bits: bytes, hashes: Sequence[int]) -> bool:
    """Whether a filter has the bits of all these runs."""
    shift = 32 - (len(bits) * 8).bit_length() + 1
    for one in hashes:
        place = one >> shift
        if not bits[place >> 3] >> (place & 7) & 1:
            return False
    return True
