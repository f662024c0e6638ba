"""DynamoDB streams: shards in order, batches, retries, partial failures.

Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB": a batch that fails blocks its shard until it succeeds,
is too old, or was tried often enough. A batch that is given up is described to the failure destination, and the shard
continues.
"""

import asyncio
import base64
import json
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdatui.runner.clock import now_ms, now_s
from lambdatui.runner.errors import Throttled, invalid
from lambdatui.runner.functions import name_in
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.base import Document, Option, OptionKind, Stop, TriggerHost, register
from lambdatui.runner.triggers.batches import failed_records
from lambdatui.runner.triggers.event_source import EventSource
from lambdatui.runner.triggers.poller import Poller

_POLL_S = 0.25
_LOOK_FOR_SHARDS_S = 10.0
_RETRY_S = 2.0
_MOST_RETRY_S = 60
Record = dict[str, Any]


class StreamSource(EventSource):
    """Streams of DynamoDB tables, at any endpoint."""

    service = "dynamodb"
    title = "DynamoDB stream"
    fields = (
        *("FunctionResponseTypes", "StartingPosition", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds"),
        *("BisectBatchOnFunctionError", "DestinationConfig", "ParallelizationFactor"),
    )
    default_records = 100
    own_options = (Option("from-start", "A stream: from its oldest record on.", OptionKind.FLAG),)

    def own_fields(self, values: Mapping[str, Any]) -> Document:
        """The position from which the stream is read, which the API requires."""
        return {"StartingPosition": "TRIM_HORIZON" if values["from_start"] else "LATEST"}

    def most_records(self, arn: str) -> int:
        """10,000 for every stream."""
        return 10_000

    def check(self, document: Document) -> None:
        """Raise ApiError where a stream's position is missing, or is a time."""
        if document.get("StartingPosition") not in ("LATEST", "TRIM_HORIZON"):
            raise invalid("1 validation error detected: Value at 'startingPosition' must be LATEST or TRIM_HORIZON")

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Continue reading the stream where reading ended, else begin at ``StartingPosition``."""
        return host.run(trigger_id, _Reader(document, host).run())


class _Reader(Poller):
    """Reads the stream of one mapping; the position in each shard is stored in the mapping's ``_checkpoints``."""

    def __init__(self, mapping: Document, host: TriggerHost) -> None:
        super().__init__(mapping, host)
        self._host = host
        self._retries = int(mapping.get("MaximumRetryAttempts", -1))
        self._most_age_s = int(mapping.get("MaximumRecordAgeInSeconds", -1))
        self._bisect = bool(mapping.get("BisectBatchOnFunctionError"))
        self._checkpoints: dict[str, str] = mapping.setdefault("_checkpoints", {})  # by shard: sequence number

    async def run(self) -> None:
        """Read until it is cancelled."""
        from lambdatui.runner.aws import client

        shards: dict[str, asyncio.Task[None]] = {}
        first = True
        try:
            while True:
                try:
                    if self._client is None:
                        region = self._arn.split(":")[3]
                        self._client = await asyncio.to_thread(client, "dynamodbstreams", region=region)
                    answer = await asyncio.to_thread(self._client.describe_stream, StreamArn=self._arn)
                    for shard in answer["StreamDescription"]["Shards"]:
                        shard_id = shard["ShardId"]
                        if shard_id not in shards:
                            position = self._mapping["StartingPosition"] if first else "TRIM_HORIZON"
                            shards[shard_id] = asyncio.create_task(self._read_shard(shard_id, position))
                    first = False
                except Exception as error:
                    self._report(error)
                await asyncio.sleep(_LOOK_FOR_SHARDS_S)
        finally:
            for task in shards.values():
                task.cancel()

    def _report(self, error: Exception) -> None:
        self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
        sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")

    async def _read_shard(self, shard_id: str, position: str) -> None:
        """Process a shard's records up to its end, or for ever while the shard is open."""
        iterator: str | None = None
        while True:
            try:
                if iterator is None:
                    iterator = await self._iterator(shard_id, position)
                answer = await asyncio.to_thread(
                    self._client.get_records, ShardIterator=iterator, Limit=min(self._most_records, 1000)
                )
                iterator = answer.get("NextShardIterator")
                if records := answer["Records"]:
                    await self._process(
                        shard_id, [_plain(record) | {"eventSourceARN": self._arn} for record in records]
                    )
                if iterator is None:
                    return  # a closed shard that is read to its end
                if not records:
                    await asyncio.sleep(max(_POLL_S, self._window_s))
            except Exception as error:
                self._report(error)
                iterator = None
                await asyncio.sleep(_RETRY_S)

    async def _iterator(self, shard_id: str, position: str) -> str:
        """A shard iterator after the checkpoint, or at ``position`` where there is none."""
        start = {"ShardIteratorType": position}
        if (checkpoint := self._checkpoints.get(shard_id)) is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": checkpoint}
        answer = await asyncio.to_thread(
            self._client.get_shard_iterator, StreamArn=self._arn, ShardId=shard_id, **start
        )
        return str(answer["ShardIterator"])

    async def _process(self, shard_id: str, records: list[Record]) -> None:
        """Call the function until each record is processed or given up, in order; then store the checkpoint."""
        batches = [[record for record in records if self._filters.passes(record)]]
        attempts = 0
        while batches:
            batch = batches[0]
            if not batch:
                batches.pop(0)
                continue
            failed_from = await self._invoke(batch)
            if failed_from is None:
                batches.pop(0)
                attempts = 0
                continue
            attempts += 1
            if failed_from > 0:
                batch = batches[0] = batch[failed_from:]
                attempts = 1
            if (condition := self._given_up(batch, attempts)) is not None:
                await self._send_failure(shard_id, batch, condition, attempts)
                batches.pop(0)
                attempts = 0
                continue
            if self._bisect and len(batch) > 1:
                half = len(batch) // 2
                batches[0:1] = [batch[:half], batch[half:]]
            await asyncio.sleep(min(1.0 * 2 ** min(attempts, 6), _MOST_RETRY_S) / self._invoker.time_scale)
        self._checkpoints[shard_id] = records[-1]["dynamodb"]["SequenceNumber"]
        self._host.save_mappings()

    def _given_up(self, batch: list[Record], attempts: int) -> str | None:
        """The condition under which a failed batch is given up; None when it is tried again."""
        created_s = batch[0]["dynamodb"].get("ApproximateCreationDateTime", 0)
        if 0 <= self._most_age_s < now_s() - created_s:
            return "RecordAgeExceeded"
        return "RetryAttemptsExhausted" if 0 <= self._retries < attempts else None

    async def _invoke(self, batch: list[Record]) -> int | None:
        """Call the function; returns None for success, else the index of the first record that failed."""
        ids = [record["dynamodb"]["SequenceNumber"] for record in batch]
        arn = self._mapping["FunctionArn"]
        age_ms = max(now_ms() - batch[-1]["dynamodb"].get("ApproximateCreationDateTime", 0) * 1000, 0)
        self._invoker.log.measure(name_in(arn), "IteratorAge", float(age_ms), now_ms())
        try:
            done = await self._invoker.invoke(arn, json.dumps({"Records": batch}).encode())
        except Throttled:
            return 0
        failed = failed_records(done, set(ids), partial=self._partial)
        self._mapping["LastProcessingResult"] = "OK" if not failed else "PROBLEM: Function call failed"
        return min(ids.index(sequence_number) for sequence_number in failed) if failed else None

    async def _send_failure(self, shard_id: str, batch: list[Record], condition: str, attempts: int) -> None:
        """Send a batch's description to the failure destination, if there is one."""
        target = ((self._mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        arn = self._mapping["FunctionArn"]
        record = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "DDBStreamBatchInfo": {
                "shardId": shard_id,
                "startSequenceNumber": batch[0]["dynamodb"]["SequenceNumber"],
                "endSequenceNumber": batch[-1]["dynamodb"]["SequenceNumber"],
                "batchSize": len(batch),
                "streamArn": self._arn,
            },
        }
        try:
            await destinations.send(target, json.dumps(record), {}, self._invoker.invoke_later)
        except Exception as error:
            self._invoker.log.count(name_in(arn), "DestinationDeliveryFailures", 1, now_ms())
            self._report(error)


def _plain(value: Any) -> Any:
    """boto3's record as JSON: times as whole epoch seconds, bytes as base64."""
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(member) for member in value]
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    return value


register(StreamSource())
