"""Pages of invocations, newest first over any number of functions, and their log lines."""

import sqlite3
from collections.abc import Sequence, Set
from itertools import islice
from operator import itemgetter
from typing import Any

from collectors.model.records import Status, id_text
from collectors.store.integrity.checksums import INVOCATION, Damaged, is_sound
from collectors.store.lines.chunks import opened, unpacked
from collectors.store.read import newest
from collectors.store.read.deep_pages import DEEP, nearer
from collectors.store.read.longest import Found, longest
from collectors.store.read.rows import InvocationRow, LogLine, row_maker

_READ = (*INVOCATION, "sum", "stream", "error_type")  # the columns that its checksum covers, then joined ones
_COLUMNS = ", ".join((*(f"i.{name}" for name in (*INVOCATION, "sum")), "s.name", "e.error_type"))
_JOINED = "LEFT JOIN streams s ON s.id = i.stream_id LEFT JOIN errors e ON e.id = i.error_id"
_STATUS = {int(status): status for status in Status}
_MOST_IDS = 500  # ids in one query: SQLite binds 999 values
_invocation_row = row_maker(InvocationRow, _READ, computed=("request_id", "attempt", "status"))
_request_of = itemgetter(*map(_READ.index, ("function_id", "start_ms", "request_id", "status")))
ORDERS = frozenset(
    {"start_ms", "duration_us", "billed_ms", "memory_mb", "max_memory_mb", "init_us", "restore_us", "status"}
)


class Pages:
    """Reads invocations through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def newest(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Sequence[int],
        statuses: Sequence[Status] | None,
        limit: int,
        offset: int,
        *,
        by_packs: bool = False,
    ) -> list[InvocationRow]:
        """A page, newest first. ``by_packs`` says that ``function_ids`` are all functions of a fleet."""
        connection = self._connection
        if offset > DEEP and statuses is None:
            to_ms, offset = nearer(connection, from_ms, to_ms, function_ids, offset)
        span = from_ms, to_ms, function_ids, statuses, limit, offset
        return self.records(newest.page(connection, _COLUMNS, _JOINED, *span, by_packs=by_packs))

    def sorted(
        self,
        from_ms: int,
        to_ms: int,
        function_ids: Sequence[int],
        statuses: Sequence[Status] | None,
        order: str,
        ascending: bool,
        limit: int,
        offset: int,
        *,
        by_packs: bool = False,
    ) -> list[InvocationRow]:
        """A page in another order than time; reads every row of the span, except for the longest invocations first."""
        if order not in ORDERS:
            raise ValueError(f"invocations cannot be ordered by {order!r}: only by {', '.join(sorted(ORDERS))}")
        if order == "duration_us" and not ascending and statuses is None:
            rows_of = longest(self._connection, from_ms, to_ms, function_ids, by_packs=by_packs)
            found = list(islice(rows_of, offset, offset + limit))
            if len(found) == limit:  # otherwise some of the page have no duration: those come last
                return self.records([row for key in found for row in self._of(key)])
        marks = ", ".join("?" * len(function_ids))
        allowed = ", ".join(str(int(each)) for each in (Status if statuses is None else statuses))
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i {_JOINED} WHERE i.function_id IN ({marks})"
            f" AND i.status IN ({allowed}) AND i.start_ms >= ? AND i.start_ms < ?"
            f" ORDER BY i.{order} {'ASC' if ascending else 'DESC'} NULLS LAST, i.start_ms DESC LIMIT ? OFFSET ?",
            (*function_ids, from_ms, to_ms, limit, offset),
        )
        return self.records(rows.fetchall())

    def _of(self, key: Found) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i {_JOINED}"
            " WHERE i.function_id = ? AND i.start_ms = ? AND i.request_id = ? AND i.stream_id = ?",
            key,
        ).fetchall()

    def starting_at(self, function_id: int, start_ms: int, request_id: bytes | str) -> list[InvocationRow]:
        """Invocations of one request that began in that millisecond, in any stream."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i {_JOINED}"
            " WHERE i.function_id = ? AND i.start_ms = ? AND i.request_id = ?",
            (function_id, start_ms, request_id),
        )
        return self.records(rows.fetchall())

    def among_failed(self, low: bytes | str, high: bytes | str) -> list[InvocationRow]:
        """The first 100 failed or incomplete invocations with ids from ``low`` to ``high``, both included."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i INDEXED BY invocations_not_plain {_JOINED}"
            " WHERE i.request_id BETWEEN ? AND ? AND (i.status <> 0 OR i.parts <> 3) ORDER BY i.start_ms LIMIT 100",
            (low, high),
        )
        return self.records(rows.fetchall())

    def records(self, rows: Sequence[tuple[Any, ...]]) -> list[InvocationRow]:
        """Rows as records, with ``attempt``. Raises Damaged where a row does not agree with its checksum."""
        for *stored, checksum, _, _ in rows:
            if not is_sound(stored, checksum):
                start_ms = stored[INVOCATION.index("start_ms")]
                raise Damaged(f"malformed: the invocation at {start_ms} does not agree with its checksum")
        keys = list(map(_request_of, rows))
        failed = self._failed_starts({request_id for _, _, request_id, _ in keys})
        records = []
        for row, (function_id, start_ms, request_id, status) in zip(rows, keys, strict=True):
            earlier = failed.get((function_id, request_id), ())
            attempt = 1 + sum([each < start_ms for each in earlier]) if earlier else 1
            records.append(_invocation_row(row, id_text(request_id), attempt, _STATUS[status]))
        return records

    def _failed_starts(self, request_ids: Set[bytes | str]) -> dict[tuple[int, bytes | str], list[int]]:
        """When failed or incomplete invocations of these requests began (epoch ms), by function id and request id."""
        failed: dict[tuple[int, bytes | str], list[int]] = {}
        ids = list(request_ids)
        for begin in range(0, len(ids), _MOST_IDS):
            some = ids[begin : begin + _MOST_IDS]
            for function_id, request_id, start_ms in self._connection.execute(
                "SELECT function_id, request_id, start_ms FROM invocations INDEXED BY invocations_not_plain"
                f" WHERE request_id IN ({', '.join('?' * len(some))}) AND (status <> 0 OR parts <> 3)",
                some,
            ):
                failed.setdefault((function_id, request_id), []).append(start_ms)
        return failed


class InvocationLines:
    """Reads log lines through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, row: InvocationRow) -> list[LogLine]:
        """One invocation's lines, oldest first; [] where they were not stored or were pruned."""
        if row.chunk_id is None:
            return []
        stored = self._connection.execute("SELECT content FROM chunks WHERE id = ?", (row.chunk_id,)).fetchone()
        if stored is None:
            return []
        for (start, request_id), packed in opened(stored[0]).items():
            if start == row.start_ms and id_text(request_id) == row.request_id:
                return sorted(_lines(row.function_id, row.request_id, packed), key=lambda line: line.timestamp_ms)
        return []


def _lines(function_id: int, request_id: str, packed: bytes) -> list[LogLine]:
    return [LogLine(function_id, time, request_id, text) for time, text in unpacked(packed)]
