"""Which packs are dirty and must be made anew: whoever changes a cell marks them in the same transaction.

A dirty pack is a row of nulls. Changing an hour also deletes its minutes' packs, changing a day marks its week.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from collectors.model.clock import now_ms
from collectors.model.units import DAY_MS
from collectors.store.schema import OLDEST
from collectors.store.spans import DAY, HOUR, MINUTE, WEEK
from collectors.store.spans import PACK_THRESHOLD as PACK_THRESHOLD

PACKS = {"minute_cells": "minute_packs", "hour_cells": "hour_packs", "day_cells": "day_packs"}
MADE_AT_ONCE = 48
# How much of the newest data is packed. Six hours by the minute touch seven hours. This week and the one before it end
# within 15 days; older hours are rarely asked for, and would double an import's work.
PACKED_MS = {"minute_cells": 7 * HOUR, "hour_cells": 15 * DAY}
NO_PACK = "invocations = NULL, failures = NULL, last_ms = NULL, cells = NULL, errors = NULL, latency = NULL"


def mark_dirty(connection: sqlite3.Connection, table: str, starts: Collection[int]) -> None:
    """Marks the packs of the hours or days (of ``table``) that begin at ``starts``, and what is made from them."""
    _mark_dirty(connection, PACKS[table], starts)
    if table == "day_cells":
        _mark_dirty(connection, "week_packs", {start // WEEK * WEEK for start in starts})
    if table == "hour_cells" and starts:
        connection.execute(f"DELETE FROM settings WHERE name = '{OLDEST}' AND value >= ?", (min(starts),))
        connection.executemany(
            "DELETE FROM minute_packs WHERE start_ms >= ? AND start_ms < ?",
            ((start, start + HOUR) for start in starts),
        )


def _mark_dirty(connection: sqlite3.Connection, packs: str, starts: Iterable[int]) -> None:
    connection.executemany(
        f"INSERT INTO {packs} (start_ms) VALUES (?) ON CONFLICT DO UPDATE SET {NO_PACK} WHERE invocations IS NOT NULL",
        ((start,) for start in starts),
    )


def packed_since(connection: sqlite3.Connection, table: str) -> int:
    """Since when (epoch ms) minutes or hours are packed. Hours in the future do not count: clocks may be wrong."""
    (newest,) = connection.execute("SELECT max(start_ms) FROM hour_packs WHERE start_ms <= ?", (now_ms(),)).fetchone()
    return 0 if newest is None else int(newest) + HOUR - PACKED_MS[table]


def mark_metrics_dirty(connection: sqlite3.Connection, series: Collection[tuple[str, str, int, int]]) -> None:
    """Marks packs of metrics, each (metric, stat, length of a day or hour in ms, start)."""
    connection.executemany(
        "INSERT INTO metric_packs (metric, stat, grain_ms, start_ms) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET figures = NULL WHERE figures IS NOT NULL",
        series,
    )
    connection.executemany(
        "DELETE FROM metric_packs WHERE metric = ? AND stat = ? AND grain_ms = ? AND start_ms >= ? AND start_ms < ?",
        ((metric, stat, MINUTE, start, start + HOUR) for metric, stat, grain, start in series if grain == HOUR),
    )


def any_dirty(connection: sqlite3.Connection) -> bool:
    """Whether there are dirty packs, and more than ``PACK_THRESHOLD`` functions, which make packs worthwhile."""
    if connection.execute("SELECT count(*) FROM functions").fetchone() <= (PACK_THRESHOLD,):
        return False
    (any_marked,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM day_packs WHERE invocations IS NULL)"
        " OR EXISTS (SELECT 1 FROM hour_packs WHERE invocations IS NULL AND start_ms >= ?)"
        " OR EXISTS (SELECT 1 FROM metric_packs WHERE figures IS NULL"
        f" AND (grain_ms = {DAY_MS} OR start_ms >= (SELECT max(start_ms) FROM metric_packs) - ?))",
        (packed_since(connection, "hour_cells"), PACKED_MS["hour_cells"]),
    ).fetchone()
    return bool(any_marked)


def runs(starts: Iterable[int], grain_ms: int, longest: int = MADE_AT_ONCE) -> Iterator[tuple[int, int]]:
    """Joins neighbouring starts, which are in order, to spans of at most ``longest`` cells."""
    begin = end = None
    for start in starts:
        if begin is None or end is None:
            begin = start
        elif start != end or end - begin >= longest * grain_ms:
            yield begin, end
            begin = start
        end = start + grain_ms
    if begin is not None and end is not None:
        yield begin, end
