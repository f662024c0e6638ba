"""Disks that are small, full or read-only, where the machine lets a test mount them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """An empty file system of ``size``, such as ``2m``. Skips the test where mounting is not allowed."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.decode('utf-8', 'replace').strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def made_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fills the disk but for about ``left`` bytes."""
    disk = os.statvfs(folder)
    size = max(0, disk.f_bavail * disk.f_frsize - left)
    filling = folder / "filling"
    with open(filling, "wb") as file, contextlib.suppress(OSError):
        while size > 0:
            size -= file.write(b"\0" * min(size, 1 << 16))
            file.flush()
    return filling
