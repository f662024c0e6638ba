"""Counting what stands in lines that an older version stored, some chunks at a time, the newest first."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from collectors.store.lines.chunks import opened
from collectors.store.transactions import transaction


class Counts(Protocol):
    """What counts lines as they come; chunks up to ``uncounted_until`` are not counted yet."""

    uncounted_until: int

    def add(self, function_ids: Sequence[int], packed: Sequence[bytes]) -> None: ...

    def write(self) -> object: ...


def count_in_steps(
    connection: sqlite3.Connection,
    counts: Counts,
    setting: str,
    chunks: int,
    *,
    holds: Callable[[bytes], bool] = lambda _: True,
    finish: Callable[[], object] = lambda: None,
) -> Iterator[int]:
    """Counts so many chunks in a transaction; yields how many are left after each. May be ended at any time.

    ``setting`` names what the store keeps of ``uncounted_until``; ``holds`` passes over the content of chunks that
    have nothing to count; ``finish`` belongs to the last transaction. Raises sqlite3.Error.
    """
    while (until := counts.uncounted_until) > 0:
        with transaction(connection):
            rows = connection.execute(
                "SELECT id, function_id, content FROM chunks WHERE id <= ? ORDER BY id DESC LIMIT ?", (until, chunks)
            ).fetchall()
            for _, function_id, content in rows:
                if holds(content):
                    packed = list(opened(content).values())
                    counts.add([function_id] * len(packed), packed)
            counts.write()
            left = rows[-1][0] - 1 if rows else 0
            if left > 0:
                connection.execute("UPDATE settings SET value = ? WHERE name = ?", (left, setting))
            else:
                left = 0
                connection.execute("DELETE FROM settings WHERE name = ?", (setting,))
                finish()
        counts.uncounted_until = left
        yield left
