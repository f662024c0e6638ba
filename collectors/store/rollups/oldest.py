"""When a store's oldest invocation began. Writers that make packs store it, so that no reader asks every function."""

from collectors.model.units import HOUR_MS, MINUTE_MS
from collectors.store.schema import OLDEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

_FIRST = "SELECT start_ms FROM minute_cells WHERE function_id = f.id ORDER BY start_ms LIMIT 1"
_EXACT = (
    "SELECT min(coalesce((SELECT min(i.start_ms) FROM invocations i WHERE i.function_id = f.id"
    f" AND i.start_ms < ?1 + {MINUTE_MS}), ?1))"
    " FROM functions f CROSS JOIN minute_cells m ON m.function_id = f.id AND m.start_ms = ?1"
)
# Hours that Logs Insights summed have no minutes.
_SUMMED = (
    "SELECT min((SELECT start_ms FROM insights_cells s WHERE s.function_id = f.id ORDER BY start_ms LIMIT 1))"
    f" FROM functions f WHERE ({_FIRST}) IS NULL"
)


# Where minutes were pruned, their hours remain.
_HOUR = (
    "SELECT min((SELECT start_ms FROM hour_cells h WHERE h.function_id = p.function_id ORDER BY start_ms LIMIT 1))"
    " FROM pruned p WHERE p.minutes_ms > 0"
)


def oldest_ms(connection: "sqlite3.Connection") -> int | None:
    """When the oldest invocation began (epoch ms), to the minute where its row was pruned; None in an empty store."""
    (minute,) = connection.execute(f"SELECT min(({_FIRST})) FROM functions f").fetchone()
    (exact,) = connection.execute(_EXACT, (minute,)).fetchone()
    (summed,) = connection.execute("SELECT EXISTS (SELECT 1 FROM insights_cells WHERE function_id >= 0)").fetchone()
    if summed:
        (summed,) = connection.execute(_SUMMED).fetchone()
    (hour,) = connection.execute(_HOUR).fetchone()
    if hour is not None and exact is not None and hour >= exact // HOUR_MS * HOUR_MS:
        hour = None  # the minutes of this hour are still there
    return min((at for at in (exact, summed or None, hour) if at is not None), default=None)


def store_oldest(connection: "sqlite3.Connection") -> None:
    """Stores the time as a setting, where it is not stored yet."""
    if connection.execute(f"SELECT 1 FROM settings WHERE name = '{OLDEST}'").fetchone() is None:
        oldest = oldest_ms(connection)
        if oldest is not None:
            connection.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (OLDEST, oldest))
