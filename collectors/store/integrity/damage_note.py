"""What was found wrong with a store, kept in a file beside it: from then on every command says so."""

import contextlib
import os
from pathlib import Path

ENDING = ".damaged"


def remember(path: Path, problem: str) -> None:
    """Beside the store, if that can be: of the file that is there now."""
    with contextlib.suppress(OSError):
        stat = path.stat()
        noted = os.open(f"{path}{ENDING}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(noted, "w", encoding="utf-8", errors="replace") as out:
            out.write(f"{stat.st_dev} {stat.st_ino}\n{problem}\n")


def remembered(path: Path) -> str | None:
    """What was found wrong with this file; of one that has been put in its place nothing is known."""
    try:
        with open(f"{path}{ENDING}", encoding="utf-8", errors="replace") as noted:
            of, problem = noted.readline().split(), noted.readline().strip()
        stat = path.stat()
    except OSError:
        return None
    return problem if of == [str(stat.st_dev), str(stat.st_ino)] else None


def forget(path: Path) -> None:
    """Nothing is wrong with it."""
    with contextlib.suppress(OSError):
        os.unlink(f"{path}{ENDING}")
