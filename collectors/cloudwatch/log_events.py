"""Log events of one account and region: DescribeLogGroups and FilterLogEvents."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from collectors.cloudwatch.errors import error_code, reading
from collectors.model import Function, LogEvent
from collectors.source import SourceFailed

LAMBDA_PREFIX = "/aws/lambda/"
# Events arrive late and out of order, so each collection begins this much earlier; event ids make repeats harmless.
OVERLAP_MS = 5 * 60_000


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group to read. ``function`` is empty where several functions share it: their streams carry the name."""

    name: str
    function: str
    log_class: str = "STANDARD"


def discover(client: Any, region: str, functions: Iterable[Function]) -> list[LogGroup]:
    """Lambda's own groups, those of deleted functions too, and the groups that ``functions`` name beyond them."""
    owners: dict[str, list[str]] = {}
    for function in functions:
        if function.log_group:
            owners.setdefault(function.log_group, []).append(function.key.name)
    found: dict[str, str] = {}
    with reading("logs:DescribeLogGroups", f"log groups in {region}"):
        for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=LAMBDA_PREFIX):
            for group in page.get("logGroups", ()):
                found[group["logGroupName"]] = group.get("logGroupClass") or "STANDARD"
    # A default group that was not found is of a function that never ran; any other may be there.
    named_elsewhere = [name for name in owners if not name.startswith(LAMBDA_PREFIX)]
    groups = found | dict.fromkeys(named_elsewhere, "STANDARD")
    return [LogGroup(name, _only(owners.get(name, [])), log_class) for name, log_class in sorted(groups.items())]


def event_blocks(
    client: Any, group: LogGroup, *, since_ms: int, until_ms: int, account: str, region: str
) -> Iterator[list[LogEvent]]:
    """A group's events from ``OVERLAP_MS`` before ``since_ms`` up to ``until_ms``, a page at a time.

    Pages may be empty while there is more to come; a group that does not exist gives nothing. SourceFailed where AWS
    does not let the group be read.
    """
    if group.log_class != "STANDARD":
        raise SourceFailed(
            f"log group {group.name}",
            f"FilterLogEvents does not read log class {group.log_class}",
            "its functions show metrics only",
        )
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group.name, startTime=max(since_ms - OVERLAP_MS, 0), endTime=until_ms
    )
    try:
        with reading("logs:FilterLogEvents", f"log group {group.name}"):
            for page in pages:
                if events := page.get("events"):
                    yield [_event(event, group, account, region) for event in events]
    except SourceFailed as failed:
        cause = failed.__cause__
        if isinstance(cause, Exception) and error_code(cause) == "ResourceNotFoundException":
            return
        raise


def _event(event: dict[str, Any], group: LogGroup, account: str, region: str) -> LogEvent:
    return LogEvent(
        timestamp_ms=event["timestamp"],
        message=event["message"],
        log_group=group.name,
        log_stream=event["logStreamName"],
        event_id=event["eventId"],
        function=group.function,
        account=account,
        region=region,
    )


def _only(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ""
