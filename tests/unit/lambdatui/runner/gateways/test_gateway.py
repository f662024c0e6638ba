"""One port that answers HTTP: what clients get where there is no answer, and streams."""

import http.client
import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lambdatui.runner.gateways.kinds import FUNCTION_URL, GatewayKind
from lambdatui.runner.gateways.ports import free_port
from lambdatui.runner.triggers.http_api import HttpApi
from lambdatui.runner.triggers.load_balancer import LoadBalancer
from lambdatui.runner.triggers.rest_api import RestApi
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
KINDS = {"url": FUNCTION_URL, "http-api": HttpApi.gateway, "rest-api": RestApi.gateway, "alb": LoadBalancer.gateway}

# A program of one's own that streams what the path asks for.
STREAMER = f"""#!{sys.executable}
import json, os, socket, urllib.request
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
base = f"http://{{host}}:{{port}}/2018-06-01/runtime/invocation/"
PRELUDE = "application/vnd.awslambda.http-integration-response"

def stream(request_id, content_type, chunks, error=None):
    with socket.create_connection((host, int(port))) as s:
        s.sendall(f"POST /2018-06-01/runtime/invocation/{{request_id}}/response HTTP/1.1\\r\\nHost: localhost\\r\\n"
                  f"Content-Type: {{content_type}}\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\n"
                  "Transfer-Encoding: chunked\\r\\n\\r\\n".encode())
        for chunk in chunks:
            s.sendall(b"%x\\r\\n%b\\r\\n" % (len(chunk), chunk))
        trailer = f"Lambda-Runtime-Function-Error-Type: {{error}}\\r\\n" if error else ""
        s.sendall(b"0\\r\\n" + trailer.encode() + b"\\r\\n")
        s.recv(1000)

while True:
    with urllib.request.urlopen(base + "next") as answer:
        request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.loads(answer.read())
    path = event["rawPath"]
    head = json.dumps({{"statusCode": 202, "headers": {{"X-A": "b", "Connection": "x"}}, "cookies": ["a=1", "b=2"]}}).encode()
    if path == "/plain":
        stream(request_id, "text/plain", [b"one,", b"two"])
    elif path == "/prelude":
        stream(request_id, PRELUDE, [head[:10], head[10:] + b"\\0" * 5, b"\\0" * 3 + b"body", b" and more"])
    elif path == "/wrong":
        stream(request_id, PRELUDE, [b"no prelude" + b"\\0" * 8 + b"body"])
    elif path == "/breaks":
        stream(request_id, "text/plain", [b"half"], error="Broken")
    elif path == "/much":
        stream(request_id, "text/plain", [b"x" * 100_000] * 200)
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("gateways") / "runner.db") as one:
        yield one


def open_port(runner: Served, kind: GatewayKind, name: str, settings: dict[str, Any] | None = None) -> int:
    port = free_port()

    async def on_the_loop() -> None:
        assert runner.runner.gateways is not None
        runner.runner.gateways.open_port(f"test:{port}", kind, name, port, settings)

    runner.wait(on_the_loop())
    return port


def get(port: int, path: str = "/", body: bytes | None = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET" if body is None else "POST", path, body)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("kind", "throttled", "failed"),
    [("url", 429, 502), ("http-api", 503, 500), ("rest-api", 500, 502), ("alb", 503, 502)],
)
def test_throttles_and_functions_that_are_gone(runner: Served, kind: str, throttled: int, failed: int) -> None:
    runner.create("few", "def handler(e, c): return 1")
    port = open_port(runner, KINDS[kind], "few")
    runner.client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=0)
    status, headers, body = get(port)
    assert (status, body.decode()) == KINDS[kind].throttled == (throttled, body.decode())
    assert headers["content-type"] == ("text/html" if kind == "alb" else "application/json")
    runner.client.delete_function(FunctionName="few")
    assert get(port)[0] == failed


def test_a_gateway_waits_only_so_long(runner: Served) -> None:
    runner.create("slow", "import time\ndef handler(e, c): time.sleep(1.5); print('went on')", Timeout=5)
    port = open_port(runner, replace(RestApi.gateway, limit_s=0.2), "slow")
    assert get(port)[::2] == (504, b'{"message": "Endpoint request timed out"}')
    for _ in range(100):
        if "went on\n" in runner.messages():
            break
        time.sleep(0.05)
    assert "went on\n" in runner.messages()


def test_a_request_that_is_too_large(runner: Served) -> None:
    runner.create("small", "def handler(e, c): return 1")
    port = open_port(runner, FUNCTION_URL, "small")
    assert get(port, "/", b"x" * 6_291_457)[::2] == (413, b'{"message":"Request Too Long"}')


def test_an_event_that_cannot_be_made_is_a_failure(runner: Served, capfd: pytest.CaptureFixture[str]) -> None:
    runner.create("fine", "def handler(e, c): return 1")

    def broken(*_: object, **__: object) -> dict[str, Any]:
        raise KeyError("path")

    port = open_port(runner, replace(FUNCTION_URL, event=broken), "fine")
    assert get(port)[0] == 502
    assert "lambdatui runner: fine: KeyError('path')" in capfd.readouterr().err


def test_a_port_that_is_taken_is_reported(runner: Served, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        async def on_the_loop() -> None:
            assert runner.runner.gateways is not None
            runner.runner.gateways.open_port("taken", FUNCTION_URL, "fn", port)
            runner.runner.gateways.close_port("taken")

        runner.wait(on_the_loop())
    assert f"port {port} of fn cannot be had" in capfd.readouterr().err


@pytest.fixture(scope="module")
def streaming(runner: Served) -> int:
    code = {"ZipFile": zipped({"bootstrap": STREAMER}, mode=0o755)}
    runner.client.create_function(
        FunctionName="streams", Runtime="provided.al2023", Handler="x", Role=ROLE, Code=code, Timeout=30
    )
    return open_port(runner, FUNCTION_URL, "streams", {"InvokeMode": "RESPONSE_STREAM"})


def test_streams_and_their_preludes(streaming: int, capfd: pytest.CaptureFixture[str]) -> None:
    status, headers, body = get(streaming, "/plain")
    assert (status, headers["content-type"], body) == (200, "text/plain", b"one,two")
    status, headers, body = get(streaming, "/prelude")
    assert (status, headers["x-a"], headers.get_all("set-cookie"), body) == (
        *(202, "b", ["a=1", "b=2"], b"body and more"),
    )
    assert headers["connection"] is None
    assert get(streaming, "/wrong")[::2] == (502, b"body")
    assert "the prelude of a streamed response cannot be read" in capfd.readouterr().err


def test_a_stream_that_breaks_ends_in_the_middle(streaming: int) -> None:
    with pytest.raises(http.client.IncompleteRead):
        get(streaming, "/breaks")


def test_a_client_that_reads_slowly_gets_all_of_it(streaming: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", streaming, timeout=30)
    connection.request("GET", "/much")
    time.sleep(0.5)  # the buffers between fill: the function is held back
    assert connection.getresponse().read() == b"x" * 20_000_000


def test_binary_bodies_and_answers(runner: Served) -> None:
    runner.create(
        "body",
        "def handler(e, c): return {'statusCode': 200, 'body': e['body'], 'isBase64Encoded': e['isBase64Encoded']}",
    )
    for kind in ("url", "rest-api", "alb"):
        port = open_port(runner, KINDS[kind], "body")
        assert get(port, "/", b"\xff\x00\xfe")[::2] == (200, b"\xff\x00\xfe")  # text that is no UTF-8


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("{'statusCode': 200, 'body': {'a': 1}, 'multiValueHeaders': {'X-A': [1, True], 'Set-Cookie': ['a=1']}}", 200),
        ("{'statusCode': 99}", 502),
        ("{'statusCode': 200, 'body': '%', 'isBase64Encoded': True}", 502),
        ("{'statusCode': 200, 'headers': ['x']}", 502),
        ("[1]", 502),
    ],
)
def test_answers_of_format_1(runner: Served, answer: str, status: int) -> None:
    runner.create("formed", f"def handler(e, c): return {answer}")
    try:
        got, headers, body = get(open_port(runner, RestApi.gateway, "formed"))
        assert got == status
        if status == 200:
            assert (headers["x-a"], headers["set-cookie"], json.loads(body)) == ("1,true", "a=1", {"a": 1})
    finally:
        runner.client.delete_function(FunctionName="formed")
