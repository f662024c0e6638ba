"""JSON lines that are spelled alike to the byte, read as columns: no object is made for an event.

An exporter writes one object a line, always with the same keys in one order and the same spaces. So the quotes of a
block, found in one pass, say where every value stands, and each line is compared with the first one's spelling. A block
with a line that differs in more than its values is decoded like any other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from collectors.model.event_columns import ID_DIGITS, EventColumns
from collectors.model.records import Place
from collectors.model.unaligned_bytes import ZEROS, Eights, Ints, Mask, Words, mixed, value_of
from collectors.sources.files.fast_lines import Spelling
from collectors.sources.inputs.timestamps import FIRST_MS, LAST_MS
from collectors.untrusted import Unparsable
from collectors.untrusted_json import json_value

BLOCK = 3 << 20  # bytes: so many that most invocations begin and end within one
_QUOTE, _BACKSLASH, _SPACE = b'"\\ '
_TIME_DIGITS = 13  # of milliseconds since 1970, from 2001 to 2286
_MOST_PLACES = 5_000  # remembered: few streams are written to at once
_LOW_PART = 10**8
_S24 = np.uint64(24)
_MOST_PARTS = 64  # words of both names: they have some hundred characters
_string = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class _Field:
    """A key with what stands before its value: ``text`` begins ``before`` bytes before the key's own quote.

    ``quote`` is the number of the key's quote among the line's.
    """

    text: bytes
    before: int
    quote: int
    is_text: bool


@dataclass(slots=True)
class Layout:
    """The layout of one exporter's lines; ``columns`` reads blocks of them."""

    fields: dict[str, _Field]
    quotes: int
    end: bytes
    spelling: Spelling
    _places: dict[tuple[bytes, bytes], Place] = field(default_factory=dict)
    _mask: Mask = field(default_factory=lambda: np.empty(0, np.bool_))  # made once: fresh memory is dear
    _other: Mask = field(default_factory=lambda: np.empty(0, np.bool_))

    def columns(self, block: bytes) -> EventColumns | None:
        """The block's events; None where a line has another layout."""
        if len(block) < 2 * ID_DIGITS or block[-1:] != b"\n":
            return None
        if len(block) > len(self._mask):
            self._mask, self._other = np.empty((2, len(block)), np.bool_)
        words = Words(block, self._mask)
        mask, other = self._mask[: len(block)], self._other[: len(block)]
        np.equal(words.bytes, _QUOTE, out=mask)
        np.not_equal(words.bytes, _BACKSLASH, out=other)
        mask[1:] &= other[:-1]
        quotes = np.flatnonzero(mask)
        count = len(quotes) // self.quotes
        if count * self.quotes != len(quotes) or np.count_nonzero(np.less(words.bytes, _SPACE, out=other)) != count:
            return None
        try:
            return self._read(block, words, quotes, count)
        except Unparsable:
            return None

    def _read(self, block: bytes, words: Words, quotes: Ints, count: int) -> EventColumns | None:
        keys = {name: quotes[each.quote :: self.quotes] for name, each in self.fields.items()}
        lines = np.empty(count + 1, np.int64)
        lines[:-1] = keys[next(iter(keys))] - 1
        lines[-1] = len(block)
        if lines[0] != 0 or not words.end_with(lines[1:], self.end).all():
            return None
        begins: dict[str, Ints] = {}
        ends: dict[str, Ints] = {}
        before = ""
        for name, each in self.fields.items():
            first = keys[name] - each.before
            if not words.read(first, each.text).all():
                return None
            begins[name] = first + len(each.text)
            if each.is_text:
                ends[name] = quotes[each.quote + 3 :: self.quotes]
            if before and before not in ends:
                ends[before] = first
            before = name
        if before not in ends:
            ends[before] = lines[1:] - len(self.end)
        return self._events(block, words, begins, ends, lines)

    def _events(
        self, block: bytes, words: Words, begins: dict[str, Ints], ends: dict[str, Ints], lines: Ints
    ) -> EventColumns | None:
        for name, each in self.fields.items():
            width = ends[name] - begins[name]
            if not each.is_text:
                moments, fine = _milliseconds(words, begins[name])
                if not (fine & (width == _TIME_DIGITS)).all():
                    return None
                if name == "timestamp_ms":
                    times = moments
                    if times.min() < FIRST_MS or times.max() >= LAST_MS:
                        return None
            elif name == "event_id" and (width != ID_DIGITS).any():
                return None
        numbered = _alike(
            [
                *_parts(words, begins["log_group"], ends["log_group"]),
                *_parts(words, begins["log_stream"], ends["log_stream"]),
            ]
        )
        if numbered is None:
            return None
        stream, sample = numbered
        places = [self._place(block, begins, ends, each) for each in sample.tolist()]
        if not all(group for group, _, _ in places):
            return None
        return EventColumns(
            block, words, times, begins["message"], ends["message"], begins["event_id"], stream, places, lines,
            self.spelling.decode,
        )  # fmt: skip

    def _place(self, block: bytes, begins: dict[str, Ints], ends: dict[str, Ints], event: int) -> Place:
        """The place (group, stream, function) of the event with that index."""
        spelled = (
            block[begins["log_group"][event] - 1 : ends["log_group"][event] + 1],
            block[begins["log_stream"][event] - 1 : ends["log_stream"][event] + 1],
        )
        place = self._places.get(spelled)
        if place is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            place = self._places[spelled] = _string.decode(spelled[0]), _string.decode(spelled[1]), ""
        return place


def _milliseconds(words: Words, begin: Ints) -> tuple[Ints, Mask]:
    """The thirteen digits at each place as a number (int64), and which of them are digits."""
    high, fine = value_of((words.words_at(begin - 3) ^ ZEROS) >> _S24 << _S24)
    low, fine_too = value_of(words.words_at(begin + 5) ^ ZEROS)
    return high.astype(np.int64) * _LOW_PART + low.astype(np.int64), fine & fine_too


def _parts(words: Words, begin: Ints, end: Ints) -> Iterator[Eights]:
    """The texts between ``begin`` and ``end`` as columns that are equal where the texts are: their lengths, and their
    words.

    Words are taken from the end backwards. What the first word has before its text belongs to the key, and is always
    the same.
    """
    length = end - begin
    yield length.astype(np.uint64)
    least = int(length.min())
    for before in range(0, int(length.max()), 8):
        part = words.words_at(np.maximum(end - (before + 8), 0))
        if before >= least:
            part[length <= before] = 0
        yield part


def _alike(parts: Sequence[Eights]) -> tuple[Ints, Ints] | None:
    """Numbers the rows of the columns, equal rows alike, and returns one row's index for each number; None if that
    fails.
    """
    if len(parts) > _MOST_PARTS:
        return None
    hashed = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        hashed = mixed(hashed, part)
    order = np.argsort(hashed, kind="stable")
    new = np.diff(hashed[order], prepend=~hashed[order[:1]]) != 0
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(new) - 1
    sample = order[new]
    same = all((part == part[sample][number]).all() for part in parts)
    return (number, sample) if same else None


def layout_of(line: bytes, spelling: Spelling) -> Layout | None:
    """The layout of a block's first line; None where it has none.

    That needs a group, a stream, an eventId, a time and a message, and beside them nothing but other times.
    """
    try:
        decoded: dict[str, Any] = json_value(line)
    except Unparsable:
        return None
    own = {key: name for name, key in spelling.keys.items()}
    needed = {"timestamp_ms", "message", "log_group", "log_stream", "event_id"}
    if not needed <= {own.get(key) for key in decoded}:
        return None
    for comma, colon in ((b", ", b": "), (b",", b":")):
        layout = _laid_out(decoded, own, comma, colon, spelling)
        if layout is not None and layout.columns(line + b"\n") is not None:
            return layout
    return None


def _laid_out(
    decoded: dict[str, Any], own: dict[str, str], comma: bytes, colon: bytes, spelling: Spelling
) -> Layout | None:
    fields: dict[str, _Field] = {}
    quotes, close = 0, b""
    for key, value in decoded.items():
        name = own.get(key, key)
        is_text = isinstance(value, str)
        if type(value) not in (int, str) or (is_text and name not in _TEXTS) or (not is_text and name in _TEXTS):
            return None
        before = close + comma if fields else b"{"
        text = before + b'"' + key.encode() + b'"' + colon + (b'"' if is_text else b"")
        if name in ("log_group", "log_stream") and len(text) < _WORD:
            return None
        fields[name] = _Field(text, len(before), quotes, is_text)
        quotes += 4 if is_text else 2
        close = b'"' if is_text else b""
    return Layout(fields, quotes, close + b"}\n", spelling)


_WORD = 8
_TEXTS = frozenset(("message", "log_group", "log_stream", "event_id"))
