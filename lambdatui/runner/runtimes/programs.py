"""Programs of this machine, and the version that each says it is."""

import subprocess


def version_text(program: str) -> str:
    """What ``program --version`` prints, such as ``Python 3.12.1``; empty when it cannot be run."""
    command = [program, "--version"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
