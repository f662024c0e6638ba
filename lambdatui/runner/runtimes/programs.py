"""Programs of this machine, the version that each says it is, and which of several runs a runtime."""

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """What runs the functions of a runtime: its path, and a ``version`` such as ``3.12.1``.

    ``note`` says so where it is of another version than the runtime asks for; empty where it is of that one.
    """

    path: str
    version: str
    note: str = ""


def version_text(program: str) -> str:
    """What ``program --version`` prints, such as ``Python 3.12.1``; empty when it cannot be run."""
    return output_of([program, "--version"])


def output_of(command: Sequence[str]) -> str:
    """What ``command`` prints, without the space around it; empty when it cannot be run or takes over 20 seconds."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def nearest(wanted: int, available: Iterable[int]) -> int | None:
    """The version to run instead of ``wanted``: the next newer one, else the newest older one; None without any.

    A newer version still runs what was written for an older one, which seldom holds the other way round.
    """
    versions = sorted(available)
    newer = [version for version in versions if version >= wanted]
    return newer[0] if newer else versions[-1] if versions else None


def version_key(version: str) -> tuple[int, ...]:
    """Orders versions such as ``3.9.18`` by their numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())
