"""Many new rows into the table of invocations.

Binding a value costs as much as storing it. Nearly all rows are whole, went well and were warm, and say nothing in a
third of the columns: those are constants of their statement, which takes twenty rows at a time.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from collectors.model import Parts, Status
from collectors.store.batch_rows import Rows
from collectors.store.joining import INSERT

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
_UNSAID = ("init_us", "restore_us", "billed_restore_ms", "error")
_VALUES = f"(?, ?, ?, ?, {Parts.WHOLE}, {int(Status.OK)}, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, ?, ?, ?)"
_WIDTH = _VALUES.count("?")
_ONE = f"INSERT INTO invocations VALUES {_VALUES}"
_MANY = f"INSERT INTO invocations VALUES {', '.join([_VALUES] * _ROWS)}"


def insert(connection: sqlite3.Connection, rows: Rows, chunks: Sequence[int | None]) -> None:
    """Inserts rows that are known to be new; ``chunks`` says where the lines of each are."""
    calm = _calm(rows)
    others = np.flatnonzero(~calm)
    if len(others):
        values = zip(*rows.only(others).bound(), [chunks[at] for at in others.tolist()], strict=True)
        connection.executemany(INSERT, values)
    places = np.flatnonzero(calm)
    columns: list[Iterable[Any]] = [rows.numbers[name][places].tolist() for name in _SAID]
    columns.insert(2, map(rows.ids.__getitem__, places.tolist()))
    columns.append(map(chunks.__getitem__, places.tolist()))
    flat: list[Any] = [None] * (len(places) * _WIDTH)
    for place, column in enumerate(columns):
        flat[place::_WIDTH] = column
    step = _ROWS * _WIDTH
    whole = len(flat) // step * step
    connection.executemany(_MANY, (flat[at : at + step] for at in range(0, whole, step)))
    connection.executemany(_ONE, (flat[at : at + _WIDTH] for at in range(whole, len(flat), _WIDTH)))


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
