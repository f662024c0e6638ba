"""What is asked beside logs and metrics, what is refused, and how requests that are none are answered."""

import http.client
import json
import re
import sqlite3
from typing import Any

import pytest

from lambdatui.runner.cloudwatch.cbor import decoded, encoded
from lambdatui.runner.log.reader import LogReader
from lambdatui.runner.untrusted import UnparsableInput
from tests.support.runner_server import refusal
from tests.unit.lambdatui.runner.cloudwatch.conftest import Filled

SOURCE = "def handler(event, context):\n    print('hello from', event)\n    return 1\n"


def test_what_would_write_is_denied_with_the_reason(cloud: Filled) -> None:
    logs = cloud["logs"]
    for call, asked, action in (
        (
            logs.put_log_events,
            {"logGroupName": "a", "logStreamName": "b", "logEvents": [{"timestamp": 1, "message": "x"}]},
            "PutLogEvents",
        ),
        (logs.create_log_group, {"logGroupName": "a"}, "CreateLogGroup"),
        (logs.delete_log_group, {"logGroupName": "a"}, "DeleteLogGroup"),
        (logs.put_retention_policy, {"logGroupName": "a", "retentionInDays": 1}, "PutRetentionPolicy"),
    ):
        status, code, message = refusal(call, **asked)
        assert (status, code) == (400, "AccessDeniedException")
        assert (
            f"is not authorized to perform: logs:{action} because the runner's logs and metrics are read only"
            in message
        )
    status, code, message = refusal(cloud["cloudwatch"].delete_alarms, AlarmNames=["a"])
    assert (status, code) == (400, "AccessDenied")
    assert "cloudwatch:DeleteAlarms" in message


def test_what_is_not_here_says_so(cloud: Filled) -> None:
    insights = refusal(cloud["logs"].start_query, queryString="fields @message", startTime=0, endTime=1)
    assert insights[:2] == (400, "InvalidOperationException")
    assert "no Logs Insights" in insights[2]
    for service, call, asked, name in (
        ("logs", "describe_export_tasks", {}, "logs:DescribeExportTasks"),
        ("ce", "get_cost_and_usage", {"TimePeriod": {"Start": "2026-01-01", "End": "2026-01-02"}, "Granularity": "DAILY", "Metrics": ["x"]}, "GetCostAndUsage"),
        ("sts", "get_session_token", {}, "sts:GetSessionToken"),
        ("iam", "list_roles", {}, "ListRoles"),
    ):  # fmt: skip
        status, code, message = refusal(getattr(cloud[service], call), **asked)
        assert (status, code) == (400, "UnknownOperationException")
        assert name in message


def test_the_caller_is_of_the_runners_account(cloud: Filled) -> None:
    identity = cloud["sts"].get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == ("000000000000", "arn:aws:iam::000000000000:root")


def test_tags_are_those_of_the_functions(cloud: Filled) -> None:
    for number in range(3):
        cloud.runner.create(f"tagged-{number}", SOURCE, Tags={"team": "shop", "number": f"{number}"})
    cloud.runner.create("untagged", SOURCE)
    ask = cloud["resourcegroupstaggingapi"].get_resources

    def named(**asked: Any) -> list[str]:
        return [each["ResourceARN"].rpartition(":")[2] for each in ask(**asked)["ResourceTagMappingList"]]

    assert named(ResourceTypeFilters=["lambda:function"]) == ["tagged-0", "tagged-1", "tagged-2"]
    assert named(ResourceTypeFilters=["s3"]) == []
    assert named(TagFilters=[{"Key": "number", "Values": ["1", "2"]}, {"Key": "team"}]) == ["tagged-1", "tagged-2"]
    assert named(ResourceARNList=["arn:aws:lambda:us-east-1:000000000000:function:tagged-2"]) == ["tagged-2"]
    pages = list(
        cloud["resourcegroupstaggingapi"].get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2})
    )
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [2, 1]
    assert refusal(ask, PaginationToken="x")[1] == "PaginationTokenExpiredException"


def test_there_are_no_schedules_and_no_alarms(cloud: Filled) -> None:
    scaling = cloud["application-autoscaling"]
    assert scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"] == []
    assert cloud["cloudwatch"].describe_alarm_history()["AlarmHistoryItems"] == []
    alarms = cloud["cloudwatch"].describe_alarms_for_metric(MetricName="Errors", Namespace="AWS/Lambda")
    assert alarms["MetricAlarms"] == []


def test_what_an_answered_call_wrote_is_there_at_once(cloud: Filled) -> None:
    cloud.runner.create("hello", SOURCE)
    for number in range(5):
        cloud.runner.client.invoke(FunctionName="hello", Payload=json.dumps({"number": number}))
        assert f"hello from {{'number': {number}}}\n" in cloud.messages("hello")
    assert cloud.messages("hello", filterPattern='"hello from"') == [
        f"hello from {{'number': {number}}}\n" for number in range(5)
    ]
    [duration] = cloud["cloudwatch"].get_metric_data(
        MetricDataQueries=[
            {
                "Id": "p",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": "Duration",
                        "Dimensions": [{"Name": "FunctionName", "Value": "hello"}],
                    },
                    "Period": 3600,
                    "Stat": "p99",
                },
            }
        ],
        StartTime=0,
        EndTime=4_000_000_000,
    )["MetricDataResults"]
    reports = [re.search(r"Duration: ([\d.]+) ms", line) for line in cloud.messages("hello", filterPattern="REPORT")]
    assert duration["Values"] == [max(float(report[1]) for report in reports if report)]


def _sent(cloud: Filled, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(cloud.runner.host, cloud.runner.port, timeout=30)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


@pytest.mark.parametrize(
    ("path", "body", "headers", "words"),
    [
        ("/", b"", {}, b"<Code>UnknownOperationException</Code>"),
        ("/", b"\xff\xfe", {}, b"<Code>SerializationException</Code>"),
        ("/", b"A=1&A.B=2", {}, b"<Code>SerializationException</Code>"),
        ("/", b"{", {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"SerializationException"),
        ("/", b"[]", {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"SerializationException"),
        ("/", b"[" * 3000, {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"SerializationException"),
        ("/", b'{"limit": []}', {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"'limit' failed"),
        ("/", b'{"limit": 1.5}', {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"'limit' failed"),
        ("/", b'{"logGroupNamePrefix": 5}', {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"failed"),
        ("/", b'{"logGroupIdentifiers": 5}', {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"failed"),
        ("/", b'{"logGroupIdentifiers": [5]}', {"x-amz-target": "Logs_20140328.DescribeLogGroups"}, b"failed"),
        ("/", b"{}", {"x-amz-target": "nothing"}, b"UnknownOperationException"),
        ("/service/GraniteServiceVersion20100801/operation/ListMetrics", b"\xff", {}, b"SerializationException"),
        ("/service/x", b"", {}, b"UnknownOperationException"),
    ],
)
def test_what_cannot_be_read_is_refused_in_its_protocol(
    cloud: Filled, path: str, body: bytes, headers: dict[str, str], words: bytes
) -> None:
    status, answer = _sent(cloud, path, body, headers)
    assert status == 400
    assert words in answer


def test_a_log_that_cannot_be_read_is_an_error_of_the_service(cloud: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(LogReader, "opened", fail)
    status, code, message = refusal(cloud["logs"].describe_log_groups)
    assert (status, code) == (500, "ServiceUnavailableException")
    assert "disk I/O error" in message


def test_percentiles_of_functions_that_share_a_log_group(cloud: Filled) -> None:
    names = ("shared-a", "shared-b")
    for name in names:
        cloud.runner.create(name, SOURCE, LoggingConfig={"LogGroup": "/shop/shared"})
        cloud.runner.client.invoke(FunctionName=name)
    group = {"logGroupName": "/shop/shared"}
    streams = cloud["logs"].describe_log_streams(**group)["logStreams"]
    assert [re.sub(r"^[\d/]+|\[.*", "", stream["logStreamName"]) for stream in streams] == list(names)
    queries = [
        {"Id": name.replace("-", "_"), "MetricStat": {"Period": 3600, "Stat": "p50", "Metric": {
            "Namespace": "AWS/Lambda", "MetricName": "Duration", "Dimensions": [{"Name": "FunctionName", "Value": name}],
        }}}
        for name in names
    ]  # fmt: skip
    results = cloud["cloudwatch"].get_metric_data(MetricDataQueries=queries, StartTime=0, EndTime=4_000_000_000)
    medians = {result["Id"]: result["Values"] for result in results["MetricDataResults"]}
    for name in names:
        [report] = cloud["logs"].filter_log_events(
            **group,
            filterPattern="REPORT",
            logStreamNames=[s["logStreamName"] for s in streams if name in s["logStreamName"]],
        )["events"]
        [duration] = re.findall(r"\tDuration: ([\d.]+) ms", report["message"])
        assert medians[name.replace("-", "_")] == [float(duration)]


# --- CBOR


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, 23, 24, 255, 256, 65_536, 1 << 40, -1, -500, 1.5, "", "text é", [], [1, [2]], {},
        {"a": {"b": [1.25, None]}}, "x" * 70_000,
    ],
)  # fmt: skip
def test_cbor_reads_what_it_writes(value: object) -> None:
    assert decoded(encoded(value)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("f93c00", 1.0),
        ("fa3fc00000", 1.5),
        ("c11a514b67b0", 1363896240),
        ("9f0102ff", [1, 2]),
        ("bf6161f5ff", {"a": True}),
        ("7f61616162ff", "ab"),
        ("f7", None),
        ("4101", b"\x01"),
    ],
)
def test_cbor_of_others(data: str, value: object) -> None:
    assert decoded(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data", ["", "18", "62", "ff", "0000", "f8ff", "81ff", "1f", "1c", "c1", "a1", "a1800161", "bf01ff", "81" * 200]
)
def test_what_is_no_cbor(data: str) -> None:
    with pytest.raises(UnparsableInput):
        decoded(bytes.fromhex(data))
