"""Resident memory of a process and all its descendants, read from Linux's ``/proc``."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def available() -> bool:
    """Whether this machine tells what a process uses."""
    return Path("/proc/self/statm").exists()


def resident_bytes(pid: int) -> int:
    """Resident bytes of ``pid`` and its descendants now; processes that are gone count 0.

    Pages that processes share are counted once for each of them.
    """
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            total = int(file.read().split()[1]) * _PAGE_BYTES
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                total += sum(resident_bytes(int(child)) for child in file.read().split())
    except (OSError, IndexError):  # it ended between two reads
        return 0
    return total


def peak_bytes(pid: int) -> int:
    """The kernel's own high-water mark of ``pid`` alone, which misses no short peak; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0
