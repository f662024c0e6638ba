"""Rows on their way into the store: a batch's columns, with ids of the store, as SQLite binds them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from collectors.model.invocation_columns import Columns, Ints, with_holes
from collectors.store.tables.column import StoredColumn
from collectors.store.tables.invocations import INVOCATIONS


@dataclass(slots=True)
class Rows:
    """Invocations with the store's ids in place of a batch's own numbers. All columns have the same length."""

    numbers: dict[str, Ints]
    ids: list[bytes | str]
    traces: list[str | None] | None
    lines: list[bytes] | None

    @classmethod
    def of(cls, columns: Columns, streams: Sequence[tuple[int, int]], errors: Sequence[int]) -> "Rows":
        """The rows of a batch, whose numbers index ``streams`` (function id, stream id) and ``errors`` (error id)."""
        numbers = columns.arrays()
        numbers["function_id"], numbers["stream"] = np.array(streams, np.int64)[numbers["stream"]].T
        if errors:
            numbers["error"] = np.array([*errors, -1], np.int64)[numbers["error"]]
        return cls(numbers, columns.request_ids, columns.trace_ids, columns.lines)

    @classmethod
    def together(cls, parts: Sequence["Rows"]) -> "Rows":
        """The rows of several batches, sorted by function and start, as the table is."""
        numbers = {name: np.concatenate([part.numbers[name] for part in parts]) for name in parts[0].numbers}
        traced, lined = any(part.traces for part in parts), any(part.lines for part in parts)
        rows = cls(
            numbers,
            [each for part in parts for each in part.ids],
            [each for part in parts for each in part.traces or [None] * len(part.ids)] if traced else None,
            [each for part in parts for each in part.lines or [b""] * len(part.ids)] if lined else None,
        )
        return rows.only(np.lexsort((numbers["start_ms"], numbers["function_id"])))

    def only(self, order: Ints) -> "Rows":
        """The rows with these indices, in this order."""
        places = order.tolist()
        return Rows(
            {name: column[order] for name, column in self.numbers.items()},
            list(map(self.ids.__getitem__, places)),
            None if self.traces is None else list(map(self.traces.__getitem__, places)),
            None if self.lines is None else list(map(self.lines.__getitem__, places)),
        )

    def numbers_of(self, column: StoredColumn) -> Ints:
        """The int64 values of a column of the table; -1 where they are null."""
        return self.numbers[column.read_from]

    def bound(self, names: Iterable[str]) -> list[Sequence[Any]]:
        """Columns of the table as SQLite binds them; ``chunk_id`` is null, because the chunks are not written yet."""
        others: dict[str, Sequence[Any]] = {
            "request_id": self.ids,
            "trace_id": [None] * len(self.ids) if self.traces is None else self.traces,
            "chunk_id": [None] * len(self.ids),
        }
        return [others[name] if name in others else self._bound(_COLUMNS[name]) for name in names]

    def _bound(self, column: StoredColumn) -> Sequence[Any]:
        numbers = self.numbers_of(column)
        return with_holes(numbers) if column.null else numbers.tolist()


_COLUMNS = {column.name: column for column in INVOCATIONS}
