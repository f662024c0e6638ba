"""The printed policy is the session's own list: nothing more, and no way to write, invoke or read code."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.session import get_session
from click.testing import CliRunner

from collectors.ingest.many_sources import collect_accounts
from collectors.sources.cloudwatch.allowed_calls import FEATURES, READINGS
from collectors.sources.cloudwatch.policy import BY_DEFAULT, PARTITIONS, partition_of
from collectors.sources.cloudwatch.source import CloudWatchSource
from lambdatui.cli.iam_policy import command
from tests.support import needs
from tests.support.aws import canned_session, isolate, listed
from tests.support.command_line import run
from tests.support.places import SHARED

REVIEWED = SHARED / "iam_readonly.json"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No store and no region of this machine."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def printed(*arguments: str) -> list[dict[str, Any]]:
    done = run("iam-policy", *arguments)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["Version"] == "2012-10-17"
    statements: list[dict[str, Any]] = found["Statement"]
    return statements


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
    """But for the organization's part, which says nothing without the name of a role."""
    expected = {action for one in READINGS if one.feature in BY_DEFAULT for action in (one.action, *one.also)}
    assert actions() == expected
    assert set(FEATURES) - set(BY_DEFAULT) == {"organization"}
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


# --- what an action is allowed on --------------------------------------------------------------------------------------


def allowed_on(statements: list[dict[str, Any]], action: str) -> list[str]:
    found: list[str] = []
    for one in statements:
        if action in one["Action"]:
            resources = one["Resource"]
            found += [resources] if isinstance(resources, str) else resources
    return found


def test_what_takes_no_resource_is_allowed_on_any() -> None:
    """Service authorization reference: these have no resource types, and on a log group they would allow nothing."""
    for action in ("logs:StopLiveTail", "logs:StopQuery", "logs:DescribeLogGroups", "cloudwatch:GetMetricData"):
        assert allowed_on(printed(), action) == ["*"]


@needs.file(REVIEWED)
def test_it_allows_what_a_reviewed_policy_allows_of_the_same_actions() -> None:
    """The reviewed one is not ours: of each action that both name, ours is on no less and on no more."""
    reviewed = json.loads(REVIEWED.read_text())["Statement"]
    both = 0
    for one in (each for each in reviewed if each["Effect"] == "Allow"):
        for action in one["Action"]:
            if ours := allowed_on(printed(), action):
                both += 1
                theirs = one["Resource"] if isinstance(one["Resource"], list) else [one["Resource"]]
                assert all(any(fnmatchcase(each, mine) for mine in ours) for each in theirs), action
                assert all(any(fnmatchcase(mine, each) for each in theirs) for mine in ours), action
    assert both >= 15
    denied = {action for each in reviewed if each["Effect"] == "Deny" for action in each["Action"]}
    assert not denied & actions()


# --- partitions --------------------------------------------------------------------------------------------------------


def test_regions_lie_in_the_partitions_that_botocore_says() -> None:
    known = get_session().get_component("data_loader").load_data("partitions")["partitions"]
    assert {one["id"] for one in known} <= set(PARTITIONS)
    for one in known:
        regions = [region for region in one["regions"] if re.match(one["regionRegex"], region)]
        assert regions
        assert {partition_of(region) for region in regions} == {one["id"]}


@pytest.mark.parametrize(
    ("arguments", "partitions"),
    [
        (["--partition", "aws-cn"], ["aws-cn"]),
        (["--region", "cn-northwest-1"], ["aws-cn"]),
        (["--region", "us-gov-west-1", "--region", "us-gov-east-1"], ["aws-us-gov"]),
        (["--region", "us-isob-east-1"], ["aws-iso-b"]),
        (["--region", "eu-central-1", "--region", "cn-north-1"], ["aws", "aws-cn"]),
        (["--region", "eu-central-1", "--partition", "aws-us-gov"], ["aws-us-gov"]),
    ],
    ids=" ".join,
)
def test_arns_name_the_partition(arguments: list[str], partitions: list[str]) -> None:
    statements = printed(*arguments, "--role-name", "read", "--log-group", "/own")
    arns = [each for one in statements for each in allowed_on([one], one["Action"][0]) if each != "*"]
    assert len(arns) == len({arn.split(":")[1] for arn in arns}) * (3 * 3 + 1)
    assert list(dict.fromkeys(arn.split(":")[1] for arn in arns)) == partitions


def test_the_region_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert allowed_on(printed(), "logs:FilterLogEvents") == ["arn:aws-cn:logs:*:*:log-group:/aws/lambda/*"]
    assert run("iam-policy", "--partition", "aws-moon").exit_code == 2
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
    assert allowed_on(printed(), "logs:FilterLogEvents") == ["arn:aws-us-gov:logs:*:*:log-group:/aws/lambda/*"]


# --- log groups --------------------------------------------------------------------------------------------------------


def test_log_groups_beyond_lambdas_own_are_named_with_and_without_their_streams() -> None:
    statements = printed("--log-group", "/own/orders", "--log-group", "/ecs/*")
    for action in ("logs:FilterLogEvents", "logs:StartQuery", "logs:StartLiveTail"):
        assert allowed_on(statements, action) == [
            "arn:aws:logs:*:*:log-group:/aws/lambda/*",
            "arn:aws:logs:*:*:log-group:/own/orders",
            "arn:aws:logs:*:*:log-group:/own/orders:*",
            "arn:aws:logs:*:*:log-group:/ecs/*",
        ]
    assert allowed_on(statements, "logs:DescribeLogGroups") == ["*"]
    for wrong in ("", "own orders", "arn:aws:logs:*:*:log-group:x", "x" * 513):
        assert run("iam-policy", "--log-group", wrong).exit_code == 2


def test_groups_that_functions_of_the_store_write_to_are_allowed(tmp_path: Path) -> None:
    session, aws = canned_session()
    logging: Any = {"LoggingConfig": {"LogGroup": "/own/orders"}}
    functions = [*listed(["orders", "refunds"], **logging), *listed(["plain"])]
    aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": functions}
    source = CloudWatchSource(session, since_ms=0, now_ms=1, features=())
    collect_accounts([lambda: source], db=tmp_path / "s.db", now_ms=1)
    db = ("--db", str(tmp_path / "s.db"))
    own = ["arn:aws:logs:*:*:log-group:/own/orders", "arn:aws:logs:*:*:log-group:/own/orders:*"]
    lambdas = ["arn:aws:logs:*:*:log-group:/aws/lambda/*"]
    assert allowed_on(printed(*db), "logs:FilterLogEvents") == [*lambdas, *own]
    assert "1 log group that functions in" in run("iam-policy", *db).stderr
    assert allowed_on(printed(*db, "--no-store"), "logs:FilterLogEvents") == lambdas
    assert allowed_on(printed(*db, "--function", "plain"), "logs:FilterLogEvents") == lambdas


def test_a_policy_that_iam_would_not_take_is_said() -> None:
    many = [each for number in range(60) for each in ("--log-group", f"/own/{number:030d}")]
    done = run("iam-policy", *many)
    assert "a managed policy has 6,144 at most" in done.stderr
    assert json.loads(done.stdout)["Statement"]
    assert run("iam-policy").stderr == ""


# --- roles -------------------------------------------------------------------------------------------------------------

ROLE = "arn:aws:iam::111122223333:role/team/read"


def test_a_source_profile_may_assume_the_named_roles_and_no_other() -> None:
    other = "arn:aws-cn:iam::444455556666:role/read"
    (one,) = printed("--role", ROLE, "--role", other, "--role", ROLE)
    assert (one["Effect"], one["Action"], one["Resource"]) == ("Allow", ["sts:AssumeRole"], [ROLE, other])
    for wrong in ("read", "arn:aws:iam::1:role/x", "arn:aws:iam::111122223333:user/x", ROLE + "*"):
        assert run("iam-policy", "--role", wrong).exit_code == 2
    assert run("iam-policy", "--role", ROLE, "--trust", "111122223333").exit_code == 2


def test_the_trust_policy_of_a_role() -> None:
    (one,) = printed("--trust", "111122223333")
    assert one["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert (one["Action"], "Condition" in one, "Resource" in one) == ("sts:AssumeRole", False, False)
    (one,) = printed(
        "--trust", "111122223333", "--trust", ROLE, "--external-id", "shared-word", "--partition", "aws-cn"
    )
    assert one["Principal"] == {"AWS": ["arn:aws-cn:iam::111122223333:root", ROLE]}
    assert one["Condition"] == {"StringEquals": {"sts:ExternalId": "shared-word"}}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--trust", "*"], "neither an account id nor the ARN"),
        (["--trust", "arn:aws:iam::111122223333:role/*"], "neither an account id nor the ARN"),
        (["--trust", "arn:aws:sts::111122223333:assumed-role/read/me"], "arn:aws:iam::111122223333:role/read"),
        (["--trust", "111122223333", "--external-id", "a b"], "no external id"),
        (["--external-id", "word"], "--external-id is for --trust"),
        (["--features", "organization"], "needs --role-name"),
        (["--role-name", ROLE], "no role's name"),
        (["--role-name", "*"], "no role's name"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_would_trust_or_allow_too_much_is_wrong_usage(arguments: list[str], says: str) -> None:
    done = run("iam-policy", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr


def test_an_organization_is_its_accounts_and_one_role() -> None:
    statements = printed("--features", "organization", "--role-name", "team/read")
    assert allowed_on(statements, "organizations:ListAccounts") == ["*"]
    assert allowed_on(statements, "sts:AssumeRole") == ["arn:aws:iam::*:role/team/read"]
    assert allowed_on(printed("--role-name", "read"), "sts:AssumeRole") == ["arn:aws:iam::*:role/read"]
    assert allowed_on(printed(), "sts:AssumeRole") == []
