"""What must not be loaded before it is needed: a list of functions has no use for Textual, boto3 or pandas."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

HEAVY = ("textual", "boto3", "botocore", "pandas", "plotext", "sqlite_utils", "aiohttp")

_RUN = """
import json, sys
sys.argv = ["lambdatui", *json.loads(sys.argv[1])]
from lambdatui.__main__ import main
code = main()
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""
_IMPORT = """
import importlib, json, pkgutil, sys
import lambdatui.views
for module in pkgutil.iter_modules(lambdatui.views.__path__):
    importlib.import_module(f"lambdatui.views.{module.name}")
print(json.dumps([0, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""
_FIRST_ROWS = """
import json, sys
from lambdatui.views.startup_view import startup_view
startup_view(json.loads(sys.argv[1])[0], 0)
print(json.dumps([0, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def loaded(script: str, *arguments: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", script, json.dumps(arguments)],
        capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nowhere"},
    )  # fmt: skip
    code, modules = json.loads(process.stderr.splitlines()[-1])
    assert code == 0, process.stderr
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        ("--help",),
        ("functions", "--json"),
        ("invocations", "--csv"),
        ("logs",),
        ("errors",),
        ("db", "query", "SELECT 1"),
    ],
)
def test_commands_load_nothing_heavy(db: Path, arguments: tuple[str, ...]) -> None:
    assert not loaded(_RUN, "--db", str(db), *arguments).intersection(HEAVY)


def test_views_load_nothing_heavy() -> None:
    assert not loaded(_IMPORT).intersection((*HEAVY, "numpy", "click"))


def test_the_first_rows_need_the_standard_library_and_the_records_only(db: Path) -> None:
    assert not loaded(_FIRST_ROWS, str(db)).intersection((*HEAVY, "numpy", "click", "pricing"))


def test_the_first_screen_is_laid_out_before_what_asks_the_store_is_imported() -> None:
    """It answers keys while that is imported in a thread, band and pane included."""
    script = """
import json, sys
import lambdatui.app.application, lambdatui.widgets.band, lambdatui.widgets.row_pane
asking = ("collectors.store.read.reader", "lambdatui.session.queries", "lambdatui.views.month", "pricing.projection")
print(json.dumps([0, [name for name in asking if name in sys.modules]]), file=sys.stderr)
"""
    assert loaded(script) == set()
