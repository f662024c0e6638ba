"""By which version of the rules a store's errors are grouped: asked on every opening, so it imports nothing."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

SETTING = "error_rules"
"""Of the settings; absent where errors were grouped before versions were kept."""


def rules_of(connection: "sqlite3.Connection") -> int | None:
    """None where nothing is known."""
    found = connection.execute("SELECT value FROM settings WHERE name = ?", (SETTING,)).fetchone()
    return None if found is None else int(found[0])
