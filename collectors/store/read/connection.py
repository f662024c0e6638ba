"""A read-only connection to one store, with a cache of its answers and errors that say what to do."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from collectors.model.records import Function, FunctionKey
from collectors.store.connection import Still, keep_at_hand, open_checked
from collectors.store.error_rules import rules_of
from collectors.store.errors import StoreError, explained
from collectors.store.read.query_cache import QueryCache
from collectors.store.read.rows import FunctionRow
from collectors.store.rollups import dirty_packs
from collectors.store.rollups.oldest import oldest_ms
from collectors.store.schema import OLDEST, VERSION
from collectors.store.tables.names import FUNCTIONS

Functions = Sequence[int] | None
Answer = TypeVar("Answer")


class Connected:
    """One store, open for reading: its functions, and the times it covers. Use one object for each thread."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._connection = open_checked(self._path)
        self._cache = QueryCache(self._connection)
        self.until_ms: int | None = None
        self._functions_as_read: list[tuple[Any, ...]] = []
        self._known_functions: list[FunctionRow] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the reader must not be used after that."""
        self._connection.close()

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with explained(self._path):
            return self._connection.execute(sql, tuple(values)).fetchall()

    def select(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one query; for the modules of this room that read other tables."""
        return self._all(sql, values)

    def cached(self, asked: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The cached result for the key ``asked``, or ``answer()``; a commit by another process empties the cache.

        ``asked`` names everything that the result depends on besides the store and ``until_ms``. Nobody may change a
        result, because others get the same object. Raises StoreError.
        """
        with explained(self._path):
            return self._cache.of(asked if self.until_ms is None else (self.until_ms, asked), answer)

    def forget(self) -> None:
        """Empties the cache."""
        self._cache.forget()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Runs several queries on one state of the store; without it, SQLite locks and unlocks the file for each."""
        if self._connection.in_transaction:
            yield
            return
        self._all("BEGIN")
        try:
            yield
        finally:
            self._all("COMMIT")

    def ids(self, function_ids: Functions) -> list[int]:
        """The ids of the functions asked for, None being all functions of the store."""
        return [row.id for row in self.functions()] if function_ids is None else list(function_ids)

    def chosen(self, function_ids: Functions) -> tuple[int, ...] | None:
        """The wanted functions as part of a cache key; None where they are all of the store's, and none is hidden."""
        if function_ids is None and self.until_ms is None:
            return None
        every = {row.id for row in self.functions()}
        if self.until_ms is not None and len(every) < len(self.cached("functions", self._functions)):
            return tuple(sorted(every) if function_ids is None else [each for each in function_ids if each in every])
        if function_ids is None or every == set(function_ids):
            return None
        return tuple(each for each in function_ids if each in every)

    def is_fleet(self, function_ids: Functions) -> bool:
        """Whether so many functions are asked for (None: all) that reading packs is faster."""
        return len(self.functions() if function_ids is None else function_ids) > dirty_packs.PACK_THRESHOLD

    def error_rules(self) -> int | None:
        """The version of the rules by which errors are grouped; None where the store does not have it."""
        with explained(self._path):
            return rules_of(self._connection)

    def data_version(self) -> int:
        """A number that changes when another process has committed."""
        return cast(int, self._all("PRAGMA data_version")[0][0])

    @property
    def is_still(self) -> bool:
        """Whether it reads a file that SQLite takes as unchangeable (``collectors.store.connection.Still``)."""
        return isinstance(self._connection, Still)

    def mark(self) -> tuple[Any, ...]:
        """Values that differ between stores, and between states of one store."""
        return self._all(
            "SELECT (SELECT value FROM settings WHERE name = 'store_id'), (SELECT count(*) FROM functions),"
            " (SELECT max(id) FROM collections),"
            " (SELECT events + invocations FROM collections ORDER BY id DESC LIMIT 1)"
        )[0]

    def stay_open(self) -> None:
        """Prepares for many queries: the next one is slower, those after it faster."""
        keep_at_hand(self._connection)

    def is_current(self) -> bool:
        """Whether it sees later changes of the store, whose schema is still this program's."""
        try:
            if isinstance(self._connection, Still) and not self._connection.stands():
                return False
            return self._all("PRAGMA user_version") == [(VERSION,)]
        except StoreError:
            return False

    @contextmanager
    def until(self, until_ms: int | None) -> Iterator[None]:
        """Within the block, functions, settings, alarms and collections are as they were just before ``until_ms``.

        None is as they are now. Within another ``until`` the earlier time holds.
        """
        before = self.until_ms
        if before is None or (until_ms is not None and until_ms < before):
            self.until_ms = until_ms
        try:
            yield
        finally:
            self.until_ms = before

    def functions(self) -> list[FunctionRow]:
        """Every function of the store, by name, region and account."""
        if self.until_ms is None:
            return list(self.cached("functions", self._functions))
        from collectors.store.read.functions_until import functions_until

        until_ms = self.until_ms
        return list(self.cached("functions until", lambda: functions_until(self._all, self._functions(), until_ms)))

    def _functions(self) -> list[FunctionRow]:
        rows = self._all(f"SELECT {FUNCTIONS.column_list()} FROM functions ORDER BY name, region, account")
        if rows != self._functions_as_read:  # a commit rarely changes a function: the records are made once
            self._functions_as_read = rows
            self._known_functions = [
                FunctionRow(function_id, Function(FunctionKey(name, account, region), *settings))
                for function_id, account, region, name, *settings in rows
            ]
        return self._known_functions

    def newest_ms(self) -> int | None:
        """When the newest invocation began (epoch ms); None in a store without any."""
        packed = "SELECT last_ms FROM day_packs WHERE start_ms = (SELECT max(start_ms) FROM day_packs)"
        of_function = "SELECT last_ms FROM day_cells WHERE function_id = f.id ORDER BY start_ms DESC LIMIT 1"
        sql = f"SELECT coalesce(({packed}), (SELECT max(({of_function})) FROM functions f))"
        return cast(int | None, self.cached(sql, lambda: self._all(sql)[0][0]))

    def newest_known_ms(self) -> int | None:
        """The newest time (epoch ms) of any invocation, log line, orphan line or metric; None in an empty store."""
        from collectors.store.read.known_spans import newest_known

        return self.cached("newest known", lambda: newest_known(self._all, self.newest_ms()))

    def oldest_known_ms(self) -> int | None:
        """The oldest time (epoch ms) of any invocation, log line, orphan line or metric; None in an empty store."""
        from collectors.store.read.known_spans import oldest_known

        return self.cached("oldest known", lambda: oldest_known(self._all, self.oldest_ms()))

    def as_of_ms(self, before_ms: int) -> int | None:
        """When the newest invocation before ``before_ms`` (a full minute) began; else the newest line or metric before.

        Where all of the store is later: the newest time in it. None in an empty store.
        """
        newest = self.newest_ms()
        if newest is not None and newest < before_ms:
            return newest
        from collectors.store.read.known_spans import newest_before

        found = self.cached(("as of", before_ms), lambda: newest_before(self._all, before_ms))
        return self.newest_known_ms() if found is None else found

    def has_insights(self) -> bool:
        """Whether any hour was summed by Logs Insights."""
        sql = "SELECT EXISTS (SELECT 1 FROM insights_cells)"
        return self.cached(sql, lambda: bool(self._all(sql)[0][0]))

    def oldest_ms(self) -> int | None:
        """When the oldest invocation began (epoch ms), to the minute once its row is pruned; None in an empty store."""
        return self.cached("oldest", self._oldest_ms)

    def _oldest_ms(self) -> int | None:
        kept = self._all(f"SELECT value FROM settings WHERE name = '{OLDEST}'")
        if kept:
            return int(kept[0][0])
        with self.snapshot(), explained(self._path):
            return oldest_ms(self._connection)


def marks(ids: Sequence[int]) -> str:
    """Question marks for ``IN (...)``, as many as there are ids."""
    return ", ".join("?" * len(ids))
