"""Looking after a store: whether it is whole, and deleting what is too old."""

from pathlib import Path

from collectors.store.checking import check as check
from collectors.store.open import writing
from collectors.store.schema import OLDEST


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
