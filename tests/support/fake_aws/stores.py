"""What a store holds, as one value that can be compared: read from its tables, in names and not in its own ids."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from collectors.store.read.reader import Reader

_OF_FUNCTIONS = {
    "functions": "SELECT f.account, f.region, f.name, runtime, arch, memory_mb, timeout_s, ephemeral_mb, log_group,"
    " reserved_concurrency FROM functions f",
    "invocations": "SELECT f.account, f.region, f.name, i.start_ms, lower(hex(i.request_id)), s.name, i.parts, i.status,"
    " i.duration_us, i.billed_ms, i.memory_mb, i.max_memory_mb, i.init_us, i.end_ms, i.events, e.error_type"
    " FROM invocations i JOIN functions f ON f.id = i.function_id JOIN streams s ON s.id = i.stream_id"
    " LEFT JOIN errors e ON e.id = i.error_id",
    "minutes": "SELECT f.account, f.region, f.name, c.start_ms, c.invocations, c.reports, c.errors, c.cold_starts,"
    " c.billed_ms, c.billed_mb_ms, c.duration_us FROM minute_cells c JOIN functions f ON f.id = c.function_id",
    "metrics": "SELECT f.account, f.region, f.name, m.metric, m.stat, m.start_ms, m.period_s, m.value"
    " FROM metrics m JOIN functions f ON f.id = m.function_id",
}
_PLAIN = {
    "metrics of accounts": "SELECT * FROM account_metrics",
    "configuration": "SELECT account, region, function, kind, item, name, value FROM configuration"
    " WHERE until_ms IS NULL",
    "log groups": "SELECT * FROM log_groups",
    "alarms": "SELECT * FROM alarms",
    "alarm history": "SELECT * FROM alarm_history",
    "billed days": "SELECT account, day_ms, service, usage_type, record_type, amount, quantity FROM billed_days",
    "recommendations": "SELECT * FROM recommendations",
}


def content(db: Path) -> dict[str, list[Any]]:
    """Everything collected, by kind, sorted; times of the collection itself are left out."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
        told = {name: _sorted(connection.execute(sql)) for name, sql in (_OF_FUNCTIONS | _PLAIN).items()}
    with Reader(db) as reader:
        names = {row.id: row.function.key.name for row in reader.functions()}
        told["lines"] = _sorted(
            (names[line.function_id], line.timestamp_ms, line.text) for line in reader.search(0, 1 << 60)
        )
    return told


def covered(db: Path) -> dict[str, list[tuple[int, int]]]:
    """The spans that count as read, by item."""
    spans: dict[str, list[tuple[int, int]]] = {}
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
        for item, low, high in connection.execute("SELECT item, from_ms, to_ms FROM covered ORDER BY item, from_ms"):
            spans.setdefault(item, []).append((low, high))
    return spans


def notes(db: Path) -> list[tuple[str, str, str]]:
    """What collections noted: kind, about and text."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT kind, about, text FROM collection_notes ORDER BY 1, 2, 3").fetchall()


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> dict[str, Any]:
    """By kind, how many are only in one and only in the other, with an example of each; {} where they are equal."""
    found: dict[str, Any] = {}
    for kind in one.keys() | other.keys():
        mine, theirs = _texts(one.get(kind, [])), _texts(other.get(kind, []))
        if mine != theirs:
            only, too = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
            found[kind] = {"only here": (len(only), only[:1]), "only there": (len(too), too[:1])}
    return found


def _texts(rows: list[Any]) -> list[str]:
    return [json.dumps(row) for row in rows]


def _sorted(rows: Any) -> list[Any]:
    return sorted((list(row) for row in rows), key=lambda row: json.dumps(row))
