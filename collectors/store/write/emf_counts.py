"""Counts the metrics in log lines as the lines are written: each once, in any order and however often lines come.

Every line that is written is counted here once. Lines that move to another chunk are subtracted and added again in one
transaction, and only the difference is parsed. Pruned lines stay counted, as in all rollups.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from collectors.model.records import EmfSample, FunctionKey, Reject
from collectors.store.connection import writing
from collectors.store.lines.chunks import unsealed
from collectors.store.rollups import emf_cells
from collectors.store.rollups.emf_cells import EmfCell, Place
from collectors.store.schema import EMF_UNCOUNTED
from collectors.store.spans import MINUTE
from collectors.store.tables.emf import EMF_INVALID
from collectors.store.write.emf_series import MOST_GROUPS, SeriesIds
from collectors.store.write.name_ids import NameIds
from collectors.store.write.older_lines import count_in_steps

TOO_MANY = f"more than {MOST_GROUPS:,} kinds of metrics of one function"
INSIGHTS = "LambdaInsights"  # a CloudWatch namespace
_MARK = b'"_aws'  # it begins like this also where a log record has the document as text
_MARK_TEXT = _MARK.decode()
_CHUNKS = 2_000  # chunks of an older store that are counted in one transaction

_decode = msgspec.msgpack.Decoder(tuple[list[int], list[str]]).decode

Read = Callable[[str, int], tuple[Sequence[EmfSample], Sequence[tuple[str, str]]]]
"""Parses a line and its time: its metrics, and (reason, what) for parts that are no metric. ``parsing.emf`` has it."""


class EmfCounts:
    """The counts of one writer's connection; without ``read`` nothing is counted."""

    def __init__(self, connection: sqlite3.Connection, names: NameIds, read: Read | None) -> None:
        self._connection = connection
        self._names = names
        self._read = read
        self._series = SeriesIds(connection)
        self._lines: dict[tuple[int, int, str], int] = {}  # by function id, time and text: added less removed
        found = connection.execute("SELECT value FROM settings WHERE name = ?", (EMF_UNCOUNTED,)).fetchone()
        self.uncounted_until = found[0] if found else 0
        """Chunks with ids up to this are of an older store and counted later, whatever happens to them before."""

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines, each with its function's id; ``sign`` -1 subtracts them."""
        if self._read is None:
            return
        lines = self._lines
        for function_id, of_one in zip(function_ids, packed, strict=True):
            if b"{" in of_one and _MARK in of_one:  # searching for the brace is fast, and rules out most lines
                for at_ms, text in zip(*_decode(of_one), strict=True):
                    if _MARK_TEXT in text:
                        key = function_id, at_ms, text
                        lines[key] = lines.get(key, 0) + sign

    def write(self) -> list[Reject]:
        """Writes the counts into the open transaction; returns what was meant for a metric and is none."""
        lines, self._lines = self._lines, {}
        if not lines or self._read is None:
            return []
        cells: dict[Place, EmfCell] = {}
        invalid: dict[tuple[int, int, str], int] = {}
        rejects: list[Reject] = []
        self._series.moved.clear()
        for (function_id, at_ms, text), times in lines.items():
            if not times:
                continue
            try:
                samples, invalid_parts = self._read(text, at_ms)
            except Exception as fault:  # a fault of our parser must not end the collection
                samples, invalid_parts = (), [("cannot be read", type(fault).__name__)]
            invalid_parts = list(invalid_parts)
            for sample in samples:
                series = self._series.of(self._owner(function_id, sample), sample)
                if series is None:
                    invalid_parts.append((TOO_MANY, sample.metric))
                    continue
                place = series, sample.at_ms // MINUTE * MINUTE
                cell = cells.get(place)
                if cell is None:
                    cell = cells[place] = EmfCell.empty()
                for value in sample.values:
                    cell.take(value, times)
            for reason, about in invalid_parts:
                place_of = function_id, at_ms // MINUTE * MINUTE, reason
                invalid[place_of] = invalid.get(place_of, 0) + times
                if times > 0:
                    rejects.append(self._reject(function_id, at_ms, reason, about, text))
        emf_cells.add(self._connection, self._after_moves(cells))
        self._count_invalid(invalid)
        return rejects

    def _owner(self, function_id: int, sample: EmfSample) -> int:
        """The id of the function to which a metric belongs.

        Lambda Insights writes the metrics of all functions to the log group /aws/lambda-insights and names the function
        in the dimension ``function_name`` (CloudWatch User Guide, "Lambda Insights").
        """
        if sample.namespace != INSIGHTS:
            return function_id
        name = dict(sample.dimensions).get("function_name")
        key = self._function(function_id)
        return function_id if name in (None, key.name) else self._names.function(replace(key, name=str(name)))

    def _after_moves(self, cells: dict[Place, EmfCell]) -> dict[Place, EmfCell]:
        """The cells by series, where a series that was folded meanwhile is replaced by the one it was folded into."""
        moved = self._series.moved
        if not moved:
            return cells
        merged: dict[Place, EmfCell] = {}
        for (series, start), cell in cells.items():
            while series in moved:
                series = moved[series]
            merged.setdefault((series, start), EmfCell.empty()).merge(cell)
        return merged

    def _count_invalid(self, invalid: dict[tuple[int, int, str], int]) -> None:
        self._connection.executemany(
            f"{EMF_INVALID.insert()} ON CONFLICT DO UPDATE SET number = number + excluded.number",
            ((*place, number) for place, number in sorted(invalid.items()) if number),
        )

    def _reject(self, function_id: int, at_ms: int, reason: str, about: str, text: str) -> Reject:
        name = self._function(function_id).name
        return Reject(f"EMF: {reason}", f"{about}: {text}" if about else text, f"{name} at {at_ms} ms")

    def _function(self, function_id: int) -> FunctionKey:
        said = "SELECT name, account, region FROM functions WHERE id = ?"
        return FunctionKey(*self._connection.execute(said, (function_id,)).fetchone())

    def forget(self) -> None:
        """After a rollback: drops the counts, and what is remembered of series."""
        self._lines = {}
        self._series.forget()


def count_older(path: Path, read: Read) -> Iterator[int]:
    """Counts metrics in lines that an older version stored; yields how many chunks are left.

    It may be stopped at any time. Raises StoreError, StoreLocked while a collector writes.
    """
    with writing(path) as connection:
        counts = EmfCounts(connection, NameIds(connection), read)
        yield from count_in_steps(
            connection, counts, EMF_UNCOUNTED, _CHUNKS, holds=lambda content: _MARK in unsealed(content)
        )
