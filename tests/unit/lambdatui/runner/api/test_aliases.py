"""Aliases: what is refused, and calls that are shared between two versions."""

import pytest

from tests.support.runner_server import Served, refusal, zipped

SOURCE = "def handler(e, c):\n    return c.function_version\n"


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("aliased", SOURCE)
    runner.client.publish_version(FunctionName="aliased")
    runner.client.update_function_code(FunctionName="aliased", ZipFile=zipped({"app.py": SOURCE + "#"}), Publish=True)


def test_what_is_refused(runner: Served) -> None:
    create = runner.client.create_alias
    unknown = refusal(create, FunctionName="aliased", Name="no", FunctionVersion="9")
    assert (unknown[0], unknown[2]) == (
        404,
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:aliased:9",
    )
    assert refusal(create, FunctionName="aliased", Name="7", FunctionVersion="1")[1] == "ValidationException"
    for version, weights in (("1", {"9": 0.5}), ("1", {"2": 1.5}), ("$LATEST", {"1": 0.5})):
        routing = {"AdditionalVersionWeights": weights}
        got = refusal(create, FunctionName="aliased", Name="no", FunctionVersion=version, RoutingConfig=routing)
        assert got[:2] == (400, "InvalidParameterValueException")
    create(FunctionName="aliased", Name="once", FunctionVersion="1")
    again = refusal(create, FunctionName="aliased", Name="once", FunctionVersion="1")
    assert again[:2] == (409, "ResourceConflictException")
    stale = refusal(runner.client.update_alias, FunctionName="aliased", Name="once", RevisionId="older")
    assert stale[:2] == (412, "PreconditionFailedException")


def test_an_alias_shares_its_calls(runner: Served) -> None:
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    alias = runner.client.create_alias(
        FunctionName="aliased", Name="shared", FunctionVersion="1", RoutingConfig=routing, Description="half"
    )
    assert runner.client.get_alias(FunctionName="aliased", Name="shared")["RoutingConfig"] == routing
    versions = {runner.client.invoke(FunctionName="aliased:shared")["ExecutedVersion"] for _ in range(40)}
    assert versions == {"1", "2"}  # one of them alone: once in 10^12
    runner.client.update_alias(
        FunctionName="aliased", Name="shared", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}}
    )
    versions = {runner.client.invoke(FunctionName=alias["AliasArn"])["ExecutedVersion"] for _ in range(5)}
    assert versions == {"2"}
    listed = runner.client.list_aliases(FunctionName="aliased", FunctionVersion="1")["Aliases"]
    assert "shared" in [one["Name"] for one in listed]
    assert runner.client.list_aliases(FunctionName="aliased", FunctionVersion="2")["Aliases"] == []


def test_too_many_tags(runner: Served) -> None:
    arn = runner.client.get_function(FunctionName="aliased")["Configuration"]["FunctionArn"]
    tags = {f"tag{number}": "x" for number in range(51)}
    assert "exceeds resource tag limit." in refusal(runner.client.tag_resource, Resource=arn, Tags=tags)[2]
