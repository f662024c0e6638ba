"""Who reaches the runner's ports: Host headers of other sites, web pages, and other users of the machine."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from lambdatui.runner.gateways.kinds import FUNCTION_URL
from lambdatui.runner.gateways.ports import free_port
from lambdatui.runner.http import admission
from lambdatui.runner.http.admission import host_allowed, host_of, peer_uid
from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import Served, client, served

pytestmark = needs.linux

NOBODY = 65_534
LIST = "/2015-03-31/functions/"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("admission") / "runner.db") as one:
        one.create(
            "fn", "def handler(e, c):\n    return 1\n", Environment={"Variables": {"KEY": "canary-of-variables"}}
        )
        yield one


def asked(
    port: int, lines: list[str], *, method: str = "GET", path: str = LIST, body: bytes = b""
) -> tuple[int, bytes]:
    """The status and the rest of an answer to raw lines of a request."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        head = [f"{method} {path} HTTP/1.1", *lines, "Connection: close", f"Content-Length: {len(body)}", "", ""]
        connection.sendall("\r\n".join(head).encode("latin-1") + body)
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    return int(answer.split(b" ", 2)[1]), answer


FOREIGN = [
    "evil.example", "evil.example:9001", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.1.evil.example:80",
    "localhost@evil.example", "evil.example#localhost", "evil.example/localhost", "127.1", "2130706433", "0x7f000001",
    "0.0.0.0", "[::]", "[::ffff:8.8.8.8]", "127.0.0.2", "10.0.0.1", "localhost, evil.example", "localhost evil.example",
    "", "localhost:80:90", "localhost:x", ":9001", "[::1", "evil.example.localhost", "xn--localhost-", "l\xf6calhost",
    "localhost\t.evil",
]  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_reads_nothing(runner: Served, host: str) -> None:
    status, answer = asked(runner.port, [f"Host: {host}"], path=f"{LIST}fn")
    assert status in (400, 403), answer
    assert b"canary-of-variables" not in answer


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"{LIST}fn/configuration"), ("POST", f"{LIST}fn/invocations"), ("DELETE", f"{LIST}fn"), ("HEAD", LIST),
     ("GET", "/_lambdatui/status"), ("POST", "/_lambdatui/add"), ("PUT", f"{LIST}fn/code"), ("OPTIONS", LIST),
     ("POST", "/2014-11-13/functions/fn/invoke-async"), ("POST", "/2021-11-15/functions/fn/response-streaming-invocations"),
     ("GET", "/nothing"), ("PATCH", "/"), ("GET", "/2018-10-31/layers")],
)  # fmt: skip
@pytest.mark.parametrize(
    "lines",
    [["Host: evil.example"], [], ["Host: localhost", "Host: evil.example"], ["Host: evil.example", "Host: localhost"],
     ["Host: localhost", "Host: localhost"], ["Host: evil.example", "X-Forwarded-Host: localhost"]],
)  # fmt: skip
def test_every_route_and_method_is_guarded(runner: Served, method: str, path: str, lines: list[str]) -> None:
    assert asked(runner.port, lines, method=method, path=path, body=b"{}")[0] in (400, 403)
    assert asked(runner.port, ["Host: localhost"])[0] == 200  # and it is all there still


def test_an_absolute_target_does_not_name_another_host(runner: Served) -> None:
    assert asked(runner.port, ["Host: localhost"], path=f"http://evil.example{LIST}")[0] in (400, 403)


def test_a_body_of_a_refused_request_is_not_kept_or_waited_for(runner: Served) -> None:
    assert asked(runner.port, ["Host: evil.example"], method="POST", body=b"x" * 2_000_000)[0] == 403
    assert asked(runner.port, ["Host: evil.example", "Expect: 100-continue"], method="POST")[0] == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:65535", "localhost:"]
)
def test_loopback_names_are_served_whatever_the_port(runner: Served, host: str) -> None:
    assert asked(runner.port, [f"Host: {host}"])[0] == 200


def test_web_pages_are_refused(runner: Served) -> None:
    for header in ("Origin: http://localhost:3000", "Origin: null", "Sec-Fetch-Site: same-site"):
        assert asked(runner.port, ["Host: localhost", header])[0] == 403


def test_names_of_the_host_header() -> None:
    assert host_of("Localhost:80") == "localhost"
    assert host_of("[::1]:80") == "[::1]"
    assert host_of(None) is host_of("a,b") is host_of("a b") is host_of("a/b") is host_of("u@a") is None
    assert host_allowed("box.example", {"box.example"})
    assert host_allowed("192.168.1.5", here="192.168.1.5")
    assert not host_allowed("192.168.1.6", here="192.168.1.5")
    assert not host_allowed("box.example", here="192.168.1.5")


def test_function_urls_are_guarded_and_stay_open_to_pages(runner: Served) -> None:
    url = runner.client.create_function_url_config(FunctionName="fn", AuthType="NONE")["FunctionUrl"]
    port = int(url.rstrip("/").rpartition(":")[2])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    assert asked(port, ["Host: localhost", "Origin: http://localhost:3000"], path="/")[0] == 200
    assert asked(port, ["Host: evil.example"], path="/")[0] == 403
    assert asked(port, [], path="/")[0] == 400


# --- users


@contextmanager
def serve(path: Path, *more: str) -> Iterator[str]:
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(path), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def told(path: Path) -> dict[str, Any]:
    file = path.with_name("runner.functions") / ".serving"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found: dict[str, Any] = json.loads(file.read_text())
    return found


AS_NOBODY = """
import encodings.idna, os, sys, urllib.request, urllib.error
urllib.request.build_opener()
os.setgid(65534); os.setuid(65534)
request = urllib.request.Request(sys.argv[1], headers=dict(pair.split('=', 1) for pair in sys.argv[2:]))
try:
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as refused:
    print(refused.status)
"""


def as_nobody(url: str, *headers: str) -> int:
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, url, *headers], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@needs.root
def test_another_user_needs_the_token_and_we_do_not(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with serve(path) as url:
        token = told(path)["token"]
        assert len(token) >= 24
        assert client("lambda", url).list_functions()["Functions"] == []
        assert as_nobody(url + LIST) == 403
        assert as_nobody(url + "/_lambdatui/status") == 403
        assert as_nobody(url + LIST, "Authorization=Bearer wrong") == 403
        assert as_nobody(url + LIST, "Authorization=Bearer ") == 403
        assert as_nobody(url + LIST, f"Authorization=Bearer {token}") == 200
        signed = f"AWS4-HMAC-SHA256 Credential={token}/20261130/us-east-1/lambda/aws4_request, SignedHeaders=host"
        assert as_nobody(url + LIST, f"Authorization={signed}") == 200
    with serve(path, "--no-token") as url:
        assert told(path)["token"] is None
        assert as_nobody(url + LIST) == 200


@needs.root
def test_function_urls_and_the_runtime_api_are_not_for_another_user(runner: Served) -> None:
    code = "import os\ndef handler(e, c):\n    return os.environ['AWS_LAMBDA_RUNTIME_API']\n"
    runner.create("where", code)
    where = json.loads(runner.client.invoke(FunctionName="where")["Payload"].read())
    assert as_nobody(f"http://{where}/2018-06-01/runtime/invocation/next") == 403
    url = runner.client.create_function_url_config(FunctionName="where", AuthType="NONE")["FunctionUrl"]
    assert urllib.request.urlopen(url).status == 200
    assert as_nobody(url) == 403


def test_an_explicit_token_is_asked_of_everybody(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with serve(path, "--token", "sixteen-letters-") as url:
        with pytest.raises(HTTPError, match="403"):
            urllib.request.urlopen(url + LIST)
        request = urllib.request.Request(url + LIST, headers={"Authorization": "Bearer sixteen-letters-"})
        assert urllib.request.urlopen(request).status == 200


def test_other_names_are_served_where_they_are_given(tmp_path: Path) -> None:
    with serve(tmp_path / "runner.db", "--allow-host", "Runner.Test") as url:
        port = int(url.rpartition(":")[2])
        assert asked(port, ["Host: runner.test:9001"])[0] == 200
        assert asked(port, ["Host: a.runner.test"])[0] == 403


@pytest.mark.parametrize("sandboxed", [False, True])
def test_the_kernel_tells_whose_a_connection_is(sandboxed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if sandboxed:
        monkeypatch.setattr(admission, "_owner_by_netlink", _no_netlink)
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as listening:
            try:
                listening.bind((address, 0))
            except OSError:
                continue  # no IPv6 here
            listening.listen()
            with socket.create_connection(listening.getsockname()[:2]) as ours:
                taken, peer = listening.accept()
                here = taken.getsockname()
                assert peer_uid(peer[:2], here[:2]) == os.geteuid()
                assert peer_uid((peer[0], peer[1] ^ 1), here[:2]) is None
                ours.close()  # listed with user 0 from now on, and taken for nobody's
                assert peer_uid(peer[:2], here[:2]) is None
                taken.close()
    assert peer_uid(("8.8.8.8", 1), ("127.0.0.1", 2)) is None


def _no_netlink(*_: object) -> None:
    raise OSError("no sock_diag here")


def test_a_port_listens_when_its_url_is_told(runner: Served) -> None:
    """On the runner's own loop, so that nothing of it goes on between the two."""

    async def told_and_tried() -> None:
        gateways, port = runner.runner.gateways, free_port()
        assert gateways is not None
        gateways.open_port("test", FUNCTION_URL, "fn", port)
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        finally:
            gateways.close_port("test")

    runner.wait(told_and_tried())
