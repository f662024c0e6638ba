"""Which code signing configuration a function has."""

from lambdatui.runner.api.call import Call, Reply, named_function, operation
from lambdatui.runner.api.code_signing import check_config_exists
from lambdatui.runner.deployments.function import DeployedFunction
from lambdatui.runner.service import Runner


def _answer(function: DeployedFunction) -> dict[str, str]:
    arn = function.document.get("code_signing")
    return {"CodeSigningConfigArn": arn, "FunctionName": function.name} if arn else {}


@operation("PUT", "/2020-06-30/functions/{FunctionName}/code-signing-config")
def put_function_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "PutFunctionCodeSigningConfig".

    Takes: FunctionName, CodeSigningConfigArn.
    Errors: ResourceNotFoundException, CodeSigningConfigNotFoundException, ValidationException.
    """
    arn = call.document.get("CodeSigningConfigArn")
    check_config_exists(runner, arn)
    function = named_function(runner, call)
    function.document["code_signing"] = arn
    runner.functions.save(function)
    return 200, _answer(function)


@operation("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config")
def get_function_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "GetFunctionCodeSigningConfig". Empty where the function has none.

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    return 200, _answer(named_function(runner, call))


@operation("DELETE", "/2020-06-30/functions/{FunctionName}/code-signing-config")
def delete_function_code_signing_config(runner: Runner, call: Call) -> Reply:
    """AWS Lambda API Reference, "DeleteFunctionCodeSigningConfig". One that is not there is deleted, too.

    Takes: FunctionName.
    Errors: ResourceNotFoundException, ValidationException.
    """
    function = named_function(runner, call)
    if function.document.pop("code_signing", None) is not None:
        runner.functions.save(function)
    return 204, None
