"""Asynchronous invocation: a durable queue in the runner's log, retries, and where events go at their end.

Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation": function errors are
tried again after 1 and then 2 minutes under the same request id; throttles and system errors return to the queue for
up to 6 hours, 1 second to 5 minutes apart.
"""

import asyncio
import heapq
import json
import os
import sys
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdatui.runner.environments.environment import Invocation
from lambdatui.runner.environments.fleet import Throttled
from lambdatui.runner.environments.process import now_ms
from lambdatui.runner.functions import LATEST, RunnerError, arn_of
from lambdatui.runner.queue import destinations
from lambdatui.runner.untrusted import parsed_json

if TYPE_CHECKING:
    from lambdatui.runner.service import Runner

RETRY_AFTER_S = (60.0, 120.0)
RETRIES = 2
EVENT_AGE_S = 21_600
_THROTTLE_LEAST_S, _THROTTLE_MOST_S = 1.0, 300.0
# How many events of one function are tried at once: enough to keep this machine busy. More only wait side by side.
POLLERS = max(8, 4 * (os.cpu_count() or 1))


@dataclass(slots=True)
class _Waiting:
    id: int
    request_id: str
    function: str
    accepted_ms: int
    attempts: int = 0
    throttles: int = 0


class AsyncQueue:
    """Events that were accepted, until they succeed, are given up, or go elsewhere."""

    def __init__(self, runner: "Runner", time_scale: float) -> None:
        self._runner = runner
        self._log = runner.log
        self._scale = time_scale
        self._due: list[tuple[float, int]] = []  # (loop time, event)
        self._events: dict[int, _Waiting] = {}
        self._ready: dict[str, list[int]] = {}  # by function, a heap: the oldest first
        self._active: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._next_id = 0
        self._loop = asyncio.get_running_loop()

    def recover(self) -> int:
        """Take up what was accepted before and is not finished; how many."""
        ((last,),) = self._log.read("SELECT coalesce(max(id), 0) FROM async_events")
        self._next_id = int(last)  # type: ignore[call-overload]
        rows = self._log.read(
            "SELECT id, request_id, function, accepted_ms, attempts, throttles, due_ms FROM async_events"
            " WHERE finished_ms IS NULL"
        )
        now = now_ms()
        for *values, due_ms in rows:
            event = _Waiting(*values)  # type: ignore[arg-type]
            self._events[event.id] = event
            self._wait(event, max(int(due_ms) - now, 0) / 1000)  # type: ignore[call-overload]
        return len(rows)

    async def accept(self, function: str, payload: bytes, request_id: str | None = None) -> str:
        """Keep an event for ``function`` (an ARN, perhaps qualified); the request id. Comes back when it is on disk."""
        request_id = request_id or str(uuid.uuid4())
        self._next_id += 1
        event = _Waiting(self._next_id, request_id, function, now_ms())
        self._log.execute(
            "INSERT INTO async_events (id, request_id, function, payload, accepted_ms, due_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (event.id, request_id, function, payload, event.accepted_ms, event.accepted_ms),
        )
        self._log.count(_name(function), "AsyncEventsReceived", 1.0, event.accepted_ms)
        await self._log.commit()
        self._events[event.id] = event
        self._now(event)
        return request_id

    @property
    def waiting(self) -> int:
        """Events that are accepted and not finished."""
        return len(self._events)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- when

    def _wait(self, event: _Waiting, delay_s: float) -> None:
        if delay_s <= 0:
            self._now(event)
            return
        heapq.heappush(self._due, (self._loop.time() + delay_s, event.id))
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            self._timer = self._loop.call_at(self._due[0][0], self._fall_due)

    def _fall_due(self) -> None:
        self._timer = None
        now = self._loop.time() + 0.001
        while self._due and self._due[0][0] <= now:
            _, event_id = heapq.heappop(self._due)
            if event := self._events.get(event_id):
                self._now(event)
        self._arm()

    def _now(self, event: _Waiting) -> None:
        heapq.heappush(self._ready.setdefault(event.function, []), event.id)
        self._poll(event.function)

    def _poll(self, function: str) -> None:
        """Try the oldest of a function's events, as many at once as it has pollers."""
        ready = self._ready.get(function)
        name = _name(function)
        reserved = self._runner.fleet.reserved.get(name)
        most = POLLERS if not reserved else max(1, min(POLLERS, reserved))
        while ready and self._active.get(function, 0) < most:
            event = self._events.get(heapq.heappop(ready))
            if event is None:
                continue
            self._active[function] = self._active.get(function, 0) + 1
            task = self._loop.create_task(self._try(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # --- what

    async def _try(self, event: _Waiting) -> None:
        try:
            await self._attempt(event)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sys.stderr.write(f"lambdatui runner: event {event.request_id} of {event.function}: {error!r}\n")
            self._again_later(event)
        finally:
            self._active[event.function] -= 1
            self._poll(event.function)

    def _settings(self, event: _Waiting) -> dict[str, Any]:
        function = self._runner.deployed.functions.get(_name(event.function))
        if function is None:
            return {}
        settings: dict[str, Any] = function.part("event_invoke").get(_qualifier(event.function), {})
        return settings

    async def _attempt(self, event: _Waiting) -> None:
        name = _name(event.function)
        settings = self._settings(event)
        age_ms = now_ms() - event.accepted_ms
        limit_ms = settings.get("MaximumEventAgeInSeconds", EVENT_AGE_S) * 1000 / self._scale
        rows = self._log.read("SELECT payload FROM async_events WHERE id = ?", (event.id,))
        payload = bytes(rows[0][0]) if rows and isinstance(rows[0][0], bytes) else b"null"
        if age_ms > limit_ms:
            await self._finish(event, payload, "EventAgeExceeded", None)
            return
        if self._runner.fleet.reserved.get(name) == 0:
            await self._finish(event, payload, "ZeroReservedConcurrency", None)
            return
        started_ms = now_ms()
        try:
            done = await self._runner.invoke(event.function, payload, request_id=event.request_id)
        except Throttled:
            event.throttles += 1
            self._again_later(event)
            return
        except RunnerError:
            if name not in self._runner.deployed.functions:
                await self._finish(event, payload, "RetriesExhausted", None)
                return
            raise
        event.attempts += 1
        ended_ms = now_ms()
        self._log.measure(name, "AsyncEventAge", float(started_ms - event.accepted_ms), started_ms)
        self._log.execute(
            "INSERT OR REPLACE INTO async_attempts VALUES (?, ?, ?, ?, ?)",
            (event.id, event.attempts, started_ms, ended_ms, done.error_type),
        )
        if done.error_type is None:
            await self._finish(event, payload, "Success", done)
            return
        retries = settings.get("MaximumRetryAttempts", RETRIES)
        if event.attempts > retries:
            await self._finish(event, payload, "RetriesExhausted", done)
            return
        delay_s = RETRY_AFTER_S[event.attempts - 1] / self._scale
        if age_ms + delay_s * 1000 > limit_ms:
            await self._finish(event, payload, "EventAgeExceeded", done)
            return
        self._put_off(event, delay_s)

    def _again_later(self, event: _Waiting) -> None:
        """Throttles and faults of ours: twice the wait each time."""
        delay_s = min(_THROTTLE_LEAST_S * 2 ** min(max(event.throttles - 1, 0), 20), _THROTTLE_MOST_S) / self._scale
        self._put_off(event, delay_s)

    def _put_off(self, event: _Waiting, delay_s: float) -> None:
        self._log.execute(
            "UPDATE async_events SET attempts = ?, throttles = ?, due_ms = ? WHERE id = ?",
            (event.attempts, event.throttles, now_ms() + int(delay_s * 1000), event.id),
        )
        self._wait(event, delay_s)

    async def _finish(self, event: _Waiting, payload: bytes, condition: str, done: Invocation | None) -> None:
        """The end of an event, after its record has gone where it is to go."""
        name = _name(event.function)
        if condition != "Success":
            self._log.count(name, "AsyncEventsDropped", 1.0, now_ms())
        for target, body, attributes, metric in self._records(event, payload, condition, done):
            try:
                await destinations.send(target, body, attributes, self._runner.send_on)
            except Exception as error:
                sys.stderr.write(f"lambdatui runner: {name}: {target} did not take an event: {error}\n")
                self._log.count(name, metric, 1.0, now_ms())
        self._log.execute(
            "UPDATE async_events SET finished_ms = ?, condition = ?, attempts = ?, throttles = ?, payload = NULL"
            " WHERE id = ?",
            (now_ms(), condition, event.attempts, event.throttles, event.id),
        )
        self._events.pop(event.id, None)

    def _records(
        self, event: _Waiting, payload: bytes, condition: str, done: Invocation | None
    ) -> list[tuple[str, str, dict[str, str], str]]:
        """``(target, body, attributes, the metric of its failure)`` of what is to be sent."""
        found: list[tuple[str, str, dict[str, str], str]] = []
        which = "OnSuccess" if condition == "Success" else "OnFailure"
        target = (self._settings(event).get("DestinationConfig") or {}).get(which, {}).get("Destination")
        if target:
            record = _record(event, payload, condition, done)
            found.append((target, json.dumps(record), {}, "DestinationDeliveryFailures"))
        function = self._runner.deployed.functions.get(_name(event.function))
        if condition == "Success" or function is None:
            return found
        version = self._runner.version_of(event.function)
        configuration = function.versions.get(version or LATEST, function.latest)
        if dlq := (configuration.get("DeadLetterConfig") or {}).get("TargetArn"):
            message = ""
            if done is not None:
                message = _message(done.payload)
            attributes = {"RequestID": event.request_id, "ErrorCode": "200", "ErrorMessage": message[:1024]}
            if done is None:
                attributes["ErrorCode"] = "429" if event.throttles else "500"
                attributes["ErrorMessage"] = condition
            found.append((dlq, payload.decode("utf-8", "replace"), attributes, "DeadLetterErrors"))
        return found


def _record(event: _Waiting, payload: bytes, condition: str, done: Invocation | None) -> dict[str, Any]:
    """A destination's record (Developer Guide, "Capturing records of Lambda asynchronous invocations")."""
    now = time.time()
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": event.function
            if _qualifier(event.function) != LATEST
            else f"{arn_of(_name(event.function))}:{LATEST}",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _json(payload),
    }
    if done is not None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": done.version}
        if done.error_type is not None:
            response["functionError"] = "Unhandled"
        record["responseContext"] = response
        record["responsePayload"] = _json(done.payload)
    return record


def _json(data: bytes) -> Any:
    try:
        return parsed_json(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _message(payload: bytes) -> str:
    found = _json(payload)
    return str(found.get("errorMessage", "")) if isinstance(found, dict) else ""


def _name(arn: str) -> str:
    return arn.split(":")[6]


def _qualifier(arn: str) -> str:
    parts = arn.split(":")
    return parts[7] if len(parts) > 7 else LATEST
