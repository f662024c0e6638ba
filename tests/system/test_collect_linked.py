"""``collect --linked``: accounts that are linked to a monitoring account, read by what they share with it."""

import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from collectors.model.units import HOUR_S, MINUTE_MS
from collectors.store.read.reader import Reader
from tests.support.accounts_cloud import Cloud
from tests.support.aws import ACCOUNT, REGION, error, isolate, recent_ms
from tests.support.command_line import rows, run

SOURCE, QUIET = "222233334444", "333344445555"
SINK = f"arn:aws:oam:{REGION}:{ACCOUNT}:sink/abc"
METRICS, LOGS = "AWS::CloudWatch::Metric", "AWS::Logs::LogGroup"
ARN = f"arn:aws:logs:{REGION}:{SOURCE}:log-group:/aws/lambda/orders"
REQUEST = "11111111-2222-3333-4444-555555555555"
LINKED = ("--linked", "--region", REGION)


def link(account: str, *kinds: str) -> dict[str, Any]:
    return {"Label": f"label {account}", "LinkArn": f"arn:aws:oam:{REGION}:{account}:link/x", "ResourceTypes": [*kinds]}


@cache
def events() -> list[dict[str, Any]]:
    """The same at every question: the clock's minute may pass between two."""
    at = recent_ms(10 * MINUTE_MS)
    lines = [
        f"START RequestId: {REQUEST} Version: $LATEST\n",
        f"REPORT RequestId: {REQUEST}\tDuration: 2.50 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB\t\n",
    ]
    return [
        {"timestamp": at + number, "message": line, "logStreamName": "2025/01/01/[$LATEST]ab", "eventId": f"e{number}"}
        for number, line in enumerate(lines)
    ]


def metrics(asked: dict[str, Any]) -> dict[str, Any]:
    """Two pages, the second with what is not a function's own: an alias, another account's."""
    if asked.get("OwningAccount") != SOURCE or not asked.get("IncludeLinkedAccounts"):
        return {"Metrics": [], "OwningAccounts": []}

    def metric(**dimensions: str) -> dict[str, Any]:
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        return {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Dimensions": named}

    if "NextToken" not in asked:
        return {"Metrics": [metric(FunctionName="orders")], "OwningAccounts": [SOURCE], "NextToken": "2"}
    return {
        "Metrics": [
            metric(FunctionName="orders", Resource="orders:live"), metric(FunctionName="idle"),
            metric(FunctionName="foreign"), metric(FunctionName=""),
        ],
        "OwningAccounts": [SOURCE, SOURCE, ACCOUNT, SOURCE],
    }  # fmt: skip


def data(asked: dict[str, Any]) -> dict[str, Any]:
    """One invocation of orders; nothing of any other."""
    results = []
    for query in asked["MetricDataQueries"]:
        metric = query["MetricStat"]["Metric"]
        ours = metric.get("Dimensions") == [{"Name": "FunctionName", "Value": "orders"}]
        invoked = ours and metric["MetricName"] == "Invocations" and query.get("AccountId") == SOURCE
        at = recent_ms(10 * MINUTE_MS) / 1000
        results.append(
            {"Id": query["Id"], "StatusCode": "Complete"}
            | ({"Timestamps": [at], "Values": [1.0]} if invoked else {"Timestamps": [], "Values": []})
        )
    return {"MetricDataResults": results}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    isolate(monkeypatch, tmp_path)
    cloud = Cloud(monkeypatch)
    cloud.answers |= {
        "lambda:ListFunctions": lambda _: {"Functions": []},
        "oam:ListSinks": lambda _: {"Items": [{"Arn": SINK, "Id": "abc", "Name": "main"}]},
        "oam:ListAttachedLinks": lambda _: {"Items": [link(SOURCE, METRICS, LOGS)]},
        "cloudwatch:ListMetrics": metrics,
        "cloudwatch:GetMetricData": data,
        "logs:DescribeLogGroups": lambda asked: {
            "logGroups": [{"logGroupName": "/aws/lambda/orders", "logGroupArn": ARN, "storedBytes": 10}]
            if asked.get("accountIdentifiers") == [SOURCE] and asked["logGroupNamePrefix"] == "/aws/lambda/" else []
        },
        "logs:FilterLogEvents": lambda asked: {"events": events() if asked.get("logGroupIdentifier") == ARN else []},
    }  # fmt: skip
    return cloud


def collect(tmp_path: Path, *arguments: str) -> Result:
    without = ("--without", "inventory", "--without", "alarms")
    return run("--db", str(tmp_path / "s.db"), "collect", "--json", *without, *LINKED, *arguments)


def source(done: Result, account: str = SOURCE) -> dict[str, Any]:
    (one,) = [each for each in json.loads(done.stdout)["sources"] if each["account"] == account]
    assert isinstance(one, dict)
    return one


def failures(done: Result) -> list[str]:
    return [each for one in json.loads(done.stdout)["sources"] for each in one["failures"]]


# --- what is shared ---------------------------------------------------------------------------------------------------


def test_functions_metrics_and_logs_come_into_the_store_under_their_account(cloud: Cloud, tmp_path: Path) -> None:
    done = collect(tmp_path)
    assert (done.exit_code, failures(done)) == (0, [])
    one = source(done)
    assert (one["source"], one["functions"], one["events"], one["invocations"]) == (
        f"cloudwatch linked {SOURCE} {REGION}", 2, 2, 1,
    )  # fmt: skip
    with Reader(tmp_path / "s.db") as reader:
        found = {row.function.key.name: row.function for row in reader.functions()}
        (invocation,) = reader.find_invocations(REQUEST)
    assert set(found) == {"orders", "idle"}
    assert {(each.key.account, each.key.region) for each in found.values()} == {(SOURCE, REGION)}
    assert invocation.billed_ms == 3
    # How they are configured is not known: not 0, and no guess is kept.
    assert {(each.memory_mb, each.timeout_s, each.runtime, each.log_group) for each in found.values()} == {(None,) * 4}
    listed = {row["function"]: row for row in rows(run("--db", str(tmp_path / "s.db"), "functions", "--json"))}
    assert (listed["orders"]["invocations"], listed["orders"]["account"], listed["idle"]["memory_mb"]) == (
        1,
        SOURCE,
        None,
    )


def test_each_call_says_the_account_as_its_api_has_it(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path)
    assert {one["account"] for _, one in cloud.requests} == {ACCOUNT}  # no credentials but the monitoring account's
    assert cloud.asked("oam:ListAttachedLinks")[0]["SinkIdentifier"] == SINK
    first, second = cloud.asked("cloudwatch:ListMetrics")
    assert {name: first[name] for name in ("Namespace", "MetricName", "IncludeLinkedAccounts", "OwningAccount")} == {
        "Namespace": "AWS/Lambda", "MetricName": "Invocations", "IncludeLinkedAccounts": True, "OwningAccount": SOURCE,
    }  # fmt: skip
    assert second["NextToken"] == "2"
    of_source = [one for one in cloud.asked("cloudwatch:GetMetricData") if "AccountId" in one["MetricDataQueries"][0]]
    assert {query["AccountId"] for one in of_source for query in one["MetricDataQueries"]} == {SOURCE}
    of_own = [one for one in cloud.asked("cloudwatch:GetMetricData") if one not in of_source]
    assert not any("AccountId" in query for one in of_own for query in one["MetricDataQueries"])
    groups = [one for one in cloud.asked("logs:DescribeLogGroups") if "accountIdentifiers" in one]
    assert {(one["includeLinkedAccounts"], *one["accountIdentifiers"]) for one in groups} == {(True, SOURCE)}
    (read,) = cloud.asked("logs:FilterLogEvents")
    assert (read["logGroupIdentifier"], "logGroupName" in read) == (ARN, False)
    for operation in ("lambda:ListFunctions", "cloudwatch:DescribeAlarms"):
        assert len(cloud.asked(operation)) <= 1  # of the own account alone


def test_what_was_read_once_is_not_asked_again(cloud: Cloud, tmp_path: Path) -> None:
    collect(tmp_path)
    done = collect(tmp_path)
    assert (done.exit_code, source(done)["invocations"]) == (0, 0)
    with Reader(tmp_path / "s.db") as reader:
        assert len(reader.find_invocations(REQUEST)) == 1


def test_what_is_known_of_a_function_otherwise_stays(cloud: Cloud, tmp_path: Path) -> None:
    """An account that was read by its own credentials before, and through a link now."""
    from collectors.ingest.many_sources import collect_accounts
    from collectors.sources.cloudwatch.session import ReadOnlySession
    from collectors.sources.cloudwatch.source import CloudWatchSource

    arn = f"arn:aws:lambda:{REGION}:{SOURCE}:function:orders"
    settings = {"FunctionName": "orders", "FunctionArn": arn, "MemorySize": 512}
    cloud.answers["lambda:ListFunctions"] = lambda _: {
        "Functions": [settings | {"LoggingConfig": {"LogGroup": "/own"}}]
    }
    cloud.own = SOURCE
    now_ms = time.time_ns() // 1_000_000
    session = ReadOnlySession(region=REGION)
    direct = CloudWatchSource(session, since_ms=now_ms - 1, now_ms=now_ms, features=())
    collect_accounts([lambda: direct], db=tmp_path / "s.db", now_ms=now_ms)
    cloud.own = ACCOUNT
    cloud.answers["lambda:ListFunctions"] = lambda _: {"Functions": []}
    collect(tmp_path)
    with Reader(tmp_path / "s.db") as reader:
        (known,) = [row.function for row in reader.functions() if row.function.key.name == "orders"]
    assert (known.memory_mb, known.log_group) == (512, "/own")


def test_a_dry_run_says_that_their_functions_are_not_counted(cloud: Cloud, tmp_path: Path) -> None:
    """Listing them is billed, and a dry run asks nothing that is."""
    done = collect(tmp_path, "--dry-run")
    (own, linked) = json.loads(done.stdout)["sources"]
    assert (own["account"], linked["account"], linked["log_groups"]) == (ACCOUNT, SOURCE, 1)
    assert linked["units"]["cloudwatch:ListMetrics"] == 1
    assert "is not known: listing them is billed by page" in done.stderr
    assert done.exit_code == 3
    assert cloud.asked("cloudwatch:GetMetricData") == cloud.asked("cloudwatch:ListMetrics") == []


def test_pages_of_metrics_are_billed_and_a_budget_stops_before_them(cloud: Cloud, tmp_path: Path) -> None:
    done = collect(tmp_path, "--budget", "0", "--without", "metrics")
    assert done.exit_code == 4
    assert cloud.asked("cloudwatch:ListMetrics") == []
    assert "stopped before cloudwatch:ListMetrics of about $0.00001" in done.stderr


# --- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"oam:ListSinks": lambda _: error("AccessDeniedException", status=403)}, "AWS denied oam:ListSinks"),
        ({"oam:ListAttachedLinks": lambda _: error("AccessDeniedException", status=403)},
         "AWS denied oam:ListAttachedLinks"),
        ({"oam:ListSinks": lambda _: {}}, "it has no sink: it is no monitoring account"),
        ({"oam:ListAttachedLinks": lambda _: {"Items": []}}, "no account is linked to it"),
    ],
    ids=["sinks denied", "links denied", "no sink", "no link"],
)  # fmt: skip
def test_where_no_link_can_be_seen_the_own_account_is_read_and_it_is_said(
    cloud: Cloud, tmp_path: Path, answers: dict[str, Callable[[Any], Any]], says: str
) -> None:
    cloud.answers |= answers
    done = collect(tmp_path)
    assert done.exit_code == 3
    (failure,) = failures(done)
    assert says in failure
    assert source(done, ACCOUNT)["failures"] == []


def test_a_region_without_links_beside_one_with_them_is_no_failure(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListSinks"] = lambda asked: {"Items": [{"Arn": SINK}]} if asked["region"] == REGION else {}
    done = collect(tmp_path, "--region", "us-east-1")
    assert (done.exit_code, failures(done)) == (0, [])
    assert f"{ACCOUNT} in us-east-1: it has no sink" in done.stderr


def test_links_come_in_pages(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListAttachedLinks"] = lambda asked: (
        {"Items": [link(QUIET, METRICS, LOGS)]} if asked.get("NextToken") else
        {"Items": [link(SOURCE, METRICS, LOGS), {"Label": "of no account"}], "NextToken": "2"}
    )  # fmt: skip
    done = collect(tmp_path)
    assert {one["account"] for one in json.loads(done.stdout)["sources"]} == {ACCOUNT, SOURCE, QUIET}
    assert (source(done, QUIET)["functions"], done.exit_code) == (0, 0)


def test_links_without_end_leave_those_that_came(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListAttachedLinks"] = lambda asked: (
        error("AccessDeniedException") if asked.get("NextToken") else
        {"Items": [link(SOURCE, METRICS, LOGS)], "NextToken": "2"}
    )  # fmt: skip
    done = collect(tmp_path)
    assert (done.exit_code, source(done)["invocations"]) == (3, 1)
    (failure,) = failures(done)
    assert "AWS denied oam:ListAttachedLinks" in failure


def test_metrics_that_may_not_be_listed_leave_the_logs_and_nothing_counts_as_read(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["cloudwatch:ListMetrics"] = lambda _: error("AccessDeniedException")
    done = collect(tmp_path)
    (failure,) = source(done)["failures"]
    assert "AWS denied cloudwatch:ListMetrics" in failure
    cloud.answers["cloudwatch:ListMetrics"] = metrics
    cloud.requests.clear()
    assert collect(tmp_path).exit_code == 0
    of_source = [one for one in cloud.asked("cloudwatch:GetMetricData") if "AccountId" in one["MetricDataQueries"][0]]
    # The whole day, as nobody knew of the functions before.
    assert max(one["EndTime"] for one in of_source) - min(one["StartTime"] for one in of_source) >= 24 * HOUR_S
    with Reader(tmp_path / "s.db") as reader:
        assert len(reader.find_invocations(REQUEST)) == 1


def test_a_link_without_metrics_gives_its_logs_and_says_so(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListAttachedLinks"] = lambda _: {"Items": [link(SOURCE, LOGS)]}
    done = collect(tmp_path)
    assert done.exit_code == 3
    (failure,) = source(done)["failures"]
    assert failure.startswith(f"metrics of {SOURCE}: its link to {ACCOUNT} shares no metrics")
    assert (source(done)["invocations"], cloud.asked("cloudwatch:ListMetrics")) == (1, [])
    with Reader(tmp_path / "s.db") as reader:
        assert {row.function.key.name for row in reader.functions()} == {"orders"}


def test_a_link_without_logs_gives_its_metrics_and_says_so(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListAttachedLinks"] = lambda _: {"Items": [link(SOURCE, METRICS)]}
    done = collect(tmp_path)
    assert done.exit_code == 3
    (failure,) = source(done)["failures"]
    assert failure.startswith(f"log groups of {SOURCE}: its link to {ACCOUNT} shares no log groups")
    assert source(done)["functions"] == 2
    assert source(done)["metric_points"] > 0
    assert cloud.asked("logs:FilterLogEvents") == []
    # What was not asked for is not missed.
    assert failures(collect(tmp_path, "--logs", "none")) == []


def test_groups_that_are_not_shared_are_named_where_their_functions_ran(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["logs:DescribeLogGroups"] = lambda _: {"logGroups": []}
    done = collect(tmp_path)
    assert done.exit_code == 3
    (failure,) = source(done)["failures"]
    assert "not shared, or of other names, of functions that ran: orders" in failure
    assert "idle" not in failure
    assert cloud.asked("logs:FilterLogEvents") == []


def test_a_group_that_may_not_be_read_is_one_failure(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["logs:FilterLogEvents"] = lambda _: error("AccessDeniedException")
    done = collect(tmp_path)
    assert (done.exit_code, source(done)["functions"]) == (3, 2)
    (failure,) = source(done)["failures"]
    assert "log group /aws/lambda/orders: AWS denied logs:FilterLogEvents" in failure


# --- Logs Insights ----------------------------------------------------------------------------------------------------


def test_insights_sums_groups_by_their_arns(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["logs:StartQuery"] = lambda _: {"queryId": "q"}
    cloud.answers["logs:GetQueryResults"] = lambda _: {"status": "Complete", "results": []}
    collect(tmp_path, "--logs", "insights", "--since", "3h")
    asked = cloud.asked("logs:StartQuery")
    assert asked
    assert {(*one["logGroupIdentifiers"], "logGroupNames" in one) for one in asked} == {(ARN, False)}


# --- which accounts ---------------------------------------------------------------------------------------------------


def test_accounts_are_narrowed_to(cloud: Cloud, tmp_path: Path) -> None:
    cloud.answers["oam:ListAttachedLinks"] = lambda _: {
        "Items": [link(SOURCE, METRICS, LOGS), link(QUIET, METRICS, LOGS)]
    }
    done = run("--db", str(tmp_path / "s.db"), "--account", SOURCE, "collect", "--json", *LINKED, "--logs", "none")
    assert {one["account"] for one in json.loads(done.stdout)["sources"]} == {ACCOUNT, SOURCE}


def test_without_it_no_link_is_asked_for(cloud: Cloud, tmp_path: Path) -> None:
    run("--db", str(tmp_path / "s.db"), "collect", "--json", "--region", REGION, "--logs", "none")
    assert not [name for name, _ in cloud.requests if name.startswith("oam:")]
    assert run("collect", "--source", "runner.db", "--linked").exit_code == 2
