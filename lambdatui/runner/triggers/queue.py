"""SQS queues: batches, windows, partial failures, filters, maximum concurrency.

Lambda Developer Guide, "Using Lambda with Amazon SQS". A batch that succeeds is deleted from the queue. For a batch
that fails, the queue itself makes the messages visible again after its visibility timeout, or moves them to its
dead-letter queue.
"""

import asyncio
import json
import sys
import time
from typing import Any

from lambdatui.runner.errors import Throttled, invalid
from lambdatui.runner.functions import RunnerError
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.base import Document, Stop, TriggerHost, register
from lambdatui.runner.triggers.batches import failed_records
from lambdatui.runner.triggers.event_source import EventSource, Poller

_MOST_RECEIVED = 10  # SQS receives and deletes no more messages in one call
_WAIT_S = 2
_RETRY_S = 2.0
_POLLERS = 5  # Lambda starts with five
_BATCH_BYTES = 6 << 20


class QueueSource(EventSource):
    """Standard and FIFO queues of SQS, at any endpoint."""

    service = "sqs"
    title = "SQS queue"
    fields = ("ScalingConfig", "FunctionResponseTypes")
    default_records = 10

    def most_records(self, arn: str) -> int:
        """10,000, or 10 for a FIFO queue."""
        return 10 if arn.endswith(".fifo") else 10_000

    def check(self, document: Document) -> None:
        """Raise ApiError for a batch larger than SQS gives in one call, unless it has a window to collect it."""
        if document["BatchSize"] > _MOST_RECEIVED and document["MaximumBatchingWindowInSeconds"] < 1:
            raise invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
            )

    def start(self, trigger_id: str, document: Document, host: TriggerHost) -> Stop:
        """Poll the queue with as many pollers as Lambda starts with."""
        return host.run(trigger_id, _Pollers(document, host).run())


class _Pollers(Poller):
    """Polls the queue of one mapping."""

    def __init__(self, mapping: Document, host: TriggerHost) -> None:
        super().__init__(mapping, host)
        concurrency = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
        self._pollers = min(int(concurrency), _POLLERS) if concurrency else _POLLERS
        self._url = ""

    async def run(self) -> None:
        """Poll until it is cancelled."""
        await asyncio.gather(*(self._poll() for _ in range(self._pollers)))

    async def _poll(self) -> None:
        while True:
            try:
                if self._client is None:
                    self._client, self._url = await asyncio.to_thread(destinations.queue_client, self._arn)
                if batch := await self._receive():
                    await self._process(batch)
            except Exception as error:
                self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
                sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")
                await asyncio.sleep(_RETRY_S)

    async def _receive(self) -> list[dict[str, Any]]:
        """Receive messages until the batch is full, or its window is over."""
        batch: list[dict[str, Any]] = []
        deadline: float | None = None
        size_bytes = 0
        while len(batch) < self._most_records and size_bytes < _BATCH_BYTES:
            left_s = _WAIT_S if deadline is None else deadline - time.monotonic()
            if deadline is not None and left_s <= 0:
                break
            answer = await asyncio.to_thread(
                self._client.receive_message,
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_MOST_RECEIVED, self._most_records - len(batch)),
                WaitTimeSeconds=max(0, min(_WAIT_S, int(left_s))),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            batch += messages
            size_bytes += sum(len(message["Body"]) for message in messages)
            if not messages and deadline is None:
                break
            if messages and deadline is None:
                deadline = time.monotonic() + self._window_s
            if self._window_s == 0:
                break
            if not messages:
                await asyncio.sleep(min(0.05, max(left_s, 0)))
        return batch

    async def _process(self, messages: list[dict[str, Any]]) -> None:
        """Call the function with the messages that pass the filters, and delete all that did not fail."""
        records = [self._record(message) for message in messages]
        chosen = [record for record in records if self._filters.passes(record)]
        failed = await self._invoke(chosen) if chosen else set()
        handles = {record["messageId"]: record["receiptHandle"] for record in records}
        processed = [handle for message_id, handle in handles.items() if message_id not in failed]
        for start in range(0, len(processed), _MOST_RECEIVED):
            batch = processed[start : start + _MOST_RECEIVED]
            entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(batch)]
            await asyncio.to_thread(self._client.delete_message_batch, QueueUrl=self._url, Entries=entries)

    async def _invoke(self, records: list[dict[str, Any]]) -> set[str]:
        """Call the function; returns the ids of the messages that failed."""
        ids = {record["messageId"] for record in records}
        payload = json.dumps({"Records": records}).encode()
        try:
            done = await self._invoker.invoke(self._mapping["FunctionArn"], payload)
        except Throttled:
            self._mapping["LastProcessingResult"] = "PROBLEM: Function call throttled"
            await asyncio.sleep(1 / self._invoker.time_scale)
            return ids
        except RunnerError as error:
            self._mapping["LastProcessingResult"] = f"PROBLEM: {error}"
            return ids
        failed = failed_records(done, ids, partial=self._partial)
        self._mapping["LastProcessingResult"] = "OK" if not failed else "PROBLEM: Function call failed"
        return failed

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as the function gets it."""
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


register(QueueSource())
