"""Invoking: the types, the limits, and streams."""

import json

import pytest

from tests.support.runner_server import Served, refusal, wait_for

INVOKE = "/2015-03-31/functions/fn/invocations"
STREAM = "/2021-11-15/functions/fn/response-streaming-invocations"


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("fn", "def handler(e, c):\n    print('got', e)\n    return e")


def test_log_types(runner: Served) -> None:
    status, headers, body = runner.ask("POST", INVOKE, {}, {"X-Amz-Log-Type": "Head"})
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert "Value 'Head' at 'logType'" in body["message"]
    answer = list(runner.client.invoke_with_response_stream(FunctionName="fn", LogType="Tail")["EventStream"])
    assert "LogResult" in answer[-1]["InvokeComplete"]


def test_a_stream_is_tried_and_is_never_an_event(runner: Served) -> None:
    assert runner.ask("POST", STREAM, {}, {"X-Amz-Invocation-Type": "DryRun"})[0] == 204
    status, _, body = runner.ask("POST", STREAM, {}, {"X-Amz-Invocation-Type": "Event"})
    assert (status, "[RequestResponse, DryRun]" in body["message"]) == (400, True)
    large = b'"' + b"x" * 6_291_456 + b'"'
    status, headers, body = runner.ask("POST", STREAM, large)
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestTooLargeException")
    assert body["message"].endswith("for the InvokeWithResponseStream operation")


def test_invoke_async_is_an_event(runner: Served) -> None:
    path = "/2014-11-13/functions/fn/invoke-async/"
    assert runner.ask("POST", path, {"n": 5})[0] == 202
    wait_for(lambda: "got {'n': 5}\n" in runner.messages())
    assert runner.ask("POST", path, b'"' + b"x" * 1_048_576 + b'"')[0] == 413
    assert runner.ask("POST", path, b"{")[1]["x-amzn-errortype"] == "InvalidRequestContentException"


def test_a_throttled_call_says_why(runner: Served) -> None:
    runner.create("none", "def handler(e, c): return 1")
    runner.client.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=0)
    status, headers, body = runner.ask("POST", STREAM.replace("/fn/", "/none/"), {})
    assert (status, headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
    assert body["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_a_payload_that_is_nested_too_deeply_is_refused(runner: Served) -> None:
    for depth in (600, 5_000):
        status, headers, body = runner.ask("POST", INVOKE, b"[" * depth + b"]" * depth)
        assert (status, headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
        assert body["message"] == "Could not parse request body into json: it is nested too deeply"
    assert runner.ask("POST", INVOKE, b"9" * 5_000)[2]["message"].endswith("a number has too many digits")
    deep = b"[" * 400 + b"]" * 400
    assert runner.ask("POST", INVOKE, deep)[2] == json.loads(deep)


def test_a_fault_of_the_runner_is_a_service_exception(
    runner: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(runner.runner.functions, "save", fail)
    status, headers, body = runner.ask("PUT", "/2015-03-31/functions/fn/configuration", {"Timeout": 5})
    assert (status, headers["x-amzn-errortype"]) == (500, "ServiceException")
    assert body == {"Message": "the runner failed: no disk", "Type": "Service"}
    assert "PUT /2015-03-31/functions/fn/configuration: OSError('no disk')" in capfd.readouterr().err


def test_a_body_past_everything_is_too_large(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdatui.runner.api.front.Front.body_bytes", 1000)
    got = refusal(runner.client.update_function_code, FunctionName="fn", ZipFile=b"x" * 2000)
    assert got[:2] == (413, "RequestTooLargeException")


@pytest.mark.parametrize("name", ["", "a" * 171, "x/y"])
def test_names_of_no_function(runner: Served, name: str) -> None:
    status, headers, _ = runner.ask("POST", f"/2015-03-31/functions/{name}/invocations", {})
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    qualifier = runner.ask("POST", f"{INVOKE}?Qualifier=a%20b", {})
    assert (qualifier[0], "at 'qualifier' failed" in qualifier[2]["message"]) == (400, True)


PARSER = " at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
EXPECTED = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"


@pytest.mark.parametrize(
    ("body", "problem", "line", "column"),
    [
        (b"n\x87r\x9e\xe9", "Invalid UTF-8 start byte 0x87", 1, 3),
        (b"\x99\xeb,j", f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value ({EXPECTED})", 1, 1),
        (b"hello", f"Unrecognized token 'hello': was expecting ({EXPECTED})", 1, 6),
        (b'{"a":\n  *}', f"Unexpected character ('*' (code 42)): expected a valid value ({EXPECTED})", 2, 3),
        (b'{"a": 1', "Unexpected end-of-input", 1, 8),
        (b"{'a': 1}", "Expecting property name enclosed in double quotes", 1, 2),
    ],
)
def test_a_payload_that_is_no_json_is_refused_in_the_words_of_aws(
    runner: Served, body: bytes, problem: str, line: int, column: int
) -> None:
    status, headers, refused = runner.ask("POST", INVOKE, body)
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    text = f"Could not parse payload into json: {problem}\n{PARSER.format(line, column)}"
    assert refused == {"Type": "User", "message": f"Could not parse request body into json: {text}"}


def test_a_client_context_is_base64_of_an_object(runner: Served) -> None:
    for context in ("%%", "W10=", "bm8="):
        status, _, refused = runner.ask("POST", INVOKE, {}, {"X-Amz-Client-Context": context})
        assert (status, refused["message"]) == (400, "Client context must be a valid Base64-encoded JSON object.")


def test_an_answer_names_its_trace(runner: Served) -> None:
    runner.create("traced", "import os\ndef handler(e, c): return os.environ['_X_AMZN_TRACE_ID']")
    path = INVOKE.replace("/fn/", "/traced/")
    given = "Root=1-00000001-000000000000000000000001"
    _, headers, seen = runner.ask("POST", path, {}, {"X-Amzn-Trace-Id": given})
    assert headers["x-amzn-trace-id"] == seen
    assert seen.startswith(f"{given};Parent=")
    assert runner.ask("POST", path, {})[2].startswith("Root=1-")
