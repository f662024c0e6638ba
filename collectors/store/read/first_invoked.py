"""When functions were invoked first, as far as the store knows. Times are epoch ms UTC."""

from collectors.model.units import DAY_MS
from collectors.store.read.reader import Reader

_OLDEST = "(SELECT start_ms FROM {table} WHERE {where} ORDER BY start_ms LIMIT 1)"
_OWN = "function_id = f.id"
_METRIC = f"metric = 'Invocations' AND {_OWN} AND stat = 'Sum'"
_TABLES = (("day_cells", _OWN), ("minute_cells", _OWN), ("metric_days", _METRIC), ("metrics", _METRIC))
_TIMES = ", ".join(_OLDEST.format(table=table, where=where) for table, where in _TABLES)
_FIRST = f"SELECT f.id, {_TIMES} FROM functions f"


def first_invoked(reader: Reader) -> dict[int, int]:
    """By function id, by logs or metrics: to the minute where minutes of that day are kept, else its day's midnight."""
    return reader.cached("first invoked", lambda: _first_invoked(reader))


def _first_invoked(reader: Reader) -> dict[int, int]:
    first: dict[int, int] = {}
    for function_id, logged_day, logged_minute, metered_day, metered_minute in reader.select(_FIRST):
        both = (logged_day, logged_minute), (metered_day, metered_minute)
        known = [_exact(day, minute) for day, minute in both if day is not None]
        if known:
            first[function_id] = min(known)
    return first


def _exact(day_ms: int, minute_ms: int | None) -> int:
    within = minute_ms is not None and minute_ms // DAY_MS * DAY_MS == day_ms
    return minute_ms if within and minute_ms is not None else day_ms
