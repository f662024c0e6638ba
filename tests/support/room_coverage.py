"""What of each room the tests run, child processes counted: `.ci/run` measures it, and holds each to its floor.

What compares, breaks and invents for minutes runs lines that the other rooms' tests run too: it is not measured, which
costs it nothing. ``COVERAGE_PROCESS_START`` makes each Python process write what it ran beside ``COVERAGE_FILE``. The process that runs the
tests puts these together when they are over and says what share of its lines each room had run; a room below its floor
(``[tool.lambdatui.coverage_floors]`` of pyproject.toml) fails the run.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.places import ROOT

MEASURED = "COVERAGE_PROCESS_START"
_SUM_UP = """
import sys
from coverage import Coverage
summed = Coverage(messages=False)
summed.combine(keep=True)
summed.json_report(outfile=sys.argv[1])
"""
NOT_MEASURED = {"equivalence", "faults", "oracle"}
"""Rooms of tests/ that are not measured."""


def measured() -> bool:
    """Whether this run is measured."""
    return MEASURED in os.environ


@contextmanager
def paused(path: Path) -> Iterator[None]:
    """Neither this process nor its children are measured while a test runs whose room is not."""
    running = coverage_of_this_process() if path.relative_to(ROOT / "tests").parts[0] in NOT_MEASURED else None
    if running is None:
        yield
        return
    configuration = os.environ.pop(MEASURED)
    running.stop()
    try:
        yield
    finally:
        running.start()
        os.environ[MEASURED] = configuration


def unmeasured() -> dict[str, str]:
    """The environment of a process that is not to be measured: measuring imports sqlite3, and takes its time to begin."""
    return {name: value for name, value in os.environ.items() if name != MEASURED}


def coverage_of_this_process() -> Any:
    if not measured():
        return None
    import coverage

    return coverage.Coverage.current()


def floors() -> dict[str, float]:
    """The least share of lines, in percent, of each room."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: dict[str, float] = project["tool"]["lambdatui"]["coverage_floors"]
    return found


def shares() -> dict[str, float]:
    """What of each room's lines was run by all processes that have ended, in percent."""
    environment = unmeasured()
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "coverage.json"
        # One process for both: `coverage json` by itself combines again, and takes the files that lie there then.
        subprocess.run([sys.executable, "-c", _SUM_UP, str(answer)], cwd=ROOT, env=environment, check=True)
        return by_room(json.loads(answer.read_text())["files"])


def by_room(files: Mapping[str, Mapping[str, Mapping[str, int]]]) -> dict[str, float]:
    """By package and room; ``files`` are those of ``coverage json``."""
    lines, run = Counter[str](), Counter[str]()
    for name, file in files.items():
        if (path := Path(name)).is_absolute() or ".." in path.parts:
            continue  # a copy of the packages that a test made elsewhere
        room = room_of(path)
        lines[room] += file["summary"]["num_statements"]
        run[room] += file["summary"]["covered_lines"]
    return {room: 100 * run[room] / count for room, count in sorted(lines.items()) if count}


def room_of(path: Path) -> str:
    """``lambdatui/cli/output/csv.py`` is of ``lambdatui.cli``, ``pricing/bill.py`` of ``pricing``."""
    package, *inside = path.parts
    return package if package == "pricing" or len(inside) < 2 else f"{package}.{inside[0]}"


def below(found: Mapping[str, float], least: Mapping[str, float]) -> list[str]:
    """What is said of each room below its floor, and of rooms and floors without each other."""
    return (
        [f"{room} has {found[room]:.1f}%, below its floor of {least[room]}%" for room in least
         if room in found and found[room] < least[room]]
        + [f"{room} has no floor" for room in found if room not in least]
        + [f"{room} has a floor and no line" for room in least if room not in found]
    )  # fmt: skip
