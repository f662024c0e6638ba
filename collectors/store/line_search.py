"""Searching log lines: chunks in order of time, each looked through as bytes before any line of it is taken out.

A chunk's invocations stay packed until one of their lines may be the next, so the newest thousand lines of a fleet
unpack little more than themselves, and text that is nowhere unpacks nothing.
"""

import heapq
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import zstandard

from collectors.model import id_text
from collectors.store.rows import LogLine

_chunk = msgspec.msgpack.Decoder().decode  # starts, request ids, and packed lines
_times = msgspec.msgpack.Decoder(tuple[list[int], msgspec.Raw]).decode
_texts = msgspec.msgpack.Decoder(list[str]).decode
# What a text's bytes surely hold where it is found: of UTF-8, ASCII only; where case is ignored also neither i nor k,
# which are the lower case of letters beyond ASCII too (I with a dot, the Kelvin sign).
_SURE, _SURE_OF_LOWER = re.compile(r"[\x00-\x7f]+"), re.compile(r"[\x00-hjl-\x7f]+")


@dataclass(slots=True)
class Looked:
    """How many lines of the span were given out, or looked at for nothing, so far."""

    lines: int = 0


class _Wanted:
    """Lines of ``[from_ms, to_ms)`` with a text in them."""

    def __init__(self, from_ms: int, to_ms: int, text: str, ignore_case: bool, sign: int) -> None:
        self.from_ms, self.to_ms, self.sign = from_ms, to_ms, sign
        self._ignore_case = ignore_case
        self._text = text.lower() if ignore_case else text
        sure = (_SURE_OF_LOWER if ignore_case else _SURE).findall(self._text)
        self._sure = max(sure, key=len, default="").encode()

    def may_be_in(self, raw: bytes) -> bool:
        """Whether packed lines may hold the text: False only where none does."""
        return not self._sure or self._sure in (raw.lower() if self._ignore_case else raw)

    def is_in(self, text: str) -> bool:
        return not self._text or self._text in (text.lower() if self._ignore_case else text)


# In order: the time of a line, or the first that a packed invocation's lines may have; 0 for what is packed still, so
# that it is opened before a line of the same time is given out; where it stands in what was read.
_Entry = tuple[int, int, int, int, bytes | str, bytes | str]


def search(
    connection: sqlite3.Connection,
    from_ms: int,
    to_ms: int,
    function_ids: Sequence[int],
    contains: str,
    newest_first: bool,
    ignore_case: bool,
    looked: Looked,
) -> Iterator[LogLine]:
    """Every line of the span that has the text, in order of time over all functions."""
    sign = -1 if newest_first else 1
    wanted = _Wanted(from_ms, to_ms, contains, ignore_case, sign)
    heap: list[_Entry] = []
    serial = 0
    decompress = zstandard.ZstdDecompressor().decompress
    for edge, function_id, identity, within in _chunks(connection, from_ms, to_ms, function_ids, newest_first):
        yield from _until(heap, wanted, looked, sign * edge)
        row = connection.execute("SELECT content, lines FROM chunks WHERE id = ?", (identity,)).fetchone()
        if row is None:
            continue
        raw = decompress(row[0])
        if within and contains and not wanted.may_be_in(raw):
            looked.lines += row[1]
            continue
        _, ids, packed = _chunk(raw)
        for request_id, lines in zip(ids, packed, strict=True):
            times = _times(lines)[0] if lines else []
            if not times:
                continue
            inside = len(times) if within else sum(from_ms <= time < to_ms for time in times)
            if inside and (not contains or wanted.may_be_in(lines)):
                first = max(times) if newest_first else min(times)
                heapq.heappush(heap, (sign * first, 0, sign * serial, function_id, request_id, lines))
            else:
                looked.lines += inside
            serial += len(times)
    yield from _until(heap, wanted, looked, None)


def _until(heap: list[_Entry], wanted: _Wanted, looked: Looked, edge: int | None) -> Iterator[LogLine]:
    """The lines that come before the edge, opening what may hold one."""
    while heap and (edge is None or heap[0][0] < edge):
        at, is_line, serial, function_id, request_id, content = heapq.heappop(heap)
        if is_line:
            yield LogLine(function_id, wanted.sign * at, id_text(request_id), str(content))
            looked.lines += 1
            continue
        times, raw = _times(content)  # type: ignore[arg-type]
        for place, (time, text) in enumerate(zip(times, _texts(raw), strict=True)):
            if not wanted.from_ms <= time < wanted.to_ms:
                continue
            if wanted.is_in(text):
                heapq.heappush(
                    heap, (wanted.sign * time, 1, serial + wanted.sign * place, function_id, request_id, text)
                )
            else:
                looked.lines += 1


def _chunks(
    connection: sqlite3.Connection, from_ms: int, to_ms: int, function_ids: Sequence[int], newest_first: bool
) -> list[tuple[int, int, int, bool]]:
    """(last or first time, function, id, whether all of it lies in the span), in that order."""
    edge = "last_ms" if newest_first else "first_ms"
    marks = ", ".join("?" * len(function_ids))
    found = connection.execute(
        f"SELECT c.{edge}, c.function_id, c.id, c.first_ms >= ? AND c.last_ms < ?"
        " FROM functions f CROSS JOIN chunks c INDEXED BY chunks_by_time"
        f" ON c.function_id = f.id AND c.first_ms < ? AND c.last_ms >= ? WHERE f.id IN ({marks})",
        (from_ms, to_ms, to_ms, from_ms, *function_ids),
    )
    return sorted(
        ((at, function_id, identity, bool(within)) for at, function_id, identity, within in found), reverse=newest_first
    )
