"""Counts what is in lines that an older version stored, some chunks at a time, the newest first."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Protocol

from collectors.store.lines.chunks import LineCounts, opened
from collectors.store.transactions import transaction


class WrittenCounts(LineCounts, Protocol):
    """Counts of lines that are written in the same transaction as the lines."""

    def write(self) -> object:
        """Writes the counts into the open transaction."""


def count_in_steps(
    connection: sqlite3.Connection,
    counts: WrittenCounts,
    setting: str,
    chunks: int,
    *,
    holds: Callable[[bytes], bool] = lambda _: True,
    finish: Callable[[], object] = lambda: None,
) -> Iterator[int]:
    """Counts ``chunks`` chunks in each transaction; yields how many are left after each. It may be stopped at any time.

    ``setting`` names the stored setting of ``uncounted_until``; ``holds`` returns False for the content of chunks that
    have nothing to count; ``finish`` runs in the last transaction. Raises sqlite3.Error.
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
