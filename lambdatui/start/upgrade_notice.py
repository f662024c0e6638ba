"""Says on stderr that an older store is being brought up to date, which takes a while where it is large."""

import sys
import time

from collectors.store import progress

_AFTER_S, _EVERY_S = 1.0, 3.0


def report_upgrades() -> None:
    """Writes to stderr from now on how far an upgrade is: after one second, then every three seconds."""
    began = last_told = None

    def tell_progress(text: str) -> None:
        nonlocal began, last_told
        now = time.monotonic()
        began = now if began is None else began
        if now - began >= _AFTER_S and (last_told is None or now - last_told >= _EVERY_S):
            last_told = now
            sys.stderr.write(f"lambdatui: the store is brought up to date, once: {text} ({now - began:.0f} s)\n")
            sys.stderr.flush()

    progress.listeners[:] = [tell_progress]


def upgrade_before_screens(path: str) -> None:
    """Upgrades an older store before the screens take the terminal. What fails, the screens say."""
    import sqlite3
    from pathlib import Path

    from collectors.store.connection import is_older, open_reader
    from collectors.store.errors import StoreError

    try:
        if Path(path).exists() and is_older(Path(path)):
            report_upgrades()
            open_reader(Path(path)).close()
    except (StoreError, sqlite3.Error, OSError):
        pass
    finally:
        progress.listeners.clear()
