"""Which process is writing the store now, found without taking its lock: that would keep a new collector out."""

import os
import re
from pathlib import Path

_LOCK = re.compile(
    r"FLOCK\s+ADVISORY\s+WRITE\s+(?P<process>-?\d+)\s+(?P<major>[0-9a-f]+):(?P<minor>[0-9a-f]+):(?P<inode>\d+)\b"
)


def holder(path: Path) -> int | None:
    """The id of the process that holds the writer's lock of the store at ``path``; None where none does.

    None also where that cannot be known: only Linux lists locks. 0 is a process of another container.
    """
    try:
        lock = os.stat(f"{path}.lock")
        with open("/proc/locks", encoding="ascii", errors="replace") as listed:
            lines = listed.read().splitlines()
    except OSError:
        return None
    for line in lines:
        of_file = _LOCK.search(line)
        if of_file is None or "->" in line:  # "->" marks a process that waits for the lock
            continue
        device = os.makedev(int(of_file["major"], 16), int(of_file["minor"], 16))
        if int(of_file["inode"]) == lock.st_ino and device == lock.st_dev:
            return max(0, int(of_file["process"]))
    return None
