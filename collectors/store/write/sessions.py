"""Entries of the ledger that no writer makes: for a live tail, and for a collection that wrote nothing."""

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from collectors.model.account import CallCount
from collectors.store.connection import writing
from collectors.store.errors import StoreError, StoreLocked
from collectors.store.write.account import keep_calls

_AGAIN_S = 0.1


def end_collection(connection: sqlite3.Connection, collection: int, now_ms: int) -> None:
    """Sets the end of a collection that wrote nothing, so that it is not taken for running or killed."""
    connection.execute("UPDATE collections SET ended_ms = ? WHERE id = ? AND ended_ms IS NULL", (now_ms, collection))


def keep_session(
    path: Path, source: str, region: str, began_ms: int, ended_ms: int, calls: Iterable[CallCount], patience_s: float
) -> bool:
    """Writes an entry for something that asked AWS without collecting, such as a live tail, whose minutes are billed.

    False where the entry could not be written: another process writes for more than ``patience_s``, or the store cannot
    be written at all.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            with writing(path) as connection:
                cursor = connection.execute(
                    "INSERT INTO collections (source, started_ms, ended_ms) VALUES (?, ?, ?)",
                    (source, began_ms, ended_ms),
                )
                keep_calls(connection, int(cursor.lastrowid or 0), region, calls)
            return True
        except StoreLocked:
            if time.monotonic() >= until:
                return False
            time.sleep(_AGAIN_S)
        except StoreError:
            return False
