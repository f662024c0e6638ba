"""Pages of invocations, newest first over any number of functions, and their log lines."""

import sqlite3
from collections.abc import Sequence
from itertools import islice
from typing import Any

from collectors.model.records import Status, id_text
from collectors.store.integrity.checksums import Damaged, is_sound
from collectors.store.lines.chunks import opened, unpacked
from collectors.store.read import newest
from collectors.store.read.deep_pages import DEEP, nearer
from collectors.store.read.longest import Found, longest
from collectors.store.read.rows import InvocationRow, LogLine

_COLUMNS = (
    "i.function_id, i.start_ms, i.request_id, i.stream_id, s.name, i.status, i.duration_us, i.billed_ms, i.memory_mb,"
    " i.max_memory_mb, i.init_us, i.restore_us, i.billed_restore_ms, e.error_type, i.trace_id, i.end_ms, i.chunk_id,"
    " i.parts, i.error_id, i.events, i.sum"
)
_JOINED = "LEFT JOIN streams s ON s.id = i.stream_id LEFT JOIN errors e ON e.id = i.error_id"
_STATUS = {int(each): each for each in Status}
ORDERS = frozenset(
    {"start_ms", "duration_us", "billed_ms", "memory_mb", "max_memory_mb", "init_us", "restore_us", "status"}
)


class Pages:
    """Reads rows of invocations through one connection."""

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
        """A page, newest first. ``by_packs`` says that the functions are all of a fleet."""
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
        """In another order than time: looks at every row of the span, but for the longest."""
        if order not in ORDERS:
            raise ValueError(f"invocations cannot be ordered by {order!r}: only by {', '.join(sorted(ORDERS))}")
        if order == "duration_us" and not ascending and statuses is None:
            rows_of = longest(self._connection, from_ms, to_ms, function_ids, by_packs=by_packs)
            found = list(islice(rows_of, offset, offset + limit))
            if len(found) == limit:  # else some may have no duration: they come last
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

    def at(self, function_id: int, start_ms: int, request_id: bytes | str) -> list[InvocationRow]:
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i {_JOINED}"
            " WHERE i.function_id = ? AND i.start_ms = ? AND i.request_id = ?",
            (function_id, start_ms, request_id),
        )
        return self.records(rows.fetchall())

    def among_failed(self, low: bytes | str, high: bytes | str) -> list[InvocationRow]:
        """Failed or incomplete invocations whose id lies between two values."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM invocations i INDEXED BY invocations_not_plain {_JOINED}"
            " WHERE i.request_id BETWEEN ? AND ? AND (i.status <> 0 OR i.parts <> 3) ORDER BY i.start_ms LIMIT 100",
            (low, high),
        )
        return self.records(rows.fetchall())

    def records(self, rows: Sequence[tuple[Any, ...]]) -> list[InvocationRow]:
        """Rows with their attempts: how many failed ones of the same request and function came before, and one."""
        for row in rows:
            if not is_sound((*row[:4], row[17], *row[5:13], row[18], *row[14:16], row[19], row[16], row[20])):
                raise Damaged(f"malformed: the invocation at {row[1]} does not agree with its checksum")
        earlier: dict[tuple[int, bytes | str], list[int]] = {}
        ids = list({row[2] for row in rows})
        for at in range(0, len(ids), 500):
            some = ids[at : at + 500]
            for function_id, request_id, start_ms in self._connection.execute(
                "SELECT function_id, request_id, start_ms FROM invocations INDEXED BY invocations_not_plain"
                f" WHERE request_id IN ({', '.join('?' * len(some))}) AND (status <> 0 OR parts <> 3)",
                some,
            ):
                earlier.setdefault((function_id, request_id), []).append(start_ms)
        return [
            InvocationRow(
                row[0],
                row[1],
                id_text(row[2]),
                row[3],
                row[4],
                1 + sum([start_ms < row[1] for start_ms in earlier[row[0], row[2]]])
                if (row[0], row[2]) in earlier
                else 1,
                _STATUS[row[5]],
                *row[6:17],
            )
            for row in rows
        ]


class Lines:
    """Reads log lines through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, row: InvocationRow) -> list[LogLine]:
        """One invocation's lines, oldest first: one read."""
        if row.chunk_id is None:
            return []
        found = self._connection.execute("SELECT content FROM chunks WHERE id = ?", (row.chunk_id,)).fetchone()
        if found is None:
            return []
        for (start, request_id), packed in opened(found[0]).items():
            if start == row.start_ms and id_text(request_id) == row.request_id:
                return sorted(_lines(row.function_id, row.request_id, packed), key=lambda line: line.timestamp_ms)
        return []


def _lines(function_id: int, request_id: str, packed: bytes) -> list[LogLine]:
    return [LogLine(function_id, time, request_id, text) for time, text in unpacked(packed)]
