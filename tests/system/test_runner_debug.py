"""``lambdatui runner invoke --debug``: the function waits for a debugger, and then has all the time that it needs."""

import base64
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from lambdatui.runner.functions import Deployment, RunnerError
from lambdatui.runner.runtimes import python as python_runtime
from lambdatui.runner.runtimes.node import node_runtime
from lambdatui.runner.runtimes.python import this_runtime
from lambdatui.runner.runtimes.registry import runtime_of
from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import wait_for

pytestmark = needs.linux

# As much of debugpy as the runner uses: it listens, and waits until somebody connects and says "go".
DEBUGPY = """
import socket
def listen(address):
    global listening
    listening = socket.create_server(address)
    return listening.getsockname()
def wait_for_client():
    connection, _ = listening.accept()
    connection.recv(2)
"""
APP = """
import sys, time
from debugpy import listening
def handler(event, context):
    time.sleep(1.2)
    return [sys.argv, context.get_remaining_time_in_millis() > 900_000, [p for p in sys.path if "debugpy" in p], __file__]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "src" / "debugpy").mkdir(parents=True)
    (tmp_path / "src" / "debugpy" / "__init__.py").write_text(DEBUGPY)
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "src" / "index.js").write_text("exports.handler = async (event) => process.execArgv;\n")
    return tmp_path / "runner.db"


def deploy(path: Path, *more: str) -> None:
    command = [*PROGRAM, "runner", "deploy", str(path.parent / "src"), "--name", "fn", "--runner-db", str(path), *more]
    subprocess.run(command, check=True, timeout=60, capture_output=True)


@contextmanager
def debugged(path: Path, *more: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The command, and its stderr up to the line that says how VS Code attaches."""
    command = [*PROGRAM, "runner", "invoke", "fn", "--debug", "--runner-db", str(path), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        lines: list[str] = []
        while not lines or "launch.json" not in lines[-1]:
            lines.append(process.stderr.readline())
            assert lines[-1], "".join(lines)
        yield process, "".join(lines)
    finally:
        process.kill()
        process.communicate()


def launch_configuration(told: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(next(line for line in told.splitlines() if line.startswith('  {"name"')))
    return found


def test_python_waits_for_debugpy_and_has_no_timeout(path: Path) -> None:
    deploy(path, "--handler", "app.handler", "--timeout-s", "1", "--memory-mb", "128")
    with debugged(path, "--debug-port", "0") as (process, told):
        configuration = launch_configuration(told)
        assert configuration["type"] == "debugpy"
        [mapping] = configuration["pathMappings"]  # type: ignore[misc]
        assert mapping["localRoot"] == str(path.parent / "src")
        port = configuration["connect"]["port"]  # type: ignore[index]
        assert process.poll() is None
        assert "START RequestId" not in told
        with socket.create_connection(("127.0.0.1", port)) as debugger:
            debugger.sendall(b"go")
            out, rest = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    [program], has_time, search_path, file = json.loads(out)
    assert file == f"{mapping['remoteRoot']}/app.py"
    assert "debugpy" not in program
    assert (has_time, search_path) == (True, [])
    assert rest.index("START RequestId") < rest.index("REPORT RequestId")


def test_a_warm_invocation_does_not_wait_again(path: Path) -> None:
    (path.parent / "src" / "app.py").write_text("import os\ndef handler(event, context):\n    return os.getpid()\n")
    deploy(path, "--handler", "app.handler")
    with debugged(path, "--debug-port", "0", "--payload", "1", "--payload", "2") as (process, told):
        port = launch_configuration(told)["connect"]["port"]  # type: ignore[index]
        with socket.create_connection(("127.0.0.1", port)) as debugger:
            debugger.sendall(b"go")
            out, _ = process.communicate(timeout=60)
    first, second = out.split()
    assert first == second


def inspector(port: int) -> socket.socket:
    """A connection to Node.js's inspector, over which it was told to go on."""
    with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=20) as answer:
        [target] = json.load(answer)
    connection = socket.create_connection(("127.0.0.1", port))
    path = target["webSocketDebuggerUrl"].partition(f":{port}")[2]
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    while b"\r\n\r\n" not in connection.recv(65_536):
        pass
    for number, method in enumerate(("Runtime.enable", "Debugger.enable", "Runtime.runIfWaitingForDebugger"), 1):
        body = json.dumps({"id": number, "method": method}).encode()
        connection.sendall(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)  # a masked frame of text; the mask is 0
    body = json.dumps({"id": 9, "method": "Debugger.resume"}).encode()
    wait_for(lambda: b"Debugger.paused" in connection.recv(65_536))
    connection.sendall(bytes([0x81, 0x80 | len(body)]) + bytes(4) + body)
    return connection


@pytest.mark.skipif(node_runtime() is None, reason="needs Node.js")
def test_node_waits_for_its_inspector(path: Path) -> None:
    deploy(path, "--handler", "index.handler", "--runtime", str(node_runtime()))
    with debugged(path, "--debug-port", "0") as (process, told):
        configuration = launch_configuration(told)
        assert (configuration["type"], configuration["continueOnAttach"]) == ("node", True)
        port = configuration["port"]
        assert isinstance(port, int)
        with inspector(port):
            out, rest = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert json.loads(out) == [f"--inspect-brk=127.0.0.1:{port}"]


def test_ctrl_c_ends_the_waiting_and_the_process(path: Path) -> None:
    deploy(path, "--handler", "app.handler")
    with debugged(path, "--debug-port", "0") as (process, told):
        port = launch_configuration(told)["connect"]["port"]  # type: ignore[index]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130

    def is_free() -> bool:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True

    wait_for(is_free)


def refused(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [*PROGRAM, "runner", "invoke", "fn", "--runner-db", str(path), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_port_that_is_taken_is_told(path: Path) -> None:
    deploy(path, "--handler", "app.handler")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = refused(path, "--debug", "--debug-port", str(port))
    assert (answer.returncode, f"port {port} cannot be used" in answer.stderr) == (1, True)
    assert "give another --debug-port" in answer.stderr


def test_options_that_contradict_each_other(path: Path) -> None:
    assert refused(path, "--debug-port", "5000").returncode == 2
    assert refused(path, "--debug", "--type", "Event").returncode == 2


def test_a_program_of_the_functions_own_cannot_be_debugged(path: Path) -> None:
    deploy(path, "--runtime", "provided.al2023")
    answer = refused(path, "--debug")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "attach one by its process id" in answer.stderr


def test_without_debugpy_it_is_said_what_to_install(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_runtime, "output_of", lambda _: "")
    deployment = Deployment("fn", str(path.parent), "app.handler", this_runtime(), debug_port=5678)
    with pytest.raises(RunnerError, match="-m pip install debugpy, or put it beside the function"):
        runtime_of(deployment.runtime).debug_command(deployment)


def test_debugpy_of_the_interpreter_and_of_a_layer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = path.parent / "layer"
    (path.parent / "src" / "debugpy").rename((layer / "python").mkdir(parents=True) or layer / "python" / "debugpy")
    source = str(path.parent / "src")
    with_layer = Deployment("fn", source, "app.handler", this_runtime(), layers=(str(layer),), debug_port=5678)
    assert str(layer / "python") in runtime_of(with_layer.runtime).debug_command(with_layer)
    monkeypatch.setenv("PYTHONPATH", str(layer / "python"))
    without = Deployment("fn", source, "app.handler", this_runtime(), debug_port=5678)
    assert str(layer / "python") in runtime_of(without.runtime).debug_command(without)
