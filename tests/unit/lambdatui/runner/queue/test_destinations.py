"""Where records go: folders, and topics and queues by what their clients are asked."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.errors import ApiError
from lambdatui.runner.queue import destinations


class FakeClient:
    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> dict[str, str]:
            self.calls.append((name, arguments))
            return {"QueueUrl": "http://queues/1/orders"}

        return call


def send(target: str, body: str, attributes: dict[str, str]) -> list[tuple[str, bytes]]:
    """What functions were called with."""
    called: list[tuple[str, bytes]] = []

    async def invoke(arn: str, payload: bytes) -> None:
        called.append((arn, payload))

    asyncio.run(destinations.send(target, body, attributes, invoke))
    return called


def test_each_target_gets_it_in_its_own_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clients: dict[tuple[str, str | None, str], FakeClient] = {}

    def client(service: str, *, endpoint: str | None = None, region: str = "us-east-1") -> FakeClient:
        return clients.setdefault((service, endpoint, region), FakeClient())

    monkeypatch.setattr("lambdatui.runner.aws.client", client)
    attributes = {"ErrorCode": "200", "ErrorMessage": "no", "Empty": ""}
    topic, queue = "arn:aws:sns:eu-west-1:1:alerts", "arn:aws:sqs:eu-west-1:1:orders"
    assert send(topic, "body", attributes) == []
    assert send(queue, "body", attributes) == []
    assert send("http://localhost:9324/1/orders", "body", {}) == []
    message_attributes = {
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no"},
    }
    assert clients["sns", None, "eu-west-1"].calls == [
        ("publish", {"TopicArn": topic, "Message": "body", "MessageAttributes": message_attributes})
    ]
    sent = {"QueueUrl": "http://queues/1/orders", "MessageBody": "body", "MessageAttributes": message_attributes}
    assert clients["sqs", None, "eu-west-1"].calls == [
        ("get_queue_url", {"QueueName": "orders"}),
        ("send_message", sent),
    ]
    [(name, own)] = clients["sqs", "http://localhost:9324", "us-east-1"].calls
    assert (name, own["QueueUrl"]) == ("send_message", "http://localhost:9324/1/orders")
    function = "arn:aws:lambda:us-east-1:000000000000:function:fn"
    assert send(function, "{}", {}) == [(function, b"{}")]
    assert send((tmp_path / "out").as_uri(), "no json", {"a": "b"}) == []
    [file] = (tmp_path / "out").iterdir()
    assert json.loads(file.read_text()) == {"body": "no json", "attributes": {"a": "b"}}


@pytest.mark.parametrize("target", ["", "file://relative", "arn:aws:ses:::bucket", "arn:aws:sqs", "ftp://host/queue"])
def test_what_is_no_target(target: str) -> None:
    with pytest.raises(
        ApiError, match=r"is no target: give file:///FOLDER, a queue's URL, or an ARN of SQS, SNS, EventBridge"
    ):
        destinations.check_target(target)


def test_buckets_and_event_buses(monkeypatch: pytest.MonkeyPatch) -> None:
    clients: dict[str, FakeClient] = {}
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda service, **_: clients.setdefault(service, FakeClient()))
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/mine"
    function = "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST"
    for condition in ("Success", "RetriesExhausted"):
        body = json.dumps({"requestContext": {"condition": condition, "functionArn": function}})
        for target in ("arn:aws:s3:::failures", bus):
            assert send(target, body, {}) == []
    assert [name for name, _ in clients["s3"].calls] == ["put_object"] * 2
    stored = clients["s3"].calls[0][1]
    assert stored["Bucket"] == "failures"
    assert re.fullmatch(r"aws/lambda/\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}", stored["Key"])
    [first], [second] = (arguments["Entries"] for _, arguments in clients["events"].calls)
    assert first["DetailType"] == "Lambda Function Invocation Result - Success"
    assert second["DetailType"] == "Lambda Function Invocation Result - Failure"
    assert (first["EventBusName"], first["Source"], first["Resources"]) == (bus, "lambda", [bus, function])


def test_a_bus_that_refuses_an_event_did_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def put_events(self, **_: object) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "not today"}]}

    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: Refusing())
    with pytest.raises(OSError, match="not today"):
        send("arn:aws:events:us-east-1:000000000000:event-bus/mine", "{}", {})


def test_a_message_carries_the_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeClient()
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: fake)

    async def invoke(arn: str, payload: bytes) -> None:
        raise AssertionError(arn)

    asyncio.run(destinations.send("http://localhost:9324/1/orders", "{}", {}, invoke, trace="Root=1-2-3"))
    [(_, sent)] = fake.calls
    assert sent["MessageSystemAttributes"] == {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-2-3"}}
