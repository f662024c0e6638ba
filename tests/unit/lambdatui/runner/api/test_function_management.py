"""Recursion, runtime management, and the features that this runner has not."""

import pytest

from tests.support.runner_server import Served, refusal


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("managed", "def handler(e, c): return 1", Publish=True)
    runner.client.create_alias(FunctionName="managed", Name="live", FunctionVersion="1")


def test_recursion_is_stopped_unless_it_is_allowed(runner: Served) -> None:
    api = runner.client
    assert api.get_function_recursion_config(FunctionName="managed")["RecursiveLoop"] == "Terminate"
    assert api.put_function_recursion_config(FunctionName="managed", RecursiveLoop="Allow")["RecursiveLoop"] == "Allow"
    assert api.get_function_recursion_config(FunctionName="managed")["RecursiveLoop"] == "Allow"
    wrong = refusal(api.put_function_recursion_config, FunctionName="managed", RecursiveLoop="Perhaps")
    assert wrong == (
        400,
        "ValidationException",
        "1 validation error detected: Value 'Perhaps' at 'recursiveLoop' failed to satisfy constraint: Member must "
        "satisfy enum value set: [Terminate, Allow]",
    )


def test_runtime_management(runner: Served) -> None:
    api = runner.client
    before = api.get_runtime_management_config(FunctionName="managed")
    assert (before["UpdateRuntimeOn"], before.get("RuntimeVersionArn")) == ("Auto", None)
    assert before["FunctionArn"].endswith(":function:managed:$LATEST")
    arn = "arn:aws:lambda:us-east-1::runtime:0123"
    put = api.put_runtime_management_config(
        FunctionName="managed", UpdateRuntimeOn="Manual", RuntimeVersionArn=arn, Qualifier="1"
    )
    assert (put["UpdateRuntimeOn"], put["RuntimeVersionArn"]) == ("Manual", arn)
    assert api.get_runtime_management_config(FunctionName="managed", Qualifier="1")["RuntimeVersionArn"] == arn
    assert api.get_runtime_management_config(FunctionName="managed")["UpdateRuntimeOn"] == "Auto"
    refused = [
        {"UpdateRuntimeOn": "Never"},
        {"UpdateRuntimeOn": "Manual"},
        {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": arn},
        {"UpdateRuntimeOn": "Auto", "Qualifier": "live"},
        {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "no arn of a runtime version"},
    ]
    for members in refused:
        assert refusal(api.put_runtime_management_config, FunctionName="managed", **members)[0] == 400


def test_what_there_is_not(runner: Served) -> None:
    api = runner.client
    assert api.list_capacity_providers()["CapacityProviders"] == []
    assert api.list_durable_executions_by_function(FunctionName="managed")["DurableExecutions"] == []
    assert "FunctionArn" in api.get_function_scaling_config(FunctionName="managed", Qualifier="1")
    missing = refusal(api.get_capacity_provider, CapacityProviderName="mine")
    assert missing == (
        404,
        "ResourceNotFoundException",
        "Capacity provider not found: arn:aws:lambda:us-east-1:000000000000:capacity-provider:mine",
    )
    provider = "/2025-11-30/capacity-providers"
    for method, path, status in (
        ("POST", provider, 400),
        ("PUT", f"{provider}/mine", 404),
        ("DELETE", f"{provider}/mine", 404),
        ("GET", f"{provider}/mine/function-versions", 404),
        ("PUT", "/2025-11-30/functions/managed/function-scaling-config?Qualifier=1", 400),
    ):
        assert runner.ask(method, path, {})[0] == status
    execution = "/2025-12-01/durable-executions/arn:aws:lambda:us-east-1:000000000000:function:managed:1%2Fx%2Fy"
    for method, action, status in (
        ("GET", "", 404),
        ("DELETE", "", 404),
        ("GET", "/history", 404),
        ("GET", "/state", 400),
        ("POST", "/checkpoint", 400),
        ("POST", "/pause", 404),
        ("POST", "/resume", 404),
        ("POST", "/stop", 404),
    ):
        assert runner.ask(method, execution + action)[0] == status
    for action in ("fail", "heartbeat", "succeed"):
        assert runner.ask("POST", f"/2025-12-01/durable-execution-callbacks/x/{action}")[0] == 404
