"""The functions as they were before a moment: those that were known then, as they were configured then."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from collectors.model.records import Function
from collectors.model.units import HOUR_MS
from collectors.store.read.rows import FunctionRow
from collectors.untrusted import parsed_json

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

# For each function: whether anything before the moment is known, and whether anything is known at all.
_SEEN = (
    "SELECT f.id,"
    " EXISTS (SELECT 1 FROM minute_cells c WHERE c.function_id = f.id AND c.start_ms < ?1)"
    f" OR EXISTS (SELECT 1 FROM hour_cells c WHERE c.function_id = f.id AND c.start_ms <= ?1 - {HOUR_MS})"
    " OR EXISTS (SELECT 1 FROM chunks c WHERE c.function_id = f.id AND c.first_ms < ?1)"
    " OR EXISTS (SELECT 1 FROM k CROSS JOIN metrics m ON m.metric = k.metric AND m.function_id = f.id"
    " AND m.stat = k.stat AND m.start_ms < ?1),"
    " EXISTS (SELECT 1 FROM hour_cells c WHERE c.function_id = f.id)"
    " OR EXISTS (SELECT 1 FROM chunks c WHERE c.function_id = f.id)"
    " OR EXISTS (SELECT 1 FROM k CROSS JOIN metrics m ON m.metric = k.metric AND m.function_id = f.id"
    " AND m.stat = k.stat) FROM functions f"
)
_METRICS = "WITH k AS (SELECT DISTINCT metric, stat FROM metric_days) "
_CONFIGURED = (
    "SELECT account, region, function, kind, name, since_ms, until_ms, value FROM configuration"
    " WHERE kind IN ('function', 'concurrency') AND item = '' ORDER BY since_ms"
)
_FIELDS = {one.name for one in fields(Function)} - {"key"}
_NAMES = {"reserved": "reserved_concurrency"}


def functions_until(ask: Ask, functions: Sequence[FunctionRow], until_ms: int) -> list[FunctionRow]:
    """The functions without those of which only later things are known, with their settings before ``until_ms``.

    A setting is the one in force just before ``until_ms``, else the oldest known, else the function's present one. A
    function of which nothing at all is known stays.
    """
    seen = {function_id: (bool(before), bool(ever)) for function_id, before, ever in ask(_METRICS + _SEEN, (until_ms,))}
    settings: dict[tuple[str, str, str], dict[str, object]] = {}
    earlier: set[tuple[str, str, str]] = set()
    for account, region, name, _, setting, since_ms, ended_ms, value in ask(_CONFIGURED, ()):
        where, field = (account, region, name), _NAMES.get(setting, setting)
        if since_ms < until_ms:
            earlier.add(where)
        if field not in _FIELDS:
            continue
        values = settings.setdefault(where, {})
        if since_ms < until_ms:
            values[field] = parsed_json(value) if ended_ms is None or ended_ms >= until_ms else None
        else:
            values.setdefault(field, parsed_json(value))
    listed = []
    for row in functions:
        key = row.function.key
        where = key.account, key.region, key.name
        before, ever = seen.get(row.id, (False, False))
        if before or where in earlier or not (ever or where in settings):
            listed.append(FunctionRow(row.id, replace(row.function, **settings.get(where, {}))))  # type: ignore[arg-type]
    # Before the oldest known time nobody can tell which functions there were: all are listed, without settings.
    return listed or [FunctionRow(row.id, Function(row.function.key)) for row in functions]
