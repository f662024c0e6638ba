"""Memory of a process tree: read from Linux's ``/proc``, and limited by a cgroup where one can be made."""

import contextlib
import os
from pathlib import Path

from collectors.model.units import KIB_BYTES

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")
# The kernel's limit is this much above the configured size, because it counts the page cache, which reported memory
# does not include. It stops a process that exceeds its size between two readings.
_SLACK_BYTES = 16 << 20


def available() -> bool:
    """Whether this machine has ``/proc``, from which memory is read."""
    return Path("/proc/self/statm").exists()


def descendants(pid: int) -> list[int]:
    """All living descendants of ``pid``, parents first."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children.extend(int(child) for child in file.read().split())
    return [pid for child in children for pid in (child, *descendants(child))]


def peak_bytes(pid: int) -> int:
    """The kernel's own peak of resident bytes of ``pid`` alone, which misses no short peak; 0 when it has ended."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            fields = file.read().partition(b"VmHWM:")[2].split(maxsplit=1)
            return int(fields[0]) * KIB_BYTES if fields else 0
    except OSError:
        return 0


class Gauge:
    """Reads the memory of one process tree: reading the process itself is one system call on an open file."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
        self._children = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY)

    def resident_bytes(self, *, known_peak: int = 0, threads: bool = False) -> int:
        """Resident bytes of the tree now; ended processes count 0.

        Children that the main thread started are always included, those of other threads when ``threads`` is set. Above
        ``known_peak`` the reading is exact: memory that processes share (all of it, after a fork) counts once.
        """
        try:
            own = int(os.pread(self._statm, 128, 0).split()[1]) * _PAGE_BYTES
            if threads:
                children = descendants(self._pid)
            else:
                first = [int(child) for child in os.pread(self._children, 4096, 0).split()]
                children = [pid for child in first for pid in (child, *descendants(child))]
        except (OSError, IndexError):
            return 0
        if not children:
            return own
        total = own + sum(map(_private_bytes, children))
        if total > known_peak:
            total = own + sum(map(_proportional_bytes, children))
        return total

    def close(self) -> None:
        """Close its files in ``/proc``."""
        os.close(self._statm)
        os.close(self._children)


def _private_bytes(pid: int) -> int:
    """Resident bytes without mapped files: fast, but too many after a fork."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared = file.read().split()[:3]
            return (int(resident) - int(shared)) * _PAGE_BYTES
    except (OSError, ValueError):
        return 0


def _proportional_bytes(pid: int) -> int:
    """Resident bytes, where a page shared by n processes counts as an n-th of a page."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * KIB_BYTES
    except (OSError, ValueError):
        return 0
    return 0


class Cgroup:
    """A memory cgroup of one environment; ``create`` returns None where none can be made.

    It limits the tree also between two readings, and knows every process in it, even those that left the session.
    """

    def __init__(self, folder: Path, v2: bool) -> None:
        self._folder = folder
        self._v2 = v2

    @staticmethod
    def create(name: str, memory_bytes: int) -> "Cgroup | None":
        """A group that the kernel keeps below ``memory_bytes`` plus some slack; None where none can be made."""
        parent = _parent()
        if parent is None:
            return None
        base, v2 = parent
        group = Cgroup(base / name, v2)
        try:
            group._folder.mkdir()
            limit = str(memory_bytes + _SLACK_BYTES)
            (group._folder / ("memory.max" if v2 else "memory.limit_in_bytes")).write_text(limit)
        except OSError:
            group.remove()
            return None
        return group

    def add(self, pid: int) -> None:
        """Put a process, and those that it will start, into the group."""
        with contextlib.suppress(OSError):
            (self._folder / "cgroup.procs").write_text(str(pid))

    def killed_for_memory(self) -> bool:
        """Whether the kernel has ended one of its processes because the group's memory was used up."""
        name = "memory.events" if self._v2 else "memory.oom_control"
        with contextlib.suppress(OSError, ValueError):
            for line in (self._folder / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1]) > 0
        return False

    def pids(self) -> list[int]:
        """The processes in the group."""
        with contextlib.suppress(OSError, ValueError):
            return [int(pid) for pid in (self._folder / "cgroup.procs").read_text().split()]
        return []

    def remove(self) -> bool:
        """Remove the group; returns whether it is gone. It stays while a process in it lives."""
        try:
            self._folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def group_prefix() -> str:
    """What the paths of this process's groups begin with; empty where none can be made."""
    parent = _parent()
    return "" if parent is None else str(parent[0] / f"lambdatui-{os.getpid()}-")


def _parent() -> tuple[Path, bool] | None:
    """The folder to make groups in, and whether it is of version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(",") and os.access(_V1 / path.lstrip("/"), os.W_OK):
            return _V1 / path.lstrip("/"), False
        if not controllers:
            folder = _V2 / path.lstrip("/")
            with contextlib.suppress(OSError):
                if "memory" in (folder / "cgroup.subtree_control").read_text() and os.access(folder, os.W_OK):
                    return folder, True
    return None
