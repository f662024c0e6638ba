"""The shop: the sample log of the screenshots, two hours of eight functions, as a store."""

import contextlib
import sqlite3
from pathlib import Path

from collectors.ingest.engine import import_files
from collectors.model.records import FunctionKey
from screenshots import sample_log
from tests.support.row_checksums import resum

HOURS = 2.2


def make(folder: Path) -> Path:
    """Write the store into ``folder``; when it was imported, and for how long, is not the machine's."""
    log = sample_log.write(folder / "shop.jsonl", HOURS)
    import_files([str(log)], db=folder / "shop.db", defaults=FunctionKey(""))
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as connection:
        connection.execute(
            "UPDATE collections SET started_ms = ?, ended_ms = ?, source = 'shop.jsonl'",
            (sample_log.END_MS + 5_000, sample_log.END_MS + 6_234),
        )
        resum(connection)
        connection.commit()
    return folder / "shop.db"
