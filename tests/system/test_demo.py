"""The demo from end to end: what the store says is what the runner did, exactly; and nothing stays behind."""

import json
import os
import re
import signal
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.command_line import PROGRAM, rows, run
from tests.support.under_terminal import UnderTerminal
from tests.support.waiting import wait_for

pytestmark = needs.linux

REPORT = re.compile(
    r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: (\d+) ms.*?(Init Duration: [\d.]+ ms)?"
    r"(?:\tStatus: (\w+))?(?:\tError Type: (\S+))?\t\n"
)


def ours(marker: str) -> list[str]:
    """Command lines of living processes whose command line or environment has ``marker`` in it."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
                if marker.encode() in command + (folder / "environ").read_bytes():
                    found.append(command.replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found


def demo(folder: Path, *arguments: str, **more: Any) -> "subprocess.Popen[str]":
    environment = {**os.environ, "LAMBDATUI_TEST_MARK": str(folder), "TMPDIR": str(folder)}
    command = [*PROGRAM, "demo", *arguments]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **more,
    )


def test_the_stores_counts_are_what_the_runner_did(tmp_path: Path) -> None:
    process = demo(tmp_path, "--seconds", "10", "--no-tui", "--json", "--keep", str(tmp_path / "kept"))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    shown = {row["function"]: row for row in json.loads(out)["rows"]}
    log = sqlite3.connect(tmp_path / "kept" / "runner.db")
    events = log.execute("SELECT log_group, message FROM log_events").fetchall()
    done: Counter[tuple[str, str]] = Counter()
    for group, message in events:
        if (found := REPORT.match(message)) is not None:
            name = group.removeprefix("/aws/lambda/")
            done[name, "invocations"] += 1
            done[name, "billed_ms"] += int(found[1])
            done[name, "cold_starts"] += "Init Duration" in message
            done[name, "timeouts"] += found[3] == "timeout"
    sums = "SELECT function, metric, sum(value) FROM metrics WHERE stat = 'Sum' GROUP BY function, metric"
    metrics = {(function, metric): value for function, metric, value in log.execute(sums)}
    log.close()
    names = {name for name, _ in done}
    assert len(names) >= 7
    assert set(shown) == names
    for name in names:
        row = shown[name]
        assert row["invocations"] == done[name, "invocations"] == metrics[name, "Invocations"], name
        assert row["errors"] == metrics[name, "Errors"], name
        assert row["timeouts"] == done[name, "timeouts"], name
        assert row["throttles"] == metrics[name, "Throttles"], name
        assert row["cold_starts"] == done[name, "cold_starts"], name
        assert row["billed_ms"] == done[name, "billed_ms"], name
    assert sum(value for (_, kind), value in done.items() if kind == "timeouts") > 0
    assert metrics["order-worker", "Throttles"] > 0
    assert sum(value for (_, metric), value in metrics.items() if metric == "Errors") > 0
    store = tmp_path / "kept" / "demo.db"
    statuses = Counter(row["status"] for row in rows(run("--db", store, "--range", "all", "invocations", "--json")))
    assert statuses["out_of_memory"] > 0
    assert sum(statuses.values()) == sum(value for (_, kind), value in done.items() if kind == "invocations")
    assert ours(str(tmp_path)) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_however_it_ends_nothing_stays(tmp_path: Path, number: int) -> None:
    process = demo(tmp_path, "--seconds", "60", "--no-tui", start_new_session=True)
    assert process.stderr is not None
    assert "calling" in process.stderr.readline()
    wait_for(lambda: len(ours(str(tmp_path))) > 3)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    wait_for(lambda: not ours(str(tmp_path)))


def test_without_a_terminal_it_runs_for_a_while_and_says_so(tmp_path: Path) -> None:
    process = demo(tmp_path, "--seconds", "1")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "no terminal" in err
    assert "shop-api" in out
    assert list(tmp_path.iterdir()) == []


def test_the_screens_begin_with_thirty_simulated_days_and_say_so(tmp_path: Path) -> None:
    changes = {"LAMBDATUI_TEST_MARK": str(tmp_path), "TMPDIR": str(tmp_path), "COLORTERM": "truecolor"}
    with UnderTerminal(["demo"], columns=120, lines=40, **changes) as terminal:
        terminal.until(b"30 simulated days, then real")
        terminal.until(b"Try E (errors since the deploy), $ (this month), 2 T (throttled last night)")
        terminal.send("E")
        terminal.until(b"ProviderTimeout")
        terminal.send("q")
        terminal.send("q")
        assert terminal.process.wait(60) == 0
    wait_for(lambda: not ours(str(tmp_path)))
    assert [path for path in tmp_path.iterdir() if path.name.startswith("lambdatui-demo-")] == []


def test_a_kept_store_has_the_days_and_what_really_ran_apart(tmp_path: Path) -> None:
    process = demo(tmp_path, "--seconds", "5", "--no-tui", "--history", "--json", "--keep", str(tmp_path / "kept"))
    out, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    ran = {row["function"]: row["invocations"] for row in json.loads(out)["rows"]}
    assert "weekly-reindex" not in ran
    store = tmp_path / "kept" / "demo.db"
    answer = json.loads(run("--db", store, "--range", "all", "functions", "--json").stdout)
    simulated = answer["simulated"]
    assert simulated["from"] < simulated["to"]
    of_all = {row["function"]: row["invocations"] for row in answer["rows"]}
    assert of_all["weekly-reindex"] > 1_000
    assert all(of_all[name] > count for name, count in ran.items())
    real = json.loads(run("--db", store, "--from", simulated["to"], "functions", "--json").stdout)["rows"]
    assert {row["function"]: row["invocations"] for row in real if row["invocations"]} == ran
    # What the runner deploys is the code of the simulated days: no deploy hides the one that broke something.
    errors = rows(run("--db", store, "--range", "1h", "errors", "--json"))
    assert [row["function"] for row in errors if row["novelty"] == "new"] == ["payments"]
    assert "30 simulated days, then real" in run("--db", store, "functions").stderr
