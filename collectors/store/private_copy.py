"""A store that lies where nothing can be written, with changes in the log beside it: read from a copy of both.

SQLite cannot lay the write-ahead log over the file there, for want of a place for its index; the file alone is of
before. The copy is this process's own, lies in the temporary folder, and goes when the process ends.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from collectors.model.errors import CaughtError

State = tuple[tuple[int, int, int] | None, ...]
_TRIES = 3  # another machine may write meanwhile
_made: dict[Path, tuple[State, Path]] = {}


class NoCopy(CaughtError):
    """It cannot be copied; the text says why."""


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log with anything in it."""
    state = _state(path)[1]
    return state is not None and state[1] > 0


def copied(path: Path) -> tuple[Path, State]:
    """The copy of a store and its log as they are now, made once for each state. Raises ``NoCopy``, OSError."""
    for _ in range(_TRIES):
        state = _state(path)
        known = _made.get(path)
        if known is not None and known[0] == state:
            return known[1], state
        if known is not None:
            shutil.rmtree(_made.pop(path)[1].parent, ignore_errors=True)
        copy = _copy(path, state)
        if _state(path) == state:
            _made[path] = state, copy
            return copy, state
        shutil.rmtree(copy.parent, ignore_errors=True)
    raise NoCopy("it changes while it is copied")


def is_of(path: Path, state: State) -> bool:
    """Whether a store and its log are still what was copied."""
    return _state(path) == state


def notes() -> list[str]:
    """What is to be said of the copies that this process reads."""
    return [
        f"{path} lies where nothing can be written, with changes in {path.name}-wal that are not merged into it: both"
        " are read from a private copy"
        for path in _made
    ]


def _state(path: Path) -> State:
    found: list[tuple[int, int, int] | None] = []
    for name in (path, f"{path}-wal"):
        try:
            stat = os.stat(name)
        except OSError:
            found.append(None)
        else:
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _copy(path: Path, state: State) -> Path:
    folder = tempfile.mkdtemp(prefix="lambdatui-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    needed = sum(each[1] for each in state if each is not None)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoCopy(
            f"a private copy of {needed / (1 << 20):.1f} MB does not fit into {folder}; set TMPDIR to where it does"
        )
    copy = Path(folder) / "store.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    return copy
