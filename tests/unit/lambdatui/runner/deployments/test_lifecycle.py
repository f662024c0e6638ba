"""Functions are Pending, then Active; changes are InProgress, then Successful; and each belongs to a region."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.runner_server import Served, refusal, served, wait_for

SOURCE = "def handler(e, c): return c.invoked_function_arn"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("life") / "runner.db") as one:
        yield one


def state(runner: Served, name: str, **more: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = runner.client.get_function_configuration(FunctionName=name, **more)
    return configuration


def elsewhere(runner: Served) -> Any:
    return boto3.client(
        "lambda",
        endpoint_url=f"http://{runner.host}:{runner.port}",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_a_creation_ends_with_another_revision(runner: Served) -> None:
    created = runner.create("born", SOURCE, Publish=True)
    assert (created["State"], created["StateReason"], created["StateReasonCode"]) == (
        *("Pending", "The function is being created.", "Creating"),
    )
    assert "LastUpdateStatus" not in created
    assert (created["Version"], created["FunctionArn"].rpartition(":")[2]) == ("1", "born")
    active = state(runner, "born")
    assert (active["State"], active["LastUpdateStatus"]) == ("Active", "Successful")
    assert active["RevisionId"] != created["RevisionId"]
    assert active["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith("arn:aws:lambda:us-east-1::runtime:")
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & set(
        runner.client.list_functions()["Functions"][0]
    )


def test_no_change_is_taken_while_another_goes_on(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    runner.create("busy", SOURCE)
    monkeypatch.setattr(runner.runner, "transition_s", 30.0)
    changed = runner.client.update_function_configuration(FunctionName="busy", Timeout=9)
    assert (changed["State"], changed["LastUpdateStatus"], changed["LastUpdateStatusReasonCode"]) == (
        *("Active", "InProgress", "Creating"),
    )
    arn = "arn:aws:lambda:us-east-1:000000000000:function:busy"
    text = f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    for call in (runner.client.update_function_configuration, runner.client.publish_version):
        assert refusal(call, FunctionName="busy") == (409, "ResourceConflictException", text)
    assert runner.client.invoke(FunctionName="busy")["StatusCode"] == 200  # its code is ready
    own = runner.ask("PUT", "/2015-03-31/functions/busy/configuration", {"Timeout": 8}, {"X-Lambdatui-Command": "1"})
    assert (own[0], own[2]["Timeout"]) == (200, 8)  # the runner's own commands do not wait
    runner.create("young", SOURCE)
    pending = refusal(runner.client.update_function_configuration, FunctionName="young", Timeout=9)
    assert pending[2].endswith("The function is currently in the following state: Pending")


def test_a_change_ends_by_itself(runner: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.runner, "transition_s", 0.05)
    created = runner.create("soon", SOURCE)
    assert wait_for(lambda: state(runner, "soon")["State"] == "Active")
    assert state(runner, "soon")["RevisionId"] != created["RevisionId"]


def test_what_was_unfinished_at_the_end_is_finished_at_the_start(tmp_path: Path) -> None:
    with served(tmp_path / "runner.db") as first:
        first.runner.transition_s = 60.0
        first.create("early", SOURCE)
        assert state(first, "early")["State"] == "Pending"
    with served(tmp_path / "runner.db") as second:
        assert state(second, "early")["State"] == "Active"


def test_a_description_is_a_reason_to_publish(runner: Served) -> None:
    runner.create("book", SOURCE, Description="first")
    before = state(runner, "book")["RevisionId"]
    first = runner.client.publish_version(FunctionName="book", Description="of the version")
    assert (first["Version"], first["Description"], first["State"]) == ("1", "of the version", "Active")
    after = state(runner, "book")["RevisionId"]
    assert len({before, after, first["RevisionId"]}) == 3  # publishing changes $LATEST's revision, too
    assert runner.client.publish_version(FunctionName="book")["Version"] == "1"
    runner.client.update_function_configuration(FunctionName="book", Description="second")
    assert runner.client.publish_version(FunctionName="book")["Version"] == "2"
    assert (
        runner.client.delete_function(FunctionName="book", Qualifier="1")["ResponseMetadata"]["HTTPStatusCode"] == 204
    )
    assert (
        runner.client.delete_function(FunctionName="book", Qualifier="1")["ResponseMetadata"]["HTTPStatusCode"] == 204
    )
    assert refusal(runner.client.delete_function, FunctionName="book", Qualifier="live")[2] == (
        "Deletion of aliases is not currently supported."
    )


def test_only_json_has_levels(runner: Served) -> None:
    runner.create("levels", SOURCE)
    change = runner.client.update_function_configuration
    json_format = change(FunctionName="levels", LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "DEBUG"})
    group = "/aws/lambda/levels"
    assert json_format["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": group,
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "DEBUG",
    }
    text = change(FunctionName="levels", LoggingConfig={"LogFormat": "Text"})
    assert text["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": group}


def test_a_function_is_in_the_region_of_the_signature(runner: Served) -> None:
    runner.create("here", SOURCE)
    there = elsewhere(runner)
    text = "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:here"
    assert refusal(there.get_function, FunctionName="here") == (404, "ResourceNotFoundException", text)
    assert "here" not in [function["FunctionName"] for function in there.list_functions()["Functions"]]
    arn = "arn:aws:lambda:us-east-1:000000000000:function:here"
    unreachable = "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')"
    assert refusal(there.invoke, FunctionName=arn)[2] == unreachable
    mine = state(runner, "here")
    there.create_function(
        FunctionName="far",
        Code={"ZipFile": runner_zip()},
        Handler="app.handler",
        Role=mine["Role"],
        Runtime=mine["Runtime"],
    )
    answer = there.invoke(FunctionName="far")["Payload"].read()
    assert answer == b'"arn:aws:lambda:eu-west-1:000000000000:function:far"'


def runner_zip() -> bytes:
    from tests.support.runner_server import zipped

    return zipped({"app.py": SOURCE})


@pytest.mark.parametrize(
    ("name", "qualifier", "texts"),
    [
        ("fn!", None, ["Value 'fn!' at 'functionName' failed to satisfy constraint: Member must satisfy regular"]),
        ("arn:aws:lambda::000000000000:function:fn", None, ["at 'functionName' failed to satisfy constraint"]),
        (
            "fn",
            "a" * 129,
            ["at 'qualifier' failed to satisfy constraint: Member must have length less than or equal to 128"],
        ),
        ("fn:1:2", "b" * 129, ["2 validation errors detected: Value 'fn:1:2' at 'functionName'", "; Value 'bbb"]),
    ],
)
def test_names_that_are_refused(runner: Served, name: str, qualifier: str | None, texts: list[str]) -> None:
    more = {"Qualifier": qualifier} if qualifier else {}
    status, code, message = refusal(runner.client.get_function, FunctionName=name, **more)
    assert (status, code) == (400, "ValidationException")
    assert all(text in message for text in texts)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a" * 65, "InvalidParameterValueException"),
        ("fn.dotted", "ValidationException"),
        ("a:" + "b" * 140, "ValidationException"),
        ("arn:aws:lambda:ap-southeast-1:000000000000:function:fn", "ResourceNotFoundException"),
        ("999999999999:function:fn", "AccessDeniedException"),
    ],
)
def test_names_that_no_new_function_gets(runner: Served, name: str, code: str) -> None:
    settings = {"Handler": "a.b", "Role": "arn:aws:iam::000000000000:role/test", "Runtime": "python3.11"}
    assert refusal(runner.client.create_function, FunctionName=name, Code={"ZipFile": b"x"}, **settings)[1] == code


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"Architectures": ["x86_64", "arm64"]}, "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"),
        ({"SnapStart": {"ApplyOn": "always"}}, "Value 'always' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]"),
        ({"VpcConfig": {"SubnetIds": ["net-1"]}}, "Value '[net-1]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length"),
    ],
)  # fmt: skip
def test_settings_that_no_function_gets(runner: Served, settings: dict[str, Any], text: str) -> None:
    needed = {"Handler": "a.b", "Role": "arn:aws:iam::000000000000:role/test", "Runtime": "python3.11"}
    got = refusal(runner.client.create_function, FunctionName="not", Code={"ZipFile": b"x"}, **needed, **settings)
    assert text in got[2]
