"""A batch's invocations as columns: numbers as numpy arrays, so that they cross processes and are summed at C speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from collectors.model import Invocation

Ints = npt.NDArray[np.int64]

# The numeric fields of an Invocation. The first group always has a value; in the second -1 stands for None.
WHOLE = ("stream", "start_ms", "parts", "status", "end_ms", "events")
HOLED = (
    "duration_us",
    "billed_ms",
    "memory_mb",
    "max_memory_mb",
    "init_us",
    "restore_us",
    "billed_restore_ms",
    "error",
)
_NUMBERS = WHOLE + HOLED
_AT = {name: Invocation._fields.index(name) for name in Invocation._fields}


class Columns(msgspec.Struct, array_like=True):
    """Invocations, column by column. ``numbers`` is an int64 matrix, a row a field of ``_NUMBERS``, as bytes."""

    count: int
    numbers: bytes
    request_ids: list[Any]
    trace_ids: list[str | None] | None
    lines: list[bytes] | None

    @classmethod
    def of(cls, invocations: Sequence[Invocation]) -> "Columns":
        if not invocations:
            return cls(0, b"", [], None, None)
        columns = list(zip(*invocations, strict=True))
        numbers = np.empty((len(_NUMBERS), len(invocations)), np.int64)
        for row, name in enumerate(_NUMBERS):
            column = columns[_AT[name]]
            if name in HOLED and None in column:
                numbers[row] = _filled(column)
            else:
                numbers[row] = column
        traces = columns[_AT["trace_id"]]
        lines = columns[_AT["lines"]]
        return cls(
            len(invocations),
            numbers.tobytes(),
            list(columns[_AT["request_id"]]),
            list(traces) if any(traces) else None,
            list(lines) if any(lines) else None,
        )

    def arrays(self) -> dict[str, Ints]:
        """The numeric columns by name."""
        matrix = np.frombuffer(self.numbers, np.int64).reshape(len(_NUMBERS), self.count)
        return dict(zip(_NUMBERS, matrix, strict=True))


def _filled(column: Sequence[int | None]) -> npt.NDArray[np.float64]:
    """A column with -1 for None. Durations and sizes are far below the 2**53 that a float keeps exactly."""
    numbers = np.array(column, np.float64)
    numbers[np.isnan(numbers)] = -1
    return numbers


def with_holes(column: Ints) -> list[int | None]:
    """A column as SQLite binds it: None for -1."""
    holes = np.flatnonzero(column < 0)
    values: list[int | None] = column.tolist()
    if len(holes) == len(values):
        return [None] * len(values)
    for at in holes.tolist():
        values[at] = None
    return values


@dataclass(slots=True)
class Rows:
    """A batch's invocations with the store's ids, sorted by function and start: the order that the table has."""

    numbers: dict[str, Ints]
    ids: list[bytes | str]
    traces: list[str | None] | None
    lines: list[bytes] | None

    @classmethod
    def sorted(cls, columns: Columns, streams: Sequence[tuple[int, int]], errors: Sequence[int]) -> "Rows":
        """``streams`` and ``errors`` give the store's ids for the batch's numbers: (function, stream), and error."""
        numbers = columns.arrays()
        places = np.array(streams, np.int64)[numbers["stream"]]
        numbers["function_id"], numbers["stream"] = places[:, 0], places[:, 1]
        if errors:
            numbers["error"] = np.array([*errors, -1], np.int64)[numbers["error"]]
        rows = cls(numbers, columns.request_ids, columns.trace_ids, columns.lines)
        return rows.only(np.lexsort((numbers["start_ms"], numbers["function_id"])))

    def only(self, order: Ints) -> "Rows":
        """The rows at these places, in this order."""
        places = order.tolist()
        return Rows(
            {name: column[order] for name, column in self.numbers.items()},
            [self.ids[at] for at in places],
            None if self.traces is None else [self.traces[at] for at in places],
            None if self.lines is None else [self.lines[at] for at in places],
        )

    def bound(self) -> list[Sequence[Any]]:
        """The table's columns but the last, the chunk."""
        numbers = self.numbers
        return [
            numbers["function_id"].tolist(),
            numbers["start_ms"].tolist(),
            self.ids,
            *(numbers[name].tolist() for name in ("stream", "parts", "status")),
            *(with_holes(numbers[name]) for name in HOLED),
            self.traces if self.traces is not None else [None] * len(self.ids),
            numbers["end_ms"].tolist(),
            numbers["events"].tolist(),
        ]
