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
    assert (status, "Value null at 'reservedConcurrentExecutions'" in body["message"]) == (400, True)
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


def test_a_failing_init_makes_it_failed_with_a_reason(runner: Served) -> None:
    api = runner.client
    runner.create("broken", "raise RuntimeError('not today')", Publish=True)
    named = {"FunctionName": "broken", "Qualifier": "1"}
    put = api.put_provisioned_concurrency_config(**named, ProvisionedConcurrentExecutions=2)
    assert (put["Status"], put["AvailableProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 0)
    state = wait_for(
        lambda: (answer := api.get_provisioned_concurrency_config(**named))["Status"] == "FAILED" and answer
    )
    assert state["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert state["AvailableProvisionedConcurrentExecutions"] == 0
    assert state["LastModified"] == put["LastModified"]
    api.delete_provisioned_concurrency_config(**named)


def test_what_is_refused(runner: Served) -> None:
    api = runner.client
    put, arn = api.put_provisioned_concurrency_config, "arn:aws:lambda:us-east-1:000000000000:function"
    for names, status, message in (
        ({"FunctionName": "ready", "Qualifier": "$LATEST"}, 400, "Provisioned Concurrency Configs cannot be applied"),
        ({"FunctionName": "ready", "Qualifier": "gone"}, 404, f"Cannot find alias arn: {arn}:ready:gone"),
        ({"FunctionName": "ready", "Qualifier": "10"}, 404, f"Function not found: {arn}:ready:10"),
        ({"FunctionName": "absent", "Qualifier": "gone"}, 404, f"Cannot find alias arn: {arn}:absent:gone"),
        ({"FunctionName": "absent", "Qualifier": "1"}, 404, f"Function not found: {arn}:absent:1"),
    ):
        refused = refusal(put, **names, ProvisionedConcurrentExecutions=1)
        assert (refused[0], message in refused[2]) == (status, True)
    latest = refusal(api.get_provisioned_concurrency_config, FunctionName="ready", Qualifier="$LATEST")
    assert latest[2] == "The function resource provided must be an alias or a published version."
    version, live = {"FunctionName": "ready", "Qualifier": "1"}, {"FunctionName": "ready", "Qualifier": "live"}
    for count, text in ((1_001, "greater than account's unreserved concurrency [1000]."), (901, "minimum value of [1")):
        assert text in refusal(put, **version, ProvisionedConcurrentExecutions=count)[2]
    put(**version, ProvisionedConcurrentExecutions=1)
    assert "on an already Provisioned version" in refusal(put, **live, ProvisionedConcurrentExecutions=1)[2]
    api.delete_provisioned_concurrency_config(**version)
    put(**live, ProvisionedConcurrentExecutions=1)
    assert "is pointed by a Provisioned" in refusal(put, **version, ProvisionedConcurrentExecutions=1)[2]
    api.delete_alias(FunctionName="ready", Name="live")
    assert api.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"] == []


def test_reserved_concurrency_is_a_functions(runner: Served) -> None:
    put = runner.client.put_function_concurrency
    absent = refusal(put, FunctionName="absent", ReservedConcurrentExecutions=1)
    assert absent[2].endswith(":function:absent:$LATEST")
    qualified = refusal(put, FunctionName="ready:1", ReservedConcurrentExecutions=1)
    assert qualified[2].startswith("This operation is permitted on Lambda functions only.")
    most = refusal(put, FunctionName="ready", ReservedConcurrentExecutions=901)
    assert most[2].endswith("below its minimum value of [100].")
