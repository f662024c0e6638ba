"""Children that the screens start are ``python -m lambdatui``, and end with the pipe that their parent holds."""

import os
import subprocess
import sys
from pathlib import Path

from lambdatui.processes.child_process import VARIABLE, Child
from tests.support.places import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_a_child_prints_what_the_command_line_prints() -> None:
    child = Child(["config", "path"])
    lines = [line for batch in child.batches() for line in batch]
    assert child.wait_for_end() == (0, [])
    assert len(lines) == 1
    assert lines[0].endswith("config.toml")


def test_a_child_that_fails_says_why() -> None:
    child = Child(["no-such-command"])
    assert list(child.batches()) == []
    code, complaints = child.wait_for_end()
    assert code == 2
    assert "no command 'no-such-command'" in complaints[-1]


def test_a_child_is_nice_and_ends_when_it_is_stopped(tmp_path: Path) -> None:
    child = Child(["runner", "serve", "--port", "0", "--runner-db", str(tmp_path / "runner.db")], niceness=5)
    assert next(child.batches())  # it serves
    assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    child.stop()
    assert child.wait_for_end()[0] == 0  # it was told to end, and has tidied up


def test_what_a_child_starts_is_no_child_of_the_screens() -> None:
    """Else a command that is given no stdin would end at once."""
    script = (
        "import os, sys; sys.argv = ['lambdatui', 'config', 'path']; from lambdatui.__main__ import main; main(); "
        f"sys.exit({VARIABLE!r} in os.environ)"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env={**ENVIRONMENT, VARIABLE: "0"}, stdin=subprocess.PIPE) as process:
        assert process.wait(60) == 0
