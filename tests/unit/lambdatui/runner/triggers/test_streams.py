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
    """A stream of one shard, which may be closed when all is read; ``broken`` calls fail first."""

    def __init__(
        self, numbers: list[int], broken: int = 0, created: datetime | None = None, *, closed: bool = True
    ) -> None:
        self.numbers = numbers
        self._closed = closed
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
        return {"ShardIterator": str(sum(number <= after for number in self.numbers))}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        start = int(ShardIterator)
        numbers = self.numbers[start : start + Limit]
        records = [
            {
                "dynamodb": {
                    "SequenceNumber": str(n),
                    "Keys": {"id": {"N": str(n % 2)}},
                    "ApproximateCreationDateTime": self._created,
                    "Tags": {
                        "a",
                    },
                }
            }
            for n in numbers
        ]
        end = start + len(numbers)
        following = {"NextShardIterator": str(end)} if not self._closed or end < len(self.numbers) else {}
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
    monkeypatch.setattr("lambdatui.runner.triggers.streams.reader._RETRY_S", 0.05)
    monkeypatch.setattr("lambdatui.runner.triggers.streams.reader._LOOK_FOR_SHARDS_S", 0.1)
    runner.create("reads", SOURCE.replace("MODE", mode))
    mapping: dict[str, Any] = runner.client.create_event_source_mapping(
        **{"FunctionName": "reads", "EventSourceArn": ARN, "StartingPosition": "TRIM_HORIZON", **settings}
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
    # Splitting a batch is not counted among the retries.
    assert batches(runner) == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [3], [4]]
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
    assert batches(runner) == []
    assert runner.metric("reads", "DestinationDeliveryFailures") == 1
    assert (runner.metric("reads", "IteratorAge", "Maximum") or 0) > 3_000_000


def test_it_goes_on_after_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path / "runner.db") as runner:
        poll(runner, monkeypatch, FakeStreams([1, 2], closed=False), "return None", BatchSize=2)
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


def failure_records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text())["body"] for file in sorted(folder.glob("*.json"))]


def test_what_is_said_of_records_that_are_given_up(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = {"OnFailure": {"Destination": tmp_path.joinpath("failures").as_uri()}}
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    settings = {"BatchSize": 4, "MaximumRetryAttempts": 2, "DestinationConfig": target}
    mapping = poll(runner, monkeypatch, FakeStreams([3, 4], created=created), FAILS_ON_3, **settings)
    wait_for(lambda: checkpoint(runner) == "4")
    [record] = failure_records(tmp_path / "failures")
    last_start = [line for line in runner.messages() if line.startswith("START")][-1]
    assert record["requestContext"] == {
        "requestId": last_start.split()[2],
        "functionArn": mapping["FunctionArn"],
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["DDBStreamBatchInfo"] == {
        "shardId": "shard-1",
        "startSequenceNumber": "3",
        "endSequenceNumber": "4",
        "approximateArrivalOfFirstRecord": "2026-01-02T03:04:05Z",
        "approximateArrivalOfLastRecord": "2026-01-02T03:04:05Z",
        "batchSize": 2,
        "streamArn": ARN,
    }
    assert list(record) == ["requestContext", "responseContext", "version", "timestamp", "DDBStreamBatchInfo"]


def test_a_partial_failure_is_no_error_of_the_function(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = {"OnFailure": {"Destination": tmp_path.joinpath("failures").as_uri()}}
    settings = {"BatchSize": 3, "MaximumRetryAttempts": 3, "DestinationConfig": target}
    settings |= {"FunctionResponseTypes": ["ReportBatchItemFailures"], "BisectBatchOnFunctionError": True}
    always_3 = "return {'batchItemFailures': [{'itemIdentifier': '3'}] if 3 in numbers else []}"
    poll(runner, monkeypatch, FakeStreams([1, 2, 3]), always_3, **settings)
    wait_for(lambda: checkpoint(runner) == "3")
    assert batches(runner) == [[1, 2, 3], [3], [3], [3]]
    [record] = failure_records(tmp_path / "failures")
    assert record["requestContext"]["approximateInvokeCount"] == 4
    assert record["responseContext"]["functionError"] is None


def test_old_records_are_given_up_and_young_ones_are_not(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = {"OnFailure": {"Destination": tmp_path.joinpath("failures").as_uri()}}
    streams = FakeStreams([1, 2, 3])
    records = streams.get_records

    def partly_old(ShardIterator: str, Limit: int) -> dict[str, Any]:
        answer = records(ShardIterator, Limit)
        for record in answer["Records"]:
            if record["dynamodb"]["SequenceNumber"] != "3":
                record["dynamodb"]["ApproximateCreationDateTime"] = datetime.fromtimestamp(time.time() - HOUR_S, UTC)
        return answer

    monkeypatch.setattr(streams, "get_records", partly_old)
    # The waits are a hundred times shorter, and so is the age.
    settings = {"MaximumRecordAgeInSeconds": 60_000, "MaximumRetryAttempts": 0, "DestinationConfig": target}
    poll(runner, monkeypatch, streams, "return None", BatchSize=10, **settings)
    wait_for(lambda: checkpoint(runner) == "3")
    assert batches(runner) == [[3]]
    [record] = failure_records(tmp_path / "failures")
    assert record["requestContext"]["condition"] == "RecordAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert "responseContext" not in record
    assert record["DDBStreamBatchInfo"]["batchSize"] == 2


def test_records_of_one_key_wait_for_each_other_and_not_for_others(
    runner: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    fails_on_1 = f"if 1 in numbers and not __import__('os').path.exists({str(gate)!r}): raise ValueError('one')"
    poll(runner, monkeypatch, FakeStreams([1, 2, 3, 4, 5, 6]), fails_on_1, BatchSize=1, ParallelizationFactor=10)
    wait_for(lambda: [6] in batches(runner))
    gate.write_text("")
    wait_for(lambda: checkpoint(runner) == "6")
    seen = [number for [number] in batches(runner)]
    assert [number for number in seen if number % 2 == 0] == [2, 4, 6]
    tries = seen.count(1)
    assert [number for number in seen if number % 2] == [1] * tries + [3, 5]
    assert seen.index(6) < seen.index(3)


def test_retries_are_counted_over_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = {"OnFailure": {"Destination": tmp_path.joinpath("failures").as_uri()}}
    path = tmp_path / "runner.db"
    settings = {"BatchSize": 2, "MaximumRetryAttempts": 3, "DestinationConfig": target}
    with served(path) as runner:
        poll(runner, monkeypatch, FakeStreams([3, 4], closed=False), FAILS_ON_3, **settings)
        [mapping] = runner.runner.mappings.values()
        wait_for(lambda: mapping.get("_retrying", {}).get("shard-1/0", {}).get("attempts") == 2)
    # More has come, which the batch that is tried again does not take in.
    streams = FakeStreams([3, 4, 5], closed=False)
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: streams)
    with served(path, time_scale=100) as runner:
        wait_for(lambda: checkpoint(runner) == "5")
        assert batches(runner) == [[3, 4]] * 4 + [[5]]
    [record] = failure_records(tmp_path / "failures")
    assert record["requestContext"]["approximateInvokeCount"] == 4


def test_what_came_while_the_runner_was_down_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runner.db"
    streams = FakeStreams([], closed=False)
    with served(path) as runner:
        poll(runner, monkeypatch, streams, "return None", StartingPosition="LATEST")
        wait_for(lambda: streams.iterators)
    assert streams.iterators[0]["ShardIteratorType"] == "LATEST"
    streams.numbers = [1, 2]
    with served(path) as runner:
        wait_for(lambda: checkpoint(runner) == "2")
        assert batches(runner) == [[1, 2]]


def test_a_checkpoint_that_the_stream_has_forgotten(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    class TrimmedDataAccessException(Exception):
        pass

    streams = FakeStreams([5, 6], closed=False)
    iterator = streams.get_shard_iterator

    def trimmed(**asked: str) -> dict[str, str]:
        if asked["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
            raise TrimmedDataAccessException("gone")
        return iterator(**asked)

    monkeypatch.setattr(streams, "get_shard_iterator", trimmed)
    runner.create("reads", SOURCE.replace("MODE", "return None"))
    monkeypatch.setattr("lambdatui.runner.aws.client", lambda *_, **__: streams)
    monkeypatch.setattr("lambdatui.runner.triggers.streams.reader._RETRY_S", 0.05)
    create = runner.client.create_event_source_mapping
    mapping = create(FunctionName="reads", EventSourceArn=ARN, StartingPosition="TRIM_HORIZON", Enabled=False)
    runner.runner.mappings[mapping["UUID"]]["_checkpoints"] = {"shard-1": "2"}
    runner.client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    wait_for(lambda: checkpoint(runner) == "6")
    assert batches(runner) == [[5, 6]]


def test_a_batch_that_is_blocked_does_not_hold_up_a_change(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = poll(runner, monkeypatch, FakeStreams([3]), FAILS_ON_3)
    wait_for(lambda: len(batches(runner)) > 5)
    runner.client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    wait_for(lambda: runner.runner.mappings[mapping["UUID"]]["State"] == "Disabled")
    tried = len(batches(runner))
    time.sleep(0.3)
    assert len(batches(runner)) == tried
    assert checkpoint(runner) is None


def test_a_position_is_needed(runner: Served) -> None:
    runner.create("reads", SOURCE.replace("MODE", "return None"))
    with pytest.raises(
        runner.client.exceptions.InvalidParameterValueException, match="Value null at 'startingPosition'"
    ):
        runner.client.create_event_source_mapping(FunctionName="reads", EventSourceArn=ARN)
