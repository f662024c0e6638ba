"""GetMetricData: in as few calls as its limits allow, absent points absent, late ones read again."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from collectors.model.account import Configured, Covered, Inventory
from collectors.model.records import FunctionKey
from collectors.model.units import HOUR_MS, HOUR_S, MINUTE_MS
from collectors.sources.base import BudgetReached, MetricPoints, SourceFailed
from collectors.sources.cloudwatch import log_choices, metric_names, metrics, unread_logs
from collectors.sources.cloudwatch.calls import Calls
from collectors.sources.cloudwatch.function_settings import settings_of
from collectors.sources.cloudwatch.functions import function_of
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metric_reading import MetricReading
from collectors.sources.cloudwatch.metrics import Points, Query, Span, plan, queries, span
from collectors.sources.cloudwatch.session import ReadOnlySession
from tests.support import needs
from tests.support.aws import ACCOUNT, REGION, canned_session, error, listed, plain, recent_ms
from tests.support.places import SHARED

pytestmark = pytest.mark.usefixtures("aws_isolated")

T0 = 1_743_415_200_000
KEY = FunctionKey("fn", ACCOUNT, REGION)
OVER = Span(T0, T0 + HOUR_MS, 60)
DAY_MS = 24 * HOUR_MS
DOCUMENTED = SHARED / "metrics.json"


def read(client: Any, asked: list[Query], over: Span = OVER, calls: Calls | None = None) -> tuple[list[Any], Points]:
    points = Points(client, calls or Calls(), REGION)
    return [point for some, _ in points.read(asked, over) for point in some], points


def series(asked: dict[str, Any], value: float = 1.0, status: str = "Complete") -> list[dict[str, Any]]:
    """A point at the start of the span for each query asked."""
    at = asked["StartTime"]
    return [
        {"Id": one["Id"], "Label": "x", "StatusCode": status, "Timestamps": [at], "Values": [value]}
        for one in asked["MetricDataQueries"]
    ]


@needs.file(DOCUMENTED)
def test_all_metrics_are_known_by_name() -> None:
    said = {one["name"]: one for one in json.loads(DOCUMENTED.read_text())}
    assert set(metric_names.METRICS) == set(said)
    for name, one in metric_names.METRICS.items():
        assert one.unit == said[name]["unit"].split()[0], name
        assert (one.stats == ("Sum",)) == (said[name]["best_stat"] == "Sum"), name


@pytest.mark.parametrize(("days", "period"), [(1, 60), (15, 60), (16, 300), (63, 300), (64, HOUR_S), (400, HOUR_S)])
def test_the_period_is_the_finest_that_is_kept(days: int, period: int) -> None:
    assert metrics.period_s(0, days * DAY_MS) == period


@pytest.mark.parametrize("count", [1, 499, 500, 501, 2_403])
@pytest.mark.parametrize(("hours", "points"), [(1, 61), (3, 181), (24, 1_441)])
def test_calls_are_as_few_as_the_limits_allow(count: int, hours: int, points: int) -> None:
    over = span(T0 - hours * HOUR_MS, T0)
    assert over.points == points
    asked = [Query(KEY, "Invocations", "Sum", (), str(number)) for number in range(count)]
    calls = plan(asked, over)
    at_once = min(500, 100_800 // points)
    assert len(calls) == math.ceil(count / at_once)
    assert [query for call in calls for query in call] == asked
    assert max(len(call) for call in calls) * points <= 100_800


def test_percentiles_partial_data_and_pages() -> None:
    one, _ = canned_session()
    client = one.client("cloudwatch")

    def page(number: int, status: str, minute: int, value: float, token: str | None = None) -> dict[str, Any]:
        times = [datetime.fromtimestamp((T0 + minute * MINUTE_MS) / 1000, UTC)]
        result = {"Id": f"m{number}", "Label": "x", "StatusCode": status, "Timestamps": times, "Values": [value]}
        return {"MetricDataResults": [result]} | ({"NextToken": token} if token else {})

    asked = queries(KEY, "Duration")
    assert [query.stat for query in asked] == ["p50", "p95", "p99", "Maximum", "Sum"]
    last = page(1, "Complete", 1, 11.0)
    last["MetricDataResults"].append({"Id": "m0", "StatusCode": "Complete", "Timestamps": [], "Values": []})
    with Stubber(client) as stub:
        stub.add_response("get_metric_data", page(1, "PartialData", 0, 10.0, "more"))
        stub.add_response("get_metric_data", last)
        found, points = read(client, asked[:2])
    assert [(point.stat, point.start_ms, point.value) for point in found] == [
        ("p95", T0, 10.0), ("p95", T0 + MINUTE_MS, 11.0)
    ]  # fmt: skip
    assert points.failures == []


def test_series_left_partial_are_asked_again_and_one_that_is_forbidden_is_told() -> None:
    one, aws = canned_session()
    tries: list[int] = []

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        tries.append(len(asked["MetricDataQueries"]))
        found = series(asked)
        if len(tries) == 1:
            found[0]["StatusCode"] = "PartialData"
            found[1]["StatusCode"] = "Forbidden"
            found[2]["StatusCode"] = "InternalError"
        return {"MetricDataResults": found}

    aws.answers["cloudwatch:GetMetricData"] = answer
    calls = Calls()
    found, points = read(one.client("cloudwatch"), queries(KEY, "Duration"), calls=calls)
    assert tries == [5, 2]
    assert {point.stat for point in found} == {"p50", "p95", "p99", "Maximum", "Sum"}
    assert ["Forbidden for Duration of fn" in str(failed) for failed in points.failures] == [True]
    assert [(count.operation, count.units) for count in calls.counts()] == [("cloudwatch:GetMetricData", 7)]


def test_what_stays_partial_is_told_after_three_tries() -> None:
    one, aws = canned_session()
    aws.answers["cloudwatch:GetMetricData"] = lambda asked: {"MetricDataResults": series(asked, status="PartialData")}
    found, points = read(one.client("cloudwatch"), queries(KEY, "Errors"))
    assert aws.count("cloudwatch:GetMetricData") == 3
    assert "PartialData for Errors of fn" in str(points.failures[0])
    assert {point.value for point in found} == {1.0}


@pytest.mark.parametrize(
    "series",
    [
        {"Id": "m0", "Timestamps": [T0 / 1000], "Values": ["NaN"]},
        {"Id": "m0", "Timestamps": ["yesterday"], "Values": [1.0]},
        {"Id": "m0", "Timestamps": [T0 / 1000], "Values": [-1.0]},
        {"Id": "m0", "Timestamps": [T0 / 1000, T0 / 1000 + 60], "Values": []},
        {"Id": "m9", "Timestamps": [], "Values": []},
        {"Id": "zero"},
    ],
)
def test_series_that_make_no_sense_are_counted(series: dict[str, Any]) -> None:
    one, aws = canned_session()
    fine = {"Id": "m1", "Timestamps": [T0 / 1000], "Values": [2.0]}
    aws.answers["cloudwatch:GetMetricData"] = lambda _: {"MetricDataResults": [series, fine]}
    found, points = read(one.client("cloudwatch"), queries(KEY, "Invocations", "Throttles"))
    assert [point.value for point in found] == [2.0]
    assert len(points.rejects) == 1


def test_throttling_is_waited_out_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one, aws = canned_session()
    monkeypatch.setattr("time.sleep", lambda _: None)
    empty = {"Id": "m0", "Timestamps": [], "Values": []}
    answers = [error("ThrottlingException", status=400), {"MetricDataResults": [empty]}]
    aws.answers["cloudwatch:GetMetricData"] = lambda _: answers.pop(0)
    client = one.client("cloudwatch")
    read(client, queries(KEY, "Errors"))
    assert one.calls.by_operation() == {"cloudwatch:GetMetricData": 2}  # both were sent, both are counted
    aws.answers["cloudwatch:GetMetricData"] = lambda _: error("ThrottlingException", status=400)
    with pytest.raises(SourceFailed, match="AWS throttled cloudwatch:GetMetricData"):
        read(client, queries(KEY, "Errors"))


def test_a_real_server_gives_sums_and_peaks(endpoint: str) -> None:
    at_ms = recent_ms()
    plain(endpoint, "cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": "fn"}],
                "Timestamp": at_ms / 1000,
                "Value": value,
            }
            for name, value in (("Invocations", 5.0), ("ConcurrentExecutions", 3.0))
        ],
    )
    client = ReadOnlySession(region=REGION, endpoint_url=endpoint).client("cloudwatch")
    asked = queries(KEY, "Invocations", "ConcurrentExecutions")
    found, _ = read(client, asked, Span(at_ms - 5 * MINUTE_MS, at_ms + 5 * MINUTE_MS, 60))
    assert {(point.metric, point.stat, point.start_ms, point.value) for point in found if point.value} == {
        ("Invocations", "Sum", at_ms, 5.0), ("ConcurrentExecutions", "Maximum", at_ms, 3.0)
    }  # fmt: skip


# --- which are asked for ----------------------------------------------------------------------------------------------


def reading_of(names: list[str], **settings: Any) -> tuple[MetricReading, Any, ReadOnlySession]:
    one, aws = canned_session()
    configurations = listed(names, **settings)
    functions = [function_of(each, REGION) for each in configurations]
    known = {each.key.name: settings_of(raw, each.key) for each, raw in zip(functions, configurations, strict=True)}
    return MetricReading(one, ACCOUNT, functions, known), aws, one


def _asked_series(asked: dict[str, Any], value: float = 1.0) -> Iterator[tuple[Any, dict[str, Any]]]:
    return zip(asked["MetricDataQueries"], series(asked, value), strict=True)


def _of(query: Any, name: str, result: dict[str, Any]) -> dict[str, Any]:
    """A series as it is where ``name`` alone ran: of others there are no points."""
    return result if name in str(query) else result | {"Timestamps": [], "Values": []}


def names_asked(aws: Any) -> list[tuple[str, str]]:
    return [
        (one["MetricStat"]["Metric"]["MetricName"], one["MetricStat"]["Stat"])
        for _, asked in aws.requests
        for one in asked["MetricDataQueries"]
    ]


def test_details_are_asked_of_active_functions_only() -> None:
    reading, aws, one = reading_of(["busy", "idle"])

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": [_of(each, "busy", result) for each, result in _asked_series(asked)]}

    aws.answers["cloudwatch:GetMetricData"] = answer
    given = list(reading.items(lambda _: [], T0 - HOUR_MS, T0, mark=True))
    asked = names_asked(aws)
    assert asked.count(("Invocations", "Sum")) == 2
    assert asked.count(("Duration", "p95")) == 1
    assert len(asked) == 2 * 2 + 3 + 9
    assert aws.count("cloudwatch:GetMetricData") == 2
    assert {key.name for key in reading.active} == {"busy"}
    assert next(each for each in given if isinstance(each, Covered)).to_ms == T0
    assert [count.units for count in one.calls.counts()] == [16]


def test_a_second_collection_reads_late_bins_again_and_no_more() -> None:
    reading, aws, _ = reading_of(["fn"])
    list(reading.items(lambda _: [(T0 - DAY_MS, T0)], T0 - DAY_MS + MINUTE_MS, T0 + MINUTE_MS, mark=True))
    asked = aws.requests[0][1]
    assert asked["StartTime"] * 1000 == T0 - metrics.LATE_MS
    assert asked["EndTime"] * 1000 == T0 + 2 * MINUTE_MS


def test_special_metrics_are_asked_where_the_configuration_has_them() -> None:
    reading, aws, _ = reading_of(["fn"], DeadLetterConfig={"TargetArn": "arn:aws:sqs:r:1:q"})
    source = {"source": "arn:aws:kinesis:r:1:stream/s", "metrics": "EventCount"}
    mapping = Configured(ACCOUNT, REGION, "fn", "event source", "u-1", source)
    provisioned = Configured(ACCOUNT, REGION, "fn", "provisioned", "live", {"requested": 5})
    reading.learn(Inventory(ACCOUNT, REGION, ("event source",), [mapping]))
    reading.learn(Inventory(ACCOUNT, REGION, ("provisioned",), [provisioned], frozenset(("fn",))))
    aws.answers["cloudwatch:GetMetricData"] = lambda asked: {"MetricDataResults": series(asked)}
    points = [
        point
        for item in reading.items(lambda _: [], T0 - HOUR_MS, T0, mark=True)
        if isinstance(item, MetricPoints)
        for point in item.points
    ]
    kept = {point.metric for point in points}
    assert kept >= {
        "IteratorAge", "DeadLetterErrors", "ProvisionedConcurrencyUtilization", "PolledEventCount u-1",
        "ClaimedAccountConcurrency",
    }  # fmt: skip
    assert "OffsetLag" not in kept
    assert {point.function.name for point in points if point.metric == "ClaimedAccountConcurrency"} == {""}


def asked_of(reading: MetricReading, aws: Any, ran: bool = True) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """The metrics that were asked for, each with its dimensions."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": series(asked, 1.0 if ran else 0.0)}

    aws.answers["cloudwatch:GetMetricData"] = answer
    list(reading.items(lambda _: [], T0 - HOUR_MS, T0, mark=True))
    metrics_asked = [each["MetricStat"]["Metric"] for _, asked in aws.requests for each in asked["MetricDataQueries"]]
    return {
        (each["MetricName"], tuple((one["Name"], one["Value"]) for one in each.get("Dimensions", ())))
        for each in metrics_asked
    }


def belongs(reading: MetricReading, kind: str, item: str = "", modified_ms: int | None = None, **told: Any) -> None:
    one = Configured(ACCOUNT, REGION, "fn", kind, item, told, modified_ms)
    reading.learn(Inventory(ACCOUNT, REGION, (kind,), [one], frozenset(("fn",))))


_COUNTS = {"PolledEventCount", "InvokedEventCount", "FailedInvokeEventCount"}
_POLLERS = {"minimum_pollers": 2, "maximum_pollers": 10}


@pytest.mark.parametrize(
    ("mapping", "asked"),
    [
        ({"source": "arn:aws:sqs:r:1:q"}, set()),
        ({"source": "arn:aws:sqs:r:1:q", "metrics": "EventCount"}, _COUNTS | {"DeletedEventCount"}),
        ({"source": "arn:aws:sqs:r:1:q", "metrics": "EventCount", "filters": 2, "on_failure": "arn"},
         _COUNTS | {"DeletedEventCount", "FilteredOutEventCount"}),
        ({"source": "arn:aws:kinesis:r:1:stream/s", "metrics": "EventCount"}, _COUNTS | {"DroppedEventCount"}),
        ({"source": "arn:aws:dynamodb:r:1:table/t/stream/s", "metrics": "EventCount", "on_failure": "arn"},
         _COUNTS | {"DroppedEventCount", "OnFailureDestinationDeliveredEventCount"}),
        ({"source": "arn:aws:kafka:r:1:cluster/c/u", "metrics": "ErrorCount,KafkaMetrics"},
         {"PollingErrorCount", "InvokeErrorCount", "CommitErrorCount", "MaxOffsetLag", "SumOffsetLag"}),
        ({"source": "KAFKA_BOOTSTRAP_SERVERS", "metrics": "EventCount,ErrorCount", "schema_registry": "arn",
          "on_failure": "arn"},
         _COUNTS | {"DroppedEventCount", "OnFailureDestinationDeliveredEventCount", "CommittedEventCount",
                    "PollingErrorCount", "InvokeErrorCount", "CommitErrorCount",
                    "OnFailureDestinationDeliveryErrorCount", "SchemaRegistryErrorCount"}),
        ({"source": "arn:aws:sqs:r:1:q", **_POLLERS}, {"ProvisionedPollers"}),
        ({"source": "arn:aws:kafka:r:1:cluster/c/u", "poller_group": "g"},
         {"ProvisionedPollers", "EventPollerUnit", "EventPollerThroughputInBytes"}),
        ({"source": "arn:aws:kinesis:r:1:stream/s", "metrics": "KafkaMetrics,ErrorCount"}, set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ran", [True, False])
def test_a_mapping_is_asked_for_what_its_kind_and_configuration_have(
    mapping: dict[str, Any], asked: set[str], ran: bool
) -> None:
    reading, aws, _ = reading_of(["fn"])
    belongs(reading, "event source", "u-1", **mapping)
    found = {name for name, dimensions in asked_of(reading, aws, ran) if dimensions[:1] and "UUID" in str(dimensions)}
    assert found == asked  # whether or not the function ran: pollers poll all the same


def test_a_mapping_that_was_disabled_before_is_not_asked_for() -> None:
    for modified_ms, asked in ((T0 - DAY_MS, 0), (T0 - MINUTE_MS, 4), (None, 4)):
        reading, aws, _ = reading_of(["fn"])
        told = {"source": "arn:aws:sqs:r:1:q", "metrics": "EventCount", "state": "Disabled"}
        belongs(reading, "event source", "u-1", modified_ms, **told)
        assert sum("UUID" in str(dimensions) for _, dimensions in asked_of(reading, aws)) == asked


_PROVISIONED = {
    "ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations",
    "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization",
}  # fmt: skip
ALWAYS_OF_ACTIVE = {"Errors", "Duration", "ConcurrentExecutions", "AsyncEventsDropped", "RecursiveInvocationsDropped"}


@pytest.mark.parametrize(
    ("kind", "told", "more", "less"),
    [
        ("recursion", {"recursive_loop": "Terminate"}, set(), set()),
        ("recursion", {"recursive_loop": "Allow"}, set(), {"RecursiveInvocationsDropped"}),
        ("async", {"maximum_retries": 0}, {"AsyncEventsReceived", "AsyncEventAge"}, set()),
        ("async", {"on_failure": "arn:aws:sqs:r:1:q"},
         {"AsyncEventsReceived", "AsyncEventAge", "DestinationDeliveryFailures"}, set()),
        ("permission", {"principal": "s3.amazonaws.com"}, {"AsyncEventsReceived", "AsyncEventAge"}, set()),
        ("permission", {"principal": "apigateway.amazonaws.com"}, set(), set()),
        ("code signing", {"untrusted_code": "Warn"}, {"SignatureValidationErrors"}, set()),
        ("code signing", {"untrusted_code": "Enforce"}, set(), set()),
        ("concurrency", {"reserved": 100}, set(), set()),
        ("account", {"concurrency_limit": 1000, "unreserved_concurrency": 900}, set(), set()),
        ("provisioned", {"requested": 5, "status": "READY"}, _PROVISIONED, set()),
        ("schedule", {"alias": "live", "maximum": 5}, _PROVISIONED, set()),
        ("event source", {"source": "arn:aws:dynamodb:r:1:table/t/stream/s"}, {"IteratorAge"}, set()),
        ("event source", {"source": "arn:aws:rds:r:1:cluster:c"}, {"IteratorAge", "OversizedRecordCount"}, set()),
        ("event source", {"source": "KAFKA_BOOTSTRAP_SERVERS"}, {"OffsetLag"}, set()),
        ("event source", {"source": "arn:aws:sqs:r:1:q", "on_failure": "arn"}, set(), set()),
        ("event source", {"source": "arn:aws:kinesis:r:1:stream/s", "on_failure": "arn"},
         {"IteratorAge", "DestinationDeliveryFailures"}, set()),
    ],
)  # fmt: skip
def test_an_active_function_is_asked_for_what_it_can_have(
    kind: str, told: dict[str, Any], more: set[str], less: set[str]
) -> None:
    reading, aws, _ = reading_of(["fn"])
    belongs(reading, kind, "one", **told)
    found = {name for name, dimensions in asked_of(reading, aws) if dimensions == (("FunctionName", "fn"),)}
    assert found == (ALWAYS_OF_ACTIVE | more | set(metric_names.OF_ALL)) - less


def test_managed_instances_have_metrics_of_their_own() -> None:
    provider = {"CapacityProviderArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:pool"}
    managed = {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": provider}}
    reading, aws, _ = reading_of(["fn"], **managed)
    asked = asked_of(reading, aws)
    pool = ("CapacityProviderName", "pool")
    assert {name for name, dimensions in asked if dimensions == (pool,)} == set(metric_names.OF_CAPACITY)
    of_both = {name for name, dimensions in asked if dimensions == (pool, ("FunctionName", "fn"))}
    assert of_both == set(metric_names.OF_ENVIRONMENTS)
    assert ("CPUThrottles", (("FunctionName", "fn"),)) in asked
    # Instances stand there whether the function runs or not; its environments only where it does.
    reading, aws, _ = reading_of(["fn"], **managed)
    names = {name for name, _ in asked_of(reading, aws, ran=False)}
    assert names >= {"MemoryUtilization", "vCPUAllocated"}
    assert "ExecutionEnvironmentCPUUtilization" not in names
    # Nobody asks of instances that are not there.
    reading, aws, _ = reading_of(["fn"])
    assert not {name for name, _ in asked_of(reading, aws)} & {"CPUUtilization", "CPUThrottles"}


def test_every_metric_that_is_asked_for_is_one_that_lambda_has() -> None:
    rules = (*metric_names.FUNCTION_RULES, *metric_names.MAPPING_RULES)
    named = [name for rule in rules for name in rule.names]
    named += [*metric_names.OF_ALL, *metric_names.OF_ACCOUNT, *metric_names.OF_CAPACITY, *metric_names.OF_ENVIRONMENTS]
    assert set(named) <= set(metric_names.METRICS)
    # What is asked for by several rules would be billed several times.
    of_functions = [name for rule in metric_names.FUNCTION_RULES for name in rule.names]
    assert len(of_functions) == len(set(of_functions))


def test_a_budget_stops_before_the_call_that_would_pass_it() -> None:
    reading, aws, one = reading_of([f"fn{number}" for number in range(600)])

    def limit(operation: str, units: int) -> None:
        limit.left -= units  # type: ignore[attr-defined]
        if limit.left < 0:  # type: ignore[attr-defined]
            raise BudgetReached(operation)

    limit.left = 600  # type: ignore[attr-defined]
    one.calls._limit = limit
    with pytest.raises(BudgetReached):
        list(reading.items(lambda _: [], T0 - HOUR_MS, T0, mark=True))
    assert aws.count("cloudwatch:GetMetricData") == 1


# --- how logs are read ------------------------------------------------------------------------------------------------


def test_each_group_is_read_as_its_volume_allows_and_says_why() -> None:
    big = 10 << 40
    groups = [
        LogGroup("idle", ("a",)), LogGroup("small", ("b",)), LogGroup("huge", ("c",)),
        LogGroup("rare", ("d",), "INFREQUENT_ACCESS"), LogGroup("firehose", ("e",), "DELIVERY"), LogGroup("orphan"),
    ]  # fmt: skip
    volumes = {
        "idle": log_choices.Volume(None, False), "small": log_choices.Volume(5_000, True), "huge": log_choices.Volume(big, True),
        "rare": log_choices.Volume(5, True), "firehose": log_choices.Volume(5, True),
    }  # fmt: skip
    ways = {each.log_group: each for each in log_choices.choose(groups, volumes, "auto", calls_a_second=4.0)}
    assert {name: each.way for name, each in ways.items()} == {
        "idle": "idle", "small": "events", "huge": "insights", "rare": "insights", "firehose": "metrics",
        "orphan": "events",
    }  # fmt: skip
    assert "10,485,760 calls would be needed" in ways["huge"].why
    assert "INFREQUENT_ACCESS" in ways["rare"].why
    assert "hands its lines on" in ways["firehose"].why
    assert {each.way for each in log_choices.choose(groups, volumes, "none", calls_a_second=4.0)} == {"metrics"}
    asked = {each.log_group: each.way for each in log_choices.choose(groups, volumes, "events", calls_a_second=4.0)}
    assert (asked["huge"], asked["rare"]) == ("events", "metrics")


def test_volumes_are_asked_of_the_groups_that_hold_news() -> None:
    reading, aws, _ = reading_of(["busy", "idle"])

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        return {"MetricDataResults": [_of(each, "busy", result) for each, result in _asked_series(asked, 1_000.0)]}

    aws.answers["cloudwatch:GetMetricData"] = answer
    list(reading.items(lambda _: [], T0 - HOUR_MS, T0, mark=True))
    assert (reading.invoked, reading.since_ms) == ({"busy": {T0 - HOUR_MS: 1_000.0}}, T0 - HOUR_MS)
    volumes, points, _ = reading.volumes([LogGroup("/aws/lambda/busy", ("busy",))], {"/aws/lambda/busy": T0 - HOUR_MS})
    assert volumes == {"/aws/lambda/busy": 1_000}
    assert [(each.function.name, each.metric, each.value) for each in points] == [("busy", "IncomingBytes", 1_000.0)]
    metric = aws.requests[-1][1]["MetricDataQueries"][0]["MetricStat"]
    assert (metric["Metric"]["Namespace"], metric["Period"]) == ("AWS/Logs", HOUR_S)
    # What several functions write to is kept with the account, by the group's name.
    _, points, _ = reading.volumes([LogGroup("shared", ("busy", "idle"))], {"shared": T0 - HOUR_MS})
    assert aws.requests[-1][1]["MetricDataQueries"][0]["MetricStat"]["Metric"]["MetricName"] == "IncomingBytes"


def test_a_group_is_unread_since_what_is_missing_or_nobody_knows() -> None:
    def since(group: LogGroup, read_to_ms: int, known_ms: int | None, **missing: int) -> int | None:
        return unread_logs.unread_since(group, read_to_ms, T0, known_ms, missing.get)

    both = LogGroup("shared", ("busy", "idle"))
    assert since(both, T0 - HOUR_MS, T0 - HOUR_MS) is None
    assert since(both, T0 - HOUR_MS, T0 - HOUR_MS, idle=T0 - 5, busy=T0 - 9) == T0 - 9
    # What lies before the metrics that were read may hold anything.
    assert since(both, T0 - HOUR_MS - 1, T0 - HOUR_MS) == T0 - HOUR_MS - 1
    assert since(both, T0 - 1, None) == T0 - 1
    deleted = LogGroup("deleted")
    assert (since(deleted, T0 - HOUR_MS, T0 - HOUR_MS), since(deleted, T0 - DAY_MS, None)) == (None, T0 - DAY_MS)
