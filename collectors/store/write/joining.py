"""Joining what arrives to what is there: repeats add nothing, fragments complete each other, in any order."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collectors.model.records import EXIT_TYPES, Parts, Status
from collectors.store.integrity.checksums import sum_of
from collectors.store.integrity.table_checksums import added
from collectors.store.lines.chunks import Chunks, union
from collectors.store.write.name_ids import Names
from collectors.store.write.request_index import places

# Positions in a stored row, which are the columns of the table.
FUNCTION, START, REQUEST, STREAM, PARTS, STATUS, DURATION = range(7)
ERROR, TRACE, END, EVENTS, CHUNK = 13, 14, 15, 16, 17
WIDTH = 18
LONGEST_MS = 16 * 60 * 1000  # an invocation lasts 15 minutes at most; two pieces further apart are two attempts
RETRIED_MS = 50_000  # Lambda waits a minute before it tries again: a REPORT that begins later is the next attempt's
INSERT = f"INSERT INTO invocations VALUES ({', '.join('?' * (WIDTH + 1))})"
_BY_KEY = "SELECT * FROM invocations WHERE function_id = ? AND start_ms = ? AND request_id = ? AND stream_id = ?"
_BY_REQUEST = "SELECT * FROM invocations WHERE request_id = ? AND (status <> 0 OR parts <> 3)"
_AT = "SELECT * FROM invocations WHERE function_id = ? AND start_ms = ? AND request_id = ?"

Row = tuple[Any, ...]


@dataclass(slots=True)
class Joined:
    """What became of one row: whether it is new, how many of its events were known, and the minutes it changed."""

    new: bool
    known_events: int
    changed: list[tuple[int, int]]
    refused_events: int = 0


class Joiner:
    """Writes the rows that may meet others: repeats, fragments, and whole ones whose fragments came before."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        chunks: Chunks,
        names: Names,
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

    def join(self, row: Row, lines: bytes, *, only_known: bool = False) -> Joined:
        """``row`` is as the table has it, with no chunk yet. ``only_known`` refuses it where it meets no other."""
        old = self._match(row)
        if old is None:
            if only_known:
                return Joined(False, 0, [], row[EVENTS])
            return self._add(row, lines)
        added, chunk_id, merged_lines = 0, old[CHUNK], b""
        if lines:
            before = self._chunks.of(chunk_id).get((old[START], old[REQUEST]), b"") if chunk_id else b""
            merged_lines, added = union(before, lines) if before else (lines, row[EVENTS])
        merged = _merged(old, row, added if lines else None, self._common_error(old, row))
        if merged[:EVENTS] == old[:EVENTS] and not added:
            return Joined(False, row[EVENTS], [])
        if merged_lines and (added or merged[START] != old[START]):
            key = (merged[START], merged[REQUEST])
            if chunk_id and self._chunks.of(chunk_id):
                self._chunks.rewrite(chunk_id, (old[START], old[REQUEST]), key, merged_lines)
            else:
                chunk_id = self._chunks.add(merged[FUNCTION], key, merged_lines)
        self._connection.execute(
            "DELETE FROM invocations WHERE function_id = ? AND start_ms = ? AND request_id = ? AND stream_id = ?",
            old[:4],
        )
        insert(self._connection, (*merged[:CHUNK], chunk_id))
        if merged[PARTS] == Parts.WHOLE:
            self.fragments.discard(merged[REQUEST])
        known = row[EVENTS] - (merged[EVENTS] - old[EVENTS])
        return Joined(False, max(known, 0), [(old[FUNCTION], old[START]), (merged[FUNCTION], merged[START])])

    def _common_error(self, old: Row, new: Row) -> int | None:
        """The error of two failed pieces: REPORT's type and the message that was printed, as for one whole.

        Where REPORT says no more than that the process was gone, the type is that of what was printed. None where one
        of them knows it alone.
        """
        if None in (old[ERROR], new[ERROR]) or Parts.WHOLE in (old[PARTS], new[PARTS]):
            return None
        reported, other = (new, old) if new[PARTS] & Parts.REPORT else (old, new)
        said = "SELECT error_type, message FROM errors WHERE id = ?"
        error_type, message = self._connection.execute(said, (reported[ERROR],)).fetchone()
        printed_type, printed = self._connection.execute(said, (other[ERROR],)).fetchone()
        if error_type in EXIT_TYPES and printed_type not in EXIT_TYPES:
            error_type, message = printed_type, printed
        message = message or printed
        mark, family = self._fingerprint(error_type, message), self._family(error_type, message)
        return self._names.error(old[FUNCTION], mark, error_type, message, family)

    def _add(self, row: Row, lines: bytes) -> Joined:
        chunk_id = self._chunks.add(row[FUNCTION], (row[START], row[REQUEST]), lines) if lines else None
        insert(self._connection, (*row[:CHUNK], chunk_id))
        if row[PARTS] != Parts.WHOLE:
            self.fragments.add(row[REQUEST])
        return Joined(True, 0, [(row[FUNCTION], row[START])])

    def _match(self, row: Row) -> Row | None:
        """The stored row of the same invocation, or of the piece that completes it; the nearest in time."""
        found: Row | None = self._connection.execute(_BY_KEY, row[:4]).fetchone()
        if found is not None:
            return found
        if row[PARTS] == Parts.WHOLE and row[REQUEST] not in self.fragments:
            return None
        candidates: list[Row] = self._connection.execute(_BY_REQUEST, (row[REQUEST],)).fetchall()
        if row[PARTS] != Parts.WHOLE:
            for function_id, start in places(self._connection, row[REQUEST]):
                candidates += self._connection.execute(_AT, (function_id, start, row[REQUEST])).fetchall()
        fitting = [each for each in candidates if _fits(each, row)]
        return min(fitting, key=lambda each: abs(each[START] - row[START]), default=None)


def insert(connection: sqlite3.Connection, row: Row) -> None:
    """Writes a row without its checksum, and that with it."""
    total = sum_of(row)
    connection.execute(INSERT, (*row, total))
    added(connection, "invocations", 1, total)


def _fits(old: Row, new: Row) -> bool:
    """Whether two pieces can be of one invocation: same stream, no two different STARTs or REPORTs, near in time.

    A START and a REPORT are of one attempt when START comes before REPORT's end, and no retry before its beginning.
    """
    if old[FUNCTION] != new[FUNCTION] or old[STREAM] != new[STREAM]:
        return False
    both = old[PARTS] & new[PARTS]
    if both & Parts.START and old[START] != new[START]:
        return False
    if both & Parts.REPORT and old[DURATION:ERROR] != new[DURATION:ERROR]:
        return False
    if old[PARTS] ^ new[PARTS] == Parts.WHOLE and old[PARTS] and new[PARTS]:
        started, reported = (old, new) if old[PARTS] & Parts.START else (new, old)
        if not reported[START] - RETRIED_MS <= started[START] <= reported[END] + 1000:
            return False
    return bool(new[START] - LONGEST_MS <= old[END] and old[START] - LONGEST_MS <= new[END])


def _merged(old: Row, new: Row, added: int | None, common_error: int | None) -> Row:
    """One row of two pieces. START's time is the start; REPORT's figures are the figures; any failure stands.

    ``added`` is how many of the new piece's events were not there, None when lines are not kept and so not known.
    """
    starts = [each for each in (old, new) if each[PARTS] & Parts.START]
    reports = [each for each in (old, new) if each[PARTS] & Parts.REPORT]
    start = (
        starts[0][START] if starts else (reports[0] if reports else min(old, new, key=lambda row: row[START]))[START]
    )
    figures = (reports[0] if reports else old)[DURATION:ERROR]
    status, error = _verdict(old, new)
    parts = old[PARTS] | new[PARTS]
    if added is None:
        added = new[EVENTS] if parts != old[PARTS] else 0
    return (
        old[FUNCTION],
        start,
        old[REQUEST],
        old[STREAM],
        parts,
        status,
        *figures,
        error if common_error is None else common_error,
        old[TRACE] or new[TRACE],
        max(old[END], new[END]),
        old[EVENTS] + added,
        old[CHUNK],
    )


def _verdict(old: Row, new: Row) -> tuple[int, int | None]:
    """Status and error of two pieces: a whole one's word, else REPORT's status; what printed the failure names it."""
    pieces = sorted((new, old), key=lambda row: (row[PARTS], row[EVENTS]), reverse=True)
    failed = [row for row in pieces if Status(row[STATUS]).failed]
    if not failed:
        return int(Status.OK if (old[PARTS] | new[PARTS]) & Parts.REPORT else Status.UNKNOWN), None
    told = failed[0]
    if told[PARTS] != Parts.WHOLE:
        told = [row for row in failed if row[STATUS] == told[STATUS]][-1]
    return told[STATUS], told[ERROR]
