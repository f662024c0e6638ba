"""A store that lies where nothing can be written, with changes in the log beside it: read from a copy of both.

SQLite cannot lay the write-ahead log over the file there, for want of a place for its index; the file alone is of
before. The copy is this process's own, lies in the temporary folder, and goes when the process ends.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple


class _File(NamedTuple):
    inode: int
    bytes: int
    modified_ns: int


class State(NamedTuple):
    """A store's file and its write-ahead log; None for one that is not there."""

    store: _File | None
    log: _File | None


_TRIES = 3  # another machine may write meanwhile
_copies: dict[Path, tuple[State, Path]] = {}  # by store: of which state, and where


class NoCopy(Exception):
    """It cannot be copied; the text says why."""


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log with anything in it."""
    log = _state(path).log
    return log is not None and log.bytes > 0


def copied(path: Path) -> tuple[Path, State]:
    """The copy of a store and its log as they are now, made once for each state. Raises ``NoCopy``, OSError."""
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
    """Whether a store and its log are still what was copied."""
    return _state(path) == state


def notes() -> list[str]:
    """What is to be said of the copies that this process reads."""
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
