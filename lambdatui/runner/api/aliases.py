"""Aliases of functions."""

import re
import uuid
from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.qualifiers import forget_qualifier
from lambdatui.runner.api.revisions import check_revision
from lambdatui.runner.deployments.function import DeployedFunction, Document
from lambdatui.runner.errors import conflict, constraint, invalid, not_found
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner

_ALIAS = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}")


def _alias_document(function: DeployedFunction, name: str, request: dict[str, Any], before: Document) -> Document:
    """An alias with a request's values; values that it leaves out are those of ``before``. Raises ApiError."""
    version = str(request.get("FunctionVersion") or before.get("FunctionVersion") or "")
    if version not in function.versions:
        raise not_found(f"Function not found: {arn_of(function.name)}:{version}")
    routing = request.get("RoutingConfig", before.get("RoutingConfig"))
    for other, weight in ((routing or {}).get("AdditionalVersionWeights") or {}).items():
        if other not in function.versions or not 0 <= float(weight) <= 1 or version == LATEST:
            raise invalid("A version in the routing configuration does not exist, or its weight is not 0 to 1")
    document: Document = {
        "AliasArn": f"{arn_of(function.name)}:{name}",
        "Name": name,
        "FunctionVersion": version,
        "Description": request.get("Description", before.get("Description", "")),
        "RevisionId": str(uuid.uuid4()),
    }
    if routing:
        document["RoutingConfig"] = routing
    return document


def _existing_alias(runner: Runner, call: Call) -> tuple[DeployedFunction, str]:
    """The function, and the name of an alias that it has. Raises ApiError."""
    function = named_function(runner, call)
    name = call.path["Name"]
    if name not in function.aliases:
        raise not_found(f"Cannot find alias arn: {arn_of(function.name)}:{name}")
    return function, name


@operation("POST", "/2015-03-31/functions/{FunctionName}/aliases")
def create_alias(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "CreateAlias".

    Takes: FunctionName, Name, FunctionVersion, Description, RoutingConfig.
    Errors: ResourceNotFoundException, ResourceConflictException, InvalidParameterValueException, ValidationException.
    """
    function = named_function(runner, call)
    request = call.document
    name = str(request.get("Name", ""))
    if not _ALIAS.fullmatch(name):
        raise constraint(name, "name", f"Member must satisfy regular expression pattern: {_ALIAS.pattern}")
    if name in function.aliases:
        raise conflict(f"Alias already exists: {arn_of(function.name)}:{name}")
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
    function, name = _existing_alias(runner, call)
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
