"""The version of the rules by which a store's errors are grouped. Read on every opening, so it imports nothing."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

SETTING = "error_rules"
"""The name of the setting; absent where errors were grouped before versions were stored."""


def rules_of(connection: "sqlite3.Connection") -> int | None:
    """The version of the rules; None where the store does not have it."""
    found = connection.execute("SELECT value FROM settings WHERE name = ?", (SETTING,)).fetchone()
    return None if found is None else int(found[0])
