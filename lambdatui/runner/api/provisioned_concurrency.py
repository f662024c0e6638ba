"""Provisioned concurrency: environments of a version or an alias that are ready ahead of calls."""

from typing import Any

from lambdatui.runner.api.call import Call, Reply, named_function, operation, resolved_function
from lambdatui.runner.clock import iso_offset
from lambdatui.runner.deployments.function import ResolvedFunction
from lambdatui.runner.errors import ApiError, constraint, invalid
from lambdatui.runner.functions import LATEST
from lambdatui.runner.service import Runner


def _published(runner: Runner, call: Call) -> tuple[ResolvedFunction, str]:
    """The version of the call, and its qualifier. Raises ApiError for $LATEST, which cannot be provisioned."""
    resolved = resolved_function(runner, call)
    if resolved.qualifier is None or resolved.qualifier == LATEST:
        raise invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    return resolved, resolved.qualifier


def _state(runner: Runner, resolved: ResolvedFunction, requested: int) -> dict[str, Any]:
    deployment = runner.functions.deployment(resolved.function.name, resolved.version)
    ready = min(runner.fleet.provisioned_ready(deployment), requested)
    return {
        "RequestedProvisionedConcurrentExecutions": requested,
        "AvailableProvisionedConcurrentExecutions": ready,
        "AllocatedProvisionedConcurrentExecutions": ready,
        "Status": "READY" if ready >= requested else "IN_PROGRESS",
        "LastModified": iso_offset(),
    }


@operation("PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def put_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutProvisionedConcurrencyConfig".

    Takes: FunctionName, Qualifier, ProvisionedConcurrentExecutions.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved, qualifier = _published(runner, call)
    requested = call.document.get("ProvisionedConcurrentExecutions")
    if not isinstance(requested, int) or requested < 1:
        raise constraint(
            requested, "provisionedConcurrentExecutions", "Member must have value greater than or equal to 1"
        )
    reserved = resolved.function.reserved
    if reserved is not None and requested > reserved:
        raise invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution")
    resolved.function.part("provisioned")[qualifier] = requested
    runner.save(resolved.function)
    return 202, _state(runner, resolved, requested)


@operation("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency?List=ALL")
def list_provisioned_concurrency_configs(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "ListProvisionedConcurrencyConfigs". All are on one page.

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    rows = []
    for qualifier, requested in function.part("provisioned").items():
        resolved = runner.functions.resolve(function.name, qualifier)
        rows.append({"FunctionArn": resolved.arn, **_state(runner, resolved, requested)})
    return 200, {"ProvisionedConcurrencyConfigs": rows}


@operation("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def get_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetProvisionedConcurrencyConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, ProvisionedConcurrencyConfigNotFoundException, InvalidParameterValueException,
    ValidationException.
    """
    resolved, qualifier = _published(runner, call)
    requested = resolved.function.part("provisioned").get(qualifier)
    if requested is None:
        raise ApiError(
            404,
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
        )
    return 200, _state(runner, resolved, requested)


@operation("DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
def delete_provisioned_concurrency_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteProvisionedConcurrencyConfig".

    Takes: FunctionName, Qualifier.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    resolved, qualifier = _published(runner, call)
    if resolved.function.part("provisioned").pop(qualifier, None) is not None:
        runner.save(resolved.function)
    return 204, None
