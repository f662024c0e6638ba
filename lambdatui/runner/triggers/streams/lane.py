"""A lane of a shard: batches of the records of some partition keys, processed one after the other.

Lambda Developer Guide, "How Lambda processes records from stream and queue-based event sources": a batch that fails
blocks its lane until it succeeds, is too old, or was tried often enough. Throttles are tried again without being
counted, and splitting a batch is not counted either.
"""

import asyncio
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lambdatui.runner.clock import now_ms, now_s
from lambdatui.runner.errors import Throttled
from lambdatui.runner.functions import RunnerError, name_in
from lambdatui.runner.queue import destinations
from lambdatui.runner.triggers.base import Document
from lambdatui.runner.triggers.batches import failed_records
from lambdatui.runner.triggers.poller import BATCH_BYTES
from lambdatui.runner.triggers.streams.failures import GivenUp, LastCall, failure_record
from lambdatui.runner.triggers.streams.kind import Record
from lambdatui.runner.triggers.streams.stream_poller import StreamPoller
from lambdatui.runner.triggers.streams.windows import TumblingWindows
from lambdatui.runner.untrusted import parsed_json

_LEAST_RETRY_S, _MOST_RETRY_S = 0.5, 60.0
_WINDOW_CHECK_S = 0.1


@dataclass(slots=True)
class _Batch:
    """Records that are tried together; ``attempts`` are those that count, ``throttles`` those since the last."""

    records: list[Record]
    attempts: int = 0
    waits: int = 0
    last_call: LastCall | None = None


class Lane:
    """Processes the records that it is given, in order; ``done`` is called with the numbers of those done."""

    def __init__(self, stream: StreamPoller, shard_id: str, number: int, done: Callable[[list[str]], None]) -> None:
        mapping = stream.mapping
        self._stream = stream
        self._source = stream.source
        self._shard_id = shard_id
        self._done = done
        self._retries = int(mapping.get("MaximumRetryAttempts", -1))
        self._most_age_s = int(mapping.get("MaximumRecordAgeInSeconds", -1))
        self._bisect = bool(mapping.get("BisectBatchOnFunctionError"))
        self._target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        self._waiting: deque[tuple[Record, int]] = deque()  # with their sizes in bytes
        self._arrived = asyncio.Event()
        self._closed = False
        self._retrying: Document = mapping.setdefault("_retrying", {})
        self._key = f"{shard_id}/{number}"
        self._restored: Document | None = self._retrying.get(self._key)
        self._windows = TumblingWindows(mapping, shard_id, stream.time_scale)

    # --- what the shard's reader gives

    def put(self, record: Record) -> None:
        """Process ``record`` after those before."""
        self._waiting.append((record, len(json.dumps(record)) + 2))
        self._arrived.set()

    def caught_up(self, at_s: float) -> None:
        """All records that came before ``at_s`` were put."""
        self._windows.caught_up_s = at_s

    def close(self) -> None:
        """There will be no more records."""
        self._closed = True
        self._arrived.set()

    # --- batches

    async def run(self) -> None:
        """Process batches until the shard's end, or until the stream is drained."""
        while not self._stream.draining:
            if not self._waiting:
                if self._windows.over or (self._closed and self._windows.current is not None):
                    await self._process_final()
                    continue
                if self._closed:
                    return
                self._arrived.clear()
                await self._stream.wait_for(self._arrived, _WINDOW_CHECK_S if self._windows.current else None)
                continue
            await self._collect()
            if not self._stream.draining:
                await self._process_windows(self._next_batch())

    async def _collect(self) -> None:
        """Wait until a batch is full or its batching window is over."""
        deadline = time.monotonic() + self._stream.window_s
        while not self._closed and not self._stream.draining and not self._full():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return
            self._arrived.clear()
            await self._stream.wait_for(self._arrived, left_s)

    def _full(self) -> bool:
        return len(self._waiting) >= self._stream.most_records or sum(size for _, size in self._waiting) >= BATCH_BYTES

    def _next_batch(self) -> _Batch:
        """The next records, as many as fit; a batch that was retried before a restart keeps its end and attempts."""
        batch = _Batch([])
        restored, self._restored = self._restored, None
        if restored is not None and self._number(self._waiting[0][0]) == restored["first"]:
            batch.attempts = int(restored["attempts"])
        else:
            restored = None
        size_bytes = 100  # the event around the records
        while self._waiting and len(batch.records) < self._stream.most_records:
            record, size = self._waiting[0]
            size_bytes += size
            if batch.records and size_bytes > BATCH_BYTES:
                break
            batch.records.append(self._waiting.popleft()[0])
            if restored is not None and self._number(record) == restored["last"]:
                break
        return batch

    async def _process_windows(self, batch: _Batch) -> None:
        """Process a batch, for tumbling windows each window's records by themselves."""
        if not self._windows.used:
            await self._process(batch)
            return
        for start_s, records in self._windows.split(batch.records, self._source.arrived_s):
            if self._windows.current is not None and start_s > self._windows.current.start_s:
                await self._process_final()
            if self._stream.draining:
                return
            self._windows.open(start_s)
            await self._process(_Batch(records, batch.attempts))

    async def _process(self, first: _Batch) -> None:
        """Call the function until each record is processed or given up, in order."""
        batches = [first]
        while batches and not self._stream.draining:
            with self._stream.processing():
                failed = await self._step(batches)
            if failed is not None:
                self._remember(failed)
                tries = failed.attempts + failed.waits
                delay_s = min(_LEAST_RETRY_S * 2 ** min(max(tries - 1, 0), 10), _MOST_RETRY_S)
                await self._stream.pause(delay_s / self._stream.time_scale)

    async def _step(self, batches: list[_Batch]) -> _Batch | None:
        """Try the first batch once, and change ``batches`` accordingly; returns what is to be tried after a pause."""
        batch = batches[0]
        self._measure_age(batch.records)
        if expired := self._expired(batch.records):
            given_up = GivenUp(batch.records[:expired], "RecordAgeExceeded", batch.attempts, batch.last_call)
            await self._give_up(given_up)
            batch.records = batch.records[expired:]
            if not batch.records:
                batches.pop(0)
            return None
        failed_from = await self._call(batch)
        if failed_from is None:
            batches.pop(0)
            self._finish(batch.records)
            return None
        if batch.waits:
            return batch
        unhandled = batch.last_call is not None and batch.last_call.unhandled
        if failed_from > 0:
            self._finish(batch.records[:failed_from])
            batch.records, batch.attempts = batch.records[failed_from:], 1
        elif self._bisect and unhandled and len(batch.records) > 1:
            half = len(batch.records) // 2
            halves = batch.records[:half], batch.records[half:]
            batches[0:1] = [_Batch(records, batch.attempts - 1, 0, batch.last_call) for records in halves]
            return batches[0]
        if 0 <= self._retries < batch.attempts:
            await self._give_up(GivenUp(batch.records, "RetryAttemptsExhausted", batch.attempts, batch.last_call))
            batches.pop(0)
            return None
        return batch

    async def _process_final(self) -> None:
        """Call the function at the end of a tumbling window, with the window's state and without records."""
        attempts = 0
        while not self._stream.draining:
            batch = _Batch([])
            with self._stream.processing():
                failed = await self._call(batch, final=True)
            attempts += not batch.waits
            if failed is None or 0 <= self._retries < attempts:
                self._windows.close()
                self._stream.save()
                return
            await self._stream.pause(min(_LEAST_RETRY_S * 2**attempts, _MOST_RETRY_S) / self._stream.time_scale)

    # --- one call

    async def _call(self, batch: _Batch, *, final: bool = False) -> int | None:
        """Call the function; returns None for success, else the index of the first record that failed.

        It counts in the batch: among ``waits`` where the function was not reached, else among ``attempts``.
        """
        numbers = [self._number(record) for record in batch.records]
        event = {"Records": batch.records, **self._windows.fields(final=final)}
        request_id = str(uuid.uuid4())
        invoker = self._stream.invoker
        try:
            done = await invoker.invoke(
                self._stream.mapping["FunctionArn"], json.dumps(event).encode(), request_id=request_id
            )
        except (Throttled, RunnerError) as error:
            batch.waits += 1
            self._stream.result(
                "PROBLEM: Function call throttled" if isinstance(error, Throttled) else f"PROBLEM: {error}"
            )
            return 0
        batch.attempts += 1
        batch.waits = 0
        batch.last_call = LastCall(request_id, done.version, done.error_type is not None)
        failed = failed_records(done, set(numbers), partial=self._stream.partial)
        if self._windows.used and done.error_type is None:
            self._windows.update(_state_in(done.payload))
        if done.error_type is None and not failed:
            self._stream.result("OK")
            return None
        self._stream.result("PROBLEM: Function call failed")
        return min((index for index, number in enumerate(numbers) if number in failed), default=0)

    def _number(self, record: Record) -> str:
        return self._source.sequence_number(record)

    def _measure_age(self, records: list[Record]) -> None:
        name = name_in(self._stream.mapping["FunctionArn"])
        age_ms = max(now_s() - self._source.arrived_s(records[-1]), 0.0) * 1000
        self._stream.invoker.log.measure(name, "IteratorAge", age_ms, now_ms())

    def _expired(self, records: list[Record]) -> int:
        """How many of the first records are older than allowed."""
        if self._most_age_s < 0:
            return 0
        oldest_s = now_s() - self._most_age_s / self._stream.time_scale
        young = (index for index, record in enumerate(records) if self._source.arrived_s(record) >= oldest_s)
        return next(young, len(records))

    # --- what becomes of records

    def _remember(self, batch: _Batch) -> None:
        """Store how often a batch was tried."""
        self._retrying[self._key] = {
            "first": self._number(batch.records[0]),
            "last": self._number(batch.records[-1]),
            "attempts": batch.attempts,
        }
        self._stream.save()

    def _finish(self, records: list[Record]) -> None:
        self._retrying.pop(self._key, None)
        self._done([self._number(record) for record in records])

    async def _give_up(self, given_up: GivenUp) -> None:
        """Describe records to the failure destination, if there is one, and go on after them."""
        if self._target:
            payload = json.dumps({"Records": given_up.records}) if destinations.is_bucket(self._target) else None
            mapping = self._stream.mapping
            record = failure_record(self._source, mapping, self._shard_id, given_up, payload)
            folder = f"aws/lambda/{mapping['UUID']}/{self._shard_id}"
            invoker = self._stream.invoker
            try:
                await destinations.send(self._target, record, {}, invoker.invoke_later, folder=folder)
            except Exception as error:
                invoker.log.count(name_in(mapping["FunctionArn"]), "DestinationDeliveryFailures", 1, now_ms())
                self._stream.report(error)
        self._finish(given_up.records)


def _state_in(payload: bytes) -> Document:
    """The ``state`` of a function's answer."""
    try:
        answer = parsed_json(payload or b"null")
    except ValueError:
        return {}
    state = answer.get("state") if isinstance(answer, dict) else None
    return state if isinstance(state, dict) else {}
