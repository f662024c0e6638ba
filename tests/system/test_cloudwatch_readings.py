"""CloudWatch read through a session that can do nothing else: a moto server, and answers as AWS spells them."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from collectors.model.account import CallCount, Inventory
from collectors.model.records import FunctionKey, LogEvent, Reject
from collectors.model.units import HOUR_MS
from collectors.sources.base import SourceFailed
from collectors.sources.cloudwatch import alarms, inventory, live_tail, log_events, log_groups, optimizer
from collectors.sources.cloudwatch.allowed_calls import READINGS
from collectors.sources.cloudwatch.answers import ReadEvent, Series
from collectors.sources.cloudwatch.calls import Calls, TokenBucket
from collectors.sources.cloudwatch.errors import is_hopeless, reading
from collectors.sources.cloudwatch.functions import CONTROL_PLANE_RATE, list_functions
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.session import ReadOnlySession, ReadOnlyViolation, _refuse
from tests.support.aws import (
    ACCOUNT,
    REGION,
    STREAM,
    canned_session,
    create_function,
    error,
    listed,
    no_pause,
    paged_functions,
    put_events,
    recent_ms,
)

pytestmark = pytest.mark.usefixtures("aws_isolated")

FREE = TokenBucket(1e9)
T0 = 1_743_415_200_000


def session(endpoint: str) -> ReadOnlySession:
    return ReadOnlySession(region=REGION, endpoint_url=endpoint)


def blocks(
    session: ReadOnlySession, group: LogGroup, low: int = T0, high: int = T0 + HOUR_MS
) -> Iterator[list[LogEvent]]:
    return log_events.event_blocks(
        session.client("logs"), group, low, high, account=ACCOUNT, region=REGION, bucket=FREE, rejects=[]
    )


# --- functions and what belongs to them -------------------------------------------------------------------------------


def test_functions_come_without_their_environment(endpoint: str) -> None:
    create_function(endpoint, "checkout", Environment={"Variables": {"TOKEN": "s3cret"}})
    create_function(endpoint, "orders", EphemeralStorage={"Size": 1024})
    found = list(list_functions(session(endpoint).client("lambda"), REGION, FREE, []))
    (checkout, settings), (orders, _) = found
    assert checkout.key == FunctionKey("checkout", ACCOUNT, REGION)
    assert (checkout.runtime, checkout.arch, checkout.memory_mb, checkout.timeout_s) == ("python3.13", "arm64", 512, 30)
    assert (checkout.ephemeral_mb, orders.ephemeral_mb) == (512, 1024)
    assert checkout.log_group == "/aws/lambda/checkout"
    assert (settings.kind, settings.settings["memory_mb"], settings.settings["package_type"]) == (
        "function",
        512,
        "Zip",
    )
    assert "s3cret" not in repr(found)


def test_functions_come_a_page_at_a_time_at_the_control_planes_pace() -> None:
    pauses: list[float] = []
    one, aws = canned_session()
    names = [f"fn{number}" for number in range(120)]
    aws.answers["lambda:ListFunctions"] = paged_functions(names)
    clock = iter(range(1000))
    bucket = TokenBucket(CONTROL_PLANE_RATE, now=lambda: 0.0 * next(clock), pause=pauses.append)
    found = list(list_functions(one.client("lambda"), REGION, bucket, []))
    assert [each.key.name for each, _ in found] == names
    assert aws.count("lambda:ListFunctions") == 3
    assert [round(pause * 3) for pause in pauses] == [1, 2]  # three calls a second


def test_a_function_without_a_name_is_counted_and_one_of_an_unknown_runtime_is_kept() -> None:
    one, aws = canned_session()
    odd = [
        {"Runtime": "cobol85"},
        {"FunctionName": "x", "Runtime": "cobol85"},
        {"FunctionName": "y", "LastModified": "?"},
    ]
    aws.answers["lambda:ListFunctions"] = lambda _: {"Functions": odd}
    rejects: list[Reject] = []
    found = list(list_functions(one.client("lambda"), REGION, FREE, rejects))
    assert [(each.key.name, each.runtime, known.modified_ms) for each, known in found] == [
        ("x", "cobol85", None), ("y", None, None)
    ]  # fmt: skip
    assert [reject.reason for reject in rejects] == ["a function without a name"]


OF_OLD = ("concurrency", "provisioned", "async", "version", "url")


def detail_answers(aws: Any) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
    aws.answers |= {
        "lambda:GetFunctionConcurrency": lambda _: {"ReservedConcurrentExecutions": 7},
        "lambda:ListProvisionedConcurrencyConfigs": lambda _: {
            "ProvisionedConcurrencyConfigs": [
                {"FunctionArn": f"{arn}:live", "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
            ]
        },
        "lambda:ListFunctionEventInvokeConfigs": lambda _: {
            "FunctionEventInvokeConfigs": [
                {
                    "FunctionArn": f"{arn}:$LATEST",
                    "MaximumRetryAttempts": 1,
                    "MaximumEventAgeInSeconds": 600,
                    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:1:dlq"}},
                }
            ]
        },
        "lambda:ListAliases": lambda _: {
            "Aliases": [
                {"Name": "live", "FunctionVersion": "3", "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}}
            ]
        },
        "lambda:ListVersionsByFunction": lambda asked: (
            {"Versions": [{"Version": "$LATEST", "Environment": {"Variables": {"A": "s3cret"}}}], "NextMarker": "m"}
            if "Marker" not in asked
            else {
                "Versions": [
                    {"Version": "3", "SnapStart": {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}}
                ]
            }
        ),
        "lambda:ListFunctionUrlConfigs": lambda _: {
            "FunctionUrlConfigs": [{"FunctionArn": arn, "FunctionUrl": "https://x/", "AuthType": "NONE"}]
        },
    }


def test_what_belongs_to_a_function_is_found() -> None:
    one, aws = canned_session()
    detail_answers(aws)
    found = list(inventory.details(one.client("lambda"), [FunctionKey("fn", ACCOUNT, REGION)], REGION, FREE))
    assert all(isinstance(each, Inventory) for each in found)
    things = {
        (each.kind, each.item): each.settings for part in found if isinstance(part, Inventory) for each in part.found
    }
    assert things[("concurrency", "")] == {"reserved": 7}
    assert things[("provisioned", "live")] == {"requested": 5, "status": "READY"}
    assert things[("async", "$LATEST")]["on_failure"] == "arn:aws:sqs:r:1:dlq"
    assert things[("alias", "live")] == {"version": "3", "weights": "4=0.1"}
    assert things[("version", "3")] == {"snap_start": "On"}
    assert things[("url", "fn")]["auth"] == "NONE"
    assert "s3cret" not in repr(found)


def test_what_belongs_to_an_account_is_found() -> None:
    one, aws = canned_session()
    aws.answers |= {
        "lambda:GetAccountSettings": lambda _: {
            "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        },
        "lambda:ListEventSourceMappings": lambda _: {
            "EventSourceMappings": [
                {
                    "UUID": "u1", "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn:live", "BatchSize": 10,
                    "EventSourceArn": "arn:aws:sqs:r:1:queue", "State": "Enabled",
                },
                {"UUID": "broken"},
            ]
        },
        "application-autoscaling:DescribeScheduledActions": lambda _: {
            "ScheduledActions": [
                {
                    "ScheduledActionName": "morning", "ResourceId": "function:fn:live", "Schedule": "cron(0 8 * * ? *)",
                    "ScalableTargetAction": {"MinCapacity": 3},
                }
            ]
        },
    }  # fmt: skip
    here = ACCOUNT, REGION, FREE
    client = one.client("lambda")
    assert inventory.account_settings(client, *here).found[0].settings["unreserved_concurrency"] == 900
    (mapping,) = inventory.event_sources(client, *here).found
    assert (mapping.function, mapping.item, mapping.settings["batch_size"]) == ("fn", "u1", 10)
    (action,) = inventory.schedules(one.client("application-autoscaling"), *here).found
    assert (action.function, action.settings["minimum"], action.settings["alias"]) == ("fn", 3, "live")


# --- log groups and events --------------------------------------------------------------------------------------------


def test_groups_are_those_of_lambda_and_those_that_functions_name(endpoint: str) -> None:
    put_events(endpoint, "/aws/lambda/a", STREAM, [(T0, "a")])
    put_events(endpoint, "/aws/lambda/deleted", STREAM, [(T0, "a")])
    put_events(endpoint, "/shared", STREAM, [(T0, "a")])
    put_events(endpoint, "/elsewhere", STREAM, [(T0, "a")])
    from collectors.sources.cloudwatch.functions import function_of

    functions = [function_of(each, REGION) for each in listed(["a"])]
    functions += [function_of(each, REGION) for each in listed(["b", "c"], LoggingConfig={"LogGroup": "/shared"})]
    groups, facts = log_groups.discover(session(endpoint).client("logs"), ACCOUNT, REGION, functions)
    assert groups == [
        LogGroup("/aws/lambda/a", ("a",)), LogGroup("/aws/lambda/deleted"), LogGroup("/shared", ("b", "c"))
    ]  # fmt: skip
    assert [group.function for group in groups] == ["a", "", ""]
    assert {fact.name for fact in facts} == {group.name for group in groups}


def test_many_pages_of_events_are_read_to_the_end(endpoint: str) -> None:
    began = recent_ms()  # moto, as CloudWatch, takes no old events
    for part in range(3):
        put_events(endpoint, "/aws/lambda/busy", f"stream{part}", [(began + n, f"{part} {n}") for n in range(5_000)])
    found = list(blocks(session(endpoint), LogGroup("/aws/lambda/busy", ("busy",)), began, began + 10_000))
    assert len(found) > 1
    assert len({event.event_id for block in found for event in block}) == 15_000
    first = found[0][0]
    assert (first.function, first.account, first.region, first.log_group) == (
        "busy", ACCOUNT, REGION, "/aws/lambda/busy",
    )  # fmt: skip


def test_ten_thousand_empty_pages_are_not_the_end() -> None:
    one, aws = canned_session()
    event = {"timestamp": T0, "message": "m" * 262_144, "logStreamName": "s", "eventId": "id"}

    def page(asked: dict[str, Any]) -> dict[str, Any]:
        number = int(asked.get("nextToken", 0))
        return {"events": [event]} if number == 10_000 else {"events": [], "nextToken": str(number + 1)}

    aws.answers["logs:FilterLogEvents"] = page
    (block,) = list(blocks(one, LogGroup("g")))
    assert (block[0].event_id, len(block[0].message)) == ("id", 262_144)
    assert aws.count("logs:FilterLogEvents") == 10_001
    assert one.calls.by_operation() == {"logs:FilterLogEvents": 10_001}


def test_large_answers_as_documented_are_read_fast_and_others_as_they_are() -> None:
    one, aws = canned_session()
    event = {"timestamp": T0, "message": "m", "logStreamName": "s", "eventId": "id", "ingestionTime": 1, "new": {}}
    aws.answers["logs:FilterLogEvents"] = lambda _: {"events": [event], "nextToken": "t"}
    client = one.client("logs")
    answer = client.filter_log_events(logGroupName="g")
    assert (type(answer["events"][0]), answer["nextToken"]) == (ReadEvent, "t")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    del event["eventId"]
    assert client.filter_log_events(logGroupName="g")["events"] == [event]
    aws.answers["cloudwatch:GetMetricData"] = lambda _: {
        "MetricDataResults": [{"Id": "m0", "Label": "x", "Timestamps": [1.5], "Values": [2]}]
    }
    metrics = one.client("cloudwatch").get_metric_data(MetricDataQueries=[], StartTime=0, EndTime=1)
    assert type(metrics["MetricDataResults"][0]) is Series


def test_events_that_make_no_sense_are_counted_and_the_others_kept() -> None:
    one, aws = canned_session()
    rest = {"logStreamName": "s", "ingestionTime": 5}
    odd = [
        {"timestamp": "yesterday", "message": "a", "eventId": "1"} | rest,
        {"message": "no time", "eventId": "2"} | rest,
        {"timestamp": T0, "eventId": "3"} | rest,
        {"timestamp": -5, "message": "before 1970", "eventId": "4"} | rest,
        {"timestamp": T0, "message": "fine", "eventId": "5"} | rest,
        {"timestamp": T0, "message": "without an id"} | rest,
    ]
    aws.answers["logs:FilterLogEvents"] = lambda _: {"events": odd}
    rejects: list[Reject] = []
    found = log_events.event_blocks(
        one.client("logs"), LogGroup("g"), T0, T0 + 1, account="", region="", bucket=FREE, rejects=rejects
    )
    assert [event.message for block in found for event in block] == ["fine", "without an id"]
    assert len(rejects) == 4


def test_a_window_is_asked_for_to_the_millisecond_and_a_missing_group_gives_nothing() -> None:
    one, aws = canned_session()
    aws.answers["logs:FilterLogEvents"] = lambda _: error("ResourceNotFoundException")
    assert list(blocks(one, LogGroup("g"), 1_000, 2_000)) == []
    asked = aws.requests[-1][1]
    assert (asked["startTime"], asked["endTime"]) == (1_000, 1_999)


def test_a_log_class_that_cannot_be_filtered_is_said_before_any_call() -> None:
    one, aws = canned_session()
    with pytest.raises(SourceFailed, match="log class INFREQUENT_ACCESS"):
        list(blocks(one, LogGroup("g", (), "INFREQUENT_ACCESS")))
    assert aws.requests == []


def test_what_is_not_covered_is_read_again_from_a_little_earlier() -> None:
    overlap = log_events.OVERLAP_MS
    assert log_events.gaps([], 0, 100) == [(0, 100)]
    high = 10 * HOUR_MS
    assert log_events.gaps([(0, high)], 0, high + 50) == [(high - overlap, high + 50)]
    assert log_events.gaps([(HOUR_MS, high)], 0, high) == [(0, HOUR_MS), (high - overlap, high)]
    assert log_events.windows([(0, HOUR_MS + 5)], newest_first=True) == [(HOUR_MS, HOUR_MS + 5), (0, HOUR_MS)]


@pytest.mark.parametrize(("region", "rate"), [("us-east-1", 20.0), ("eu-central-1", 4.0), ("sa-east-1", 8.0)])
def test_events_are_read_at_a_pace_under_the_quota(region: str, rate: float) -> None:
    assert log_events.pace("111111111111", region).rate == pytest.approx(rate)
    assert log_events.pace("111111111111", region) is log_events.pace("111111111111", region)


# --- live tail --------------------------------------------------------------------------------------------------------


class Stream(list[dict[str, Any]]):
    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_live_tail_says_when_it_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = canned_session()
    client = one.client("logs")
    line = {"timestamp": T0, "message": "m", "logStreamName": "s", "logGroupIdentifier": f"{ACCOUNT}:/aws/lambda/fn"}
    stream = Stream(
        [
            {"sessionStart": {}},
            {"sessionUpdate": {"sessionMetadata": {"sampled": False}, "sessionResults": [line]}},
            {"sessionUpdate": {"sessionMetadata": {"sampled": True}, "sessionResults": [line, {"message": "no time"}]}},
        ]
    )
    monkeypatch.setattr(client, "start_live_tail", lambda **_: {"responseStream": stream})
    stop, calls = threading.Event(), Calls()
    tail = live_tail.tail(
        client, [LogGroup("/aws/lambda/fn", ("fn",))], calls, account=ACCOUNT, region=REGION, stop=stop
    )
    begun, first, second = next(tail), next(tail), next(tail)
    assert (begun.events, begun.way) == ([], live_tail.LIVE)
    assert [(each.function, each.message) for each in first.events] == [("fn", "m")]
    assert (first.way, first.sampled, second.sampled) == (live_tail.LIVE, False, True)
    assert "sampled" in second.note
    tail.close()
    assert stream.closed
    assert [(count.operation, count.units) for count in calls.counts()] == [("logs:StartLiveTail", 60)]


def test_where_a_live_tail_is_denied_polling_takes_over_and_says_so() -> None:
    one, aws = canned_session()
    aws.answers["logs:StartLiveTail"] = lambda _: error("AccessDeniedException", "not allowed")
    event = {"timestamp": T0, "message": "m", "logStreamName": "s", "eventId": "1"}
    aws.answers["logs:FilterLogEvents"] = lambda _: {"events": [event]}
    stop, calls = threading.Event(), Calls()
    tail = live_tail.tail(
        one.client("logs"), [LogGroup("g", ("fn",))], calls, account=ACCOUNT, region=REGION,
        stop=stop, pause=no_pause, now_ms=lambda: T0,
    )  # fmt: skip
    first, second = next(tail), next(tail)
    assert calls.counts() == [CallCount("logs:StartLiveTail", 0, 0)]  # what did not begin is not billed
    assert (first.way, [event.message for event in first.events]) == (live_tail.POLLING, ["m"])
    assert "AWS denied logs:StartLiveTail" in first.note
    assert (second.events, second.note) == ([], "")  # the same event is not shown twice
    stop.set()
    assert list(tail) == []


# --- alarms, Compute Optimizer ----------------------------------------------------------------------------------------


def test_alarms_of_both_kinds_and_their_history() -> None:
    one, aws = canned_session()
    aws.answers["cloudwatch:DescribeAlarms"] = lambda asked: (
        {
            "MetricAlarms": [
                {
                    "AlarmName": "errors", "StateValue": "ALARM", "StateReason": "5 > 1", "Namespace": "AWS/Lambda",
                    "MetricName": "Errors", "Statistic": "Sum", "Period": 300, "Threshold": 1.0,
                    "ComparisonOperator": "GreaterThanThreshold", "StateUpdatedTimestamp": T0 / 1000,
                    "Dimensions": [{"Name": "FunctionName", "Value": "fn"}],
                }
            ],
            "CompositeAlarms": [{"AlarmName": "both", "StateValue": "OK", "AlarmRule": "ALARM(errors)"}],
        }
        if "CompositeAlarm" in asked["AlarmTypes"]
        else {}
    )  # fmt: skip
    aws.answers["cloudwatch:DescribeAlarmHistory"] = lambda _: {
        "AlarmHistoryItems": [
            {
                "AlarmName": "errors",
                "Timestamp": T0 / 1000,
                "HistoryItemType": "StateUpdate",
                "HistorySummary": "to ALARM",
            }
        ]
    }
    client = one.client("cloudwatch")
    errors, both = alarms.list_alarms(client, ACCOUNT, REGION)
    assert (errors.function, errors.metric, errors.threshold, errors.state_since_ms) == ("fn", "Errors", 1.0, T0)
    assert (both.kind, both.rule) == ("composite", "ALARM(errors)")
    (change,) = alarms.history(client, ACCOUNT, REGION, T0 - 1, T0 + 1)
    assert (change.at_ms, change.summary) == (T0, "to ALARM")


# --- read-only --------------------------------------------------------------------------------------------------------


def test_anything_that_does_not_only_read_is_stopped_before_it_is_sent() -> None:
    # Nothing listens on port 9: had a byte been sent, the error would be another one.
    closed = session("http://127.0.0.1:9")
    logs, functions = closed.client("logs"), closed.client("lambda")
    with pytest.raises(ReadOnlyViolation, match="logs:PutLogEvents"):
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": 1, "message": "m"}])
    with pytest.raises(ReadOnlyViolation, match="logs:DeleteLogGroup"):
        logs.delete_log_group(logGroupName="g")
    with pytest.raises(ReadOnlyViolation, match="lambda:Invoke"):
        functions.invoke(FunctionName="f")
    with pytest.raises(ReadOnlyViolation, match="lambda:GetFunction"):
        functions.get_function(FunctionName="f")
    with pytest.raises(ReadOnlyViolation, match="s3:"):
        closed.client("s3").list_buckets()
    with pytest.raises(ReadOnlyViolation):
        functions.generate_presigned_url("delete_function", Params={"FunctionName": "f"})
    assert closed.calls.by_operation() == {}


def test_every_modelled_operation_but_the_listed_ones_is_stopped() -> None:
    wanted = {(one.service, one.operation) for one in READINGS}
    passed = set()
    closed = session("http://127.0.0.1:9")
    for service in (*sorted({one.service for one in READINGS}), "iam"):
        model = closed.client(service).meta.service_model
        for name in model.operation_names:
            try:
                _refuse(model.operation_model(name))
            except ReadOnlyViolation:
                continue
            passed.add((service, name))
    assert passed == wanted


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "said", "hopeless"),
    [
        ("AccessDeniedException", "allow logs:FilterLogEvents", False),
        ("ExpiredTokenException", "aws sso login --profile prod", True),
        ("UnrecognizedClientException", "check the profile and the clock", True),
        ("ThrottlingException", "collect again later", False),
        ("ResourceNotFoundException", "deleted", False),
        ("OptInRequired", "leave this feature out", False),
        ("SomethingNew", "SomethingNew", False),
    ],
)
def test_answers_of_aws_become_words(code: str, said: str, hopeless: bool) -> None:
    with pytest.raises(SourceFailed) as raised, reading("logs:FilterLogEvents", "log group g", "prod"):
        raise ClientError({"Error": {"Code": code, "Message": code}}, "FilterLogEvents")
    assert said in str(raised.value)
    assert is_hopeless(raised.value) is hopeless


def test_the_action_that_aws_names_is_the_one_that_is_told() -> None:
    message = "User: x is not authorized to perform: kms:Decrypt on resource: y"
    with pytest.raises(SourceFailed, match="allow kms:Decrypt"), reading("logs:FilterLogEvents", "g"):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "FilterLogEvents")


@pytest.mark.parametrize(
    ("fault", "said", "hopeless"),
    [
        (NoCredentialsError(), "give --profile", True),
        # One endpoint that cannot be reached says nothing of the others.
        (EndpointConnectionError(endpoint_url="http://x"), "check the network", False),
    ],
)
def test_faults_of_the_client_become_words(fault: Exception, said: str, hopeless: bool) -> None:
    with pytest.raises(SourceFailed, match=said) as raised, reading("sts:GetCallerIdentity", "credentials"):
        raise fault
    assert is_hopeless(raised.value) is hopeless


def test_a_profile_or_region_that_is_missing_is_told() -> None:
    with pytest.raises(SourceFailed, match="aws configure list-profiles"):
        ReadOnlySession("nobody")
    with pytest.raises(SourceFailed, match="give --region"):
        ReadOnlySession()


def test_an_account_that_is_not_enrolled_is_told() -> None:
    one, aws = canned_session()
    aws.answers["compute-optimizer:GetEnrollmentStatus"] = lambda _: {"status": "Inactive"}
    with pytest.raises(SourceFailed, match="enrolment is Inactive"):
        list(optimizer.recommendations(one.client("compute-optimizer"), REGION))
