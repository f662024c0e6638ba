"""Reads what is known of accounts: alarms, configuration and its history, metrics, and the ledger of collections."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from collectors.model.account import (
    TAGS,
    Alarm,
    AlarmChange,
    BilledDay,
    CallCount,
    ErrorPattern,
    LogGroupFacts,
    Recommendation,
)
from collectors.model.records import FunctionKey
from collectors.model.units import FOREVER_MS, HOUR_MS
from collectors.store.read.reader import Reader
from collectors.store.tables.account import (
    ALARM_HISTORY,
    ALARMS,
    BILLED_DAYS,
    ERROR_PATTERNS,
    LOG_GROUPS,
    RECOMMENDATIONS,
)
from collectors.store.tables.column import StoredTable
from collectors.store.tables.ledger import COLLECTIONS
from collectors.untrusted import parsed_json

_STATES = re.compile(
    r"from (?P<before>\w+) to (?P<to>\w+)"
)  # in a StateUpdate's summary: Alarm updated from OK to ALARM


def _columns(table: StoredTable, record: type[Any]) -> str:
    """A table's columns, comma-separated, in the order of a record's fields."""
    return table.columns_of(field.name for field in fields(record))


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A value of one setting, and how long it was in force (epoch ms); ``was`` is the stored value before it."""

    account: str
    region: str
    function: str
    kind: str
    item: str
    name: str
    value: object
    since_ms: int
    until_ms: int | None
    was: object = None


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One statistic of one metric over a span. ``function`` is "" for metrics of the account as a whole."""

    account: str
    region: str
    function: str
    metric: str
    stat: str
    points: int
    total: float
    peak: float
    last_ms: int


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """One collection in the ledger, and its calls of AWS. ``notes`` are (kind, about, text, bytes)."""

    id: int
    source: str
    started_ms: int
    ended_ms: int | None
    events: int
    duplicates: int
    invocations: int
    errors: int
    rejected: int
    older_than_pruned: int = 0
    region: str = ""
    calls: list[CallCount] = field(default_factory=list)
    notes: list[tuple[str, str, str, int | None]] = field(default_factory=list)


def alarms(reader: Reader) -> list[Alarm]:
    """All alarms, those in state ALARM first, as they were before the reader's ``until_ms``.

    An alarm that changed its state later has the state that its history tells for then. Where the history does not
    tell, ``state_since_ms`` is None and ``reason`` empty. An alarm that was created later, by its history, is left out.
    """
    known = [
        replace(alarm, actions_enabled=None if alarm.actions_enabled is None else bool(alarm.actions_enabled))
        for alarm in (Alarm(*row) for row in reader.select(f"SELECT {_columns(ALARMS, Alarm)} FROM alarms"))
    ]
    if reader.until_ms is not None:
        known = [before for alarm in known if (before := _alarm_before(reader, alarm, reader.until_ms)) is not None]
    order = {"ALARM": 0, "INSUFFICIENT_DATA": 1}
    return sorted(known, key=lambda alarm: (order.get(alarm.state, 2), alarm.name, alarm.region, alarm.account))


def _alarm_before(reader: Reader, alarm: Alarm, until_ms: int) -> Alarm | None:
    if alarm.state_since_ms is None or alarm.state_since_ms < until_ms:
        return alarm
    changes = reader.select(
        "SELECT at_ms, kind, summary FROM alarm_history WHERE account = ? AND region = ? AND name = ? ORDER BY at_ms",
        (alarm.account, alarm.region, alarm.name),
    )
    earlier = [(at_ms, kind, summary) for at_ms, kind, summary in changes if at_ms < until_ms]
    if not earlier and any(kind == "ConfigurationUpdate" and "created" in summary for _, kind, summary in changes):
        return None
    for at_ms, kind, summary in reversed(earlier):
        if kind == "StateUpdate" and (update := _STATES.search(summary)):
            return replace(alarm, state=update["to"], state_since_ms=at_ms, reason="")
    later = (_STATES.search(summary) for at_ms, kind, summary in changes if kind == "StateUpdate" and at_ms >= until_ms)
    update = next(later, None)
    return replace(alarm, state=update["before"] if update else "", state_since_ms=None, reason="")


def alarm_changes(reader: Reader, from_ms: int, to_ms: int) -> list[AlarmChange]:
    """The changes of alarms in the span, newest first."""
    rows = reader.select(
        f"SELECT {_columns(ALARM_HISTORY, AlarmChange)} FROM alarm_history WHERE at_ms >= ? AND at_ms < ?"
        " ORDER BY at_ms DESC",
        (from_ms, to_ms),
    )
    return [AlarmChange(*row) for row in rows]


def has_asked(reader: Reader, operation: str) -> bool:
    """Whether any collection has called an operation, such as ``cloudwatch:DescribeAlarms``."""
    return bool(
        reader.select(
            "SELECT 1 FROM api_calls a JOIN collections c ON c.id = a.collection_id"
            " WHERE a.operation = ? AND c.started_ms < ? LIMIT 1",
            (operation, _until(reader)),
        )
    )


def _until(reader: Reader) -> int:
    """The time (epoch ms) before which the reader looks; ``FOREVER_MS`` where it has no ``until_ms``."""
    return FOREVER_MS if reader.until_ms is None else reader.until_ms


IN_FORCE = "since_ms < ? AND (until_ms IS NULL OR until_ms >= ?)"


def in_force(reader: Reader) -> tuple[int, int]:
    """The two values of ``IN_FORCE``: rows in force just before the reader's ``until_ms``."""
    return _until(reader), _until(reader)


def concurrency_limits(reader: Reader) -> dict[tuple[str, str], int]:
    """The limit of concurrent executions of each account and region whose limit was collected."""
    rows = reader.select(
        "SELECT account, region, value FROM configuration WHERE kind = 'account' AND name = 'concurrency_limit'"
        f" AND {IN_FORCE}",
        in_force(reader),
    )
    return {(account, region): int(parsed_json(value)) for account, region, value in rows}


def units_asked(reader: Reader, since_ms: int) -> list[tuple[str, str, int]]:
    """What collections that began at ``since_ms`` or later asked of AWS: operation, region and billed units."""
    return [
        (operation, region, units)
        for operation, region, units in reader.select(
            "SELECT operation, region, sum(units) FROM api_calls WHERE collection_id IN"
            " (SELECT id FROM collections WHERE started_ms >= ? AND started_ms < ?) GROUP BY operation, region",
            (since_ms, _until(reader)),
        )
    ]


def log_groups(reader: Reader) -> list[LogGroupFacts]:
    """All log groups that collections listed."""
    return [
        LogGroupFacts(*row) for row in reader.select(f"SELECT {_columns(LOG_GROUPS, LogGroupFacts)} FROM log_groups")
    ]


def settings(reader: Reader, of: FunctionKey | None = None, *, tags: bool = True) -> list[SettingRow]:
    """The settings in force, of all functions or of one, by function, kind and item.

    ``tags`` False leaves out functions' tags.
    """
    some = "" if of is None else " AND account = ? AND region = ? AND function = ?"
    some += "" if tags else f" AND kind != '{TAGS}'"
    return list(
        _settings(
            reader,
            f"{IN_FORCE}{some} ORDER BY function, region, account, kind, item, name",
            (*in_force(reader), *(() if of is None else (of.account, of.region, of.name))),
        )
    )


def _settings(reader: Reader, where: str, values: Sequence[object]) -> Iterator[SettingRow]:
    for *key, value, since_ms, until_ms in reader.select(
        "SELECT account, region, function, kind, item, name, value, since_ms, until_ms FROM configuration"
        f" WHERE {where}",
        values,
    ):
        yield SettingRow(*(*key, parsed_json(value), since_ms, until_ms))


def history(reader: Reader, kinds: Sequence[str]) -> list[SettingRow]:
    """Every value that settings of these kinds have had, oldest first."""
    rows = _settings(
        reader,
        f"kind IN ({', '.join('?' * len(kinds))}) AND since_ms < ? ORDER BY since_ms",
        (*kinds, _until(reader)),
    )
    return [replace(row, until_ms=None if (row.until_ms or 0) >= _until(reader) else row.until_ms) for row in rows]


def function_settings(reader: Reader, names: Sequence[str]) -> dict[tuple[str, str, str], list[SettingRow]]:
    """Every value that these settings of functions have had, oldest first, by (account, region, function name)."""

    def read() -> dict[tuple[str, str, str], list[SettingRow]]:
        by_function: dict[tuple[str, str, str], list[SettingRow]] = {}
        of_names = f"kind = 'function' AND name IN ({', '.join('?' * len(names))}) ORDER BY since_ms"
        for row in _settings(reader, of_names, tuple(names)):
            by_function.setdefault((row.account, row.region, row.function), []).append(row)
        return by_function

    return reader.cached(("settings of functions", tuple(names)), read)


def changes(reader: Reader, from_ms: int, to_ms: int) -> list[SettingRow]:
    """Settings that changed, began or ended in the span, newest first; one that ended has no value any more.

    A setting found when its function was first collected is not a change.
    """
    key = "n.account = o.account AND n.region = o.region AND n.function = o.function AND n.kind = o.kind"
    key += " AND n.item = o.item AND n.name = o.name"
    rows = reader.select(
        "SELECT o.account, o.region, o.function, o.kind, o.item, o.name, n.value, o.until_ms, n.until_ms, o.value"
        f" FROM configuration o LEFT JOIN configuration n ON {key} AND n.since_ms = o.until_ms"
        " WHERE o.until_ms >= ? AND o.until_ms < ? ORDER BY o.until_ms DESC, o.function, o.kind, o.item, o.name",
        (from_ms, min(to_ms, _until(reader))),
    )
    return [
        SettingRow(*(*key, None if value is None else parsed_json(value), since_ms, until_ms, parsed_json(before)))
        for *key, value, since_ms, until_ms, before in rows
    ]


def places(reader: Reader) -> list[tuple[str, str]]:
    """The accounts and regions that have settings, alarms, or metrics of their own."""
    rows = reader.select(
        "SELECT account, region FROM configuration UNION SELECT account, region FROM account_metrics"
        " UNION SELECT account, region FROM alarms"
    )
    return [(account, region) for account, region in rows]


def metrics(reader: Reader, from_ms: int, to_ms: int, function_ids: Sequence[int] | None = None) -> list[MetricRow]:
    """Every collected statistic of functions' metrics: its sum over the span and its largest value."""
    wanted = "" if function_ids is None else f"AND m.function_id IN ({', '.join('?' * len(function_ids))})"
    rows = reader.select(
        "SELECT f.account, f.region, f.name, m.metric, m.stat, count(*), sum(m.value), max(m.value), max(m.start_ms)"
        " FROM metrics m JOIN functions f ON f.id = m.function_id"
        f" WHERE m.start_ms >= ? AND m.start_ms < ? {wanted}"
        " GROUP BY m.function_id, m.metric, m.stat ORDER BY f.name, m.metric, m.stat",
        (from_ms, to_ms, *(function_ids or ())),
    )
    return [MetricRow(*row) for row in rows]


def account_metrics(reader: Reader, from_ms: int, to_ms: int) -> list[MetricRow]:
    """Every collected statistic of metrics that belong to an account and region, over the span."""
    rows = reader.select(
        "SELECT account, region, '', metric, stat, count(*), sum(value), max(value), max(start_ms) FROM account_metrics"
        " WHERE start_ms >= ? AND start_ms < ? GROUP BY 1, 2, 4, 5 ORDER BY 1, 2, 4, 5",
        (from_ms, to_ms),
    )
    return [MetricRow(*row) for row in rows]


def busiest_places(reader: Reader, from_ms: int, to_ms: int) -> dict[tuple[str, str], float]:
    """By account and region, the most concurrent executions of all its functions together in a span."""
    return {
        (row.account, row.region): row.peak
        for row in account_metrics(reader, from_ms, to_ms)
        if (row.metric, row.stat) == ("ConcurrentExecutions", "Maximum")
    }


def collections(reader: Reader, limit: int = 200) -> list[CollectionRow]:
    """Collections and imports, the newest first, ``limit`` at most."""
    rows = reader.select(
        f"SELECT {COLLECTIONS.column_list()} FROM collections WHERE started_ms < ? ORDER BY id DESC LIMIT ?",
        (_until(reader), limit),
    )
    ledger = {row.id: row for row in (CollectionRow(*columns) for columns in rows)}
    oldest = min(ledger, default=0)
    regions: dict[int, str] = {}
    for identity, region, *count in reader.select(
        "SELECT collection_id, region, operation, requests, units FROM api_calls WHERE collection_id >= ?", (oldest,)
    ):
        if identity in ledger:
            ledger[identity].calls.append(CallCount(*count))
            regions[identity] = region
    for identity, kind, about, text, size in reader.select(
        "SELECT collection_id, kind, about, text, bytes FROM collection_notes WHERE collection_id >= ?", (oldest,)
    ):
        if identity in ledger:
            ledger[identity].notes.append((kind, about, text, size))
    return [
        replace(
            row,
            ended_ms=None if (row.ended_ms or 0) >= _until(reader) else row.ended_ms,
            region=regions.get(row.id, ""),
        )
        for row in ledger.values()
    ]


def summed_by_insights(reader: Reader, from_ms: int, to_ms: int) -> set[int]:
    """The ids of functions with an hour in the span whose figures come from Logs Insights."""
    hour = HOUR_MS
    return {
        function_id
        for (function_id,) in reader.select(
            "SELECT DISTINCT s.function_id FROM functions f CROSS JOIN insights_cells s"
            " ON s.function_id = f.id AND s.start_ms >= ? AND s.start_ms < ? CROSS JOIN hour_cells h"
            " ON h.function_id = s.function_id AND h.start_ms = s.start_ms AND h.reports = s.reports",
            (from_ms - hour + 1, to_ms),
        )
    }


def billed_days(reader: Reader, from_ms: int, to_ms: int) -> list[BilledDay]:
    """What AWS says it billed, by day, usage type and type of line."""
    rows = reader.select(
        f"SELECT {_columns(BILLED_DAYS, BilledDay)} FROM billed_days"
        " WHERE day_ms >= ? AND day_ms < ? ORDER BY day_ms, service, usage_type, record_type",
        (from_ms, to_ms),
    )
    return [replace(day, estimated=bool(day.estimated)) for day in (BilledDay(*row) for row in rows)]


def recommendations(reader: Reader) -> list[Recommendation]:
    """Compute Optimizer's recommendation for each function."""
    rows = reader.select(
        f"SELECT {_columns(RECOMMENDATIONS, Recommendation)} FROM recommendations"
        " WHERE coalesce(refreshed_ms, 0) < ? ORDER BY function, version",
        (_until(reader),),
    )
    return [Recommendation(*row) for row in rows]


def error_patterns(reader: Reader, from_ms: int, to_ms: int) -> list[ErrorPattern]:
    """Patterns that Logs Insights found among error lines, newest hour first."""
    rows = reader.select(
        f"SELECT {_columns(ERROR_PATTERNS, ErrorPattern)} FROM error_patterns"
        " WHERE start_ms >= ? AND start_ms < ? ORDER BY start_ms DESC, samples DESC",
        (from_ms, to_ms),
    )
    return [ErrorPattern(*row) for row in rows]
