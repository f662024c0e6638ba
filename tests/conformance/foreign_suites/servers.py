"""The servers of a run: the runner, moto_server for the services beside it, and the router in front of both."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .router import Router

_START_S = 60.0


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(python: Path, account: str, folder: Path) -> Iterator[int]:
    """The router's port, while the three servers run. ``python`` has moto; logs and the runner's file go to ``folder``.

    ``account`` is the number of the account for which both servers stand.
    """
    ports = router_port, runner_port, moto_port = free_port(), free_port(), free_port()
    endpoint = f"http://127.0.0.1:{router_port}"
    runner = [
        *(sys.executable, "-m", "lambdatui", "runner", "serve", "--no-token", "--port", str(runner_port)),
        *("--endpoint-url", endpoint, "--runner-db", str(folder / "runner.db")),
    ]
    moto = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(moto_port)]
    environment = {
        **os.environ,
        "MOTO_ACCOUNT_ID": account,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with contextlib.ExitStack() as stack:
        for name, command in (("runner", runner), ("moto", moto)):
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
            stack.callback(_end, process)
        for port in ports[1:]:
            _await_listener(port)
        reads_logs = _is_answered(runner_port, "Logs_20140328.DescribeLogGroups", "logs")
        router = Router(router_port, runner_port, moto_port, lambda: _forget_all(runner_port), logs=reads_logs)
        stack.callback(router.close)
        yield router_port


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _await_listener(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}: see the logs of the run")


def _signed(service: str, region: str) -> str:
    scope = f"test/20260101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def _call(port: int, method: str, path: str, region: str = "us-east-1") -> dict[str, Any]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    request.add_header("Authorization", _signed("lambda", region))
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:
        document: dict[str, Any] = json.loads(answer.read() or b"{}")
        return document
    return {}


def _is_answered(port: int, target: str, service: str) -> bool:
    """Whether the runner answers an operation of another service than Lambda."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", b"{}", method="POST")
    request.add_header("Authorization", _signed(service, "us-east-1"))
    request.add_header("X-Amz-Target", target)
    request.add_header("Content-Type", "application/x-amz-json-1.1")
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=30):
        return True
    return False


_REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1")


def _forget_all(port: int) -> None:
    """Delete the runner's functions, mappings and layers: between two of its tests moto's suite resets its server."""
    for region in _REGIONS:
        for mapping in _call(port, "GET", "/2015-03-31/event-source-mappings", region).get("EventSourceMappings", ()):
            _call(port, "DELETE", f"/2015-03-31/event-source-mappings/{mapping['UUID']}", region)
        while functions := _call(port, "GET", "/2015-03-31/functions", region).get("Functions"):
            for function in functions:
                _call(port, "DELETE", f"/2015-03-31/functions/{function['FunctionName']}", region)
        for layer in _call(port, "GET", "/2018-10-31/layers", region).get("Layers", ()):
            versions = _call(port, "GET", f"/2018-10-31/layers/{layer['LayerName']}/versions", region)
            for version in versions.get("LayerVersions", ()):
                _call(port, "DELETE", f"/2018-10-31/layers/{layer['LayerName']}/versions/{version['Version']}", region)
