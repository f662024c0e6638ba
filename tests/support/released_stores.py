"""Small stores of every released version, as text in ``data/stores/vN.sql``, and what they hold.

Each was written by that version itself: ``git worktree add /tmp/old COMMIT``, then
``cd /tmp/old && PYTHONPATH=. python .../tests/support/released_stores.py N``; so nothing here may need more than version 1 had.
"""

import os
import sqlite3
import sys
import tempfile
from pathlib import Path

from collectors.ingest.engine import import_files
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.parsing.fingerprint import fingerprint
from collectors.store.connection import writing
from collectors.store.write.writer import Writer
from tests.support.places import DATA
from tests.support.row_checksums import resum

FOLDER = DATA / "stores"
EVENTS = FOLDER / "events.jsonl"
CHECKOUT = FunctionKey("checkout", "111122223333", "us-east-1")
T0 = 1_743_415_200_000  # 2025-03-31T10:00:00Z
NAMED = {"Throttles": "Sum", "Invocations": "Sum", "Errors": "Sum", "ConcurrentExecutions": "Maximum"}


def fill(path: Path, events: str = str(EVENTS)) -> None:
    """Writes what every one of these stores holds, with the program that is imported here."""
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        writer.configure([Function(CHECKOUT, runtime="python3.13", arch="arm64", memory_mb=1024, timeout_s=3)])
    result = import_files([events], db=path, defaults=FunctionKey(""))
    if result.failures:
        raise SystemExit(result.failures)
    with writing(path) as connection:
        writer = Writer(connection, fingerprint)
        for minute in (5, 6, 70, 1600):
            writer.measure(
                MetricPoint(CHECKOUT, name, stat, 60, T0 + minute * MINUTE_MS, float(place + minute))
                for place, (name, stat) in enumerate(NAMED.items())
            )
        writer.flush()


def load(version: int, path: Path) -> Path:
    """The store of a released version, made at ``path``."""
    connection = sqlite3.connect(path)
    connection.executescript((FOLDER / f"v{version}.sql").read_text())
    connection.close()
    return path


def set_back(path: Path, version: int) -> None:
    """Takes out of a store all that later versions added, as if one of ``version`` had written it."""
    from collectors.store.migration import migrate

    old, store = sqlite3.connect(":memory:", isolation_level=None), sqlite3.connect(path)
    migrate(old, version)
    kinds = "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    known = set(old.execute(kinds))
    with store:
        added = [one for one in store.execute(kinds) if one not in known]
        for kind, name, _ in sorted(added, key=lambda one: ("trigger", "index", "table").index(one[0])):
            store.execute(f"DROP {kind} IF EXISTS {name}")
        dropped: list[str] = []
        for _, table, _ in (one for one in known if one[0] == "table"):
            columns = [{row[1] for row in one.execute(f"PRAGMA table_info({table})")} for one in (store, old)]
            for column in columns[0] - columns[1]:
                if version >= 11:  # its checksums do not know them
                    store.execute(f"UPDATE {table} SET {column} = NULL")
                dropped.append(f"ALTER TABLE {table} DROP COLUMN {column}")
        if version >= 11:
            resum(store)
        for statement in dropped:
            store.execute(statement)
        if version < 10:
            store.execute(
                "DELETE FROM settings WHERE name IN ('patterns_uncounted_until', 'emf_uncounted_until', 'store_id')"
            )
        store.execute(f"PRAGMA user_version = {version}")
    old.close()
    store.close()


def _dumped(path: Path) -> str:
    connection = sqlite3.connect(path)
    named = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")}
    lines = [*(f"PRAGMA {name} = {value};" for name, value in named.items()), *connection.iterdump()]
    connection.close()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(FOLDER)  # what was imported is named in the store
        fill(Path(folder) / "store.db", EVENTS.name)
        (FOLDER / f"v{int(sys.argv[1])}.sql").write_text(_dumped(Path(folder) / "store.db"))
