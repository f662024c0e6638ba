"""``lambdatui runner serve`` as a program: its address, its token, one server a log, and the commands beside it."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.support import needs
from tests.support.command_line import PROGRAM
from tests.support.runner_server import client

pytestmark = needs.linux


def program(path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    whole = [*PROGRAM, "runner", *arguments, "--runner-db", str(path)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(
        "import os\ndef handler(e, c):\n    print('hi', e)\n    return os.getpid()\n"
    )
    return tmp_path / "runner.db"


@pytest.fixture
def url(path: Path) -> Iterator[str]:
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(path), "--time-scale", "60"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def deploy(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    source = str(path.parent / "src")
    return program(path, "deploy", source, "--name", "fn", "--handler", "app.handler", *more)


def test_events_are_accepted_one_after_another_where_nothing_serves(path: Path) -> None:
    assert deploy(path).returncode == 0
    for _ in range(3):
        accepted = program(path, "invoke", "fn", "--type", "Event")
        assert (accepted.returncode, "accepted: request" in accepted.stderr) == (0, True)


def test_commands_speak_to_the_server_that_there_is(path: Path, url: str) -> None:
    assert deploy(path, "--reserved", "3", "--dlq", (path.parent / "dead").as_uri(), "--retries", "1").returncode == 0
    api = client("lambda", url)
    assert api.get_function(FunctionName="fn")["Concurrency"] == {"ReservedConcurrentExecutions": 3}
    assert api.get_function_event_invoke_config(FunctionName="fn")["MaximumRetryAttempts"] == 1
    first = program(path, "invoke", "fn", "--log")
    assert first.returncode == 0
    assert "hi {}" in first.stderr
    # The same environment: it is the server's, not one of this command.
    assert program(path, "invoke", "fn").stdout == first.stdout
    assert json.loads(api.invoke(FunctionName="fn")["Payload"].read()) == int(first.stdout)
    assert program(path, "invoke", "fn", "--type", "DryRun").returncode == 0
    assert "accepted: request" in program(path, "invoke", "fn", "--type", "Event").stderr
    added = program(path, "trigger", "fn", "--schedule", "cron(0 3 ? * MON#1 *)")
    assert added.returncode == 0
    assert "MON#1" in program(path, "trigger", "--list").stdout
    assert program(path, "trigger", "--remove", added.stdout.strip()).returncode == 0
    assert program(path, "trigger", "--list").stdout == ""
    assert program(path, "trigger", "fn", "--schedule", "cron(0 3 * * MON *)").returncode == 1
    assert program(path, "trigger", "fn").returncode == 2
    assert program(path, "trigger", "fn", "--sns", "hello").returncode == 0
    second = program(path, "serve")
    assert second.returncode == 1
    assert f"a runner serves {path} already, on {url}" in second.stderr
    assert program(path, "remove", "fn").returncode == 0
    assert program(path, "invoke", "fn").returncode == 1


def test_triggers_need_a_running_runner(path: Path) -> None:
    assert deploy(path).returncode == 0
    refused = program(path, "trigger", "fn", "--schedule", "rate(1 minute)")
    assert (refused.returncode, "runner serve" in refused.stderr) == (1, True)


def test_others_are_served_with_a_token_only(path: Path) -> None:
    refused = program(path, "serve", "--host", "0.0.0.0")
    assert refused.returncode == 1
    assert "give a token too" in refused.stderr
    command = [*PROGRAM, "runner", "serve", "--runner-db", str(path)]
    process = subprocess.Popen(
        [*command, "--host", "0.0.0.0", "--token", "secret"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip().replace("0.0.0.0", "127.0.0.1")
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client("lambda", url).list_functions()
        import boto3

        with_token = boto3.client(
            "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="secret", aws_secret_access_key="x"
        )
        assert with_token.list_functions()["Functions"] == []
        assert program(path, "list").returncode == 0
        assert deploy(path).returncode == 0  # the command line knows the token of its own server
    finally:
        process.terminate()
        process.wait()
    assert b"secret" not in path.read_bytes()
