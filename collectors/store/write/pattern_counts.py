"""Counts lines by pattern, hour and function as the lines are written; their bytes add up to those of stored lines.

Every line that is written is counted here once; lines that move to another chunk (``joining``, ``orphan_lines``) are
subtracted and added again. Pruned lines stay counted, as in all rollups.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from collectors.model.units import DAY_MS, HOUR_MS
from collectors.store.connection import writing
from collectors.store.lines import packed_texts as packed_lines
from collectors.store.schema import UNCOUNTED, WITHOUT_LINES
from collectors.store.tables.ledger import SETTINGS
from collectors.store.tables.lines import PATTERN_DAYS, PATTERN_FUNCTIONS, PATTERN_HOURS
from collectors.store.write.older_lines import count_in_steps

MOST_SHAPES = 8_000  # shapes of a store; beyond, new lines count by their first word, and later as ``OTHERS``
MORE_SHAPES = 2_000
GROUPED_SHAPES = 500  # shapes; from so many on they are grouped early, so that patterns absorb new ones
OTHERS = "<*>"


def beginning(shape: str) -> str:
    """What a line counts by when there are too many shapes."""
    return f"{shape.partition(' ')[0][:80]} <*>"


_ROWS = 1_000  # invocations whose lines are counted at once
_EXAMPLE = 1_000  # characters of the stored example
_CHUNKS = 400  # chunks of an older store that are counted in one transaction
_FEW_PLACES = 1 << 16  # fewer numbers than this are sorted by radix

Ints = npt.NDArray[np.int64]
Place = tuple[int, int, int]  # function id, hour, pattern id
Row = tuple[int, int, int, int, int, int, int]  # function id, hour, pattern id, lines, bytes, first and last time in ms


class Kinds(Protocol):
    """Groups lines by shape and pattern; ``collectors.parsing.patterns`` does, which the store does not import."""

    shapes: list[str]
    """All shapes that were met; another list object once there were too many."""

    def numbers(self, block: bytes, begins: Ints, ends: Ints) -> Ints:
        """The index in ``shapes`` of each line (int64); a line is the UTF-8 in ``block[begins:ends]``, in order."""

    def patterns(self, shapes: Sequence[str]) -> Mapping[str, str]:
        """The pattern of each of these shapes."""

    def resume(self, found: Mapping[str, str]) -> None:
        """Continues from patterns by shape that ``patterns`` gave earlier, perhaps to another process."""

    def absorbed(self, shape: str) -> str | None:
        """The pattern to which a new shape belongs, by the patterns given last; None where it belongs to none."""


class PatternCounts:
    """The counts of one writer's connection; without ``kinds`` nothing is counted."""

    def __init__(self, connection: sqlite3.Connection, kinds: Kinds | None) -> None:
        self._connection = connection
        self._kinds = kinds
        self._known: dict[str, int] | None = None
        self._absorbed: dict[str, int] = {}
        self._grouped_at = 0  # shapes
        self._ungrouped = False
        self._cells: dict[Place, tuple[int, int, int, int]] = {}  # lines, bytes, first and last time in ms
        self._waiting: list[tuple[Sequence[int], Sequence[bytes], int]] = []  # each: function ids, packed lines, sign
        self._waiting_rows = 0
        self._met: list[str] = []  # the ``shapes`` of ``kinds`` of which ``_ids`` are known
        self._ids = np.empty(0, np.int64)  # for each of these shapes, the pattern id; -1 where that is not known yet
        found = connection.execute("SELECT value FROM settings WHERE name = ?", (UNCOUNTED,)).fetchone()
        self.uncounted_until = found[0] if found else 0
        """Chunks with ids up to this are of an older store and counted later, whatever happens to them before."""

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines, each with its function's id; ``sign`` -1 subtracts them."""
        if self._kinds is None:
            return
        self._waiting.append((function_ids, packed, sign))
        self._waiting_rows += len(packed)
        if self._waiting_rows >= _ROWS:
            self._count_waiting()

    def _count_waiting(self) -> None:
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        owners = np.array(list(chain.from_iterable(ids for ids, _, _ in waiting)), np.int64)
        signs = np.repeat([sign for *_, sign in waiting], [len(packed) for _, packed, _ in waiting])
        packed = list(chain.from_iterable(packed for _, packed, _ in waiting))
        for low in range(0, len(packed), _ROWS):
            some = slice(low, low + _ROWS)
            lines = packed_lines.read(packed[some])
            if len(lines.begins):
                self._count(lines, owners[some], signs[some])

    def _count(self, lines: packed_lines.PackedLines, function_ids: Ints, signs: Ints) -> None:
        patterns, hours = self._patterns(lines), lines.at_ms // HOUR_MS
        owners, sign = function_ids[lines.owner], signs[lines.owner]
        order = _together(owners, hours, patterns)
        owners, hours, patterns, sign, at_ms = (each[order] for each in (owners, hours, patterns, sign, lines.at_ms))
        changes = (np.diff(patterns) != 0) | (np.diff(hours) != 0) | (np.diff(owners) != 0)
        firsts = np.concatenate(([0], np.flatnonzero(changes) + 1))
        rows = zip(
            owners[firsts].tolist(), (hours[firsts] * HOUR_MS).tolist(), patterns[firsts].tolist(),
            np.add.reduceat(sign, firsts).tolist(),
            np.add.reduceat(sign * (lines.ends - lines.begins)[order], firsts).tolist(),
            np.minimum.reduceat(at_ms, firsts).tolist(), np.maximum.reduceat(at_ms, firsts).tolist(),
            strict=True,
        )  # fmt: skip
        cells = self._cells
        for function_id, hour, pattern, many, count, first, last in rows:
            more, larger, earliest, latest = cells.get((function_id, hour, pattern), (0, 0, first, last))
            cells[function_id, hour, pattern] = more + many, larger + count, min(earliest, first), max(latest, last)

    def _patterns(self, lines: packed_lines.PackedLines) -> Ints:
        """The pattern id of each line (int64); a line on which ``kinds`` fails counts as ``OTHERS``."""
        try:
            return self._ids_of_lines(lines)
        except sqlite3.Error:
            raise
        except Exception:
            if len(lines.begins) == 1:
                found = self._shapes().get(OTHERS)
                return np.array([self._learn(OTHERS, lines.text(0)) if found is None else found])
            half = len(lines.begins) // 2
            return np.concatenate(
                [self._patterns(lines.only(slice(half))), self._patterns(lines.only(slice(half, None)))]
            )

    def _ids_of_lines(self, lines: packed_lines.PackedLines) -> Ints:
        assert self._kinds is not None
        numbers = self._kinds.numbers(lines.block, lines.begins, lines.ends)
        shapes = self._kinds.shapes
        if shapes is not self._met:
            self._met, self._ids = shapes, np.empty(0, np.int64)
        if len(self._ids) < len(shapes):
            self._ids = np.append(self._ids, np.full(len(shapes) - len(self._ids), -1))
        unknown = np.flatnonzero(self._ids[numbers] < 0)
        new, firsts = np.unique(numbers[unknown], return_index=True)
        for shape, number, line in sorted(
            zip(map(shapes.__getitem__, new.tolist()), new.tolist(), unknown[firsts].tolist(), strict=True)
        ):
            found = self._shapes().get(shape)
            self._ids[number] = self._learn(shape, lines.text(line)) if found is None else found
        return self._ids[numbers]

    def _shapes(self) -> dict[str, int]:
        if self._known is None:
            assert self._kinds is not None
            rows = self._connection.execute("SELECT shape, id, template FROM patterns").fetchall()
            self._known = {shape: identity for shape, identity, _ in rows}
            self._ungrouped = any(template is None for _, _, template in rows)
            self._grouped_at = len(rows)
            self._kinds.resume({shape: template or shape for shape, _, template in rows})
        return self._known

    def _learn(self, shape: str, example: str) -> int:
        """The id for a new shape: its own or its pattern's; with too many shapes, its first word's or OTHERS'."""
        assert self._kinds is not None
        known = self._shapes()
        if (found := self._absorbed.get(shape)) is not None:
            return found
        if self._ungrouped and len(known) >= max(GROUPED_SHAPES, 2 * self._grouped_at):
            self.group()  # then a pattern can absorb shapes that differ without end
        new, pattern = shape, self._kinds.absorbed(shape)
        if pattern is not None:
            shape = pattern
        elif len(known) >= MOST_SHAPES:
            shape = beginning(shape) if len(known) < MOST_SHAPES + MORE_SHAPES else OTHERS
        if shape != new:
            self._absorbed = {} if len(self._absorbed) > 50_000 else self._absorbed
            if shape in known:
                self._absorbed[new] = known[shape]
                return known[shape]
        self._ungrouped = True
        row = self._connection.execute(
            "INSERT INTO patterns (shape, example) VALUES (?, ?) ON CONFLICT DO UPDATE SET shape = excluded.shape"
            " RETURNING id",
            (shape, example[:_EXAMPLE]),
        ).fetchone()
        known[shape] = int(row[0])
        return known[shape]

    def without_lines(self, events: int) -> None:
        """Counts log events whose lines are not stored: their patterns are not known."""
        self._connection.execute(
            f"{SETTINGS.insert()} ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (WITHOUT_LINES, events),
        )

    def write(self) -> None:
        """Writes the counts into the open transaction."""
        self._count_waiting()
        if not self._cells:
            return
        rows = [
            (*place, many, size, first_ms, last_ms)
            for place, (many, size, first_ms, last_ms) in sorted(self._cells.items())
            if many or size
        ]
        self._cells = {}
        for table, some in ((PATTERN_HOURS, rows), (PATTERN_DAYS, _by_day(rows))):
            self._connection.executemany(
                f"{table.insert()} ON CONFLICT DO UPDATE SET"
                " lines = lines + excluded.lines, bytes = bytes + excluded.bytes,"
                " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)",
                some,
            )
        self._connection.executemany(
            f"{PATTERN_FUNCTIONS.insert()} ON CONFLICT DO UPDATE SET first_ms = min(first_ms, excluded.first_ms)",
            ((function_id, pattern, first_ms) for function_id, _, pattern, many, _, first_ms, _ in rows if many > 0),
        )

    def group(self) -> None:
        """Groups shapes into patterns, if there are new shapes."""
        if self._kinds is None or self._known is None or not self._ungrouped:
            return
        rows = self._connection.execute("SELECT id, shape, template FROM patterns").fetchall()
        self._grouped_at = len(rows)
        patterns = self._kinds.patterns([shape for _, shape, _ in rows])
        self._connection.executemany(
            "UPDATE patterns SET template = ? WHERE id = ?",
            [(patterns[shape], identity) for identity, shape, template in rows if template != patterns[shape]],
        )
        self._ungrouped = False

    def forget(self) -> None:
        """After a rollback: drops the counts, and what is remembered of shapes."""
        self._known, self._absorbed, self._cells, self._met = None, {}, {}, []
        self._waiting, self._waiting_rows = [], 0


def _by_day(hours: Sequence[Row]) -> list[Row]:
    """Sums rows of hours into rows of days."""
    days: dict[Place, Row] = {}
    for function_id, hour, pattern, lines, size, first_ms, last_ms in hours:
        place = function_id, hour // DAY_MS * DAY_MS, pattern
        _, _, _, more, larger, first, last = days.get(place, (*place, 0, 0, first_ms, last_ms))
        days[place] = (*place, lines + more, size + larger, min(first_ms, first), max(last_ms, last))
    return [days[place] for place in sorted(days)]


def _together(owners: Ints, hours: Ints, patterns: Ints) -> Ints:
    """Indices that sort lines by function, hour and pattern, in any fixed order of these."""
    low, most = hours.min(), patterns.max() + 1
    span = hours.max() - low + 1
    functions = np.unique(owners)
    if len(functions) * span * most <= _FEW_PLACES:
        place = (np.searchsorted(functions, owners) * span + hours - low) * most + patterns
        return np.argsort(place.astype(np.uint16), kind="stable")
    return np.lexsort((patterns, hours, owners))


def count_older(path: Path, kinds: Kinds) -> Iterator[int]:
    """Counts lines that an older version stored; yields how many chunks are left.

    It may be stopped at any time. Raises StoreError, StoreLocked while a collector writes.
    """
    with writing(path) as connection:
        counts = PatternCounts(connection, kinds)
        yield from count_in_steps(connection, counts, UNCOUNTED, _CHUNKS, finish=counts.group)
