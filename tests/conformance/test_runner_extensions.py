"""The Extensions API with real extensions in layers: programs in Python and bash, in namespaces and without."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes.python import this_runtime
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, wait_for, zipped

pytestmark = needs.linux

EXTENSION = (
    f"#!{sys.executable}"
    + """
import json, os, sys, time, urllib.error, urllib.request
BASE = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
NAME = os.path.basename(sys.argv[0])
ID = {}

def ask(method, path, body=None, headers=None):
    request = urllib.request.Request(BASE + path, None if body is None else json.dumps(body).encode(), headers or ID, method=method)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, reply.headers, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())

def register(events, name=NAME, **headers):
    headers = {"Lambda-Extension-Name": name, **headers}
    status, answer, body = ask("POST", "/2020-01-01/extension/register", {"events": events}, headers)
    if status == 200:
        ID["Lambda-Extension-Identifier"] = answer["Lambda-Extension-Identifier"]
    return status, body

def following():
    return ask("GET", "/2020-01-01/extension/event/next")[2]

def say(*words):
    print(*words, flush=True)
"""
)
RUNTIME = (
    f"#!{sys.executable}"
    + """
import os, signal, sys, urllib.request
BASE = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
def ended(*_):
    print("runtime got SIGTERM", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
while True:
    with urllib.request.urlopen(BASE + "next") as event:
        print("handling", flush=True)
        where = BASE + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
        urllib.request.urlopen(urllib.request.Request(where, b'{"pid": %d}' % os.getpid())).close()
"""
)
APP = """
import os, sys, time
def handler(event, context):
    print("handling", flush=True)
    time.sleep(event.get("sleep", 0))
    if event.get("raise"):
        raise KeyError("k")
    return {"pid": os.getpid()}
"""


@pytest.fixture(params=["namespaces", "folders"])
def runner(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    if request.param == "namespaces":
        needs.namespaces()
    monkeypatch.setenv("LAMBDATUI_NAMESPACES", "1" if request.param == "namespaces" else "0")
    with served(tmp_path / "runner.db") as one:
        yield one


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "runner.db") as one:
        yield one


def deploy(runner: Served, extensions: dict[str, str], source: str = APP, **settings: Any) -> None:
    files: dict[str, str | bytes] = {
        f"extensions/{name}": body if body.startswith("#!/bin") else EXTENSION + body
        for name, body in extensions.items()
    }
    content = {"ZipFile": zipped(files, 0o755)}
    layer = runner.client.publish_layer_version(LayerName="extensions", Content=content)["LayerVersionArn"]
    code = {"ZipFile": zipped({"app.py": source, "bootstrap": RUNTIME}, 0o755)}
    given = {"Runtime": this_runtime(), "Handler": "app.handler", "Timeout": 20, "MemorySize": 256, **settings}
    runner.client.create_function(FunctionName="fn", Role=ROLE, Code=code, Layers=[layer], **given)


def call(runner: Served, event: object, **options: Any) -> tuple[Any, str | None]:
    reply = runner.client.invoke(FunctionName="fn", Payload=json.dumps(event).encode(), **options)
    return json.loads(reply["Payload"].read()), reply.get("FunctionError")


def line(runner: Served, start: str) -> str:
    """The first log event that begins so, once it is there."""
    return str(wait_for(lambda: next((one for one in runner.messages() if one.startswith(start)), None)))


def stop(runner: Served) -> None:
    """End all environments, as after being idle."""
    runner.wait(_stop(runner))


async def _stop(runner: Served) -> None:
    pools = runner.runner.fleet._pools.values()
    await asyncio.gather(*(environment.stop() for pool in pools for environment in list(pool.alive)))


def test_an_extension_lives_as_on_lambda(runner: Served) -> None:
    deploy(runner, {"watcher": """
say("registered", json.dumps(register(["INVOKE", "SHUTDOWN"], **{"Lambda-Extension-Accept-Feature": "accountId"})))
say("sees", sorted(name for name in os.environ if name in ("AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT")), os.getcwd())
while True:
    event = following()
    say("event", json.dumps(event))
    if event["eventType"] == "SHUTDOWN":
        break
"""}, Runtime="provided.al2023", Handler="app.handler")  # fmt: skip
    before_ms = time.time() * 1000
    answer, error = call(runner, {})
    assert (error, "pid" in answer) == (None, True)
    line(runner, "REPORT ")
    messages = runner.messages()
    assert json.loads(line(runner, "registered ")[11:]) == [
        200,
        {"functionName": "fn", "functionVersion": "$LATEST", "handler": "app.handler", "accountId": "000000000000"},
    ]
    assert "sees ['AWS_LAMBDA_FUNCTION_NAME'] /\n" in messages
    ready = messages.index("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n")
    begins = next(number for number, one in enumerate(messages) if one.startswith("START "))
    assert ready < begins
    event = json.loads(line(runner, "event ")[6:])
    assert (event["eventType"], event["requestId"]) == ("INVOKE", messages[begins].split()[2])
    assert event["invokedFunctionArn"].endswith(":function:fn")
    assert event["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert before_ms + 10_000 < event["deadlineMs"] < before_ms + 60_000
    stop(runner)
    ends = runner.messages()[len(messages) :]
    assert ends[0] == "runtime got SIGTERM\n"
    shutdown = json.loads(ends[1][6:])
    assert (shutdown["eventType"], shutdown["shutdownReason"]) == ("SHUTDOWN", "spindown")


def test_a_bash_extension_and_two_at_once(plain: Served) -> None:
    bash = """#!/bin/bash
id=$(curl -sS -D - -o /dev/null -H "Lambda-Extension-Name: ${0##*/}" -d '{"events": ["INVOKE"]}' \\
  "http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension/register" | grep -i lambda-extension-identifier | tr -d '\\r' | cut -d' ' -f2)
while true; do
  echo "bash $(curl -sS -H "Lambda-Extension-Identifier: $id" "http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension/event/next")"
done
"""
    deploy(plain, {"one.sh": bash, "two": "register([])\nfollowing()"})
    call(plain, {})
    assert json.loads(line(plain, "bash ")[5:])["eventType"] == "INVOKE"
    lines = [one for one in plain.messages() if one.startswith("EXTENSION")]
    assert lines == [
        "EXTENSION\tName: one.sh\tState: Ready\tEvents: [INVOKE]\n",
        "EXTENSION\tName: two\tState: Ready\tEvents: []\n",
    ]


def test_the_answer_comes_before_the_extensions_end_and_their_time_counts(plain: Served) -> None:
    deploy(plain, {"slow": "register(['INVOKE'])\nwhile True:\n    following()\n    time.sleep(0.8)\n"})
    first = call(plain, {})[0]["pid"]
    second = call(plain, {})[0]["pid"]
    assert first != second  # the first environment was busy with its extension
    wait_for(lambda: sum(one.startswith("REPORT") for one in plain.messages()) == 2)
    began = time.perf_counter()
    assert call(plain, {})[0]["pid"] in (first, second)
    answered_s = time.perf_counter() - began
    assert answered_s < 0.7
    wait_for(lambda: sum(one.startswith("REPORT") for one in plain.messages()) == 3)
    durations = [float(one.split("Duration: ")[1].split()[0]) for one in plain.messages() if one.startswith("REPORT")]
    assert min(durations) > 790
    # asked for the end of the log, the answer has all of it
    reply = plain.client.invoke(FunctionName="fn", Payload=b"{}", LogType="Tail")
    assert "REPORT RequestId" in base64.b64decode(reply["LogResult"]).decode()


@pytest.mark.parametrize(
    ("body", "error_type", "message", "state"),
    [
        ("sys.exit(3)", "Extension.Crash", "exit status 3", "Started\tEvents: []"),
        ("register(['INVOKE']); sys.exit(0)", "Extension.Crash", "exit code 0", "Registered\tEvents: [INVOKE]"),
        (
            "register([]); ask('POST', '/2020-01-01/extension/init/error', {}, {**ID, 'Lambda-Extension-Function-Error-Type': 'Extension.NoConfig'}); sys.exit(4)",
            "Extension.InitError",
            "exit status 4",
            "InitError\tEvents: []\tError Type: Extension.NoConfig",
        ),
        (
            "register([]); ask('POST', '/2020-01-01/extension/init/error', {}, {**ID, 'Lambda-Extension-Function-Error-Type': 'Extension.Stays'}); time.sleep(60)",
            "Extension.InitError",
            "Extension.Stays",
            "InitError\tEvents: []\tError Type: Extension.Stays",
        ),
    ],
)  # fmt: skip
def test_an_extension_that_fails_in_init(plain: Served, body: str, error_type: str, message: str, state: str) -> None:
    deploy(plain, {"bad": body})
    answer, error = call(plain, {})
    assert error == "Unhandled"
    assert answer["errorType"] == error_type
    assert answer["errorMessage"].endswith(f" Error: {message}")
    assert line(plain, "EXTENSION") == f"EXTENSION\tName: bad\tState: {state}\n"
    assert f"\tPhase: init\tStatus: error\tError Type: {error_type}\n" in line(plain, "INIT_REPORT")
    assert f"\tStatus: error\tError Type: {error_type}\t\n" in line(plain, "REPORT")


@pytest.mark.parametrize(
    ("mode", "text", "named"), [(0o644, "permission denied", "PermissionDenied"), (0o755, "exec format error", "UnknownError")]
)  # fmt: skip
def test_an_extension_that_cannot_be_started(runner: Served, mode: int, text: str, named: str) -> None:
    layer = {"ZipFile": zipped({"extensions/bad": "no program\n"}, mode)}
    arn = runner.client.publish_layer_version(LayerName="bad", Content=layer)["LayerVersionArn"]
    runner.create("fn", APP, Layers=[arn])
    answer, _ = call(runner, {})
    assert answer["errorType"] == "Extension.LaunchError"
    assert answer["errorMessage"].endswith(f" Error: fork/exec /opt/extensions/bad: {text}")
    assert line(runner, "EXTENSION") == f"EXTENSION\tName: bad\tState: LaunchError\tEvents: []\tError Type: {named}\n"


def test_an_extension_that_crashes_in_an_invocation_ends_the_environment(runner: Served) -> None:
    deploy(runner, {"bad": "register(['INVOKE', 'SHUTDOWN'])\nfollowing()\nsys.exit(7)"})
    answer, error = call(runner, {"sleep": 2})
    assert (error, answer["errorType"]) == ("Unhandled", "Extension.Crash")
    assert answer["errorMessage"].endswith(" Error: exit status 7")
    assert "\tStatus: error\tError Type: Extension.Crash\t\n" in line(runner, "REPORT")
    again, _ = call(runner, {"sleep": 2})
    assert again["errorType"] == "Extension.Crash"


def test_an_exit_error_ends_the_environment(plain: Served) -> None:
    deploy(plain, {"bad": """
register(['INVOKE', 'SHUTDOWN'])
following()
say(ask('POST', '/2020-01-01/extension/exit/error', {}, {**ID, 'Lambda-Extension-Function-Error-Type': 'Extension.Lost'}))
sys.exit(5)
"""})  # fmt: skip
    answer, _ = call(plain, {"sleep": 2})
    assert answer["errorType"] == "Extension.ExitError"
    assert "202" in line(plain, "(202")


def test_timeouts_and_failures_are_told(plain: Served) -> None:
    deploy(plain, {"watcher": """
register(['SHUTDOWN'])
event = following()
say('ends', event['eventType'], event['shutdownReason'], 0 < event['deadlineMs'] - time.time() * 1000 < 2001)
"""}, Timeout=1)  # fmt: skip
    answer, _ = call(plain, {"sleep": 5})
    assert answer["errorType"] == "Sandbox.Timedout"
    assert line(plain, "ends ") == "ends SHUTDOWN timeout True\n"


def test_an_extension_that_does_not_ask_again_times_the_invocation_out(plain: Served) -> None:
    deploy(plain, {"stuck": "register(['INVOKE', 'SHUTDOWN'])\nfollowing()\ntime.sleep(60)"}, Timeout=1)
    answer, error = call(plain, {})
    assert (error, "pid" in answer) == (None, True)  # it was answered in time
    assert "\tStatus: timeout\t\n" in line(plain, "REPORT")


def test_at_the_end_nobody_waits_longer_than_two_seconds(plain: Served) -> None:
    deploy(plain, {"deaf": "register(['SHUTDOWN'])\nwhile True:\n    following()\n    say('deaf')\n"})
    pid = call(plain, {})[0]["pid"]
    began = time.perf_counter()
    stop(plain)
    took_s = time.perf_counter() - began
    assert 1.5 < took_s < 6
    assert not Path(f"/proc/{pid}").exists()


def test_what_the_api_refuses(plain: Served) -> None:
    deploy(plain, {"bad": """
say(1, json.dumps(ask("POST", "/2020-01-01/extension/register", {"events": []}, {"X": "y"})[::2]))
say(2, json.dumps(register(["NOTHING"])))
say(3, json.dumps(ask("GET", "/2020-01-01/extension/event/next")[::2]))
say(4, json.dumps(ask("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": "x"})[::2]))
say(5, json.dumps(ask("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": "6a1c2f9c-3c34-4d44-9f3b-000000000000"})[::2]))
say(6, json.dumps(register(["INVOKE"])[0]))
say(7, json.dumps(register(["INVOKE"])))
say(8, json.dumps(ask("POST", "/2020-01-01/extension/init/error", {})[::2]))
say(9, json.dumps(ask("GET", "/2020-01-01/extension/nothing")[::2]))
following()
following()
"""})  # fmt: skip
    call(plain, {})
    told = {int(one[0]): json.loads(one[2:]) for one in plain.messages() if one[:1].isdigit()}
    assert told.pop(6) == 200
    kinds = {number: [status, body["errorType"]] for number, (status, body) in told.items()}
    assert kinds == {
        1: [403, "Extension.InvalidExtensionName"],
        2: [403, "Extension.InvalidEventType"],
        3: [403, "Extension.MissingExtensionIdentifier"],
        4: [403, "Extension.InvalidExtensionIdentifier"],
        5: [403, "Extension.UnknownExtensionIdentifier"],
        7: [403, "Extension.InvalidExtensionState"],
        8: [403, "Extension.MissingHeader"],
        9: [404, "NotFound"],
    }


INTERNAL = (
    EXTENSION.partition("\n")[2]
    + """
import threading
TOLD = [register(["SHUTDOWN"], "inner"), register(["INVOKE"], "inner"), register(["INVOKE"], "inner")]
EVENTS = []
def watch():
    while True:
        EVENTS.append(following()["eventType"])
threading.Thread(target=watch, daemon=True).start()
def handler(event, context):
    late = register(["INVOKE"], "late")
    time.sleep(0.1)
    return {"told": [(status, body.get("errorType")) for status, body in [*TOLD, late]], "events": EVENTS}
"""
)


def test_an_internal_extension(plain: Served) -> None:
    plain.create("fn", INTERNAL, Timeout=20)
    answer, error = call(plain, {})
    assert error is None, answer
    assert answer["told"] == [
        [403, "Extension.InvalidEventType"],
        [200, None],
        [403, "Extension.InvalidExtensionState"],
        [403, "Extension.RegistrationClosed"],
    ]
    assert answer["events"] == ["INVOKE"]
    assert line(plain, "EXTENSION") == "EXTENSION\tName: inner\tState: Ready\tEvents: [INVOKE]\n"


def test_ten_extensions_are_the_most(plain: Served) -> None:
    deploy(plain, {f"e{number:02d}": "register([])\nfollowing()" for number in range(11)})
    answer, _ = call(plain, {})
    assert answer["errorType"] == "Extension.LaunchError"
    lines = [one for one in plain.messages() if one.startswith("EXTENSION\tName: e10")]
    assert lines[0] == "EXTENSION\tName: e10\tState: LaunchError\tEvents: []\tError Type: TooManyExtensions\n"


def test_memory_of_extensions_counts(plain: Served) -> None:
    deploy(plain, {"big": "register(['INVOKE'])\nheld = bytearray(90 << 20)\nheld[::4096] = b'x' * len(held[::4096])\nwhile True:\n    following()\n"})  # fmt: skip
    call(plain, {"sleep": 0.2})
    used = int(line(plain, "REPORT").split("Max Memory Used: ")[1].split()[0])
    assert 90 < used < 250
