"""The programs of Python functions' processes: awslambdaric with our start, and our own bootstrap, answer alike."""

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.runtimes import python
from lambdatui.runner.runtimes.base import RUNTIMES, Runtime
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the runner reads /proc")
FOLDER = Path(python.__file__).parent


class Program(Runtime):
    """One of the two programs, run by this interpreter with its ``site``: coverage starts in that."""

    help_text = ""

    def __init__(self, name: str) -> None:
        self.identifiers = (f"{name}1.x",)  # type: ignore[misc]
        self._script = FOLDER / f"{name}.py"

    def command(self, identifier: str, task_root: str) -> list[str]:
        return [sys.executable, "-u", "-X", "utf8", str(self._script)]

    def variables(self, identifier: str, opt: Path | None, env: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name.startswith(("COVERAGE", "PYTHONPATH"))}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    before = list(RUNTIMES)
    RUNTIMES.extend(Program(name) for name in ("bootstrap", "start_awslambdaric"))
    with served(tmp_path_factory.mktemp("bootstrap") / "runner.db") as one:
        yield one
    RUNTIMES[:] = before


@pytest.fixture(params=["bootstrap1.x", "start_awslambdaric1.x"])
def runtime(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def call(
    runner: Served, runtime: str, source: str, *events: object, handler: str = "app.handler", **more: Any
) -> list[Any]:
    """The payload, the kind of error and the log of each call; the last one ends the process."""
    code = {"ZipFile": zipped({"app.py": source})}
    runner.client.create_function(
        FunctionName="fn", Runtime=runtime, Handler=handler, Role=ROLE, Code=code, Timeout=20, **more
    )
    try:
        answers = []
        for event in events:
            answer = runner.client.invoke(FunctionName="fn", Payload=json.dumps(event).encode(), LogType="Tail")
            log = base64.b64decode(answer["LogResult"]).decode()
            answers.append((json.loads(answer["Payload"].read()), answer.get("FunctionError"), log))
        return answers
    finally:
        runner.client.delete_function(FunctionName="fn")


SOURCE = """
import logging, sys
logging.getLogger().setLevel("INFO")
def handler(event, context):
    if event == "end":
        sys.exit(0)
    if event == "raise":
        raise ValueError("no such order")
    if event == "object":
        return object()
    print("printed")
    logging.warning("logged\\nin two lines")
    context.log("by the context\\n")
    assert 0 < context.get_remaining_time_in_millis() <= 20_000
    return [context.function_name, context.function_version, context.memory_limit_in_mb, context.invoked_function_arn]
"""


def test_answers_and_errors(runner: Served, runtime: str) -> None:
    answered, raised, unserializable, ended = call(runner, runtime, SOURCE, {}, "raise", "object", "end")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:fn"
    assert answered[:2] == (["fn", "$LATEST", "128", arn], None)
    assert "printed\n" in answered[2]
    assert "[WARNING]\t" in answered[2]
    assert "\tlogged\nin two lines\n" in answered[2]
    assert "by the context\n" in answered[2]
    assert (raised[0]["errorType"], raised[0]["errorMessage"], raised[1]) == (
        "ValueError",
        "no such order",
        "Unhandled",
    )
    [frame] = raised[0]["stackTrace"]
    assert 'app.py", line 8, in handler\n    raise ValueError("no such order")' in frame
    assert "[ERROR] ValueError: no such order\nTraceback (most recent call last):\n" in raised[2]
    assert unserializable[0]["errorType"] == "Runtime.MarshalError"
    assert unserializable[0]["errorMessage"].startswith("Unable to marshal response: ")
    assert ended[0]["errorType"] == "Runtime.ExitError"


@pytest.mark.parametrize(
    ("source", "handler", "error_type"),
    [
        ("import no_such_module\ndef handler(e, c): return 1", "app.handler", "Runtime.ImportModuleError"),
        ("def handler(e, c) return 1", "app.handler", "Runtime.UserCodeSyntaxError"),
        ("def handler(e, c): return 1", "app.missing", "Runtime.HandlerNotFound"),
        ("def handler(e, c): return 1", "nodot", "Runtime.MalformedHandlerName"),
        ("def handler(e, c): return 1", "absent.handler", "Runtime.ImportModuleError"),
        ("raise KeyError('at import')", "app.handler", "KeyError"),
    ],
)
def test_handlers_that_cannot_be_loaded(
    runner: Served, runtime: str, source: str, handler: str, error_type: str
) -> None:
    [(body, kind, log)] = call(runner, runtime, source, {}, handler=handler)
    assert (body["errorType"], kind) == (error_type, "Unhandled")
    assert f"[ERROR] {error_type}" in log


def test_layers_come_before_what_is_installed(runner: Served, runtime: str) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    content = {"ZipFile": zipped({"python/near.py": "X = 1", f"python/lib/{version}/site-packages/far.py": "X = 2"})}
    layer = runner.client.publish_layer_version(LayerName="paths", Content=content)["LayerVersionArn"]
    source = "import far, near, sys\ndef handler(e, c):\n    if e == 'end': sys.exit(0)\n    return [near.X, far.X]"
    code = {"ZipFile": zipped({"app.py": source})}
    runner.client.create_function(
        FunctionName="layered", Runtime=runtime, Handler="app.handler", Role=ROLE, Code=code, Layers=[layer]
    )
    assert runner.client.invoke(FunctionName="layered")["Payload"].read() == b"[1, 2]"
    runner.client.invoke(FunctionName="layered", Payload=b'"end"')
    runner.client.delete_function(FunctionName="layered")


JSON_SOURCE = """
import logging
log = logging.getLogger("shop")
def handler(event, context):
    log.debug("not written")
    log.info("sold %d", 3, extra={"order": "o-1"})
    log.warning({"a": 1})
    try:
        {}["missing"]
    except KeyError:
        log.exception("failed")
    print("plain")
    print('{"level": "DEBUG", "message": "not written"}')
    if event == "end":
        raise SystemExit(0)
    raise ValueError("no such order")
"""


def test_json_logs(runner: Served, runtime: str) -> None:
    [(body, _, log), _] = call(runner, runtime, JSON_SOURCE, {}, "end", LoggingConfig={"LogFormat": "JSON"})
    assert "not written" not in log
    assert "plain\n" in log
    events = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [event["type"] for event in events if "type" in event] == ["platform.start", "platform.report"]
    sold, logged, failed, error = [event for event in events if "level" in event]
    request_id = events[0]["record"]["requestId"]
    assert (sold["level"], sold["message"], sold["logger"], sold["order"]) == ("INFO", "sold 3", "shop", "o-1")
    assert (sold["requestId"], list(sold)[:2]) == (request_id, ["timestamp", "level"])
    assert logged["message"] == {"a": 1}
    assert (failed["errorType"], failed["errorMessage"]) == ("KeyError", "'missing'")
    assert ":handler:" in failed["location"]
    assert failed["stackTrace"][0].startswith("  File ")
    assert (error["level"], error["errorType"], error["errorMessage"]) == ("ERROR", "ValueError", "no such order")
    assert {name: error[name] for name in body} == body


def test_levels_of_the_function_and_of_lambda(runner: Served, runtime: str) -> None:
    levels = {"LogFormat": "JSON", "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"}
    [(_, _, log), _] = call(runner, runtime, JSON_SOURCE, {}, "end", LoggingConfig=levels)
    assert [json.loads(line)["level"] for line in log.splitlines() if line.startswith("{")] == ["ERROR", "ERROR"]


CONTEXT = """
import decimal
def handler(event, context):
    if event == "end":
        raise SystemExit(0)
    if event == "bytes":
        return b"[1]"
    client = context.client_context
    identity = context.identity
    return [client and [client.custom, client.env, client.client and client.client.app_title],
            identity.cognito_identity_id, context.tenant_id, decimal.Decimal("1.5"), decimal.Decimal("2")]
"""


def test_the_context_and_unusual_answers(runner: Served, runtime: str) -> None:
    bare, data, _ = call(runner, runtime, CONTEXT, {}, "bytes", "end")
    assert bare[0] == [None, None, None, 1.5, 2]
    assert data[0] == [1]
    runner.create("context", CONTEXT, Runtime=runtime)
    given = {"custom": {"a": "b"}, "env": {"c": "d"}, "client": {"app_title": "t"}}
    encoded = base64.b64encode(json.dumps(given).encode()).decode()
    answer = runner.client.invoke(FunctionName="context", ClientContext=encoded)
    assert json.loads(answer["Payload"].read())[0] == [{"a": "b"}, {"c": "d"}, "t"]
    runner.client.invoke(FunctionName="context", Payload=b'"end"')
    runner.client.delete_function(FunctionName="context")
