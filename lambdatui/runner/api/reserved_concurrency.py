"""Reserved concurrency: a function's own part of the account's concurrency, and its limit."""

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.deployments.names import split_name
from lambdatui.runner.environments.fleet import LEAST_UNRESERVED
from lambdatui.runner.errors import invalid, not_found, without_type
from lambdatui.runner.functions import LATEST, arn_of
from lambdatui.runner.service import Runner


@operation("PUT", "/2017-10-31/functions/{FunctionName}/concurrency")
def put_function_concurrency(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionConcurrency".

    Takes: FunctionName, ReservedConcurrentExecutions.
    Errors: ResourceNotFoundException, InvalidParameterValueException, ValidationException.
    """
    reserved = call.document.get("ReservedConcurrentExecutions")
    constraints = Constraints()
    constraints.required("reservedConcurrentExecutions", reserved)
    constraints.between("reservedConcurrentExecutions", reserved, 0, 2**31 - 1)
    constraints.check()
    assert isinstance(reserved, int)
    name, qualifier = split_name(call.path["FunctionName"])
    if qualifier is not None:
        raise invalid(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
            "Please specify either a function name or an unqualified function ARN."
        )
    function = runner.functions.by_name.get(name)
    if function is None:
        raise not_found(f"Function not found: {arn_of(name)}:{LATEST}")
    others = sum(count for name, count in runner.fleet.reserved.items() if name != function.name)
    if others + reserved > runner.fleet.limits.account - LEAST_UNRESERVED:
        raise without_type(
            invalid(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{LEAST_UNRESERVED}]."
            )
        )
    provisioned = sum(function.part("provisioned").values())
    if provisioned > reserved:
        raise invalid(
            "ReservedConcurrentExecutions should be greater than or equal to the provisioned concurrency of "
            f"{provisioned}"
        )
    function.document["reserved"] = reserved
    runner.save(function)
    return 200, {"ReservedConcurrentExecutions": reserved}


@operation("GET", "/2019-09-30/functions/{FunctionName}/concurrency")
def get_function_concurrency(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionConcurrency".

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    reserved = named_function(runner, call).reserved
    return 200, {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


@operation("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency")
def delete_function_concurrency(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionConcurrency".

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    function.document["reserved"] = None
    runner.save(function)
    return 204, None
