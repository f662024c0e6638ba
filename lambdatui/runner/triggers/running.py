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
from lambdatui.runner.triggers.base import Document, Drainable, Stop
from lambdatui.runner.triggers.event_bus import EventBus
from lambdatui.runner.triggers.event_source import event_source_of
from lambdatui.runner.triggers.registry import kept_trigger
from lambdatui.runner.triggers.scheduler import Scheduler

_FILE = "triggers.json"
MAPPINGS_FILE = "mappings.json"
_EVENTS_FILE = "event_bridge.json"

# What a mapping's ``State`` is to become, and what it is meanwhile.
_GOALS = {"Disabled": "Disabled", "Disabling": "Disabled", "Deleting": "Deleted"}
_ON_THE_WAY = {"Enabled": "Updating", "Disabled": "Disabling", "Deleted": "Deleting"}


class RunningTriggers:
    """Starts and stops triggers, and is their ``TriggerHost``.

    ``documents`` has the triggers' file, ``mappings`` are the event source mappings by their UUIDs.
    """

    def __init__(
        self, invoker: Invoker, gateways: Gateways, documents: DocumentFolder, mappings: dict[str, Document]
    ) -> None:
        self.invoker = invoker
        self.gateways = gateways
        self._documents = documents
        self._mappings = mappings
        self._triggers: dict[str, Document] = documents.read(_FILE)
        self._stops: dict[str, Stop] = {}
        self._pollers: dict[str, Drainable] = {}
        self._goals: dict[str, str] = {}  # of mappings whose poller is drained: the state that follows
        self._tasks: set[asyncio.Task[None]] = set()
        self._events: dict[str, dict[str, Document]] = documents.read(_EVENTS_FILE)
        self.bus = EventBus(self, self._events.setdefault("rules", {}))
        self.scheduler = Scheduler(self, self._events.setdefault("schedules", {}), self.save_events)

    # --- all of them

    def start(self) -> None:
        """Start all stored triggers, rules, schedules and event source mappings."""
        self.bus.start()
        self.scheduler.start()
        for trigger_id in self._triggers:
            self._start(trigger_id)
        for mapping_id in list(self._mappings):
            self.mapping_changed(mapping_id)

    async def close(self) -> None:
        """Stop all at once."""
        for trigger_id in list(self._stops):
            self._stop(trigger_id)
        for task in self._tasks:
            task.cancel()
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
        """Start, restart or stop polling, after an event source mapping was created or changed, or is to be deleted.

        What its poller is processing is finished first; meanwhile its ``State`` is Updating, Disabling or Deleting.
        """
        mapping = self._mappings[mapping_id]
        goal = _GOALS.get(mapping["State"], "Enabled")
        poller = self._pollers.get(mapping_id)
        if mapping_id not in self._goals and (poller is None or not poller.busy):
            self._stop(mapping_id)
            self._reach(mapping_id, goal)
            return
        mapping["State"] = _ON_THE_WAY[goal]
        draining = mapping_id in self._goals
        self._goals[mapping_id] = goal
        if poller is not None and not draining:
            self._in_task(self._drain(mapping_id, poller))

    async def _drain(self, mapping_id: str, poller: Drainable) -> None:
        await poller.drain()
        self._stop(mapping_id)
        self._reach(mapping_id, self._goals.pop(mapping_id))

    def _reach(self, mapping_id: str, goal: str) -> None:
        """Give a mapping that is not polled its new state, and poll it where that is Enabled."""
        if goal == "Deleted":
            del self._mappings[mapping_id]
            self.save_mappings()
            return
        mapping = self._mappings[mapping_id]
        if mapping["State"] != goal:
            mapping["State"] = goal
            self.save_mappings()
        if goal != "Enabled":
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
        self._pollers.pop(trigger_id, None)
        if (stop := self._stops.pop(trigger_id, None)) is not None:
            stop()

    # --- what triggers use (``TriggerHost``)

    async def send(self, function: str, event: object) -> None:
        """Queue an event for a function; an error, as for a deleted function, is reported on stderr."""
        try:
            await self.invoker.invoke_later(function, json.dumps(event).encode())
        except ApiError as error:
            sys.stderr.write(f"lambdatui runner: a trigger of {function}: {error}\n")

    def run(self, trigger_id: str, work: Coroutine[Any, Any, None], poller: Drainable | None = None) -> Stop:
        """Run ``work`` in a task; an error in it is reported on stderr, and ends this trigger only."""

        async def run_and_report() -> None:
            try:
                await work
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self._report(trigger_id, f"has ended: {error!r}")

        if poller is not None:
            self._pollers[trigger_id] = poller
        task = self._in_task(run_and_report())

        def stop() -> None:
            task.cancel()

        return stop

    def _in_task(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def subscribe(self, function: str, pattern: Document) -> Stop:
        """Send a function the events of the default bus that match; returns a function that ends it."""
        return self.bus.subscribe(function, pattern)

    def save_events(self) -> None:
        """Write the rules and schedules of EventBridge."""
        self._documents.write(_EVENTS_FILE, self._events)

    def save_mappings(self) -> None:
        """Write the event source mappings."""
        self._documents.write(MAPPINGS_FILE, self._mappings)

    @staticmethod
    def _report(trigger_id: str, problem: str) -> None:
        sys.stderr.write(f"lambdatui runner: trigger {trigger_id} {problem}\n")
