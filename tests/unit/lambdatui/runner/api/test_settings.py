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
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "Reserved keys: AWS_"),
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
