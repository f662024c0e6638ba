"""Resource policies of functions: statements as AWS writes them, what is refused, and revisions."""

import json
from typing import Any

import pytest

from tests.support.runner_server import Served, refusal

ARN = "arn:aws:lambda:us-east-1:000000000000:function:guarded"
INVOKE = {"FunctionName": "guarded", "Action": "lambda:InvokeFunction"}


@pytest.fixture(scope="module", autouse=True)
def function(runner: Served) -> None:
    runner.create("guarded", "def handler(e, c): return 1", Publish=True)
    runner.client.create_alias(FunctionName="guarded", Name="live", FunctionVersion="1")


@pytest.mark.parametrize(
    ("request_members", "principal", "condition"),
    [
        ({"Principal": "*"}, "*", None),
        ({"Principal": "s3.amazonaws.com"}, {"Service": "s3.amazonaws.com"}, None),
        ({"Principal": "alexa-appkit.amazon.com"}, {"Service": "alexa-appkit.amazon.com"}, None),
        ({"Principal": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, None),
        (
            {"Principal": "arn:aws:iam::123456789012:user/me"},
            {"AWS": "arn:aws:iam::123456789012:user/me"},
            None,
        ),
        (
            {"Principal": "sqs.amazonaws.com", "SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "123456789012"},
            {"Service": "sqs.amazonaws.com"},
            {
                "StringEquals": {"AWS:SourceAccount": "123456789012"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
            },
        ),
        (
            {"Principal": "*", "EventSourceToken": "amzn1.ask.skill.x"},
            "*",
            {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}},
        ),
        (
            {"Principal": "*", "PrincipalOrgID": "o-1234567890", "InvokedViaFunctionUrl": True},
            "*",
            {
                "StringEquals": {"aws:PrincipalOrgID": "o-1234567890"},
                "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
            },
        ),
        (
            {"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
            "*",
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
    ],
)
def test_a_statement_is_as_aws_writes_it(
    runner: Served, request_members: dict[str, Any], principal: object, condition: object
) -> None:
    added = runner.client.add_permission(**{**INVOKE, "StatementId": "s", **request_members})
    statement = json.loads(added["Statement"])
    assert " " not in added["Statement"]
    assert (statement["Sid"], statement["Effect"], statement["Resource"]) == ("s", "Allow", ARN)
    assert (statement["Principal"], statement.get("Condition")) == (principal, condition)
    policy = json.loads(runner.client.get_policy(FunctionName="guarded")["Policy"])
    assert policy == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    runner.client.remove_permission(FunctionName="guarded", StatementId="s")
    assert refusal(runner.client.get_policy, FunctionName="guarded")[1:] == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    )


@pytest.mark.parametrize(
    ("members", "status", "code", "message"),
    [
        ({"StatementId": "a.b"}, 400, "ValidationException", "Value 'a.b' at 'statementId' failed to satisfy"),
        ({"Action": "s3:GetObject"}, 400, "ValidationException", "Value 's3:GetObject' at 'action'"),
        ({"SourceArn": "bucket"}, 400, "ValidationException", "Value 'bucket' at 'sourceArn'"),
        ({"Qualifier": "$LATEST"}, 400, "InvalidParameterValueException", "adding policies for $LATEST."),
        ({"Principal": "invalid.nonaws.com"}, 400, "InvalidParameterValueException", "principal was invalid."),
        ({"FunctionUrlAuthType": "NONE"}, 400, "InvalidParameterValueException", "only supported for lambda:"),
        ({"FunctionName": "absent"}, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:"),
        ({"Qualifier": "gone"}, 404, "ResourceNotFoundException", f"Cannot find alias arn: {ARN}:gone"),
        ({"Qualifier": "42"}, 404, "ResourceNotFoundException", f"Function not found: {ARN}:42"),
        ({"RevisionId": "wrong"}, 412, "PreconditionFailedException", "Call the GetPolicy API to retrieve"),
    ],
)
def test_what_is_refused(runner: Served, members: dict[str, Any], status: int, code: str, message: str) -> None:
    request = {**INVOKE, "StatementId": "s", "Principal": "s3.amazonaws.com", **members}
    refused = refusal(runner.client.add_permission, **request)
    assert refused[:2] == (status, code)
    assert message in refused[2]


def test_each_version_and_alias_has_a_policy_of_its_own(runner: Served) -> None:
    api = runner.client
    revision = api.get_alias(FunctionName="guarded", Name="live")["RevisionId"]
    for qualifier, more in (("1", {}), ("live", {"RevisionId": revision})):
        api.add_permission(**INVOKE, StatementId="same", Principal="s3.amazonaws.com", Qualifier=qualifier, **more)
        policy = api.get_policy(FunctionName=f"guarded:{qualifier}")
        assert json.loads(policy["Policy"])["Statement"][0]["Resource"] == f"{ARN}:{qualifier}"
    conflict = refusal(api.add_permission, **INVOKE, StatementId="same", Principal="s3.amazonaws.com", Qualifier="live")
    assert conflict[:2] == (409, "ResourceConflictException")
    assert "The statement id (same) provided already exists." in conflict[2]
    before = api.get_policy(FunctionName="guarded", Qualifier="live")["RevisionId"]
    api.add_permission(**INVOKE, StatementId="two", Principal="s3.amazonaws.com", Qualifier="live", RevisionId=before)
    remove = {"FunctionName": "guarded", "StatementId": "two", "Qualifier": "live"}
    assert refusal(api.remove_permission, **remove, RevisionId=before)[0] == 412
    api.remove_permission(**remove)
    assert refusal(api.remove_permission, **remove)[2] == "Statement two is not found in resource policy."
    api.delete_alias(FunctionName="guarded", Name="live")
    api.create_alias(FunctionName="guarded", Name="live", FunctionVersion="1")
    assert refusal(api.get_policy, FunctionName="guarded", Qualifier="live")[0] == 404
    assert "No policy is associated" in refusal(api.remove_permission, **remove)[2]
    assert refusal(api.remove_permission, FunctionName="absent", StatementId="s")[2].startswith("No policy found for:")


def test_a_policy_has_a_largest_size(runner: Served) -> None:
    runner.create("wordy", "def handler(e, c): return 1")
    for number in range(100):
        request = {"FunctionName": "wordy", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
        source = f"arn:aws:s3:::{'b' * 200}"
        status, _, body = runner.ask(
            "POST",
            "/2015-03-31/functions/wordy/policy",
            {**request, "StatementId": f"s{number}", "SourceArn": source},
        )
        if status == 400:
            assert "is bigger than the limit (20480)." in body["message"]
            return
    raise AssertionError("it grew and grew")


def test_a_policy_can_be_put_as_a_whole(runner: Served) -> None:
    arn = runner.create("whole", "def handler(e, c): return 1")["FunctionArn"]
    path = f"/2026-07-09/resource-policy/{arn}"
    assert runner.ask("GET", path)[0] == 404
    statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    status, _, body = runner.ask("PUT", path, {"Policy": json.dumps(document)})
    assert (status, json.loads(body["Policy"])) == (200, document)
    assert runner.ask("GET", path)[2] == body
    assert json.loads(runner.client.get_policy(FunctionName="whole")["Policy"]) == document
    assert runner.ask("PUT", path, {"Policy": "{}", "RevisionId": "0" * 36})[0] == 412
    for wrong in ("no JSON", "{}", '{"Statement": "x"}'):
        assert runner.ask("PUT", path, {"Policy": wrong})[0] == 400
    assert runner.ask("PUT", path, {})[0] == 400
    assert runner.ask("DELETE", f"{path}?RevisionId={body['RevisionId']}")[0] == 204
    assert runner.ask("DELETE", path)[0] == 404
    assert runner.ask("GET", path.replace("function:whole", "runtime/mine"))[0] == 404
    assert runner.ask("GET", "/2026-07-09/resource-policy/arn:aws:s3:::bucket")[0] == 400
