"""Collections that are killed by SIGKILL while Logs Insights runs their queries: every hour is had once."""

import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from collectors.model.units import HOUR_MS, MINUTE_MS
from tests.support.aws import REGION, isolate
from tests.support.command_line import PROGRAM
from tests.support.fake_aws.fleet import Fleet as Served
from tests.support.fake_aws.server import FakeAws, fake_aws
from tests.support.fake_insights import FakeInsights, Fleet, account_answers, stored
from tests.support.waiting import wait_for

DEADLINE_S = 120.0


class InRealTime(FakeInsights):
    now_s = property(lambda self: time.monotonic(), lambda self, value: None)  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def closed_hours(count: int) -> list[int]:
    last = (time.time_ns() // 1_000_000 - 16 * MINUTE_MS) // HOUR_MS * HOUR_MS
    return [last - (number + 1) * HOUR_MS for number in range(count)]


def begin(db: Path, aws: FakeAws) -> "subprocess.Popen[str]":
    arguments = [
        "collect", "--endpoint-url", aws.url, "--region", REGION, "--logs", "insights", "--since", "5h",
        "--without", "inventory", "--without", "alarms", "--without", "metrics",
    ]  # fmt: skip
    return subprocess.Popen(
        [*PROGRAM, "--db", str(db), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def remembered(db: Path) -> int:
    if not db.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM collection_notes WHERE kind = 'query'").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0


def test_killed_again_and_again_every_hour_is_summed_once_and_what_was_written_down_paid_once(tmp_path: Path) -> None:
    fleet, db = Fleet(), tmp_path / "store.db"
    for number in range(110):
        fleet.add(f"fn-{number:03d}", closed_hours(3), 2)
    fake = InRealTime(fleet)
    fake.took_s = 1e9
    with fake_aws(Served(functions=1, invocations=1)) as aws:
        for operation, answer in (account_answers(fake) | fake.answers()).items():
            aws.answers[operation] = lambda _, asked, answer=answer: answer(asked)
        for least in (1, 4, 9):
            killed = begin(db, aws)
            wait_for(lambda least=least: remembered(db) >= least)
            os.kill(killed.pid, signal.SIGKILL)
            killed.communicate()
        fake.took_s = 0.0
        last = begin(db, aws)
        out, err = last.communicate(timeout=DEADLINE_S)
    assert last.returncode == 0, (out, err)
    assert stored(db) == fleet.sums
    assert remembered(db) == 0
    paid = Counter(fake.asked())
    # A query that was started and not yet written down when it was killed is paid for again: at most two a kill.
    assert sum(paid.values()) - len(paid) <= 6
