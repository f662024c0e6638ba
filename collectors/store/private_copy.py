"""A private copy of a store that lies where nothing can be written, and of the write-ahead log beside it.

SQLite cannot apply that log to the file there, because it has no place for the log's index; the file alone is an older
state. The copy lies in the temporary folder and is deleted when this process ends.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from collectors.model.errors import CaughtError


class _File(NamedTuple):
    inode: int
    bytes: int
    modified_ns: int


class State(NamedTuple):
    """A store's file and its write-ahead log; None for one that is not there."""

    store: _File | None
    log: _File | None


_TRIES = 3  # another machine may write during the copy
_copies: dict[Path, tuple[State, Path]] = {}  # by the store's path: the copied state, and the copy's path


class NoCopy(CaughtError):
    """The store cannot be copied; the text says why."""


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log that is not empty."""
    log = _state(path).log
    return log is not None and log.bytes > 0


def copied(path: Path) -> tuple[Path, State]:
    """The copy's path, and which state of the store and its log it has; made once for each state.

    Raises ``NoCopy``, OSError.
    """
    for _ in range(_TRIES):
        state = _state(path)
        copied_state, copy = _copies.get(path, (None, path))
        if copied_state == state:
            return copy, state
        if copied_state is not None:
            del _copies[path]
            shutil.rmtree(copy.parent, ignore_errors=True)
        copy = _copy(path, state)
        if _state(path) == state:
            _copies[path] = state, copy
            return copy, state
        shutil.rmtree(copy.parent, ignore_errors=True)
    raise NoCopy("it changes while it is copied")


def is_of(path: Path, state: State) -> bool:
    """Whether a store and its log have not changed since this state."""
    return _state(path) == state


def notes() -> list[str]:
    """A sentence about each copy that this process reads, for the user."""
    return [
        f"{path} lies where nothing can be written, with changes in {path.name}-wal that are not merged into it: both"
        " are read from a private copy"
        for path in _copies
    ]


def _state(path: Path) -> State:
    return State(_file(path), _file(f"{path}-wal"))


def _file(path: Path | str) -> _File | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return _File(stat.st_ino, stat.st_size, stat.st_mtime_ns)


def _copy(path: Path, state: State) -> Path:
    folder = tempfile.mkdtemp(prefix="lambdatui-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    needed = sum(file.bytes for file in state if file is not None)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NoCopy(
            f"a private copy of {needed / (1 << 20):.1f} MB does not fit into {folder}; set TMPDIR to where it does"
        )
    copy = Path(folder) / "store.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(f"{path}-wal", f"{copy}-wal")
    return copy
