"""Removes the words that have a digit from thousands of lines at once: such words are most of what differs between
lines.

Each byte is one bit, 64 bits to a number. Adding the first bits of runs to the runs carries each to its end, or to the
first hole in it, so a handful of additions finds all words with a digit in a block of lines.
"""

import numpy as np
import numpy.typing as npt

from collectors.model.unaligned_bytes import Ints

Bytes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint64]

STOPS = " \t\n\r\v\f,;:()[]{}\"'=<>|"
_STOP, _DIGIT = np.uint8(1), np.uint8(2)
_CLASSES = bytes(int(_STOP) * (chr(at) in STOPS) | int(_DIGIT) * (chr(at) in "0123456789") for at in range(256))
_TO_ZERO = bytes(ord("0") if chr(at) in "0123456789" else at for at in range(256))
_GONE = b"\xff"  # which UTF-8 never has
_ONE, _TOP, _FULL = np.uint64(1), np.uint64(63), ~np.uint64(0)
_REVERSED = bytes(int(f"{at:08b}"[::-1], 2) for at in range(256))


def keys(block: bytes, begins: Ints, ends: Ints) -> list[bytes]:
    """The lines of UTF-8 at these rising places, with a 0 for every word that has a digit, without their ends.

    Each has one newline, its last byte.
    """
    classes = np.frombuffer(block.translate(_CLASSES), np.uint8)
    inside = _spans(len(block), begins, ends)
    letters = inside & ~_bits(classes & _STOP)
    digits = inside & _bits(classes & _DIGIT)
    first, from_first = _from_digits(letters, digits)
    to_last = _reversed(_from_digits(_reversed(letters), _reversed(digits))[1])
    stays = inside & ~(from_first | to_last) | first
    staying = np.unpackbits(stays.view(np.uint8), count=len(block), bitorder="little")
    staying -= 1  # 0 where a byte stays, 255 where it goes
    staying |= np.frombuffer(block, np.uint8)
    found = staying.tobytes().translate(_TO_ZERO, _GONE).split(b"\n")
    found.pop()  # what stands behind the last newline: nothing
    return found


def _from_digits(letters: Bits, digits: Bits) -> tuple[Bits, Bits]:
    """The first digit of every run of letters, and the run from there on."""
    starts = letters & ~_up(letters)
    first = _sum(letters & ~digits, starts) & digits
    return first, letters & ~_sum(letters, first)


def _bits(flags: Bytes) -> Bits:
    """A bit for each flag, the first the lowest."""
    some = np.zeros((len(flags) + 63) // 64, np.uint64)
    packed = np.packbits(flags, bitorder="little")
    some.view(np.uint8)[: len(packed)] = packed
    return some


def _spans(length: int, begins: Ints, ends: Ints) -> Bits:
    """The bits from each beginning to before its end."""
    flags = np.zeros((2, length + 1), np.uint8)
    flags[0, begins] = flags[1, ends] = 1
    low, high = (_bits(row) for row in flags)
    found = high - low
    return (found - _carried(high < low, found == 0))[: (length + 63) // 64]


def _sum(first: Bits, other: Bits) -> Bits:
    """The sum of two very long numbers."""
    found = first + other
    return found + _carried(found < first, found == _FULL)


def _carried(over: npt.NDArray[np.bool_], full: npt.NDArray[np.bool_]) -> Bits:
    """What each of the 64 bits gets from those below: of one that went over, through all that are full."""
    if not over.any():
        return np.zeros(len(over), np.uint64)
    went, through = (int.from_bytes(np.packbits(each, bitorder="little").tobytes(), "little") for each in (over, full))
    carried = ((went << 1) + through) ^ through
    size = (len(over) + 7) // 8
    some = (carried & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return np.unpackbits(np.frombuffer(some, np.uint8), count=len(over), bitorder="little").astype(np.uint64)


def _up(bits: Bits) -> Bits:
    """The bits, each moved one place higher."""
    found = bits << _ONE
    found[1:] |= bits[:-1] >> _TOP
    return found


def _reversed(bits: Bits) -> Bits:
    """The bits in reverse order."""
    return np.frombuffer(bits.view(np.uint8)[::-1].tobytes().translate(_REVERSED), np.uint64)
