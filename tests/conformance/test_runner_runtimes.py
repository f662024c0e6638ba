"""Node, provided.al2023, older Pythons' bootstrap, streaming, and functions that misbehave."""

import base64
import contextlib
import http.client
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes.node import node_runtime
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, zipped
from tests.support.waiting import wait_for

pytestmark = needs.linux
NODE = node_runtime()
needs_node = pytest.mark.skipif(NODE is None, reason="this machine has no Node.js that Lambda has")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("runtimes") / "runner.db") as one:
        yield one


def deploy(
    runner: Served, name: str, files: dict[str, str | bytes], runtime: str | None, handler: str, **more: Any
) -> None:
    code = {"ZipFile": zipped(files, mode=0o755)}
    runner.client.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=ROLE, Code=code, **more)


def invoke(runner: Served, name: str, event: object = None) -> tuple[Any, str | None, str]:
    answer = runner.client.invoke(FunctionName=name, Payload=json.dumps(event or {}).encode(), LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    return json.loads(answer["Payload"].read()), answer.get("FunctionError"), tail


@needs_node
@pytest.mark.parametrize(
    ("file", "source", "expected"),
    [
        ("index.mjs", "export const handler = async (e) => ({ n: e.n + 1 });", {"n": 2}),
        ("index.js", "exports.handler = async (e, c) => c.functionName;", "node"),
        ("index.cjs", "exports.handler = (e, c, done) => setTimeout(() => done(null, 'later'), 20);", "later"),
        ("index.js", "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => 0, 50); done(null, 1); };", 1),
        ("index.mjs", "export const handler = async () => undefined;", None),
        ("index.js", "exports.handler = () => {};", None),
        ("index.mjs", "const wait = await Promise.resolve(5); export const handler = () => Promise.resolve(wait);", 5),
    ],
    ids=["esm", "commonjs", "callback", "not-waiting", "undefined", "sync", "top-level-await"],
)  # fmt: skip
def test_node_handlers(runner: Served, file: str, source: str, expected: object) -> None:
    deploy(runner, "node", {file: source}, NODE, "index.handler")
    try:
        assert invoke(runner, "node", {"n": 1})[0] == expected
        assert invoke(runner, "node", {"n": 1})[0] == expected
    finally:
        runner.client.delete_function(FunctionName="node")


@needs_node
@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("exports.handler = async () => { throw new TypeError('bad'); };", "index.handler", "TypeError"),
        ("exports.handler = (e, c, done) => done(new Error('bad'));", "index.handler", "Error"),
        ("exports.handler = async () => 1;", "index.absent", "Runtime.HandlerNotFound"),
        ("exports.handler = async () => 1;", "absent.handler", "Runtime.ImportModuleError"),
        ("exports.handler = async ( => 1;", "index.handler", "Runtime.UserCodeSyntaxError"),
        ("exports.handler = () => { setTimeout(() => { throw new RangeError('late'); }, 5); return new Promise(() => 0); };", "index.handler", "RangeError"),
    ],
)  # fmt: skip
def test_node_errors(runner: Served, source: str, handler: str, error_type: str) -> None:
    deploy(runner, "nodefails", {"index.js": source}, NODE, handler)
    try:
        body, kind, _ = invoke(runner, "nodefails")
        assert (kind, body["errorType"]) == ("Unhandled", error_type)
    finally:
        runner.client.delete_function(FunctionName="nodefails")


@needs_node
def test_node_logs_are_whole_events_and_named(runner: Served) -> None:
    deploy(
        runner,
        "nodelog",
        {"index.mjs": "export const handler = async () => { console.error('a\\nb'); };"},
        NODE,
        "index.handler",
    )
    _, _, tail = invoke(runner, "nodelog")
    assert "\tERROR\ta\nb\n" in tail
    [message] = [one for one in runner.messages() if "\tERROR\ta" in one]
    assert message.endswith("a\nb\n")


NODE_JSON = """
export const handler = async (event) => {
  console.debug("not written");
  console.info("sold %d", 3);
  console.warn({ a: 1, cause: new RangeError("inner") });
  console.error("failed", new TypeError("bad"));
  throw Object.assign(new Error("thrown"), { code: "E1" });
};
"""


@needs_node
def test_node_json_logs(runner: Served) -> None:
    deploy(runner, "nodejson", {"index.mjs": NODE_JSON}, NODE, "index.handler", LoggingConfig={"LogFormat": "JSON"})
    _, _, tail = invoke(runner, "nodejson")
    events = [json.loads(line) for line in tail.splitlines()]
    assert "not written" not in tail
    sold, warned, failed, thrown = [one for one in events if "level" in one]
    assert list(sold) == ["timestamp", "level", "requestId", "message"]
    assert (sold["level"], sold["message"], warned["level"]) == ("INFO", "sold 3", "WARN")
    assert warned["message"]["cause"]["errorMessage"] == "inner"
    assert (failed["errorType"], failed["errorMessage"], failed["stackTrace"][0]) == (
        "TypeError",
        "bad",
        "TypeError: bad",
    )
    assert (thrown["message"]["errorMessage"], thrown["message"]["code"]) == ("thrown", "E1")
    runner.client.update_function_configuration(
        FunctionName="nodejson",
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"},
    )
    assert [json.loads(line)["level"] for line in invoke(runner, "nodejson")[2].splitlines()] == ["ERROR", "ERROR"]


STREAM = """
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.fail === "early") throw new Error("early");
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "b" }, cookies: ["c=d"] });
  for (let n = 0; n < 5; n++) { out.write(`part ${n};`); await new Promise((r) => setTimeout(r, 20)); }
  if (event.fail === "late" || (event.rawPath || "").includes("late")) throw new Error("late");
  out.end();
});
"""


@needs_node
def test_a_streamed_response_comes_in_pieces_and_its_errors_at_the_end(runner: Served) -> None:
    deploy(runner, "stream", {"index.mjs": STREAM}, NODE, "index.handler")
    events = list(runner.client.invoke_with_response_stream(FunctionName="stream", Payload=b"{}")["EventStream"])
    pieces = [one["PayloadChunk"]["Payload"] for one in events[:-1]]
    assert len(pieces) >= 5
    assert b"".join(pieces).endswith(b"part 0;part 1;part 2;part 3;part 4;")
    assert events[-1] == {"InvokeComplete": {}}
    late = list(
        runner.client.invoke_with_response_stream(FunctionName="stream", Payload=b'{"fail": "late"}')["EventStream"]
    )
    assert late[-1]["InvokeComplete"]["ErrorCode"] == "Error"
    assert "late" in late[-1]["InvokeComplete"]["ErrorDetails"]
    url = runner.client.create_function_url_config(FunctionName="stream", AuthType="NONE", InvokeMode="RESPONSE_STREAM")
    port = int(url["FunctionUrl"].rstrip("/").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def taken() -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            connection.connect()
        return connection.sock is not None

    wait_for(taken)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-a"], answer.headers["set-cookie"]) == (201, "b", "c=d")
    assert answer.read() == b"part 0;part 1;part 2;part 3;part 4;"


BOOTSTRAP = f"""#!{sys.executable} -u
import json, os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"

def post(path, body, headers=None):
    request = urllib.request.Request(base + path, body, headers or {{}}, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())

print("early", post("invocation/none/response", b"1"))
while True:
    with urllib.request.urlopen(base + "invocation/next") as answer:
        event, request_id = json.loads(answer.read()), answer.headers["Lambda-Runtime-Aws-Request-Id"]
        deadline = answer.headers["Lambda-Runtime-Deadline-Ms"]
    mine = "invocation/" + request_id
    seen = {{"wrong id": post("invocation/x/response", b"1"), "deadline": len(deadline)}}
    try:
        urllib.request.urlopen(base + "invocation/next")
    except urllib.error.HTTPError as error:
        seen["second next"] = [error.code, json.loads(error.read())["errorType"]]
    seen["late init error"] = post("init/error", b"{{}}")
    if event.get("fail"):
        post(mine + "/error", b'{{"errorType": "Mine", "errorMessage": "m"}}', {{"Lambda-Runtime-Function-Error-Type": "Mine"}})
    elif event.get("large"):
        print("large", post(mine + "/response", b"x" * 6291557))
    else:
        print("first", post(mine + "/response", json.dumps(seen).encode()))
        print("second", post(mine + "/response", b"2"))
"""


def test_a_bootstrap_of_ones_own_and_the_state_errors(runner: Served) -> None:
    deploy(runner, "own", {"bootstrap": BOOTSTRAP}, "provided.al2023", "any", Timeout=10)
    body, kind, _ = invoke(runner, "own")
    assert kind is None
    assert body["wrong id"] == [400, {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}]
    assert body["second next"] == [403, "InvalidStateTransition"]
    assert body["late init error"][0] == 403
    assert body["deadline"] == 13
    failed, kind, _ = invoke(runner, "own", {"fail": 1})
    assert (failed["errorType"], kind) == ("Mine", "Unhandled")
    large, kind, _ = invoke(runner, "own", {"large": 1})
    assert (large["errorType"], kind) == ("Function.ResponseSizeTooLarge", "Unhandled")
    invoke(runner, "own")
    wait_for(lambda: "second (403, " in "".join(runner.messages()))  # it posts once more after its answer
    said = "".join(runner.messages())
    assert "early (400, " in said
    assert "first (202, {'status': 'OK'})" in said
    assert "second (403, " in said
    assert "large (413, " in said
    assert "RequestEntityTooLarge" in said


def test_a_bootstrap_that_is_not_there_or_cannot_run(runner: Served) -> None:
    deploy(runner, "nothing", {"other": ""}, "provided.al2023", "any")
    body, kind, tail = invoke(runner, "nothing")
    assert (kind, body["errorType"]) == ("Unhandled", "Runtime.InvalidEntrypoint")
    assert "Couldn't find valid bootstrap(s)" in body["errorMessage"]
    assert "Status: error\tError Type: Runtime.InvalidEntrypoint" in tail


@pytest.mark.skipif(not list(Path.home().glob(".pyenv/versions/3.12.*/bin/python3.12")) and not shutil.which("python3.12"),
                    reason="there is no second Python")  # fmt: skip
def test_another_python_runs_on_our_own_bootstrap(runner: Served) -> None:
    source = "import sys, logging\ndef handler(e, c):\n    logging.getLogger().error('a\\nb')\n    return list(sys.version_info[:2])"
    deploy(runner, "other", {"app.py": source}, "python3.12", "app.handler")
    body, _, tail = invoke(runner, "other")
    assert body == [3, 12]
    assert "\ta\nb\n" in tail


def test_json_format_has_the_platforms_records(runner: Served) -> None:
    source = "import logging\nlogging.getLogger().setLevel('INFO')\ndef handler(e, c): logging.info('x')"
    runner.create("jsonlog", source, LoggingConfig={"LogFormat": "JSON"})
    _, _, tail = invoke(runner, "jsonlog")
    kinds = [json.loads(line) for line in tail.splitlines()]
    assert [one.get("type", one.get("message")) for one in kinds] == ["platform.start", "x", "platform.report"]
    metrics = kinds[-1]["record"]["metrics"]
    assert metrics["memorySizeMB"] == 128
    assert metrics["initDurationMs"] > 0
    assert kinds[-1]["record"]["status"] == "success"


# --- functions that misbehave


def test_printing_100_mb_is_logged_whole_and_the_server_lives(runner: Served) -> None:
    source = "def handler(e, c):\n    for n in range(100):\n        print('x' * 1_000_000)\n    return 'done'"
    runner.create("loud", source, Timeout=60)
    assert invoke(runner, "loud")[0] == "done"
    [(count,)] = runner.rows("SELECT count(*) FROM log_events WHERE message = ?", "x" * 1_000_000 + "\n")
    assert count == 100


def test_children_end_with_their_function(runner: Served) -> None:
    source = """
import os, subprocess, sys, time
def handler(e, c):
    plain = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    away = subprocess.Popen([sys.executable, "-c", "import os, time; os.fork() and os._exit(0); os.setsid(); open(%r, 'w').write(str(os.getpid())); time.sleep(600)" % e["file"]])
    away.wait(); time.sleep(0.3)
    signal = __import__("signal"); signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("child", plain.pid, flush=True)
    time.sleep(e.get("sleep", 0))
"""
    runner.create("forks", source, Timeout=2)
    file = runner.path.parent / "daemon"
    body, _, tail = invoke(runner, "forks", {"file": str(file), "sleep": 10})
    assert body["errorType"] == "Sandbox.Timedout"
    child = int(tail.partition("child ")[2].split()[0])
    for pid in (child, int(file.read_text())):
        for _ in range(100):
            try:
                state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            except FileNotFoundError:
                break
            if state == "Z":
                break
            time.sleep(0.05)
        else:
            raise AssertionError(f"{pid} lives on")


def test_filling_tmp_is_the_functions_own_error(runner: Served) -> None:
    source = """
import tempfile
def handler(e, c):
    with tempfile.TemporaryFile() as f:
        f.truncate(0); f.seek(600 << 20); f.write(b"x"); f.flush()
"""
    runner.create("fills", source)
    body, kind, _ = invoke(runner, "fills")
    assert (kind, body["errorType"]) == ("Unhandled", "OSError")
    assert invoke(runner, "fills")[1] == "Unhandled"


def test_a_response_that_breaks_off_is_a_function_error(runner: Served) -> None:
    source = f"""#!{sys.executable}
import os, socket, urllib.request, time
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
base = f"http://{{host}}:{{port}}/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(base + "next") as answer:
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    with socket.create_connection((host, int(port))) as s:
        s.sendall(f"POST /2018-06-01/runtime/invocation/{{request_id}}/response HTTP/1.1\\r\\nHost: {{host}}\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n4\\r\\nhalf\\r\\n".encode())
        time.sleep(1.0)  # until it is known whose connection this is
"""
    deploy(runner, "breaks", {"bootstrap": source}, "provided.al2023", "any", Timeout=5)
    body, kind, _ = invoke(runner, "breaks")
    assert (kind, body["errorType"]) == ("Unhandled", "Runtime.TruncatedResponse")


def test_a_caller_who_hangs_up_changes_nothing(runner: Served) -> None:
    runner.create("goeson", "import time\ndef handler(e, c): time.sleep(0.5); print('went on')")
    with socket.create_connection((runner.host, runner.port)) as connection:
        connection.sendall(
            b"POST /2015-03-31/functions/goeson/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        )
        wait_for(lambda: runner.runner.fleet.running.get("goeson"))
    wait_for(lambda: "went on\n" in runner.messages())


def test_memory_is_enforced_on_the_tree(runner: Served) -> None:
    source = """
import subprocess, sys
def handler(e, c):
    code = "b = bytearray(%d << 20); import time; time.sleep(30)" % e["mb"]
    subprocess.run([sys.executable, "-c", code])
"""
    runner.create("tree", source, Timeout=20, MemorySize=128)
    body, _, tail = invoke(runner, "tree", {"mb": 200})
    assert body["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert "Status: error\tError Type: Runtime.OutOfMemory" in tail
    assert "Max Memory Used: 128 MB" in tail


def test_the_environment_of_a_function_has_a_file_limit(runner: Served) -> None:
    runner.create("limits", "import resource\ndef handler(e, c): return resource.getrlimit(resource.RLIMIT_NOFILE)[0]")
    assert invoke(runner, "limits")[0] == 1024
    assert os.path.exists("/proc/self")
