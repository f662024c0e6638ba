"""Functions that call themselves: stopped after 16 calls as AWS stops them, told, and allowed where that is configured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import needs
from tests.support.runner_server import Served, served, wait_for

pytestmark = needs.linux

# What an AWS SDK does inside Lambda: the X-Ray header goes on with every request (botocore, "recursion detection").
AGAIN = """
import http.client, json, os

def handler(event, context):
    print("call", event["n"], flush=True)
    if event["n"] >= event.get("most", 40):
        return "enough"
    connection = http.client.HTTPConnection(event["host"], event["port"], timeout=30)
    headers = {"X-Amz-Invocation-Type": event["kind"], "X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"]}
    body = json.dumps(event | {"n": event["n"] + 1})
    connection.request("POST", "/2015-03-31/functions/" + event.get("to", "again") + "/invocations", body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if event["kind"] == "Event":
        return answer.status
    return json.loads(text) if "message" not in text else [answer.status, json.loads(text)["message"]]
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "runner.db", time_scale=60) as one:
        yield one


def calls(runner: Served) -> int:
    return sum(message.startswith("call ") for message in runner.messages())


def event(runner: Served, kind: str, **more: object) -> dict[str, Any]:
    return {"n": 1, "host": runner.host, "port": runner.port, "kind": kind, **more}


def test_an_asynchronous_loop_ends_in_the_dead_letter_queue(
    runner: Served, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    dead, failures = tmp_path / "dead", tmp_path / "failures"
    runner.create("again", AGAIN, DeadLetterConfig={"TargetArn": dead.as_uri()}, Timeout=20)
    runner.client.put_function_event_invoke_config(
        FunctionName="again", DestinationConfig={"OnFailure": {"Destination": failures.as_uri()}}
    )
    payload = json.dumps(event(runner, "Event")).encode()
    runner.client.invoke(FunctionName="again", InvocationType="Event", Payload=payload)
    [file] = wait_for(lambda: list(dead.glob("*.json")))
    assert json.loads(file.read_text())["body"]["n"] == 17
    [file] = wait_for(lambda: list(failures.glob("*.json")))
    record = json.loads(file.read_text())["body"]
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert calls(runner) == 16
    assert runner.metric("again", "RecursiveInvocationsDropped") == 1
    assert runner.metric("again", "AsyncEventsDropped") == 1
    assert any("a recursive loop was stopped" in message for message in runner.messages())
    assert "again was called 16 times by one chain of requests" in capfd.readouterr().err


def test_a_synchronous_loop_is_refused(runner: Served) -> None:
    runner.create("again", AGAIN, Timeout=60)
    payload = json.dumps(event(runner, "RequestResponse")).encode()
    answer = json.loads(runner.client.invoke(FunctionName="again", Payload=payload)["Payload"].read())
    assert answer[0] == 400
    assert answer[1].startswith("Lambda has detected your function being invoked in a recursive loop")
    assert calls(runner) == 16


def test_a_loop_that_is_allowed_goes_on(runner: Served) -> None:
    runner.create("again", AGAIN, Timeout=60)
    runner.runner.functions.by_name["again"].document["recursion"] = "Allow"
    payload = json.dumps(event(runner, "Event", most=20)).encode()
    runner.client.invoke(FunctionName="again", InvocationType="Event", Payload=payload)
    wait_for(lambda: calls(runner) == 20)
    assert runner.metric("again", "RecursiveInvocationsDropped") is None


def test_a_long_chain_without_a_loop_goes_on(runner: Served) -> None:
    runner.create("again", AGAIN)
    for _ in range(18):
        payload = json.dumps(event(runner, "Event", most=2)).encode()
        runner.client.invoke(FunctionName="again", InvocationType="Event", Payload=payload)
    wait_for(lambda: calls(runner) == 36)
    assert runner.metric("again", "RecursiveInvocationsDropped") is None


def test_destinations_that_feed_each_other_are_a_loop(runner: Served) -> None:
    names = ("ping", "pong")
    arns = {
        name: runner.create(name, "def handler(e, c): print('call', c.function_name)")["FunctionArn"] for name in names
    }
    for name, other in zip(names, reversed(names), strict=True):
        runner.client.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnSuccess": {"Destination": arns[other]}}
        )
    runner.client.invoke(FunctionName="ping", InvocationType="Event", Payload=b"{}")
    wait_for(lambda: runner.metric("ping", "RecursiveInvocationsDropped") == 1)
    messages = [message.strip() for message in runner.messages() if message.startswith("call")]
    assert messages == ["call ping", "call pong"] * 16
