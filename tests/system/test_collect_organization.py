"""``collect --organization``: the accounts come from Organizations, each is read by one role, and none hides another."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from collectors.model.units import HOUR_MS
from collectors.store.read.reader import Reader
from tests.support.accounts_cloud import Cloud, refused
from tests.support.aws import ACCOUNT, error, isolate
from tests.support.command_line import run

PAYMENTS, SHOP, GONE = "222233334444", "333344445555", "444455556666"
ACCOUNTS = [
    {"Id": SHOP, "Name": "Shop", "State": "ACTIVE", "Status": "ACTIVE"},
    {"Id": ACCOUNT, "Name": "Management", "Status": "ACTIVE"},
    {"Id": GONE, "Name": "Gone", "State": "CLOSED", "Status": "ACTIVE"},
    {"Id": "555566667777", "Name": "Old", "Status": "SUSPENDED"},
    {"Id": PAYMENTS, "Name": "Payments", "State": "ACTIVE"},
]
ROLE = ("--organization", "--role-name", "team/read")
REGIONS = ("--region", "eu-central-1", "--region", "us-east-1")
FEW = ("--without", "inventory", "--without", "alarms", "--without", "metrics", "--logs", "none")


def paged(asked: dict[str, Any]) -> dict[str, Any]:
    """Two accounts a page, and an empty page on the way, as AWS may give it."""
    at = int(asked.get("NextToken", 0))
    page = {0: ACCOUNTS[:2], 1: [], 2: ACCOUNTS[2:4], 3: ACCOUNTS[4:]}[at]
    return {"Accounts": page} | ({"NextToken": str(at + 1)} if at < 3 else {})


def one_function(asked: dict[str, Any]) -> dict[str, Any]:
    account, region = asked["account"], asked["region"]
    arn = f"arn:aws:lambda:{region}:{account}:function:of-{account}"
    return {"Functions": [{"FunctionName": f"of-{account}", "FunctionArn": arn}]}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    isolate(monkeypatch, tmp_path)
    cloud = Cloud(monkeypatch)
    cloud.answers |= {"organizations:ListAccounts": paged, "lambda:ListFunctions": one_function}
    return cloud


def collect(tmp_path: Path, *arguments: str) -> Result:
    return run("--db", str(tmp_path / "s.db"), "collect", "--json", *FEW, *arguments)


def sources(done: Result) -> dict[str, list[str]]:
    return {one["source"]: one["failures"] for one in json.loads(done.stdout)["sources"]}


def functions(tmp_path: Path) -> set[tuple[str, str, str]]:
    with Reader(tmp_path / "s.db") as reader:
        keys = [row.function.key for row in reader.functions()]
    return {(key.account, key.region, key.name) for key in keys}


def test_every_active_account_is_read_in_every_region(cloud: Cloud, tmp_path: Path) -> None:
    done = collect(tmp_path, *ROLE, *REGIONS)
    assert (done.exit_code, done.stderr) == (0, "")
    expected = {
        (account, region, f"of-{account}")
        for account in (ACCOUNT, PAYMENTS, SHOP)
        for region in ("eu-central-1", "us-east-1")
    }
    assert functions(tmp_path) == expected
    assert {(one["account"], one["region"]) for one in cloud.asked("lambda:ListFunctions")} == {
        (account, region) for account, region, _ in expected
    }
    assert set(sources(done)) == {
        "cloudwatch eu-central-1", "cloudwatch us-east-1",
        f"cloudwatch {PAYMENTS} eu-central-1", f"cloudwatch {PAYMENTS} us-east-1",
        f"cloudwatch {SHOP} eu-central-1", f"cloudwatch {SHOP} us-east-1",
    }  # fmt: skip


def test_a_role_is_assumed_once_an_account_and_never_in_ones_own(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path, *ROLE, *REGIONS, "--external-id", "word")
    asked = cloud.asked("sts:AssumeRole")
    assert sorted(one["RoleArn"] for one in asked) == [
        f"arn:aws:iam::{PAYMENTS}:role/team/read", f"arn:aws:iam::{SHOP}:role/team/read"
    ]  # fmt: skip
    assert {(one["ExternalId"], one["RoleSessionName"], one["account"]) for one in asked} == {
        ("word", "lambdatui", ACCOUNT)
    }
    assert len(cloud.asked("organizations:ListAccounts")) == 4
    # The role's name may stand with the option itself.
    cloud.requests.clear()
    collect(tmp_path, "--organization", "other", *REGIONS)
    assert {one["RoleArn"].rpartition("/")[2] for one in cloud.asked("sts:AssumeRole")} == {"other"}
    assert "ExternalId" not in cloud.asked("sts:AssumeRole")[0]


def test_arns_are_of_the_partition(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    isolate(monkeypatch, tmp_path)
    cloud = Cloud(monkeypatch, partition="aws-cn")
    cloud.answers |= {"organizations:ListAccounts": paged, "lambda:ListFunctions": one_function}
    collect(tmp_path, *ROLE, "--region", "cn-north-1")
    assert {one["RoleArn"].partition(":iam")[0] for one in cloud.asked("sts:AssumeRole")} == {"arn:aws-cn"}


def test_an_account_whose_role_cannot_be_assumed_hides_no_other(cloud: Cloud, tmp_path: Path) -> None:
    arn = f"arn:aws:iam::{PAYMENTS}:role/team/read"
    cloud.answers["sts:AssumeRole"] = lambda asked: (
        refused("sts:AssumeRole", arn) if PAYMENTS in asked["RoleArn"] else cloud.assume(asked)
    )
    done = collect(tmp_path, *ROLE, *REGIONS)
    assert done.exit_code == 3
    assert {account for account, _, _ in functions(tmp_path)} == {ACCOUNT, SHOP}
    failures = {each for of_source in sources(done).values() for each in of_source}
    (failure,) = failures
    assert failure.startswith(f"account {PAYMENTS} (Payments): {arn} cannot be assumed: AWS denied sts:AssumeRole")
    assert "iam-policy --role" in failure
    assert len([one for one in cloud.asked("sts:AssumeRole") if PAYMENTS in one["RoleArn"]]) == 1  # not once a region


def test_accounts_that_may_not_be_listed_leave_ones_own(cloud: Cloud, tmp_path: Path) -> None:
    said = error("AccessDeniedException", "You don't have permissions to access this resource.")
    cloud.answers["organizations:ListAccounts"] = lambda _: said
    done = collect(tmp_path, *ROLE, *REGIONS)
    assert done.exit_code == 3
    assert {account for account, _, _ in functions(tmp_path)} == {ACCOUNT}
    (failure,) = [each for of_source in sources(done).values() for each in of_source]
    assert "AWS denied organizations:ListAccounts" in failure
    assert "only the management account and delegated administrators" in failure
    cloud.answers["organizations:ListAccounts"] = lambda _: error("AWSOrganizationsNotInUseException")
    (failure,) = [each for of_source in sources(collect(tmp_path, *ROLE)).values() for each in of_source]
    assert "in no organization" in failure or "names no AWS region" in failure
    (failure,) = [each for of_source in sources(collect(tmp_path, *ROLE, *REGIONS)).values() for each in of_source]
    assert "the account is in no organization" in failure


def test_a_list_that_breaks_off_leaves_the_accounts_that_came(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["organizations:ListAccounts"] = lambda asked: (
        error("AccessDeniedException") if asked.get("NextToken") == "2" else paged(asked)
    )
    done = collect(tmp_path, *ROLE, *REGIONS)
    assert done.exit_code == 3
    assert {account for account, _, _ in functions(tmp_path)} == {ACCOUNT, SHOP}


def test_credentials_that_do_not_work_are_one_failure(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["sts:GetCallerIdentity"] = lambda _: (
        403, b"<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>",
    )  # fmt: skip
    done = collect(tmp_path, *ROLE, *REGIONS)
    assert done.exit_code == 1
    assert "the credentials have expired" in done.stderr
    assert cloud.asked("organizations:ListAccounts") == []


def test_accounts_are_narrowed_to(cloud: Cloud, tmp_path: Path) -> None:
    run("--db", str(tmp_path / "s.db"), "--account", "2222*", "collect", "--json", *FEW, *ROLE, *REGIONS)
    assert {account for account, _, _ in functions(tmp_path)} == {PAYMENTS}
    assert {one["RoleArn"].split(":")[4] for one in cloud.asked("sts:AssumeRole")} == {PAYMENTS}


def test_a_dry_run_names_them_and_bills_nothing(cloud: Cloud, tmp_path: Path) -> None:
    done = collect(tmp_path, *ROLE, *REGIONS, "--dry-run")
    rows = json.loads(done.stdout)["sources"]
    assert [(one["account"], one["functions"]) for one in rows] == [
        (account, 1) for account in (ACCOUNT, ACCOUNT, PAYMENTS, PAYMENTS, SHOP, SHOP)
    ]
    assert not (tmp_path / "s.db").exists()
    assert cloud.asked("cloudwatch:GetMetricData") == []


def test_the_configuration_says_the_role(cloud: Cloud, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[organization]\nrole_name = "read"\nexternal-id = "word"\n'.replace("external-id", "external_id")
    )
    assert collect(tmp_path, "--config", str(config), "--organization", *REGIONS).exit_code == 0
    (asked, *_) = cloud.asked("sts:AssumeRole")
    assert (asked["RoleArn"].rpartition("/")[2], asked["ExternalId"]) == ("read", "word")
    config.write_text('[organization]\nrole = "read"\n')
    assert "organization must be a table of role_name" in run("config", "check", "--config", str(config)).stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--organization"], "the name of a role that only reads"),
        (["--organization", "arn:aws:iam::1:role/x"], "no role's name"),
        (["--role-name", "read"], "are for --organization"),
        (["--external-id", "word"], "are for --organization"),
        ([*ROLE, "--linked"], "two ways to the same accounts"),
        ([*ROLE, "--profile", "a", "--profile", "b"], "takes one --profile"),
        ([*ROLE, "--source", "runner.db"], "are for CloudWatch"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_wrong_usage_is_2(cloud: Cloud, tmp_path: Path, arguments: list[str], says: str) -> None:
    done = collect(tmp_path, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert cloud.requests == []


def test_a_watch_lists_accounts_once_an_hour_and_goes_on_with_those_it_knows(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lambdatui.cli.collect import accounts
    from lambdatui.cli.collect.request import CollectRequest, OrganizationRequest
    from lambdatui.cli.collect.rounds import Rounds
    from lambdatui.settings.context import CommandContext

    now = [1_000.0]
    monkeypatch.setattr(accounts.time, "monotonic", lambda: now[0])
    organization = OrganizationRequest("read")
    request = CollectRequest(("",)[:0], ("eu-central-1",), HOUR_MS, None, "none", (), False, 0, False, organization)
    collecting = Rounds(request, CommandContext(tmp_path / "s.db"), None, quiet=True)
    assert len(collecting.once()) == 3
    now[0] += 3_599
    assert len(collecting.once()) == 3
    assert len(cloud.asked("organizations:ListAccounts")) == 4  # one listing, of four pages
    assert len(cloud.asked("sts:AssumeRole")) == 2
    now[0] += 1
    cloud.answers["organizations:ListAccounts"] = lambda _: error("AccessDeniedException")
    done = collecting.once()
    assert [len(one.failures) for one in done] == [0, 1, 0, 0]


def test_a_role_that_expires_is_assumed_again(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["sts:AssumeRole"] = lambda asked: cloud.assume(asked, "2020-01-01T00:00:00Z")
    done = collect(tmp_path, *ROLE, "--region", "eu-central-1")
    # Credentials that have ended already are asked for again, and said where that does not help.
    assert len(cloud.asked("sts:AssumeRole")) >= 2
    assert done.exit_code in (1, 3)


def test_hundreds_of_accounts_are_read_a_few_at_a_time_and_models_once(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is that of the accounts which are read at the same time: their clients are let go then."""
    from botocore.loaders import JSONFileLoader

    from collectors.sources.cloudwatch.session import ReadOnlySession
    from lambdatui.cli.collect import accounts

    monkeypatch.setattr(accounts, "AT_ONCE", 3)
    read: list[str] = []
    load = JSONFileLoader.load_file

    def counted(self: JSONFileLoader, path: str) -> Any:
        found = load(self, path)
        if found is not None and "service-2" in path:
            read.append(path)
        return found

    monkeypatch.setattr(JSONFileLoader, "load_file", counted)
    reading: set[str] = set()
    most = [0]

    def functions_of(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["account"] != ACCOUNT:
            reading.add(asked["account"])
            most[0] = max(most[0], len(reading))
        return one_function(asked)

    closed = ReadOnlySession.close

    def close(session: ReadOnlySession) -> None:
        reading.discard(session.label)
        closed(session)
        assert session._clients == {}

    monkeypatch.setattr(ReadOnlySession, "close", close)
    many = [{"Id": f"{number:012d}", "State": "ACTIVE"} for number in range(40)]
    cloud.answers |= {"organizations:ListAccounts": lambda _: {"Accounts": many}, "lambda:ListFunctions": functions_of}
    assert collect(tmp_path, *ROLE, "--region", "eu-central-1").exit_code == 0
    assert len(functions(tmp_path)) == 41
    assert 1 <= most[0] <= 3
    assert len(read) == len(set(read)) or len(read) <= 2 * len(set(read))  # two threads may read one at once
