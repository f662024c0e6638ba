"""The store's writer: each batch is written whole or not at all, many in one transaction; a repeat adds nothing.

Most rows of a collection are new, whole and later than every stored row of their function; they are written in bulk.
The few that may match a stored row (repeats, pieces, late ones) go one by one through the ``Joiner``.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collectors.model.clock import now_ms
from collectors.model.invocation_columns import Batch
from collectors.model.records import Function, MetricPoint, Parts, Reject, Status
from collectors.model.units import MINUTE_MS
from collectors.store.lines.chunks import Chunks
from collectors.store.pruned_until import LINES_LATE_MS, REPORTED_LATE_MS, kept_of_all
from collectors.store.request_index import RequestIndex
from collectors.store.rollups import cells
from collectors.store.tables.ledger import REJECTS
from collectors.store.transactions import commit_checked, undo
from collectors.store.write import metrics
from collectors.store.write.batch_rows import Rows
from collectors.store.write.emf_counts import EmfCounts
from collectors.store.write.emf_counts import Read as ReadEmf
from collectors.store.write.joining import Joiner
from collectors.store.write.name_ids import NameIds
from collectors.store.write.new_rows import NewRows, of_each_function
from collectors.store.write.orphan_lines import OrphanLineWriter
from collectors.store.write.pattern_counts import Kinds, PatternCounts
from collectors.store.write.stored_invocation import COLUMNS, StoredInvocation
from collectors.store.write.unmatched_invocations import NO_PARTS, UnmatchedInvocations

COMMIT_ROWS = 80_000
COMMIT_BYTES = 24 << 20  # of packed lines
KEPT_REJECTS = 10_000  # rejects that are stored with their texts; further ones are only counted

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Written:
    """What a batch, or all batches of a collection, added."""

    events: int = 0
    duplicates: int = 0
    invocations: int = 0
    errors: int = 0
    rejected: int = 0
    pruned: int = 0  # events that are older than what was pruned of their function

    def add(self, other: "Written") -> None:
        """Adds the counts of another batch."""
        self.events += other.events
        self.duplicates += other.duplicates
        self.invocations += other.invocations
        self.errors += other.errors
        self.rejected += other.rejected
        self.pruned += other.pruned


class Writer:
    """Writes batches through a connection from ``collectors.store.connection.writing``."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        fingerprint: Callable[[str, str], str],
        family: Callable[[str, str], str] = lambda error_type, message: "",
        kinds: Kinds | None = None,
        read_emf: ReadEmf | None = None,
    ) -> None:
        """``fingerprint`` and ``family`` name an error by its type and message, when it came in two pieces.

        ``kinds`` groups lines by pattern; without it they are not counted. ``read_emf`` finds the metrics in lines.
        """
        self._connection = connection
        self._names = NameIds(connection)
        self._patterns = PatternCounts(connection, kinds)
        self._emf = EmfCounts(connection, self._names, read_emf)
        self._chunks = Chunks(connection, self._patterns, self._emf)
        self._orphans = OrphanLineWriter(connection, self._chunks)
        self._unmatched = UnmatchedInvocations(connection, self._chunks, self._orphans)
        self._joiner = Joiner(connection, self._chunks, self._names, fingerprint, family)
        self._requests = RequestIndex(connection)
        self._waiting: list[Rows] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._written = Written()
        self._total = Written()
        self._pruned = kept_of_all(connection)
        self._new_rows = NewRows(connection, self._chunks, self._patterns, self._emf, self._requests, self._pruned)
        self._collection: int | None = None

    @property
    def names(self) -> NameIds:
        """The ids of functions, streams and errors in this store."""
        return self._names

    def begin(self, source: str) -> int:
        """Adds this collection to the ledger, which every commit updates; returns its id."""
        cursor = self._connection.execute(
            "INSERT INTO collections (source, started_ms) VALUES (?, ?)", (source, now_ms())
        )
        self._collection = int(cursor.lastrowid or 0)
        return self._collection

    def _account(self, written: Written) -> None:
        if self._collection is not None:
            self._connection.execute(
                "UPDATE collections SET ended_ms = ?, events = events + ?, duplicates = duplicates + ?,"
                " invocations = invocations + ?, errors = errors + ?, rejected = rejected + ?, pruned = pruned + ?"
                " WHERE id = ?",
                (
                    now_ms(),
                    written.events,
                    written.duplicates,
                    written.invocations,
                    written.errors,
                    written.rejected,
                    written.pruned,
                    self._collection,
                ),
            )

    def add(self, batch: Batch) -> None:
        """Takes in a batch; commits when there are enough rows, because small transactions take twice as long.

        Raises sqlite3.Error with nothing written since the last commit; the writer must not be used after that.
        """
        with self._or_nothing():
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            self._take_in(batch)
            if self._waiting_rows >= COMMIT_ROWS or self._waiting_bytes >= COMMIT_BYTES:
                self._commit()

    def flush(self) -> Written:
        """Commits what was added; returns what this writer has written in all.

        Writers that share a connection take turns: each is flushed before another adds or saves anything.
        """
        with self._or_nothing():
            if self._connection.in_transaction:
                self._commit(last=True)
            assert not self._waiting, "another writer has committed the transaction that these rows belong to"
        return self._total

    @contextlib.contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            undo(self._connection)
            self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
            self._written = Written()
            self._patterns.forget()
            self._emf.forget()
            raise

    def _take_in(self, batch: Batch) -> None:
        written = self._written
        written.add(Written(batch.events, batch.duplicates, rejected=len(batch.rejects)))
        streams = self._names.streams(batch.streams)
        for function in batch.functions:
            self._names.configure(function)
        if batch.invocations.count:
            self._waiting.append(Rows.of(batch.invocations, streams, self._names.errors(batch.errors)))
            self._waiting_rows += batch.invocations.count
            self._waiting_bytes += sum(map(len, batch.invocations.lines or ()))
        for loose in batch.loose:
            known, old = self._orphans.keep(loose, *streams[loose.stream], self._pruned.get(streams[loose.stream][0]))
            written.duplicates += known
            written.pruned += old
        self._rejects(batch.rejects)

    def _commit(self, *, last: bool = False) -> None:
        if self._waiting:
            self._invocations(Rows.together(self._waiting), self._written)
            self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0
        self._patterns.write()
        not_metrics = self._emf.write()
        self._rejects(not_metrics)
        self._written.rejected += len(not_metrics)
        if last:
            self._patterns.group()
        self._account(self._written)
        commit_checked(self._connection)
        self._connection.execute("COMMIT")
        self._total.add(self._written)
        self._written = Written()

    def _invocations(self, rows: Rows, written: Written) -> None:
        if self._pruned:
            rows = self._after_pruned(rows, written)
        written.duplicates += self._absorb_loose(rows)
        plain = self._new_rows.are_new(rows, self._joiner.fragments)
        careful = rows.only(np.flatnonzero(~plain))
        if len(careful.ids):
            rows = rows.only(np.flatnonzero(plain))
        grown: set[cells.Minute] = set()
        failed: set[cells.Minute] = set()
        if len(rows.ids):
            grown, failed = self._new_rows.write(rows)
            status = rows.numbers["status"]
            written.invocations += len(rows.ids)
            written.errors += int(((status > Status.OK) & (status < Status.UNKNOWN)).sum())
        anew = self._named_elsewhere(rows, written) | self._join(careful, written)
        if anew:
            cells.recount(self._connection, _spans(anew))
        cells.roll_up(self._connection, anew, grown, failed)

    def _after_pruned(self, rows: Rows, written: Written) -> Rows:
        """The rows without those whose time was pruned: nobody can tell whether the rollups count them already.

        A REPORT alone may place an invocation too early; ``_join`` then checks whether it matches a START.
        """
        function_ids, parts = rows.numbers["function_id"], rows.numbers["parts"]
        kept_ms = of_each_function(function_ids, {each: kept.rows_ms for each, kept in self._pruned.items()})
        old = rows.numbers["start_ms"] < kept_ms - np.where(parts == Parts.REPORT, REPORTED_LATE_MS, 0)
        written.pruned += int(rows.numbers["events"][old].sum())
        return rows.only(np.flatnonzero(~old))

    def _may_be_pruned(self, row: StoredInvocation) -> bool:
        """Whether a piece without START may belong to an invocation whose row was pruned."""
        pruned = self._pruned.get(row.function_id)
        if pruned is None or row.parts & Parts.START:
            return False
        late_ms = REPORTED_LATE_MS if row.parts & Parts.REPORT else LINES_LATE_MS
        return row.start_ms < pruned.rows_ms + late_ms

    def _lines_pruned(self, function_id: int, start_ms: int) -> bool:
        kept = self._pruned.get(function_id)
        return kept is not None and start_ms < kept.lines_ms

    def _absorb_loose(self, rows: Rows) -> int:
        """Removes lines of these invocations from the orphan lines; returns how many were there."""
        loose = self._orphans.streams
        if not loose or rows.lines is None:
            return 0
        streams = rows.numbers["stream"].tolist()
        return sum(
            self._orphans.absorb(stream, lines)
            for stream, lines in zip(streams, rows.lines, strict=True)
            if stream in loose
        )

    def _named_elsewhere(self, rows: Rows, written: Written) -> set[tuple[int, int]]:
        """Removes these invocations' lines from rows without START and REPORT; returns the minutes that changed."""
        changed: set[tuple[int, int]] = set()
        if not self._unmatched or rows.lines is None:
            return changed
        numbers = rows.numbers
        for row, (parts, lines) in enumerate(zip(numbers["parts"].tolist(), rows.lines, strict=True)):
            if parts == NO_PARTS or not lines:
                continue
            place = int(numbers["function_id"][row]), int(numbers["stream"][row])
            absorbed, minutes = self._unmatched.absorb(*place, rows.ids[row], lines)
            written.duplicates += absorbed
            changed |= {(function_id, start // MINUTE_MS * MINUTE_MS) for function_id, start in minutes}
        return changed

    def _join(self, careful: Rows, written: Written) -> set[tuple[int, int]]:
        """Writes, one by one, rows that may match stored ones; returns the minutes that this changed."""
        added: list[tuple[bytes | str, int, int]] = []
        changed: set[tuple[int, int]] = set()
        without_lines = 0
        for place, values in enumerate(zip(*careful.bound(COLUMNS), strict=True)):
            row = StoredInvocation(*values)
            lines_pruned = self._lines_pruned(row.function_id, row.start_ms)
            lines = careful.lines[place] if careful.lines and not lines_pruned else b""
            if lines and row.parts == NO_PARTS:
                events = row.events
                row, lines = self._unmatched.without_others_lines(row, lines)
                written.duplicates += events - row.events
                if not lines:
                    continue
            elif lines and self._unmatched:
                absorbed, places = self._unmatched.absorb(row.function_id, row.stream_id, row.request_id, lines)
                written.duplicates += absorbed
                changed |= places
            joined = self._joiner.join(row, lines, only_known=self._may_be_pruned(row))
            written.pruned += joined.refused_events
            written.duplicates += joined.known_events
            without_lines += 0 if careful.lines else row.events - joined.known_events
            if joined.new:
                written.invocations += 1
                written.errors += Status(row.status).failed
            for function_id, start_ms in joined.changed:
                added.append((row.request_id, function_id, start_ms))
                self._new_rows.heard_of(function_id, start_ms)
            if joined.changed and row.parts == NO_PARTS:
                self._unmatched.remember(row, start_ms)
        if without_lines:
            self._patterns.without_lines(without_lines)
        if added:
            ids, function_ids, starts = zip(*added, strict=True)
            self._requests.add(ids, np.array(function_ids, np.int64), np.array(starts, np.int64))
        changed |= {(function_id, start) for _, function_id, start in added}
        return {(function_id, start // MINUTE_MS * MINUTE_MS) for function_id, start in changed}

    def _rejects(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        (rejects_stored,) = self._connection.execute("SELECT count(*) FROM rejects").fetchone()
        self._connection.executemany(
            REJECTS.insert(instead="OR IGNORE"),
            (
                (_mark(each), each.source, each.line, each.reason, each.text[:2000])
                for each in rejects[: max(0, KEPT_REJECTS - rejects_stored)]
            ),
        )

    def configure(self, functions: Iterable[Function]) -> int:
        """Writes functions and their configuration; returns how many."""
        count = 0
        for function in functions:
            self._names.configure(function)
            count += 1
        return count

    def measure(self, points: Iterable[MetricPoint]) -> int:
        """Writes metric points, each replacing an earlier value of its bin; returns how many."""
        return metrics.keep(self._connection, self._names, points)


def _spans(minutes: set[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Joins neighbouring minutes to spans (function id, from, to), so that each is one read."""
    spans: list[tuple[int, int, int]] = []
    for function_id, start in sorted(minutes):
        of_last, begin, end = spans[-1] if spans else (-1, 0, 0)
        if (of_last, end) == (function_id, start):
            spans[-1] = (function_id, begin, start + MINUTE_MS)
        else:
            spans.append((function_id, start, start + MINUTE_MS))
    return spans


def _mark(reject: Reject) -> bytes:
    """The id of a reject: the same line of the same source has the same id whenever it is imported."""
    text = f"{reject.source}\0{reject.line}\0{reject.reason}\0{reject.text}"
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()
