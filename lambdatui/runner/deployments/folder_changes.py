"""Waits for changes of the files below a folder: told by the kernel (inotify), and looked for where it cannot tell."""

import asyncio
import ctypes
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

SETTLED_S = 0.04
"""Files count as saved when none has changed for so long: editors and compilers write several in a row."""
_MOST_SETTLING_S = 0.2
# Without inotify (other file systems, no watches left) files are looked at so often, and else to be sure.
_LOOK_S, _LOOK_TO_BE_SURE_S = 0.15, 2.0
_LOOK_SHARE = 20  # looking takes at most one part in so many of the time

# Folders whose files no function loads. Of node_modules only its own entries count: installing a package changes them.
_NOT_LOADED = {
    *("__pycache__", ".git", ".hg", ".svn", ".idea", ".vscode", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    *(".venv", ".aws-sam", ".serverless", ".terraform"),
}
_ENTRIES_ONLY = "node_modules"

# inotify(7)
_CREATED, _MOVED_FROM, _MOVED_TO, _DELETED, _WRITTEN = 0x100, 0x40, 0x80, 0x200, 0x8
_CHANGES = _CREATED | _MOVED_FROM | _MOVED_TO | _DELETED | _WRITTEN
_OVERFLOW, _IGNORED, _IS_FOLDER = 0x4000, 0x8000, 1 << 30
_EVENT = struct.Struct("iIII")

State = tuple[int, int, int]
"""A file's time of change in nanoseconds, its bytes, and its inode."""


def is_scratch(name: str) -> bool:
    """Whether an editor makes a file of this name beside the one that it saves."""
    return (
        name.endswith(("~", ".swp", ".swx", ".swo", ".tmp", "___jb_tmp___", "___jb_old___", ".pyc"))
        or name.startswith((".#", "#", ".goutputstream-", ".~"))
        or name == "4913"  # Vim tries with it whether it may write
    )


class FolderChanges:
    """The changes below ``folder``; use it on the event loop, and ``close`` it.

    ``told``: the kernel tells every change at once; else files are looked at every 150 ms.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changed: set[str] = set()
        self._event = asyncio.Event()
        self._watches: dict[int, str] = {}  # the folder that each inotify watch is of
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.told = self._inotify >= 0
        if self.told:
            asyncio.get_running_loop().add_reader(self._inotify, self._read)
        self._files = self._look()
        self._look_s = 0.0

    def close(self) -> None:
        """Watch no more."""
        if self._inotify >= 0:
            asyncio.get_running_loop().remove_reader(self._inotify)
            os.close(self._inotify)
            self._inotify = -1

    @property
    def files(self) -> list[str]:
        """The paths of the files that there are, relative to the folder; of packages only the names."""
        return sorted(os.path.relpath(path, self.folder) for path in self._files)

    async def changed(self) -> list[str]:
        """The paths of changed, new and removed files, relative to the folder, once no more of them change."""
        while True:
            before = self._files
            await self._settled()
            # Without what came and went meanwhile, such as the file that a save is renamed from.
            there = before.keys() | self._files.keys() | {str(self.folder)}
            paths, self._changed = self._changed & there, set()
            if paths:
                return sorted(os.path.relpath(path, self.folder) for path in paths)

    async def _settled(self) -> None:
        """Wait for changes, and until there are no more."""
        loop = asyncio.get_running_loop()
        while not self._changed:
            await self._wait(max(_LOOK_TO_BE_SURE_S if self.told else _LOOK_S, _LOOK_SHARE * self._look_s))
            if not self._changed:
                self._compare(await asyncio.to_thread(self._look))
        latest = loop.time() + _MOST_SETTLING_S
        while loop.time() < latest and await self._wait(SETTLED_S):
            pass
        self._files = await asyncio.to_thread(self._look)

    async def _wait(self, seconds: float) -> bool:
        """Whether something changed within ``seconds``."""
        self._event.clear()
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True

    # --- looking

    def _look(self) -> dict[str, State]:
        """All files that count, and watches on their folders. For a thread."""
        started = time.perf_counter()
        if self.told:
            self._watch(str(self.folder.parent))  # the folder itself may be replaced
        files = {path: (status.st_mtime_ns, status.st_size, status.st_ino) for path, status in self._walk()}
        self._look_s = time.perf_counter() - started
        return files

    def _walk(self) -> Iterator[tuple[str, os.stat_result]]:
        folders, seen = [str(self.folder)], set()
        while folders:
            folder = folders.pop()
            real = os.path.realpath(folder)
            if real in seen:  # links may form a circle
                continue
            seen.add(real)
            if self.told:
                self._watch(folder)
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.name in _NOT_LOADED or is_scratch(entry.name):
                            continue
                        try:
                            if entry.is_dir() and os.path.basename(folder) != _ENTRIES_ONLY:
                                folders.append(entry.path)
                            else:
                                yield entry.path, entry.stat()
                        except OSError:
                            continue  # removed meanwhile, or a link to nothing
            except OSError:
                continue

    def _compare(self, files: dict[str, State]) -> None:
        before, self._files = self._files, files
        self._changed.update(path for path, _ in before.items() ^ files.items())

    # --- being told

    def _watch(self, folder: str) -> None:
        watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(folder), _CHANGES)
        if watch >= 0:
            self._watches[watch] = folder
        elif os.path.isdir(folder):
            self.told = False  # the user's watches are used up

    def _read(self) -> None:
        try:
            data = os.read(self._inotify, 1 << 16)
        except OSError:
            return
        start = 0
        while start < len(data):
            watch, mask, _, size = _EVENT.unpack_from(data, start)
            start += _EVENT.size + size
            name = os.fsdecode(data[start - size : start].rstrip(b"\0"))
            if mask & _OVERFLOW:
                self._changed.add(str(self.folder))
            elif mask & _IGNORED:
                self._watches.pop(watch, None)
            elif folder := self._watches.get(watch):
                self._on_change(os.path.join(folder, name), name, mask)
        if self._changed:
            self._event.set()

    def _on_change(self, path: str, name: str, mask: int) -> None:
        if name in _NOT_LOADED or is_scratch(name):
            return
        if os.path.dirname(path) == str(self.folder.parent) and path != str(self.folder):
            return  # beside the folder
        if mask & _IS_FOLDER and mask & (_CREATED | _MOVED_TO):
            self._compare(self._look())  # files may have come into it before it is watched
        elif not mask & _IS_FOLDER or mask & (_DELETED | _MOVED_FROM):
            self._changed.add(path)
