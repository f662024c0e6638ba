"""Searches log lines: chunks in order of time, each searched as bytes before any of its lines is unpacked.

Invocations stay packed until one of their lines may be the next: the newest thousand lines of a fleet unpack little
more than themselves, and a text that no line has unpacks nothing.
"""

import heapq
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import zstandard

from collectors.model.records import id_text
from collectors.store.lines.chunk_filters import bits_and_shapes, may_hold, places
from collectors.store.lines.chunk_shapes import shape_text, shapes
from collectors.store.read.rows import LogLine

Needs = Sequence[Sequence[str]]
"""Groups of texts: a wanted line has at least one text of each group."""

_chunk = msgspec.msgpack.Decoder().decode  # starts, request ids, and packed lines
_times = msgspec.msgpack.Decoder(tuple[list[int], msgspec.Raw]).decode
_NONE = msgspec.Raw()
_texts = msgspec.msgpack.Decoder(list[str]).decode
# The ASCII runs of a text, which its bytes contain wherever it is found. Ignoring case, i and k are left out, because
# they are also the lower case of letters beyond ASCII (I with a dot, the Kelvin sign).
_SURE, _SURE_OF_LOWER = re.compile(r"[\x00-\x7f]+"), re.compile(r"[\x00-hjl-\x7f]+")


Test = Callable[[str], bool]
_FEW_TEXTS = 4  # texts of a group; up to so many are searched before the test runs, which is faster
_RULED_OUT = 100_000  # shapes remembered as not wanted: 500 functions that log in few ways have some hundreds a day

_CONTENT = "SELECT content, lines FROM chunks WHERE id = ?"
_FIRST_BLOCK, _MOST_BLOCK = 16, 512  # how many chunks' filters are read at once; SQLite binds 999 values


class _Chunk(NamedTuple):
    """A chunk that touches the span: its last time (its first, if oldest first), and whether all of it is inside."""

    edge_ms: int
    function_id: int
    id: int
    within: int


_ChunkRow = tuple[int, int, int, int]  # its fields, as SQLite has them


@dataclass(slots=True)
class SearchProgress:
    """How many lines of the span were examined or ruled out so far.

    ``go_on`` is called at each chunk; the search ends when it returns False.
    """

    lines: int = 0
    go_on: Callable[[], bool] | None = None


class _Wanted:
    """The test for lines of ``[from_ms, to_ms)`` that have a text of each group of ``needs``."""

    def __init__(
        self,
        from_ms: int,
        to_ms: int,
        needs: Needs,
        ignore_case: bool,
        sign: int,
        test: Test | None,
        shape_test: Test | None,
    ) -> None:
        self.from_ms, self.to_ms, self.sign = from_ms, to_ms, sign
        self._test = test
        self._shape_test = shape_test
        self._ruled_out: set[bytes] = set()  # shapes
        self.decompress = zstandard.ZstdDecompressor().decompress
        self._ignore_case = ignore_case
        self._needs = [[text.lower() if ignore_case else text for text in need] for need in needs if all(need)]
        # A line that passes the test has a text of each group: searching for many texts would take longer than the
        # test.
        self._short_needs = [need for need in self._needs if test is None or len(need) <= _FEW_TEXTS]
        sure = [[self._surest(text) for text in need] for need in self._needs]
        self._sure = sorted((each for each in sure if all(each)), key=lambda texts: -min(map(len, texts)))
        hashes = [[places(text) for text in texts] for texts in self._sure]
        self._hashes = [each for each in hashes if all(each)]

    def _surest(self, text: str) -> bytes:
        return max((_SURE_OF_LOWER if self._ignore_case else _SURE).findall(text), key=len, default="").encode()

    def __bool__(self) -> bool:
        return bool(self._needs)

    @property
    def filtered(self) -> bool:
        """Whether chunks' filters and shapes can rule anything out."""
        return bool(self._hashes) or self._shape_test is not None

    def may_pass(self, kept: bytes) -> bool:
        """Whether a chunk with this stored filter may have a wanted line."""
        bits, packed = bits_and_shapes(kept)
        if not all(any(may_hold(bits, text) for text in texts) for texts in self._hashes):
            return False
        if self._shape_test is None or not packed:
            return True
        in_chunk = shapes(self.decompress(packed))
        if self._ruled_out.issuperset(in_chunk):
            return False
        if len(self._ruled_out) > _RULED_OUT:
            self._ruled_out.clear()
        for shape in in_chunk:
            if shape not in self._ruled_out:
                if self._shape_test(shape_text(shape)):
                    return True
                self._ruled_out.add(shape)
        return False

    def may_be_in(self, raw: bytes) -> bool:
        """Whether packed lines may have a wanted line; False is certain."""
        if not self._sure:
            return True
        if self._ignore_case:
            raw = raw.lower()
        return all(any(text in raw for text in texts) for texts in self._sure)

    def is_in_one(self, texts: msgspec.Raw) -> bool:
        """Whether an invocation has a wanted line; asked before its lines are sorted, where each is tested again."""
        return self._test is None or any(map(self.is_in, _texts(texts)))

    def is_in(self, text: str) -> bool:
        if self._short_needs:
            cased = text.lower() if self._ignore_case else text
            for need in self._short_needs:
                if not any(each in cased for each in need):
                    return False
        return self._test is None or self._test(text)


# A line or a still packed invocation, sorted by: time (an invocation's earliest possible), 0 for packed and 1 for a
# line, so that an invocation is opened before a line of the same time is yielded, and place in the order of reading.
_Entry = tuple[int, int, int, int, bytes | str, bytes | str]


def search(
    connection: sqlite3.Connection,
    from_ms: int,
    to_ms: int,
    function_ids: Sequence[int],
    contains: str,
    newest_first: bool,
    ignore_case: bool,
    looked: SearchProgress,
    needs: Needs = (),
    test: Test | None = None,
    shape_test: Test | None = None,
) -> Iterator[LogLine]:
    """Log lines of ``[from_ms, to_ms)`` over all functions in order of time, the newest first with ``newest_first``.

    A line has the text ``contains`` and a text of each group of ``needs``, and passes ``test``. ``shape_test`` returns
    False for a shape (``chunk_shapes``) none of whose lines pass. ``looked`` counts the examined lines.
    """
    sign = -1 if newest_first else 1
    wanted = _Wanted(from_ms, to_ms, [(contains,), *needs], ignore_case, sign, test, shape_test)
    heap: list[_Entry] = []
    serial = 0
    decompress = wanted.decompress
    chunks = _chunks(connection, from_ms, to_ms, function_ids, newest_first)
    for edge, function_id, identity, within, passed_by in _passing(connection, chunks, wanted):
        looked.lines += passed_by
        if looked.go_on is not None and not looked.go_on():
            return
        yield from _until(heap, wanted, looked, sign * edge)
        if identity < 0:
            continue
        content, many = connection.execute(_CONTENT, (identity,)).fetchone() or (None, 0)
        if content is None:
            continue
        raw = decompress(content)
        if within and wanted and not wanted.may_be_in(raw):
            looked.lines += many
            continue
        _, ids, packed = _chunk(raw)
        for request_id, lines in zip(ids, packed, strict=True):
            times, texts = _times(lines) if lines else ([], _NONE)
            if not times:
                continue
            inside = len(times) if within else sum(from_ms <= time < to_ms for time in times)
            if inside and wanted.may_be_in(lines) and wanted.is_in_one(texts):
                first = max(times) if newest_first else min(times)
                heapq.heappush(heap, (sign * first, 0, sign * serial, function_id, request_id, lines))
            else:
                looked.lines += inside
            serial += len(times)
    yield from _until(heap, wanted, looked, None)


def _passing(
    connection: sqlite3.Connection, rows: Sequence[_ChunkRow], wanted: _Wanted
) -> Iterator[tuple[int, int, int, bool, int]]:
    """The chunks that may have a wanted line, each with how many lines were ruled out by filters before it.

    Filters are read in blocks, the first ones small because mostly only the newest lines are wanted. Where lines are
    ruled out at the end, a last tuple with the id -1 is no chunk.
    """
    if not wanted.filtered:
        yield from (
            (edge_ms, function_id, identity, bool(within), 0) for edge_ms, function_id, identity, within in rows
        )
        return
    begin, size, passed_by = 0, _FIRST_BLOCK, 0
    while begin < len(rows):
        block = [_Chunk(*row) for row in rows[begin : begin + size]]
        marks = ", ".join("?" * len(block))
        ruled_out = {
            chunk_id: lines
            for chunk_id, bits, lines in connection.execute(
                "SELECT x.chunk_id, x.bits, c.lines FROM chunk_filters x JOIN chunks c ON c.id = x.chunk_id"
                f" WHERE x.chunk_id IN ({marks})",
                [chunk.id for chunk in block],
            )
            if not wanted.may_pass(bits)
        }
        for chunk in block:
            if chunk.within and chunk.id in ruled_out:
                passed_by += ruled_out[chunk.id]
            else:
                yield chunk.edge_ms, chunk.function_id, chunk.id, bool(chunk.within), passed_by
                passed_by = 0
        begin, size = begin + size, min(size * 4, _MOST_BLOCK)
    if passed_by:
        yield rows[-1][0], 0, -1, True, passed_by


def _until(heap: list[_Entry], wanted: _Wanted, looked: SearchProgress, edge: int | None) -> Iterator[LogLine]:
    """The wanted lines that come before ``edge``, unpacking invocations that may have one."""
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
) -> list[_ChunkRow]:
    """The chunks that touch the span, sorted by their ends, or by their beginnings if the oldest lines come first."""
    edge = "last_ms" if newest_first else "first_ms"
    marks = ", ".join("?" * len(function_ids))
    rows = connection.execute(
        f"SELECT c.{edge}, c.function_id, c.id, c.first_ms >= ? AND c.last_ms < ?"
        " FROM functions f CROSS JOIN chunks c INDEXED BY chunks_by_time"
        f" ON c.function_id = f.id AND c.first_ms < ? AND c.last_ms >= ? WHERE f.id IN ({marks})",
        (from_ms, to_ms, to_ms, from_ms, *function_ids),
    )
    return sorted(rows, reverse=newest_first)
