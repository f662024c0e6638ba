"""Writes the items of one source into the store: each kind with the function of the store for it."""

import sqlite3
import time
from typing import assert_never

from collectors.columnar import deferred_reports
from collectors.model.account import Alarms, Covered, Inventory
from collectors.model.durable import DurableHistory
from collectors.model.invocation_columns import Batch
from collectors.parsing import emf
from collectors.parsing.fingerprint import family, fingerprint
from collectors.parsing.patterns import LinePatterns
from collectors.sources.base import (
    ONCE,
    AlarmChanges,
    BilledDays,
    Choices,
    DurableExecutions,
    ErrorPatterns,
    HourAggregates,
    ListedFunctions,
    ListedLogGroups,
    MetricPoints,
    Recommendations,
    RunningQueries,
    StoredItem,
)
from collectors.store.schema import SIMULATED
from collectors.store.write.writer import Writer, Written

SAVE_S = 1.0  # how often what was covered is committed and marked


class ItemWriter:
    """Writes what one source gives, under a line of its own in the ledger of collections (``collection``).

    ``functions`` and ``metric_points`` count what was kept of each, ``choices`` log groups by how they are read.
    """

    def __init__(self, connection: sqlite3.Connection, source: str, now_ms: int) -> None:
        """``source`` is what the ledger calls it. ``now_ms`` is the time of the collection, in epoch ms.

        ``connection`` is one of ``collectors.store.connection.writing``.
        """
        self._connection = connection
        self._now_ms = now_ms
        self._writer = Writer(connection, fingerprint, family, LinePatterns(), emf.read)
        self._marks: list[Covered] = []
        self._saved = time.monotonic()
        self.collection = self._writer.begin(source)
        self.written = Written()
        self.functions = 0
        self.metric_points = 0
        self.choices: dict[str, int] = {}

    def add(self, batch: Batch) -> None:
        """Adds invocations and lines. The store commits when enough have come together, or with ``flush``."""
        self._writer.add(deferred_reports.with_reports_read(batch))

    def keep(self, item: StoredItem) -> None:
        """Writes any other item, after committing what was added before it.

        A mark of what is covered waits until ``save``, because it must not be committed before what it covers.
        """
        if isinstance(item, Covered):
            self._marks.append(item)
            # What is paid for once a day is not to be paid for again because of a kill in the next second; what is
            # simulated is told before it is shown.
            if item.item.startswith((ONCE, SIMULATED)) or time.monotonic() - self._saved >= SAVE_S:
                self.save()
            return
        from collectors.store.write import account  # most imports have log events alone, and do without

        self.flush()
        connection = self._connection
        match item:
            case ListedFunctions(functions):
                self.functions += self._writer.configure(functions)
            case MetricPoints():
                self._measure(item)
            case Inventory():
                account.keep_inventory(connection, item, self._now_ms if item.as_of_ms is None else item.as_of_ms)
            case Alarms():
                account.keep_alarms(connection, item)
            case DurableHistory():
                account.keep_durable(connection, item)
            case DurableExecutions(executions):
                account.keep_durable(connection, executions)
            case RunningQueries(queries):
                self.save()  # what a query that has ended gave is committed and marked before it is forgotten
                account.keep(connection, self._writer.names, self.collection, queries)
            case Choices(choices):
                for choice in choices:
                    self.choices[choice.way] = self.choices.get(choice.way, 0) + 1
                account.keep(connection, self._writer.names, self.collection, choices)
            case (
                ListedLogGroups(records)
                | AlarmChanges(records)
                | BilledDays(records)
                | Recommendations(records)
                | HourAggregates(records)
                | ErrorPatterns(records)
            ):
                account.keep(connection, self._writer.names, self.collection, records)
            case _:
                assert_never(item)

    def _measure(self, item: MetricPoints) -> None:
        """Metric points of functions, and those of the account, whose function has no name."""
        from collectors.store.write import account

        of_account = [point for point in item.points if not point.function.name]
        if of_account:
            account.keep_account_points(self._connection, of_account)
        of_functions = (point for point in item.points if point.function.name)
        self.metric_points += len(of_account) + self._writer.measure(of_functions)

    def flush(self) -> None:
        """Commits what was added."""
        self.written = self._writer.flush()

    def save(self) -> None:
        """Commits what was added, and marks what it covers."""
        self.flush()
        if self._marks:
            from collectors.store.write import account

            marks, self._marks = self._marks, []
            account.cover(self._connection, marks)
        self._saved = time.monotonic()

    def forget_marks(self) -> None:
        """Drops the waiting marks: some of what they cover could not be written."""
        self._marks.clear()
