"""An HTTP/1.1 server for loopback: asyncio protocols with httptools, without a task for each connection.

An ``App`` is called when a request is complete, and answers it now or later. Bodies may be chunked, with trailers
(which Lambda's response streaming needs); answers are written whole or streamed. httptools is uvicorn's parser;
``benchmarks/runner.py`` compares this server with aiohttp.
"""

import asyncio
import json
import socket
import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote

import httptools

from lambdatui.runner.http.admission import Admission, Refusal, TokenNeeded, peer_uid

Headers = Mapping[str, str]
_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_MOST_READ_BYTES = 64 << 20  # of a refused body that are read, so that the client reads the answer
_HEADER_BYTES = 64 << 10
_BUFFER_BYTES = 1 << 20


class App(Protocol):
    """Answers whole requests; ``began`` gets each when its headers are there, and may set ``on_chunk``."""

    body_bytes: int
    """The largest body that is passed on; a larger one is dropped, and ``Request.too_large`` is set."""

    keeps_header_names: bool
    """Whether requests have ``header_names``."""

    admission: Admission
    """Which requests it gets; the server refuses the others."""

    def began(self, request: "Request") -> None:
        """Called when the headers are there; may set ``request.on_chunk``, to get the body as it comes."""

    def received(self, request: "Request") -> None:
        """Called when the request is complete: answer it, now or later."""

    def lost(self, request: "Request") -> None:
        """Called when the connection ended before ``request`` was answered, or before it was complete."""


class Request:
    """One request, and the way to answer it. Header names are lower case.

    ``header_names`` are names and values as they came, for an app that ``keeps_header_names``.
    """

    __slots__ = (
        "_chunked",
        "_connection",
        "answered",
        "body",
        "chunks",
        "header_names",
        "headers",
        "keep_alive",
        "method",
        "on_chunk",
        "path",
        "query",
        "refusal",
        "size",
        "state",
        "target",
        "too_large",
        "trailers",
        "whole",
    )

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._chunked = False
        self.answered = False
        self.method = ""
        self.target = ""
        self.path = ""
        self.query = ""
        self.headers: dict[str, str] = {}
        self.header_names: list[tuple[str, str]] = []
        self.trailers: dict[str, str] = {}
        self.chunks: list[bytes] = []
        self.body = b""
        self.size = 0
        self.too_large = False
        self.whole = False
        self.keep_alive = True
        self.refusal: Refusal | None = None
        self.on_chunk: Callable[[bytes], None] | None = None
        self.state: Any = None

    @property
    def peer(self) -> str:
        """The client's address."""
        name = self._connection.transport.get_extra_info("peername")
        return str(name[0]) if name else "127.0.0.1"

    @property
    def port(self) -> int:
        """The port to which the client connected."""
        name = self._connection.transport.get_extra_info("sockname")
        return int(name[1]) if name else 0

    @property
    def here(self) -> str:
        """The local address to which the client connected."""
        name = self._connection.transport.get_extra_info("sockname")
        return str(name[0]) if name else ""

    @property
    def uid(self) -> int | None:
        """The user of this machine whose process sent the request; None when nobody can tell."""
        return self._connection.uid

    def respond(
        self, status: int, body: bytes = b"", headers: Headers | None = None, content_type: str = "application/json"
    ) -> None:
        """Write a whole answer. Does nothing when the client is gone or was answered already."""
        if self.answered or self._connection.gone:
            return
        self.answered = True
        head = [_LINES.get(status) or f"HTTP/1.1 {status} \r\n"]
        if status != 204:
            head.append(f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n")
        if headers:
            head.extend(f"{name}: {value}\r\n" for name, value in headers.items())
        if not self.keep_alive:
            head.append("Connection: close\r\n")
        head.append("\r\n")
        data = "".join(head).encode("latin-1", "replace")
        self._connection.write(data + body if status != 204 and self.method != "HEAD" else data)
        self._connection.answered(self)

    def json(self, status: int, document: object, headers: Headers | None = None) -> None:
        """Write a whole answer, a JSON document."""
        self.respond(status, json.dumps(document).encode(), headers)

    def start(self, status: int, headers: Headers) -> None:
        """Begin a streamed answer: ``write`` its chunks, then ``end`` it."""
        self.answered = self._chunked = True
        head = (_LINES.get(status) or f"HTTP/1.1 {status} \r\n") + "Transfer-Encoding: chunked\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        self._connection.write(head.encode("latin-1", "replace"))

    def write(self, chunk: bytes) -> None:
        """Write a piece of a streamed answer."""
        if chunk and not self._connection.gone:
            self._connection.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    def end(self) -> None:
        """End a streamed answer."""
        self._connection.write(b"0\r\n\r\n")
        self._connection.answered(self)

    def abort(self) -> None:
        """Close the connection before the answer's end: only this tells the client that a streamed answer failed."""
        self.keep_alive = False
        self._connection.close()

    @property
    def gone(self) -> bool:
        """Whether the connection has ended."""
        return self._connection.gone

    @property
    def behind(self) -> bool:
        """Whether the client reads more slowly than the server writes."""
        return self._connection.paused

    def pause(self) -> None:
        """Read no more of this request's connection until ``resume``."""
        if not self._connection.gone:
            self._connection.transport.pause_reading()

    def resume(self) -> None:
        """Read on after ``pause``."""
        if not self._connection.gone:
            self._connection.transport.resume_reading()

    def when_drained(self, then: Callable[[], None]) -> None:
        """Call ``then`` once, when the client has read what was written."""
        self._connection.on_drained = then


class Answering(ABC):
    """An ``App`` that answers each request in a task of its own, when its body is there."""

    keeps_header_names = False

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def began(self, request: Request) -> None:  # noqa: B027
        """Do nothing until the body is there."""

    def lost(self, request: Request) -> None:  # noqa: B027
        """Do nothing when the caller hangs up: Lambda finishes the invocation too."""

    def received(self, request: Request) -> None:
        """Begin to answer, in a task."""
        task = asyncio.get_running_loop().create_task(self._serve(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @abstractmethod
    async def _serve(self, request: Request) -> None:
        """Answer one request."""


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._app = server.app
        self._parser = httptools.HttpRequestParser(self)
        self._request: Request | None = None
        self._waiting: deque[Request] = deque()  # complete requests, answered in order after the current
        self._current: Request | None = None
        self._header_bytes = 0
        self.uid: int | None = None
        self.gone = False
        self.paused = False
        self.on_drained: Callable[[], None] | None = None

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_BUFFER_BYTES)
        if self._app.admission.needed is TokenNeeded.BY_OTHERS:
            # Asked at once: when a caller has hung up, the kernel does not know any more whose socket it was.
            peer, here = map(transport.get_extra_info, ("peername", "sockname"))
            self.uid = peer_uid(peer[:2], here[:2]) if peer and here else None
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.gone = True
        self._server.connections.discard(self)
        for request in (self._current, *self._waiting, self._request):
            if request is not None and request.refusal is None and not (request.answered and request.whole):
                self._app.lost(request)
        self._current = self._request = None
        self._waiting.clear()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.close()
        except httptools.HttpParserError as error:
            if not self.gone:
                body = json.dumps({"Type": "User", "message": f"that is not HTTP: {error}"}).encode()
                self.write(
                    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
                    b"x-amzn-RequestId: %b\r\nContent-Length: %d\r\n\r\n%b"
                    % (str(uuid.uuid4()).encode(), len(body), body)
                )
                self.close()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        then, self.on_drained = self.on_drained, None
        if then is not None:
            then()

    # --- httptools

    def on_message_begin(self) -> None:
        self._request = Request(self)
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        assert self._request is not None
        self._request.target += url.decode("latin-1")
        if len(self._request.target) > _HEADER_BYTES:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        request = self._request
        assert request is not None
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > 2 * _HEADER_BYTES + (1 << 20):  # an X-Ray cause alone may take a megabyte
            self.close()
            return
        headers = request.trailers if request.method else request.headers
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
        if self._app.keeps_header_names:
            request.header_names.append((name.decode("latin-1"), text))

    def on_headers_complete(self) -> None:
        request = self._request
        assert request is not None
        request.method = self._parser.get_method().decode("latin-1")
        request.keep_alive = self._parser.should_keep_alive()
        path, _, request.query = request.target.partition("?")
        request.path = unquote(path) if "%" in path else path
        request.refusal = self._app.admission.refusal(request)
        if request.refusal is not None:
            request.keep_alive = False
            if "expect" in request.headers:
                self._complete(request)
            return
        if "expect" in request.headers and request.headers["expect"].lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._app.began(request)

    def on_body(self, chunk: bytes) -> None:
        request = self._request
        if request is None:
            return  # it is answered already
        request.size += len(chunk)
        if request.refusal is not None:
            if request.size > _MOST_READ_BYTES:
                self._complete(request)
        elif request.on_chunk is not None:
            request.on_chunk(chunk)
        elif request.size > self._app.body_bytes:
            request.too_large = True
            request.chunks.clear()
            if request.size > _MOST_READ_BYTES:
                request.keep_alive = False
                self._complete(request)
        else:
            request.chunks.append(chunk)

    def on_message_complete(self) -> None:
        if self._request is not None:
            self._complete(self._request)

    # --- order

    def _complete(self, request: Request) -> None:
        self._request = None
        request.whole = True
        request.body = request.chunks[0] if len(request.chunks) == 1 else b"".join(request.chunks)
        request.chunks.clear()
        if self._current is None:
            self._take(request)
        else:
            self._waiting.append(request)

    def _take(self, request: Request) -> None:
        self._current = request
        if (refusal := request.refusal) is not None:
            body = {"Type": "User", "message": refusal.message}
            headers = {"x-amzn-ErrorType": refusal.code, "x-amzn-RequestId": str(uuid.uuid4())}
            request.json(refusal.status, body, headers)
        else:
            self._app.received(request)

    def answered(self, request: Request) -> None:
        if request is not self._current:
            if self._current is None or request.whole:
                return
            self._current = None  # answered before it came whole
        if not request.keep_alive or self._server.closing:
            self.close()
            return
        self._current = None
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        if self._current is None and self._waiting and not self.gone:
            self._take(self._waiting.popleft())

    def write(self, data: bytes) -> None:
        if not self.gone:
            self.transport.write(data)

    def close(self) -> None:
        if not self.gone:
            self.transport.close()


class Server:
    """One listening port and its connections."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.closing = False
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0, backlog: int = 1024) -> tuple[str, int]:
        """Listen; returns the address. Raises OSError when the port is not available."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=backlog)
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def take(self, listening: socket.socket) -> None:
        """Serve on a socket that is listening already."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), sock=listening)
        if self.closing:
            self._server.close()

    def close(self) -> None:
        """Stop listening, and close all connections."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.transport.abort()
