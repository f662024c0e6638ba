"""What of each function was deleted for its age: readers say so, and writers do not take it in again.

Times are epoch ms UTC; 0 where nothing was deleted. Rollups of hours and days are never deleted, so everything that
was ever counted stays counted.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

REPORTED_LATE_MS = 60_000
"""How far from its true beginning a REPORT alone may place an invocation: it tells an end and a duration."""
LINES_LATE_MS = 16 * 60 * 1000  # lines alone are of an invocation that began no longer before


class Kept(NamedTuple):
    """From when on a function's rows, log lines, minute cells and metric points are there."""

    rows_ms: int = 0
    lines_ms: int = 0
    minutes_ms: int = 0
    points_ms: int = 0


NOTHING_PRUNED = Kept()
ACCOUNT_POINTS = "account_points_before_ms"  # a setting: before then account_metrics have one point an hour


def kept_of_all(connection: sqlite3.Connection) -> dict[int, Kept]:
    """By function id; a function of which nothing was deleted is absent."""
    rows = connection.execute("SELECT function_id, rows_ms, lines_ms, minutes_ms, points_ms FROM pruned")
    return {row[0]: Kept(*row[1:]) for row in rows}


def latest(kept: dict[int, Kept], function_ids: Sequence[int] | None) -> Kept:
    """From when on all of some functions have everything; None is all functions."""
    some = [one for function_id, one in kept.items() if function_ids is None or function_id in set(function_ids)]
    return Kept(*map(max, zip(*some, strict=True))) if some else NOTHING_PRUNED
