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


def get(
    port: int, path: str = "/", body: bytes | None = None, headers: dict[str, str] | None = None, method: str = ""
) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    ("kind", "throttled", "gone"),
    [("url", 429, 403), ("http-api", 503, 500), ("rest-api", 500, 500), ("alb", 503, 502)],
)
def test_throttles_and_functions_that_are_gone(runner: Served, kind: str, throttled: int, gone: int) -> None:
    runner.create("few", "def handler(e, c): return 1")
    port = open_port(runner, KINDS[kind], "few")
    runner.client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=0)
    status, headers, body = get(port)
    assert (status, body.decode()) == KINDS[kind].throttled == (throttled, body.decode())
    assert headers["content-type"] == ("text/html" if kind == "alb" else "application/json")
    runner.client.delete_function(FunctionName="few")
    assert get(port)[0] == gone


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


ECHO = "import json\ndef handler(e, c): return {'statusCode': 200, 'body': json.dumps(e)}"


def echoed(port: int, *args: Any, **more: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(get(port, *args, **more)[2])
    return event


@pytest.fixture(scope="module")
def echo_ports(runner: Served) -> dict[str, int]:
    runner.create("echo", ECHO)
    return {kind: open_port(runner, gateway, "echo") for kind, gateway in KINDS.items()}


def test_binary_bodies_and_answers(runner: Served) -> None:
    runner.create(
        "body",
        "def handler(e, c): return {'statusCode': 200, 'body': e['body'], 'isBase64Encoded': e['isBase64Encoded']}",
    )
    images = RestApi().gateway_of({"binary_media_types": ["image/*"]})
    image = {"Content-Type": "image/png", "Accept": "image/webp, */*"}
    for kind in (FUNCTION_URL, HttpApi.gateway, LoadBalancer.gateway, images):
        port = open_port(runner, kind, "body")
        assert get(port, "/", b"\xff\x00\xfe", image)[::2] == (200, b"\xff\x00\xfe")  # text that is no UTF-8
    assert get(open_port(runner, images, "body"), "/", b"\xff", {"Content-Type": "image/png"})[2] == b"/w=="
    assert get(open_port(runner, images, "body"), "/", b"a\xff", {"Content-Type": "x/y"})[2].decode() == "a\ufffd"


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        ("text/plain", False),
        ("application/json; charset=utf-8", False),
        ("application/vnd.api+json", False),
        ("application/xml", False),
        ("application/x-www-form-urlencoded", True),
        ("multipart/form-data; boundary=x", True),
        ("image/png", True),
    ],
)
def test_which_bodies_are_base64(echo_ports: dict[str, int], content_type: str, encoded: bool) -> None:
    for kind in ("url", "http-api", "alb"):
        event = echoed(echo_ports[kind], "/", b"a=1", {"Content-Type": content_type})
        assert (kind, event["isBase64Encoded"], event["body"]) == (kind, encoded, "YT0x" if encoded else "a=1")
    event = echoed(echo_ports["rest-api"], "/", b"a=1", {"Content-Type": content_type})
    assert (event["isBase64Encoded"], event["body"]) == (False, "a=1")  # the API has no binary media types
    zipped_text = {"Content-Type": content_type, "Content-Encoding": "gzip"}
    assert echoed(echo_ports["alb"], "/", b"a=1", zipped_text)["isBase64Encoded"]


def test_every_front_tells_who_called_and_the_trace(echo_ports: dict[str, int]) -> None:
    sent = {"X-Forwarded-For": "10.1.2.3", "X-Amzn-Trace-Id": "Root=1-00000001-000000000000000000000001", "tEsT": "v"}
    for kind, port in echo_ports.items():
        event = echoed(port, "/", None, sent)
        headers = {name.lower(): value for name, value in event["headers"].items()}
        assert headers["x-forwarded-for"] == "10.1.2.3, 127.0.0.1"
        assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == (str(port), "http")
        assert headers["x-amzn-trace-id"] == sent["X-Amzn-Trace-Id"]
        assert "connection" not in headers
        assert headers["test"] == "v"
        assert ("tEsT" in event["headers"]) == (kind == "rest-api")
    assert echoed(echo_ports["url"])["headers"]["x-amzn-trace-id"].startswith("Root=1-")
    assert echoed(echo_ports["url"])["requestContext"]["accountId"] == "anonymous"


def test_load_balancers_pass_paths_and_queries_as_they_came(runner: Served, echo_ports: dict[str, int]) -> None:
    event = echoed(echo_ports["alb"], "/a%20b?x=%20y%2F&x=a+b&%26=1&empty=")
    assert event["path"] == "/a%20b"
    assert event["queryStringParameters"] == {"x": "a+b", "%26": "1", "empty": ""}
    lists = open_port(runner, LoadBalancer().gateway_of({"multi_value_headers": True}), "echo")
    event = echoed(lists, "/?x=%20y&x=2", None, {"X-A": "1"})
    assert event["multiValueQueryStringParameters"] == {"x": ["%20y", "2"]}
    assert (event["multiValueHeaders"]["x-a"], "headers" in event) == (["1"], False)
    event = echoed(echo_ports["rest-api"], "/a%20b?x=%20y&x=2")
    assert (event["path"], event["pathParameters"]) == ("/a%20b", {"proxy": "a b"})
    assert event["queryStringParameters"] == {"x": "2"}


def test_every_answer_has_its_request_id(runner: Served, echo_ports: dict[str, int]) -> None:
    runner.create("raises", "def handler(e, c): raise ValueError('x')")
    names = {"url": "x-amzn-RequestId", "http-api": "apigw-requestid", "rest-api": "x-amzn-RequestId"}
    for kind, name in names.items():
        _, headers, body = get(echo_ports[kind])
        assert headers[name] == json.loads(body)["requestContext"]["requestId"]
        assert get(open_port(runner, KINDS[kind], "raises"))[1][name]
    _, headers, _ = get(echo_ports["url"])
    assert [one for one in runner.messages() if headers["x-amzn-RequestId"] in one and one.startswith("END")]


def test_a_function_url_says_internal_server_error(runner: Served) -> None:
    status, headers, body = get(open_port(runner, FUNCTION_URL, "raises"))
    assert (status, body, headers["content-length"]) == (502, b"Internal Server Error", "21")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        ("{'a': 'b'}", b'{"a":"b"}'),
        ("['a', 3, True]", b'["a",3,true]'),
        ("'a'", b"a"),
        ("3.1", b"3.1"),
        ("None", b"null"),
    ],
)
def test_values_are_the_body_of_a_function_url(runner: Served, answer: str, body: bytes) -> None:
    runner.create("value", f"def handler(e, c): return {answer}")
    try:
        status, headers, got = get(open_port(runner, FUNCTION_URL, "value"))
        assert (status, headers["content-type"], got) == (200, "application/json", body)
    finally:
        runner.client.delete_function(FunctionName="value")


def test_pages_that_a_function_url_admits(runner: Served, echo_ports: dict[str, int]) -> None:
    settings = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "ExposeHeaders": ["x-b"], "MaxAge": 5}
    port = open_port(runner, FUNCTION_URL, "echo", {"Cors": settings | {"AllowCredentials": True}})
    page = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    status, headers, body = get(port, "/", None, page, "OPTIONS")
    assert (status, body, headers["access-control-allow-methods"]) == (200, b"", "GET")
    assert headers["access-control-max-age"] == "5"
    _, headers, body = get(port, "/", None, {"Origin": "https://a.example"})
    assert (headers["access-control-allow-origin"], headers["vary"]) == ("https://a.example", "Origin")
    assert (headers["access-control-expose-headers"], headers["access-control-allow-credentials"]) == ("x-b", "true")
    for other in (page | {"Origin": "https://b.example"}, page | {"Access-Control-Request-Method": "PUT"}):
        status, headers, body = get(port, "/", None, other, "OPTIONS")
        assert (status, body, headers["access-control-allow-origin"]) == (200, b"", None)


def test_a_url_for_signed_requests(runner: Served, echo_ports: dict[str, int]) -> None:
    port = open_port(runner, FUNCTION_URL, "echo", {"AuthType": "AWS_IAM"})
    status, headers, body = get(port)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden. For troubleshooting")
    signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/lambda/aws4_request, Signature=x"
    for event in (
        echoed(port, "/", None, {"Authorization": signed}),
        echoed(port, "/?X-Amz-Credential=AKID%2F20260101&X-Amz-Signature=x"),
    ):
        assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKID"


def test_a_streaming_url_passes_on_what_a_function_returns(runner: Served, echo_ports: dict[str, int]) -> None:
    port = open_port(runner, FUNCTION_URL, "echo", {"InvokeMode": "RESPONSE_STREAM"})
    status, _, body = get(port)
    assert (status, json.loads(body)["statusCode"]) == (200, 200)


def test_a_load_balancer_takes_a_megabyte(runner: Served, echo_ports: dict[str, int]) -> None:
    status, headers, body = get(echo_ports["alb"], "/", b"x" * ((1 << 20) + 1))
    assert (status, headers["content-type"], b"<h1>413" in body) == (413, "text/html", True)
    runner.create("large", "def handler(e, c): return {'statusCode': 200, 'body': 'x' * (1 << 20)}")
    assert get(open_port(runner, KINDS["alb"], "large"))[0] == 502
    assert get(open_port(runner, KINDS["rest-api"], "large"))[0] == 200


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("{'statusCode': 200, 'body': 'b', 'multiValueHeaders': {'X-A': [1, True], 'Set-Cookie': ['a=1']}}", 200),
        ("{'body': 'b', 'headers': {'x-a': True}, 'multiValueHeaders': {'X-A': [1], 'Set-Cookie': ['a=1']}}", 200),
        ("{'statusCode': '200', 'body': None}", 200),
        ("{}", 502),
        ("{'statusCode': 200, 'body': {'a': 1}}", 502),
        ("{'statusCode': 200, 'wrong': 1}", 502),
        ("{'statusCode': 200, 'multiValueHeaders': {'x': 'y'}}", 502),
        ("{'statusCode': 99}", 502),
        ("{'statusCode': 200, 'headers': ['x']}", 502),
        ("[1]", 502),
    ],
)
def test_answers_of_format_1(runner: Served, answer: str, status: int) -> None:
    runner.create("formed", f"def handler(e, c): return {answer}")
    try:
        got, headers, body = get(open_port(runner, RestApi.gateway, "formed"))
        assert got == status
        if "X-A" in answer:
            assert (headers["x-a"], headers["set-cookie"], body) == ("1,true", "a=1", b"b")
    finally:
        runner.client.delete_function(FunctionName="formed")


def test_a_wrong_base64_is_a_failure_where_it_is_decoded(runner: Served) -> None:
    runner.create("wrong64", "def handler(e, c): return {'statusCode': 200, 'body': '%', 'isBase64Encoded': True}")
    assert get(open_port(runner, FUNCTION_URL, "wrong64"))[0] == 502
    assert get(open_port(runner, RestApi.gateway, "wrong64"))[::2] == (200, b"%")
