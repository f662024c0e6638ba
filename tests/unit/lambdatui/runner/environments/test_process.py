"""A process whose output comes faster than the log is written, or cannot be logged."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from lambdatui.runner.log.writer import Log
from tests.support.runner_server import served

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")


def test_a_function_waits_for_a_log_that_is_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.runner.log.writer._BACKLOG_BYTES", 50_000)
    source = "def handler(e, c):\n    for n in range(300): print(f'{n} ' + 'x' * 10_000)\n    return 'done'"
    with served(tmp_path / "runner.db") as runner:
        runner.create("loud", source, Timeout=60)
        assert runner.client.invoke(FunctionName="loud")["Payload"].read() == b'"done"'
        lines = [line.split()[0] for line in runner.messages() if line.endswith("x\n")]
    assert lines == [str(number) for number in range(300)]


def test_a_line_that_cannot_be_logged_is_the_runners_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Log.write

    def fail(log: Log, rows: list[tuple[int, str, str, str, str]]) -> None:
        if any("poison" in row[4] for row in rows):
            raise sqlite3.OperationalError("disk full")
        write(log, rows)

    monkeypatch.setattr(Log, "write", fail)
    with served(tmp_path / "runner.db") as runner:
        runner.create(
            "prints", "import time\ndef handler(e, c): print('poison', flush=True); time.sleep(0.3); return 1"
        )
        status, _, body = runner.ask("POST", "/2015-03-31/functions/prints/invocations", {})
        assert (status, json.dumps(body)) == (
            500,
            json.dumps({"Message": "the runner failed: disk full", "Type": "Service"}),
        )
