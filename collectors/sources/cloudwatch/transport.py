"""Sends requests: each call has a deadline, services that hang are not called again, answers are decompressed.

Each of botocore's timeouts covers a single wait for the network, and a call is tried five times: a body that trickles
in, a host with many addresses or a name that is never resolved takes far longer. Here a call, its retries included but
not the pauses between them, has ``CALL_S`` seconds. A call that hung is not retried, and an operation that hangs is not
called again until the next collection: everything else is read, and what is missing is reported and due the next time.
"""

import queue
import socket
import ssl
import threading
import time
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

from botocore import awsrequest, httpsession
from botocore import exceptions as boto

from collectors.model.errors import CaughtError

CALL_S = 15.0
_LARGEST_BYTES = 256 << 20  # of one answer, decompressed; AWS's are 6 MB at most


class Hung(boto.BotoCoreError, CaughtError):
    """No answer within the deadline. Not a ConnectionError of botocore's, which would be tried again."""

    fmt = "{host} did not answer within {seconds:g} s"


class Spared(boto.BotoCoreError, CaughtError):
    """The request was not sent: its service hung, or could not be reached, before in this collection."""

    fmt = "{host} did not answer before, and is not asked again in this collection"


class Breaker:
    """Which operations of one service hung in a collection, and are not tried again in it.

    An operation that hangs before it has ever answered is not tried again; one that has answered may hang once, as
    happens now and then. Where a service has hung twice, or hung before any answer, none of its operations is tried.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begins another collection: everything is tried again."""
        with self._lock:
            self._answered: set[str] = set()
            self._hung: set[str] = set()
            self._hangs = 0
            self._unreachable = False

    def answered(self, operation: str) -> None:
        """Notes that the operation answered: it may hang once from now on."""
        if operation not in self._answered:
            with self._lock:
                self._answered.add(operation)

    def hung(self, operation: str) -> None:
        """Notes that the operation did not answer in time."""
        with self._lock:
            self._hangs += 1
            if operation not in self._answered:
                self._hung.add(operation)
            if not self._answered:
                self._unreachable = True

    def unreachable(self) -> None:
        """Notes that the service accepts no connection, even after retries."""
        self._unreachable = True

    def refuses(self, operation: str) -> bool:
        """Whether the operation is not tried any more in this collection."""
        return self.open or operation in self._hung

    @property
    def open(self) -> bool:
        """Whether nothing at all is tried any more."""
        return self._unreachable or self._hangs > 1


class _Call:
    """A request that is being sent. Its answer or error is put into ``came``; ``end`` ends it from outside."""

    def __init__(self, session: Any, request: Any) -> None:
        self._session = session
        self._request = request
        self.socket: socket.socket | None = None
        self.came: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run(self) -> None:
        _here.call = self
        try:
            response = self._session.send(self._request)
            if response.status_code >= 300:
                _ = response.content  # of a stream, too: what went wrong is read whole
            self.came.put((response, None))
        except BaseException as error:
            self.came.put((None, error))
        finally:
            _here.call = None

    def end(self) -> None:
        """Closes the socket, which wakes the thread that waits for it."""
        if self.socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


_here = threading.local()


class _Sender(threading.Thread):
    """A thread that sends requests for others, so that they need not wait longer than they want: resolving a name
    cannot be interrupted.
    """

    idle: ClassVar["list[_Sender]"] = []  # of the whole process; list's append and pop are atomic

    def __init__(self) -> None:
        super().__init__(name="lambdatui-sender", daemon=True)
        self.calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while (call := self.calls.get()) is not None:
            call.run()

    @classmethod
    def free(cls) -> "_Sender":
        with suppress(IndexError):
            return cls.idle.pop()
        return cls()


class _Watched:
    """Mixin for an HTTP connection: tells the call that uses it which socket it waits for."""

    sock: socket.socket | None

    def request(self, *args: Any, **named: Any) -> Any:
        done = super().request(*args, **named)  # type: ignore[misc]
        call: _Call | None = getattr(_here, "call", None)
        if call is not None:
            call.socket = self.sock
        return done


class _HTTPConnection(_Watched, awsrequest.AWSHTTPConnection):  # type: ignore[misc]
    pass


class _HTTPSConnection(_Watched, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(awsrequest.AWSHTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(awsrequest.AWSHTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


@lru_cache
def _tls() -> ssl.SSLContext:
    """A TLS context for all clients: each holds the certificates of all authorities, 0.7 MB, and a region has eight
    clients.

    botocore's settings are equal for every client of this process, and OpenSSL's contexts are thread-safe.
    """
    made: ssl.SSLContext = httpsession.create_urllib3_context()
    return made


class Transport:
    """A client's HTTP session, which replaces botocore's own."""

    def __init__(self, session: Any, call_s: float, breaker: Breaker) -> None:
        self._session = session
        self._call_s = call_s
        self._breaker = breaker
        pools = getattr(session, "_pool_classes_by_scheme", None)
        if isinstance(pools, dict):
            pools.update(http=_HTTPPool, https=_HTTPSPool)
        settings = getattr(getattr(session, "_manager", None), "connection_pool_kw", None)
        if isinstance(settings, dict) and "ssl_context" in settings:
            settings["ssl_context"] = _tls()
        self._now = threading.local()

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def listen(self, client: Any) -> None:
        """Replaces the session by which ``client`` sends."""
        client._endpoint.http_session = self
        events = client.meta.events
        events.register_first("before-call", self._begin)
        events.register_first("before-send", self._admit)
        events.register("after-call-error", self._failed)

    def _begin(self, **_: object) -> None:
        self._now.left_s = self._call_s

    def _admit(self, event_name: str, request: Any, **_: object) -> None:
        self._now.operation = operation = event_name.rpartition(".")[2]
        if self._breaker.refuses(operation):
            raise Spared(host=urlsplit(request.url).netloc)

    def _failed(self, exception: BaseException, **_: object) -> None:
        if isinstance(exception, boto.EndpointConnectionError | boto.ProxyConnectionError):
            self._breaker.unreachable()

    def send(self, request: Any) -> Any:
        """The response, its body read and decompressed. Raises Hung, and what botocore's session raises."""
        operation = getattr(self._now, "operation", "")
        left_s = getattr(self._now, "left_s", self._call_s)
        began = time.monotonic()
        sender, call = _Sender.free(), _Call(self._session, request)
        sender.calls.put(call)
        came = False
        try:
            response, error = call.came.get(timeout=max(left_s, 0.001))
            came = True
        except queue.Empty:
            self._breaker.hung(operation)
            raise Hung(host=urlsplit(request.url).netloc, seconds=self._call_s) from None
        finally:
            self._now.left_s = left_s - (time.monotonic() - began)
            if came:
                _Sender.idle.append(sender)
            else:
                sender.calls.put(None)
                call.end()
        if isinstance(error, boto.ReadTimeoutError | boto.ConnectTimeoutError):
            self._breaker.hung(operation)
            raise Hung(host=urlsplit(request.url).netloc, seconds=self._call_s) from error
        if error is not None:
            raise error
        self._breaker.answered(operation)
        return decompressed(response)


def decompressed(response: Any) -> Any:
    """The response with its body decompressed. AWS sends none compressed; proxies add ``Content-Encoding``.

    A body shorter than its Content-Length is left as it is, for the parser to report. Raises botocore's
    ConnectionClosedError, which is retried, where a body is not encoded as its header says.
    """
    encodings = str(response.headers.get("Content-Encoding") or "").lower().replace(",", " ").split()
    encodings = [each for each in encodings if each != "identity"]
    if not encodings or response._content is None:
        return response
    body, length = response._content, response.headers.get("Content-Length")
    if length is not None and str(length).isdigit() and len(body) < int(length):
        return response
    for encoding in reversed(encodings):
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise boto.ConnectionClosedError(endpoint_url=response.url, error=f"unknown encoding {encoding[:40]}")
        try:
            body = _inflated(body, zlib.MAX_WBITS | 16 if "gzip" in encoding else zlib.MAX_WBITS)
        except zlib.error as fault:
            raise boto.ConnectionClosedError(endpoint_url=response.url, error=fault) from fault
    response._content = body
    del response.headers["Content-Encoding"]
    response.headers["Content-Length"] = str(len(body))
    return response


def _inflated(body: bytes, bits: int) -> bytes:
    """All members of a compressed body. Raises zlib.error, also where it is cut or larger than any answer is."""
    parts, size = [], 0
    while body:
        stream = zlib.decompressobj(bits)
        try:
            part = stream.decompress(body, _LARGEST_BYTES - size)
        except zlib.error:
            if bits != zlib.MAX_WBITS:
                raise
            bits = -zlib.MAX_WBITS  # "deflate" without its header, as some send it
            continue
        if not stream.eof:
            raise zlib.error("a compressed answer is cut, or too large")
        parts.append(part)
        size += len(part)
        body = stream.unused_data.lstrip(b"\0")
    return b"".join(parts)
