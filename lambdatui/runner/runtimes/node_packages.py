"""Packages of ``@aws-sdk`` that functions mention and nothing has: taken from npm's cache when they are deployed.

Never from the network: that is what ``lambdatui runner runtimes --install`` is for.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from lambdatui.runner.runtimes.sdk import installed_folder

_PACKAGE = re.compile(rb"""["'](@aws-sdk/[a-z0-9-]+)""")
_SOURCES = (".js", ".mjs", ".cjs")
_MOST_FILES, _LARGEST_BYTES = 500, 4 << 20
_LONGEST_S = 60
_absent: set[str] = set()
"""What npm's cache did not have when it was asked."""


def npm_install(packages: Sequence[str], *, offline: bool, timeout_s: float) -> str | None:
    """Install packages for all functions. What npm says where it fails; raises OSError and TimeoutExpired."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not on PATH: install Node.js from nodejs.org"
    folder = installed_folder("nodejs")
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *(["--offline"] if offline else [])]
    command = [npm, "install", "--prefix", str(folder), *options, *packages]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return f"npm failed: {' / '.join(lines[-3:])}" if done.returncode else None


def take_from_cache(code: Path) -> str | None:
    """Install what the code mentions from npm's cache; what to do where that lacks something. For a thread."""
    missing = [package for package in sorted(_mentioned(code)) if not _has(package, code)]
    for package in missing:
        if package not in _absent:
            try:
                failure = npm_install([package], offline=True, timeout_s=_LONGEST_S)
            except (OSError, subprocess.TimeoutExpired) as error:
                failure = str(error)
            if failure is not None:
                _absent.add(package)
    still = [package for package in missing if not _has(package, code)]
    if not still:
        return None
    install = " ".join(f"--install {package}" for package in still)
    return f"not installed for functions, nor in npm's cache: lambdatui runner runtimes {install}"


def _has(package: str, code: Path) -> bool:
    return any((folder / "node_modules" / package).exists() for folder in (code, installed_folder("nodejs")))


def _mentioned(code: Path) -> set[str]:
    names: set[str] = set()
    for number, path in enumerate(_sources(code)):
        if number >= _MOST_FILES:
            break
        if path.stat().st_size <= _LARGEST_BYTES:
            names.update(match.decode() for match in _PACKAGE.findall(path.read_bytes()))
    return names


def _sources(code: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(code):
        folders[:] = [name for name in folders if name != "node_modules"]
        for name in files:
            path = Path(folder, name)
            if name.endswith(_SOURCES) and path.is_file():
                yield path
