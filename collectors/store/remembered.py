"""What earlier collections found, for a source that does not ask for it again: read on its own, and only read."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from collectors.account import Configured, Setting
from collectors.untrusted import Unparsable, parsed_json


def settings_in_force(db: Path, account: str, region: str, kinds: Collection[str]) -> list[Configured]:
    """The settings of some kinds that are in force in a store. Nothing where there is no store yet, or an older one."""
    found: dict[tuple[str, str, str], dict[str, Setting]] = {}
    try:
        with closing(sqlite3.connect(f"file:{quote(str(db))}?mode=ro", uri=True, timeout=30)) as connection:
            rows = connection.execute(
                "SELECT function, kind, item, name, value FROM configuration WHERE account = ? AND region = ?"
                f" AND until_ms IS NULL AND kind IN ({', '.join('?' * len(kinds))})",
                (account, region, *kinds),
            ).fetchall()
        for function, kind, item, name, value in rows:
            found.setdefault((function, kind, item), {})[name] = parsed_json(value)
    except (sqlite3.Error, Unparsable):
        return []  # whoever writes the store says what is wrong with it
    return [Configured(account, region, *key, settings) for key, settings in found.items()]
