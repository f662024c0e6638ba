"""EventBridge on the runner's port: rules, their targets, and events, for ``aws events`` and boto3's ``events``.

EventBridge API Reference. What targets a function of this runner is delivered; buses need not be created.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from lambdatui.runner.clock import now_utc
from lambdatui.runner.errors import ApiError, serialization
from lambdatui.runner.functions import ACCOUNT, REGION
from lambdatui.runner.http.server import Request
from lambdatui.runner.service import Runner
from lambdatui.runner.triggers.event_bus import EventBus, bus_name, new_rule, pattern_in, rule_key
from lambdatui.runner.triggers.event_patterns import matches
from lambdatui.runner.triggers.running import RunningTriggers
from lambdatui.runner.untrusted import parsed_json

_TARGET = "AWSEvents."
_MOST_ENTRIES = 10
Document = dict[str, Any]


def asked(request: Request) -> bool:
    """Whether a request is one of EventBridge."""
    return request.headers.get("x-amz-target", "").startswith(_TARGET)


async def answer(runner: Runner, request: Request, request_id: str) -> None:
    """Answer a request of EventBridge, an error too."""
    headers = {"x-amzn-RequestId": request_id}
    try:
        document = await _operate(runner, request)
    except ApiError as error:
        body = {"__type": error.code, "message": str(error)}
        request.json(error.status, body, {**headers, **error.headers})
    else:
        request.json(200, document, headers)


async def _operate(runner: Runner, request: Request) -> Document:
    name = request.headers["x-amz-target"].removeprefix(_TARGET)
    run = _OPERATIONS.get(name)
    if run is None or runner.triggers is None:
        raise ApiError(400, "UnknownOperationException", f"the runner's EventBridge does not know {name}")
    try:
        document = parsed_json(request.body or b"{}")
    except ValueError as error:
        raise serialization(f"Could not parse request body into json: {error}") from error
    if not isinstance(document, dict):
        raise serialization("Start of structure or map found where not expected.")
    answer = run(runner.triggers, document)
    return answer if isinstance(answer, dict) else await answer


def _rule(bus: EventBus, asked: Document) -> Document:
    """The rule that a request names. Raises ApiError."""
    name, bus_of_rule = str(asked.get("Name") or asked.get("Rule") or ""), bus_name(asked.get("EventBusName"))
    rule = bus.rules.get(rule_key(bus_of_rule, name))
    if rule is None:
        message = f"Rule {name} does not exist on EventBus {bus_of_rule}."
        raise ApiError(400, "ResourceNotFoundException", message)
    return rule


def _changed(triggers: RunningTriggers, rule: Document) -> None:
    triggers.save_events()
    triggers.bus.changed(rule_key(rule["EventBusName"], rule["Name"]))


def _put_rule(triggers: RunningTriggers, asked: Document) -> Document:
    before = triggers.bus.rules.get(rule_key(bus_name(asked.get("EventBusName")), str(asked.get("Name"))))
    key, rule = new_rule(asked, before)
    triggers.bus.rules[key] = rule
    _changed(triggers, rule)
    return {"RuleArn": rule["Arn"]}


def _delete_rule(triggers: RunningTriggers, asked: Document) -> Document:
    key = rule_key(bus_name(asked.get("EventBusName")), str(asked.get("Name")))
    rule = triggers.bus.rules.get(key)
    if rule is not None:
        if rule["Targets"]:
            raise ApiError(400, "ValidationException", "Rule can't be deleted since it has targets.")
        del triggers.bus.rules[key]
        _changed(triggers, rule)
    return {}


def _shown(rule: Document) -> Document:
    return {field: value for field, value in rule.items() if field != "Targets"}


def _describe_rule(triggers: RunningTriggers, asked: Document) -> Document:
    return {**_shown(_rule(triggers.bus, asked)), "CreatedBy": ACCOUNT}


def _list_rules(triggers: RunningTriggers, asked: Document) -> Document:
    bus, prefix = bus_name(asked.get("EventBusName")), str(asked.get("NamePrefix") or "")
    rules = [rule for rule in triggers.bus.rules.values() if rule["EventBusName"] == bus]
    return {"Rules": [_shown(rule) for rule in rules if rule["Name"].startswith(prefix)]}


def _set_state(state: str) -> Callable[[RunningTriggers, Document], Document]:
    def change(triggers: RunningTriggers, asked: Document) -> Document:
        rule = _rule(triggers.bus, asked)
        rule["State"] = state
        _changed(triggers, rule)
        return {}

    return change


def _put_targets(triggers: RunningTriggers, asked: Document) -> Document:
    rule = _rule(triggers.bus, asked)
    failed = []
    for target in asked.get("Targets") or ():
        arn = str(target.get("Arn", ""))
        if arn.startswith("arn:") and arn.split(":")[2] == "lambda":
            rule["Targets"][str(target["Id"])] = target
        else:
            message = f"{arn} is no function: the runner's rules call functions only"
            failed.append({"TargetId": target.get("Id"), "ErrorCode": "InvalidParameter", "ErrorMessage": message})
    triggers.save_events()
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


def _remove_targets(triggers: RunningTriggers, asked: Document) -> Document:
    rule = _rule(triggers.bus, asked)
    for target_id in asked.get("Ids") or ():
        rule["Targets"].pop(str(target_id), None)
    triggers.save_events()
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _list_targets(triggers: RunningTriggers, asked: Document) -> Document:
    return {"Targets": list(_rule(triggers.bus, asked)["Targets"].values())}


def _list_rule_names(triggers: RunningTriggers, asked: Document) -> Document:
    rules = triggers.bus.matching_targets(str(asked.get("TargetArn")), bus_name(asked.get("EventBusName")))
    return {"RuleNames": [rule["Name"] for rule in rules]}


def _test_pattern(_: RunningTriggers, asked: Document) -> Document:
    try:
        event = parsed_json(str(asked.get("Event", "")))
    except ValueError as error:
        raise ApiError(400, "ValidationException", f"Parameter Event is not valid. Reason: {error}") from error
    return {"Result": matches(pattern_in(asked.get("EventPattern")), event)}


async def _put_events(triggers: RunningTriggers, asked: Document) -> Document:
    entries = asked.get("Entries")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_ENTRIES:
        message = (
            "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length "
            f"less than or equal to {_MOST_ENTRIES}"
        )
        raise ApiError(400, "ValidationException", message)
    answers = [await _put_event(triggers, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


async def _put_event(triggers: RunningTriggers, entry: Document) -> Document:
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field):
            message = f"Parameter {field} is not valid. Reason: {field} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        detail = parsed_json(str(entry["Detail"]))
    except ValueError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event_id = str(uuid.uuid4())
    event = {
        "version": "0",
        "id": event_id,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": ACCOUNT,
        "time": now_utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": entry.get("Resources") or [],
        "detail": detail,
    }
    await triggers.bus.publish(event, bus_name(entry.get("EventBusName")))
    return {"EventId": event_id}


_OPERATIONS: dict[str, Callable[[RunningTriggers, Document], Document | Awaitable[Document]]] = {
    "PutRule": _put_rule,
    "DeleteRule": _delete_rule,
    "DescribeRule": _describe_rule,
    "ListRules": _list_rules,
    "EnableRule": _set_state("ENABLED"),
    "DisableRule": _set_state("DISABLED"),
    "PutTargets": _put_targets,
    "RemoveTargets": _remove_targets,
    "ListTargetsByRule": _list_targets,
    "ListRuleNamesByTarget": _list_rule_names,
    "TestEventPattern": _test_pattern,
    "PutEvents": _put_events,
}
