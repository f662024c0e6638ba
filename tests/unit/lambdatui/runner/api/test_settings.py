"""Settings of functions that are refused, in AWS's words."""

from typing import Any

import pytest

from tests.support.runner_server import Served


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("set", "def handler(e, c): return 1")


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"Timeout": "3"}, "SerializationException", "Timeout is not an integer"),
        ({"MemorySize": True}, "SerializationException", "MemorySize is not an integer"),
        ({"Timeout": 0}, "ValidationException", "Value '0' at 'timeout'"),
        ({"Handler": "a handler"}, "ValidationException", "Value 'a handler' at 'handler'"),
        ({"Handler": "x" * 129}, "ValidationException", "at 'handler' failed"),
        ({"Description": "x" * 257}, "ValidationException", "at 'description' failed"),
        ({"EphemeralStorage": {"Size": 10_241}}, "ValidationException", "between 512 and 10240"),
        ({"Architectures": ["vax"]}, "ValidationException", "enum value set: [x86_64, arm64]"),
        ({"LoggingConfig": {"LogFormat": "XML"}}, "ValidationException", "enum value set: [JSON, Text]"),
        ({"Environment": {"Variables": {"1A": "x"}}}, "ValidationException", "at 'environment.variables' failed"),
        ({"Environment": {"Variables": {"A": 1}}}, "SerializationException", "environment variable A is not a string"),
        ({"Environment": {"Variables": {"A": "x"}}}, "ValidationException", "pattern: [a-zA-Z]([a-zA-Z0-9_])+]"),
        (
            {"Environment": {"Variables": {"TZ": "", "AWS_REGION": "x", "AWS_ACCESS_KEY": "y"}}},
            "InvalidParameterValueException",
            "Reserved keys used in this request: AWS_ACCESS_KEY, AWS_REGION",
        ),
        ({"Environment": {"Variables": {"XY": "x" * 4095}}}, "InvalidParameterValueException", "measured: 4097 bytes"),
        ({"PackageType": "Image"}, "InvalidParameterValueException", "Container images are not run by this runner"),
    ],
)
def test_settings_that_are_refused(runner: Served, settings: dict[str, Any], code: str, message: str) -> None:
    before = runner.client.get_function_configuration(FunctionName="set")
    status, headers, body = runner.ask("PUT", "/2015-03-31/functions/set/configuration", settings)
    assert (status, headers["x-amzn-errortype"]) == (400, code)
    assert message in body["message"]
    after = runner.client.get_function_configuration(FunctionName="set")
    assert after["RevisionId"] == before["RevisionId"]


def test_what_lambda_does_not_reserve_a_function_may_set(runner: Served) -> None:
    free = {
        "PATH": "/bin",
        "LANG": "C",
        "TZ": ":Europe/Rome",
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/w",
        "PYTHONPATH": "/opt",
    }
    free |= {"AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR", "LAMBDA_OF_MINE": "1", "AWS_LAMBDA_OF_MINE": "1"}
    answer = runner.client.update_function_configuration(FunctionName="set", Environment={"Variables": free})
    assert answer["Environment"]["Variables"] == free
