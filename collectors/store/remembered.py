"""What earlier collections found, for a source that does not ask for it again: read on its own, and only read."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from collectors.account import Configured, Setting
from collectors.durable import OpenExecution
from collectors.store import durable
from collectors.untrusted import Unparsable, parsed_json


@dataclass(frozen=True, slots=True)
class Remembered:
    """``collectors.cloudwatch.memory.Memory`` of a store. Nothing where there is none yet, or an older one: whoever
    writes the store says what is wrong with it.
    """

    db: Path

    def settings(self, account: str, region: str, kinds: Collection[str]) -> Sequence[Configured]:
        """The settings of some kinds that are in force."""
        return self._read(lambda connection: _settings(connection, account, region, kinds))

    def open_executions(self, account: str, region: str) -> Sequence[OpenExecution]:
        """The durable executions whose history is not whole."""
        return self._read(lambda connection: durable.open_executions(connection, account, region))

    def read_executions(self, arns: Sequence[str]) -> Collection[str]:
        """Which of these durable executions need not be read any more."""
        return self._read(lambda connection: sorted(durable.read_executions(connection, arns)))

    def _read(self, ask: Callable[[sqlite3.Connection], Sequence[Any]]) -> Sequence[Any]:
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.db))}?mode=ro", uri=True, timeout=30)) as connection:
                return ask(connection)
        except (sqlite3.Error, Unparsable):
            return ()


def _settings(connection: sqlite3.Connection, account: str, region: str, kinds: Collection[str]) -> list[Configured]:
    found: dict[tuple[str, str, str], dict[str, Setting]] = {}
    for function, kind, item, name, value in connection.execute(
        "SELECT function, kind, item, name, value FROM configuration WHERE account = ? AND region = ?"
        f" AND until_ms IS NULL AND kind IN ({', '.join('?' * len(kinds))})",
        (account, region, *kinds),
    ):
        found.setdefault((function, kind, item), {})[name] = parsed_json(value)
    return [Configured(account, region, *key, settings) for key, settings in found.items()]
