"""What has one home is read there only: the machine's clock, and the folders of XDG."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

CLOCKS = {
    "collectors/model/clock.py",
    "lambdatui/runner/clock.py",  # the runner imports nothing of the house but units and errors
    "lambdatui/runner/runtimes/bootstrap.py",  # runs in a function's own process, where nothing of the house is
}
PATHS = {"lambdatui/settings/paths.py"}
FILES = [
    path
    for room in ("collectors", "lambdatui", "pricing")
    for path in sorted((ROOT / room).rglob("*.py"))
    if "samples" not in path.parts
]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def reads_the_clock(code: str) -> Iterator[str]:
    """What asks which time it is; ``time.monotonic`` and its like do not, they measure how long something takes."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if text in ("time.time", "time.time_ns") or text.endswith(
                ("datetime.now", "datetime.utcnow", "date.today")
            ):
                yield text
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names if alias.name in ("time", "time_ns"))


def names_a_folder_of_xdg(code: str) -> Iterator[str]:
    """The variables of the XDG Base Directory Specification, but where a help or a docstring tells of them."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("XDG_"):
            yield node.value


@pytest.mark.parametrize("path", [path for path in FILES if named(path) not in CLOCKS], ids=named)
def test_only_a_clock_reads_the_machines(path: Path) -> None:
    assert list(reads_the_clock(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", [path for path in FILES if named(path) not in PATHS], ids=named)
def test_only_one_place_knows_the_folders_of_xdg(path: Path) -> None:
    assert list(names_a_folder_of_xdg(path.read_text("utf-8"))) == []


def test_what_these_look_for_is_seen_where_it_is() -> None:
    code = (
        "import time\nfrom time import time_ns\ndef f(now=time.time): return datetime.now(UTC), datetime.date.today()"
    )
    assert sorted(reads_the_clock(code)) == ["datetime.date.today", "datetime.now", "time.time", "time_ns"]
    for places, look in ((CLOCKS, reads_the_clock), (PATHS, names_a_folder_of_xdg)):
        assert all(list(look((ROOT / place).read_text("utf-8"))) for place in places)
