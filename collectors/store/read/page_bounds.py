"""How far back the newest rows of a whole fleet reach: the counts in its packs, added up from the newest on."""

import sqlite3

from collectors.model.units import FOREVER_MS, HOUR_MS
from collectors.store.rollups.packs import unpacked
from collectors.store.spans import HOUR, MINUTE

_TOO_MANY = 15  # times the wanted rows in one hour: then only a part of the hour is to be read


def page_start_ms(connection: sqlite3.Connection, column: str, from_ms: int, to_ms: int, wanted: int) -> int | None:
    """When the newest stretch of ``[from_ms, to_ms)`` begins that has ``wanted`` rows and not many more.

    ``column`` of the packs is counted: ``invocations``, or ``failures`` that have an error. ``from_ms`` where there are
    fewer rows; None where packs cannot tell. Pruned rows are counted too, so the stretch may have fewer than
    ``wanted``.
    """
    counted = 0
    end = to_ms // MINUTE * MINUTE
    (packed_ms,) = connection.execute(f"SELECT min(start_ms) / {HOUR_MS} * {HOUR_MS} FROM minute_packs").fetchone()
    if packed_ms is not None and packed_ms < end:
        if _last(connection) < to_ms:
            end = to_ms  # there is nothing later: the last minute is whole
        if unpacked(connection, max(packed_ms, from_ms), to_ms):
            return None
        for start, count in connection.execute(
            f"SELECT start_ms, {column} FROM minute_packs WHERE start_ms > ? AND start_ms < ? ORDER BY start_ms DESC",
            (from_ms - MINUTE, end),
        ):
            counted += count
            if counted >= wanted:
                return max(from_ms, int(start))
        end = packed_ms
    if from_ms >= end:
        return from_ms
    if connection.execute("SELECT EXISTS (SELECT 1 FROM insights_cells WHERE function_id >= 0)").fetchone() == (1,):
        return None
    end = end // HOUR * HOUR
    for start, count in connection.execute(
        f"SELECT start_ms, {column} FROM hour_packs WHERE start_ms > ? AND start_ms < ? ORDER BY start_ms DESC",
        (from_ms - HOUR, end),
    ):
        if count is None or count > _TOO_MANY * wanted:
            return None
        counted += count
        if counted >= wanted:
            return max(from_ms, int(start))
    return from_ms


def _last(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute(
        "SELECT last_ms FROM day_packs WHERE start_ms = (SELECT max(start_ms) FROM day_packs)"
    ).fetchone()
    return FOREVER_MS if newest is None else int(newest)
