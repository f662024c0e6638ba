"""Reads the shards of a stream: parents before their children, each from its checkpoint, its records spread over lanes.

What a restart needs is in the mapping: ``_checkpoints`` by shard, the sequence number up to which all is processed;
``_ended``, the closed shards that are read to their end; ``_since_s``, when a mapping that begins at LATEST was made;
``_retrying`` and ``_windows`` of the lanes.
"""

import asyncio
import zlib
from typing import Any

from lambdatui.runner.clock import now_s
from lambdatui.runner.functions import name_in
from lambdatui.runner.triggers.base import Document, TriggerHost
from lambdatui.runner.triggers.streams.kind import Record, Shard, StreamKind
from lambdatui.runner.triggers.streams.lane import Lane
from lambdatui.runner.triggers.streams.progress import ShardProgress
from lambdatui.runner.triggers.streams.stream_poller import StreamPoller

_POLL_S = 0.25
_LOOK_FOR_SHARDS_S = 10.0
_RETRY_S = 2.0


class StreamReader(StreamPoller):
    """Reads the stream of one mapping."""

    def __init__(self, source: StreamKind, mapping: Document, host: TriggerHost) -> None:
        super().__init__(source, mapping, host)
        tumbling = int(mapping.get("TumblingWindowInSeconds") or 0)
        # A window's state is that of a whole shard.
        self.lanes = 1 if tumbling else max(int(mapping.get("ParallelizationFactor") or 1), 1)
        self.checkpoints: dict[str, str] = mapping.setdefault("_checkpoints", {})
        self.ended: list[str] = mapping.setdefault("_ended", [])
        self._is_new = "_since_s" not in mapping
        if mapping["StartingPosition"] == "LATEST" and self._is_new:
            mapping["_since_s"] = now_s()
            host.save_mappings()
        # Of what unit's start on records count as come since.
        unit_s = source.arrival_unit_s
        self.since_s = mapping.get("_since_s", 0.0) // unit_s * unit_s
        self._shards: dict[str, asyncio.Task[None]] = {}
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Read until it is drained or cancelled."""
        try:
            while not self.draining:
                try:
                    await self._start_shards()
                except Exception as error:
                    self.report(error)
                self._look.clear()
                await self.wait_for(self._look, _LOOK_FOR_SHARDS_S)
            await asyncio.gather(*self._shards.values(), return_exceptions=True)  # what is under way is not cut off
        finally:
            for task in self._shards.values():
                task.cancel()

    async def _start_shards(self) -> None:
        """Read the shards whose parents are read to their end."""
        if self._client is None:
            from lambdatui.runner.aws import client

            region = self._arn.split(":")[3]
            self._client = await asyncio.to_thread(client, self.source.client_name, region=region)
        shards = await asyncio.to_thread(self.source.shards, self._client, self._arn)
        listed = {shard.id for shard in shards}
        self.ended[:] = [shard_id for shard_id in self.ended if shard_id in listed]
        start = self._first_start() if not self._shards and not self.checkpoints and not self.ended else None
        for shard in shards:
            if shard.id in self._shards or shard.id in self.ended:
                continue
            latest = start is not None and start["ShardIteratorType"] == "LATEST"
            open_parents = [parent for parent in shard.parents if parent in listed and parent not in self.ended]
            if latest or not open_parents:
                reader = _ShardReader(self, shard, start or {"ShardIteratorType": "TRIM_HORIZON"})
                self._shards[shard.id] = asyncio.create_task(self._read_shard(reader))

    def _first_start(self) -> Document | None:
        """Where a new mapping begins to read; None where it was read before, and no record must be left out."""
        position = str(self.mapping["StartingPosition"])
        if position == "AT_TIMESTAMP":
            return {"ShardIteratorType": position, "Timestamp": self.mapping.get("StartingPositionTimestamp")}
        if position == "LATEST" and not self._is_new:
            return None
        if position == "LATEST" and "AT_TIMESTAMP" in self.source.positions:
            # Records that come while this is set up are not missed.
            return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": int(self.since_s)}
        return {"ShardIteratorType": position}

    async def _read_shard(self, reader: "_ShardReader") -> None:
        await reader.run()
        self._look.set()

    # --- what the readers of shards use

    async def call(self, read: Any, *arguments: Any) -> Any:
        """Call a method of ``source`` for this stream in a thread."""
        return await asyncio.to_thread(read, self._client, self._arn, *arguments)

    def passes(self, record: Record) -> bool:
        """Whether a filter lets the record through."""
        return self._filters.passes(self.source.filtered_view(record), self.source.content)

    def complete(self, record: Record) -> Record:
        """A record with what only the mapping knows."""
        more = {"eventSourceARN": self._arn}
        if "kinesis" in record:
            function = self.invoker.functions.by_name.get(name_in(self._function))
            more["invokeIdentityArn"] = function.latest.get("Role", "") if function else ""
        return record | more


class _ShardReader:
    """Reads one shard, and gives its records to the lanes of their partition keys."""

    def __init__(self, stream: StreamReader, shard: Shard, start: Document) -> None:
        self._stream = stream
        self._source = stream.source
        self._id = shard.id
        self._start = start
        self._last_read: str | None = stream.checkpoints.get(shard.id)
        self._progress = ShardProgress()
        self._moved = asyncio.Event()
        self._lanes = [Lane(stream, shard.id, number, self._done) for number in range(stream.lanes)]
        self._most_pending = max(2 * stream.most_records * stream.lanes, 1000)

    async def run(self) -> None:
        """Process the shard's records up to its end, or for ever while the shard is open."""
        tasks = [asyncio.create_task(lane.run()) for lane in self._lanes]
        try:
            await self._read()
            for lane in self._lanes:
                lane.close()
            await asyncio.gather(*tasks)
            if not self._stream.draining:
                self._stream.ended.append(self._id)
                self._stream.save()
        finally:
            for task in tasks:
                task.cancel()

    async def _read(self) -> None:
        """Read to the end of the shard, or until the stream is drained."""
        iterator: str | None = None
        while not self._stream.draining:
            try:
                while self._progress.pending >= self._most_pending and not self._stream.draining:
                    self._moved.clear()
                    await self._stream.wait_for(self._moved, _POLL_S)
                if iterator is None:
                    iterator = await self._iterator()
                asked_s = now_s()
                most = min(self._source.most_read, self._stream.most_records * self._stream.lanes)
                records, iterator = await self._stream.call(self._source.records, self._id, iterator, most)
                self._take(records)
                if iterator is None:
                    return
                if not records:
                    for lane in self._lanes:
                        lane.caught_up(asked_s)
                    await self._stream.pause(_POLL_S)
            except Exception as error:
                self._stream.report(error)
                iterator = None
                await self._stream.pause(_RETRY_S)

    async def _iterator(self) -> str:
        """An iterator after the last record that was read, else at the start."""
        start = self._start
        if self._last_read is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._last_read}
        elif start["ShardIteratorType"] == "LATEST":
            # Where this has to be asked again, records have come since: ``since_s`` tells which.
            self._start = {"ShardIteratorType": "TRIM_HORIZON"}
        try:
            return str(await self._stream.call(self._source.iterator, self._id, start))
        except Exception as error:
            if "Trimmed" in type(error).__name__:  # the stream has forgotten the records after the checkpoint
                self._last_read, self._start = None, {"ShardIteratorType": "TRIM_HORIZON"}
            raise

    def _take(self, records: list[Record]) -> None:
        """Give records to their lanes; those that no filter lets through, or that are of before, are done."""
        passed_over = []
        for each in records:
            record = self._stream.complete(each)
            number = self._source.sequence_number(record)
            self._last_read = number
            self._progress.read(number)
            if self._source.arrived_s(record) < self._stream.since_s or not self._stream.passes(record):
                passed_over.append(number)
                continue
            key = self._source.partition_key(record)
            self._lanes[zlib.crc32(key.encode()) % len(self._lanes)].put(record)
        if passed_over:
            self._done(passed_over)

    def _done(self, sequence_numbers: list[str]) -> None:
        """Records are processed or given up: store how far the shard is read."""
        self._progress.done(sequence_numbers)
        self._moved.set()
        if self._progress.checkpoint is not None:
            self._stream.checkpoints[self._id] = self._progress.checkpoint
        self._stream.save()
