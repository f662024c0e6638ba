"""Writes what is known of accounts: values are replaced, histories grow, and writing a record twice changes nothing."""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from collectors.model.account import (
    AlarmChange,
    Alarms,
    BilledDay,
    CallCount,
    Choice,
    Configured,
    Covered,
    ErrorPattern,
    HourAggregate,
    Inventory,
    LogGroupFacts,
    Recommendation,
    Record,
    RunningQuery,
    Setting,
)
from collectors.model.durable import DurableExecution, DurableHistory
from collectors.model.records import MetricPoint
from collectors.store.pruned_until import ACCOUNT_POINTS
from collectors.store.tables.account import (
    ALARM_HISTORY,
    ALARMS,
    BILLED_DAYS,
    CONFIGURATION,
    ERROR_PATTERNS,
    LOG_GROUPS,
    RECOMMENDATIONS,
)
from collectors.store.tables.column import StoredTable
from collectors.store.tables.ledger import API_CALLS, COLLECTION_NOTES, COVERED
from collectors.store.tables.metrics import ACCOUNT_METRICS
from collectors.store.transactions import commit_checked, undo
from collectors.store.write import durable, insights, running_queries
from collectors.store.write.name_ids import NameIds
from collectors.untrusted import parsed_json

_HERE = "account = ? AND region = ? AND kind = ?"
_OF = "AND function IN (SELECT value FROM json_each(?))"


def keep(connection: sqlite3.Connection, names: NameIds, collection: int, records: Sequence[Record]) -> None:
    """Writes records, those of each kind in one transaction."""
    by_kind: dict[type[Record], list[Any]] = {}
    for record in records:
        by_kind.setdefault(type(record), []).append(record)
    insights_hours = by_kind.pop(HourAggregate, [])
    if insights_hours:
        insights.keep(connection, names, insights_hours)
    for kind, alike in by_kind.items():
        with _transaction(connection):
            _KEPT_BY[kind](connection, collection, alike)


def _replace(connection: sqlite3.Connection, table: StoredTable, records: Iterable[object]) -> None:
    """Writes records by their fields, each replacing the row with its key."""
    values_of = attrgetter(*(column.read_from for column in table))
    connection.executemany(table.insert(instead="OR REPLACE"), map(values_of, records))


def _forget_billed(connection: sqlite3.Connection, days: Sequence[BilledDay]) -> None:
    """Deletes earlier answers about these days: a group may be gone, or an old row be the sum of new ones."""
    asked = {(one.account, one.day_ms, one.asked_ms) for one in days if one.asked_ms is not None}
    connection.executemany(
        "DELETE FROM billed_days WHERE account = ? AND day_ms = ? AND ifnull(asked_ms, 0) < ?", sorted(asked)
    )


_EARLIER = 20  # so many earlier collections of the source may still have choices


def _forget_choices(connection: sqlite3.Connection, collection: int) -> None:
    """Deletes this source's earlier choices of how to read log groups: each round writes one for each group."""
    connection.execute(
        "DELETE FROM collection_notes WHERE kind = 'choice' AND collection_id IN (SELECT id FROM collections"
        " WHERE source = (SELECT source FROM collections WHERE id = ?1) AND id < ?1 ORDER BY id DESC LIMIT ?2)",
        (collection, _EARLIER),
    )


def keep_inventory(connection: sqlite3.Connection, inventory: Inventory, now_ms: int) -> None:
    """Compares found settings with those in force: a changed value ends the old one's time and begins its own.

    A setting that was never seen begins when AWS says its resource was modified. A changed one begins then too, if that
    is after the old value's begin. Where AWS gives no time, both begin at ``now_ms``.
    """
    seen = {
        (one.function, one.kind, one.item, name): (json.dumps(value), one.modified_ms)
        for one in inventory.configured
        for name, value in one.settings.items()
    }
    with _transaction(connection):
        if "concurrency" in inventory.kinds:
            _reserve(connection, inventory)
        # For named functions only their rows are read: a scan would read the whole region's for each.
        of, few = ("", ()) if inventory.functions is None else (_OF, (json.dumps(sorted(inventory.functions)),))
        known: dict[tuple[str, str, str, str], tuple[str, int]] = {}
        for kind in inventory.kinds:
            for function, item, name, value, since_ms in connection.execute(
                f"SELECT function, item, name, value, since_ms FROM configuration WHERE {_HERE} {of}"
                " AND until_ms IS NULL",
                (inventory.account, inventory.region, kind, *few),
            ):
                known[function, kind, item, name] = value, since_ms
        for key, (value, since_ms) in known.items():
            if seen[key][0] == value if key in seen else inventory.partial:
                continue
            _, modified_ms = seen.get(key, (None, None))
            until_ms = modified_ms if modified_ms is not None and modified_ms > since_ms else max(now_ms, since_ms + 1)
            connection.execute(
                "UPDATE configuration SET until_ms = ? WHERE account = ? AND region = ? AND function = ? AND kind = ?"
                " AND item = ? AND name = ? AND since_ms = ?",
                (until_ms, inventory.account, inventory.region, *key, since_ms),
            )
            if key in seen:
                _begin(connection, inventory, key, value=seen[key][0], since_ms=until_ms)
        for key, (value, modified_ms) in seen.items():
            if key not in known:
                _begin(connection, inventory, key, value=value, since_ms=now_ms if modified_ms is None else modified_ms)


def _reserve(connection: sqlite3.Connection, inventory: Inventory) -> None:
    """Writes reserved concurrency to the function's own row too; null where none is reserved."""
    reserved = {one.function: one.settings.get("reserved") for one in inventory.configured if one.kind == "concurrency"}
    connection.executemany(
        "UPDATE functions SET reserved_concurrency = ? WHERE account = ? AND region = ? AND name = ?",
        [(reserved.get(name), inventory.account, inventory.region, name) for name in inventory.functions or ()],
    )


def _begin(
    connection: sqlite3.Connection, inventory: Inventory, key: tuple[str, str, str, str], *, value: str, since_ms: int
) -> None:
    connection.execute(
        CONFIGURATION.insert(instead="OR REPLACE"),
        (inventory.account, inventory.region, *key, since_ms, value, None),
    )


def keep_alarms(connection: sqlite3.Connection, alarms: Alarms) -> None:
    """Writes an account and region's alarms as they are; alarms that are gone are deleted, their history is not."""
    with _transaction(connection):
        if not alarms.partial:
            connection.execute("DELETE FROM alarms WHERE account = ? AND region = ?", (alarms.account, alarms.region))
        _replace(connection, ALARMS, alarms.alarms)


def keep_durable(connection: sqlite3.Connection, records: DurableHistory | Sequence[DurableExecution]) -> None:
    """Writes durable executions, or the history of one, in one transaction."""
    with _transaction(connection):
        if isinstance(records, DurableHistory):
            durable.keep_history(connection, records)
        else:
            durable.keep_executions(connection, records)


def keep_account_points(connection: sqlite3.Connection, points: Iterable[MetricPoint]) -> int:
    """Writes metric points of accounts (without a function); returns how many."""
    found = connection.execute("SELECT value FROM settings WHERE name = ?", (ACCOUNT_POINTS,)).fetchone()
    kept_ms = found[0] if found else 0  # hours before this were reduced to one point and take no more
    rows = [
        (each.function.account, each.function.region, each.metric, each.stat, each.start_ms, each.period_s, each.value)
        for each in points
        if each.start_ms >= kept_ms
    ]
    if rows:
        with _transaction(connection):
            connection.executemany(ACCOUNT_METRICS.insert(instead="OR REPLACE"), rows)
    return len(rows)


def keep_calls(connection: sqlite3.Connection, collection: int, region: str, calls: Iterable[CallCount]) -> None:
    """Writes the calls that a collection has made so far, replacing earlier counts of the same collection."""
    with _transaction(connection):
        connection.executemany(
            API_CALLS.insert(instead="OR REPLACE"),
            [(collection, region, each.operation, each.requests, each.units) for each in calls],
        )


def note(connection: sqlite3.Connection, collection: int, kind: str, about: str, text: str) -> None:
    """Writes a note on a collection for people to read: a ``failure``, or that the ``budget`` was reached."""
    with _transaction(connection):
        connection.execute(COLLECTION_NOTES.insert(instead="OR REPLACE"), (collection, kind, about, text, None))


def covered(connection: sqlite3.Connection, item: str) -> list[tuple[int, int]]:
    """The spans (epoch ms) of an item that collections have covered, in order."""
    return connection.execute("SELECT from_ms, to_ms FROM covered WHERE item = ? ORDER BY from_ms", (item,)).fetchall()


def reports(
    connection: sqlite3.Connection, account: str, region: str, since_ms: int
) -> dict[str, list[tuple[int, int]]]:
    """By function name, (start, REPORTs) of each minute from ``since_ms`` on that has REPORTs, in order of time."""
    by_function: dict[str, list[tuple[int, int]]] = {}
    for name, start_ms, count in connection.execute(
        "SELECT f.name, c.start_ms, c.reports FROM functions f CROSS JOIN minute_cells c ON c.function_id = f.id"
        " AND c.start_ms >= ? WHERE f.account = ? AND f.region = ? AND c.reports > 0 ORDER BY f.id, c.start_ms",
        (since_ms, account, region),
    ):
        by_function.setdefault(name, []).append((start_ms, count))
    return by_function


def counted(
    connection: sqlite3.Connection, account: str, region: str, since_ms: int
) -> dict[tuple[str, str], dict[int, float]]:
    """By function name and metric: how many Invocations and Throttles in each bin (epoch ms) from ``since_ms`` on."""
    by_metric: dict[tuple[str, str], dict[int, float]] = {}
    for metric in ("Invocations", "Throttles"):
        for name, start_ms, value in connection.execute(
            "SELECT f.name, m.start_ms, m.value FROM functions f CROSS JOIN metrics m ON m.metric = ?"
            " AND m.function_id = f.id AND m.stat = 'Sum' AND m.start_ms >= ? WHERE f.account = ? AND f.region = ?"
            " ORDER BY m.period_s DESC",
            (metric, since_ms, account, region),
        ):
            by_metric.setdefault((name, metric), {})[start_ms] = value
    return by_metric


def in_force(connection: sqlite3.Connection, account: str, region: str, kinds: Collection[str]) -> list[Configured]:
    """The settings of these kinds that are in force."""
    by_item: dict[tuple[str, str, str], dict[str, Setting]] = {}
    for function, kind, item, name, value in connection.execute(
        "SELECT function, kind, item, name, value FROM configuration WHERE account = ? AND region = ?"
        f" AND until_ms IS NULL AND kind IN ({', '.join('?' * len(kinds))})",
        (account, region, *kinds),
    ):
        by_item.setdefault((function, kind, item), {})[name] = parsed_json(value)
    return [Configured(account, region, *key, settings) for key, settings in by_item.items()]


def cover(connection: sqlite3.Connection, marks: Iterable[Covered]) -> None:
    """Adds covered spans; spans of an item that touch become one."""
    with _transaction(connection):
        for mark in marks:
            low, high = mark.from_ms, mark.to_ms
            touching = connection.execute(
                "SELECT from_ms, to_ms FROM covered WHERE item = ? AND from_ms <= ? AND to_ms >= ?",
                (mark.item, high, low),
            ).fetchall()
            for first, last in touching:
                low, high = min(low, first), max(high, last)
                connection.execute("DELETE FROM covered WHERE item = ? AND from_ms = ?", (mark.item, first))
            connection.execute(COVERED.insert(), (mark.item, low, high))


class _transaction:
    """A transaction; within another one, a part of that."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._mine = not connection.in_transaction

    def __enter__(self) -> None:
        if self._mine:
            self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._mine:
            try:
                if not kind:
                    commit_checked(self._connection)
                    self._connection.execute("COMMIT")
            finally:
                undo(self._connection)


def _keep_billed(connection: sqlite3.Connection, collection: int, days: Sequence[BilledDay]) -> None:
    _forget_billed(connection, days)
    _replace(connection, BILLED_DAYS, days)


def _keep_choices(connection: sqlite3.Connection, collection: int, choices: Sequence[Choice]) -> None:
    _forget_choices(connection, collection)
    connection.executemany(
        COLLECTION_NOTES.insert(instead="OR REPLACE"),
        [(collection, "choice", one.log_group, f"{one.way}: {one.why}", one.log_bytes) for one in choices],
    )


def _into(table: StoredTable) -> Callable[[sqlite3.Connection, int, Sequence[Any]], None]:
    return lambda connection, collection, records: _replace(connection, table, records)


_KEPT_BY: Mapping[type[Record], Callable[[sqlite3.Connection, int, Sequence[Any]], None]] = {
    LogGroupFacts: _into(LOG_GROUPS),
    AlarmChange: _into(ALARM_HISTORY),
    BilledDay: _keep_billed,
    Recommendation: _into(RECOMMENDATIONS),
    ErrorPattern: _into(ERROR_PATTERNS),
    Choice: _keep_choices,
    RunningQuery: running_queries.keep,
}
"""What keeps the records of a kind, of a collection, within a transaction; hours have cells, and one of their own."""
