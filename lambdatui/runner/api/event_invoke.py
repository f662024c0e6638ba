"""Settings of asynchronous events: how often and how long they are tried, and where they go at their end."""

import re
from typing import Any

from lambdatui.runner.api.call import Call, Reply, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.clock import now_s
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import ApiError, invalid, not_found
from lambdatui.runner.functions import LATEST, arn_of, name_in
from lambdatui.runner.service import Runner

# Field of the request, the member's name in messages, its least and its largest value.
_RANGES = (
    ("MaximumRetryAttempts", "maximumRetryAttempts", 0, 2),
    ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 21_600),
)
_OUTCOMES = ("OnSuccess", "OnFailure")
_DESTINATION = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
_OWN_DESTINATION = re.compile(r"(file:///|https?://).*")
_SERVICES = ("lambda", "sqs", "sns", "events", "s3")


def _qualified(call: Call) -> tuple[str, str]:
    """The function's name, and the qualifier of the call. Raises ApiError for what is no name."""
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    return name, qualifier or LATEST


def _configurable(runner: Runner, name: str, qualifier: str) -> DeployedFunction:
    """The function. Raises ApiError where it, its version or its alias is not there."""
    function = runner.functions.by_name.get(name)
    if function is None or qualifier not in (*function.versions, *function.aliases):
        raise not_found("The function doesn't exist.")
    return function


def _no_settings(name: str, qualifier: str) -> ApiError:
    return not_found(f"The function {arn_of(name)}:{qualifier} doesn't have an EventInvokeConfig")


def _stored(runner: Runner, call: Call) -> tuple[DeployedFunction, str]:
    """The function and qualifier of the call. Raises ApiError where they have no settings of their own."""
    name, qualifier = _qualified(call)
    function = runner.functions.by_name.get(name)
    if function is None or qualifier not in function.part("event_invoke"):
        raise _no_settings(name, qualifier)
    return function, qualifier


def _check_members(request: Document) -> None:
    """Raise ApiError for members that the API's model does not allow; folders and URLs are destinations here, too."""
    constraints = Constraints()
    for field, member, least, most in _RANGES:
        constraints.between(member, request.get(field), least, most)
    for outcome in _OUTCOMES:
        target = ((request.get("DestinationConfig") or {}).get(outcome) or {}).get("Destination")
        if target is not None and not _OWN_DESTINATION.fullmatch(str(target)):
            member = f"destinationConfig.{outcome[0].lower()}{outcome[1:]}.destination"
            constraints.pattern(member, target, _DESTINATION)
    constraints.check()
    if all(request.get(field) is None for field in ("DestinationConfig", *(field for field, *_ in _RANGES))):
        raise invalid("You must specify at least one of error handling or destination setting.")


def _check_destinations(runner: Runner, name: str, targets: dict[str, str | None]) -> None:
    """Raise ApiError where events cannot be sent to one of ``targets``, which are by outcome."""
    for target in targets.values():
        if not target or _OWN_DESTINATION.fullmatch(target):
            continue
        service = target.split(":")[2] if target.startswith("arn:") else ""
        if service not in _SERVICES:
            success, failure = (
                f"{outcome}(destination={targets[outcome]})" if targets[outcome] else "null" for outcome in _OUTCOMES
            )
            config = f"DestinationConfig(onSuccess={success}, onFailure={failure})"
            raise invalid(f"The provided destination config {config} is invalid.")
        if service == "lambda":
            if len(target.split(":")) < 7 or name_in(target) not in runner.functions.by_name:
                raise invalid(f"The destination ARN {target} is invalid.")
            if name_in(target) == name:
                raise invalid("You can't specify the function as a destination for itself.")


def _change(runner: Runner, call: Call, *, update: bool) -> Reply:
    """Replace the stored settings by a request's, or with ``update`` only those that it has. Raises ApiError."""
    request = call.document
    _check_members(request)
    name, qualifier = _qualified(call)
    function = _configurable(runner, name, qualifier)
    settings = function.part("event_invoke")
    if update and qualifier not in settings:
        raise _no_settings(name, qualifier)
    document: dict[str, Any] = {"DestinationConfig": {outcome: {} for outcome in _OUTCOMES}}
    document |= settings[qualifier] if update else {}
    document |= {field: request[field] for field, *_ in _RANGES if request.get(field) is not None}
    if request.get("DestinationConfig") is not None:
        targets = {
            outcome: (request["DestinationConfig"].get(outcome) or {}).get("Destination") for outcome in _OUTCOMES
        }
        _check_destinations(runner, name, targets)
        document["DestinationConfig"] = {
            outcome: {"Destination": target} if target else {} for outcome, target in targets.items()
        }
    document["LastModified"] = int(now_s())
    settings[qualifier] = document
    runner.save(function)
    return 200, _shown(function, qualifier)


def _shown(function: DeployedFunction, qualifier: str) -> Document:
    return {"FunctionArn": f"{arn_of(function.name)}:{qualifier}", **function.part("event_invoke")[qualifier]}


@operation("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def put_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionEventInvokeConfig".

    Destinations may be ``file:///FOLDER`` and a queue's URL too.

    Takes: FunctionName, Qualifier, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return _change(runner, call, update=False)


@operation("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def update_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return _change(runner, call, update=True)


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def get_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return 200, _shown(*_stored(runner, call))


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list")
def list_function_event_invoke_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionEventInvokeConfigs".

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = _configurable(runner, split_name(call.path["FunctionName"])[0], LATEST)
    rows = [_shown(function, qualifier) for qualifier in function.part("event_invoke")]
    return 200, call.page("FunctionEventInvokeConfigs", rows)


@operation("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def delete_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function, qualifier = _stored(runner, call)
    del function.part("event_invoke")[qualifier]
    runner.save(function)
    return 204, None
