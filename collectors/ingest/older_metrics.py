"""Counts the metrics in log lines of stores that are older than this feature: once, when metrics
are first asked for.
"""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from collectors.store.schema import EMF_UNCOUNTED, VERSION


def is_old(path: Path) -> bool:
    """Whether the store exists and has lines in which metrics were never looked for."""
    if not path.exists():
        return False
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version < VERSION:
                return bool(version)  # 0 is an empty file, which nobody but an import or a collection makes a store of
            found = connection.execute("SELECT 1 FROM settings WHERE name = ? AND value > 0", (EMF_UNCOUNTED,))
            return found.fetchone() is not None
        finally:
            connection.close()
    return False


def count_older_metrics(path: Path, progress: Callable[[int], None]) -> None:
    """Counts the metrics in such lines, where the store can be written now; else readers say that they are missing.

    ``progress`` hears how many chunks of lines are left.
    """
    if not is_old(path):
        return
    from collectors.parsing import emf
    from collectors.store.errors import StoreError
    from collectors.store.write.emf_counts import count_older

    with contextlib.suppress(StoreError):
        for left in count_older(path, emf.read):
            if left:
                progress(left)
