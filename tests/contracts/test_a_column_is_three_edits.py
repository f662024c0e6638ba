"""A 75th percentile of functions: the reader's percentile, the field with its column, its computation. No more."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import small_store
from tests.support.places import ROOT

PERCENTILE = ("collectors/store/read/rows.py", "    p50_us: int\n", "    p50_us: int\n    p75_us: int\n")
FIELD = (
    "lambdatui/views/function_row.py",
    "    p50_ms: Annotated[float | None, shared.P50_MS, OnScreen(8), BRIEF, InComparison()]\n",
    "    p50_ms: Annotated[float | None, shared.P50_MS, OnScreen(8), BRIEF, InComparison()]\n"
    '    p75_ms: Annotated[float | None, Column("p75", Kind.MS, 8, "75th percentile."), OnScreen(3), BRIEF]\n',
)
COMPUTATION = (
    "lambdatui/views/functions.py",
    "        p95_ms=latency_ms(",
    "        p75_ms=latency_ms(quantiles.p75_us, longest_us) if quantiles else None,\n        p95_ms=latency_ms(",
)
_ON_SCREEN = """
import sys
from lambdatui.screens.functions import FunctionsScreen
from lambdatui.start.first_lines import FUNCTIONS
print([each.column.id for each in FunctionsScreen.COLUMNS], [each.column.id for each in FUNCTIONS])
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with the three edits, and a store."""
    folder = tmp_path_factory.mktemp("house")
    for package in ("lambdatui", "collectors", "pricing"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, old, new in (PERCENTILE, FIELD, COMPUTATION):
        text = (folder / path).read_text()
        assert text.count(old) == 1, path
        (folder / path).write_text(text.replace(old, new))
    small_store.make(folder / "small.db")
    return folder


def run(house: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, cwd=house,
        env={**os.environ, "PYTHONPATH": str(house), "XDG_CONFIG_HOME": "/nowhere", "LAMBDATUI_DB": str(house / "small.db")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def listing(house: Path, *options: str) -> str:
    return run(house, "-m", "lambdatui", "functions", "--range", "all", *options)


def test_it_is_in_json_csv_and_text_and_can_be_filtered_and_sorted_by(house: Path) -> None:
    rows = json.loads(listing(house, "--json"))["rows"]
    seen = [row for row in rows if row["p75_ms"] is not None]
    assert seen
    assert all(row["p50_ms"] <= row["p75_ms"] <= row["p95_ms"] for row in seen)
    assert [list(row)[list(row).index("p50_ms") + 1] for row in rows] == ["p75_ms"] * len(rows)
    table = list(csv.DictReader(listing(house, "--csv").splitlines()))
    assert [float(row["p75_ms"] or -1) for row in table] == [row["p75_ms"] or -1 for row in rows]
    assert " p75 " in listing(house).splitlines()[0]
    most = max(row["p75_ms"] for row in seen)
    kept = json.loads(
        listing(house, "--json", "--filter", f"p75_ms>={most}", "--sort", "p75_ms", "--columns", "p75_ms")
    )
    assert kept["rows"] == [{"p75_ms": most}]


def test_it_is_in_the_screens_table_and_in_the_first_frame(house: Path) -> None:
    first, second = eval(run(house, "-c", _ON_SCREEN).strip().replace("] [", "], ["))
    assert first == second
    assert first[first.index("p50_ms") + 1] == "p75_ms"


def test_the_configuration_takes_it(house: Path) -> None:
    config = house / "config.toml"
    config.write_text('[columns]\nfunctions = ["function", "p75_ms"]\n')
    assert "p75" not in run(house, "-m", "lambdatui", "--config", str(config), "config", "check")
