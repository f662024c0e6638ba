"""A queue's batches: windows, filters, throttles, and what a mapping may not be."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.runner_server import Served, served, wait_for

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
SOURCE = "import json\ndef handler(e, c): print('got', json.dumps([r['body'] for r in e['Records']]))"


class FakeQueue:
    """Gives each message once, and again where it is not deleted when ``visible_again`` is called."""

    def __init__(self, bodies: list[str], broken: int = 0) -> None:
        self._messages = [
            {
                "MessageId": f"m{number}",
                "ReceiptHandle": f"r{number}",
                "Body": body,
                "MessageAttributes": {"kind": {"StringValue": "x", "DataType": "String"}},
            }
            for number, body in enumerate(bodies)
        ]
        self._broken = broken
        self._given: set[str] = set()
        self.deleted: list[str] = []

    def receive_message(self, MaxNumberOfMessages: int, **_: object) -> dict[str, Any]:
        if self._broken:
            self._broken -= 1
            raise OSError("no queue yet")
        waiting = [one for one in self._messages if one["ReceiptHandle"] not in self._given]
        chosen = waiting[:MaxNumberOfMessages]
        self._given |= {str(one["ReceiptHandle"]) for one in chosen}
        return {"Messages": chosen} if chosen else {}

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: object) -> None:
        assert len(Entries) <= 10
        self.deleted += [entry["ReceiptHandle"] for entry in Entries]

    def visible_again(self) -> None:
        self._given = set(self.deleted)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr("lambdatui.runner.triggers.queue._RETRY_S", 0.05)
    with served(tmp_path / "runner.db", time_scale=10) as one:
        yield one


def poll(runner: Served, monkeypatch: pytest.MonkeyPatch, queue: FakeQueue, **settings: Any) -> str:
    monkeypatch.setattr("lambdatui.runner.queue.destinations.queue_client", lambda _: (queue, "http://queue"))
    mapping = runner.client.create_event_source_mapping(FunctionName="takes", EventSourceArn=ARN, **settings)
    return str(mapping["UUID"])


def got(runner: Served) -> list[list[str]]:
    return [json.loads(line.removeprefix("got ")) for line in runner.messages() if line.startswith("got ")]


def test_a_window_gathers_more_than_one_receive_gives(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("takes", SOURCE)
    queue = FakeQueue([f"b{number}" for number in range(25)], broken=1)
    poll(
        *(runner, monkeypatch, queue),
        BatchSize=25,
        MaximumBatchingWindowInSeconds=5,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    wait_for(lambda: len(queue.deleted) == 25)
    assert sorted(body for batch in got(runner) for body in batch) == sorted(f"b{number}" for number in range(25))
    assert max(map(len, got(runner))) > 10


def test_what_no_filter_passes_is_deleted_unseen(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("takes", SOURCE)
    queue = FakeQueue(["drop", "drop", "take"])
    poll(runner, monkeypatch, queue, FilterCriteria={"Filters": [{"Pattern": '{"body": ["take"]}'}]})
    wait_for(lambda: len(queue.deleted) == 3)
    assert got(runner) == [["take"]]


def test_throttled_and_failed_batches_stay_in_the_queue(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("takes", SOURCE)
    runner.client.put_function_concurrency(FunctionName="takes", ReservedConcurrentExecutions=0)
    queue = FakeQueue(["one"])
    mapping_id = poll(runner, monkeypatch, queue)

    def result() -> str:
        found: str = runner.client.get_event_source_mapping(UUID=mapping_id).get("LastProcessingResult", "")
        return found

    wait_for(lambda: result() == "PROBLEM: Function call throttled")
    assert queue.deleted == []
    runner.client.delete_function_concurrency(FunctionName="takes")
    queue.visible_again()
    wait_for(lambda: queue.deleted == ["r0"])
    assert result() == "OK"


def test_a_function_that_is_gone_leaves_its_messages(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("takes", SOURCE)
    queue = FakeQueue([])
    mapping_id = poll(runner, monkeypatch, queue)
    runner.client.delete_function(FunctionName="takes")
    queue._messages.append({"MessageId": "m", "ReceiptHandle": "r", "Body": "late"})
    mappings = runner.runner.mappings
    wait_for(lambda: "Function not found" in mappings[mapping_id]["LastProcessingResult"])
    assert queue.deleted == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"BatchSize": 0}, "Value '0' at 'batchSize'"),
        ({"EventSourceArn": f"{ARN}.fifo", "BatchSize": 11}, "less than or equal to 10"),
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"MaximumBatchingWindowInSeconds": 301}, "less than or equal to 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "between 2 and 1000"),
        ({"FunctionResponseTypes": ["All"]}, "enum value set: [ReportBatchItemFailures]"),
        ({"DestinationConfig": {"OnFailure": {"Destination": "nowhere"}}}, "nowhere is no target"),
        ({"EventSourceArn": "orders"}, "Unrecognized event source: orders."),
    ],
)
def test_mappings_that_are_refused(runner: Served, settings: dict[str, Any], message: str) -> None:
    runner.create("takes", SOURCE)
    document = {"FunctionName": "takes", "EventSourceArn": ARN, **settings}
    status, _, body = runner.ask("POST", "/2015-03-31/event-source-mappings", document)
    assert status == 400
    assert message in body["message"]


def test_a_mapping_is_made_once_and_moved_to_another_function(runner: Served) -> None:
    runner.create("takes", SOURCE)
    runner.create("other", SOURCE)
    path = "/2015-03-31/event-source-mappings"
    document = {"FunctionName": "takes", "EventSourceArn": ARN, "Enabled": False}
    mapping_id = runner.ask("POST", path, document)[2]["UUID"]
    status, headers, body = runner.ask("POST", path, document)
    assert (status, headers["x-amzn-errortype"]) == (409, "ResourceConflictException")
    assert mapping_id in body["message"]
    runner.client.update_event_source_mapping(UUID=mapping_id, FunctionName="other")
    [listed] = runner.client.list_event_source_mappings(EventSourceArn=ARN)["EventSourceMappings"]
    assert (listed["FunctionArn"].rpartition(":")[2], listed["State"]) == ("other", "Disabled")
    assert runner.client.list_event_source_mappings(EventSourceArn=f"{ARN}2")["EventSourceMappings"] == []
