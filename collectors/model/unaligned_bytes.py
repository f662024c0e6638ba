"""Reading bytes at many places at once, eight at a time, by numpy.

A word is a uint64 of eight characters, the first in its lowest byte, so that one step of arithmetic reads the same
field of thousands of log lines. A place is an index into the bytes; it need not be a multiple of eight, but eight bytes
must follow.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Eights = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def each(byte: int) -> np.uint64:
    """A word whose eight bytes are all ``byte``."""
    return np.uint64(int.from_bytes(bytes([byte]) * 8, "little"))


def word(text: bytes) -> np.uint64:
    """Up to eight characters as the low bytes of a word."""
    return np.uint64(int.from_bytes(text[:8], "little"))


ZEROS = each(ord("0"))
_TOP_BITS, _TOO_MUCH = each(0x80), each(0x80 - 10)
_BYTES, _PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF), np.uint64(0xFFFFFFFF)
_S8, _S16, _S32 = map(np.uint64, (8, 16, 32))
_TEN, _HUNDRED, _TEN_THOUSAND = map(np.uint64, (10, 100, 10_000))
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # an odd number of no pattern


class Words:
    """``content`` as words, one from every place in it."""

    def __init__(self, content: bytes, scratch: Mask | None = None) -> None:
        """``scratch`` is an array of at least ``len(content)`` bools to work in: to allocate one for each block is
        slow.
        """
        self.bytes = np.frombuffer(content, np.uint8)
        self._scratch = None if scratch is None else scratch[: len(content)]
        self._eights = np.ndarray(max(len(content) - 7, 0), "<u8", content, strides=(1,))

    def __len__(self) -> int:
        return len(self._eights)

    def words_at(self, places: Ints) -> Eights:
        """The words that begin at these places: uint64, one for each."""
        words: Eights = self._eights[places]
        return words

    def read(self, places: Ints, wanted: bytes) -> Mask:
        """For each place, whether ``wanted`` begins there."""
        if len(wanted) < 8:
            unseen = np.uint64(64 - 8 * len(wanted))
            short: Mask = self._eights[places] << unseen == word(wanted) << unseen
            return short
        fine: Mask = self._eights[places] == word(wanted)
        for begin in (*range(8, len(wanted) - 8, 8), *((len(wanted) - 8,) if len(wanted) > 8 else ())):
            fine &= self._eights[places + begin] == word(wanted[begin:])
        return fine

    def find(self, wanted: bytes) -> Ints:
        """The places where ``wanted`` begins, rising, without the last few of the content. Faster if its first
        character is rare.
        """
        found = np.flatnonzero(np.equal(self.bytes, wanted[0], out=self._scratch))
        found = found[found < len(self._eights) - len(wanted)]
        return found[self.read(found, wanted)]

    def end_with(self, ends: Ints, wanted: bytes) -> Mask:
        """For each place, whether the text before it ends with ``wanted``, of up to eight characters."""
        unseen = np.uint64(64 - 8 * len(wanted))
        fine: Mask = self._eights[ends - 8] >> unseen == word(wanted)
        return fine

    def columns(self, places: Ints, item: int) -> npt.NDArray[np.bytes_]:
        """``item`` bytes from each place. Such values compare as bytes do."""
        every = np.ndarray(max(len(self.bytes) - item + 1, 0), f"S{item}", self.bytes.data, strides=(1,))
        found: npt.NDArray[np.bytes_] = every[places]
        return found


def value_of(digits: Eights) -> tuple[Eights, Mask]:
    """The whole numbers that words of digits are (a byte each, the first digit in the lowest), and which are digits."""
    fine: Mask = ((digits + _TOO_MUCH) | digits) & _TOP_BITS == 0
    pairs = (digits * _TEN + (digits >> _S8)) & _BYTES
    fours = (pairs * _HUNDRED + (pairs >> _S16)) & _PAIRS
    return (fours * _TEN_THOUSAND + (fours >> _S32)) & _FOURS, fine


def mixed(hashed: Eights, part: Eights) -> Eights:
    """The hash of ``hashed``, earlier words' hash, and one more word. Equal hashes need not mean equal words: compare
    those too.
    """
    hashed = (hashed ^ part) * _FACTOR
    hashed ^= hashed >> _S32
    return hashed
