"""The HTTP server on raw sockets: order, limits, and what is no HTTP."""

import json
import socket
import sys
from collections.abc import Iterator

import pytest

from collectors.model.units import MINUTE_MS
from tests.support.runner_server import Served, served

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
INVOKE = b"POST /2015-03-31/functions/echo/invocations HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("http") / "runner.db") as one:
        one.create("echo", "import time\ndef handler(e, c): time.sleep(e.get('s', 0)); return e")
        yield one


def exchange(runner: Served, *pieces: bytes, until: bytes = b"") -> bytes:
    """What comes back for ``pieces``, until the server closes, or ``until`` came."""
    with socket.create_connection((runner.host, runner.port), timeout=20) as client:
        received = b""
        try:
            for piece in pieces:
                client.sendall(piece)
            while not (until and until in received) and (got := client.recv(65_536)):
                received += got
        except (ConnectionResetError, BrokenPipeError):
            pass
        return received


def call(body: bytes, *headers: bytes) -> bytes:
    return INVOKE + b"".join(one + b"\r\n" for one in headers) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_pipelined_requests_are_answered_in_order(runner: Served) -> None:
    requests = [call(json.dumps({"n": n, "s": 0.2 if n == 0 else 0}).encode()) for n in range(3)]
    received = exchange(runner, b"".join([*requests, call(b'{"last": 1}', b"Connection: close")]))
    assert [line for line in received.split(b"\r\n") if line.startswith(b'{"n"')] == [
        *(b'{"n": 0, "s": 0.2}', b'{"n": 1, "s": 0}', b'{"n": 2, "s": 0}'),
    ] or received.index(b'{"n": 0') < received.index(b'{"n": 1') < received.index(b'{"n": 2')
    assert received.endswith(b'{"last": 1}')


def test_chunked_bodies_and_expectations(runner: Served) -> None:
    head = INVOKE + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    received = exchange(runner, head, b'4\r\n{"a"\r\n', b"4\r\n: 1}\r\n0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert received.endswith(b'{"a": 1}')


def test_an_unknown_host_is_refused_before_its_body(runner: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: evil.example\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    received = exchange(runner, head)
    assert received.startswith(b"HTTP/1.1 403 ")
    assert b"x-amzn-ErrorType: AccessDeniedException" in received
    assert exchange(runner, b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_head_has_no_body(runner: Served) -> None:
    received = exchange(runner, b"HEAD /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n"
        + b"X-A: "
        + b"x" * MINUTE_MS
        + b"\r\n" * 1
        + b"X-B: "
        + b"x" * 1_200_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ids=["target", "headers", "upgrade"],
)
def test_what_is_too_long_or_another_protocol_is_closed(runner: Served, request_: bytes) -> None:
    received = exchange(runner, request_ + b"\r\n\r\n")
    assert not received.startswith(b"HTTP/1.1 2")
    assert exchange(runner, call(b'{"alive": 1}', b"Connection: close")).endswith(b'{"alive": 1}')


def test_a_body_without_an_end_is_not_read_forever(runner: Served) -> None:
    head = b"POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000000\r\n\r\n"
    received = exchange(runner, head, *[b"x" * (1 << 20)] * 80, until=b"RequestTooLargeException")
    assert b"HTTP/1.1 413 " in received or received == b""
    refused = b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 200000000\r\n\r\n"
    received = exchange(runner, refused, *[b"x" * (1 << 20)] * 80, until=b"AccessDenied")
    assert b"HTTP/1.1 403 " in received or received == b""
    assert exchange(runner, call(b'{"alive": 1}', b"Connection: close")).endswith(b'{"alive": 1}')


def test_repeated_headers_are_joined(runner: Served) -> None:
    assert exchange(runner, call(b"{}", b"Host: localhost", b"Connection: close")).startswith(b"HTTP/1.1 400 ")
