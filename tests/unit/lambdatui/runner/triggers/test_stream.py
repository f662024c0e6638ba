"""A stream's records in order: retries, halves, partial failures, and what is given up."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.model.units import HOUR_S
from tests.support.runner_server import Served, served, wait_for

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/2026"

SOURCE = """
import json
tries = {}
def handler(event, context):
    numbers = [int(r["dynamodb"]["SequenceNumber"]) for r in event["Records"]]
    print("got", json.dumps(numbers))
    for number in numbers:
        tries[number] = tries.get(number, 0) + 1
    MODE
"""
FAILS_ON_3 = "if 3 in numbers: raise ValueError('three')"
NAMES_3_ONCE = "return {'batchItemFailures': [{'itemIdentifier': '3'}] if tries.get(3) == 1 else []}"


class FakeStreams:
    """A stream of one shard, closed when all is read; ``broken`` calls fail first."""

    def __init__(self, numbers: list[int], broken: int = 0, created: datetime | None = None) -> None:
        self._numbers = numbers
        self._broken = broken
        self._created = created or datetime.now(UTC)
        self.iterators: list[dict[str, str]] = []

    def describe_stream(self, **_: str) -> dict[str, Any]:
        if self._broken:
            self._broken -= 1
            raise OSError("no stream yet")
        return {"StreamDescription": {"Shards": [{"ShardId": "shard-1"}]}}

    def get_shard_iterator(self, **asked: str) -> dict[str, str]:
        self.iterators.append(asked)
        after = int(asked.get("SequenceNumber", 0))
        return {"ShardIterator": str(sum(number <= after for number in self._numbers))}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        start = int(ShardIterator)
        numbers = self._numbers[start : start + Limit]
        records = [
            {
                "dynamodb": {
                    "SequenceNumber": str(n),
                    "ApproximateCreationDateTime": self._created,
                    "Tags": {
                        "a",
                    },
                }
            }
            for n in numbers
        ]
        end = start + len(numbers)
        following = {"NextShardIterator": str(end)} if end < len(self._numbers) else {}
        return {"Records": records, **following}


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "runner.db", time_scale=100) as one:
        yield one


def batches(runner: Served) -> list[list[int]]:
    return [json.loads(line.removeprefix("got ")) for line in runner.messages() if line.startswith("got ")]


def poll(
    runner: Served, monkeypatch: pytest.MonkeyPatch, streams: FakeStreams, mode: str, **settings: Any
) -> dict[str, Any]:
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: streams)
    monkeypatch.setattr("lambdatui.runner.triggers.stream._RETRY_S", 0.05)
    monkeypatch.setattr("lambdatui.runner.triggers.stream._LOOK_FOR_SHARDS_S", 0.1)
    runner.create("reads", SOURCE.replace("MODE", mode))
    mapping: dict[str, Any] = runner.client.create_event_source_mapping(
        FunctionName="reads", EventSourceArn=ARN, StartingPosition="TRIM_HORIZON", **settings
    )
    return mapping


def checkpoint(runner: Served) -> str | None:
    [mapping] = runner.runner.mappings.values()
    found: str | None = mapping.get("_checkpoints", {}).get("shard-1")
    return found


def test_a_failing_batch_is_halved_until_one_record_is_given_up(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failures = tmp_path / "failures"
    target = {"OnFailure": {"Destination": failures.as_uri()}}
    settings = {"BatchSize": 4, "MaximumRetryAttempts": 3, "BisectBatchOnFunctionError": True}
    poll(runner, monkeypatch, FakeStreams([1, 2, 3, 4], broken=1), FAILS_ON_3, DestinationConfig=target, **settings)
    wait_for(lambda: checkpoint(runner) == "4")
    assert batches(runner) == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [4]]
    [file] = failures.glob("*.json")
    record = json.loads(file.read_text())["body"]
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    info = record["DDBStreamBatchInfo"]
    assert (info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == ("3", "3", 1)
    assert (info["shardId"], info["streamArn"]) == ("shard-1", ARN)


def test_a_partial_response_goes_on_where_it_failed(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    partial = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    poll(runner, monkeypatch, FakeStreams([1, 2, 3, 4]), NAMES_3_ONCE, BatchSize=4, **partial)
    wait_for(lambda: checkpoint(runner) == "4")
    assert batches(runner) == [[1, 2, 3, 4], [3, 4]]


def test_records_that_are_too_old_are_given_up(runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long_ago = datetime.fromtimestamp(time.time() - HOUR_S, UTC)
    (tmp_path / "file").write_text("")
    target = {"OnFailure": {"Destination": (tmp_path / "file" / "below").as_uri()}}  # it takes nothing
    streams = FakeStreams([3, 4], created=long_ago)
    poll(
        *(runner, monkeypatch, streams, FAILS_ON_3),
        BatchSize=2,
        MaximumRecordAgeInSeconds=60,
        DestinationConfig=target,
    )
    wait_for(lambda: checkpoint(runner) == "4")
    assert batches(runner) == [[3, 4]]
    assert runner.metric("reads", "DestinationDeliveryFailures") == 1
    assert (runner.metric("reads", "IteratorAge", "Maximum") or 0) > 3_000_000


def test_it_goes_on_after_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path / "runner.db") as runner:
        poll(runner, monkeypatch, FakeStreams([1, 2]), "return None", BatchSize=2)
        wait_for(lambda: checkpoint(runner) == "2")
    streams = FakeStreams([1, 2, 3])
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: streams)
    with served(tmp_path / "runner.db") as runner:
        wait_for(lambda: checkpoint(runner) == "3")
        assert batches(runner) == [[1, 2], [3]]
    assert (streams.iterators[0]["ShardIteratorType"], streams.iterators[0]["SequenceNumber"]) == (
        *("AFTER_SEQUENCE_NUMBER", "2"),
    )


def test_throttles_block_the_shard(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("reads", SOURCE.replace("MODE", "return None"))
    runner.client.put_function_concurrency(FunctionName="reads", ReservedConcurrentExecutions=0)
    monkeypatch.setattr(runner, "create", lambda *_: None)
    poll(runner, monkeypatch, FakeStreams([1]), "", BatchSize=1)
    wait_for(lambda: (runner.metric("reads", "Throttles") or 0) >= 1)
    assert checkpoint(runner) is None
    runner.client.delete_function_concurrency(FunctionName="reads")
    wait_for(lambda: checkpoint(runner) == "1")


def test_a_position_is_needed(runner: Served) -> None:
    runner.create("reads", SOURCE.replace("MODE", "return None"))
    with pytest.raises(
        runner.client.exceptions.InvalidParameterValueException, match="Value null at 'startingPosition'"
    ):
        runner.client.create_event_source_mapping(FunctionName="reads", EventSourceArn=ARN)
