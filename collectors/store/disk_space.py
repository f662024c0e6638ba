"""The advice when a disk is full: how many bytes are needed, how many are free, and what can be deleted now."""

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from collectors.model.clock import now_ms
from collectors.model.units import DAY_MS, KIB_BYTES

PRUNING_BYTES = 128 << 10  # the write-ahead log of deleting the smallest piece, and SQLite's index of that log
WRITING_BYTES = 32 << 20  # what the write-ahead log grows by in one transaction of a collection, at most
_AGES = (90, 30, 14, 7, 1)  # days
_ROW_BYTES = 90  # that an invocation takes in its table, the index of request ids, and other indexes


def advice(path: Path, needs: int | None) -> str:
    """A sentence such as ``12.0 KB are free, and this needs about 32.0 MB; 'lambdatui db prune ...' frees ...``.

    ``needs`` is how many bytes the work takes; None stands for what a collection writes.
    """
    needed = WRITING_BYTES if needs is None else needs
    parts = []
    with contextlib.suppress(OSError):
        disk = os.statvfs(path.parent)
        parts.append(f"{_size(disk.f_bavail * disk.f_frsize)} are free, and this needs about {_size(needed)}")
    if needed <= PRUNING_BYTES:
        parts.append(
            "deleting takes that much before it frees any: free it among other files of this disk, or write a copy to"
            f" another one with 'lambdatui db export FILE.db --db {path}' and prune that"
        )
        return "; ".join(parts)
    with contextlib.suppress(sqlite3.Error, OSError):
        if (freeing := prunable(path, needed)) is not None:
            days, size = freeing
            parts.append(
                f"'lambdatui db prune --before {days}d' frees about {_size(size)} in the file for what comes, with"
                " --vacuum on the disk where there is room for a copy"
            )
    return "; ".join(parts)


def prunable(path: Path, needed: int) -> tuple[int, int] | None:
    """An age in days, and about how many bytes of the store are older: the largest age that frees ``needed`` bytes.

    Where none frees so many, the age that frees most; None where even an age of one day frees nothing. Ages count from
    the machine's clock. Raises sqlite3.Error.
    """

    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)
    try:
        before = [now_ms() - days * DAY_MS for days in _AGES]
        chunks = connection.execute(
            f"SELECT {', '.join(['coalesce(sum(CASE WHEN last_ms < ? THEN length(content) END), 0)'] * len(_AGES))}"
            " FROM chunks",
            before,
        ).fetchone()
        sizes = []
        for before_ms, lines in zip(before, chunks, strict=True):
            (rows,) = connection.execute(
                "SELECT coalesce(sum(d.invocations), 0) FROM day_cells d"
                " LEFT JOIN pruned p ON p.function_id = d.function_id"
                " WHERE d.start_ms >= coalesce(p.rows_ms, 0) AND d.start_ms < ?",
                (before_ms - DAY_MS,),
            ).fetchone()
            sizes.append(lines + rows * _ROW_BYTES)
    finally:
        connection.close()
    enough = [(days, size) for days, size in zip(_AGES, sizes, strict=True) if size >= needed]
    return enough[0] if enough else (_AGES[-1], sizes[-1]) if sizes[-1] > 0 else None


def _size(size: int) -> str:
    for unit, of in (("GB", 1 << 30), ("MB", 1 << 20)):
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size / KIB_BYTES:.1f} KB"
