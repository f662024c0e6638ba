"""Many new rows into the table of invocations.

Binding a value costs as much as storing it. Nearly all rows are whole, went well and were warm, and say nothing in a
third of the columns: those are constants of their statement, which takes twenty rows at a time.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from collectors.model.invocation_columns import HOLED
from collectors.model.records import Parts, Status
from collectors.store.integrity.cell_checksum import NOTHING, PRIME, WEIGHTS
from collectors.store.integrity.checksums import INVOCATION, number_of
from collectors.store.integrity.table_checksums import added
from collectors.store.write.batch_rows import Rows
from collectors.store.write.joining import INSERT

_ROWS = 20  # values of so many are well below the 999 that old SQLites bind
_SAID = (
    "function_id",
    "start_ms",
    "stream",
    "duration_us",
    "billed_ms",
    "memory_mb",
    "max_memory_mb",
    "end_ms",
    "events",
)
_NAMED = {"stream_id": "stream", "error_id": "error"}  # columns whose numbers have another name here
_UNSAID = ("init_us", "restore_us", "billed_restore_ms", "error")
_VALUES = f"(?, ?, ?, ?, {Parts.WHOLE}, {int(Status.OK)}, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, ?, ?, ?, ?)"
_WIDTH = _VALUES.count("?")
_ONE = f"INSERT INTO invocations VALUES {_VALUES}"
_MANY = f"INSERT INTO invocations VALUES {', '.join([_VALUES] * _ROWS)}"


def insert(connection: sqlite3.Connection, rows: Rows, chunks: Sequence[int | None]) -> None:
    """Inserts rows that are known to be new; ``chunks`` says where the lines of each are."""
    calm = _calm(rows)
    sums = _sums(rows, chunks)
    others = np.flatnonzero(~calm)
    if len(others):
        values = zip(
            *rows.only(others).bound(), [chunks[at] for at in others.tolist()], sums[others].tolist(), strict=True
        )
        connection.executemany(INSERT, values)
    places = np.flatnonzero(calm)
    columns: list[Iterable[Any]] = [rows.numbers[name][places].tolist() for name in _SAID]
    columns.insert(2, map(rows.ids.__getitem__, places.tolist()))
    columns.append(map(chunks.__getitem__, places.tolist()))
    columns.append(sums[places].tolist())
    flat: list[Any] = [None] * (len(places) * _WIDTH)
    for place, column in enumerate(columns):
        flat[place::_WIDTH] = column
    step = _ROWS * _WIDTH
    whole = len(flat) // step * step
    connection.executemany(_MANY, (flat[at : at + step] for at in range(0, whole, step)))
    added(connection, "invocations", len(sums), int(sums.sum()))
    connection.executemany(_ONE, (flat[at : at + _WIDTH] for at in range(whole, len(flat), _WIDTH)))


def _sums(rows: Rows, chunks: Sequence[int | None]) -> npt.NDArray[np.int64]:
    """``checksums.sum_of`` of each row, of which large numbers are taken modulo the prime first."""
    numbers = rows.numbers
    ids = map(crc32, rows.ids) if set(map(type, rows.ids)) == {bytes} else map(number_of, rows.ids)  # type: ignore[arg-type]
    total = np.zeros(len(rows.ids), np.int64)
    for weight, name in zip(WEIGHTS, INVOCATION, strict=True):
        if name == "request_id":
            column = np.fromiter(ids, np.int64, len(rows.ids))
        elif name == "trace_id":
            column = np.full(len(rows.ids), NOTHING)
            if rows.traces is not None:
                column = np.fromiter(map(number_of, rows.traces), np.int64, len(rows.ids))
        elif name == "chunk_id":
            column = np.fromiter((NOTHING if each is None else each for each in chunks), np.int64, len(chunks))
        else:
            known = numbers[_NAMED.get(name, name)]
            column = np.where(known < 0, NOTHING, known) if _NAMED.get(name, name) in HOLED else known
        # What is small enough need not be taken modulo the prime: of all columns the sum stays far below 2**63.
        if len(column) and not -PRIME < column.min() <= column.max() < PRIME:
            column = np.fmod(column, PRIME)
        total += weight * column
    found: npt.NDArray[np.int64] = np.fmod(total, PRIME)
    return found


def _calm(rows: Rows) -> npt.NDArray[np.bool_]:
    """Which rows are whole, went well and say nothing of an init, a restore, an error or a trace."""
    numbers = rows.numbers
    calm: npt.NDArray[np.bool_] = (numbers["parts"] == Parts.WHOLE) & (numbers["status"] == Status.OK)
    for name in _UNSAID:
        calm &= numbers[name] < 0
    for name in _SAID:
        calm &= numbers[name] >= 0
    if rows.traces is not None:
        calm &= np.fromiter((trace is None for trace in rows.traces), np.bool_, len(rows.ids))
    return calm
