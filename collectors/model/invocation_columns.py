"""Invocations as columns: their numbers are numpy arrays, which cross processes and are summed faster than objects."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from collectors.model.quantities import MEASURED
from collectors.model.records import ErrorKind, Function, OrphanLines, Reject, Stream

Ints = npt.NDArray[np.int64]

# The numbers of an invocation, in the order of the matrix; -1 stands for None where a figure may be unknown.
NUMBERS = (
    "stream",
    "start_ms",
    "parts",
    "status",
    "end_ms",
    "events",
    *MEASURED,
    "error",
)


class DeferredReports(msgspec.Struct, array_like=True):
    """REPORT lines that are to be parsed later, joined into one text.

    ``places`` are the rows of their invocations in ``Columns``, ``lengths`` the characters of each line: both int64
    arrays, as bytes.
    """

    places: bytes
    lengths: bytes
    text: str


class Columns(msgspec.Struct, array_like=True):
    """Invocations, column by column.

    ``numbers`` is an int64 matrix, a row a field of ``NUMBERS``, as bytes. ``stream`` and ``error`` index the batch's
    ``streams`` and ``errors``; ``parts`` is a mask of ``Parts``, ``status`` a ``Status``. A request id is the UUID's 16
    bytes, or the text itself when it is no UUID. ``start_ms`` is START's time, or REPORT's less the duration when START
    was not seen. ``events`` counts log events. ``lines`` are each the msgpack of two columns, timestamps in ms and
    messages; None when lines are not kept. ``trace_ids`` is None where no invocation has one. Until the
    ``deferred`` REPORTs are read (``collectors.columnar.deferred_reports``), figures and request ids of their
    invocations are missing.
    """

    count: int
    numbers: bytes
    request_ids: list[Any]
    trace_ids: list[str | None] | None
    lines: list[bytes] | None
    deferred: DeferredReports | None = None

    def arrays(self) -> dict[str, Ints]:
        """The numeric columns by name."""
        matrix = np.frombuffer(self.numbers, np.int64).reshape(len(NUMBERS), self.count)
        return dict(zip(NUMBERS, matrix, strict=True))


def together(parts: Sequence[Columns]) -> Columns:
    """The invocations of several ``Columns``, joined in their order."""
    if len(parts) == 1:
        return parts[0]
    counts = [part.count for part in parts]
    offsets = np.cumsum([0, *counts[:-1]])
    numbers = [np.frombuffer(part.numbers, np.int64).reshape(len(NUMBERS), part.count) for part in parts]
    traced, lined = any(part.trace_ids for part in parts), any(part.lines for part in parts)
    return Columns(
        sum(counts),
        np.concatenate(numbers, axis=1).tobytes(),
        [each for part in parts for each in part.request_ids],
        [each for part in parts for each in part.trace_ids or [None] * part.count] if traced else None,
        [each for part in parts for each in part.lines or [b""] * part.count] if lined else None,
        DeferredReports(
            np.concatenate(
                [
                    np.frombuffer(part.deferred.places, np.int64) + offset
                    for part, offset in zip(parts, offsets, strict=True)
                    if part.deferred is not None
                ]
            ).tobytes(),
            b"".join(part.deferred.lengths for part in parts if part.deferred is not None),
            "".join(part.deferred.text for part in parts if part.deferred is not None),
        ),
    )


def with_holes(column: Ints) -> list[int | None]:
    """A column as SQLite binds it: None for -1."""
    holes = np.flatnonzero(column < 0)
    values: list[int | None] = column.tolist()
    if len(holes) == len(values):
        return [None] * len(values)
    for at in holes.tolist():
        values[at] = None
    return values


class Batch(msgspec.Struct, array_like=True):
    """What a run of log events became: the unit that crosses processes."""

    streams: list[Stream]
    invocations: Columns
    loose: list[OrphanLines]
    errors: list[ErrorKind]
    functions: list[Function]
    rejects: list[Reject]
    events: int
    duplicates: int
