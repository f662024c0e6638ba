"""ctrl-c and kill -9 while an import starts and runs: one word or none, and no traceback, from the writer beside it either."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from collectors.model.units import MINUTE_MS
from tests.faults.budget import SEED, rounds
from tests.support.command_line import PROGRAM
from tests.support.places import ROOT

ROUNDS = rounds(3)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("interrupted") / "log.jsonl"
    event = {"logGroup": "/aws/lambda/f", "logStreamName": "s"}
    with file.open("w") as out:
        for at in range(MINUTE_MS):
            out.write(json.dumps({**event, "timestamp": 1_743_415_200_000 + at, "message": f"line {at}\n"}) + "\n")
    return file


def moments() -> list[tuple[str, float]]:
    chance = random.Random(SEED)
    return [(how, chance.uniform(0.0, 1.5)) for how in ("ctrl-c", "ctrl-c twice", "kill -9") for _ in range(ROUNDS)]


@pytest.mark.parametrize(("how", "after_s"), [("ctrl-c", 0.1), ("kill -9", 0.3), *moments()])
def test_an_import_that_is_ended_says_no_traceback(log: Path, tmp_path: Path, how: str, after_s: float) -> None:
    said = tmp_path / "said"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nowhere"}
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*PROGRAM, "--db", str(tmp_path / "s.db"), "import", str(log)],
            stdout=out, stderr=out, env=env, start_new_session=True,
        )  # fmt: skip
    time.sleep(after_s)
    # As a terminal does it: to all of the foreground, the writer too.
    with contextlib.suppress(ProcessLookupError):
        if how == "kill -9":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGINT)
    if how == "ctrl-c twice":
        time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    code = process.wait(60)
    end = time.monotonic() + 30
    while time.monotonic() < end:  # until the writer has ended as well
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("something stays")
    text = said.read_text()
    if how == "kill -9":
        assert code in (-9, 0)
        assert "Traceback" not in text
        return
    ours = "/lambdatui/" in text or "/collectors/" in text
    assert code in (0, 130) or not ours, (code, text)  # before any line of ours runs, Python says it its own way
    assert "Traceback" not in text or not ours, text
