"""A 90th percentile of functions: the reader's percentile, the field with its column, its computation. No more."""

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

PERCENTILE = ("collectors/store/read/rows.py", "    p95_us: int\n", "    p90_us: int\n    p95_us: int\n")
FIELD = (
    "lambdatui/views/function_row.py",
    "    p95_ms: Annotated[",
    '    p90_ms: Annotated[float | None, Column("p90", Kind.MS, 8, "90th percentile."), OnScreen(3), BRIEF]\n'
    "    p95_ms: Annotated[",
)
COMPUTATION = (
    "lambdatui/views/functions.py",
    "        p95_ms=latency_ms(",
    "        p90_ms=latency_ms(quantiles.p90_us, longest_us) if quantiles else None,\n        p95_ms=latency_ms(",
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
    seen = [row for row in rows if row["p90_ms"] is not None]
    assert seen
    assert all(row["p50_ms"] <= row["p90_ms"] <= row["p95_ms"] for row in seen)
    assert [list(row)[list(row).index("p50_ms") + 1] for row in rows] == ["p90_ms"] * len(rows)
    table = list(csv.DictReader(listing(house, "--csv").splitlines()))
    assert [float(row["p90_ms"] or -1) for row in table] == [row["p90_ms"] or -1 for row in rows]
    assert " p90 " in listing(house).splitlines()[0]
    most = max(row["p90_ms"] for row in seen)
    kept = json.loads(
        listing(house, "--json", "--filter", f"p90_ms>={most}", "--sort", "p90_ms", "--columns", "p90_ms")
    )
    assert kept["rows"] == [{"p90_ms": most}]


def test_it_is_in_the_screens_table_and_in_the_first_frame(house: Path) -> None:
    first, second = eval(run(house, "-c", _ON_SCREEN).strip().replace("] [", "], ["))
    assert first == second
    assert first[first.index("p50_ms") + 1] == "p90_ms"


def test_the_configuration_takes_it(house: Path) -> None:
    config = house / "config.toml"
    config.write_text('[columns]\nfunctions = ["function", "p90_ms"]\n')
    assert "p90" not in run(house, "-m", "lambdatui", "--config", str(config), "config", "check")
