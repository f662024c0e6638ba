"""Programs of this machine, and what they print, such as the version that each says it is."""

import subprocess
from collections.abc import Sequence


def version_text(program: str) -> str:
    """What ``program --version`` prints, such as ``Python 3.12.1``; empty when it cannot be run."""
    return output_of([program, "--version"])


def output_of(command: Sequence[str]) -> str:
    """What ``command`` prints, without the space around it; empty when it cannot be run or takes over 20 seconds."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
