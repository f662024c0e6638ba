"""The triggers of a running runner: those of ``triggers.json``, by id, and the event source mappings."""

import asyncio
import json
import sys
import uuid
from collections.abc import Coroutine, Mapping
from typing import Any

from lambdatui.runner.deployments.documents import DocumentFolder
from lambdatui.runner.errors import ApiError, invalid
from lambdatui.runner.gateways.ports import Gateways
from lambdatui.runner.interface import Invoker
from lambdatui.runner.triggers.base import Document, Stop
from lambdatui.runner.triggers.event_source import event_source_of
from lambdatui.runner.triggers.registry import kept_trigger

_FILE = "triggers.json"
MAPPINGS_FILE = "mappings.json"


class RunningTriggers:
    """Starts and stops triggers, and is their ``TriggerHost``.

    ``documents`` has the triggers' file, ``mappings`` are the event source mappings by their UUIDs.
    """

    def __init__(
        self, invoker: Invoker, gateways: Gateways, documents: DocumentFolder, mappings: Mapping[str, Document]
    ) -> None:
        self.invoker = invoker
        self.gateways = gateways
        self._documents = documents
        self._mappings = mappings
        self._triggers: dict[str, Document] = documents.read(_FILE)
        self._stops: dict[str, Stop] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # --- all of them

    def start(self) -> None:
        """Start all stored triggers and event source mappings."""
        for trigger_id in self._triggers:
            self._start(trigger_id)
        for mapping_id in self._mappings:
            self.mapping_changed(mapping_id)

    async def close(self) -> None:
        """Stop all, and wait for what they were doing."""
        for trigger_id in list(self._stops):
            self._stop(trigger_id)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def by_id(self) -> Mapping[str, Document]:
        """The stored triggers, without the event source mappings."""
        return self._triggers

    # --- one of them

    def add(self, document: Document) -> str:
        """Store a new trigger and start it; returns its id. Raises ApiError when its document is not allowed."""
        self.invoker.functions.resolve(str(document.get("function", "")))
        kind = document.get("kind")
        trigger = kept_trigger(kind)
        if trigger is None:
            raise invalid(f"there is no trigger of kind {kind!r}")
        trigger.check(document)
        trigger_id = uuid.uuid4().hex[:8]
        self._triggers[trigger_id] = document
        self._documents.write(_FILE, self._triggers)
        self._start(trigger_id)
        return trigger_id

    def remove(self, trigger_id: str) -> None:
        """Stop a trigger and delete it. Raises ApiError when there is none of that id."""
        if self._triggers.pop(trigger_id, None) is None:
            raise ApiError(404, "ResourceNotFoundException", f"there is no trigger {trigger_id!r}")
        self._stop(trigger_id)
        self._documents.write(_FILE, self._triggers)

    def mapping_changed(self, mapping_id: str) -> None:
        """Start, restart or stop polling, after an event source mapping was created, changed or deleted."""
        self._stop(mapping_id)
        mapping = self._mappings.get(mapping_id)
        if mapping is None or mapping["State"] != "Enabled":
            return
        try:
            source = event_source_of(mapping["EventSourceArn"])
        except ApiError as error:
            self._report(mapping_id, f"cannot be polled: {error}")
            return
        self._stops[mapping_id] = source.start(mapping_id, mapping, self)

    def _start(self, trigger_id: str) -> None:
        document = self._triggers[trigger_id]
        trigger = kept_trigger(document["kind"])
        if trigger is None:
            self._report(trigger_id, f"is of a kind that there is not: {document['kind']!r}")
            return
        self._stops[trigger_id] = trigger.start(trigger_id, document, self)

    def _stop(self, trigger_id: str) -> None:
        if (stop := self._stops.pop(trigger_id, None)) is not None:
            stop()

    # --- what triggers use (``TriggerHost``)

    async def send(self, function: str, event: object) -> None:
        """Queue an event for a function; an error, as for a deleted function, is reported on stderr."""
        try:
            await self.invoker.invoke_later(function, json.dumps(event).encode())
        except ApiError as error:
            sys.stderr.write(f"lambdatui runner: a trigger of {function}: {error}\n")

    def run(self, trigger_id: str, work: Coroutine[Any, Any, None]) -> Stop:
        """Run ``work`` in a task; an error in it is reported on stderr, and ends this trigger only."""

        async def run_and_report() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._report(trigger_id, f"has ended: {error!r}")

        task = asyncio.get_running_loop().create_task(run_and_report())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

        def stop() -> None:
            task.cancel()

        return stop

    def save_mappings(self) -> None:
        """Write the event source mappings."""
        self._documents.write(MAPPINGS_FILE, self._mappings)

    @staticmethod
    def _report(trigger_id: str, problem: str) -> None:
        sys.stderr.write(f"lambdatui runner: trigger {trigger_id} {problem}\n")
