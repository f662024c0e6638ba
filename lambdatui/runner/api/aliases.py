"""Aliases of functions."""

import re
import uuid
from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.qualifiers import forget_qualifier
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.errors import conflict, invalid, not_found, without_type
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner

_NAME = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"


def _alias_document(function: DeployedFunction, name: str, request: dict[str, Any], before: Document) -> Document:
    """An alias with a request's values; values that it leaves out are those of ``before``. Raises ApiError."""
    version = str(request.get("FunctionVersion") or before.get("FunctionVersion") or "")
    weights = (request.get("RoutingConfig", before.get("RoutingConfig")) or {}).get("AdditionalVersionWeights") or {}
    if version == LATEST and weights:
        raise without_type(invalid("$LATEST is not supported for an alias pointing to more than 1 version"))
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version in weights:
        raise invalid(
            f"Invalid function version {version}. Function version {version} is already included in routing "
            "configuration."
        )
    for wanted in (version, *weights):
        if wanted not in function.versions:
            raise not_found(f"Function not found: {function.arn}:{wanted}")
    document: Document = {
        "AliasArn": f"{function.arn}:{name}",
        "Name": name,
        "FunctionVersion": version,
        "Description": request.get("Description", before.get("Description", "")),
        "RevisionId": str(uuid.uuid4()),
    }
    if weights:
        document["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    return document


def _check_members(request: dict[str, Any], *, new: bool) -> None:
    """Raise ApiError 400 for members of a request that the API's model does not allow."""
    constraints = Constraints()
    if new:
        constraints.required("name", request.get("Name"))
        constraints.required("functionVersion", request.get("FunctionVersion"))
    constraints.length("name", request.get("Name"), 1, 128)
    constraints.pattern("name", request.get("Name"), _NAME)
    constraints.length("functionVersion", request.get("FunctionVersion"), 1, 1024)
    constraints.pattern("functionVersion", request.get("FunctionVersion"), r"(\$LATEST|[0-9]+)")
    constraints.length("description", request.get("Description"), 0, 256)
    weights = (request.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    shown = {key: float(value) if isinstance(value, int | float) else value for key, value in weights.items()}
    member = "routingConfig.additionalVersionWeights"
    if not all(re.fullmatch("[0-9]{1,1024}", key) for key in weights):
        constraints.broken(
            member,
            shown,
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have "
            "length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
        )
    if not all(isinstance(value, float) and 0 <= value <= 1 for value in shown.values()):
        constraints.broken(
            member,
            shown,
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have "
            "value greater than or equal to 0.0, Member must not be null]",
        )
    constraints.check()


def _function(runner: Runner, call: Call, version: str) -> DeployedFunction:
    """The function; where there is none, AWS misses the version."""
    name, _ = split_name(call.path["FunctionName"])
    function = runner.functions.reachable(name)
    if function is None:
        raise not_found(f"Function not found: {arn_of(name)}:{version}")
    return function


def _existing_alias(
    runner: Runner, call: Call, missing: str = "Cannot find alias arn: "
) -> tuple[DeployedFunction, str]:
    """The function, and the name of an alias that it has. Raises ApiError."""
    function = named_function(runner, call)
    name = call.path["Name"]
    if name not in function.aliases:
        raise not_found(f"{missing}{function.arn}:{name}")
    return function, name


@operation("POST", "/2015-03-31/functions/{FunctionName}/aliases")
def create_alias(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateAlias".

    Takes: FunctionName, Name, FunctionVersion, Description, RoutingConfig.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException.
    """
    request = call.document
    _check_members(request, new=True)
    function = _function(runner, call, str(request["FunctionVersion"]))
    name = str(request["Name"])
    if name in function.aliases:
        raise conflict(f"Alias already exists: {function.arn}:{name}")
    function.aliases[name] = _alias_document(function, name, request, {})
    runner.save(function)
    return 201, function.aliases[name]


@operation("GET", "/2015-03-31/functions/{FunctionName}/aliases")
def list_aliases(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListAliases".

    Takes: FunctionName, FunctionVersion, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = named_function(runner, call)
    version = call.query.get("FunctionVersion")
    rows = [alias for alias in function.aliases.values() if version in (None, alias["FunctionVersion"])]
    return 200, call.page("Aliases", rows)


@operation("GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def get_alias(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetAlias".

    Takes: FunctionName, Name.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function, name = _existing_alias(runner, call)
    return 200, function.aliases[name]


@operation("PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def update_alias(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "UpdateAlias".

    Takes: FunctionName, Name, FunctionVersion, Description, RoutingConfig, RevisionId.
    Errors: ResourceNotFoundException, InvalidParameterValueException, PreconditionFailedException.
    """
    _check_members(call.document, new=False)
    function, name = _existing_alias(runner, call, "Alias not found: ")
    check_revision(function.aliases[name], call.document)
    function.aliases[name] = _alias_document(function, name, call.document, function.aliases[name])
    runner.save(function)
    return 200, function.aliases[name]


@operation("DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
def delete_alias(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteAlias". One that is not there is deleted, too.

    Takes: FunctionName, Name.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    if function.aliases.pop(call.path["Name"], None) is not None:
        forget_qualifier(function, call.path["Name"])
        runner.save(function)
    return 204, None
