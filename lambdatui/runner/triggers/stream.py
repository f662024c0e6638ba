"""A DynamoDB stream as an event source: its shards in order, batches, retries, partial failures.

Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB": a batch that fails blocks its shard until it succeeds,
is too old, or was tried often enough; then its description goes to the failure destination and the shard goes on.
"""

import asyncio
import base64
import json
import sys
import time
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdatui.runner.environments.fleet import Throttled
from lambdatui.runner.environments.process import now_ms
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.event_filters import Filters
from lambdatui.runner.triggers.queue import failures

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

_POLL_S = 0.25
_SHARDS_S = 10.0
_FAULT_S = 2.0
Record = dict[str, Any]


class StreamSource:
    """One event source mapping of a stream. It starts where ``StartingPosition`` says, each time it is started."""

    def __init__(self, runner: "Runner", mapping: dict[str, Any]) -> None:
        self._runner = runner
        self._mapping = mapping
        self._arn = mapping["EventSourceArn"]
        self._size = int(mapping["BatchSize"])
        self._window_s = int(mapping["MaximumBatchingWindowInSeconds"]) / runner.time_scale
        self._partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        self._filters = Filters(mapping.get("FilterCriteria"))
        self._retries = int(mapping.get("MaximumRetryAttempts", -1))
        self._age_s = int(mapping.get("MaximumRecordAgeInSeconds", -1))
        self._bisect = bool(mapping.get("BisectBatchOnFunctionError"))
        self._client: Any = None
        self._last: dict[str, str] = mapping.setdefault("_checkpoints", {})

    async def poll(self) -> None:
        """Until it is cancelled."""
        from lambdatui.runner.aws import client

        shards: dict[str, asyncio.Task[None]] = {}
        first = True
        try:
            while True:
                try:
                    if self._client is None:
                        region = self._arn.split(":")[3]
                        self._client = await asyncio.to_thread(client, "dynamodbstreams", region=region)
                    found = await asyncio.to_thread(self._client.describe_stream, StreamArn=self._arn)
                    for shard in found["StreamDescription"]["Shards"]:
                        shard_id = shard["ShardId"]
                        if shard_id not in shards:
                            position = self._mapping["StartingPosition"] if first else "TRIM_HORIZON"
                            shards[shard_id] = asyncio.create_task(self._shard(shard_id, position))
                    first = False
                except Exception as error:
                    self._fault(error)
                await asyncio.sleep(_SHARDS_S)
        finally:
            for task in shards.values():
                task.cancel()

    def _fault(self, error: Exception) -> None:
        self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
        sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")

    async def _shard(self, shard_id: str, position: str) -> None:
        iterator: str | None = None
        while True:
            try:
                if iterator is None:
                    iterator = await self._iterator(shard_id, position)
                answer = await asyncio.to_thread(
                    self._client.get_records, ShardIterator=iterator, Limit=min(self._size, 1000)
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
                self._fault(error)
                iterator = None
                await asyncio.sleep(_FAULT_S)

    async def _iterator(self, shard_id: str, position: str) -> str:
        asked: dict[str, str] = {"ShardIteratorType": position}
        if (last := self._last.get(shard_id)) is not None:
            asked = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last}
        found = await asyncio.to_thread(self._client.get_shard_iterator, StreamArn=self._arn, ShardId=shard_id, **asked)
        return str(found["ShardIterator"])

    async def _process(self, shard_id: str, records: list[Record]) -> None:
        """The records until each is processed or given up, in order."""
        batches = [[record for record in records if self._filters.passes(record)]]
        attempts = 0
        while batches:
            batch = batches[0]
            if not batch:
                batches.pop(0)
                continue
            failed = await self._invoke(batch)
            if failed is None:
                batches.pop(0)
                attempts = 0
                continue
            attempts += 1
            if failed > 0:
                batch = batches[0] = batch[failed:]
                attempts = 1
            created = batch[0]["dynamodb"].get("ApproximateCreationDateTime", 0)
            too_old = 0 <= self._age_s < time.time() - created
            if too_old or 0 <= self._retries < attempts:
                await self._give_up(
                    shard_id, batch, "RecordAgeExceeded" if too_old else "RetryAttemptsExhausted", attempts
                )
                batches.pop(0)
                attempts = 0
                continue
            if self._bisect and len(batch) > 1:
                half = len(batch) // 2
                batches[0:1] = [batch[:half], batch[half:]]
            await asyncio.sleep(min(1.0 * 2 ** min(attempts, 6), 60) / self._runner.time_scale)
        self._last[shard_id] = records[-1]["dynamodb"]["SequenceNumber"]
        self._runner.deployed.write("mappings.json", self._runner.mappings)

    async def _invoke(self, batch: list[Record]) -> int | None:
        """None when the batch is done; else where it failed."""
        ids = [record["dynamodb"]["SequenceNumber"] for record in batch]
        name = self._mapping["FunctionArn"]
        age_ms = max(now_ms() - batch[-1]["dynamodb"].get("ApproximateCreationDateTime", 0) * 1000, 0)
        self._runner.log.measure(name.split(":")[6], "IteratorAge", float(age_ms), now_ms())
        try:
            done = await self._runner.invoke(name, json.dumps({"Records": batch}).encode())
        except Throttled:
            return 0
        failed = failures(done, set(ids), "eventID", partial=self._partial)
        self._mapping["LastProcessingResult"] = "OK" if not failed else "PROBLEM: Function call failed"
        return min(ids.index(one) for one in failed) if failed else None

    async def _give_up(self, shard_id: str, batch: list[Record], condition: str, attempts: int) -> None:
        target = ((self._mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        record = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self._mapping["FunctionArn"],
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
            await destinations.send(target, json.dumps(record), {}, self._runner.send_on)
        except Exception as error:
            self._runner.log.count(
                self._mapping["FunctionArn"].split(":")[6], "DestinationDeliveryFailures", 1, now_ms()
            )
            self._fault(error)


def _plain(value: Any) -> Any:
    """boto3's record as JSON has it: times as seconds, bytes as base64."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(bytes(value)).decode()
    return value
