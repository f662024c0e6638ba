"""Reads the REPORT lines of successes that were not traced, all of a batch at once: most REPORTs are such lines.

Such a line has five fields, or six after a cold start, spelled as Lambda spells them. Eight of its characters are one
64-bit word, and each step of arithmetic works on one word of all lines at once. A line that differs in a single byte is
left to ``parse_report``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collectors.model.unaligned_bytes import ZEROS, Ints, Mask, Words, each, value_of
from collectors.parsing.platform import LARGEST_MB, LONGEST_MS

_TABS, _TABS_COLD = 5, 6
_MARGIN = b"\0" * 64  # before and after, so that a look beyond the first or the last line meets nothing
_TAB, _NEWLINE, _POINT, _DASH = b"\t\n.-"
_MOST_DIGITS = 8  # of LONGEST_MS
_DASHES = (8, 13, 18, 23)


_ONES, _SIXES, _LOW_BITS = map(each, (0x01, 0x06, 0x0F))
_BYTES, _PAIRS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_FROM_NINE_TO_A = np.uint64(ord("a") - ord("9") - 1)
_S4, _S6, _S8, _S16, _S32, _NINE = map(np.uint64, (4, 6, 8, 16, 32, 9))
_FOUR_BYTES = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class PlainReports:
    """The figures of plain REPORTs. ``places`` are their indices among the texts, rising; the others have a column for
    each.

    ``figures`` is an int64 matrix with the rows duration_us, billed_ms, memory_mb, max_memory_mb and init_us (-1 where
    the environment was warm); ``request_ids`` are the UUIDs' 16 bytes.
    """

    places: Ints
    figures: Ints
    request_ids: list[bytes]


def plain_reports(joined: str, lengths: Ints) -> PlainReports:
    """The plain REPORTs among texts, which are given joined, with the length of each in characters."""
    text = _Text(joined)
    ends = lengths.cumsum() + len(_MARGIN)
    begins = np.concatenate(([len(_MARGIN)], ends))[:-1]
    tabs = np.flatnonzero(text.bytes == _TAB)
    first = np.searchsorted(tabs, begins)
    count = np.searchsorted(tabs, ends) - first
    candidates = np.flatnonzero(
        ((count == _TABS) | (count == _TABS_COLD)) & (text.bytes[ends - 2] == _TAB) & (text.bytes[ends - 1] == _NEWLINE)
    )
    begin, first, count = begins[candidates], first[candidates], count[candidates]
    id_end, duration, billed, memory, used = (tabs[first + field] for field in range(_TABS))
    ids, fine = text.uuids(begin + 18)
    fine &= text.read(begin, b"REPORT RequestId: ") & (id_end - begin == 54)
    figures = np.stack(
        (
            text.milliseconds(id_end, duration, b"Duration: "),
            text.whole(duration, billed, b"Billed Duration: ", b" ms\t"),
            text.whole(billed, memory, b"Memory Size: ", b" MB\t"),
            text.whole(memory, used, b"Max Memory Used: ", b" MB\t"),
            np.zeros(len(candidates), np.int64),
        )
    )
    cold = np.flatnonzero(count == _TABS_COLD)
    figures[4, cold] = text.milliseconds(used[cold], tabs[first[cold] + _TABS], b"Init Duration: ")
    fine &= (figures >= _LEAST).all(axis=0) & (figures <= _MOST).all(axis=0)
    figures[4, count == _TABS] = -1
    return PlainReports(candidates[fine], figures[:, fine], ids[fine].reshape(-1).view("V16").tolist())


_LEAST = np.array([[0], [0], [1], [0], [0]])
_MOST = np.array([[LONGEST_MS * 1000], [LONGEST_MS], [LARGEST_MB], [LARGEST_MB], [LONGEST_MS * 1000]])
_NO_NUMBER = -(10**12)  # so far below zero that no sum with it is a figure


class _Text(Words):
    """All texts joined, with one byte for each character ("?" for one beyond Latin-1), so that places in both agree."""

    def __init__(self, text: str) -> None:
        super().__init__(b"".join((_MARGIN, text.encode("latin-1", "replace"), _MARGIN)))

    def whole(self, tab: Ints, end: Ints, label: bytes, unit: bytes) -> Ints:
        """The number of a field between two tabs: its label, a whole number, its unit and the second tab."""
        fine = self.read(tab + 1, label) & self.read(end - 3, unit)
        return np.where(fine, self.number(tab + 1 + len(label), end - 3), _NO_NUMBER)

    def milliseconds(self, tab: Ints, end: Ints, label: bytes) -> Ints:
        """The microseconds of a field like "Duration: 55.54 ms"."""
        fine = self.read(tab + 1, label) & self.read(end - 3, b" ms\t") & (self.bytes[end - 6] == _POINT)
        us = self.number(tab + 1 + len(label), end - 6) * 1000 + self.number(end - 5, end - 3) * 10
        return np.where(fine, us, _NO_NUMBER)

    def number(self, begin: Ints, end: Ints) -> Ints:
        """The whole number between two places, of eight digits at most; ``_NO_NUMBER`` where there is none."""
        width = end - begin
        fine = (width > 0) & (width <= _MOST_DIGITS)
        before = ((_MOST_DIGITS - np.where(fine, width, 1)) * 8).astype(np.uint64)  # what the word has of its label
        value, digits = value_of(((self.words_at(end - 8) ^ ZEROS) >> before) << before)
        return np.where(fine & digits, value.astype(np.int64), _NO_NUMBER)

    def uuids(self, places: Ints) -> tuple[npt.NDArray[np.uint32], Mask]:
        """The 16 bytes of the lower-case UUID at each place, as four words, and whether one stands there."""
        letters = np.stack(
            (
                self.words_at(places),
                self.words_at(places + 9) & _FOUR_BYTES | self.words_at(places + 14) << _S32,
                self.words_at(places + 19) & _FOUR_BYTES | self.words_at(places + 24) << _S32,
                self.words_at(places + 28),
            ),
            axis=1,
        )
        values = (letters & _LOW_BITS) + (letters >> _S6 & _ONES) * _NINE
        spelled = values + ZEROS + (values + _SIXES >> _S4 & _ONES) * _FROM_NINE_TO_A
        fine: Mask = (spelled == letters).all(axis=1)
        for dash in _DASHES:
            fine &= self.bytes[places + dash] == _DASH
        pairs = (values << _S4 | values >> _S8) & _BYTES
        pairs = (pairs | pairs >> _S8) & _PAIRS
        return (pairs | pairs >> _S16).astype("<u4"), fine
