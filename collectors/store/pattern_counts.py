"""Counts lines by pattern, hour and function as they are kept, so that their bytes sum to those of the kept lines.

Every line that enters the store enters here, once; lines that leave a chunk for another (``joining``, ``loose``) are
counted off and on again. What is pruned stays counted, as in all rollups.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from collectors.store.lines import opened
from collectors.store.open import writing
from collectors.store.schema import GRAINS, UNCOUNTED, WITHOUT_LINES

HOUR_MS = GRAINS["hour_cells"]
MOST_SHAPES = 8_000  # that a store tells apart; beyond, a line counts by its first word, and at last with all others
MORE_SHAPES = 2_000
GROUPED_SHAPES = 500  # that are grouped before all lines are in, for what else is of their patterns
OTHERS = "<*>"


def beginning(shape: str) -> str:
    """What a line of too many kinds counts by."""
    return f"{shape.partition(' ')[0][:80]} <*>"


_ROWS = 1_000  # of invocations, whose lines are counted at once
_NONE: tuple[list[int], list[str]] = ([], [])
_EXAMPLE = 1_000  # characters
_CHUNKS = 400  # of an older store, in one transaction

_decode = msgspec.msgpack.Decoder(tuple[list[int], list[str]]).decode

Ints = npt.NDArray[np.int64]
Place = tuple[int, int, int]  # function id, hour, pattern id


class Kinds(Protocol):
    """What tells lines apart: ``collectors.logs.patterns``, of which the store knows nothing."""

    def of(self, texts: Sequence[str]) -> list[str]:
        """The shape of each line."""

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
        self._cells: dict[Place, list[int]] = {}  # lines, bytes, first and last time in ms
        found = connection.execute("SELECT value FROM settings WHERE name = ?", (UNCOUNTED,)).fetchone()
        self.uncounted_until = found[0] if found else 0
        """Chunks up to this are of an older store: they are counted later, whatever becomes of them until then."""

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes], sign: int = 1) -> None:
        """Counts packed lines of functions; with a ``sign`` of -1, off."""
        if self._kinds is None:
            return
        for low in range(0, len(packed), _ROWS):
            some = packed[low : low + _ROWS]
            decoded = [_decode(lines) if lines else _NONE for lines in some]
            texts = list(chain.from_iterable([each for _, each in decoded]))
            if texts:
                times = np.fromiter(chain.from_iterable([each for each, _ in decoded]), np.int64, len(texts))
                sizes = [len(each) for _, each in decoded]
                self._count(np.repeat(function_ids[low : low + _ROWS], sizes), times, texts, sign)

    def _count(self, owners: Ints, at_ms: Ints, texts: list[str], sign: int) -> None:
        assert self._kinds is not None
        shapes = self._shapes_of(texts)
        known = self._shapes()
        new = set(shapes).difference(known)
        if new:
            places: dict[str, int] = {}
            for at, each in enumerate(shapes):
                if each in new:
                    places.setdefault(each, at)
            known = known | {each: self._learn(each, texts[at]) for each, at in sorted(places.items())}
        patterns = np.fromiter(map(known.__getitem__, shapes), np.int64, len(shapes))
        size = np.array(
            [len(each) if each.isascii() else len(each.encode("utf-8", "replace")) for each in texts], np.int64
        )
        hours = at_ms // HOUR_MS
        order = np.lexsort((patterns, hours, owners))
        patterns, hours, owners, size, at_ms = (each[order] for each in (patterns, hours, owners, size, at_ms))
        changes = (np.diff(patterns) != 0) | (np.diff(hours) != 0) | (np.diff(owners) != 0)
        firsts = np.concatenate(([0], np.flatnonzero(changes) + 1))
        rows = zip(
            owners[firsts].tolist(), (hours[firsts] * HOUR_MS).tolist(), patterns[firsts].tolist(),
            np.diff(np.append(firsts, len(patterns))).tolist(), np.add.reduceat(size, firsts).tolist(),
            np.minimum.reduceat(at_ms, firsts).tolist(), np.maximum.reduceat(at_ms, firsts).tolist(),
            strict=True,
        )  # fmt: skip
        cells = self._cells
        for function_id, hour, pattern, lines, count, first, last in rows:
            cell = cells.get((function_id, hour, pattern))
            if cell is None:
                cells[function_id, hour, pattern] = [sign * lines, sign * count, first, last]
            else:
                cell[0] += sign * lines
                cell[1] += sign * count
                cell[2], cell[3] = min(cell[2], first), max(cell[3], last)

    def _shapes_of(self, texts: list[str]) -> list[str]:
        """The shape of each line; of one that a fault of ours keeps from being told apart, that of all such."""
        assert self._kinds is not None
        try:
            return self._kinds.of(texts)
        except Exception:
            if len(texts) == 1:
                return [OTHERS]
            half = len(texts) // 2
            return self._shapes_of(texts[:half]) + self._shapes_of(texts[half:])

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
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (WITHOUT_LINES, events),
        )

    def write(self) -> None:
        """Puts what was counted into the transaction of the lines."""
        if not self._cells:
            return
        rows = [(*place, *cell) for place, cell in sorted(self._cells.items()) if cell[0] or cell[1]]
        self._cells = {}
        self._connection.executemany(
            "INSERT INTO pattern_hours VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " lines = lines + excluded.lines, bytes = bytes + excluded.bytes,"
            " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)",
            rows,
        )
        self._connection.executemany(
            "INSERT INTO pattern_functions VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET first_ms = min(first_ms, excluded.first_ms)",
            ((row[0], row[2], row[5]) for row in rows if row[3] > 0),
        )

    def group(self) -> None:
        """Joins shapes into patterns, where there are new ones."""
        if self._kinds is None or self._known is None or not self._ungrouped:
            return
        rows = self._connection.execute("SELECT id, shape, template FROM patterns").fetchall()
        self._grouped_at = len(rows)
        found = self._kinds.patterns([shape for _, shape, _ in rows])
        self._connection.executemany(
            "UPDATE patterns SET template = ? WHERE id = ?",
            [(found[shape], identity) for identity, shape, template in rows if template != found[shape]],
        )
        self._ungrouped = False

    def forget(self) -> None:
        """The transaction was rolled back: what was learned in it is not there."""
        self._known, self._absorbed, self._cells = None, {}, {}


def count_older(path: Path, kinds: Kinds) -> Iterator[int]:
    """Counts the lines that an older version stored; yields how many chunks are left. May be ended at any time.

    Raises StoreError, StoreLocked where a collector writes.
    """
    with writing(path) as connection:
        counts = PatternCounts(connection, kinds)
        while (until := counts.uncounted_until) > 0:
            connection.execute("BEGIN IMMEDIATE")
            rows = connection.execute(
                "SELECT id, function_id, content FROM chunks WHERE id <= ? ORDER BY id DESC LIMIT ?", (until, _CHUNKS)
            ).fetchall()
            for _, function_id, content in rows:
                packed = list(opened(content).values())
                counts.add([function_id] * len(packed), packed)
            counts.write()
            left = rows[-1][0] - 1 if rows else 0
            connection.execute("UPDATE settings SET value = ? WHERE name = ?", (left, UNCOUNTED))
            if not rows or not left:
                connection.execute("DELETE FROM settings WHERE name = ?", (UNCOUNTED,))
                counts.group()
                left = 0
            connection.execute("COMMIT")
            counts.uncounted_until = left
            yield left
