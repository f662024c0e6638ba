"""Running the command line in tests, with no configuration and no store but the ones a test names."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from lambdatui.cli.main import cli
from tests.support.places import ROOT

PROGRAM = (sys.executable, "-m", "lambdatui")
"""The whole program as a process of its own."""


def run(*arguments: str | Path, **environment: str) -> Result:
    """One command line in this process; what nobody foresaw is raised."""
    isolated = {"XDG_CONFIG_HOME": "/nowhere", "LAMBDATUI_DB": None, **environment}
    result = CliRunner(env=isolated).invoke(cli, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run_program(*arguments: str | Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    """One command line in a process of its own; ``changes`` are of the environment."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **changes},
    )  # fmt: skip


def rows(result: Result) -> list[dict[str, Any]]:
    """The rows of a listing's JSON, whose envelope is checked."""
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) >= {"as_of", "range", "coverage", "basis", "rows"}
    assert set(found["range"]) == {"from", "to"}
    listed: list[dict[str, Any]] = found["rows"]
    return listed
