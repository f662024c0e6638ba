"""The command line where something is wrong: each time words that help, and the documented exit code."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tests.support import small_store
from tests.support.command_line import PROGRAM, run
from tests.support.places import ROOT


def _imported(folder: Path, message: str, function: str = "checkout") -> Path:
    """A store with one failed invocation whose log holds ``message``."""
    events = small_store.invocation_events(small_store.CHECKOUT, 5, small_store.T0, duration_ms=20.0, fault="error")
    log, store = folder / "told.jsonl", folder / "told.db"
    events[2].message = message
    log.write_text(
        "".join(
            json.dumps(
                {
                    "timestamp": event.timestamp_ms,
                    "logGroup": f"/aws/lambda/{function}",
                    "logStream": event.log_stream,
                    "message": event.message,
                }
            )
            + "\n"
            for event in events
        )
    )
    assert run("import", log, "--db", store).exit_code == 0
    return store


def test_a_traceback_with_bare_carriage_returns_is_shown_line_by_line(tmp_path: Path) -> None:
    store = _imported(tmp_path, "[ERROR] KeyError: 'x'\rTraceback (most recent call last):\r  File \"a.py\", line 1\n")
    for command in (("invocation", small_store.request_id(5)), ("logs", "KeyError")):
        lines = [line.strip() for line in run(*command, "--db", store).stdout.splitlines()]
        assert "Traceback (most recent call last):" in lines
        assert 'File "a.py", line 1' in lines


def test_wide_signs_do_not_push_columns_out_of_line(tmp_path: Path) -> None:
    from rich.cells import cell_len

    store = _imported(tmp_path, "[ERROR] KeyError: \u901a\u8ca8\n", function="\u65e5\u672c\u8a9e")
    _, row = run("errors", "--columns", "function,message,count", "--db", store).stdout.splitlines()
    head, wide = run("errors", "--columns", "message,count", "--db", store).stdout.splitlines()
    assert cell_len(head) == cell_len(wide)
    assert row.startswith("\u65e5\u672c\u8a9e  ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_behind_stdout_is_one_line(db: Path) -> None:
    with open("/dev/full", "w") as full:
        done = _process("functions", "--db", db, stdout=full)
    assert (done.returncode, done.stderr) == (1, "lambdatui: No space left on device\n")


def test_without_stdout_there_is_no_traceback(db: Path) -> None:
    command = f"{sys.executable} -m lambdatui functions --db {db} >&-"
    done = _process(command=["sh", "-c", command])
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_an_export_says_which_range_it_holds_and_why_it_could_not_be_written(db: Path, tmp_path: Path) -> None:
    assert re.search(r": 34 lines, last 24h of data, to 2025", run("db", "export", tmp_path / "a", "--db", db).stderr)
    nowhere = run("db", "export", tmp_path / "none" / "a.jsonl", "--db", db)
    assert (nowhere.exit_code, nowhere.stderr) == (
        1, f"lambdatui: {tmp_path}/none/a.jsonl: No such file or directory\n",
    )  # fmt: skip


def test_each_damage_of_a_store_is_a_line(tmp_path: Path) -> None:
    store = small_store.make(tmp_path / "small.db")
    with contextlib.closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with open(store, "r+b") as file:
        file.seek(28)  # the database's size in pages, in its header
        pages = int.from_bytes(file.read(4), "big")
        file.seek(28)
        file.write((pages + 3).to_bytes(4, "big"))
        file.seek(0, os.SEEK_END)
        file.write(bytes(3 * size))
    checked = run("db", "check", "--db", store)
    assert checked.exit_code == 5
    problems = checked.stdout.splitlines()
    assert len(problems) == 3
    assert f"{len(problems)} problems; save what can be read with" in checked.stderr


def test_a_source_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    missing = tmp_path / "runner.db"
    result = run("collect", "--source", missing, "--db", tmp_path / "s.db")
    assert result.exit_code == 1
    assert result.stderr.count(str(missing)) == 1


def _process(
    *arguments: str | Path, command: list[str] | None = None, stdout: IO[str] | int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nowhere"}
    return subprocess.run(
        command or [*PROGRAM, *map(str, arguments)],
        stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment, check=False, timeout=120,
    )  # fmt: skip
