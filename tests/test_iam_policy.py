"""The printed policy is the session's own list: nothing more, and no way to write, invoke or read code."""

import json
import subprocess
import sys

import boto3
import pytest
from click.testing import CliRunner

from collectors.cloudwatch.readings import FEATURES, READINGS
from lambdatui.cli.iam_policy import command


def policy() -> dict[str, list[dict[str, object]]]:
    done = CliRunner().invoke(command)
    assert done.exit_code == 0
    decoded = json.loads(done.stdout)
    assert isinstance(decoded, dict)
    return decoded


def actions() -> set[str]:
    found: set[str] = set()
    for statement in policy()["Statement"]:
        assert statement["Effect"] == "Allow"
        allowed = statement["Action"]
        assert isinstance(allowed, list)
        found.update(allowed)
    return found


def test_the_policy_is_what_the_session_may_call() -> None:
    assert actions() == {action for one in READINGS for action in (one.action, *one.also)}
    assert all(not action.endswith("*") for action in actions())


def test_everything_on_the_list_only_reads() -> None:
    reads = ("Get", "List", "Describe", "Filter")
    # Queries and tails are begun and ended; they change nothing.
    own = {"logs:StartQuery", "logs:StopQuery", "logs:StartLiveTail", "logs:StopLiveTail"}
    assert {action for action in actions() if not action.split(":")[1].startswith(reads)} == own
    # These read what is secret, such as code. GetFunctionConfiguration tells no more than ListFunctions, whose variables
    # are let go too; it alone tells a function's state.
    assert not actions() & {"lambda:GetFunction", "logs:Unmask", "logs:GetDataProtectionPolicy"}
    # What goes on, ends or begins something in a durable execution is never called, nor what gives its data.
    assert not {action for action in actions() if "Durable" in action and "State" in action}


def test_features_narrow_it() -> None:
    done = CliRunner().invoke(command, ["--features", "metrics,logs"])
    allowed = {action for one in json.loads(done.stdout)["Statement"] for action in one["Action"]}
    assert allowed == {
        "sts:GetCallerIdentity", "lambda:ListFunctions", "cloudwatch:GetMetricData", "logs:DescribeLogGroups",
        "logs:FilterLogEvents",
    }  # fmt: skip
    assert {one.feature for one in READINGS} == set(FEATURES)
    assert CliRunner().invoke(command, ["--features", "everything"]).exit_code == 2


@pytest.mark.parametrize("one", READINGS, ids=lambda one: one.action)
def test_aws_has_every_operation_on_the_list(one: object) -> None:
    reading = next(found for found in READINGS if found is one)
    client = boto3.session.Session().client(reading.service, region_name="us-east-1")  # type: ignore[call-overload]
    assert reading.operation in client.meta.service_model.operation_names


def test_log_lines_are_allowed_for_lambda_groups_only() -> None:
    for action in ("logs:FilterLogEvents", "logs:StartQuery", "logs:StartLiveTail"):
        (logs,) = [one for one in policy()["Statement"] if action in str(one["Action"])]
        assert logs["Resource"] == "arn:aws:logs:*:*:log-group:/aws/lambda/*"
    assert len({str(one["Sid"]) for one in policy()["Statement"]}) == len(policy()["Statement"])


def test_printing_it_needs_no_boto3() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from lambdatui.cli.iam_policy import command;"
        "CliRunner().invoke(command); sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
