"""When the data of a store begin and end: invocations, log lines and orphan lines, metrics. Times are epoch ms UTC.

``ask`` runs one SQL query; each reads only one end of every function's rows.
"""

from collections.abc import Callable, Sequence
from typing import Any

from collectors.model.units import HOUR_MS, MINUTE_MS

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_LAST_CHUNKS = 64  # a chunk that began before this many others does not end after them

_NEWEST_LINE = (
    "SELECT max((SELECT max({edge}) FROM (SELECT {edge} FROM chunks c WHERE c.function_id = f.id{before}"
    f" ORDER BY first_ms DESC LIMIT {_LAST_CHUNKS}))) FROM functions f"
)
_OLDEST_LINE = (
    "SELECT min((SELECT first_ms FROM chunks c WHERE c.function_id = f.id ORDER BY first_ms LIMIT 1)) FROM functions f"
)
_METRIC = (
    "SELECT {extreme}((SELECT {extreme}(m.start_ms) FROM metrics m WHERE m.metric = k.metric AND m.function_id = f.id"
    " AND m.stat = k.stat{before})) FROM (SELECT DISTINCT metric, stat FROM metric_days) k CROSS JOIN functions f"
)
# Cells that end by then; of a whole minute or hour the time of the last invocation is exact.
_NEWEST_BEFORE = (
    "SELECT max(max(coalesce((SELECT last_ms FROM minute_cells c WHERE c.function_id = f.id"
    f" AND c.start_ms <= ?1 - {MINUTE_MS} ORDER BY start_ms DESC LIMIT 1), -1),"
    " coalesce((SELECT last_ms FROM hour_cells c WHERE c.function_id = f.id"
    f" AND c.start_ms <= ?1 - {HOUR_MS} ORDER BY start_ms DESC LIMIT 1), -1))) FROM functions f"
)


def newest_known(ask: Ask, invoked_ms: int | None) -> int | None:
    """The newest time: ``invoked_ms``, when the newest invocation began, or that of a later line or metric."""
    lines = ask(_NEWEST_LINE.format(edge="last_ms", before=""), ())[0][0]
    points = ask(_METRIC.format(extreme="max", before=""), ())[0][0]
    return max((at for at in (invoked_ms, lines, points) if at is not None), default=None)


def oldest_known(ask: Ask, invoked_ms: int | None) -> int | None:
    """The oldest time: ``invoked_ms``, when the oldest invocation began, or that of an earlier line or metric."""
    lines = ask(_OLDEST_LINE, ())[0][0]
    points = ask(_METRIC.format(extreme="min", before=""), ())[0][0]
    return min((at for at in (invoked_ms, lines, points) if at is not None), default=None)


def newest_before(ask: Ask, before_ms: int) -> int | None:
    """When the newest invocation before ``before_ms`` began; else the newest earlier line (its chunk) or metric."""
    (invoked,) = ask(_NEWEST_BEFORE, (before_ms,))[0]
    if invoked is not None and invoked >= 0:
        return int(invoked)
    whole = ask(_NEWEST_LINE.format(edge="last_ms", before=" AND c.last_ms < ?1"), (before_ms,))[0][0]
    begun = ask(_NEWEST_LINE.format(edge="first_ms", before=" AND c.first_ms < ?1"), (before_ms,))[0][0]
    points = ask(_METRIC.format(extreme="max", before=" AND m.start_ms < ?1"), (before_ms,))[0][0]
    return max((at for at in (whole, begun, points) if at is not None), default=None)
