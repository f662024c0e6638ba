"""Writes rows that are surely new in bulk, with their lines, request ids and minutes.

That is most rows of a collection: whole, and later than every stored row of their function.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.model.records import Parts
from collectors.model.units import MINUTE_MS
from collectors.store.lines.chunk_filters import packed_filter
from collectors.store.lines.chunks import RAW_BYTES, Chunks, sealed
from collectors.store.pruned_until import PrunedUntil
from collectors.store.request_index import RequestIndex
from collectors.store.rollups import cells
from collectors.store.rollups.measures import aggregate, key_of, of_invocations
from collectors.store.tables.cells import MINUTE_ERRORS
from collectors.store.tables.lines import CHUNK_FILTERS, CHUNKS
from collectors.store.write import insertion
from collectors.store.write.batch_rows import Rows
from collectors.store.write.emf_counts import EmfCounts
from collectors.store.write.pattern_counts import PatternCounts

Ints = npt.NDArray[np.int64]

_ASKED = 50  # keys that one query looks for
_NO_KEY = (-1, -1, -1, b"")
_THERE = (
    f"SELECT column1 FROM (VALUES {', '.join(['(?, ?, ?, ?)'] * _ASKED)}) AS asked WHERE EXISTS ("
    "SELECT 1 FROM invocations"
    " WHERE function_id = asked.column2 AND start_ms = asked.column3 AND request_id = asked.column4)"
)


class NewRows:
    """Tells new rows from those that may match stored ones, and writes them, through one writer's connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        chunks: Chunks,
        patterns: PatternCounts,
        emf: EmfCounts,
        requests: RequestIndex,
        pruned: Mapping[int, PrunedUntil],
    ) -> None:
        """``pruned`` says, by function id, up to when a function's data were pruned."""
        self._connection = connection
        self._chunks = chunks
        self._patterns = patterns
        self._emf = emf
        self._requests = requests
        self._pruned = pruned
        self._known_until: dict[int, int] = {}

    def heard_of(self, function_id: int, start_ms: int) -> None:
        """Notes that the row of a function with this start is written elsewhere."""
        self._known_until[function_id] = max(self.known_until(function_id), start_ms)

    def are_new(self, rows: Rows, fragments: Set[bytes | str]) -> npt.NDArray[np.bool_]:
        """Which rows are surely new (bool [row]): whole, without stored pieces of theirs, and not stored themselves.

        Only rows that are not later than every stored row of their function are looked for.
        """
        function_ids, starts = rows.numbers["function_id"], rows.numbers["start_ms"]
        functions, sizes = np.unique(function_ids, return_counts=True)
        until = np.array([self.known_until(int(each)) for each in functions], np.int64)
        plain: npt.NDArray[np.bool_] = starts > np.repeat(until, sizes)
        whole = rows.numbers["parts"] == Parts.WHOLE
        plain &= whole
        if fragments:
            plain &= np.fromiter((each not in fragments for each in rows.ids), np.bool_, len(rows.ids))
        same_time = np.flatnonzero((np.diff(starts) == 0) & (np.diff(function_ids) == 0)) + 1
        repeats = np.array([row for row in same_time.tolist() if rows.ids[row] == rows.ids[row - 1]], np.int64)
        plain[repeats] = False
        late = [
            at for at in np.setdiff1d(np.flatnonzero(~plain & whole), repeats).tolist() if rows.ids[at] not in fragments
        ]
        plain[late] = True
        plain[self._stored(rows, late)] = False
        return plain

    def _stored(self, rows: Rows, places: Sequence[int]) -> list[int]:
        """Which of the rows with these indices are stored."""
        function_ids, starts = rows.numbers["function_id"], rows.numbers["start_ms"]
        keys: list[tuple[int, int, int, bytes | str]] = [
            (each, int(function_ids[each]), int(starts[each]), rows.ids[each]) for each in places
        ]
        stored: list[int] = []
        for begin in range(0, len(keys), _ASKED):
            asked = keys[begin : begin + _ASKED]
            asked += [_NO_KEY] * (_ASKED - len(asked))
            stored += [place for (place,) in self._connection.execute(_THERE, tuple(chain.from_iterable(asked)))]
        return stored

    def known_until(self, function_id: int) -> int:
        """When the newest row of a function began, epoch ms; -1 where it has none."""
        known = self._known_until.get(function_id)
        if known is None:
            (last,) = self._connection.execute(
                "SELECT max(start_ms) FROM invocations WHERE function_id = ?", (function_id,)
            ).fetchone()
            known = self._known_until[function_id] = -1 if last is None else last
        return known

    def write(self, rows: Rows) -> tuple[set[cells.Minute], set[cells.Minute]]:
        """Writes new rows, their lines, ids and minutes; returns the minutes that grew, and those with errors."""
        function_ids, starts = rows.numbers["function_id"], rows.numbers["start_ms"]
        insertion.insert(self._connection, rows, self._lines(rows))
        self._requests.add(rows.ids, function_ids, starts)
        until = self._known_until
        fresh: list[tuple[Any, ...]] = []
        more: list[tuple[Any, ...]] = []
        for cell in aggregate(of_invocations(function_ids, rows.numbers), MINUTE_MS):
            function_id, start_ms = key_of(cell)
            (more if start_ms <= until[function_id] else fresh).append(cell)
        cells.insert(self._connection, "minute_cells", fresh)
        cells.add(self._connection, more)
        failed = self._count_errors(rows)
        lasts = np.flatnonzero(np.append(np.diff(function_ids) != 0, True))
        for function_id, last in zip(function_ids[lasts].tolist(), starts[lasts].tolist(), strict=True):
            until[function_id] = max(until[function_id], last)
        return {key_of(cell) for cell in (*fresh, *more)}, failed

    def _count_errors(self, rows: Rows) -> set[cells.Minute]:
        failed = np.flatnonzero(rows.numbers["error"] >= 0)
        minutes = rows.numbers["start_ms"][failed] // MINUTE_MS * MINUTE_MS
        places = Counter(
            zip(
                rows.numbers["function_id"][failed].tolist(),
                minutes.tolist(),
                rows.numbers["error"][failed].tolist(),
                strict=True,
            )
        )
        self._connection.executemany(
            f"{MINUTE_ERRORS.insert()} ON CONFLICT DO UPDATE SET occurrences = occurrences + excluded.occurrences",
            ((*place, count) for place, count in places.items()),
        )
        return {place[:2] for place in places}

    def _lines(self, rows: Rows) -> Sequence[int | None]:
        """Writes the rows' lines as chunks; returns the chunk id of each row."""
        packed = rows.lines
        if packed is None:
            self._patterns.without_lines(int(rows.numbers["events"].sum()))
            return [None] * len(rows.ids)
        for counts in (self._patterns, self._emf):
            counts.add(rows.numbers["function_id"].tolist(), packed)
        if self._pruned:
            kept_ms = {function_id: pruned.lines_ms for function_id, pruned in self._pruned.items()}
            lines_ms = of_each_function(rows.numbers["function_id"], kept_ms)
            old = rows.numbers["start_ms"] < lines_ms
            if old.any():
                return self._lines_but(rows, old)
        return self._chunked(rows, packed)

    def _lines_but(self, rows: Rows, old: npt.NDArray[np.bool_]) -> Sequence[int | None]:
        """Writes the rows' lines as ``_lines`` does, but not those of ``old`` rows, whose lines are pruned."""
        chunks: list[int | None] = [None] * len(rows.ids)
        rest_places = np.flatnonzero(~old)
        rest = rows.only(rest_places)
        if len(rest_places) and rest.lines is not None:
            for place, chunk in zip(rest_places.tolist(), self._chunked(rest, rest.lines), strict=True):
                chunks[place] = chunk
        return chunks

    def _chunked(self, rows: Rows, packed: Sequence[bytes]) -> Sequence[int]:
        function_ids, starts = rows.numbers["function_id"], rows.numbers["start_ms"].tolist()
        filled = np.cumsum(np.fromiter(map(len, packed), np.int64, len(packed))) // RAW_BYTES
        firsts = np.concatenate(([0], np.flatnonzero((np.diff(function_ids) != 0) | (np.diff(filled) != 0)) + 1))
        edges = [*firsts.tolist(), len(packed)]
        last_ms = np.maximum.reduceat(rows.numbers["end_ms"], firsts).tolist()
        events = np.add.reduceat(rows.numbers["events"], firsts).tolist()
        last_id = self._chunks.last_id()
        self._connection.executemany(
            CHUNKS.insert("id", "function_id", "first_ms", "last_ms", "lines", "content"),
            (
                (
                    last_id + 1 + chunk,
                    int(function_ids[low]),
                    starts[low],
                    last_ms[chunk],
                    events[chunk],
                    sealed(starts[low:high], rows.ids[low:high], packed[low:high]),
                )
                for chunk, (low, high) in enumerate(pairwise(edges))
            ),
        )
        self._connection.executemany(
            CHUNK_FILTERS.insert(instead="OR REPLACE"),
            ((last_id + 1 + at, packed_filter(packed[low:high])) for at, (low, high) in enumerate(pairwise(edges))),
        )
        chunk_ids: list[int] = np.repeat(np.arange(len(firsts)) + last_id + 1, np.diff(edges)).tolist()
        return chunk_ids


def of_each_function(function_ids: Ints, known: dict[int, int]) -> Ints:
    """For each row, the value that ``known`` has for its function, else 0. The rows are sorted by function."""
    functions, sizes = np.unique(function_ids, return_counts=True)
    return np.repeat(np.array([known.get(each, 0) for each in functions.tolist()], np.int64), sizes)
