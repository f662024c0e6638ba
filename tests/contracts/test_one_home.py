"""What has one home is read there only: the machine's clock, the folders of XDG, and units of time and memory."""

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
PATHS = {
    "lambdatui/settings/paths.py",
    "lambdatui/runner/runtimes/data_folder.py",  # the runner imports nothing of the house but units and errors
}
UNITS = {"collectors/model/units.py"}
SPELLED = {3_600, 86_400, 604_800, 3_600_000, 86_400_000, 604_800_000, 1_048_576, 1_073_741_824}
"""Seconds and milliseconds of hours, days and weeks; bytes of MiB and GiB."""
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


def spells_a_unit(code: str) -> Iterator[str]:
    """A unit as a number. 1,024 is one where something is multiplied or divided by it, else it may be any limit."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in SPELLED:
            yield str(node.value)
        elif isinstance(node, ast.BinOp | ast.AugAssign):
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
            if isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv):
                yield from (ast.unparse(node) for side in sides if getattr(side, "value", None) in (1024, 60_000))


@pytest.mark.parametrize("path", [path for path in FILES if named(path) not in UNITS], ids=named)
def test_units_have_names(path: Path) -> None:
    assert list(spells_a_unit(path.read_text("utf-8"))) == []


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
    code = "x * 1024; y //= 1024; z = 86_400; backlog = 1024; cache(1024)"
    assert sorted(spells_a_unit(code)) == ["86400", "x * 1024", "y //= 1024"]
    for places, look in ((CLOCKS, reads_the_clock), (PATHS, names_a_folder_of_xdg)):
        assert all(list(look((ROOT / place).read_text("utf-8"))) for place in places)
