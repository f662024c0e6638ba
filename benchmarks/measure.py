"""What a command costs: wall time, CPU of itself and its children, and the peak memory of its process tree."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SAMPLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """One run. ``rss_mb`` is the largest sum of resident sizes of all its processes; None where it was not watched."""

    wall_s: float
    cpu_s: float
    rss_mb: float | None = None


@dataclass(slots=True)
class Costs:
    """The runs of one contestant."""

    name: str
    runs: list[Cost] = field(default_factory=list)

    def wall(self, of: Callable[[list[float]], float] = min) -> float:
        return of([run.wall_s for run in self.runs])

    def cpu(self, of: Callable[[list[float]], float] = min) -> float:
        return of([run.cpu_s for run in self.runs])

    @property
    def rss_mb(self) -> float | None:
        return max((run.rss_mb for run in self.runs if run.rss_mb is not None), default=None)


def machine() -> str:
    """Where, on what and how fast it was measured: a shared machine may be a third of its usual self."""
    described = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True
    )
    load = os.getloadavg()[0]
    began, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    loop = time.perf_counter() - began
    return (
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, load {load:.1f},"
        f" ten million additions in {loop:.2f} s, commit {described.stdout.strip() or 'unknown'}"
    )


class CommandFailed(RuntimeError):
    """A measured command ended with another code than 0; the text has the end of what it said."""


def environment(**more: str) -> dict[str, str]:
    """Ours, with this checkout first on the path."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "XDG_STATE_HOME": os.devnull, **more}


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> tuple[Cost, str]:
    """Runs to the end; the cost, and what it printed. Raises CommandFailed."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaints:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=complaints,
            env=environment() if env is None else dict(env),
        )
        with _Memory(process.pid) as memory:
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode("utf-8", "replace")
        if process.returncode:
            complaints.seek(0)
            reason = complaints.read().decode("utf-8", "replace")[-500:]
            raise CommandFailed(f"{command[0]} ended with {process.returncode}: {reason}")
    largest = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(wall, used.ru_utime + used.ru_stime, memory.peak_mb or largest), output


class _Memory:
    """Samples /proc while a process runs; ``peak_mb`` stays 0 where there is no /proc."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.is_set():
            self.peak_mb = max(self.peak_mb, _tree_bytes(self._pid) / (1 << 20))
            self._done.wait(_SAMPLE_S)


def _tree_bytes(pid: int) -> int:
    """Resident bytes of a process and all below it; pages that a fork shares count for each."""
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, IndexError):  # it has just ended
        return 0
    return resident + sum(map(_tree_bytes, children))
