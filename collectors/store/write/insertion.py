"""Inserts many new rows into the table of invocations.

Binding a value takes as long as storing it. Nearly all rows are whole, succeeded, were warm starts, and have null in a
third of the columns: those values are constants of the statement, which inserts twenty rows at once.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from collectors.model.invocation_columns import Ints
from collectors.model.quantities import MEASURED, QUANTITIES
from collectors.model.records import Parts, Status
from collectors.store.integrity.cell_checksum import NULL_NUMBER, PRIME, WEIGHTS
from collectors.store.integrity.checksums import INVOCATION, number_of
from collectors.store.integrity.table_checksums import added
from collectors.store.tables.column import insert as insert_sql
from collectors.store.tables.invocations import CHECKSUMMED, INVOCATIONS
from collectors.store.write.batch_rows import Rows

_ROWS = 20  # their values are well below the 999 that old versions of SQLite bind
_COLUMNS = {column.name: column for column in INVOCATIONS}
_CONSTANT = {"parts": Parts.WHOLE, "status": int(Status.OK)}
_USUAL = ("duration_us", "billed_ms", "memory_mb", "max_memory_mb")  # nearly every REPORT has exactly these
_RARE = tuple(name for name in (*MEASURED, "error_id") if name not in _USUAL)
_BOUND = ("function_id", "start_ms", "request_id", "stream_id", *_USUAL, "end_ms", "events", "chunk_id", "sum")
_NUMBERS = tuple(name for name in _BOUND if name not in ("request_id", "chunk_id", "sum"))
_WIDTH = len(_BOUND)
_INTO = f"INSERT INTO invocations ({', '.join((*_BOUND, *_CONSTANT))}) VALUES"
_VALUES = f"({', '.join('?' * _WIDTH)}, {', '.join(map(str, _CONSTANT.values()))})"
_ONE = f"{_INTO} {_VALUES}"
_MANY = f"{_INTO} {', '.join([_VALUES] * _ROWS)}"
_ALL = insert_sql("invocations", (*INVOCATION, "sum"))


def insert(connection: sqlite3.Connection, rows: Rows, chunks: Sequence[int | None]) -> None:
    """Inserts rows that are known to be new; ``chunks`` has the chunk id of each row's lines, None without lines."""
    calm = _calm(rows)
    sums = _sums(rows, chunks)
    others = np.flatnonzero(~calm)
    if len(others):
        columns = dict(zip(INVOCATION, rows.only(others).bound(INVOCATION), strict=True))
        columns["chunk_id"] = [chunks[place] for place in others.tolist()]
        connection.executemany(_ALL, zip(*columns.values(), sums[others].tolist(), strict=True))
    places = np.flatnonzero(calm)
    bound: dict[str, Iterable[Any]] = {name: rows.numbers_of(_COLUMNS[name])[places].tolist() for name in _NUMBERS}
    bound["request_id"] = map(rows.ids.__getitem__, places.tolist())
    bound["chunk_id"] = map(chunks.__getitem__, places.tolist())
    bound["sum"] = sums[places].tolist()
    flat: list[Any] = [None] * (len(places) * _WIDTH)
    for place, name in enumerate(_BOUND):
        flat[place::_WIDTH] = bound[name]
    step = _ROWS * _WIDTH
    whole = len(flat) // step * step
    connection.executemany(_MANY, (flat[at : at + step] for at in range(0, whole, step)))
    added(connection, "invocations", len(sums), int(sums.sum()))
    connection.executemany(_ONE, (flat[at : at + _WIDTH] for at in range(whole, len(flat), _WIDTH)))


def _sums(rows: Rows, chunks: Sequence[int | None]) -> Ints:
    """The checksum of each row, as ``checksums.sum_of``; large numbers are first reduced modulo the prime."""
    ids = map(crc32, rows.ids) if set(map(type, rows.ids)) == {bytes} else map(number_of, rows.ids)  # type: ignore[arg-type]
    total = np.zeros(len(rows.ids), np.int64)
    for weight, name in zip(WEIGHTS, CHECKSUMMED, strict=False):
        if name == "request_id":
            column = np.fromiter(ids, np.int64, len(rows.ids))
        elif name == "trace_id":
            column = np.full(len(rows.ids), NULL_NUMBER)
            if rows.traces is not None:
                column = np.fromiter(map(number_of, rows.traces), np.int64, len(rows.ids))
        elif name == "chunk_id":
            column = np.fromiter((NULL_NUMBER if each is None else each for each in chunks), np.int64, len(chunks))
        else:
            known = rows.numbers_of(_COLUMNS[name])
            column = np.where(known < 0, NULL_NUMBER, known) if _COLUMNS[name].null else known
        total += weight * _small(column)
    for weight, name in zip(WEIGHTS, QUANTITIES, strict=False):
        known = rows.numbers_of(_COLUMNS[name])
        total += weight * _small(np.where(known < 0, 0, known + NULL_NUMBER))
    sums: Ints = np.fmod(total, PRIME)
    return sums


def _small(column: Ints) -> Ints:
    """Numbers reduced modulo the prime where their sum over all columns could otherwise reach 2**63."""
    if len(column) and not -PRIME < column.min() <= column.max() < PRIME:
        column = np.fmod(column, PRIME)
    return column


def _calm(rows: Rows) -> npt.NDArray[np.bool_]:
    """Which rows are whole, succeeded, and have no init, restore, error, trace or rarer value: bool [row]."""
    calm = np.ones(len(rows.ids), np.bool_)
    for name, constant in _CONSTANT.items():
        calm &= rows.numbers_of(_COLUMNS[name]) == constant
    for name in _RARE:
        calm &= rows.numbers_of(_COLUMNS[name]) < 0
    for name in _NUMBERS:
        calm &= rows.numbers_of(_COLUMNS[name]) >= 0
    if rows.traces is not None:
        calm &= np.fromiter((trace is None for trace in rows.traces), np.bool_, len(rows.ids))
    return calm
