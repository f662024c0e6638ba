"""The options of ``lambdatui runner trigger``, and what each asks the runner for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from collectors.untrusted import parsed_json

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = [
    click.option("--schedule", metavar="EXPR", help="rate(5 minutes) or cron(0 3 * * ? *), as EventBridge has them."),
    click.option("--folder", type=click.Path(exists=True, file_okay=False, resolve_path=True), help="As an S3 bucket."),
    click.option("--prefix", default="", help="Of objects in the folder."),
    click.option("--suffix", default="", help="Of objects in the folder."),
    click.option("--events", default="created,removed", show_default=True, help="Of objects in the folder."),
    click.option("--source", "source_arn", metavar="ARN", help="An SQS queue or a DynamoDB stream."),
    click.option("--batch-size", type=click.IntRange(1, 10_000), help="Records at once."),
    click.option("--window-s", type=click.IntRange(0, 300), help="How long a batch may wait to be full."),
    click.option("--partial", is_flag=True, help="The function reports the failures of a batch item by item."),
    click.option("--from-start", is_flag=True, help="A stream: from its oldest record on."),
    click.option("--http-api", type=click.IntRange(0, 65_535), metavar="PORT", help="API Gateway's v2 requests."),
    click.option("--rest-api", type=click.IntRange(0, 65_535), metavar="PORT", help="API Gateway's v1 requests."),
    click.option("--alb", type=click.IntRange(0, 65_535), metavar="PORT", help="A load balancer's requests."),
    click.option("--sns", metavar="TEXT|@FILE", help="Send one SNS notification now."),
    click.option("--subject", help="Of the SNS notification."),
    click.option("--event", metavar="JSON|@FILE", help="Send one EventBridge event now, with this detail."),
    click.option("--event-source", default="lambdatui.runner", help="Of the EventBridge event."),
    click.option("--detail-type", default="Custom", help="Of the EventBridge event."),
]


def trigger_options(run: F) -> F:
    """The options of ``runner trigger``, in the order of its help."""
    for option in reversed(_OPTIONS):
        run = option(run)
    return run


def wanted_trigger(name: str, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the body of the request that the options ask for. UsageError unless it is one thing."""
    kinds = ("schedule", "folder", "source_arn", "http_api", "rest_api", "alb", "sns", "event")
    asked = [kind for kind in kinds if options[kind] is not None]
    if len(asked) != 1:
        raise click.UsageError(
            "give one of --schedule, --folder, --source, --http-api, --rest-api, --alb, --sns and --event"
        )
    kind, value = asked[0], options[asked[0]]
    if kind == "source_arn":
        return "/2015-03-31/event-source-mappings/", _mapping(name, value, options)
    if kind in ("sns", "event"):
        return "/_lambdatui/fire", {"function": name, "event": _event(kind, value, options)}
    document: dict[str, Any] = {"function": name, "kind": kind.replace("_", "-")}
    if kind == "schedule":
        document["expression"] = value
    elif kind == "folder":
        events = [one.strip() for one in options["events"].split(",")]
        if not set(events) <= {"created", "removed"}:
            raise click.UsageError("--events: created, removed, or both")
        document |= {"path": value, "prefix": options["prefix"], "suffix": options["suffix"], "events": events}
    elif value:
        document["port"] = value
    return "/_lambdatui/triggers/add", document


def _mapping(name: str, arn: str, options: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"FunctionName": name, "EventSourceArn": arn}
    if options["batch_size"] is not None:
        document["BatchSize"] = options["batch_size"]
    if options["window_s"] is not None:
        document["MaximumBatchingWindowInSeconds"] = options["window_s"]
    if options["partial"]:
        document["FunctionResponseTypes"] = ["ReportBatchItemFailures"]
    if ":dynamodb:" in arn:
        document["StartingPosition"] = "TRIM_HORIZON" if options["from_start"] else "LATEST"
    return document


def _event(kind: str, value: str, options: dict[str, Any]) -> object:
    from lambdatui.runner.triggers.triggers import custom_event, sns_event

    text = Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value
    if kind == "sns":
        return sns_event(text, options["subject"])
    try:
        detail = parsed_json(text)
    except ValueError as error:
        raise click.UsageError(f"--event is not JSON: {error}") from error
    return custom_event(options["event_source"], options["detail_type"], detail)
