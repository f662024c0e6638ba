"""ListMetrics, GetMetricData and GetMetricStatistics, in each protocol that a client may speak."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from lambdatui.runner.clock import now_ms
from lambdatui.runner.functions import Deployment
from tests.support.runner_server import refusal
from tests.unit.lambdatui.runner.cloudwatch.conftest import Filled

MINUTE = 60_000
BEGIN = now_ms() // 3_600_000 * 3_600_000 - 2 * 3_600_000
DURATIONS = [[10.0, 20.0, 30.0, 40.0], [100.0]]


@pytest.fixture(scope="module", autouse=True)
def _invocations(cloud: Filled) -> None:
    log = cloud.runner.runner.log

    async def write() -> None:
        for name in ("orders", "quiet", "json"):
            log.deployed(Deployment(name, "/x", "app.handler", "python3.13"), BEGIN)
        for minute, durations in enumerate(DURATIONS):
            begun_ms = BEGIN + minute * MINUTE
            for number, duration_ms in enumerate(durations):
                log.invocation("orders", duration_ms, number == 0, begun_ms + number)
                log.invocation("json", duration_ms, False, begun_ms + number)
                log.invocation("quiet", duration_ms, False, begun_ms + number)
        log.count("orders", "Throttles", 3.0, BEGIN)
        log.peak("orders", "ConcurrentExecutions", 7.0, BEGIN)
        log.count("late", "AsyncEventsReceived", 2.0, BEGIN - 4 * 3_600_000)
        await log.commit()

    asyncio.run_coroutine_threadsafe(write(), cloud.runner.loop).result(30)
    for minute, durations in enumerate(DURATIONS):
        for number, duration_ms in enumerate(durations):
            after_ms = BEGIN + minute * MINUTE + number - 1_790_000_000_000
            request = f"{minute}-{number}"
            cloud.write(
                "orders", "a",
                [
                    (after_ms, f"START RequestId: {request} Version: $LATEST\n"),
                    (after_ms + 59_999, f"REPORT RequestId: {request}\tDuration: {duration_ms:.2f} ms\tBilled\t\n"),
                ],
            )  # fmt: skip
            record = f'"record":{{"requestId":"{request}"'
            cloud.write(
                "json", "a",
                [
                    (after_ms, f'{{"time":"x","type":"platform.start",{record}}}}}\n'),
                    (after_ms + 5, '{"type":"platform.report"}\n'),
                    (after_ms + 9,
                     f'{{"time":"x","type":"platform.report",{record},"metrics":{{"durationMs":{duration_ms}}}}}}}\n'),
                ],
            )  # fmt: skip
    cloud.write("quiet", "a", [(BEGIN - 1_790_000_000_000, "START RequestId: lost Version: 1\n")])


def asked(metric: str, stat: str, function: str | None = "orders", period_s: int = 60, **more: Any) -> dict[str, Any]:
    dimensions = [] if function is None else [{"Name": "FunctionName", "Value": function}]
    of = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": "m1", "MetricStat": {"Metric": of, "Period": period_s, "Stat": stat, **more}}


def read(cloud: Filled, *queries: dict[str, Any], **request: Any) -> Any:
    span = {"StartTime": BEGIN / 1000, "EndTime": BEGIN / 1000 + 3600, "ScanBy": "TimestampAscending"}
    return cloud["cloudwatch"].get_metric_data(MetricDataQueries=list(queries), **span | request)


def values(cloud: Filled, *arguments: Any, **more: Any) -> list[float]:
    [result] = read(cloud, asked(*arguments, **more))["MetricDataResults"]
    assert result["StatusCode"] == "Complete"
    return list(result["Values"])


@pytest.mark.parametrize(
    ("metric", "stat", "expected"),
    [
        ("Invocations", "Sum", [4, 1]),
        ("Invocations", "SampleCount", [4, 1]),
        ("Errors", "Sum", [1, 1]),
        ("Errors", "Average", [0.25, 1]),
        ("Errors", "Maximum", [1, 1]),
        ("Errors", "Minimum", [0, 1]),
        ("Throttles", "Sum", [3, 0]),
        ("Throttles", "SampleCount", [7, 1]),
        ("Throttles", "Maximum", [1, 0]),
        ("Duration", "Average", [25, 100]),
        ("Duration", "Minimum", [10, 100]),
        ("Duration", "Maximum", [40, 100]),
        ("Duration", "p50", [20, 100]),
        ("Duration", "p99", [40, 100]),
        ("Duration", "p0", [10, 100]),
        ("ConcurrentExecutions", "Maximum", [7]),
        ("ConcurrentExecutions", "Average", []),
        ("Errors", "p50", []),
        ("IteratorAge", "Maximum", []),  # never written: absent, not 0
    ],
)
def test_statistics_of_a_minute(cloud: Filled, metric: str, stat: str, expected: list[float]) -> None:
    assert values(cloud, metric, stat) == expected


def test_longer_periods_begin_at_the_start(cloud: Filled) -> None:
    assert values(cloud, "Invocations", "Sum", period_s=300) == [5]
    assert values(cloud, "Duration", "p50", period_s=300) == [30]
    assert values(cloud, "Duration", "Average", period_s=300) == [40]
    [result] = read(cloud, asked("Invocations", "Sum", period_s=120), StartTime=BEGIN / 1000 - 30)["MetricDataResults"]
    assert [time.timestamp() for time in result["Timestamps"]] == [BEGIN / 1000 - 60, BEGIN / 1000 + 60]
    assert values(cloud, "Invocations", "Sum", period_s=10) == []  # Lambda's metrics are by the minute


def test_percentiles_of_json_logs_and_none_where_reports_are_missing(cloud: Filled) -> None:
    assert values(cloud, "Duration", "p50", "json") == [20, 100]
    assert values(cloud, "Duration", "p50", "quiet") == []
    assert values(cloud, "Duration", "Maximum", "quiet") == [40, 100]


def test_all_functions_together(cloud: Filled) -> None:
    assert values(cloud, "Invocations", "Sum", None) == [12, 3]
    assert values(cloud, "Errors", "Sum", None) == [1, 1]
    assert values(cloud, "Duration", "Maximum", None) == [40, 100]
    assert values(cloud, "ConcurrentExecutions", "Maximum", None) == []  # peaks need not have come together


def test_what_the_runner_does_not_have_is_empty(cloud: Filled) -> None:
    for query in (
        asked("Invocations", "Sum", "unknown"),
        asked("Invocations", "Sum", Unit="Seconds"),
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/Logs", "MetricName": "IncomingBytes"}, "Period": 60, "Stat": "Sum"}},
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "Resource", "Value": "orders"}]}, "Period": 60, "Stat": "Sum"}},
    ):  # fmt: skip
        [result] = read(cloud, query)["MetricDataResults"]
        assert (result["StatusCode"], result["Values"]) == ("Complete", [])


def test_answers_come_in_pages_and_the_newest_first_by_default(cloud: Filled) -> None:
    queries = [
        asked("Invocations", "Sum") | {"Id": "a", "Label": "calls"},
        asked("IteratorAge", "Sum") | {"Id": "b"},
        asked("Errors", "Sum") | {"Id": "c"},
        asked("Errors", "Sum") | {"Id": "d", "ReturnData": False},
    ]
    pages = list(
        cloud["cloudwatch"]
        .get_paginator("get_metric_data")
        .paginate(MetricDataQueries=queries, StartTime=BEGIN / 1000, EndTime=BEGIN / 1000 + 600, MaxDatapoints=3)
    )
    shown = [[(each["Id"], each["StatusCode"], each["Values"]) for each in page["MetricDataResults"]] for page in pages]
    assert shown == [
        [("a", "Complete", [1, 4]), ("b", "Complete", []), ("c", "PartialData", [1])],
        [("c", "Complete", [1])],
    ]
    assert pages[0]["MetricDataResults"][0]["Label"] == "calls"


def test_metrics_are_listed_by_function_and_of_all(cloud: Filled) -> None:
    ask = cloud["cloudwatch"].list_metrics
    of_orders = ask(Dimensions=[{"Name": "FunctionName", "Value": "orders"}])["Metrics"]
    assert [each["MetricName"] for each in of_orders] == [
        "ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles",
    ]  # fmt: skip
    listed = ask(MetricName="Invocations", Namespace="AWS/Lambda")["Metrics"]
    assert [each["Dimensions"] for each in listed] == [
        [], *([{"Name": "FunctionName", "Value": name}] for name in ("json", "orders", "quiet")),
    ]  # fmt: skip
    assert [each["Dimensions"] for each in ask(MetricName="ConcurrentExecutions")["Metrics"]] != [[]]
    assert len(ask(MetricName="AsyncEventsReceived")["Metrics"]) == 2
    assert ask(MetricName="AsyncEventsReceived", RecentlyActive="PT3H")["Metrics"] == []
    assert ask(Namespace="AWS/SQS")["Metrics"] == []
    assert ask(Dimensions=[{"Name": "FunctionName"}], MetricName="Errors")["Metrics"] != []
    linked = ask(MetricName="AsyncEventsReceived", IncludeLinkedAccounts=True)
    assert linked["OwningAccounts"] == ["000000000000"] * 2


def test_statistics_by_the_older_operation(cloud: Filled) -> None:
    request: dict[str, Any] = {
        "Namespace": "AWS/Lambda", "MetricName": "Duration", "Period": 60,
        "Dimensions": [{"Name": "FunctionName", "Value": "orders"}],
        "StartTime": datetime.fromtimestamp(BEGIN / 1000, UTC), "EndTime": BEGIN / 1000 + 600,
    }  # fmt: skip
    ask = cloud["cloudwatch"].get_metric_statistics
    answer = ask(**request, Statistics=["Average", "Maximum"], ExtendedStatistics=["p50"])
    assert answer["Label"] == "Duration"
    first, second = answer["Datapoints"]
    assert (first["Average"], first["Maximum"], first["Unit"]) == (25, 40, "Milliseconds")
    assert first["ExtendedStatistics"] == {"p50": 20}
    assert second["Timestamp"].timestamp() == BEGIN / 1000 + 60
    assert ask(**request, Statistics=["Sum"], Unit="Bytes")["Datapoints"] == []
    assert refusal(ask, **request)[1] in ("MissingParameter", "MissingRequiredParameterException")
    long = request | {"StartTime": BEGIN / 1000 - 5 * 86_400}
    assert "which exceeds the limit of 1,440" in refusal(ask, **long, Statistics=["Sum"])[2]


@pytest.mark.parametrize("protocol", ["json", "query", "smithy-rpc-v2-cbor"])
def test_each_protocol_gives_the_same(cloud: Filled, protocol: str) -> None:
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    load = loader.load_service_model

    def load_speaking(service: str, kind: str, api_version: str | None = None) -> Any:
        model = load(service, kind, api_version)
        if (service, kind) == ("cloudwatch", "service-2"):
            model["metadata"] |= {"protocol": protocol, "protocols": [protocol]}
        return model

    loader.load_service_model = load_speaking
    client = session.create_client(
        "cloudwatch", endpoint_url=f"http://{cloud.runner.host}:{cloud.runner.port}", region_name="us-east-1",
        aws_access_key_id="a", aws_secret_access_key="b", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip
    assert client.meta.service_model.resolved_protocol == protocol
    span: dict[str, Any] = {"StartTime": BEGIN / 1000, "EndTime": BEGIN / 1000 + 3600}
    queries = [asked("Duration", "p50") | {"Id": "p"}, asked("Errors", "Average") | {"Id": "e", "Label": "<é>"}]
    percentiles, errors = client.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
    assert (percentiles["Values"], errors["Values"], errors["Label"]) == ([100, 20], [1, 0.25], "<é>")
    assert [time.timestamp() for time in errors["Timestamps"]] == [BEGIN / 1000 + 60, BEGIN / 1000]
    dimensions = [{"Name": "FunctionName", "Value": "orders"}]
    points = client.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="Duration", Dimensions=dimensions, Period=300, Statistics=["Sum"],
        **span,
    )["Datapoints"]  # fmt: skip
    assert [point["Sum"] for point in points] == [200]
    percentile = client.get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="Duration", Dimensions=dimensions, Period=300, ExtendedStatistics=["p50"],
        **span,
    )["Datapoints"]  # fmt: skip
    assert [point["ExtendedStatistics"] for point in percentile] == [{"p50": 30}]
    assert len(client.list_metrics(MetricName="Errors", IncludeLinkedAccounts=False)["Metrics"]) == 4
    assert client.describe_alarms()["MetricAlarms"] == []
    assert refusal(client.get_metric_data, MetricDataQueries=[], **span)[:2] == (400, "ValidationError")
    denied = refusal(client.put_metric_data, Namespace="x", MetricData=[])
    assert denied[:2] == (400, "AccessDenied")


@pytest.mark.parametrize(
    "query",
    [
        {"Id": "M1", "MetricStat": {}},
        {"Id": "m1", "Expression": "SUM(METRICS())"},
        {"Id": "m1", "MetricStat": {"Period": 60, "Stat": "Sum"}},
        asked("Errors", "tm90"),
        asked("Errors", "Sum", period_s=61),
    ],
)
def test_what_cannot_be_asked(cloud: Filled, query: dict[str, Any]) -> None:
    headers = {
        "x-amz-target": "GraniteServiceVersion20100801.GetMetricData",
        "content-type": "application/x-amz-json-1.0",
    }
    document = {"MetricDataQueries": [query], "StartTime": BEGIN / 1000, "EndTime": BEGIN / 1000 + 60}
    status, answered, error = cloud.runner.ask("POST", "/", document, headers)
    assert (status, error["__type"], answered["content-type"]) == (400, "ValidationError", "application/x-amz-json-1.0")
    for bad in ({"StartTime": None}, {"StartTime": BEGIN / 1000 + 60}, {"StartTime": "soon"}, {"NextToken": "x"}):
        whole = document | {"MetricDataQueries": [asked("Errors", "Sum")]} | bad
        assert cloud.runner.ask("POST", "/", whole, headers)[0] == 400
    twice = document | {"MetricDataQueries": [asked("Errors", "Sum")] * 2}
    assert cloud.runner.ask("POST", "/", twice, headers)[2]["__type"] == "ValidationError"
