"""What each trigger of the command line asks the runner for."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from lambdatui.cli.runner.trigger import trigger_options, trigger_request


@click.command()
@click.argument("name")
@trigger_options
def trigger(name: str, **values: Any) -> None:
    click.echo(json.dumps(trigger_request(name, values)))


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(trigger, ["fn", *arguments])


def request(*arguments: str) -> Any:
    result = ask(*arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_triggers_that_are_kept(tmp_path: Path) -> None:
    add = "/_lambdatui/triggers/add"
    assert request("--schedule", "rate(1 minute)") == [
        *(add, {"function": "fn", "kind": "schedule", "expression": "rate(1 minute)"}),
    ]
    folder = {"function": "fn", "kind": "folder", "path": str(tmp_path)}
    assert request("--folder", str(tmp_path), "--suffix", ".jpg", "--events", "created") == [
        *(add, folder | {"prefix": "", "suffix": ".jpg", "events": ["created"]}),
    ]
    assert request("--http-api", "0") == [add, {"function": "fn", "kind": "http-api"}]
    assert request("--rest-api", "9001") == [add, {"function": "fn", "kind": "rest-api", "port": 9001}]
    assert request("--alb", "9002") == [add, {"function": "fn", "kind": "alb", "port": 9002}]


def test_event_sources() -> None:
    mappings = "/2015-03-31/event-source-mappings/"
    queue = "arn:aws:sqs:us-east-1:000000000000:orders"
    assert request("--source", queue) == [mappings, {"FunctionName": "fn", "EventSourceArn": queue}]
    assert request("--source", queue, "--batch-size", "20", "--window-s", "5", "--partial") == [
        mappings,
        {
            "FunctionName": "fn",
            "EventSourceArn": queue,
            "BatchSize": 20,
            "MaximumBatchingWindowInSeconds": 5,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        },
    ]
    stream = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1"
    for options, position in (((), "LATEST"), (("--from-start",), "TRIM_HORIZON")):
        _, document = request("--source", stream, *options)
        assert document == {"FunctionName": "fn", "EventSourceArn": stream, "StartingPosition": position}


def test_events_that_are_sent_at_once(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("from a file")
    path, document = request("--sns", f"@{tmp_path / 'text'}", "--subject", "news")
    assert (path, document["function"]) == ("/_lambdatui/fire", "fn")
    sns = document["event"]["Records"][0]["Sns"]
    assert (sns["Message"], sns["Subject"], sns["Type"]) == ("from a file", "news", "Notification")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sns["Timestamp"])
    _, document = request("--event", '{"n": 1}', "--event-source", "shop", "--detail-type", "Order")
    event = document["event"]
    assert (event["detail"], event["source"], event["detail-type"], event["resources"]) == (
        *({"n": 1}, "shop", "Order", []),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give one of --schedule, --rule, --folder, --source, --http-api, --rest-api, --alb, --sns and --event"),
        (("--sns", "x", "--alb", "0"), "give one of"),
        (("--folder", ".", "--events", "moved"), "--events: created, removed, or both"),
        (("--event", "{"), "--event is not JSON: Expecting property name"),
        (("--alb", "70000"), "70000 is not in the range 0<=x<=65535"),
    ],
)
def test_what_contradicts_itself(arguments: tuple[str, ...], message: str) -> None:
    result = ask(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
