"""The runner's log as a source: what the runner writes is read back, from a checkpoint, and nothing else is."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from collectors.ingest.store_answers import Claims, InStore
from collectors.model.records import Function, FunctionKey, LogEvent, MetricPoint
from collectors.model.units import MINUTE_MS
from collectors.sources.base import ListedFunctions, LogEvents, MetricPoints, Source, SourceFailed
from collectors.sources.runner_log import RunnerLog, RunnerSource
from lambdatui.runner.environments.environment import Environment
from lambdatui.runner.environments.process import Host
from lambdatui.runner.environments.runtime_api import Event
from lambdatui.runner.functions import Deployment
from lambdatui.runner.log.writer import Log
from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs

DEPLOYED_MS = 1_735_689_600_000
KEY = FunctionKey("fn", "000000000000", "us-east-1")


def deployment(folder: Path, name: str = "fn") -> Deployment:
    return Deployment(name, str(folder), "app.handler", "python3.11", 256, 5, {"TOKEN": "s3cret"})


def finish(log: Log, start_ms: int, duration_ms: float, errors: int) -> None:
    log.count("fn", "Invocations", 1.0, start_ms)
    log.count("fn", "Errors", float(errors), start_ms)
    log.measure("fn", "Duration", duration_ms, start_ms)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of one function with events at 1,000 to 1,004 ms and two invocations in one minute."""
    found = tmp_path / "some runner#1.db"
    one = deployment(tmp_path)
    with Log(found) as log:
        log.deployed(one, DEPLOYED_MS)
        stream = "2025/01/01/[$LATEST]ab"
        log.write([(1_000 + n, f"id{n}", one.log_group, stream, f"line {n}\n") for n in range(5)])
        finish(log, 61_000, 2.5, 0)
        finish(log, 62_000, 1.5, 1)
    return found


def test_functions_come_without_their_environment(path: Path) -> None:
    with RunnerLog(path) as log:
        (function,) = log.functions()
    assert (function.key, function.runtime, function.memory_mb) == (KEY, "python3.11", 256)
    assert (function.timeout_s, function.log_group, function.ephemeral_mb) == (5, "/aws/lambda/fn", 512)
    assert b"s3cret" not in path.read_bytes()


def test_events_are_read_on_from_a_checkpoint(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sources.runner_log.BLOCK", 2)
    with RunnerLog(path) as log:
        blocks = list(log.event_blocks())
        assert [len(block) for block, _ in blocks] == [2, 2, 1]
        events = [event for block, _ in blocks for event in block]
        assert [event.message for event in events] == [f"line {n}\n" for n in range(5)]
        assert (events[0].timestamp_ms, events[0].event_id, events[0].log_group) == (1_000, "id0", "/aws/lambda/fn")
        assert (events[0].function, events[0].account, events[0].region) == (KEY.name, KEY.account, KEY.region)
        last = blocks[-1][1]
        assert [after for _, after in blocks] == sorted(after for _, after in blocks)
        assert [event.event_id for block, _ in log.event_blocks(blocks[0][1]) for event in block] == [
            "id2",
            "id3",
            "id4",
        ]
        assert list(log.event_blocks(last)) == []


def test_what_is_written_while_the_log_is_open_is_read_next(path: Path, tmp_path: Path) -> None:
    with RunnerLog(path) as reader:
        *_, (_, checkpoint) = reader.event_blocks()
        with Log(path) as writer:
            writer.write([(2_000, "late", "/aws/lambda/unknown", "stream", "later\n")])
        [(block, _)] = reader.event_blocks(checkpoint)
    assert [(event.event_id, event.function, event.account) for event in block] == [("late", "unknown", "")]


def test_metric_bins_are_given_again_when_they_changed(path: Path, tmp_path: Path) -> None:
    with RunnerLog(path) as reader:
        [(points, checkpoint)] = reader.metrics()
        values = {(point.metric, point.stat): point.value for point in points}
        assert values == {
            ("Invocations", "Sum"): 2.0,
            ("Errors", "Sum"): 1.0,
            ("Duration", "SampleCount"): 2.0,
            ("Duration", "Sum"): 4.0,
            ("Duration", "Minimum"): 1.5,
            ("Duration", "Maximum"): 2.5,
        }
        assert {(point.function, point.period_s, point.start_ms) for point in points} == {(KEY, 60, MINUTE_MS)}
        assert list(reader.metrics(checkpoint)) == []
        with Log(path) as writer:
            finish(writer, 63_000, 0.5, 0)
        [(changed, _)] = reader.metrics(checkpoint)
    assert {point.value for point in changed if point.metric == "Invocations"} == {3.0}


def test_the_source_leaves_out_what_is_older(path: Path) -> None:
    with RunnerLog(path) as log:
        functions, events, points = given(RunnerSource(log, since_ms=1_003))
        assert [event.event_id for event in events] == ["id3", "id4"]
        assert len(points) == 6
        assert given(RunnerSource(log, since_ms=10_000_000))[1:] == ([], [])
        assert len(given(RunnerSource(log))[1]) == 5
        assert [one.key for one in functions] == [KEY]


def test_the_source_gives_what_is_new_when_it_is_asked_again(path: Path) -> None:
    with RunnerLog(path) as log:
        source: Source = RunnerSource(log)
        _, events, points = given(source)
        assert (len(events), len(points)) == (5, 6)
        assert given(source)[1:] == ([], [])


def given(source: Source) -> tuple[list[Function], list[LogEvent], list[MetricPoint]]:
    items = list(source.items(InStore(None, Claims())))
    return (
        [each for item in items if isinstance(item, ListedFunctions) for each in item.functions],
        [each for item in items if isinstance(item, LogEvents) for each in item.events],
        [each for item in items if isinstance(item, MetricPoints) for each in item.points],
    )


@needs.linux
def test_a_real_invocation_arrives_whole(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    print('hello')\n    return event\n")
    one = Deployment("real", str(tmp_path), "app.handler", this_runtime())

    async def invoke() -> str:
        with Log(tmp_path / "runner.db") as log:
            log.deployed(one, DEPLOYED_MS)
            host = Host()
            environment = Environment(one, log, host)
            try:
                await environment.init()
                return (await environment.invoke(Event("1" * 36, b"{}", 0, one.arn))).request_id
            finally:
                await environment.stop()
                host.close()

    request_id = asyncio.run(invoke())
    with RunnerLog(tmp_path / "runner.db") as log:
        messages = [event.message for block, _ in log.event_blocks() for event in block]
    assert [message.split(" ")[0] for message in messages] == ["INIT_START", "START", "hello\n", "END", "REPORT"]
    assert all(request_id in message for message in (messages[1], messages[3], messages[4]))


def test_what_cannot_be_read_is_said(tmp_path: Path, path: Path) -> None:
    with pytest.raises(SourceFailed, match="no such file"):
        RunnerLog(tmp_path / "absent.db")
    assert not (tmp_path / "absent.db").exists()

    text = tmp_path / "text.db"
    text.write_text("not a database " * 100)
    with pytest.raises(SourceFailed, match="no SQLite database"):
        RunnerLog(text)

    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE log_events (id)")
    db.close()
    with pytest.raises(SourceFailed, match="not a runner's log"):
        RunnerLog(other)

    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(SourceFailed, match=r"version 9.*upgrade"):
        RunnerLog(path)


def test_reading_does_not_write(path: Path) -> None:
    with RunnerLog(path) as log, pytest.raises(sqlite3.OperationalError, match="readonly"):
        log._db.execute("DELETE FROM log_events")
