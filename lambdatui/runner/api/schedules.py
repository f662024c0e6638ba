"""EventBridge Scheduler on the runner's port, for ``aws scheduler`` and boto3's ``scheduler``.

EventBridge Scheduler API Reference. Groups need not be created.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote

from lambdatui.runner.clock import now_s
from lambdatui.runner.errors import ApiError, serialization
from lambdatui.runner.http.server import Request
from lambdatui.runner.service import Runner
from lambdatui.runner.triggers.running import RunningTriggers
from lambdatui.runner.triggers.scheduler import check_schedule, schedule_arn
from lambdatui.runner.untrusted import parsed_json

PREFIX = "/schedules"
_DEFAULTS = {"State": "ENABLED", "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE"}


async def answer(runner: Runner, request: Request, path: str, request_id: str) -> None:
    """Answer a request below ``PREFIX``. Raises ApiError."""
    if runner.triggers is None:
        raise ApiError(404, "ResourceNotFoundException", "schedules are served by `lambdatui runner serve` only")
    name = unquote(path.removeprefix(PREFIX).strip("/"))
    query = dict(parse_qsl(request.query))
    headers = {"x-amzn-RequestId": request_id}
    try:
        document = parsed_json(request.body or b"{}")
    except ValueError as error:
        raise serialization(f"Could not parse request body into json: {error}") from error
    if not isinstance(document, dict):
        raise serialization("Start of structure or map found where not expected.")
    group = str(document.get("GroupName") or query.get("groupName") or "default")
    key = f"{group}/{name}"
    if not name:
        request.json(200, _listing(runner.triggers, query), headers)
    elif request.method == "POST":
        if key in runner.triggers.scheduler.schedules:
            raise ApiError(409, "ConflictException", f"Schedule {name} already exists.")
        request.json(200, _store(runner.triggers, key, document), headers)
    elif key not in runner.triggers.scheduler.schedules:
        raise ApiError(404, "ResourceNotFoundException", f"Schedule {name} does not exist.")
    elif request.method == "PUT":
        request.json(200, _store(runner.triggers, key, document), headers)
    elif request.method == "DELETE":
        del runner.triggers.scheduler.schedules[key]
        _apply(runner.triggers, key)
        request.json(200, {}, headers)
    else:
        request.json(200, runner.triggers.scheduler.schedules[key], headers)


def _store(triggers: RunningTriggers, key: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Keep a schedule in place of one of its name. Raises ApiError."""
    check_schedule(asked)
    group, _, name = key.partition("/")
    before = triggers.scheduler.schedules.get(key, {})
    now = now_s()
    members = {field: value for field, value in asked.items() if value is not None and field != "ClientToken"}
    triggers.scheduler.schedules[key] = {
        **_DEFAULTS,
        **members,
        "Arn": schedule_arn(key),
        "GroupName": group,
        "Name": name,
        "CreationDate": before.get("CreationDate", now),
        "LastModificationDate": now,
    }
    _apply(triggers, key)
    return {"ScheduleArn": schedule_arn(key)}


def _apply(triggers: RunningTriggers, key: str) -> None:
    triggers.save_events()
    triggers.scheduler.changed(key)


def _listing(triggers: RunningTriggers, query: dict[str, str]) -> dict[str, Any]:
    group, prefix, state = query.get("ScheduleGroup"), query.get("NamePrefix", ""), query.get("State")
    fields = ("Arn", "CreationDate", "GroupName", "LastModificationDate", "Name", "State")
    rows = [
        {**{field: schedule[field] for field in fields}, "Target": {"Arn": schedule["Target"]["Arn"]}}
        for schedule in triggers.scheduler.schedules.values()
        if group in (None, schedule["GroupName"])
        and schedule["Name"].startswith(prefix)
        and state in (None, schedule["State"])
    ]
    return {"Schedules": rows}
