"""Joins new pieces of invocations to stored ones: repeats add nothing, pieces complete each other, in any order."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from collectors.model.quantities import FIGURES, QUANTITIES
from collectors.model.records import EXIT_TYPES, Parts, Status
from collectors.store.lines.chunks import Chunks, union
from collectors.store.request_index import places
from collectors.store.write.name_ids import NameIds
from collectors.store.write.stored_invocation import (
    WHERE_KEY,
    StoredInvocation,
    delete,
    figures_of,
    insert,
    select,
)

LONGEST_MS = 16 * 60 * 1000  # an invocation lasts 15 minutes at most; pieces further apart are of two attempts
RETRIED_MS = 50_000  # Lambda waits a minute before a retry: a REPORT that begins later belongs to the next attempt
_BY_REQUEST = "WHERE request_id = ? AND (status <> 0 OR parts <> 3)"
_AT = "WHERE function_id = ? AND start_ms = ? AND request_id = ?"


@dataclass(slots=True)
class Joined:
    """What happened to one row: whether it is new, how many of its events were stored before, and what it changed.

    ``changed`` are (function id, start) of invocations, that of the row itself last. ``refused_events`` are events of a
    row that ``only_known`` refused.
    """

    new: bool
    known_events: int
    changed: list[tuple[int, int]]
    refused_events: int = 0


class Joiner:
    """Writes rows that may match stored ones: repeats, pieces, and whole rows of which pieces came before."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        chunks: Chunks,
        names: NameIds,
        fingerprint: Callable[[str, str], str],
        family: Callable[[str, str], str],
    ) -> None:
        self._connection = connection
        self._chunks = chunks
        self._names = names
        self._fingerprint = fingerprint
        self._family = family
        self.fragments: set[bytes | str] = {
            request_id
            for (request_id,) in connection.execute(
                "SELECT request_id FROM invocations INDEXED BY invocations_not_plain"
                " WHERE parts <> 3 AND (status <> 0 OR parts <> 3)"
            )
        }

    def join(self, row: StoredInvocation, lines: bytes, *, only_known: bool = False) -> Joined:
        """Writes a row or joins it to its match; it has no chunk yet. ``only_known`` refuses a row without a match."""
        old = self._match(row)
        if old is None:
            if only_known:
                return Joined(False, 0, [], row.events)
            return self._add(row, lines)
        added, chunk_id, merged_lines = 0, old.chunk_id, b""
        if lines:
            before = self._chunks.of(chunk_id).get(old.place, b"") if chunk_id else b""
            merged_lines, added = union(before, lines) if before else (lines, row.events)
        merged = _merged(old, row, added if lines else None, self._common_error(old, row))
        if replace(merged, events=old.events) == old and not added:
            return Joined(False, row.events, [])
        if merged_lines and (added or merged.start_ms != old.start_ms):
            if chunk_id and self._chunks.of(chunk_id):
                self._chunks.rewrite(chunk_id, old.place, merged.place, merged_lines)
            else:
                chunk_id = self._chunks.add(merged.function_id, merged.place, merged_lines)
        delete(self._connection, old)
        insert(self._connection, replace(merged, chunk_id=chunk_id))
        if merged.is_whole:
            self.fragments.discard(merged.request_id)
        known = row.events - (merged.events - old.events)
        changed = [(old.function_id, old.start_ms), (merged.function_id, merged.start_ms)]
        return Joined(False, max(known, 0), changed)

    def _common_error(self, old: StoredInvocation, new: StoredInvocation) -> int | None:
        """The error of two failed pieces: REPORT's type and the printed message, as for a whole invocation.

        Where REPORT only says that the process ended, the type is the printed one. None where a piece is whole or has
        no error: then the other's error holds.
        """
        if None in (old.error_id, new.error_id) or old.is_whole or new.is_whole:
            return None
        reported, other = (new, old) if new.parts & Parts.REPORT else (old, new)
        sql = "SELECT error_type, message FROM errors WHERE id = ?"
        error_type, message = self._connection.execute(sql, (reported.error_id,)).fetchone()
        printed_type, printed = self._connection.execute(sql, (other.error_id,)).fetchone()
        if error_type in EXIT_TYPES and printed_type not in EXIT_TYPES:
            error_type, message = printed_type, printed
        message = message or printed
        mark, family = self._fingerprint(error_type, message), self._family(error_type, message)
        return self._names.error(old.function_id, mark, error_type, message, family)

    def _add(self, row: StoredInvocation, lines: bytes) -> Joined:
        chunk_id = self._chunks.add(row.function_id, row.place, lines) if lines else None
        insert(self._connection, replace(row, chunk_id=chunk_id))
        if not row.is_whole:
            self.fragments.add(row.request_id)
        return Joined(True, 0, [(row.function_id, row.start_ms)])

    def _match(self, row: StoredInvocation) -> StoredInvocation | None:
        """The stored row of the same invocation, or of a piece of it; the nearest in time of several."""
        for same in select(self._connection, WHERE_KEY, row.key):
            return same
        if row.is_whole and row.request_id not in self.fragments:
            return None
        candidates = select(self._connection, _BY_REQUEST, (row.request_id,))
        if not row.is_whole:
            for function_id, start_ms in places(self._connection, row.request_id):
                candidates += select(self._connection, _AT, (function_id, start_ms, row.request_id))
        fitting = [candidate for candidate in candidates if _fits(candidate, row)]
        return min(fitting, key=lambda candidate: abs(candidate.start_ms - row.start_ms), default=None)


def _fits(old: StoredInvocation, new: StoredInvocation) -> bool:
    """Whether two pieces can be of one invocation: same stream, no two different STARTs or REPORTs, near in time.

    A START and a REPORT belong to one attempt when START is before REPORT's end, and no retry fits in before REPORT's
    beginning.
    """
    if (old.function_id, old.stream_id) != (new.function_id, new.stream_id):
        return False
    both = old.parts & new.parts
    if both & Parts.START and old.start_ms != new.start_ms:
        return False
    if both & Parts.REPORT and not _same_report(old, new):
        return False
    if old.parts ^ new.parts == Parts.WHOLE and old.parts and new.parts:
        started, reported = (old, new) if old.parts & Parts.START else (new, old)
        if not reported.start_ms - RETRIED_MS <= started.start_ms <= reported.end_ms + 1000:
            return False
    return new.start_ms - LONGEST_MS <= old.end_ms and old.start_ms - LONGEST_MS <= new.end_ms


def _same_report(old: StoredInvocation, new: StoredInvocation) -> bool:
    """Whether two REPORTs have the same figures; figures that an earlier version did not read are no difference."""
    later = ((getattr(old, name), getattr(new, name)) for name in QUANTITIES)
    return figures_of(old) == figures_of(new) and all(None in pair or len(set(pair)) == 1 for pair in later)


def _merged(
    old: StoredInvocation, new: StoredInvocation, added: int | None, common_error: int | None
) -> StoredInvocation:
    """One row from two pieces: START's time is the start, REPORT's figures are the figures, any failure stays.

    ``added`` is how many events of the new piece were not stored; None when lines are not stored, so nobody knows.
    """
    starts = [piece for piece in (old, new) if piece.parts & Parts.START]
    reports = [piece for piece in (old, new) if piece.parts & Parts.REPORT]
    begins = starts or reports or sorted((old, new), key=lambda piece: piece.start_ms)
    status, error_id = _verdict(old, new)
    parts = old.parts | new.parts
    if added is None:
        added = new.events if parts != old.parts else 0
    sources = reports or [old]
    measured = {name: getattr(sources[0], name) for name in FIGURES}
    for name in QUANTITIES:  # reading a REPORT again gives what an earlier version did not read
        measured[name] = next((value for piece in sources if (value := getattr(piece, name)) is not None), None)
    return replace(
        old,
        start_ms=begins[0].start_ms,
        parts=parts,
        status=status,
        error_id=error_id if common_error is None else common_error,
        trace_id=old.trace_id or new.trace_id,
        end_ms=max(old.end_ms, new.end_ms),
        events=old.events + added,
        **measured,
    )


def _verdict(old: StoredInvocation, new: StoredInvocation) -> tuple[int, int | None]:
    """Status and error of two pieces: those of a whole one, else REPORT's status with the error that was printed."""
    pieces = sorted((new, old), key=lambda piece: (piece.parts, piece.events), reverse=True)
    failed = [piece for piece in pieces if Status(piece.status).failed]
    if not failed:
        return int(Status.OK if (old.parts | new.parts) & Parts.REPORT else Status.UNKNOWN), None
    worst = failed[0]
    if not worst.is_whole:
        worst = [piece for piece in failed if piece.status == worst.status][-1]
    return worst.status, worst.error_id
