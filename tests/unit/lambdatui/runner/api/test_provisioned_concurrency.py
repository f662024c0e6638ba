"""Provisioned and reserved concurrency: how they bound one another, and what is listed."""

import pytest

from tests.support.runner_server import Served, refusal, wait_for


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("ready", "def handler(e, c): return 1")
    runner.client.publish_version(FunctionName="ready")
    runner.client.create_alias(FunctionName="ready", Name="live", FunctionVersion="1")


def test_each_bounds_the_other(runner: Served) -> None:
    api = runner.client
    path = "/2019-09-30/functions/ready/provisioned-concurrency?Qualifier=1"
    assert runner.ask("PUT", path, {"ProvisionedConcurrentExecutions": 0})[1]["x-amzn-errortype"] == (
        "ValidationException"
    )
    api.put_function_concurrency(FunctionName="ready", ReservedConcurrentExecutions=1)
    too_many = refusal(
        api.put_provisioned_concurrency_config, FunctionName="ready", Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    assert "should not be greater than the reservedConcurrentExecution" in too_many[2]
    given = {"FunctionName": "ready", "Qualifier": "live"}
    assert api.put_provisioned_concurrency_config(**given, ProvisionedConcurrentExecutions=1)["Status"] in (
        *("IN_PROGRESS", "READY"),
    )
    too_few = refusal(api.put_function_concurrency, FunctionName="ready", ReservedConcurrentExecutions=0)
    assert "greater than or equal to the provisioned concurrency of 1" in too_few[2]
    [listed] = api.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"]
    assert listed["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:ready:live"
    assert listed["RequestedProvisionedConcurrentExecutions"] == 1
    api.delete_provisioned_concurrency_config(**given)
    assert api.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"] == []
    status, _, body = runner.ask("PUT", "/2017-10-31/functions/ready/concurrency", {})
    assert (status, "Value 'null' at 'reservedConcurrentExecutions'" in body["message"]) == (400, True)
    api.delete_function_concurrency(FunctionName="ready")
    assert "ReservedConcurrentExecutions" not in api.get_function_concurrency(FunctionName="ready")


def test_provisioned_environments_take_from_what_is_reserved(runner: Served) -> None:
    api = runner.client
    source = "import os\ndef handler(e, c): return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']"
    runner.create("blocked", source)
    api.publish_version(FunctionName="blocked")
    api.put_function_concurrency(FunctionName="blocked", ReservedConcurrentExecutions=1)
    assert api.invoke(FunctionName="blocked")["Payload"].read() == b'"on-demand"'
    config = {"FunctionName": "blocked", "Qualifier": "1"}
    api.put_provisioned_concurrency_config(**config, ProvisionedConcurrentExecutions=1)
    wait_for(lambda: api.get_provisioned_concurrency_config(**config)["Status"] == "READY")
    for _ in range(2):
        status, headers, body = runner.ask("POST", "/2015-03-31/functions/blocked/invocations", {})
        assert (status, headers["x-amzn-errortype"]) == (429, "TooManyRequestsException")
        assert body["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert api.invoke(**config)["Payload"].read() == b'"provisioned-concurrency"'
    api.put_function_concurrency(FunctionName="blocked", ReservedConcurrentExecutions=2)
    assert api.invoke(FunctionName="blocked")["Payload"].read() == b'"on-demand"'
    api.delete_provisioned_concurrency_config(**config)
    api.delete_function(FunctionName="blocked")
