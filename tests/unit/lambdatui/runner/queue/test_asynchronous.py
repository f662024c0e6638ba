"""The queue of asynchronous events: over restarts, and when something else goes wrong."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.runner_server import Served, served, wait_for

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
FAILS = "def handler(e, c): raise ValueError('no')"


def send(runner: Served, name: str = "fn") -> str:
    answer = runner.client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    return str(answer["ResponseMetadata"]["RequestId"])


def finished(runner: Served) -> list[tuple[Any, ...]]:
    return runner.rows(
        "SELECT condition, attempts, throttles FROM async_events WHERE finished_ms IS NOT NULL ORDER BY id"
    )


def test_a_retry_that_waits_is_made_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with served(path, time_scale=30) as runner:
        runner.create("fn", FAILS)
        request_id = send(runner)
        wait_for(lambda: runner.rows("SELECT attempts FROM async_events") == [(1,)])
        assert runner.ask("GET", "/_lambdatui/status")[2]["waiting"] == 1
    with served(path, time_scale=30) as runner:
        assert runner.ask("GET", "/_lambdatui/status")[2]["waiting"] == 1
        wait_for(lambda: finished(runner))
        assert finished(runner) == [("RetriesExhausted", 3, 0)]
        assert [line.split()[2] for line in runner.messages() if line.startswith("START")] == [request_id] * 3


def test_an_event_that_waited_too_long_is_not_tried(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with served(path) as runner:
        runner.create("fn", FAILS)
        send(runner)
        wait_for(lambda: runner.rows("SELECT attempts FROM async_events") == [(1,)])

        def age() -> None:
            runner.runner.log.execute(
                "UPDATE async_events SET accepted_ms = accepted_ms - ?, due_ms = 0", (22_000_000,)
            )

        runner.loop.call_soon_threadsafe(age)
        runner.rows("SELECT 1")
        wait_for(lambda: runner.rows("SELECT due_ms FROM async_events") == [(0,)])
    with served(path) as runner:
        wait_for(lambda: finished(runner))
        assert finished(runner) == [("EventAgeExceeded", 1, 0)]


def test_events_of_a_function_that_is_gone_end(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with served(path, time_scale=30) as runner:
        runner.create("fn", FAILS)
        send(runner)
        wait_for(lambda: runner.rows("SELECT attempts FROM async_events") == [(1,)])
        runner.client.delete_function(FunctionName="fn")
        wait_for(lambda: finished(runner))
        assert finished(runner) == [("RetriesExhausted", 1, 0)]
        assert runner.metric("fn", "AsyncEventsDropped") == 1


def test_a_fault_of_the_runner_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(tmp_path / "runner.db", time_scale=100) as runner:
        runner.create("fn", "def handler(e, c): return 1")
        run, broken = runner.runner.run, True

        async def fail_once(*arguments: Any, **more: Any) -> Any:
            nonlocal broken
            if broken:
                broken = False
                raise OSError("no process")
            return await run(*arguments, **more)

        monkeypatch.setattr(runner.runner, "run", fail_once)
        request_id = send(runner)
        wait_for(lambda: finished(runner))
        assert finished(runner) == [("Success", 1, 0)]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:fn"
    assert f"event {request_id} of {arn}: OSError('no process')" in capfd.readouterr().err


def test_what_was_never_tried_is_a_dead_letter_too(tmp_path: Path) -> None:
    dead, failures = tmp_path / "dead", tmp_path / "failures"
    with served(tmp_path / "runner.db") as runner:
        runner.create("fn", "def handler(e, c): return 1", DeadLetterConfig={"TargetArn": dead.as_uri()})
        version = runner.client.publish_version(FunctionName="fn")["Version"]
        runner.client.create_alias(FunctionName="fn", Name="live", FunctionVersion=version)
        runner.client.put_function_event_invoke_config(
            FunctionName="fn", Qualifier="live", DestinationConfig={"OnFailure": {"Destination": failures.as_uri()}}
        )
        runner.client.put_function_concurrency(FunctionName="fn", ReservedConcurrentExecutions=0)
        request_id = send(runner, "fn:live")
        wait_for(lambda: finished(runner))
        assert finished(runner) == [("ZeroReservedConcurrency", 0, 0)]
    [letter] = [json.loads(file.read_text()) for file in dead.glob("*.json")]
    assert letter == {
        "body": {"n": 1},
        "attributes": {"RequestID": request_id, "ErrorCode": "500", "ErrorMessage": "ZeroReservedConcurrency"},
    }
    [record] = [json.loads(file.read_text())["body"] for file in failures.glob("*.json")]
    assert record["requestContext"]["functionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:fn:live"
    assert "responseContext" not in record


def test_answers_that_are_no_json_are_text_in_records(tmp_path: Path) -> None:
    code = f"#!{sys.executable}\n" + (
        "import os, urllib.request\n"
        "base = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'\n"
        "while True:\n"
        "    with urllib.request.urlopen(base + 'next') as answer:\n"
        "        request_id = answer.headers['Lambda-Runtime-Aws-Request-Id']\n"
        "    urllib.request.urlopen(base + request_id + '/response', b'plain words').close()\n"
    )
    from tests.support.runner_server import ROLE, zipped

    done = tmp_path / "done"
    with served(tmp_path / "runner.db") as runner:
        runner.client.create_function(
            FunctionName="fn",
            Runtime="provided.al2023",
            Handler="x",
            Role=ROLE,
            Code={"ZipFile": zipped({"bootstrap": code}, mode=0o755)},
        )
        runner.client.put_function_event_invoke_config(
            FunctionName="fn", DestinationConfig={"OnSuccess": {"Destination": done.as_uri()}}
        )
        send(runner)
        wait_for(lambda: finished(runner))
    [record] = [json.loads(file.read_text())["body"] for file in done.glob("*.json")]
    assert record["responsePayload"] == "plain words"
    assert record["requestContext"]["condition"] == "Success"
