"""The Telemetry API and the older Logs API of one environment: which extensions get its events, and their delivery.

AWS Lambda Developer Guide, "Accessing real-time telemetry data for extensions using the Telemetry API" and "Lambda
Telemetry API Event schema reference". Destinations are in the environment, whose ``sandbox.localdomain`` is loopback.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from collectors.model.units import KIB_BYTES, MIB_BYTES
from lambdatui.runner.clock import now_ms
from lambdatui.runner.environments.extensions import Extension, Extensions, refuse
from lambdatui.runner.environments.lambda_paths import SANDBOX_HOSTS
from lambdatui.runner.http.server import Request
from lambdatui.runner.log.extension_lines import subscription_record
from lambdatui.runner.untrusted import parsed_json

TELEMETRY_PREFIX, LOGS_PREFIX = "/2022-07-01/telemetry", "/2020-08-15/logs"
_SCHEMAS = {
    TELEMETRY_PREFIX: ("2022-07-01", "2022-12-13", "2025-01-29"),
    LOGS_PREFIX: ("2020-08-15", "2021-03-18"),
}
_TYPES = ("platform", "function", "extension")
_LOOPBACK = "127.0.0.1"
# Lambda Developer Guide, "Configuring buffering": least, default and most.
_BUFFERING = {
    "maxItems": (1_000, 10_000, 10_000),
    "maxBytes": (256 * KIB_BYTES, 256 * KIB_BYTES, MIB_BYTES),
    "timeoutMs": (25, 1_000, 30_000),
}
# The Logs API's events, and the fields of their records; None: all.
_LOGS_EVENTS: Mapping[str, tuple[str, ...] | None] = {
    "platform.start": ("requestId", "version"),
    "platform.end": ("requestId",),
    "platform.report": ("requestId", "metrics"),
    "platform.runtimeDone": ("requestId", "status"),
    "platform.extension": None,
    "platform.logsSubscription": None,
    "platform.logsDropped": None,
    "function": None,
    "extension": None,
}
_NOT_TELEMETRY = ("platform.end", "platform.logsSubscription")
_MOST_EARLY = 1_000
_MOST_WAITING_BYTES = 10 << 20
_FIRST_RETRY_S, _LAST_RETRY_S = 0.02, 1.0
_BEHIND = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."


class Telemetry:
    """The events of one environment's processes, and the extensions that subscribe to them.

    ``on_subscribed`` gets the type and the record of the event that tells of a subscription. ``json_format``: the
    function logs in JSON, and subscribers get its records as objects.
    """

    def __init__(
        self,
        extensions: Extensions,
        on_subscribed: Callable[[str, dict[str, object]], None],
        *,
        json_format: bool,
    ) -> None:
        self._extensions = extensions
        self._on_subscribed = on_subscribed
        self._json_format = json_format
        self._open = True
        self._early: list[tuple[int, str, object]] = []  # what was before the subscriptions
        self._subscribers: dict[str, _Subscriber] = {}

    @property
    def subscribed(self) -> bool:
        """Whether anybody gets events."""
        return bool(self._subscribers)

    def publish(self, time_ms: int, kind: str, record: object) -> None:
        """Send an event to those who subscribed to it: ``kind`` is ``function``, ``extension``, or ``platform.x``."""
        if self._open and len(self._early) < _MOST_EARLY:
            self._early.append((time_ms, kind, record))
        for subscriber in self._subscribers.values():
            subscriber.add(time_ms, kind, record)

    def close_subscriptions(self) -> None:
        """Take no further subscription: the init phase is over."""
        self._open = False
        self._early.clear()

    async def flush(self, limit_s: float) -> None:
        """Deliver what is waiting, for at most so many seconds."""
        sending = [subscriber.flush() for subscriber in self._subscribers.values()]
        if sending:
            await asyncio.wait(sending, timeout=limit_s)

    def close(self) -> None:
        """Deliver nothing more."""
        for subscriber in self._subscribers.values():
            subscriber.close()
        self._subscribers.clear()

    def received(self, request: Request) -> None:
        """Answer a call of either API."""
        extension = self._extensions.caller(request)
        if extension is None:
            return
        prefix = LOGS_PREFIX if request.path.startswith(LOGS_PREFIX) else TELEMETRY_PREFIX
        if request.method != "PUT" or request.path.rstrip("/") != prefix:
            refuse(request, "NotFound", f"no {request.method} {request.path}", 404)
            return
        api = "Logs" if prefix == LOGS_PREFIX else "Telemetry"
        if not self._open:
            refuse(request, f"{api}.SubscriptionClosed", f"{api} API subscription is closed")
            return
        before = self._subscribers.get(extension.name)
        if before is not None and before.logs_api != (prefix == LOGS_PREFIX):
            refuse(request, f"{api}.SubscriptionError", f"{extension.name} has subscribed with the other API")
            return
        try:
            subscription = _subscription(prefix, parsed_json(request.body))
        except (ValueError, TypeError, AttributeError) as error:
            refuse(request, "ValidationError", str(error), 400)
            return
        self._subscribe(extension, subscription, before)
        request.respond(200, b'"OK"')

    def _subscribe(self, extension: Extension, subscription: "_Subscription", before: "_Subscriber | None") -> None:
        if before is not None:
            before.close()
        subscriber = self._subscribers[extension.name] = _Subscriber(subscription, json_format=self._json_format)
        for time_ms, kind, record in self._early:
            subscriber.add(time_ms, kind, record)
        kind = "platform.logsSubscription" if subscription.logs_api else "platform.telemetrySubscription"
        self._on_subscribed(kind, subscription_record(extension.name, subscription.types))


@dataclass(frozen=True, slots=True)
class _Subscription:
    """A subscription: ``path`` is that of an HTTP destination, None for TCP."""

    logs_api: bool
    schema: str
    types: tuple[str, ...]
    items: int
    size: int
    timeout_s: float
    port: int
    path: str | None
    method: str


def _subscription(prefix: str, document: Any) -> _Subscription:
    """The subscription in a request's body. Raises ValueError, TypeError or AttributeError for a wrong one."""
    schemas = _SCHEMAS[prefix]
    schema = document.get("schemaVersion", schemas[0] if prefix == LOGS_PREFIX else None)
    if schema not in schemas:
        raise ValueError(f"schemaVersion must be one of {', '.join(schemas)}")
    types = document.get("types")
    if not isinstance(types, list) or not types or any(one not in _TYPES for one in types):
        raise ValueError(f"types must be some of {', '.join(_TYPES)}")
    buffering = {}
    for name, (least, usual, most) in _BUFFERING.items():
        value = (document.get("buffering") or {}).get(name, usual)
        if not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"buffering.{name} must be an integer from {least} to {most}")
        buffering[name] = value
    destination = document.get("destination")
    protocol = str(destination.get("protocol", "")).upper()
    path: str | None = None
    if protocol == "HTTP":
        uri = urlsplit(str(destination.get("URI", "")))
        if uri.scheme != "http" or uri.hostname not in SANDBOX_HOSTS:
            raise ValueError(f"destination.URI host must be {SANDBOX_HOSTS[0]}")
        port, path = uri.port or 80, (uri.path or "/") + (f"?{uri.query}" if uri.query else "")
    elif protocol == "TCP":
        port = destination.get("port")
        if not isinstance(port, int) or not 1 <= port <= 65_535:
            raise ValueError("destination.port must be an integer from 1 to 65535")
    else:
        raise ValueError("destination.protocol must be HTTP or TCP")
    method = str(destination.get("method", "POST")).upper()
    if method not in ("POST", "PUT"):
        raise ValueError("destination.method must be POST or PUT")
    return _Subscription(
        *(prefix == LOGS_PREFIX, schema, tuple(dict.fromkeys(types)), buffering["maxItems"], buffering["maxBytes"]),
        *(buffering["timeoutMs"] / 1000, port, path, method),
    )


class _Subscriber:
    """The events that wait for one destination, and their delivery, in order and in batches."""

    def __init__(self, subscription: _Subscription, *, json_format: bool) -> None:
        self.logs_api = subscription.logs_api
        self._to = subscription
        self._objects = json_format and subscription.schema >= "2022-12-13"
        self._events: list[bytes] = []
        self._size = 0
        self._dropped = (0, 0)  # events, and their bytes
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    def add(self, time_ms: int, kind: str, record: object) -> None:
        """Take an event, where the subscription includes it."""
        if kind.partition(".")[0] not in self._to.types or (kind in _NOT_TELEMETRY and not self.logs_api):
            return
        if self.logs_api:
            if kind not in _LOGS_EVENTS or (kind == "platform.runtimeDone" and self._to.schema < "2021-03-18"):
                return
            fields = _LOGS_EVENTS[kind]
            if fields is not None and isinstance(record, dict):
                record = {name: record[name] for name in fields}
        elif self._objects and isinstance(record, str):
            with contextlib.suppress(ValueError):
                parsed = parsed_json(record)
                record = parsed if isinstance(parsed, dict) else record
        self._append(json.dumps({"time": _iso(time_ms), "type": kind, "record": record}).encode())

    def _append(self, event: bytes) -> None:
        if self._size + len(event) > _MOST_WAITING_BYTES:
            count, size = self._dropped
            self._dropped = (count + 1, size + len(event))
            return
        self._events.append(event)
        self._size += len(event)
        if len(self._events) >= self._to.items or self._size >= self._to.size:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._to.timeout_s, self.flush)

    def flush(self) -> "asyncio.Task[None]":
        """Deliver what is waiting; returns the task that does."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())
        return self._sending

    def close(self) -> None:
        """Deliver nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()
        if self._writer is not None:
            self._writer.close()

    async def _send(self) -> None:
        wait_s = _FIRST_RETRY_S
        while self._events:
            batch = self._events[: self._to.items]
            try:
                await (self._post(batch) if self._to.path is not None else self._write(batch))
            except (OSError, EOFError, ValueError):
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, _LAST_RETRY_S)
                continue
            del self._events[: len(batch)]
            self._size -= sum(map(len, batch))
            if self._dropped[0]:
                count, size = self._dropped
                self._dropped = (0, 0)
                record = {"droppedBytes": size, "droppedRecords": count, "reason": _BEHIND}
                self.add(now_ms(), "platform.logsDropped", record)

    async def _post(self, batch: list[bytes]) -> None:
        """Send a batch as one HTTP request. Raises OSError, EOFError or ValueError where it is not accepted."""
        body = b"[" + b",".join(batch) + b"]"
        head = (
            f"{self._to.method} {self._to.path} HTTP/1.1\r\nHost: {SANDBOX_HOSTS[0]}:{self._to.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(_LOOPBACK, self._to.port)
        try:
            writer.write(head.encode("latin-1", "replace") + body)
            await writer.drain()
            status = int((await reader.readline()).split()[1])
            if status >= 400:
                raise ValueError(f"the destination answered {status}")
        except IndexError as error:
            raise ValueError("the destination does not speak HTTP") from error
        finally:
            writer.close()

    async def _write(self, batch: list[bytes]) -> None:
        """Send a batch as lines of the one TCP connection. Raises OSError."""
        if self._writer is None or self._writer.is_closing():
            _, self._writer = await asyncio.open_connection(_LOOPBACK, self._to.port)
        self._writer.write(b"".join(event + b"\n" for event in batch))
        await self._writer.drain()


def _iso(time_ms: int) -> str:
    """Epoch milliseconds such as ``2026-01-31T23:59:59.123Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1000)) + f".{time_ms % 1000:03d}Z"
