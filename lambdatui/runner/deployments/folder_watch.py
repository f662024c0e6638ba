"""Detects changes in the files of folders that are used in place."""

import os
import time
from collections.abc import Iterator


class FolderWatch:
    """Compares a folder's files with those at the previous look.

    Looking takes at most a fiftieth of the time: after a look of 10 ms, the next one is at least 500 ms later.
    """

    def __init__(self) -> None:
        self.elsewhere: set[str] = set()
        """Paths whose changes somebody else acts on."""
        self._looks: dict[str, tuple[float, int]] = {}  # by path: when to look again, and a hash of its files

    def changed(self, path: str) -> bool:
        """Whether a file's name, size or time of change differs from the previous look; False at the first."""
        now = time.monotonic()
        due, before = self._looks.get(path, (0.0, 0))
        if now < due or path in self.elsewhere:
            return False
        state = hash(tuple(_files(path)))
        took_s = time.monotonic() - now
        self._looks[path] = (now + took_s + 49 * took_s, state)
        return before not in (0, state)


def _files(path: str) -> Iterator[tuple[str, int, int]]:
    """Path, nanoseconds of the last change and bytes of each file below ``path``."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name == "__pycache__":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _files(entry.path)
                else:
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size
    except OSError:
        return
