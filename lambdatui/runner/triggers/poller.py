"""What pollers of every kind of event source share: a mapping's settings, and an end that cuts nothing off."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lambdatui.runner.triggers.base import Document, TriggerHost
from lambdatui.runner.triggers.event_filters import Filters

BATCH_BYTES = 6_291_456
"""The largest event of a synchronous invocation (Lambda quotas)."""


class Poller:
    """Polls the source of one mapping; a ``Drainable``."""

    def __init__(self, mapping: Document, host: TriggerHost) -> None:
        self._mapping = mapping
        self._host = host
        self.invoker = host.invoker
        self.time_scale = host.invoker.time_scale
        self._arn: str = mapping["EventSourceArn"]
        self._function: str = mapping["FunctionArn"]
        self.most_records = int(mapping["BatchSize"])
        self.window_s = int(mapping["MaximumBatchingWindowInSeconds"]) / self.time_scale
        self.partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        self._filters = Filters(mapping.get("FilterCriteria"))
        self._client: Any = None
        self._active = 0
        self._idle = asyncio.Event()
        self._drained = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether records are being processed."""
        return self._active > 0

    @property
    def draining(self) -> bool:
        """Whether no more records are to be taken."""
        return self._drained.is_set()

    async def drain(self) -> None:
        """Take no more records, and return when those taken are processed."""
        self._drained.set()
        while self._active:
            self._idle.clear()
            await self._idle.wait()

    @contextmanager
    def processing(self) -> Iterator[None]:
        """Records are being processed: ``drain`` waits for the end of this block."""
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._idle.set()

    async def pause(self, seconds: float) -> None:
        """Sleep, at most until no more records are to be taken."""
        await self.wait_for(self._drained, seconds)

    async def wait_for(self, event: asyncio.Event, seconds: float | None) -> None:
        """Wait until ``event`` is set, ``seconds`` are over, or no more records are to be taken."""
        waits = {asyncio.ensure_future(each.wait()) for each in {event, self._drained}}
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def result(self, text: str) -> None:
        """Set the mapping's ``LastProcessingResult``."""
        self._mapping["LastProcessingResult"] = text

    def report(self, error: Exception) -> None:
        """Say on stderr and in the mapping that the source or a destination failed."""
        self.result(f"PROBLEM: {error}")
        sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")
