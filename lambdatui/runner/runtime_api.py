"""The Runtime API of one process: HTTP on a loopback port that only this process is told of.

AWS Lambda Developer Guide, "Using the Lambda runtime API": ``/runtime/invocation/next``, ``/{id}/response``,
``/{id}/error`` and ``/runtime/init/error`` under ``/2018-06-01``. Streamed (chunked) answers are refused.
"""

import asyncio
import json
from dataclasses import dataclass

# Developer Guide: the largest answer, 6 MB and room for its envelope.
ANSWER_BYTES = 6_291_556
_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True, slots=True)
class Event:
    """One invocation as the process gets it; ``deadline_ms`` is epoch milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    arn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process posted; ``error_type`` is None for a response."""

    body: bytes
    error_type: str | None = None


class _Refused(Exception):
    def __init__(self, status: str, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()


class RuntimeApi:
    """Serves one process. ``ready`` resolves at its first ``next`` (None) or its init error (an Answer)."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[Answer | None] = loop.create_future()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()  # None: there will be no more
        self._event: Event | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def start(self) -> str:
        """Listen; the ``host:port`` for ``AWS_LAMBDA_RUNTIME_API``."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    def offer(self, event: Event) -> "asyncio.Future[Answer]":
        """Hand ``event`` to the process; the future is its answer. One at a time."""
        self._event = event
        self._answer = asyncio.get_running_loop().create_future()
        self._events.put_nowait(event)
        return self._answer

    async def close(self) -> None:
        """Stop listening and end every connection; whoever waits for an event gets none."""
        self._server.close()
        self._events.put_nowait(None)
        for writer in self._connections:
            writer.close()
        await asyncio.gather(*(task for task in self._connections.values() if task is not None))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[writer] = asyncio.current_task()
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {
                    name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in head[1:])
                }
                writer.write(await self._respond(method, path, headers, reader))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            return  # the process closed the connection, or spoke something that is not HTTP
        finally:
            del self._connections[writer]
            writer.close()

    async def _respond(self, method: str, path: str, headers: dict[str, str], reader: asyncio.StreamReader) -> bytes:
        if "transfer-encoding" in headers:
            raise ValueError("streamed answers are not served")
        size = int(headers.get("content-length", 0))
        body: bytes | None = None
        if size <= ANSWER_BYTES:
            body = await reader.readexactly(size)
        else:
            await _discard(reader, size)
        try:
            if (method, path) == ("GET", f"{_PREFIX}invocation/next"):
                return await self._next()
            if method != "POST" or not path.startswith(_PREFIX):
                raise _Refused("404 Not Found", "NotFound", f"no {method} {path}")
            self._posted(path[len(_PREFIX) :], headers.get("lambda-runtime-function-error-type"), body)
            return _http("202 Accepted", b'{"status":"OK"}')
        except _Refused as refused:
            return _http(refused.status, refused.body)

    async def _next(self) -> bytes:
        if not self.ready.done():
            self.ready.set_result(None)
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise ConnectionError("the environment is ended")
        return _http(
            "200 OK",
            event.payload,
            f"Lambda-Runtime-Aws-Request-Id: {event.request_id}\r\nLambda-Runtime-Deadline-Ms: {event.deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {event.arn}\r\n",
        )

    def _posted(self, path: str, error_type: str | None, body: bytes | None) -> None:
        if path == "init/error":
            if self.ready.done():
                raise _Refused("403 Forbidden", "InvalidStateTransition", "init is over")
            self.ready.set_result(Answer(body or b"", error_type or "Runtime.Unknown"))
            return
        _, request_id, kind = [*path.split("/"), "", ""][:3]
        if kind not in ("response", "error"):
            raise _Refused("404 Not Found", "NotFound", f"no POST {path}")
        if self._event is None or request_id != self._event.request_id:
            raise _Refused("400 Bad Request", "InvalidRequestID", "not the invocation in progress")
        if self._answer is None or self._answer.done():
            raise _Refused("403 Forbidden", "InvalidStateTransition", "the invocation is answered")
        if body is None:
            said = f"Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES} bytes)."
            error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": said}
            self._answer.set_result(Answer(json.dumps(error).encode(), error["errorType"]))
            raise _Refused("413 Request Entity Too Large", "RequestEntityTooLarge", said)
        self._answer.set_result(Answer(body, (error_type or "Runtime.Unknown") if kind == "error" else None))


async def _discard(reader: asyncio.StreamReader, size: int) -> None:
    while size > 0:
        size -= len(await reader.readexactly(min(size, 65_536)))


def _http(status: str, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode("latin-1") + body
