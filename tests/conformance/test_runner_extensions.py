"""The Extensions API with real extensions in layers: programs in Python and bash, in namespaces and without."""

import base64
import json
import time
from pathlib import Path

import pytest

from tests.support import needs
from tests.support.extensions import APP, EXTENSION, call, deploy, line, stop
from tests.support.runner_server import Served, wait_for, zipped

pytestmark = needs.linux


def test_an_extension_lives_as_on_lambda(runner_either_way: Served) -> None:
    deploy(runner_either_way, {"watcher": """
say("registered", json.dumps(register(["INVOKE", "SHUTDOWN"], **{"Lambda-Extension-Accept-Feature": "accountId"})))
say("sees", sorted(name for name in os.environ if name in ("AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT")), os.getcwd())
while True:
    event = following()
    say("event", json.dumps(event))
    if event["eventType"] == "SHUTDOWN":
        break
"""}, Runtime="provided.al2023", Handler="app.handler")  # fmt: skip
    before_ms = time.time() * 1000
    answer, error = call(runner_either_way, {})
    assert (error, "pid" in answer) == (None, True)
    line(runner_either_way, "REPORT ")
    messages = runner_either_way.messages()
    assert json.loads(line(runner_either_way, "registered ")[11:]) == [
        200,
        {"functionName": "fn", "functionVersion": "$LATEST", "handler": "app.handler", "accountId": "000000000000"},
    ]
    assert "sees ['AWS_LAMBDA_FUNCTION_NAME'] /\n" in messages
    ready = messages.index("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n")
    begins = next(number for number, one in enumerate(messages) if one.startswith("START "))
    assert ready < begins
    event = json.loads(line(runner_either_way, "event ")[6:])
    assert (event["eventType"], event["requestId"]) == ("INVOKE", messages[begins].split()[2])
    assert event["invokedFunctionArn"].endswith(":function:fn")
    assert event["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert before_ms + 10_000 < event["deadlineMs"] < before_ms + 60_000
    stop(runner_either_way)
    ends = runner_either_way.messages()[len(messages) :]
    assert ends[0] == "runtime got SIGTERM\n"
    shutdown = json.loads(ends[1][6:])
    assert (shutdown["eventType"], shutdown["shutdownReason"]) == ("SHUTDOWN", "spindown")


def test_a_bash_extension_and_two_at_once(fresh_runner: Served) -> None:
    bash = """#!/bin/bash
id=$(curl -sS -D - -o /dev/null -H "Lambda-Extension-Name: ${0##*/}" -d '{"events": ["INVOKE"]}' \\
  "http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension/register" | grep -i lambda-extension-identifier | tr -d '\\r' | cut -d' ' -f2)
while true; do
  echo "bash $(curl -sS -H "Lambda-Extension-Identifier: $id" "http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension/event/next")"
done
"""
    deploy(fresh_runner, {"one.sh": bash, "two": "register([])\nfollowing()"})
    call(fresh_runner, {})
    assert json.loads(line(fresh_runner, "bash ")[5:])["eventType"] == "INVOKE"
    lines = [one for one in fresh_runner.messages() if one.startswith("EXTENSION")]
    assert lines == [
        "EXTENSION\tName: one.sh\tState: Ready\tEvents: [INVOKE]\n",
        "EXTENSION\tName: two\tState: Ready\tEvents: []\n",
    ]


def test_the_answer_comes_before_the_extensions_end_and_their_time_counts(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"slow": "register(['INVOKE'])\nwhile True:\n    following()\n    time.sleep(0.8)\n"})
    first = call(fresh_runner, {})[0]["pid"]
    second = call(fresh_runner, {})[0]["pid"]
    assert first != second  # the first environment was busy with its extension
    wait_for(lambda: sum(one.startswith("REPORT") for one in fresh_runner.messages()) == 2)
    began = time.perf_counter()
    assert call(fresh_runner, {})[0]["pid"] in (first, second)
    answered_s = time.perf_counter() - began
    assert answered_s < 0.7
    wait_for(lambda: sum(one.startswith("REPORT") for one in fresh_runner.messages()) == 3)
    durations = [
        float(one.split("Duration: ")[1].split()[0]) for one in fresh_runner.messages() if one.startswith("REPORT")
    ]
    assert min(durations) > 790
    # asked for the end of the log, the answer has all of it
    reply = fresh_runner.client.invoke(FunctionName="fn", Payload=b"{}", LogType="Tail")
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
def test_an_extension_that_fails_in_init(
    fresh_runner: Served, body: str, error_type: str, message: str, state: str
) -> None:
    deploy(fresh_runner, {"bad": body})
    answer, error = call(fresh_runner, {})
    assert error == "Unhandled"
    assert answer["errorType"] == error_type
    assert answer["errorMessage"].endswith(f" Error: {message}")
    assert line(fresh_runner, "EXTENSION") == f"EXTENSION\tName: bad\tState: {state}\n"
    assert f"\tPhase: init\tStatus: error\tError Type: {error_type}\n" in line(fresh_runner, "INIT_REPORT")
    assert f"\tStatus: error\tError Type: {error_type}\t\n" in line(fresh_runner, "REPORT")


@pytest.mark.parametrize(
    ("mode", "text", "named"), [(0o644, "permission denied", "PermissionDenied"), (0o755, "exec format error", "UnknownError")]
)  # fmt: skip
def test_an_extension_that_cannot_be_started(runner_either_way: Served, mode: int, text: str, named: str) -> None:
    layer = {"ZipFile": zipped({"extensions/bad": "no program\n"}, mode)}
    arn = runner_either_way.client.publish_layer_version(LayerName="bad", Content=layer)["LayerVersionArn"]
    runner_either_way.create("fn", APP, Layers=[arn])
    answer, _ = call(runner_either_way, {})
    assert answer["errorType"] == "Extension.LaunchError"
    assert answer["errorMessage"].endswith(f" Error: fork/exec /opt/extensions/bad: {text}")
    assert (
        line(runner_either_way, "EXTENSION")
        == f"EXTENSION\tName: bad\tState: LaunchError\tEvents: []\tError Type: {named}\n"
    )


def test_an_extension_that_crashes_in_an_invocation_ends_the_environment(runner_either_way: Served) -> None:
    deploy(runner_either_way, {"bad": "register(['INVOKE', 'SHUTDOWN'])\nfollowing()\nsys.exit(7)"})
    answer, error = call(runner_either_way, {"sleep": 2})
    assert (error, answer["errorType"]) == ("Unhandled", "Extension.Crash")
    assert answer["errorMessage"].endswith(" Error: exit status 7")
    assert "\tStatus: error\tError Type: Extension.Crash\t\n" in line(runner_either_way, "REPORT")
    again, _ = call(runner_either_way, {"sleep": 2})
    assert again["errorType"] == "Extension.Crash"


def test_an_exit_error_ends_the_environment(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"bad": """
register(['INVOKE', 'SHUTDOWN'])
following()
say(ask('POST', '/2020-01-01/extension/exit/error', {}, {**ID, 'Lambda-Extension-Function-Error-Type': 'Extension.Lost'}))
sys.exit(5)
"""})  # fmt: skip
    answer, _ = call(fresh_runner, {"sleep": 2})
    assert answer["errorType"] == "Extension.ExitError"
    assert "202" in line(fresh_runner, "(202")


def test_timeouts_and_failures_are_told(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"watcher": """
register(['SHUTDOWN'])
event = following()
say('ends', event['eventType'], event['shutdownReason'], 0 < event['deadlineMs'] - time.time() * 1000 < 2001)
"""}, Timeout=1)  # fmt: skip
    answer, _ = call(fresh_runner, {"sleep": 5})
    assert answer["errorType"] == "Sandbox.Timedout"
    assert line(fresh_runner, "ends ") == "ends SHUTDOWN timeout True\n"


def test_an_extension_that_does_not_ask_again_times_the_invocation_out(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"stuck": "register(['INVOKE', 'SHUTDOWN'])\nfollowing()\ntime.sleep(60)"}, Timeout=1)
    answer, error = call(fresh_runner, {})
    assert (error, "pid" in answer) == (None, True)  # it was answered in time
    assert "\tStatus: timeout\t\n" in line(fresh_runner, "REPORT")


def test_at_the_end_nobody_waits_longer_than_two_seconds(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"deaf": "register(['SHUTDOWN'])\nwhile True:\n    following()\n    say('deaf')\n"})
    pid = call(fresh_runner, {})[0]["pid"]
    began = time.perf_counter()
    stop(fresh_runner)
    took_s = time.perf_counter() - began
    assert 1.5 < took_s < 6
    assert not Path(f"/proc/{pid}").exists()


def test_what_the_api_refuses(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"bad": """
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
    call(fresh_runner, {})
    told = {int(one[0]): json.loads(one[2:]) for one in fresh_runner.messages() if one[:1].isdigit()}
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


def test_an_internal_extension(fresh_runner: Served) -> None:
    fresh_runner.create("fn", INTERNAL, Timeout=20)
    answer, error = call(fresh_runner, {})
    assert error is None, answer
    assert answer["told"] == [
        [403, "Extension.InvalidEventType"],
        [200, None],
        [403, "Extension.InvalidExtensionState"],
        [403, "Extension.RegistrationClosed"],
    ]
    assert answer["events"] == ["INVOKE"]
    assert line(fresh_runner, "EXTENSION") == "EXTENSION\tName: inner\tState: Ready\tEvents: [INVOKE]\n"


def test_ten_extensions_are_the_most(fresh_runner: Served) -> None:
    deploy(fresh_runner, {f"e{number:02d}": "register([])\nfollowing()" for number in range(11)})
    answer, _ = call(fresh_runner, {})
    assert answer["errorType"] == "Extension.LaunchError"
    lines = [one for one in fresh_runner.messages() if one.startswith("EXTENSION\tName: e10")]
    assert lines[0] == "EXTENSION\tName: e10\tState: LaunchError\tEvents: []\tError Type: TooManyExtensions\n"


def test_memory_of_extensions_counts(fresh_runner: Served) -> None:
    deploy(fresh_runner, {"big": "register(['INVOKE'])\nheld = bytearray(90 << 20)\nheld[::4096] = b'x' * len(held[::4096])\nwhile True:\n    following()\n"})  # fmt: skip
    call(fresh_runner, {"sleep": 0.2})
    used = int(line(fresh_runner, "REPORT").split("Max Memory Used: ")[1].split()[0])
    assert 90 < used < 250
