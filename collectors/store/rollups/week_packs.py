"""A week's pack: its days' packs folded into one, so that a month's percentiles read five packs and some days, not 30.

Weeks begin on Thursdays, as the epoch did. A week is packed when it is over.
"""

import sqlite3
from collections.abc import Sequence

import numpy as np

from collectors.store.rollups import packs
from collectors.store.rollups.histogram import BUCKETS, PAIR
from collectors.store.rollups.packs import INT, Pack
from collectors.store.spans import WEEK


def folded(days: Sequence[Pack], start_ms: int) -> Pack:
    """The packs of some days, in order of time, as one of the week."""
    rows = np.concatenate([packs.cells_of(day) for day in days])
    counts = packs.counted(days)
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    firsts = np.concatenate(([0], np.flatnonzero(np.diff(rows[:, 1])) + 1))
    cells = rows[firsts]
    cells[:, 0] = start_ms
    cells[:, packs.SUMS] = np.add.reduceat(rows[:, packs.SUMS], firsts, axis=0)
    cells[:, packs.MAXIMA] = np.maximum.reduceat(rows[:, packs.MAXIMA], firsts, axis=0)
    newest_known = np.maximum.reduceat(np.where(rows[:, packs.MEMORY_MB] >= 0, np.arange(len(rows)), -1), firsts)
    cells[:, packs.MEMORY_MB] = np.where(newest_known >= 0, rows[newest_known, packs.MEMORY_MB], -1)
    cells[:, packs.LAST_MS] = np.maximum.reduceat(rows[:, packs.LAST_MS], firsts)
    used = np.flatnonzero(counts)
    pairs = np.empty(len(used), PAIR)
    pairs["bucket"], pairs["count"] = used % BUCKETS, counts[used]
    cells[:, packs.PAIRS] = np.bincount(used // BUCKETS, minlength=int(cells[-1, 1]) + 1)[cells[:, 1]]
    failed = np.concatenate([packs.errors_of(day) for day in days])
    known, place = np.unique(failed[:, :2], axis=0, return_inverse=True)
    occurrences = np.bincount(place.ravel(), failed[:, 2], len(known)).astype(INT)
    errors = np.column_stack((known, occurrences)).astype(INT)
    return Pack(start_ms, cells.astype(INT).tobytes(), errors.tobytes(), pairs.tobytes())


def made(connection: sqlite3.Connection, start_ms: int) -> Pack | None:
    days = packs.made(connection, "day_cells", start_ms, start_ms + WEEK)
    return folded(days, start_ms) if days else None


def renew(connection: sqlite3.Connection) -> None:
    """Makes the marked packs of the weeks that are over."""
    over = "start_ms + 604800000 <= (SELECT max(start_ms) FROM day_packs)"
    marked = connection.execute(f"SELECT start_ms FROM week_packs WHERE invocations IS NULL AND {over}").fetchall()
    for (start,) in marked:
        packs.replace(
            connection, "week_packs", start, start + WEEK, lambda low, _: filter(None, [made(connection, low)])
        )


def uneven(connection: sqlite3.Connection) -> list[str]:
    """The weeks that do not agree with their days, a line each."""
    kept = connection.execute(f"SELECT {packs.ROW} FROM week_packs WHERE invocations IS NOT NULL").fetchall()
    return [
        f"the pack of the week at {row[0]} does not agree with its days"
        for row in kept
        if (week := made(connection, row[0])) is None or not packs.is_of(row, week)
    ]
