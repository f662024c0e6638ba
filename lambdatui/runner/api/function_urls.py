"""Function URLs: ports of this machine."""

import time
from typing import Any

from collectors.model.units import DAY_S
from lambdatui.runner.api.call import Call, Reply, operation, without_own_fields
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import ApiError, conflict, not_found
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.gateways.ports import free_port
from lambdatui.runner.service import Runner

_QUALIFIER = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"
_ENUMS = (
    ("AuthType", "authType", ("NONE", "AWS_IAM")),
    ("InvokeMode", "invokeMode", ("RESPONSE_STREAM", "BUFFERED")),
)
# Of the lists in Cors: the member, how many values it has at most, and the shortest and longest of them.
_CORS_LISTS = (
    ("AllowHeaders", "allowHeaders", 100, 0, 1024),
    ("AllowMethods", "allowMethods", 6, 0, 6),
    ("AllowOrigins", "allowOrigins", 100, 1, 253),
    ("ExposeHeaders", "exposeHeaders", 100, 0, 1024),
)


def _check_members(request: Document) -> None:
    """Raise ApiError for settings that the API's model does not allow."""
    constraints = Constraints()
    for field, member, allowed in _ENUMS:
        constraints.one_of(member, request.get(field), allowed)
    cors = request.get("Cors") or {}
    for field, member, most, shortest, longest in _CORS_LISTS:
        constraints.length(f"cors.{member}", cors.get(field), 0, most)
        for value in cors.get(field) or ():
            constraints.length(f"cors.{member}", value, shortest, longest)
    constraints.between("cors.maxAge", cors.get("MaxAge"), 0, DAY_S)
    constraints.check()


def _named(call: Call) -> tuple[str, str | None]:
    """The function's name, and an alias, or None. Raises ApiError where the qualifier could name no alias."""
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    constraints = Constraints()
    constraints.pattern("qualifier", qualifier, _QUALIFIER)
    constraints.check()
    return name, qualifier


def _having_alias(runner: Runner, name: str, alias: str | None) -> DeployedFunction:
    """The function. Raises ApiError where there is none, or it has no such alias."""
    function = runner.functions.by_name.get(name)
    if function is None or (alias is not None and alias not in function.aliases):
        raise not_found("Function does not exist")
    return function


def _stored(function: DeployedFunction | None, alias: str | None) -> Document:
    """The settings of a URL. Raises ApiError where there is none."""
    url: Document | None = function.part("urls").get(alias or LATEST) if function is not None else None
    if url is None:
        raise _no_url()
    return url


def _no_url() -> ApiError:
    return not_found("The resource you requested does not exist.")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())


def _changed(request: Document, url: Document, hidden: set[str]) -> Document:
    """What an operation that changes a URL answers: the mode only once it has been asked for, as AWS does."""
    if request.get("InvokeMode"):
        url["_mode_given"] = True
    hidden = hidden | (set() if url.get("_mode_given") else {"InvokeMode"})
    return {key: value for key, value in without_own_fields(url).items() if key not in hidden}


def _settings(request: Document) -> dict[str, Any]:
    """The settings that a request gives."""
    return {field: request[field] for field in ("AuthType", "InvokeMode", "Cors") if request.get(field) is not None}


@operation("POST", "/2021-10-31/functions/{FunctionName}/url")
def create_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateFunctionUrlConfig".

    FunctionUrl is a port of 127.0.0.1, which stays over restarts. AuthType AWS_IAM wants an Authorization header, and
    does not check its signature.

    Takes: FunctionName, Qualifier, AuthType, Cors, InvokeMode.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException.
    """
    request = call.document
    name, alias = _named(call)
    constraints = Constraints()
    constraints.required("authType", request.get("AuthType"))
    constraints.check()
    _check_members(request)
    function = _having_alias(runner, name, alias)
    arn = arn_of(name) if alias is None else f"{arn_of(name)}:{alias}"
    urls = function.part("urls")
    if (alias or LATEST) in urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig exists "
            "for this Lambda function"
        )
    now, port = _now(), free_port()
    url: Document = {
        "InvokeMode": "BUFFERED",
        "CreationTime": now,
        "LastModifiedTime": now,
        "FunctionArn": arn,
        **_settings(request),
        "_port": port,
        "FunctionUrl": f"http://127.0.0.1:{port}/",
    }
    urls[alias or LATEST] = url
    answer = _changed(request, url, {"LastModifiedTime"})
    runner.save(function)
    return 201, answer


@operation("GET", "/2021-10-31/functions/{FunctionName}/url")
def get_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionUrlConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    name, alias = _named(call)
    return 200, without_own_fields(_stored(runner.functions.by_name.get(name), alias))


@operation("PUT", "/2021-10-31/functions/{FunctionName}/url")
def update_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateFunctionUrlConfig".

    Takes: FunctionName, Qualifier, AuthType, Cors, InvokeMode.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    request = call.document
    name, alias = _named(call)
    _check_members(request)
    function = _having_alias(runner, name, alias)
    url = _stored(function, alias) | _settings(request) | {"LastModifiedTime": _now()}
    function.part("urls")[alias or LATEST] = url
    answer = _changed(request, url, set())
    runner.save(function)
    return 200, answer


@operation("DELETE", "/2021-10-31/functions/{FunctionName}/url")
def delete_function_url_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionUrlConfig". The port is closed.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    name, alias = _named(call)
    function = runner.functions.by_name.get(name)
    if function is None or function.part("urls").pop(alias or LATEST, None) is None:
        raise _no_url()
    runner.save(function)
    return 204, None


@operation("GET", "/2021-10-31/functions/{FunctionName}/urls")
def list_function_url_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListFunctionUrlConfigs".

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = _having_alias(runner, split_name(call.path["FunctionName"])[0], None)
    return 200, call.page("FunctionUrlConfigs", [without_own_fields(url) for url in function.part("urls").values()])
