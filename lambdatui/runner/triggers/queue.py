"""SQS queues: batches, windows, partial failures, filters, maximum concurrency.

Lambda Developer Guide, "Using Lambda with Amazon SQS". A batch that succeeds is deleted from the queue, and so is what
no filter lets through. For a batch that fails, the queue itself makes the messages visible again after its visibility
timeout, or moves them to its dead-letter queue.
"""

import asyncio
import base64
import json
import os
import time
from typing import Any

from lambdatui.runner.errors import Throttled, invalid
from lambdatui.runner.functions import RunnerError, name_in
from lambdatui.runner.lineage import MOST_CALLS, calls_before
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.base import Document, Stop, TriggerHost, register
from lambdatui.runner.triggers.batches import failed_records
from lambdatui.runner.triggers.event_source import EventSource
from lambdatui.runner.triggers.poller import BATCH_BYTES, Poller

_MOST_RECEIVED = 10  # SQS receives and deletes no more messages in one call
_WAIT_S = 2
_RETRY_S = 2.0
# Batches at once where the mapping sets no maximum: as many as use this machine fully. More would only wait.
_CONCURRENCY = max(5, 4 * (os.cpu_count() or 1))
Message = dict[str, Any]


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
        """Receive messages, and call the function with up to the mapping's maximum concurrency."""
        poller = _QueuePoller(document, host)
        return host.run(trigger_id, poller.run(), poller)


class _QueuePoller(Poller):
    """Polls the queue of one mapping: one batch is collected while others are processed."""

    def __init__(self, mapping: Document, host: TriggerHost) -> None:
        super().__init__(mapping, host)
        concurrency = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
        self._slots = asyncio.Semaphore(int(concurrency) if concurrency else _CONCURRENCY)
        self._batches: set[asyncio.Task[None]] = set()
        self._url = ""

    async def run(self) -> None:
        """Poll until it is drained or cancelled."""
        try:
            while not self.draining:
                try:
                    await self._poll()
                except Exception as error:
                    self.report(error)
                    await asyncio.sleep(_RETRY_S)
        except asyncio.CancelledError:  # where this is drained, the batches under way go on to their end
            for batch in self._batches:
                batch.cancel()
            raise

    async def _poll(self) -> None:
        """Collect one batch, and process it in a task."""
        if self._client is None:
            self._client, self._url = await asyncio.to_thread(destinations.queue_client, self._arn)
        await self._slots.acquire()
        messages: list[Message] = []
        try:
            await self._collect(messages)
        except BaseException:
            self._give_back(messages)
            self._slots.release()
            raise
        if self.draining or not messages:
            self._give_back(messages)
            self._slots.release()
            return
        task = asyncio.get_running_loop().create_task(self._process(messages))
        self._batches.add(task)
        task.add_done_callback(self._batches.discard)

    async def _collect(self, messages: list[Message]) -> None:
        """Receive messages until the batch is full, or its window is over."""
        deadline: float | None = None
        size_bytes = 0
        while len(messages) < self.most_records and size_bytes < BATCH_BYTES and not self.draining:
            left_s = _WAIT_S if deadline is None else deadline - time.monotonic()
            if left_s <= 0:
                break
            started = time.monotonic()
            received = await self._receive(self.most_records - len(messages), int(min(_WAIT_S, left_s)))
            messages += received
            size_bytes += sum(len(message["Body"]) for message in received)
            if received and deadline is None:
                deadline = time.monotonic() + self.window_s
            if not received:
                # A server that does not wait as it was asked to is not asked without a pause.
                await asyncio.sleep(0 if time.monotonic() - started > 1 else min(0.05, max(left_s, 0)))
                if deadline is None:
                    break

    async def _receive(self, most: int, wait_s: int) -> list[Message]:
        """Messages of one call; when this is cancelled, those that still come are given back."""
        call = asyncio.ensure_future(
            asyncio.to_thread(
                self._client.receive_message,
                QueueUrl=self._url,
                MaxNumberOfMessages=min(_MOST_RECEIVED, most),
                WaitTimeSeconds=wait_s,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        )
        try:
            answer = await asyncio.shield(call)
        except asyncio.CancelledError:
            call.add_done_callback(self._give_back_late)
            raise
        messages: list[Message] = answer.get("Messages", [])
        return messages

    def _give_back_late(self, call: "asyncio.Future[dict[str, Any]]") -> None:
        if not call.cancelled() and call.exception() is None:
            self._give_back(call.result().get("Messages", []))

    def _give_back(self, messages: list[Message]) -> None:
        """Make messages visible again at once that were received and will not be processed."""
        handles = [message["ReceiptHandle"] for message in messages]

        def show_again() -> None:
            for start in range(0, len(handles), _MOST_RECEIVED):
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + _MOST_RECEIVED])
                ]
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

        if handles:
            # Where this fails or the runner ends first, the queue's visibility timeout does the same later.
            shown = asyncio.get_running_loop().run_in_executor(None, show_again)
            shown.add_done_callback(lambda future: future.cancelled() or future.exception())

    async def _process(self, messages: list[Message]) -> None:
        """Call the function with the messages that pass the filters, and delete all that did not fail."""
        try:
            with self.processing():
                await self._call_and_delete(messages)
        except Exception as error:
            self.report(error)
        finally:
            self._slots.release()

    async def _call_and_delete(self, messages: list[Message]) -> None:
        records = [self._record(message) for message in messages]
        chosen = [record for record in records if self._filters.passes(record)]
        failed = await self._invoke(chosen) if chosen else set()
        processed = [record["receiptHandle"] for record in records if record["messageId"] not in failed]
        for start in range(0, len(processed), _MOST_RECEIVED):
            batch = processed[start : start + _MOST_RECEIVED]
            entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(batch)]
            await asyncio.to_thread(self._client.delete_message_batch, QueueUrl=self._url, Entries=entries)

    async def _invoke(self, records: list[Document]) -> set[str]:
        """Call the function; returns the ids of the messages that failed."""
        name = name_in(self._function)
        traces = {record["messageId"]: str(record["attributes"].get("AWSTraceHeader", "")) for record in records}
        # Messages of a recursive loop fail by themselves: they must not stop the others of their batch.
        looping = [record for record in records if calls_before(traces[record["messageId"]], name) >= MOST_CALLS]
        if 0 < len(looping) < len(records):
            others = [record for record in records if record not in looping]
            return await self._invoke(looping) | await self._invoke(others)
        ids = set(traces)
        payload = json.dumps({"Records": records}).encode()
        trace = max(traces.values(), key=lambda each: calls_before(each, name))
        try:
            done = await self.invoker.invoke(self._function, payload, trace=trace)
        except Throttled:
            self.result("PROBLEM: Function call throttled")
            await asyncio.sleep(1 / self.time_scale)
            return ids
        except RunnerError as error:
            self.result(f"PROBLEM: {error}")
            return ids
        failed = failed_records(done, ids, partial=self.partial)
        self.result("PROBLEM: Function call failed" if failed else "OK")
        return failed

    def _record(self, message: Message) -> Document:
        """A message as the function gets it."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes") or {},
            "messageAttributes": {
                name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
            },
            **({"md5OfMessageAttributes": md5} if (md5 := message.get("MD5OfMessageAttributes")) else {}),
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._arn.split(":")[3],
        }


def _attribute(value: Document) -> Document:
    """A message attribute as the function gets it: text, or bytes in base64."""
    attribute: Document = {}
    if value.get("StringValue") is not None:
        attribute["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        attribute["binaryValue"] = base64.b64encode(bytes(value["BinaryValue"])).decode()
    return attribute | {"stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType")}


register(QueueSource())
