"""Recursion detection: whether calls of a function that lead back to itself are stopped."""

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.constraints import Constraints
from lambdatui.runner.service import Runner


@operation("GET", "/2024-08-31/functions/{FunctionName}/recursion-config")
def get_function_recursion_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionRecursionConfig".

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    return 200, {"RecursiveLoop": named_function(runner, call).recursive_loop}


@operation("PUT", "/2024-08-31/functions/{FunctionName}/recursion-config")
def put_function_recursion_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionRecursionConfig".

    Takes: FunctionName, RecursiveLoop.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    loop = call.document.get("RecursiveLoop")
    constraints = Constraints()
    constraints.required("recursiveLoop", loop)
    constraints.one_of("recursiveLoop", loop, ("Terminate", "Allow"))
    constraints.check()
    function.document["recursion"] = loop
    runner.functions.save(function)
    return 200, {"RecursiveLoop": loop}
