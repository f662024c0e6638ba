"""Kinesis and DynamoDB streams of a real server (moto): positions, filters, shards, windows, failures, and kills."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner import aws
from tests.support import needs
from tests.support.runner_server import ROLE, Served, client, served, wait_for

pytestmark = needs.linux

LOGS = """
import base64, json
def handler(event, context):
    records = [json.loads(base64.b64decode(r["kinesis"]["data"])) for r in event["Records"]]
    print("got", json.dumps(records), flush=True)
    if any(record.get("fail") for record in records):
        raise ValueError("intended")
"""


@pytest.fixture
def endpoint(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("lambdatui.runner.triggers.streams.reader._LOOK_FOR_SHARDS_S", 0.3)
    aws.use_endpoint(moto)
    yield moto
    aws.use_endpoint(None)


@pytest.fixture
def runner(tmp_path: Path, endpoint: str) -> Iterator[Served]:
    with served(tmp_path / "runner.db", time_scale=30) as one:
        yield one


class Stream:
    """A Kinesis stream of its own."""

    def __init__(self, endpoint: str, name: str, shards: int = 1) -> None:
        self.kinesis = client("kinesis", endpoint)
        self.name = name
        self.kinesis.create_stream(StreamName=name, ShardCount=shards)
        self.arn = self.kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]

    def put(self, *documents: dict[str, Any], key: str = "k") -> None:
        for document in documents:
            self.kinesis.put_record(StreamName=self.name, Data=json.dumps(document).encode(), PartitionKey=key)

    def map(self, runner: Served, function: str, **settings: Any) -> str:
        settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        api = runner.client
        mapping = api.create_event_source_mapping(EventSourceArn=self.arn, FunctionName=function, **settings)
        return str(mapping["UUID"])


def got(runner: Served) -> list[Any]:
    return [json.loads(line.removeprefix("got ")) for line in runner.messages() if line.startswith("got ")]


def numbers(runner: Served) -> list[int]:
    return [record["n"] for batch in got(runner) for record in batch]


def test_a_kinesis_record_as_the_function_gets_it(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "shape")
    stream.put({"n": 1}, key="pk")
    runner.create("reads", "import json\ndef handler(e, c): print('got', json.dumps(e))")
    stream.map(runner, "reads")
    [event] = wait_for(lambda: got(runner))
    [record] = event["Records"]
    number = record["kinesis"].pop("sequenceNumber")
    arrived = record["kinesis"].pop("approximateArrivalTimestamp")
    assert isinstance(arrived, float)
    assert abs(arrived - time.time()) < 60
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "pk",
            "data": base64.b64encode(b'{"n": 1}').decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream.arn,
    }


def test_positions_in_a_stream(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "positions")
    stream.put({"n": 1})
    time.sleep(1.1)
    middle = datetime.now(UTC)
    stream.put({"n": 2})
    for name in ("oldest", "since", "newest"):
        runner.create(name, LOGS.replace('"got"', f'"{name}"'))
    stream.map(runner, "oldest")
    stream.map(runner, "since", StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=middle)
    stream.map(runner, "newest", StartingPosition="LATEST")

    def lines(name: str) -> list[int]:
        start = name + " "
        texts = [line.removeprefix(start) for line in runner.messages() if line.startswith(start)]
        return [record["n"] for text in texts for record in json.loads(text)]

    wait_for(lambda: lines("oldest") == [1, 2] and lines("since") == [2])
    stream.put({"n": 3})
    wait_for(lambda: lines("oldest") == [1, 2, 3] and lines("since") == [2, 3] and lines("newest") == [3])


def test_filters_look_into_the_data(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "filters")
    runner.create("reads", LOGS)
    pattern = json.dumps({"data": {"kind": ["wanted"]}, "partitionKey": [{"prefix": "a"}]})
    mapping_id = stream.map(runner, "reads", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    stream.put({"n": 1, "kind": "wanted"}, key="b")
    stream.kinesis.put_record(StreamName="filters", Data=b"no json", PartitionKey="a")
    stream.kinesis.put_record(StreamName="filters", Data=b"\xff\xfe", PartitionKey="a")
    stream.put({"n": 2, "kind": "other"}, {"n": 3, "kind": "wanted"}, {"n": 4}, key="a")
    wait_for(lambda: numbers(runner) == [3])
    # What no filter lets through is read all the same.
    wait_for(lambda: runner.runner.mappings[mapping_id]["_checkpoints"])
    assert runner.client.get_event_source_mapping(UUID=mapping_id)["LastProcessingResult"] == "OK"


def test_children_of_a_split_shard_come_after_it(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "splits")
    stream.put(*({"n": n} for n in range(20)))
    stream.kinesis.split_shard(StreamName="splits", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    for n in range(20, 30):
        stream.put({"n": n}, key=f"key-{n}")
    runner.create("reads", LOGS)
    mapping_id = stream.map(runner, "reads", BatchSize=4)
    wait_for(lambda: len(numbers(runner)) == 30)
    assert sorted(numbers(runner)) == list(range(30))
    mapping = runner.runner.mappings[mapping_id]
    if "shardId-000000000000" in mapping["_ended"]:  # moto moves a split shard's records, and may not end it
        assert len(mapping["_checkpoints"]) >= 2


def test_a_batching_window_gathers_records(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "gathers")
    runner.create("reads", LOGS)
    stream.map(runner, "reads", MaximumBatchingWindowInSeconds=60, BatchSize=5)
    for n in range(5):
        stream.put({"n": n})
        time.sleep(0.1)
    wait_for(lambda: numbers(runner) == list(range(5)))
    assert len(got(runner)) == 1


SUMS = """
import base64, json
def handler(event, context):
    state = event["state"]
    for record in event["Records"]:
        key = record["kinesis"]["partitionKey"]
        state[key] = state.get(key, 0) + json.loads(base64.b64decode(record["kinesis"]["data"]))["n"]
    print("got", json.dumps([event["isFinalInvokeForWindow"], len(event["Records"]), state, event["window"],
                             event["shardId"], event["isWindowTerminatedEarly"]]), flush=True)
    return {"state": state}
"""


def test_a_tumbling_window_carries_its_state(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "windows")
    runner.create("sums", SUMS)
    stream.map(runner, "sums", TumblingWindowInSeconds=90, BatchSize=1)  # thirty times shorter: 3 s
    for n in (1, 2, 3):
        stream.put({"n": n}, key="a")
    wait_for(lambda: any(final for final, *_ in got(runner)))
    events = got(runner)
    finals = [(state, records) for final, records, state, *_ in events if final]
    assert all(records == 0 for _, records in finals)
    wait_for(lambda: sum(state.get("a", 0) for final, _, state, *_ in got(runner) if final) == 6)
    assert events[0][2] == {"a": 1}
    assert {shard for *_, shard, _ in events} == {"shardId-000000000000"}
    for _, _, _, window, _, early in got(runner):
        start, end = (datetime.fromisoformat(window[side]) for side in ("start", "end"))
        assert (end - start).total_seconds() == 3
        assert early is False


def test_a_window_goes_on_after_a_restart(tmp_path: Path, endpoint: str) -> None:
    stream = Stream(endpoint, "window-restart")
    path = tmp_path / "runner.db"
    with served(path, time_scale=30) as runner:
        runner.create("sums", SUMS)
        stream.map(runner, "sums", TumblingWindowInSeconds=600)  # 20 s
        stream.put({"n": 1}, key="a")
        wait_for(lambda: got(runner))
    stream.put({"n": 2}, key="a")
    with served(path, time_scale=30) as runner:
        wait_for(lambda: sum(state.get("a", 0) for final, _, state, *_ in got(runner) if final) == 3)


def test_given_up_records_are_described_to_a_bucket(runner: Served, endpoint: str) -> None:
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket="failures")
    stream = Stream(endpoint, "to-bucket")
    stream.put({"n": 1, "fail": True})
    runner.create("reads", LOGS)
    target = {"OnFailure": {"Destination": "arn:aws:s3:::failures"}}
    mapping_id = stream.map(runner, "reads", MaximumRetryAttempts=1, DestinationConfig=target)
    [entry] = wait_for(lambda: s3.list_objects_v2(Bucket="failures").get("Contents"))
    record = json.loads(s3.get_object(Bucket="failures", Key=entry["Key"])["Body"].read())
    second = record["timestamp"][:10].replace("-", "/")
    assert entry["Key"].startswith(f"aws/lambda/{mapping_id}/shardId-000000000000/{second}/")
    assert record["KinesisBatchInfo"]["batchSize"] == 1
    assert record["requestContext"]["approximateInvokeCount"] == 2
    [kept] = json.loads(record["payload"])["Records"]
    assert json.loads(base64.b64decode(kept["kinesis"]["data"])) == {"n": 1, "fail": True}


def test_a_consumer_is_its_stream(runner: Served, endpoint: str) -> None:
    stream = Stream(endpoint, "consumed")
    consumer = stream.kinesis.register_stream_consumer(StreamARN=stream.arn, ConsumerName="fan-out")["Consumer"]
    stream.put({"n": 1})
    runner.create("reads", LOGS)
    stream.arn = consumer["ConsumerARN"]
    stream.map(runner, "reads")
    wait_for(lambda: numbers(runner) == [1])


def test_a_failing_stream_server_is_tried_again(runner: Served, endpoint: str) -> None:
    runner.create("reads", LOGS)
    stream = Stream(endpoint, "comes-later")
    mapping_id = stream.map(runner, "reads")
    stream.kinesis.delete_stream(StreamName="comes-later")
    wait_for(lambda: "PROBLEM" in runner.runner.mappings[mapping_id]["LastProcessingResult"])
    stream = Stream(endpoint, "comes-later")
    stream.put({"n": 1})
    wait_for(lambda: numbers(runner) == [1])
