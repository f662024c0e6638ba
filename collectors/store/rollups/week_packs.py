"""The pack of a week: its days' packs added up, so that percentiles of a month read 5 packs and some days, not 30.

Weeks begin on Thursdays, as the epoch did. A week is packed when it is over.
"""

import sqlite3
from collections.abc import Sequence

import numpy as np

from collectors.model.units import WEEK_MS
from collectors.store.rollups import packs
from collectors.store.rollups.histogram import BUCKETS, PAIR
from collectors.store.rollups.packs import INT, Pack
from collectors.store.spans import WEEK


def aggregate(days: Sequence[Pack], start_ms: int) -> Pack:
    """The packs of days, in order of time, summed to one of the week that begins at ``start_ms``."""
    rows = np.concatenate([packs.cells_of(day) for day in days])
    counts = packs.counted(days)
    rows = rows[np.argsort(rows[:, packs.FUNCTION], kind="stable")]
    firsts = np.concatenate(([0], np.flatnonzero(np.diff(rows[:, packs.FUNCTION])) + 1))
    cells = rows[firsts]
    cells[:, packs.START] = start_ms
    cells[:, packs.SUMS] = np.add.reduceat(rows[:, packs.SUMS], firsts, axis=0)
    cells[:, packs.MAXIMA] = np.maximum.reduceat(rows[:, packs.MAXIMA], firsts, axis=0)
    for column in packs.KNOWN_SUMS:
        known = np.maximum.reduceat(rows[:, column], firsts) >= 0
        cells[:, column] = np.where(known, np.add.reduceat(np.maximum(rows[:, column], 0), firsts), -1)
    for column in packs.NEWEST_KNOWN:
        newest = np.maximum.reduceat(np.where(rows[:, column] >= 0, np.arange(len(rows)), -1), firsts)
        cells[:, column] = np.where(newest >= 0, rows[newest, column], -1)
    cells[:, packs.LAST_MS] = np.maximum.reduceat(rows[:, packs.LAST_MS], firsts)
    used = np.flatnonzero(counts)
    pairs = np.empty(len(used), PAIR)
    pairs["bucket"], pairs["count"] = used % BUCKETS, counts[used]
    own = np.bincount(used // BUCKETS, minlength=int(cells[-1, packs.FUNCTION]) + 1)
    cells[:, packs.PAIRS] = own[cells[:, packs.FUNCTION]]
    return Pack(start_ms, cells.astype(INT).tobytes(), _errors(days), pairs.tobytes())


def _errors(days: Sequence[Pack]) -> bytes:
    rows = np.concatenate([packs.errors_of(day) for day in days])
    occurrences = packs.error_column("occurrences")
    errors, place = np.unique(np.delete(rows, occurrences, axis=1), axis=0, return_inverse=True)
    counts = np.bincount(place.ravel(), rows[:, occurrences], len(errors)).astype(INT)
    return np.column_stack((errors, counts)).astype(INT).tobytes()


def made(connection: sqlite3.Connection, start_ms: int) -> Pack | None:
    """The pack of the week that begins at ``start_ms``, made from its days' cells; None where there are none."""
    days = packs.made(connection, "day_cells", start_ms, start_ms + WEEK)
    return aggregate(days, start_ms) if days else None


def renew(connection: sqlite3.Connection) -> None:
    """Makes the dirty packs of weeks that are over."""
    over = f"start_ms + {WEEK_MS} <= (SELECT max(start_ms) FROM day_packs)"
    marked = connection.execute(f"SELECT start_ms FROM week_packs WHERE invocations IS NULL AND {over}").fetchall()
    for (start,) in marked:
        packs.replace(
            connection, "week_packs", start, start + WEEK, lambda low, _: filter(None, [made(connection, low)])
        )


def uneven(connection: sqlite3.Connection) -> list[str]:
    """A line for each week that does not agree with its days."""
    made_weeks = connection.execute("SELECT start_ms FROM week_packs WHERE invocations IS NOT NULL").fetchall()
    return [
        f"the pack of the week at {start} does not agree with its days"
        for (start,) in made_weeks
        if (week := made(connection, start)) is None
        or packs.rows_between(connection, "week_packs", start, start + 1) != {start: packs.row_of(week)}
    ]
