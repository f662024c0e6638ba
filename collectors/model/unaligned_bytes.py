"""Bytes looked at from many places at once, eight at a time: a word is eight characters, the first its lowest byte.

A step of numpy's arithmetic then reads the same field of thousands of log lines. A place may lie anywhere from which
eight bytes are left.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Eights = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def each(byte: int) -> np.uint64:
    """A word of eight such bytes."""
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
    """The words of some bytes, from every place in them."""

    def __init__(self, content: bytes, scratch: Mask | None = None) -> None:
        """``scratch``: as many flags and more to work with, as fresh memory is dear."""
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
        """Where ``wanted`` stands at each place."""
        if len(wanted) < 8:
            unseen = np.uint64(64 - 8 * len(wanted))
            short: Mask = self._eights[places] << unseen == word(wanted) << unseen
            return short
        fine: Mask = self._eights[places] == word(wanted)
        for begin in (*range(8, len(wanted) - 8, 8), *((len(wanted) - 8,) if len(wanted) > 8 else ())):
            fine &= self._eights[places + begin] == word(wanted[begin:])
        return fine

    def find(self, wanted: bytes) -> Ints:
        """Where ``wanted`` stands, but for the last few places; its first character should be a rare one."""
        found = np.flatnonzero(np.equal(self.bytes, wanted[0], out=self._scratch))
        found = found[found < len(self._eights) - len(wanted)]
        return found[self.read(found, wanted)]

    def end_with(self, ends: Ints, wanted: bytes) -> Mask:
        """Where the text before each place is ``wanted``, of up to eight characters."""
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
    """A hash of what was hashed and one word more. Equal hashes only suggest equal words: compare those, too."""
    hashed = (hashed ^ part) * _FACTOR
    hashed ^= hashed >> _S32
    return hashed
