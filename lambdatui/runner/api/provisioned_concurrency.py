"""Provisioned concurrency: environments of a version or an alias that are ready ahead of calls."""

from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.api.qualifiers import check_qualifier, no_such_qualifier
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.environments.fleet import LEAST_UNRESERVED
from lambdatui.runner.errors import ApiError, conflict, invalid, without_type
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner


def _provisionable(runner: Runner, call: Call, on_latest: str) -> tuple[DeployedFunction, str]:
    """The function, and the version or alias of the call. Raises ApiError: for $LATEST with this text."""
    name, qualifier = split_name(call.path["FunctionName"], call.query.get("Qualifier"))
    if qualifier is None or qualifier == LATEST:
        raise invalid(on_latest)
    function = runner.functions.by_name.get(name)
    if function is None:
        raise no_such_qualifier(name, qualifier)
    check_qualifier(function, qualifier)
    return function, qualifier


def _stored(runner: Runner, call: Call) -> tuple[DeployedFunction, str]:
    """As ``_provisionable``, of the operations that get and delete."""
    return _provisionable(runner, call, "The function resource provided must be an alias or a published version.")


def _state(runner: Runner, function: DeployedFunction, qualifier: str) -> dict[str, Any]:
    requested: int = function.part("provisioned")[qualifier]
    version = str(function.aliases[qualifier]["FunctionVersion"]) if qualifier in function.aliases else qualifier
    deployment = runner.functions.deployment(function.name, version)
    ready = min(runner.fleet.provisioned_ready(deployment), requested)
    status = "READY" if ready >= requested else "IN_PROGRESS"
    more = {}
    if status != "READY" and runner.fleet.provisioned_failed(deployment):
        status, more = "FAILED", {"StatusReason": "FUNCTION_ERROR_INIT_FAILURE"}
    return {
        "RequestedProvisionedConcurrentExecutions": requested,
        "AvailableProvisionedConcurrentExecutions": ready,
        "AllocatedProvisionedConcurrentExecutions": ready,
        "Status": status,
        **more,
        "LastModified": function.part("provisioned_modified").get(qualifier, function.latest["LastModified"]),
    }


def _check_room(runner: Runner, function: DeployedFunction, qualifier: str, requested: int) -> None:
    """Raise ApiError where neither the function's nor the account's concurrency has room for it."""
    others = sum(count for other, count in function.part("provisioned").items() if other != qualifier)
    if function.reserved is not None:
        if others + requested > function.reserved:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for "
                "function"
            )
        return
    unreserved = runner.fleet.limits.account - sum(runner.fleet.reserved.values())
    if requested > unreserved:
        raise without_type(
            invalid(
                "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
                f"[{unreserved}]."
            )
        )
    if unreserved - others - requested < LEAST_UNRESERVED:
        raise without_type(
            invalid(
                "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
                f"its minimum value of [{LEAST_UNRESERVED}]."
            )
        )


def _check_alone(function: DeployedFunction, qualifier: str) -> None:
    """Raise ApiError where a version and an alias of it would both have provisioned concurrency."""
    provisioned = function.part("provisioned")
    alias = function.aliases.get(qualifier)
    if alias is not None:
        if alias["FunctionVersion"] in provisioned:
            raise conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
    elif any(other["FunctionVersion"] == qualifier and name in provisioned for name, other in function.aliases.items()):
        raise conflict("Version is pointed by a Provisioned Concurrency alias")


@operation("PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def put_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutProvisionedConcurrencyConfig".

    Where the function's init phase fails, the status is FAILED, with a reason, until it is put again.

    Takes: FunctionName, Qualifier, ProvisionedConcurrentExecutions.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException, ResourceConflictException.
    """
    requested = call.document.get("ProvisionedConcurrentExecutions")
    constraints = Constraints()
    constraints.required("qualifier", call.query.get("Qualifier"))
    constraints.required("provisionedConcurrentExecutions", requested)
    constraints.between("provisionedConcurrentExecutions", requested, 1, 2**31 - 1)
    constraints.check()
    function, qualifier = _provisionable(
        runner, call, "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
    )
    assert isinstance(requested, int)
    _check_room(runner, function, qualifier, requested)
    _check_alone(function, qualifier)
    function.part("provisioned")[qualifier] = requested
    function.part("provisioned_modified")[qualifier] = iso_offset()
    runner.save(function)
    counts = {"AvailableProvisionedConcurrentExecutions": 0, "AllocatedProvisionedConcurrentExecutions": 0}
    answer = _state(runner, function, qualifier) | counts | {"Status": "IN_PROGRESS"}
    return 202, answer


@operation("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL")
def list_provisioned_concurrency_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListProvisionedConcurrencyConfigs".

    Takes: FunctionName, Marker, MaxItems.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function = named_function(runner, call)
    rows = [
        {"FunctionArn": f"{arn_of(function.name)}:{qualifier}", **_state(runner, function, qualifier)}
        for qualifier in function.part("provisioned")
    ]
    return 200, call.page("ProvisionedConcurrencyConfigs", rows)


@operation("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def get_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetProvisionedConcurrencyConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ProvisionedConcurrencyConfigNotFoundException, InvalidParameterValueException,
    ValidationException.
    """
    function, qualifier = _stored(runner, call)
    if qualifier not in function.part("provisioned"):
        raise ApiError(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return 200, _state(runner, function, qualifier)


@operation("DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def delete_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteProvisionedConcurrencyConfig". One that is not there is deleted, too.

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    function, qualifier = _stored(runner, call)
    if function.part("provisioned").pop(qualifier, None) is not None:
        function.part("provisioned_modified").pop(qualifier, None)
        runner.save(function)
    return 204, None
