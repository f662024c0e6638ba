"""The one writer: a batch goes in whole, in one transaction, or not at all, and a second time adds nothing.

Most rows of a collection are new, whole and later than all that is known of their function; they are written in
bulk. The few that may meet another row (repeats, fragments, late ones) go one by one through the ``Joiner``.
"""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.model import Batch, Function, LooseLines, MetricPoint, Parts, Reject, Status
from collectors.store import cells
from collectors.store.joining import INSERT, Joiner
from collectors.store.lines import RAW_BYTES, Chunks, flat, opened, packed_lines, sealed
from collectors.store.names import Names
from collectors.store.request_index import RequestIndex
from collectors.store.schema import GRAINS

MINUTE_MS = GRAINS["minute_cells"]
KEPT_REJECTS = 10_000  # texts of rejects that a store keeps; beyond, they are only counted

# Columns of a batch's row (collectors.model.Invocation): the first three become ids, the last two the lines.
_SLOT, _START, _REQUEST, _PARTS, _STATUS = range(5)
_ERROR = 12
_EVENTS, _LINES = 15, 16

_THERE = "SELECT 1 FROM invocations WHERE function_id = ? AND start_ms = ? AND request_id = ?"

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Written:
    """What a batch, or all of a collection's, came to."""

    events: int = 0
    duplicates: int = 0
    invocations: int = 0
    errors: int = 0
    rejected: int = 0

    def add(self, other: "Written") -> None:
        self.events += other.events
        self.duplicates += other.duplicates
        self.invocations += other.invocations
        self.errors += other.errors
        self.rejected += other.rejected


class Writer:
    """Writes batches through a connection from ``collectors.store.open.writing``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._names = Names(connection)
        self._chunks = Chunks(connection)
        self._joiner = Joiner(connection, self._chunks)
        self._requests = RequestIndex(connection)
        self._known_until: dict[int, int] = {}

    def write(self, batch: Batch) -> Written:
        """Writes a batch. Raises sqlite3.Error with nothing of it written; the writer is not used after that."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            written = self._write(batch)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        return written

    def _write(self, batch: Batch) -> Written:
        written = Written(batch.events, batch.duplicates, rejected=len(batch.rejects))
        streams = self._names.streams(batch.streams)
        for function in batch.functions:
            self._names.configure(function)
        if batch.invocations:
            self._invocations(batch, streams, written)
        for loose in batch.loose:
            written.duplicates += self._loose(loose, *streams[loose.stream])
        self._rejects(batch.rejects)
        return written

    def _invocations(self, batch: Batch, streams: Sequence[tuple[int, int]], written: Written) -> None:
        errors = self._names.errors(batch.errors)
        places = np.array(streams, np.int64)
        slots = np.fromiter((row[_SLOT] for row in batch.invocations), np.int64, len(batch.invocations))
        starts = np.fromiter((row[_START] for row in batch.invocations), np.int64, len(slots))
        function_ids = places[slots, 0]
        order = np.lexsort((starts, function_ids))
        rows = [batch.invocations[index] for index in order.tolist()]
        function_ids, starts, stream_ids = function_ids[order], starts[order], places[slots[order], 1]
        plain = self._plain(rows, function_ids, starts)
        late = np.flatnonzero(~plain).tolist()
        ids, stream_list = function_ids.tolist(), stream_ids.tolist()
        careful = [
            (
                (ids[at], starts_at, row[_REQUEST], stream_list[at], *row[_PARTS:_ERROR], *_error(row, errors), None),
                row[_LINES],
            )
            for at, starts_at, row in ((at, rows[at][_START], rows[at]) for at in late)
        ]
        if late:
            kept = np.flatnonzero(plain)
            rows = [rows[index] for index in kept.tolist()]
            function_ids, starts, stream_ids = function_ids[kept], starts[kept], stream_ids[kept]
        dirty: set[tuple[int, int]] = set()
        anew: set[tuple[int, int]] = set()
        if rows:
            self._bulk(rows, function_ids, starts, stream_ids, errors, dirty)
            written.invocations += len(rows)
            written.errors += sum(Status.OK < row[_STATUS] < Status.UNKNOWN for row in rows)
        self._join(careful, written, anew)
        if anew:
            cells.recount(self._connection, _spans(anew))
        cells.carry_up(self._connection, dirty | anew)

    def _plain(self, rows: Sequence[Any], function_ids: Ints, starts: Ints) -> npt.NDArray[np.bool_]:
        """Which rows are surely new: whole, later than all known of their function, no fragment of theirs stored."""
        functions, firsts = np.unique(function_ids, return_index=True)
        until = np.array([self._known(int(each)) for each in functions], np.int64)
        sizes = np.diff(np.append(firsts, len(function_ids)))
        plain: npt.NDArray[np.bool_] = starts > np.repeat(until, sizes)
        parts = np.fromiter((row[_PARTS] for row in rows), np.int64, len(rows))
        plain &= parts == Parts.WHOLE
        if self._joiner.fragments:
            fragments = self._joiner.fragments
            plain &= np.fromiter((row[_REQUEST] not in fragments for row in rows), np.bool_, len(rows))
        once = np.ones(len(rows), np.bool_)
        once[1:] = (np.diff(starts) != 0) | (np.diff(function_ids) != 0) | _differs(rows)
        plain &= once
        for at in np.flatnonzero(~plain & once & (parts == Parts.WHOLE)).tolist():
            request_id = rows[at][_REQUEST]
            if request_id not in self._joiner.fragments:
                place = (int(function_ids[at]), rows[at][_START], request_id)
                plain[at] = self._connection.execute(_THERE, place).fetchone() is None
        return plain

    def _known(self, function_id: int) -> int:
        known = self._known_until.get(function_id)
        if known is None:
            (last,) = self._connection.execute(
                "SELECT max(start_ms) FROM invocations WHERE function_id = ?", (function_id,)
            ).fetchone()
            known = self._known_until[function_id] = -1 if last is None else last
        return known

    def _bulk(
        self,
        rows: Sequence[Any],
        function_ids: Ints,
        starts: Ints,
        stream_ids: Ints,
        errors: Sequence[int],
        dirty: set[tuple[int, int]],
    ) -> None:
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        if errors:
            columns[_ERROR] = [None if each is None else errors[each] for each in columns[_ERROR]]
        chunk_ids = self._lines(columns, function_ids, starts)
        functions = function_ids.tolist()
        self._connection.executemany(
            INSERT, zip(functions, columns[1], columns[2], stream_ids.tolist(), *columns[3:16], chunk_ids, strict=True)
        )
        self._requests.add(columns[_REQUEST], function_ids, starts)
        measures = cells.of_invocations([functions, columns[1], *columns[3:7], *columns[7:11]])
        until = self._known_until
        fresh: list[tuple[Any, ...]] = []
        more: list[tuple[Any, ...]] = []
        for cell in cells.folded(measures, MINUTE_MS):
            dirty.add((cell[0], cell[1]))
            (more if cell[1] <= until[cell[0]] else fresh).append(cell)
        cells.insert(self._connection, "minute_cells", fresh)
        cells.add(self._connection, more)
        self._count_errors(functions, columns)
        lasts = np.flatnonzero(np.append(np.diff(function_ids) != 0, True))
        for function_id, last in zip(function_ids[lasts].tolist(), starts[lasts].tolist(), strict=True):
            until[function_id] = max(until[function_id], last)

    def _count_errors(self, functions: Sequence[int], columns: Sequence[Sequence[Any]]) -> None:
        counts: Counter[tuple[int, int, int]] = Counter(
            (functions[at], columns[_START][at] // MINUTE_MS * MINUTE_MS, error)
            for at, error in enumerate(columns[_ERROR])
            if error is not None
        )
        self._connection.executemany(
            "INSERT INTO minute_cells_errors VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET occurrences = occurrences + excluded.occurrences",
            ((*place, count) for place, count in counts.items()),
        )

    def _lines(self, columns: Sequence[Sequence[Any]], function_ids: Ints, starts: Ints) -> Iterable[int | None]:
        """Writes the rows' lines as chunks; the chunk of each row."""
        packed: Sequence[bytes] = columns[_LINES]
        sizes = np.fromiter(map(len, packed), np.int64, len(packed))
        if not sizes.any():
            return list(repeat(None, len(packed)))
        filled = np.cumsum(sizes) // RAW_BYTES
        firsts = np.concatenate(([0], np.flatnonzero((np.diff(function_ids) != 0) | (np.diff(filled) != 0)) + 1))
        edges = [*firsts.tolist(), len(packed)]
        (last_id,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
        ends, events = np.array(columns[14], np.int64), np.array(columns[_EVENTS], np.int64)
        self._connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, NULL, ?, ?, ?, ?)",
            (
                (
                    number,
                    int(function_ids[low]),
                    int(starts[low]),
                    int(ends[low:high].max()),
                    int(events[low:high].sum()),
                    sealed(columns[_START][low:high], columns[_REQUEST][low:high], packed[low:high]),
                )
                for number, (low, high) in enumerate(pairwise(edges), last_id + 1)
            ),
        )
        chunk_ids: list[int] = np.repeat(np.arange(len(firsts)) + last_id + 1, np.diff(edges)).tolist()
        return chunk_ids

    def _join(self, careful: Sequence[tuple[Any, bytes]], written: Written, anew: set[tuple[int, int]]) -> None:
        added: list[tuple[bytes | str, int, int]] = []
        for row, lines in careful:
            joined = self._joiner.join(row, lines)
            written.duplicates += joined.known_events
            if joined.new:
                written.invocations += 1
                written.errors += Status(row[5]).failed
            for function_id, start in joined.changed:
                anew.add((function_id, start // MINUTE_MS * MINUTE_MS))
                added.append((row[2], function_id, start))
                self._known_until[function_id] = max(self._known_until[function_id], start)
        if added:
            ids, function_ids, starts = zip(*added, strict=True)
            self._requests.add(ids, np.array(function_ids, np.int64), np.array(starts, np.int64))

    def _loose(self, loose: LooseLines, function_id: int, stream_id: int) -> int:
        """Keeps lines outside invocations that are not there yet; returns how many were."""
        if not loose.lines:
            return 0
        have = self._connection.execute(
            "SELECT content FROM chunks WHERE loose_stream_id = ? AND first_ms <= ? AND last_ms >= ?",
            (stream_id, loose.last_ms, loose.first_ms),
        ).fetchall()
        mine = flat(loose.lines)
        known: set[tuple[int | str, ...]] = set()
        for (content,) in have:
            for each in opened(content).values():
                theirs = flat(each)
                known.update(zip(theirs[0::3], theirs[1::3], theirs[2::3], strict=True))
        new = [line for line in zip(mine[0::3], mine[1::3], mine[2::3], strict=True) if line not in known]
        if new:
            lines = packed_lines(new) if known else loose.lines
            self._chunks.add(function_id, (loose.first_ms, ""), lines, stream_id)
        return len(mine) // 3 - len(new)

    def _rejects(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        (kept,) = self._connection.execute("SELECT count(*) FROM rejects").fetchone()
        self._connection.executemany(
            "INSERT OR IGNORE INTO rejects VALUES (?, ?, ?, ?, ?)",
            (
                (_mark(each), each.source, each.line, each.reason, each.text[:2000])
                for each in rejects[: max(0, KEPT_REJECTS - kept)]
            ),
        )

    def configure(self, functions: Iterable[Function]) -> int:
        """Keeps functions and their configuration; returns how many."""
        count = 0
        self._connection.execute("BEGIN IMMEDIATE")
        for function in functions:
            self._names.configure(function)
            count += 1
        self._connection.execute("COMMIT")
        return count

    def measure(self, points: Iterable[MetricPoint]) -> int:
        """Keeps metric points, the latest reading of a bin standing; returns how many."""
        rows = [
            (self._names.function(each.function), each.metric, each.stat, each.period_s, each.start_ms, each.value)
            for each in points
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")
        return len(rows)


def _error(row: Any, errors: Sequence[int]) -> tuple[Any, ...]:
    """A row's columns from the error on, the error as the store numbers it."""
    return (None if row[_ERROR] is None else errors[row[_ERROR]], *row[_ERROR + 1 : _LINES])


def _differs(rows: Sequence[Any]) -> npt.NDArray[np.bool_]:
    """Whether each row but the first has another request id than the one before it."""
    return np.fromiter((one[_REQUEST] != other[_REQUEST] for one, other in pairwise(rows)), np.bool_, len(rows) - 1)


def _spans(minutes: set[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Runs of neighbouring minutes as spans, so that each run is one read."""
    spans: list[tuple[int, int, int]] = []
    for function_id, start in sorted(minutes):
        if spans and spans[-1][0] == function_id and spans[-1][2] == start:
            spans[-1] = (function_id, spans[-1][1], start + MINUTE_MS)
        else:
            spans.append((function_id, start, start + MINUTE_MS))
    return spans


def _mark(reject: Reject) -> bytes:
    """A reject's identity: the same line of the same source, imported again, is the same reject."""
    text = f"{reject.source}\0{reject.line}\0{reject.reason}\0{reject.text}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()
