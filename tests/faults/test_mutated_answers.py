"""Answers with values of any kind in any place: nothing but words leaves a reading, and rows that are fine are had."""

import copy
import json
import os
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model.account import Alarms, BilledDay, Inventory
from collectors.model.records import Function, FunctionKey, MetricPoint
from collectors.model.units import HOUR_MS
from collectors.sources.base import BudgetReached, Failed, HourAggregates, SourceFailed
from collectors.sources.cloudwatch import alarms, costs, detail_kinds, inventory, log_events, log_groups, optimizer
from collectors.sources.cloudwatch.calls import Calls, TokenBucket
from collectors.sources.cloudwatch.functions import account_of, list_functions
from collectors.sources.cloudwatch.insights import SETTLED_MS
from collectors.sources.cloudwatch.insights_hours import Due, SummedHours
from collectors.sources.cloudwatch.insights_queries import Queries
from collectors.sources.cloudwatch.log_groups import LogGroup
from collectors.sources.cloudwatch.metrics import Points, Query, Span
from collectors.sources.cloudwatch.session import ReadOnlySession
from tests.support.aws import ACCOUNT, REGION, Canned, canned_session, isolate, listed, no_pause

FREE = TokenBucket(1e9)
NOW = 1_735_700_000_000
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
KEY = FunctionKey("fn", ACCOUNT, REGION)
GROUP = LogGroup("/aws/lambda/fn", ("fn",))
Reader = Callable[[ReadOnlySession, list[Any]], list[Any]]


@dataclass
class Case:
    """An operation, a valid answer with at least two rows, and who reads it. ``rows`` is where its rows are."""

    operation: str
    answer: dict[str, Any]
    read: Reader
    rows: str = ""


def _detail(action: str) -> Reader:
    only = dict.fromkeys({detail.action for detail in detail_kinds.DETAILS} - {action}, "failed")

    def read(session: ReadOnlySession, _: list[Any]) -> list[Any]:
        found = list(inventory.details(session.client("lambda"), [KEY], REGION, FREE, skip=only))
        return [one for part in found if isinstance(part, Inventory) for one in part.configured if one.kind != "denied"]

    return read


def _events(session: ReadOnlySession, rejects: list[Any]) -> list[Any]:
    blocks = log_events.event_blocks(
        session.client("logs"), GROUP, 0, NOW, account=ACCOUNT, region=REGION, bucket=FREE, rejects=rejects
    )
    return [event for block in blocks for event in block]


def _points(session: ReadOnlySession, rejects: list[Any]) -> list[Any]:
    names = ("Invocations", "Errors")
    asked = [Query(KEY, name, "Sum", (("FunctionName", "fn"),), name) for name in names]
    points = Points(session.client("cloudwatch"), Calls(), REGION)
    found = [point for some, _ in points.read(asked, Span(NOW - HOUR_MS, NOW, 60)) for point in some]
    rejects += points.rejects
    return found


def _insights(session: ReadOnlySession, rejects: list[Any]) -> list[Any]:
    groups = [GROUP, LogGroup("/aws/lambda/other", ("other",))]
    hour_ms = NOW // HOUR_MS * HOUR_MS
    due = Due(lambda item: (), ACCOUNT, REGION, hour_ms, hour_ms + HOUR_MS + SETTLED_MS)
    queries = Queries(session.client("logs"), Calls(), ACCOUNT, REGION, pause=no_pause)
    hours = SummedHours(queries, due, groups, {group.name: 1 for group in groups})
    sums: list[Any] = []
    for part in hours.items(()):
        if isinstance(part, Failed):
            raise part.failure
        if isinstance(part, HourAggregates):
            sums += part.hours
    rejects += hours.rejects
    return sums


def _row(group: str, **more: str) -> list[dict[str, str]]:
    row = {"@log": f"{ACCOUNT}:{group}", "n": "3", "billed_ms": "1.28E4", "bucket": "500", "last": "1735700000000"}
    return [{"field": field, "value": value} for field, value in (row | more).items()]


def _series(identity: str, value: float) -> dict[str, Any]:
    return {"Id": identity, "Timestamps": [1735699800, 1735699860], "Values": [value, 2.0], "StatusCode": "Complete"}


def _group(usage: str) -> dict[str, Any]:
    metrics = {name: {"Amount": "1.5", "Unit": "USD"} for name in costs.METRICS}
    return {"Keys": [usage, "Usage"], "Metrics": metrics}


def _alarm(name: str) -> dict[str, Any]:
    return {
        "AlarmName": name, "StateValue": "OK", "StateReason": "fine", "StateTransitionedTimestamp": 1735700000,
        "MetricName": "Errors", "Namespace": "AWS/Lambda", "Statistic": "Sum", "Period": 60, "Threshold": 1.0,
        "Dimensions": [{"Name": "FunctionName", "Value": "fn"}], "ActionsEnabled": True,
        "Metrics": [{"Id": "a", "MetricStat": {"Metric": {"Namespace": "AWS/Lambda"}, "Stat": "Sum", "Period": 60}}],
    }  # fmt: skip


def _url(name: str) -> dict[str, Any]:
    return {
        "FunctionArn": f"{ARN}:{name}", "FunctionUrl": "https://x/", "AuthType": "NONE", "Cors": {"MaxAge": 3},
        "LastModifiedTime": "2025-01-01T00:00:00Z", "InvokeMode": "BUFFERED",
    }  # fmt: skip


def _changed(name: str) -> dict[str, Any]:
    return {"AlarmName": name, "Timestamp": 1735700000, "HistoryItemType": "StateUpdate", "HistorySummary": "to OK"}


def _mapping(uuid: str) -> dict[str, Any]:
    return {
        "UUID": uuid, "FunctionArn": ARN, "EventSourceArn": "arn:aws:sqs:r:1:q", "State": "Enabled", "BatchSize": 10,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:1:dlq"}}, "LastModified": 1735700000,
        "ScalingConfig": {"MaximumConcurrency": 5}, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}, "MetricsConfig": {"Metrics": ["EventCount"]},
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b:9092"]}},
    }  # fmt: skip


_WHOLE = {
    "Architectures": ["arm64"], "Layers": [{"Arn": "arn:layer", "CodeSize": 1}], "EphemeralStorage": {"Size": 512},
    "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/g"}, "VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["s"]},
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"}, "DeadLetterConfig": {"TargetArn": "arn:x"},
    "RuntimeVersionConfig": {"RuntimeVersionArn": "arn:r"}, "CodeSize": 7, "State": "Active",
    "CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn:c"}},
}  # fmt: skip
_LATEST = {"Version": "$LATEST", "Environment": {"Variables": {"A": "b"}}}

CASES = [
    Case("lambda:ListFunctions", {"Functions": listed(["a", "b", "c"], **_WHOLE)},
         lambda session, rejects: [one for pair in list_functions(
             session.client("lambda"), REGION, FREE, rejects, ACCOUNT) for one in pair], "Functions"),
    Case("lambda:GetAccountSettings",
         {"AccountLimit": {"ConcurrentExecutions": 1000, "TotalCodeSize": 5, "UnreservedConcurrentExecutions": 900},
          "AccountUsage": {"TotalCodeSize": 7, "FunctionCount": 3}},
         lambda session, rejects: inventory.account_settings(
             session.client("lambda"), ACCOUNT, REGION, FREE, rejects).configured),
    Case("lambda:ListEventSourceMappings", {"EventSourceMappings": [_mapping("1"), _mapping("2")]},
         lambda session, rejects: inventory.event_sources(
             session.client("lambda"), ACCOUNT, REGION, FREE, rejects).configured, "EventSourceMappings"),
    Case("application-autoscaling:DescribeScheduledActions",
         {"ScheduledActions": [
             {"ScheduledActionName": name, "ResourceId": "function:fn:live", "Schedule": "cron(1)", "Timezone": "UTC",
              "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 5}, "ServiceNamespace": "lambda",
              "ScheduledActionARN": "arn:s", "CreationTime": 1735700000} for name in ("a", "b")]},
         lambda session, rejects: inventory.schedules(
             session.client("application-autoscaling"), ACCOUNT, REGION, FREE, rejects).configured, "ScheduledActions"),
    Case("lambda:GetFunctionConcurrency", {"ReservedConcurrentExecutions": 7}, _detail("lambda:GetFunctionConcurrency")),
    Case("lambda:ListProvisionedConcurrencyConfigs",
         {"ProvisionedConcurrencyConfigs": [
             {"FunctionArn": f"{ARN}:{name}", "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY",
              "LastModified": "2025-01-01T00:00:00+0000"} for name in ("live", "beta")]},
         _detail("lambda:ListProvisionedConcurrencyConfigs"), "ProvisionedConcurrencyConfigs"),
    Case("lambda:ListFunctionEventInvokeConfigs",
         {"FunctionEventInvokeConfigs": [
             {"FunctionArn": f"{ARN}:{name}", "MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60,
              "LastModified": 1735700000, "DestinationConfig": {"OnSuccess": {"Destination": "arn:a"}}}
             for name in ("live", "beta")]},
         _detail("lambda:ListFunctionEventInvokeConfigs"), "FunctionEventInvokeConfigs"),
    Case("lambda:ListAliases",
         {"Aliases": [{"Name": name, "FunctionVersion": "3", "AliasArn": "arn:a",
                       "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.1}}} for name in ("live", "beta")]},
         _detail("lambda:ListAliases"), "Aliases"),
    Case("lambda:ListVersionsByFunction",
         {"Versions": [_LATEST, *listed(["fn"], Version="3", **_WHOLE), *listed(["fn"], Version="4", **_WHOLE)]},
         _detail("lambda:ListVersionsByFunction"), "Versions"),
    Case("lambda:ListFunctionUrlConfigs", {"FunctionUrlConfigs": [_url("live"), _url("beta")]},
         _detail("lambda:ListFunctionUrlConfigs"), "FunctionUrlConfigs"),
    Case("lambda:GetFunctionConfiguration", listed(["fn"], **_WHOLE)[0], _detail("lambda:GetFunctionConfiguration")),
    Case("lambda:GetPolicy",
         {"Policy": json.dumps({"Statement": [{"Sid": "a", "Effect": "Allow", "Principal": {"Service": "x"},
                                               "Action": "lambda:InvokeFunction"}]}), "RevisionId": "r"},
         _detail("lambda:GetPolicy")),
    Case("lambda:GetFunctionRecursionConfig", {"RecursiveLoop": "Allow"}, _detail("lambda:GetFunctionRecursionConfig")),
    Case("lambda:GetRuntimeManagementConfig", {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": "arn:r"},
         _detail("lambda:GetRuntimeManagementConfig")),
    Case("cloudwatch:DescribeAlarms",
         {"MetricAlarms": [_alarm("a"), _alarm("b")],
          "CompositeAlarms": [{"AlarmName": "c", "StateValue": "OK", "AlarmRule": "ALARM(a)"}]},
         lambda session, rejects: list(alarms.list_alarms(session.client("cloudwatch"), ACCOUNT, REGION, rejects)),
         "MetricAlarms"),
    Case("cloudwatch:DescribeAlarmHistory", {"AlarmHistoryItems": [_changed("a"), _changed("b")]},
         lambda session, rejects: list(alarms.history(
             session.client("cloudwatch"), ACCOUNT, REGION, 0, NOW, rejects)), "AlarmHistoryItems"),
    Case("cloudwatch:GetMetricData", {"MetricDataResults": [_series("m0", 1.0), _series("m1", 3.0)], "Messages": []},
         _points, "MetricDataResults"),
    Case("logs:DescribeLogGroups",
         {"logGroups": [{"logGroupName": f"/aws/lambda/{name}", "storedBytes": 5, "retentionInDays": 7,
                         "logGroupClass": "STANDARD"} for name in "ab"]},
         lambda session, rejects: log_groups.discover(
             session.client("logs"), ACCOUNT, REGION, [], rejects=rejects)[1], "logGroups"),
    Case("logs:FilterLogEvents",
         {"events": [{"timestamp": NOW - at, "message": f"m{at}", "logStreamName": "s", "eventId": str(at)}
                     for at in (3, 2, 1)], "searchedLogStreams": []}, _events, "events"),
    Case("ce:GetCostAndUsage",
         {"GroupDefinitions": [{"Type": "DIMENSION", "Key": key} for key in costs.GROUPS],
          "ResultsByTime": [{"TimePeriod": {"Start": f"2025-01-0{day}", "End": "2025-01-09"}, "Estimated": False,
                             "Groups": [_group("Lambda-GB-Second"), _group("Request")], "Total": {}}
                            for day in (1, 2)]},
         lambda session, rejects: list(costs.billed_days(
             session.client("ce"), Calls(), ACCOUNT, NOW - HOUR_MS, NOW, rejects)), "ResultsByTime"),
    Case("compute-optimizer:GetLambdaFunctionRecommendations",
         {"lambdaFunctionRecommendations": [
             {"functionArn": f"{ARN}{name}", "functionVersion": "$LATEST", "finding": "NotOptimized",
              "findingReasonCodes": ["MemoryOverprovisioned"], "currentMemorySize": 512,
              "lastRefreshTimestamp": 1735700000, "memorySizeRecommendationOptions": [
                  {"rank": 1, "memorySize": 256, "savingsOpportunity": {
                      "estimatedMonthlySavings": {"currency": "USD", "value": 1.5}}},
                  {"rank": 2, "memorySize": 128}]} for name in "ab"]},
         lambda session, rejects: list(optimizer.recommendations(session.client("compute-optimizer"), REGION, rejects)),
         "lambdaFunctionRecommendations"),
    Case("compute-optimizer:GetEnrollmentStatus", {"status": "Active", "memberAccountsEnrolled": False},
         lambda session, rejects: list(optimizer.recommendations(session.client("compute-optimizer"), REGION, rejects))),
    Case("logs:GetQueryResults",
         {"status": "Complete", "statistics": {"bytesScanned": 5.0, "recordsScanned": 1.0},
          "results": [_row("/aws/lambda/fn"), _row("/aws/lambda/other", max_ms="12.5", inits="1")]},
         _insights, "results"),
    Case("logs:StartQuery", {"queryId": "q"}, _insights),
]  # fmt: skip
_BESIDE: dict[str, Any] = {
    "compute-optimizer:GetEnrollmentStatus": {"status": "Active"},
    "logs:StartQuery": {"queryId": "q"},
    "logs:GetQueryResults": {"status": "Complete", "results": [_row("/aws/lambda/fn")]},
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReadOnlySession, Canned]]:
    """One session for all examples: making clients takes longer than what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, tmp_path_factory.mktemp("aws"))
        patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.0)
        patch.setattr("collectors.sources.cloudwatch.answers._LONGEST_PAUSE_S", 0.0)
        session, canned = canned_session()
        session._call_s = 1e6
        yield session, canned


GONE = object()
ODD = st.sampled_from(
    [GONE, None, 0, -1, 3.5, 1e300, 10**30, -(10**400), True, "", "x", "7", "\ud800", "2025-13-45", "arn:aws:lambda",
     [], [None], [[]], ["x", 5], {}, {"a": None}, {"Id": []}, float("nan"), float("inf")]
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is, within an answer."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*at, name)
        yield from places(each, (*at, name))


def fresh(case: Case) -> dict[str, Any]:
    """The answer, no part of which is another part of it too."""
    answer: dict[str, Any] = json.loads(json.dumps(case.answer))
    return answer


def put(answer: dict[str, Any], place: tuple[Any, ...], value: Any) -> None:
    holder: Any = answer
    try:
        for name in place[:-1]:
            holder = holder[name]
        if value is GONE:
            del holder[place[-1]]
        else:
            holder[place[-1]] = copy.deepcopy(value)
    except (LookupError, TypeError):
        pass  # another change took it away


def reading(
    aws: tuple[ReadOnlySession, Canned], case: Case, answer: dict[str, Any]
) -> tuple[list[Any], list[Any], SourceFailed | None]:
    """What was read, what was counted as unreadable, and why it ended, if so. Raises what must not leave a reading."""
    session, canned = aws
    answers = _BESIDE | {case.operation: answer}
    for operation, each in answers.items():
        body = json.dumps(each).encode()
        canned.answers[operation] = lambda _, body=body: body  # type: ignore[misc]
    canned.requests.clear()
    session.begin()
    rejects: list[Any] = session.take_rejects() and []
    found: list[Any] = []
    try:
        found = case.read(session, rejects)
    except SourceFailed as failed:
        return found, rejects + session.take_rejects(), failed
    except BudgetReached:
        return found, rejects, None
    return found, rejects + session.take_rejects(), None


def check_kinds(record: Any) -> None:
    """That each field is of the kind that it is declared as, and can be kept in a store."""
    if isinstance(record, BilledDay):
        assert Decimal(record.amount).is_finite()
    assert is_dataclass(record)
    hints = typing.get_type_hints(type(record))
    for each in fields(record):
        value, hint = getattr(record, each.name), hints[each.name]
        allowed = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        plain = tuple(typing.get_origin(kind) or kind for kind in allowed)
        kinds = (*plain, int) if float in plain else plain
        assert isinstance(value, kinds), (record, each.name)
        assert not (isinstance(value, bool) and bool not in kinds), (record, each.name)
        for inner in [value, *(value.values() if isinstance(value, dict) else ())]:
            check_keepable(inner)


def check_keepable(value: Any) -> None:
    if isinstance(value, FunctionKey):
        assert value.name
        assert value.account == ACCOUNT
    if isinstance(value, int):
        assert -(2**63) <= value < 2**63
    if isinstance(value, float):
        assert abs(value) < float("inf")
    if isinstance(value, str):
        value.encode()


SEARCH = settings(max_examples=int(os.environ.get("LAMBDATUI_EXAMPLES", "60")))
OF_ALL = pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)


@OF_ALL
def test_a_valid_answer_is_read_whole(aws: tuple[ReadOnlySession, Canned], case: Case) -> None:
    found, rejects, failed = reading(aws, case, case.answer)
    assert failed is None
    assert rejects == []
    assert case.operation.endswith("Status") or len(found) >= (2 if case.rows else 1)
    for record in found:
        check(record)


def comparable(record: Any) -> Any:
    """A log event is of one class where an answer is as documented, of another where it is not."""
    if hasattr(record, "event_id"):
        return record.timestamp_ms, record.message, record.log_group, record.log_stream, record.event_id
    return record


def check(record: Any) -> None:
    if isinstance(record, Function):
        assert record.key.name
    if isinstance(record, Function | MetricPoint):
        check_keepable(getattr(record, "key", None) or record.function)  # type: ignore[union-attr]
    if is_dataclass(record):
        check_kinds(record)
    elif not isinstance(record, MetricPoint):  # a log event
        for name in ("message", "log_stream", "event_id", "log_group", "timestamp_ms"):
            check_keepable(getattr(record, name))


@OF_ALL
@SEARCH
@given(st.data())
def test_whatever_is_in_an_answer_only_words_leave_its_reading(
    aws: tuple[ReadOnlySession, Canned], case: Case, data: st.DataObject
) -> None:
    answer = fresh(case)
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        put(answer, data.draw(st.sampled_from(list(places(case.answer))), "place"), data.draw(ODD, "value"))
    found, _, failed = reading(aws, case, answer)
    for record in found:
        check(record)
    if failed is not None:
        assert failed.what
        assert failed.advice


@pytest.mark.parametrize("case", [case for case in CASES if case.rows], ids=lambda case: case.operation)
@SEARCH
@given(st.data())
def test_rows_that_are_fine_are_had_beside_any_other(
    aws: tuple[ReadOnlySession, Canned], case: Case, data: st.DataObject
) -> None:
    whole, _, _ = reading(aws, case, case.answer)
    answer = fresh(case)
    rows = answer[case.rows]
    number = data.draw(st.integers(0, len(rows) - 1), "row")
    without = fresh(case)
    del without[case.rows][number]
    fine, _, _ = reading(aws, case, without)
    inside = list(places(rows[number]))
    if data.draw(st.booleans(), "all of it"):
        rows[number] = data.draw(ODD.filter(lambda value: value is not GONE), "value")
    else:
        put(rows[number], data.draw(st.sampled_from(inside), "place"), data.draw(ODD, "value"))
    found, rejects, failed = reading(aws, case, answer)
    assert failed is None
    missing = [record for record in map(comparable, fine) if record not in list(map(comparable, found))]
    assert missing == []
    # What is not had of the row itself is counted, unless AWS may leave it out.
    if len(found) < len(whole) and not isinstance(rows[number], dict | list):
        assert rejects


def test_an_account_that_is_no_account_is_told(aws: tuple[ReadOnlySession, Canned]) -> None:
    session, canned = aws
    usual = canned.answers["sts:GetCallerIdentity"]
    try:
        for body in (b"<R/>", b"<R><GetCallerIdentityResult/></R>", b"{}", b"no XML", b"<R><a></R>",
                     b"<R><GetCallerIdentityResult><Account>12</Account></GetCallerIdentityResult></R>"):  # fmt: skip
            canned.answers["sts:GetCallerIdentity"] = lambda _, body=body: body  # type: ignore[misc]
            with pytest.raises(SourceFailed):
                account_of(session.client("sts"), REGION)
    finally:
        canned.answers["sts:GetCallerIdentity"] = usual


def test_what_could_not_be_read_is_not_taken_for_gone(tmp_path: Path) -> None:
    """One alarm and one event source are unreadable: those of the store stay."""
    import sqlite3

    from collectors.model.account import Alarm, Configured
    from collectors.store.connection import writing
    from collectors.store.write import account as kept

    mapped = [Configured(ACCOUNT, REGION, "fn", "event source", item, {"state": "Enabled"}) for item in ("1", "2")]
    states = [Alarm(ACCOUNT, REGION, name, "metric", "OK", "", None) for name in ("a", "b")]
    with writing(tmp_path / "store.db") as connection:
        for partial in (False, True):
            some = slice(1) if partial else slice(None)
            kept.keep_inventory(
                connection, Inventory(ACCOUNT, REGION, ("event source",), mapped[some], None, partial), NOW
            )
            kept.keep_alarms(connection, Alarms(ACCOUNT, REGION, states[some], partial))
        assert isinstance(connection, sqlite3.Connection)
        assert connection.execute("SELECT count(*) FROM alarms").fetchone() == (2,)
        gone = connection.execute("SELECT count(*) FROM configuration WHERE until_ms IS NOT NULL").fetchone()
        assert gone == (0,)
