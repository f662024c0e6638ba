"""Looking after a store: whether it is whole, and deleting what is too old."""

import sqlite3
from pathlib import Path

from collectors.store import emf_cells, packs, weeks
from collectors.store.lines import opened
from collectors.store.open import explained, open_reader, writing
from collectors.store.schema import GRAINS, OLDEST

DAY_MS = GRAINS["day_cells"]


def check(path: Path) -> list[str]:
    """What is wrong with a store, a line each; [] when nothing is. Reads all of it."""
    connection = open_reader(path)
    try:
        with explained(path):
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
            if not problems:
                problems = [
                    *_uneven(connection),
                    *packs.uneven(connection),
                    *weeks.uneven(connection),
                    *emf_cells.uneven(connection),
                    *_unreadable(connection),
                ]
    finally:
        connection.close()
    return problems


def _uneven(connection: sqlite3.Connection) -> list[str]:
    """Days whose rollups do not agree with their rows, or with their hours. Pruned days have no rows to agree with."""
    pruned = connection.execute("SELECT value FROM settings WHERE name = 'pruned_before_ms'").fetchone()
    since = -(-pruned[0] // DAY_MS) * DAY_MS if pruned else 0
    problems = []
    for finer, columns in (
        ("invocations", "count(*), sum(status BETWEEN 1 AND 4), coalesce(sum(billed_ms), 0)"),
        ("hour_cells", "sum(invocations), sum(errors), sum(billed_ms)"),
    ):
        uneven = connection.execute(
            f"SELECT f.name, d.start_ms FROM day_cells d JOIN functions f ON f.id = d.function_id"
            " WHERE NOT EXISTS (SELECT 1 FROM insights_cells s WHERE s.function_id = d.function_id"
            " AND s.start_ms >= d.start_ms AND s.start_ms < d.start_ms + 86400000)"
            f" AND d.start_ms >= ? AND (d.invocations, d.errors, d.billed_ms) IS NOT (SELECT {columns} FROM {finer} i"
            " WHERE i.function_id = d.function_id AND i.start_ms >= d.start_ms AND i.start_ms < d.start_ms + ?)",
            (since, DAY_MS),
        )
        problems += [f"the day at {day} of {name} does not agree with its {finer}" for name, day in uneven]
    return problems


def _unreadable(connection: sqlite3.Connection) -> list[str]:
    problems = []
    for identity, content in connection.execute("SELECT id, content FROM chunks"):
        try:
            opened(content)
        except Exception as error:  # any damage at all: this is the place that looks for it
            problems.append(f"log lines of chunk {identity} cannot be read: {error}")
    return problems


def prune(path: Path, *, before_ms: int, vacuum: bool = False) -> dict[str, int]:
    """Deletes invocations and log lines from before a time; rollups, and so counts and costs, stay.

    What was pruned is remembered: importing it again adds nothing. Returns how many rows of each were deleted.
    Raises StoreLocked while a collector writes.
    """
    with writing(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        invocations = 0
        for (function_id,) in connection.execute("SELECT id FROM functions").fetchall():
            invocations += connection.execute(
                "DELETE FROM invocations WHERE function_id = ? AND start_ms < ?", (function_id, before_ms)
            ).rowcount
        (lines,) = connection.execute(
            "SELECT coalesce(sum(lines), 0) FROM chunks WHERE last_ms < ?", (before_ms,)
        ).fetchone()
        connection.execute("DELETE FROM chunks WHERE last_ms < ?", (before_ms,))
        connection.execute("DELETE FROM request_buckets WHERE last_ms < ?", (before_ms,))
        connection.execute("DELETE FROM streams WHERE id NOT IN (SELECT stream_id FROM invocations)")
        connection.execute(f"DELETE FROM settings WHERE name = '{OLDEST}'")
        connection.execute(
            "INSERT INTO settings VALUES ('pruned_before_ms', ?)"
            " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (before_ms,),
        )
        connection.execute("COMMIT")
        if vacuum:
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"invocations": invocations, "log lines": int(lines)}
