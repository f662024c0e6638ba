"""The log's file: what is refused, and what is written again after a fault."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from collectors.model.units import MINUTE_MS
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.log import writer
from lambdatui.runner.log.schema import APPLICATION_ID, VERSION
from lambdatui.runner.log.writer import Log


def test_another_file_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    text, other, newer = tmp_path / "notes.txt", tmp_path / "other.db", tmp_path / "newer.db"
    text.write_bytes(b"not a database, but long enough to be looked at" * 20)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (a)")
    with sqlite3.connect(newer) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    for path, message in (
        (text, "cannot be used as the runner's log"),
        (other, "is a database, but not a runner's log: give another --runner-db"),
        (newer, rf"is of version {VERSION + 1}, newer than this program's {VERSION}: upgrade it"),
    ):
        before = path.read_bytes()
        with pytest.raises(RunnerError, match=message):
            Log(path)
        assert path.read_bytes() == before


def test_what_could_not_be_written_is_written_again_with_what_came_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writer, "_RETRY_S", 0.05)

    async def go() -> list[tuple[object, ...]]:
        with Log(tmp_path / "runner.db") as log:
            add, broken = log._add, True

            def fail_once(key: tuple[str, str, str, int], value: float) -> None:
                nonlocal broken
                if broken:
                    broken = False
                    raise sqlite3.OperationalError("disk I/O error")
                add(key, value)

            monkeypatch.setattr(log, "_add", fail_once)
            log.write([(1, "event-1", "/aws/lambda/fn", "stream", "first\n")])
            log.measure("fn", "Duration", 5.0, 1)
            under_way = asyncio.ensure_future(log.commit())
            await asyncio.sleep(0)
            log.write([(2, "event-2", "/aws/lambda/fn", "stream", "second\n")])
            log.measure("fn", "Duration", 3.0, 1)
            log.count("fn", "Throttles", 1.0, 1)
            with pytest.raises(sqlite3.OperationalError):
                await under_way
            await asyncio.sleep(0.2)
            await log.commit()
            assert [message for _, _, message in log.tail("/aws/lambda/fn", 10)] == ["first\n", "second\n"]
            return log.read("SELECT metric, stat, value FROM metrics ORDER BY metric, stat")

    assert asyncio.run(go()) == [
        *(("Duration", "Maximum", 5.0), ("Duration", "Minimum", 3.0), ("Duration", "SampleCount", 2.0)),
        *(("Duration", "Sum", 8.0), ("Throttles", "Sum", 1.0)),
    ]
    assert "cannot be written (disk I/O error): trying again" in capfd.readouterr().err


def test_metrics_of_a_minute_are_merged_over_restarts(tmp_path: Path) -> None:
    for value in (4.0, 9.0, 4.0):
        with Log(tmp_path / "runner.db") as log:
            log.peak("fn", "ConcurrentExecutions", value, 61_000)
            log.count("fn", "Invocations", 1.0, 61_000)
    with Log(tmp_path / "runner.db") as log:
        rows = log.read("SELECT metric, stat, start_ms, value FROM metrics ORDER BY metric")
    assert rows == [("ConcurrentExecutions", "Maximum", MINUTE_MS, 9.0), ("Invocations", "Sum", MINUTE_MS, 3.0)]
