"""What the store has already, as the sources of a collection ask for it (``collectors.sources.base.Stored``)."""

import contextlib
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from collectors.model.account import Configured, RunningQuery
from collectors.model.durable import OpenExecution
from collectors.model.units import FOREVER_MS
from collectors.sources.base import ONCE, Counted, Stored
from collectors.store.write import account as kept
from collectors.store.write import durable
from collectors.store.write.running_queries import left_running


class Claims:
    """Which source of a collection reads what is read once for all of them: the first that asks."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()
        self._lock = threading.Lock()

    def claim(self, item: str) -> bool:
        """Whether the caller is the first that asks for an item, and so the one that reads it."""
        with self._lock:
            new = item not in self._claimed
            self._claimed.add(item)
            return new


class InStore:
    """The ``Stored`` of one source: over a connection that only its thread uses, None where there is no store yet."""

    def __init__(self, connection: sqlite3.Connection | None, claims: Claims) -> None:
        self._connection = connection
        self._claims = claims

    def __call__(self, item: str, /) -> list[tuple[int, int]]:
        if item.startswith(ONCE) and not self._claims.claim(item):
            return [(0, FOREVER_MS)]
        return kept.covered(self._connection, item) if self._connection else []

    def reports(self, account: str, region: str, since_ms: int) -> dict[str, list[tuple[int, int]]]:
        """As ``Stored`` says; nothing where there is no store yet."""
        return kept.reports(self._connection, account, region, since_ms) if self._connection else {}

    def left_running(self, account: str, region: str) -> list[RunningQuery]:
        """As ``Stored`` says; nothing where there is no store yet."""
        return left_running(self._connection, account, region) if self._connection else []

    def counted(self, account: str, region: str, since_ms: int) -> Counted:
        """As ``Stored`` says; nothing where there is no store yet."""
        return kept.counted(self._connection, account, region, since_ms) if self._connection else {}

    def settings(self, account: str, region: str, kinds: Collection[str]) -> list[Configured]:
        """As ``Stored`` says; nothing where there is no store yet."""
        return kept.in_force(self._connection, account, region, kinds) if self._connection else []

    def open_executions(self, account: str, region: str) -> list[OpenExecution]:
        """As ``Stored`` says; nothing where there is no store yet."""
        return durable.open_executions(self._connection, account, region) if self._connection else []

    def read_executions(self, arns: Sequence[str], /) -> set[str]:
        """As ``Stored`` says; nothing where there is no store yet."""
        return durable.read_executions(self._connection, arns) if self._connection else set()


@contextlib.contextmanager
def stored_in(db: Path) -> Iterator[Stored]:
    """What a store has, for estimating a collection. A store that does not exist, or is too old, has nothing."""
    if not db.exists():
        yield InStore(None, Claims())
        return
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(db))}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            connection.execute("SELECT 1 FROM covered, minute_cells, durable_executions LIMIT 0")
        except sqlite3.OperationalError:
            yield InStore(None, Claims())
            return
        yield InStore(connection, Claims())
