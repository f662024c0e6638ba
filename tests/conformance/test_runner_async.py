"""Asynchronous events on real functions: the retry schedule, what becomes of failures, and a runner killed midway."""

import http.client
import json
import signal
import sqlite3
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import Served, client, served
from tests.support.waiting import wait_for

pytestmark = needs.linux

FAILS = "def handler(e, c):\n    raise ValueError('no')\n"


def send(runner: Served, name: str, event: object = None) -> str:
    answer = runner.client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), InvocationType="Event")
    return str(answer["ResponseMetadata"]["RequestId"])


def finished(runner: Served) -> list[tuple[Any, ...]]:
    return runner.rows("SELECT request_id, condition, attempts FROM async_events WHERE finished_ms IS NOT NULL")


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def test_two_retries_after_one_and_two_minutes_under_one_request_id(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=120) as runner:  # 0.5 s and 1 s
        failures, dead = tmp_path / "failures", tmp_path / "dead"
        runner.create("fails", FAILS, DeadLetterConfig={"TargetArn": dead.as_uri()})
        runner.client.put_function_event_invoke_config(
            FunctionName="fails", DestinationConfig={"OnFailure": {"Destination": failures.as_uri()}}
        )
        request_id = send(runner, "fails", {"order": 7})
        wait_for(lambda: finished(runner))
        assert finished(runner) == [(request_id, "RetriesExhausted", 3)]
        attempts = runner.rows("SELECT attempt, started_ms, ended_ms, error_type FROM async_attempts ORDER BY attempt")
        assert [(attempt, error) for attempt, _, _, error in attempts] == [(n, "ValueError") for n in (1, 2, 3)]
        waits = [later[1] - before[2] for before, later in pairwise(attempts)]
        assert 500 <= waits[0] < 1000 <= waits[1] < 2000
        assert sum(f"START RequestId: {request_id}" in line for line in runner.messages()) == 3
        assert runner.metric("fails", "Errors") == runner.metric("fails", "Invocations") == 3
        assert runner.metric("fails", "AsyncEventsReceived") == runner.metric("fails", "AsyncEventsDropped") == 1
        assert runner.metric("fails", "AsyncEventAge", "SampleCount") == 3
    [record] = [one["body"] for one in records(failures)]
    assert record["version"] == "1.0"
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:fails:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"order": 7}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorType"] == "ValueError"
    [letter] = records(dead)
    assert letter["body"] == {"order": 7}
    assert letter["attributes"] == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no"}


def test_success_goes_to_its_destination_and_another_function_is_one(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=60) as runner:
        runner.create("first", "def handler(e, c): return e['n'] + 1")
        second = runner.create("second", "def handler(e, c): print('got', e['responsePayload'])")
        runner.client.put_function_event_invoke_config(
            FunctionName="first", DestinationConfig={"OnSuccess": {"Destination": second["FunctionArn"]}}
        )
        send(runner, "first", {"n": 41})
        wait_for(lambda: "got 42\n" in runner.messages())
        assert [condition for _, condition, _ in finished(runner)] == ["Success"] or len(finished(runner)) == 2


def test_no_retries_when_none_are_wanted_and_limits_are_checked(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=60) as runner:
        runner.create("fails", FAILS)
        runner.client.put_function_event_invoke_config(FunctionName="fails", MaximumRetryAttempts=0)
        send(runner, "fails")
        wait_for(lambda: finished(runner))
        assert finished(runner)[0][1:] == ("RetriesExhausted", 1)
        for wrong in ({"MaximumRetryAttempts": 3}, {"MaximumEventAgeInSeconds": 59}):
            connection = http.client.HTTPConnection(runner.host, runner.port, timeout=20)
            connection.request("PUT", "/2019-09-25/functions/fails/event-invoke-config", json.dumps(wrong))
            answer = connection.getresponse()
            assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "ValidationException")


def test_an_event_that_is_too_old_is_given_up(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=60) as runner:
        runner.create("fails", FAILS)
        runner.client.put_function_event_invoke_config(FunctionName="fails", MaximumEventAgeInSeconds=60)
        send(runner, "fails")  # the retry would come after a minute: it would be older than that
        wait_for(lambda: finished(runner))
        assert finished(runner)[0][1:] == ("EventAgeExceeded", 1)


def test_throttled_events_go_back_to_the_queue_and_all_are_done(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=60) as runner:
        go_on = tmp_path / "go on"
        waits = (
            "import os, time\ndef handler(e, c):\n    while not os.path.exists(e.get('until', '/')): time.sleep(0.02)"
        )
        runner.create("slow", waits, Timeout=120)
        runner.client.put_function_concurrency(FunctionName="slow", ReservedConcurrentExecutions=1)
        import threading

        busy = threading.Thread(
            target=runner.client.invoke, kwargs={"FunctionName": "slow", "Payload": json.dumps({"until": str(go_on)})}
        )
        busy.start()
        wait_for(lambda: runner.runner.fleet.running.get("slow"))
        for _ in range(5):
            send(runner, "slow")
        wait_for(lambda: runner.metric("slow", "Throttles"))
        go_on.touch()
        busy.join()
        wait_for(lambda: len(finished(runner)) == 5)
        assert {(condition, attempts) for _, condition, attempts in finished(runner)} == {("Success", 1)}
        assert runner.metric("slow", "Invocations") == 6
        runner.client.put_function_concurrency(FunctionName="slow", ReservedConcurrentExecutions=0)
        send(runner, "slow")
        wait_for(lambda: len(finished(runner)) == 6)
        assert finished(runner)[-1][1] == "ZeroReservedConcurrency"


def test_a_target_that_takes_nothing_is_counted(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", time_scale=600) as runner:
        (tmp_path / "file").write_text("")
        blocked = (tmp_path / "file" / "below").as_uri()
        runner.create("fails", FAILS, DeadLetterConfig={"TargetArn": blocked})
        send(runner, "fails")
        wait_for(lambda: finished(runner))
        assert runner.metric("fails", "DeadLetterErrors") == 1


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def start(path: Path, *arguments: str) -> tuple["subprocess.Popen[str]", str]:
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(path), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_kill_9_loses_no_accepted_event_and_leaves_no_process(tmp_path: Path) -> None:
    path, marks = tmp_path / "runner.db", tmp_path / "marks"
    marks.mkdir()
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text(
        "import pathlib, time, os\ndef handler(e, c):\n    time.sleep(0.05)\n"
        f"    with open('{marks}/' + str(e['n']), 'a') as f: f.write(c.aws_request_id + '\\n')\n    return os.getpid()\n"
    )
    process, url = start(path)
    api = client("lambda", url)
    code = {"S3Bucket": "hot-reload", "S3Key": str(source)}
    role = "arn:aws:iam::000000000000:role/x"
    api.create_function(FunctionName="mark", Runtime="python3.11", Handler="app.handler", Role=role, Code=code)
    accepted = [
        api.invoke(FunctionName="mark", InvocationType="Event", Payload=json.dumps({"n": n}).encode())[
            "ResponseMetadata"
        ]["RequestId"]
        for n in range(60)
    ]
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {int(file.name) for file in marks.iterdir()}
    assert len(before) < 60
    process, url = start(path)
    try:
        wait_for(lambda: len(list(marks.iterdir())) == 60)
        db = sqlite3.connect(path)
        wait_for(lambda: db.execute("SELECT count(*) FROM async_events WHERE finished_ms IS NULL").fetchone() == (0,))
        assert sorted(row[0] for row in db.execute("SELECT request_id FROM async_events")) == sorted(accepted)
        db.close()
        # At most what ran at the kill, or had just ended, ran again; and never more than twice.
        runs = {file.name: file.read_text().splitlines() for file in marks.iterdir()}
        assert max(map(len, runs.values())) <= 2
        assert all(len(set(ids)) == 1 for ids in runs.values())
        pid = json.loads(client("lambda", url).invoke(FunctionName="mark", Payload=b'{"n": 0}')["Payload"].read())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_for(lambda: not alive(pid))
