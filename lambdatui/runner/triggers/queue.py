"""An SQS queue as an event source: batches, windows, partial failures, filters, maximum concurrency.

Lambda Developer Guide, "Using Lambda with Amazon SQS". A batch that succeeds is deleted from the queue; a batch that
fails becomes visible again when its time is over, which is the queue's own matter, as is its dead-letter queue.
"""

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from lambdatui.runner.environments.environment import Invocation
from lambdatui.runner.environments.fleet import Throttled
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.event_filters import Filters
from lambdatui.runner.untrusted import parsed_json

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

_RECEIVE = 10  # SQS gives no more at once
_WAIT_S = 2
_FAULT_S = 2.0
_POLLERS = 5  # Lambda starts with five
_BATCH_BYTES = 6 << 20


class QueueSource:
    """One event source mapping of a queue."""

    def __init__(self, runner: "Runner", mapping: dict[str, Any]) -> None:
        self._runner = runner
        self._mapping = mapping
        self._arn = mapping["EventSourceArn"]
        self._size = int(mapping["BatchSize"])
        self._window_s = int(mapping["MaximumBatchingWindowInSeconds"]) / runner.time_scale
        self._partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        self._filters = Filters(mapping.get("FilterCriteria"))
        most = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
        self._pollers = min(int(most), _POLLERS) if most else _POLLERS
        self._client: Any = None
        self._url = ""

    async def poll(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(*(self._poller() for _ in range(self._pollers)))

    async def _poller(self) -> None:
        while True:
            try:
                if self._client is None:
                    self._client, self._url = await asyncio.to_thread(destinations.queue, self._arn)
                if batch := await self._batch():
                    await self._run(batch)
            except Exception as error:
                self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
                sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")
                await asyncio.sleep(_FAULT_S)

    async def _batch(self) -> list[dict[str, Any]]:
        """Messages until the batch is full, or its window is over."""
        batch: list[dict[str, Any]] = []
        deadline: float | None = None
        size = 0
        while len(batch) < self._size and size < _BATCH_BYTES:
            left_s = _WAIT_S if deadline is None else deadline - time.monotonic()
            if deadline is not None and left_s <= 0:
                break
            answer = await asyncio.to_thread(
                self._client.receive_message,
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_RECEIVE, self._size - len(batch)),
                WaitTimeSeconds=max(0, min(_WAIT_S, int(left_s))),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            batch += messages
            size += sum(len(message["Body"]) for message in messages)
            if not messages and deadline is None:
                break
            if messages and deadline is None:
                deadline = time.monotonic() + self._window_s
            if self._window_s == 0:
                break
            if not messages:
                await asyncio.sleep(min(0.05, max(left_s, 0)))
        return batch

    async def _run(self, messages: list[dict[str, Any]]) -> None:
        records = [self._record(message) for message in messages]
        chosen = []
        handles = {record["messageId"]: record["receiptHandle"] for record in records}
        dropped = []
        for record in records:
            if self._filters.passes(record):
                chosen.append(record)
            else:
                dropped.append(record["messageId"])
        failed: set[str] = set()
        if chosen:
            failed = await self._invoke(chosen)
        done = [handle for message_id, handle in handles.items() if message_id not in failed]
        for at in range(0, len(done), 10):
            entries = [{"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(done[at : at + 10])]
            await asyncio.to_thread(self._client.delete_message_batch, QueueUrl=self._url, Entries=entries)

    async def _invoke(self, records: list[dict[str, Any]]) -> set[str]:
        """The message ids that were not processed."""
        ids = {record["messageId"] for record in records}
        payload = json.dumps({"Records": records}).encode()
        try:
            done = await self._runner.invoke(self._mapping["FunctionArn"], payload)
        except Throttled:
            self._mapping["LastProcessingResult"] = "PROBLEM: Function call throttled"
            await asyncio.sleep(1 / self._runner.time_scale)
            return ids
        except RunnerError as error:
            self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
            return ids
        failed = failures(done, ids, "messageId", partial=self._partial)
        self._mapping["LastProcessingResult"] = "OK" if not failed else "PROBLEM: Function call failed"
        return failed

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        attributes = {}
        for name, value in (message.get("MessageAttributes") or {}).items():
            attributes[name] = {
                "stringValue": value.get("StringValue"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.get("DataType"),
            }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes") or {},
            "messageAttributes": attributes,
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._arn.split(":")[3],
        }


def failures(done: Invocation, ids: set[str], _: str, *, partial: bool) -> set[str]:
    """Which of a batch failed: all after a function error; else what a partial batch response names.

    An empty response or list is success; one that cannot be read, or names what is not in the batch, fails it whole.
    """
    if done.error_type is not None:
        return ids
    if not partial:
        return set()
    try:
        answer = parsed_json(done.payload or b"null")
    except ValueError:
        return ids
    if answer is None or answer in ("", {}):
        return set()
    if not isinstance(answer, dict):
        return ids
    named = answer.get("batchItemFailures")
    if named is None or named == []:
        return set()
    found = (
        {item.get("itemIdentifier") for item in named if isinstance(item, dict)} if isinstance(named, list) else {None}
    )
    if not found or not found <= ids:
        return ids
    return {str(one) for one in found}
