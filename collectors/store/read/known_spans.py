"""When what a store knows begins and ends: invocations, log lines in and outside of them, and metrics.

Times are epoch ms UTC. ``ask`` is a connection's question; each seeks every function's own run of rows.
"""

from collections.abc import Callable, Sequence
from typing import Any

from collectors.model.units import HOUR_MS, MINUTE_MS

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_LAST_CHUNKS = 64  # a chunk that began earlier than so many others does not end later

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
# Cells that end by then; the last invocation of a whole minute or hour is exact.
_NEWEST_BEFORE = (
    "SELECT max(max(coalesce((SELECT last_ms FROM minute_cells c WHERE c.function_id = f.id"
    f" AND c.start_ms <= ?1 - {MINUTE_MS} ORDER BY start_ms DESC LIMIT 1), -1),"
    " coalesce((SELECT last_ms FROM hour_cells c WHERE c.function_id = f.id"
    f" AND c.start_ms <= ?1 - {HOUR_MS} ORDER BY start_ms DESC LIMIT 1), -1))) FROM functions f"
)


def newest_known(ask: Ask, invoked_ms: int | None) -> int | None:
    """``invoked_ms``, when the newest invocation began, or what is later: its last line, loose lines, metrics."""
    lines = ask(_NEWEST_LINE.format(edge="last_ms", before=""), ())[0][0]
    points = ask(_METRIC.format(extreme="max", before=""), ())[0][0]
    return max((at for at in (invoked_ms, lines, points) if at is not None), default=None)


def oldest_known(ask: Ask, invoked_ms: int | None) -> int | None:
    """``invoked_ms``, when the oldest invocation began, or what is earlier."""
    lines = ask(_OLDEST_LINE, ())[0][0]
    points = ask(_METRIC.format(extreme="min", before=""), ())[0][0]
    return min((at for at in (invoked_ms, lines, points) if at is not None), default=None)


def newest_before(ask: Ask, before_ms: int) -> int | None:
    """The newest invocation that began before then; else the newest line or metric of before, to its chunk's begin."""
    (invoked,) = ask(_NEWEST_BEFORE, (before_ms,))[0]
    if invoked is not None and invoked >= 0:
        return int(invoked)
    whole = ask(_NEWEST_LINE.format(edge="last_ms", before=" AND c.last_ms < ?1"), (before_ms,))[0][0]
    begun = ask(_NEWEST_LINE.format(edge="first_ms", before=" AND c.first_ms < ?1"), (before_ms,))[0][0]
    points = ask(_METRIC.format(extreme="max", before=" AND m.start_ms < ?1"), (before_ms,))[0][0]
    return max((at for at in (whole, begun, points) if at is not None), default=None)
