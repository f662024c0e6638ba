"""The Lambda API as boto3 sees it: every status, error body and header, and functions from creation to removal."""

import base64
import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdatui.runner.environments.fleet import Limits
from tests.support import needs
from tests.support.runner_server import ROLE, Served, served, zipped

pytestmark = needs.linux

APP = """
import os, time
COUNT = 0
def handler(event, context):
    global COUNT
    COUNT += 1
    if not isinstance(event, dict):
        return event
    if event.get("raise"):
        raise ValueError(event["raise"])
    time.sleep(event.get("sleep", 0))
    print("said", event.get("say"))
    if event.get("none"):
        return None
    if event.get("chars"):
        return "x" * event["chars"]
    if event.get("context"):
        return {"client": context.client_context and context.client_context.custom, "arn": context.invoked_function_arn,
                "version": context.function_version, "trace": os.environ.get("_X_AMZN_TRACE_ID")}
    if event.get("exit") is not None:
        os._exit(event["exit"])
    if event.get("signal"):
        os.kill(os.getpid(), event["signal"])
    return {"count": COUNT, "pid": os.getpid(), "kind": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]}
"""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("api") / "runner.db") as one:
        one.create("fn", APP, Timeout=1)
        yield one


def invoke(runner: Served, event: object, name: str = "fn", **more: Any) -> tuple[Any, dict[str, Any]]:
    answer = runner.client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
    body = answer["Payload"].read()
    return json.loads(body) if body else None, answer


def raw(
    runner: Served, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(runner.host, runner.port, timeout=60)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def refused(call: Any, **arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def test_request_response_and_its_headers(runner: Served) -> None:
    body, answer = invoke(runner, {"say": "hello"}, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in answer
    tail = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert tail.startswith(f"START RequestId: {request_id}")
    assert "said hello\n" in tail
    assert f"REPORT RequestId: {request_id}" in tail
    again, _ = invoke(runner, {})
    assert (again["count"], again["pid"]) == (body["count"] + 1, body["pid"])


def test_none_is_null_and_no_payload_is_an_empty_object(runner: Served) -> None:
    assert invoke(runner, {"none": 1})[0] is None
    assert json.loads(runner.client.invoke(FunctionName="fn")["Payload"].read())["count"] > 0
    assert invoke(runner, "text")[0] == "text"


def test_the_tail_is_the_last_4_kb(runner: Served) -> None:
    _, answer = invoke(runner, {"say": "x" * 5000}, LogType="Tail")
    assert len(base64.b64decode(answer["LogResult"])) == 4096


def test_dry_run_and_event_answer_at_once(runner: Served) -> None:
    body, answer = invoke(runner, {}, InvocationType="DryRun")
    assert (answer["StatusCode"], body) == (204, None)
    body, answer = invoke(runner, {"say": "later"}, InvocationType="Event")
    assert (answer["StatusCode"], body) == (202, None)
    for _ in range(100):
        if "said later\n" in runner.messages():
            break
        time.sleep(0.05)
    assert "said later\n" in runner.messages()
    assert runner.client.invoke_async(FunctionName="fn", InvokeArgs=b"{}")["Status"] == 202


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        ({"raise": "no"}, "ValueError", "no"),
        ({"sleep": 3}, "Sandbox.Timedout", "RequestId: {id} Error: Task timed out after 1.00 seconds"),
        ({"exit": 0}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited without providing a reason"),
        ({"exit": 127}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: exit status 127"),
        ({"signal": 9}, "Runtime.ExitError", "RequestId: {id} Error: Runtime exited with error: signal: killed"),
        (
            {"signal": 11},
            "Runtime.ExitError",
            "RequestId: {id} Error: Runtime exited with error: signal: segmentation fault",
        ),
        (
            {"chars": 6_291_557},
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ],
)
def test_function_errors_are_200_with_the_error_as_payload(
    runner: Served, event: object, error_type: str, message: str
) -> None:
    body, answer = invoke(runner, event)
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert body["errorType"] == error_type
    assert body["errorMessage"] == message.format(id=answer["ResponseMetadata"]["RequestId"])
    assert invoke(runner, {})[0]["count"] >= 1  # and the function goes on


def test_an_unknown_function_is_404_with_a_capital_message(runner: Served) -> None:
    status, headers, body = raw(runner, "POST", "/2015-03-31/functions/absent/invocations", b"{}")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:absent"
    assert (status, headers["x-amzn-errortype"]) == (404, "ResourceNotFoundException")
    assert json.loads(body) == {"Message": f"Function not found: {arn}", "Type": "User"}
    assert refused(runner.client.invoke, FunctionName="fn:7")[2] == (
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:fn:7"
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "code", "message"),
    [
        (b"{", {}, 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        (b'"' + b"x" * 6_291_455 + b'"', {}, 413, "RequestTooLargeException", "Request must be smaller than 6291456 "
         "bytes for the InvokeFunction operation"),
        (b'"' + b"x" * 1_048_576 + b'"', {"X-Amz-Invocation-Type": "Event"}, 413, "RequestTooLargeException",
         "Request must be smaller than 1048576 bytes for the InvokeFunction operation"),
        (b"{}", {"X-Amz-Invocation-Type": "Maybe"}, 400, "ValidationException", "1 validation error detected: Value "
         "'Maybe' at 'invocationType'"),
        (b"{}", {"Content-Type": "image/png"}, 415, "UnsupportedMediaTypeException", "Unsupported content type"),
        (b"{}", {"X-Amz-Client-Context": "%%"}, 400, "InvalidRequestContentException", "Client context must be"),
    ],
)  # fmt: skip
def test_requests_that_are_refused(
    runner: Served, body: bytes, headers: dict[str, str], status: int, code: str, message: str
) -> None:
    got, found, answer = raw(runner, "POST", "/2015-03-31/functions/fn/invocations", body, headers)
    assert (got, found["x-amzn-errortype"]) == (status, code)
    assert json.loads(answer)["message"].startswith(message)
    assert json.loads(answer)["Type"] == "User"


def test_a_7_mb_body_and_what_is_not_http_leave_the_server_alive(runner: Served) -> None:
    status, _, _ = raw(runner, "POST", "/2015-03-31/functions/fn/invocations", b"x" * (7 << 20))
    assert status == 413
    import socket

    for rubbish in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
        with socket.create_connection((runner.host, runner.port), timeout=10) as connection:
            connection.sendall(rubbish)
            assert connection.recv(1000).startswith(b"HTTP/1.1 400")
    assert raw(runner, "GET", "/nothing/here")[0] == 404
    assert raw(runner, "GET", "/2015-03-31/functions/fn/invocations")[0] == 405
    assert invoke(runner, {})[0]["count"] >= 1


def test_web_pages_cannot_run_code(runner: Served) -> None:
    headers = {"Origin": "https://example.com"}
    assert raw(runner, "POST", "/2015-03-31/functions/fn/invocations", b"{}", headers)[0] == 403


@pytest.mark.parametrize(
    "name",
    [
        "fn",
        "fn:$LATEST",
        "function:fn",
        "000000000000:function:fn",
        "arn:aws:lambda:us-east-1:000000000000:function:fn",
        "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST",
    ],
)
def test_names_and_arns(runner: Served, name: str) -> None:
    assert runner.client.get_function_configuration(FunctionName=name)["FunctionName"] == "fn"
    assert invoke(runner, {}, name)[1]["StatusCode"] == 200


def test_wrong_names(runner: Served) -> None:
    assert raw(runner, "POST", "/2015-03-31/functions/a%20b/invocations", b"{}")[0] == 400
    assert raw(runner, "POST", f"/2015-03-31/functions/{'a' * 65}/invocations", b"{}")[0] == 400
    other = "arn:aws:lambda:us-east-1:999999999999:function:fn"
    assert refused(runner.client.invoke, FunctionName=other)[:2] == (403, "AccessDeniedException")
    mismatch = refused(runner.client.invoke, FunctionName="fn:$LATEST", Qualifier="1")
    assert mismatch[:2] == (400, "InvalidParameterValueException")


def test_context_and_trace_reach_the_handler(runner: Served) -> None:
    context = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    body, _ = invoke(runner, {"context": 1}, ClientContext=context)
    assert body["client"] == {"a": 1}
    assert body["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:fn"
    assert body["trace"].startswith("Root=1-")


@pytest.mark.parametrize(
    ("settings", "status", "code", "message"),
    [
        ({"Timeout": 901}, 400, "ValidationException", "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
        ({"MemorySize": 127}, 400, "ValidationException", "Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
        ({"MemorySize": 10_241}, 400, "ValidationException", "less than or equal to 10240"),
        ({"Role": "me"}, 400, "ValidationException", "Value 'me' at 'role'"),
        ({"Runtime": "cobol85"}, 400, "InvalidParameterValueException", "Value cobol85 at 'runtime'"),
        ({"Runtime": "java21"}, 400, "InvalidParameterValueException", "runtime java21 is not run here"),
        ({"Runtime": "nodejs22.x"}, 400, "InvalidParameterValueException", "needs Node.js 22"),
        ({"Runtime": "python3.99"}, 400, "InvalidParameterValueException", "needs python3.99 on PATH: install it"),
        ({"Handler": None}, 400, "InvalidParameterValueException", "Handler is mandatory"),
        ({"Environment": {"Variables": {"AWS_LAMBDA_RUNTIME_API": "1"}}}, 400, "InvalidParameterValueException", "Reserved keys used in this request: AWS_LAMBDA_RUNTIME_API"),
        ({"Environment": {"Variables": {"AB": "x" * 4096}}}, 400, "InvalidParameterValueException", "exceeded the 4KB limit"),
        ({"EphemeralStorage": {"Size": 511}}, 400, "ValidationException", "ephemeralStorage"),
        ({"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"]}, 400, "InvalidParameterValueException", "does not exist"),
        ({"DeadLetterConfig": {"TargetArn": "nowhere"}}, 400, "InvalidParameterValueException", "nowhere is no target"),
    ],
)  # fmt: skip
def test_settings_that_are_refused(
    runner: Served, settings: dict[str, Any], status: int, code: str, message: str
) -> None:
    given = {"FunctionName": "wrong", "Runtime": "python3.11", "Handler": "app.handler", "Role": ROLE}
    given |= {"Code": {"ZipFile": base64.b64encode(zipped({"app.py": APP})).decode()}} | settings
    body = json.dumps({key: value for key, value in given.items() if value is not None}).encode()
    got, headers, answer = raw(runner, "POST", "/2015-03-31/functions", body)
    assert (got, headers["x-amzn-errortype"]) == (status, code), answer
    assert message in json.loads(answer)["message"]
    assert refused(runner.client.get_function, FunctionName="wrong")[0] == 404


@pytest.mark.parametrize(
    "code",
    [
        b"not a zip",
        zipped({"../../escape.py": "x"}),
        zipped({"/abs.py": "x"}),
        zipped({"a/link": "/etc/passwd"}, mode=0o120777),
        zipped({"app.py": APP * 50})[:-30],
    ],
    ids=["rubbish", "climbs", "absolute", "link", "cut"],
)
def test_zips_that_are_refused(runner: Served, code: bytes, tmp_path: Path) -> None:
    got = refused(
        runner.client.create_function,
        FunctionName="zip",
        Runtime="python3.11",
        Handler="a.b",
        Role=ROLE,
        Code={"ZipFile": code},
    )
    assert got[:2] == (400, "InvalidParameterValueException")
    assert "Could not unzip uploaded file" in got[2]
    assert not list(runner.path.parent.rglob("escape.py"))


def test_a_bucket_that_is_not_there_is_named(runner: Served) -> None:
    given = {"FunctionName": "s3", "Runtime": "python3.11", "Handler": "a.b", "Role": ROLE}
    code = {"S3Bucket": "my-bucket", "S3Key": "code.zip"}
    assert "NoSuchBucket" in refused(runner.client.create_function, Code=code, **given)[2]


def test_a_functions_life(runner: Served) -> None:
    created = runner.create("life", APP, Tags={"team": "a"}, MemorySize=256, Environment={"Variables": {"AB": "1"}})
    assert (created["State"], created["MemorySize"], created["Version"]) == ("Active", 256, "$LATEST")
    given = {"Runtime": "python3.11", "Handler": "a.b", "Role": ROLE, "Code": {"ZipFile": zipped({"a.py": ""})}}
    assert refused(runner.client.create_function, FunctionName="life", **given)[:2] == (
        409,
        "ResourceConflictException",
    )
    pid = invoke(runner, {}, "life")[0]["pid"]
    assert invoke(runner, {}, "life")[0]["pid"] == pid
    changed = runner.client.update_function_configuration(FunctionName="life", Timeout=9)
    assert changed["Timeout"] == 9
    assert invoke(runner, {}, "life")[0]["pid"] != pid  # environments are renewed
    runner.client.update_function_code(FunctionName="life", ZipFile=zipped({"app.py": "def handler(e, c): return 2"}))
    assert invoke(runner, {}, "life")[0] == 2
    stale = refused(runner.client.update_function_configuration, FunctionName="life", RevisionId="old", Timeout=1)
    assert stale[:2] == (412, "PreconditionFailedException")
    arn = created["FunctionArn"]
    runner.client.tag_resource(Resource=arn, Tags={"b": "2"})
    runner.client.untag_resource(Resource=arn, TagKeys=["team"])
    assert runner.client.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    names = [
        one["FunctionName"]
        for page in runner.client.get_paginator("list_functions").paginate()
        for one in page["Functions"]
    ]
    assert "life" in names
    runner.client.delete_function(FunctionName="life")
    assert refused(runner.client.invoke, FunctionName="life")[0] == 404


def test_versions_and_aliases(runner: Served) -> None:
    runner.create("versions", "def handler(e, c): return [1, c.function_version]")
    assert runner.client.publish_version(FunctionName="versions")["Version"] == "1"
    assert runner.client.publish_version(FunctionName="versions")["Version"] == "1"  # nothing changed
    code = zipped({"app.py": "def handler(e, c): return [2, c.function_version]"})
    assert runner.client.update_function_code(FunctionName="versions", ZipFile=code, Publish=True)["Version"] == "2"
    alias = runner.client.create_alias(FunctionName="versions", Name="live", FunctionVersion="1")
    assert alias["AliasArn"].endswith(":function:versions:live")
    assert invoke(runner, {}, "versions", Qualifier="live")[0] == [1, "1"]
    runner.client.update_alias(FunctionName="versions", Name="live", FunctionVersion="2")
    body, answer = invoke(runner, {}, "versions:live")
    assert (body, answer["ExecutedVersion"]) == ([2, "2"], "2")
    assert [one["Version"] for one in runner.client.list_versions_by_function(FunctionName="versions")["Versions"]] == [
        "$LATEST",
        "1",
        "2",
    ]
    assert refused(runner.client.get_alias, FunctionName="versions", Name="no")[0] == 404
    assert refused(runner.client.delete_function, FunctionName="versions", Qualifier="2")[0] == 409
    runner.client.delete_alias(FunctionName="versions", Name="live")
    assert runner.client.list_aliases(FunctionName="versions")["Aliases"] == []


def test_a_layer_is_where_lambda_puts_it(runner: Served) -> None:
    layer = runner.client.publish_layer_version(
        LayerName="common", Content={"ZipFile": zipped({"python/common.py": "VALUE = 42"})}
    )
    source = "import common\ndef handler(e, c): return common.VALUE"
    runner.create("layered", source, Layers=[layer["LayerVersionArn"]])
    assert invoke(runner, {}, "layered")[0] == 42
    assert runner.client.list_layers()["Layers"][0]["LayerName"] == "common"
    assert runner.client.get_layer_version(LayerName="common", VersionNumber=1)["Version"] == 1


def test_a_python_function_has_boto3_and_nothing_else_of_ours(runner: Served) -> None:
    source = "import importlib.util as u\ndef handler(e, c): return [bool(u.find_spec(n)) for n in e]"
    runner.create("imports", source)
    assert invoke(runner, ["boto3", "textual", "pandas", "lambdatui"], "imports")[0] == [True, False, False, False]


def test_an_edited_file_counts_from_the_next_invoke_on(runner: Served, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c): return 1")
    code = {"S3Bucket": "hot-reload", "S3Key": str(tmp_path)}
    runner.client.create_function(FunctionName="hot", Runtime="python3.11", Handler="app.handler", Role=ROLE, Code=code)
    assert invoke(runner, {}, "hot")[0] == 1
    (tmp_path / "app.py").write_text("def handler(e, c): return 22")
    time.sleep(0.05)
    assert invoke(runner, {}, "hot")[0] == 22


def test_response_streaming_of_a_buffered_function(runner: Served) -> None:
    answer = runner.client.invoke_with_response_stream(FunctionName="fn", Payload=b"{}")
    events = list(answer["EventStream"])
    assert json.loads(b"".join(one["PayloadChunk"]["Payload"] for one in events[:-1]))["count"] >= 1
    assert events[-1] == {"InvokeComplete": {}}
    failed = list(
        runner.client.invoke_with_response_stream(FunctionName="fn", Payload=b'{"raise": "x"}')["EventStream"]
    )
    assert failed[-1]["InvokeComplete"]["ErrorCode"] == "ValueError"


def test_the_aws_command_line_works_unchanged(runner: Served, tmp_path: Path) -> None:
    import shutil

    if shutil.which("aws") is None:
        pytest.skip("the aws command line is not installed")
    environment = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1"}
    import os

    out, payload = tmp_path / "out.json", tmp_path / "in.json"
    payload.write_text("{}")
    done = subprocess.run(
        ["aws", "lambda", "invoke", "--endpoint-url", f"http://{runner.host}:{runner.port}", "--function-name", "fn",
         "--payload", f"fileb://{payload}", str(out)],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["StatusCode"] == 200
    assert json.loads(out.read_text())["count"] >= 1


def test_account_settings(runner: Served) -> None:
    settings = runner.client.get_account_settings()
    assert settings["AccountLimit"]["ConcurrentExecutions"] == 1000
    assert settings["AccountUsage"]["FunctionCount"] == len(runner.client.list_functions()["Functions"])


# --- concurrency


def together(calls: list[Any]) -> list[Any]:
    results: list[Any] = [None] * len(calls)

    def run(at: int) -> None:
        try:
            results[at] = calls[at]()
        except ClientError as error:
            results[at] = error.response

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_reserved_concurrency_throttles_with_its_reason_and_counts(runner: Served) -> None:
    runner.create("few", APP)
    runner.client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=2)
    answers = together([lambda: invoke(runner, {"sleep": 0.5}, "few") for _ in range(5)])
    throttled = [one for one in answers if isinstance(one, dict)]
    assert len(throttled) == 3
    for one in throttled:
        assert one["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert one["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
        assert (one["Reason"], one["Type"]) == ("ReservedFunctionConcurrentInvocationLimitExceeded", "User")
    assert runner.metric("few", "Throttles") == 3
    assert runner.metric("few", "Invocations") == 2
    assert runner.metric("few", "ConcurrentExecutions", "Maximum") == 2
    runner.client.put_function_concurrency(FunctionName="few", ReservedConcurrentExecutions=0)
    assert refused(runner.client.invoke, FunctionName="few")[0] == 429
    assert runner.client.get_function_concurrency(FunctionName="few")["ReservedConcurrentExecutions"] == 0
    runner.client.delete_function_concurrency(FunctionName="few")
    assert invoke(runner, {}, "few")[0]["count"] >= 1
    too_many = refused(runner.client.put_function_concurrency, FunctionName="few", ReservedConcurrentExecutions=901)
    assert "below its minimum value of [100]" in too_many[2]


def test_provisioned_environments_are_ready_before_the_first_call(runner: Served) -> None:
    runner.create("ready", APP)
    assert refused(
        runner.client.put_provisioned_concurrency_config,
        FunctionName="ready", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1,
    )[0] == 400  # fmt: skip
    version = runner.client.publish_version(FunctionName="ready")["Version"]
    given = {"FunctionName": "ready", "Qualifier": version}
    missing = refused(runner.client.get_provisioned_concurrency_config, **given)
    assert missing[:2] == (404, "ProvisionedConcurrencyConfigNotFoundException")
    runner.client.put_provisioned_concurrency_config(**given, ProvisionedConcurrentExecutions=1)
    for _ in range(200):
        if runner.client.get_provisioned_concurrency_config(**given)["Status"] == "READY":
            break
        time.sleep(0.05)
    body, answer = invoke(runner, {"sleep": 0.5}, "ready", Qualifier=version, LogType="Tail")
    assert body["kind"] == "provisioned-concurrency"
    assert b"Init Duration" not in base64.b64decode(answer["LogResult"])
    both = together([lambda: invoke(runner, {"sleep": 0.5}, f"ready:{version}")[0]["kind"] for _ in range(2)])
    assert sorted(both) == ["on-demand", "provisioned-concurrency"]  # more than they can take spills over
    assert runner.metric("ready", "ProvisionedConcurrencyInvocations") == 2
    assert runner.metric("ready", "ProvisionedConcurrencySpilloverInvocations") == 1
    assert runner.metric("ready", "ProvisionedConcurrencyUtilization", "Maximum") == 1
    runner.client.delete_provisioned_concurrency_config(**given)


def test_past_the_accounts_and_the_machines_limit_is_a_429(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with served(tmp_path / "runner.db", limits=Limits(account=3, machine=2)) as runner:
        runner.create("a", APP)
        runner.create("b", APP)
        answers = together([partial(invoke, runner, {"sleep": 0.7}, name) for name in "aabb"])
        throttled = [one for one in answers if isinstance(one, dict)]
        assert {one["Reason"] for one in throttled} == {"ConcurrentInvocationLimitExceeded"}
        assert len(throttled) == 2
        assert "this machine holds 2 environments" in capfd.readouterr().err
        # Idle environments of one function make room for another's.
        assert together([lambda: invoke(runner, {}, "b")[1]["StatusCode"] for _ in range(2)]) == [200, 200]


def test_an_idle_environment_expires(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db", limits=Limits(idle_s=0.4)) as runner:
        runner.create("fn", APP)
        pid = invoke(runner, {})[0]["pid"]
        for _ in range(100):
            if not Path(f"/proc/{pid}").exists():
                break
            time.sleep(0.05)
        assert not Path(f"/proc/{pid}").exists()
        assert invoke(runner, {})[0]["count"] == 1
