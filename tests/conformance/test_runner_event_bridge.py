"""EventBridge and its Scheduler on the runner's port, by boto3: rules, patterns, targets' input, events, time zones."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdatui.runner.triggers.target_input import target_input
from tests.support import needs
from tests.support.runner_server import Served, client, refusal, served, wait_for

pytestmark = needs.linux

SEEN = "import json\ndef handler(e, c): print('got', c.function_name, json.dumps(e, sort_keys=True), flush=True)"


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "runner.db", time_scale=60) as one:
        yield one


def of(runner: Served, service: str) -> Any:
    return client(service, f"http://{runner.host}:{runner.port}")


def got(runner: Served, name: str) -> list[Any]:
    start = f"got {name} "
    return [json.loads(line.removeprefix(start)) for line in runner.messages() if line.startswith(start)]


def put(events: Any, detail: object, **more: Any) -> dict[str, Any]:
    entry = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps(detail), **more}
    answer: dict[str, Any] = events.put_events(Entries=[entry])
    return answer


def test_rules_let_events_through_to_their_targets(runner: Served) -> None:
    large, every = runner.create("large", SEEN), runner.create("every", SEEN)
    events = of(runner, "events")
    pattern = {"source": ["shop"], "detail": {"total": [{"numeric": [">=", 100]}], "country": [{"anything-but": "XX"}]}}
    arn = events.put_rule(Name="large-orders", EventPattern=json.dumps(pattern))["RuleArn"]
    assert arn == "arn:aws:events:us-east-1:000000000000:rule/large-orders"
    events.put_targets(Rule="large-orders", Targets=[{"Id": "1", "Arn": large["FunctionArn"]}])
    events.put_rule(Name="all", EventPattern='{"source": [{"prefix": ""}]}')
    events.put_targets(
        Rule="all",
        Targets=[
            {
                "Id": "1",
                "Arn": every["FunctionArn"],
                "InputTransformer": {
                    "InputPathsMap": {"n": "$.detail.n", "who": "$.detail.who"},
                    "InputTemplate": '{"number": <n>, "text": "number <n> of <who>", "rule": <aws.events.rule-name>}',
                },
            }
        ],
    )
    for n, total, country in ((1, 99, "DE"), (2, 100, "DE"), (3, 500, "XX")):
        answer = put(events, {"n": n, "total": total, "country": country, "who": 'A "B"'})
        assert answer["FailedEntryCount"] == 0
    wait_for(lambda: len(got(runner, "every")) == 3 and got(runner, "large"))
    [event] = got(runner, "large")
    assert (event["detail"]["n"], event["source"], event["detail-type"]) == (2, "shop", "Order")
    assert (event["account"], event["region"], event["resources"]) == ("000000000000", "us-east-1", [])
    expected = [{"number": n, "text": f'number {n} of A "B"', "rule": "all"} for n in (1, 2, 3)]
    assert sorted(got(runner, "every"), key=lambda each: each["number"]) == expected


def test_buses_states_and_listings(runner: Served, tmp_path: Path) -> None:
    function = runner.create("heard", SEEN)["FunctionArn"]
    events = of(runner, "events")
    events.put_rule(Name="own", EventBusName="orders", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="own", EventBusName="orders", Targets=[{"Id": "1", "Arn": function}])
    events.put_rule(Name="off", EventPattern='{"source": ["shop"]}', State="DISABLED")
    events.put_targets(Rule="off", Targets=[{"Id": "1", "Arn": function, "Input": '{"fixed": 1}'}])
    put(events, {"n": 1})
    put(events, {"n": 2}, EventBusName="orders")
    wait_for(lambda: [event["detail"]["n"] for event in got(runner, "heard")] == [2])
    events.enable_rule(Name="off")
    put(events, {"n": 3})
    wait_for(lambda: {"fixed": 1} in got(runner, "heard"))
    assert [rule["Name"] for rule in events.list_rules()["Rules"]] == ["off"]
    assert [rule["Name"] for rule in events.list_rules(EventBusName="orders")["Rules"]] == ["own"]
    assert events.describe_rule(Name="off")["State"] == "ENABLED"
    assert events.list_rule_names_by_target(TargetArn=function)["RuleNames"] == ["off"]
    [target] = events.list_targets_by_rule(Rule="off")["Targets"]
    assert target == {"Id": "1", "Arn": function, "Input": '{"fixed": 1}'}
    assert refusal(events.delete_rule, Name="off")[1:] == (
        *("ValidationException", "Rule can't be deleted since it has targets."),
    )
    events.remove_targets(Rule="off", Ids=["1"])
    events.disable_rule(Name="off")
    events.delete_rule(Name="off")
    assert refusal(events.describe_rule, Name="off")[1] == "ResourceNotFoundException"


def test_rules_are_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "runner.db"
    with served(path) as runner:
        function = runner.create("heard", SEEN)["FunctionArn"]
        events = of(runner, "events")
        events.put_rule(Name="kept", EventPattern='{"detail": {"n": [{"exists": true}]}}')
        events.put_targets(Rule="kept", Targets=[{"Id": "1", "Arn": function, "InputPath": "$.detail"}])
    with served(path) as runner:
        put(of(runner, "events"), {"n": 5})
        wait_for(lambda: got(runner, "heard") == [{"n": 5}])


def test_what_is_refused(runner: Served) -> None:
    events = of(runner, "events")
    assert refusal(events.put_rule, Name="x", EventPattern='{"source": "shop"}')[1] == "InvalidEventPatternException"
    assert refusal(events.put_rule, Name="x", EventPattern="words")[1] == "InvalidEventPatternException"
    assert refusal(events.put_rule, Name="x")[1] == "ValidationException"
    assert refusal(events.put_rule, Name="x", ScheduleExpression="rate(1 minutes)")[1] == "ValidationException"
    targets = [{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:000000000000:function:x"}]
    assert refusal(events.put_targets, Rule="none", Targets=targets)[1] == "ResourceNotFoundException"
    events.put_rule(Name="x", EventPattern='{"source": ["shop"]}')
    answer = events.put_targets(Rule="x", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}])
    assert answer["FailedEntryCount"] == 1
    assert put(events, {}, Source="")["Entries"][0]["ErrorCode"] == "InvalidArgument"
    assert put(events, {}, Detail="{")["Entries"][0]["ErrorCode"] == "MalformedDetail"
    assert refusal(events.put_events, Entries=[{"Source": "s"}] * 11)[1] == "ValidationException"
    assert refusal(events.list_archives)[1] == "UnknownOperationException"
    test = events.test_event_pattern
    assert test(EventPattern='{"a": [{"wildcard": "x*z"}]}', Event='{"a": "xyz"}')["Result"] is True
    assert test(EventPattern='{"a": ["b"]}', Event='{"a": "c"}')["Result"] is False
    assert refusal(test, EventPattern='{"a": []}', Event="{}")[1] == "InvalidEventPatternException"


def test_a_scheduled_rule_calls_its_targets(runner: Served) -> None:
    function = runner.create("ticks", SEEN)["FunctionArn"]
    events = of(runner, "events")
    events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")  # a second
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": function}])
    [event, *_] = wait_for(lambda: got(runner, "ticks"))
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/tick"]


def test_schedules_of_scheduler(runner: Served) -> None:
    function = runner.create("ticks", SEEN)["FunctionArn"]
    target = {"Arn": function, "RoleArn": "arn:aws:iam::000000000000:role/r"}
    scheduler = of(runner, "scheduler")
    off = {"Mode": "OFF"}
    soon = datetime.now(UTC) + timedelta(seconds=2)
    local = (soon + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%S")
    once = {
        "ScheduleExpression": f"at({local})",
        "ScheduleExpressionTimezone": "Asia/Tokyo",
        "FlexibleTimeWindow": off,
        "Target": target | {"Input": '{"once": true}'},
    }
    arn = scheduler.create_schedule(Name="once", ActionAfterCompletion="DELETE", **once)["ScheduleArn"]
    assert arn == "arn:aws:scheduler:us-east-1:000000000000:schedule/default/once"
    flexible = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1}
    rate = {"ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": flexible, "Target": target}
    scheduler.create_schedule(Name="flexible", GroupName="mine", **rate)
    assert refusal(scheduler.create_schedule, Name="once", **once)[1] == "ConflictException"
    wait_for(lambda: {"once": True} in got(runner, "ticks"))
    wait_for(lambda: any(event.get("source") == "aws.scheduler" for event in got(runner, "ticks")))
    wait_for(lambda: [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["flexible"])
    kept = scheduler.get_schedule(Name="flexible", GroupName="mine")
    assert (kept["FlexibleTimeWindow"], kept["State"]) == (flexible, "ENABLED")
    scheduler.update_schedule(Name="flexible", GroupName="mine", **(rate | {"State": "DISABLED"}))
    assert scheduler.list_schedules(GroupName="mine", State="ENABLED")["Schedules"] == []
    scheduler.delete_schedule(Name="flexible", GroupName="mine")
    assert refusal(scheduler.get_schedule, Name="flexible", GroupName="mine")[:2] == (404, "ResourceNotFoundException")
    for bad in (
        {"ScheduleExpression": "cron(1)"},
        {"ScheduleExpressionTimezone": "Mars/Olympus"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
    ):
        assert refusal(scheduler.create_schedule, Name="bad", **(rate | bad))[1] == "ValidationException", bad


def test_a_rule_as_a_trigger_of_one_function(runner: Served) -> None:
    runner.create("heard", SEEN)
    added = {"function": "heard", "kind": "rule", "pattern": {"detail-type": [{"equals-ignore-case": "ORDER"}]}}
    assert runner.ask("POST", "/_lambdatui/triggers/add", added | {"pattern": {"a": 1}})[0] == 400
    trigger_id = runner.ask("POST", "/_lambdatui/triggers/add", added)[2]["id"]
    events = of(runner, "events")
    put(events, {"n": 1})
    put(events, {"n": 2}, DetailType="Refund")
    wait_for(lambda: [event["detail"]["n"] for event in got(runner, "heard")] == [1])
    runner.ask("POST", "/_lambdatui/triggers/remove", {"id": trigger_id})
    put(events, {"n": 3})
    put(events, {"n": 4}, Detail='{"n": 4}')
    assert [event["detail"]["n"] for event in got(runner, "heard")] == [1]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, {"detail": {"a": [{"b": "x"}], "c": "two\nlines"}, "id": "i"}),
        ({"Input": '"text"'}, "text"),
        ({"Input": "no json"}, "no json"),
        ({"InputPath": "$.detail.a[0].b"}, "x"),
        ({"InputPath": "$.detail['c']"}, "two\nlines"),
        ({"InputPath": "$.none.at[3].all"}, None),
        ({"InputTransformer": {"InputTemplate": '{"c": "<c>"}', "InputPathsMap": {"c": "$.detail.c"}}}, {"c": "two\nlines"}),
        ({"InputTransformer": {"InputTemplate": "<c>", "InputPathsMap": {"c": "$.detail.a"}}}, [{"b": "x"}]),
        ({"InputTransformer": {"InputTemplate": '"is <none> and <id>"', "InputPathsMap": {"id": "$.id"}}}, "is <none> and i"),
    ],
)  # fmt: skip
def test_what_a_target_gets_of_an_event(target: dict[str, Any], expected: object) -> None:
    event = {"detail": {"a": [{"b": "x"}], "c": "two\nlines"}, "id": "i"}
    assert target_input(target, event, "arn", "rule") == expected
