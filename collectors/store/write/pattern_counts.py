"""Counts lines by pattern, hour and function as they are kept, so that their bytes sum to those of the kept lines.

Every line that enters the store enters here, once; lines that leave a chunk for another (``joining``, ``loose``) are
counted off and on again. What is pruned stays counted, as in all rollups.
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

MOST_SHAPES = 8_000  # that a store tells apart; beyond, a line counts by its first word, and at last with all others
MORE_SHAPES = 2_000
GROUPED_SHAPES = 500  # that are grouped before all lines are in, for what else is of their patterns
OTHERS = "<*>"


def beginning(shape: str) -> str:
    """What a line of too many kinds counts by."""
    return f"{shape.partition(' ')[0][:80]} <*>"


_ROWS = 1_000  # of invocations, whose lines are counted at once
_EXAMPLE = 1_000  # characters
_CHUNKS = 400  # of an older store, in one transaction
_FEW_PLACES = 1 << 16  # are sorted by radix

Ints = npt.NDArray[np.int64]
Place = tuple[int, int, int]  # function id, hour, pattern id
Row = tuple[int, int, int, int, int, int, int]  # the same, and lines, bytes, first and last time in ms


class Kinds(Protocol):
    """What tells lines apart: ``collectors.parsing.patterns``, of which the store knows nothing."""

    shapes: list[str]
    """All that were met; another list once they were too many."""

    def numbers(self, block: bytes, begins: Ints, ends: Ints) -> Ints:
        """The place in ``shapes`` of each line, whose UTF-8 stands between these rising places."""

    def patterns(self, shapes: Sequence[str]) -> Mapping[str, str]:
        """The pattern of each shape."""

    def resume(self, found: Mapping[str, str]) -> None:
        """Goes on with what ``patterns`` gave to another process."""

    def absorbed(self, shape: str) -> str | None:
        """The pattern that a new shape is of, by the patterns given last; None where it is of none."""


class PatternCounts:
    """The counts of one writer's connection; nothing is counted without ``kinds``."""

    def __init__(self, connection: sqlite3.Connection, kinds: Kinds | None) -> None:
        self._connection = connection
        self._kinds = kinds
        self._known: dict[str, int] | None = None
        self._absorbed: dict[str, int] = {}
        self._grouped_at = 0  # shapes
        self._ungrouped = False
        self._cells: dict[Place, tuple[int, int, int, int]] = {}  # lines, bytes, first and last time in ms
        self._waiting: list[tuple[Sequence[int], Sequence[bytes], int]] = []  # function ids, packed lines, their sign
        self._waiting_rows = 0
        self._met: list[str] = []  # the shapes that ``kinds`` has now
        self._ids = np.empty(0, np.int64)  # of the patterns that they count by; -1 where that is not known yet
        found = connection.execute("SELECT value FROM settings WHERE name = ?", (UNCOUNTED,)).fetchone()
        self.uncounted_until = found[0] if found else 0
        """Chunks up to this are of an older store: they are counted later, whatever becomes of them until then."""

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines of functions; with a ``sign`` of -1, off."""
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
        """The number of each line's pattern in the store; of one that a fault of ours leaves untold, that of others."""
        try:
            return self._told_apart(lines)
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

    def _told_apart(self, lines: packed_lines.PackedLines) -> Ints:
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
        """The number of a new shape, or of what stands for it: a pattern; where there are too many, its beginning."""
        assert self._kinds is not None
        known = self._shapes()
        if (found := self._absorbed.get(shape)) is not None:
            return found
        if self._ungrouped and len(known) >= max(GROUPED_SHAPES, 2 * self._grouped_at):
            self.group()  # so that what varies without end is known for a variable
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
        """Remembers that so many log events came whose lines are not kept: of those no pattern is known."""
        self._connection.execute(
            f"{SETTINGS.insert()} ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (WITHOUT_LINES, events),
        )

    def write(self) -> None:
        """Puts what was counted into the transaction of the lines."""
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
        """Joins shapes into patterns, where there are new ones."""
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
        """The transaction was rolled back: what was learned in it is not there."""
        self._known, self._absorbed, self._cells, self._met = None, {}, {}, []
        self._waiting, self._waiting_rows = [], 0


def _by_day(hours: Sequence[Row]) -> list[Row]:
    """Rows of hours added up."""
    days: dict[Place, Row] = {}
    for function_id, hour, pattern, lines, size, first_ms, last_ms in hours:
        place = function_id, hour // DAY_MS * DAY_MS, pattern
        _, _, _, more, larger, first, last = days.get(place, (*place, 0, 0, first_ms, last_ms))
        days[place] = (*place, lines + more, size + larger, min(first_ms, first), max(last_ms, last))
    return [days[place] for place in sorted(days)]


def _together(owners: Ints, hours: Ints, patterns: Ints) -> Ints:
    """An order in which lines of the same function, hour and pattern stand together."""
    low, most = hours.min(), patterns.max() + 1
    span = hours.max() - low + 1
    functions = np.unique(owners)
    if len(functions) * span * most <= _FEW_PLACES:
        place = (np.searchsorted(functions, owners) * span + hours - low) * most + patterns
        return np.argsort(place.astype(np.uint16), kind="stable")
    return np.lexsort((patterns, hours, owners))


def count_older(path: Path, kinds: Kinds) -> Iterator[int]:
    """Counts the lines that an older version stored; yields how many chunks are left. May be ended at any time.

    Raises StoreError, StoreLocked where a collector writes.
    """
    with writing(path) as connection:
        counts = PatternCounts(connection, kinds)
        yield from count_in_steps(connection, counts, UNCOUNTED, _CHUNKS, finish=counts.group)
