"""A queue's batches: windows, filters, throttles, and what a mapping may not be."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.lineage import with_call
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

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: object) -> None:
        assert {entry["VisibilityTimeout"] for entry in Entries} == {0}
        self._given -= {entry["ReceiptHandle"] for entry in Entries}

    def add(self, **message: Any) -> None:
        number = len(self._messages)
        self._messages.append({"MessageId": f"m{number}", "ReceiptHandle": f"r{number}", "Body": "", **message})

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
    queue.add(Body="late")
    mappings = runner.runner.mappings
    wait_for(lambda: "Function not found" in mappings[mapping_id]["LastProcessingResult"])
    assert queue.deleted == []


WAITS = """
import os, time
def handler(e, c):
    print("got", '["in"]', flush=True)
    while not os.path.exists(GATE):
        time.sleep(0.02)
"""


def state(runner: Served, mapping_id: str) -> str | None:
    mapping = runner.runner.mappings.get(mapping_id)
    return None if mapping is None else str(mapping["State"])


@pytest.mark.parametrize("ending", ["disable", "delete", "update"])
def test_what_is_under_way_is_finished_before_a_mapping_changes(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    gate = tmp_path / "gate"
    runner.create("takes", WAITS.replace("GATE", repr(str(gate))), Timeout=60)
    queue = FakeQueue(["one"])
    mapping_id = poll(runner, monkeypatch, queue)
    wait_for(lambda: got(runner))
    api = runner.client
    if ending == "disable":
        api.update_event_source_mapping(UUID=mapping_id, Enabled=False)
        meanwhile, afterwards = "Disabling", "Disabled"
    elif ending == "update":
        api.update_event_source_mapping(UUID=mapping_id, BatchSize=5)
        meanwhile, afterwards = "Updating", "Enabled"
    else:
        assert api.delete_event_source_mapping(UUID=mapping_id)["State"] == "Deleting"
        meanwhile, afterwards = "Deleting", None
    assert api.get_event_source_mapping(UUID=mapping_id)["State"] == meanwhile
    assert queue.deleted == []
    gate.write_text("")
    wait_for(lambda: state(runner, mapping_id) == afterwards)
    assert queue.deleted == ["r0"]
    assert len(got(runner)) == 1
    queue.add(Body="later")
    if ending == "update":
        wait_for(lambda: queue.deleted == ["r0", "r1"])
    else:
        time.sleep(0.3)
        assert queue.deleted == ["r0"]


def test_the_last_of_two_changes_counts(runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runner.create("takes", WAITS.replace("GATE", repr(str(gate))), Timeout=60)
    queue = FakeQueue(["one"])
    mapping_id = poll(runner, monkeypatch, queue)
    wait_for(lambda: got(runner))
    runner.client.update_event_source_mapping(UUID=mapping_id, Enabled=False)
    runner.client.update_event_source_mapping(UUID=mapping_id, Enabled=True)
    gate.write_text("")
    wait_for(lambda: state(runner, mapping_id) == "Enabled")
    queue.add(Body="later")
    wait_for(lambda: queue.deleted == ["r0", "r1"])


def test_a_restart_ends_what_a_change_had_begun(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db") as one:
        one.create("takes", SOURCE)
        folder = one.runner.functions.folder
    begun = ["Creating", "Enabling", "Updating", "Disabling", "Disabled", "Deleting"]
    settings = {"FunctionArn": "takes", "EventSourceArn": "arn:aws:none:us-east-1:000000000000:x"}
    mappings = {each: {"UUID": each, "State": each, **settings} for each in begun}
    (folder / "mappings.json").write_text(json.dumps(mappings))
    with served(tmp_path / "runner.db") as one:
        states = {each: state(one, each) for each in begun}
    assert states == dict(zip(begun, ["Enabled", "Enabled", "Enabled", "Disabled", "Disabled", None], strict=True))


def test_no_more_batches_at_once_than_the_maximum(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runner.create("takes", WAITS.replace("GATE", repr(str(gate))), Timeout=60)
    queue = FakeQueue([f"b{number}" for number in range(7)])
    poll(runner, monkeypatch, queue, BatchSize=1, ScalingConfig={"MaximumConcurrency": 3})
    wait_for(lambda: len(got(runner)) == 3)
    time.sleep(0.3)
    assert len(got(runner)) == 3
    gate.write_text("")
    wait_for(lambda: len(queue.deleted) == 7)


def test_a_message_as_the_function_gets_it(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("takes", "import json\ndef handler(e, c): print('got', json.dumps(e['Records']))")
    queue = FakeQueue([])
    queue.add(
        Body="words",
        MD5OfBody="md5",
        Attributes={"ApproximateReceiveCount": "1", "SentTimestamp": "5"},
        MD5OfMessageAttributes="md5 of attributes",
        MessageAttributes={
            "text": {"StringValue": "x", "DataType": "String"},
            "bytes": {"BinaryValue": b"\x00\xff", "DataType": "Binary"},
        },
    )
    queue.add(Body="plain")
    poll(runner, monkeypatch, queue)
    wait_for(lambda: len(queue.deleted) == 2)
    [[record, plain]] = got(runner)
    assert record == {
        "messageId": "m0",
        "receiptHandle": "r0",
        "body": "words",
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "5"},
        "messageAttributes": {
            "text": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "bytes": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfMessageAttributes": "md5 of attributes",
        "md5OfBody": "md5",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "us-east-1",
    }
    assert plain["messageAttributes"] == {}
    assert "md5OfMessageAttributes" not in plain, "as recorded from AWS"


def test_messages_of_a_loop_fail_and_the_others_of_their_batch_do_not(
    runner: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.create("takes", SOURCE)
    trace = ""
    for _ in range(16):
        trace = with_call(trace, "takes")
    queue = FakeQueue(["fine"])
    queue.add(Body="looping", Attributes={"AWSTraceHeader": trace})
    queue.add(Body="fine too", Attributes={"AWSTraceHeader": with_call("", "takes")})
    poll(runner, monkeypatch, queue)
    wait_for(lambda: queue.deleted == ["r0", "r2"])
    assert got(runner) == [["fine", "fine too"]]
    assert runner.metric("takes", "RecursiveInvocationsDropped") == 1


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
