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
        self._invoker = host.invoker
        self._arn: str = mapping["EventSourceArn"]
        self._function: str = mapping["FunctionArn"]
        self._most_records = int(mapping["BatchSize"])
        self._window_s = int(mapping["MaximumBatchingWindowInSeconds"]) / host.invoker.time_scale
        self._partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        self._filters = Filters(mapping.get("FilterCriteria"))
        self._client: Any = None
        self._active = 0
        self._idle = asyncio.Event()
        self.draining = False

    @property
    def busy(self) -> bool:
        """Whether records are being processed."""
        return self._active > 0

    async def drain(self) -> None:
        """Take no more records, and return when those taken are processed."""
        self.draining = True
        while self._active:
            self._idle.clear()
            await self._idle.wait()

    @contextmanager
    def _processing(self) -> Iterator[None]:
        """Records are being processed: ``drain`` waits for the end of this block."""
        self._active += 1
        try:
            yield
        finally:
            self._active -= 1
            self._idle.set()

    def _result(self, text: str) -> None:
        """Set the mapping's ``LastProcessingResult``."""
        self._mapping["LastProcessingResult"] = text

    def _report(self, error: Exception) -> None:
        """Say on stderr and in the mapping that the source or a destination failed."""
        self._result(f"PROBLEM: {error}")
        sys.stderr.write(f"lambdatui runner: {self._arn}: {error}\n")
