"""The newest invocations of many functions, or of many errors, from the last stretch of time that has enough.

The rows of each function lie together, in order of time. Counting, which stops at a limit, finds how far back a page
reaches; then only that stretch is read and sorted.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any

from collectors.model.records import Status
from collectors.store.spans import MINUTE
from collectors.store.tables.invocations import INVOCATIONS

_ENOUGH = 2  # a stretch with at most so many times the wanted rows is short enough
FAILED = frozenset(status for status in Status if status.failed)
_KEY = INVOCATIONS.key
_SPAN = "i.start_ms >= ? AND i.start_ms < ?"


@dataclass(frozen=True, slots=True)
class _Runs:
    """Rows i of invocations that lie together in order of time, for each row o of the table ``outer``."""

    outer: str
    rows: str
    of: str
    owner: str
    ties: str

    def joined(self, function_ids: Sequence[int], more: str = "") -> str:
        marks = ", ".join("?" * len(function_ids))
        return f"{self.outer} CROSS JOIN {self.rows} ON {self.of} AND {_SPAN} {more} WHERE {self.owner} IN ({marks})"


_FUNCTIONS = _Runs("functions o", "invocations i", "i.function_id = o.id", "o.id", "i.function_id")
_ERRORS = _Runs(
    "errors o", "invocations i INDEXED BY invocations_by_error", "i.error_id = o.id", "o.function_id", "i.error_id"
)


def page(
    connection: sqlite3.Connection,
    columns: str,
    more: str,
    from_ms: int,
    to_ms: int,
    function_ids: Sequence[int],
    statuses: Sequence[Status] | None,
    limit: int,
    offset: int,
    *,
    by_packs: bool = False,
) -> list[tuple[Any, ...]]:
    """``columns`` of invocations i, joined to ``more``, newest first. Failed ones are found by their error.

    ``by_packs`` says that ``function_ids`` are all functions of a fleet: then packs tell how far back the page reaches.
    """
    if not function_ids:
        return []
    failed = statuses is not None and all(each.failed for each in statuses)
    allowed = "" if statuses is None else f" AND status IN ({', '.join(str(int(each)) for each in statuses)})"
    if len(function_ids) == 1 and not failed:  # the rows of one function are in order already
        rows = connection.execute(
            f"SELECT {columns} FROM (SELECT {INVOCATIONS.column_list()} FROM invocations"
            f" WHERE function_id = ? AND start_ms >= ? AND start_ms < ?{allowed}"
            f" ORDER BY start_ms DESC, request_id DESC, stream_id DESC LIMIT ? OFFSET ?) i {more}",
            (function_ids[0], from_ms, to_ms, limit, offset),
        )
        return rows.fetchall()
    runs = _ERRORS if failed else _FUNCTIONS
    order = f"ORDER BY i.start_ms DESC, {runs.ties}, i.request_id DESC, i.stream_id DESC LIMIT ? OFFSET ?"
    if by_packs and (statuses is None or set(statuses) == FAILED):
        from collectors.store.read.page_bounds import page_start_ms

        low = page_start_ms(
            connection, "invocations" if statuses is None else "failures", from_ms, to_ms, limit + offset
        )
        if low is not None:
            sql = f"SELECT {columns} FROM {runs.joined(function_ids, more)}{allowed} {order}"
            page_rows = connection.execute(sql, (low, to_ms, *function_ids, limit, offset)).fetchall()
            if len(page_rows) == limit or low == from_ms:  # otherwise some of the counted rows were pruned
                return page_rows
    same = " AND ".join(f"i.{name} = k.{name}" for name in _KEY)
    sql = (
        f"SELECT {columns} FROM (SELECT {', '.join(f'i.{name}' for name in _KEY)} FROM {runs.joined(function_ids)}"
        f"{allowed} {order}) k"
        f" CROSS JOIN invocations i ON {same} {more}"
    )

    def since(low: int) -> list[tuple[Any, ...]]:
        return connection.execute(sql, (low, to_ms, *function_ids, limit, offset)).fetchall()

    low = _page_start_ms(connection, runs, from_ms, to_ms, function_ids, limit + offset)
    page_rows = since(low)
    # The counted rows may have other statuses: then this stretch was too short.
    return page_rows if low == from_ms or len(page_rows) == limit else since(from_ms)


def _page_start_ms(
    connection: sqlite3.Connection, runs: _Runs, from_ms: int, to_ms: int, function_ids: Sequence[int], wanted: int
) -> int:
    """A time since which there are ``wanted`` rows and not many more; ``from_ms`` where there are fewer."""
    newest = _newest(connection, runs, from_ms, to_ms, function_ids)
    if newest is None:
        return from_ms
    most = _ENOUGH * wanted
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {runs.joined(function_ids)} LIMIT {most + 1})"
    many = newest + 1 - from_ms
    few, width = 0, min(MINUTE, many)
    while True:
        (count,) = connection.execute(counted, (newest + 1 - width, to_ms, *function_ids)).fetchone()
        if count < wanted:
            if newest + 1 - width <= from_ms:
                return from_ms
            few = width
            width = max(few + 1, min(width * max(2, min(64, 2 * wanted // max(1, count))), many))
        elif count <= most or width <= 2 * max(few, 1):
            return newest + 1 - width
        else:
            many = width
            width = max(few + 1, isqrt(max(1, few) * width))


def _newest(
    connection: sqlite3.Connection, runs: _Runs, from_ms: int, to_ms: int, function_ids: Sequence[int]
) -> int | None:
    marks = ", ".join("?" * len(function_ids))
    last = f"SELECT max(i.start_ms) FROM {runs.rows} WHERE {runs.of} AND {_SPAN}"
    newest: int | None
    (newest,) = connection.execute(
        f"SELECT max(({last})) FROM {runs.outer} WHERE {runs.owner} IN ({marks})", (from_ms, to_ms, *function_ids)
    ).fetchone()
    return newest
