"""The damage that a check found, stored in a file beside the store: from then on every command reports it."""

import contextlib
import os
from pathlib import Path

ENDING = ".damaged"


def remember(path: Path, problem: str) -> None:
    """Writes the problem beside the store, for the file that is there now; does nothing where it cannot."""
    with contextlib.suppress(OSError):
        stat = path.stat()
        noted = os.open(f"{path}{ENDING}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(noted, "w", encoding="utf-8", errors="replace") as out:
            out.write(f"{stat.st_dev} {stat.st_ino}\n{problem}\n")


def remembered(path: Path) -> str | None:
    """The problem that was found in this very file; None where there is none, or another file has replaced it."""
    try:
        with open(f"{path}{ENDING}", encoding="utf-8", errors="replace") as noted:
            of, problem = noted.readline().split(), noted.readline().strip()
        stat = path.stat()
    except OSError:
        return None
    return problem if of == [str(stat.st_dev), str(stat.st_ino)] else None


def forget(path: Path) -> None:
    """Deletes the note: the store was found intact."""
    with contextlib.suppress(OSError):
        os.unlink(f"{path}{ENDING}")
