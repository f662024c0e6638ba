"""CloudWatch Logs' log groups and streams: those that have events in the runner's log.

A group begins with its first event, as Lambda creates it then; it stays when its function is removed.
"""

from typing import Any

from lambdatui.runner.cloudwatch.operations import Answer, Question, bad_parameter, operation, page
from lambdatui.runner.errors import ApiError
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.log.catalog import Extent

_LISTED = 50
STANDARD = "STANDARD"
"""The log class of every group here."""


def missing(what: str) -> ApiError:
    """400 ResourceNotFoundException; ``what`` is ``log group`` or ``log stream``."""
    return ApiError(400, "ResourceNotFoundException", f"The specified {what} does not exist.")


def group_arn(name: str) -> str:
    """The ARN of a log group, without the ``:*`` that some of its forms end in."""
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def name_in(identifier: str) -> str:
    """The name of a log group that is given by its name or an ARN."""
    if identifier.startswith("arn:"):
        return identifier.removesuffix(":*").split(":log-group:")[-1]
    return identifier


def named_group(asked: Question) -> str:
    """The name of the group that ``logGroupName`` or ``logGroupIdentifier`` means. Raises ApiError for none."""
    name, identifier = asked.text("logGroupName"), asked.text("logGroupIdentifier")
    if bool(name) == bool(identifier):
        what = "both" if name else "neither"
        raise bad_parameter(f"Exactly one of logGroupName and logGroupIdentifier is needed: the request has {what}.")
    group = name or name_in(identifier)
    if not asked.log.streams(group):
        raise missing("log group")
    return group


@operation("logs", "DescribeLogGroups")
def describe_log_groups(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "DescribeLogGroups". ``storedBytes`` is not known: AWS tells compressed bytes."""
    prefix, pattern = asked.text("logGroupNamePrefix"), asked.text("logGroupNamePattern")
    if prefix and pattern:
        raise bad_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    identifiers = {name_in(each) for each in asked.texts("logGroupIdentifiers")}
    if asked.text("logGroupClass") not in ("", STANDARD):
        return {"logGroups": []}
    names = [
        name
        for name in asked.log.groups()
        if name.startswith(prefix) and pattern in name and (not identifiers or name in identifiers)
    ]
    size = asked.integer("limit", _LISTED, 1, _LISTED)
    listed, token = page(names, asked.text("nextToken"), size)
    return _with_token({"logGroups": [_group(asked, name) for name in listed]}, token)


@operation("logs", "ListLogGroups")
def list_log_groups(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "ListLogGroups"; its pattern is names or ``^`` prefixes, with ``|`` between."""
    choices = asked.text("logGroupNamePattern").split("|")
    if asked.text("logGroupClass") not in ("", STANDARD):
        return {"logGroups": []}
    names = [
        name
        for name in asked.log.groups()
        if any(name.startswith(each[1:]) if each.startswith("^") else each in name for each in choices)
    ]
    listed, token = page(names, asked.text("nextToken"), asked.integer("limit", _LISTED, 1, 1000))
    groups = [
        {"logGroupName": name, "logGroupArn": group_arn(name), "logGroupClass": STANDARD} for name in listed
    ]  # fmt: skip
    return _with_token({"logGroups": groups}, token)


@operation("logs", "DescribeLogStreams")
def describe_log_streams(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "DescribeLogStreams"."""
    group = named_group(asked)
    prefix, order = asked.text("logStreamNamePrefix"), asked.text("orderBy") or "LogStreamName"
    if order not in ("LogStreamName", "LastEventTime"):
        raise bad_parameter(
            f"1 validation error detected: Value '{order}' at 'orderBy' failed to satisfy constraint: "
            "Member must satisfy enum value set: [LogStreamName, LastEventTime]"
        )
    if prefix and order == "LastEventTime":
        raise bad_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
    streams = [(name, extent) for name, extent in asked.log.streams(group).items() if name.startswith(prefix)]
    streams.sort(
        key=lambda each: (each[1].last_ms, each[0]) if order == "LastEventTime" else (0, each[0]),
        reverse=bool(asked.flag("descending")),
    )
    listed, token = page(streams, asked.text("nextToken"), asked.integer("limit", _LISTED, 1, _LISTED))
    return _with_token({"logStreams": [_stream(group, name, extent) for name, extent in listed]}, token)


@operation("logs", "ListTagsForResource")
def list_tags_for_resource(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "ListTagsForResource": a log group here has none."""
    return _no_tags(asked, asked.text("resourceArn"))


@operation("logs", "ListTagsLogGroup")
def list_tags_log_group(asked: Question) -> Answer:
    """CloudWatch Logs API Reference, "ListTagsLogGroup": a log group here has none."""
    return _no_tags(asked, asked.text("logGroupName"))


def _no_tags(asked: Question, identifier: str) -> Answer:
    if not asked.log.streams(name_in(identifier)):
        raise missing("log group")
    return {"tags": {}}


def _group(asked: Question, name: str) -> dict[str, Any]:
    arn = group_arn(name)
    created_ms = min((extent.first_ms for extent in asked.log.streams(name).values()), default=0)
    return {
        "logGroupName": name,
        "creationTime": created_ms,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupClass": STANDARD,
        "logGroupArn": arn,
        "deletionProtectionEnabled": False,
    }


def _stream(group: str, name: str, extent: Extent) -> dict[str, Any]:
    """A stream; it is created with its first event, and an event is ingested when it is written."""
    return {
        "logStreamName": name,
        "creationTime": extent.first_ms,
        "firstEventTimestamp": extent.first_ms,
        "lastEventTimestamp": extent.last_ms,
        "lastIngestionTime": extent.last_ms,
        "arn": f"{group_arn(group)}:log-stream:{name}",
        "storedBytes": 0,  # as AWS tells of every stream since 2019
    }


def _with_token(answer: Answer, token: str | None) -> Answer:
    return answer | ({"nextToken": token} if token else {})
