"""Asynchronous invocation: a durable queue in the runner's log, retries, and where events go at their end.

Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation": after a function error an
event is tried again 1 and then 2 minutes later under the same request id; after a throttle or system error it returns
to the queue for up to 6 hours, to be tried again after 1 second to 5 minutes.
"""

import asyncio
import heapq
import os
import sys
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.invocation import Invocation
from lambdatui.runner.errors import ApiError, RecursiveInvocation, Throttled
from lambdatui.runner.functions import LATEST, RunnerError, name_in, qualifier_in
from lambdatui.runner.interface import Invoker
from lambdatui.runner.lineage import new_trace, with_call
from lambdatui.runner.queue import destinations
from lambdatui.runner.queue.records import Delivery, FinishedEvent, dead_letter, destination_record

RETRY_AFTER_S = (60.0, 120.0)
RETRIES = 2
EVENT_AGE_S = 21_600
_LEAST_THROTTLE_WAIT_S, _MOST_THROTTLE_WAIT_S = 1.0, 300.0
# How many events of one function are tried at once: enough to use this machine fully. More would only wait.
POLLERS = max(8, 4 * (os.cpu_count() or 1))


@dataclass(slots=True)
class _Event:
    """An accepted event. ``function`` is an ARN; ``attempts`` counts tries with an answer, ``throttles`` others.

    ``trace`` is the X-Ray header of the call that sent it, of which a restart makes a new one.
    """

    id: int
    request_id: str
    function: str
    accepted_ms: int
    attempts: int = 0
    throttles: int = 0
    trace: str = ""


class AsyncQueue:
    """Accepted asynchronous events, until each succeeds or is given up. Made and used on the event loop."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker
        self._log = invoker.log
        self._scale = invoker.time_scale
        self._due: list[tuple[float, int]] = []  # a heap of (loop time, event id)
        self._events: dict[int, _Event] = {}
        self._ready: dict[str, list[int]] = {}  # by function, a heap of event ids: the oldest first
        self._active: dict[str, int] = {}  # by function, attempts under way
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        ((last_id,),) = self._log.read("SELECT coalesce(max(id), 0) FROM async_events")
        self._last_id = int(last_id)  # type: ignore[call-overload]
        self._loop = asyncio.get_running_loop()

    def recover(self) -> int:
        """Queue again what an earlier runner accepted and did not finish; returns how many events."""
        rows = self._log.read(
            "SELECT id, request_id, function, accepted_ms, attempts, throttles, due_ms FROM async_events"
            " WHERE finished_ms IS NULL"
        )
        now = now_ms()
        for *values, due_ms in rows:
            event = _Event(*values)  # type: ignore[arg-type]
            event.trace = new_trace()
            self._events[event.id] = event
            self._wait(event, max(int(due_ms) - now, 0) / 1000)  # type: ignore[call-overload]
        return len(rows)

    async def accept(self, function: str, payload: bytes, request_id: str | None = None, trace: str = "") -> str:
        """Queue an event for ``function`` (an ARN, perhaps qualified); its request id, when it is on disk.

        ``trace`` is the X-Ray header of what caused it.
        """
        request_id = request_id or str(uuid.uuid4())
        self._last_id += 1
        event = _Event(self._last_id, request_id, function, now_ms(), trace=trace or new_trace())
        self._log.execute(
            "INSERT INTO async_events (id, request_id, function, payload, accepted_ms, due_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (event.id, request_id, function, payload, event.accepted_ms, event.accepted_ms),
        )
        self._log.count(name_in(function), "AsyncEventsReceived", 1.0, event.accepted_ms)
        await self._log.commit()
        self._events[event.id] = event
        self._enqueue(event)
        return request_id

    @property
    def waiting(self) -> int:
        """How many events are accepted and not finished."""
        return len(self._events)

    async def close(self) -> None:
        """Cancel running attempts; events that are not finished stay in the log, for ``recover``."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- when an event is tried

    def _wait(self, event: _Event, delay_s: float) -> None:
        """Try an event ``delay_s`` real seconds from now."""
        if delay_s <= 0:
            self._enqueue(event)
            return
        heapq.heappush(self._due, (self._loop.time() + delay_s, event.id))
        self._set_timer()

    def _set_timer(self) -> None:
        """Call ``_enqueue_due`` when the next event is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            self._timer = self._loop.call_at(self._due[0][0], self._enqueue_due)

    def _enqueue_due(self) -> None:
        self._timer = None
        now = self._loop.time() + 0.001
        while self._due and self._due[0][0] <= now:
            _, event_id = heapq.heappop(self._due)
            if event := self._events.get(event_id):
                self._enqueue(event)
        self._set_timer()

    def _enqueue(self, event: _Event) -> None:
        """Try an event as soon as a poller of its function is free."""
        heapq.heappush(self._ready.setdefault(event.function, []), event.id)
        self._start_ready(event.function)

    def _start_ready(self, function: str) -> None:
        """Try the oldest waiting events of a function, as many at once as it has pollers."""
        ready = self._ready.get(function)
        name = name_in(function)
        reserved = self._invoker.reserved_concurrency(name)
        pollers = POLLERS if not reserved else max(1, min(POLLERS, reserved))
        while ready and self._active.get(function, 0) < pollers:
            event = self._events.get(heapq.heappop(ready))
            if event is None:
                continue
            self._active[function] = self._active.get(function, 0) + 1
            task = self._loop.create_task(self._process(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # --- an attempt, and what follows

    async def _process(self, event: _Event) -> None:
        try:
            await self._attempt(event)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: event {event.request_id} of {event.function}: {error!r}\n")
            self._retry_unanswered(event)
        finally:
            self._active[event.function] -= 1
            self._start_ready(event.function)

    def _settings(self, event: _Event) -> dict[str, Any]:
        function = self._invoker.functions.by_name.get(name_in(event.function))
        if function is None:
            return {}
        settings: dict[str, Any] = function.part("event_invoke").get(qualifier_in(event.function), {})
        return settings

    async def _attempt(self, event: _Event) -> None:
        name = name_in(event.function)
        settings = self._settings(event)
        age_ms = now_ms() - event.accepted_ms
        limit_ms = settings.get("MaximumEventAgeInSeconds", EVENT_AGE_S) * 1000 / self._scale
        rows = self._log.read("SELECT payload FROM async_events WHERE id = ?", (event.id,))
        payload = bytes(rows[0][0]) if rows and isinstance(rows[0][0], bytes) else b"null"
        if age_ms > limit_ms:
            await self._finish(event, payload, "EventAgeExceeded", None)
            return
        if self._invoker.reserved_concurrency(name) == 0:
            await self._finish(event, payload, "ZeroReservedConcurrency", None)
            return
        started_ms = now_ms()
        try:
            done = await self._invoker.invoke(event.function, payload, request_id=event.request_id, trace=event.trace)
        except Throttled:
            event.throttles += 1
            self._retry_unanswered(event)
            return
        except RecursiveInvocation:
            await self._finish(event, payload, "RecursiveInvocation", None)
            return
        except RunnerError:
            if name not in self._invoker.functions.by_name:
                await self._finish(event, payload, "RetriesExhausted", None)
                return
            raise
        event.attempts += 1
        self._log.measure(name, "AsyncEventAge", float(started_ms - event.accepted_ms), started_ms)
        self._log.execute(
            "INSERT OR REPLACE INTO async_attempts (event, attempt, started_ms, ended_ms, error_type)"
            " VALUES (?, ?, ?, ?, ?)",
            (event.id, event.attempts, started_ms, now_ms(), done.error_type),
        )
        if done.error_type is None:
            await self._finish(event, payload, "Success", done)
        elif event.attempts > settings.get("MaximumRetryAttempts", RETRIES):
            await self._finish(event, payload, "RetriesExhausted", done)
        else:
            delay_s = RETRY_AFTER_S[event.attempts - 1] / self._scale
            if age_ms + delay_s * 1000 > limit_ms:
                await self._finish(event, payload, "EventAgeExceeded", done)
            else:
                self._retry_after(event, delay_s)

    def _retry_unanswered(self, event: _Event) -> None:
        """Try again after a throttle or a fault of the runner: after 1 s, then 2, 4 and so on up to 5 minutes."""
        delay_s = (
            min(_LEAST_THROTTLE_WAIT_S * 2 ** min(max(event.throttles - 1, 0), 20), _MOST_THROTTLE_WAIT_S) / self._scale
        )
        self._retry_after(event, delay_s)

    def _retry_after(self, event: _Event, delay_s: float) -> None:
        self._log.execute(
            "UPDATE async_events SET attempts = ?, throttles = ?, due_ms = ? WHERE id = ?",
            (event.attempts, event.throttles, now_ms() + int(delay_s * 1000), event.id),
        )
        self._wait(event, delay_s)

    async def _finish(self, event: _Event, payload: bytes, condition: str, done: Invocation | None) -> None:
        """End an event: deliver its records, then mark it as finished.

        ``condition`` is the destination record's: Success, RetriesExhausted, EventAgeExceeded, ZeroReservedConcurrency,
        or our own RecursiveInvocation; ``done`` is the last attempt, None when there was none.
        """
        name = name_in(event.function)
        if condition != "Success":
            self._log.count(name, "AsyncEventsDropped", 1.0, now_ms())
        trace = with_call(event.trace, name) if done is not None else event.trace
        for delivery in self._deliveries(event, payload, condition, done):
            try:
                await destinations.send(
                    *(delivery.target, delivery.body, delivery.attributes),
                    partial(self._invoker.invoke_later, trace=trace),
                    trace=trace,
                    folder=f"aws/lambda/async/{name}",
                )
            except Exception as error:
                sys.stderr.write(f"lambdatui runner: {name}: {delivery.target} did not take an event: {error}\n")
                self._log.count(name, delivery.failure_metric, 1.0, now_ms())
        self._log.execute(
            "UPDATE async_events SET finished_ms = ?, condition = ?, attempts = ?, throttles = ?, payload = NULL"
            " WHERE id = ?",
            (now_ms(), condition, event.attempts, event.throttles, event.id),
        )
        self._events.pop(event.id, None)

    def _deliveries(self, event: _Event, payload: bytes, condition: str, done: Invocation | None) -> list[Delivery]:
        """What is sent when an event ends: to its destination, and after a failure to its dead-letter queue."""
        deliveries: list[Delivery] = []
        finished = FinishedEvent(
            event.request_id, event.function, payload, condition, event.attempts, event.throttles, done
        )
        outcome = "OnSuccess" if condition == "Success" else "OnFailure"
        target = (self._settings(event).get("DestinationConfig") or {}).get(outcome, {}).get("Destination")
        if target:
            deliveries.append(destination_record(finished, target))
        function = self._invoker.functions.by_name.get(name_in(event.function))
        if condition == "Success" or function is None:
            return deliveries
        try:
            version = self._invoker.functions.resolve(event.function).version
        except ApiError:  # the version or alias does not exist any more
            version = LATEST
        configuration = function.versions.get(version, function.latest)
        if target := (configuration.get("DeadLetterConfig") or {}).get("TargetArn"):
            deliveries.append(dead_letter(finished, target))
        return deliveries
