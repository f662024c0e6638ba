"""Function URLs: ports of this machine."""

import time
from typing import Any

from lambdatui.runner.api.call import (
    Call,
    Reply,
    named_function,
    operation,
    resolved_function,
    without_own_fields,
)
from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.errors import conflict, constraint, invalid, not_found
from lambdatui.runner.functions import LATEST
from lambdatui.runner.gateways.ports import free_port
from lambdatui.runner.service import Runner

_ENUMS = (("AuthType", ("NONE", "AWS_IAM")), ("InvokeMode", ("BUFFERED", "RESPONSE_STREAM")))


def _url_document(request: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A URL's settings with a request's values; values that it leaves out are those of ``before``. Raises ApiError."""
    document = {"InvokeMode": "BUFFERED", **before}
    for field, allowed in _ENUMS:
        value = request.get(field, document.get(field))
        if value not in allowed:
            member = field[0].lower() + field[1:]
            raise constraint(value, member, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        document[field] = value
    if request.get("Cors") is not None:
        document["Cors"] = request["Cors"]
    return document


def _existing(runner: Runner, call: Call) -> tuple[DeployedFunction, str]:
    """The function and the qualifier of the call. Raises ApiError where they have no URL."""
    resolved = resolved_function(runner, call)
    qualifier = resolved.qualifier or LATEST
    if qualifier not in resolved.function.part("urls"):
        raise not_found("The resource you requested does not exist.")
    return resolved.function, qualifier


@operation("POST", "/2021-10-31/functions/{FunctionName}/url")
def create_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateFunctionUrlConfig".

    FunctionUrl is a port of 127.0.0.1, which stays over restarts. AuthType AWS_IAM wants an Authorization header, and
    does not check its signature.

    Takes: FunctionName, Qualifier, AuthType, Cors, InvokeMode.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException.
    """
    resolved = resolved_function(runner, call)
    qualifier = resolved.qualifier or LATEST
    if resolved.qualifier is not None and resolved.qualifier not in resolved.function.aliases:
        raise invalid("A function URL can be given to $LATEST or to an alias, not to a version")
    if qualifier in resolved.function.part("urls"):
        raise conflict(f"FunctionUrlConfig exists for this Lambda function: {resolved.arn}")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
    document = _url_document(call.document, {"CreationTime": now, "LastModifiedTime": now, "FunctionArn": resolved.arn})
    document["_port"] = free_port()
    document["FunctionUrl"] = f"http://127.0.0.1:{document['_port']}/"
    resolved.function.part("urls")[qualifier] = document
    runner.save(resolved.function)
    return 201, without_own_fields(document)


@operation("GET", "/2021-10-31/functions/{FunctionName}/url")
def get_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionUrlConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function, qualifier = _existing(runner, call)
    return 200, without_own_fields(function.part("urls")[qualifier])


@operation("PUT", "/2021-10-31/functions/{FunctionName}/url")
def update_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionUrlConfig".

    Takes: FunctionName, Qualifier, AuthType, Cors, InvokeMode.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function, qualifier = _existing(runner, call)
    function.part("urls")[qualifier] = _url_document(call.document, function.part("urls")[qualifier])
    runner.save(function)
    return 200, without_own_fields(function.part("urls")[qualifier])


@operation("DELETE", "/2021-10-31/functions/{FunctionName}/url")
def delete_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionUrlConfig". The port is closed.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function, qualifier = _existing(runner, call)
    del function.part("urls")[qualifier]
    runner.save(function)
    return 204, None


@operation("GET", "/2021-10-31/functions/{FunctionName}/urls")
def list_function_url_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionUrlConfigs". All are on one page.

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    return 200, {"FunctionUrlConfigs": [without_own_fields(url) for url in function.part("urls").values()]}
