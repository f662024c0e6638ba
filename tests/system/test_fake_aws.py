"""The fake AWS is what tests of collecting are judged by: its fleet is exact, its rules strike where they say."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.support.fake_aws import faults
from tests.support.fake_aws.collecting import collect, no_waiting, run
from tests.support.fake_aws.fleet import Fleet
from tests.support.fake_aws.server import FakeAws, fake_aws
from tests.support.fake_aws.stores import content, covered, differences

pytestmark = pytest.mark.usefixtures("aws_isolated")

SMALL = {"functions": 3, "invocations": 24, "deleted": 1, "idle_every": 3, "shared": 0, "hours": 2}


def client(aws: FakeAws, service: str, attempts: int = 1) -> object:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"})
    return boto3.session.Session().client(service, endpoint_url=aws.url, region_name="eu-central-1", config=config)


def test_the_fleet_is_collected_whole_and_again_the_same(tmp_path: Path) -> None:
    fleet = Fleet()
    assert (fleet.all_runs, fleet.all_events) == (1_028, 4_112)
    with fake_aws(fleet) as aws:
        first = collect(aws, tmp_path / "first.db")
        calls = dict(aws.calls)
        aws.forget_counts()
        code, told, _ = run(aws, tmp_path / "second.db", "--with", "costs", "--with", "optimizer", "--details", "99")
        assert dict(aws.calls) == calls
    assert (first.functions, first.events, first.invocations, first.rejected) == (20, 4_112, 1_028, 0)
    assert first.failures == []
    assert (code, told["events"], told["invocations"]) == (0, 4_112, 1_028)
    assert {one.operation: one.requests for one in first.calls} == calls
    one, other = content(tmp_path / "first.db"), content(tmp_path / "second.db")
    assert differences(one, other) == {}
    assert (len(one["invocations"]), len(one["lines"])) == (1_028, 4_112)
    assert sorted(text for _, _, text in one["lines"]) == sorted(
        each["message"] for events in fleet.events.values() for each in events
    )
    assert any(item.startswith("events ") for item in covered(tmp_path / "first.db"))


def test_one_seed_is_one_fleet_and_another_account_another() -> None:
    assert Fleet(**SMALL).events == Fleet(**SMALL).events
    assert Fleet(**SMALL).events != Fleet(**SMALL, account="111122223333").events


def test_rules_strike_the_calls_that_they_name() -> None:
    with fake_aws(Fleet(**SMALL)) as aws, no_waiting():
        logs = client(aws, "logs")
        by_number = aws.rule("logs:DescribeLogGroups", faults.throttled(), calls={2})
        by_request = aws.rule("logs:*", faults.denied(), when=lambda asked: asked.get("logGroupNamePrefix") == "/x")
        logs.describe_log_groups()
        with pytest.raises(ClientError, match="ThrottlingException"):
            logs.describe_log_groups()
        logs.describe_log_groups()
        with pytest.raises(ClientError, match="not authorized to perform: logs:DescribeLogGroups"):
            logs.describe_log_groups(logGroupNamePrefix="/x")
        aws.clear()
        assert logs.describe_log_groups(logGroupNamePrefix="/x")["logGroups"] == []
        assert (by_number.struck, by_request.struck, aws.calls["logs:DescribeLogGroups"]) == (1, 1, 5)


def test_faults_on_the_wire_are_what_they_say() -> None:
    with fake_aws(Fleet(**SMALL)) as aws, no_waiting():
        functions = client(aws, "lambda")
        whole = functions.list_functions()
        aws.rule("lambda:ListFunctions", faults.reset(), calls={1})
        with pytest.raises(ConnectionClosedError):
            functions.list_functions()
        aws.clear()
        aws.rule("*", faults.reordered())
        assert functions.list_functions()["Functions"] == whole["Functions"][::-1]
        aws.clear()
        aws.rule("*", faults.endless())
        assert functions.list_functions(Marker="ListFunctions-1000000")["Functions"] == []
        assert client(aws, "sts").get_caller_identity()["Account"] == "123456789012"


def test_groups_whose_pages_have_no_end_cost_less_each(tmp_path: Path) -> None:
    with fake_aws(Fleet(functions=12, invocations=60, deleted=0)) as aws:
        aws.rule("logs:FilterLogEvents", faults.endless())
        done = collect(aws, tmp_path / "store.db", features=("functions", "metrics", "logs"))
        groups = len({asked.request["logGroupName"] for asked in aws.asked if asked.operation == "FilterLogEvents"})
        assert groups > 5
        assert any("its pages do not end" in each for each in done.failures)
        # 30 s at the pace of the region, four calls a second, then half as long each time; 20 calls at least. The
        # first page of some has events.
        expected = 120 + 60 + 30 + 20 * (groups - 3)
        assert expected <= aws.calls["logs:FilterLogEvents"] <= expected + groups
