"""Bringing an older store up to date: it says so, may be killed anywhere, and is done by whoever opens the store next."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.store import progress
from collectors.store.connection import is_older, open_reader
from collectors.store.integrity.checking import check
from collectors.store.schema import UNSUMMED, VERSION
from lambdatui.start import upgrade_notice
from tests.support.command_line import run
from tests.support.places import ROOT
from tests.support.printed_statements import EVER, differences, everything
from tests.support.released_stores import fill, load

_KILLED = """
import os, signal, sys
from pathlib import Path
from collectors.store import migration, progress
from collectors.store.connection import open_reader
migration._ROWS = 1
left = [int(sys.argv[2])]
def heard(text):
    left[0] -= 1
    if left[0] == 0:
        print(text, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
progress.listeners.append(heard)
open_reader(Path(sys.argv[1])).close()
"""


def killed(db: Path, at: int) -> str | None:
    """Opens the store, and is killed when so much has been said: what was said last, None where it came to its end."""
    command = [sys.executable, "-c", _KILLED, str(db), str(at)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return process.stdout.strip() if process.returncode == -signal.SIGKILL else None


@pytest.mark.parametrize("version", [1, 7])
def test_killed_anywhere_it_is_finished_by_the_next(version: int, tmp_path: Path) -> None:
    fill(tmp_path / "fresh.db")
    expected = everything(tmp_path / "fresh.db", [EVER])
    at, over = 1, False
    while not over:
        db = load(version, tmp_path / f"store-{at}.db")
        step = killed(db, at)
        over = step is None
        # Packs are made of what is up to date already: until they are there, their cells are read.
        assert is_older(db) == (step not in (None, "sums of hours and days"))
        if at % 2:  # killed once more before it is finished
            killed(db, 1)
        found = everything(db, [EVER])
        assert {key for key in differences(found, expected) if not key.startswith("errors")} == set()
        assert check(db) == []
        assert not is_older(db)
        at += 3
    assert at > 10


def test_viewers_meanwhile_get_one_line(tmp_path: Path) -> None:
    db = load(7, tmp_path / "store.db")
    killed(db, VERSION - 6)  # once each file is run, and the rows are not all summed
    connection = sqlite3.connect(db)
    assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert connection.execute("SELECT value FROM settings WHERE name = ?", (UNSUMMED,)).fetchone() == (1,)
    connection.close()
    with Path(f"{db}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for asked in (("functions",), ("invocations", "--json"), ("db", "info"), ("db", "check")):
            result = run(*asked, "--db", db)
            assert (result.exit_code, len(result.stderr.splitlines())) == (5, 1)
            assert "older lambdatui" in result.stderr
    assert run("functions", "--db", db).exit_code == 0


def test_what_takes_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_notice, "_AFTER_S", 0.0)
    said = run("functions", "--db", load(7, tmp_path / "store.db")).stderr
    assert "brought up to date, once" in said.splitlines()[0]
    assert "brought up to date" not in run("functions", "--db", tmp_path / "store.db").stderr


def test_the_screens_bring_a_store_up_to_date_before_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upgrade_notice, "_AFTER_S", 0.0)
    db = load(1, tmp_path / "store.db")
    upgrade_notice.before_the_screens(str(db))
    assert "brought up to date" in capsys.readouterr().err
    assert not is_older(db)
    assert progress.listeners == []
    for nothing in (tmp_path / "none.db", tmp_path):
        upgrade_notice.before_the_screens(str(nothing))
    assert capsys.readouterr().err == ""


def test_a_store_of_this_version_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path / "store.db")
    before = os.stat(tmp_path / "store.db").st_mtime_ns
    open_reader(tmp_path / "store.db").close()
    assert os.stat(tmp_path / "store.db").st_mtime_ns == before


def test_a_repair_of_an_older_store_says_to_bring_it_up_to_date_first(tmp_path: Path) -> None:
    db = load(9, tmp_path / "old.db")
    done = run("db", "check", "--repair", tmp_path / "new.db", "--db", db)
    assert (done.exit_code, len(done.stderr.splitlines())) == (5, 1)
    assert "of version 9, and only stores of version" in done.stderr
    assert "bring a copy of it up to date first" in done.stderr
