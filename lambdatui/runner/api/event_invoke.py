"""Settings of asynchronous events: how often and how long they are tried, and where they go at their end."""

from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation, resolved_function
from lambdatui.runner.clock import now_s
from lambdatui.runner.deployments.function import ResolvedFunction
from lambdatui.runner.errors import constraint, not_found
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.queue import destinations
from lambdatui.runner.service import Runner

# Field of the request, the member's name in messages, its least and its largest value.
_RANGES = (
    ("MaximumRetryAttempts", "maximumRetryAttempts", 0, 2),
    ("MaximumEventAgeInSeconds", "maximumEventAgeInSeconds", 60, 21_600),
)


def _change(runner: Runner, resolved: ResolvedFunction, request: dict[str, Any], *, update: bool) -> Reply:
    """Replace the stored settings by a request's, or with ``update`` only those that it has. Raises ApiError."""
    settings = resolved.function.part("event_invoke")
    qualifier = resolved.qualifier or LATEST
    document = dict(settings.get(qualifier, {})) if update else {}
    for field, member, least, most in _RANGES:
        value = request.get(field)
        if value is None:
            continue
        if not isinstance(value, int) or not least <= value <= most:
            bound = f"less than or equal to {most}" if not isinstance(value, int) or value > most else ""
            raise constraint(value, member, f"Member must have value {bound or f'greater than or equal to {least}'}")
        document[field] = value
    if request.get("DestinationConfig") is not None:
        document["DestinationConfig"] = request["DestinationConfig"]
        for outcome in ("OnSuccess", "OnFailure"):
            if target := (request["DestinationConfig"].get(outcome) or {}).get("Destination"):
                destinations.check_target(target)
    settings[qualifier] = document
    document["LastModified"] = int(now_s())
    runner.save(resolved.function)
    return 200, {"FunctionArn": resolved.qualified_arn, **document}


def _existing(runner: Runner, call: Call) -> ResolvedFunction:
    """The function and qualifier of the call. Raises ApiError where they have no settings of their own."""
    resolved = resolved_function(runner, call)
    if (resolved.qualifier or LATEST) not in resolved.function.part("event_invoke"):
        raise not_found(f"The function {resolved.qualified_arn} doesn't have an EventInvokeConfig")
    return resolved


@operation("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def put_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionEventInvokeConfig".

    Destinations may be ``file:///FOLDER`` and a queue's URL too.

    Takes: FunctionName, Qualifier, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return _change(runner, resolved_function(runner, call), call.document, update=False)


@operation("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def update_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier, MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    return _change(runner, _existing(runner, call), call.document, update=True)


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def get_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved = _existing(runner, call)
    settings = resolved.function.part("event_invoke")[resolved.qualifier or LATEST]
    return 200, {"FunctionArn": resolved.qualified_arn, **settings}


@operation("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list")
def list_function_event_invoke_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionEventInvokeConfigs". All are on one page.

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    rows = [
        {"FunctionArn": f"{arn_of(function.name)}:{qualifier}", **settings}
        for qualifier, settings in function.part("event_invoke").items()
    ]
    return 200, {"FunctionEventInvokeConfigs": rows}


@operation("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
def delete_function_event_invoke_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionEventInvokeConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved = _existing(runner, call)
    del resolved.function.part("event_invoke")[resolved.qualifier or LATEST]
    runner.save(resolved.function)
    return 204, None
