"""``doctor --aws``: each action is tried once, what is denied is said with its statement, what nobody knows is not ok."""

import json
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from collectors.model.units import HOUR_S
from collectors.sources.cloudwatch.allowed_calls import FEATURES, READINGS, Reading
from collectors.sources.cloudwatch.source import ALWAYS
from lambdatui.cli.doctor import aws as aws_check
from tests.support.aws import ACCOUNT, REGION, Canned, canned_session, error, isolate, listed
from tests.support.command_line import run
from tests.support.fake_aws import faults
from tests.support.fake_aws.collecting import no_waiting
from tests.support.fake_aws.faults import Fault
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.server import fake_aws

GROUPS = [{"logGroupName": "/aws/lambda/slow", "logGroupClass": "STANDARD"}]
BILLED = {"logs:StartLiveTail", "ce:GetCostAndUsage"}
OTHER = "222233334444"


def denied(operation: str, resource: str = "*", why: str = "because no identity-based policy allows the action") -> Any:
    said = f"User: arn:aws:iam::{ACCOUNT}:user/me is not authorized to perform: {operation} on resource: {resource}"
    return error("AccessDeniedException", f"{said} {why}")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Canned:
    """An account with a function and a log group in which everything is allowed."""
    isolate(monkeypatch, tmp_path)
    session, canned = canned_session()
    canned.answers |= {
        "lambda:ListFunctions": lambda _: {"Functions": listed(["orders"])},
        "logs:DescribeLogGroups": lambda _: {"logGroups": GROUPS},
        "logs:StartQuery": lambda _: {"queryId": "q-1"},
        "cloudwatch:GetMetricData": lambda _: {"MetricDataResults": [{"Id": "m0", "Timestamps": [], "Values": []}]},
        "oam:ListSinks": lambda _: {"Items": [{"Arn": f"arn:aws:oam:{REGION}:{ACCOUNT}:sink/1", "Id": "1"}]},
        "organizations:ListAccounts": lambda _: {
            "Accounts": [{"Id": ACCOUNT, "Status": "ACTIVE"}, {"Id": "111111111111", "Status": "SUSPENDED"},
                         {"Id": OTHER, "State": "ACTIVE"}]
        },
        "sts:AssumeRole": lambda _: b"<R><AssumeRoleResult></AssumeRoleResult></R>",
    }  # fmt: skip
    canned.headers["date"] = formatdate(usegmt=True)
    monkeypatch.setattr(aws_check, "_session", lambda asked, region: session)
    return canned


def doctor(tmp_path: Path, *arguments: str) -> Result:
    return run("--db", str(tmp_path / "s.db"), "doctor", "--aws", "--json", *arguments)


def found(done: Result) -> dict[str, tuple[str, str]]:
    """State and words by action."""
    return {one["action"]: (one["state"], one["found"]) for one in json.loads(done.stdout)["rows"] if one["action"]}


def row(done: Result, check: str) -> dict[str, Any]:
    (one,) = [each for each in json.loads(done.stdout)["rows"] if each["check"] == check]
    assert isinstance(one, dict)
    return one


def statements(done: Result) -> list[dict[str, Any]]:
    decoded = json.loads(row(done, "policy")["statement"])
    assert decoded["Version"] == "2012-10-17"
    stated: list[dict[str, Any]] = decoded["Statement"]
    return stated


# --- all of it --------------------------------------------------------------------------------------------------------


def lacking(states: dict[str, tuple[str, str]]) -> set[str]:
    """Actions for which this account has nothing to try them on: of those nobody knows."""
    return {action for action, (state, words) in states.items() if state == "not tried" and "there is no " in words}


def test_each_action_of_what_collect_reads_is_tried_once(aws: Canned, tmp_path: Path) -> None:
    done = doctor(tmp_path)
    states = found(done)
    assert set(states) == {one.action for one in READINGS if one.feature in ALWAYS}
    tried = set(states) - lacking(states)
    assert {states[action][0] for action in tried} == {"ok"}
    assert done.exit_code == (3 if lacking(states) else 0)
    for one in (each for each in READINGS if each.feature in ALWAYS):
        assert aws.count(f"{one.service}:{one.operation}") == (one.action in tried), one.action
    assert "policy" not in {each["check"] for each in json.loads(done.stdout)["rows"]}


def test_what_belongs_to_a_function_is_asked_of_one_that_is_there(aws: Canned, tmp_path: Path) -> None:
    doctor(tmp_path)
    asked = dict(aws.requests)
    assert "/functions/orders/" in asked["lambda:ListAliases"]["path"]
    assert asked["lambda:ListAliases"]["MaxItems"] == "1"
    assert asked["logs:FilterLogEvents"]["logGroupName"] == "/aws/lambda/slow"
    assert asked["logs:GetQueryResults"]["queryId"] == asked["logs:StopQuery"]["queryId"] == "q-1"
    # Nothing is scanned of a time that has not come.
    assert asked["logs:StartQuery"]["startTime"] > time.time()
    assert len(asked["cloudwatch:GetMetricData"]["MetricDataQueries"]) == 1


def test_every_feature_can_be_tried_and_nothing_is_billed_unsaid(aws: Canned, tmp_path: Path) -> None:
    """Whatever is added to the list of what may be called is tried too, or says what it lacks."""
    every = ("--features", ",".join(FEATURES), "--role-name", "read")
    done = doctor(tmp_path, *every)
    states = found(done)
    assert set(states) == {one.action for one in READINGS}
    assert {action for action, (state, _) in states.items() if state != "ok"} - lacking(states) == BILLED
    assert done.exit_code == 3
    for action in BILLED:
        assert (states[action][0], "it is billed, $0.01" in states[action][1]) == ("not tried", True)
        assert aws.count(action) == 0
    assert "the try was billed $0.00001" in states["cloudwatch:GetMetricData"][1]
    paid = doctor(tmp_path, *every, "--billed", "--features", "costs")
    assert "the try was billed $0.01" in found(paid)["ce:GetCostAndUsage"][1]
    assert (paid.exit_code, aws.count("ce:GetCostAndUsage")) == (0, 1)


def test_the_role_is_assumed_in_another_account_that_is_active(aws: Canned, tmp_path: Path) -> None:
    done = doctor(tmp_path, "--role-name", "read", "--external-id", "word")
    assert found(done)["sts:AssumeRole"][0] == "ok"
    body = dict(aws.requests)["sts:AssumeRole"]
    assert (body["RoleArn"], body["ExternalId"]) == (f"arn:aws:iam::{OTHER}:role/read", "word")
    without = found(doctor(tmp_path, "--features", "organization"))
    assert without["sts:AssumeRole"] == ("not tried", "sts:AssumeRole: no role is named: give --role-name")


# --- denied -----------------------------------------------------------------------------------------------------------


def test_what_is_denied_is_one_statement_for_each_set_of_resources(aws: Canned, tmp_path: Path) -> None:
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/slow:log-stream:"
    aws.answers |= {
        "logs:FilterLogEvents": lambda _: denied("logs:FilterLogEvents", stream),
        "logs:StartQuery": lambda _: denied("logs:StartQuery", stream),
        "cloudwatch:GetMetricData": lambda _: denied("cloudwatch:GetMetricData"),
        "lambda:ListAliases": lambda _: denied("lambda:ListAliases", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"),
    }  # fmt: skip
    done = doctor(tmp_path)
    assert done.exit_code == 1
    assert statements(done) == [
        {"Sid": "LambdatuiMissing", "Effect": "Allow", "Action": ["lambda:ListAliases", "cloudwatch:GetMetricData"],
         "Resource": "*"},
        {"Sid": "LambdatuiMissing1", "Effect": "Allow", "Action": ["logs:FilterLogEvents", "logs:StartQuery"],
         "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"},
    ]  # fmt: skip
    states = found(done)
    assert states["logs:FilterLogEvents"] == ("fail", "logs:FilterLogEvents: AWS denied logs:FilterLogEvents")
    # What hangs on what was denied is not known; what does not, is tried.
    assert states["logs:GetQueryResults"] == ("not tried", "logs:GetQueryResults: no query was begun")
    assert states["cloudwatch:DescribeAlarms"][0] == "ok"
    text = run("--db", str(tmp_path / "s.db"), "doctor", "--aws").stdout
    assert '"Action": [\n        "lambda:ListAliases",' in text
    assert "4 actions denied: this policy allows them" in text


@pytest.mark.parametrize("one", [one for one in READINGS if one.service != "sts"], ids=lambda one: one.action)
def test_whatever_is_denied_alone_is_the_statement(aws: Canned, tmp_path: Path, one: Reading) -> None:
    aws.answers[f"{one.service}:{one.operation}"] = lambda _: denied(one.action)
    done = doctor(tmp_path, "--features", one.feature, "--role-name", "read", "--billed")
    if one.action in lacking(found(done)) or one.operation == "StartLiveTail":
        pytest.skip("there is nothing to try it on in this account, or its answer is a stream")
    (stated,) = statements(done)
    on = list(one.resources)
    assert (stated["Action"], stated["Resource"]) == ([one.action], on[0] if len(on) == 1 else on)
    assert (found(done)[one.action][0], done.exit_code) == ("fail", 1)


def test_a_role_that_may_not_be_assumed_is_the_source_profiles_statement(aws: Canned, tmp_path: Path) -> None:
    role = f"arn:aws:iam::{OTHER}:role/read"
    said = f"User: arn:aws:iam::{ACCOUNT}:user/me is not authorized to perform: sts:AssumeRole on resource: {role}"
    aws.answers["sts:GetCallerIdentity"] = lambda _: (
        403, f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>".encode(),
    )  # fmt: skip
    done = doctor(tmp_path)
    assert statements(done) == [
        {"Sid": "LambdatuiMissing", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": role}
    ]
    assert (row(done, "aws")["state"], done.exit_code) == ("fail", 1)


def test_accounts_that_only_the_management_account_lists_are_no_statements(aws: Canned, tmp_path: Path) -> None:
    aws.answers["organizations:ListAccounts"] = lambda _: error(
        "AccessDeniedException", "You don't have permissions to access this resource."
    )
    done = doctor(tmp_path, "--role-name", "read", "--features", "organization")
    states = found(done)
    assert "only the management account and delegated administrators" in states["organizations:ListAccounts"][1]
    assert states["sts:AssumeRole"] == ("not tried", "sts:AssumeRole: accounts could not be listed")
    assert "policy" not in {each["check"] for each in json.loads(done.stdout)["rows"]}


def test_a_group_of_another_name_is_tried_too_and_named(aws: Canned, tmp_path: Path) -> None:
    logging: Any = {"LoggingConfig": {"LogGroup": "/own/orders"}}
    aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": [*listed(["plain"]), *listed(["orders"], **logging)]}
    own = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/own/orders"
    aws.answers["logs:FilterLogEvents"] = lambda asked: (
        denied("logs:FilterLogEvents", f"{own}:log-stream:")
        if asked["logGroupName"] == "/own/orders"
        else {"events": []}
    )
    done = doctor(tmp_path)
    assert aws.count("logs:FilterLogEvents") == 2
    (one,) = statements(done)
    assert (one["Action"], one["Resource"]) == (
        ["logs:FilterLogEvents"],
        ["arn:aws:logs:*:*:log-group:/aws/lambda/*", f"{own}:*"],
    )


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ("with an explicit deny in a service control policy", "the service control policy denies it explicitly"),
        ("with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/x", "the identity-based policy denies it"),
        ("because no permissions boundary allows the cloudwatch:DescribeAlarms action", "no permissions boundary allows"),
        ("because no session policy allows the cloudwatch:DescribeAlarms action", "no session policy allows it"),
    ],
)  # fmt: skip
def test_a_denial_that_no_statement_lifts_is_said_and_not_among_them(
    aws: Canned, tmp_path: Path, why: str, says: str
) -> None:
    aws.answers["cloudwatch:DescribeAlarms"] = lambda _: denied("cloudwatch:DescribeAlarms", "*", why)
    done = doctor(tmp_path)
    assert says in found(done)["cloudwatch:DescribeAlarms"][1]
    assert done.exit_code == 1
    assert "policy" not in {each["check"] for each in json.loads(done.stdout)["rows"]}


def test_a_metric_that_is_forbidden_is_denied(aws: Canned, tmp_path: Path) -> None:
    aws.answers["cloudwatch:GetMetricData"] = lambda _: {
        "MetricDataResults": [{"Id": "m0", "StatusCode": "Forbidden", "Timestamps": [], "Values": []}]
    }
    done = doctor(tmp_path, "--features", "metrics")
    assert [one["Action"] for one in statements(done)] == [["cloudwatch:GetMetricData"]]


def test_a_partition_is_that_of_the_region(monkeypatch: pytest.MonkeyPatch, aws: Canned, tmp_path: Path) -> None:
    from collectors.sources.cloudwatch.session import ReadOnlySession

    session = ReadOnlySession(region="cn-north-1", endpoint_url="http://127.0.0.1:9")
    china = Canned(session)
    china.answers |= {name: answer for name, answer in aws.answers.items() if name.startswith(("lambda", "logs"))}
    china.answers["logs:FilterLogEvents"] = lambda _: denied("logs:FilterLogEvents")
    monkeypatch.setattr(aws_check, "_session", lambda asked, region: session)
    (one,) = statements(doctor(tmp_path, "--features", "logs"))
    assert one["Resource"] == "arn:aws-cn:logs:*:*:log-group:/aws/lambda/*"


# --- not known --------------------------------------------------------------------------------------------------------


def test_without_a_function_nothing_of_functions_is_known(aws: Canned, tmp_path: Path) -> None:
    aws.answers |= {
        "lambda:ListFunctions": lambda _: {"Functions": []},
        "logs:DescribeLogGroups": lambda _: {"logGroups": []},
    }
    done = doctor(tmp_path)
    states = found(done)
    assert states["lambda:ListAliases"] == ("not tried", "lambda:ListAliases: there is no function to try it on")
    assert states["logs:FilterLogEvents"] == ("not tried", "logs:FilterLogEvents: there is no log group to try it on")
    assert states["lambda:GetAccountSettings"][0] == "ok"
    assert done.exit_code == 3
    aws.answers["lambda:ListFunctions"] = lambda _: denied("lambda:ListFunctions")
    states = found(doctor(tmp_path))
    assert states["lambda:ListAliases"] == ("not tried", "lambda:ListAliases: functions could not be listed")


def test_a_query_without_an_id_is_none_to_ask_after(aws: Canned, tmp_path: Path) -> None:
    aws.answers["logs:StartQuery"] = lambda _: {}
    states = found(doctor(tmp_path))
    for action in ("logs:GetQueryResults", "logs:StopQuery"):
        assert states[action] == ("not tried", f"{action}: no query was begun")


def test_an_empty_page_with_more_to_come_is_not_the_end(aws: Canned, tmp_path: Path) -> None:
    aws.answers["lambda:ListFunctions"] = lambda asked: (
        {"Functions": listed(["orders"])} if asked.get("Marker") == "2" else
        {"Functions": [], "NextMarker": str(int(asked.get("Marker", 0)) + 1)}
    )  # fmt: skip
    assert found(doctor(tmp_path))["lambda:ListAliases"][0] == "ok"
    aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": [], "NextMarker": "again"}
    states = found(doctor(tmp_path))
    assert states["lambda:ListAliases"][0] == "not tried"


@pytest.mark.parametrize(
    ("action", "answer", "state", "says"),
    [
        ("lambda:GetFunctionConcurrency", error("ResourceNotFoundException", status=404), "ok", ""),
        ("lambda:ListProvisionedConcurrencyConfigs", error("ProvisionedConcurrencyConfigNotFoundException", status=404),
         "ok", ""),
        ("logs:StopQuery", error("InvalidParameterException", "the query has ended"), "ok", ""),
        ("logs:FilterLogEvents", error("ResourceNotFoundException"), "not tried", "is not there"),
        ("logs:StartQuery", error("MalformedQueryException", "the end is before"), "warn", "MalformedQueryException"),
        ("cloudwatch:DescribeAlarms", error("ThrottlingException"), "warn", "throttled"),
        ("cloudwatch:DescribeAlarms", error("InternalFailure", status=500), "warn", "InternalFailure"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_only_an_answer_that_comes_after_the_permission_is_ok(
    aws: Canned, tmp_path: Path, action: str, answer: Any, state: str, says: str
) -> None:
    aws.answers[action] = lambda _: answer
    with no_waiting():
        done = doctor(tmp_path)
    states = found(done)
    assert (states[action][0], says in states[action][1]) == (state, True)
    assert done.exit_code == (0 if state == "ok" and not lacking(states) else 3)


@pytest.mark.parametrize(
    "fault",
    [faults.html(), faults.half_json(), faults.truncated(), faults.empty(), faults.reset(), faults.failing(),
     faults.throttled(), faults.list_as_answer()],
    ids=["a page", "half JSON", "cut short", "empty", "reset", "500", "throttled", "a list"],
)  # fmt: skip
def test_what_is_no_answer_is_not_ok(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: Fault) -> None:
    isolate(monkeypatch, tmp_path)
    with fake_aws(Fleet(functions=3)) as fake, no_waiting():
        for operation in ("lambda:GetAccountSettings", "cloudwatch:DescribeAlarms", "logs:FilterLogEvents"):
            fake.rule(operation, fault)
        done = doctor(tmp_path, "--region", REGION, "--endpoint-url", fake.url)
    states = found(done)
    for operation in ("lambda:GetAccountSettings", "cloudwatch:DescribeAlarms", "logs:FilterLogEvents"):
        assert states[operation][0] != "ok", states[operation]
    assert states["cloudwatch:GetMetricData"][0] == "ok"
    assert done.exit_code in (1, 3)


def test_an_account_that_does_not_take_part_is_not_known(aws: Canned, tmp_path: Path) -> None:
    aws.answers["compute-optimizer:GetLambdaFunctionRecommendations"] = lambda _: error("OptInRequiredException")
    done = doctor(tmp_path, "--features", "optimizer")
    assert found(done)["compute-optimizer:GetLambdaFunctionRecommendations"][0] == "not tried"
    assert done.exit_code == 3


def test_a_service_that_cannot_be_reached_is_asked_once(
    aws: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import EndpointConnectionError

    monkeypatch.setattr("time.sleep", lambda _: None)

    def unreachable(_: object) -> Any:
        raise EndpointConnectionError(endpoint_url="https://logs.example")

    aws.answers["logs:DescribeLogGroups"] = unreachable
    done = doctor(tmp_path)
    states = found(done)
    assert states["logs:DescribeLogGroups"][0] == "fail"
    assert "AWS cannot be reached" in states["logs:DescribeLogGroups"][1]
    assert states["logs:FilterLogEvents"] == ("not tried", "logs:FilterLogEvents: logs cannot be reached")
    assert states["cloudwatch:DescribeAlarms"][0] == "ok"
    assert done.exit_code == 1


def test_credentials_that_expire_on_the_way_end_the_trying(aws: Canned, tmp_path: Path) -> None:
    aws.answers["lambda:GetAccountSettings"] = lambda _: error("ExpiredTokenException", status=403)
    states = found(doctor(tmp_path))
    assert "expired" in states["lambda:GetAccountSettings"][1]
    assert states["cloudwatch:DescribeAlarms"][0] == "not tried"
    assert aws.count("cloudwatch:DescribeAlarms") == 0


# --- region and clock -------------------------------------------------------------------------------------------------


def test_a_region_that_is_off_is_called_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    off = {"eu-south-1"}

    def wrong_token(asked: Any, reply: Any) -> Any:
        return faults.refused(403, "InvalidClientTokenId")(asked, reply) if asked.region in off else reply

    with fake_aws(Fleet(functions=1)) as fake, no_waiting():
        fake.rule("sts:GetCallerIdentity", wrong_token)
        done = doctor(tmp_path, "--region", "eu-south-1", "--endpoint-url", fake.url)
        off.add("us-east-1")
        wrong = doctor(tmp_path, "--region", "eu-south-1", "--endpoint-url", fake.url)
    one = row(done, "aws")
    assert (one["state"], done.exit_code) == ("fail", 1)
    assert "region eu-south-1 is not enabled for the account" in one["found"]
    assert "enable-region" in one["advice"]
    assert "does not accept the credentials (InvalidClientTokenId)" in row(wrong, "aws")["found"]


@pytest.mark.parametrize(
    ("off_s", "state", "says"),
    [
        (0, "ok", "within a minute"),
        (-120, "warn", "ahead of AWS's; beyond 5 minutes"),
        (120, "warn", "behind AWS's; beyond 5 minutes"),
        (-600, "fail", "ahead of AWS's: AWS refuses signatures"),
        (7200, "fail", "behind AWS's: AWS refuses signatures beyond 5 minutes"),
    ],
)
def test_the_clock_is_measured(aws: Canned, tmp_path: Path, off_s: int, state: str, says: str) -> None:
    aws.headers["date"] = formatdate(time.time() + off_s, usegmt=True)
    done = doctor(tmp_path)
    one = row(done, "aws clock")
    assert (one["state"], done.exit_code == 1) == (state, state == "fail")
    assert says in one["found"], one["found"]
    assert ("timedatectl" in (one["advice"] or "")) is (state != "ok")


def test_the_clock_is_measured_by_an_answer_that_refuses_the_signature(aws: Canned, tmp_path: Path) -> None:
    aws.headers["date"] = formatdate(time.time() - HOUR_S, usegmt=True)
    aws.answers["sts:GetCallerIdentity"] = lambda _: (
        403, b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message></Error></ErrorResponse>",
    )  # fmt: skip
    done = doctor(tmp_path)
    assert (row(done, "aws clock")["state"], row(done, "aws")["state"], done.exit_code) == ("fail", "fail", 1)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
def test_a_clock_that_nobody_told_is_not_ok(aws: Canned, tmp_path: Path, date: str | None) -> None:
    aws.headers.pop("date")
    if date is not None:
        aws.headers["date"] = date
    done = doctor(tmp_path)
    assert (row(done, "aws clock")["state"], done.exit_code) == ("not tried", 3)


def test_its_options_are_for_aws(tmp_path: Path) -> None:
    for options in (["--features", "logs"], ["--billed"], ["--role-name", "read"]):
        assert run("--db", str(tmp_path / "s.db"), "doctor", *options).exit_code == 2
    assert run("--db", str(tmp_path / "s.db"), "doctor", "--aws", "--features", "everything").exit_code == 2
